//! Gradients: how they flow back through an operation.

use super::{Arg, AttrReader, IntoTensor};
use crate::error::Result;
use crate::graph::{Attrs, Graph, Operation, Tensor};

/// How gradients flow back through an operation.
pub enum Grad {
    /// The gradients to the inputs, built with the same functions that users call.
    Rule(fn(&GradCtx) -> Result<Vec<Option<Tensor>>>),
    /// The same, where a gradient may be for some rows of an input only.
    Rows(fn(&GradCtx) -> Result<Vec<Option<Gradient>>>),
    /// Gradients end here without a word, as in TensorFlow: the outputs do not depend on the inputs smoothly, or the
    /// inputs are not numbers. The text says why.
    Stop(&'static str),
    /// Asking for a gradient through this operation is an error. The text says why.
    Missing(&'static str),
}

/// A gradient: for all of a tensor, or for some of its rows.
///
/// Where a tensor is wanted it stands for all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gradient {
    /// As large as the tensor.
    Dense(Tensor),
    /// For some rows; zero for the others.
    Slices(IndexedSlices),
}

/// Rows of an array that is zero elsewhere, added up where one occurs twice. TF: `tf.IndexedSlices`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndexedSlices {
    /// The rows.
    pub values: Tensor,
    /// Which rows of the array they are: a list of int32 or int64.
    pub indices: Tensor,
    /// The shape of the array: a list of int32 or int64.
    pub dense_shape: Tensor,
}

impl From<Tensor> for Gradient {
    fn from(tensor: Tensor) -> Self {
        Gradient::Dense(tensor)
    }
}

impl From<IndexedSlices> for Gradient {
    fn from(slices: IndexedSlices) -> Self {
        Gradient::Slices(slices)
    }
}

impl Gradient {
    /// Its numbers: the tensor, or the rows.
    pub fn values(self) -> Tensor {
        match self {
            Gradient::Dense(tensor) => tensor,
            Gradient::Slices(slices) => slices.values,
        }
    }

    /// The same with other numbers in the same places.
    pub fn with_values(self, values: Tensor) -> Self {
        match self {
            Gradient::Dense(_) => Gradient::Dense(values),
            Gradient::Slices(slices) => Gradient::Slices(IndexedSlices { values, ..slices }),
        }
    }

    /// The operation that computes its numbers. TF: `gradient.op`.
    pub fn op(self) -> Operation {
        self.values().op()
    }

    pub(crate) fn is_poisoned(self) -> bool {
        self.values().is_poisoned()
    }
}

/// What a gradient rule sees: an operation and the gradients to its outputs.
pub struct GradCtx {
    pub(crate) graph: Graph,
    pub(crate) op: Operation,
    pub(crate) inputs: Vec<Tensor>,
    pub(crate) attrs: Attrs,
    /// The gradients to the outputs, and whether each stands for zero because nothing depends on the output.
    pub(crate) dys: Vec<(Gradient, bool)>,
    /// Makes rows into the whole array.
    pub(crate) whole: fn(IndexedSlices) -> Tensor,
}

impl GradCtx {
    /// The graph to build in.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The operation.
    pub fn op(&self) -> Operation {
        self.op
    }

    /// Input `i`.
    pub fn x(&self, i: usize) -> Tensor {
        self.inputs.get(i).copied().unwrap_or_else(|| Tensor::poisoned(&self.graph))
    }

    /// The inputs.
    pub fn xs(&self) -> &[Tensor] {
        &self.inputs
    }

    /// Output `i`.
    pub fn y(&self, i: u32) -> Tensor {
        self.op.output(i)
    }

    /// The gradient to output `i`, all of it.
    pub fn dy(&self, i: usize) -> Tensor {
        match self.gradient(i) {
            Gradient::Dense(dy) => dy,
            Gradient::Slices(slices) => (self.whole)(slices),
        }
    }

    /// The gradient to output `i` as it came.
    pub fn gradient(&self, i: usize) -> Gradient {
        self.dys.get(i).map_or_else(|| Tensor::poisoned(&self.graph).into(), |(dy, _)| *dy)
    }

    /// Whether nothing depends on output `i`, so that its gradient is zero.
    pub fn dy_is_zero(&self, i: usize) -> bool {
        self.dys.get(i).is_none_or(|(_, zero)| *zero)
    }

    /// The attributes.
    pub fn attrs(&self) -> AttrReader<'_> {
        AttrReader(&self.attrs)
    }

    /// The integers of input `i`, if all are known while building.
    pub fn integers(&self, i: usize) -> Option<Vec<i64>> {
        constant_integers(self.x(i))
    }

    /// A constant called `name` in this graph.
    #[track_caller]
    pub fn constant(&self, value: impl IntoTensor, name: &str) -> Tensor {
        let Arg::Literal(literal) = value.into_arg() else { return Tensor::poisoned(&self.graph) };
        let line = crate::graph::here();
        super::constant_in(&self.graph, literal.and_then(|literal| literal.resolve(None)), name, line)
    }
}

/// The integers of `x`, if all are known while building. Those of BroadcastGradientArgs count as unknown: TensorFlow's
/// gradients do not look through it, though its shapes follow from them.
pub(crate) fn constant_integers(x: Tensor) -> Option<Vec<i64>> {
    if x.op().op_type() == "BroadcastGradientArgs" {
        return None;
    }
    x.fact()?.integers?.iter().copied().collect()
}
