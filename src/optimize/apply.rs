//! Steps of optimizers whose gradient is a product: computed some rows at a time and applied, it is never stored.

use smallvec::smallvec;

use super::program::{Program, ProgramNode, Reader, Readers, Rewrite, Source, new_output};
use super::report::Report;
use crate::graph::Attr;
use crate::ops::state::by_product;

const RULE: &str = "apply";

pub(crate) fn rewrites(program: &Program, report: &mut Report) -> Vec<Rewrite> {
    let readers = program.readers();
    (0..program.nodes.len() as u32).filter_map(|step| rewrite(program, &readers, step, report)).collect()
}

fn rewrite(program: &Program, readers: &Readers, step: u32, report: &mut Report) -> Option<Rewrite> {
    let node = &program.nodes[step as usize];
    let (op, grad) = by_product(node.op)?;
    let from = *node.inputs.get(grad)?;
    let product = from.node()?;
    let gradient = &program.nodes[product as usize];
    if !gradient.is("MatMul") {
        return None;
    }
    let mut refuse = |why: &str| {
        report.refused(RULE, &node.name, why);
        None
    };
    if readers.of(from) != [Reader::Input(step, grad as u32)] {
        return refuse("something else reads the gradient");
    }
    let &[a, b] = gradient.inputs.as_slice() else { return None };
    let elements = |source: Source| program.fact(source).ok().filter(|fact| !fact.is_ref)?.shape.num_elements();
    let (Some(a_len), Some(b_len), Some(len)) = (elements(a), elements(b), elements(from)) else {
        return refuse("the operands of the product are variables or of unknown shape");
    };
    // The operands must be kept until the step, and the gradient need not.
    if len <= a_len + b_len {
        return refuse("the gradient is smaller than what it is the product of");
    }
    let mut fused = ProgramNode { op, ..node.clone() };
    fused.inputs[grad] = a;
    fused.inputs.push(b);
    for name in ["transpose_a", "transpose_b"] {
        fused.attrs.insert(name.into(), gradient.attrs.get(name).cloned().unwrap_or(Attr::Bool(false)));
    }
    report.fired(RULE, &node.name, "MatMul, ".to_owned() + node.op.name());
    let outputs = (0..node.outputs.len() as u32).map(|o| (Source::Output(step, o), new_output(0, o)));
    Some(Rewrite { new: smallvec![fused], old: smallvec![(product, 0), (step, 0)], outputs: outputs.collect() })
}
