//! Where nodes count as built.

use flowstone as tf;

/// The nodes that do not count as built in a test, with the lines that they count as built on.
pub fn not_built_here(graph: &tf::Graph) -> Vec<String> {
    let nodes = graph.get_operations();
    let line = |op: &tf::Operation| op.location().filter(|line| !line.file().starts_with("tests"));
    nodes.iter().filter_map(|op| Some(format!("{} counts as built at {}", op.name(), line(op)?))).collect()
}
