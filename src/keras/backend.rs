//! What losses and metrics are made of.

use crate::dtype::DType;
use crate::graph::Tensor;
use crate::ops::array::{expand_dims, range};
use crate::ops::math::{cast, equal, maximum, minimum};

/// `x` with what lies outside of [`low`, `high`] moved to its ends. Keras: `K.clip`.
pub(super) fn clip(x: Tensor, low: f64, high: f64) -> Tensor {
    maximum(minimum(x, high), low)
}

/// The numbers of classes as rows of zeros with a one, as many as `predicted` has classes and of its type.
pub(super) fn one_hot(classes: Tensor, predicted: Tensor) -> Tensor {
    let count = predicted.rank().and_then(|rank| predicted.shape().dim(rank.checked_sub(1)?)).unwrap_or_default();
    let all = range(0, count as i32, 1);
    let rows = equal(expand_dims(cast(classes, DType::Int32), -1), all);
    cast(rows, predicted.dtype().unwrap_or(DType::Float32))
}
