//! Layers without a kernel: new shapes, dropout.

use super::{
    ActivationFunction, Call, Common, Configured, IntoActivation, Json, Layer, Setting, Settings, Training, Weight,
    common_methods, get_config_method,
};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::initializers::{Initializer, IntoInitializer};
use crate::op::IntoTensor;
use crate::ops::array::{constant, gather, identity, item, reshape, reshape_to, shape, zeros_like};
use crate::ops::math::{cast, not_equal};
use crate::ops::nn::{dropout_args, leaky_relu_args};
use crate::regularizers::{IntoRegularizer, Regularizer};
use crate::shape::{IntoShape, PartialShape};
use crate::value::Value;

/// All dimensions of an example in one. TF: `tf.layers.Flatten`.
#[derive(Clone, Debug, Default)]
pub struct Flatten {
    common: Common,
}

/// All dimensions but the batch in one. TF: `tf.layers.Flatten()`. Keyword arguments `name`, `input_shape`.
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let x = tf::placeholder(tf::float32, (None, 7, 7, 64));
/// assert_eq!(tf::layers::Flatten().apply(x).shape().to_string(), "[?,3136]");
/// ```
#[allow(non_snake_case)]
pub fn Flatten() -> Flatten {
    Flatten::default()
}

common_methods!(Flatten);

/// A layer without variables.
fn no_weights() -> Result<Vec<Weight>> {
    Ok(Vec::new())
}

impl Layer for Flatten {
    fn class_name(&self) -> &'static str {
        "Flatten"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
        if input.rank() == Some(0) {
            return Err(Error::invalid_argument("its input must have a batch dimension, but it is a single number"));
        }
        no_weights()
    }

    fn call(&self, input: Tensor, _call: &mut Call) -> Result<Tensor> {
        let known = input.shape();
        let dims = known.dims().unwrap_or_default();
        let example = dims.get(1..).and_then(|dims| dims.iter().try_fold(1usize, |n, dim| n.checked_mul((*dim)?)));
        let size = |n: Option<usize>| n.and_then(|n| i32::try_from(n).ok());
        Ok(match (size(dims.first().copied().flatten()), size(example)) {
            (_, Some(n)) if !dims.is_empty() => reshape(input, constant_list([-1, n])),
            (Some(batch), None) => reshape(input, constant_list([batch, -1])),
            _ => reshape_to(input, vec![item(shape(input), 0).into_arg(), (-1).into_arg()]),
        })
    }

    get_config_method!();
}

impl Configured for Flatten {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.common(&mut self.common)?.indifferent("data_format", "channels_last");
        Ok(())
    }
}

fn constant_list(numbers: [i32; 2]) -> Tensor {
    constant(Value::vector(numbers.to_vec()))
}

/// What an example looks like; makes nothing. Keras: `InputLayer`.
#[derive(Clone, Debug)]
pub struct InputLayer {
    common: Common,
}

/// Says that examples have shape `input_shape`, as the first layer of a model. Keras: `InputLayer(input_shape)`.
#[allow(non_snake_case)]
pub fn InputLayer(input_shape: impl IntoShape) -> InputLayer {
    InputLayer { common: Common::default() }.input_shape(input_shape)
}

common_methods!(InputLayer);

impl Layer for InputLayer {
    fn class_name(&self) -> &'static str {
        "InputLayer"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, _input: &PartialShape) -> Result<Vec<Weight>> {
        no_weights()
    }

    fn mask(&self, _input: Tensor, mask: Option<Tensor>) -> Result<Option<Tensor>> {
        Ok(mask)
    }

    fn call(&self, input: Tensor, _call: &mut Call) -> Result<Tensor> {
        Ok(input)
    }

    get_config_method!();
}

impl Configured for InputLayer {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.common(&mut self.common)?.only("sparse", false)?.only_if_said("ragged", false)?;
        Ok(())
    }
}

/// A function as a layer of its own. Keras: `Activation`.
#[derive(Clone, Debug)]
pub struct Activation {
    activation: Result<ActivationFunction>,
    common: Common,
}

/// Applies a function, or the one that Keras knows by a name. Keras: `Activation(activation)`.
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let y = tf::layers::Activation("relu").apply([-1.0, 2.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 2.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn Activation(activation: impl IntoActivation) -> Activation {
    Activation { activation: activation.into_activation(), common: Common::default() }
}

common_methods!(Activation);

impl Layer for Activation {
    fn class_name(&self) -> &'static str {
        "Activation"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, _input: &PartialShape) -> Result<Vec<Weight>> {
        no_weights()
    }

    fn mask(&self, _input: Tensor, mask: Option<Tensor>) -> Result<Option<Tensor>> {
        Ok(mask)
    }

    fn call(&self, input: Tensor, _call: &mut Call) -> Result<Tensor> {
        Ok(self.activation.clone()?.apply(input))
    }

    get_config_method!();
}

impl Configured for Activation {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.common(&mut self.common)?.field("activation", &mut self.activation)?;
        Ok(())
    }
}

/// Examples of another shape. Keras: `Reshape`.
#[derive(Clone, Debug)]
pub struct Reshape {
    target: Result<PartialShape>,
    common: Common,
}

/// Each example in shape `target`, in which one size may be -1. Keras: `Reshape(target_shape)`.
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let x = tf::placeholder(tf::float32, (None, 784));
/// assert_eq!(tf::layers::Reshape((28, 28, 1)).apply(x).shape().to_string(), "[?,28,28,1]");
/// ```
#[allow(non_snake_case)]
pub fn Reshape(target: impl IntoShape) -> Reshape {
    Reshape { target: target.into_shape(), common: Common::default() }
}

common_methods!(Reshape);

impl Reshape {
    /// The sizes of an example, where that of the input says what -1 is.
    fn sizes(&self, input: &PartialShape) -> Result<Vec<i32>> {
        let target = self.target.clone()?;
        let mut sizes = Vec::new();
        for dim in target.dims().unwrap_or_default() {
            let size = dim.map_or(Ok(-1), i32::try_from);
            sizes.push(size.map_err(|_| Error::invalid_argument(format!("a target shape of {target}")))?);
        }
        let known = |sizes: &[i32]| sizes.iter().filter(|&&n| n >= 0).map(|&n| n as usize).product::<usize>();
        let open = sizes.iter().filter(|&&n| n < 0).count();
        let example = input.dims().and_then(|dims| dims.get(1..)?.iter().copied().collect::<Option<Vec<_>>>());
        if let Some(example) = example {
            let (has, needs) = (example.iter().product::<usize>(), known(&sizes));
            let fits = if open == 1 { needs > 0 && has % needs == 0 } else { open == 0 && has == needs };
            if !fits {
                return Err(Error::invalid_argument(format!("an example of shape {input} has no shape {target}")));
            }
            sizes.iter_mut().filter(|n| **n < 0).for_each(|n| *n = (has / needs) as i32);
        }
        Ok(sizes)
    }
}

impl Layer for Reshape {
    fn class_name(&self) -> &'static str {
        "Reshape"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
        self.sizes(input)?;
        no_weights()
    }

    fn call(&self, input: Tensor, _call: &mut Call) -> Result<Tensor> {
        let sizes = self.sizes(&input.shape())?;
        let batch = item(shape(input), 0);
        let all = std::iter::once(batch.into_arg()).chain(sizes.iter().map(|&n| n.into_arg()));
        let y = reshape_to(input, all.collect());
        let known = sizes.iter().map(|&n| usize::try_from(n).ok());
        y.set_shape(PartialShape::new(std::iter::once(input.shape().dim(0)).chain(known)));
        Ok(y)
    }

    get_config_method!();
}

impl Configured for Reshape {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        let mut target = Target(self.target.clone()?);
        settings.common(&mut self.common)?.field("target_shape", &mut target)?;
        self.target = Ok(target.0);
        Ok(())
    }
}

/// A shape in which Keras writes -1 for the size that follows.
struct Target(PartialShape);

impl Setting for Target {
    fn to_json(&self) -> Result<Json> {
        let size = |dim: &Option<usize>| dim.map_or(Json::from(-1), Json::from);
        Ok(self.0.dims().unwrap_or_default().iter().map(size).collect::<Vec<_>>().into())
    }
    fn from_json(json: &Json) -> Result<Self> {
        PartialShape::from_json(json).map(Target)
    }
}

/// Some numbers set to 0 while training. TF: `tf.layers.Dropout`.
#[derive(Clone, Debug)]
pub struct Dropout {
    rate: f64,
    seed: Option<i64>,
    training: Training,
    common: Common,
}

/// While training, a random part of the numbers set to 0 and the others divided by what is left, so that the sum
/// stays; outside of training, nothing. TF: `tf.layers.Dropout(rate)`.
///
/// Keyword arguments `rate` (0.5 if not said), `seed`, `name`, and for the function `training`: true, false or a bool
/// tensor. Source: <https://www.jmlr.org/papers/v15/srivastava14a.html>.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 10));
/// let training = tf::placeholder(tf::bool, ());
/// let y = tf::layers::dropout!(x, rate = 0.4, training = training);
/// assert_eq!(y.shape().to_string(), "[?,10]");
/// ```
#[allow(non_snake_case)]
pub fn Dropout() -> Dropout {
    Dropout { rate: 0.5, seed: None, training: Training::Known(false), common: Common::default() }
}

common_methods!(Dropout);

impl Dropout {
    /// The part that is set to 0; 0.5 if not said.
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// The seed of the random numbers.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Whether [`dropout!`](crate::layers::dropout) applies it for training; no if not said.
    pub fn training(mut self, training: impl Into<Training>) -> Self {
        self.training = training.into();
        self
    }
}

impl Layer for Dropout {
    fn class_name(&self) -> &'static str {
        "Dropout"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, _input: &PartialShape) -> Result<Vec<Weight>> {
        if (0.0..1.0).contains(&self.rate) {
            return no_weights();
        }
        Err(Error::invalid_argument(format!("rate is {}: a number from 0 up to, but not including, 1", self.rate)))
    }

    fn training(&self) -> Training {
        self.training
    }

    fn differs_in_training(&self) -> bool {
        true
    }

    fn mask(&self, _input: Tensor, mask: Option<Tensor>) -> Result<Option<Tensor>> {
        Ok(mask)
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        let dropped = || {
            let args = dropout_args(input).rate(self.rate);
            if let Some(seed) = self.seed { args.seed(seed).build() } else { args.build() }
        };
        Ok(call.training.choose(dropped, || identity(input)))
    }

    get_config_method!();
}

impl Configured for Dropout {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.common(&mut self.common)?.field("rate", &mut self.rate)?;
        settings.none(&["noise_shape"])?.field("seed", &mut self.seed)?;
        Ok(())
    }
}

/// `x` where it is positive, `alpha * x` elsewhere. Keras: `LeakyReLU`.
#[derive(Clone, Debug)]
pub struct LeakyReLU {
    alpha: f64,
    common: Common,
}

/// `x` where it is positive, `alpha * x` elsewhere. Keras: `LeakyReLU()`.
///
/// Keyword arguments `alpha` (0.3 if not said), `name`, `input_shape`.
#[allow(non_snake_case)]
pub fn LeakyReLU() -> LeakyReLU {
    LeakyReLU { alpha: 0.3, common: Common::default() }
}

common_methods!(LeakyReLU);

impl LeakyReLU {
    /// What numbers that are not positive are multiplied with; 0.3 if not said.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }
}

impl Layer for LeakyReLU {
    fn class_name(&self) -> &'static str {
        "LeakyReLU"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, _input: &PartialShape) -> Result<Vec<Weight>> {
        no_weights()
    }

    fn mask(&self, _input: Tensor, mask: Option<Tensor>) -> Result<Option<Tensor>> {
        Ok(mask)
    }

    fn call(&self, input: Tensor, _call: &mut Call) -> Result<Tensor> {
        Ok(leaky_relu_args(input).alpha(self.alpha).build())
    }

    get_config_method!();
}

impl Configured for LeakyReLU {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.common(&mut self.common)?.field("alpha", &mut self.alpha)?;
        Ok(())
    }
}

/// A row of numbers for each whole number. Keras: `Embedding`.
#[derive(Clone, Debug)]
pub struct Embedding {
    input_dim: usize,
    output_dim: usize,
    embeddings_initializer: Result<Initializer>,
    embeddings_regularizer: Option<Regularizer>,
    mask_zero: bool,
    input_length: Option<usize>,
    common: Common,
}

/// Row `i` of the table [`input_dim`, `output_dim`] for each whole number `i`. Keras: `Embedding(input_dim, output_dim)`.
///
/// Keyword arguments `embeddings_initializer` (even from -0.05 to 0.05 if not said), `embeddings_regularizer`,
/// `mask_zero` (layers behind it leave out steps of 0; false), `input_length`, `name`, `trainable`, `input_shape`. A number outside of the table is an error of the run.
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let words = tf::placeholder(tf::int32, (None, 10));
/// assert_eq!(tf::layers::Embedding(1000, 64).apply(words).shape().to_string(), "[?,10,64]");
/// ```
#[allow(non_snake_case)]
pub fn Embedding(input_dim: usize, output_dim: usize) -> Embedding {
    Embedding {
        input_dim,
        output_dim,
        embeddings_initializer: Initializer::named("uniform"),
        embeddings_regularizer: None,
        mask_zero: false,
        input_length: None,
        common: Common::default(),
    }
}

common_methods!(Embedding);

impl Embedding {
    /// How the table starts; evenly spread from -0.05 to 0.05 if not said.
    pub fn embeddings_initializer(mut self, initializer: impl IntoInitializer) -> Self {
        self.embeddings_initializer = initializer.into_initializer();
        self
    }

    /// What the table adds to the losses.
    pub fn embeddings_regularizer(mut self, regularizer: impl IntoRegularizer) -> Self {
        self.embeddings_regularizer = Some(regularizer.into_regularizer());
        self
    }

    /// Whether 0 stands for what is not there: layers behind it leave such steps out; no if not said.
    pub fn mask_zero(mut self, mask_zero: bool) -> Self {
        self.mask_zero = mask_zero;
        self
    }

    /// How many numbers an example has: the same as `input_shape = (length,)`.
    pub fn input_length(mut self, length: usize) -> Self {
        self.input_length = Some(length);
        self.input_shape((length,))
    }
}

impl Layer for Embedding {
    fn class_name(&self) -> &'static str {
        "Embedding"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, _input: &PartialShape) -> Result<Vec<Weight>> {
        let table = [self.input_dim, self.output_dim];
        let weight = Weight::new("embeddings", table, &self.embeddings_initializer);
        Ok(vec![weight.regularized(&self.embeddings_regularizer)])
    }

    fn mask(&self, input: Tensor, _mask: Option<Tensor>) -> Result<Option<Tensor>> {
        Ok(self.mask_zero.then(|| not_equal(input, zeros_like(input))))
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        let places = if input.dtype()?.is_integer() { input } else { cast(input, DType::Int32) };
        Ok(gather(call.weights[0], places))
    }

    get_config_method!();
}

impl Configured for Embedding {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        settings.common(&mut self.common)?;
        settings.field("input_dim", &mut self.input_dim)?.field("output_dim", &mut self.output_dim)?;
        settings.field("embeddings_initializer", &mut self.embeddings_initializer)?;
        settings.field("embeddings_regularizer", &mut self.embeddings_regularizer)?;
        settings.none(&["activity_regularizer", "embeddings_constraint"])?;
        settings.field("mask_zero", &mut self.mask_zero)?.field("input_length", &mut self.input_length)?;
        Ok(())
    }
}
