//! Recurrent networks: their values, gradients and training against TensorFlow's. What they build is in `ops.rs`.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use flowstone as tf;
use tf::nn::rnn_cell::{
    BasicLSTMCell, BasicRNNCell, DropoutWrapper, GRUCell, LSTMCell, LSTMStateTuple, MultiRNNCell, RNNCell, State,
};
use tf::{Tensor, Value, feed_dict};

/// The numbers of the script's `pattern`.
fn pattern(shape: &[usize], step: usize) -> Value {
    let count = shape.iter().product::<usize>();
    let numbers: Vec<f32> = (0..count).map(|i| ((i * step % 17) as f32 - 8.0) / 10.0).collect();
    Value::new(shape, numbers).unwrap()
}

fn flat<S: State>((outputs, state): (Tensor, S)) -> Vec<Tensor> {
    [vec![outputs], state.flat()].concat()
}

fn flat_static<S: State>((outputs, state): (Vec<Tensor>, S)) -> Vec<Tensor> {
    [outputs, state.flat()].concat()
}

/// The networks of `golden/make_rnn.py`.
fn build(name: &str, x: Tensor, n: Tensor) -> Vec<Tensor> {
    let steps = || tf::unstack!(x, axis = 1);
    match name {
        "basic" => flat(tf::nn::dynamic_rnn(BasicRNNCell(3), x)),
        "gru" => flat(tf::nn::dynamic_rnn(GRUCell(3), x)),
        "basic_lstm" => flat(tf::nn::dynamic_rnn(BasicLSTMCell(3), x)),
        "lstm" => {
            let cell = LSTMCell!(3, use_peepholes = true, cell_clip = 0.4, num_proj = 2, proj_clip = 0.1);
            flat(tf::nn::dynamic_rnn(cell, x))
        }
        "lengths" => flat(tf::nn::dynamic_rnn!(GRUCell(3), x, sequence_length = n)),
        "stacked" => flat(tf::nn::dynamic_rnn(MultiRNNCell([LSTMCell(3), LSTMCell(2)]), x)),
        "static" => flat_static(tf::nn::static_rnn(BasicLSTMCell(3), steps())),
        "static_lengths" => flat_static(tf::nn::static_rnn!(GRUCell(3), steps(), sequence_length = n)),
        "both_ways" => {
            let cells = (GRUCell(3), GRUCell(2));
            let (outputs, states) = tf::nn::bidirectional_dynamic_rnn!(cells.0, cells.1, x, sequence_length = n);
            vec![outputs.0, outputs.1, states.0, states.1]
        }
        "static_both_ways" => {
            let cells = (BasicRNNCell(3), BasicRNNCell(3));
            let (outputs, front, back) =
                tf::nn::static_bidirectional_rnn!(cells.0, cells.1, steps(), sequence_length = n);
            [outputs, vec![front, back]].concat()
        }
        _ => Vec::new(),
    }
}

fn numbers(values: &[Value]) -> Vec<f64> {
    values.iter().flat_map(|value| value.as_slice::<f32>().unwrap().iter().map(|&x| f64::from(x))).collect()
}

#[test]
fn networks_follow_tensorflow() {
    let text = include_str!("golden/rnn.txt");
    let mut cases: HashMap<&str, HashMap<&str, Vec<f64>>> = HashMap::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        let (name, what) = (words.next().unwrap(), words.next().unwrap());
        cases.entry(name).or_default().insert(what, words.map(|word| word.parse().unwrap()).collect());
    }
    assert_eq!(cases.len(), 10);
    for (name, expected) in cases {
        let graph = tf::Graph::new();
        let _default = graph.as_default();
        let x = tf::placeholder(tf::float32, (None, 4, 2));
        let n = tf::placeholder(tf::int32, [None]);
        let outputs = build(name, x, n);
        assert!(!outputs.is_empty(), "{name} is not built here");
        let cost = tf::add_n(outputs.iter().map(|&y| tf::reduce_mean(tf::square(y - 0.3))));
        let variables = tf::trainable_variables();
        let by: Vec<Tensor> = variables.iter().map(|v| v.reference()).collect();
        let gradients: Vec<Tensor> = tf::gradients(cost, by).into_iter().map(|g| g.unwrap().values()).collect();
        let train = match name {
            "stacked" | "both_ways" => tf::train::AdamOptimizer(0.05).minimize(cost),
            _ => tf::train::GradientDescentOptimizer(0.5).minimize(cost),
        };
        let start = variables.iter().enumerate().map(|(i, v)| {
            let dims: Vec<usize> = v.shape().known().unwrap().iter().copied().collect();
            tf::assign(*v, pattern(&dims, 3 + i))
        });
        let start: Vec<Tensor> = start.collect();
        let sess = tf::Session().unwrap();
        sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
        sess.run(start, feed_dict! {}).unwrap();
        let feeds = feed_dict! { x: pattern(&[3, 4, 2], 5), n: [4, 2, 0] };
        let close = |what: &str, found: Vec<f64>, tolerance: f64| {
            let expected = &expected[what];
            assert_eq!(found.len(), expected.len(), "{name} {what}");
            for (i, (f, e)) in found.iter().zip(expected).enumerate() {
                assert!((f - e).abs() <= tolerance * e.abs().max(0.1), "{name} {what} {i}: {f}, TensorFlow {e}");
            }
        };
        close("outputs", numbers(&sess.run(outputs, &feeds).unwrap()), 1e-5);
        close("gradients", numbers(&sess.run(gradients, &feeds).unwrap()), 1e-5);
        let costs = (0..10).map(|_| sess.run((cost, train), &feeds).unwrap().0.item::<f32>().unwrap().into());
        close("costs", costs.collect(), 1e-4);
    }
}

/// The models of `golden/make_seq2seq.py`.
fn model(name: &str, x: Vec<Tensor>, y: Vec<Tensor>, feed: Tensor) -> (Vec<Tensor>, Vec<Tensor>) {
    use tf::nn::seq2seq::{embedding_attention_seq2seq, embedding_rnn_seq2seq};
    let stacked = || MultiRNNCell([BasicLSTMCell(3), BasicLSTMCell(3)]);
    match name {
        "rnn" => flat_model(embedding_rnn_seq2seq(x, y, GRUCell(3), 6, 5, 2)),
        "rnn_fed" => flat_model(embedding_rnn_seq2seq!(x, y, GRUCell(3), 6, 5, 2, feed_previous = true)),
        "attention" => flat_model(embedding_attention_seq2seq(x, y, stacked(), 6, 5, 2)),
        "attention_cond" => flat_model(embedding_attention_seq2seq!(
            x,
            y,
            stacked(),
            6,
            5,
            2,
            num_heads = 2,
            initial_state_attention = true,
            feed_previous = feed
        )),
        _ => (Vec::new(), Vec::new()),
    }
}

fn flat_model<S: State>((outputs, state): (Vec<Tensor>, S)) -> (Vec<Tensor>, Vec<Tensor>) {
    (outputs, state.flat())
}

#[test]
fn models_of_sequences_follow_tensorflow() {
    let text = include_str!("golden/seq2seq.txt");
    let mut cases: HashMap<&str, HashMap<&str, Vec<&str>>> = HashMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        cases.entry(words[0]).or_default().insert(words[1], words[2..].to_vec());
    }
    assert_eq!(cases.len(), 4);
    for (name, expected) in cases {
        let graph = tf::Graph::new();
        let _default = graph.as_default();
        let [x, y, z] = [2, 3, 3].map(|n| tf::placeholder(tf::int32, [None, Some(n)]));
        let feed = tf::placeholder(tf::bool, ());
        let [words, decoder, targets] = [x, y, z].map(|t| tf::unstack!(t, axis = 1));
        let (outputs, state) = model(name, words, decoder, feed);
        let weights: Vec<Tensor> = targets.iter().map(|&t| tf::cast(tf::greater(t, 0), tf::float32)).collect();
        let cost = tf::nn::seq2seq::sequence_loss(outputs.iter().copied(), targets, weights);
        let variables = tf::trainable_variables();
        let by: Vec<Tensor> = variables.iter().map(|v| v.reference()).collect();
        let gradients = tf::gradients(cost, by).into_iter().map(|g| tf::convert_to_tensor(g.unwrap()));
        let gradients: Vec<Tensor> = gradients.collect();
        let train = tf::train::GradientDescentOptimizer(0.5).minimize(cost);
        let sizes = |v: &tf::Variable| v.shape().known().unwrap().iter().copied().collect::<Vec<usize>>();
        let described = variables.iter().map(|v| {
            let sizes: Vec<String> = sizes(v).iter().map(usize::to_string).collect();
            format!("{},{}", v.op().name(), sizes.join(","))
        });
        assert_eq!(described.collect::<Vec<_>>(), expected["variables"], "{name}");
        let start = variables.iter().enumerate().map(|(i, v)| tf::assign(*v, pattern(&sizes(v), 3 + i)));
        let start: Vec<Tensor> = start.collect();
        let sess = tf::Session().unwrap();
        sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
        sess.run(start, feed_dict! {}).unwrap();
        let feeds = feed_dict! {
            x: [[1, 2], [3, 4], [5, 0]],
            y: [[1, 2, 3], [1, 4, 0], [1, 0, 0]],
            z: [[2, 3, 4], [4, 0, 0], [3, 2, 0]],
            feed: true,
        };
        let close = |what: &str, found: Vec<f64>, tolerance: f64| {
            let expected: Vec<f64> = expected[what].iter().map(|word| word.parse().unwrap()).collect();
            assert_eq!(found.len(), expected.len(), "{name} {what}");
            for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
                assert!((f - e).abs() <= tolerance * e.abs().max(0.1), "{name} {what} {i}: {f}, TensorFlow {e}");
            }
        };
        close("outputs", numbers(&sess.run([outputs, state].concat(), &feeds).unwrap()), 1e-5);
        close("gradients", numbers(&sess.run(gradients, &feeds).unwrap()), 1e-5);
        let costs = (0..10).map(|_| sess.run((cost, train), &feeds).unwrap().0.item::<f32>().unwrap().into());
        close("costs", costs.collect(), 1e-4);
    }
}

#[test]
fn a_state_is_fetched_and_fed() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let x = tf::placeholder(tf::float32, (2, 3, 4));
    let cell = MultiRNNCell(vec![BasicLSTMCell(3), BasicLSTMCell(5)]);
    let initial = cell.zero_state(2, tf::float32);
    let (outputs, last) = tf::nn::dynamic_rnn!(&cell, x, initial_state = initial.clone());
    assert_eq!(cell.state_size()[1], LSTMStateTuple(5, 5));
    assert_eq!(cell.variables().len(), 4);
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    let data = pattern(&[2, 3, 4], 5);
    let (all, state) = sess.run((outputs, &last[..]), feed_dict! { x: data.clone() }).unwrap();
    let h = state[1].h.as_slice::<f32>().unwrap();
    assert_eq!(&all.as_slice::<f32>().unwrap()[10..15], &h[..5], "the last output is the state");
    let feeds = initial
        .iter()
        .zip(&state)
        .fold(feed_dict! { x: data }, |feeds, (at, was)| feeds.feed(at.c, was.c.clone()).feed(at.h, was.h.clone()));
    assert_ne!(sess.run(outputs, feeds).unwrap(), all, "the second part starts where the first ended");
}

#[test]
fn boxed_cells_of_several_kinds_stand_on_one_another() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let x = tf::placeholder(tf::float32, (None, 3, 4));
    let cells: Vec<Box<dyn RNNCell<State = LSTMStateTuple>>> =
        vec![Box::new(DropoutWrapper!(LSTMCell(3), output_keep_prob = 0.5)), Box::new(BasicLSTMCell(2))];
    let (outputs, state) = tf::nn::dynamic_rnn(MultiRNNCell(cells), x);
    graph.check().unwrap();
    assert_eq!((outputs.shape().to_string(), state.len()), ("[?,3,2]".to_owned(), 2));
    let names: Vec<String> = tf::trainable_variables().iter().map(|v| v.name()).collect();
    assert_eq!(names[0], "rnn/multi_rnn_cell/cell_0/lstm_cell/kernel:0");
    assert_eq!(names[2], "rnn/multi_rnn_cell/cell_1/basic_lstm_cell/kernel:0");
}

#[test]
fn a_scope_shares_variables() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let x = tf::placeholder(tf::float32, (None, 3, 4));
    for reuse in [false, true] {
        let _scope = tf::variable_scope!("model", reuse = reuse);
        tf::nn::dynamic_rnn(BasicLSTMCell(3), x);
    }
    graph.check().unwrap();
    assert_eq!(tf::trainable_variables().len(), 2);
    tf::nn::dynamic_rnn!(BasicLSTMCell(3), x, scope = "model/rnn");
    let error = graph.check().unwrap_err();
    assert!(error.kind() == tf::ErrorKind::AlreadyExists && error.to_string().contains("rnn.rs"), "{error}");
}

/// What `build` is refused with.
fn refused<T>(build: impl FnOnce() -> T) -> String {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    build();
    let error = graph.check().unwrap_err().to_string();
    assert!(error.contains("tests/rnn.rs"), "no line of the caller: {error}");
    error
}

#[test]
fn what_does_not_fit_is_refused() {
    let x = |shape: &[Option<usize>]| tf::placeholder(tf::float32, tf::PartialShape::new(shape.iter().copied()));
    let all = [None, Some(3), Some(4)];
    let error = refused(|| tf::nn::dynamic_rnn(GRUCell(3), x(&[None, Some(4)])));
    assert!(error.contains("must be [batch, time, depth] with a known depth"), "{error}");
    let error = refused(|| tf::nn::dynamic_rnn(GRUCell(3), x(&[None, Some(3), None])));
    assert!(error.contains("[?,3,?]"), "{error}");
    let error = refused(|| tf::nn::dynamic_rnn(BasicLSTMCell!(3, state_is_tuple = false), x(&all)));
    assert!(error.contains("the state is always a tuple"), "{error}");
    let error = refused(|| tf::nn::dynamic_rnn(BasicRNNCell!(3, activation = "no"), x(&all)));
    assert!(error.contains("no activation 'no'"), "{error}");
    let error = refused(|| tf::nn::dynamic_rnn(DropoutWrapper!(GRUCell(3), input_keep_prob = 1.5), x(&all)));
    assert!(error.contains("input_keep_prob is 1.5"), "{error}");
    let error = refused(|| tf::nn::dynamic_rnn(MultiRNNCell(Vec::<GRUCell>::new()), x(&all)));
    assert!(error.contains("at least one cell"), "{error}");
    let error = refused(|| tf::nn::static_rnn(GRUCell(3), []));
    assert!(error.contains("there are no inputs"), "{error}");
    let error = refused(|| tf::nn::static_rnn(GRUCell(3), [x(&[Some(2), Some(4)]), x(&[Some(3), Some(4)])]));
    assert!(error.contains("batches of several sizes"), "{error}");
    let error = refused(|| {
        let state = tf::placeholder(tf::float32, [2, 7]);
        tf::nn::dynamic_rnn!(GRUCell(3), x(&[Some(2), Some(3), Some(4)]), initial_state = state)
    });
    assert!(error.contains("[2,11] x [7,6]"), "{error}");
}

#[test]
fn lengths_for_another_batch_are_an_error_of_the_run() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let x = tf::placeholder(tf::float32, (None, 3, 4));
    let n = tf::placeholder(tf::int32, [None]);
    let (outputs, _) = tf::nn::dynamic_rnn!(GRUCell(3), x, sequence_length = n);
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    let error = sess.run(outputs, feed_dict! { x: pattern(&[2, 3, 4], 5), n: [1, 2, 3] }).unwrap_err();
    assert_eq!(error.kind(), tf::ErrorKind::InvalidArgument, "{error}");
    let none = sess.run(outputs, feed_dict! { x: pattern(&[0, 3, 4], 5), n: Value::vector(Vec::<i32>::new()) });
    assert_eq!(none.unwrap().shape().to_string(), "[0,3,3]");
}
