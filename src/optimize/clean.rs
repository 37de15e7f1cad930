//! Algebraic clean-up: control edges without a purpose, and nodes that only pass a value on.

use super::program::{Program, Source};
use crate::op::{Branching, FirstInput};

/// Drops control edges from nodes whose running nobody can notice: only effects, and branches that may not be taken, are
/// worth waiting for.
pub(crate) fn drop_controls(program: &mut Program) {
    let mut noticed: Vec<bool> = Vec::with_capacity(program.nodes.len());
    for node in &mut program.nodes {
        node.controls.retain(|&control| noticed.get(control as usize).copied().unwrap_or(true));
        let before = node.needs().any(|before| noticed.get(before as usize).copied().unwrap_or(true));
        let flags = node.op.flags;
        noticed.push(before || flags.effect || flags.fills || flags.branching == Branching::Splits);
    }
}

/// Lets the readers of a node that passes a value on unchanged read what it reads.
pub(crate) fn bypass(program: &mut Program) {
    let mut instead: Vec<Option<Source>> = Vec::with_capacity(program.nodes.len());
    let follow = |source: Source, instead: &[Option<Source>]| match source {
        Source::Output(node, 0) => instead.get(node as usize).copied().flatten().unwrap_or(source),
        other => other,
    };
    for i in 0..program.nodes.len() {
        program.nodes[i].inputs.iter_mut().for_each(|input| *input = follow(*input, &instead));
        let node = &program.nodes[i];
        let passes = node.op.flags.first == FirstInput::PassedOn && node.controls.is_empty();
        // What only arrives in the run is for the kernel to check.
        let known = |input: &Source| {
            let integers = program.fact(*input).ok().and_then(|fact| fact.integers.as_ref());
            integers.is_some_and(|integers| integers.iter().all(Option::is_some))
        };
        let same = node.inputs.first().copied().filter(|input| {
            let (from, to) = (program.fact(*input), node.outputs.first());
            passes
                && node.inputs.iter().skip(1).all(known)
                && matches!((from, to), (Ok(from), Some(to)) if !from.is_ref
                    && from.dtype == to.dtype && from.shape == to.shape && to.shape.is_known())
        });
        instead.push(same);
    }
    program.fetches.iter_mut().for_each(|fetch| *fetch = follow(*fetch, &instead));
}
