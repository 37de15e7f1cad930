//! Layers without memory: a matrix product, a bias, an activation.

use crate::graph::Tensor;
use crate::op::{IntoTensor, convert};
use crate::ops::math::{matmul, sigmoid};
use crate::ops::nn::bias::{BIAS_ADD, bias_add};
use crate::ops::nn::relu::RELU;
use crate::ops::scope::Scope;

/// `x · weights + biases`. TF: `tf.nn.xw_plus_b`.
///
/// Numbers of one type: `x` is [batch, in], `weights` [in, out], `biases` `[out]`.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::xw_plus_b([[1.0, 2.0]], [[3.0], [4.0]], [5.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [16.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn xw_plus_b(x: impl IntoTensor, weights: impl IntoTensor, biases: impl IntoTensor) -> Tensor {
    let args = [x.into_arg(), weights.into_arg(), biases.into_arg()];
    let scope = Scope::open(&args.each_ref(), "xw_plus_b");
    let [x, weights, biases] = args;
    let [x, weights, biases] =
        [convert(x, "x", None), convert(weights, "weights", None), convert(biases, "biases", None)];
    BIAS_ADD.call([matmul(x, weights), biases].map(IntoTensor::into_arg)).name(scope.itself()).single()
}

/// `relu(x · weights + biases)`. TF: `tf.nn.relu_layer`. As [`xw_plus_b`].
#[track_caller]
pub fn relu_layer(x: impl IntoTensor, weights: impl IntoTensor, biases: impl IntoTensor) -> Tensor {
    let args = [x.into_arg(), weights.into_arg(), biases.into_arg()];
    let scope = Scope::open(&args.each_ref(), "relu_layer");
    let [x, weights, biases] = args;
    let [x, weights, biases] =
        [convert(x, "x", None), convert(weights, "weights", None), convert(biases, "biases", None)];
    RELU.call([bias_add(matmul(x, weights), biases).into_arg()]).name(scope.itself()).single()
}

/// `features * sigmoid(features)`. TF: `tf.nn.swish`, `tf.nn.silu`. float32 or float64 of any shape.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::swish([0.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn swish(features: impl IntoTensor) -> Tensor {
    let features = convert(features.into_arg(), "features", None);
    features * sigmoid(features)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn layers_are_whole() {
        OpTest::new(|x| vec![xw_plus_b(x[0], x[1], x[2]), relu_layer(x[0], x[1], x[2])])
            .inputs([[[1.0f32, -2.0]].into(), [[3.0f32, 1.0], [4.0, 0.5]].into(), [1.0f32, 2.0].into()])
            .expect([[[-4.0f32, 2.0]].into(), [[0.0f32, 2.0]].into()])
            .differentiable(&[0, 1, 2])
            .run();
        let error = build_error(|| xw_plus_b([[1.0, 2.0]], [[3.0, 4.0]], [1.0, 2.0]));
        assert!(error.contains("MatMul"), "{error}");
    }

    #[test]
    fn swish_is_whole() {
        OpTest::new(|x| vec![swish(x[0])])
            .inputs([[-1.0f32, 0.0, 2.0].into()])
            .expect([[-0.268_941_43f32, 0.0, 1.761_594_2].into()])
            .differentiable(&[0])
            .run();
    }
}
