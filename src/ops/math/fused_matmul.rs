//! `_FusedMatMul`: a product with a bias and an activation before anything is stored. Only plans hold it.

use crate::dispatch;
use crate::error::Result;
use crate::kernels::gemm::{GemmElement, Post, gemm_post};
use crate::kernels::link::{Link, UnaryLoop};
use crate::op::{Flags, Grad, Kernel, KernelCtx, LinkElement, NodeInfo, OpDef, Sig};
use crate::ops::elementwise::kernel_fn;
use crate::ops::math::matmul::{infer_product, operands, transposed};
use crate::value::Element;

/// The bias is added to each row; the activation is the name of an elementwise operation, or none.
pub(crate) static FUSED_MAT_MUL: OpDef = OpDef {
    sig: Sig::new(
        "_FusedMatMul(a: T, b: T, bias: biases * T) -> (product: T) where T: floating, \
         transpose_a: bool, transpose_b: bool, biases: int, activation: string",
    ),
    infer: infer_product,
    kernel: Kernel::Make(|node| {
        let transposed = transposed(node.attrs())?;
        dispatch!(node.dtype()?, floats, T => {
            let activation = activation::<T>(node)?;
            kernel_fn(move |ctx| run::<T>(ctx, transposed, activation))
        })
    }),
    grad: Grad::Stop("only plans hold it"),
    flags: Flags::HEAVY.row_by_row(),
};

fn activation<T: LinkElement>(node: &NodeInfo) -> Result<Option<UnaryLoop<T>>> {
    let Some(op) = crate::ops::lookup(node.attrs().str("activation")?) else { return Ok(None) };
    let Kernel::Elementwise(make) = op.kernel else { return Ok(None) };
    match T::link(make(node.dtype()?)?) {
        Some(Link::Unary(activation)) => Ok(Some(activation)),
        _ => Ok(None),
    }
}

fn run<T: Element + GemmElement>(
    ctx: &mut KernelCtx,
    transposed: [bool; 2],
    activation: Option<UnaryLoop<T>>,
) -> Result<()> {
    let [a, b] = operands::<T>(&ctx.inputs, transposed)?;
    let bias = if ctx.inputs.len() > 2 { Some(ctx.inputs.slice(2)?) } else { None };
    gemm_post(a, b, ctx.outputs.slice(0)?, &Post { bias, activation });
    Ok(())
}
