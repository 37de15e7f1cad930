//! Gradients: how they flow back through an operation.

use super::{Arg, AttrReader, IntoTensor};
use crate::error::Result;
use crate::graph::{Attrs, Graph, Operation, Tensor};

/// How gradients flow back through an operation.
pub enum Grad {
    /// The gradients to the inputs, built with the same functions that users call.
    Rule(fn(&GradCtx) -> Result<Vec<Option<Tensor>>>),
    /// Gradients end here without a word, as in TensorFlow: the outputs do not depend on the inputs smoothly, or the
    /// inputs are not numbers. The text says why.
    Stop(&'static str),
    /// Asking for a gradient through this operation is an error. The text says why.
    Missing(&'static str),
}

/// What a gradient rule sees: an operation and the gradients to its outputs.
pub struct GradCtx {
    pub(crate) graph: Graph,
    pub(crate) op: Operation,
    pub(crate) inputs: Vec<Tensor>,
    pub(crate) attrs: Attrs,
    /// The gradients to the outputs, and whether each stands for zero because nothing depends on the output.
    pub(crate) dys: Vec<(Tensor, bool)>,
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

    /// The gradient to output `i`.
    pub fn dy(&self, i: usize) -> Tensor {
        self.dys.get(i).map_or_else(|| Tensor::poisoned(&self.graph), |(dy, _)| *dy)
    }

    /// Whether nothing depends on output `i`, so that its gradient is zero.
    pub fn dy_is_zero(&self, i: usize) -> bool {
        self.dys.get(i).is_none_or(|(_, zero)| *zero)
    }

    /// The attributes.
    pub fn attrs(&self) -> AttrReader<'_> {
        AttrReader(&self.attrs)
    }

    /// The integers of input `i`, if all are known while building: see [`constant_integers`].
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
