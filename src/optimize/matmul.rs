//! Products with the bias and the activation behind them.

use smallvec::{SmallVec, smallvec};

use super::program::{Program, ProgramNode, Reader, Readers, Rewrite, Source, new_output};
use super::report::Report;
use crate::graph::Attr;
use crate::op::Kernel;
use crate::ops::math::fused_matmul::FUSED_MAT_MUL;

const RULE: &str = "matmul";

pub(crate) fn rewrites(program: &Program, report: &mut Report) -> Vec<Rewrite> {
    let readers = program.readers();
    let products = (0..program.nodes.len() as u32).filter(|&i| program.nodes[i as usize].is("MatMul"));
    products.filter_map(|product| rewrite(program, &readers, product, report)).collect()
}

fn rewrite(program: &Program, readers: &Readers, product: u32, report: &mut Report) -> Option<Rewrite> {
    let node = |i: u32| &program.nodes[i as usize];
    let name = &node(product).name;
    let floating = node(product).outputs.first().is_some_and(|fact| fact.dtype.is_floating() && fact.shape.is_known());
    if !floating || node(product).inputs.iter().any(|input| program.fact(*input).is_ok_and(|fact| fact.is_ref)) {
        report.refused(RULE, name, "its kernel takes floating-point values of known shape");
        return None;
    }
    let bias = next(program, readers, product, |i| bias_of(program, product, i).is_some());
    let activation = next(program, readers, bias.unwrap_or(product), |i| is_activation(node(i)));
    let Some(end) = activation.or(bias) else {
        report.refused(RULE, name, "no bias and no activation behind it that alone reads it");
        return None;
    };
    let mut inputs = node(product).inputs.clone();
    inputs.extend(bias.and_then(|bias| bias_of(program, product, bias)));
    let attr = |name: &str| node(product).attrs.get(name).cloned().unwrap_or(Attr::Bool(false));
    let attrs = [
        ("T", node(product).outputs[0].dtype.into()),
        ("transpose_a", attr("transpose_a")),
        ("transpose_b", attr("transpose_b")),
        ("biases", Attr::Int(i64::from(bias.is_some()))),
        ("activation", activation.map_or("", |i| node(i).op.name()).into()),
    ];
    let fused = ProgramNode {
        op: &FUSED_MAT_MUL,
        attrs: attrs.into_iter().map(|(name, attr)| (name.into(), attr)).collect(),
        inputs,
        outputs: node(product).outputs.clone(),
        ..node(end).clone()
    };
    let old: SmallVec<[u32; 4]> = [Some(product), bias, activation].into_iter().flatten().collect();
    let names: Vec<&str> = old.iter().map(|&i| node(i).op.name()).collect();
    report.fired(RULE, name, names.join(", "));
    Some(Rewrite {
        new: smallvec![fused],
        old: old.into_iter().map(|i| (i, 0)).collect(),
        outputs: smallvec![(Source::Output(end, 0), new_output(0, 0))],
    })
}

/// The node that alone reads the output of `i`, once, if it suits.
fn next(program: &Program, readers: &Readers, i: u32, suits: impl Fn(u32) -> bool) -> Option<u32> {
    match readers.of(Source::Output(i, 0)) {
        [Reader::Input(next, _)] if program.nodes[*next as usize].controls.is_empty() && suits(*next) => Some(*next),
        _ => None,
    }
}

/// What node `i` adds to each row of the product.
fn bias_of(program: &Program, product: u32, i: u32) -> Option<Source> {
    let node = &program.nodes[i as usize];
    if !(node.is("BiasAdd") || node.is("Add") || node.is("AddV2")) {
        return None;
    }
    let &[x, y] = node.inputs.as_slice() else { return None };
    let from = Source::Output(product, 0);
    let bias = if x == from { y } else { x };
    let (columns, fact) = (program.fact(from).ok()?.shape.dim(1)?, program.fact(bias).ok()?);
    let is_row = fact.shape.rank() == Some(1) && fact.shape.dim(0) == Some(columns) && !fact.is_ref;
    (bias != from && is_row).then_some(bias)
}

fn is_activation(node: &ProgramNode) -> bool {
    matches!(node.op.kernel, Kernel::Elementwise(_)) && node.inputs.len() == 1
}
