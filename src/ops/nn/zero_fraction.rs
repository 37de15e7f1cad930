//! `zero_fraction`: how much of a tensor is zero.

use crate::dtype::DType;
use crate::graph::Tensor;
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{IDENTITY, size_as, zeros_of};
use crate::ops::flow::cond;
use crate::ops::math::{cast, less_equal, not_equal, reduce_sum_args};
use crate::ops::scope::Scope;
use crate::shape::Shape;

/// The fraction of `value` that is zero, a float32. TF: `tf.nn.zero_fraction`.
///
/// Numbers, bools or strings of any shape; of no elements the fraction is NaN. No gradient.
///
/// ```
/// use flowstone as tf;
/// let sparsity = tf::nn::zero_fraction(tf::nn::relu([-1.0, 2.0, -3.0, 0.0]));
/// assert_eq!(tf::Session()?.run(sparsity, tf::feed_dict! {})?.item::<f32>()?, 0.75);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn zero_fraction(value: impl IntoTensor) -> Tensor {
    let value = value.into_arg();
    let scope = Scope::open(&[&value], "zero_fraction");
    let value = convert(value, "value", None);
    let size = size_as(value, DType::Int64);
    let few = less_equal(size, i64::from(i32::MAX));
    let many = || count_nonzero(value, DType::Int64);
    let others = cond(few, || cast(count_nonzero(value, DType::Int32), DType::Int64), many);
    let fraction = {
        let _scope = scope.graph().scope("counts_to_fraction");
        let zeros = cast(size - others, DType::Float32);
        zeros / cast(size, DType::Float32)
    };
    IDENTITY.call([fraction.into_arg()]).name("fraction").single()
}

/// How many elements are not zero, counted in `dtype`.
#[track_caller]
fn count_nonzero(value: Tensor, dtype: DType) -> Tensor {
    let _scope = Scope::open(&[&Arg::Tensor(value)], "count_nonzero");
    let zero = zeros_of(Shape::scalar(), value.dtype().unwrap_or(DType::Float32));
    reduce_sum_args(cast(not_equal(value, zero), dtype)).named("nonzero_count").build()
}
