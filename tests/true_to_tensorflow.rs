//! The MNIST listing against TensorFlow's own graph, initial values and costs; `golden/make_listing.py` made them.
#![allow(clippy::unwrap_used)]

mod golden;
mod listing;

use flowstone as tf;
use tf::examples::tutorials::mnist::input_data;
use tf::feed_dict;
use tf::format::proto::GraphDef;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn seeded_graph() -> tf::Graph {
    let graph = tf::Graph::new();
    graph.set_seed_rule(tf::SeedRule::Counter);
    graph.set_random_seed(1);
    graph
}

#[test]
fn the_graph_is_tensorflows_node_for_node() {
    let theirs = GraphDef::from_bytes(&file("mnist.pb")).unwrap();
    let graph = seeded_graph();
    let _default = graph.as_default();
    listing::build();
    let ours = graph.as_graph_def().unwrap();
    assert_eq!(theirs.node.len(), 218);
    let differences = golden::differences(&ours.node, &theirs.node);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn tensorflows_graph_is_read_and_written_unchanged() {
    let mut theirs = GraphDef::from_bytes(&file("mnist.pb")).unwrap();
    let graph = tf::Graph::from_graph_def(&theirs).unwrap();
    let mut ours = graph.as_graph_def().unwrap();
    let sort = |def: &mut GraphDef| def.node.sort_by(|a, b| a.name.cmp(&b.name));
    sort(&mut theirs);
    sort(&mut ours);
    assert_eq!(ours.node, theirs.node);
}

/// Absolute. TensorFlow with its own kernels and with oneDNN's differs by 1.7e-4 (5e-4 relative) within
/// these 20 steps; ours differs from the former by 2.5e-4 (8e-4 relative).
const COST_TOLERANCE: f32 = 5e-4;

#[test]
fn initial_values_and_costs_follow_tensorflows() {
    let graph = seeded_graph();
    let _default = graph.as_default();
    let net = listing::build();
    let sess = tf::Session().unwrap();
    sess.run(net.init, feed_dict! {}).unwrap();

    let initial = file("mnist_initial.f32");
    let mut expected = initial.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    for (variable, value) in net.variables.iter().zip(sess.run(net.variables, feed_dict! {}).unwrap()) {
        for (i, found) in value.as_slice::<f32>().unwrap().iter().enumerate() {
            let expected = expected.next().unwrap();
            assert!((found - expected).abs() <= 2e-6, "{}[{i}]: {found}, TensorFlow {expected}", variable.name());
        }
    }
    assert_eq!(expected.next(), None);

    // Batches in the order of the training file, whose first 5000 examples are those for validation.
    let mut mnist =
        input_data::read_data_sets(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/MNIST_data"), true).unwrap();
    let costs = String::from_utf8(file("mnist_costs.txt")).unwrap();
    for (step, expected) in costs.lines().map(|line| line.parse::<f32>().unwrap()).enumerate() {
        let (images, labels) = mnist.validation.next_batch_in_order(100).unwrap();
        // The script divides the pixels by 255; `input_data` multiplies them, as TensorFlow's does.
        let images = images.mapv(|x| (x * 255.0).round() / 255.0);
        let (cost, _) = sess.run((net.cost, net.train), feed_dict! { net.X: images, net.Y: labels }).unwrap();
        let cost = cost.item::<f32>().unwrap();
        assert!((cost - expected).abs() <= COST_TOLERANCE, "step {step}: {cost}, TensorFlow {expected}");
    }
}
