//! Elu and Selu, exponential below zero; EluGrad and SeluGrad.

use crate::error::Result;
use crate::graph::Tensor;
use crate::kernels::math::Real;
use crate::op::{Flags, Grad, GradCtx, IntoTensor, OpDef, Sig, rules};
use crate::ops::array::zeros_like;
use crate::ops::elementwise::{binary_kernel, unary_kernel};
use crate::ops::math::{less, select};
use crate::value::Number;

/// `features` where they are not negative, `e^features - 1` elsewhere. TF: `tf.nn.elu`.
///
/// float32 or float64 of any shape. The gradient is that of the output, times `e^features` where they are negative.
/// Source: <https://arxiv.org/abs/1511.07289>.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::elu([0.0, 2.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 2.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn elu(features: impl IntoTensor) -> Tensor {
    ELU.call([features.into_arg()]).single()
}

/// [`elu`] scaled such that mean 0 and variance 1 stay what they are from layer to layer. TF: `tf.nn.selu`.
///
/// float32 or float64 of any shape: `scale * features` where they are not negative, `scale * alpha * (e^features - 1)`
/// elsewhere. Source: <https://arxiv.org/abs/1706.02515>.
#[track_caller]
pub fn selu(features: impl IntoTensor) -> Tensor {
    SELU.call([features.into_arg()]).single()
}

const SCALE: f64 = 1.050_700_987_355_480_5;
const SCALE_ALPHA: f64 = 1.758_099_340_847_376_9;

/// The second derivative: through the gradient, and through the output where it is negative.
fn second(g: &GradCtx, op: &'static OpDef) -> Result<Vec<Option<Tensor>>> {
    let (dy, y, ddx) = (g.x(0), g.x(1), g.dy(0));
    let ddy = op.call([ddx.into_arg(), y.into_arg()]).single();
    Ok(vec![Some(ddy), Some(select(less(y, 0.0), ddx * dy, zeros_like(y)))])
}

pub(super) static ELU: OpDef = OpDef {
    sig: Sig::new("Elu(features: T) -> (activations: T) where T: floating"),
    infer: rules::same_shape,
    kernel: unary_kernel!(floats, T, |x: T| if x < 0.0 { Real::exp_m1(x) } else { x }),
    grad: Grad::Rule(|g| Ok(vec![Some(ELU_GRAD.call([g.dy(0).into_arg(), g.y(0).into_arg()]).single())])),
    flags: Flags::ELEMENTWISE,
};

pub(super) static ELU_GRAD: OpDef = OpDef {
    sig: Sig::new("EluGrad(gradients: T, outputs: T) -> (backprops: T) where T: floating"),
    infer: rules::all_alike,
    kernel: binary_kernel!(floats, T, |dy: T, y: T| if y < 0.0 { (y + 1.0) * dy } else { dy }),
    grad: Grad::Rule(|g| second(g, &ELU_GRAD)),
    flags: Flags::ELEMENTWISE,
};

pub(super) static SELU: OpDef = OpDef {
    sig: Sig::new("Selu(features: T) -> (activations: T) where T: floating"),
    infer: rules::same_shape,
    kernel: unary_kernel!(floats, T, |x: T| {
        if x < 0.0 { T::from_f64(SCALE_ALPHA) * Real::exp_m1(x) } else { T::from_f64(SCALE) * x }
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(SELU_GRAD.call([g.dy(0).into_arg(), g.y(0).into_arg()]).single())])),
    flags: Flags::ELEMENTWISE,
};

pub(super) static SELU_GRAD: OpDef = OpDef {
    sig: Sig::new("SeluGrad(gradients: T, outputs: T) -> (backprops: T) where T: floating"),
    infer: rules::all_alike,
    kernel: binary_kernel!(floats, T, |dy: T, y: T| {
        if y < 0.0 { dy * (y + T::from_f64(SCALE_ALPHA)) } else { dy * T::from_f64(SCALE) }
    }),
    grad: Grad::Rule(|g| second(g, &SELU_GRAD)),
    flags: Flags::ELEMENTWISE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn elu_and_selu_are_whole() {
        OpTest::new(|x| vec![elu(x[0]), selu(x[0])])
            .inputs([[-1.0f32, 0.0, 2.0].into()])
            .expect([[-0.632_120_56f32, 0.0, 2.0].into(), [-1.111_330_7f32, 0.0, 2.101_402].into()])
            .run();
        OpTest::new(|x| vec![elu(x[0]), selu(x[0])])
            .inputs([[-1.5f32, -0.25, 0.5, 2.0].into()])
            .differentiable(&[0])
            .run();
    }
}
