//! The user's lines: every node counts as built on the line of the user's that asked for it, and errors tell it.
#![allow(clippy::unwrap_used)]

mod place;

use flowstone as tf;
use place::not_built_here;
use tf::nn::rnn_cell::{BasicRNNCell, DropoutWrapper, GRUCell, LSTMCell, MultiRNNCell};
use tf::{Graph, Tensor};

/// Builds in a new graph.
fn built<R>(build: impl FnOnce() -> R) -> Graph {
    let graph = Graph::new();
    let _default = graph.as_default();
    build();
    graph
}

fn line_of(tensor: Tensor) -> u32 {
    line_of_op(tensor.op())
}

fn line_of_op(op: tf::Operation) -> u32 {
    let location = op.location().unwrap();
    assert_eq!(location.file(), file!());
    location.line()
}

fn lines_of(graph: &Graph, prefix: &str) -> Vec<u32> {
    let nodes = graph.get_operations().into_iter().filter(|op| op.name().starts_with(prefix));
    let mut lines: Vec<u32> = nodes.map(line_of_op).collect();
    lines.dedup();
    lines
}

fn x() -> Tensor {
    tf::placeholder(tf::float32, (None, 4))
}

#[test]
fn what_closures_of_the_user_build_has_their_lines() {
    let graph = built(|| {
        let (x, p) = (tf::placeholder(tf::float32, [3]), tf::placeholder(tf::bool, ()));
        let cond = line!() + 1;
        let y = tf::cond(
            p,
            || {
                let y = tf::square(x).named("then");
                assert_eq!(line_of(y), line!() - 1);
                let y = tf::reduce_mean(y);
                assert_eq!(line_of(y), line!() - 1);
                y
            },
            || {
                tf::reduce_sum(x) // Nothing is said of this line.
            },
        );
        assert_eq!(line_of(y), cond);
        let case = line!() + 1;
        let z = tf::case((
            (tf::less(y, 1.0), || tf::exp(y).named("first")),
            (tf::less(y, 2.0), || tf::log(y).named("second")),
        ));
        assert_eq!(line_of(z), case);
        let while_loop = line!() + 1;
        let (i, sum) = tf::while_loop(
            |(i, _): (Tensor, Tensor)| tf::less(i, 3).named("goes_on"),
            |(i, sum): (Tensor, Tensor)| {
                let more = tf::reduce_max(x);
                assert_eq!(line_of(more), line!() - 1);
                (i + 1, sum + more)
            },
            (0, 0.0),
        );
        assert_eq!((line_of(i), line_of(sum)), (while_loop, while_loop));
        let map_fn = line!() + 1;
        let rows = tf::map_fn(
            |row| {
                let row = tf::nn::softmax(tf::reshape(row, [1, 1]));
                assert_eq!(line_of(row), line!() - 1);
                row
            },
            x,
        );
        assert_eq!(line_of(rows), map_fn);
        tf::foldl(|a, row| (a + row).named("fold"), x);
        tf::scan(
            |a, row| {
                let a = a * row;
                assert_eq!(line_of(a), line!() - 1);
                a
            },
            x,
        );
    });
    graph.check().unwrap();
    assert_eq!(not_built_here(&graph), [""; 0]);
    let lines: Vec<u32> = ["cond/then", "case/cond/first", "while/goes_on", "foldl/while/fold"]
        .map(|name| line_of(graph.get_tensor_by_name(&format!("{name}:0")).unwrap()))
        .to_vec();
    assert!(lines.is_sorted_by(|a, b| a < b), "{lines:?}");
}

#[test]
fn a_scope_that_the_user_holds_has_no_line() {
    built(|| {
        let _scope = tf::name_scope("outer");
        let _variables = tf::variable_scope("inner");
        let w = tf::get_variable("w", [4, 2]);
        assert_eq!(line_of(w.reference()), line!() - 1);
        let y = tf::matmul(x(), w);
        assert_eq!(line_of(y), line!() - 1);
        let _after = tf::control_dependencies(&[y.op()]);
        let mean = tf::reduce_mean(y);
        assert_eq!(line_of(mean), line!() - 1);
    });
}

#[test]
fn all_nodes_of_a_function_have_the_line_of_its_call() {
    let graph = built(|| {
        let _loss = tf::losses::softmax_cross_entropy(x(), x());
        let (_, _update) = tf::metrics::accuracy(x(), x());
        let _rows = x().at((1.., 2));
    });
    graph.check().unwrap();
    let first = line!() - 5;
    assert_eq!(lines_of(&graph, "softmax_cross_entropy_loss"), [first]);
    assert_eq!(lines_of(&graph, "accuracy"), [first + 1]);
    assert_eq!(lines_of(&graph, "strided_slice"), [first + 2]);
}

#[test]
fn no_node_counts_as_built_in_a_function_that_trains_saves_or_loops() {
    let graph = built(|| {
        let hidden = tf::layers::dense!(x(), 8, activation = tf::nn::relu);
        let hidden = tf::layers::batch_normalization!(hidden, training = true);
        let hidden = tf::layers::dropout!(hidden, rate = 0.3, training = tf::placeholder(tf::bool, ()));
        let loss = tf::losses::mean_squared_error(tf::layers::dense(hidden, 4), x());
        let step = tf::train::get_or_create_global_step();
        let rate = tf::train::exponential_decay(0.1, step, 100, 0.9);
        tf::train::GradientDescentOptimizer(rate).minimize_args(loss).global_step(step).build();
        tf::train::MomentumOptimizer(0.1, 0.9).minimize(loss);
        tf::train::AdamOptimizer(0.1).minimize(loss);
        tf::train::RMSPropOptimizer(0.1).minimize(loss);
        tf::train::FtrlOptimizer(0.1).minimize(loss);
        tf::summary::scalar("loss", loss);
        tf::train::ExponentialMovingAverage(0.9).apply(&[]);
        tf::train::Saver();
        tf::train::Scaffold().finalize().unwrap();
    });
    graph.check().unwrap();
    assert_eq!(not_built_here(&graph), [""; 0]);
    let graph = built(|| {
        let x = tf::placeholder(tf::float32, (2, 3, 4));
        let cells = [3, 2].map(|units| DropoutWrapper!(LSTMCell(units), output_keep_prob = 0.5));
        let (outputs, _) = tf::nn::dynamic_rnn!(MultiRNNCell(cells), x, sequence_length = [2, 3]);
        let (ways, _) = tf::nn::bidirectional_dynamic_rnn(GRUCell(3), GRUCell(2), x);
        let _scope = tf::variable_scope("unrolled");
        let (steps, _) = tf::nn::static_rnn!(BasicRNNCell(2), tf::unstack!(x, axis = 1), sequence_length = [2, 3]);
        let loss = tf::reduce_sum(outputs) + tf::reduce_sum(ways.0) + tf::reduce_sum(steps[2]);
        tf::train::AdagradOptimizer(0.1).minimize(loss);
    });
    graph.check().unwrap();
    assert_eq!(not_built_here(&graph), [""; 0]);
}

#[test]
fn no_node_of_a_model_counts_as_built_in_keras() {
    let mut model = tf::keras::Sequential();
    model.add(tf::keras::layers::Dense(3).activation("relu").input_shape([2]));
    model.add(tf::keras::layers::Dense(1));
    let weights = model.get_weights().unwrap();
    model.set_weights(&weights).unwrap();
    let adagrad = tf::keras::optimizers::Adagrad(0.1);
    model.compile().loss("mse").optimizer(adagrad).metrics(["accuracy"]).build().unwrap();
    model.fit([[0.5, 1.0]], [[1.0]]).verbose(0).run().unwrap();
    assert_eq!(not_built_here(model.graph()), [""; 0]);
}

/// The line in this file that the error of the graph tells.
fn wrong_line<R>(build: impl FnOnce() -> R) -> u32 {
    let Err(error) = built(build).check() else { return 0 };
    let location = error.location().unwrap();
    let line = location.strip_prefix(concat!(file!(), ":")).unwrap();
    line.split(':').next().unwrap().parse().unwrap()
}

#[test]
fn errors_tell_the_users_line() {
    let (two, three) = (|| tf::placeholder(tf::float32, [2]), || tf::placeholder(tf::float32, [3]));
    let wrong: Vec<(&str, u32, u32)> = vec![
        ("reduce_mean", line!(), wrong_line(|| tf::reduce_mean!(two(), axis = 1))),
        ("accuracy", line!(), wrong_line(|| tf::metrics::accuracy(two(), three()))),
        ("mean_squared_error", line!(), wrong_line(|| tf::losses::mean_squared_error(two(), three()))),
        ("dense", line!(), wrong_line(|| tf::layers::dense(tf::placeholder(tf::float32, (2, None)), 3))),
        ("minimize", line!(), wrong_line(|| tf::train::AdamOptimizer(0.1).minimize(two()))),
        ("map_fn", line!(), wrong_line(|| tf::map_fn(|row| tf::matmul(row, row), two()))),
        ("at", line!(), wrong_line(|| two().at((0, 0)))),
        ("cond", line!(), wrong_line(|| tf::cond(tf::placeholder(tf::bool, ()), || tf::square(two()), || 1))),
        ("dynamic_rnn", line!(), wrong_line(|| tf::nn::dynamic_rnn(GRUCell(2), two()))),
    ];
    for (what, expected, found) in wrong {
        assert_eq!(found, expected, "{what}");
    }
}
