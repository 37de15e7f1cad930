//! L2Loss: half the sum of squares.

use crate::dispatch;
use crate::graph::Tensor;
use crate::op::{Flags, Grad, IntoTensor, Kernel, OpDef, Sig};
use crate::shape::PartialShape;
use crate::value::Number;

/// Half the sum of all squares, `sum(t^2) / 2`. TF: `tf.nn.l2_loss`.
///
/// `t` is float32 or float64 of any shape. The gradient is `t`.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::l2_loss([1.0, 2.0, 3.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.item::<f32>()?, 7.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn l2_loss(t: impl IntoTensor) -> Tensor {
    L2_LOSS.call([t.into_arg()]).single()
}

pub(super) static L2_LOSS: OpDef = OpDef {
    sig: Sig::new("L2Loss(t: T) -> (output: T) where T: floating"),
    infer: |ctx| ctx.set(0, PartialShape::scalar()),
    kernel: Kernel::Run(|ctx| {
        dispatch!(ctx.node.dtype()?, floats, T => {
            let squares = ctx.inputs.slice::<T>(0)?.iter().map(|x| x.to_f64() * x.to_f64());
            let sum: f64 = squares.sum();
            ctx.outputs.slice::<T>(0)?[0] = T::from_f64(sum / 2.0);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(g.x(0) * g.dy(0))])),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;
    use crate::value::Value;

    #[test]
    fn l2_loss_is_whole() {
        OpTest::new(|x| vec![l2_loss(x[0])])
            .inputs([[[1.0f32, 2.0], [0.5, -1.0]].into()])
            .expect([Value::scalar(3.125f32)])
            .differentiable(&[0])
            .run();
    }
}
