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
pub(crate) mod history;
mod keywords;
mod mask;
mod merge;
mod more;
mod normalization;
mod pooling;

/// What decides while building. TF: `tensorflow.python.layers.utils`.
pub mod utils {
    pub use crate::ops::flow::{constant_value, smart_cond};
}

pub use self::core::{Activation, Dropout, Embedding, Flatten, InputLayer, LeakyReLU, Reshape};
use activation::softmax_along;
pub use activation::{ActivationFunction, IntoActivation};
pub use config::{Config, Json};
pub(crate) use config::{Configured, Setting, Settings, class_and_config, get_config_method, object};
pub use conv::{Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D};
pub use dense::Dense;
pub use functions::{
    average_pooling2d, batch_normalization, conv2d, conv2d_transpose, dense, dropout, flatten, max_pooling2d,
    separable_conv2d,
};
pub use history::LayerCall;
pub(crate) use mask::of as mask_of;
pub use merge::{
    Add, Average, Concatenate, Dot, IntoTensors, Maximum, Minimum, Multiply, Subtract, add, average, concatenate, dot,
    maximum, minimum, multiply, subtract,
};
pub use more::{
    Cropping2D, ELU, GaussianNoise, IntoBorders, Lambda, Permute, ReLU, RepeatVector, Softmax, UpSampling2D,
    ZeroPadding2D,
};
pub use normalization::BatchNormalization;
pub use pooling::{AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D};

pub use crate::{
    __Activation as Activation, __Add as Add, __Average as Average, __AveragePooling2D as AveragePooling2D,
    __BatchNormalization as BatchNormalization, __Concatenate as Concatenate, __Conv2D as Conv2D,
    __Conv2DTranspose as Conv2DTranspose, __Cropping2D as Cropping2D, __Dense as Dense,
    __DepthwiseConv2D as DepthwiseConv2D, __Dot as Dot, __Dropout as Dropout, __ELU as ELU, __Embedding as Embedding,
    __Flatten as Flatten, __GaussianNoise as GaussianNoise, __GlobalAveragePooling2D as GlobalAveragePooling2D,
    __GlobalMaxPooling2D as GlobalMaxPooling2D, __Lambda as Lambda, __LeakyReLU as LeakyReLU,
    __MaxPooling2D as MaxPooling2D, __Maximum as Maximum, __Minimum as Minimum, __Multiply as Multiply,
    __Permute as Permute, __ReLU as ReLU, __RepeatVector as RepeatVector, __Reshape as Reshape,
    __SeparableConv2D as SeparableConv2D, __Softmax as Softmax, __Subtract as Subtract, __UpSampling2D as UpSampling2D,
    __ZeroPadding2D as ZeroPadding2D, __concatenate as concatenate,
};
pub use crate::{
    __average_pooling2d as average_pooling2d, __batch_normalization as batch_normalization, __conv2d as conv2d,
    __conv2d_transpose as conv2d_transpose, __dense as dense, __dropout as dropout, __flatten as flatten,
    __max_pooling2d as max_pooling2d, __separable_conv2d as separable_conv2d,
};

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
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
    frozen: Arc<AtomicBool>,
    pub(crate) input_shape: Option<Result<PartialShape>>,
    applied: Arc<Mutex<Option<Applied>>>,
    calls: Arc<Mutex<Vec<LayerCall>>>,
    /// The scope around, where it was first applied.
    around: Arc<OnceLock<VariableScope>>,
}

#[derive(Clone, Debug)]
struct Applied {
    scope: VariableScope,
    weights: Option<Vec<Made>>,
}

/// A variable that was made for a layer.
#[derive(Clone, Copy, Debug)]
struct Made {
    variable: Variable,
    /// Whether optimizers change it, if the layer is not frozen.
    trainable: bool,
    /// What it adds to the losses.
    penalty: Option<Tensor>,
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
        let frozen = Arc::new(AtomicBool::new(self.is_frozen()));
        Common {
            name: self.name.clone(),
            reuse: self.reuse,
            frozen,
            input_shape: self.input_shape.clone(),
            ..Common::default()
        }
    }

    fn made(&self) -> Vec<Made> {
        self.applied().as_ref().and_then(|applied| applied.weights.clone()).unwrap_or_default()
    }

    /// The variables that were made when it was first applied.
    pub fn variables(&self) -> Vec<Variable> {
        self.made().into_iter().map(|made| made.variable).collect()
    }

    /// Whether optimizers leave its variables as they are.
    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.load(Ordering::Relaxed)
    }

    /// Says whether optimizers leave its variables as they are.
    pub(crate) fn freeze(&self, frozen: bool) {
        self.frozen.store(frozen, Ordering::Relaxed);
    }

    /// The same number for a layer and its copies, which share what it remembers.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.applied).addr()
    }

    /// The same with a name and what one input looks like.
    pub(crate) fn of_model(name: &str, input_shape: Option<PartialShape>) -> Common {
        Common { name: Some(name.to_owned()), input_shape: input_shape.map(Ok), ..Common::default() }
    }

    /// Forgets where it was applied: the next time it makes new variables.
    pub(crate) fn forget(&self) {
        *self.applied() = None;
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What it was applied to and what it made of that, in order.
    pub(crate) fn calls(&self) -> Vec<LayerCall> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers a call and gives its number.
    pub(crate) fn add_call(&self, call: LayerCall) -> usize {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(call);
        calls.len() - 1
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

    /// What it makes of several tensors; most layers take one.
    fn call_all(&self, inputs: &[Tensor], call: &mut Call) -> Result<Vec<Tensor>> {
        alone(self.call(only(inputs)?, call))
    }

    /// The layers that it is made of, if there are any.
    fn parts(&self) -> Vec<Arc<dyn Layer>> {
        Vec::new()
    }

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
        Err(unsaid(self.class_name()))
    }

    /// What it makes of `input`, outside of training. TF: `layer.apply(inputs)`.
    ///
    /// The first time it makes its variables; from then on it shares them, and so do its copies. In a model of
    /// [`keras`](crate::keras) it is applied for training too, when the model is trained.
    #[track_caller]
    fn apply(&self, input: impl IntoTensor) -> Tensor
    where
        Self: Sized + Clone + 'static,
    {
        one(apply_object(self, vec![input.into_arg()], None))
    }

    /// What it makes of `input` if `training` is true, or else outside of training.
    #[track_caller]
    fn apply_for(&self, input: impl IntoTensor, training: impl Into<Training>) -> Tensor
    where
        Self: Sized + Clone + 'static,
    {
        one(apply_object(self, vec![input.into_arg()], Some(training.into())))
    }
}

fn unsaid(class_name: &str) -> Error {
    Error::unimplemented(format!("{class_name} does not say how it is made"))
}

/// The input of a layer that takes one.
fn only(inputs: &[Tensor]) -> Result<Tensor> {
    match inputs {
        [input] => Ok(*input),
        _ => Err(Error::invalid_argument(format!("it takes one tensor, but was given {}", inputs.len()))),
    }
}

/// The output of such a layer.
fn alone(output: Result<Tensor>) -> Result<Vec<Tensor>> {
    Ok(vec![output?])
}

/// The one tensor that a layer made.
fn one(made: Vec<Tensor>) -> Tensor {
    made.first().copied().unwrap_or_else(|| Tensor::poisoned(&get_default_graph()))
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
    one(apply(layer, vec![input.into_arg()], layer.training(), place).1)
}

/// Applies a layer whose type is not known, as [`Layer::apply_for`] does.
#[track_caller]
pub fn apply_dyn(layer: &dyn Layer, inputs: &[Tensor], training: Training) -> Vec<Tensor> {
    let inputs = inputs.iter().map(|input| Arg::Tensor(*input)).collect();
    apply(layer, inputs, training, Place::of_object(layer.common())).1
}

/// Applies a layer and remembers that, if a model may be made of it. What `training` does not say the model decides.
#[track_caller]
pub(crate) fn apply_object<L: Layer + Clone + 'static>(
    layer: &L,
    inputs: Vec<Arg>,
    training: Option<Training>,
) -> Vec<Tensor> {
    let now = training.unwrap_or(Training::Known(false));
    let (inputs, outputs) = apply(layer, inputs, now, Place::of_object(layer.common()));
    history::remember(&|| Arc::new(layer.clone()), inputs, outputs, training)
}

/// The tensors that a layer is applied to, and what it makes of them.
#[track_caller]
fn apply(layer: &dyn Layer, inputs: Vec<Arg>, training: Training, place: Place) -> (Vec<Tensor>, Vec<Tensor>) {
    let line = crate::graph::here();
    let _line = crate::graph::built_at(line);
    let graph = Arg::graph_of(&inputs).unwrap_or_else(|_| get_default_graph());
    let _default = graph.as_default();
    let inputs: Vec<Tensor> = inputs.into_iter().map(|input| convert(input, "inputs", None)).collect();
    if inputs.iter().any(|input| input.is_poisoned()) {
        return (inputs, vec![Tensor::poisoned(&graph)]);
    }
    let common = layer.common();
    let scope = scope_of(layer.class_name(), common, place);
    let outputs = apply_in(layer, &graph, &scope, &inputs, training).unwrap_or_else(|error| {
        let name = common.name.clone().unwrap_or_else(|| scope.name().to_owned());
        graph.record(error.retitled(layer.class_name()).at(&name, Some(line)));
        vec![Tensor::poisoned(&graph)]
    });
    (inputs, outputs)
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
    let _names = graph.scope(&format!("{}/", scope.original_name_scope()));
    call(&made_once(graph, common, known, needed()?, dtype)?)
}

/// The variables that are `needed`: those that are known, or new ones.
fn made_once(
    graph: &Graph,
    common: &Common,
    known: Option<Vec<Made>>,
    needed: Vec<Weight>,
    dtype: DType,
) -> Result<Vec<Variable>> {
    let weights = match known {
        Some(weights) => {
            check_shared(&needed, &weights)?;
            weights
        }
        None => {
            let dtype = if dtype.is_floating() { dtype } else { DType::Float32 };
            let made = needed.into_iter().map(|weight| make(graph, common, weight, dtype));
            let weights = made.collect::<Result<Vec<Made>>>()?;
            if let Some(applied) = common.applied().as_mut() {
                applied.weights = Some(weights.clone());
            }
            weights
        }
    };
    Ok(weights.into_iter().map(|made| made.variable).collect())
}

#[track_caller]
fn apply_in(
    layer: &dyn Layer,
    graph: &Graph,
    scope: &VariableScope,
    inputs: &[Tensor],
    training: Training,
) -> Result<Vec<Tensor>> {
    let first = inputs.first().copied().ok_or_else(|| Error::invalid_argument("it was given no tensor"))?;
    let dtype = first.dtype().unwrap_or(DType::Float32);
    with_weights(
        graph,
        layer.common(),
        scope,
        dtype,
        || layer.weights(&first.shape()),
        |weights| {
            if let Some(weight) = weights.iter().find(|weight| weight.reference().is_poisoned()) {
                return Ok(vec![weight.reference()]);
            }
            let mask = inputs.iter().find_map(|input| mask::of(graph, *input));
            let mut call = Call { weights, training, mask, updates: Vec::new() };
            let outputs = layer.call_all(inputs, &mut call)?;
            if let Some(mask) = layer.mask(first, mask)? {
                outputs.iter().for_each(|output| mask::set(graph, *output, mask));
            }
            for update in call.updates {
                graph.add_to_collection(UPDATE_OPS, update);
            }
            Ok(outputs)
        },
    )
}

/// A layer that was applied before can only be applied to what its variables fit.
fn check_shared(needed: &[Weight], weights: &[Made]) -> Result<()> {
    for (weight, Made { variable, .. }) in needed.iter().zip(weights) {
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

fn make(graph: &Graph, common: &Common, weight: Weight, dtype: DType) -> Result<Made> {
    let before = global_variables().len();
    let variable = get_variable_args(&weight.name, weight.shape)
        .dtype(dtype)
        .initializer(&weight.initializer?)
        .trainable(weight.trainable && !common.is_frozen())
        .build();
    let mut penalty = None;
    if let Some(regularizer) = weight.regularizer
        && global_variables().len() > before
    {
        let _scope = graph.scope(&format!("{}/Regularizer", weight.name));
        let loss = regularizer.loss(variable.value());
        graph.add_to_collection(REGULARIZATION_LOSSES, loss);
        penalty = Some(loss);
    }
    Ok(Made { variable, trainable: weight.trainable, penalty })
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
    /// Its name: the one it was given, or else that of its scope; before it was first applied that of its kind.
    /// Keras: `layer.name`.
    pub fn name(&self) -> String {
        let common = self.common();
        if let Some(name) = &common.name {
            return name.clone();
        }
        let scope = common.applied().as_ref().map(|applied| applied.scope.name().to_owned());
        scope.map_or_else(
            || snake_case(self.class_name()),
            |scope| scope.rsplit('/').next().unwrap_or_default().to_owned(),
        )
    }

    /// What was made for it and for what it is made of.
    fn all_made(&self) -> Vec<(Made, bool)> {
        let common = self.common();
        let frozen = common.is_frozen();
        let own = common.made().into_iter().map(|made| (made, made.trainable && !frozen));
        own.chain(self.parts().iter().flat_map(|part| part.all_made())).collect()
    }

    /// Its variables, empty before it was first applied. Keras: `layer.weights`.
    pub fn variables(&self) -> Vec<Variable> {
        self.all_made().into_iter().map(|(made, _)| made.variable).collect()
    }

    /// The variables that optimizers change. Keras: `layer.trainable_weights`.
    pub fn trainable_variables(&self) -> Vec<Variable> {
        self.all_made().into_iter().filter(|(_, trainable)| *trainable).map(|(made, _)| made.variable).collect()
    }

    /// What its variables add to the losses. Keras: `layer.losses`.
    pub fn losses(&self) -> Vec<Tensor> {
        self.all_made().into_iter().filter_map(|(made, _)| made.penalty).collect()
    }

    /// Whether training changes its variables. Keras: `layer.trainable`.
    pub fn trainable(&self) -> bool {
        !self.common().is_frozen()
    }

    /// Says whether training changes its variables, and those of the layers that it is made of, in models that are compiled
    /// from now on. Keras: `layer.trainable = False`.
    pub fn set_trainable(&self, trainable: bool) {
        self.common().freeze(!trainable);
        self.parts().iter().for_each(|part| part.set_trainable(trainable));
    }

    /// What it was applied to and what it made of that, each time that a model may be made of. Keras: `get_input_at(i)` and
    /// `get_output_at(i)`.
    pub fn calls(&self) -> Vec<LayerCall> {
        self.common().calls()
    }

    /// What it was applied to. Keras: `layer.input`.
    ///
    /// An error unless it was applied once, to one tensor.
    pub fn input(&self) -> Result<Tensor> {
        self.only("input", |call| &call.inputs)
    }

    /// What it made. Keras: `layer.output`.
    ///
    /// An error unless it was applied once, and made one tensor.
    pub fn output(&self) -> Result<Tensor> {
        self.only("output", |call| &call.outputs)
    }

    fn only(&self, what: &str, side: fn(&LayerCall) -> &Vec<Tensor>) -> Result<Tensor> {
        let all: Vec<Tensor> = self.calls().iter().flat_map(|call| side(call).clone()).collect();
        match all[..] {
            [only] => Ok(only),
            _ => Err(Error::failed_precondition(format!(
                "the layer '{}' has {} tensors as {what}, not one: see `calls`",
                self.name(),
                all.len()
            ))),
        }
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
            pub fn trainable(self, trainable: bool) -> Self {
                self.$($common).+.freeze(!trainable);
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
