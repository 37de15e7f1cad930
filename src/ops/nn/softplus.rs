//! Softplus and Softsign, smooth rectifier and smooth sign; SoftplusGrad and SoftsignGrad.

use crate::graph::Tensor;
use crate::kernels::math::Real;
use crate::op::{Flags, Grad, IntoTensor, OpDef, Sig, rules};
use crate::ops::elementwise::{binary_kernel, unary_kernel};
use crate::ops::math::{exp, sigmoid};

/// `log(e^features + 1)`. TF: `tf.nn.softplus`.
///
/// float32 or float64 of any shape. The gradient is that of the output times the sigmoid.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::softplus([-1000.0, 1000.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 1000.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn softplus(features: impl IntoTensor) -> Tensor {
    SOFTPLUS.call([features.into_arg()]).single()
}

/// `features / (|features| + 1)`. TF: `tf.nn.softsign`.
///
/// float32 or float64 of any shape. The gradient is that of the output divided by `(|features| + 1)²`.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::softsign([-1.0, 0.0, 3.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [-0.5, 0.0, 0.75]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn softsign(features: impl IntoTensor) -> Tensor {
    SOFTSIGN.call([features.into_arg()]).single()
}

/// `log(1 + e)`, right where `e` is small too.
#[inline(always)]
fn log_one_plus<T: Real>(e: T) -> T {
    let sum = e.plus(T::ONE);
    let rounded = sum.minus(T::ONE);
    if rounded == T::ZERO { e } else { sum.ln().times(e.over(rounded)) }
}

pub(super) static SOFTPLUS: OpDef = OpDef {
    sig: Sig::new("Softplus(features: T) -> (activations: T) where T: floating"),
    infer: rules::same_shape,
    // Beyond 40 nothing is left to add.
    kernel: unary_kernel!(floats, T, |x: T| if x > 40.0 { x } else { log_one_plus(Real::exp(x)) }),
    grad: Grad::Rule(|g| Ok(vec![Some(g.dy(0) * sigmoid(g.x(0)))])),
    flags: Flags::ELEMENTWISE,
};

#[track_caller]
fn softplus_grad(gradients: Tensor, features: Tensor) -> Tensor {
    SOFTPLUS_GRAD.call([gradients.into_arg(), features.into_arg()]).single()
}

/// The dialect of older graphs: they differentiate Softplus with it.
pub(super) static SOFTPLUS_GRAD: OpDef = OpDef {
    sig: Sig::new("SoftplusGrad(gradients: T, features: T) -> (backprops: T) where T: floating"),
    infer: rules::all_alike,
    kernel: binary_kernel!(floats, T, |dy: T, x: T| dy / (Real::exp(-x) + 1.0)),
    grad: Grad::Rule(|g| {
        let (dy, x, ddx) = (g.x(0), g.x(1), g.dy(0));
        let _after = g.graph().control_dependencies(&[ddx.op()]);
        let ddy = softplus_grad(ddx, x);
        Ok(vec![Some(ddy), Some(ddx * dy / (exp(-x) + 2.0 + exp(x)))])
    }),
    flags: Flags::ELEMENTWISE,
};

pub(super) static SOFTSIGN: OpDef = OpDef {
    sig: Sig::new("Softsign(features: T) -> (activations: T) where T: floating"),
    infer: rules::same_shape,
    kernel: unary_kernel!(floats, T, |x: T| x / (x.abs() + 1.0)),
    grad: Grad::Rule(|g| Ok(vec![Some(SOFTSIGN_GRAD.call([g.dy(0).into_arg(), g.x(0).into_arg()]).single())])),
    flags: Flags::ELEMENTWISE,
};

pub(super) static SOFTSIGN_GRAD: OpDef = OpDef {
    sig: Sig::new("SoftsignGrad(gradients: T, features: T) -> (backprops: T) where T: floating"),
    infer: rules::all_alike,
    kernel: binary_kernel!(floats, T, |dy: T, x: T| {
        let divisor = x.abs() + 1.0;
        dy / (divisor * divisor)
    }),
    grad: Grad::Missing("TensorFlow has no second derivative of softsign"),
    flags: Flags::ELEMENTWISE,
};

#[cfg(test)]
mod tests {
    use std::f32::consts::LN_2;

    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn softplus_is_whole() {
        OpTest::new(|x| vec![softplus(x[0])])
            .inputs([[-100.0f32, -10.0, 0.0, 1.0, 100.0].into()])
            .expect([[0.0f32, 4.539_889_9e-5, LN_2, 1.313_261_7, 100.0].into()])
            .run();
        OpTest::new(|x| vec![softplus(x[0])]).inputs([[-1.5f32, 0.25, 2.0].into()]).differentiable(&[0]).run();
        OpTest::new(|x| vec![softplus_grad(x[0], x[1])])
            .inputs([[1.0f32, 2.0].into(), [0.0f32, 0.5].into()])
            .expect([[0.5f32, 1.244_918_7].into()])
            .differentiable(&[0, 1])
            .run();
    }

    #[test]
    fn softsign_is_whole() {
        OpTest::new(|x| vec![softsign(x[0])])
            .inputs([[-1.0f32, 0.0, 3.0].into()])
            .expect([[-0.5f32, 0.0, 0.75].into()])
            .run();
        OpTest::new(|x| {
            let y = softsign(x[0]);
            vec![crate::autodiff::gradients(y, x[0])[0].map_or(y, crate::op::Gradient::values)]
        })
        .inputs([[-1.0f32, 0.0, 3.0].into()])
        .expect([[0.25f32, 1.0, 0.0625].into()])
        .run();
    }
}
