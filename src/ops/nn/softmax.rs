//! Softmax and LogSoftmax.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::{Tensor, built_at, here};
use crate::kernels::softmax as kernels;
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert, resolve_axis, rules};
use crate::ops::array::{CONCAT_V2, packed, range, rank, transpose};
use crate::ops::math::{exp, reduce_sum_args, subtract};
use crate::ops::scope::{Scope, refuse};
use crate::value::Literal;

/// `e^x` divided by its sum, along the last dimension. TF: `tf.nn.softmax`.
///
/// float32 or float64 with at least one dimension. Keyword argument `axis`, once `dim`, another dimension, for which the rank
/// must be known.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::softmax([[0.0, 0.0]]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.5, 0.5]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn softmax(logits: impl IntoTensor) -> Tensor {
    softmax_args(logits).build()
}

/// [`softmax`] with the keyword argument `axis`.
pub fn softmax_args(logits: impl IntoTensor) -> SoftmaxArgs {
    SoftmaxArgs { op: &SOFTMAX, logits: logits.into_arg(), axis: -1 }
}

/// The logarithm of [`softmax`], without its loss of precision. TF: `tf.nn.log_softmax`.
#[track_caller]
pub fn log_softmax(logits: impl IntoTensor) -> Tensor {
    log_softmax_args(logits).build()
}

/// [`log_softmax`] with the keyword argument `axis`.
pub fn log_softmax_args(logits: impl IntoTensor) -> SoftmaxArgs {
    SoftmaxArgs { op: &LOG_SOFTMAX, ..softmax_args(logits) }
}

/// A [`softmax`] or its logarithm under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct SoftmaxArgs {
    op: &'static OpDef,
    logits: Arg,
    axis: i64,
}

impl SoftmaxArgs {
    /// The dimension along which it goes; the last if not said, negative ones count from the end.
    pub fn axis(mut self, axis: i64) -> Self {
        self.axis = axis;
        self
    }

    /// The same as [`axis`](SoftmaxArgs::axis), as TensorFlow called it first.
    pub fn dim(self, axis: i64) -> Self {
        self.axis(axis)
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        if self.axis == -1 {
            return self.op.call([self.logits]).single();
        }
        let _line = built_at(here());
        let logits = convert(self.logits, "Const", None);
        let shape = logits.shape();
        let ranked = shape.rank().ok_or_else(|| Error::invalid_argument("an axis of logits of unknown rank"));
        match ranked.and_then(|n| resolve_axis(self.axis, n).map(|axis| (axis, n))) {
            Err(error) => refuse("softmax", error),
            Ok((axis, n)) if self.axis >= 0 && axis + 1 == n => self.op.call([logits.into_arg()]).single(),
            Ok((_, n)) => {
                let own = rank(logits);
                let axis: Arg = match self.axis {
                    axis if axis < 0 => (axis as i32 + own).into_arg(),
                    axis => (axis as i32).into_arg(),
                };
                let all = rank(logits);
                let axis = axis.tensor().map_or(axis, |axis| (axis % n as i32).into_arg());
                let last = swapped(logits, axis.clone(), subtract(all, 1));
                let result = swapped(self.op.call([last.into_arg()]).single(), axis, subtract(all, 1));
                result.set_shape(shape);
                result
            }
        }
    }
}

/// `x` with two dimensions swapped, as TensorFlow builds it.
#[track_caller]
fn swapped(x: Tensor, axis: Arg, last: Tensor) -> Tensor {
    let next: Arg = match (&axis, axis.tensor()) {
        (_, Some(axis)) => (axis + 1).into_arg(),
        (Arg::Literal(Ok(literal)), None) => {
            let number = literal.clone().resolve(None).and_then(|value| value.item::<i32>()).unwrap_or(0);
            (number + 1).into_arg()
        }
        _ => axis.clone(),
    };
    let (before, between) = (range(0, axis.clone(), 1), range(next, last, 1));
    let scope = Scope::open(&[&x.into_arg()], "concat");
    let last = packed(vec![last.into_arg()], "values_1");
    let axis = match axis.tensor() {
        Some(axis) => packed(vec![axis.into_arg()], "values_3"),
        None => as_list(axis, "values_3"),
    };
    let perm = Arg::list([before, last, between, axis]);
    let perm = CONCAT_V2.call([perm, 0.into_arg()]).name(scope.itself()).single();
    drop(scope);
    transpose(x, perm)
}

/// A list of the one whole number `arg`, as a constant.
#[track_caller]
fn as_list(arg: Arg, name: &str) -> Tensor {
    let Arg::Literal(Ok(literal)) = arg else { return convert(arg, name, None) };
    let list = literal.resolve(None).and_then(|value| value.reshaped([1]));
    convert(Arg::Literal(list.map(Literal::firm)), name, None)
}

fn infer(ctx: &mut InferCtx) -> Result<()> {
    if ctx.shape(0)?.rank() == Some(0) {
        return Err(Error::invalid_argument("logits must have at least one dimension"));
    }
    rules::same_shape(ctx)
}

fn last_size(ctx: &KernelCtx) -> Result<usize> {
    Ok(ctx.inputs.shape(0)?.last().copied().unwrap_or(1).max(1))
}

pub(crate) static SOFTMAX: OpDef = OpDef {
    sig: Sig::new("Softmax(logits: T) -> (softmax: T) where T: floating"),
    infer,
    kernel: Kernel::Run(|ctx| {
        let n = last_size(ctx)?;
        dispatch!(ctx.node.dtype()?, floats, T => {
            kernels::softmax::<T>(ctx.inputs.slice(0)?, n, ctx.outputs.slice(0)?);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let (y, dy) = (g.y(0), g.dy(0));
        let sum = reduce_sum_args(dy * y).axis(-1).keepdims(true).build();
        Ok(vec![Some((dy - sum) * y)])
    }),
    flags: Flags::PURE.row_by_row(),
};

pub(super) static LOG_SOFTMAX: OpDef = OpDef {
    sig: Sig::new("LogSoftmax(logits: T) -> (logsoftmax: T) where T: floating"),
    infer,
    kernel: Kernel::Run(|ctx| {
        let n = last_size(ctx)?;
        dispatch!(ctx.node.dtype()?, floats, T => {
            kernels::log_softmax::<T>(ctx.inputs.slice(0)?, n, ctx.outputs.slice(0)?);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let (y, dy) = (g.y(0), g.dy(0));
        let softmax = exp(y);
        let sum = reduce_sum_args(dy).axis(-1).keepdims(true).build();
        Ok(vec![Some(dy - sum * softmax)])
    }),
    flags: Flags::PURE.row_by_row(),
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::LN_2;

    use crate::testing::{OpTest, build_error};

    #[test]
    fn softmax_is_whole() {
        OpTest::new(|x| vec![softmax(x[0]), log_softmax(x[0])])
            .inputs([[[1.0f32, 2.0, 3.0], [1000.0, 1000.0, 1000.0]].into()])
            .expect([
                [[0.090_030_57f32, 0.244_728_48, 0.665_240_94], [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]].into(),
                [[-2.407_606f32, -1.407_606, -0.407_605_96], [-1.098_612_3, -1.098_612_3, -1.098_612_3]].into(),
            ])
            .run();
        OpTest::new(|x| vec![softmax_args(x[0]).axis(0).build(), log_softmax_args(x[0]).axis(-2).build()])
            .inputs([[[0.0f32, -1.0], [0.0, -1.0]].into()])
            .constants(&[0])
            .expect([[[0.5f32, 0.5], [0.5, 0.5]].into(), [[-LN_2, -LN_2], [-LN_2, -LN_2]].into()])
            .run();
        assert!(build_error(|| softmax_args([1.0, 2.0]).axis(1).build()).contains("axis 1 is not in"));
        OpTest::new(|x| vec![softmax(x[0]), log_softmax(x[0])])
            .inputs([[[0.5f32, -1.0], [0.25, 2.0]].into()])
            .differentiable(&[0])
            .run();
    }
}
