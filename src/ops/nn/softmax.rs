//! Softmax and LogSoftmax.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::softmax as kernels;
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, rules};
use crate::ops::math::{exp, reduce_sum_args};

/// `e^x` divided by its sum, along the last dimension. TF: `tf.nn.softmax`.
///
/// float32 or float64 with at least one dimension.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::softmax([[0.0, 0.0]]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.5, 0.5]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn softmax(logits: impl IntoTensor) -> Tensor {
    SOFTMAX.call([logits.into_arg()]).single()
}

/// The logarithm of [`softmax`], without its loss of precision. TF: `tf.nn.log_softmax`.
#[track_caller]
pub fn log_softmax(logits: impl IntoTensor) -> Tensor {
    LOG_SOFTMAX.call([logits.into_arg()]).single()
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

pub(super) static SOFTMAX: OpDef = OpDef {
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
    use crate::testing::OpTest;

    #[test]
    fn softmax_is_whole() {
        OpTest::new(|x| vec![softmax(x[0]), log_softmax(x[0])])
            .inputs([[[1.0f32, 2.0, 3.0], [1000.0, 1000.0, 1000.0]].into()])
            .expect([
                [[0.090_030_57f32, 0.244_728_48, 0.665_240_94], [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]].into(),
                [[-2.407_606f32, -1.407_606, -0.407_605_96], [-1.098_612_3, -1.098_612_3, -1.098_612_3]].into(),
            ])
            .run();
        OpTest::new(|x| vec![softmax(x[0]), log_softmax(x[0])])
            .inputs([[[0.5f32, -1.0], [0.25, 2.0]].into()])
            .differentiable(&[0])
            .run();
    }
}
