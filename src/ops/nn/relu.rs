//! Relu, `max(features, 0)`, and Relu6, which stops at 6; ReluGrad and Relu6Grad.

use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, IntoTensor, OpDef, Sig, convert, rules};
use crate::ops::array::{CONCAT_V2, zeros_like};
use crate::ops::elementwise::{binary_kernel, unary_kernel};
use crate::ops::scope::Scope;
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

/// `min(max(features, 0), 6)`. TF: `tf.nn.relu6`.
///
/// Takes numbers of any shape and gives the same type and shape. The gradient is that of the output between 0 and 6, and
/// 0 elsewhere.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::relu6([-1.0, 2.0, 8.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 2.0, 6.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn relu6(features: impl IntoTensor) -> Tensor {
    let features = features.into_arg();
    let scope = Scope::open(&[&features], "Relu6");
    RELU_6.call([convert(features, "features", None).into_arg()]).name(scope.itself()).single()
}

/// The positive part and the negative part side by side, along the last dimension. TF: `tf.nn.crelu`.
///
/// Takes signed numbers of at least one dimension; the last one is twice as large in the result.
/// Source: <https://arxiv.org/abs/1603.05201>.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::crelu([-1.0, 2.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 2.0, 1.0, 0.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn crelu(features: impl IntoTensor) -> Tensor {
    let features = features.into_arg();
    let scope = Scope::open(&[&features], "CRelu");
    let features = convert(features, "features", None);
    let both = [Arg::list([features, -features]), (-1).into_arg()];
    relu(CONCAT_V2.call(both).name(scope.itself()).single())
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
    grad: Grad::Rule(|g| Ok(vec![Some(relu_grad(g.dy(0), g.x(1))), Some(zeros_like(g.x(1)))])),
    flags: Flags::ELEMENTWISE,
};

#[track_caller]
fn relu6_grad(gradients: Tensor, features: Tensor) -> Tensor {
    RELU_6_GRAD.call([gradients.into_arg(), features.into_arg()]).single()
}

pub(super) static RELU_6: OpDef = OpDef {
    sig: Sig::new("Relu6(features: T) -> (activations: T) where T: real"),
    infer: rules::same_shape,
    kernel: unary_kernel!(numbers, T, |x: T| {
        let six = T::from_usize(6);
        if x > six {
            six
        } else if x > T::ZERO || x.is_nan() {
            x
        } else {
            T::ZERO
        }
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(relu6_grad(g.dy(0), g.y(0)))])),
    flags: Flags::ELEMENTWISE,
};

pub(super) static RELU_6_GRAD: OpDef = OpDef {
    sig: Sig::new("Relu6Grad(gradients: T, features: T) -> (backprops: T) where T: real"),
    infer: rules::all_alike,
    kernel: binary_kernel!(numbers, T, |dy: T, y: T| if y > T::ZERO && y < T::from_usize(6) { dy } else { T::ZERO }),
    grad: Grad::Rule(|g| Ok(vec![Some(relu6_grad(g.dy(0), g.x(1))), Some(zeros_like(g.x(1)))])),
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
    fn relu6_is_whole() {
        OpTest::new(|x| vec![relu6(x[0]), crelu(x[0])])
            .inputs([[-1.0f32, 0.5, 7.0].into()])
            .expect([[0.0f32, 0.5, 6.0].into(), [0.0f32, 0.5, 7.0, 1.0, 0.0, 0.0].into()])
            .differentiable(&[0])
            .run();
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
