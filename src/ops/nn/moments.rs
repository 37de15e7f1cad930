//! Means and variances, and what is normalized with them or with a length: functions of several nodes.

use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, IntoTensor, convert, resolve_axis};
use crate::ops::array::{constant_of, gather, rank, shape, squeeze_args, stop_gradient, zeros_like};
use crate::ops::math::{
    RECIPROCAL, SUB, add_named, cast, div_no_nan, maximum, mul_named, multiply, reduce_mean_args, reduce_prod_args,
    reduce_sum_args, rsqrt, square, squared_difference, subtract,
};
use crate::ops::scope::Scope;

/// The mean and the variance (divided by n) along `axes`. TF: `tf.nn.moments(x, axes)`.
///
/// `x` is float32 or float64. Keyword argument `keepdims`: the dimensions stay, with size 1. The gradients are those of
/// the operations it is made of.
///
/// ```
/// use flowstone as tf;
/// let (mean, variance) = tf::nn::moments([[1.0, 4.0], [3.0, 8.0]], [0]);
/// let (mean, variance) = tf::Session()?.run((mean, variance), tf::feed_dict! {})?;
/// assert_eq!((mean.as_slice::<f32>()?, variance.as_slice::<f32>()?), (&[2.0, 6.0][..], &[1.0, 4.0][..]));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn moments<const N: usize>(x: impl IntoTensor, axes: [i64; N]) -> (Tensor, Tensor) {
    moments_args(x, axes).build()
}

/// [`moments`] with the keyword argument `keepdims`.
pub fn moments_args<const N: usize>(x: impl IntoTensor, axes: [i64; N]) -> MomentsArgs {
    MomentsArgs { x: x.into_arg(), axes: axes.to_vec(), weights: None, keepdims: false }
}

/// The mean and the variance along `axes`, where each number counts as often as `frequency_weights` says.
/// TF: `tf.nn.weighted_moments`.
///
/// `x` is float32 or float64; the weights are numbers that broadcast against it. Keyword argument `keepdims`. Where all
/// weights are 0 both are 0.
///
/// ```
/// use flowstone as tf;
/// let (mean, variance) = tf::nn::weighted_moments([1.0, 5.0], [0], [3.0, 1.0]);
/// let (mean, variance) = tf::Session()?.run((mean, variance), tf::feed_dict! {})?;
/// assert_eq!((mean.item::<f32>()?, variance.item::<f32>()?), (2.0, 3.0));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn weighted_moments<const N: usize>(
    x: impl IntoTensor,
    axes: [i64; N],
    frequency_weights: impl IntoTensor,
) -> (Tensor, Tensor) {
    weighted_moments_args(x, axes, frequency_weights).build()
}

/// [`weighted_moments`] with the keyword argument `keepdims`.
pub fn weighted_moments_args<const N: usize>(
    x: impl IntoTensor,
    axes: [i64; N],
    frequency_weights: impl IntoTensor,
) -> MomentsArgs {
    MomentsArgs { weights: Some(frequency_weights.into_arg()), ..moments_args(x, axes) }
}

/// Moments under construction: the keyword arguments of [`moments`] and [`weighted_moments`].
#[must_use = "nothing is built until `build` is called"]
pub struct MomentsArgs {
    x: Arg,
    axes: Vec<i64>,
    weights: Option<Arg>,
    keepdims: bool,
}

impl MomentsArgs {
    /// Whether the dimensions stay, with size 1; they go if not said.
    pub fn keepdims(mut self, keepdims: bool) -> Self {
        self.keepdims = keepdims;
        self
    }

    /// The same as [`keepdims`](MomentsArgs::keepdims), as TensorFlow called it first.
    pub fn keep_dims(self, keepdims: bool) -> Self {
        self.keepdims(keepdims)
    }

    /// Builds the mean and the variance.
    #[track_caller]
    pub fn build(self) -> (Tensor, Tensor) {
        let axes: Vec<i32> = self.axes.iter().map(|&axis| axis as i32).collect();
        let (mean, variance, _scope) = match self.weights {
            None => plain_moments(self.x, &axes),
            Some(weights) => of_weighted(self.x, weights, &axes),
        };
        let squeeze = |x: Tensor| if self.keepdims { x } else { squeeze_args(x).axis(self.axes.as_slice()).build() };
        (squeeze(mean), squeeze(variance))
    }
}

#[track_caller]
fn plain_moments(x: Arg, axes: &[i32]) -> (Tensor, Tensor, Scope) {
    let x = convert(x, "x", None);
    let scope = Scope::open(&[&x.into_arg()], "moments");
    let along = |x: Tensor, name: &'static str| reduce_mean_args(x).axis(axes).keepdims(true).named(name).build();
    let mean = along(x, "mean");
    let variance = along(squared_difference(x, stop_gradient(mean)), "variance");
    (mean, variance, scope)
}

#[track_caller]
fn of_weighted(x: Arg, weights: Arg, axes: &[i32]) -> (Tensor, Tensor, Scope) {
    let args = [x, weights];
    let scope = Scope::open(&args.each_ref(), "weighted_moments");
    let [x, weights] = args;
    let (x, weights) = (convert(x, "x", None), convert(weights, "frequency_weights", None));
    let weights = x.dtype().map_or(weights, |dtype| cast(weights, dtype));
    let along = |x: Tensor, name: &'static str| reduce_sum_args(x).axis(axes).keepdims(true).named(name).build();
    let sum = along(weights * x, "weighted_input_sum");
    let total = along(weights + zeros_like(x), "sum_of_weights");
    let mean = div_no_nan(sum, total);
    let distances = along(weights * squared_difference(x, mean), "weighted_distsq");
    (mean, div_no_nan(distances, total), scope)
}

/// What [`normalize_moments`] makes mean and variance of: how many numbers there are along `axes`, their sum and that of
/// their squares, and `shift`. TF: `tf.nn.sufficient_statistics`.
///
/// `x` is float32 or float64; `shift`, if there is one, is subtracted first: near the mean it keeps precision. Each of
/// `axes` is named once.
#[track_caller]
pub fn sufficient_statistics<const N: usize>(
    x: impl IntoTensor,
    axes: [i64; N],
    shift: Option<Tensor>,
) -> (Tensor, Tensor, Tensor, Option<Tensor>) {
    let x = x.into_arg();
    let scope = Scope::open(&[&x], "sufficient_statistics");
    let x = convert(x, "x", None);
    let counts = counts(&scope, x, &axes);
    let (sums, squares) = match shift {
        Some(shift) => (subtract(x, shift), squared_difference(x, shift)),
        None => (x, square(x)),
    };
    let list = axes.map(|axis| axis as i32);
    let along = |x: Tensor, name: &'static str| reduce_sum_args(x).axis(list).named(name).build();
    (counts, along(sums, "mean_ss"), along(squares, "var_ss"), shift)
}

/// How many numbers there are along `axes`, as one of the type of `x`.
#[track_caller]
fn counts(scope: &Scope, x: Tensor, axes: &[i64]) -> Tensor {
    let (shape_of_x, Ok(dtype)) = (x.shape(), x.dtype()) else { return x };
    let resolved = match shape_of_x.rank() {
        Some(rank) => axes.iter().map(|&axis| resolve_axis(axis, rank)).collect::<Result<Vec<usize>>>(),
        None => axes.iter().map(|&axis| usize::try_from(axis).map_err(|_| from_the_end())).collect(),
    };
    let axes = match resolved {
        Ok(axes) => axes,
        Err(error) => return scope.fail(error),
    };
    match axes.iter().map(|&axis| shape_of_x.dim(axis)).collect::<Option<Vec<usize>>>() {
        Some(sizes) => constant_of(sizes.iter().map(|&n| n as f64).product::<f64>(), dtype),
        None => {
            let axes: Vec<i32> = axes.iter().map(|&axis| axis as i32).collect();
            rank(x);
            reduce_prod_args(gather(cast(shape(x), dtype), axes)).named("count").build()
        }
    }
}

fn from_the_end() -> Error {
    Error::invalid_argument("an axis counted from the end, of an array whose number of dimensions is not known")
}

/// The mean and the variance that [`sufficient_statistics`] stand for. TF: `tf.nn.normalize_moments`.
///
/// ```
/// use flowstone as tf;
/// let (n, sum, squares, shift) = tf::nn::sufficient_statistics([1.0, 3.0], [0], None);
/// let (mean, variance) = tf::nn::normalize_moments(n, sum, squares, shift);
/// let (mean, variance) = tf::Session()?.run((mean, variance), tf::feed_dict! {})?;
/// assert_eq!((mean.item::<f32>()?, variance.item::<f32>()?), (2.0, 1.0));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn normalize_moments(
    counts: impl IntoTensor,
    mean_ss: impl IntoTensor,
    variance_ss: impl IntoTensor,
    shift: Option<Tensor>,
) -> (Tensor, Tensor) {
    let args = [counts.into_arg(), mean_ss.into_arg(), variance_ss.into_arg()];
    let _scope = Scope::open(&args.each_ref(), "normalize");
    let [counts, sums, squares] = args;
    let divisor = RECIPROCAL.call([counts]).name("divisor").single();
    let quotient = mul_named(sums, divisor.into_arg(), if shift.is_some() { "shifted_mean" } else { "mean" });
    let mean = shift.map_or(quotient, |shift| add_named(quotient.into_arg(), shift.into_arg(), "mean"));
    let terms = [multiply(squares, divisor), square(quotient)].map(IntoTensor::into_arg);
    let variance = SUB.call(terms).name("variance").single();
    (mean, variance)
}

/// `(x - mean) / sqrt(variance + epsilon) * scale + offset`. TF: `tf.nn.batch_normalization`.
///
/// float32 or float64, broadcast. Source: <https://arxiv.org/abs/1502.03167>.
#[track_caller]
pub fn batch_normalization(
    x: impl IntoTensor,
    mean: Tensor,
    variance: Tensor,
    offset: Option<Tensor>,
    scale: Option<Tensor>,
    variance_epsilon: f64,
) -> Tensor {
    let x = convert(x.into_arg(), "x", None);
    let _scope = Scope::open(&[&x.into_arg()], "batchnorm");
    let inverse = rsqrt(variance + variance_epsilon);
    let factor = scale.map_or(inverse, |scale| inverse * scale);
    let scaled = x * factor;
    scaled + offset.map_or_else(|| -mean * factor, |offset| offset - mean * factor)
}

/// As [`batch_normalization`], with TensorFlow's first order of arguments; without a scale if
/// `scale_after_normalization` is false. TF: `tf.nn.batch_norm_with_global_normalization`.
#[track_caller]
pub fn batch_norm_with_global_normalization(
    t: impl IntoTensor,
    m: Tensor,
    v: Tensor,
    beta: Tensor,
    gamma: Tensor,
    variance_epsilon: f64,
    scale_after_normalization: bool,
) -> Tensor {
    batch_normalization(t, m, v, Some(beta), scale_after_normalization.then_some(gamma), variance_epsilon)
}

/// `x` divided by its length along `axis`. TF: `tf.nn.l2_normalize(x, axis)`, once `dim`.
///
/// float32 or float64; `axis` is an int32 or int64 or a list of them. Keyword argument `epsilon` (1e-12 if not said), the
/// least that the square of a length counts for.
///
/// ```
/// use flowstone as tf;
/// let y = tf::nn::l2_normalize([3.0, 4.0], 0);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.6, 0.8]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn l2_normalize(x: impl IntoTensor, axis: impl IntoTensor) -> Tensor {
    l2_normalize_args(x, axis).build()
}

/// [`l2_normalize`] with the keyword argument `epsilon`.
pub fn l2_normalize_args(x: impl IntoTensor, axis: impl IntoTensor) -> L2NormalizeArgs {
    L2NormalizeArgs { x: x.into_arg(), axis: axis.into_arg(), epsilon: 1e-12 }
}

/// An [`l2_normalize`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct L2NormalizeArgs {
    x: Arg,
    axis: Arg,
    epsilon: f64,
}

impl L2NormalizeArgs {
    /// The least that the square of a length counts for; 1e-12 if not said.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let scope = Scope::open(&[&self.x], "l2_normalize");
        let x = convert(self.x, "x", None);
        let squares = reduce_sum_args(square(x)).axis(self.axis).keepdims(true).build();
        mul_named(x.into_arg(), rsqrt(maximum(squares, self.epsilon)).into_arg(), scope.itself())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    fn x() -> Value {
        [[1.0f32, 2.0], [3.0, 7.0], [4.0, 1.0]].into()
    }

    #[test]
    fn moments_are_whole() {
        OpTest::new(|x| {
            let (mean, variance) = moments(x[0], [0]);
            vec![mean, variance, batch_normalization(x[0], mean, variance, None, None, 0.01)]
        })
        .inputs([x()])
        .run();
        OpTest::new(|x| {
            let (mean, variance) = weighted_moments_args(x[0], [0], x[1]).keepdims(true).build();
            vec![mean, variance]
        })
        .inputs([x(), [[1.0f32], [0.0], [2.0]].into()])
        .expect([[[3.0f32, 4.0 / 3.0]].into(), [[2.0f32, 2.0 / 9.0]].into()])
        .run();
    }

    #[test]
    fn statistics_are_moments() {
        OpTest::new(|x| {
            let (n, sum, squares, shift) = sufficient_statistics(x[0], [0], Some(x[1]));
            let (mean, variance) = normalize_moments(n, sum, squares, shift);
            let (expected_mean, expected_variance) = moments(x[0], [0]);
            vec![mean - expected_mean, variance - expected_variance]
        })
        .inputs([x(), [2.0f32, 3.0].into()])
        .expect([[0.0f32, 0.0].into(), [0.0f32, 0.0].into()])
        .run();
        let error = build_error(|| sufficient_statistics([1.0, 2.0], [1], None).0);
        assert!(error.contains("axis 1 is not in [-1, 1)"), "{error}");
    }

    #[test]
    fn l2_normalize_is_whole() {
        OpTest::new(|x| vec![l2_normalize(x[0], 1)])
            .inputs([[[3.0f32, 4.0], [0.0, -2.0]].into()])
            .expect([[[0.6f32, 0.8], [0.0, -1.0]].into()])
            .differentiable(&[0])
            .run();
    }
}
