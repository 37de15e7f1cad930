//! Gradients for some rows of a tensor: joined, and made into the whole tensor.

use crate::dtype::DType;
use crate::graph::{Graph, Tensor};
use crate::op::{Arg, Gradient, IndexedSlices, IntoTensor};
use crate::ops::array::{concat, item, range, shape_op};
use crate::ops::math::{ADD_N, UNSORTED_SEGMENT_SUM, cast, unsorted_segment_sum};

/// The whole array that `slices` stand for.
#[track_caller]
pub(crate) fn whole(slices: IndexedSlices) -> Tensor {
    unsorted_segment_sum(slices.values, slices.indices, item(slices.dense_shape, 0))
}

/// The sum of several gradients, some for some rows and some for all.
#[track_caller]
pub(crate) fn added(graph: &Graph, several: &[Gradient]) -> Tensor {
    let scope = graph.scope_name("AddN");
    let _scope = graph.scope(&format!("{scope}/"));
    let whole = |(i, gradient): (usize, &Gradient)| match gradient {
        Gradient::Dense(tensor) => *tensor,
        Gradient::Slices(slices) => {
            let count = item(slices.dense_shape, 0);
            let args = [slices.values.into_arg(), slices.indices.into_arg(), count.into_arg()];
            UNSORTED_SEGMENT_SUM.call(args).name(format!("inputs_{i}")).single()
        }
    };
    let terms: Vec<Tensor> = several.iter().enumerate().map(whole).collect();
    ADD_N.call([Arg::list(terms)]).name(format!("{scope}/")).single()
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
    let several = with_like_indices(several.to_vec());
    let part = |of: fn(&IndexedSlices) -> Tensor| concat(several.iter().map(of), 0);
    let (values, indices) = (part(|slices| slices.values), part(|slices| slices.indices));
    let dense_shape = several.first().map_or(values, |first| first.dense_shape);
    IndexedSlices { values, indices, dense_shape }
}

/// Each of `gradients` as rows, all with indices of one type: one that is for all of an array is all its rows.
#[track_caller]
pub(crate) fn of_all_rows(gradients: &[Gradient]) -> Vec<IndexedSlices> {
    let rows = |gradient: &Gradient| match *gradient {
        Gradient::Slices(slices) => slices,
        Gradient::Dense(values) => {
            let dense_shape = shape_op(values);
            IndexedSlices { values, indices: range(0, item(dense_shape, 0), 1), dense_shape }
        }
    };
    with_like_indices(gradients.iter().map(rows).collect())
}

/// The same rows with indices of one type.
#[track_caller]
fn with_like_indices(mut all: Vec<IndexedSlices>) -> Vec<IndexedSlices> {
    let narrow = |slices: &IndexedSlices| slices.indices.dtype().is_ok_and(|dtype| dtype == DType::Int32);
    if all.iter().any(narrow) && !all.iter().all(narrow) {
        for slices in all.iter_mut().filter(|slices| narrow(slices)) {
            slices.indices = cast(slices.indices, DType::Int64);
        }
    }
    all
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
