//! Reductions that are built of others: of logarithms, of differences, of what is not zero, and norms.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{reshape, shape_op, squeeze_args, stop_gradient, zeros_of};
use crate::ops::math::{
    ReduceArgs, abs, add_named, cast, exp, is_finite, log, not_equal, pow, reduce_max_args, reduce_mean_args,
    reduce_sum_args, sqrt, square, subtract, where_v2,
};
use crate::ops::scope::{Scope, refuse};
use crate::shape::{PartialShape, Shape};

/// The logarithm of the sum of `e` to the power of each element, without overflow on the way. TF: `tf.reduce_logsumexp`.
///
/// float32 or float64. Keyword arguments `axis` and `keepdims`.
///
/// ```
/// use flowstone as tf;
/// let y = tf::reduce_logsumexp([100.0, 100.0]);
/// let y = tf::Session()?.run(y, tf::feed_dict! {})?.item::<f32>()?;
/// assert!((y - 100.0 - 2f32.ln()).abs() < 1e-5);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn reduce_logsumexp(input: impl IntoTensor) -> Tensor {
    reduce_logsumexp_args(input).build()
}

/// [`reduce_logsumexp`] with keyword arguments.
pub fn reduce_logsumexp_args(input: impl IntoTensor) -> ReduceArgs {
    ReduceArgs::composed(input, log_sum_exp)
}

fn log_sum_exp(args: ReduceArgs) -> Tensor {
    let ReduceArgs { input, axis, keepdims, .. } = args;
    let scope = Scope::open(&[&input], "ReduceLogSumExp");
    let x = convert(input, "input_tensor", None);
    let largest = reduce_max_args(x).along(&axis).keepdims(true).build();
    let mut shift = stop_gradient(where_v2(is_finite(largest), largest, 0));
    let sum = reduce_sum_args(exp(subtract(x, shift))).along(&axis).keepdims(keepdims).build();
    let y = log(sum);
    if !keepdims {
        shift = reshape(shift, shape_op(y));
    }
    let y = add_named(y.into_arg(), shift.into_arg(), scope.itself());
    if axis.is_none() && !keepdims {
        y.set_shape(PartialShape::scalar());
    }
    y
}

/// The mean of the squares of differences from the mean. TF: `tf.math.reduce_variance`.
///
/// float32 or float64. Keyword arguments `axis` and `keepdims`.
#[track_caller]
pub fn reduce_variance(input: impl IntoTensor) -> Tensor {
    reduce_variance_args(input).build()
}

/// [`reduce_variance`] with keyword arguments.
pub fn reduce_variance_args(input: impl IntoTensor) -> ReduceArgs {
    ReduceArgs::composed(input, variance)
}

fn variance(args: ReduceArgs) -> Tensor {
    let ReduceArgs { input, axis, keepdims, .. } = args;
    let _scope = Scope::open(&[&input], "reduce_variance");
    let x = convert(input, "Const", None);
    if x.dtype().is_ok_and(|dtype| !dtype.is_floating()) {
        return refuse("reduce_variance", Error::invalid_argument("the variance of whole numbers"));
    }
    let mean = reduce_mean_args(x).along(&axis).keepdims(true).build();
    reduce_mean_args(square(x - mean)).along(&axis).keepdims(keepdims).build()
}

/// The square root of [`reduce_variance`]. TF: `tf.math.reduce_std`. Keyword arguments `axis` and `keepdims`.
#[track_caller]
pub fn reduce_std(input: impl IntoTensor) -> Tensor {
    reduce_std_args(input).build()
}

/// [`reduce_std`] with keyword arguments.
pub fn reduce_std_args(input: impl IntoTensor) -> ReduceArgs {
    ReduceArgs::composed(input, |mut args| {
        let _scope = Scope::open(&[&args.input], "reduce_std");
        args.input = Arg::Tensor(convert(args.input, "Const", None));
        sqrt(variance(args))
    })
}

/// How many elements are not 0, as int64. TF: `tf.count_nonzero`.
///
/// Numbers, bools or strings; those that are 0, false or empty do not count. Keyword arguments `axis`, `keepdims` and
/// `dtype`, another type for the counts. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::count_nonzero!([[1.0, 0.0], [2.0, 3.0]], axis = 1);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i64>()?, [1, 2]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn count_nonzero(input: impl IntoTensor) -> Tensor {
    count_nonzero_args(input).build()
}

/// [`count_nonzero`] with keyword arguments.
pub fn count_nonzero_args(input: impl IntoTensor) -> CountArgs {
    CountArgs { input: input.into_arg(), axis: None, keepdims: false, dtype: DType::Int64 }
}

/// A [`count_nonzero`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct CountArgs {
    input: Arg,
    axis: Option<Arg>,
    keepdims: bool,
    dtype: DType,
}

impl CountArgs {
    /// The dimensions that go; all if not said.
    pub fn axis(mut self, axis: impl IntoTensor) -> Self {
        self.axis = Some(axis.into_arg());
        self
    }

    /// Whether reduced dimensions stay, with size 1; they go if not said.
    pub fn keepdims(mut self, keepdims: bool) -> Self {
        self.keepdims = keepdims;
        self
    }

    /// The type of the counts; int64 if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// Builds the count.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let _scope = Scope::open(&[&self.input], "count_nonzero");
        let x = convert(self.input, "input", None);
        let counts = match x.dtype().unwrap_or(DType::Bool) {
            DType::Bool => x,
            dtype => not_equal(x, zeros_of(Shape::scalar(), dtype)),
        };
        let sum = reduce_sum_args(cast(counts, DType::Int64)).along(&self.axis).keepdims(self.keepdims);
        cast(sum.build(), self.dtype)
    }
}

/// The size of `tensor` as a vector: the square root of the sum of squares. TF: `tf.norm`.
///
/// float32 or float64. Keyword arguments: `ord`, the norm (2 if not said; 1 sums absolute values, infinity takes the
/// largest, any other `p` above 0 is the `p`-th root of the sum of `p`-th powers); `axis`, one dimension for vectors or
/// two for matrices, all as one vector if not said; and `keepdims`. For matrices the norm is Frobenius' if not said, 1
/// or infinity; it is an error to ask for others.
///
/// ```
/// use flowstone as tf;
/// let x = tf::constant([[3.0, 4.0], [0.0, -1.0]]);
/// let (all, rows) = (tf::norm!(x, axis = [1]), tf::norm!(x, ord = 1.0, axis = [1]));
/// let (all, rows) = tf::Session()?.run((all, rows), tf::feed_dict! {})?;
/// assert_eq!((all.as_slice::<f32>()?, rows.as_slice::<f32>()?), (&[5.0, 1.0][..], &[7.0, 1.0][..]));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn norm(tensor: impl IntoTensor) -> Tensor {
    norm_args(tensor).build()
}

/// [`norm`] with keyword arguments.
pub fn norm_args(tensor: impl IntoTensor) -> NormArgs {
    NormArgs { tensor: tensor.into_arg(), ord: None, axis: None, keepdims: false }
}

/// A [`norm`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct NormArgs {
    tensor: Arg,
    ord: Option<f64>,
    axis: Option<Vec<i64>>,
    keepdims: bool,
}

impl NormArgs {
    /// The norm; the Euclidean one if not said.
    pub fn ord(mut self, ord: f64) -> Self {
        self.ord = Some(ord);
        self
    }

    /// The one or two dimensions that go; all if not said.
    pub fn axis(mut self, axis: impl Into<Vec<i64>>) -> Self {
        self.axis = Some(axis.into());
        self
    }

    /// Whether reduced dimensions stay, with size 1; they go if not said.
    pub fn keepdims(mut self, keepdims: bool) -> Self {
        self.keepdims = keepdims;
        self
    }

    /// Builds the norm.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let axes = self.axis.as_ref().map(|axes| axes.iter().map(|&a| a as i32).collect::<Vec<i32>>());
        if let Err(error) = self.check() {
            return refuse("norm", error);
        }
        let _scope = Scope::open(&[&self.tensor], "norm");
        let x = convert(self.tensor, "Const", None);
        let axis = axes.clone().map(IntoTensor::into_arg);
        let one = |i: usize| axes.as_ref().and_then(|axes| axes.get(i)).map(|axis| axis.into_arg());
        let is_matrix = axes.as_ref().is_some_and(|axes| axes.len() == 2);
        let sum = |x: Tensor, axis: &Option<Arg>| reduce_sum_args(x).along(axis).keepdims(true).build();
        let max = |x: Tensor, axis: &Option<Arg>| reduce_max_args(x).along(axis).keepdims(true).build();
        let y = match self.ord {
            None | Some(2.0) => sqrt(sum(x * x, &axis)),
            Some(1.0) => {
                let sums = sum(abs(x), &one(0));
                if is_matrix { max(sums, &one(1)) } else { sums }
            }
            Some(f64::INFINITY) => {
                let sizes = abs(x);
                max(if is_matrix { sum(sizes, &one(1)) } else { sizes }, &one(0))
            }
            Some(ord) => pow(sum(pow(abs(x), ord), &axis), 1.0 / ord),
        };
        match self.axis {
            _ if self.keepdims => y,
            None => squeeze_args(y).build(),
            Some(axis) => squeeze_args(y).axis(axis).build(),
        }
    }

    fn check(&self) -> Result<()> {
        match (self.axis.as_deref(), self.ord) {
            (Some([_, _]), Some(2.0)) => Err(Error::unimplemented("the spectral norm of a matrix")),
            (Some([_, _]), None | Some(1.0 | f64::INFINITY)) => Ok(()),
            (None | Some([_]), None) => Ok(()),
            (None | Some([_]), Some(ord)) if ord > 0.0 => Ok(()),
            (axis, ord) => Err(Error::invalid_argument(format!("norm {ord:?} along axis {axis:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn composed_reductions_are_whole() {
        OpTest::new(|x| {
            vec![
                reduce_logsumexp(x[0]),
                reduce_logsumexp_args(x[0]).axis(1).keepdims(true).build(),
                reduce_variance(x[0]),
                reduce_std_args(x[0]).axis(0).build(),
            ]
        })
        .inputs([[[0.0f32, 1.0], [2.0, 5.0]].into()])
        .expect([
            Value::scalar(5.072_172_6f32),
            [[1.313_261_7f32], [5.048_587_3]].into(),
            Value::scalar(3.5f32),
            [1.0f32, 2.0].into(),
        ])
        .differentiable(&[0])
        .run();
        OpTest::new(|x| vec![count_nonzero(x[0]), count_nonzero_args(x[0]).axis(0).dtype(DType::Int32).build()])
            .inputs([[[0.0f32, 1.0], [0.0, 5.0]].into()])
            .expect([Value::scalar(2i64), [0i32, 2].into()])
            .run();
    }

    #[test]
    fn norms_are_whole() {
        for (ord, axis) in [
            (2.0, None),
            (1.0, None),
            (3.0, Some(vec![0])),
            (f64::INFINITY, Some(vec![1])),
            (1.0, Some(vec![0, 1])),
            (f64::INFINITY, Some(vec![0, 1])),
        ] {
            OpTest::new(|x| {
                let args = norm_args(x[0]).ord(ord);
                vec![if let Some(axis) = &axis { args.axis(axis.clone()).build() } else { args.build() }]
            })
            .inputs([[[0.5f32, -1.0], [2.0, 5.0]].into()])
            .differentiable(&[0])
            .run();
        }
        assert!(build_error(|| norm_args([1.0]).ord(-1.0).build()).contains("norm"));
        assert!(build_error(|| norm_args([[1.0]]).ord(2.0).axis([0, 1]).build()).contains("spectral"));
    }
}
