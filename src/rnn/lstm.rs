//! Long short-term memory.

use super::basic::{affine, initializer_of_scope, split_in};
use super::cell::{RNNCell, cell_methods, copied_by_clone, depth_of};
use super::state::LSTMStateTuple;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::initializers::{Initializer, IntoInitializer, zeros_initializer};
use crate::layers::{ActivationFunction, Common, Weight};
use crate::op::{IntoTensor, convert};
use crate::ops::math::{add, clip_by_value, matmul, multiply, sigmoid};
use crate::ops::state::Variable;
use crate::shape::PartialShape;

/// Long short-term memory without extras. TF: `tf.nn.rnn_cell.BasicLSTMCell`.
#[derive(Clone, Debug)]
pub struct BasicLSTMCell {
    num_units: usize,
    forget_bias: f64,
    joined: bool,
    activation: Result<ActivationFunction>,
    common: Common,
}

/// `num_units` units of long short-term memory. TF: `tf.nn.rnn_cell.BasicLSTMCell(num_units)`.
///
/// Keyword arguments `forget_bias` (1 if not said: what is added to the bias of the forget gate), `state_is_tuple` (true;
/// anything else is an error), `activation` (`tanh`), `reuse`, `name`, `trainable`. The kernel starts as its scope says.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 28, 28));
/// let cell = tf::nn::rnn_cell::BasicLSTMCell!(128, forget_bias = 1.0);
/// let (outputs, state) = tf::nn::dynamic_rnn!(cell, x, dtype = tf::float32);
/// assert_eq!((outputs.shape().to_string(), state.h.shape().to_string()), ("[?,28,128]".to_owned(), "[?,128]".to_owned()));
/// assert_eq!(tf::trainable_variables()[0].name(), "rnn/basic_lstm_cell/kernel:0");
/// ```
#[allow(non_snake_case)]
pub fn BasicLSTMCell(num_units: usize) -> BasicLSTMCell {
    BasicLSTMCell {
        num_units,
        forget_bias: 1.0,
        joined: false,
        activation: ActivationFunction::named("tanh"),
        common: Common::default(),
    }
}

cell_methods!(BasicLSTMCell);

/// The methods of both cells.
macro_rules! lstm_methods {
    ($cell:ident) => {
        impl $cell {
            /// What is added to the bias of the forget gate; 1 if not said.
            pub fn forget_bias(mut self, forget_bias: f64) -> Self {
                self.forget_bias = forget_bias;
                self
            }

            /// Whether the state is an [`LSTMStateTuple`](struct@LSTMStateTuple): it always is, and `false` is an error where the cell is applied.
            pub fn state_is_tuple(mut self, state_is_tuple: bool) -> Self {
                self.joined = !state_is_tuple;
                self
            }
        }
    };
}
lstm_methods!(BasicLSTMCell);
lstm_methods!(LSTMCell);

/// An error if the state is to be one tensor.
pub(super) fn check_tuple(joined: bool) -> Result<()> {
    match joined {
        false => Ok(()),
        true => Err(Error::unimplemented("state_is_tuple = false: the state is always a tuple")
            .note("`tf::concat([state.c, state.h], 1)` is the one tensor")),
    }
}

impl RNNCell for BasicLSTMCell {
    type State = LSTMStateTuple;

    fn class_name(&self) -> &'static str {
        "BasicLSTMCell"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    copied_by_clone!();

    fn state_size(&self) -> LSTMStateTuple<usize> {
        LSTMStateTuple { c: self.num_units, h: self.num_units }
    }

    fn output_size(&self) -> usize {
        self.num_units
    }

    fn weights(&self, inputs: &PartialShape) -> Result<Vec<Weight>> {
        check_tuple(self.joined)?;
        let rows = depth_of(inputs)? + self.num_units;
        let kernel = Weight::new("kernel", [rows, 4 * self.num_units], &Ok(initializer_of_scope()));
        Ok(vec![kernel, Weight::new("bias", [4 * self.num_units], &Ok(zeros_initializer()))])
    }

    #[track_caller]
    fn call(&self, inputs: Tensor, state: LSTMStateTuple, weights: &[Variable]) -> Result<(Tensor, LSTMStateTuple)> {
        let activation = self.activation.clone()?;
        let one = convert(1.into_arg(), "Const", None);
        let gates = affine(inputs, state.h, weights[0], weights[1]);
        let [input, new, forget, output] = split_in(gates, one.into_arg());
        let forget_bias = convert(self.forget_bias.into_arg(), "Const", Some(forget.dtype()?));
        let kept = multiply(state.c, sigmoid(add(forget, forget_bias)));
        let c = add(kept, multiply(sigmoid(input), activation.apply(new)));
        let h = multiply(activation.apply(c), sigmoid(output));
        Ok((h, LSTMStateTuple { c, h }))
    }
}

/// Long short-term memory with peepholes, limits and a projection. TF: `tf.nn.rnn_cell.LSTMCell`.
#[derive(Clone, Debug)]
pub struct LSTMCell {
    num_units: usize,
    use_peepholes: bool,
    cell_clip: Option<f64>,
    initializer: Option<Result<Initializer>>,
    num_proj: Option<usize>,
    proj_clip: Option<f64>,
    forget_bias: f64,
    joined: bool,
    activation: Result<ActivationFunction>,
    common: Common,
}

/// `num_units` units of long short-term memory. TF: `tf.nn.rnn_cell.LSTMCell(num_units)`.
///
/// Keyword arguments `use_peepholes` (the gates see the memory; false if not said), `cell_clip` (the memory stays from
/// `-cell_clip` to `cell_clip`), `initializer` (of all but the bias; the scope's), `num_proj` (the output is a product with
/// a matrix [`num_units`, `num_proj`]), `proj_clip` (its limit), `forget_bias` (1), `state_is_tuple` (true; anything else is
/// an error), `activation` (`tanh`), `reuse`, `name`, `trainable`.
/// Source: <https://research.google/pubs/pub43905>.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 28, 28));
/// let cell = tf::nn::rnn_cell::LSTMCell!(128, use_peepholes = true, num_proj = 10);
/// let (outputs, state) = tf::nn::dynamic_rnn!(cell, x, dtype = tf::float32);
/// assert_eq!((outputs.shape().to_string(), state.c.shape().to_string()), ("[?,28,10]".to_owned(), "[?,128]".to_owned()));
/// ```
#[allow(non_snake_case)]
pub fn LSTMCell(num_units: usize) -> LSTMCell {
    LSTMCell {
        num_units,
        use_peepholes: false,
        cell_clip: None,
        initializer: None,
        num_proj: None,
        proj_clip: None,
        forget_bias: 1.0,
        joined: false,
        activation: ActivationFunction::named("tanh"),
        common: Common::default(),
    }
}

cell_methods!(LSTMCell);

impl LSTMCell {
    /// Whether the gates see the memory; no if not said.
    pub fn use_peepholes(mut self, use_peepholes: bool) -> Self {
        self.use_peepholes = use_peepholes;
        self
    }

    /// The memory's limit.
    pub fn cell_clip(mut self, cell_clip: f64) -> Self {
        self.cell_clip = Some(cell_clip);
        self
    }

    /// How all variables but the bias start; as the scope says if not said.
    pub fn initializer(mut self, initializer: impl IntoInitializer) -> Self {
        self.initializer = Some(initializer.into_initializer());
        self
    }

    /// How many numbers the output is projected to.
    pub fn num_proj(mut self, num_proj: usize) -> Self {
        self.num_proj = Some(num_proj);
        self
    }

    /// The limit of what is projected.
    pub fn proj_clip(mut self, proj_clip: f64) -> Self {
        self.proj_clip = Some(proj_clip);
        self
    }
}

impl RNNCell for LSTMCell {
    type State = LSTMStateTuple;

    fn class_name(&self) -> &'static str {
        "LSTMCell"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    copied_by_clone!();

    fn state_size(&self) -> LSTMStateTuple<usize> {
        LSTMStateTuple { c: self.num_units, h: self.output_size() }
    }

    fn output_size(&self) -> usize {
        self.num_proj.unwrap_or(self.num_units)
    }

    fn weights(&self, inputs: &PartialShape) -> Result<Vec<Weight>> {
        check_tuple(self.joined)?;
        let (units, rows) = (self.num_units, depth_of(inputs)? + self.output_size());
        let initializer = self.initializer.clone().unwrap_or_else(|| Ok(initializer_of_scope()));
        let mut weights = vec![
            Weight::new("kernel", [rows, 4 * units], &initializer),
            Weight::new("bias", [4 * units], &Ok(zeros_initializer())),
        ];
        if self.use_peepholes {
            weights.extend(["w_f_diag", "w_i_diag", "w_o_diag"].map(|name| Weight::new(name, [units], &initializer)));
        }
        if let Some(projected) = self.num_proj {
            weights.push(Weight::new("projection/kernel", [units, projected], &initializer));
        }
        Ok(weights)
    }

    #[track_caller]
    fn call(&self, inputs: Tensor, state: LSTMStateTuple, weights: &[Variable]) -> Result<(Tensor, LSTMStateTuple)> {
        let activation = self.activation.clone()?;
        let before = state.c;
        let diagonal = |i: usize| weights[2 + i].value();
        let gates = affine(inputs, state.h, weights[0], weights[1]);
        let [input, new, forget, output] = split_in(gates, 1.into_arg());
        let mut c = if self.use_peepholes {
            sigmoid(forget + self.forget_bias + diagonal(0) * before) * before
                + sigmoid(input + diagonal(1) * before) * activation.apply(new)
        } else {
            sigmoid(forget + self.forget_bias) * before + sigmoid(input) * activation.apply(new)
        };
        if let Some(limit) = self.cell_clip {
            c = clip_by_value(c, -limit, limit);
        }
        let gate = if self.use_peepholes { sigmoid(output + diagonal(2) * c) } else { sigmoid(output) };
        let mut h = gate * activation.apply(c);
        if let (Some(_), Some(projection)) = (self.num_proj, weights.last()) {
            h = matmul(h, projection.value());
            if let Some(limit) = self.proj_clip {
                h = clip_by_value(h, -limit, limit);
            }
        }
        Ok((h, LSTMStateTuple { c, h }))
    }
}
