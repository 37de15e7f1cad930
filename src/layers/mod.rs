//! Layers: operations with their variables. TF: `tf.layers`.
//!
//! A layer is a value that says how it is built (`tf::layers::Dense!(10, activation = tf::nn::relu)`), and is applied to
//! tensors; applied again it shares its variables. The functions (`tf::layers::dense!(x, 10, activation = tf::nn::relu)`)
//! make a layer and apply it. The layers of [`keras`](crate::keras) are the same.

mod activation;
mod config;
mod conv;
mod core;
mod dense;
mod functions;
mod keywords;
mod mask;
mod normalization;
mod pooling;

/// What decides while building. TF: `tensorflow.python.layers.utils`.
pub mod utils {
    pub use crate::ops::flow::{constant_value, smart_cond};
}

pub use self::core::{Activation, Dropout, Embedding, Flatten, InputLayer, LeakyReLU, Reshape};
pub use activation::{ActivationFunction, IntoActivation};
pub use config::{Config, Json};
pub(crate) use config::{Configured, Setting, Settings, class_and_config, get_config_method, object};
pub use conv::{Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D};
pub use dense::Dense;
pub use functions::{
    average_pooling2d, batch_normalization, conv2d, conv2d_transpose, dense, dropout, flatten, max_pooling2d,
    separable_conv2d,
};
pub(crate) use mask::of as mask_of;
pub use normalization::BatchNormalization;
pub use pooling::{AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D};

pub use crate::{
    __Activation as Activation, __AveragePooling2D as AveragePooling2D, __BatchNormalization as BatchNormalization,
    __Conv2D as Conv2D, __Conv2DTranspose as Conv2DTranspose, __Dense as Dense, __DepthwiseConv2D as DepthwiseConv2D,
    __Dropout as Dropout, __Embedding as Embedding, __Flatten as Flatten,
    __GlobalAveragePooling2D as GlobalAveragePooling2D, __GlobalMaxPooling2D as GlobalMaxPooling2D,
    __LeakyReLU as LeakyReLU, __MaxPooling2D as MaxPooling2D, __Reshape as Reshape,
    __SeparableConv2D as SeparableConv2D,
};
pub use crate::{
    __average_pooling2d as average_pooling2d, __batch_normalization as batch_normalization, __conv2d as conv2d,
    __conv2d_transpose as conv2d_transpose, __dense as dense, __dropout as dropout, __flatten as flatten,
    __max_pooling2d as max_pooling2d, __separable_conv2d as separable_conv2d,
};

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Graph, Operation, Tensor, get_default_graph};
use crate::initializers::Initializer;
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::flow::{Outcome, constant_value, smart_cond};
use crate::ops::state::{Variable, global_variables};
use crate::regularizers::{REGULARIZATION_LOSSES, Regularizer};
use crate::shape::{PartialShape, Shape};
use crate::variable_scope::{Reuse, VariableScope, get_variable_args, get_variable_scope, variable_scope_args};

/// The collection of operations that keep averages up to date. TF: `tf.GraphKeys.UPDATE_OPS`.
pub const UPDATE_OPS: &str = "update_ops";

/// A variable that a layer needs.
#[derive(Clone, Debug)]
pub struct Weight {
    /// The last part of its name.
    pub name: Cow<'static, str>,
    /// Its shape.
    pub shape: Shape,
    /// How it starts.
    pub initializer: Result<Initializer>,
    /// What it adds to the loss.
    pub regularizer: Option<Regularizer>,
    /// Whether optimizers change it.
    pub trainable: bool,
}

impl Weight {
    pub(crate) fn new(name: &'static str, shape: impl Into<Shape>, initializer: &Result<Initializer>) -> Self {
        let initializer = initializer.clone();
        Weight { name: name.into(), shape: shape.into(), initializer, regularizer: None, trainable: true }
    }

    pub(crate) fn regularized(mut self, regularizer: &Option<Regularizer>) -> Self {
        self.regularizer = regularizer.clone();
        self
    }

    /// The same in a scope.
    pub(crate) fn within(mut self, scope: &str) -> Self {
        self.name = format!("{scope}/{}", self.name).into();
        self
    }

    fn not_trainable(mut self) -> Self {
        self.trainable = false;
        self
    }
}

/// Whether a layer is applied for training: `true`, `false`, or a bool tensor that says so in each run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Training {
    /// Known while building.
    Known(bool),
    /// Known when the graph is run.
    Fed(Tensor),
}

impl Training {
    /// What is known of it while building.
    fn known(self) -> Option<bool> {
        match self {
            Training::Known(known) => Some(known),
            Training::Fed(training) => constant_value(training),
        }
    }

    /// What `during` builds in training, else what `after` builds. TF: `smart_cond`.
    #[track_caller]
    pub(crate) fn choose<R: Outcome<Merged = R>>(self, during: impl FnOnce() -> R, after: impl FnOnce() -> R) -> R {
        match self {
            Training::Known(known) => smart_cond(known, during, after),
            Training::Fed(training) => smart_cond(training, during, after),
        }
    }
}

impl From<bool> for Training {
    fn from(training: bool) -> Self {
        Training::Known(training)
    }
}

impl From<Tensor> for Training {
    fn from(training: Tensor) -> Self {
        Training::Fed(training)
    }
}

/// What a layer sees while it is applied.
pub struct Call<'a> {
    /// Its variables, in the order of [`Layer::weights`].
    pub weights: &'a [Variable],
    /// Whether it is applied for training.
    pub training: Training,
    /// Which steps of its input count, bools [batch, time], if the input says so. Keras: `mask`.
    pub mask: Option<Tensor>,
    /// Operations that keep its averages up to date.
    pub updates: Vec<Operation>,
}

/// What all layers have: a name, and what they remember after they were applied.
#[derive(Clone, Debug, Default)]
pub struct Common {
    pub(crate) name: Option<String>,
    pub(crate) reuse: Reuse,
    pub(crate) frozen: bool,
    pub(crate) input_shape: Option<Result<PartialShape>>,
    applied: Arc<Mutex<Option<Applied>>>,
    /// The scope around, where it was first applied.
    around: Arc<OnceLock<VariableScope>>,
}

#[derive(Clone, Debug)]
struct Applied {
    scope: VariableScope,
    weights: Option<Vec<Variable>>,
}

impl Common {
    fn applied(&self) -> MutexGuard<'_, Option<Applied>> {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The scope around where this is first called.
    pub(crate) fn first_scope(&self) -> &VariableScope {
        self.around.get_or_init(get_variable_scope)
    }

    /// The same for a copy, which will have variables of its own.
    pub fn fresh(&self) -> Self {
        Common { applied: Arc::default(), around: Arc::default(), ..self.clone() }
    }

    /// The variables that were made when it was first applied.
    pub fn variables(&self) -> Vec<Variable> {
        self.applied().as_ref().and_then(|applied| applied.weights.clone()).unwrap_or_default()
    }
}

/// A layer: which variables it needs, and what it makes of its input.
///
/// Your own layer implements the first four methods; the others follow.
pub trait Layer: Send + Sync {
    /// The name of its kind: `"Conv2D"`. Its scope is called the same in small letters: `conv2d`.
    fn class_name(&self) -> &'static str;

    /// What all layers have.
    fn common(&self) -> &Common;

    /// The variables it needs for an input of this shape. An error if the shape does not suit it.
    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>>;

    /// Whether it makes something else of its input in training.
    fn differs_in_training(&self) -> bool {
        false
    }

    /// Whether the functions of `tf.layers` apply it for training.
    fn training(&self) -> Training {
        Training::Known(false)
    }

    /// What it makes of `input`.
    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor>;

    /// Which steps of its output count, given which of its input do. An error if it cannot leave steps out.
    /// Keras: `compute_mask`.
    fn mask(&self, _input: Tensor, mask: Option<Tensor>) -> Result<Option<Tensor>> {
        match mask {
            None => Ok(None),
            Some(_) => Err(Error::unimplemented("it cannot leave steps out, but its input has a mask")),
        }
    }

    /// How it is made, by Keras's names. Keras: `get_config`.
    fn get_config(&self) -> Result<Config> {
        Err(Error::unimplemented(format!("{} does not say how it is made", self.class_name())))
    }

    /// What it makes of `input`, outside of training. TF: `layer.apply(inputs)`.
    ///
    /// The first time it makes its variables; from then on it shares them.
    #[track_caller]
    fn apply(&self, input: impl IntoTensor) -> Tensor
    where
        Self: Sized,
    {
        self.apply_for(input, false)
    }

    /// What it makes of `input` if `training` is true, or else outside of training.
    #[track_caller]
    fn apply_for(&self, input: impl IntoTensor, training: impl Into<Training>) -> Tensor
    where
        Self: Sized,
    {
        apply(self, input.into_arg(), training.into(), Place::of_object(self.common()))
    }
}

/// Where a layer's variables go when it is first applied.
pub(crate) enum Place {
    /// Into a scope named for its kind, made unique.
    ByClass,
    /// Into a scope of this name, made unique.
    Unique(String),
    /// Into the scope of exactly this name.
    Exact(String),
}

impl Place {
    /// A layer's name is made unique when it is applied as an object.
    pub(crate) fn of_object(common: &Common) -> Self {
        common.name.clone().map_or(Place::ByClass, Place::Unique)
    }
}

/// Applies a layer as the functions of `tf.layers` do: a name is meant exactly.
#[doc(hidden)]
#[track_caller]
pub fn apply_function(layer: &dyn Layer, input: impl IntoTensor) -> Tensor {
    let place = layer.common().name.clone().map_or(Place::ByClass, Place::Exact);
    apply(layer, input.into_arg(), layer.training(), place)
}

/// Applies a layer whose type is not known, as [`Layer::apply_for`] does.
#[track_caller]
pub fn apply_dyn(layer: &dyn Layer, input: Tensor, training: Training) -> Tensor {
    apply(layer, Arg::Tensor(input), training, Place::of_object(layer.common()))
}

#[track_caller]
fn apply(layer: &dyn Layer, input: Arg, training: Training, place: Place) -> Tensor {
    let line = crate::graph::here();
    let _line = crate::graph::built_at(line);
    let graph = Arg::graph_of(std::slice::from_ref(&input)).unwrap_or_else(|_| get_default_graph());
    let _default = graph.as_default();
    let input = convert(input, "inputs", None);
    if input.is_poisoned() {
        return input;
    }
    let common = layer.common();
    let scope = scope_of(layer.class_name(), common, place);
    apply_in(layer, &graph, &scope, input, training).unwrap_or_else(|error| {
        let name = common.name.clone().unwrap_or_else(|| scope.name().to_owned());
        graph.record(error.retitled(layer.class_name()).at(&name, Some(line)));
        Tensor::poisoned(&graph)
    })
}

/// The scope of the variables of what is of kind `class_name`, made when it is first applied.
#[track_caller]
pub(crate) fn scope_of(class_name: &str, common: &Common, place: Place) -> VariableScope {
    if let Some(applied) = &*common.applied() {
        return applied.scope.clone();
    }
    let by_class = snake_case(class_name);
    let open = match place {
        Place::Exact(name) => variable_scope_args(name.as_str()),
        Place::Unique(name) if common.reuse != Reuse::Inherit => variable_scope_args(name.as_str()),
        Place::ByClass if common.reuse != Reuse::Inherit => variable_scope_args(by_class.as_str()),
        Place::Unique(name) => variable_scope_args(None).default_name(&name),
        Place::ByClass => variable_scope_args(None).default_name(&by_class),
    };
    let scope = VariableScope::clone(&open.build());
    *common.applied() = Some(Applied { scope: scope.clone(), weights: None });
    scope
}

/// What `call` builds in `scope` with the variables that are `needed`: made the first time, shared from then on.
#[track_caller]
pub(crate) fn with_weights<R>(
    graph: &Graph,
    common: &Common,
    scope: &VariableScope,
    dtype: DType,
    needed: impl FnOnce() -> Result<Vec<Weight>>,
    call: impl FnOnce(&[Variable]) -> Result<R>,
) -> Result<R> {
    let known = common.applied().as_ref().and_then(|applied| applied.weights.clone());
    let reuse = if known.is_some() { Reuse::Share } else { common.reuse };
    let _variables = variable_scope_args(scope).reuse(reuse).auxiliary_name_scope(false).build();
    let _names = graph.name_scope(&format!("{}/", scope.original_name_scope()));
    let needed = needed()?;
    let weights = match known {
        Some(weights) => {
            check_shared(&needed, &weights)?;
            weights
        }
        None => {
            let dtype = if dtype.is_floating() { dtype } else { DType::Float32 };
            let made = needed.into_iter().map(|weight| make(graph, common, weight, dtype));
            let weights = made.collect::<Result<Vec<_>>>()?;
            if let Some(applied) = common.applied().as_mut() {
                applied.weights = Some(weights.clone());
            }
            weights
        }
    };
    call(&weights)
}

#[track_caller]
fn apply_in(
    layer: &dyn Layer,
    graph: &Graph,
    scope: &VariableScope,
    input: Tensor,
    training: Training,
) -> Result<Tensor> {
    let dtype = input.dtype().unwrap_or(DType::Float32);
    with_weights(
        graph,
        layer.common(),
        scope,
        dtype,
        || layer.weights(&input.shape()),
        |weights| {
            if let Some(weight) = weights.iter().find(|weight| weight.reference().is_poisoned()) {
                return Ok(weight.reference());
            }
            let mask = mask::of(graph, input);
            let mut call = Call { weights, training, mask, updates: Vec::new() };
            let output = layer.call(input, &mut call)?;
            if let Some(mask) = layer.mask(input, mask)? {
                mask::set(graph, output, mask);
            }
            for update in call.updates {
                graph.add_to_collection(UPDATE_OPS, update);
            }
            Ok(output)
        },
    )
}

/// A layer that was applied before can only be applied to what its variables fit.
fn check_shared(needed: &[Weight], weights: &[Variable]) -> Result<()> {
    for (weight, variable) in needed.iter().zip(weights) {
        let found = variable.shape();
        if found.merge(&weight.shape.clone().into()).is_none() {
            let name = variable.op().name();
            return Err(Error::invalid_argument(format!(
                "its {name} has shape {found}; this input needs {}",
                weight.shape
            )));
        }
    }
    Ok(())
}

fn make(graph: &Graph, common: &Common, weight: Weight, dtype: DType) -> Result<Variable> {
    let before = global_variables().len();
    let variable = get_variable_args(&weight.name, weight.shape)
        .dtype(dtype)
        .initializer(&weight.initializer?)
        .trainable(weight.trainable && !common.frozen)
        .build();
    if let Some(regularizer) = weight.regularizer
        && global_variables().len() > before
    {
        let _scope = graph.name_scope(&format!("{}/Regularizer", weight.name));
        graph.add_to_collection(REGULARIZATION_LOSSES, regularizer.loss(variable.value()));
    }
    Ok(variable)
}

/// `MaxPooling2D` becomes `max_pooling2d`.
pub(crate) fn snake_case(class: &str) -> String {
    let mut name = String::new();
    let letters: Vec<char> = class.chars().collect();
    for (i, letter) in letters.iter().enumerate() {
        let starts = letter.is_uppercase()
            && i > 0
            && (letters[i - 1].is_lowercase() || letters.get(i + 1).is_some_and(|next| next.is_lowercase()));
        if starts {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// What is asked of every applied layer.
impl dyn Layer + '_ {
    /// The name of its scope; its own name, or that of its kind, before it was first applied. Keras: `layer.name`.
    pub fn name(&self) -> String {
        let common = self.common();
        let scope = common.applied().as_ref().map(|applied| applied.scope.name().to_owned());
        scope.or_else(|| common.name.clone()).unwrap_or_else(|| snake_case(self.class_name()))
    }

    /// Its variables, empty before it was first applied. Keras: `layer.weights`.
    pub fn variables(&self) -> Vec<Variable> {
        self.common().variables()
    }

    /// The variables that optimizers change.
    pub fn trainable_variables(&self) -> Vec<Variable> {
        self.variables().into_iter().filter(|variable| variable.trainable()).collect()
    }

    /// The shape of one input, without the batch, if it was said.
    pub fn input_shape(&self) -> Option<Result<PartialShape>> {
        self.common().input_shape.clone()
    }
}

/// Height and width from one number for both or a pair: `3`, `[3, 3]`, `(3, 3)`.
pub trait IntoPair {
    /// Height and width.
    fn into_pair(self) -> [i64; 2];
}

impl IntoPair for i64 {
    fn into_pair(self) -> [i64; 2] {
        [self, self]
    }
}

impl IntoPair for [i64; 2] {
    fn into_pair(self) -> [i64; 2] {
        self
    }
}

impl IntoPair for (i64, i64) {
    fn into_pair(self) -> [i64; 2] {
        [self.0, self.1]
    }
}

/// The methods that every layer has.
macro_rules! common_methods {
    ($layer:ident) => {
        $crate::layers::common_methods! { [] $layer, common }
    };
    ([$($generics:tt)*] $layer:ty, $($common:ident).+) => {
        impl<$($generics)*> $layer {
            /// The name of its scope; that of its kind if not said.
            pub fn name(mut self, name: &str) -> Self {
                self.$($common).+.name = Some(name.to_owned());
                self
            }

            /// Whether optimizers change its variables; true if not said.
            pub fn trainable(mut self, trainable: bool) -> Self {
                self.$($common).+.frozen = !trainable;
                self
            }

            /// Whether it shares the variables of a layer of the same name: `true`, or [`AUTO_REUSE`](crate::AUTO_REUSE).
            pub fn reuse(mut self, reuse: impl Into<$crate::variable_scope::Reuse>) -> Self {
                self.$($common).+.reuse = reuse.into();
                self
            }

            /// The shape of one example, for the first layer of a model.
            pub fn input_shape(mut self, shape: impl $crate::shape::IntoShape) -> Self {
                self.$($common).+.input_shape = Some(shape.into_shape());
                self
            }

            /// Its variables, empty before it was first applied. Keras: `layer.weights`.
            pub fn variables(&self) -> Vec<$crate::ops::state::Variable> {
                let layer: &dyn $crate::layers::Layer = self;
                layer.variables()
            }
        }
    };
}
pub(crate) use common_methods;
