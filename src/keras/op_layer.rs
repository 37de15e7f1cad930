//! An operation between layers, as a layer. Keras: `TensorFlowOpLayer`.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::graph::{Operation, Tensor};
use crate::layers::history::{History, record};
use crate::layers::{Call, Common, Layer, LayerCall, Weight};
use crate::op::{Arg, infer_outputs};
use crate::shape::PartialShape;

/// An operation that takes what layers made. It is built once more where its model is applied to something else.
struct OpLayer {
    operation: Operation,
    /// Which of its inputs layers made.
    places: Vec<usize>,
    common: Common,
}

impl Layer for OpLayer {
    fn class_name(&self) -> &'static str {
        "TensorFlowOpLayer"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, _input: &PartialShape) -> Result<Vec<Weight>> {
        Ok(Vec::new())
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        self.call_all(&[input], call).and_then(|made| {
            made.first().copied().ok_or_else(|| Error::internal("an operation without outputs was applied"))
        })
    }

    fn call_all(&self, inputs: &[Tensor], _call: &mut Call) -> Result<Vec<Tensor>> {
        let mut all = self.operation.inputs();
        for (place, input) in self.places.iter().zip(inputs) {
            all[*place] = *input;
        }
        let graph = self.operation.graph()?;
        let gone = || Error::internal("an operation of a model is not there");
        let mut node = self.operation.with(|node| node.clone()).ok_or_else(gone)?;
        if node.context.is_some() {
            return Err(Error::unimplemented(format!(
                "'{}' lies in a branch or a loop, which cannot be built once more: put it all into a Lambda layer",
                node.name
            )));
        }
        let op = crate::ops::lookup(&node.op).ok_or_else(gone)?;
        let facts = all.iter().map(|input| input.fact().ok_or_else(gone)).collect::<Result<Vec<_>>>()?;
        node.outputs = infer_outputs(op, &node.attrs, &facts)?;
        node.inputs = all.iter().map(|input| input.port()).collect();
        node.name = graph.scope_name(node.name.rsplit('/').next().unwrap_or_default());
        node.location = crate::graph::here();
        let id = graph.add(node)?;
        Ok(Operation::new(&graph, id).outputs())
    }
}

/// Makes layers of the operations that lead from what layers made to `tensor`.
pub(super) fn adopt(history: &History, tensor: Tensor) -> Result<()> {
    let graph = tensor.graph()?;
    let mut seen = std::collections::HashSet::new();
    let mut pending = vec![(tensor.op(), false)];
    while let Some((operation, inputs_done)) = pending.pop() {
        let inputs = operation.inputs();
        if inputs_done {
            let made = |input: &Tensor| history.maker(*input).is_some();
            let places: Vec<usize> = (0..inputs.len()).filter(|&i| made(&inputs[i])).collect();
            if !places.is_empty() {
                let given = places.iter().map(|&i| inputs[i]).collect();
                let common = Common::of_model(&format!("tf_op_layer_{}", operation.name()), None);
                let layer = Arc::new(OpLayer { operation, places, common });
                record(&graph, layer, LayerCall { inputs: given, outputs: operation.outputs(), training: None });
            }
        } else if seen.insert(operation) {
            pending.push((operation, true));
            let others = inputs.iter().filter(|input| history.maker(**input).is_none());
            pending.extend(others.map(|input| (input.op(), false)));
        }
    }
    Ok(())
}

/// The tensors that arguments are, each of which must be one.
pub(super) fn tensors(args: &[Arg], what: &str) -> Result<Vec<Tensor>> {
    let tensor = |arg: &Arg| arg.tensor().ok_or_else(|| Error::invalid_argument(format!("{what} are not all tensors")));
    args.iter().map(tensor).collect()
}
