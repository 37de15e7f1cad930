//! Graphs: names, scopes, control dependencies, collections, gradients, pictures, size.
#![allow(clippy::unwrap_used)]

use std::io::Write;

use flowstone as tf;
use tf::feed_dict;

fn fresh() -> (tf::Graph, tf::graph::ScopeGuard) {
    let graph = tf::Graph::new();
    let guard = graph.as_default();
    (graph, guard)
}

#[test]
fn names_are_unique_as_in_tensorflow() {
    let (graph, _default) = fresh();
    let name = |t: tf::Tensor| t.op().name();
    assert_eq!(name(tf::constant(1)), "Const");
    assert_eq!(name(tf::constant(1)), "Const_1");
    // Names that differ only in case are one.
    assert_eq!(name(tf::constant(1).named("CONST")), "CONST_2");
    {
        let _a = tf::name_scope("a");
        assert_eq!(name(tf::constant(1)), "a/Const");
        let _b = tf::name_scope("b");
        assert_eq!(name(tf::nn::relu(1.0)), "a/b/Relu");
        assert_eq!(name(tf::nn::relu(1.0)), "a/b/Relu_1");
    }
    let _again = tf::name_scope("a");
    assert_eq!(name(tf::constant(1)), "a_1/Const");
    assert_eq!(graph.get_tensor_by_name("a/b/Relu:0").unwrap().op().op_type(), "Relu");
    assert_eq!(graph.get_operation_by_name("a/b/Relu/features").unwrap().op_type(), "Const");
}

#[test]
fn named_gives_the_automatic_number_back() {
    let (_graph, _default) = fresh();
    let x = tf::placeholder(tf::float32, (None, 4)).named("x");
    let act = tf::nn::relu(x).named("act");
    assert_eq!(act.op().name(), "act");
    assert_eq!(tf::nn::relu(x).op().name(), "Relu");
    let flat = tf::reshape(x, [-1]).named("flat");
    assert_eq!(flat.op().inputs()[1].op().name(), "flat/shape");
    assert_eq!(tf::reshape(x, [-1]).op().inputs()[1].op().name(), "Reshape/shape");
    let w = tf::Variable(tf::zeros([4])).named("w");
    assert_eq!(
        (w.op().name(), w.value().op().name(), w.initializer().name()),
        ("w".into(), "w/read".into(), "w/Assign".into())
    );
    assert_eq!(
        w.initializer().get_attr("_class").unwrap().to_string(),
        w.value().op().get_attr("_class").unwrap().to_string()
    );
    assert!(format!("{:?}", w.initializer().get_attr("_class").unwrap()).contains("108, 111, 99, 58, 64, 119]"));
    assert_eq!(tf::Variable(1.0).op().name(), "Variable");
    // What one call builds beside the node keeps its name.
    let mean = tf::reduce_mean(x).named("average");
    assert_eq!((mean.op().name(), mean.op().inputs()[1].op().name()), ("average".into(), "Const".into()));
    let mean = tf::reduce_mean(x);
    assert_eq!((mean.op().name(), mean.op().inputs()[1].op().name()), ("Mean".into(), "Const_1".into()));
    let error = {
        tf::nn::relu(x).named("not a name");
        tf::get_default_graph().check().unwrap_err()
    };
    assert!(error.to_string().contains("'not a name' is not a valid name"), "{error}");
}

#[test]
fn control_dependencies_order_what_is_built_inside() {
    let (_graph, _default) = fresh();
    let v = tf::Variable(1.0);
    let set = tf::assign(v, 5.0);
    let after = {
        let _after = tf::control_dependencies(&[set.op()]);
        tf::identity(v)
    };
    assert_eq!(after.op().control_inputs(), [set.op()]);
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    assert_eq!(sess.run(after, feed_dict! {}).unwrap().item::<f32>().unwrap(), 5.0);
    assert_eq!(sess.run(v, feed_dict! {}).unwrap().item::<f32>().unwrap(), 5.0);
}

#[test]
fn devices_collections_and_default_graphs_stand() {
    let (graph, _default) = fresh();
    {
        let _device = tf::device("/job:ps/task:0");
        let _inner = tf::device("/cpu:0");
        assert_eq!(tf::constant(1).op().device(), "/job:ps/task:0/device:CPU:0");
    }
    graph.add_to_collection("losses", tf::constant(1.0));
    assert_eq!(graph.get_collection::<tf::Tensor>("losses").len(), 1);
    assert!(graph.get_collection::<tf::Operation>("losses").is_empty());
    assert_eq!(tf::get_default_graph(), graph);
    std::thread::spawn(move || assert_ne!(tf::get_default_graph(), graph)).join().unwrap();
}

#[test]
fn a_reset_default_graph_is_new_and_the_old_one_is_freed() {
    std::thread::spawn(|| {
        let x = tf::constant(1.0);
        tf::reset_default_graph();
        assert!(tf::get_default_graph().is_empty());
        assert!(x.graph().is_err());
    })
    .join()
    .unwrap();
}

#[test]
fn gradients_answer_as_tensorflow_does() {
    let (graph, _default) = fresh();
    let (x, y, z) = (tf::placeholder(tf::float32, ()), tf::placeholder(tf::float32, ()), tf::constant(2.0));
    let f = x * y + x * x;
    let dx = tf::gradients(f, [x, y, z]);
    assert!(dx[2].is_none(), "nothing leads from z to f");
    let both = tf::gradients([f, x * 3.0], x)[0].unwrap();
    let scaled = tf::gradients!(f, x, grad_ys = z)[0].unwrap();
    let stopped = tf::gradients(x * tf::stop_gradient(x * x), x)[0].unwrap();
    let sess = tf::Session().unwrap();
    let fetches = (dx[0].unwrap(), dx[1].unwrap(), both, scaled, stopped);
    let (a, b, c, d, e) = sess.run(fetches, feed_dict! { x: 3.0, y: 4.0 }).unwrap();
    let numbers = [a, b, c, d, e].map(|v| v.item::<f32>().unwrap());
    assert_eq!(numbers, [10.0, 3.0, 13.0, 20.0, 9.0]);
    assert!(dx[0].unwrap().op().name().starts_with("gradients/"));
    // An operation without a gradient on the way is an error, never silence.
    tf::gradients(tf::unique(tf::stack([x, y])).0, x);
    let error = graph.check().unwrap_err();
    assert!(error.to_string().contains("Unimplemented: Unique has no gradient"), "{error}");
    assert_eq!(error.node(), Some("Unique"));
}

#[test]
fn minimize_says_why_there_is_nothing_to_do() {
    let (graph, _default) = fresh();
    let loss = tf::reduce_sum(tf::placeholder(tf::float32, [2]));
    tf::train::GradientDescentOptimizer(0.1).minimize(loss);
    assert!(graph.check().unwrap_err().to_string().contains("there is no variable to optimize"));
    let (graph, _default) = fresh();
    let loss = tf::reduce_sum(tf::placeholder(tf::float32, [2]));
    let _w = tf::Variable(1.0).named("w");
    tf::train::GradientDescentOptimizer(0.1).minimize(loss);
    let text = graph.check().unwrap_err().to_string();
    assert!(text.contains("no gradient reaches any variable of [w]"), "{text}");
}

#[test]
fn optimizers_count_steps_and_keep_to_their_list() {
    let (_graph, _default) = fresh();
    let (a, b) = (tf::Variable(1.0), tf::Variable(1.0));
    let step = tf::Variable!(0, trainable = false);
    let opt = tf::train::AdamOptimizer(0.1);
    let train = opt.minimize_args(tf::square(a * b)).global_step(step).var_list(&[a]).build();
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    for _ in 0..3 {
        sess.run(train, feed_dict! {}).unwrap();
    }
    let (a, b, step) = sess.run((a, b, step), feed_dict! {}).unwrap();
    assert!(a.item::<f32>().unwrap() < 0.75);
    assert_eq!((b.item::<f32>().unwrap(), step.item::<i32>().unwrap()), (1.0, 3));
}

/// Nothing may recurse: a million nodes on a small stack.
#[test]
fn a_million_nodes_fit_on_a_two_megabyte_stack() {
    let run = || {
        let (graph, _default) = fresh();
        let x = tf::placeholder(tf::float32, ());
        let mut y = x;
        for _ in 0..300_000 {
            y = tf::negative(y);
        }
        let dx = tf::gradients(y, x)[0].unwrap();
        let mut z = dx.values();
        while graph.len() < 1_000_000 {
            z = tf::identity(z);
        }
        let sess = tf::Session().unwrap();
        let (y, z) = sess.run((y, z), feed_dict! { x: 2.0 }).unwrap();
        assert_eq!((y.item::<f32>().unwrap(), z.item::<f32>().unwrap()), (2.0, 1.0));
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn pictures_show_scopes_shapes_and_control_edges() {
    let (graph, _default) = fresh();
    let x = tf::placeholder(tf::float32, (None, 3)).named("x");
    let y = {
        let _scope = tf::name_scope("layer");
        let w = tf::Variable(tf::zeros([3, 2])).named("w");
        tf::nn::relu(tf::matmul(x, w))
    };
    let init = tf::global_variables_initializer();
    let dot = graph.to_dot();
    for part in [
        "subgraph \"cluster_layer\"",
        "label=\"layer\"",
        "\"x\" [label=\"x\\nPlaceholder\\nfloat32[?,3]\" shape=ellipse]",
        "\"layer/w\" [label=\"w\\nVariableV2\\nfloat32[3,2]\" shape=cylinder]",
        "\"x\" -> \"layer/MatMul\" [label=\"float32[?,3]\"]",
        "\"layer/w/Assign\" -> \"init\" [style=dashed]",
    ] {
        assert!(dot.contains(part), "{part} is missing in\n{dot}");
    }
    let sess = tf::Session().unwrap();
    let run = graph.dot_of(&sess.executed(y, &[x]).unwrap());
    assert!(run.contains("layer/MatMul") && !run.contains("Assign"), "{run}");
    let _ = init;
    // Where Graphviz is installed it must accept both.
    let Ok(mut graphviz) = std::process::Command::new("dot")
        .arg("-Tsvg")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
    else {
        assert_ne!(std::env::var("FLOWSTONE_NEED_GRAPHVIZ").as_deref(), Ok("1"), "Graphviz must be installed here");
        return;
    };
    graphviz.stdin.take().unwrap().write_all(dot.as_bytes()).unwrap();
    let drawn = graphviz.wait_with_output().unwrap();
    assert!(drawn.status.success() && String::from_utf8_lossy(&drawn.stdout).contains("</svg>"));
}
