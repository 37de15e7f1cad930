//! Encoders with decoders, whole.

use super::attention::embedding_attention_decoder_args;
use super::decoder::{LoopFunction, Projection, embedding_rnn_decoder_args, rnn_decoder_args};
use super::loss::{sequence_loss_args, sequence_loss_by_example_args};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::op::{Arg, IntoTensor};
use crate::ops::array::{concat, reshape};
use crate::ops::flow::{Outcome, cond};
use crate::ops::scope::Scope;
use crate::rnn::cell::RNNCell;
use crate::rnn::rnn_cell::{BatchSize, EmbeddingWrapper, OutputProjectionWrapper};
use crate::rnn::state::State;
use crate::rnn::unrolled::static_rnn_args;
use crate::variable_scope::{Which, get_variable_scope, variable_scope, variable_scope_args};

/// A cell over `encoder_inputs`, and a cell like it, with variables of its own, over `decoder_inputs` from the last state
/// on: its outputs and its last state. TF: `tf.contrib.legacy_seq2seq.basic_rnn_seq2seq`.
///
/// All inputs are [batch, depth]. Keyword arguments `dtype` of the state (float32), `scope` (`"basic_rnn_seq2seq"`).
///
/// ```
/// use flowstone as tf;
/// let x = [0; 3].map(|_| tf::placeholder(tf::float32, (None, 4)));
/// let (outputs, _) = tf::nn::seq2seq::basic_rnn_seq2seq(x, x, tf::nn::rnn_cell::GRUCell(8));
/// assert_eq!(outputs[2].shape().to_string(), "[?,8]");
/// ```
#[track_caller]
pub fn basic_rnn_seq2seq<C: RNNCell>(
    encoder_inputs: impl IntoIterator<Item = Tensor>,
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    cell: C,
) -> (Vec<Tensor>, C::State) {
    basic_rnn_seq2seq_args(encoder_inputs, decoder_inputs, cell).build()
}

/// [`basic_rnn_seq2seq`] with keyword arguments.
pub fn basic_rnn_seq2seq_args<'f, C: RNNCell>(
    encoder_inputs: impl IntoIterator<Item = Tensor>,
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    cell: C,
) -> BasicSeq2seqArgs<'f, C> {
    BasicSeq2seqArgs {
        encoder_inputs: encoder_inputs.into_iter().collect(),
        decoder_inputs: decoder_inputs.into_iter().collect(),
        cell,
        tied: false,
        loop_function: None,
        dtype: DType::Float32,
        scope: Which::from("basic_rnn_seq2seq"),
    }
}

/// [`basic_rnn_seq2seq`] with one cell for both. TF: `tf.contrib.legacy_seq2seq.tied_rnn_seq2seq`.
///
/// Keyword arguments as there (`scope` is `"tied_rnn_seq2seq"`), and `loop_function` as in
/// [`rnn_decoder`](super::rnn_decoder()).
#[track_caller]
pub fn tied_rnn_seq2seq<C: RNNCell>(
    encoder_inputs: impl IntoIterator<Item = Tensor>,
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    cell: C,
) -> (Vec<Tensor>, C::State) {
    tied_rnn_seq2seq_args(encoder_inputs, decoder_inputs, cell).build()
}

/// [`tied_rnn_seq2seq`] with keyword arguments.
pub fn tied_rnn_seq2seq_args<'f, C: RNNCell>(
    encoder_inputs: impl IntoIterator<Item = Tensor>,
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    cell: C,
) -> BasicSeq2seqArgs<'f, C> {
    let scope = Which::from("tied_rnn_seq2seq");
    BasicSeq2seqArgs { tied: true, scope, ..basic_rnn_seq2seq_args(encoder_inputs, decoder_inputs, cell) }
}

/// A [`basic_rnn_seq2seq`] or [`tied_rnn_seq2seq`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct BasicSeq2seqArgs<'f, C: RNNCell> {
    encoder_inputs: Vec<Tensor>,
    decoder_inputs: Vec<Tensor>,
    cell: C,
    tied: bool,
    loop_function: Option<LoopFunction<'f>>,
    dtype: DType,
    scope: Which,
}

impl<'f, C: RNNCell> BasicSeq2seqArgs<'f, C> {
    /// What makes each input of the decoder but the first, of the output before and the number of the step. For
    /// [`tied_rnn_seq2seq`] alone.
    pub fn loop_function(mut self, function: impl FnMut(Tensor, usize) -> Tensor + 'f) -> Self {
        self.loop_function = Some(Box::new(function));
        self
    }

    /// The type of the state before the first step; float32 if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// The scope of its variables.
    pub fn scope(mut self, scope: impl Into<Which>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Builds all steps.
    #[track_caller]
    pub fn build(self) -> (Vec<Tensor>, C::State) {
        let line = here();
        let _line = built_at(line);
        if self.tied {
            let both = variable_scope("combined_tied_rnn_seq2seq");
            let encoder = static_rnn_args(&self.cell, self.encoder_inputs).dtype(self.dtype);
            let (_, state) = encoder.scope(self.scope.clone()).build();
            both.reuse_variables();
            let decoder = rnn_decoder_args(self.decoder_inputs, state, self.cell);
            return decoder.maybe_loop_function(self.loop_function).scope(self.scope).build();
        }
        let _scope = variable_scope(self.scope);
        let copies = self.cell.copied().and_then(|encoder| Ok((encoder, self.cell.copied()?)));
        let (encoder, decoder) = match copies {
            Ok(copies) => copies,
            Err(error) => {
                get_default_graph().record(error.at("basic_rnn_seq2seq", Some(line)));
                return (self.decoder_inputs, self.cell.zero_state_for(BatchSize::Known(1), self.dtype));
            }
        };
        let (_, state) = static_rnn_args(encoder, self.encoder_inputs).dtype(self.dtype).build();
        rnn_decoder_args(self.decoder_inputs, state, decoder).maybe_loop_function(self.loop_function).build()
    }
}

/// Whether each step of a decoder goes on with what the one before gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FeedPrevious {
    /// Known while building.
    Known(bool),
    /// Known when the graph is run: a single bool.
    Fed(Tensor),
}

impl From<bool> for FeedPrevious {
    fn from(feed: bool) -> Self {
        FeedPrevious::Known(feed)
    }
}

impl From<Tensor> for FeedPrevious {
    fn from(feed: Tensor) -> Self {
        FeedPrevious::Fed(feed)
    }
}

/// An encoder of symbols and a decoder of symbols: the scores of `num_decoder_symbols` symbols for each step, and the last
/// state. TF: `tf.contrib.legacy_seq2seq.embedding_rnn_seq2seq`.
///
/// `encoder_inputs` and `decoder_inputs` are int32 or int64 `[batch]`. Each side has a table with rows of `embedding_size`
/// numbers and a cell like `cell` with variables of its own. Keyword arguments: `output_projection` (a matrix [cell output,
/// symbols] and a bias by which symbols are chosen; then the outputs are the cell's), `feed_previous` (false; true or a bool
/// tensor: whether each step goes on with the likeliest symbol), `dtype` (float32), `scope` (`"embedding_rnn_seq2seq"`).
///
/// ```
/// use flowstone as tf;
/// let words = [0; 3].map(|_| tf::placeholder(tf::int32, [None]));
/// let cell = tf::nn::rnn_cell::BasicLSTMCell(8);
/// let (outputs, _) = tf::nn::seq2seq::embedding_rnn_seq2seq(words, words, cell, 20, 10, 4);
/// assert_eq!(outputs[2].shape().to_string(), "[?,10]");
/// ```
#[track_caller]
pub fn embedding_rnn_seq2seq<C: RNNCell>(
    encoder_inputs: impl IntoIterator<Item = Tensor>,
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    cell: C,
    num_encoder_symbols: usize,
    num_decoder_symbols: usize,
    embedding_size: usize,
) -> (Vec<Tensor>, C::State) {
    let sizes = (num_encoder_symbols, num_decoder_symbols, embedding_size);
    embedding_rnn_seq2seq_args(encoder_inputs, decoder_inputs, cell, sizes.0, sizes.1, sizes.2).build()
}

/// [`embedding_rnn_seq2seq`] with keyword arguments.
pub fn embedding_rnn_seq2seq_args<C: RNNCell>(
    encoder_inputs: impl IntoIterator<Item = Tensor>,
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    cell: C,
    num_encoder_symbols: usize,
    num_decoder_symbols: usize,
    embedding_size: usize,
) -> EmbeddingSeq2seqArgs<C> {
    EmbeddingSeq2seqArgs {
        encoder_inputs: encoder_inputs.into_iter().collect(),
        decoder_inputs: decoder_inputs.into_iter().collect(),
        cell,
        symbols: (num_encoder_symbols, num_decoder_symbols),
        embedding_size,
        heads: None,
        initial_attention: false,
        projection: None,
        feed_previous: FeedPrevious::Known(false),
        dtype: DType::Float32,
        scope: Which::from("embedding_rnn_seq2seq"),
    }
}

/// [`embedding_rnn_seq2seq`] with a decoder that looks at what the encoder gave. TF:
/// `tf.contrib.legacy_seq2seq.embedding_attention_seq2seq`.
///
/// Keyword arguments as there (`scope` is `"embedding_attention_seq2seq"`), and `num_heads` and `initial_state_attention` as
/// in [`attention_decoder`](super::attention_decoder()).
///
/// ```
/// use flowstone as tf;
/// use tf::nn::seq2seq::embedding_attention_seq2seq;
/// let words = [0; 3].map(|_| tf::placeholder(tf::int32, [None]));
/// let cell = tf::nn::rnn_cell::GRUCell(8);
/// let decode = tf::placeholder(tf::bool, ());
/// let (outputs, _) = embedding_attention_seq2seq!(words, words, cell, 20, 10, 4, feed_previous = decode);
/// assert_eq!(outputs[2].shape().to_string(), "[?,10]");
/// ```
#[track_caller]
pub fn embedding_attention_seq2seq<C: RNNCell>(
    encoder_inputs: impl IntoIterator<Item = Tensor>,
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    cell: C,
    num_encoder_symbols: usize,
    num_decoder_symbols: usize,
    embedding_size: usize,
) -> (Vec<Tensor>, C::State) {
    let sizes = (num_encoder_symbols, num_decoder_symbols, embedding_size);
    embedding_attention_seq2seq_args(encoder_inputs, decoder_inputs, cell, sizes.0, sizes.1, sizes.2).build()
}

/// [`embedding_attention_seq2seq`] with keyword arguments.
pub fn embedding_attention_seq2seq_args<C: RNNCell>(
    encoder_inputs: impl IntoIterator<Item = Tensor>,
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    cell: C,
    num_encoder_symbols: usize,
    num_decoder_symbols: usize,
    embedding_size: usize,
) -> EmbeddingSeq2seqArgs<C> {
    let sizes = (num_encoder_symbols, num_decoder_symbols, embedding_size);
    EmbeddingSeq2seqArgs {
        heads: Some(1),
        scope: Which::from("embedding_attention_seq2seq"),
        ..embedding_rnn_seq2seq_args(encoder_inputs, decoder_inputs, cell, sizes.0, sizes.1, sizes.2)
    }
}

/// An [`embedding_rnn_seq2seq`] or [`embedding_attention_seq2seq`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct EmbeddingSeq2seqArgs<C: RNNCell> {
    encoder_inputs: Vec<Tensor>,
    decoder_inputs: Vec<Tensor>,
    cell: C,
    symbols: (usize, usize),
    embedding_size: usize,
    /// How many parts the decoder reads of what the encoder gave, if it looks there.
    heads: Option<usize>,
    initial_attention: bool,
    projection: Option<Projection>,
    feed_previous: FeedPrevious,
    dtype: DType,
    scope: Which,
}

impl<C: RNNCell> EmbeddingSeq2seqArgs<C> {
    /// A matrix [cell output, num_decoder_symbols] and a bias by which symbols are chosen; the outputs are the cell's.
    pub fn output_projection(mut self, (weights, biases): (impl IntoTensor, impl IntoTensor)) -> Self {
        self.projection = Some((weights.into_arg(), biases.into_arg()));
        self
    }

    /// Whether each step goes on with the symbol that the one before makes most likely; false if not said.
    pub fn feed_previous(mut self, feed_previous: impl Into<FeedPrevious>) -> Self {
        self.feed_previous = feed_previous.into();
        self
    }

    /// How many parts of the encoder's outputs each step reads; 1 if not said. For [`embedding_attention_seq2seq`] alone.
    pub fn num_heads(mut self, num_heads: usize) -> Self {
        self.heads = self.heads.map(|_| num_heads);
        self
    }

    /// Whether the first step reads by the initial state; false if not said. For [`embedding_attention_seq2seq`] alone.
    pub fn initial_state_attention(mut self, initial: bool) -> Self {
        self.initial_attention = initial;
        self
    }

    /// The type of the variables and the state; float32 if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// The scope of its variables.
    pub fn scope(mut self, scope: impl Into<Which>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Builds all steps.
    #[track_caller]
    pub fn build(mut self) -> (Vec<Tensor>, C::State) {
        let line = here();
        let _line = built_at(line);
        let graph = self.encoder_inputs.first().and_then(|x| x.graph().ok()).unwrap_or_else(get_default_graph);
        let _default = graph.as_default();
        let scope = variable_scope(std::mem::replace(&mut self.scope, Which::Default));
        self.both().unwrap_or_else(|error| {
            graph.record(error.at(scope.name(), Some(line)));
            (self.decoder_inputs.clone(), self.cell.zero_state_for(BatchSize::Known(1), self.dtype))
        })
    }

    #[track_caller]
    fn both(&self) -> Result<(Vec<Tensor>, C::State)> {
        let encoder = EmbeddingWrapper(self.cell.copied()?, self.symbols.0, self.embedding_size);
        let encoder = static_rnn_args(encoder, self.encoder_inputs.iter().copied()).dtype(self.dtype);
        let (encoded, state) = encoder.build();
        let states = self.heads.map(|_| {
            let size = i32::try_from(self.cell.output_size()).unwrap_or(i32::MAX);
            let tops: Vec<Tensor> = encoded.into_iter().map(|output| reshape(output, [-1, 1, size])).collect();
            concat(tops, 1)
        });
        let cell = self.cell.copied()?;
        let cell: Box<dyn RNNCell<State = C::State> + '_> = match &self.projection {
            Some(_) => cell,
            None => Box::new(OutputProjectionWrapper(cell, self.symbols.1)),
        };
        let decode = |feed, update| self.decode(&cell, state.clone(), states, feed, update);
        let fed = match self.feed_previous {
            FeedPrevious::Known(feed) => return Ok(decode(feed, true)),
            FeedPrevious::Fed(fed) => fed,
        };
        let line = here();
        let flat = |feed: bool| {
            let _line = built_at(line);
            let scope = variable_scope_args(get_variable_scope());
            let _scope = if feed { scope.build() } else { scope.reuse(true).build() };
            let (outputs, state) = decode(feed, false);
            [outputs, state.flat()].concat()
        };
        let mut all = cond(fed, || flat(true), || flat(false)).into_iter();
        let outputs = all.by_ref().take(self.decoder_inputs.len()).collect();
        let absent = || Tensor::poisoned(&get_default_graph());
        Ok((outputs, state.rebuilt(&mut || all.next().unwrap_or_else(absent))))
    }

    #[track_caller]
    fn decode(
        &self,
        cell: &dyn RNNCell<State = C::State>,
        state: C::State,
        states: Option<Tensor>,
        feed: bool,
        update: bool,
    ) -> (Vec<Tensor>, C::State) {
        let inputs = self.decoder_inputs.iter().copied();
        let (symbols, projection) = (self.symbols.1, self.projection.clone());
        match states.zip(self.heads) {
            None => embedding_rnn_decoder_args(inputs, state, cell, symbols, self.embedding_size)
                .maybe_projection(projection)
                .feed_previous(feed)
                .update_embedding_for_previous(update)
                .dtype(self.dtype)
                .build(),
            Some((states, heads)) => {
                embedding_attention_decoder_args(inputs, state, states, cell, symbols, self.embedding_size)
                    .maybe_projection(projection)
                    .feed_previous(feed)
                    .update_embedding_for_previous(update)
                    .dtype(self.dtype)
                    .num_heads(heads)
                    .initial_state_attention(self.initial_attention)
                    .build()
            }
        }
    }
}

/// One model for each of several pairs of lengths, all with the same variables: their outputs and their losses.
/// TF: `tf.contrib.legacy_seq2seq.model_with_buckets`.
///
/// `seq2seq` makes outputs and a state of the inputs of an encoder and of a decoder; `buckets` are the lengths of both, the
/// longest last. The loss is [`sequence_loss`](super::sequence_loss()) of `targets` and `weights`. Keyword arguments:
/// `softmax_loss_function` as there, `per_example_loss` (false: whether the losses are those of each sequence). An error: a
/// list that is shorter than the last bucket.
///
/// ```
/// use flowstone as tf;
/// use tf::nn::seq2seq::{embedding_attention_seq2seq, model_with_buckets};
/// let words = [0; 4].map(|_| tf::placeholder(tf::int32, [None]));
/// let weights = [0; 4].map(|_| tf::placeholder(tf::float32, [None]));
/// let cell = tf::nn::rnn_cell::GRUCell(8);
/// let (outputs, losses) = model_with_buckets(words, words, words, weights, [(2, 3), (4, 4)], |x, y| {
///     embedding_attention_seq2seq(x, y, &cell, 20, 10, 4)
/// });
/// assert_eq!((outputs[0].len(), outputs[1].len(), losses.len()), (3, 4, 2));
/// ```
#[track_caller]
pub fn model_with_buckets<S>(
    encoder_inputs: impl IntoIterator<Item = Tensor>,
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    targets: impl IntoIterator<Item = Tensor>,
    weights: impl IntoIterator<Item = Tensor>,
    buckets: impl IntoIterator<Item = (usize, usize)>,
    seq2seq: impl FnMut(Vec<Tensor>, Vec<Tensor>) -> (Vec<Tensor>, S),
) -> (Vec<Vec<Tensor>>, Vec<Tensor>) {
    model_with_buckets_args(encoder_inputs, decoder_inputs, targets, weights, buckets, seq2seq).build()
}

/// [`model_with_buckets`] with keyword arguments.
pub fn model_with_buckets_args<'f, S>(
    encoder_inputs: impl IntoIterator<Item = Tensor>,
    decoder_inputs: impl IntoIterator<Item = Tensor>,
    targets: impl IntoIterator<Item = Tensor>,
    weights: impl IntoIterator<Item = Tensor>,
    buckets: impl IntoIterator<Item = (usize, usize)>,
    mut seq2seq: impl FnMut(Vec<Tensor>, Vec<Tensor>) -> (Vec<Tensor>, S) + 'f,
) -> BucketsArgs<'f> {
    BucketsArgs {
        encoder_inputs: encoder_inputs.into_iter().collect(),
        decoder_inputs: decoder_inputs.into_iter().collect(),
        targets: targets.into_iter().collect(),
        weights: weights.into_iter().collect(),
        buckets: buckets.into_iter().collect(),
        seq2seq: Box::new(move |x, y| seq2seq(x, y).0),
        function: None,
        per_example: false,
    }
}

/// The outputs of a model for an encoder's and a decoder's inputs.
type Model<'f> = Box<dyn FnMut(Vec<Tensor>, Vec<Tensor>) -> Vec<Tensor> + 'f>;

/// A [`model_with_buckets`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct BucketsArgs<'f> {
    encoder_inputs: Vec<Tensor>,
    decoder_inputs: Vec<Tensor>,
    targets: Vec<Tensor>,
    weights: Vec<Tensor>,
    buckets: Vec<(usize, usize)>,
    seq2seq: Model<'f>,
    function: Option<Box<dyn Fn(Tensor, Tensor) -> Tensor + 'f>>,
    per_example: bool,
}

impl<'f> BucketsArgs<'f> {
    /// What makes the loss of labels and logits, in place of the cross entropy.
    pub fn softmax_loss_function(mut self, function: impl Fn(Tensor, Tensor) -> Tensor + 'f) -> Self {
        self.function = Some(Box::new(function));
        self
    }

    /// Whether the losses are those of each sequence; false if not said.
    pub fn per_example_loss(mut self, per_example: bool) -> Self {
        self.per_example = per_example;
        self
    }

    fn check(&self) -> Result<()> {
        let last = self.buckets.last().copied().unwrap_or_default();
        let longest = self.buckets.iter().fold(last, |(x, y), bucket| (x.max(bucket.0), y.max(bucket.1)));
        let lists = [
            ("encoder_inputs", self.encoder_inputs.len(), longest.0),
            ("decoder_inputs", self.decoder_inputs.len(), longest.1),
            ("targets", self.targets.len(), longest.1),
            ("weights", self.weights.len(), longest.1),
        ];
        match lists.into_iter().find(|(_, found, wanted)| found < wanted) {
            None => Ok(()),
            Some((name, found, wanted)) => {
                Err(Error::invalid_argument(format!("{name} are {found}, but a bucket has {wanted} steps")))
            }
        }
    }

    /// Builds all models.
    #[track_caller]
    pub fn build(mut self) -> (Vec<Vec<Tensor>>, Vec<Tensor>) {
        let line = here();
        let _line = built_at(line);
        let all: Vec<Arg> = self.encoder_inputs.iter().map(|&x| Arg::Tensor(x)).collect();
        let scope = Scope::open(&all.iter().collect::<Vec<_>>(), "model_with_buckets");
        if let Err(error) = self.check() {
            scope.fail(error);
            return (Vec::new(), Vec::new());
        }
        let (mut outputs, mut losses) = (Vec::new(), Vec::new());
        for (i, &(x, y)) in self.buckets.iter().enumerate() {
            let scope = variable_scope_args(get_variable_scope());
            let _scope = if i > 0 { scope.reuse(true).build() } else { scope.build() };
            let scores = (self.seq2seq)(self.encoder_inputs[..x].to_vec(), self.decoder_inputs[..y].to_vec());
            let _line = built_at(line);
            let [targets, weights] = [&self.targets, &self.weights].map(|list| list[..y].to_vec());
            let loss = match self.per_example {
                true => sequence_loss_by_example_args(scores.clone(), targets, weights),
                false => sequence_loss_args(scores.clone(), targets, weights),
            };
            let loss = match &self.function {
                Some(function) => loss.softmax_loss_function(function),
                None => loss,
            };
            losses.push(loss.build());
            outputs.push(scores);
        }
        (outputs, losses)
    }
}
