//! From the user's graph to the program that a run executes, with all shapes that the feeds decide. The user's graph
//! is never changed.
//!
//! In order: [`prune`] keeps what the fetches need, [`Program::specialise`] infers shapes from the feeds, [`fold`]
//! computes what is known by then, and the rules of fusion follow, one file each.

mod fold;
mod program;
pub(crate) mod prune;

pub(crate) use program::{Program, ProgramNode, Source};

use crate::error::Result;

/// Rewrites a program into a faster one that computes the same.
pub(crate) fn optimize(program: &mut Program) -> Result<()> {
    fold::fold(program);
    program.sweep()
}
