//! The handles: [`Tensor`] and [`Operation`].

use std::fmt;
use std::panic::Location;

use super::{Attr, Fact, Graph, GraphKey, Node, NodeId, Port, here};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::{IntoShape, PartialShape};

/// One output of an operation: a handle to use again and again. TF: `tf.Tensor`.
///
/// `==` compares handles, not values. A handle whose operation could not be built is silent: what is built from it
/// is not built either, and the error waits in [`Graph::check`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tensor {
    pub(crate) graph: GraphKey,
    pub(crate) node: NodeId,
    pub(crate) output: u32,
}

/// A node of a graph: something to run, or to run others after. TF: `tf.Operation`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operation {
    pub(crate) graph: GraphKey,
    pub(crate) node: NodeId,
}

impl Tensor {
    pub(crate) fn new(graph: &Graph, port: Port) -> Self {
        Tensor { graph: graph.key(), node: port.node, output: port.output }
    }

    /// The handle of something that could not be built.
    pub(crate) fn poisoned(graph: &Graph) -> Self {
        Tensor { graph: graph.key(), node: NodeId::POISON, output: 0 }
    }

    pub(crate) fn is_poisoned(self) -> bool {
        self.node == NodeId::POISON
    }

    pub(crate) fn port(self) -> Port {
        Port { node: self.node, output: self.output }
    }

    /// The graph. An error if it was dropped.
    pub fn graph(self) -> Result<Graph> {
        Graph::find(self.graph)
    }

    /// The operation this is an output of. TF: `tensor.op`.
    pub fn op(self) -> Operation {
        Operation { graph: self.graph, node: self.node }
    }

    /// Which output of its operation this is.
    pub fn value_index(self) -> usize {
        self.output as usize
    }

    /// What is known of it before the graph runs.
    pub(crate) fn fact(self) -> Option<Fact> {
        let graph = Graph::find(self.graph).ok()?;
        let state = graph.lock();
        state.node(self.node)?.outputs.get(self.output as usize).cloned()
    }

    /// The data type; an error if the tensor could not be built.
    pub fn dtype(self) -> Result<DType> {
        self.fact().map(|fact| fact.dtype).ok_or_else(unbuilt)
    }

    /// The shape as far as it is known. TF: `tensor.get_shape()`. Unknown if the tensor could not be built.
    pub fn shape(self) -> PartialShape {
        self.fact().map(|fact| fact.shape).unwrap_or_default()
    }

    /// The same as [`shape`](Tensor::shape). TF: `tensor.get_shape()`.
    pub fn get_shape(self) -> PartialShape {
        self.shape()
    }

    /// The number of dimensions, if it is known.
    pub fn rank(self) -> Option<usize> {
        self.shape().rank()
    }

    /// The name: `"conv1/Relu:0"`. TF: `tensor.name`. Empty if the tensor could not be built.
    pub fn name(self) -> String {
        self.op().with(|node| node.output_name(self.output)).unwrap_or_default()
    }

    /// Adds to what is known of the shape. TF: `tensor.set_shape`. A contradiction is an error of the graph.
    #[track_caller]
    pub fn set_shape(self, shape: impl IntoShape) {
        let Ok(graph) = Graph::find(self.graph) else { return };
        if let Err(error) = shape.into_shape().and_then(|shape| graph.refine(self.port(), &shape)) {
            graph.record(error.at(self.name().trim_end_matches(":0"), Some(here())));
        }
    }

    /// The same tensor under another name. Right after creation the automatic name's number is given back, so that
    /// `tf::nn::relu(x).named("act")` leaves `Relu` free. What the call built inside its own scope moves along.
    #[track_caller]
    pub fn named(self, name: &str) -> Self {
        if let Ok(graph) = Graph::find(self.graph) {
            graph.rename(self.node, name, here());
        }
        self
    }
}

fn unbuilt() -> Error {
    Error::failed_precondition("this tensor could not be built, or its graph was dropped: see `Graph::check`")
}

impl Operation {
    pub(crate) fn new(graph: &Graph, node: NodeId) -> Self {
        Operation { graph: graph.key(), node }
    }

    pub(crate) fn with<R>(self, read: impl FnOnce(&Node) -> R) -> Option<R> {
        let graph = Graph::find(self.graph).ok()?;
        let state = graph.lock();
        state.node(self.node).map(read)
    }

    /// The graph. An error if it was dropped.
    pub fn graph(self) -> Result<Graph> {
        Graph::find(self.graph)
    }

    /// The name: `"conv1/Relu"`. TF: `operation.name`. Empty if the operation could not be built.
    pub fn name(self) -> String {
        self.with(|node| node.name.to_string()).unwrap_or_default()
    }

    /// What the operation does: `"Relu"`. TF: `operation.type`. Empty if the operation could not be built.
    pub fn op_type(self) -> String {
        self.with(|node| node.op.to_string()).unwrap_or_default()
    }

    /// The device the operation was built for; empty if none was asked for.
    pub fn device(self) -> String {
        self.with(|node| node.device.to_string()).unwrap_or_default()
    }

    /// The line of the user's that built the operation.
    pub fn location(self) -> Option<&'static Location<'static>> {
        self.with(|node| node.location)
    }

    /// The attribute `name`. TF: `operation.get_attr`.
    pub fn get_attr(self, name: &str) -> Result<Attr> {
        self.with(|node| node.attrs.get(name).cloned())
            .ok_or_else(unbuilt)?
            .ok_or_else(|| Error::not_found(format!("operation '{}' has no attribute '{name}'", self.name())))
    }

    /// The outputs. TF: `operation.outputs`.
    pub fn outputs(self) -> Vec<Tensor> {
        let count = self.with(|node| node.outputs.len()).unwrap_or(0);
        (0..count as u32).map(|output| self.output(output)).collect()
    }

    /// The inputs. TF: `operation.inputs`.
    pub fn inputs(self) -> Vec<Tensor> {
        let graph = self.graph;
        let inputs = self.with(|node| node.inputs.clone()).unwrap_or_default();
        inputs.into_iter().map(|Port { node, output }| Tensor { graph, node, output }).collect()
    }

    /// The operations that have to run before this one. TF: `operation.control_inputs`.
    pub fn control_inputs(self) -> Vec<Operation> {
        let controls = self.with(|node| node.controls.clone()).unwrap_or_default();
        controls.into_iter().map(|node| Operation { graph: self.graph, node }).collect()
    }

    pub(crate) fn output(self, output: u32) -> Tensor {
        Tensor { graph: self.graph, node: self.node, output }
    }

    /// The same operation under another name; see [`Tensor::named`].
    #[track_caller]
    pub fn named(self, name: &str) -> Self {
        if let Ok(graph) = Graph::find(self.graph) {
            graph.rename(self.node, name, here());
        }
        self
    }
}

impl From<Tensor> for Operation {
    fn from(tensor: Tensor) -> Self {
        tensor.op()
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fact = self.fact();
        match fact {
            Some(fact) => write!(f, "Tensor({:?}, shape={}, dtype={})", self.name(), fact.shape, fact.dtype),
            None => f.write_str("Tensor(not built)"),
        }
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|node| write!(f, "Operation({:?}, {})", node.name, node.op))
            .unwrap_or_else(|| f.write_str("Operation(not built)"))
    }
}
