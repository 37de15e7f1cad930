//! Two cells over sequences, one from each end.

use super::cell::RNNCell;
use super::dynamic::{Options, dynamic_rnn_args};
use super::unrolled::static_rnn_args;
use crate::dtype::DType;
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{concat, reverse, reverse_sequence_args, stack, unstack};
use crate::variable_scope::{Which, variable_scope};

/// `cell_fw` over the sequences `inputs` [batch, time, depth] from the front and `cell_bw` from the back. The outputs of both,
/// each [batch, time, units], and their states at the end. TF: `tf.nn.bidirectional_dynamic_rnn`.
///
/// Keyword arguments `sequence_length` (the back of a sequence is where it ends), `initial_state_fw`, `initial_state_bw`,
/// `dtype`, `parallel_iterations`, `swap_memory`, `time_major` as for [`dynamic_rnn`](crate::nn::dynamic_rnn), and `scope`
/// (`"bidirectional_rnn"`).
///
/// ```
/// use flowstone as tf;
/// use tf::nn::rnn_cell::GRUCell;
/// let x = tf::placeholder(tf::float32, (None, 20, 8));
/// let ((front, back), _) = tf::nn::bidirectional_dynamic_rnn(GRUCell(16), GRUCell(16), x);
/// assert_eq!(tf::concat([front, back], 2).shape().to_string(), "[?,20,32]");
/// assert_eq!(tf::trainable_variables()[0].name(), "bidirectional_rnn/fw/gru_cell/gates/kernel:0");
/// ```
#[track_caller]
pub fn bidirectional_dynamic_rnn<F: RNNCell, B: RNNCell>(
    cell_fw: F,
    cell_bw: B,
    inputs: impl IntoTensor,
) -> ((Tensor, Tensor), (F::State, B::State)) {
    bidirectional_dynamic_rnn_args(cell_fw, cell_bw, inputs).build()
}

/// [`bidirectional_dynamic_rnn`] with keyword arguments.
pub fn bidirectional_dynamic_rnn_args<F: RNNCell, B: RNNCell>(
    cell_fw: F,
    cell_bw: B,
    inputs: impl IntoTensor,
) -> BidirectionalArgs<F, B> {
    BidirectionalArgs {
        cells: (cell_fw, cell_bw),
        inputs: inputs.into_arg(),
        sequence_length: None,
        initial_states: (None, None),
        options: Options { dtype: None, parallel_iterations: 32, swap_memory: false, time_major: false },
        scope: Which::from("bidirectional_rnn"),
    }
}

/// A [`bidirectional_dynamic_rnn`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct BidirectionalArgs<F: RNNCell, B: RNNCell> {
    cells: (F, B),
    inputs: Arg,
    sequence_length: Option<Arg>,
    initial_states: (Option<F::State>, Option<B::State>),
    options: Options,
    scope: Which,
}

impl<F: RNNCell, B: RNNCell> BidirectionalArgs<F, B> {
    /// How many steps of each sequence count, int32 or int64, one for each.
    pub fn sequence_length(mut self, lengths: impl IntoTensor) -> Self {
        self.sequence_length = Some(lengths.into_arg());
        self
    }

    /// The first state from the front; zeros if not said.
    pub fn initial_state_fw(mut self, state: F::State) -> Self {
        self.initial_states.0 = Some(state);
        self
    }

    /// The first state from the back; zeros if not said.
    pub fn initial_state_bw(mut self, state: B::State) -> Self {
        self.initial_states.1 = Some(state);
        self
    }

    /// The type of the states where no initial state is said; that of the inputs if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.options.dtype = Some(dtype);
        self
    }

    /// How many steps TensorFlow may have under way at once; 32 if not said.
    pub fn parallel_iterations(mut self, iterations: i64) -> Self {
        self.options.parallel_iterations = iterations;
        self
    }

    /// Whether TensorFlow may move what the gradient needs out of a device's memory.
    pub fn swap_memory(mut self, swap_memory: bool) -> Self {
        self.options.swap_memory = swap_memory;
        self
    }

    /// Whether inputs and outputs are [time, batch, …]; no if not said.
    pub fn time_major(mut self, time_major: bool) -> Self {
        self.options.time_major = time_major;
        self
    }

    /// The scope of its variables; `bidirectional_rnn` if not said.
    pub fn scope(mut self, scope: impl Into<Which>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Builds both loops.
    #[track_caller]
    pub fn build(self) -> ((Tensor, Tensor), (F::State, B::State)) {
        let _line = built_at(here());
        let graph = Arg::graph_of(std::slice::from_ref(&self.inputs)).unwrap_or_else(|_| get_default_graph());
        let _default = graph.as_default();
        let inputs = convert(self.inputs, "Const", None);
        let lengths = self.sequence_length;
        let (time, batch) = if self.options.time_major { (0, 1) } else { (1, 0) };
        let reversed = |x: Tensor| match &lengths {
            Some(lengths) => reverse_sequence_args(x, lengths.clone()).seq_axis(time).batch_axis(batch).build(),
            None => reverse(x, vec![time as i32]),
        };
        let ((front, back), states) = {
            let _scope = variable_scope(self.scope);
            let front = {
                let scope = variable_scope("fw");
                let args = dynamic_rnn_args(self.cells.0, inputs).options(self.options);
                args.maybe(lengths.clone(), self.initial_states.0).scope(&scope).build()
            };
            let scope = variable_scope("bw");
            let args = dynamic_rnn_args(self.cells.1, reversed(inputs)).options(self.options);
            let back = args.maybe(lengths.clone(), self.initial_states.1).scope(&scope).build();
            ((front.0, back.0), (front.1, back.1))
        };
        ((front, reversed(back)), states)
    }
}

/// `cell_fw` over sequences of a fixed length from the front and `cell_bw` from the back. For each step both outputs, one
/// beside the other, and both states at the end. TF: `tf.nn.static_bidirectional_rnn`.
///
/// Keyword arguments `initial_state_fw`, `initial_state_bw`, `dtype`, `sequence_length` as for
/// [`static_rnn`](crate::nn::static_rnn), and `scope` (`"bidirectional_rnn"`).
///
/// ```
/// use flowstone as tf;
/// use tf::nn::rnn_cell::BasicLSTMCell;
/// let x = tf::placeholder(tf::float32, (None, 5, 8));
/// let steps = tf::unstack!(x, axis = 1);
/// let (outputs, _, _) = tf::nn::static_bidirectional_rnn(BasicLSTMCell(16), BasicLSTMCell(16), steps);
/// assert_eq!((outputs.len(), outputs[4].shape().to_string()), (5, "[?,32]".to_owned()));
/// ```
#[track_caller]
pub fn static_bidirectional_rnn<F: RNNCell, B: RNNCell>(
    cell_fw: F,
    cell_bw: B,
    inputs: impl IntoIterator<Item = Tensor>,
) -> (Vec<Tensor>, F::State, B::State) {
    static_bidirectional_rnn_args(cell_fw, cell_bw, inputs).build()
}

/// [`static_bidirectional_rnn`] with keyword arguments.
pub fn static_bidirectional_rnn_args<F: RNNCell, B: RNNCell>(
    cell_fw: F,
    cell_bw: B,
    inputs: impl IntoIterator<Item = Tensor>,
) -> StaticBidirectionalArgs<F, B> {
    StaticBidirectionalArgs {
        cells: (cell_fw, cell_bw),
        inputs: inputs.into_iter().collect(),
        initial_states: (None, None),
        dtype: None,
        sequence_length: None,
        scope: Which::from("bidirectional_rnn"),
    }
}

/// A [`static_bidirectional_rnn`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct StaticBidirectionalArgs<F: RNNCell, B: RNNCell> {
    cells: (F, B),
    inputs: Vec<Tensor>,
    initial_states: (Option<F::State>, Option<B::State>),
    dtype: Option<DType>,
    sequence_length: Option<Arg>,
    scope: Which,
}

impl<F: RNNCell, B: RNNCell> StaticBidirectionalArgs<F, B> {
    /// The first state from the front; zeros if not said.
    pub fn initial_state_fw(mut self, state: F::State) -> Self {
        self.initial_states.0 = Some(state);
        self
    }

    /// The first state from the back; zeros if not said.
    pub fn initial_state_bw(mut self, state: B::State) -> Self {
        self.initial_states.1 = Some(state);
        self
    }

    /// The type of the states where no initial state is said; that of the inputs if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = Some(dtype);
        self
    }

    /// How many steps of each sequence count, int32 or int64, one for each.
    pub fn sequence_length(mut self, lengths: impl IntoTensor) -> Self {
        self.sequence_length = Some(lengths.into_arg());
        self
    }

    /// The scope of its variables; `bidirectional_rnn` if not said.
    pub fn scope(mut self, scope: impl Into<Which>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Builds all steps.
    #[track_caller]
    pub fn build(self) -> (Vec<Tensor>, F::State, B::State) {
        let _line = built_at(here());
        let (inputs, lengths, dtype) = (self.inputs, self.sequence_length, self.dtype);
        let ((front, back), front_state, back_state) = {
            let _scope = variable_scope(self.scope);
            let (front, front_state) = {
                let scope = variable_scope("fw");
                let args = static_rnn_args(self.cells.0, inputs.iter().copied());
                args.maybe(self.initial_states.0, dtype, lengths.clone()).scope(&scope).build()
            };
            let scope = variable_scope("bw");
            let args = static_rnn_args(self.cells.1, reversed(&inputs, &lengths));
            let (back, back_state) = args.maybe(self.initial_states.1, dtype, lengths.clone()).scope(&scope).build();
            ((front, back), front_state, back_state)
        };
        let back = reversed(&back, &lengths);
        let outputs = front.into_iter().zip(back).map(|(front, back)| concat([front, back], 1)).collect();
        (outputs, front_state, back_state)
    }
}

/// The steps from the back to the front, each sequence from where it ends.
fn reversed(steps: &[Tensor], lengths: &Option<Arg>) -> Vec<Tensor> {
    match lengths {
        Some(lengths) if !steps.is_empty() => {
            let whole = stack(steps.iter().copied());
            unstack(reverse_sequence_args(whole, lengths.clone()).seq_axis(0).batch_axis(1).build())
        }
        _ => steps.iter().rev().copied().collect(),
    }
}
