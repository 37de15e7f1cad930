//! Matrices in arrays: their shapes, and running a function for each.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::linalg::Matrix;
use crate::op::{InferCtx, Inputs, KernelCtx, broadcast_known};
use crate::ops::elementwise::pairs;
use crate::ops::math::{matmul_args, reciprocal};
use crate::shape::{Dim, PartialShape, Shape, merge_dims};
use crate::value::Value;

/// The shape of a stack of matrices: the outer dimensions, rows and columns.
pub(super) struct Stack {
    pub outer: Vec<Dim>,
    pub rows: Dim,
    pub cols: Dim,
}

impl Stack {
    /// The shape of input `i`; `None` if nothing is known of it.
    pub fn of(ctx: &InferCtx, i: usize) -> Result<Option<Stack>> {
        let shape = ctx.shape(i)?;
        match shape.dims() {
            None => Ok(None),
            Some([outer @ .., rows, cols]) => Ok(Some(Stack { outer: outer.to_vec(), rows: *rows, cols: *cols })),
            Some(_) => Err(Error::invalid_argument(format!("matrices have two dimensions at least, not {shape}"))),
        }
    }

    /// As [`of`](Stack::of), of square matrices.
    pub fn square(ctx: &InferCtx, i: usize) -> Result<Option<Stack>> {
        let Some(stack) = Stack::of(ctx, i)? else { return Ok(None) };
        let Some(n) = merge_dims(stack.rows, stack.cols) else {
            return Err(Error::invalid_argument(format!("matrices must be square, not {}", ctx.shape(i)?)));
        };
        Ok(Some(Stack { rows: n, cols: n, ..stack }))
    }

    /// The shape of a stack as large, of other things.
    pub fn with(&self, inner: &[Dim]) -> PartialShape {
        PartialShape::new(self.outer.iter().chain(inner).copied())
    }
}

/// All matrices of input `i`.
fn matrices(inputs: &Inputs, i: usize) -> Result<Vec<Matrix>> {
    let value = inputs.value(i)?;
    let [outer @ .., rows, cols] = value.shape().dims() else { return Err(Error::internal("not a matrix")) };
    let (count, size) = (outer.iter().product::<usize>(), rows * cols);
    let data = value.clone().convert(DType::Float64)?;
    let data = data.as_slice::<f64>()?;
    let matrix = |k: usize| Matrix { rows: *rows, cols: *cols, data: data[k * size..(k + 1) * size].to_vec() };
    Ok((0..count).map(matrix).collect())
}

/// Runs `f` for each matrix of input 0; it gives a piece of each output.
pub(super) fn for_each(ctx: &mut KernelCtx, f: &dyn Fn(&Matrix) -> Result<Vec<Vec<f64>>>) -> Result<()> {
    let pieces = matrices(&ctx.inputs, 0)?.iter().map(f).collect::<Result<Vec<_>>>()?;
    finish(ctx, pieces)
}

/// Runs `f` for each pair of matrices, broadcast; it gives a piece of the output.
pub(super) fn for_each_pair(ctx: &mut KernelCtx, f: &dyn Fn(&Matrix, &Matrix) -> Result<Matrix>) -> Result<()> {
    let (left, right) = (matrices(&ctx.inputs, 0)?, matrices(&ctx.inputs, 1)?);
    let outer = |i: usize| -> Result<Shape> {
        let shape = ctx.inputs.shape(i)?;
        Ok(shape[..shape.rank() - 2].iter().copied().collect())
    };
    let (a, b) = (outer(0)?, outer(1)?);
    let pieces = pairs(&a, &b, &broadcast_known(&a, &b)?).into_iter();
    let pieces = pieces.map(|(i, j)| Ok(vec![f(&left[i], &right[j])?.data])).collect::<Result<Vec<_>>>()?;
    finish(ctx, pieces)
}

/// Joins the pieces of each output.
fn finish(ctx: &mut KernelCtx, pieces: Vec<Vec<Vec<f64>>>) -> Result<()> {
    for (o, dtype) in ctx.node.output_types.iter().enumerate() {
        let all = pieces.iter().filter_map(|piece| piece.get(o)).flatten().copied().collect::<Vec<f64>>();
        let shape = ctx.outputs.shape(o)?.clone();
        ctx.outputs.set(o, Value::new(shape, all)?.convert(*dtype)?);
    }
    Ok(())
}

/// The product `a · b`, either of them transposed first.
pub(super) fn product(a: Tensor, a_transposed: bool, b: Tensor, b_transposed: bool) -> Tensor {
    matmul_args(a, b).transpose_a(a_transposed).transpose_b(b_transposed).build()
}

/// `1 / x`, and 0 where `x` is. TF: `_SafeReciprocal`.
pub(super) fn safe_reciprocal(x: Tensor) -> Tensor {
    x * reciprocal(x * x + 1e-20)
}
