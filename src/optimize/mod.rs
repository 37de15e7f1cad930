//! From the user's graph to the program that a run executes, with all shapes that the feeds decide. The user's graph
//! is never changed.
//!
//! In order: [`prune`] keeps what the fetches need, [`Program::specialise`] infers shapes from the feeds, [`fold`]
//! computes what is known by then, [`clean`] takes out what only connects, and the rules of fusion follow, one file each.
//! A rule fires only where nothing else reads what it leaves out, so anything can still be fetched or fed.

mod apply;
mod blocks;
mod chain;
mod clean;
mod conv2d;
mod fold;
mod frames;
mod loops;
mod matmul;
mod program;
pub(crate) mod prune;
mod report;

pub(crate) use blocks::Blocks;
pub(crate) use frames::Frames;
pub(crate) use loops::{Carried, LOOP, LOOP_WITH_EFFECT, Loop};
pub(crate) use program::{Inner, Program, ProgramNode, Source};
pub(crate) use report::Report;

use std::sync::Arc;

use crate::error::Result;
use program::Rewrite;

/// Finds the places where a rule fires.
type Rule = fn(&Program, &mut Report) -> Vec<Rewrite>;

/// The rules of fusion, in order.
const RULES: &[Rule] = &[conv2d::rewrites, apply::rewrites, matmul::rewrites, chain::rewrites, blocks::rewrites];

/// Rewrites a program into a faster one that computes the same.
pub(crate) fn optimize(program: &mut Program) -> Result<Report> {
    let mut report = Report::default();
    for node in &mut program.nodes {
        if let Some(Inner::Loop(whole)) = &mut node.inner {
            report.0.extend(optimize(&mut Arc::make_mut(whole).program)?.0);
        }
    }
    fold::fold(program);
    clean::drop_controls(program);
    clean::bypass(program);
    program.sweep()?;
    for rule in RULES {
        let rewrites = rule(program, &mut report);
        for refused in program.apply(rewrites) {
            let name = refused.new.last().map_or_else(|| "".into(), |node| node.name.clone());
            report.refused("order", &name, "what it needs would wait for what it gives");
        }
    }
    Ok(report)
}
