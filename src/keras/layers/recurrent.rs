//! Layers that go over sequences step by step. Keras: `SimpleRNN`, `LSTM`, `GRU`.

use super::cells::{Cell, GateSettings, Gated, Gates, LongShort, Simple, cell_methods, depth_of};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::initializers::IntoInitializer;
use crate::layers::{
    Call, Common, Configured, IntoActivation, Layer, Place, Settings, Training, Weight, common_methods,
    get_config_method, mask_of, scope_of, with_weights,
};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{item, ones_like, reshape, reshape_to, reverse, shape, stack, transpose, unstack, zeros_like};
use crate::ops::flow::{TensorArray, tensor_array_args, while_loop_args};
use crate::ops::math::{less, matmul, select};
use crate::ops::nn::{bias_add, dropout_args};
use crate::ops::state::Variable;
use crate::regularizers::IntoRegularizer;
use crate::rnn::rnn_cell::{BatchSize, State};
use crate::shape::PartialShape;

/// A layer that goes over sequences step by step: the cell says how. Keras: `RNN`.
#[derive(Clone, Debug)]
pub struct Recurrent<G: Gates> {
    cell: Cell<G>,
    options: Options,
}

/// How sequences are gone over.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    return_sequences: bool,
    go_backwards: bool,
    unroll: bool,
    /// Whether the outputs of steps that do not count are zeros, in place of those before.
    zero_output_for_mask: bool,
}

/// A layer whose output is handed to the next step. Keras: `SimpleRNN`.
pub type SimpleRNN = Recurrent<Simple>;

/// A layer of long short-term memory. Keras: `LSTM`.
pub type LSTM = Recurrent<LongShort>;

/// A layer of gated recurrent units. Keras: `GRU`.
pub type GRU = Recurrent<Gated>;

/// An [`LSTM`](type@LSTM) whose weights are as cuDNN keeps them. Keras: `CuDNNLSTM`.
pub type CuDNNLSTM = LSTM;

/// A [`GRU`](type@GRU) whose weights are as cuDNN keeps them. Keras: `CuDNNGRU`.
pub type CuDNNGRU = GRU;

impl<G: Gates> Recurrent<G> {
    fn new(units: usize, gates: G) -> Self {
        Recurrent { cell: Cell::new(units, gates), options: Options::default() }
    }
}

/// A layer over sequences [batch, time, depth] with `units` outputs, each `tanh` of the products of the input and of the output
/// before. Keras: `SimpleRNN(units)`.
///
/// Keyword arguments `activation` (`tanh`), `use_bias` (true), `kernel_initializer` (Glorot's even distribution),
/// `recurrent_initializer` (orthogonal), `bias_initializer` (zeros), `kernel_regularizer`, `recurrent_regularizer`,
/// `bias_regularizer`, `dropout` and `recurrent_dropout` (parts of the inputs and of the outputs before that are dropped in
/// training; 0), `return_sequences` (the outputs of all steps [batch, time, units] in place of the last; false),
/// `go_backwards` (from the last step to the first; false), `unroll` (each step as nodes of its own, for sequences of a known
/// length, in place of a loop; false), `name`, `trainable`, `input_shape`. Steps that do not count, by the mask of the input,
/// leave the state and the output as they are.
///
/// An error: the inputs have not three dimensions, or their depth is open. The gradient goes back through all steps.
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let x = tf::placeholder(tf::float32, (None, 20, 8));
/// let y = tf::keras::layers::SimpleRNN!(16, return_sequences = true).apply(x);
/// assert_eq!(y.shape().to_string(), "[?,20,16]");
/// ```
#[allow(non_snake_case)]
pub fn SimpleRNN(units: usize) -> SimpleRNN {
    Recurrent::new(units, Simple)
}

/// A layer of long short-term memory over sequences [batch, time, depth] with `units` outputs. Keras: `LSTM(units)`.
///
/// Keyword arguments as for [`SimpleRNN`](fn@SimpleRNN), and `recurrent_activation` (`hard_sigmoid`), `unit_forget_bias` (the
/// bias of the forget gate starts with ones; true). The kernels have the parts input, forget, new values and output.
/// Source: <https://www.bioinf.jku.at/publications/older/2604.pdf>.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::layers::{Dense, LSTM};
/// let mut model = tf::keras::Sequential();
/// model.add(LSTM!(64, return_sequences = true, input_shape = (28, 28)));
/// model.add(LSTM(32));
/// model.add(Dense!(10, activation = "softmax"));
/// assert_eq!(model.output_shape()?.to_string(), "(None, 10)");
/// assert_eq!(model.weights()[0].name(), "lstm/kernel:0");
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn LSTM(units: usize) -> LSTM {
    Recurrent::new(units, LongShort { unit_forget_bias: true, cudnn: false })
}

/// A layer of gated recurrent units over sequences [batch, time, depth] with `units` outputs. Keras: `GRU(units)`.
///
/// Keyword arguments as for [`SimpleRNN`](fn@SimpleRNN), and `recurrent_activation` (`hard_sigmoid`), `reset_after` (the reset
/// gate comes after the product of the state; false). The kernels have the parts update, reset and new values.
/// Source: <https://arxiv.org/abs/1406.1078>.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, None, 8));
/// let encoder = tf::keras::layers::GRU!(16, return_sequences = true, recurrent_activation = "sigmoid");
/// let (outputs, state) = encoder.apply_with_state(x, &[]);
/// assert_eq!((outputs.shape().to_string(), state[0].shape().to_string()), ("[?,?,16]".to_owned(), "[?,16]".to_owned()));
/// ```
#[allow(non_snake_case)]
pub fn GRU(units: usize) -> GRU {
    Recurrent::new(units, Gated { reset_after: false, cudnn: false })
}

/// An [`LSTM`](fn@LSTM) with `sigmoid` gates whose weights are as cuDNN keeps them: two biases, and kernels by columns.
/// Keras: `CuDNNLSTM(units)`.
#[allow(non_snake_case)]
pub fn CuDNNLSTM(units: usize) -> CuDNNLSTM {
    Recurrent::new(units, LongShort { unit_forget_bias: true, cudnn: true }).recurrent_activation("sigmoid")
}

/// A [`GRU`](fn@GRU) with `sigmoid` gates whose weights are as cuDNN keeps them: two biases, and kernels by columns.
/// Keras: `CuDNNGRU(units)`.
#[allow(non_snake_case)]
pub fn CuDNNGRU(units: usize) -> CuDNNGRU {
    Recurrent::new(units, Gated { reset_after: true, cudnn: true }).recurrent_activation("sigmoid")
}

common_methods! { [G: Gates] Recurrent<G>, cell.common }
cell_methods! { [G: Gates] Recurrent<G> }
cell_methods! { gates [] Recurrent<LongShort> }
cell_methods! { gates [] Recurrent<Gated> }
cell_methods! { long Recurrent<LongShort> }
cell_methods! { gated Recurrent<Gated> }

impl<G: Gates> Recurrent<G> {
    fn cell_mut(&mut self) -> &mut Cell<G> {
        &mut self.cell
    }

    /// Whether it gives the outputs of all steps; only the last if not said.
    pub fn return_sequences(mut self, return_sequences: bool) -> Self {
        self.options.return_sequences = return_sequences;
        self
    }

    /// Whether it goes from the last step to the first; no if not said.
    pub fn go_backwards(mut self, go_backwards: bool) -> Self {
        self.options.go_backwards = go_backwards;
        self
    }

    /// Whether each step has nodes of its own, in place of a loop; no if not said.
    pub fn unroll(mut self, unroll: bool) -> Self {
        self.options.unroll = unroll;
        self
    }

    /// The part of the inputs that is dropped in training; 0 if not said.
    pub fn dropout(mut self, dropout: f64) -> Self {
        self.cell.dropout = dropout;
        self
    }

    /// The part of the outputs before that is dropped in training; 0 if not said.
    pub fn recurrent_dropout(mut self, dropout: f64) -> Self {
        self.cell.recurrent_dropout = dropout;
        self
    }

    /// The output and the states after the last step, outside of training. `initial_state` has the states before the first, as
    /// many as come out, or none for zeros. Keras: `layer(inputs, initial_state)` with `return_state=True`.
    ///
    /// The states of an [`LSTM`](type@LSTM) are the output and the memory, those of the others the output.
    ///
    /// ```
    /// use flowstone as tf;
    /// let (x, y) = (tf::placeholder(tf::float32, (None, 5, 8)), tf::placeholder(tf::float32, (None, 7, 8)));
    /// let (_, states) = tf::keras::layers::LSTM(16).apply_with_state(x, &[]);
    /// let decoder = tf::keras::layers::LSTM!(16, return_sequences = true);
    /// let (outputs, _) = decoder.apply_with_state(y, &states);
    /// assert_eq!((outputs.shape().to_string(), states.len()), ("[?,7,16]".to_owned(), 2));
    /// ```
    #[track_caller]
    pub fn apply_with_state(&self, inputs: impl IntoTensor, initial_state: &[Tensor]) -> (Tensor, Vec<Tensor>) {
        let line = here();
        let _line = built_at(line);
        let input = inputs.into_arg();
        let graph = Arg::graph_of(std::slice::from_ref(&input)).unwrap_or_else(|_| get_default_graph());
        let _default = graph.as_default();
        let input = convert(input, "inputs", None);
        let poisoned = || (Tensor::poisoned(&graph), vec![Tensor::poisoned(&graph); G::STATES]);
        if input.is_poisoned() {
            return poisoned();
        }
        let common = &self.cell.common;
        let scope = scope_of(self.class_name(), common, Place::of_object(common));
        let (dtype, known) = (input.dtype().unwrap_or(DType::Float32), input.shape());
        let run = |weights: &[Variable]| {
            let mut call =
                Call { weights, training: Training::Known(false), mask: mask_of(&graph, input), updates: Vec::new() };
            self.run(input, initial_state, &mut call)
        };
        with_weights(&graph, common, &scope, dtype, || Layer::weights(self, &known), run).unwrap_or_else(|error| {
            graph.record(error.retitled(self.class_name()).at(scope.name(), Some(line)));
            poisoned()
        })
    }

    /// The output and the last states.
    #[track_caller]
    fn run(&self, input: Tensor, initial: &[Tensor], call: &mut Call) -> Result<(Tensor, Vec<Tensor>)> {
        let cell = &self.cell;
        let known = input.shape();
        let batch = match known.dim(0) {
            Some(size) => BatchSize::Known(size),
            None => BatchSize::Fed(item(shape(input), 0)),
        };
        let states = match initial.len() {
            0 => Vec::<Tensor>::zeros(&vec![cell.units; G::STATES], batch, input.dtype()?),
            n if n == G::STATES => initial.to_vec(),
            n => {
                let wants = G::STATES;
                return Err(Error::invalid_argument(format!("it has {wants} states, but {n} were given")));
            }
        };
        let ones = |like: Tensor, rate: f64| {
            let ones = ones_like(like);
            call.training.choose(|| dropout_args(ones).rate(rate).build(), || ones)
        };
        let mut x = transpose(input, [1, 0, 2]);
        if cell.dropout > 0.0 {
            x = x * ones(item(x, 0), cell.dropout);
        }
        let dropout = (cell.recurrent_dropout > 0.0).then(|| ones(states[0], cell.recurrent_dropout));
        let (kernel, bias, step) = cell.step(call.weights, dropout)?;
        let depth = known.dim(2).unwrap_or_default();
        let columns = G::COUNT * cell.units;
        let products = matmul(reshape(x, [-1, depth as i32]), kernel);
        let products = bias.map_or(products, |bias| bias_add(products, bias));
        let sizes = shape(x);
        let products = reshape_to(
            products,
            vec![item(sizes, 0).into_arg(), item(sizes, 1).into_arg(), (columns as i32).into_arg()],
        );
        products.set_shape(PartialShape::new([known.dim(1), known.dim(0), Some(columns)]));
        let mask = call.mask.map(|mask| transpose(mask, [1, 0]));
        let backwards = |x: Tensor| if self.options.go_backwards { reverse(x, [0]) } else { x };
        let steps = Steps {
            next: &|x, states| cell.gates.next(x, states, &step),
            x: backwards(products),
            mask: mask.map(backwards),
            options: self.options,
        };
        let (output, states) = if self.options.unroll { steps.unrolled(states)? } else { steps.looped(states) };
        if !self.options.return_sequences {
            return Ok((output, states));
        }
        let output = transpose(output, [1, 0, 2]);
        output.set_shape(PartialShape::new([known.dim(0), known.dim(1), Some(cell.units)]));
        Ok((output, states))
    }
}

/// The steps of a sequence.
struct Steps<'a> {
    /// The states after a step, of its products and the states before.
    next: &'a dyn Fn(Tensor, &[Tensor]) -> Vec<Tensor>,
    /// The products of the inputs [time, batch, …].
    x: Tensor,
    /// Which steps count [time, batch].
    mask: Option<Tensor>,
    options: Options,
}

impl Steps<'_> {
    /// The output and the next states, where `before` is the output so far if some steps do not count.
    #[track_caller]
    fn next(
        &self,
        x: Tensor,
        counts: Option<Tensor>,
        before: Option<Tensor>,
        states: &[Tensor],
    ) -> (Tensor, Vec<Tensor>) {
        let next = (self.next)(x, states);
        let (Some(counts), Some(before)) = (counts, before) else { return (next[0], next) };
        let before = if self.options.zero_output_for_mask { zeros_like(before) } else { before };
        let output = select(counts, next[0], before);
        (output, next.into_iter().zip(states).map(|(next, state)| select(counts, next, *state)).collect())
    }

    /// All outputs or the last, and the last states, by a loop.
    #[track_caller]
    fn looped(&self, initial: Vec<Tensor>) -> (Tensor, Vec<Tensor>) {
        let known = self.x.shape();
        let dtype = self.x.dtype().unwrap_or(DType::Float32);
        let steps = item(shape(self.x), 0);
        let element = PartialShape::new(known.dims().unwrap_or_default().iter().skip(1).copied());
        let inputs = tensor_array_args(dtype, steps).element_shape(element.clone()).build().unstack(self.x);
        let mask = self.mask.map(|mask| tensor_array_args(DType::Bool, steps).build().unstack(mask));
        let outputs: Vec<TensorArray> = match self.options.return_sequences {
            true => vec![tensor_array_args(dtype, steps).element_shape(initial[0].shape()).build()],
            false => vec![],
        };
        let before: Vec<Tensor> = mask.iter().map(|_| zeros_like(initial[0])).collect();
        let body = |(time, outputs, before, states): (Tensor, Vec<TensorArray>, Vec<Tensor>, Vec<Tensor>)| {
            let x = inputs.read(time);
            x.set_shape(element.clone());
            let counts = mask.as_ref().map(|mask| mask.read(time));
            if let Some(counts) = counts {
                counts.set_shape(PartialShape::new([known.dim(1)]));
            }
            let (output, next) = self.next(x, counts, before.first().copied(), &states);
            for (next, state) in next.iter().zip(&states) {
                next.set_shape(state.shape());
            }
            let outputs: Vec<TensorArray> = outputs.iter().map(|array| array.write(time, output)).collect();
            let before: Vec<Tensor> = before.iter().map(|_| output).collect();
            (time + 1, outputs, before, next)
        };
        let zero = convert(0.into_arg(), "time", None);
        let (_, outputs, before, states) =
            while_loop_args(|(time, _, _, _)| less(time, steps), body, (zero, outputs, before, initial))
                .parallel_iterations(32)
                .maximum_iterations(steps)
                .build();
        let last = before.first().copied().unwrap_or(states[0]);
        (outputs.first().map_or(last, TensorArray::stack), states)
    }

    /// The same, each step by nodes of its own.
    #[track_caller]
    fn unrolled(&self, initial: Vec<Tensor>) -> Result<(Tensor, Vec<Tensor>)> {
        if self.x.shape().dim(0).is_none_or(|steps| steps == 0) {
            return Err(Error::invalid_argument("unroll is for sequences of a known length"));
        }
        let masks = self.mask.map(unstack);
        let mut before = masks.as_ref().map(|_| zeros_like(initial[0]));
        let (mut states, mut outputs) = (initial, Vec::new());
        for (i, x) in unstack(self.x).into_iter().enumerate() {
            let counts = masks.as_ref().and_then(|masks| masks.get(i).copied());
            let (output, next) = self.next(x, counts, before, &states);
            before = before.map(|_| output);
            states = next;
            outputs.push(output);
        }
        let last = outputs.last().copied().unwrap_or(states[0]);
        Ok((if self.options.return_sequences { stack(outputs) } else { last }, states))
    }
}

impl<G: Gates> Layer for Recurrent<G> {
    fn class_name(&self) -> &'static str {
        self.cell.gates.class_names()[0]
    }

    fn common(&self) -> &Common {
        &self.cell.common
    }

    fn weights(&self, input: &PartialShape) -> Result<Vec<Weight>> {
        self.cell.variables_for(depth_of(input, 3, "[batch, time, depth]")?)
    }

    fn differs_in_training(&self) -> bool {
        self.cell.dropout > 0.0 || self.cell.recurrent_dropout > 0.0
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        self.run(input, &[], call).map(|(output, _)| output)
    }

    fn mask(&self, _input: Tensor, mask: Option<Tensor>) -> Result<Option<Tensor>> {
        Ok(mask.filter(|_| self.options.return_sequences))
    }

    get_config_method!();
}

impl<G: Gates> Configured for Recurrent<G> {
    fn settings(&mut self, settings: &mut Settings) -> Result<()> {
        let cudnn = self.class_name().starts_with("CuDNN");
        let (cell, options) = (&mut self.cell, &mut self.options);
        settings.common(&mut cell.common)?;
        settings.field("return_sequences", &mut options.return_sequences)?.only("return_state", false)?;
        settings.field("go_backwards", &mut options.go_backwards)?.only("stateful", false)?;
        settings.only_if_said("time_major", false)?.field("units", &mut cell.units)?;
        if !cudnn {
            settings.field("unroll", &mut options.unroll)?.field("activation", &mut cell.activation)?;
            if G::COUNT > 1 {
                settings.field("recurrent_activation", &mut cell.recurrent_activation)?;
            }
            settings.field("use_bias", &mut cell.use_bias)?;
            settings.field("dropout", &mut cell.dropout)?.field("recurrent_dropout", &mut cell.recurrent_dropout)?;
            settings.only_if_said("zero_output_for_mask", false)?;
        }
        settings.field("kernel_initializer", &mut cell.kernel_initializer)?;
        settings.field("recurrent_initializer", &mut cell.recurrent_initializer)?;
        settings.field("bias_initializer", &mut cell.bias_initializer)?;
        cell.gates.settings(&mut GateSettings(settings))?;
        settings.field("kernel_regularizer", &mut cell.kernel_regularizer)?;
        settings.field("recurrent_regularizer", &mut cell.recurrent_regularizer)?;
        settings.field("bias_regularizer", &mut cell.bias_regularizer)?;
        settings.none(&["activity_regularizer", "kernel_constraint", "recurrent_constraint", "bias_constraint"])?;
        Ok(())
    }
}

/// A layer that has a direction, for [`Bidirectional`](fn@super::Bidirectional).
pub trait Directed: Layer {
    /// Whether it gives the outputs of all steps.
    fn returns_sequences(&self) -> bool;

    /// Whether it goes from the last step to the first.
    fn goes_backwards(&self) -> bool;

    /// The same, not yet applied, in that direction, as one of a pair.
    fn directed(&self, go_backwards: bool) -> Box<dyn Directed>;
}

impl<G: Gates> Directed for Recurrent<G> {
    fn returns_sequences(&self) -> bool {
        self.options.return_sequences
    }

    fn goes_backwards(&self) -> bool {
        self.options.go_backwards
    }

    fn directed(&self, go_backwards: bool) -> Box<dyn Directed> {
        let mut layer = self.clone().go_backwards(go_backwards);
        // Keras does so for pairs, and only for them.
        layer.options.zero_output_for_mask = layer.options.return_sequences;
        Box::new(layer)
    }
}
