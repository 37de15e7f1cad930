//! Batch normalization, with averages for the time after training.

use super::{
    Call, Common, Configured, Json, Layer, Setting, Settings, Training, Weight, common_methods, get_config_method,
};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Graph, Tensor};
use crate::initializers::{Initializer, IntoInitializer, ones_initializer, zeros_initializer};
use crate::op::{IntoTensor, convert};
use crate::ops::array::{constant, constant_of};
use crate::ops::nn::{batch_normalization, fused_batch_norm_args, moments};
use crate::ops::state::{Variable, assign_sub_named};
use crate::regularizers::{IntoRegularizer, Regularizer};
use crate::shape::PartialShape;
use crate::value::Value;

/// Each channel with its mean and variance taken out. TF: `tf.layers.BatchNormalization`.
#[derive(Clone, Debug)]
pub struct BatchNormalization {
    axis: i64,
    momentum: f64,
    epsilon: f64,
    center: bool,
    scale: bool,
    initializers: [Result<Initializer>; 4],
    regularizers: [Option<Regularizer>; 2],
    training: Training,
    common: Common,
}

/// `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, for each channel, the last dimension.
/// TF: `tf.layers.BatchNormalization()`.
///
/// In training mean and variance are those of the batch, and operations in the collection
/// [`UPDATE_OPS`](super::UPDATE_OPS) move the variables `moving_mean` and `moving_variance` towards them; a training step
/// must run them. Outside of training they are those two variables. Keyword arguments `momentum` (0.99 if not said),
/// `epsilon` (0.001), `center`, `scale`, `beta_initializer`, `gamma_initializer`, `moving_mean_initializer`,
/// `moving_variance_initializer`, `beta_regularizer`, `gamma_regularizer`, `axis` (-1), `name`, `trainable`, `reuse`, and for
/// the function `training`: true, false or a bool tensor. Source: <https://arxiv.org/abs/1502.03167>.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 8, 8, 3));
/// let y = tf::layers::batch_normalization!(x, training = true);
/// let updates: Vec<tf::Operation> = tf::get_default_graph().get_collection(tf::layers::UPDATE_OPS);
/// assert_eq!((y.shape().to_string(), updates.len()), ("[?,8,8,3]".to_owned(), 2));
/// ```
#[allow(non_snake_case)]
pub fn BatchNormalization() -> BatchNormalization {
    BatchNormalization {
        axis: -1,
        momentum: 0.99,
        epsilon: 0.001,
        center: true,
        scale: true,
        initializers: [
            Ok(ones_initializer()),
            Ok(zeros_initializer()),
            Ok(zeros_initializer()),
            Ok(ones_initializer()),
        ],
        regularizers: [None, None],
        training: Training::Known(false),
        common: Common::default(),
    }
}

common_methods!(BatchNormalization);

macro_rules! initializers {
    ($($(#[$doc:meta])* $name:ident $i:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name(mut self, initializer: impl IntoInitializer) -> Self {
            self.initializers[$i] = initializer.into_initializer();
            self
        }
    )*};
}

impl BatchNormalization {
    /// The dimension of the channels: the last, which is -1.
    pub fn axis(mut self, axis: i64) -> Self {
        self.axis = axis;
        self
    }

    /// What is kept of the averages at each step; 0.99 if not said.
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// What is added to the variance; 0.001 if not said.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Whether `beta` is added; yes if not said.
    pub fn center(mut self, center: bool) -> Self {
        self.center = center;
        self
    }

    /// Whether it is multiplied with `gamma`; yes if not said.
    pub fn scale(mut self, scale: bool) -> Self {
        self.scale = scale;
        self
    }

    initializers! {
        /// How `gamma` starts; with ones if not said.
        gamma_initializer 0;
        /// How `beta` starts; with zeros if not said.
        beta_initializer 1;
        /// How `moving_mean` starts; with zeros if not said.
        moving_mean_initializer 2;
        /// How `moving_variance` starts; with ones if not said.
        moving_variance_initializer 3;
    }

    /// What `gamma` adds to the losses.
    pub fn gamma_regularizer(mut self, regularizer: impl IntoRegularizer) -> Self {
        self.regularizers[0] = Some(regularizer.into_regularizer());
        self
    }

    /// What `beta` adds to the losses.
    pub fn beta_regularizer(mut self, regularizer: impl IntoRegularizer) -> Self {
        self.regularizers[1] = Some(regularizer.into_regularizer());
        self
    }

    /// Whether `batch_normalization!` applies it for training; no if not said.
    pub fn training(mut self, training: impl Into<Training>) -> Self {
        self.training = training.into();
        self
    }

    fn sorted(call: &Call, scale: bool, center: bool) -> Variables {
        let mut weights = call.weights.iter().copied();
        let gamma = if scale { weights.next() } else { None };
        let beta = if center { weights.next() } else { None };
        Variables { gamma, beta, moving: [weights.next(), weights.next()] }
    }

    /// The output of the one operation that does it all, in training and after it.
    fn fused(&self, x: Tensor, v: &Variables, moving: [Variable; 2], call: &mut Call) -> Result<Tensor> {
        let channel = |n: f32| -> Result<Tensor> {
            let channels = moving[0].shape().num_elements().unwrap_or_default();
            Ok(constant(Value::new([channels], vec![n; channels])?))
        };
        let of = |variable: Option<Variable>, n| variable.map_or_else(|| channel(n), |v| Ok(v.value()));
        let (beta, gamma) = (of(v.beta, 0.0)?, of(v.gamma, 1.0)?);
        let normalized = |training: bool| {
            let args = fused_batch_norm_args(x, gamma, beta).mean(moving[0]).variance(moving[1]);
            args.epsilon(self.epsilon).is_training(training).build()
        };
        let (graph, training) = (x.graph()?, call.training);
        let (y, mean, variance) = training.choose(|| normalized(true), || normalized(false));
        if training.known() != Some(false) {
            let momentum = match training.known() {
                Some(_) => constant_of(self.momentum, DType::Float32),
                None => {
                    let number = |momentum: f64| convert(momentum.into_arg(), "Const", Some(DType::Float32));
                    training.choose(|| number(self.momentum), || number(1.0))
                }
            };
            for (variable, new) in moving.into_iter().zip([mean, variance]) {
                call.updates.push(self.update(&graph, variable, new, Some(momentum)).op());
            }
        }
        Ok(y)
    }

    /// The output of several operations, in training and after it.
    fn composed(&self, x: Tensor, v: &Variables, moving: [Variable; 2], call: &mut Call) -> Result<Tensor> {
        let (graph, training) = (x.graph()?, call.training);
        let [mean, variance] = if training.known() == Some(false) {
            moving.map(Variable::value)
        } else {
            let (mean, variance) = match x.rank() {
                Some(2) => moments(x, [0]),
                Some(3) => moments(x, [0, 1]),
                _ => moments(x, [0, 1, 2]),
            };
            let chosen = |batch: Tensor, moving: Variable| training.choose(|| batch, || moving.value());
            let batch = [chosen(mean, moving[0]), chosen(variance, moving[1])];
            for (variable, new) in moving.into_iter().zip(batch) {
                let moved = || self.update(&graph, variable, new, None);
                call.updates.push(training.choose(moved, || variable.value()).op());
            }
            batch
        };
        let [beta, gamma] = [v.beta, v.gamma].map(|variable| variable.map(Variable::value));
        Ok(batch_normalization(x, mean, variance, beta, gamma, self.epsilon))
    }

    /// Moves an average towards the value of a batch, by as much as `momentum` leaves.
    #[track_caller]
    fn update(&self, graph: &Graph, variable: Variable, new: Tensor, momentum: Option<Tensor>) -> Tensor {
        let scope = graph.scope_name("AssignMovingAvg");
        let _scope = graph.scope(&format!("{scope}/"));
        let _together = graph.colocate_with(variable.op());
        let decay = match momentum {
            Some(momentum) => 1.0f64 - momentum,
            None => convert((1.0 - self.momentum).into_arg(), "decay", variable.dtype().ok()),
        };
        let change = (variable.value() - new) * decay;
        assign_sub_named(variable, change, &format!("{scope}/")).1
    }
}

/// Whether one operation does it all.
fn is_fused(x: Tensor) -> Result<bool> {
    Ok(x.rank() == Some(4) && x.dtype()? == DType::Float32)
}

/// The variables of a layer.
struct Variables {
    gamma: Option<Variable>,
    beta: Option<Variable>,
    moving: [Option<Variable>; 2],
}

impl Layer for BatchNormalization {
    fn class_name(&self) -> &'static str {
        "BatchNormalization"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
        let rank = input.rank().filter(|rank| (2..=4).contains(rank));
        let channels = rank.and_then(|rank| input.dim(rank - 1)).ok_or_else(|| {
            Error::invalid_argument(format!(
                "its input must have 2 to 4 dimensions and a last one of known size, but its shape is {input}"
            ))
        })?;
        if self.axis != -1 && Some(self.axis) != rank.map(|rank| rank as i64 - 1) {
            return Err(Error::unimplemented(format!("axis {}: only the last dimension is normalized", self.axis)));
        }
        let weight = |name, i: usize| Weight::new(name, [channels], &self.initializers[i]);
        let mut weights = Vec::new();
        if self.scale {
            weights.push(weight("gamma", 0).regularized(&self.regularizers[0]));
        }
        if self.center {
            weights.push(weight("beta", 1).regularized(&self.regularizers[1]));
        }
        weights.push(weight("moving_mean", 2).not_trainable());
        weights.push(weight("moving_variance", 3).not_trainable());
        Ok(weights)
    }

    fn training(&self) -> Training {
        self.training
    }

    fn mask(&self, _input: Tensor, mask: Option<Tensor>) -> Result<Option<Tensor>> {
        Ok(mask)
    }

    /// As of TensorFlow 2, one that is frozen keeps to its averages.
    fn differs_in_training(&self) -> bool {
        !self.common.is_frozen()
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        let variables = Self::sorted(call, self.scale, self.center);
        let [Some(mean), Some(variance)] = variables.moving else { return Err(Error::internal("two averages")) };
        match is_fused(input)? {
            true => self.fused(input, &variables, [mean, variance], call),
            false => self.composed(input, &variables, [mean, variance], call),
        }
    }

    get_config_method!();
}

/// Keras has also written it as a list of one.
struct Axis(i64);

impl Setting for Axis {
    fn to_json(&self) -> Result<Json> {
        self.0.to_json()
    }
    fn from_json(json: &Json) -> Result<Self> {
        let axis = match json.as_array().map(Vec::as_slice) {
            Some([axis]) => axis,
            _ => json,
        };
        i64::from_json(axis).map(Axis)
    }
}

impl Configured for BatchNormalization {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        let mut axis = Axis(self.axis);
        settings.common(&mut self.common)?.field("axis", &mut axis)?;
        self.axis = axis.0;
        settings.field("momentum", &mut self.momentum)?.field("epsilon", &mut self.epsilon)?;
        settings.field("center", &mut self.center)?.field("scale", &mut self.scale)?;
        let [gamma, beta, mean, variance] = &mut self.initializers;
        settings.field("beta_initializer", beta)?.field("gamma_initializer", gamma)?;
        settings.field("moving_mean_initializer", mean)?.field("moving_variance_initializer", variance)?;
        let [gamma, beta] = &mut self.regularizers;
        settings.field("beta_regularizer", beta)?.field("gamma_regularizer", gamma)?;
        settings.none(&["beta_constraint", "gamma_constraint"])?;
        Ok(())
    }
}
