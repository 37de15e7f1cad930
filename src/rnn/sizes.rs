//! How many sequences a batch has, and arrays of zeros for them.

use crate::dtype::DType;
use crate::graph::Tensor;
use crate::op::{IntoTensor, constant_integers, convert};
use crate::ops::array::{concat, expand_dims, item, shape, zeros_of_sizes};
use crate::shape::PartialShape;
use crate::value::Value;

/// How many sequences a batch has: a number, or a tensor that says so in each run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BatchSize {
    /// Known while building.
    Known(usize),
    /// Known when the graph is run: a single int32.
    Fed(Tensor),
}

impl From<usize> for BatchSize {
    fn from(size: usize) -> Self {
        BatchSize::Known(size)
    }
}

impl From<i32> for BatchSize {
    fn from(size: i32) -> Self {
        match usize::try_from(size) {
            Ok(size) => BatchSize::Known(size),
            // An error of the graph where it is used.
            Err(_) => BatchSize::Fed(convert(size.into_arg(), "batch_size", None)),
        }
    }
}

impl From<Tensor> for BatchSize {
    fn from(size: Tensor) -> Self {
        BatchSize::Fed(size)
    }
}

impl BatchSize {
    /// The size of dimension `axis` of `input`: as far as possible while building.
    pub(super) fn of(input: Tensor, axis: usize) -> Self {
        match input.shape().dim(axis) {
            Some(size) => BatchSize::Known(size),
            None => BatchSize::Fed(item(shape(input), axis as i32)),
        }
    }

    /// The number, if it is known while building.
    pub(super) fn known(self) -> Option<usize> {
        match self {
            BatchSize::Known(size) => Some(size),
            BatchSize::Fed(size) => usize::try_from(*constant_integers(size)?.first()?).ok(),
        }
    }

    /// It as a list of one.
    fn list(self) -> Tensor {
        match self {
            BatchSize::Known(size) => number_list(size),
            BatchSize::Fed(size) => expand_dims(size, 0),
        }
    }
}

/// A constant list of one size.
pub(super) fn number_list(size: usize) -> Tensor {
    let number = i32::try_from(size).unwrap_or(i32::MAX);
    convert(Value::vector(vec![number]).into_arg(), "Const", None)
}

/// Zeros [`batch`, `units`] of type `dtype`.
pub(super) fn zeros(batch: BatchSize, units: usize, dtype: DType) -> Tensor {
    let sizes = concat([batch.list(), number_list(units)], 0);
    zeros_of_sizes(sizes, dtype)
}

/// Zeros [`batch`, `units`] that a state starts with. TensorFlow asks for the sizes twice.
pub(super) fn zero_state(batch: BatchSize, units: usize, dtype: DType) -> Tensor {
    let zeros = zeros(batch, units, dtype);
    batch.list();
    number_list(units);
    if let Some(size) = batch.known() {
        zeros.set_shape(PartialShape::new([Some(size), Some(units)]));
    }
    zeros
}
