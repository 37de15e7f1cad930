//! A graph without what only training needs.

use std::collections::{HashMap, HashSet};

use super::colocated;
use crate::error::{Error, Result};
use crate::format::proto::{GraphDef, NodeDef};

/// The graph without its `CheckNumerics` nodes, and without `Identity` and `StopGradient` where no control edge and no
/// placement needs them. TF: `tf.graph_util.remove_training_nodes`.
///
/// Keyword argument: `protected_nodes`, the names of nodes that stay. As in TensorFlow a node that reads a
/// `CheckNumerics` loses that input, so protect those that compute.
///
/// Errors: InvalidArgument if one of the nodes has no input, or if they make a cycle.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, [2]).named("x");
/// tf::nn::relu(tf::identity(x)).named("y");
/// let def = tf::get_default_graph().as_graph_def()?;
/// let plain = tf::graph_util::remove_training_nodes(&def)?;
/// assert_eq!((plain.node.len(), plain.node[1].input[0].as_str()), (2, "x"));
/// # Ok::<(), tf::Error>(())
/// ```
pub fn remove_training_nodes(input_graph: &GraphDef) -> Result<GraphDef> {
    remove_training_nodes_args(input_graph).build()
}

/// [`remove_training_nodes`] with the keyword argument `protected_nodes`.
pub fn remove_training_nodes_args(input_graph: &GraphDef) -> RemoveTrainingNodesArgs<'_> {
    RemoveTrainingNodesArgs { input_graph, protected_nodes: HashSet::new() }
}

/// The keyword argument of [`remove_training_nodes`].
#[must_use = "nothing is removed until `build` is called"]
pub struct RemoveTrainingNodesArgs<'a> {
    input_graph: &'a GraphDef,
    protected_nodes: HashSet<&'a str>,
}

impl<'a> RemoveTrainingNodesArgs<'a> {
    /// The names of nodes that stay.
    pub fn protected_nodes(mut self, names: &[&'a str]) -> Self {
        self.protected_nodes = names.iter().copied().collect();
        self
    }

    /// The graph without them.
    pub fn build(self) -> Result<GraphDef> {
        let without_checks = self.without_checks();
        let spliced = self.to_splice(&without_checks)?;
        let kept = without_checks.iter().filter(|node| !spliced.contains_key(node.name.as_str()));
        let node = kept.map(|node| with_inputs(node, &spliced)).collect::<Result<_>>()?;
        Ok(GraphDef { node, ..Default::default() })
    }

    fn without_checks(&self) -> Vec<NodeDef> {
        let is_check = |node: &&NodeDef| node.op == "CheckNumerics" && !self.is_protected(node);
        let nodes = &self.input_graph.node;
        let checks: HashSet<&str> = nodes.iter().filter(is_check).map(|node| node.name.as_str()).collect();
        let kept = nodes.iter().filter(|node| !checks.contains(node.name.as_str()));
        let mut kept: Vec<NodeDef> = kept.cloned().collect();
        for node in &mut kept {
            node.input.retain(|input| !checks.contains(without_caret(input)));
        }
        kept
    }

    /// The nodes that only pass on what they get, and what that is.
    fn to_splice<'n>(&self, nodes: &'n [NodeDef]) -> Result<HashMap<&'n str, &'n str>> {
        let is_control = |input: &&String| input.starts_with('^');
        let controls = nodes.iter().flat_map(|node| node.input.iter().filter(is_control));
        let waited_for: HashSet<&str> = controls.map(|input| without_caret(input)).collect();
        let placed_with: HashSet<&str> = nodes.iter().flat_map(colocated).collect();
        let mut spliced = HashMap::new();
        for node in nodes {
            let name = node.name.as_str();
            let passes_on = matches!(node.op.as_str(), "Identity" | "StopGradient");
            let is_needed = waited_for.contains(name) || placed_with.contains(name) || self.is_protected(node);
            if passes_on && !is_needed && !node.input.iter().any(|input| input.starts_with('^')) {
                let input = node.input.first();
                let input = input.ok_or_else(|| Error::invalid_argument(format!("'{name}' has no input")))?;
                spliced.insert(name, input.as_str());
            }
        }
        Ok(spliced)
    }

    fn is_protected(&self, node: &NodeDef) -> bool {
        self.protected_nodes.contains(node.name.as_str())
    }
}

fn with_inputs(node: &NodeDef, spliced: &HashMap<&str, &str>) -> Result<NodeDef> {
    let input = node.input.iter().map(|input| source(input, spliced)).collect::<Result<_>>()?;
    Ok(NodeDef { input, ..node.clone() })
}

/// What an input reads when the spliced nodes are gone.
fn source(input: &str, spliced: &HashMap<&str, &str>) -> Result<String> {
    let mut source = input;
    for _ in 0..=spliced.len() {
        match spliced.get(without_caret(source)) {
            Some(before) => source = before,
            None => return Ok(source.to_owned()),
        }
    }
    Err(Error::invalid_argument(format!("'{input}' only passes on what it computes itself")))
}

fn without_caret(input: &str) -> &str {
    input.strip_prefix('^').unwrap_or(input)
}
