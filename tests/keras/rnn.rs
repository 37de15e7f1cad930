//! Recurrent layers against Keras itself: `golden/make_keras_rnn.py` trained the same ones.

use super::*;

const SEQUENCES: &[usize] = &[10, 5, 3];

fn series() -> tf::Value {
    pattern(&[10, 5, 2], 7)
}

fn words() -> tf::Value {
    tf::Value::new([10, 5], (0..50).map(|i| (i * 7 % 6) as f32).collect::<Vec<_>>()).unwrap()
}

/// Sequences with steps of zeros.
fn holes() -> tf::Value {
    let mut numbers = pattern(SEQUENCES, 5).as_slice::<f32>().unwrap().to_vec();
    for (i, row) in numbers.chunks_mut(15).enumerate() {
        if i % 2 == 0 {
            row[9..].fill(0.0);
        }
        if i % 3 == 1 {
            row[..3].fill(0.0);
        }
    }
    tf::Value::new(SEQUENCES, numbers).unwrap()
}

/// A recurrent layer and a dense one, for numbers.
fn rnn(layers: Vec<Add>, y: tf::Value) -> Case {
    case(layers, SEQUENCES, y).loss("mse")
}

fn on(mut case: Case, x: tf::Value) -> Case {
    case.x = x;
    case
}

#[test]
fn simple_cells_are_keras() {
    rnn(layers![SimpleRNN(4), Dense(2)], numbers()).check("simple_rnn");
    let relu = SimpleRNN!(4, activation = "relu", return_sequences = true, go_backwards = true);
    rnn(layers![relu, Dense(2)], series()).check("simple_rnn_relu");
}

#[test]
fn lstm_is_keras() {
    let classifier = case(layers![LSTM(4), Dense!(3, activation = "softmax")], SEQUENCES, one_hot());
    classifier.metrics(&["categorical_accuracy"]).check("lstm");
    let sigmoid = LSTM!(4, recurrent_activation = "sigmoid", unit_forget_bias = false);
    rnn(layers![sigmoid, Dense(2)], numbers()).check("lstm_sigmoid");
    let second = LSTM!(3, go_backwards = true, use_bias = false);
    rnn(layers![LSTM!(4, return_sequences = true), second, Dense(2)], numbers()).check("lstm_stacked");
    for unroll in [true, false] {
        let layers = layers![LSTM!(4, unroll = unroll, return_sequences = true), Dense(2)];
        rnn(layers, series()).optimizer(Adam(0.01)).check("lstm_unroll");
    }
}

#[test]
fn gru_is_keras() {
    rnn(layers![GRU(4), Dense(2)], numbers()).check("gru");
    let first = GRU!(4, reset_after = true, return_sequences = true);
    let second = GRU!(3, reset_after = true, use_bias = false);
    rnn(layers![first, second, Dense(2)], numbers()).check("gru_reset_after");
    rnn(layers![GRU!(4, use_bias = false, activation = tf::nn::relu), Dense(2)], numbers()).check("gru_no_bias");
}

#[test]
fn both_directions_are_keras() {
    for mode in ["concat", "sum", "mul", "ave"] {
        let layers = layers![Bidirectional!(GRU(3), merge_mode = mode), Dense(2)];
        rnn(layers, numbers()).check(&format!("bidirectional_{mode}"));
    }
    let both = Bidirectional(LSTM!(3, return_sequences = true));
    rnn(layers![both, Dense(2)], series()).check("bidirectional_series");
}

#[test]
fn steps_are_keras() {
    let each = TimeDistributed(Dense!(4, activation = "tanh"));
    rnn(layers![each, SimpleRNN(3), Dense(2)], numbers()).check("time_distributed");
    let layers = layers![TimeDistributed(Conv2D(2, 2)), TimeDistributed(Flatten()), GRU(3), Dense(2)];
    case(layers, &[10, 3, 4, 3, 2], numbers()).loss("mse").check("time_distributed_images");
}

#[test]
fn regularizers_of_recurrent_layers_are_keras() {
    let lstm = LSTM!(
        3,
        kernel_regularizer = regularizers::l2(0.01),
        recurrent_regularizer = regularizers::l1(0.02),
        bias_regularizer = regularizers::l2(0.03)
    );
    rnn(layers![lstm, Dense(2)], numbers()).check("regularized_rnn");
}

#[test]
fn masks_are_keras() {
    let embedding = || Embedding!(6, 3, mask_zero = true, input_length = 5);
    on(rnn(layers![embedding(), LSTM(4), Dense(2)], numbers()), words()).check("masked_words");
    on(rnn(layers![embedding(), GRU!(4, unroll = true), Dense(2)], numbers()), words()).check("masked_unroll");
    let backwards = layers![Masking(), SimpleRNN!(4, go_backwards = true), Dense(2)];
    on(rnn(backwards, numbers()), holes()).check("masked_backwards");
    let both = Bidirectional(LSTM!(3, return_sequences = true));
    on(rnn(layers![Masking(), both, GRU(3), Dense(2)], numbers()), holes()).check("masked_bidirectional");
    let layers = layers![Masking(), GRU!(3, return_sequences = true), TimeDistributed(Dense(2))];
    on(rnn(layers, series()), holes()).check("masked_series");
    let layers = layers![Masking(), Dropout!(rate = 0.0), Activation("tanh"), LSTM(3), Dense(2)];
    on(rnn(layers, numbers()), holes()).check("masked_dropout");
}

#[test]
fn weights_of_cudnn_are_read_as_keras_does() {
    for (name, add, bias) in [
        ("cudnn_lstm", Box::new(|model: &mut Sequential| model.add(CuDNNLSTM(4))) as Add, 32),
        ("cudnn_gru", Box::new(|model: &mut Sequential| model.add(CuDNNGRU(4))) as Add, 24),
    ] {
        let mut model = tf::keras::Sequential();
        add(&mut model);
        model.build([10, 5, 3]).unwrap();
        let kept = [pattern(&[3, bias / 2], 3), pattern(&[4, bias / 2], 4), pattern(&[bias], 5)];
        model.set_weights(&kept).unwrap();
        let predicted = model.predict(pattern(SEQUENCES, 5)).run().unwrap();
        let numbers = predicted.as_slice::<f32>().unwrap().iter().map(|&x| x.into()).collect();
        compare(name, &BTreeMap::from([("predict".into(), numbers)]));
    }
}

#[test]
fn variables_start_as_in_keras() {
    let mut model = tf::keras::Sequential();
    model.add(LSTM!(4, input_shape = (5, 3)));
    model.add(Reshape((1, 4)));
    model.add(CuDNNLSTM(2));
    let values = model.get_weights().unwrap();
    let names: Vec<String> = model.weights().iter().map(|weight| weight.name()).collect();
    assert_eq!(names[..3], ["lstm/kernel:0", "lstm/recurrent_kernel:0", "lstm/bias:0"]);
    let bias = |i: usize| values[i].as_slice::<f32>().unwrap().to_vec();
    assert_eq!(bias(2), [vec![0.0; 4], vec![1.0; 4], vec![0.0; 8]].concat());
    assert_eq!(bias(5), [vec![0.0; 10], vec![1.0; 2], vec![0.0; 4]].concat());
    let recurrent = values[1].as_slice::<f32>().unwrap();
    for (i, a) in recurrent.chunks(16).enumerate() {
        for (j, b) in recurrent.chunks(16).enumerate() {
            let product: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            assert!((product - f32::from(i == j)).abs() < 1e-5, "rows {i} and {j}: {product}");
        }
    }
}

#[test]
fn what_is_dropped_stays_for_all_steps() {
    let mut model = tf::keras::Sequential();
    model.add(SimpleRNN!(6, dropout = 0.5, recurrent_dropout = 0.5, return_sequences = true, input_shape = (5, 3)));
    model.compile().loss("mse").optimizer("sgd").build().unwrap();
    let (x, y) = (pattern(SEQUENCES, 5), pattern(&[10, 5, 6], 7));
    let outside = [(); 2].map(|()| model.predict(&x).run().unwrap());
    assert_eq!(outside[0].as_slice::<f32>().unwrap(), outside[1].as_slice::<f32>().unwrap());
    let during = [(); 2].map(|()| {
        model.set_learning_rate(0.0).unwrap();
        model.train_on_batch(&x, &y).unwrap()[0]
    });
    assert_ne!(during[0], during[1], "nothing was dropped");
}

#[test]
fn summaries_of_recurrent_models_are_keras() {
    let mut model = tf::keras::Sequential();
    model.add(Embedding!(7, 3, mask_zero = true, input_length = 5));
    model.add(Bidirectional(LSTM!(4, return_sequences = true)));
    model.add(TimeDistributed(Dense!(3, activation = "tanh")));
    model.add(GRU(4));
    let text = model.summary_text(tf::keras::Dialect::Wrapped).unwrap();
    let expected = "\
 embedding (Embedding)       (None, 5, 3)              21        
                                                                 
 bidirectional (Bidirection  (None, 5, 8)              256       
 al)                                                             
                                                                 
 time_distributed (TimeDist  (None, 5, 3)              27        
 ributed)                                                        
                                                                 
 gru (GRU)                   (None, 4)                 96        
";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn what_does_not_suit_recurrent_layers_is_said() {
    let said = |layer: Box<dyn Fn(tf::Tensor) -> tf::Tensor>, shape: &[Option<usize>]| {
        let graph = tf::Graph::new();
        let _default = graph.as_default();
        layer(tf::placeholder(tf::float32, tf::PartialShape::new(shape.iter().copied())));
        graph.check().unwrap_err().to_string()
    };
    let error = said(Box::new(|x| LSTM(4).apply(x)), &[None, Some(5)]);
    assert!(error.contains("[batch, time, depth]") && error.contains("[?,5]"), "{error}");
    let error = said(Box::new(|x| GRU!(4, unroll = true).apply(x)), &[None, None, Some(5)]);
    assert!(error.contains("known length"), "{error}");
    let error = said(Box::new(|x| SimpleRNN!(4, dropout = 1.5).apply(x)), &[None, Some(3), Some(5)]);
    assert!(error.contains("dropout is 1.5"), "{error}");
    let error = said(Box::new(|x| Bidirectional!(GRU(4), merge_mode = "none").apply(x)), &[None, Some(3), Some(5)]);
    assert!(error.contains("merge_mode 'none'"), "{error}");
    let error = said(Box::new(|x| Flatten().apply(Masking().apply(x))), &[None, Some(3), Some(5)]);
    assert!(error.contains("mask") && error.contains("flatten"), "{error}");
    let error = said(Box::new(|x| LSTM(4).apply_with_state(x, &[x]).0), &[None, Some(3), Some(5)]);
    assert!(error.contains("2 states"), "{error}");
}
