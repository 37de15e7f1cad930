//! Keras models with several inputs, outputs and ways through them, against Keras itself: `golden/make_keras_models.py`
//! trained the same ones; and what is said about mistakes.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use flowstone as tf;
use tf::keras::layers::*;
use tf::keras::optimizers::SGD;
use tf::keras::{Dialect, Input, Model, applications, backend, regularizers};

/// The numbers of the script's `pattern`.
fn pattern(shape: &[usize], step: usize) -> tf::Value {
    let n = shape.iter().product::<usize>();
    let numbers = (0..n).map(|i| ((i * step % 17) as f32 - 8.0) / 10.0).collect::<Vec<f32>>();
    tf::Value::new(shape, numbers).unwrap()
}

/// Examples in the opposite order.
fn reversed(value: &tf::Value) -> tf::Value {
    let rows: Vec<f32> = value.as_slice::<f32>().unwrap().chunks(4).rev().flatten().copied().collect();
    tf::Value::new(value.shape().dims(), rows).unwrap()
}

fn one_hot() -> tf::Value {
    tf::Value::new([10, 3], (0..30).map(|i| f32::from(i / 3 % 3 == i % 3)).collect::<Vec<f32>>()).unwrap()
}

fn numbers() -> tf::Value {
    pattern(&[10, 2], 7)
}

/// Gives the weights of a model the numbers of the script.
fn set_pattern(model: &Model) {
    let mut values = model.get_weights().unwrap();
    for (i, (weight, value)) in model.weights().iter().zip(&mut values).enumerate() {
        if !weight.name().contains("moving") {
            *value = pattern(weight.shape().known().unwrap().dims(), 3 + i);
        }
    }
    model.set_weights(&values).unwrap();
}

/// Relative above 1, absolute below: TensorFlow computes in float32 in another order.
const TOLERANCE: f64 = 2e-5;

fn golden() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/keras_models.txt")).unwrap()
}

/// The table that the script recorded.
fn table(name: &str) -> String {
    let before = format!("{name} |");
    golden().lines().filter_map(|line| line.strip_prefix(&before)).map(|line| format!("{line}\n")).collect()
}

fn compare(name: &str, found: &BTreeMap<String, Vec<f64>>) {
    let mut lines = 0;
    for line in golden().lines().filter(|line| !line.contains('|')) {
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

/// Trains as the script does, and compares all.
fn check(
    name: &str,
    build: impl FnOnce() -> Model,
    x: &[tf::Value],
    y: &[tf::Value],
    compile: impl FnOnce(tf::keras::Compile<'_>) -> tf::keras::Compile<'_>,
) {
    let _default = tf::Graph::new().as_default();
    let mut model = build();
    set_pattern(&model);
    assert_eq!(model.summary_text(Dialect::Wrapped).unwrap(), table(name));
    compile(model.compile()).build().unwrap();
    let history = model.fit(x, y).epochs(3).batch_size(4).shuffle(false).verbose(0).run().unwrap();
    let mut found: BTreeMap<String, Vec<f64>> = history.history.into_iter().collect();
    found.insert("layers".into(), vec![model.layers().len() as f64]);
    found.insert("evaluate".into(), model.evaluate(x, y).batch_size(3).verbose(0).run().unwrap());
    for (i, made) in model.predict(x).run_all().unwrap().iter().enumerate() {
        let made = made.as_slice::<f32>().unwrap();
        found.insert(format!("predict{i}"), made[..made.len() / 10].iter().map(|&x| x.into()).collect());
    }
    found.insert("train_on_batch".into(), model.train_on_batch(x, y).unwrap());
    found.insert("test_on_batch".into(), model.test_on_batch(x, y).unwrap());
    compare(name, &found);
}

fn mse(compile: tf::keras::Compile<'_>) -> tf::keras::Compile<'_> {
    compile.loss("mse").optimizer(SGD(0.1))
}

fn message<T>(result: tf::Result<T>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn several_inputs_and_outputs_are_keras() {
    let (x4, x3) = (pattern(&[10, 4], 5), pattern(&[10, 3], 11));
    let two_inputs = || {
        let (a, b) = (Input!(shape = (4,)), Input!(shape = (3,), name = "other"));
        let x = concatenate([Dense!(5, activation = "tanh").apply(a), b]);
        Model([a, b], Dense(2).apply(x))
    };
    check("two_inputs", two_inputs, &[x4.clone(), x3], &[numbers()], |c| mse(c).metrics(["mae"]));
    let two_outputs = || {
        let a = Input((4,));
        let x = Dense!(5, activation = "tanh", kernel_regularizer = regularizers::l2(0.01)).apply(a);
        let classes = Dense!(3, activation = "softmax", name = "classes");
        Model!(a, [Dense!(2, name = "numbers").apply(x), classes.apply(x)], name = "forked")
    };
    check("two_outputs", two_outputs, &[x4], &[numbers(), one_hot()], |c| {
        let c = c.loss(["mse", "categorical_crossentropy"]).loss_weights([1.0, 0.2]).optimizer(SGD(0.1));
        c.metrics([("numbers", "mae"), ("classes", "accuracy")])
    });
}

#[test]
fn ways_that_part_and_meet_are_keras() {
    let residual = || {
        let a = Input((6, 5, 2));
        let x = Conv2D!(3, 3, padding = "same", activation = "relu").apply(a);
        let y = Conv2D!(3, 3, padding = "same", use_bias = false).apply(x);
        let y = BatchNormalization!(momentum = 0.9).apply(y);
        let x = GlobalAveragePooling2D().apply(Activation("relu").apply(add([x, y])));
        Model(a, Dense!(3, activation = "softmax").apply(x))
    };
    check("residual", residual, &[pattern(&[10, 6, 5, 2], 5)], &[one_hot()], |c| {
        c.loss("categorical_crossentropy").optimizer(SGD(0.1)).metrics(["accuracy"])
    });
    let x4 = pattern(&[10, 4], 5);
    let merges = || {
        let (a, b) = (Input((4,)), Input((4,)));
        let (x, y) = (Dense(3).apply(a), Dense(3).apply(b));
        let parts = [subtract([x, y]), average([x, y, x]), maximum([x, y]), Minimum().apply([x, y]), dot([x, y], 1)];
        let normalized = Dot!(1, normalize = true).apply([x, y]);
        Model([a, b], Dense(2).apply(concatenate([&parts[..], &[normalized]].concat())))
    };
    check("merges", merges, &[x4.clone(), reversed(&x4)], &[numbers()], mse);
    let shapes = || {
        let a = Input((4, 5, 2));
        let x = ZeroPadding2D!(padding = ((1, 0), (2, 1))).apply(a);
        let x = Cropping2D!(cropping = (1, 2)).apply(UpSampling2D!(size = (2, 3)).apply(x));
        let x = Conv2D!(3, 3, strides = 2).apply(x);
        let x = ReLU!(max_value = 0.5, negative_slope = 0.1, threshold = 0.1).apply(x);
        let x = Softmax().apply(Permute([2, 3, 1]).apply(ELU!(alpha = 0.5).apply(x)));
        let x = RepeatVector(2).apply(Lambda(|x| x * 2.0).apply(Flatten().apply(x)));
        let x = Flatten().apply(x);
        Model(a, Dense!(2, activation = "softsign").apply(x))
    };
    check("shapes", shapes, &[pattern(&[10, 4, 5, 2], 5)], &[numbers()], mse);
}

#[test]
fn shared_layers_are_keras() {
    let x4 = pattern(&[10, 4], 5);
    let shared = || {
        let (a, b) = (Input((4,)), Input((4,)));
        let layer = Dense!(3, activation = "tanh", name = "shared");
        let before = Dense!(4, activation = "sigmoid", name = "before").apply(b);
        Model([a, b], Dense(2).apply(multiply([layer.apply(a), layer.apply(before)])))
    };
    check("shared", shared, &[x4.clone(), reversed(&x4)], &[numbers()], mse);
    let sizes = || {
        let (a, b) = (Input((2, 4)), Input((3, 4)));
        let layer = Dense!(3, name = "shared");
        let both = Concatenate!(axis = 1).apply([layer.apply(a), layer.apply(b)]);
        Model([a, b], Dense(2).apply(Flatten().apply(both)))
    };
    let (x, y) = (pattern(&[10, 2, 4], 5), pattern(&[10, 3, 4], 3));
    check("shared_sizes", sizes, &[x, y], &[numbers()], |c| c.loss("mse").optimizer(SGD(0.05)));
}

#[test]
fn models_of_models_are_keras() {
    let x4 = pattern(&[10, 4], 5);
    let nested = || {
        let a = Input((4,));
        let encoder = Model!(a, Dense!(3, activation = "tanh").apply(a), name = "encoder");
        let mut decoder = tf::keras::Sequential().named("decoder");
        decoder.add(Dense!(5, activation = "tanh"));
        decoder.add(BatchNormalization());
        decoder.add(Dense(4));
        let b = Input((4,));
        Model(b, decoder.apply(encoder.apply(b)))
    };
    check("nested", nested, std::slice::from_ref(&x4), std::slice::from_ref(&x4), mse);
    let frozen = || {
        let a = Input((4,));
        let x = Dense!(3, activation = "tanh", name = "base").apply(a);
        let base = Model(a, BatchNormalization().apply(x));
        base.layers().for_each(|layer| layer.set_trainable(false));
        Model(base.input().unwrap(), Dense(2).apply(base.output().unwrap()))
    };
    check("frozen", frozen, &[x4], &[numbers()], mse);
}

#[test]
fn vgg16_is_keras() {
    let _default = tf::Graph::new().as_default();
    let model = applications::VGG16!(weights = None, input_shape = (64, 64, 3), classes = 5).unwrap();
    assert_eq!(model.summary_text(Dialect::Wrapped).unwrap(), table("vgg16"));
    let _default = tf::Graph::new().as_default();
    let pooled = applications::VGG16!(weights = None, include_top = false, pooling = "avg").unwrap();
    let size = vec![pooled.layers().len() as f64, pooled.count_params().unwrap() as f64];
    compare("vgg16_pooled", &BTreeMap::from([("size".to_owned(), size)]));
    let image: Vec<f32> = (0..12).map(|i| i as f32 * 20.0).collect();
    let made = applications::vgg16::preprocess_input(tf::Value::new([1, 2, 2, 3], image).unwrap()).unwrap();
    let made = made.as_slice::<f32>().unwrap().iter().map(|&x| x.into()).collect();
    compare("preprocess", &BTreeMap::from([("caffe".to_owned(), made)]));
    for (error, says) in [
        (message(applications::VGG16!()), "'imagenet' are not there: say weights = None"),
        (message(applications::VGG16!(weights = None, input_shape = (30, 30, 3))), "at least 32 by 32"),
        (
            message(applications::VGG16!(weights = None, input_shape = (None, 64, 3))),
            "the top needs images of known size",
        ),
        (
            message(applications::VGG16!(weights = None, include_top = false, pooling = "min")),
            "neither 'avg' nor 'max'",
        ),
        (message(applications::VGG16!(weights = "/no/such/file")), "there is no checkpoint"),
    ] {
        assert!(error.contains(says), "{error}");
    }
}
