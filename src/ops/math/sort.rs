//! Numbers in order, and the places where they stood: built of TopKV2.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, IntoTensor, convert, resolve_axis};
use crate::ops::array::{constant_named, rank, shape, transpose_args};
use crate::ops::nn::top_k;
use crate::ops::scope::Scope;
use crate::value::Value;

/// The numbers of `values` in order along an axis. TF: `tf.sort`.
///
/// Numbers of at least one dimension. Keyword arguments `axis` (the last if not said) and `direction`: `"ASCENDING"` or
/// `"DESCENDING"`. An axis other than the last needs a known rank. The gradient goes where each number came from.
///
/// ```
/// use flowstone as tf;
/// let y = tf::sort!([3.0, 1.0, 2.0], direction = "DESCENDING");
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [3.0, 2.0, 1.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn sort(values: impl IntoTensor) -> Tensor {
    sort_args(values).build()
}

/// [`sort`] with keyword arguments.
pub fn sort_args(values: impl IntoTensor) -> SortArgs {
    SortArgs { values: values.into_arg(), axis: -1, direction: "ASCENDING".to_owned(), places: false }
}

/// Where in `values` the numbers stand that come first, second and so on, as int32. TF: `tf.argsort`.
///
/// As [`sort`]. Of equal numbers the first comes first, whether `stable` is said or not. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::argsort([3.0, 1.0, 2.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 2, 0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn argsort(values: impl IntoTensor) -> Tensor {
    argsort_args(values).build()
}

/// [`argsort`] with keyword arguments.
pub fn argsort_args(values: impl IntoTensor) -> SortArgs {
    SortArgs { places: true, ..sort_args(values) }
}

/// A [`sort`] or an [`argsort`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct SortArgs {
    values: Arg,
    axis: i32,
    direction: String,
    places: bool,
}

impl SortArgs {
    /// Along which axis; the last if not said.
    pub fn axis(mut self, axis: i32) -> Self {
        self.axis = axis;
        self
    }

    /// `"ASCENDING"`, which it is if not said, or `"DESCENDING"`.
    pub fn direction(mut self, direction: &str) -> Self {
        direction.clone_into(&mut self.direction);
        self
    }

    /// Whether equal numbers keep their order; they always do.
    pub fn stable(self, _: bool) -> Self {
        self
    }

    /// Builds the operations.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let scope = Scope::open(&[&self.values], if self.places { "argsort" } else { "sort" });
        let descending = match self.direction.as_str() {
            "ASCENDING" => false,
            "DESCENDING" => true,
            other => {
                return scope.fail(Error::invalid_argument(format!("the direction {other}: ASCENDING or DESCENDING")));
            }
        };
        let axis = self.axis;
        convert(axis.into_arg(), "axis", Some(DType::Int32));
        let values = convert(self.values, "values", None);
        let highest = match values.dtype() {
            Ok(DType::UInt8) => Highest::Byte,
            Ok(dtype) if dtype.is_integer() => Highest::BelowZero,
            _ => Highest::Zero,
        };
        let sorted = match descending {
            true => largest_first(values, axis, self.places),
            false => largest_first(highest.minus(values), axis, self.places),
        };
        match sorted {
            Ok(sorted) if descending || self.places => sorted,
            Ok(sorted) => highest.minus(sorted),
            Err(error) => scope.fail(error),
        }
    }
}

/// What numbers are subtracted from, so that the smallest become the largest.
#[derive(Clone, Copy)]
enum Highest {
    Zero,
    /// -1: the lowest whole number has no opposite.
    BelowZero,
    Byte,
}

impl Highest {
    #[track_caller]
    fn minus(self, x: Tensor) -> Tensor {
        match self {
            Highest::Zero => -x,
            Highest::BelowZero => -x - 1,
            Highest::Byte => 255 - x,
        }
    }
}

/// The numbers, or their places, with the largest first along `axis`.
#[track_caller]
fn largest_first(values: Tensor, axis: i32, places: bool) -> Result<Tensor> {
    let sizes = shape(values);
    let count = sizes.at(axis);
    rank(values);
    let last = match values.rank() {
        _ if axis == -1 => true,
        Some(rank) => resolve_axis(axis.into(), rank)? + 1 == rank,
        None => return Err(Error::unimplemented(format!("axis {axis} of values whose rank is not known"))),
    };
    let order = match values.rank() {
        Some(rank) if !last => {
            let mut order: Vec<i64> = (0..rank as i64).collect();
            order.swap(resolve_axis(axis.into(), rank)?, rank - 1);
            Some(constant_named(Value::vector(order), "transposition"))
        }
        _ => None,
    };
    let turned = |x: Tensor| order.map_or(x, |order| transpose_args(x).perm(order).build());
    let (largest, at) = top_k(turned(values), count);
    Ok(turned(if places { at } else { largest }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn sort_is_whole() {
        OpTest::new(|x| vec![sort(x[0]), argsort_args(x[0]).direction("DESCENDING").build()])
            .inputs([[[3.0f32, 1.0, 2.0], [-1.0, 0.5, 0.0]].into()])
            .expect([[[1.0f32, 2.0, 3.0], [-1.0, 0.0, 0.5]].into(), [[0i32, 2, 1], [1, 2, 0]].into()])
            .run();
        OpTest::new(|x| vec![sort(x[0])])
            .inputs([[3i32, i32::MIN, i32::MAX, -1].into()])
            .expect([[i32::MIN, -1, 3, i32::MAX].into()])
            .run();
        OpTest::new(|x| vec![sort(x[0])]).inputs([[0.5f32, -1.0, 2.0].into()]).differentiable(&[0]).run();
        let error = build_error(|| sort_args([1.0, 2.0]).direction("UP").build());
        assert!(error.contains("the direction UP"), "{error}");
        let error = build_error(|| sort_args([1.0, 2.0]).axis(1).build());
        assert!(error.contains("axis 1"), "{error}");
    }
}
