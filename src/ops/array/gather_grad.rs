//! The gradient of a gather along another dimension than the first, or with dimensions that both inputs share: transposed
//! so that the dimension comes first, added up, and transposed back.

use super::broadcast::ones_list;
use super::concat::concat_around;
use super::fill::full_of;
use super::range::range_named;
use super::{concat, expand_dims, gather, range, rank, reshape, shape, size, tile, transpose, zeros_of};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{GradCtx, IntoTensor};
use crate::ops::math::{cast, reduce_prod_args, unsorted_segment_sum};
use crate::shape::Shape;

/// How many leading dimensions the inputs of the gather share.
fn batch_dims(g: &GradCtx) -> Result<i32> {
    let batch = g.attrs().int("batch_dims")?;
    let rank = g.x(1).rank();
    let resolved = if batch < 0 { rank.map(|rank| batch + rank as i64) } else { Some(batch) };
    resolved.and_then(|batch| i32::try_from(batch).ok()).ok_or_else(|| {
        Error::invalid_argument(format!(
            "batch_dims {batch} of indices of unknown rank have no gradient: say it positively"
        ))
    })
}

/// The gradient to what was gathered.
pub(super) fn along_axis(g: &GradCtx) -> Result<Tensor> {
    let (params, indices, axis) = (g.x(0), g.x(1), g.x(2));
    let batch = batch_dims(g)?;
    let sizes = {
        let _near = g.graph().colocate_with(params.op());
        shape(params)
    };
    // TensorFlow asks for it here, for the case of the first dimension.
    expand_dims(size(indices), 0);
    let outer = sizes.at(..axis);
    let inner = sizes.at(axis..).at(1..);
    let values_shape = concat([outer.into_arg(), [-1].into_arg(), inner.into_arg()], 0);
    let (values_dims, axis_dims) = (size(values_shape), size(outer));
    let shared = range(0, batch, 1);
    let before = range(batch, axis_dims, 1);
    let after = range(axis_dims + 1, values_dims, 1);
    let values = reshape(g.dy(0), values_shape);
    let order = concat_around(&[shared], axis_dims, &[before, after]);
    let values = transpose(values, order);
    let sizes_in_order = gather(sizes, order);
    let count = sizes.at(axis);
    let summed = sum(values, indices, batch, sizes_in_order, count);
    let back = concat([shared.into_arg(), (before + 1).into_arg(), [batch].into_arg(), after.into_arg()], 0);
    let gradient = transpose(summed, back);
    Ok(reshape(gradient, shape(params)))
}

/// The slices of `values`, along the first dimension that is not shared, added up where `indices` says.
fn sum(values: Tensor, indices: Tensor, batch: i32, sizes: Tensor, count: Tensor) -> Tensor {
    let flat = expand_dims(size(indices), 0);
    if batch == 0 {
        return unsorted_segment_sum(values, reshape(indices, flat), count);
    }
    let values_shape = shape(values);
    let outer = values_shape.at(..batch);
    let inner = values_shape.at(batch..).at(1..);
    let batches = reduce_prod_args(outer).axis([0]).build();
    let flat_shape = concat([[-1].into_arg(), inner.into_arg()], 0);
    let count = count * batches;
    let indices = indices_across(indices, batch, sizes);
    let values = reshape(values, flat_shape);
    let summed = unsorted_segment_sum(values, reshape(indices, flat), count);
    reshape(summed, concat([outer, flat_shape], 0))
}

/// Indices into all shared dimensions as one, with what comes before each of them.
fn indices_across(indices: Tensor, batch: i32, sizes: Tensor) -> Tensor {
    let dtype = indices.dtype().unwrap_or(DType::Int32);
    let sizes = cast(sizes, dtype);
    let one = || full_of(Shape::scalar(), 1, dtype, "ones");
    let mut across = indices;
    let mut step = one();
    for dim in (1..=batch).rev() {
        let n = sizes.at(dim - 1);
        step = step * sizes.at(dim);
        let (start, delta) = (zeros_of(Shape::scalar(), dtype), one());
        let starts = range_named(start.into_arg(), n.into_arg(), delta.into_arg(), "range") * step;
        let front = tile([1], [dim - 1]);
        let back = ones_list(rank(indices) - dim);
        across = across + reshape(starts, concat_around(&[front], n, &[back]));
    }
    across
}
