//! The part of a graph that some nodes need.

use std::collections::HashMap;

use super::{colocated, node_name};
use crate::error::{Error, Result};
use crate::format::proto::GraphDef;

/// The nodes that `dest_nodes` need, with what they are placed with, in their old order.
/// TF: `tf.graph_util.extract_sub_graph`.
///
/// Errors: NotFound if one of `dest_nodes` is not in the graph, InvalidArgument if a node needs one that is not.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, [2]).named("x");
/// tf::nn::relu(x).named("y");
/// tf::nn::tanh(x).named("z");
/// let def = tf::get_default_graph().as_graph_def()?;
/// let part = tf::graph_util::extract_sub_graph(&def, &["y"])?;
/// let names: Vec<&str> = part.node.iter().map(|node| node.name.as_str()).collect();
/// assert_eq!(names, ["x", "y"]);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn extract_sub_graph(graph_def: &GraphDef, dest_nodes: &[&str]) -> Result<GraphDef> {
    let places = places(graph_def);
    let mut kept = vec![false; graph_def.node.len()];
    let mut next = Vec::new();
    for &name in dest_nodes {
        next.push(*places.get(name).ok_or_else(|| Error::not_found(format!("'{name}' is not in the graph")))?);
    }
    while let Some(place) = next.pop() {
        if std::mem::replace(&mut kept[place], true) {
            continue;
        }
        let node = &graph_def.node[place];
        for name in node.input.iter().map(|input| node_name(input)).chain(colocated(node)) {
            next.push(*places.get(name).ok_or_else(|| missing(&node.name, name))?);
        }
    }
    let nodes = graph_def.node.iter().zip(kept).filter(|(_, kept)| *kept);
    Ok(GraphDef {
        node: nodes.map(|(node, _)| node.clone()).collect(),
        library: Some(graph_def.library.clone().unwrap_or_default()),
        versions: Some(graph_def.versions.clone().unwrap_or_default()),
        ..Default::default()
    })
}

/// Where each node stands.
pub(super) fn places(graph_def: &GraphDef) -> HashMap<&str, usize> {
    graph_def.node.iter().enumerate().map(|(place, node)| (node.name.as_str(), place)).collect()
}

pub(super) fn missing(node: &str, needed: &str) -> Error {
    Error::invalid_argument(format!("'{node}' needs '{needed}', which is not in the graph"))
}
