//! Gated recurrent units.

use super::basic::{affine, initializer_of_scope, split_in};
use super::cell::{RNNCell, cell_methods, copied_by_clone, depth_of};
use crate::error::Result;
use crate::graph::Tensor;
use crate::initializers::{Initializer, IntoInitializer, constant_initializer, zeros_initializer};
use crate::layers::{ActivationFunction, Common, Weight};
use crate::op::IntoTensor;
use crate::ops::math::sigmoid;
use crate::ops::state::Variable;
use crate::shape::PartialShape;

/// Gated recurrent units. TF: `tf.nn.rnn_cell.GRUCell`.
#[derive(Clone, Debug)]
pub struct GRUCell {
    num_units: usize,
    activation: Result<ActivationFunction>,
    kernel_initializer: Option<Result<Initializer>>,
    bias_initializer: Option<Result<Initializer>>,
    common: Common,
}

/// `num_units` gated recurrent units. TF: `tf.nn.rnn_cell.GRUCell(num_units)`.
///
/// Keyword arguments `activation` (`tanh` if not said), `reuse`, `kernel_initializer` (the scope's), `bias_initializer`
/// (ones for the gates, zeros for the candidate), `name`, `trainable`. Its output is its state.
/// Source: <https://aclanthology.org/D14-1179>.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 28, 28));
/// let (_, state) = tf::nn::dynamic_rnn(tf::nn::rnn_cell::GRUCell(64), x);
/// assert_eq!(state.shape().to_string(), "[?,64]");
/// assert_eq!(tf::trainable_variables()[0].name(), "rnn/gru_cell/gates/kernel:0");
/// ```
#[allow(non_snake_case)]
pub fn GRUCell(num_units: usize) -> GRUCell {
    GRUCell {
        num_units,
        activation: ActivationFunction::named("tanh"),
        kernel_initializer: None,
        bias_initializer: None,
        common: Common::default(),
    }
}

cell_methods!(GRUCell);

impl GRUCell {
    /// How the kernels start; as the scope says if not said.
    pub fn kernel_initializer(mut self, initializer: impl IntoInitializer) -> Self {
        self.kernel_initializer = Some(initializer.into_initializer());
        self
    }

    /// How the biases start; ones for the gates and zeros for the candidate if not said.
    pub fn bias_initializer(mut self, initializer: impl IntoInitializer) -> Self {
        self.bias_initializer = Some(initializer.into_initializer());
        self
    }
}

impl RNNCell for GRUCell {
    type State = Tensor;

    fn class_name(&self) -> &'static str {
        "GRUCell"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    copied_by_clone!();

    fn state_size(&self) -> usize {
        self.num_units
    }

    fn output_size(&self) -> usize {
        self.num_units
    }

    fn weights(&self, inputs: &PartialShape) -> Result<Vec<Weight>> {
        let (rows, units) = (depth_of(inputs)? + self.num_units, self.num_units);
        let kernel = self.kernel_initializer.clone().unwrap_or_else(|| Ok(initializer_of_scope()));
        let bias = |default: Initializer| self.bias_initializer.clone().unwrap_or(Ok(default));
        Ok(vec![
            Weight::new("gates/kernel", [rows, 2 * units], &kernel),
            Weight::new("gates/bias", [2 * units], &bias(constant_initializer(1.0))),
            Weight::new("candidate/kernel", [rows, units], &kernel),
            Weight::new("candidate/bias", [units], &bias(zeros_initializer())),
        ])
    }

    #[track_caller]
    fn call(&self, inputs: Tensor, state: Tensor, weights: &[Variable]) -> Result<(Tensor, Tensor)> {
        let gates = sigmoid(affine(inputs, state, weights[0], weights[1]));
        let [reset, update] = split_in(gates, 1.into_arg());
        let candidate = affine(inputs, reset * state, weights[2], weights[3]);
        let candidate = self.activation.clone()?.apply(candidate);
        let state = update * state + (1.0 - update) * candidate;
        Ok((state, state))
    }
}
