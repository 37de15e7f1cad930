//! Large batches in blocks: where each row of a result follows from one row of what is fed, a run computes a block of
//! rows from end to end before it starts the next, so that what lies between never exists for the whole batch.

use std::collections::HashMap;
use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use super::program::{Inner, Program, ProgramNode, Reader, Rewrite, Source, new_output};
use super::report::Report;
use crate::error::{Error, Result};
use crate::graph::{Attrs, Fact};
use crate::op::{Flags, Grad, Kernel, OpDef, Rows, Sig};
use crate::shape::PartialShape;

const RULE: &str = "blocks";

/// Less than this between the nodes is not worth it.
const LEAST_BYTES: usize = 32 << 20;
/// What lies between two nodes of a block: less than the last cache holds.
const BLOCK_BYTES: usize = 8 << 20;
const FEWEST_ROWS: usize = 16;

/// Part of a program that runs once for each block of rows.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    /// The part for a whole block, and for the rows that are left.
    pub(crate) whole: Program,
    pub(crate) rest: Option<Program>,
    /// Which inputs come in blocks; the others come whole.
    pub(crate) split: Vec<bool>,
    pub(crate) rows: usize,
}

/// Stands for a [`Blocks`] in a program.
static BLOCKS: OpDef = OpDef {
    sig: Sig::new("_Blocks() -> ()"),
    infer: |_| Ok(()),
    kernel: Kernel::None("runs as a plan of its own"),
    grad: Grad::Stop("only plans hold it"),
    flags: Flags::HEAVY,
};

pub(crate) fn rewrites(program: &Program, report: &mut Report) -> Vec<Rewrite> {
    let Some(batch) = program.feeds.iter().filter_map(rows_of).max().filter(|&batch| batch >= 2 * FEWEST_ROWS) else {
        return Vec::new();
    };
    let region = Region::new(program, batch);
    let Some(&first) = region.nodes.first() else { return Vec::new() };
    let name = &program.nodes[first as usize].name;
    if region.inner_bytes(program) < LEAST_BYTES {
        return Vec::new();
    }
    match region.rewrite(program, batch) {
        Ok(rewrite) => {
            let count = region.nodes.len();
            report.fired(RULE, name, format!("{count} nodes run for some of the {batch} rows at a time"));
            vec![rewrite]
        }
        Err(why) => {
            report.refused(RULE, name, why.message());
            Vec::new()
        }
    }
}

fn rows_of(fact: &Fact) -> Option<usize> {
    fact.shape.dim(0)
}

fn bytes(fact: &Fact) -> usize {
    fact.shape.num_elements().unwrap_or(0).saturating_mul(fact.dtype.size())
}

/// The nodes whose rows follow from rows of what is fed.
struct Region {
    nodes: Vec<u32>,
    inside: Vec<bool>,
    /// What comes in, and whether in blocks.
    inputs: Vec<(Source, bool)>,
    outputs: Vec<Source>,
}

impl Region {
    fn new(program: &Program, batch: usize) -> Self {
        let mut region = Region {
            nodes: Vec::new(),
            inside: vec![false; program.nodes.len()],
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        // Nodes outside that wait for what is inside: reading them from inside would close a circle.
        let mut behind = vec![false; program.nodes.len()];
        for (i, node) in (0..).zip(&program.nodes) {
            let waits = node.needs().any(|before| behind[before as usize]);
            let splits = if waits { None } else { region.splits(program, node, batch) };
            behind[i as usize] =
                splits.is_none() && (waits || node.needs().any(|before| region.inside[before as usize]));
            if let Some(splits) = splits {
                for (source, split) in node.inputs.iter().zip(splits) {
                    let outside = source.node().is_none_or(|before| !region.inside[before as usize]);
                    if outside && !region.inputs.contains(&(*source, split)) {
                        region.inputs.push((*source, split));
                    }
                }
                region.inside[i as usize] = true;
                region.nodes.push(i);
            }
        }
        let readers = program.readers();
        for &i in &region.nodes {
            for output in 0..program.nodes[i as usize].outputs.len() as u32 {
                let source = Source::Output(i, output);
                let leaves = readers.of(source).iter().any(|reader| match reader {
                    Reader::Input(node, _) => !region.inside[*node as usize],
                    Reader::Fetch => true,
                });
                if leaves {
                    region.outputs.push(source);
                }
            }
        }
        region
    }

    /// Whether each input of `node` comes in blocks; `None` if the node does not belong here.
    fn splits(&self, program: &Program, node: &ProgramNode, batch: usize) -> Option<SmallVec<[bool; 4]>> {
        let in_rows = |source: &Source| match *source {
            Source::Feed(feed) => program.feeds.get(feed as usize).and_then(rows_of) == Some(batch),
            Source::Output(before, _) => self.inside[before as usize],
        };
        let output = node.outputs.first()?;
        // The rows of a list are its elements: what looks at whole rows would look at the whole batch.
        let is_list = |source: &Source| program.fact(*source).is_ok_and(|fact| fact.shape.rank() == Some(1));
        if node.op.flags.rows == Rows::OfFirst && node.inputs.first().is_none_or(is_list) {
            return None;
        }
        let fits = node.op.flags.rows != Rows::Mixed
            && node.controls.is_empty()
            && node.outputs.iter().all(|fact| rows_of(fact) == Some(batch) && fact.shape.is_known() && !fact.is_ref)
            && node.inputs.iter().any(in_rows);
        let splits = node.inputs.iter().enumerate().map(|(k, source)| {
            let fact = program.fact(*source).ok().filter(|fact| fact.shape.is_known() && !fact.is_ref)?;
            let like_output = rows_of(fact) == Some(batch) && fact.shape.rank() == output.shape.rank();
            match node.op.flags.rows {
                Rows::OfFirst => (in_rows(source) == (k == 0)).then_some(k == 0),
                Rows::OfAll => (like_output || !in_rows(source)).then_some(like_output),
                Rows::Mixed => None,
            }
        });
        if fits { splits.collect() } else { None }
    }

    /// The bytes of all that lies between the nodes.
    fn inner_bytes(&self, program: &Program) -> usize {
        self.inner(program).map(bytes).sum()
    }

    fn inner<'a>(&'a self, program: &'a Program) -> impl Iterator<Item = &'a Fact> {
        let facts =
            self.nodes.iter().flat_map(|&i| (0..).zip(&program.nodes[i as usize].outputs).map(move |(o, f)| (i, o, f)));
        facts.filter(|(i, o, _)| !self.outputs.contains(&Source::Output(*i, *o))).map(|(.., fact)| fact)
    }

    fn rewrite(&self, program: &Program, batch: usize) -> Result<Rewrite> {
        let largest = self.inner(program).map(|fact| bytes(fact) / batch).max().unwrap_or(1).max(1);
        let rows = rows_for(batch, BLOCK_BYTES / largest);
        let whole = self.part(program, rows)?;
        let rest = if batch.is_multiple_of(rows) { None } else { Some(self.part(program, batch % rows)?) };
        let split = self.inputs.iter().map(|(_, split)| *split).collect();
        let last = self.nodes.last().copied().unwrap_or_default();
        let node = ProgramNode {
            op: &BLOCKS,
            name: program.nodes[last as usize].name.clone(),
            attrs: Attrs::default(),
            inputs: self.inputs.iter().map(|(source, _)| *source).collect(),
            controls: Vec::new(),
            outputs: self.outputs.iter().map(|source| program.fact(*source).cloned()).collect::<Result<_>>()?,
            location: program.nodes[last as usize].location,
            inner: Some(Inner::Blocks(Arc::new(Blocks { whole, rest, split, rows }))),
            stands_for: Vec::new(),
        };
        Ok(Rewrite {
            new: smallvec![node],
            old: self.nodes.iter().map(|&i| (i, 0)).collect(),
            outputs: self.outputs.iter().zip(0..).map(|(source, o)| (*source, new_output(0, o))).collect(),
        })
    }

    /// The nodes as a program of their own, for `rows` rows.
    fn part(&self, program: &Program, rows: usize) -> Result<Program> {
        let feeds: HashMap<Source, u32> = self.inputs.iter().map(|(source, _)| *source).zip(0..).collect();
        let places: HashMap<u32, u32> = self.nodes.iter().copied().zip(0..).collect();
        let inner = |source: &Source| match (feeds.get(source), source) {
            (Some(&feed), _) => Ok(Source::Feed(feed)),
            (None, Source::Output(node, output)) => {
                places.get(node).map(|&node| Source::Output(node, *output)).ok_or(())
            }
            (None, Source::Feed(_)) => Err(()),
        };
        let inner = |source: &Source| inner(source).map_err(|()| Error::internal("a part reads what it does not get"));
        let in_rows = |fact: &Fact| {
            let dims = fact.shape.dims().unwrap_or_default();
            let dims = dims.iter().enumerate().map(|(axis, dim)| if axis == 0 { Some(rows) } else { *dim });
            Fact { integers: None, ..Fact { shape: PartialShape::new(dims), ..fact.clone() } }
        };
        let node = |&i: &u32| {
            let node = &program.nodes[i as usize];
            let inputs = node.inputs.iter().map(inner).collect::<Result<_>>()?;
            Ok(ProgramNode { inputs, outputs: node.outputs.iter().map(in_rows).collect(), ..node.clone() })
        };
        let fact = |(source, split): &(Source, bool)| {
            let fact = program.fact(*source)?;
            Ok(if *split { in_rows(fact) } else { fact.clone() })
        };
        let mut part = Program {
            nodes: self.nodes.iter().map(node).collect::<Result<_>>()?,
            feeds: self.inputs.iter().map(fact).collect::<Result<_>>()?,
            fetches: self.outputs.iter().map(inner).collect::<Result<_>>()?,
            targets: Vec::new(),
        };
        // An error where a shape does not follow the rows.
        part.specialise()?;
        Ok(part)
    }
}

/// How many rows a block has: near `wanted`, and a divisor of `batch` if there is one.
fn rows_for(batch: usize, wanted: usize) -> usize {
    let most = wanted.clamp(FEWEST_ROWS, batch);
    (most.div_ceil(2)..=most).rev().find(|rows| batch.is_multiple_of(*rows)).unwrap_or(most)
}
