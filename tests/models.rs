//! A Keras model as its user meets it: tables, files, callbacks, and what is said about mistakes.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use flowstone as tf;
use tf::keras::layers::{BatchNormalization, Conv2D, Dense, Dropout, Flatten, InputLayer, MaxPooling2D};
use tf::keras::{Dialect, Sequential, callbacks};
use tf::ndarray::{Array2, ArrayD};

/// A directory that goes with the test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("flowstone-models-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Place(dir)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn x() -> Array2<f32> {
    Array2::from_shape_fn((8, 3), |(i, j)| ((i * 5 + j * 3) % 7) as f32 / 7.0)
}

fn y() -> Array2<f32> {
    x().map_axis(tf::ndarray::Axis(1), |row| row.sum()).insert_axis(tf::ndarray::Axis(1))
}

/// Two dense layers with dropout and normalisation between them, not compiled.
fn small() -> Sequential {
    let mut model = tf::keras::Sequential();
    model.add(Dense!(2, input_shape = (3,)));
    model.add(BatchNormalization());
    model.add(Dropout!(rate = 0.5));
    model.add(Dense(1));
    model
}

fn compiled() -> Sequential {
    let mut model = tf::keras::Sequential();
    model.add(Dense!(1, input_shape = (3,)));
    model.compile().loss("mse").optimizer("sgd").metrics(["mae"]).build().unwrap();
    model
}

fn classifier() -> Sequential {
    let mut model = tf::keras::Sequential();
    model.add(Dense!(4, activation = "softmax", input_shape = (3,), name = "scores"));
    model.compile().loss("sparse_categorical_crossentropy").build().unwrap();
    model
}

fn numbers(model: &Sequential) -> Vec<Vec<f32>> {
    model.get_weights().unwrap().into_iter().map(|value| value.into_vec().unwrap()).collect()
}

fn message<T>(result: tf::Result<T>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

/// Printed by `tf_keras` 2.19 for the listing.
const LISTING: &str = "\
Model: \"sequential\"
_________________________________________________________________
 Layer (type)                Output Shape              Param #   
=================================================================
 conv2d (Conv2D)             (None, 28, 28, 32)        320       
                                                                 
 max_pooling2d (MaxPooling2  (None, 14, 14, 32)        0         
 D)                                                              
                                                                 
 conv2d_1 (Conv2D)           (None, 14, 14, 64)        18496     
                                                                 
 max_pooling2d_1 (MaxPoolin  (None, 7, 7, 64)          0         
 g2D)                                                            
                                                                 
 flatten (Flatten)           (None, 3136)              0         
                                                                 
 dense (Dense)               (None, 10)                31370     
                                                                 
=================================================================
Total params: 50186 (196.04 KB)
Trainable params: 50186 (196.04 KB)
Non-trainable params: 0 (0.00 Byte)
_________________________________________________________________
";

#[test]
fn the_summary_is_keras_table() {
    let mut model = tf::keras::Sequential();
    model.add(Conv2D!(32, (3, 3), padding = "same", strides = (1, 1), activation = "relu", input_shape = (28, 28, 1)));
    model.add(MaxPooling2D!(pool_size = (2, 2)));
    model.add(Conv2D!(64, (3, 3), padding = "same", activation = "relu"));
    model.add(MaxPooling2D!(pool_size = (2, 2)));
    model.add(Flatten!());
    model.add(Dense!(10, activation = "softmax"));
    assert_eq!(model.summary_text(Dialect::Wrapped).unwrap(), LISTING);
    assert_eq!(model.output_shape().unwrap().to_string(), "(None, 10)");
}

#[test]
fn weights_have_keras_names_and_order() {
    let model = small();
    let names: Vec<String> = model.weights().iter().map(|weight| weight.op().name()).collect();
    let expected = [
        "dense/kernel",
        "dense/bias",
        "batch_normalization/gamma",
        "batch_normalization/beta",
        "batch_normalization/moving_mean",
        "batch_normalization/moving_variance",
        "dense_1/kernel",
        "dense_1/bias",
    ];
    assert_eq!((names, model.count_params().unwrap()), (expected.map(str::to_owned).to_vec(), 19));
}

#[test]
fn weights_go_to_a_file_and_back() {
    let place = Place::new("weights");
    let (one, other) = (small(), small());
    one.save_weights(place.path("w")).unwrap();
    assert_ne!(numbers(&one), numbers(&other));
    other.load_weights(place.path("w")).unwrap();
    assert_eq!(numbers(&one), numbers(&other));
    // What does not fit leaves the model as it was.
    let before = numbers(&compiled());
    assert_eq!(before.len(), 2);
    let model = compiled();
    let before = numbers(&model);
    assert!(message(model.load_weights(place.path("w"))).contains("dense/kernel"), "another shape");
    std::fs::write(place.path("bad"), b"no weights at all").unwrap();
    assert!(
        message(model.load_weights(place.path("bad"))).contains("bad is no checkpoint of TensorFlow's second format")
    );
    assert!(message(model.load_weights(place.path("none"))).contains("there is no checkpoint "));
    assert!(message(model.set_weights(&[])).contains("the model has 2 weights, but 0 were given"));
    assert_eq!(numbers(&model), before);
    model.save_weights(place.path("w.npz")).unwrap();
    model
        .set_weights(&[tf::Value::zeros(tf::float32, [3, 1]).unwrap(), tf::Value::zeros(tf::float32, [1]).unwrap()])
        .unwrap();
    model.load_weights(place.path("w.npz")).unwrap();
    assert_eq!(numbers(&model), before);
    assert_eq!(place.names(), ["bad", "w.data-00000-of-00001", "w.index", "w.npz"]);
}

#[test]
fn callbacks_write_files_as_keras_does() {
    let place = Place::new("callbacks");
    let mut model = compiled();
    let zeros = vec![tf::Value::zeros(tf::float32, [3, 1]).unwrap(), tf::Value::zeros(tf::float32, [1]).unwrap()];
    model.set_weights(&zeros).unwrap();
    let mut log = callbacks::CSVLogger(place.path("log.csv"));
    let mut each = callbacks::ModelCheckpoint(&place.path("w{epoch:02d}.npz"));
    let mut best = callbacks::ModelCheckpoint(&place.path("best{epoch}.safetensors")).save_best_only(true).mode("max");
    // Ones for each output, and weights of 0: the first loss of the first epoch is 1.
    let (ones, data) = (Array2::<f32>::ones((8, 1)), x());
    let fit = model.fit(&data, &ones).epochs(3).batch_size(8).verbose(0).validation_data(&data, &ones);
    let history = fit.callbacks([&mut log as _, &mut each as _, &mut best as _]).run().unwrap();
    let text = std::fs::read_to_string(place.path("log.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "epoch,loss,mae,val_loss,val_mae");
    assert!(lines.len() == 4 && lines[1].starts_with("0,1.0,1.0,"), "{text}");
    // The loss falls, so that only the first epoch is the largest.
    assert_eq!(place.names(), ["best1.safetensors", "log.csv", "w01.npz", "w02.npz", "w03.npz"]);
    assert_eq!(history.epoch, [0, 1, 2]);
    assert_eq!(history.history.keys().collect::<Vec<_>>(), ["loss", "mae", "val_loss", "val_mae"]);
    assert!(history.last("loss") < Some(1.0) && history.history["loss"][0] == 1.0);
    let mut wrong = callbacks::EarlyStopping("val_loss");
    let error = message(model.fit(&data, &ones).verbose(0).callbacks([&mut wrong as _]).run());
    assert!(error.contains("a callback watches 'val_loss', but there are only loss, mae"), "{error}");
}

#[test]
fn the_best_weights_come_back() {
    let mut model = compiled();
    let mut stop = callbacks::EarlyStopping("loss").mode("max").patience(2).restore_best_weights(true);
    let fit = model.fit(x(), y()).epochs(9).verbose(0).shuffle(false);
    let history = fit.callbacks([&mut stop as _]).run().unwrap();
    // A loss that falls never becomes larger than in the first epoch, after which the weights were these.
    assert_eq!(history.epoch, [0, 1, 2]);
    let after_first = model.evaluate(x(), y()).verbose(0).run().unwrap()[0];
    assert!((after_first - history.history["loss"][1]).abs() < 1e-5, "{after_first} {history:?}");
}

#[test]
fn batches_train_one_by_one() {
    let mut model = compiled();
    let before = model.evaluate(x(), y()).verbose(0).run().unwrap();
    let first = model.train_on_batch(x(), y()).unwrap();
    assert!(before.iter().zip(&first).all(|(a, b)| (a - b).abs() < 1e-5), "{before:?} {first:?}");
    assert!(model.train_on_batch(x(), y()).unwrap()[0] < first[0]);
    assert_eq!(model.metrics_names().unwrap(), ["loss", "mae"]);
    assert_eq!(model.predict(x()).batch_size(3).run().unwrap().shape().dims(), [8, 1]);
}

#[test]
fn a_model_is_a_graph_and_a_session() {
    let model = compiled();
    let (input, output) = (model.input().unwrap(), model.output().unwrap());
    let _default = model.graph().as_default();
    let twice = output * 2.0;
    let run = |fetch| model.session().unwrap().run(fetch, tf::feed_dict! { input: x() }).unwrap();
    let (once, twice) = (run(output), run(twice));
    let doubled: Vec<f32> = once.as_slice::<f32>().unwrap().iter().map(|number| number * 2.0).collect();
    assert_eq!(twice.as_slice::<f32>().unwrap(), doubled);
}

#[test]
fn the_seed_decides_all() {
    let train = || {
        let _default = tf::Graph::new().as_default();
        tf::set_random_seed(7);
        let mut model = small();
        model.compile().loss("mse").optimizer("adam").build().unwrap();
        model.fit(x(), y()).epochs(3).batch_size(3).verbose(0).run().unwrap();
        numbers(&model)
    };
    assert_eq!(train(), train());
}

#[test]
fn mistakes_in_layers_name_the_layer() {
    let mut model = tf::keras::Sequential();
    model.add(Dense!(4, input_shape = (3,)));
    model.add(Conv2D!(2, 3, name = "picture"));
    let error = message(model.output_shape());
    assert!(error.contains("picture") && error.contains("models.rs"), "{error}");
    let mut model = tf::keras::Sequential();
    model.add(Conv2D!(2, 5, input_shape = (3, 3, 1), name = "large"));
    assert!(message(model.output_shape()).contains("large"));
    let mut model = tf::keras::Sequential();
    model.add(Dense!(4, activation = "rely", input_shape = (3,)));
    let error = message(model.output_shape());
    assert!(error.contains("rely") && error.contains("relu"), "{error}");
    let mut model = tf::keras::Sequential();
    model.add(Dense(2));
    assert!(message(model.output_shape()).contains("the model is not built"));
    assert!(message(tf::keras::Sequential().build((None, 3))).contains("layer"));
    let mut model = tf::keras::Sequential();
    model.add(InputLayer((3,)));
    model.add(Dense(2));
    assert_eq!(model.output_shape().unwrap().to_string(), "(None, 2)");
}

#[test]
fn mistakes_in_compile_are_said() {
    let mut model = small();
    assert!(message(model.fit(x(), y()).run()).contains("is not compiled: call compile()"));
    assert!(message(model.compile().build()).contains("a loss is needed"));
    assert!(message(model.compile().loss("msee").build()).contains("msee"));
    assert!(message(model.compile().loss("mse").optimizer("sdg").build()).contains("sdg"));
    assert!(message(model.compile().loss("mse").metrics(["speed"]).build()).contains("speed"));
    model.compile().loss("mse").build().unwrap();
    let mut model = compiled();
    model.add(Dense(1));
    assert!(message(model.evaluate(x(), y()).run()).contains("a layer is added to a model that is compiled already"));
}

#[test]
fn mistakes_in_data_are_said() {
    let mut model = compiled();
    let mut says = |x: ArrayD<f32>, y: ArrayD<f32>, what: &str| {
        let error = message(model.fit(x, y).verbose(0).run());
        assert!(error.contains(what), "{error}");
    };
    let zeros = |shape: &[usize]| ArrayD::<f32>::zeros(shape);
    says(zeros(&[0, 3]), zeros(&[0, 1]), "there are no examples: x has shape [0,3]");
    says(zeros(&[4, 2]), zeros(&[4, 1]), "x has shape [4,2], but the first layer takes [?,3]");
    says(zeros(&[4, 3]), zeros(&[3, 1]), "there are 4 examples, but y has shape [3,1]");
    says(zeros(&[4, 3]), zeros(&[4, 2]), "y has shape [4,2], but the last layer gives [?,1]");
    says(zeros(&[]), zeros(&[1]), "x is a single number");
    assert!(message(model.fit(x(), y()).batch_size(0).run()).contains("a batch_size of 0"));
    for part in [1.0, -0.5, 0.99, f64::NAN] {
        let error = message(model.fit(x(), y()).verbose(0).validation_split(part).run());
        assert!(error.contains("a validation_split of "), "{part}: {error}");
    }
    let mut model = classifier();
    for (labels, what) in
        [([0.0, 1.0, 4.0], "label 2 is 4"), ([0.0, -1.0, 1.0], "label 1 is -1"), ([0.5, 0.0, 0.0], "label 0 is 0.5")]
    {
        let x = tf::ndarray::Array2::<f32>::zeros((3, 3));
        let error = message(model.fit(x, labels.to_vec()).verbose(0).run());
        assert!(
            error.contains(what) && error.contains("the classes are 0 to 3") && error.contains("scores"),
            "{error}"
        );
    }
}
