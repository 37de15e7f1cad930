//! ArgMax and ArgMin: where the largest and the smallest element stand.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, resolve_axis};
use crate::shape::PartialShape;
use crate::value::{Number, Value};

/// The index of the largest element along dimension `axis`, as int64; of several the first. TF: `tf.argmax`.
///
/// `axis` is an int32 or int64; keyword argument `output_type`: int32 instead of int64. It is an error of the run if the
/// dimension is empty. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::argmax([[1.0, 3.0, 2.0]], 1);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i64>()?, [1]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn argmax(input: impl IntoTensor, axis: impl IntoTensor) -> Tensor {
    argmax_args(input, axis).build()
}

/// [`argmax`] with the keyword argument `output_type`.
pub fn argmax_args(input: impl IntoTensor, axis: impl IntoTensor) -> ArgArgs {
    ArgArgs { op: &ARG_MAX, args: [input.into_arg(), axis.into_arg()], output_type: DType::Int64 }
}

/// The index of the smallest element along dimension `axis`, as int64; of several the first. TF: `tf.argmin`.
///
/// As [`argmax`] in all else.
#[track_caller]
pub fn argmin(input: impl IntoTensor, axis: impl IntoTensor) -> Tensor {
    argmin_args(input, axis).build()
}

/// [`argmin`] with the keyword argument `output_type`.
pub fn argmin_args(input: impl IntoTensor, axis: impl IntoTensor) -> ArgArgs {
    ArgArgs { op: &ARG_MIN, args: [input.into_arg(), axis.into_arg()], output_type: DType::Int64 }
}

/// An [`argmax`] or [`argmin`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct ArgArgs {
    op: &'static OpDef,
    args: [Arg; 2],
    output_type: DType,
}

impl ArgArgs {
    /// The type of the indices: int64 if not said, or int32.
    pub fn output_type(mut self, output_type: DType) -> Self {
        self.output_type = output_type;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        self.op.call(self.args).attr("output_type", self.output_type).single()
    }
}

fn infer(ctx: &mut InferCtx) -> Result<()> {
    let axis = ctx.known_integer(1)?;
    let Some(dims) = ctx.shape(0)?.dims() else { return ctx.set(0, PartialShape::unknown()) };
    let Some(axis) = axis else {
        let rank = dims.len().checked_sub(1).ok_or_else(|| Error::invalid_argument("a scalar has no dimension"))?;
        return ctx.set(0, PartialShape::unknown_of_rank(rank));
    };
    let axis = resolve_axis(axis, dims.len())?;
    let rest: Vec<_> = (0..dims.len()).filter(|&a| a != axis).map(|a| dims[a]).collect();
    ctx.set(0, PartialShape::new(rest))
}

/// The first index that no later element is `better` than.
fn run<T: Number>(ctx: &mut KernelCtx, better: fn(&T, &T) -> bool) -> Result<()> {
    let (n, inner) = sizes(ctx)?;
    let x = ctx.inputs.slice::<T>(0)?;
    let mut found = Vec::with_capacity(x.len() / n);
    for outer in x.chunks_exact((n * inner).max(1)) {
        for column in 0..inner {
            let mut best = 0;
            for i in 1..n {
                if better(&outer[i * inner + column], &outer[best * inner + column]) {
                    best = i;
                }
            }
            found.push(best as i64);
        }
    }
    give(ctx, found)
}

/// The size of the dimension, which is not empty, and of all behind it.
fn sizes(ctx: &KernelCtx) -> Result<(usize, usize)> {
    let shape = ctx.inputs.shape(0)?;
    let axis = ctx.inputs.value(1)?.integers()?.first().copied().unwrap_or_default();
    let axis = resolve_axis(axis, shape.rank())?;
    let n = shape[axis];
    if n == 0 {
        return Err(Error::invalid_argument(format!("dimension {axis} of shape {shape} is empty")));
    }
    Ok((n, shape[axis + 1..].iter().product()))
}

fn give(ctx: &mut KernelCtx, found: Vec<i64>) -> Result<()> {
    let out = ctx.outputs.shape(0)?.clone();
    let value = Value::new(out, found)?.convert(ctx.node.attrs().dtype("output_type").unwrap_or(DType::Int64))?;
    ctx.outputs.set(0, value);
    Ok(())
}

pub(super) static ARG_MAX: OpDef = OpDef {
    sig: Sig::new(
        "ArgMax(input: T, dimension: Tidx) -> (output: output_type) \
         where T: number, Tidx: index = int32, output_type: index = int64",
    ),
    infer,
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, numbers, T => run::<T>(ctx, |a, b| a > b))),
    grad: Grad::Stop("an index is not smooth"),
    flags: Flags::PURE.row_by_row(),
};

pub(super) static ARG_MIN: OpDef = OpDef {
    sig: Sig::new(
        "ArgMin(input: T, dimension: Tidx) -> (output: output_type) \
         where T: number, Tidx: index = int32, output_type: index = int64",
    ),
    infer,
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, numbers, T => run::<T>(ctx, |a, b| a < b))),
    grad: Grad::Stop("an index is not smooth"),
    flags: Flags::PURE.row_by_row(),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn arg_max_and_min_are_whole() {
        OpTest::new(|x| vec![argmax(x[0], 0), argmax(x[0], -1), argmin(x[0], 1)])
            .inputs([[[1.0f32, 5.0, 5.0], [7.0, 0.0, 5.0]].into()])
            .expect([[1i64, 0, 0].into(), [1i64, 0].into(), [0i64, 1].into()])
            .run();
    }
}
