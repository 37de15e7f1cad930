//! Elementwise operations after one another become one pass over the elements.

use smallvec::{SmallVec, smallvec};

use super::program::{Program, ProgramNode, Reader, Readers, Rewrite, Source, new_output};
use super::report::Report;
use crate::graph::{Attr, AttrList};
use crate::op::Kernel;
use crate::ops::math::chain::CHAIN;
use crate::shape::Shape;

const RULE: &str = "chain";

pub(crate) fn rewrites(program: &Program, report: &mut Report) -> Vec<Rewrite> {
    let readers = program.readers();
    let links: Vec<bool> = program.nodes.iter().map(|node| can_be_link(program, node)).collect();
    // Each link that has a link behind it belongs to that one's chain.
    let mut chain_of: Vec<Option<u32>> = vec![None; links.len()];
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); links.len()];
    for i in (0..links.len() as u32).rev().filter(|&i| links[i as usize]) {
        let end = next(program, &readers, &links, i).and_then(|next| chain_of[next as usize]).unwrap_or(i);
        chain_of[i as usize] = Some(end);
        members[end as usize].push(i);
    }
    let mut rewrites = Vec::new();
    for (end, mut chain) in members.into_iter().enumerate() {
        if chain.is_empty() {
            continue;
        }
        let name = &program.nodes[end].name;
        if chain.len() == 1 {
            report.refused(RULE, name, "no link in front of it that only it reads");
            continue;
        }
        chain.reverse();
        report.fired(RULE, name, format!("{} operations in one pass", chain.len()));
        rewrites.push(rewrite(program, &chain));
    }
    rewrites
}

/// The shape of the node's output, if it is known.
fn shape(node: &ProgramNode) -> Option<Shape> {
    node.outputs.first()?.shape.known()
}

/// Whether a chain can run `node`: elementwise, with inputs like the output, single elements, or rows of it.
fn can_be_link(program: &Program, node: &ProgramNode) -> bool {
    let Kernel::Elementwise(make) = node.op.kernel else { return false };
    let (Some(output), Some(fact)) = (shape(node), node.outputs.first()) else { return false };
    let fits = |source: &Source| {
        let Ok(input) = program.fact(*source) else { return false };
        let Some(shape) = input.shape.known() else { return false };
        !input.is_ref && input.dtype == fact.dtype && repeats(&shape, &output)
    };
    make(fact.dtype).is_ok() && node.controls.is_empty() && node.inputs.iter().all(fits)
}

/// Whether an array of shape `part`, over and over again, is one of shape `whole` as broadcasting means it.
fn repeats(part: &Shape, whole: &Shape) -> bool {
    let first = part.iter().position(|&n| n != 1).unwrap_or(part.rank());
    let core = &part[first..];
    whole.ends_with(core) && part.rank() <= whole.rank() && !whole.contains(&0)
}

/// The link that alone reads the output of link `i` and has an output of the same shape.
fn next(program: &Program, readers: &Readers, links: &[bool], i: u32) -> Option<u32> {
    let all = readers.of(Source::Output(i, 0));
    let Some(Reader::Input(next, _)) = all.first().copied() else { return None };
    let only = all.iter().all(|reader| matches!(reader, Reader::Input(node, _) if *node == next));
    let same = shape(&program.nodes[next as usize]) == shape(&program.nodes[i as usize]);
    (only && links[next as usize] && same).then_some(next)
}

fn rewrite(program: &Program, chain: &[u32]) -> Rewrite {
    let end = &program.nodes[chain[chain.len() - 1] as usize];
    let mut inputs: SmallVec<[Source; 4]> = SmallVec::new();
    let mut operands = Vec::new();
    let mut links = Vec::new();
    for &i in chain {
        let node = &program.nodes[i as usize];
        links.push(std::sync::Arc::from(node.op.name().as_bytes()));
        for source in &node.inputs {
            let link = source.node().and_then(|node| chain.binary_search(&node).ok());
            operands.push(link.map_or_else(
                || {
                    let known = inputs.iter().position(|input| input == source);
                    let place = known.unwrap_or(inputs.len());
                    if known.is_none() {
                        inputs.push(*source);
                    }
                    -1 - place as i64
                },
                |link| link as i64,
            ));
        }
    }
    let dtype = end.outputs[0].dtype;
    let attrs = [
        ("N", Attr::Int(inputs.len() as i64)),
        ("T", dtype.into()),
        ("links", Attr::List(AttrList::Str(links))),
        ("operands", operands.into()),
    ];
    let node = ProgramNode {
        op: &CHAIN,
        attrs: attrs.into_iter().map(|(name, attr)| (name.into(), attr)).collect(),
        inputs,
        ..end.clone()
    };
    Rewrite {
        new: smallvec![node],
        old: chain.iter().map(|&i| (i, 0)).collect(),
        outputs: smallvec![(Source::Output(chain[chain.len() - 1], 0), new_output(0, 0))],
    }
}
