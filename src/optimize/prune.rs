//! Pruning: what a run needs for its fetches, in an order in which it can run.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use crate::error::{Error, Result};
use crate::graph::{Node, NodeId, Port};

/// The outputs that are fed.
pub(crate) struct Fed {
    ports: HashSet<Port>,
    /// Nodes that do nothing but wait for what is fed: what comes after them need not wait.
    placeholders: HashSet<NodeId>,
}

impl Fed {
    /// `ports` of the graph with these nodes are fed.
    pub(crate) fn new(nodes: &[Node], ports: impl IntoIterator<Item = Port>) -> Self {
        let ports: HashSet<Port> = ports.into_iter().collect();
        let waits = |port: &&Port| {
            let op = nodes.get(port.node.index()).map_or("", |node| &*node.op);
            matches!(op, "Placeholder" | "PlaceholderV2" | "PlaceholderWithDefault")
        };
        let placeholders = ports.iter().filter(waits).map(|port| port.node).collect();
        Fed { ports, placeholders }
    }

    /// Whether `port` is fed.
    pub(crate) fn contains(&self, port: &Port) -> bool {
        self.ports.contains(port)
    }

    /// The control inputs of `node` that are not fed placeholders.
    pub(crate) fn controls<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = NodeId> + 'a {
        node.controls.iter().copied().filter(|control| !self.placeholders.contains(control))
    }
}

/// The nodes that `targets` need when `fed` outputs are given, each after everything it needs. Nodes built earlier come
/// first where there is a choice.
pub(crate) fn prune(nodes: &[Node], targets: impl IntoIterator<Item = NodeId>, fed: &Fed) -> Result<Vec<NodeId>> {
    sort(nodes, needed(nodes, targets, fed)?, fed)
}

/// The nodes that `targets` need when `fed` outputs are given, in the order in which they were built.
pub(crate) fn needed(nodes: &[Node], targets: impl IntoIterator<Item = NodeId>, fed: &Fed) -> Result<Vec<NodeId>> {
    let mut needed = vec![false; nodes.len()];
    let mut pending: Vec<NodeId> = targets.into_iter().collect();
    while let Some(id) = pending.pop() {
        let (Some(mark), Some(node)) = (needed.get_mut(id.index()), nodes.get(id.index())) else {
            return Err(Error::internal("a node is not in its graph"));
        };
        if std::mem::replace(mark, true) {
            continue;
        }
        pending.extend(dependencies(node, fed));
    }
    Ok((0..).map(NodeId).zip(needed).filter(|(_, needed)| *needed).map(|(id, _)| id).collect())
}

/// What `node` needs when `fed` outputs are given.
pub(crate) fn dependencies<'a>(node: &'a Node, fed: &'a Fed) -> impl Iterator<Item = NodeId> + 'a {
    let data = node.inputs.iter().filter(|port| !fed.contains(port)).map(|port| port.node);
    data.chain(fed.controls(node))
}

/// Whether `port` leads from one iteration of a loop to the Merge that starts the next.
pub(crate) fn is_way_back(nodes: &[Node], node: &Node, port: &Port) -> bool {
    let from = nodes.get(port.node.index()).map_or("", |node| &*node.op);
    matches!(&*node.op, "Merge" | "RefMerge") && matches!(from, "NextIteration" | "RefNextIteration")
}

/// What comes before `node`: what it needs, but for the way back of a loop.
fn predecessors<'a>(nodes: &'a [Node], node: &'a Node, fed: &'a Fed) -> impl Iterator<Item = NodeId> + 'a {
    let data = node.inputs.iter().filter(|port| !fed.contains(port) && !is_way_back(nodes, node, port));
    data.map(|port| port.node).chain(fed.controls(node))
}

/// `needed`, each after everything it needs but for the ways back of loops: Kahn's algorithm, the smallest node first.
pub(crate) fn sort(nodes: &[Node], needed: Vec<NodeId>, fed: &Fed) -> Result<Vec<NodeId>> {
    if needed.iter().all(|&id| predecessors(nodes, &nodes[id.index()], fed).all(|before| before < id)) {
        return Ok(needed);
    }
    let mut waiting: HashMap<NodeId, usize> = HashMap::with_capacity(needed.len());
    let mut followers: HashMap<NodeId, Vec<NodeId>> = HashMap::new();
    let mut ready = BinaryHeap::new();
    for &id in &needed {
        let mut count = 0;
        for before in predecessors(nodes, &nodes[id.index()], fed) {
            followers.entry(before).or_default().push(id);
            count += 1;
        }
        waiting.insert(id, count);
        if count == 0 {
            ready.push(Reverse(id));
        }
    }
    let mut order = Vec::with_capacity(needed.len());
    while let Some(Reverse(id)) = ready.pop() {
        order.push(id);
        for &next in followers.get(&id).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(&next) {
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse(next));
                }
            }
        }
    }
    match needed.iter().find(|id| waiting.get(id).is_some_and(|&count| count > 0)) {
        Some(stuck) => {
            let node = &nodes[stuck.index()];
            Err(Error::invalid_argument("the graph has a cycle").at(&node.name, Some(node.location)))
        }
        None => Ok(order),
    }
}
