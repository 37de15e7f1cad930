//! A cell over sequences, by a loop.

use super::cell::RNNCell;
use super::rnn_cell::BatchSize;
use super::sizes::{number_list, zeros};
use super::state::State;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Graph, Tensor, built_at, get_default_graph, here};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{IDENTITY, concat, item, range, rank, shape, stack, transpose};
use crate::ops::check::Assert;
use crate::ops::flow::{in_loop, tensor_array_args, while_loop_args};
use crate::ops::math::{
    cast, equal, greater_equal, less, maximum, minimum, reduce_all, reduce_max, reduce_min, select,
};
use crate::shape::PartialShape;
use crate::variable_scope::{OpenScope, VariableScope, Which, variable_scope};

/// `cell` over the sequences `inputs` [batch, time, depth], step by step in a loop. The outputs of all steps [batch, time,
/// units] and the state after the last. TF: `tf.nn.dynamic_rnn`.
///
/// Keyword arguments: `sequence_length` (for each sequence how many steps count: after them outputs are zero and the state
/// stays), `initial_state` (zeros if not said), `dtype` (of these zeros; that of the inputs if not said), `time_major` (inputs
/// and outputs are [time, batch, …]; false), `parallel_iterations` (32) and `swap_memory` (false), which are kept in the
/// graph, and `scope` (`"rnn"`: a name or a scope). How many steps and sequences there are may be open while building.
///
/// An error, recorded in the graph: the inputs have not three dimensions, or their depth is open. The gradient goes back
/// through all steps.
///
/// ```
/// use flowstone as tf;
/// use tf::nn::rnn_cell::GRUCell;
/// let x = tf::placeholder(tf::float32, (None, None, 8));
/// let lengths = tf::placeholder(tf::int32, [None]);
/// let (outputs, state) = tf::nn::dynamic_rnn!(GRUCell(16), x, sequence_length = lengths, dtype = tf::float32);
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// let feeds = tf::feed_dict! { x: tf::Value::new([2, 5, 8], vec![0.1f32; 80])?, lengths: [5, 3] };
/// let (outputs, state) = sess.run((outputs, state), &feeds)?;
/// assert_eq!((outputs.shape().to_string(), state.shape().to_string()), ("[2,5,16]".to_owned(), "[2,16]".to_owned()));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn dynamic_rnn<C: RNNCell>(cell: C, inputs: impl IntoTensor) -> (Tensor, C::State) {
    dynamic_rnn_args(cell, inputs).build()
}

/// [`dynamic_rnn`] with keyword arguments.
pub fn dynamic_rnn_args<C: RNNCell>(cell: C, inputs: impl IntoTensor) -> DynamicRnnArgs<C> {
    DynamicRnnArgs {
        cell,
        inputs: inputs.into_arg(),
        sequence_length: None,
        initial_state: None,
        options: Options { dtype: None, parallel_iterations: 32, swap_memory: false, time_major: false },
        scope: Which::from("rnn"),
    }
}

/// What both directions have in common.
#[derive(Clone, Copy)]
pub(super) struct Options {
    pub dtype: Option<DType>,
    pub parallel_iterations: i64,
    pub swap_memory: bool,
    pub time_major: bool,
}

/// A [`dynamic_rnn`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct DynamicRnnArgs<C: RNNCell> {
    cell: C,
    inputs: Arg,
    sequence_length: Option<Arg>,
    initial_state: Option<C::State>,
    options: Options,
    scope: Which,
}

impl<C: RNNCell> DynamicRnnArgs<C> {
    /// How many steps of each sequence count, int32 or int64, one for each.
    pub fn sequence_length(mut self, lengths: impl IntoTensor) -> Self {
        self.sequence_length = Some(lengths.into_arg());
        self
    }

    /// The state before the first step; zeros if not said.
    pub fn initial_state(mut self, state: C::State) -> Self {
        self.initial_state = Some(state);
        self
    }

    /// The type of the state if no initial state is said; that of the inputs if not said.
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

    /// The scope of its variables; `rnn` if not said.
    pub fn scope(mut self, scope: impl Into<Which>) -> Self {
        self.scope = scope.into();
        self
    }

    pub(super) fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    pub(super) fn maybe(mut self, sequence_length: Option<Arg>, initial_state: Option<C::State>) -> Self {
        self.sequence_length = sequence_length;
        self.initial_state = initial_state;
        self
    }

    /// Builds the loop.
    #[track_caller]
    pub fn build(self) -> (Tensor, C::State) {
        let line = here();
        let _line = built_at(line);
        let graph = Arg::graph_of(std::slice::from_ref(&self.inputs)).unwrap_or_else(|_| get_default_graph());
        let _default = graph.as_default();
        let scope = open(&graph, self.scope);
        let inputs = convert(self.inputs, "Const", None);
        let checked = if inputs.is_poisoned() { Ok(()) } else { check(&inputs.shape()) };
        if inputs.is_poisoned() || checked.is_err() {
            if let Err(error) = checked {
                graph.record(error.at(scope.name(), Some(line)));
            }
            let dtype = self.options.dtype.unwrap_or(DType::Float32);
            let state = self.initial_state.unwrap_or_else(|| self.cell.zero_state_for(BatchSize::Known(1), dtype));
            return (Tensor::poisoned(&graph), state);
        }
        let dtype = inputs.dtype().ok();
        let inputs = if self.options.time_major { inputs } else { batch_and_time_swapped(inputs) };
        let lengths = self.sequence_length.map(|lengths| named(cast(lengths, DType::Int32)));
        let batch = BatchSize::of(inputs, 1);
        let state = match self.initial_state {
            Some(state) => state,
            None => self.cell.zero_state_for(batch, self.options.dtype.or(dtype).unwrap_or(DType::Float32)),
        };
        let lengths = lengths.map(|lengths| checked_lengths(&graph, lengths, batch));
        let (outputs, state) = run(&graph, &self.cell, inputs, state, lengths, self.options);
        let outputs = if self.options.time_major { outputs } else { batch_and_time_swapped(outputs) };
        (outputs, state)
    }
}

/// Opens the scope of a network. Outside of loops its variables' values are read once.
pub(super) fn open(graph: &Graph, scope: Which) -> OpenScope {
    let open = variable_scope(scope);
    if !in_loop(graph) {
        VariableScope::cache(&open);
    }
    open
}

fn check(inputs: &PartialShape) -> Result<()> {
    match inputs.dims() {
        Some([_, _, depth @ ..]) if !depth.is_empty() && depth.iter().all(Option::is_some) => Ok(()),
        _ => Err(Error::invalid_argument(format!(
            "the inputs must be [batch, time, depth] with a known depth, but their shape is {inputs}"
        ))),
    }
}

fn named(lengths: Tensor) -> Tensor {
    IDENTITY.call([lengths.into_arg()]).name("sequence_length").single()
}

/// `x` with its first two dimensions swapped.
fn batch_and_time_swapped(x: Tensor) -> Tensor {
    let known = x.shape();
    let order = {
        let rest = range(2, rank(x), 1);
        concat([vec![1, 0].into_arg(), rest.into_arg()], 0)
    };
    let swapped = transpose(x, order);
    if let Some([first, second, rest @ ..]) = known.dims() {
        swapped.set_shape(PartialShape::new([*second, *first].into_iter().chain(rest.iter().copied())));
    }
    swapped
}

/// `lengths`, once it is sure that there is one for each sequence.
fn checked_lengths(graph: &Graph, lengths: Tensor, batch: BatchSize) -> Tensor {
    let found = shape(lengths);
    let wanted = match batch {
        BatchSize::Known(size) => convert(vec![i32::try_from(size).unwrap_or(i32::MAX)].into_arg(), "stack", None),
        BatchSize::Fed(size) => stack([size]),
    };
    let says = format!("Expected shape for Tensor {} is ", lengths.name());
    let data = [says.as_str().into_arg(), wanted.into_arg(), " but saw shape: ".into_arg(), found.into_arg()];
    let check = Assert(reduce_all(equal(found, wanted)), data);
    let _after = graph.control_dependencies(&[check]);
    IDENTITY.call([lengths.into_arg()]).name("CheckSeqLen").single()
}

/// The loop over `inputs` [time, batch, depth].
fn run<C: RNNCell>(
    graph: &Graph,
    cell: &C,
    inputs: Tensor,
    state: C::State,
    lengths: Option<Tensor>,
    options: Options,
) -> (Tensor, C::State) {
    let (known, units) = (inputs.shape(), cell.output_size());
    let of_state = state.flat().first().and_then(|tensor| tensor.dtype().ok());
    let dtype = options.dtype.or(of_state).unwrap_or(DType::Float32);
    let steps = item(shape(inputs), 0);
    let zero_output = zeros(BatchSize::of(inputs, 1), units, dtype);
    // The shortest is of no use here; TensorFlow asks for it.
    let longest = lengths.map(|lengths| {
        reduce_min(lengths);
        reduce_max(lengths)
    });
    let time = convert(0.into_arg(), "time", None);
    let name = format!("{}/", graph.scope_name("dynamic_rnn"));
    let array = |part: &str, dtype: DType, shape: PartialShape| {
        let args = tensor_array_args(dtype, steps).element_shape(shape);
        args.tensor_array_name(&format!("{name}{part}")).build()
    };
    let output_array = array("output_0", dtype, PartialShape::new([known.dim(1), Some(units)]));
    let element = PartialShape::new(known.dims().unwrap_or_default().iter().skip(1).copied());
    let input_array = array("input_0", inputs.dtype().unwrap_or(dtype), element.clone()).unstack(inputs);
    let bound = minimum(steps, maximum(1, longest.unwrap_or(steps)));
    let step = |(time, outputs, state): (Tensor, crate::ops::flow::TensorArray, C::State)| {
        let input = input_array.read(time);
        input.set_shape(element.clone());
        let (output, next) = match lengths {
            None => cell.apply(input, state),
            Some(lengths) => {
                let over = greater_equal(time, lengths);
                let (output, next) = cell.apply(input, state.clone());
                kept_where(graph, over, zero_output, &state, output, next)
            }
        };
        let outputs = outputs.write(time, output);
        (time + 1, outputs, next)
    };
    let (_, outputs, state) = while_loop_args(|(time, _, _)| less(time, bound), step, (time, output_array, state))
        .parallel_iterations(options.parallel_iterations)
        .maximum_iterations(steps)
        .swap_memory(options.swap_memory)
        .build();
    let outputs = outputs.stack();
    if let (Some(time), Some(batch)) = (known.dim(0), known.dim(1)) {
        convert(vec![time as i32, batch as i32].into_arg(), "Const", None);
    }
    number_list(units);
    outputs.set_shape(PartialShape::new([known.dim(0), known.dim(1), Some(units)]));
    (outputs, state)
}

/// `output` and `next`, but `zero_output` and `state` for the sequences that are `over`.
pub(super) fn kept_where<S: State>(
    graph: &Graph,
    over: Tensor,
    zero_output: Tensor,
    state: &S,
    output: Tensor,
    next: S,
) -> (Tensor, S) {
    let choose = |old: Tensor, new: Tensor| {
        let _placed = graph.colocate_with(new.op());
        let chosen = select(over, old, new);
        chosen.set_shape(old.shape());
        chosen
    };
    let output = choose(zero_output, output);
    let mut chosen = state.flat().into_iter().zip(next.flat()).map(|(old, new)| choose(old, new));
    let next = next.rebuilt(&mut || chosen.next().unwrap_or_else(|| Tensor::poisoned(graph)));
    (output, next)
}
