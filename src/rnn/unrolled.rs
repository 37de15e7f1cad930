//! A cell over sequences, with nodes of its own for each step.

use super::cell::RNNCell;
use super::dynamic::{kept_where, open};
use super::rnn_cell::BatchSize;
use super::sizes::zeros;
use super::state::State;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Graph, Tensor, built_at, get_default_graph, here};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::flow::{Outcome, cond};
use crate::ops::math::{cast, greater, less_equal, reduce_max, reduce_min};
use crate::shape::PartialShape;
use crate::variable_scope::Which;

/// `cell` over sequences of a fixed length, whose steps are `inputs`, each [batch, depth]. The output of each step and the
/// state after the last. TF: `tf.nn.static_rnn`.
///
/// Keyword arguments: `initial_state` (zeros if not said), `dtype` (of these zeros; that of the inputs if not said),
/// `sequence_length` (for each sequence how many steps count: after them outputs are zero and the state stays), `scope`
/// (`"rnn"`: a name or a scope). [`dynamic_rnn`](crate::nn::dynamic_rnn) builds one step only, whatever the length.
///
/// An error, recorded in the graph: there are no inputs, or their depth is open.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 28, 28));
/// let rows = tf::unstack!(x, num = 28, axis = 1);
/// let cell = tf::nn::rnn_cell::BasicLSTMCell(128);
/// let (outputs, _) = tf::nn::static_rnn!(cell, rows, dtype = tf::float32);
/// assert_eq!((outputs.len(), outputs[27].shape().to_string()), (28, "[?,128]".to_owned()));
/// ```
#[track_caller]
pub fn static_rnn<C: RNNCell>(cell: C, inputs: impl IntoIterator<Item = Tensor>) -> (Vec<Tensor>, C::State) {
    static_rnn_args(cell, inputs).build()
}

/// [`static_rnn`] with keyword arguments.
pub fn static_rnn_args<C: RNNCell>(cell: C, inputs: impl IntoIterator<Item = Tensor>) -> StaticRnnArgs<C> {
    StaticRnnArgs {
        cell,
        inputs: inputs.into_iter().collect(),
        initial_state: None,
        dtype: None,
        sequence_length: None,
        scope: Which::from("rnn"),
    }
}

/// A [`static_rnn`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct StaticRnnArgs<C: RNNCell> {
    cell: C,
    inputs: Vec<Tensor>,
    initial_state: Option<C::State>,
    dtype: Option<DType>,
    sequence_length: Option<Arg>,
    scope: Which,
}

impl<C: RNNCell> StaticRnnArgs<C> {
    /// The state before the first step; zeros if not said.
    pub fn initial_state(mut self, state: C::State) -> Self {
        self.initial_state = Some(state);
        self
    }

    /// The type of the state if no initial state is said; that of the inputs if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = Some(dtype);
        self
    }

    /// How many steps of each sequence count, int32 or int64, one for each.
    pub fn sequence_length(mut self, lengths: impl IntoTensor) -> Self {
        self.sequence_length = Some(lengths.into_arg());
        self
    }

    /// The scope of its variables; `rnn` if not said.
    pub fn scope(mut self, scope: impl Into<Which>) -> Self {
        self.scope = scope.into();
        self
    }

    pub(super) fn maybe(
        mut self,
        initial_state: Option<C::State>,
        dtype: Option<DType>,
        sequence_length: Option<Arg>,
    ) -> Self {
        self.initial_state = initial_state;
        self.dtype = dtype;
        self.sequence_length = sequence_length;
        self
    }

    /// Builds all steps.
    #[track_caller]
    pub fn build(self) -> (Vec<Tensor>, C::State) {
        let line = here();
        let _line = built_at(line);
        let graph = self.inputs.first().and_then(|input| input.graph().ok()).unwrap_or_else(get_default_graph);
        let _default = graph.as_default();
        let scope = open(&graph, self.scope);
        let wanted = self.dtype;
        let first = match check(&self.inputs) {
            Ok(first) => first,
            Err(error) => {
                graph.record(error.at(scope.name(), Some(line)));
                let dtype = wanted.unwrap_or(DType::Float32);
                let zeros = || self.cell.zero_state_for(BatchSize::Known(1), dtype);
                return (self.inputs, self.initial_state.unwrap_or_else(zeros));
            }
        };
        let batch = BatchSize::of(first, 0);
        let dtype = wanted.or(first.dtype().ok()).unwrap_or(DType::Float32);
        let mut state = self.initial_state.unwrap_or_else(|| self.cell.zero_state_for(batch, dtype));
        let lengths = self.sequence_length.map(|lengths| {
            let of_state = state.flat().first().and_then(|tensor| tensor.dtype().ok());
            Lengths::new(lengths, batch, self.cell.output_size(), wanted.or(of_state).unwrap_or(dtype))
        });
        let mut outputs = Vec::with_capacity(self.inputs.len());
        for (time, input) in self.inputs.into_iter().enumerate() {
            if time > 0 {
                scope.reuse_variables();
            }
            let (output, next) = match &lengths {
                None => self.cell.apply(input, state),
                Some(lengths) => lengths.step(&graph, &self.cell, time as i32, input, state),
            };
            outputs.push(output);
            state = next;
        }
        (outputs, state)
    }
}

/// The first input, if all are such that a cell can take them.
fn check(inputs: &[Tensor]) -> Result<Tensor> {
    let first = inputs.first().ok_or_else(|| Error::invalid_argument("there are no inputs"))?;
    for input in inputs.iter().filter(|input| !input.is_poisoned()) {
        let shape = input.shape();
        // A list of numbers is for a cell that looks them up.
        let known = matches!(shape.dims(), Some([_, depth @ ..]) if depth.iter().all(Option::is_some));
        if !known {
            let says = format!("each input must be [batch, depth] with a known depth, but one has shape {shape}");
            return Err(Error::invalid_argument(says));
        }
        if first.shape().dim(0).zip(shape.dim(0)).is_some_and(|(a, b)| a != b) {
            let says = format!("the inputs are for batches of several sizes: shapes {} and {shape}", first.shape());
            return Err(Error::invalid_argument(says));
        }
    }
    Ok(*first)
}

/// How many steps count, and what is given after them.
struct Lengths {
    lengths: Tensor,
    shortest: Tensor,
    longest: Tensor,
    zero_output: Tensor,
}

impl Lengths {
    fn new(lengths: Arg, batch: BatchSize, units: usize, dtype: DType) -> Self {
        let lengths = convert(lengths, "sequence_length", None);
        let zero_output = zeros(batch, units, dtype);
        // TensorFlow asks for the sizes again.
        if let BatchSize::Known(size) = batch {
            super::sizes::number_list(size);
        }
        super::sizes::number_list(units);
        if let BatchSize::Known(size) = batch {
            zero_output.set_shape(PartialShape::new([Some(size), Some(units)]));
        }
        let lengths = cast(lengths, DType::Int32);
        Lengths { lengths, shortest: reduce_min(lengths), longest: reduce_max(lengths), zero_output }
    }

    /// Step `time`, unless it is over for all; what was there before where it is over for some.
    fn step<C: RNNCell>(
        &self,
        graph: &Graph,
        cell: &C,
        time: i32,
        input: Tensor,
        state: C::State,
    ) -> (Tensor, C::State) {
        let joined = |(output, state): &(Tensor, C::State)| {
            let mut tensors = vec![*output];
            state.tensors(&mut tensors);
            tensors
        };
        let over = less_equal(self.lengths, time);
        let before = (self.zero_output, state.clone());
        let old = joined(&before);
        let chosen = cond(
            less_equal(self.longest, time),
            || old.clone(),
            || {
                let next = cell.apply(input, state.clone());
                let new = joined(&next);
                let (output, next) = next;
                cond(
                    greater(self.shortest, time),
                    || new.clone(),
                    || joined(&kept_where(graph, over, self.zero_output, &state, output, next)),
                )
            },
        );
        for (chosen, old) in chosen.iter().zip(&old) {
            chosen.set_shape(old.shape());
        }
        let mut chosen = chosen.into_iter();
        let mut next = || chosen.next().unwrap_or_else(|| Tensor::poisoned(graph));
        let output = next();
        (output, before.1.rebuilt(&mut next))
    }
}
