//! A loop as one node of a program, which holds a program of its own: one iteration.

use smallvec::SmallVec;

use super::program::Program;
use crate::error::{Error, Result};
use crate::graph::Fact;
use crate::op::{Flags, Grad, Kernel, OpDef, Sig};
use crate::shape::PartialShape;

/// Stands for a [`Loop`] in a program.
pub(crate) static LOOP: OpDef = OpDef {
    sig: Sig::new("_Loop() -> ()"),
    infer: |_| Ok(()),
    kernel: Kernel::None("runs as a plan of its own"),
    grad: Grad::Stop("only plans hold it"),
    flags: Flags::STATEFUL,
};

/// The same, for one that changes what others can see.
pub(crate) static LOOP_WITH_EFFECT: OpDef = OpDef {
    sig: Sig::new("_LoopWithEffect() -> ()"),
    infer: |_| Ok(()),
    kernel: Kernel::None("runs as a plan of its own"),
    grad: Grad::Stop("only plans hold it"),
    flags: Flags::EFFECT,
};

/// What is fed in an iteration.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Carried {
    /// This input of the loop.
    Always(u32),
    /// This input in the first iteration; after that it is dead.
    Once(u32),
    /// The input `first` in the first iteration; after that, what the one before gave as its fetch `next`.
    On {
        /// The input.
        first: u32,
        /// The fetch.
        next: u32,
    },
    /// 0 in the first iteration, 1 after that.
    Which,
}

/// A loop: its program runs again and again as long as anything goes on to the next iteration.
#[derive(Clone, Debug)]
pub(crate) struct Loop {
    /// One iteration. Its first fetches go on to the next one, the others leave the loop.
    pub(crate) program: Program,
    /// Where each feed of the program comes from.
    pub(crate) feeds: Vec<Carried>,
    /// How many fetches go on.
    pub(crate) carried: usize,
    /// Which inputs are variables themselves.
    pub(crate) refs: Vec<bool>,
}

/// More rounds than this are not needed: each forgets a size at least.
const MOST_ROUNDS: usize = 1000;

impl Loop {
    /// Infers shapes for these inputs, as far as all iterations share them. What is known of the outputs.
    pub(crate) fn specialise(&mut self, inputs: &[Fact]) -> Result<SmallVec<[Fact; 1]>> {
        let input = |i: u32| inputs.get(i as usize).ok_or_else(|| Error::internal("a loop lacks an input"));
        for (fact, how) in self.program.feeds.iter_mut().zip(&self.feeds) {
            let (Carried::Always(i) | Carried::Once(i) | Carried::On { first: i, .. }) = *how else { continue };
            let given = input(i)?;
            // Integers may be others in the next iteration.
            let integers = if matches!(how, Carried::Always(_)) { given.integers.clone() } else { None };
            *fact = Fact { is_ref: fact.is_ref, integers, ..given.clone() };
        }
        for _ in 0..MOST_ROUNDS {
            let mut program = self.program.clone();
            program.specialise()?;
            let mut same = true;
            for (fact, how) in self.program.feeds.iter_mut().zip(&self.feeds) {
                let Carried::On { next, .. } = *how else { continue };
                let next = program.fetches.get(next as usize).map(|source| program.fact(*source));
                let next = next.ok_or_else(|| Error::internal("a loop lacks what goes on"))??;
                let shape = shared(&fact.shape, &next.shape);
                same &= shape == fact.shape;
                fact.shape = shape;
            }
            if same {
                let leaving = program.fetches.iter().skip(self.carried).map(|source| {
                    let fact = program.fact(*source)?;
                    Ok(Fact { integers: None, ..fact.clone() })
                });
                let leaving = leaving.collect::<Result<_>>()?;
                self.program = program;
                return Ok(leaving);
            }
        }
        Err(Error::internal("the shapes of a loop do not settle"))
    }
}

/// What two shapes have in common.
fn shared(a: &PartialShape, b: &PartialShape) -> PartialShape {
    match (a.dims(), b.dims()) {
        (Some(a), Some(b)) if a.len() == b.len() => {
            PartialShape::new(a.iter().zip(b).map(|(a, b)| if a == b { *a } else { None }))
        }
        _ => PartialShape::unknown(),
    }
}
