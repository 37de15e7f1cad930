//! Graphs cut down, node by node as TensorFlow cuts them (`golden/make_graph_util.py`).
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use flowstone as tf;
use tf::ErrorKind;
use tf::feed_dict;
use tf::format::proto::{GraphDef, NodeDef};
use tf::graph_util;

const OUTPUTS: [&str; 3] = ["y", "picked", "at"];

fn golden(name: &str) -> GraphDef {
    let path = format!("{}/tests/golden/graph_util/{name}.pb", env!("CARGO_MANIFEST_DIR"));
    GraphDef::from_bytes(&std::fs::read(path).unwrap()).unwrap()
}

fn check_equal(found: &GraphDef, expected: &GraphDef) {
    for (found, expected) in found.node.iter().zip(&expected.node) {
        assert_eq!(found, expected);
    }
    assert_eq!(found, expected);
}

/// A session of the model whose variables have their first values.
fn session() -> tf::Session {
    let sess = tf::Session::new(&tf::Graph::from_graph_def(&golden("model")).unwrap()).unwrap();
    let init = sess.graph().get_operation_by_name("init").unwrap();
    sess.run(init, feed_dict! {}).unwrap();
    sess
}

#[test]
fn variables_become_constants() {
    let (sess, model) = (session(), golden("model"));
    check_equal(&tf::convert_variables_to_constants!(&sess, &model, &OUTPUTS).unwrap(), &golden("frozen"));
    let some = tf::convert_variables_to_constants!(
        &sess,
        &model,
        &OUTPUTS,
        variable_names_whitelist = &["ref/w", "resource/b"]
    );
    check_equal(&some.unwrap(), &golden("some_frozen"));
    let others =
        tf::convert_variables_to_constants!(&sess, &model, &OUTPUTS, variable_names_blacklist = &["ref/w"]).unwrap();
    check_equal(&others, &golden("others_frozen"));
}

#[test]
fn variables_under_their_first_name_become_constants() {
    let mut model = golden("model");
    model.node.iter_mut().filter(|node| node.op == "VariableV2").for_each(|node| node.op = "Variable".into());
    let frozen = graph_util::convert_variables_to_constants(&session(), &model, &OUTPUTS).unwrap();
    check_equal(&frozen, &golden("frozen"));
}

#[test]
fn frozen_graphs_compute_the_same() {
    let sess = session();
    let frozen = graph_util::convert_variables_to_constants(&sess, &golden("model"), &OUTPUTS).unwrap();
    let frozen = tf::Session::new(&tf::Graph::from_graph_def(&frozen).unwrap()).unwrap();
    let run = |sess: &tf::Session| {
        let [x, rows] = ["x:0", "rows:0"].map(|name| sess.graph().get_tensor_by_name(name).unwrap());
        let values = sess.run(["y:0", "picked:0"], feed_dict! { x: [[1.0f32, 2.0]], rows: [1i64, 0] }).unwrap();
        values.map(|value| value.as_slice::<f32>().unwrap().to_vec())
    };
    assert_eq!(run(&frozen), run(&sess));
    assert_eq!(run(&frozen)[1], [9.0, 12.0, 3.0, 6.0]);
    assert_eq!(frozen.run("at:0", feed_dict! {}).unwrap().as_slice::<f32>().unwrap(), [3.0, 4.0, 1.0, 2.0]);
}

#[test]
fn parts_and_graphs_for_inference() {
    let model = golden("model");
    check_equal(&graph_util::extract_sub_graph(&model, &["hidden"]).unwrap(), &golden("part"));
    let inference = tf::remove_training_nodes!(&model, protected_nodes = &["y"]).unwrap();
    check_equal(&inference, &golden("inference"));
}

#[test]
fn nodes_for_the_processor() {
    let model = golden("model");
    let nodes: HashMap<&str, &NodeDef> = model.node.iter().map(|node| (node.name.as_str(), node)).collect();
    let lines = include_str!("golden/graph_util/on_cpu.txt");
    for line in lines.lines() {
        let [name, plain, pinned] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let node = nodes[name];
        assert_eq!(graph_util::must_run_on_cpu(node), plain == "1", "{name}");
        assert_eq!(tf::must_run_on_cpu!(node, pin_variables_on_cpu = true), pinned == "1", "{name}");
    }
    assert_eq!(lines.lines().count(), model.node.len());
}

#[test]
fn names_that_are_not_there() {
    let mut model = golden("model");
    let error = graph_util::extract_sub_graph(&model, &["y", "nothing"]).unwrap_err();
    assert_eq!(error.to_string(), "NotFound: 'nothing' is not in the graph");
    let graph = tf::Graph::from_graph_def(&model).unwrap();
    assert_eq!(graph_util::tensor_shape_from_node_def_name(&graph, "x").unwrap().to_string(), "[?,2]");
    let error = graph_util::tensor_shape_from_node_def_name(&graph, "nothing").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    model.node.retain(|node| node.name != "ref/w");
    let error = graph_util::extract_sub_graph(&model, &["hidden"]).unwrap_err();
    assert!(error.to_string().contains("needs 'ref/w', which is not in the graph"), "{error}");
}

#[test]
fn variables_without_values_and_nodes_in_a_circle() {
    let sess = tf::Session::new(&tf::Graph::from_graph_def(&golden("model")).unwrap()).unwrap();
    let error = graph_util::convert_variables_to_constants(&sess, &golden("model"), &OUTPUTS).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition, "{error}");

    let identity = |name: &str, input: &[&str]| NodeDef {
        name: name.into(),
        op: "Identity".into(),
        input: input.iter().map(|&input| input.to_owned()).collect(),
        ..Default::default()
    };
    let relu = NodeDef { op: "Relu".into(), ..identity("c", &["a"]) };
    let circle = GraphDef { node: vec![identity("a", &["b"]), identity("b", &["a"]), relu], ..Default::default() };
    let error = graph_util::remove_training_nodes(&circle).unwrap_err();
    assert_eq!(error.to_string(), "InvalidArgument: 'a' only passes on what it computes itself");
    let empty = GraphDef { node: vec![identity("a", &[])], ..Default::default() };
    let error = graph_util::remove_training_nodes(&empty).unwrap_err();
    assert_eq!(error.to_string(), "InvalidArgument: 'a' has no input");
}
