//! Decoders without attention.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::stop_gradient;
use crate::ops::math::argmax;
use crate::ops::nn::{embedding_lookup, xw_plus_b};
use crate::ops::state::Variable;
use crate::rnn::cell::RNNCell;
use crate::shape::PartialShape;
use crate::variable_scope::{Which, get_variable_args, get_variable_scope, variable_scope, variable_scope_args};

/// Makes the next input of the output before and the number of the step.
pub(super) type LoopFunction<'f> = Box<dyn FnMut(Tensor, usize) -> Tensor + 'f>;

/// `cell` over `decoder_inputs`, each [batch, depth], from `initial_state` on: the output of each step and the last state.
/// TF: `tf.contrib.legacy_seq2seq.rnn_decoder`.
///
/// Keyword arguments: `loop_function` makes each input but the first of the output before and the number of the step, in place
/// of `decoder_inputs`; `scope` (`"rnn_decoder"`).
///
/// ```
/// use flowstone as tf;
/// use tf::nn::rnn_cell::{BasicLSTMCell, RNNCell};
/// use tf::nn::seq2seq::rnn_decoder;
/// let cell = BasicLSTMCell(8);
/// let inputs = [0; 3].map(|_| tf::placeholder(tf::float32, [5, 8]));
/// let state = cell.zero_state(5, tf::float32);
/// // Each step goes on with what the one before gave.
/// let (outputs, _) = rnn_decoder!(inputs, state, cell, loop_function = |prev, _| prev * 0.5, scope = "rnnlm");
/// assert_eq!((outputs.len(), outputs[2].shape().to_string()), (3, "[5,8]".to_owned()));
/// assert_eq!(tf::trainable_variables()[0].name(), "rnnlm/basic_lstm_cell/kernel:0");
/// ```
#[track_caller]
pub fn rnn_decoder<C: RNNCell>(
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    initial_state: C::State,
    cell: C,
) -> (Vec<Tensor>, C::State) {
    rnn_decoder_args(decoder_inputs, initial_state, cell).build()
}

/// [`rnn_decoder`] with keyword arguments.
pub fn rnn_decoder_args<'f, I: IntoIterator<Item = Tensor>, C: RNNCell>(
    decoder_inputs: I,
    initial_state: C::State,
    cell: C,
) -> RnnDecoderArgs<'f, I, C> {
    let scope = Which::from("rnn_decoder");
    RnnDecoderArgs { inputs: decoder_inputs, state: initial_state, cell, loop_function: None, scope }
}

/// An [`rnn_decoder`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct RnnDecoderArgs<'f, I, C: RNNCell> {
    inputs: I,
    state: C::State,
    cell: C,
    loop_function: Option<LoopFunction<'f>>,
    scope: Which,
}

impl<'f, I: IntoIterator<Item = Tensor>, C: RNNCell> RnnDecoderArgs<'f, I, C> {
    /// What makes each input but the first, of the output before and the number of the step.
    pub fn loop_function(mut self, function: impl FnMut(Tensor, usize) -> Tensor + 'f) -> Self {
        self.loop_function = Some(Box::new(function));
        self
    }

    pub(super) fn maybe_loop_function(mut self, function: Option<LoopFunction<'f>>) -> Self {
        self.loop_function = function;
        self
    }

    /// The scope of its variables; `rnn_decoder` if not said.
    pub fn scope(mut self, scope: impl Into<Which>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Builds all steps.
    #[track_caller]
    pub fn build(mut self) -> (Vec<Tensor>, C::State) {
        let line = here();
        let _line = built_at(line);
        let scope = variable_scope(self.scope);
        let (mut state, mut outputs) = (self.state, Vec::new());
        // Inputs are made here: those of an embedding are nodes of this scope.
        for (i, mut input) in self.inputs.into_iter().enumerate() {
            let _line = built_at(line);
            if let (Some(function), Some(&before)) = (&mut self.loop_function, outputs.last()) {
                input = next_input(function, before, i);
            }
            if i > 0 {
                scope.reuse_variables();
            }
            let (output, next) = self.cell.apply(input, state);
            outputs.push(output);
            state = next;
        }
        (outputs, state)
    }
}

/// What `function` makes of the output before, in a scope of its own that shares variables.
#[track_caller]
pub(super) fn next_input(function: &mut LoopFunction, before: Tensor, step: usize) -> Tensor {
    let _scope = variable_scope_args("loop_function").reuse(true).build();
    function(before, step)
}

/// A matrix [cell output, symbols] and a bias [symbols] that outputs are multiplied by before symbols are chosen.
pub(super) type Projection = (Arg, Arg);

/// The row of `table` for the symbol that the output before makes most likely.
pub(super) fn most_likely<'f>(table: Variable, projection: Option<Projection>, update: bool) -> LoopFunction<'f> {
    Box::new(move |before, _| {
        let scores = match projection.clone() {
            Some((weights, biases)) => xw_plus_b(before, weights, biases),
            None => before,
        };
        let symbol = argmax(scores, 1);
        let row = embedding_lookup(table, symbol);
        if update { row } else { stop_gradient(row) }
    })
}

/// `array` as a tensor of type `dtype`, whose shape is `wanted`.
#[track_caller]
pub(super) fn fitting(array: &Arg, dtype: DType, wanted: PartialShape) -> Result<()> {
    let found = convert(array.clone(), "Const", Some(dtype)).shape();
    if found.merge(&wanted).is_none() {
        return Err(Error::invalid_argument(format!("output_projection: {wanted} is needed, not {found}")));
    }
    Ok(())
}

/// [`rnn_decoder`] over symbols: `decoder_inputs` are int32 or int64 `[batch]`, rows of a table `[num_symbols, embedding_size]`.
/// TF: `tf.contrib.legacy_seq2seq.embedding_rnn_decoder`.
///
/// Keyword arguments: `output_projection` (a matrix [cell output, num_symbols] and a bias), `feed_previous` (false: whether
/// each step goes on with the symbol that the output before makes most likely), `update_embedding_for_previous` (true:
/// whether gradients reach the table through such symbols), `dtype` (float32), `scope` (`"embedding_rnn_decoder"`).
///
/// ```
/// use flowstone as tf;
/// use tf::nn::rnn_cell::{GRUCell, OutputProjectionWrapper, RNNCell};
/// use tf::nn::seq2seq::embedding_rnn_decoder;
/// let cell = OutputProjectionWrapper(GRUCell(8), 10);
/// let state = cell.zero_state(5, tf::float32);
/// let words = [0; 3].map(|_| tf::placeholder(tf::int32, [5]));
/// let (outputs, _) = embedding_rnn_decoder!(words, state, cell, 10, 4, feed_previous = true);
/// assert_eq!(outputs[2].shape().to_string(), "[5,10]");
/// ```
#[track_caller]
pub fn embedding_rnn_decoder<C: RNNCell>(
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    initial_state: C::State,
    cell: C,
    num_symbols: usize,
    embedding_size: usize,
) -> (Vec<Tensor>, C::State) {
    embedding_rnn_decoder_args(decoder_inputs, initial_state, cell, num_symbols, embedding_size).build()
}

/// [`embedding_rnn_decoder`] with keyword arguments.
pub fn embedding_rnn_decoder_args<C: RNNCell>(
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    initial_state: C::State,
    cell: C,
    num_symbols: usize,
    embedding_size: usize,
) -> EmbeddingRnnDecoderArgs<C> {
    EmbeddingRnnDecoderArgs {
        inputs: decoder_inputs.into_iter().collect(),
        state: initial_state,
        cell,
        num_symbols,
        embedding_size,
        projection: None,
        feed_previous: false,
        update: true,
        dtype: DType::Float32,
        scope: Which::from("embedding_rnn_decoder"),
    }
}

/// An [`embedding_rnn_decoder`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct EmbeddingRnnDecoderArgs<C: RNNCell> {
    inputs: Vec<Tensor>,
    state: C::State,
    cell: C,
    num_symbols: usize,
    embedding_size: usize,
    projection: Option<Projection>,
    feed_previous: bool,
    update: bool,
    dtype: DType,
    scope: Which,
}

impl<C: RNNCell> EmbeddingRnnDecoderArgs<C> {
    /// A matrix [cell output, num_symbols] and a bias that outputs are multiplied by before a symbol is chosen.
    pub fn output_projection(mut self, (weights, biases): (impl IntoTensor, impl IntoTensor)) -> Self {
        self.projection = Some((weights.into_arg(), biases.into_arg()));
        self
    }

    pub(super) fn maybe_projection(mut self, projection: Option<Projection>) -> Self {
        self.projection = projection;
        self
    }

    /// Whether each step goes on with the symbol that the output before makes most likely; false if not said.
    pub fn feed_previous(mut self, feed_previous: bool) -> Self {
        self.feed_previous = feed_previous;
        self
    }

    /// Whether gradients reach the table through such symbols; true if not said.
    pub fn update_embedding_for_previous(mut self, update: bool) -> Self {
        self.update = update;
        self
    }

    /// The type of the table; float32 if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// The scope of its variables; `embedding_rnn_decoder` if not said.
    pub fn scope(mut self, scope: impl Into<Which>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Builds all steps.
    #[track_caller]
    pub fn build(self) -> (Vec<Tensor>, C::State) {
        let line = here();
        let _line = built_at(line);
        let _scope = variable_scope(self.scope);
        if let Some((weights, biases)) = &self.projection {
            let wanted = |dims: &[Option<usize>]| PartialShape::new(dims.iter().copied());
            let checked = fitting(weights, self.dtype, wanted(&[None, Some(self.num_symbols)]));
            let checked = checked.and_then(|()| fitting(biases, self.dtype, wanted(&[Some(self.num_symbols)])));
            if let Err(error) = checked {
                get_default_graph().record(error.at(get_variable_scope().name(), Some(line)));
                return (self.inputs, self.state);
            }
        }
        let table = get_variable_args("embedding", [self.num_symbols, self.embedding_size]).dtype(self.dtype).build();
        let function = self.feed_previous.then(|| most_likely(table, self.projection, self.update));
        let rows = self.inputs.into_iter().map(|symbols| embedding_lookup(table, symbols));
        rnn_decoder_args(rows, self.state, self.cell).maybe_loop_function(function).build()
    }
}
