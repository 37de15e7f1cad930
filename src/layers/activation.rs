//! What layers apply to their outputs.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::ops::math::{clip_by_value, exp, reduce_max_args, reduce_sum_args, sigmoid, tanh};
use crate::ops::nn;

type Function = Arc<dyn Fn(Tensor) -> Tensor + Send + Sync>;

type Plain = fn(Tensor) -> Tensor;

/// A function that a layer applies to its output, or none.
#[derive(Clone)]
pub struct ActivationFunction {
    /// Its name in Keras, if it has one.
    name: Option<&'static str>,
    function: Option<Function>,
}

/// The functions that Keras knows by a name.
const NAMED: &[(&str, Plain)] = &[
    ("relu", |x| nn::relu(x)),
    ("softmax", softmax),
    ("sigmoid", |x| sigmoid(x)),
    ("tanh", |x| tanh(x)),
    ("exponential", |x| exp(x)),
    ("hard_sigmoid", hard_sigmoid),
    ("elu", |x| nn::elu(x)),
    ("selu", |x| nn::selu(x)),
    ("softplus", |x| nn::softplus(x)),
    ("softsign", |x| nn::softsign(x)),
];

const LINEAR: &str = "linear";

impl ActivationFunction {
    /// None: the output stays as it is.
    pub fn linear() -> Self {
        ActivationFunction { name: Some(LINEAR), function: None }
    }

    /// The function that Keras knows by this name: `"relu"`, `"softmax"`, `"linear"`.
    pub fn named(name: &str) -> Result<Self> {
        if name == LINEAR {
            return Ok(ActivationFunction::linear());
        }
        let known = NAMED.iter().find(|(known, _)| *known == name);
        known
            .map(|(name, function)| ActivationFunction { name: Some(name), function: Some(Arc::new(function)) })
            .ok_or_else(|| {
                let names: Vec<&str> = std::iter::once(LINEAR).chain(NAMED.iter().map(|(name, _)| *name)).collect();
                Error::invalid_argument(format!("there is no activation '{name}': {}", names.join(", ")))
            })
    }

    /// Its name in Keras; nothing for a function of your own. Keras: `activations.serialize`.
    pub fn name(&self) -> Option<&'static str> {
        self.name
    }

    fn of<F: Fn(Tensor) -> Tensor + Send + Sync + 'static>(function: F) -> Self {
        ActivationFunction { name: known_name::<F>(), function: Some(Arc::new(function)) }
    }

    /// The function's value.
    pub fn apply(&self, x: Tensor) -> Tensor {
        self.function.as_ref().map_or(x, |function| function(x))
    }
}

/// The name in Keras of a function of this crate, such as `tf::nn::relu`.
fn known_name<F>() -> Option<&'static str> {
    let path = std::any::type_name::<F>().split('<').next().unwrap_or_default();
    let name = path.rsplit("::").next().unwrap_or_default();
    let known = NAMED.iter().map(|(known, _)| *known).find(|known| *known == name);
    known.filter(|_| path.starts_with(concat!(env!("CARGO_CRATE_NAME"), "::ops::")))
}

/// A line through (0, 0.5), cut at 0 and 1.
fn hard_sigmoid(x: Tensor) -> Tensor {
    clip_by_value(x * 0.2 + 0.5, 0.0, 1.0)
}

/// Keras has its own sum for more than two dimensions; the numbers are the same.
fn softmax(x: Tensor) -> Tensor {
    softmax_along(x, -1)
}

/// The same along an axis.
pub(super) fn softmax_along(x: Tensor, axis: i64) -> Tensor {
    if x.rank() == Some(2) && (axis == -1 || axis == 1) {
        return nn::softmax(x);
    }
    let axis = axis as i32;
    let powers = exp(x - reduce_max_args(x).axis(axis).keepdims(true).build());
    powers / reduce_sum_args(powers).axis(axis).keepdims(true).build()
}

impl fmt::Debug for ActivationFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Activation({})", self.name.unwrap_or("a function"))
    }
}

/// What can stand for an activation: a function (`tf::nn::relu`), its name in Keras (`"relu"`), or `None`.
pub trait IntoActivation {
    /// The activation. An error for a name that does not exist.
    fn into_activation(self) -> Result<ActivationFunction>;
}

impl<F: Fn(Tensor) -> Tensor + Send + Sync + 'static> IntoActivation for F {
    fn into_activation(self) -> Result<ActivationFunction> {
        Ok(ActivationFunction::of(self))
    }
}

impl IntoActivation for &str {
    fn into_activation(self) -> Result<ActivationFunction> {
        ActivationFunction::named(self)
    }
}

impl IntoActivation for Option<fn(Tensor) -> Tensor> {
    fn into_activation(self) -> Result<ActivationFunction> {
        Ok(self.map_or_else(ActivationFunction::linear, ActivationFunction::of))
    }
}

impl IntoActivation for ActivationFunction {
    fn into_activation(self) -> Result<ActivationFunction> {
        Ok(self)
    }
}
