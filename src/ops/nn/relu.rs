//! Relu: `max(features, 0)`, elementwise; and ReluGrad.

use crate::graph::Tensor;
use crate::op::{Flags, Grad, IntoTensor, OpDef, Sig, rules};
use crate::ops::elementwise::{binary_kernel, unary_kernel};
use crate::value::Number;

/// Rectified linear unit: `max(features, 0)`. TF: `tf.nn.relu`.
///
/// Takes numbers of any shape and gives the same type and shape. NaN stays NaN. The gradient is that of the output
/// where `features > 0`, and 0 elsewhere.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::relu([-1.0, 0.0, 2.0]);
/// let sess = tf::Session()?;
/// assert_eq!(sess.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 0.0, 2.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn relu(features: impl IntoTensor) -> Tensor {
    RELU.call([features.into_arg()]).single()
}

#[track_caller]
fn relu_grad(gradients: impl IntoTensor, features: impl IntoTensor) -> Tensor {
    RELU_GRAD.call([gradients.into_arg(), features.into_arg()]).single()
}

pub(super) static RELU: OpDef = OpDef {
    sig: Sig::new("Relu(features: T) -> (activations: T) where T: real"),
    infer: rules::same_shape,
    kernel: unary_kernel!(numbers, T, |x: T| if x > T::ZERO || x.is_nan() { x } else { T::ZERO }),
    grad: Grad::Rule(|g| Ok(vec![Some(relu_grad(g.dy(0), g.y(0)))])),
    flags: Flags::ELEMENTWISE,
};

pub(super) static RELU_GRAD: OpDef = OpDef {
    sig: Sig::new("ReluGrad(gradients: T, features: T) -> (backprops: T) where T: real"),
    infer: rules::all_alike,
    kernel: binary_kernel!(numbers, T, |dy: T, y: T| if y > T::ZERO { dy } else { T::ZERO }),
    grad: Grad::Rule(|g| Ok(vec![Some(relu_grad(g.dy(0), g.x(1))), Some(crate::ops::array::zeros_like(g.x(1)))])),
    flags: Flags::ELEMENTWISE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn relu_is_whole() {
        OpTest::new(|x| vec![relu(x[0])])
            .inputs([[-1.0f32, 0.5, 2.0].into()])
            .expect([[0.0f32, 0.5, 2.0].into()])
            .differentiable(&[0])
            .run();
        OpTest::new(|x| vec![relu(x[0])]).inputs([[-3i32, 0, 3].into()]).expect([[0i32, 0, 3].into()]).run();
    }

    #[test]
    fn relu_grad_is_whole() {
        OpTest::new(|x| vec![relu_grad(x[0], x[1])])
            .inputs([[1.0f32, 2.0, 3.0].into(), [-1.0f32, 0.5, 2.0].into()])
            .expect([[0.0f32, 2.0, 3.0].into()])
            .differentiable(&[0])
            .run();
    }
}
