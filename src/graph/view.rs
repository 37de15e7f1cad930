//! Derived views: the graph as a petgraph, and as a picture in DOT.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

use petgraph::graph::DiGraph;

use super::{Fact, Graph, Node, NodeId, Operation};

/// What an edge of a [`Graph::to_petgraph`] carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Edge {
    /// A value: which output of the source is which input of the target.
    Data {
        /// Of the source.
        output: u32,
        /// Of the target.
        input: u32,
        /// What is known of the value.
        fact: Fact,
    },
    /// Nothing: the target runs after the source.
    Control,
}

/// What a picture shows.
#[derive(Clone, Debug)]
pub struct DotOptions {
    /// Scopes nested deeper than this are one node; all are open if not said.
    pub max_depth: Option<usize>,
    /// Whether the nodes of gradients are shown.
    pub gradients: bool,
}

impl Default for DotOptions {
    fn default() -> Self {
        DotOptions { max_depth: None, gradients: true }
    }
}

impl Graph {
    /// The nodes and edges as a petgraph, for its algorithms. Changing it does not change the graph.
    pub fn to_petgraph(&self) -> DiGraph<Operation, Edge> {
        let state = self.lock();
        let edges = state.nodes.iter().map(|node| node.inputs.len() + node.controls.len()).sum();
        let mut view = DiGraph::with_capacity(state.nodes.len(), edges);
        let places: Vec<_> = (0..state.nodes.len())
            .map(|i| view.add_node(Operation { graph: self.0.key, node: NodeId(i as u32) }))
            .collect();
        for (node, &target) in state.nodes.iter().zip(&places) {
            for (input, port) in (0..).zip(&node.inputs) {
                let fact = state.node(port.node).and_then(|n| n.outputs.get(port.output as usize)).cloned();
                if let (Some(&source), Some(fact)) = (places.get(port.node.index()), fact) {
                    view.add_edge(source, target, Edge::Data { output: port.output, input, fact });
                }
            }
            for before in &node.controls {
                if let Some(&source) = places.get(before.index()) {
                    view.add_edge(source, target, Edge::Control);
                }
            }
        }
        view
    }

    /// The graph as a picture in the DOT language of Graphviz.
    ///
    /// Name scopes are clusters; placeholders are ellipses, constants small boxes, variables cylinders; data edges carry
    /// data type and shape, control edges are dashed.
    ///
    /// ```
    /// use flowstone as tf;
    /// let _y = tf::nn::relu(tf::placeholder(tf::float32, (None, 3)).named("x"));
    /// let dot = tf::get_default_graph().to_dot();
    /// assert!(dot.starts_with("digraph") && dot.contains("float32[?,3]"));
    /// ```
    pub fn to_dot(&self) -> String {
        self.to_dot_with(&DotOptions::default())
    }

    /// As [`Graph::to_dot`], with a choice of what is shown.
    pub fn to_dot_with(&self, options: &DotOptions) -> String {
        self.draw(None, options)
    }

    /// A picture of these operations only, such as [`Session::executed`](crate::Session::executed) gives.
    pub fn dot_of(&self, operations: &[Operation]) -> String {
        self.draw(Some(operations), &DotOptions::default())
    }

    fn draw(&self, operations: Option<&[Operation]>, options: &DotOptions) -> String {
        let chosen: Option<HashSet<NodeId>> =
            operations.map(|all| all.iter().filter(|op| op.graph == self.0.key).map(|op| op.node).collect());
        let state = self.lock();
        let shown = |id: NodeId, node: &Node| {
            chosen.as_ref().is_none_or(|chosen| chosen.contains(&id))
                && (options.gradients || !node.name.split('/').any(|part| part.starts_with("gradients")))
        };
        let mut picture =
            Picture { root: Scope::default(), edges: Vec::new(), joined: HashSet::new(), known: HashSet::new() };
        let ids = || (0..).map(NodeId).zip(&state.nodes);
        for (_, node) in ids().filter(|(id, node)| shown(*id, node)) {
            picture.add(node, options.max_depth);
        }
        for (_, node) in ids().filter(|(id, node)| shown(*id, node)) {
            for port in &node.inputs {
                let Some(source) = state.node(port.node).filter(|source| shown(port.node, source)) else { continue };
                let fact = source.outputs.get(port.output as usize);
                let mut label = fact.map(|f| format!("{}{}", f.dtype, f.shape)).unwrap_or_default();
                if port.output > 0 {
                    let _ = write!(label, " :{}", port.output);
                }
                picture.connect(source, node, options.max_depth, &format!("label={}", quoted(&label)));
            }
            for before in &node.controls {
                let Some(source) = state.node(*before).filter(|source| shown(*before, source)) else { continue };
                picture.connect(source, node, options.max_depth, "style=dashed");
            }
        }
        picture.write()
    }
}

#[derive(Default)]
struct Scope {
    scopes: BTreeMap<String, Scope>,
    /// Nodes with their attributes, in order.
    nodes: Vec<(String, String)>,
}

struct Picture {
    root: Scope,
    edges: Vec<String>,
    /// The edges so far, where closed scopes would repeat them.
    joined: HashSet<String>,
    known: HashSet<String>,
}

/// Where a node is drawn: the scopes around it, its name there, and whether it stands for a closed scope.
fn place(node: &Node, max_depth: Option<usize>) -> (Vec<&str>, String, bool) {
    let parts: Vec<&str> = node.name.split('/').collect();
    let depth = parts.len() - 1;
    match max_depth {
        Some(max) if depth > max => (parts[..max].to_vec(), parts[..=max].join("/"), true),
        _ => (parts[..depth].to_vec(), node.name.to_string(), false),
    }
}

impl Picture {
    fn add(&mut self, node: &Node, max_depth: Option<usize>) {
        let (scopes, name, closed) = place(node, max_depth);
        if !self.known.insert(name.clone()) {
            return;
        }
        let scope =
            scopes.into_iter().fold(&mut self.root, |scope, part| scope.scopes.entry(part.to_owned()).or_default());
        let attributes = if closed {
            format!("label={} shape=box3d style=filled", quoted(&name))
        } else {
            let outputs: Vec<String> = node.outputs.iter().map(|f| format!("{}{}", f.dtype, f.shape)).collect();
            let short = node.name.rsplit('/').next().unwrap_or_default();
            let mut lines = vec![short, &*node.op];
            lines.dedup();
            let outputs = outputs.join(" ");
            lines.extend((!outputs.is_empty()).then_some(outputs.as_str()));
            format!("label={} {}", quoted(&lines.join("\n")), style(&node.op))
        };
        scope.nodes.push((name, attributes));
    }

    fn connect(&mut self, source: &Node, target: &Node, max_depth: Option<usize>, attributes: &str) {
        let (from, to) = (place(source, max_depth).1, place(target, max_depth).1);
        let edge = format!("  {} -> {} [{attributes}];\n", quoted(&from), quoted(&to));
        if from != to && (max_depth.is_none() || self.joined.insert(edge.clone())) {
            self.edges.push(edge);
        }
    }

    fn write(&self) -> String {
        let mut out =
            "digraph flowstone {\n  rankdir=BT;\n  node [shape=box fontsize=10];\n  edge [fontsize=8];\n".to_owned();
        // A scope opens where it is met and closes when its own entry comes up again.
        let mut pending = vec![(&self.root, String::new(), false)];
        while let Some((scope, path, entered)) = pending.pop() {
            let indent = "  ".repeat(1 + path.matches('/').count() + usize::from(!path.is_empty()));
            if entered {
                let _ = writeln!(out, "{}}}", &indent[2..]);
                continue;
            }
            if !path.is_empty() {
                let label = path.rsplit('/').next().unwrap_or_default();
                let id = quoted(&format!("cluster_{path}"));
                let _ = writeln!(out, "{}subgraph {id} {{\n{indent}label={};", &indent[2..], quoted(label));
                pending.push((scope, path.clone(), true));
            }
            for (name, attributes) in &scope.nodes {
                let _ = writeln!(out, "{indent}{} [{attributes}];", quoted(name));
            }
            for (name, inner) in scope.scopes.iter().rev() {
                let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
                pending.push((inner, path, false));
            }
        }
        out.extend(self.edges.iter().map(String::as_str));
        out.push_str("}\n");
        out
    }
}

fn style(op: &str) -> &'static str {
    match op {
        "Placeholder" | "PlaceholderWithDefault" => "shape=ellipse",
        "Const" => "shape=box height=0.2 width=0.2 style=rounded",
        _ if op.starts_with("Variable") || op == "VarHandleOp" => "shape=cylinder",
        "NoOp" => "shape=point xlabel=NoOp",
        _ => "shape=box",
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
