//! The plainest cell.

use super::cell::{RNNCell, cell_methods, copied_by_clone, depth_of};
use crate::error::Result;
use crate::graph::{Tensor, get_default_graph};
use crate::initializers::{Initializer, glorot_uniform_initializer, zeros_initializer};
use crate::layers::{ActivationFunction, Common, Weight};
use crate::op::Arg;
use crate::ops::array::{concat, split_args};
use crate::ops::math::matmul;
use crate::ops::nn::bias_add;
use crate::ops::state::Variable;
use crate::shape::PartialShape;
use crate::variable_scope::get_variable_scope;

/// `activation([inputs, state] · kernel + bias)`. TF: `tf.nn.rnn_cell.BasicRNNCell`.
#[derive(Clone, Debug)]
pub struct BasicRNNCell {
    num_units: usize,
    activation: Result<ActivationFunction>,
    common: Common,
}

/// The plainest cell, with `num_units` units. TF: `tf.nn.rnn_cell.BasicRNNCell(num_units)`.
///
/// Keyword arguments `activation` (`tanh` if not said), `reuse`, `name`, `trainable`. Its output is its state.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 28, 28));
/// let (outputs, state) = tf::nn::dynamic_rnn(tf::nn::rnn_cell::BasicRNNCell(64), x);
/// assert_eq!((outputs.shape().to_string(), state.shape().to_string()), ("[?,28,64]".to_owned(), "[?,64]".to_owned()));
/// ```
#[allow(non_snake_case)]
pub fn BasicRNNCell(num_units: usize) -> BasicRNNCell {
    BasicRNNCell { num_units, activation: ActivationFunction::named("tanh"), common: Common::default() }
}

cell_methods!(BasicRNNCell);

/// What kernels start with unless they are told: what the scope says, or Glorot's even distribution.
pub(super) fn initializer_of_scope() -> Initializer {
    get_variable_scope().initializer().unwrap_or_else(glorot_uniform_initializer)
}

/// `[a, b] · kernel + bias`.
#[track_caller]
pub(super) fn affine(a: Tensor, b: Tensor, kernel: Variable, bias: Variable) -> Tensor {
    bias_add(matmul(concat([a, b], 1), kernel.value()), bias.value())
}

/// `gates` in `N` equal parts along `axis`.
#[track_caller]
pub(super) fn split_in<const N: usize>(gates: Tensor, axis: Arg) -> [Tensor; N] {
    let parts = split_args(gates, N as i32).axis(axis).build();
    let absent = || Tensor::poisoned(&gates.graph().unwrap_or_else(|_| get_default_graph()));
    std::array::from_fn(|i| parts.get(i).copied().unwrap_or_else(absent))
}

impl RNNCell for BasicRNNCell {
    type State = Tensor;

    fn class_name(&self) -> &'static str {
        "BasicRNNCell"
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
        let rows = depth_of(inputs)? + self.num_units;
        let kernel = Weight::new("kernel", [rows, self.num_units], &Ok(initializer_of_scope()));
        Ok(vec![kernel, Weight::new("bias", [self.num_units], &Ok(zeros_initializer()))])
    }

    #[track_caller]
    fn call(&self, inputs: Tensor, state: Tensor, weights: &[Variable]) -> Result<(Tensor, Tensor)> {
        let output = self.activation.clone()?.apply(affine(inputs, state, weights[0], weights[1]));
        Ok((output, output))
    }
}
