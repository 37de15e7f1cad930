//! What layers made of which tensors: what models are made of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Layer, Training};
use crate::graph::{Graph, Tensor};
use crate::ops::array::identity;

/// A layer applied once. Keras: `Node`.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerCall {
    /// What it was applied to.
    pub inputs: Vec<Tensor>,
    /// What it made of that.
    pub outputs: Vec<Tensor>,
    /// Whether it was applied for training, if that was said.
    pub training: Option<Training>,
}

/// A call of a layer.
#[derive(Clone)]
pub(crate) struct Maker {
    pub(crate) layer: Arc<dyn Layer>,
    /// The number of the call among the layer's.
    pub(crate) call: usize,
}

/// Who made each tensor of a graph. Nothing is remembered before the graph has an input of a model.
#[derive(Default)]
pub(crate) struct History(Mutex<HashMap<Tensor, Maker>>);

impl History {
    fn lock(&self) -> MutexGuard<'_, HashMap<Tensor, Maker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The call that made a tensor.
    pub(crate) fn maker(&self, tensor: Tensor) -> Option<Maker> {
        self.lock().get(&tensor).cloned()
    }
}

/// Remembers that `layer` was called.
pub(crate) fn record(graph: &Graph, layer: Arc<dyn Layer>, call: LayerCall) {
    let outputs = call.outputs.clone();
    let call = layer.common().add_call(call);
    let history = graph.extension::<History>();
    let mut makers = history.lock();
    for output in outputs {
        makers.insert(output, Maker { layer: layer.clone(), call });
    }
}

/// Remembers what a layer made, if its graph has an input of a model, and gives that: tensors that nobody made before.
#[track_caller]
pub(crate) fn remember(
    layer: &dyn Fn() -> Arc<dyn Layer>,
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
    training: Option<Training>,
) -> Vec<Tensor> {
    let all = || inputs.iter().chain(&outputs);
    let graph = all().next().and_then(|tensor| tensor.graph().ok());
    let Some(graph) = graph.filter(|_| !all().any(|tensor| tensor.is_poisoned())) else { return outputs };
    let history = graph.extension::<History>();
    if history.lock().is_empty() {
        return outputs;
    }
    let fresh = |tensor: Tensor| {
        let known = inputs.contains(&tensor) || history.maker(tensor).is_some();
        if known { identity(tensor) } else { tensor }
    };
    let outputs: Vec<Tensor> = outputs.iter().copied().map(fresh).collect();
    record(&graph, layer(), LayerCall { inputs, outputs: outputs.clone(), training });
    outputs
}
