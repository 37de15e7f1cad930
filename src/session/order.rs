//! In which order a run's nodes read and change variables.
//!
//! TensorFlow leaves much of it to chance. We fix it to what its programs count on:
//! - What waits for no effect runs before every effect: it sees variables as they were when the run began.
//! - What waits for one, and what is fetched, sees a variable held by name as it is then, also through an `Identity`
//!   that was there before: TensorFlow's shares the variable's memory.
//! - A variable held by a handle is read where its `ReadVariableOp` stands.

use std::collections::{HashMap, HashSet};

use super::records::records;
use crate::error::Result;
use crate::graph::{Fact, Node, NodeId, Port};
use crate::op::FirstInput;
use crate::optimize::prune::{self, Fed};
use crate::sort::sort;

/// An order of a run's nodes.
pub(super) struct Order {
    /// Each after everything it needs.
    pub(super) nodes: Vec<NodeId>,
    /// Those that have an effect or wait for one.
    waiting: HashSet<NodeId>,
    aliases: HashMap<Port, Alias>,
}

/// An output that is a variable's own memory.
struct Alias {
    /// The variable, or what passes it on.
    variable: Port,
    /// The nodes between that wait for others.
    after: Vec<NodeId>,
}

impl Order {
    /// The order of the nodes of `sorted`, each of which comes after everything it needs when `fed` outputs are given.
    pub(super) fn new(nodes: &[Node], sorted: Vec<NodeId>, fed: &Fed) -> Result<Order> {
        let (mut waiting, mut aliases) = (HashSet::new(), HashMap::new());
        for (&id, op) in sorted.iter().zip(records(nodes, &sorted)?) {
            let node = &nodes[id.index()];
            if op.flags.effect || prune::dependencies(node, fed).any(|before| waiting.contains(&before)) {
                waiting.insert(id);
            }
            if op.flags.first == FirstInput::PassedOn
                && let Some(alias) = alias(nodes, id, fed, &aliases)
            {
                aliases.insert(Port { node: id, output: 0 }, alias);
            }
        }
        let (last, mut first): (Vec<NodeId>, Vec<NodeId>) = sorted.into_iter().partition(|id| waiting.contains(id));
        first.extend(last);
        Ok(Order { nodes: first, waiting, aliases })
    }

    /// Lets what waits for an effect, and what is fetched, read variables themselves. `nodes` are the nodes in order.
    pub(super) fn read_late(&self, nodes: &mut [Node], fetches: &mut [Port], targets: &mut Vec<NodeId>) {
        if self.waiting.is_empty() || self.aliases.is_empty() {
            return;
        }
        for (_, node) in self.nodes.iter().zip(nodes).filter(|(id, _)| self.waiting.contains(id)) {
            for port in &mut node.inputs {
                if let Some(alias) = self.aliases.get(port) {
                    node.controls.extend(&alias.after);
                    *port = alias.variable;
                }
            }
            sort(&mut node.controls);
            node.controls.dedup();
        }
        for fetch in fetches {
            if let Some(alias) = self.aliases.get(fetch) {
                targets.extend(&alias.after);
                *fetch = alias.variable;
            }
        }
    }
}

/// What output 0 of `id`, which passes its first input on, is an alias of.
fn alias(nodes: &[Node], id: NodeId, fed: &Fed, aliases: &HashMap<Port, Alias>) -> Option<Alias> {
    let node = &nodes[id.index()];
    let input = node.inputs.first().filter(|port| !fed.contains(port))?;
    let fact = |port: Port| nodes[port.node.index()].outputs.get(port.output as usize);
    let (from, to) = (fact(*input)?, node.outputs.first()?);
    let same = |a: &Fact, b: &Fact| a.dtype == b.dtype && a.shape == b.shape && b.shape.is_known();
    if to.is_ref || !same(from, to) || fed.contains(&Port { node: id, output: 0 }) {
        return None;
    }
    let (variable, mut after) = match aliases.get(input) {
        Some(alias) => (alias.variable, alias.after.clone()),
        None if from.is_ref => (*input, Vec::new()),
        None => return None,
    };
    if fed.controls(node).next().is_some() {
        after.push(id);
    }
    Some(Alias { variable, after })
}
