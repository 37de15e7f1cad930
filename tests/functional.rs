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

/// The table of the model `two_inputs` of the script, laid out as TensorFlow 1 does.
const LEGACY: &str = "\
Model: \"model\"
__________________________________________________________________________________________________
Layer (type)                    Output Shape         Param #     Connected to                     
==================================================================================================
input_1 (InputLayer)            [(None, 4)]          0                                            
__________________________________________________________________________________________________
dense (Dense)                   (None, 5)            25          input_1[0][0]                    
__________________________________________________________________________________________________
other (InputLayer)              [(None, 3)]          0                                            
__________________________________________________________________________________________________
concatenate (Concatenate)       (None, 8)            0           dense[0][0]                      
                                                                 other[0][0]                      
__________________________________________________________________________________________________
dense_1 (Dense)                 (None, 2)            18          concatenate[0][0]                
==================================================================================================
Total params: 43
Trainable params: 43
Non-trainable params: 0
__________________________________________________________________________________________________
";

#[test]
fn the_old_table_has_its_columns_too() {
    let _default = tf::Graph::new().as_default();
    let (a, b) = (Input!((4,)), Input!((3,), name = "other"));
    let x = Dense(5).apply(a);
    let model = Model([a, b], Dense(2).apply(Concatenate().apply([x, b])));
    assert_eq!(model.summary_text(Dialect::Legacy).unwrap(), LEGACY);
}

/// Numbers of a model's weights.
fn values(model: &Model) -> Vec<Vec<f32>> {
    model.get_weights().unwrap().into_iter().map(|value| value.into_vec().unwrap()).collect()
}

#[test]
fn operations_between_layers_are_layers() {
    let _default = tf::Graph::new().as_default();
    let x = Input!((4,));
    let scale = tf::constant(2.0);
    let h = tf::square(Dropout!(rate = 0.5, seed = 1).apply(Dense!(3, name = "first").apply(x)) * scale) + 1.0;
    let mut model = Model(x, Dense(1).apply(h));
    let names: Vec<String> = model.layers().map(|layer| layer.name()).collect();
    let between = ["tf_op_layer_mul", "tf_op_layer_Square", "tf_op_layer_add"];
    assert_eq!(names, [&["input_1", "first", "dropout"][..], &between, &["dense"]].concat());
    assert_eq!(model.layer(3).unwrap().class_name(), "TensorFlowOpLayer");
    // In training numbers are left out, and what comes after is built once more.
    let data = pattern(&[10, 4], 5);
    mse(model.compile()).build().unwrap();
    set_pattern(&model);
    let truth = pattern(&[10, 1], 3);
    let outside = model.test_on_batch(&data, &truth).unwrap();
    let inside = model.train_on_batch(&data, &truth).unwrap();
    assert!((outside[0] - inside[0]).abs() > 1e-3, "{outside:?} {inside:?}");
    // A model of such operations is applied to other tensors.
    let y = Input!((4,));
    let again = Model(y, model.apply(y));
    let (mut model, mut again) = (model, again);
    let (a, b) = (model.predict(&data).run().unwrap(), again.predict(&data).run().unwrap());
    assert_eq!(a.as_slice::<f32>().unwrap(), b.as_slice::<f32>().unwrap());
    // What lies in a branch cannot be built once more, and says so.
    let x = Input!((4,));
    let h = Dropout().apply(x);
    let part = tf::cond(tf::constant(true), || h * 2.0, || h * 3.0);
    let mut model = Model(x, Dense(1).apply(part));
    let error = message(mse(model.compile()).build());
    assert!(error.contains("put it all into a Lambda layer") && error.contains("functional.rs"), "{error}");
}

#[test]
fn models_share_layers_and_their_weights() {
    let _default = tf::Graph::new().as_default();
    let x = Input!((4,));
    let hidden = Dense!(3, activation = "tanh", name = "hidden").apply(x);
    let mut all = Model(x, Dense!(2, name = "out").apply(hidden));
    let mut part = Model(all.input().unwrap(), all.get_layer("hidden").unwrap().output().unwrap());
    assert_eq!((all.name(), part.name()), ("model", "model_1"));
    let before = part.predict(pattern(&[10, 4], 5)).run().unwrap();
    mse(all.compile()).build().unwrap();
    all.fit(pattern(&[10, 4], 5), numbers()).verbose(0).run().unwrap();
    let after = part.predict(pattern(&[10, 4], 5)).run().unwrap();
    assert_ne!(before.as_slice::<f32>().unwrap(), after.as_slice::<f32>().unwrap());
    // The weights stay in the graph when the model that trained them goes.
    let trained = values(&part);
    drop((all, part));
    assert_eq!(values(&Model(x, hidden)), trained);
    let sess = backend::get_session().unwrap();
    assert_eq!(sess.run(hidden, tf::feed_dict! { x: pattern(&[10, 4], 5) }).unwrap().shape().dims(), [10, 3]);
    let other = tf::Session().unwrap();
    assert!(message(backend::set_session(&other)).contains("in another session already"));
}

#[test]
fn a_session_can_be_brought_along() {
    let _default = tf::Graph::new().as_default();
    let x = Input!((4,));
    let y = Dense(2).apply(x);
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), tf::feed_dict! {}).unwrap();
    backend::set_session(&sess).unwrap();
    let data = pattern(&[10, 4], 5);
    let mine = sess.run(y, tf::feed_dict! { x: &data }).unwrap();
    let made = Model(x, y).predict(&data).run().unwrap();
    assert_eq!(mine.as_slice::<f32>().unwrap(), made.as_slice::<f32>().unwrap());
}

#[test]
fn what_is_frozen_stays_until_it_is_compiled_anew() {
    let _default = tf::Graph::new().as_default();
    let x = Input!((4,));
    let base = Model!(x, Dense!(3, name = "base_dense").apply(x), name = "base");
    let input = Input!((4,));
    let mut model = Model(input, Dense(2).apply(base.apply(input)));
    base.set_trainable(false);
    assert_eq!((model.trainable_weights().len(), model.weights().len()), (2, 4));
    let train = |model: &mut Model| {
        let before = values(model);
        model.fit(pattern(&[10, 4], 5), numbers()).verbose(0).run().unwrap();
        values(model).iter().zip(&before).map(|(a, b)| a != b).collect::<Vec<bool>>()
    };
    mse(model.compile()).build().unwrap();
    assert_eq!(train(&mut model), [false, false, true, true]);
    model.get_layer("base").unwrap().set_trainable(true);
    assert_eq!(train(&mut model), [false, false, true, true]);
    mse(model.compile()).build().unwrap();
    assert_eq!(train(&mut model), [true; 4]);
}

#[test]
fn a_model_is_a_layer_of_a_stack() {
    let _default = tf::Graph::new().as_default();
    let x = Input!((4,));
    let base = Model!(x, Dense!(3, name = "hidden").apply(x), name = "base");
    let before = values(&base);
    let mut model = tf::keras::Sequential();
    model.add(&base);
    model.add(Dense(2));
    mse(model.compile()).build().unwrap();
    model.fit(pattern(&[10, 4], 5), numbers()).verbose(0).run().unwrap();
    assert_eq!((model.output_shape().unwrap().to_string(), model.weights().len()), ("(None, 2)".to_owned(), 4));
    assert_ne!(values(&base), before);
    // A stack with weights takes them along into the graph of what it is applied to.
    let mut stack = tf::keras::Sequential();
    stack.add(Dense!(3, input_shape = (4,)));
    let weights = values(&stack);
    let input = Input!((4,));
    let combined = Model(input, stack.apply(input));
    assert_eq!((values(&stack), values(&combined)), (weights.clone(), weights));
    let mut compiled = tf::keras::Sequential();
    compiled.add(Dense!(3, input_shape = (4,)));
    mse(compiled.compile()).build().unwrap();
    let input = Input!((4,));
    compiled.apply(input);
    assert!(message(tf::get_default_graph().check()).contains("the model is compiled already, so it stays"));
}

#[test]
fn a_network_against_another_trains() {
    let _default = tf::Graph::new().as_default();
    let mut judge = tf::keras::Sequential();
    judge.add(Dense!(4, activation = "tanh", input_shape = (3,)));
    judge.add(Dense!(1, activation = "sigmoid"));
    let image = Input!((3,));
    let mut judge = Model!(image, judge.apply(image), name = "judge");
    judge.compile().loss("binary_crossentropy").optimizer(SGD(0.1)).metrics(["accuracy"]).build().unwrap();
    let mut maker = tf::keras::Sequential();
    maker.add(Dense!(3, input_shape = (2,)));
    let noise = Input!((2,));
    let made = maker.apply(noise);
    judge.set_trainable(false);
    let mut both = Model(noise, judge.apply(made));
    both.compile().loss("binary_crossentropy").optimizer(SGD(0.1)).build().unwrap();
    let (fixed, trained) = (values(&judge), values(&maker));
    both.train_on_batch(pattern(&[10, 2], 3), vec![1.0f32; 10]).unwrap();
    assert_eq!(values(&judge), fixed);
    assert_ne!(values(&maker), trained);
    // The judge was compiled while it could learn.
    judge.train_on_batch(pattern(&[10, 3], 3), vec![1.0f32; 10]).unwrap();
    assert_ne!(values(&judge), fixed);
}

#[test]
fn weights_go_by_the_names_of_layers() {
    let path = std::env::temp_dir().join(format!("flowstone-functional-{}.npz", std::process::id()));
    let _default = tf::Graph::new().as_default();
    let build = || {
        let x = Input!((4,));
        let inner = Input!((4,));
        let inner = Model!(inner, Dense!(3, name = "dense").apply(inner), name = "inner");
        Model(x, Dense!(2, name = "dense").apply(inner.apply(x)))
    };
    let (one, other) = (build(), build());
    assert_ne!(values(&one), values(&other));
    one.save_weights(&path).unwrap();
    other.load_weights(&path).unwrap();
    assert_eq!(values(&one), values(&other));
    let names: Vec<String> = tf::weights::read(&path).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["inner/dense/kernel", "inner/dense/bias", "dense/kernel", "dense/bias"]);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn data_go_by_names_too() {
    let _default = tf::Graph::new().as_default();
    let (a, b) = (Input!((4,), name = "main"), Input!((3,), dtype = "int32", name = "extra"));
    let h = concatenate([a, tf::cast(b, tf::float32)]);
    let mut model = Model!(inputs = [a, b], outputs = [Dense!(2, name = "n").apply(h), Dense!(1, name = "m").apply(h)]);
    let compile = model.compile().loss([("m", "mae"), ("n", "mse")]).loss_weights([("m", 0.5)]);
    compile.optimizer(SGD(0.0)).metrics(["mae"]).build().unwrap();
    let (x, e) = (pattern(&[10, 4], 5), tf::Value::new([10, 3], (0..30).collect::<Vec<i32>>()).unwrap());
    let (n, m) = (numbers(), pattern(&[10], 3));
    let one = model.evaluate((&x, &e), (&n, &m)).verbose(0).run().unwrap();
    let other = model.evaluate([("extra", &e), ("main", &x)], [("m", &m), ("n", &n)]).verbose(0).run().unwrap();
    assert_eq!(one, other);
    assert_eq!(model.metrics_names().unwrap(), ["loss", "n_loss", "m_loss", "n_mae", "m_mae"]);
    assert!((one[0] - (one[1] + 0.5 * one[2])).abs() < 1e-4 * one[0], "{one:?}");
    let says = |error: String, what: &str| assert!(error.contains(what), "{error}");
    says(message(model.evaluate(&x, &n).run()), "x is 1 values, but the model has main, extra");
    says(message(model.evaluate((&x, &e), [("m", &m)]).run()), "y has nothing for 'n'");
    says(message(model.evaluate([("main", &x), ("extra", &e), ("z", &e)], (&n, &m)).run()), "x has 'z'");
    let short = pattern(&[9, 4], 5);
    says(
        message(model.evaluate((&short, &e), (&n, &m)).run()),
        "x for 'extra' has shape [10,3], but x for 'main' has 9",
    );
    says(message(model.evaluate((&n, &e), (&n, &m)).run()), "x for 'main' has shape [10,2], but the input takes [?,4]");
    says(
        message(model.evaluate((&x, &e), (&x, &m)).run()),
        "y for 'n' has shape [10,4], but the last layer gives [?,2]",
    );
    says(message(model.predict((&x, &e)).run()), "the model has 2 outputs, not one");
    let fit = model.fit((&x, &e), (&n, &m)).verbose(0).class_weight([(0, 1.0)]).run();
    says(message(fit), "class_weight is for models with one output");
    says(message(model.compile().loss(["mse"]).build()), "there are 1 losses, but the model has the outputs n, m");
    says(message(model.compile().loss([("n", "mse")]).build()), "there is no loss for the output 'm'");
    says(message(model.compile().loss("mse").metrics([("k", "mae")]).build()), "metrics for 'k'");
    says(message(model.compile().loss("mse").loss_weights([1.0]).build()), "there are 1 loss_weights");
    // After that the model is compiled as it was.
    assert_eq!(model.evaluate((&x, &e), (&n, &m)).verbose(0).run().unwrap(), one);
}

#[test]
fn mistakes_in_models_name_what_is_wrong() {
    let wrong = |build: fn() -> Model, what: &str| {
        let _default = tf::Graph::new().as_default();
        let error = message(build().output_shape());
        assert!(error.contains(what) && error.contains("functional.rs"), "{error}");
    };
    wrong(
        || {
            let (a, b) = (Input!((4,)), Input!((4,), name = "other"));
            Model(a, add([a, b]))
        },
        "the outputs need 'other:0' of the layer 'other', which is not among the model's inputs",
    );
    wrong(
        || {
            let a = Input!((4,));
            Model(a, tf::placeholder(tf::float32, (None, 3)))
        },
        "is not made of inputs of a model",
    );
    wrong(
        || {
            let a = Input!((4,));
            Model(a, Dense!(2, name = "same").apply(Dense!(3, name = "same").apply(a)))
        },
        "two layers of the model are called 'same'",
    );
    wrong(
        || {
            let (a, b) = (Input!((4,)), Input!((3, 4)));
            Model([a, b], add([a, b]))
        },
        "its tensors have different numbers of dimensions: [?,4] and [?,3,4]",
    );
    wrong(
        || {
            let a = Input!((4,));
            Model(a, Add().apply([a]))
        },
        "it takes at least 2 tensors, but was given 1",
    );
    wrong(
        || {
            let a = Input!(name = "shapeless");
            Model(a, a)
        },
        "an input needs the shape of an example",
    );
    wrong(
        || {
            let a = Input!((4,), dtype = "float33");
            Model(a, a)
        },
        "float33",
    );
    let _default = tf::Graph::new().as_default();
    let (a, b) = (Input!((4,)), Input!((4,)));
    let layer = Dense!(2, name = "twice");
    let model = Model([a, b], concatenate([layer.apply(a), layer.apply(b)]));
    let error = message(model.get_layer("twice").unwrap().output());
    assert!(error.contains("the layer 'twice' has 2 tensors as output, not one"), "{error}");
    assert!(message(model.get_layer("thrice").map(|_| ())).contains("it has input_1, input_2, twice, concatenate"));
    assert!(message(model.input().map(|_| ())).contains("the model has 2 inputs, not one"));
    assert_eq!(
        (model.input_names(), model.output_names().len()),
        (vec!["input_1".to_owned(), "input_2".to_owned()], 1)
    );
}

#[test]
#[cfg(feature = "hdf5")]
fn weights_of_functional_models_go_through_keras_files() {
    use tf::keras::{Input, Model, layers::*};
    let build = || {
        let x = Input!((4,));
        let a = Dense!(3, activation = "relu").apply(x);
        let b = Dense!(3).apply(x);
        Model(x, Dense!(2).apply(concatenate([a, b])))
    };
    let path = std::env::temp_dir().join(format!("flowstone-functional-{}.h5", std::process::id()));
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let (model, other) = (build(), build());
    model.save_weights(&path).unwrap();
    assert!(model.get_weights().unwrap() != other.get_weights().unwrap());
    other.load_weights(&path).unwrap();
    assert!(model.get_weights().unwrap() == other.get_weights().unwrap());
    let error = model.save(&path).unwrap_err();
    assert!(error.message().contains("how it is made is said of a Sequential"), "{error}");
    std::fs::remove_file(path).unwrap();
}
