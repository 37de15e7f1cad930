//! Specialisation: with the shapes of the feeds known, nearly all shapes are.

use std::collections::HashMap;

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::graph::{Fact, Node, NodeId, Port};
use crate::op::{OpDef, infer_outputs};

/// What is known of every output that a run computes, given what is known of the fed ones. `nodes` are those of `order`.
pub(crate) fn specialise(
    nodes: &[Node],
    order: &[NodeId],
    ops: &[&'static OpDef],
    fed: &HashMap<Port, Fact>,
) -> Result<HashMap<Port, Fact>> {
    let mut facts = fed.clone();
    for ((&id, node), op) in order.iter().zip(nodes).zip(ops) {
        let at = |error: Error| error.retitled(&node.op).at(&node.name, Some(node.location));
        let known = |port: &Port| facts.get(port).cloned().ok_or_else(|| Error::internal("an input comes too late"));
        let inputs = node.inputs.iter().map(known).collect::<Result<SmallVec<[Fact; 4]>>>().map_err(at)?;
        let outputs = infer_outputs(op, &node.attrs, &inputs).map_err(|error| {
            let shapes: Vec<String> = inputs.iter().map(|fact| format!("{} {}", fact.dtype, fact.shape)).collect();
            at(error).note(format!("inputs: {}", shapes.join(", ")))
        })?;
        for (output, (mut fact, built)) in outputs.into_iter().zip(&node.outputs).enumerate() {
            fact.shape = fact.shape.merge(&built.shape).ok_or_else(|| {
                let (now, then) = (&fact.shape, &built.shape);
                at(Error::invalid_argument(format!("output {output} has shape {now}, but was built as {then}")))
            })?;
            // A fed output keeps the fact of its feed.
            facts.entry(Port { node: id, output: output as u32 }).or_insert(fact);
        }
    }
    Ok(facts)
}
