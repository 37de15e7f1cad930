//! Conditions and loops as files know them, and where their nodes lie. What single ones build is in `ops.rs`.
#![allow(clippy::unwrap_used)]

mod golden;

use std::io::Read;

use flowstone as tf;
use golden::differences;
use tf::format::control_flow::{CondContextDef, Ctxt, WhileContextDef};
use tf::format::meta::MetaGraphDef;
use tf::format::meta::collection_def::Kind;
use tf::format::proto::GraphDef;
use tf::format::text::FileMessage;
use tf::{feed_dict, ops::flow::CondContext};

fn recorded(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/golden/{name}.gz", env!("CARGO_MANIFEST_DIR"));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// The graph of `golden/make_contexts.py`.
fn build() -> [tf::Tensor; 4] {
    let x = tf::placeholder(tf::float32, [None]).named("x");
    let p = tf::placeholder(tf::bool, ()).named("p");
    let q = tf::placeholder(tf::bool, ()).named("q");
    let v = tf::Variable!(2.0, name = "v");
    let inner = || tf::cond!(q, || tf::exp(x) * v, || x, name = "inner");
    let three = || tf::add(tf::constant([3.0]).named("three"), x);
    let y = tf::identity(tf::cond!(p, || inner() + 1.0, three, name = "outer")).named("y");
    [x, p, q, y]
}

fn contexts(meta: &MetaGraphDef) -> Vec<CondContextDef> {
    let Some(Kind::BytesList(list)) = &meta.collection_def["cond_context"].kind else { unreachable!("no contexts") };
    list.value.iter().map(|bytes| prost::Message::decode(&**bytes).unwrap()).collect()
}

#[test]
fn nodes_lie_in_tensorflows_order_and_contexts_are_written_as_its_are() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    build();
    let ours = tf::train::export_meta_graph().unwrap();
    let theirs = MetaGraphDef::read_bytes(&recorded("cond.meta")).unwrap();
    let names = |meta: &MetaGraphDef| -> Vec<String> {
        meta.graph_def.iter().flat_map(|def| &def.node).map(|node| node.name.clone()).collect()
    };
    assert_eq!(names(&ours), names(&theirs));
    assert_eq!(contexts(&ours), contexts(&theirs));
    assert!(matches!(contexts(&ours)[0].nested_contexts[1].ctxt, Some(Ctxt::CondCtxt(_))));
}

/// The loops of `golden/make_contexts.py`.
fn build_loops() -> tf::Tensor {
    let x = tf::placeholder(tf::float32, [None]).named("x");
    let n = tf::placeholder(tf::int32, ()).named("n");
    let inner = |i: tf::Tensor, y: tf::Tensor| {
        let body = |(j, z)| (j + 1, z + x);
        tf::while_loop!(|(j, _)| tf::less(j, i), body, (0, y), name = "inner").1
    };
    let body = |(i, y): (tf::Tensor, tf::Tensor)| {
        let next = i + 1;
        (next, tf::cond!(tf::equal(i % 2, 0), || inner(i, y), || y * 2.0, name = "even"))
    };
    let (_, y) = tf::while_loop!(
        |(i, _)| tf::less(i, n),
        body,
        (0, x),
        parallel_iterations = 3,
        swap_memory = true,
        name = "outer"
    );
    let last = || tf::while_loop!(|_| true, |y| y * 2.0, y, maximum_iterations = n);
    tf::identity(tf::cond!(tf::greater(n, 2), last, || y, name = "last")).named("z")
}

#[test]
fn loops_are_written_as_tensorflows_are_and_known_again() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let z = build_loops();
    let ours = tf::train::export_meta_graph().unwrap();
    let theirs = MetaGraphDef::read_bytes(&recorded("while.meta")).unwrap();
    let nodes = |meta: &MetaGraphDef| -> Vec<String> {
        meta.graph_def.iter().flat_map(|def| &def.node).map(|node| format!("{} {:?}", node.name, node.input)).collect()
    };
    assert_eq!(nodes(&ours), nodes(&theirs));
    let loops = |meta: &MetaGraphDef| -> Vec<WhileContextDef> {
        let Some(Kind::BytesList(list)) = &meta.collection_def["while_context"].kind else { unreachable!("no loops") };
        list.value.iter().map(|bytes| prost::Message::decode(&**bytes).unwrap()).collect()
    };
    assert_eq!(loops(&ours), loops(&theirs));
    assert_eq!(contexts(&ours), contexts(&theirs));

    // Two imports do not run in each other's frames.
    let again = tf::Graph::new();
    let _default = again.as_default();
    tf::import_meta_graph!(&theirs, import_scope = "a").unwrap();
    tf::import_meta_graph!(&theirs, import_scope = "b").unwrap();
    let kept = loops(&tf::train::export_meta_graph().unwrap());
    assert_eq!(
        kept.iter().map(|def| def.context_name.as_str()).collect::<Vec<_>>(),
        ["a/outer/while_context", "b/outer/while_context"]
    );
    let tensor = |name: &str| again.get_tensor_by_name(name).unwrap();
    let enter = again.get_operation_by_name("b/outer/Enter").unwrap();
    assert_eq!(enter.get_attr("frame_name").unwrap(), "b/outer/while_context".into());
    let slope = tf::gradients(tensor("a/z:0"), tensor("a/x:0"))[0].unwrap().values();
    again.check().unwrap();
    let sess = tf::Session().unwrap();
    // Doubled in steps 1 and 3 and in the four after the loop, x added 0 and 2 times in steps 0 and 2.
    let found = sess.run(slope, feed_dict! { "a/x:0": [1.0], "a/n:0": 4 }).unwrap();
    assert_eq!(found.as_slice::<f32>().unwrap(), [((1.0 * 2.0 + 2.0) * 2.0) * 16.0]);
    let first = tf::Session::new(&graph).unwrap();
    for n in [0, 1, 4] {
        let feeds = feed_dict! { "a/x:0": [1.0, -0.5], "a/n:0": n, "b/x:0": [0.5], "b/n:0": n + 1 };
        let (a, b) = sess.run((tensor("a/z:0"), tensor("b/z:0")), &feeds).unwrap();
        assert_eq!(a, first.run(z, feed_dict! { "x:0": [1.0, -0.5], "n:0": n }).unwrap());
        assert_eq!(b, first.run(z, feed_dict! { "x:0": [0.5], "n:0": n + 1 }).unwrap());
    }
}

#[test]
fn an_import_knows_its_branches_again() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let meta = MetaGraphDef::read_bytes(&recorded("cond.meta")).unwrap();
    tf::import_meta_graph!(&meta, import_scope = "in").unwrap();
    let tensor = |name: &str| graph.get_tensor_by_name(name).unwrap();
    let (x, y) = (tensor("in/x:0"), tensor("in/y:0"));
    let dx = tf::gradients(y, x)[0].unwrap().values();
    let theirs = GraphDef::from_bytes(&recorded("cond_gradient.pb")).unwrap();
    let mut ours = graph.as_graph_def().unwrap();
    // TensorFlow drops these when it imports.
    ours.node.iter_mut().for_each(|node| drop(node.attr.remove("_output_shapes")));
    let differ = differences(&ours.node, &theirs.node);
    assert!(differ.is_empty(), "{}", differ.join("\n"));

    let branches: Vec<CondContext> = tf::get_collection("cond_context");
    assert_eq!(
        branches.iter().map(|branch| branch.name().to_owned()).collect::<Vec<_>>(),
        ["in/outer/cond_text", "in/outer/cond_text_1"]
    );
    let again = tf::train::export_meta_graph().unwrap();
    let values = |def: &CondContextDef| def.values_def.as_ref().unwrap().values.len();
    assert_eq!(
        contexts(&again).iter().map(values).collect::<Vec<_>>(),
        contexts(&meta).iter().map(values).collect::<Vec<_>>()
    );

    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    let (p, q) = (tensor("in/p:0"), tensor("in/q:0"));
    for (chosen, value, slope) in [([true, true], 3.0, 2.0), ([true, false], 1.0, 1.0), ([false, false], 3.0, 1.0)] {
        let feeds = feed_dict! { x: [0.0], p: chosen[0], q: chosen[1] };
        let (y, dx) = sess.run((y, dx), &feeds).unwrap();
        assert_eq!((y.as_slice::<f32>().unwrap(), dx.as_slice::<f32>().unwrap()), (&[value][..], &[slope][..]));
    }
}

#[test]
fn contexts_that_do_not_fit_their_graph_are_kept_as_they_came() {
    let mut meta = MetaGraphDef::read_bytes(&recorded("cond.meta")).unwrap();
    let def = meta.collection_def.get_mut("cond_context").unwrap();
    let Some(Kind::BytesList(list)) = &mut def.kind else { unreachable!("no contexts") };
    let mut wrong = contexts(&MetaGraphDef::read_bytes(&recorded("cond.meta")).unwrap())[0].clone();
    wrong.pivot_name = "nowhere:0".into();
    list.value = vec![prost::Message::encode_to_vec(&wrong), b"\xff\xff".to_vec()];
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    tf::train::import_meta_graph(&meta).unwrap();
    assert!(tf::get_collection::<CondContext>("cond_context").is_empty());
    assert_eq!(
        tf::train::export_meta_graph().unwrap().collection_def["cond_context"],
        meta.collection_def["cond_context"]
    );
}

#[test]
fn a_graph_can_be_imported_into_a_branch() {
    let part = {
        let graph = tf::Graph::new();
        let _default = graph.as_default();
        let x = tf::placeholder(tf::float32, ()).named("x");
        (x * tf::constant(3.0)).named("y");
        graph.as_graph_def().unwrap()
    };
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let (x, p) = (tf::placeholder(tf::float32, ()), tf::placeholder(tf::bool, ()));
    let then = || {
        let got = tf::import_graph_def!(&part, input_map = &[("x:0", x)], return_elements = &["y:0"]).unwrap();
        got[0].tensor()
    };
    let y = tf::cond(p, then, || x);
    let y_node = graph.get_operation_by_name("cond/import/y").unwrap();
    assert_eq!(y_node.inputs()[0].name(), "cond/import/Switch:1");
    assert_eq!(graph.get_operation_by_name("cond/import/Const").unwrap().control_inputs()[0].name(), "cond/switch_t");
    let dx = tf::gradients(y, x)[0].unwrap();
    let sess = tf::Session().unwrap();
    for (chosen, value) in [(true, 6.0f32), (false, 2.0)] {
        let (y, dx) = sess.run((y, dx), feed_dict! { x: 2.0, p: chosen }).unwrap();
        assert_eq!((y.item::<f32>().unwrap(), dx.item::<f32>().unwrap()), (value, value / 2.0));
    }
}

#[test]
fn what_is_not_taken_does_not_run() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let p = tf::placeholder(tf::bool, ());
    let counts = [tf::Variable!(0, name = "then"), tf::Variable!(0, name = "otherwise")];
    let add = |i: usize| move || tf::assign_add(counts[i], 1).op();
    let step = tf::cond(p, add(0), add(1));
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    for taken in [true, false, true, true] {
        sess.run(step, feed_dict! { p: taken }).unwrap();
    }
    let counts = sess.run(counts, feed_dict! {}).unwrap();
    assert_eq!(counts.map(|count| count.item::<i32>().unwrap()), [3, 1]);
}

#[test]
fn an_error_in_a_branch_is_the_only_one_and_leaves_the_scopes_as_they_were() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let (x, p) = (tf::placeholder(tf::float32, [2]), tf::placeholder(tf::bool, ()));
    tf::cond(p, || tf::matmul(x, x), || x);
    let error = graph.check().unwrap_err().to_string();
    assert!(error.contains("cond/MatMul") && error.contains("tests/cond.rs"), "{error}");
    let here = |op: tf::Operation| op.location().unwrap().file();
    assert_eq!(here(graph.get_operation_by_name("cond/Switch").unwrap()), file!());
    let after = tf::constant(1.0).named("after");
    assert!(after.op().control_inputs().is_empty());
    assert_eq!(after.name(), "after:0");
}

#[test]
fn the_nodes_of_a_case_count_as_built_where_it_is_called() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let x = tf::placeholder(tf::int32, ());
    tf::case(((tf::less(x, 1), || x), (tf::less(x, 2), || -x), (tf::less(x, 3), || x * x)));
    graph.check().unwrap();
    assert!(graph.get_operations().into_iter().all(|op| op.location().unwrap().file() == file!()));
    let error = tf::Session()
        .unwrap()
        .run(tf::Graph::get_tensor_by_name(&graph, "case/cond/Merge:0").unwrap(), feed_dict! { x: 7 });
    assert!(error.unwrap_err().to_string().contains("None of conditions evaluated as True"));
}

#[test]
fn an_optimizer_trains_through_a_condition() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let (x, p) = (tf::placeholder(tf::float32, (None, 1)), tf::placeholder(tf::bool, ()));
    let hidden = tf::layers::dense!(x, 4, activation = tf::nn::relu, kernel_initializer = tf::ones_initializer());
    let y = tf::cond(p, || tf::layers::dense(hidden, 1), || tf::reduce_sum!(hidden, axis = 1, keepdims = true));
    let loss = tf::reduce_mean(tf::square(y - 2.0 * x));
    let train = tf::train::AdamOptimizer(0.05).minimize(loss);
    graph.check().unwrap();
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    for taken in [true, false] {
        let feeds = feed_dict! { x: [[1.0], [2.0], [-1.0]], p: taken };
        let first = sess.run(loss, &feeds).unwrap().item::<f32>().unwrap();
        (0..100).for_each(|_| sess.run(train, &feeds).unwrap());
        let last = sess.run(loss, &feeds).unwrap().item::<f32>().unwrap();
        assert!(last < first, "{taken}: {first} to {last}");
    }
}
