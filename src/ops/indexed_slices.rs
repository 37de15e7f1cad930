//! Gradients for some rows of a tensor: joined, and made into the whole tensor.

use crate::graph::Tensor;
use crate::op::{Arg, Gradient, IndexedSlices, IntoTensor};
use crate::ops::array::{concat, item};
use crate::ops::math::unsorted_segment_sum;

/// The whole array that `slices` stand for.
#[track_caller]
pub(crate) fn whole(slices: IndexedSlices) -> Tensor {
    unsorted_segment_sum(slices.values, slices.indices, item(slices.dense_shape, 0))
}

/// All of `gradient`.
#[track_caller]
pub(crate) fn whole_gradient(gradient: Gradient) -> Tensor {
    match gradient {
        Gradient::Dense(tensor) => tensor,
        Gradient::Slices(slices) => whole(slices),
    }
}

/// The rows of all of `several`, which belong to arrays of one shape.
#[track_caller]
pub(crate) fn joined(several: &[IndexedSlices]) -> IndexedSlices {
    let part = |of: fn(&IndexedSlices) -> Tensor| concat(several.iter().map(of), 0);
    let (values, indices) = (part(|slices| slices.values), part(|slices| slices.indices));
    let dense_shape = several.first().map_or(values, |first| first.dense_shape);
    IndexedSlices { values, indices, dense_shape }
}

impl IntoTensor for Gradient {
    #[track_caller]
    fn into_arg(self) -> Arg {
        Arg::Tensor(whole_gradient(self))
    }
}

impl IntoTensor for IndexedSlices {
    #[track_caller]
    fn into_arg(self) -> Arg {
        Arg::Tensor(whole(self))
    }
}
