//! Decoders that look at what an encoder gave.

use super::decoder::{LoopFunction, Projection, fitting, most_likely, next_input};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::op::IntoTensor;
use crate::ops::array::{concat, item, reshape, reshape_to, shape, stack, zeros_of_sizes};
use crate::ops::math::{cast, reduce_sum_args, tanh};
use crate::ops::nn::{conv2d, embedding_lookup, softmax};
use crate::ops::state::Variable;
use crate::rnn::cell::RNNCell;
use crate::rnn::state::State;
use crate::rnn::wrappers::linear;
use crate::shape::PartialShape;
use crate::variable_scope::{
    OpenScope, Which, get_variable_args, get_variable_scope, variable_scope, variable_scope_args,
};

/// [`rnn_decoder`](super::rnn_decoder()) with attention: each step mixes into its input what it reads of `attention_states`, [batch,
/// length, size], by the state. TF: `tf.contrib.legacy_seq2seq.attention_decoder`.
///
/// Keyword arguments: `output_size` (the cell's), `num_heads` (1: how many parts it reads), `loop_function` (as in
/// `rnn_decoder`), `dtype` (float32), `scope` (`"attention_decoder"`), `initial_state_attention` (false: whether the first
/// step reads by the initial state; else it reads zeros). An error: no inputs, no heads, an open size of the states or of
/// an input. Source: <https://arxiv.org/abs/1412.7449>.
///
/// ```
/// use flowstone as tf;
/// use tf::nn::rnn_cell::{GRUCell, RNNCell};
/// let cell = GRUCell(8);
/// let inputs = [0; 3].map(|_| tf::placeholder(tf::float32, [5, 4]));
/// let states = tf::placeholder(tf::float32, [5, 7, 6]);
/// let state = cell.zero_state(5, tf::float32);
/// let (outputs, _) = tf::nn::seq2seq::attention_decoder!(inputs, state, states, cell, output_size = 2);
/// assert_eq!(outputs[2].shape().to_string(), "[5,2]");
/// ```
#[track_caller]
pub fn attention_decoder<C: RNNCell>(
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    initial_state: C::State,
    attention_states: Tensor,
    cell: C,
) -> (Vec<Tensor>, C::State) {
    attention_decoder_args(decoder_inputs, initial_state, attention_states, cell).build()
}

/// [`attention_decoder`] with keyword arguments.
pub fn attention_decoder_args<'f, C: RNNCell>(
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    initial_state: C::State,
    attention_states: Tensor,
    cell: C,
) -> AttentionDecoderArgs<'f, C> {
    AttentionDecoderArgs {
        inputs: decoder_inputs.into_iter().collect(),
        state: initial_state,
        states: attention_states,
        cell,
        output_size: None,
        num_heads: 1,
        loop_function: None,
        dtype: DType::Float32,
        scope: Which::from("attention_decoder"),
        initial_attention: false,
    }
}

/// An [`attention_decoder`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct AttentionDecoderArgs<'f, C: RNNCell> {
    inputs: Vec<Tensor>,
    state: C::State,
    states: Tensor,
    cell: C,
    output_size: Option<usize>,
    num_heads: usize,
    loop_function: Option<LoopFunction<'f>>,
    dtype: DType,
    scope: Which,
    initial_attention: bool,
}

/// What is read of, and how.
struct Attention {
    states: Tensor,
    length: Length,
    size: usize,
    dtype: DType,
    /// For each head, what it makes of the states, and the vector that it scores with.
    heads: Vec<(Tensor, Variable)>,
}

/// How many states there are.
#[derive(Clone, Copy)]
enum Length {
    Known(i32),
    Fed(Tensor),
}

impl Length {
    /// `x` as [batch, length, 1, `size`].
    #[track_caller]
    fn shape(self, x: Tensor, size: i32) -> Tensor {
        match self {
            Length::Known(length) => reshape(x, [-1, length, 1, size]),
            Length::Fed(length) => {
                reshape_to(x, vec![(-1).into_arg(), length.into_arg(), 1.into_arg(), size.into_arg()])
            }
        }
    }
}

impl Attention {
    #[track_caller]
    fn new(states: Tensor, num_heads: usize, dtype: DType) -> Result<Self> {
        let known = states.shape();
        let size = known.dims().filter(|dims| dims.len() == 3).and_then(|dims| dims[2]);
        let size = size.ok_or_else(|| {
            let says = format!("attention_states must be [batch, length, size] with a known size, not {known}");
            Error::invalid_argument(says)
        })?;
        let length = match known.dim(1) {
            Some(length) => Length::Known(int(length)),
            None => Length::Fed(item(shape(states), 1)),
        };
        let states = length.shape(states, int(size));
        let heads = (0..num_heads).map(|head| {
            let kernel = get_variable_args(&format!("AttnW_{head}"), [1, 1, size, size]).dtype(dtype).build();
            let features = conv2d(states, kernel, [1, 1, 1, 1], "SAME");
            (features, get_variable_args(&format!("AttnV_{head}"), [size]).dtype(dtype).build())
        });
        Ok(Attention { heads: heads.collect(), states, length, size, dtype })
    }

    /// What each head reads by this state.
    #[track_caller]
    fn read(&self, state: &impl State) -> Result<Vec<Tensor>> {
        let query = match state.flat().as_slice() {
            [one] => *one,
            several => concat(several.iter().copied(), 1),
        };
        let size = int(self.size);
        let read = |(head, (features, vector)): (usize, &(Tensor, Variable))| {
            let _scope = variable_scope(format!("Attention_{head}").as_str());
            let y = linear(&[query], self.size)?;
            let y = reshape(y, [-1, 1, 1, size]);
            let y = cast(y, self.dtype);
            let scores = reduce_sum_args(vector.value() * tanh(*features + y)).axis([2, 3]).build();
            let weights = cast(softmax(cast(scores, DType::Float32)), self.dtype);
            let mean = reduce_sum_args(self.length.shape(weights, 1) * self.states).axis([1, 2]).build();
            Ok(reshape(mean, [-1, size]))
        };
        self.heads.iter().enumerate().map(read).collect()
    }
}

/// A number of elements as int32.
fn int(size: usize) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}

impl<'f, C: RNNCell> AttentionDecoderArgs<'f, C> {
    /// How many numbers each output has; as many as the cell's if not said.
    pub fn output_size(mut self, output_size: usize) -> Self {
        self.output_size = Some(output_size);
        self
    }

    /// How many parts of the states each step reads; 1 if not said.
    pub fn num_heads(mut self, num_heads: usize) -> Self {
        self.num_heads = num_heads;
        self
    }

    /// What makes each input but the first, of the output before and the number of the step.
    pub fn loop_function(mut self, function: impl FnMut(Tensor, usize) -> Tensor + 'f) -> Self {
        self.loop_function = Some(Box::new(function));
        self
    }

    /// The type of its variables; float32 if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// The scope of its variables; `attention_decoder` if not said.
    pub fn scope(mut self, scope: impl Into<Which>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Whether the first step reads by the initial state; false if not said.
    pub fn initial_state_attention(mut self, initial: bool) -> Self {
        self.initial_attention = initial;
        self
    }

    /// Builds all steps.
    #[track_caller]
    pub fn build(mut self) -> (Vec<Tensor>, C::State) {
        let line = here();
        let _line = built_at(line);
        let graph = self.states.graph().unwrap_or_else(|_| get_default_graph());
        let _default = graph.as_default();
        let scope = variable_scope(std::mem::replace(&mut self.scope, Which::Default));
        let (inputs, state) = (self.inputs.clone(), self.state.clone());
        self.steps(&scope).unwrap_or_else(|error| {
            graph.record(error.at(scope.name(), Some(line)));
            (inputs, state)
        })
    }

    #[track_caller]
    fn steps(self, scope: &OpenScope) -> Result<(Vec<Tensor>, C::State)> {
        let first = *self.inputs.first().ok_or_else(|| Error::invalid_argument("there are no inputs"))?;
        if self.num_heads == 0 {
            return Err(Error::invalid_argument("there are no heads: use a decoder without attention"));
        }
        let (dtype, mut state, mut function) = (self.dtype, self.state, self.loop_function);
        let batch = item(shape(first), 0);
        let attention = Attention::new(self.states, self.num_heads, dtype)?;
        let sizes = stack([batch.into_arg(), int(attention.size).into_arg()]);
        let mut attended: Vec<Tensor> = (0..self.num_heads).map(|_| zeros_of_sizes(sizes, dtype)).collect();
        for zeros in &attended {
            zeros.set_shape(PartialShape::new([None, Some(attention.size)]));
        }
        if self.initial_attention {
            attended = attention.read(&state)?;
        }
        let output_size = self.output_size.unwrap_or_else(|| self.cell.output_size());
        let mut outputs: Vec<Tensor> = Vec::with_capacity(self.inputs.len());
        for (i, mut input) in self.inputs.into_iter().enumerate() {
            if i > 0 {
                scope.reuse_variables();
            }
            if let (Some(function), Some(&before)) = (&mut function, outputs.last()) {
                input = next_input(function, before, i);
            }
            let known = input.shape();
            let depth = known.dims().filter(|dims| dims.len() == 2).and_then(|dims| dims[1]);
            let depth = depth.ok_or_else(|| {
                Error::invalid_argument(format!("each input must be [batch, depth] with a known depth, not {known}"))
            })?;
            let all: Vec<Tensor> = [input].into_iter().chain(attended).map(|x| cast(x, dtype)).collect();
            let (output, next) = self.cell.apply(linear(&all, depth)?, state);
            state = next;
            attended = if i == 0 && self.initial_attention {
                let _again = variable_scope_args(get_variable_scope()).reuse(true).build();
                attention.read(&state)?
            } else {
                attention.read(&state)?
            };
            let _scope = variable_scope("AttnOutputProjection");
            let all: Vec<Tensor> = [cast(output, dtype)].into_iter().chain(attended.iter().copied()).collect();
            outputs.push(linear(&all, output_size)?);
        }
        Ok((outputs, state))
    }
}

/// [`attention_decoder`] over symbols: `decoder_inputs` are int32 or int64 `[batch]`, rows of a table `[num_symbols,
/// embedding_size]`. TF: `tf.contrib.legacy_seq2seq.embedding_attention_decoder`.
///
/// Keyword arguments: `num_heads`, `output_size`, `initial_state_attention`, `dtype` as there, and `output_projection`,
/// `feed_previous`, `update_embedding_for_previous` as in [`embedding_rnn_decoder`](super::embedding_rnn_decoder());
/// `scope` (`"embedding_attention_decoder"`).
#[track_caller]
pub fn embedding_attention_decoder<C: RNNCell>(
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    initial_state: C::State,
    attention_states: Tensor,
    cell: C,
    num_symbols: usize,
    embedding_size: usize,
) -> (Vec<Tensor>, C::State) {
    let args = embedding_attention_decoder_args(
        decoder_inputs,
        initial_state,
        attention_states,
        cell,
        num_symbols,
        embedding_size,
    );
    args.build()
}

/// [`embedding_attention_decoder`] with keyword arguments.
pub fn embedding_attention_decoder_args<C: RNNCell>(
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    initial_state: C::State,
    attention_states: Tensor,
    cell: C,
    num_symbols: usize,
    embedding_size: usize,
) -> EmbeddingAttentionDecoderArgs<C> {
    EmbeddingAttentionDecoderArgs {
        inner: attention_decoder_args(decoder_inputs, initial_state, attention_states, cell),
        num_symbols,
        embedding_size,
        projection: None,
        feed_previous: false,
        update: true,
        scope: Which::from("embedding_attention_decoder"),
    }
}

/// An [`embedding_attention_decoder`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct EmbeddingAttentionDecoderArgs<C: RNNCell> {
    inner: AttentionDecoderArgs<'static, C>,
    num_symbols: usize,
    embedding_size: usize,
    projection: Option<Projection>,
    feed_previous: bool,
    update: bool,
    scope: Which,
}

impl<C: RNNCell> EmbeddingAttentionDecoderArgs<C> {
    /// How many numbers each output has; as many as the cell's if not said.
    pub fn output_size(mut self, output_size: usize) -> Self {
        self.inner.output_size = Some(output_size);
        self
    }

    /// How many parts of the states each step reads; 1 if not said.
    pub fn num_heads(mut self, num_heads: usize) -> Self {
        self.inner.num_heads = num_heads;
        self
    }

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

    /// The type of its variables; float32 if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.inner.dtype = dtype;
        self
    }

    /// The scope of its variables; `embedding_attention_decoder` if not said.
    pub fn scope(mut self, scope: impl Into<Which>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Whether the first step reads by the initial state; false if not said.
    pub fn initial_state_attention(mut self, initial: bool) -> Self {
        self.inner.initial_attention = initial;
        self
    }

    /// Builds all steps.
    #[track_caller]
    pub fn build(self) -> (Vec<Tensor>, C::State) {
        let line = here();
        let _line = built_at(line);
        let mut inner = self.inner;
        if let Some((_, biases)) = &self.projection {
            let wanted = PartialShape::new([Some(self.num_symbols)]);
            if let Err(error) = fitting(biases, inner.dtype, wanted) {
                get_default_graph().record(error.at("embedding_attention_decoder", Some(line)));
                return (inner.inputs, inner.state);
            }
        }
        let _scope = variable_scope(self.scope);
        let sizes = [self.num_symbols, self.embedding_size];
        let table = get_variable_args("embedding", sizes).dtype(inner.dtype).build();
        inner.loop_function = self.feed_previous.then(|| most_likely(table, self.projection, self.update));
        inner.inputs = inner.inputs.into_iter().map(|symbols| embedding_lookup(table, symbols)).collect();
        inner.build()
    }
}
