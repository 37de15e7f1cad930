//! `_Chain`: elementwise operations after one another in one pass. Only plans hold it.

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::kernels::chain::Operand;
use crate::op::{ElementwiseKernel, Flags, Grad, Kernel, NodeInfo, OpDef, Sig};
use crate::shape::PartialShape;

/// The links by the names of their operations, and the operands of each in turn: `i` is the result of link `i`, `-1 - i`
/// is input `i`. An input is like the output, a single element, or rows of it.
pub(crate) static CHAIN: OpDef = OpDef {
    sig: Sig::new(
        "_Chain(inputs: N * T) -> (output: T) where N: int, T: number, links: list(string), operands: list(int)",
    ),
    infer: |ctx| {
        let mut output = PartialShape::scalar();
        for i in 0..ctx.len() {
            output = crate::op::broadcast(&output, ctx.shape(i)?)?;
        }
        ctx.set(0, output)
    },
    kernel: Kernel::Make(|node| ElementwiseKernel::chained(links(node)?)),
    grad: Grad::Stop("only plans hold it"),
    flags: Flags::PURE.all_row_by_row(),
};

fn links(node: &NodeInfo) -> Result<Vec<(ElementwiseKernel, SmallVec<[Operand; 2]>)>> {
    let dtype = node.dtype()?;
    let mut operands = node.attrs().ints("operands")?.iter().map(|&i| match usize::try_from(i) {
        Ok(link) => Operand::Link(link),
        Err(_) => Operand::Input(i.unsigned_abs() as usize - 1),
    });
    let link = |name: &str| {
        let op = crate::ops::lookup(name).ok_or_else(|| Error::internal(format!("a link called {name}")))?;
        let Kernel::Elementwise(make) = op.kernel else {
            return Err(Error::internal(format!("{name} cannot be a link")));
        };
        Ok((make(dtype)?, operands.by_ref().take(op.signature()?.inputs.len()).collect()))
    };
    node.attrs().strings("links")?.into_iter().map(link).collect()
}
