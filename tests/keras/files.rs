//! Models in files: Keras's are read, ours are read by Keras. `golden/make_keras_files.py` wrote the ones in `golden/keras`.

use std::io::Read;
use std::path::Path;

use tf::format::hdf5::{Group, Hdf5Reader};
use tf::keras::models::{load_model, load_model_args, model_from_json};

#[path = "../folder/mod.rs"]
mod folder;
use folder::Folder;

use super::*;

const FILES: &[&str] = &["sequences", "images", "eager"];

fn golden(name: &str) -> String {
    format!("{}/tests/golden/keras/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A file of Keras's, unpacked.
fn unpacked(name: &str, place: &Folder) -> std::path::PathBuf {
    let packed = std::fs::File::open(golden(&format!("{name}.h5.gz"))).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    let path = place.path(&format!("{name}.h5"));
    std::fs::write(&path, bytes).unwrap();
    path
}

fn data(name: &str) -> tf::Value {
    match name {
        "sequences" => tf::Value::new([10, 5], (0..50).map(|i| (i * 7 % 6) as f32).collect::<Vec<_>>()).unwrap(),
        _ => pattern(&[10, 6, 5, 2], 5),
    }
}

/// What the script's `numbers` are: two predictions, and the losses of two steps.
fn numbers_of(model: &mut Sequential, name: &str) -> [Vec<f64>; 2] {
    let x = data(name);
    let count = x.len() / 5;
    let first = tf::Value::new(
        tf::Shape::new(&[&[2], &x.shape().dims()[1..]].concat()),
        x.as_slice::<f32>().unwrap()[..count].to_vec(),
    );
    let predicted = model.predict(first.unwrap()).run().unwrap();
    let losses = [(); 2].map(|()| model.train_on_batch(&x, one_hot()).unwrap()[0]).to_vec();
    [predicted.as_slice::<f32>().unwrap().iter().map(|&x| x.into()).collect(), losses]
}

fn near(found: &[Vec<f64>; 2], expected: &[Vec<f64>; 2], what: &str) {
    for (a, b) in found.iter().zip(expected) {
        let same = a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= TOLERANCE * b.abs().max(1.0));
        assert!(same, "{what}: {a:?}, expected {b:?}");
    }
}

#[test]
fn models_of_keras_predict_and_train_on() {
    let place = Folder::new("keras-models");
    for name in FILES {
        let mut model = load_model(unpacked(name, &place)).unwrap();
        let text = std::fs::read_to_string(golden(&format!("{name}.txt"))).unwrap();
        let mut rows = text.lines().map(|line| line.split(' ').map(|word| word.parse().unwrap()).collect());
        let expected = [(); 2].map(|()| rows.next().unwrap());
        near(&numbers_of(&mut model, name), &expected, name);
    }
    let model = load_model(place.path("sequences.h5")).unwrap();
    assert_eq!(model.metrics_names().unwrap(), ["loss", "accuracy", "mean_absolute_error"]);
    let weights = tf::keras::models::load_model!(place.path("images.h5"), compile = false).unwrap();
    assert!(weights.metrics_names().unwrap_err().to_string().contains("not compiled"));
}

/// Writes each model, its JSON and its numbers.
fn write_again(from: &Folder, to: &Folder) {
    for name in FILES {
        let model = load_model(unpacked(name, from)).unwrap();
        let again = to.path(&format!("{name}_again.h5"));
        model.save(&again).unwrap();
        std::fs::write(to.path(&format!("{name}_again.json")), model.to_json().unwrap()).unwrap();
        let mut loaded = load_model(&again).unwrap();
        let found = numbers_of(&mut loaded, name);
        let line = |row: &Vec<f64>| row.iter().map(f64::to_string).collect::<Vec<_>>().join(" ") + "\n";
        std::fs::write(to.path(&format!("{name}_again.txt")), found.iter().map(line).collect::<String>()).unwrap();
        // What came from the file goes on as the same model does that never left.
        let mut first = model;
        near(&found, &numbers_of(&mut first, name), name);
    }
}

#[test]
fn what_is_saved_goes_on_where_it_was() {
    let (from, to) = (Folder::new("keras-from"), Folder::new("keras-to"));
    write_again(&from, &to);
    for (name, optimizer) in [
        ("sgd", SGD(0.1)),
        ("nesterov", SGD(0.1).momentum(0.9).nesterov(true)),
        ("rmsprop", RMSprop(0.01)),
        ("adam", Adam(0.01)),
        ("adamax", Adamax(0.01)),
        ("adagrad", Adagrad(0.1)),
        ("adadelta", Adadelta(1.0)),
    ] {
        let mut model = tf::keras::Sequential();
        model.add(Dense!(5, activation = tf::nn::tanh, input_shape = (4,)));
        model.add(Dense!(3, activation = "softmax"));
        model.compile().loss("categorical_crossentropy").optimizer(optimizer).metrics(["accuracy"]).build().unwrap();
        let x = pattern(&[10, 4], 5);
        model.fit(&x, one_hot()).epochs(3).verbose(0).run().unwrap();
        model.set_learning_rate(0.25).unwrap();
        let path = to.path(&format!("{name}.h5"));
        model.save(&path).unwrap();
        let mut again = load_model(&path).unwrap();
        assert_eq!(again.learning_rate().unwrap(), 0.25);
        for step in 0..3 {
            let [ours, theirs] = [&mut model, &mut again].map(|model| model.train_on_batch(&x, one_hot()).unwrap());
            assert!((ours[0] - theirs[0]).abs() < 1e-6, "{name}, step {step}: {theirs:?}, not {ours:?}");
        }
    }
}

#[test]
fn nadam_starts_anew() {
    let place = Folder::new("keras-nadam");
    let mut model = dense(2);
    model.compile().loss("mse").optimizer(Nadam(0.125)).build().unwrap();
    model.fit(pattern(&[10, 2], 5), numbers()).verbose(0).run().unwrap();
    model.save(place.path("m.h5")).unwrap();
    let mut again = load_model(place.path("m.h5")).unwrap();
    assert_eq!(again.learning_rate().unwrap(), 0.125);
    let losses =
        [&mut model, &mut again].map(|m| m.evaluate(pattern(&[10, 2], 5), numbers()).verbose(0).run().unwrap());
    assert_eq!(losses[0], losses[1]);
}

/// Keras reads and goes on with what is written here, if FLOWSTONE_TENSORFLOW names a Python that has it.
#[test]
fn keras_reads_what_is_written() {
    let Some(python) = std::env::var_os("FLOWSTONE_TENSORFLOW") else {
        eprintln!("skipped: FLOWSTONE_TENSORFLOW names no Python with TensorFlow");
        return;
    };
    let (from, to) = (Folder::new("keras-ours-from"), Folder::new("keras-ours"));
    write_again(&from, &to);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/make_keras_files.py");
    let output = std::process::Command::new(python).args(["-B", script, "read"]).arg(&to.0).output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    assert_eq!(said.lines().filter(|line| line.ends_with("True")).count(), FILES.len(), "{said}");
}

fn parsed(json: &str) -> tf::layers::Json {
    json.parse().unwrap()
}

#[test]
fn layers_come_back_as_they_were_made() {
    let mut model = tf::keras::Sequential().named("all");
    model.add(Conv2D!(
        4,
        (3, 2),
        strides = (2, 1),
        padding = "same",
        dilation_rate = 1,
        activation = tf::nn::relu,
        kernel_initializer = "he_uniform",
        kernel_regularizer = regularizers::l1_l2(0.1, 0.2),
        name = "first",
        input_shape = (16, 16, 2)
    ));
    model.add(DepthwiseConv2D!(2, depth_multiplier = 2, activation = "hard_sigmoid"));
    model.add(SeparableConv2D!(4, 2, pointwise_initializer = tf::initializers::orthogonal(0.5)));
    model.add(Conv2DTranspose!(3, 2, strides = 2, use_bias = false));
    model.add(BatchNormalization!(momentum = 0.8, epsilon = 0.01, scale = false));
    model.add(AveragePooling2D!(pool_size = 2, strides = 1, padding = "same"));
    model.add(MaxPooling2D());
    model.add(LeakyReLU!(alpha = 0.2));
    model.add(Reshape((-1, 12)));
    model.add(Masking!(mask_value = 0.5));
    let lstm =
        LSTM!(4, return_sequences = true, unit_forget_bias = false, recurrent_regularizer = regularizers::l2(0.1));
    model.add(Bidirectional!(lstm, merge_mode = "ave", name = "both"));
    model.add(TimeDistributed(Dense!(3, activation = "selu", trainable = false)));
    model.add(GRU!(4, reset_after = true, dropout = 0.1, recurrent_dropout = 0.2, return_sequences = true));
    model.add(SimpleRNN!(
        4,
        unroll = true,
        go_backwards = true,
        recurrent_initializer = "identity",
        return_sequences = true
    ));
    model.add(CuDNNLSTM!(3, return_sequences = true));
    model.add(CuDNNGRU(3));
    model.add(Dropout!(rate = 0.3, seed = 7));
    model.add(Activation("softsign"));
    model.add(Dense!(
        2,
        bias_initializer = tf::constant_initializer(0.25),
        kernel_initializer = tf::random_uniform_initializer(-1.0, 1.0)
    ));
    let json = model.to_json().unwrap();
    let again = model_from_json(&json).unwrap();
    assert_eq!(parsed(&again.to_json().unwrap()), parsed(&json));
    assert_eq!(
        again.summary_text(tf::keras::Dialect::Legacy).unwrap(),
        model.summary_text(tf::keras::Dialect::Legacy).unwrap()
    );
    let mut images = tf::keras::Sequential();
    images.add(InputLayer((8, 8, 1)));
    images.add(GlobalMaxPooling2D());
    images.add(Flatten());
    images.add(Embedding!(7, 2, mask_zero = true));
    let json = images.to_json().unwrap();
    assert_eq!(parsed(&model_from_json(&json).unwrap().to_json().unwrap()), parsed(&json));
}

fn dense(units: usize) -> Sequential {
    let mut model = tf::keras::Sequential();
    model.add(Dense!(3, input_shape = (2,)));
    model.add(Dense!(units, name = "out"));
    model
}

#[test]
fn weights_go_by_the_order_of_layers() {
    let place = Folder::new("keras-weights");
    let (model, mut other) = (dense(2), tf::keras::Sequential());
    other.add(Dense!(3, name = "hidden", input_shape = (2,)));
    other.add(Dropout());
    other.add(Dense!(2, name = "last"));
    model.save_weights(place.path("w.h5")).unwrap();
    other.load_weights(place.path("w.h5")).unwrap();
    let values = |model: &Sequential| -> Vec<f32> {
        model.get_weights().unwrap().iter().flat_map(|value| value.as_slice::<f32>().unwrap().to_vec()).collect()
    };
    assert_eq!(values(&model), values(&other));
    model.save(place.path("m.h5")).unwrap();
    let third = dense(2);
    third.load_weights(place.path("m.h5")).unwrap();
    assert_eq!(values(&model), values(&third));
    let names: Vec<String> = tf::weights::read(place.path("w.h5")).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["dense/dense/kernel:0", "dense/dense/bias:0", "out/out/kernel:0", "out/out/bias:0"]);
}

#[test]
fn checkpoints_hold_models_or_weights() {
    let place = Folder::new("keras-checkpoints");
    let mut model = dense(2);
    model.compile().loss("mse").build().unwrap();
    let mut whole = callbacks::ModelCheckpoint(place.path("m{epoch}.h5").to_str().unwrap());
    let mut weights = callbacks::ModelCheckpoint(place.path("w.h5").to_str().unwrap()).save_weights_only(true);
    let fit = model.fit(pattern(&[10, 2], 5), numbers()).epochs(2).verbose(0);
    fit.callbacks([&mut whole as _, &mut weights as _]).run().unwrap();
    assert_eq!(load_model(place.path("m2.h5")).unwrap().get_weights().unwrap().len(), 4);
    assert!(load_model(place.path("w.h5")).is_err());
    dense(2).load_weights(place.path("w.h5")).unwrap();
}

/// Loading says why it fails and changes nothing.
fn refused(path: &Path, model: &Sequential, says: &[&str]) {
    let values = |model: &Sequential| format!("{:?}", model.get_weights().unwrap());
    let before = values(model);
    let error = model.load_weights(path).unwrap_err().to_string();
    for part in says.iter().chain([&path.file_name().unwrap().to_str().unwrap()]) {
        assert!(error.contains(part), "'{part}' is not in: {error}");
    }
    assert_eq!(values(model), before);
}

#[test]
fn files_that_do_not_fit_change_nothing() {
    let place = Folder::new("keras-refused");
    let path = place.path("w.h5");
    dense(2).save_weights(&path).unwrap();
    refused(&path, &dense(4), &["out", "[3,4]", "[3,2]"]);
    let mut one = tf::keras::Sequential();
    one.add(Dense!(3, input_shape = (2,)));
    refused(&path, &one, &["2 layers", "1 layers"]);

    // An array that is named but is not there, and a list that is not there.
    let mut file = Group::default();
    file.set_texts("layer_names", vec!["dense".into()]);
    let group = file.group("dense");
    group.set_texts("weight_names", vec!["kernel".into(), "bias".into()]);
    group.put("kernel", tf::Value::zeros(tf::float32, [2, 3]).unwrap()).unwrap();
    file.write(place.path("missing.h5")).unwrap();
    refused(&place.path("missing.h5"), &one, &["dense/bias", "dense"]);
    Group::default().write(place.path("empty.h5")).unwrap();
    refused(&place.path("empty.h5"), &one, &["layer_names"]);
    let error = load_model(place.path("missing.h5")).unwrap_err().to_string();
    assert!(error.contains("missing.h5") && error.contains("no model"), "{error}");
    let error = load_model(place.path("nothing.h5")).unwrap_err().to_string();
    assert!(error.contains("nothing.h5"), "{error}");
    assert!(one.save(place.path("m.keras")).unwrap_err().to_string().contains(".h5"));
}

#[test]
fn damaged_files_are_errors() {
    let place = Folder::new("keras-damaged");
    let whole = std::fs::read(unpacked("images", &place)).unwrap();
    let path = place.path("part.h5");
    let lengths = (0..64).map(|i| whole.len() * i / 64).chain([whole.len() - 1]);
    for length in lengths {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = load_model_args(&path).compile(false).build().err();
        let error = error.unwrap_or_else(|| panic!("{length} of {} bytes are read", whole.len())).to_string();
        assert!(error.contains("part.h5"), "{error}");
    }
    // Bytes that are turned over are read as something else or not at all, but never more than that.
    let mut read = 0;
    for i in (0..whole.len()).step_by(whole.len() / 200) {
        let mut bytes = whole.clone();
        bytes[i] ^= 0xff;
        std::fs::write(&path, &bytes).unwrap();
        read += usize::from(Hdf5Reader::open(&path).is_ok_and(|file| file.names().is_ok()));
        let _ = load_model_args(&path).compile(false).build().map_err(|error| assert!(!error.to_string().is_empty()));
    }
    assert!(read > 0, "no file was read at all");
}

#[test]
fn models_that_cannot_be_made_are_said() {
    let layer = |class: &str, config: &str| {
        let json = format!(
            r#"{{"class_name": "Sequential", "config": {{"name": "m", "layers": [{{"class_name": "{class}", "config": {config}}}]}}}}"#
        );
        model_from_json(&json).unwrap_err().to_string()
    };
    for (class, config, says) in [
        ("Telepathy", r#"{"name": "far"}"#, &["Telepathy", "far"][..]),
        ("Dense", r#"{"name": "d", "units": "many"}"#, &["units", "\"many\"", "node d"]),
        ("Dense", r#"{"name": "d", "kernel_constraint": {"class_name": "MaxNorm"}}"#, &["kernel_constraint"]),
        ("Dense", r#"{"name": "d", "activation": "mystery"}"#, &["activation", "mystery"]),
        ("LSTM", r#"{"name": "l", "stateful": true}"#, &["stateful", "node l"]),
        ("Conv2D", r#"{"name": "c", "data_format": "channels_first"}"#, &["data_format", "channels_first"]),
        ("Dense", r#"{"name": "d", "units": 2, "batch_input_shape": [null]}"#, &["node d", "2 dimensions"]),
        (
            "Bidirectional",
            r#"{"name": "b", "layer": {"class_name": "Dense", "config": {}}}"#,
            &["Dense", "both directions"],
        ),
        ("TimeDistributed", r#"{"name": "t"}"#, &["no layer in it"]),
    ] {
        let error = layer(class, config);
        assert!(says.iter().all(|part| error.contains(part)), "{says:?} are not all in: {error}");
    }
    for (json, says) in [("{", "a model"), (r#"{"class_name": "Graph", "config": {}}"#, "Graph"), ("[]", "class")] {
        let error = model_from_json(json).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let mut own = tf::keras::Sequential();
    own.add(Dense!(2, activation = |x| x * 2.0, input_shape = (3,)));
    let error = own.to_json().unwrap_err().to_string();
    assert!(error.contains("dense") && error.contains("activation"), "{error}");
}
