//! Keras models against Keras itself: `golden/make_keras.py` trained the same ones.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use flowstone as tf;
use tf::keras::layers::*;
use tf::keras::optimizers::*;
use tf::keras::{Sequential, callbacks, losses::Loss, regularizers};

/// The numbers of the script's `pattern`.
fn pattern(shape: &[usize], step: usize) -> tf::Value {
    let n = shape.iter().product::<usize>();
    let numbers = (0..n).map(|i| ((i * step % 17) as f32 - 8.0) / 10.0).collect::<Vec<f32>>();
    tf::Value::new(shape, numbers).unwrap()
}

/// A case of the script: its layers, what is true of its examples, and how it is compiled and trained.
struct Case {
    model: Sequential,
    x: tf::Value,
    y: tf::Value,
    loss: Loss,
    optimizer: Optimizer,
    metrics: Vec<&'static str>,
    epochs: usize,
}

/// Adds a layer to a model.
type Add = Box<dyn FnOnce(&mut Sequential)>;

fn case(layers: Vec<Add>, x: &[usize], y: tf::Value) -> Case {
    let mut model = tf::keras::Sequential();
    layers.into_iter().for_each(|add| add(&mut model));
    let (loss, optimizer) = (Loss::named("categorical_crossentropy").unwrap(), SGD(0.1));
    Case { model, x: pattern(x, 5), y, loss, optimizer, metrics: vec![], epochs: 3 }
}

macro_rules! layers {
    ($($layer:expr),* $(,)?) => {
        vec![$(Box::new(move |model: &mut Sequential| model.add($layer)) as Add),*]
    };
}

#[path = "keras/files.rs"]
mod files;
#[path = "keras/rnn.rs"]
mod rnn;

impl Case {
    fn loss(mut self, name: &str) -> Self {
        self.loss = Loss::named(name).unwrap();
        self
    }

    fn optimizer(mut self, optimizer: Optimizer) -> Self {
        self.optimizer = optimizer;
        self
    }

    fn metrics(mut self, metrics: &[&'static str]) -> Self {
        self.metrics = metrics.to_vec();
        self
    }

    /// Trains as the script does; `more` says what is special about it.
    fn run<'c>(self, name: &str, more: impl FnOnce(tf::keras::Fit<'_, 'c>) -> tf::Result<tf::keras::History>) {
        let mut model = self.model;
        model.build(self.x.shape()).unwrap();
        let weights = model.weights();
        let mut values = model.get_weights().unwrap();
        for (i, (weight, value)) in weights.iter().zip(&mut values).enumerate().filter(|(_, (w, _))| w.trainable()) {
            *value = pattern(weight.shape().known().unwrap().dims(), 3 + i);
        }
        model.set_weights(&values).unwrap();
        model.compile().loss(self.loss).optimizer(self.optimizer).metrics(self.metrics).build().unwrap();
        let fit = model.fit(&self.x, &self.y).epochs(self.epochs).batch_size(4).shuffle(false).verbose(0);
        let mut found: BTreeMap<String, Vec<f64>> = more(fit).unwrap().history.into_iter().collect();
        found.insert("evaluate".into(), model.evaluate(&self.x, &self.y).batch_size(3).verbose(0).run().unwrap());
        let first = tf::Value::new(
            tf::Shape::new(&[&[1], &self.x.shape().dims()[1..]].concat()),
            self.x.as_slice::<f32>().unwrap()[..self.x.len() / 10].to_vec(),
        );
        let predicted = model.predict(first.unwrap()).run().unwrap();
        found.insert("predict".into(), predicted.as_slice::<f32>().unwrap().iter().map(|&x| x.into()).collect());
        compare(name, &found);
    }

    fn check(self, name: &str) {
        self.run(name, |fit| fit.run());
    }
}

/// Relative above 1, absolute below: TensorFlow computes in float32 in another order.
const TOLERANCE: f64 = 2e-5;

fn compare(name: &str, found: &BTreeMap<String, Vec<f64>>) {
    let file = |name: &str| {
        std::fs::read_to_string(format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let golden = file("keras") + &file("keras_rnn");
    let mut lines = 0;
    for line in golden.lines() {
        let mut words = line.split(' ');
        if words.next() != Some(name) {
            continue;
        }
        lines += 1;
        let key = words.next().unwrap();
        let expected: Vec<f64> = words.map(|word| word.parse().unwrap()).collect();
        let numbers = found.get(key).unwrap_or_else(|| panic!("{name}: no {key} in {found:?}"));
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= TOLERANCE * b.abs().max(1.0);
        let same = numbers.len() == expected.len() && numbers.iter().zip(&expected).all(near);
        assert!(same, "{name} {key}: {numbers:?}, Keras {expected:?}");
    }
    assert_eq!(lines, found.len(), "{name}: {:?}", found.keys());
}

fn one_hot() -> tf::Value {
    tf::Value::new([10, 3], (0..30).map(|i| f32::from(i / 3 % 3 == i % 3)).collect::<Vec<f32>>()).unwrap()
}

fn numbers() -> tf::Value {
    pattern(&[10, 2], 7)
}

/// Two dense layers, for classes.
fn classifier() -> Case {
    case(layers![Dense!(5, activation = "tanh"), Dense!(3, activation = "softmax")], &[10, 4], one_hot())
}

/// Two dense layers, for numbers.
fn regression() -> Case {
    case(layers![Dense!(5, activation = "tanh"), Dense!(2)], &[10, 4], numbers())
}

#[test]
fn optimizers_are_keras() {
    for (name, optimizer) in [
        ("sgd", SGD(0.1)),
        ("momentum", SGD(0.1).momentum(0.9)),
        ("nesterov", SGD(0.1).momentum(0.9).nesterov(true)),
        ("rmsprop", RMSprop(0.01)),
        ("adam", Adam(0.01)),
        ("adamax", Adamax(0.01)),
        ("adagrad", Adagrad(0.1)),
        ("adadelta", Adadelta(1.0)),
    ] {
        classifier().optimizer(optimizer).metrics(&["accuracy"]).check(&format!("optimizer_{name}"));
    }
}

#[test]
fn losses_are_keras() {
    for loss in ["mse", "mae", "mape", "msle", "hinge", "squared_hinge", "logcosh"] {
        regression().loss(loss).optimizer(SGD(0.05)).metrics(&["mae"]).check(&format!("loss_{loss}"));
    }
    for loss in ["kld", "poisson"] {
        let mut case = classifier().loss(loss).optimizer(SGD(0.05)).metrics(&["mse"]);
        let rows = one_hot().as_slice::<f32>().unwrap().iter().map(|x| x * 0.7 + 0.1).collect::<Vec<f32>>();
        case.y = tf::Value::new([10, 3], rows).unwrap();
        case.check(&format!("loss_{loss}"));
    }
    let mut case = classifier().loss("sparse_categorical_crossentropy").metrics(&["accuracy"]);
    case.y = tf::Value::vector((0..10).map(|i| (i % 3) as f32).collect());
    case.check("loss_sparse");

    let binary: Vec<f32> = (0..10).map(|i| (i % 2) as f32).collect();
    let layers = layers![Dense!(5, activation = "tanh"), Dense!(1, activation = "sigmoid")];
    let sigmoid = self::case(layers, &[10, 4], tf::Value::vector(binary.clone()));
    sigmoid.loss("binary_crossentropy").metrics(&["accuracy"]).check("loss_binary");
    let both = binary.iter().flat_map(|x| [*x, 1.0 - x]).collect::<Vec<f32>>();
    let layers = layers![Dense!(2), Activation(|x| tf::sigmoid(x) * 0.9)];
    let scaled = self::case(layers, &[10, 4], tf::Value::new([10, 2], both).unwrap());
    scaled.loss("binary_crossentropy").optimizer(SGD(0.01)).metrics(&["binary_accuracy"]).check("loss_binary_scaled");

    let mut logits = self::case(layers![Dense!(5, activation = "tanh"), Dense!(3)], &[10, 4], one_hot());
    logits.loss = logits.loss.from_logits(true);
    logits.metrics(&["categorical_accuracy"]).check("loss_logits");
    let scaled = self::case(layers![Dense!(3, activation = "exponential")], &[10, 4], one_hot());
    scaled.metrics(&["accuracy"]).check("loss_scaled");
}

#[test]
fn what_fit_can_do_is_keras() {
    fn first() -> Dense {
        let (l1, l2) = (regularizers::l1(0.02), regularizers::l2(0.01));
        Dense!(5, activation = "tanh", kernel_regularizer = l2, bias_regularizer = l1)
    }
    case(layers![first(), Dense!(2)], &[10, 4], numbers()).loss("mse").check("regularized");
    let weights = [(0, 2.0), (1, 0.5), (2, 1.0)];
    classifier().metrics(&["accuracy"]).run("class_weight", |fit| fit.class_weight(weights).run());
    let mse = || regression().loss("mse");
    mse().metrics(&["mae"]).run("validation_split", |fit| fit.validation_split(0.2).run());
    let mut plateau = callbacks::ReduceLROnPlateau("loss").factor(0.5).patience(1).min_delta(0.1);
    mse().run("reduce_lr", |fit| fit.epochs(6).callbacks([&mut plateau as _]).run());
    let mut stop = callbacks::EarlyStopping("loss").patience(2).min_delta(0.05);
    mse().run("early_stopping", |fit| fit.epochs(9).callbacks([&mut stop as _]).run());
}

#[test]
fn layers_are_keras() {
    let layers = layers![
        Conv2D!(3, (3, 3), padding = "same", activation = "relu"),
        MaxPooling2D!(pool_size = (2, 2)),
        Conv2D!(2, 2, strides = (1, 2)),
        Flatten!(),
        Dense!(3, activation = "softmax")
    ];
    case(layers, &[10, 6, 5, 2], one_hot()).metrics(&["accuracy"]).check("images");
    let layers = layers![Reshape((2, -1)), Dense!(3, activation = "sigmoid"), Flatten(), Dense!(2)];
    case(layers, &[10, 4], numbers()).loss("mse").check("reshape");
    let layers = layers![
        Conv2D!(3, 2, use_bias = false),
        BatchNormalization!(momentum = 0.9),
        LeakyReLU!(alpha = 0.1),
        GlobalAveragePooling2D(),
        Dense!(3, activation = "softmax")
    ];
    case(layers, &[10, 5, 4, 2], one_hot()).metrics(&["accuracy"]).check("batch_norm");
    case(layers![Dense(4), BatchNormalization(), Dense(2)], &[10, 4], numbers()).loss("mse").check("batch_norm_2d");
    let layers = layers![
        DepthwiseConv2D!(2, depth_multiplier = 2, padding = "same", activation = "tanh"),
        SeparableConv2D!(3, 3, depth_multiplier = 2, strides = 1),
        AveragePooling2D!(pool_size = (2, 1), padding = "same"),
        GlobalMaxPooling2D(),
        Dense!(3, activation = "softmax")
    ];
    case(layers, &[10, 5, 4, 2], one_hot()).check("depthwise");
    for (name, optimizer) in [("embedding", SGD(0.1)), ("embedding_adam", Adam(0.01))] {
        let mut words = case(layers![Embedding(6, 3), Flatten(), Dense(2)], &[10, 4], numbers());
        words.x = tf::Value::new([10, 4], (0..40).map(|i| (i * 7 % 6) as f32).collect::<Vec<f32>>()).unwrap();
        words.loss("mse").optimizer(optimizer).check(name);
    }
}
