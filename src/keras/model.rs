//! A model: layers between inputs and outputs. Keras: `keras.Model`.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::data::IntoData;
use super::network::{Network, Step};
use super::op_layer::tensors;
use super::shared::{self, unique_name};
use super::summary::{Dialect, table};
use super::training::{Compile, Compiled, Evaluate, Fit, Predict};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Graph, Operation, Tensor, get_default_graph};
use crate::layers::{IntoTensors, Layer, LayerCall, Training, apply_dyn, apply_object};
use crate::op::Arg;
use crate::ops::array::placeholder;
use crate::ops::state::Variable;
use crate::session::Session;
use crate::shape::{Dim, IntoShape, PartialShape};
use crate::value::Value;
use crate::weights;

/// Layers between inputs and outputs, in a [`Graph`] and a [`Session`](struct@Session). Keras: `Model`.
///
/// The models of one graph share a session, so that a layer of two models has the same weights in both. Mistakes made while
/// layers are applied are found in the graph by the first call that returns a `Result`.
pub struct Model {
    pub(super) graph: Graph,
    pub(super) session: OnceLock<Session>,
    pub(super) network: Network,
    pub(super) compiled: Option<Compiled>,
}

/// The model that makes `outputs` of `inputs`, with all layers between them. Keras: `Model(inputs, outputs)`.
///
/// Inputs and outputs are one tensor or a list of them; inputs are what [`Input`](fn@super::Input) made. Between layers there
/// may be any operations. The macro `Model!` takes the keyword arguments `inputs`, `outputs` and `name` too.
///
/// Some layers do something else in training. They are applied as they stand, for all times but training; for training the
/// model is built once more, with the same weights, when it is compiled.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::{Input, Model, layers::*};
/// let (a, b) = (Input!(shape = (4,)), Input!(shape = (3,)));
/// let h = concatenate([Dense!(8, activation = "relu").apply(a), b]);
/// let (one, two) = (Dense!(1, name = "size").apply(h), Dense!(2, activation = "softmax", name = "kind").apply(h));
/// let mut model = Model([a, b], [one, two]);
/// model.compile().loss(["mse", "categorical_crossentropy"]).loss_weights([1.0, 0.2]).optimizer("adam").build()?;
///
/// let (x, y) = (([[0.1; 4]; 8], [[0.2; 3]; 8]), ([[1.0]; 8], [[0.0, 1.0]; 8]));
/// let history = model.fit(x, y).epochs(2).verbose(0).run()?;
/// assert_eq!(history.history.keys().collect::<Vec<_>>(), ["loss", "size_loss", "kind_loss"]);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn Model(inputs: impl IntoTensors, outputs: impl IntoTensors) -> Model {
    model_args().inputs(inputs).outputs(outputs).build()
}

/// [`Model`](fn@Model) with keyword arguments.
pub fn model_args() -> ModelArgs {
    ModelArgs { inputs: Vec::new(), outputs: Vec::new(), name: None }
}

/// A [`Model`](struct@Model) under construction: its keyword arguments.
#[must_use = "there is no model until `build` is called"]
pub struct ModelArgs {
    inputs: Vec<Arg>,
    outputs: Vec<Arg>,
    name: Option<String>,
}

impl ModelArgs {
    /// What goes in: a tensor or a list.
    pub fn inputs(mut self, inputs: impl IntoTensors) -> Self {
        self.inputs = inputs.into_args();
        self
    }

    /// What comes out: a tensor or a list.
    pub fn outputs(mut self, outputs: impl IntoTensors) -> Self {
        self.outputs = outputs.into_args();
        self
    }

    /// The model's name; `model`, `model_1` and so on if not said.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Makes the model. A mistake is recorded in the graph.
    #[track_caller]
    pub fn build(self) -> Model {
        let line = std::panic::Location::caller();
        let graph = Arg::graph_of(&self.inputs).unwrap_or_else(|_| get_default_graph());
        let name = self.name.unwrap_or_else(|| unique_name(&graph, "model", 0));
        let made = tensors(&self.inputs, "the inputs").and_then(|inputs| {
            let outputs = tensors(&self.outputs, "the outputs")?;
            graph.check()?;
            Network::between(&graph, &name, inputs, outputs)
        });
        let network = made.unwrap_or_else(|error| {
            // What is wrong with the graph is known there already.
            if graph.check().is_ok() {
                graph.record(error.retitled("Model").at(&name, Some(line)));
            }
            Network::broken(&name)
        });
        Model::new(graph, network)
    }
}

/// [`Model`](fn@Model) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Model {
    ($key:ident = $value:expr $(, $keys:ident = $values:expr)* $(,)?) => {
        $crate::keras::model_args().$key($value)$(.$keys($values))*.build()
    };
    ($inputs:expr, $outputs:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::model_args().inputs($inputs).outputs($outputs)$(.$key($value))*.build()
    };
}

/// A shape as Python prints it: `(None, 28, 28, 1)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dims(pub Vec<Dim>);

impl fmt::Display for Dims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> =
            self.0.iter().map(|dim| dim.map_or_else(|| "None".to_owned(), |n| n.to_string())).collect();
        match sizes.as_slice() {
            [one] => write!(f, "({one},)"),
            _ => write!(f, "({})", sizes.join(", ")),
        }
    }
}

impl Model {
    pub(super) fn new(graph: Graph, network: Network) -> Self {
        Model { graph, session: OnceLock::new(), network, compiled: None }
    }

    /// The same model with another name, which the summary shows.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.network.set_name(name);
        self
    }

    /// Its name. Keras: `model.name`.
    pub fn name(&self) -> &str {
        self.network.common.name.as_deref().unwrap_or_default()
    }

    /// Its graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Its session, in which all variables made so far have values.
    #[track_caller]
    pub fn session(&self) -> Result<&Session> {
        self.graph.check()?;
        if self.session.get().is_none() {
            // Another thread may have been faster, with the same session.
            let _ = self.session.set(shared::session(&self.graph)?);
        }
        let session = self.session.get().ok_or_else(|| Error::internal("the session was not kept"))?;
        shared::initialize(session)?;
        Ok(session)
    }

    /// Makes the input of a chain of layers for examples of this shape.
    #[track_caller]
    pub(super) fn start(&mut self, example: &PartialShape, first: &str) {
        let _default = self.graph.as_default();
        let Some(dims) = example.dims() else { return };
        let shape = PartialShape::new(std::iter::once(None).chain(dims.iter().copied()));
        self.network.inputs = vec![placeholder(DType::Float32, shape).named(&format!("{first}_input"))];
        self.network.common = crate::layers::Common::of_model(self.name(), Some(example.clone()));
    }

    /// Applies the layers of a chain that were not yet.
    #[track_caller]
    pub(super) fn apply_rest(&mut self) {
        let Some(&input) = self.network.inputs.first() else { return };
        let mut x = self.network.outputs.first().copied().unwrap_or(input);
        for layer in self.network.layers[self.network.steps.len()..].iter().cloned() {
            let outputs = apply_dyn(&*layer, &[x], Training::Known(false));
            let call = LayerCall { inputs: vec![x], outputs: outputs.clone(), training: None };
            x = outputs.first().copied().unwrap_or_else(|| Tensor::poisoned(&self.graph));
            self.network.steps.push(Step::new(layer, call));
        }
        self.network.outputs = vec![x];
    }

    /// Builds a chain of layers for inputs of shape `input_shape`, the batch included. Keras: `model.build(input_shape)`.
    #[track_caller]
    pub fn build(&mut self, input_shape: impl IntoShape) -> Result<()> {
        self.build_for(input_shape.into_shape()?)
    }

    fn build_for(&mut self, shape: PartialShape) -> Result<()> {
        let dims = shape.dims().filter(|dims| !dims.is_empty()).ok_or_else(|| {
            Error::invalid_argument(format!("an input has a batch and an example, but {shape} has not"))
        })?;
        if self.network.inputs.is_empty() {
            self.graph.check()?;
            let first = self.network.layers.first().ok_or_else(no_layers)?.name();
            self.start(&PartialShape::new(dims[1..].iter().copied()), &first);
            self.apply_rest();
        }
        self.graph.check()
    }

    /// The placeholders for batches of examples, once the model is built. Keras: `model.inputs`.
    pub fn inputs(&self) -> Result<&[Tensor]> {
        self.graph.check()?;
        match self.network.inputs.as_slice() {
            [] => Err(Error::failed_precondition(
                "the model is not built: give its first layer an input_shape, or call build",
            )),
            inputs => Ok(inputs),
        }
    }

    /// The placeholder for batches of examples, once the model is built. Keras: `model.input`.
    ///
    /// An error for a model with several.
    pub fn input(&self) -> Result<Tensor> {
        self.inputs().and_then(|inputs| only(inputs, "inputs"))
    }

    /// What the model makes of its inputs, outside of training. Keras: `model.outputs`.
    pub fn outputs(&self) -> Result<&[Tensor]> {
        self.inputs()?;
        match self.network.outputs.as_slice() {
            [] => Err(no_layers()),
            outputs => Ok(outputs),
        }
    }

    /// What the model makes of its inputs, outside of training. Keras: `model.output`.
    ///
    /// An error for a model with several.
    pub fn output(&self) -> Result<Tensor> {
        self.outputs().and_then(|outputs| only(outputs, "outputs"))
    }

    /// The names of the inputs: those of their layers. Keras: `model.input_names`.
    pub fn input_names(&self) -> Vec<String> {
        match self.network.is_sequential() {
            true => self.network.inputs.iter().map(|input| input.op().name()).collect(),
            false => self.network.names_of(&self.network.inputs),
        }
    }

    /// The names of the outputs: those of the layers that made them. Keras: `model.output_names`.
    pub fn output_names(&self) -> Vec<String> {
        self.network.names_of(&self.network.outputs)
    }

    /// What the model makes of other tensors: all its layers are applied to them, with the same weights. Keras: `model(x)`.
    ///
    /// The model is one layer of what is made of that, which is for one output; see [`apply_all`](Model::apply_all).
    ///
    /// ```
    /// use flowstone as tf;
    /// use tf::keras::{Input, Model, layers::*};
    /// let x = Input!((8,));
    /// let encoder = Model!(x, Dense(3).apply(x), name = "encoder");
    /// let (a, b) = (Input!((8,)), Input!((8,)));
    /// let near = Model([a, b], Dot(1).apply([encoder.apply(a), encoder.apply(b)]));
    /// assert_eq!((near.count_params()?, near.get_layer("encoder")?.class_name()), (27, "Functional"));
    /// # Ok::<(), tf::Error>(())
    /// ```
    #[track_caller]
    pub fn apply(&self, inputs: impl IntoTensors) -> Tensor {
        let made = self.apply_all(inputs);
        only(&made, "outputs").unwrap_or_else(|error| {
            self.graph.record(error.at(self.name(), Some(std::panic::Location::caller())));
            Tensor::poisoned(&self.graph)
        })
    }

    /// The same for a model with several outputs.
    #[track_caller]
    pub fn apply_all(&self, inputs: impl IntoTensors) -> Vec<Tensor> {
        let args = inputs.into_args();
        let known = Arg::graph_of(&args).and_then(|graph| {
            self.outputs()?;
            match graph.key() == self.graph.key() {
                true => Ok(()),
                false => {
                    Err(Error::invalid_argument("the model has another graph than the tensors that it is applied to"))
                }
            }
        });
        match known {
            Ok(()) => apply_object(&self.network, args, None),
            Err(error) => {
                let graph = Arg::graph_of(&args).unwrap_or_else(|_| get_default_graph());
                graph.record(error.at(self.name(), Some(std::panic::Location::caller())));
                vec![Tensor::poisoned(&graph)]
            }
        }
    }

    /// The layers, those farthest from the outputs first. Keras: `model.layers`.
    pub fn layers(&self) -> impl DoubleEndedIterator<Item = &dyn Layer> + ExactSizeIterator {
        self.network.layers.iter().map(|layer| &**layer)
    }

    /// The layer of this name. Keras: `model.get_layer(name)`.
    pub fn get_layer(&self, name: &str) -> Result<&dyn Layer> {
        self.layers().find(|layer| layer.name() == name).ok_or_else(|| {
            let known = self.layers().map(|layer| layer.name()).collect::<Vec<_>>().join(", ");
            Error::not_found(format!("the model '{}' has no layer '{name}': it has {known}", self.name()))
        })
    }

    /// The layer in this place. Keras: `model.layers[index]`, `model.get_layer(index=index)`.
    pub fn layer(&self, index: usize) -> Result<&dyn Layer> {
        self.layers().nth(index).ok_or_else(|| {
            let (name, n) = (self.name(), self.network.layers.len());
            Error::not_found(format!("the model '{name}' has no layer {index}: it has {n} layers"))
        })
    }

    /// Says whether training changes the weights of all its layers, in models that are compiled from now on.
    /// Keras: `model.trainable = False`.
    pub fn set_trainable(&self, trainable: bool) {
        let layer: &dyn Layer = &self.network;
        layer.set_trainable(trainable);
    }

    /// The layers, each with what it first made outside of training.
    pub(super) fn layer_outputs(&self) -> impl Iterator<Item = (&dyn Layer, Tensor)> {
        self.network.steps.iter().filter_map(|step| Some((&*step.layer, *step.call.outputs.first()?)))
    }

    /// The shape of the output, which prints as Python's: `(None, 10)`. Keras: `model.output_shape`.
    pub fn output_shape(&self) -> Result<Dims> {
        self.output().map(|output| dims(&output))
    }

    /// The numbers of numbers that training changes, and of the others.
    pub(super) fn parameters(&self) -> [usize; 2] {
        let trainable = elements(&self.trainable_weights());
        [trainable, elements(&self.weights()) - trainable]
    }

    /// The number of numbers in all weights. Keras: `model.count_params()`.
    pub fn count_params(&self) -> Result<usize> {
        self.outputs()?;
        Ok(self.parameters().iter().sum())
    }

    /// Prints the table of layers. Keras: `model.summary()`.
    pub fn summary(&self) -> Result<()> {
        super::training::print(&self.summary_text(Dialect::default())?)
    }

    /// The table of layers, laid out as `dialect` says.
    pub fn summary_text(&self, dialect: Dialect) -> Result<String> {
        self.outputs()?;
        Ok(table(self, dialect))
    }

    /// The variables of all layers: what training changes of each layer first. Keras: `model.weights`.
    pub fn weights(&self) -> Vec<Variable> {
        self.network.named_weights().into_iter().map(|(_, weight)| weight).collect()
    }

    /// The variables that training changes. Keras: `model.trainable_weights`.
    pub fn trainable_weights(&self) -> Vec<Variable> {
        self.network.trainable_weights()
    }

    /// The values of all weights. Keras: `model.get_weights()`.
    #[track_caller]
    pub fn get_weights(&self) -> Result<Vec<Value>> {
        self.outputs()?;
        self.session()?.get_variables(&self.weights().into_iter().map(Variable::op).collect::<Vec<_>>())
    }

    /// Gives all weights new values, which are checked before any is changed. Keras: `model.set_weights(weights)`.
    #[track_caller]
    pub fn set_weights(&self, values: &[Value]) -> Result<()> {
        self.outputs()?;
        let weights = self.weights();
        if weights.len() != values.len() {
            let (has, given) = (weights.len(), values.len());
            return Err(Error::invalid_argument(format!("the model has {has} weights, but {given} were given")));
        }
        let pairs: Vec<_> = weights.into_iter().map(Variable::op).zip(values.iter().cloned()).collect();
        self.assign(&pairs)
    }

    /// Gives variables of the graph values that fit: all of them or none.
    #[track_caller]
    pub(super) fn assign(&self, values: &[(Operation, Value)]) -> Result<()> {
        self.session()?.set_variables(values)
    }

    /// Writes all weights to a file, by the names of their layers. Keras: `model.save_weights(path)`.
    ///
    /// The path is the prefix of a checkpoint of TensorFlow's, as in Keras; if it ends in `.npz` or `.safetensors`, it is
    /// such a file (features of these names); if it ends in `.h5` or `.hdf5`, it is laid out as Keras does (feature `hdf5`). It
    /// appears when it is whole; one that was there stays until then. The kernel of layer `dense` is called `dense/kernel`; the
    /// layers of a model inside of this one have its name before theirs.
    #[track_caller]
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        #[cfg(feature = "hdf5")]
        if weights::Format::of(&path) == weights::Format::Hdf5 {
            return super::saving::save_weights(self, path.as_ref());
        }
        let values = self.get_weights()?;
        let names = self.network.named_weights().into_iter().map(|(name, _)| name);
        weights::write(path, &names.zip(values).collect::<Vec<_>>())
    }

    /// Reads all weights from a file that [`save_weights`](Model::save_weights) or Keras wrote; all are checked before any is
    /// changed. In a `.h5` file layers are found by their order, elsewhere weights by their names.
    /// Keras: `model.load_weights(path)`.
    #[track_caller]
    pub fn load_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        self.outputs()?;
        #[cfg(feature = "hdf5")]
        if weights::Format::of(&path) == weights::Format::Hdf5 {
            return super::saving::load_weights(self, path.as_ref());
        }
        let nodes: Vec<_> =
            self.network.named_weights().into_iter().map(|(name, weight)| (name, weight.op())).collect();
        self.assign(&weights::fitting(path.as_ref(), &nodes, weights::read(path.as_ref())?)?)
    }

    /// Says what the model is to make small, and how. Keras: `model.compile(optimizer, loss, metrics)`.
    ///
    /// Keyword methods `optimizer` (`"rmsprop"` if not said), `loss`, `loss_weights`, `metrics`. What is frozen now stays as it
    /// is in training; compiled again, the model is trained in the new way from its weights as they are.
    ///
    /// ```
    /// use flowstone as tf;
    /// let mut model = tf::keras::Sequential();
    /// model.add(tf::keras::layers::Dense!(1, input_shape = (3,)));
    /// model.compile().loss("mse").optimizer("sgd").metrics(["mae"]).build()?;
    /// # Ok::<(), tf::Error>(())
    /// ```
    pub fn compile(&mut self) -> Compile<'_> {
        Compile::new(self)
    }

    /// Trains the model on examples `x` with what is true of them, `y`. Keras: `model.fit(x, y)`.
    ///
    /// For several inputs or outputs these are tuples or lists of values, or pairs of their names and values. Keyword methods
    /// `batch_size` (32 if not said), `epochs` (1), `verbose` (1), `shuffle` (true), `validation_split`, `validation_data`,
    /// `class_weight`, `callbacks`, `initial_epoch`.
    pub fn fit<'c>(&mut self, x: impl IntoData, y: impl IntoData) -> Fit<'_, 'c> {
        Fit::new(self, x.into_data(), y.into_data())
    }

    /// The loss and the metrics of examples. Keras: `model.evaluate(x, y)`.
    ///
    /// Keyword methods `batch_size` (32 if not said) and `verbose` (1).
    pub fn evaluate(&mut self, x: impl IntoData, y: impl IntoData) -> Evaluate<'_> {
        Evaluate::new(self, x.into_data(), y.into_data())
    }

    /// What the model makes of examples. Keras: `model.predict(x)`.
    ///
    /// Keyword methods `batch_size` (32 if not said) and `verbose` (0).
    pub fn predict(&mut self, x: impl IntoData) -> Predict<'_> {
        Predict::new(self, x.into_data())
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({}, {} layers)", self.name(), self.network.layers.len())
    }
}

fn only(tensors: &[Tensor], what: &str) -> Result<Tensor> {
    match tensors {
        [only] => Ok(*only),
        _ => Err(Error::failed_precondition(format!("the model has {} {what}, not one", tensors.len()))),
    }
}

pub(super) fn no_layers() -> Error {
    Error::failed_precondition("the model has no layers")
}

pub(super) fn dims(tensor: &Tensor) -> Dims {
    Dims(tensor.shape().dims().unwrap_or_default().to_vec())
}

pub(super) fn elements(variables: &[Variable]) -> usize {
    variables.iter().filter_map(|variable| variable.shape().num_elements()).sum()
}

/// What can be added to a [`Sequential`](struct@super::Sequential): a layer, or a model as one.
pub trait IntoLayer {
    /// The layer, and the graph in which it was applied if it is a model.
    #[doc(hidden)]
    fn into_layer(self, graph: &Graph) -> (Arc<dyn Layer>, Option<Graph>);
}

impl<L: Layer + 'static> IntoLayer for L {
    fn into_layer(self, _graph: &Graph) -> (Arc<dyn Layer>, Option<Graph>) {
        (Arc::new(self), None)
    }
}

impl IntoLayer for &Model {
    fn into_layer(self, _graph: &Graph) -> (Arc<dyn Layer>, Option<Graph>) {
        (Arc::new(self.network.clone()), Some(self.graph.clone()))
    }
}

impl IntoLayer for Model {
    fn into_layer(self, graph: &Graph) -> (Arc<dyn Layer>, Option<Graph>) {
        (&self).into_layer(graph)
    }
}

impl IntoLayer for &mut super::Sequential {
    fn into_layer(self, graph: &Graph) -> (Arc<dyn Layer>, Option<Graph>) {
        self.move_to(graph);
        (Arc::new(self.network.clone()), None)
    }
}

impl IntoLayer for super::Sequential {
    fn into_layer(mut self, graph: &Graph) -> (Arc<dyn Layer>, Option<Graph>) {
        (&mut self).into_layer(graph)
    }
}
