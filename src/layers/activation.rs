//! What layers apply to their outputs.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::ops::math::{exp, maximum, minimum, reduce_max_args, reduce_sum_args, sigmoid, tanh};
use crate::ops::nn;

type Function = Arc<dyn Fn(Tensor) -> Tensor + Send + Sync>;

/// A function that a layer applies to its output, or none.
#[derive(Clone)]
pub struct ActivationFunction(Option<Function>);

impl ActivationFunction {
    /// None: the output stays as it is.
    pub fn linear() -> Self {
        ActivationFunction(None)
    }

    /// The function that Keras knows by this name: `"relu"`, `"softmax"`, `"linear"`.
    pub fn named(name: &str) -> Result<Self> {
        let function: fn(Tensor) -> Tensor = match name {
            "linear" => return Ok(ActivationFunction::linear()),
            "relu" => |x| nn::relu(x),
            "softmax" => softmax,
            "sigmoid" => |x| sigmoid(x),
            "tanh" => |x| tanh(x),
            "exponential" => |x| exp(x),
            "elu" => |x| nn::elu(x),
            "selu" => |x| nn::selu(x),
            "softplus" => |x| nn::softplus(x),
            "softsign" => |x| nn::softsign(x),
            "hard_sigmoid" => |x| minimum(maximum(x * 0.2 + 0.5, 0.0), 1.0),
            _ => {
                return Err(Error::invalid_argument(format!(
                    "there is no activation '{name}': linear, relu, softmax, sigmoid, tanh, exponential, elu, selu, softplus, \
                     softsign, hard_sigmoid"
                )));
            }
        };
        Ok(ActivationFunction(Some(Arc::new(function))))
    }

    /// The function's value.
    pub fn apply(&self, x: Tensor) -> Tensor {
        self.0.as_ref().map_or(x, |function| function(x))
    }
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
        f.write_str(if self.0.is_some() { "Activation" } else { "Activation(linear)" })
    }
}

/// What can stand for an activation: a function (`tf::nn::relu`), its name in Keras (`"relu"`), or `None`.
pub trait IntoActivation {
    /// The activation. An error for a name that does not exist.
    fn into_activation(self) -> Result<ActivationFunction>;
}

impl<F: Fn(Tensor) -> Tensor + Send + Sync + 'static> IntoActivation for F {
    fn into_activation(self) -> Result<ActivationFunction> {
        Ok(ActivationFunction(Some(Arc::new(self))))
    }
}

impl IntoActivation for &str {
    fn into_activation(self) -> Result<ActivationFunction> {
        ActivationFunction::named(self)
    }
}

impl IntoActivation for Option<fn(Tensor) -> Tensor> {
    fn into_activation(self) -> Result<ActivationFunction> {
        Ok(ActivationFunction(self.map(|function| Arc::new(function) as Function)))
    }
}

impl IntoActivation for ActivationFunction {
    fn into_activation(self) -> Result<ActivationFunction> {
        Ok(self)
    }
}
