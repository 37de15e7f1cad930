//! Loops: what a run does with them. What single ones build and compute is in `ops.rs`.
#![allow(clippy::unwrap_used)]

use std::io::Read;

use flowstone as tf;
use tf::feed_dict;
use tf::format::proto::{AttrValue, GraphDef, NodeDef, attr_value::Value};

/// TensorFlow's loops with the gradients that it built run, and give its numbers (`golden/make_loops.py`).
#[test]
fn tensorflows_loops_and_their_gradients_give_its_values() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/loops.pb.gz");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    let def = GraphDef::from_bytes(&bytes).unwrap();
    let graph = tf::Graph::from_graph_def(&def).unwrap();
    let tensor = |name: &str| graph.get_tensor_by_name(name).unwrap();
    let sess = tf::Session::new(&graph).unwrap();
    sess.run("init", feed_dict! {}).unwrap();
    let names = |prefix: &'static str| def.node.iter().filter_map(move |node| node.name.strip_prefix(prefix));
    let mut feeds = tf::Feeds::new();
    for name in names("fed/") {
        let value = sess.run(tensor(&format!("fed/{name}:0")), feed_dict! {}).unwrap();
        feeds = feeds.feed(tensor(&format!("{name}:0")), value);
    }
    let (mut wrong, mut count) = (Vec::new(), 0);
    for expected in names("expected/") {
        let (op, output) = expected.rsplit_once('.').unwrap();
        count += 1;
        let fetches = (tensor(&format!("{op}:{output}")), tensor(&format!("expected/{expected}:0")));
        match sess.run(fetches, &feeds) {
            Ok((found, expected)) if close(&found, &expected) => {}
            Ok((found, expected)) => wrong.push(format!("{op}:{output}: {found:?}, TensorFlow {expected:?}")),
            Err(error) => wrong.push(format!("{op}:{output}: {error}")),
        }
    }
    assert!(count > 50);
    assert!(wrong.is_empty(), "{} of {count} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn close(found: &tf::Value, expected: &tf::Value) -> bool {
    let numbers = |v: &tf::Value| -> Vec<f64> {
        match v.dtype() {
            tf::float32 => v.as_slice::<f32>().unwrap().iter().map(|&x| x.into()).collect(),
            _ => v.as_slice::<f64>().unwrap().to_vec(),
        }
    };
    if (found.dtype(), found.shape()) != (expected.dtype(), expected.shape()) || !found.dtype().is_floating() {
        return found == expected;
    }
    let pairs = numbers(found).into_iter().zip(numbers(expected));
    pairs.into_iter().all(|(a, b)| approx::relative_eq!(a, b, epsilon = 1e-5, max_relative = 1e-5))
}

fn node(name: &str, op: &str, inputs: &[&str], attrs: &[(&str, Value)]) -> NodeDef {
    let attr = attrs.iter().map(|(key, value)| ((*key).to_owned(), AttrValue { value: Some(value.clone()) })).collect();
    let input = inputs.iter().map(|&input| input.to_owned()).collect();
    NodeDef { name: name.into(), op: op.into(), input, attr, ..Default::default() }
}

fn float() -> Value {
    Value::Type(1)
}

/// A loop that doubles a variable, itself carried from one iteration to the next, until it is large.
fn loop_over_a_variable() -> GraphDef {
    let t = || ("T", float());
    let frame = || ("frame_name", Value::S(b"f".to_vec()));
    let shape = Value::Shape(tf::format::proto::TensorShapeProto::default());
    let nodes = vec![
        node("v", "VariableV2", &[], &[("dtype", float()), ("shape", shape.clone())]),
        node("one", "Placeholder", &[], &[("dtype", float()), ("shape", shape)]),
        node("set", "Assign", &["v", "one"], &[t()]),
        node("enter", "RefEnter", &["v"], &[t(), frame()]),
        node("most", "Enter", &["one"], &[t(), frame(), ("is_constant", Value::B(true))]),
        node("merge", "RefMerge", &["enter", "next"], &[t(), ("N", Value::I(2))]),
        node("hundred", "Mul", &["most", "most"], &[t()]),
        node("less", "Less", &["merge", "hundred"], &[t()]),
        node("go", "LoopCond", &["less"], &[]),
        node("switch", "RefSwitch", &["merge", "go"], &[t()]),
        node("twice", "AssignAdd", &["switch:1", "most"], &[t()]),
        node("next", "RefNextIteration", &["twice"], &[t()]),
        node("exit", "RefExit", &["switch"], &[t()]),
        node("end", "Identity", &["exit"], &[t()]),
    ];
    GraphDef { node: nodes, ..Default::default() }
}

/// A network that has to carry the first number of a row to its end.
#[test]
fn a_recurrent_network_learns() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    tf::set_random_seed(1);
    let x = tf::placeholder(tf::float32, [6, 4, 1]);
    let w = tf::get_variable("w", [5, 16]);
    let out = tf::get_variable("out", [4, 1]);
    let zeros = tf::zeros([4, 4]);
    let cell = |(h, c): (tf::Tensor, tf::Tensor), x: tf::Tensor| {
        let gates = tf::split!(tf::matmul(tf::concat([x, h], 1), w), 4, axis = 1);
        let c = c * tf::sigmoid(gates[0] + 1.0) + tf::sigmoid(gates[1]) * tf::tanh(gates[2]);
        (tf::tanh(c) * tf::sigmoid(gates[3]), c)
    };
    let (h, _) = tf::foldl!(cell, x, initializer = (zeros, zeros));
    let loss = tf::reduce_mean(tf::square(tf::matmul(h, out) - x.at(0)));
    let train = tf::train::AdamOptimizer(0.03).minimize(loss);
    graph.check().unwrap();
    let sess = tf::Session!(threads = 1).unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    let rows: Vec<f32> = (0..24).map(|i| (i as f32 * 1.9).sin()).collect();
    let feeds = feed_dict! { x: tf::Value::new([6, 4, 1], rows).unwrap() };
    let first = sess.run(loss, &feeds).unwrap().item::<f32>().unwrap();
    (0..150).for_each(|_| sess.run(train, &feeds).unwrap());
    let last = sess.run(loss, &feeds).unwrap().item::<f32>().unwrap();
    assert!(last < 0.05 * first, "{first} to {last}");
}

#[test]
fn a_loop_of_a_bare_graph_has_no_gradient_and_says_why() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let x = tf::placeholder(tf::float32, ()).named("x");
    tf::while_loop(|(i, _)| tf::less(i, 3), |(i, y)| (i + 1, y * x), (0, x)).1.named("y");
    let again = tf::Graph::from_graph_def(&graph.as_graph_def().unwrap()).unwrap();
    let tensor = |name: &str| again.get_tensor_by_name(name).unwrap();
    tf::gradients(tensor("y:0"), tensor("x:0"));
    let error = again.check().unwrap_err().to_string();
    assert!(error.contains("only a meta graph says what it is"), "{error}");
}

#[test]
fn a_variable_itself_goes_round() {
    let graph = tf::Graph::from_graph_def(&loop_over_a_variable()).unwrap();
    let sess = tf::Session::new(&graph).unwrap();
    sess.run("set", feed_dict! { "one:0": 4.0 }).unwrap();
    let end = sess.run("end:0", feed_dict! { "one:0": 4.0 }).unwrap();
    assert_eq!(end.item::<f32>().unwrap(), 16.0);
    let again = sess.run("end:0", feed_dict! { "one:0": 5.0 }).unwrap();
    assert_eq!(again.item::<f32>().unwrap(), 26.0, "the variable keeps what the loop made of it");
}

#[test]
fn what_lies_in_a_loop_is_neither_fed_nor_fetched() {
    let graph = tf::Graph::from_graph_def(&loop_over_a_variable()).unwrap();
    let sess = tf::Session::new(&graph).unwrap();
    sess.run("set", feed_dict! { "one:0": 4.0 }).unwrap();
    let error = sess.run("less:0", feed_dict! { "one:0": 4.0 }).unwrap_err();
    assert!(error.to_string().contains("it lies in a loop") && error.node() == Some("less"), "{error}");
    let error = sess.run("end:0", feed_dict! { "one:0": 4.0, "hundred:0": 3.0 }).unwrap_err();
    assert!(error.to_string().contains("is fed, but it lies in a loop"), "{error}");
}

#[test]
fn loops_that_are_none_are_refused() {
    for left_out in ["enter", "switch"] {
        let mut def = loop_over_a_variable();
        def.node.retain(|node| node.name != left_out);
        let error = tf::Graph::from_graph_def(&def).unwrap_err().to_string();
        assert!(error.contains(left_out), "{error}");
    }
    let mut def = loop_over_a_variable();
    def.node.iter_mut().find(|node| node.name == "hundred").unwrap().input = vec!["v".into(), "most".into()];
    let graph = tf::Graph::from_graph_def(&def).unwrap();
    let error = tf::Session::new(&graph).unwrap().run("end:0", feed_dict! { "one:0": 4.0 }).unwrap_err();
    assert!(error.to_string().contains("its inputs lie in different loops"), "{error}");
    let mut def = loop_over_a_variable();
    let exit = def.node.iter_mut().find(|node| node.name == "exit").unwrap();
    exit.input = vec!["v".into()];
    let graph = tf::Graph::from_graph_def(&def).unwrap();
    let error = tf::Session::new(&graph).unwrap().run("end:0", feed_dict! { "one:0": 4.0 }).unwrap_err();
    assert!(error.to_string().contains("it lies in no loop"), "{error}");
}

#[test]
fn an_error_in_a_loop_names_the_node_and_the_line_and_loses_nothing() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let x = tf::placeholder(tf::float32, ());
    let body = |(i, y)| (i + 1, tf::check_numerics(tf::log(y), "logarithm"));
    let (_, y) = tf::while_loop(|(i, _)| tf::less(i, 3), body, (0, x));
    let sess = tf::Session().unwrap();
    let error = sess.run(y, feed_dict! { x: 0.5 }).unwrap_err();
    assert_eq!(error.node(), Some("while/CheckNumerics"), "{error}");
    assert!(error.to_string().contains("tests/loops.rs"), "{error}");
    assert!(sess.run(y, feed_dict! { x: 1e9 }).unwrap().item::<f32>().unwrap() > 0.0);
}

#[test]
fn many_iterations_take_no_more_memory_than_few() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let n = tf::placeholder(tf::int32, ());
    let x = tf::placeholder(tf::float32, [256]);
    let body = |(i, y): (tf::Tensor, tf::Tensor)| (i + 1, tf::tanh(y * 0.5 + x));
    let (i, y) = tf::while_loop(|(i, _)| tf::less(i, n), body, (0, x));
    let sess = tf::Session!(threads = 1).unwrap();
    let run = |count: i32| sess.run((i, y), feed_dict! { n: count, x: vec![0.1f32; 256] }).unwrap();
    run(50);
    let held = sess.held_bytes();
    assert_eq!(run(20_000).0.item::<i32>().unwrap(), 20_000);
    assert_eq!(sess.held_bytes(), held);
}

#[test]
fn loops_give_the_same_bits_for_any_number_of_threads() {
    let run = |threads: usize| {
        let graph = tf::Graph::new();
        let _default = graph.as_default();
        let x = tf::placeholder(tf::float32, [64, 300]);
        let w = tf::constant(0.01) * tf::cast(tf::reshape(tf::range(0, 300 * 300, 1) % 7, [300, 300]), tf::float32);
        let body = |(i, y)| (i + 1, tf::tanh(tf::matmul(y, w)));
        let (_, y) = tf::while_loop(|(i, _)| tf::less(i, 5), body, (0, x));
        let sess = tf::Session!(threads = threads).unwrap();
        let fed: Vec<f32> = (0..64 * 300).map(|i| (i as f32 * 0.37).sin()).collect();
        sess.run(y, feed_dict! { x: tf::Value::new([64, 300], fed).unwrap() }).unwrap()
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn a_loop_is_a_step_of_the_plan_and_its_body_is_optimized() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let x = tf::placeholder(tf::float32, [4]);
    let body = |(i, y)| (i + 1, tf::exp(y * 0.5 + 1.0));
    let (_, y) = tf::while_loop(|(i, _)| tf::less(i, 3), body, (0, x));
    let sess = tf::Session().unwrap();
    let explained = sess.explain(y, feed_dict! { x: [0.0; 4] }).unwrap();
    assert!(explained.steps().iter().any(|(name, op)| name == "while/while_context" && *op == "_Loop"));
    assert!(explained.fusions().iter().any(|line| line.contains("chain")), "{explained}");
    let plain = tf::SessionArgs::new().plain(true).build().unwrap();
    let feeds = feed_dict! { x: [0.0, 0.5, -1.0, 2.0] };
    assert_eq!(sess.run(y, &feeds).unwrap(), plain.run(y, &feeds).unwrap());
}

#[test]
fn a_loop_in_a_loop_in_a_branch_of_a_loop_runs() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let n = tf::placeholder(tf::int32, ());
    // The sum of j * k for j, k < i, over all even i < n.
    let products = |i: tf::Tensor| {
        let row = |j: tf::Tensor| tf::while_loop(|(k, _)| tf::less(k, i), |(k, s)| (k + 1, s + j * k), (0, 0)).1;
        tf::while_loop(|(j, _)| tf::less(j, i), |(j, s)| (j + 1, s + row(j)), (0, 0)).1
    };
    let body = |(i, s): (tf::Tensor, tf::Tensor)| (i + 1, tf::cond(tf::equal(i % 2, 0), || s + products(i), || s));
    let (_, sum) = tf::while_loop(|(i, _)| tf::less(i, n), body, (0, 0));
    graph.check().unwrap();
    let expected =
        |n: i32| (0..n).step_by(2).flat_map(|i| (0..i).flat_map(move |j| (0..i).map(move |k| j * k))).sum::<i32>();
    let sess = tf::Session().unwrap();
    for count in [0, 1, 5, 8] {
        let sum: i32 = sess.run(sum, feed_dict! { n: count }).unwrap().item().unwrap();
        assert_eq!(sum, expected(count), "{count}");
    }
}
