//! Layers and the tensors between them: what a model is made of.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::op_layer::adopt;
use super::shared::unique_name;
use crate::error::{Error, Result};
use crate::graph::{Graph, Operation, Tensor};
use crate::layers::history::{History, Maker};
use crate::layers::{Call, Common, InputLayer, Layer, LayerCall, Training, UPDATE_OPS, Weight, apply_dyn};
use crate::ops::state::Variable;
use crate::shape::PartialShape;
use crate::sort::sort_by;

/// A layer applied once.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) layer: Arc<dyn Layer>,
    pub(super) call: LayerCall,
    /// The number of the call among the layer's.
    pub(super) number: usize,
    /// How many layers lie between what it makes and the outputs.
    depth: usize,
}

impl Step {
    /// The first call of a layer in a chain.
    pub(super) fn new(layer: Arc<dyn Layer>, call: LayerCall) -> Self {
        let number = layer.common().add_call(call.clone());
        Step { layer, call, number, depth: 0 }
    }
}

/// Layers and the tensors between them, without a graph or a session: what is done with one tensor after another.
///
/// A layer of its own too: applied to other tensors, each of its layers is.
#[derive(Clone)]
pub(super) struct Network {
    class_name: &'static str,
    pub(super) common: Common,
    pub(super) inputs: Vec<Tensor>,
    pub(super) outputs: Vec<Tensor>,
    /// In an order in which they can be done.
    pub(super) steps: Vec<Step>,
    /// In Keras's order: those farthest from the outputs first.
    pub(super) layers: Vec<Arc<dyn Layer>>,
}

/// Two copies of one layer.
fn same(a: &dyn Layer, b: &dyn Layer) -> bool {
    a.common().id() == b.common().id()
}

fn input_layer(input: Tensor, name: &str) -> Step {
    let dims = input.shape().dims().map(<[_]>::to_vec).unwrap_or_default();
    let layer = InputLayer(PartialShape::new(dims.into_iter().skip(1))).name(name);
    let call = LayerCall { inputs: Vec::new(), outputs: vec![input], training: None };
    Step { layer: Arc::new(layer), call, number: 0, depth: 0 }
}

/// The calls that lead from `inputs` to `outputs`, each after those that it needs, and with each the order in which its layer
/// was met on the way back from the outputs.
struct Walk<'a> {
    graph: &'a Graph,
    history: &'a History,
    inputs: &'a [Tensor],
    steps: Vec<Step>,
    /// The place of each call in `steps`, or nothing while what it needs is looked for.
    places: HashMap<(usize, usize), Option<usize>>,
    /// Layers in the order in which they were met.
    met: Vec<usize>,
}

impl Walk<'_> {
    /// The call that made `tensor`, if it depends on inputs of models.
    fn maker(&self, tensor: Tensor) -> Result<Option<Maker>> {
        if self.history.maker(tensor).is_none() {
            adopt(self.history, tensor)?;
        }
        Ok(self.history.maker(tensor))
    }

    fn enter(&mut self, maker: &Maker) -> Result<Option<Step>> {
        let key = (maker.layer.common().id(), maker.call);
        if self.places.contains_key(&key) {
            return Ok(None);
        }
        let call = maker.layer.common().calls().get(maker.call).cloned();
        let call = call.ok_or_else(|| Error::internal("a call of a layer is not there"))?;
        if !self.met.contains(&key.0) {
            self.met.push(key.0);
        }
        if call.outputs.iter().any(|output| self.inputs.contains(output)) {
            // The way ends here, whatever the input was made of.
            let input = call.outputs.iter().copied().find(|output| self.inputs.contains(output));
            if !call.inputs.is_empty()
                && let Some(input) = input
            {
                self.places.insert(key, Some(self.steps.len()));
                self.steps.push(input_layer(input, &unique_name(self.graph, "input", 1)));
                return Ok(None);
            }
        } else if call.inputs.is_empty() {
            let tensor = call.outputs.first().map(|tensor| tensor.name()).unwrap_or_default();
            return Err(Error::invalid_argument(format!(
                "the outputs need '{tensor}' of the layer '{}', which is not among the model's inputs",
                maker.layer.name()
            )));
        }
        self.places.insert(key, None);
        Ok(Some(Step { layer: maker.layer.clone(), call, number: maker.call, depth: 0 }))
    }

    /// Follows an output back to the inputs.
    fn follow(&mut self, output: Tensor) -> Result<()> {
        let maker = self.maker(output)?.ok_or_else(|| {
            Error::invalid_argument(format!("the output '{}' is not made of inputs of a model", output.name()))
        })?;
        let mut path: Vec<(Step, usize)> = self.enter(&maker)?.map(|step| (step, 0)).into_iter().collect();
        while let Some((step, next)) = path.last_mut() {
            let input = step.call.inputs.get(*next).copied();
            *next += 1;
            match input {
                Some(input) => {
                    if let Some(maker) = self.maker(input)?
                        && let Some(step) = self.enter(&maker)?
                    {
                        path.push((step, 0));
                    }
                }
                None => {
                    if let Some((step, _)) = path.pop() {
                        let key = (step.layer.common().id(), step.number);
                        self.places.insert(key, Some(self.steps.len()));
                        self.steps.push(step);
                    }
                }
            }
        }
        Ok(())
    }

    /// Says of each step how far it is from the outputs, and gives the layers, those farthest first.
    fn sort(&mut self) -> Vec<Arc<dyn Layer>> {
        let mut made_by: HashMap<Tensor, usize> = HashMap::new();
        for (i, step) in self.steps.iter().enumerate() {
            made_by.extend(step.call.outputs.iter().map(|output| (*output, i)));
        }
        let mut of_layer: HashMap<usize, usize> = HashMap::new();
        for i in (0..self.steps.len()).rev() {
            let layer = of_layer.entry(self.steps[i].layer.common().id()).or_default();
            let depth = self.steps[i].depth.max(*layer);
            *layer = depth;
            self.steps[i].depth = depth;
            for input in self.steps[i].call.inputs.clone() {
                if let Some(&before) = made_by.get(&input) {
                    self.steps[before].depth = self.steps[before].depth.max(depth + 1);
                }
            }
        }
        let mut layers: Vec<Arc<dyn Layer>> = Vec::new();
        let mut known = HashSet::new();
        for step in &self.steps {
            if known.insert(step.layer.common().id()) {
                layers.push(step.layer.clone());
            }
        }
        let place = |layer: &Arc<dyn Layer>| {
            let id = layer.common().id();
            let met = self.met.iter().position(|met| *met == id);
            (std::cmp::Reverse(of_layer.get(&id).copied().unwrap_or_default()), met)
        };
        let mut placed: Vec<_> = layers.into_iter().map(|layer| (place(&layer), layer)).collect();
        sort_by(&mut placed, |a, b| a.0.cmp(&b.0));
        placed.into_iter().map(|(_, layer)| layer).collect()
    }
}

impl Network {
    /// Layers one after the other, of which there are none yet.
    pub(super) fn chain(name: &str) -> Self {
        Network {
            class_name: "Sequential",
            common: Common::of_model(name, None),
            inputs: Vec::new(),
            outputs: Vec::new(),
            steps: Vec::new(),
            layers: Vec::new(),
        }
    }

    /// The layers that lead from `inputs` to `outputs`.
    pub(super) fn between(graph: &Graph, name: &str, inputs: Vec<Tensor>, outputs: Vec<Tensor>) -> Result<Self> {
        let history = graph.extension::<History>();
        if inputs.is_empty() || outputs.is_empty() {
            return Err(Error::invalid_argument("a model has at least one input and one output"));
        }
        if let Some(other) = inputs.iter().chain(&outputs).find(|tensor| tensor.graph != graph.key()) {
            return Err(Error::invalid_argument(format!(
                "'{}' is of another graph than the first input",
                other.name()
            )));
        }
        let (places, steps, met) = (HashMap::new(), Vec::new(), Vec::new());
        let mut walk = Walk { graph, history: &history, inputs: &inputs, steps, places, met };
        for output in &outputs {
            walk.follow(*output)?;
        }
        let mut layers = walk.sort();
        let mut steps = walk.steps;
        for input in &inputs {
            if steps.iter().all(|step| !step.call.outputs.contains(input)) {
                let known = history.maker(*input).filter(|maker| maker.layer.class_name() == "InputLayer");
                let mut step = input_layer(*input, "");
                match known {
                    Some(maker) => step.layer = maker.layer,
                    None => step = input_layer(*input, &unique_name(graph, "input", 1)),
                }
                let near = layers.iter().position(|layer| {
                    steps.iter().filter(|step| same(&*step.layer, &**layer)).all(|step| step.depth == 0)
                });
                layers.insert(near.unwrap_or(layers.len()), step.layer.clone());
                steps.insert(0, step);
            }
        }
        let mut names = HashSet::new();
        for layer in &layers {
            let name = layer.name();
            if !names.insert(name.clone()) {
                return Err(Error::invalid_argument(format!("two layers of the model are called '{name}'")));
            }
        }
        let example = match inputs[..] {
            [input] => input.shape().dims().map(|dims| PartialShape::new(dims.iter().skip(1).copied())),
            _ => None,
        };
        let common = Common::of_model(name, example);
        Ok(Network { class_name: "Functional", common, inputs, outputs, steps, layers })
    }

    /// A network that could not be made.
    pub(super) fn broken(name: &str) -> Self {
        Network { class_name: "Functional", ..Network::chain(name) }
    }

    pub(super) fn set_name(&mut self, name: &str) {
        self.common.name = Some(name.to_owned());
    }

    /// Whether it is one layer after the other by its making.
    pub(super) fn is_sequential(&self) -> bool {
        self.class_name == "Sequential"
    }

    /// Whether each layer is applied once, to what the one before it made.
    pub(super) fn is_chain(&self) -> bool {
        let mut depths = HashSet::new();
        let mut layers = HashSet::new();
        self.is_sequential()
            || self.steps.iter().all(|step| {
                step.call.inputs.len() <= 1 && depths.insert(step.depth) && layers.insert(step.layer.common().id())
            })
    }

    /// The step that made a tensor, and which of its outputs that is.
    pub(super) fn made_by(&self, tensor: Tensor) -> Option<(&Step, usize)> {
        self.steps.iter().find_map(|step| {
            let place = step.call.outputs.iter().position(|output| *output == tensor)?;
            Some((step, place))
        })
    }

    /// The names of the layers that made these tensors; those that come twice get a number.
    pub(super) fn names_of(&self, tensors: &[Tensor]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for tensor in tensors {
            let name = self.made_by(*tensor).map(|(step, _)| step.layer.name()).unwrap_or_default();
            let numbered = (1..).map(|i| format!("{name}_{i}"));
            let free = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
            names.push(free.unwrap_or_default());
        }
        names
    }

    /// The variables of all layers under the names of these, each once.
    pub(super) fn named_weights(&self) -> Vec<(String, Variable)> {
        let mut seen = HashSet::new();
        let mut named = Vec::new();
        let mut pending: Vec<(String, Arc<dyn Layer>)> =
            self.layers.iter().rev().map(|layer| (layer.name(), layer.clone())).collect();
        while let Some((path, layer)) = pending.pop() {
            for variable in layer.common().variables() {
                let name = variable.op().name();
                if seen.insert(variable.op()) {
                    named.push((format!("{path}/{}", name.rsplit('/').next().unwrap_or_default()), variable));
                }
            }
            pending.extend(layer.parts().into_iter().rev().map(|part| (format!("{path}/{}", part.name()), part)));
        }
        named
    }

    /// The variables that training changes, each once.
    pub(super) fn trainable_weights(&self) -> Vec<Variable> {
        let mut seen = HashSet::new();
        let all = self.layers.iter().flat_map(|layer| layer.trainable_variables());
        all.filter(|variable| seen.insert(variable.op())).collect()
    }

    /// What the variables of all layers add to the losses, each once.
    pub(super) fn losses(&self) -> Vec<Tensor> {
        let mut seen = HashSet::new();
        self.layers.iter().flat_map(|layer| layer.losses()).filter(|loss| seen.insert(*loss)).collect()
    }

    /// What it makes of other tensors than its inputs, or for training.
    #[track_caller]
    pub(super) fn made_of(&self, inputs: &[Tensor], training: Training) -> Result<Vec<Tensor>> {
        if inputs.len() != self.inputs.len() {
            let (takes, given) = (self.inputs.len(), inputs.len());
            return Err(Error::invalid_argument(format!("the model takes {takes} tensors, but was given {given}")));
        }
        let mut values: HashMap<Tensor, Tensor> =
            self.inputs.iter().copied().zip(inputs.iter().copied()).filter(|(own, given)| own != given).collect();
        let now = |values: &HashMap<Tensor, Tensor>, tensor: &Tensor| values.get(tensor).copied().unwrap_or(*tensor);
        for step in self.steps.iter().filter(|step| !step.call.inputs.is_empty()) {
            let outside = Training::Known(false);
            let built = step.call.training.unwrap_or(outside);
            let usual = if step.layer.differs_in_training() { training } else { outside };
            let mode = step.call.training.unwrap_or(usual);
            let inputs: Vec<Tensor> = step.call.inputs.iter().map(|input| now(&values, input)).collect();
            if inputs == step.call.inputs && mode == built {
                continue;
            }
            let made = apply_dyn(&*step.layer, &inputs, mode);
            if let Some(failed) = made.iter().find(|made| made.is_poisoned()) {
                return Ok(vec![*failed; self.outputs.len()]);
            }
            values.extend(step.call.outputs.iter().copied().zip(made));
        }
        Ok(self.outputs.iter().map(|output| now(&values, output)).collect())
    }

    /// What it makes of its inputs in training, and the operations that keep averages up to date.
    #[track_caller]
    pub(super) fn for_training(&self, graph: &Graph) -> Result<(Vec<Tensor>, Vec<Operation>)> {
        let before = graph.get_collection::<Operation>(UPDATE_OPS).len();
        let outputs = self.made_of(&self.inputs, Training::Known(true))?;
        graph.check()?;
        Ok((outputs, graph.get_collection(UPDATE_OPS).split_off(before)))
    }
}

impl Layer for Network {
    fn class_name(&self) -> &'static str {
        self.class_name
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, _input: &PartialShape) -> Result<Vec<Weight>> {
        Ok(Vec::new())
    }

    fn differs_in_training(&self) -> bool {
        self.layers.iter().any(|layer| layer.differs_in_training())
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        let made = self.made_of(&[input], call.training)?;
        made.first().copied().ok_or_else(|| Error::failed_precondition("the model has no outputs"))
    }

    fn call_all(&self, inputs: &[Tensor], call: &mut Call) -> Result<Vec<Tensor>> {
        self.made_of(inputs, call.training)
    }

    fn parts(&self) -> Vec<Arc<dyn Layer>> {
        self.layers.clone()
    }
}
