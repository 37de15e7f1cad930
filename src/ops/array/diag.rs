//! Diag and DiagPart: an array as the diagonal of one with twice the dimensions.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, OpDef, Sig};
use crate::shape::PartialShape;
use crate::value::Number;

/// An array of shape `[…, …]` with `diagonal`, of shape `[…]`, on its diagonal and zero elsewhere. TF: `tf.diag`.
///
/// float32, float64, int32 or int64. The gradient is [`diag_part`].
///
/// ```
/// use flowstone as tf;
/// let y = tf::diag(tf::constant([1, 2]));
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 0, 0, 2]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn diag(diagonal: impl IntoTensor) -> Tensor {
    DIAG.call([diagonal.into_arg()]).single()
}

/// The diagonal of `input`, whose shape is some sizes twice. TF: `tf.diag_part`.
///
/// float32, float64, int32 or int64. The gradient is [`diag`].
#[track_caller]
pub fn diag_part(input: impl IntoTensor) -> Tensor {
    DIAG_PART.call([input.into_arg()]).single()
}

pub(super) static DIAG: OpDef = OpDef {
    sig: Sig::new("Diag(diagonal: T) -> (output: T) where T: signed"),
    infer: |ctx| {
        let Some(dims) = ctx.shape(0)?.dims() else { return ctx.set(0, PartialShape::unknown()) };
        if dims.is_empty() {
            return Err(Error::invalid_argument("a single number is no diagonal"));
        }
        ctx.set(0, PartialShape::new(dims.iter().chain(dims).copied()))
    },
    kernel: Kernel::Run(|ctx| {
        dispatch!(ctx.node.dtype()?, signed, T => {
            let out = ctx.outputs.slice::<T>(0)?;
            out.fill(T::ZERO);
            let diagonal = ctx.inputs.slice::<T>(0)?;
            out.iter_mut().step_by(diagonal.len() + 1).zip(diagonal).for_each(|(out, x)| *out = *x);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(diag_part(g.dy(0)))])),
    flags: Flags::PURE,
};

fn infer_part(ctx: &mut InferCtx) -> Result<()> {
    let shape = ctx.shape(0)?;
    let Some(dims) = shape.dims() else { return ctx.set(0, PartialShape::unknown()) };
    let (first, second) = dims.split_at(dims.len() / 2);
    let first = PartialShape::new(first.iter().copied());
    match first.merge(&PartialShape::new(second.iter().copied())).filter(|half| half.rank() > Some(0)) {
        Some(half) => ctx.set(0, half),
        None => Err(Error::invalid_argument(format!("shape {shape} is not some sizes twice"))),
    }
}

pub(super) static DIAG_PART: OpDef = OpDef {
    sig: Sig::new("DiagPart(input: T) -> (diagonal: T) where T: signed"),
    infer: infer_part,
    kernel: Kernel::Run(|ctx| {
        dispatch!(ctx.node.dtype()?, signed, T => {
            let diagonal = ctx.outputs.slice::<T>(0)?;
            let input = ctx.inputs.slice::<T>(0)?.iter().step_by(diagonal.len() + 1);
            diagonal.iter_mut().zip(input).for_each(|(out, x)| *out = *x);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(diag(g.dy(0)))])),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn diag_is_whole() {
        OpTest::new(|x| vec![diag(x[0]), diag_part(x[1])])
            .inputs([[1.0f32, 2.0].into(), [[1.0f32, 2.0], [3.0, 4.0]].into()])
            .expect([[[1.0f32, 0.0], [0.0, 2.0]].into(), [1.0f32, 4.0].into()])
            .differentiable(&[0, 1])
            .run();
        let cube = Value::new([1, 2, 1, 2], vec![1i64, 2, 3, 4]).unwrap_or(Value::scalar(0));
        OpTest::new(|x| vec![diag_part(x[0])]).inputs([cube]).expect([[[1i64, 4]].into()]).run();
        assert!(build_error(|| diag_part([[1, 2]])).contains("shape [1,2] is not some sizes twice"));
    }
}
