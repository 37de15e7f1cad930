//! A stack of layers. Keras: `keras.models.Sequential`.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use super::model::{IntoLayer, Model};
use super::network::Network;
use super::shared::unique_name;
use crate::error::{Error, Result};
use crate::graph::{Graph, Tensor, built_at, get_default_graph, here};
use crate::layers::{IntoTensors, Layer};
use crate::op::Arg;
use crate::shape::PartialShape;

/// A model: layers one after the other, in a [`Graph`] and a [`Session`](struct@crate::Session) of its own. Keras: `Sequential`.
///
/// All that a [`Model`](struct@Model) can do it can do too. Mistakes made while layers are added are found in the graph by the
/// first call that returns a `Result`.
pub struct Sequential {
    model: Model,
    named: bool,
}

const NAME: &str = "sequential";

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
    Sequential { model: Model::new(graph, Network::chain(NAME)), named: false }
}

impl Deref for Sequential {
    type Target = Model;

    fn deref(&self) -> &Model {
        &self.model
    }
}

impl DerefMut for Sequential {
    fn deref_mut(&mut self) -> &mut Model {
        &mut self.model
    }
}

impl Sequential {
    /// The same model with another name, which the summary shows.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.model.network.set_name(name);
        self.named = true;
        self
    }

    /// Adds a layer behind the others. Keras: `model.add(layer)`.
    ///
    /// The first layer's `input_shape` says what an example looks like; without it the model is built by
    /// [`build`](Model::build), or for the first data it is given. A [`Model`](struct@Model) can be added as a layer: then this
    /// one goes on in that one's graph, and both have the same weights.
    #[track_caller]
    pub fn add(&mut self, layer: impl IntoLayer) {
        let (layer, graph) = layer.into_layer(&self.graph);
        self.push(layer, graph);
    }

    /// Adds a layer that was applied in another graph if `graph` is given.
    #[track_caller]
    pub(super) fn push(&mut self, layer: Arc<dyn Layer>, graph: Option<Graph>) {
        let line = here();
        let _line = built_at(line);
        if self.compiled.is_some() {
            let error = Error::failed_precondition("a layer is added to a model that is compiled already");
            self.graph.record(error.at(&layer.name(), Some(line)));
            return;
        }
        if let Some(graph) = graph {
            self.move_to(&graph);
        }
        if self.network.layers.is_empty()
            && self.network.inputs.is_empty()
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
        self.network.layers.push(layer);
        self.apply_rest();
    }

    /// What the model makes of other tensors: all its layers are applied to them, with the same weights. Keras: `model(x)`.
    ///
    /// The model is one layer of what is made of that. If it has a graph of its own still, it goes on in that of the tensor,
    /// where its layers are built anew with their weights as they are; that must be before it is compiled.
    ///
    /// ```
    /// use flowstone as tf;
    /// use tf::keras::{Input, Model, layers::*};
    /// let mut generator = tf::keras::Sequential();
    /// generator.add(Dense!(4, activation = "relu", input_shape = (2,)));
    /// generator.add(Dense(3));
    /// let noise = Input!((2,));
    /// let model = Model(noise, generator.apply(noise));
    /// assert_eq!(model.count_params()?, generator.count_params()?);
    /// # Ok::<(), tf::Error>(())
    /// ```
    #[track_caller]
    pub fn apply(&mut self, input: impl IntoTensors) -> Tensor {
        let args = input.into_args();
        if let Ok(graph) = Arg::graph_of(&args) {
            self.move_to(&graph);
        }
        if self.network.inputs.is_empty()
            && let [Arg::Tensor(input)] = args[..]
            && let Some(dims) = input.shape().dims()
            && let Some(first) = self.network.layers.first().map(|layer| layer.name())
        {
            self.start(&PartialShape::new(dims.iter().skip(1).copied()), &first);
            self.apply_rest();
        }
        self.model.apply(args)
    }

    /// Goes on in another graph, with the weights as they are.
    #[track_caller]
    pub(super) fn move_to(&mut self, graph: &Graph) {
        if self.graph.key() == graph.key() {
            return;
        }
        if let Err(error) = self.try_move_to(graph) {
            graph.record(error.at(self.name(), Some(crate::graph::here())));
        }
    }

    #[track_caller]
    fn try_move_to(&mut self, graph: &Graph) -> Result<()> {
        self.graph.check()?;
        let settled = |what| Err(Error::failed_precondition(format!("{what}, so it stays in its own graph")));
        if self.compiled.is_some() {
            return settled("the model is compiled already");
        }
        if self.network.layers.iter().any(|layer| !layer.parts().is_empty()) {
            return settled("the model has models as layers");
        }
        let values = if self.session.get().is_some() { Some(self.get_weights()?) } else { None };
        let chain: &dyn Layer = &self.network;
        let example = chain.input_shape().transpose()?;
        let layers = std::mem::take(&mut self.network.layers);
        layers.iter().for_each(|layer| layer.common().forget());
        let name = if self.named { self.name().to_owned() } else { unique_name(graph, NAME, 0) };
        self.model.network = Network::chain(&name);
        self.model.network.layers = layers;
        (self.model.graph, self.model.session) = (graph.clone(), OnceLock::new());
        if let Some(example) = example {
            let first = self.network.layers.first().map(|layer| layer.name()).unwrap_or_else(|| NAME.to_owned());
            self.start(&example, &first);
            if !self.network.layers.is_empty() {
                self.apply_rest();
            }
        }
        self.graph.check()?;
        values.map_or(Ok(()), |values| self.set_weights(&values))
    }
}

impl fmt::Debug for Sequential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sequential({}, {} layers)", self.name(), self.network.layers.len())
    }
}
