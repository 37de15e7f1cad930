//! Dropout around a cell.

use super::cell::RNNCell;
use super::rnn_cell::BatchSize;
use super::state::State;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph, here};
use crate::layers::{Common, Weight};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::nn::dropout_args;
use crate::ops::state::Variable;
use crate::shape::PartialShape;

/// A part that is kept.
#[derive(Clone, Copy, Debug)]
enum Keep {
    /// Known while building.
    Known(f64),
    /// Known when the graph is run.
    Fed(Tensor),
}

impl Keep {
    /// Of a number TensorFlow makes a constant that it does not use. An error if it is no part.
    #[track_caller]
    fn of(kept: &Arg, name: &str) -> Result<Keep> {
        convert(kept.clone(), "Const", None);
        let known = match kept {
            Arg::Literal(literal) => {
                let value = literal.clone().and_then(|literal| literal.resolve(Some(DType::Float32)))?;
                // TensorFlow reads it back from its constant.
                f64::from(value.convert(DType::Float32)?.item::<f32>()?)
            }
            Arg::Tensor(tensor) => return Ok(Keep::Fed(*tensor)),
            _ => return Err(Error::invalid_argument(format!("{name} must be a single number"))),
        };
        match (0.0..=1.0).contains(&known) {
            true => Ok(Keep::Known(known)),
            false => Err(Error::invalid_argument(format!("{name} is {known}: a number from 0 to 1"))),
        }
    }

    /// `x` with this part of it kept.
    #[track_caller]
    fn of_tensor(self, x: Tensor) -> Tensor {
        match self {
            Keep::Known(kept) if kept >= 1.0 => x,
            Keep::Known(kept) => dropout_args(x).rate(1.0 - kept).build(),
            Keep::Fed(kept) => dropout_args(x).rate(1.0 - kept).build(),
        }
    }
}

/// A cell with dropout around it. TF: `tf.nn.rnn_cell.DropoutWrapper`.
#[derive(Clone, Debug)]
pub struct DropoutWrapper<C> {
    cell: C,
    /// Of the inputs, the state and the output.
    kept: Result<[Keep; 3]>,
}

/// `cell` with dropout around it, as keyword arguments say. TF: `tf.nn.rnn_cell.DropoutWrapper(cell)`.
///
/// Keyword arguments `input_keep_prob`, `output_keep_prob`, `state_keep_prob`: the part that is kept, a number or a tensor, 1
/// if not said. What an LSTM remembers (`c`) is left as it is. Each step drops others.
///
/// ```
/// use flowstone as tf;
/// use tf::nn::rnn_cell::{BasicLSTMCell, DropoutWrapper};
/// let x = tf::placeholder(tf::float32, (None, 28, 28));
/// let keep_prob = tf::placeholder_with_default(1.0, ());
/// let cell = DropoutWrapper!(BasicLSTMCell(128), output_keep_prob = keep_prob);
/// let (outputs, _) = tf::nn::dynamic_rnn!(cell, x, dtype = tf::float32);
/// assert_eq!(outputs.shape().to_string(), "[?,28,128]");
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn DropoutWrapper<C: RNNCell>(cell: C) -> DropoutWrapper<C> {
    dropout_wrapper_args(cell).build()
}

/// [`DropoutWrapper`](fn@DropoutWrapper) with keyword arguments.
pub fn dropout_wrapper_args<C: RNNCell>(cell: C) -> DropoutWrapperArgs<C> {
    let all = || 1.0.into_arg();
    DropoutWrapperArgs { cell, input: all(), output: all(), state: all() }
}

/// A [`DropoutWrapper`](struct@DropoutWrapper) under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct DropoutWrapperArgs<C> {
    cell: C,
    input: Arg,
    output: Arg,
    state: Arg,
}

impl<C: RNNCell> DropoutWrapperArgs<C> {
    /// The part of the inputs that is kept; 1 if not said.
    pub fn input_keep_prob(mut self, kept: impl IntoTensor) -> Self {
        self.input = kept.into_arg();
        self
    }

    /// The part of the output that is kept; 1 if not said.
    pub fn output_keep_prob(mut self, kept: impl IntoTensor) -> Self {
        self.output = kept.into_arg();
        self
    }

    /// The part of the next state that is kept; 1 if not said.
    pub fn state_keep_prob(mut self, kept: impl IntoTensor) -> Self {
        self.state = kept.into_arg();
        self
    }

    /// The cell with dropout around it.
    #[track_caller]
    pub fn build(self) -> DropoutWrapper<C> {
        let _scope = get_default_graph().scope("DropoutWrapperInit");
        let input = Keep::of(&self.input, "input_keep_prob");
        let state = Keep::of(&self.state, "state_keep_prob");
        let output = Keep::of(&self.output, "output_keep_prob");
        let kept = input.and_then(|input| Ok([input, state?, output?]));
        DropoutWrapper { cell: self.cell, kept }
    }
}

impl<C: RNNCell> RNNCell for DropoutWrapper<C> {
    type State = C::State;

    fn class_name(&self) -> &'static str {
        "DropoutWrapper"
    }

    fn common(&self) -> &Common {
        self.cell.common()
    }

    fn state_size(&self) -> <C::State as State>::Size {
        self.cell.state_size()
    }

    fn output_size(&self) -> usize {
        self.cell.output_size()
    }

    fn weights(&self, inputs: &PartialShape) -> Result<Vec<Weight>> {
        self.cell.weights(inputs)
    }

    #[track_caller]
    fn call(&self, inputs: Tensor, state: C::State, weights: &[Variable]) -> Result<(Tensor, C::State)> {
        self.cell.call(inputs, state, weights)
    }

    #[track_caller]
    fn apply(&self, inputs: Tensor, state: C::State) -> (Tensor, C::State) {
        let [input, next, output] = match self.kept.clone() {
            Ok(kept) => kept,
            Err(error) => {
                let graph = inputs.graph().unwrap_or_else(|_| get_default_graph());
                graph.record(error.at("DropoutWrapper", Some(here())));
                return (Tensor::poisoned(&graph), state);
            }
        };
        let (given, state) = self.cell.apply(input.of_tensor(inputs), state);
        let state = state.map_outputs(&mut |tensor| next.of_tensor(tensor));
        (output.of_tensor(given), state)
    }

    #[track_caller]
    fn zero_state_for(&self, batch_size: BatchSize, dtype: DType) -> C::State {
        let _scope = get_default_graph().scope("DropoutWrapperZeroState");
        self.cell.zero_state_for(batch_size, dtype)
    }

    fn variables(&self) -> Vec<Variable> {
        self.cell.variables()
    }

    fn copied(&self) -> Result<Box<dyn RNNCell<State = C::State> + '_>> {
        Ok(Box::new(DropoutWrapper { cell: self.cell.copied()?, kept: self.kept.clone() }))
    }
}
