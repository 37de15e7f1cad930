//! A stack of layers. Keras: `keras.models.Sequential`.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::summary::{Dialect, table};
use super::training::{Compile, Compiled, Evaluate, Fit, Predict};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Graph, Operation, Tensor, get_default_graph};
use crate::layers::{Layer, Training, apply_dyn};
use crate::ops::array::placeholder;
use crate::ops::state::{Variable, assign, global_variables, variables_initializer};
use crate::session::{Feeds, Session};
use crate::shape::{Dim, IntoShape, PartialShape};
use crate::value::{IntoValue, Value};
use crate::weights;

/// A model: layers one after the other, in a [`Graph`] and a [`Session`](struct@Session) of its own. Keras: `Sequential`.
///
/// Mistakes made while layers are added are found in the graph by the first call that returns a `Result`.
pub struct Sequential {
    name: String,
    graph: Graph,
    session: OnceLock<Session>,
    layers: Vec<Box<dyn Layer>>,
    input: Option<Tensor>,
    /// What each layer makes outside of training.
    outputs: Vec<Tensor>,
    pub(super) compiled: Option<Compiled>,
    /// How many of the graph's variables have a value, and how new ones are given to them.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    initialized: usize,
    setters: Vec<(Variable, Tensor, Operation)>,
}

/// An empty model. Keras: `Sequential()`.
///
/// The graph's seed is that of the default graph, see [`set_random_seed`](crate::set_random_seed).
///
/// ```
/// use flowstone as tf;
/// use tf::keras::layers::{Dense, Flatten};
///
/// let mut model = tf::keras::Sequential();
/// model.add(Flatten!(input_shape = (2, 2)));
/// model.add(Dense!(3, activation = "softmax"));
/// assert_eq!(model.output_shape()?.to_string(), "(None, 3)");
/// assert_eq!(model.count_params()?, 15);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn Sequential() -> Sequential {
    let graph = Graph::new();
    if let Some(seed) = get_default_graph().random_seed() {
        graph.set_random_seed(seed);
    }
    Sequential {
        name: "sequential".to_owned(),
        graph,
        session: OnceLock::new(),
        layers: Vec::new(),
        input: None,
        outputs: Vec::new(),
        compiled: None,
        state: Mutex::default(),
    }
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

/// A row of the summary.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) class_name: &'static str,
    pub(super) output_shape: Dims,
    pub(super) parameters: usize,
}

impl Sequential {
    /// The same model with another name, which the summary shows.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Its name. Keras: `model.name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Its session, in which all variables made so far have values.
    pub fn session(&self) -> Result<&Session> {
        self.graph.check()?;
        if self.session.get().is_none() {
            // Another thread may have been faster; one session is as good as the other.
            let _ = self.session.set(Session::new(&self.graph)?);
        }
        let session = self.session.get().ok_or_else(|| Error::internal("the session was not kept"))?;
        self.initialize(session)?;
        Ok(session)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the variables that are new their initial values.
    fn initialize(&self, session: &Session) -> Result<()> {
        let _default = self.graph.as_default();
        let mut state = self.state();
        let all = global_variables();
        if let Some(new) = all.get(state.initialized..).filter(|new| !new.is_empty()) {
            session.run(variables_initializer(new), Feeds::new())?;
            state.initialized = all.len();
        }
        Ok(())
    }

    /// Adds a layer behind the others. Keras: `model.add(layer)`.
    ///
    /// The first layer's `input_shape` says what an example looks like; without it the model is built by
    /// [`build`](Sequential::build), or for the first data it is given.
    #[track_caller]
    pub fn add(&mut self, layer: impl Layer + 'static) {
        self.push(Box::new(layer));
    }

    #[track_caller]
    pub(super) fn push(&mut self, layer: Box<dyn Layer>) {
        let line = crate::graph::here();
        if self.compiled.is_some() {
            let error = Error::failed_precondition("a layer is added to a model that is compiled already");
            self.graph.record(error.at(&layer.name(), Some(line)));
            return;
        }
        if self.layers.is_empty()
            && self.input.is_none()
            && let Some(shape) = layer.input_shape()
        {
            match shape {
                Ok(shape) => self.start(&shape, &layer.name()),
                Err(error) => self.graph.record(error.at(&layer.name(), Some(line))),
            }
        }
        if layer.class_name() == "InputLayer" {
            return;
        }
        self.layers.push(layer);
        self.apply_layers();
    }

    /// Makes the input for examples of this shape.
    #[track_caller]
    fn start(&mut self, example: &PartialShape, first: &str) {
        let _default = self.graph.as_default();
        let Some(dims) = example.dims() else { return };
        let shape = PartialShape::new(std::iter::once(None).chain(dims.iter().copied()));
        self.input = Some(placeholder(DType::Float32, shape).named(&format!("{first}_input")));
    }

    /// Applies the layers that were not yet.
    #[track_caller]
    fn apply_layers(&mut self) {
        let Some(input) = self.input else { return };
        let mut x = self.outputs.last().copied().unwrap_or(input);
        for layer in &self.layers[self.outputs.len()..] {
            x = apply_dyn(&**layer, x, Training::Known(false));
            self.outputs.push(x);
        }
    }

    /// Builds the model for inputs of shape `input_shape`, the batch included. Keras: `model.build(input_shape)`.
    #[track_caller]
    pub fn build(&mut self, input_shape: impl IntoShape) -> Result<()> {
        let shape = input_shape.into_shape()?;
        let dims = shape.dims().filter(|dims| !dims.is_empty()).ok_or_else(|| {
            Error::invalid_argument(format!("an input has a batch and an example, but {shape} has not"))
        })?;
        if self.input.is_none() {
            let first = self.layers.first().ok_or_else(no_layers)?.name();
            self.start(&PartialShape::new(dims[1..].iter().copied()), &first);
            self.apply_layers();
        }
        self.graph.check()
    }

    /// The placeholder for batches of examples, once the model is built.
    pub fn input(&self) -> Result<Tensor> {
        self.graph.check()?;
        self.input.ok_or_else(|| {
            Error::failed_precondition("the model is not built: give its first layer an input_shape, or call build")
        })
    }

    /// What the model makes of its input, outside of training. Keras: `model.output`.
    pub fn output(&self) -> Result<Tensor> {
        self.input()?;
        self.outputs.last().copied().ok_or_else(no_layers)
    }

    /// The same for training, in which some layers differ; their averages are kept up to date by operations in the
    /// collection `update_ops`.
    pub(super) fn training_output(&self) -> Result<Tensor> {
        if !self.layers.iter().any(|layer| layer.differs_in_training()) {
            return self.output();
        }
        let apply = |x, layer| apply_dyn(layer, x, Training::Known(true));
        let output = self.layers().fold(self.input()?, apply);
        self.graph.check()?;
        Ok(output)
    }

    /// The layers. Keras: `model.layers`.
    pub fn layers(&self) -> impl Iterator<Item = &dyn Layer> {
        self.layers.iter().map(|layer| &**layer)
    }

    /// The layers, each with what it makes outside of training.
    pub(super) fn layer_outputs(&self) -> impl Iterator<Item = (&dyn Layer, Tensor)> {
        self.layers().zip(self.outputs.iter().copied())
    }

    /// The shape of the last layer's output, which prints as Python's: `(None, 10)`. Keras: `model.output_shape`.
    pub fn output_shape(&self) -> Result<Dims> {
        self.output().map(|output| dims(&output))
    }

    pub(super) fn rows(&self) -> Result<Vec<Row>> {
        self.output()?;
        let row = |(layer, output): (&dyn Layer, &Tensor)| Row {
            name: layer.name(),
            class_name: layer.class_name(),
            output_shape: dims(output),
            parameters: elements(&layer.variables()),
        };
        Ok(self.layers().zip(&self.outputs).map(row).collect())
    }

    /// The number of numbers that training changes, and of the others.
    pub(super) fn parameters(&self) -> [usize; 2] {
        let (trainable, others): (Vec<_>, Vec<_>) = self.weights().into_iter().partition(|weight| weight.trainable());
        [elements(&trainable), elements(&others)]
    }

    /// The number of numbers in all weights. Keras: `model.count_params()`.
    pub fn count_params(&self) -> Result<usize> {
        self.output()?;
        Ok(self.parameters().iter().sum())
    }

    /// Prints the table of layers. Keras: `model.summary()`.
    pub fn summary(&self) -> Result<()> {
        super::training::print(&self.summary_text(Dialect::default())?)
    }

    /// The table of layers, laid out as `dialect` says.
    pub fn summary_text(&self, dialect: Dialect) -> Result<String> {
        table(self, dialect)
    }

    /// The variables of all layers: what training changes of each layer first. Keras: `model.weights`.
    pub fn weights(&self) -> Vec<Variable> {
        self.layers.iter().flat_map(|layer| layer.variables()).collect()
    }

    /// The values of all weights. Keras: `model.get_weights()`.
    pub fn get_weights(&self) -> Result<Vec<Value>> {
        self.output()?;
        self.session()?.run(self.weights(), Feeds::new())
    }

    /// Gives all weights new values, which are checked before any is changed. Keras: `model.set_weights(weights)`.
    pub fn set_weights(&self, values: &[Value]) -> Result<()> {
        self.output()?;
        let weights = self.weights();
        if weights.len() != values.len() {
            let (has, given) = (weights.len(), values.len());
            return Err(Error::invalid_argument(format!("the model has {has} weights, but {given} were given")));
        }
        for (weight, value) in weights.iter().zip(values) {
            let dtype = weight.dtype()?;
            if !weight.shape().accepts(value.shape()) || value.dtype() != dtype {
                return Err(Error::invalid_argument(format!(
                    "weight '{}' is {dtype} of shape {}, but the value is {} of shape {}",
                    weight.op().name(),
                    weight.shape(),
                    value.dtype(),
                    value.shape()
                )));
            }
        }
        let pairs: Vec<(Variable, Value)> = weights.into_iter().zip(values.iter().cloned()).collect();
        self.assign(&pairs)
    }

    /// Gives variables of the graph values that fit.
    pub(super) fn assign(&self, values: &[(Variable, Value)]) -> Result<()> {
        self.session()?;
        let mut feeds = Feeds::new();
        let mut targets = Vec::with_capacity(values.len());
        {
            let _default = self.graph.as_default();
            let mut state = self.state();
            for (variable, value) in values {
                let known = state.setters.iter().find(|(of, ..)| of == variable).copied();
                let (_, fed, set) = known.unwrap_or_else(|| {
                    let _scope = self.graph.name_scope("set_weights");
                    let fed = placeholder(value.dtype(), variable.shape());
                    let setter = (*variable, fed, assign(*variable, fed).op());
                    state.setters.push(setter);
                    setter
                });
                feeds = feeds.feed(fed, value);
                targets.push(set);
            }
        }
        self.session()?.run(targets, feeds)?;
        Ok(())
    }

    /// Writes all weights to a file, by their names. Keras: `model.save_weights(path)`.
    ///
    /// The path is the prefix of a checkpoint of TensorFlow's, as in Keras; if it ends in `.npz` or `.safetensors`, it is
    /// such a file (features of these names); if it ends in `.h5` or `.hdf5`, it is laid out as Keras does (feature `hdf5`). It
    /// appears when it is whole; one that was there stays until then.
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        #[cfg(feature = "hdf5")]
        if weights::Format::of(&path) == weights::Format::Hdf5 {
            return super::saving::save_weights(self, path.as_ref());
        }
        let values = self.get_weights()?;
        let names = self.weights().into_iter().map(|weight| weight.op().name());
        weights::write(path, &names.zip(values).collect::<Vec<_>>())
    }

    /// Reads all weights from a file that [`save_weights`](Sequential::save_weights) or Keras wrote; all are checked before any
    /// is changed. In a `.h5` file layers are found by their order, elsewhere weights by their names.
    /// Keras: `model.load_weights(path)`.
    pub fn load_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        self.output()?;
        #[cfg(feature = "hdf5")]
        if weights::Format::of(&path) == weights::Format::Hdf5 {
            return super::saving::load_weights(self, path.as_ref());
        }
        let nodes: Vec<Operation> = self.weights().into_iter().map(Variable::op).collect();
        let fitting = weights::fitting(path.as_ref(), &nodes, weights::read(path.as_ref())?)?;
        self.set_weights(&fitting.into_iter().map(|(_, value)| value).collect::<Vec<_>>())
    }

    /// Says what the model is to make small, and how. Keras: `model.compile(optimizer, loss, metrics)`.
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
    /// Keyword methods `batch_size` (32 if not said), `epochs` (1), `verbose` (1), `shuffle` (true), `validation_split`,
    /// `validation_data`, `class_weight`, `callbacks`, `initial_epoch`.
    pub fn fit<'c>(&mut self, x: impl IntoValue, y: impl IntoValue) -> Fit<'_, 'c> {
        Fit::new(self, x.into_literal(), y.into_literal())
    }

    /// The loss and the metrics of examples. Keras: `model.evaluate(x, y)`.
    ///
    /// Keyword methods `batch_size` (32 if not said) and `verbose` (1).
    pub fn evaluate(&mut self, x: impl IntoValue, y: impl IntoValue) -> Evaluate<'_> {
        Evaluate::new(self, x.into_literal(), y.into_literal())
    }

    /// What the model makes of examples. Keras: `model.predict(x)`.
    ///
    /// Keyword methods `batch_size` (32 if not said) and `verbose` (0).
    pub fn predict(&mut self, x: impl IntoValue) -> Predict<'_> {
        Predict::new(self, x.into_literal())
    }
}

impl fmt::Debug for Sequential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sequential({}, {} layers)", self.name, self.layers.len())
    }
}

pub(super) fn no_layers() -> Error {
    Error::failed_precondition("the model has no layers")
}

fn dims(tensor: &Tensor) -> Dims {
    Dims(tensor.shape().dims().unwrap_or_default().to_vec())
}

fn elements(variables: &[Variable]) -> usize {
    variables.iter().filter_map(|variable| variable.shape().num_elements()).sum()
}
