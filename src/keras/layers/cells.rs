//! One step of Keras's recurrent layers: how their gates are computed. Keras: `SimpleRNNCell`, `LSTMCell`, `GRUCell`.

use std::fmt::Debug;

use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::initializers::{
    Initializer, IntoInitializer, glorot_uniform_initializer, ones_initializer, orthogonal_initializer,
    zeros_initializer,
};
use crate::layers::{ActivationFunction, Common, IntoActivation, Settings, Weight};
use crate::ops::array::{concat, item, reshape, split_args, transpose};
use crate::ops::math::matmul;
use crate::ops::nn::bias_add;
use crate::ops::state::Variable;
use crate::regularizers::{IntoRegularizer, Regularizer};
use crate::rnn::rnn_cell::RNNCell;
use crate::shape::{PartialShape, Shape};

/// The gates of a kind of cell.
pub trait Gates: Clone + Debug + Send + Sync + 'static {
    /// How many numbers are computed for each unit: the kernels have so many parts beside each other.
    const COUNT: usize;
    /// How many states it has, each as large as its output. The first is the output.
    const STATES: usize;

    /// The names of the layer and of the cell in Keras.
    fn class_names(&self) -> [&'static str; 2];

    /// The shape of the bias.
    fn bias_shape(&self, units: usize) -> Vec<usize> {
        vec![Self::COUNT * units]
    }

    /// How the bias starts, where `initializer` is what was said.
    fn bias_initializer(&self, initializer: Result<Initializer>, _units: usize) -> Result<Initializer> {
        initializer
    }

    /// What is added to the products of the input and, if it is not the same, to those of the state.
    #[track_caller]
    fn biases(&self, bias: Tensor, _units: usize) -> (Tensor, Option<Tensor>) {
        (bias, None)
    }

    /// The matrices of the two kernels as they are multiplied with, of which this is one.
    #[track_caller]
    fn matrix(&self, kernel: Tensor) -> Tensor {
        kernel
    }

    /// The next states, the output first, from the products of the input with the bias.
    #[track_caller]
    fn next(&self, x: Tensor, states: &[Tensor], step: &Step) -> Vec<Tensor>;

    /// Hands its own settings to `settings`.
    #[doc(hidden)]
    fn settings(&mut self, settings: &mut GateSettings) -> Result<()>;
}

/// What reads and writes the settings of gates.
#[doc(hidden)]
pub struct GateSettings<'a, 'b>(pub(super) &'a mut Settings<'b>);

/// What a step computes with, but for its input and states.
pub struct Step {
    /// The matrix that the output before is multiplied with.
    pub recurrent: Tensor,
    /// What is added to that product.
    pub recurrent_bias: Option<Tensor>,
    /// What new values go through.
    pub activation: ActivationFunction,
    /// What gates go through.
    pub recurrent_activation: ActivationFunction,
    /// What the output before is multiplied with in training: zeros and larger numbers.
    pub dropout: Option<Tensor>,
}

impl Step {
    /// The output before, in training without what is dropped.
    #[track_caller]
    fn kept(&self, h: Tensor) -> Tensor {
        self.dropout.map_or(h, |mask| h * mask)
    }

    /// The products of the output before.
    #[track_caller]
    fn products(&self, h: Tensor) -> Tensor {
        let products = matmul(self.kept(h), self.recurrent);
        self.recurrent_bias.map_or(products, |bias| bias_add(products, bias))
    }
}

/// `x` in as many parts beside each other.
#[track_caller]
fn parts<const N: usize>(x: Tensor) -> [Tensor; N] {
    let parts = split_args(x, N as i32).axis(1).build();
    let broken = || parts.first().copied().unwrap_or(x);
    std::array::from_fn(|i| parts.get(i).copied().unwrap_or_else(broken))
}

/// As cuDNN keeps a kernel: each part by its columns, as if those were rows.
#[track_caller]
fn by_columns(kernel: Tensor, count: usize) -> Tensor {
    let known = kernel.shape();
    let (rows, columns) = (known.dim(0).unwrap_or_default(), known.dim(1).unwrap_or_default() / count.max(1));
    let turned = |part: Tensor| transpose(reshape(part, [columns as i32, rows as i32]), [1, 0]);
    let parts = split_args(kernel, count as i32).axis(1).build();
    concat(parts.into_iter().map(turned).collect::<Vec<_>>(), 1)
}

/// One number for each unit. Keras: `SimpleRNN`.
#[derive(Clone, Debug)]
pub struct Simple;

impl Gates for Simple {
    const COUNT: usize = 1;
    const STATES: usize = 1;

    fn class_names(&self) -> [&'static str; 2] {
        ["SimpleRNN", "SimpleRNNCell"]
    }

    #[track_caller]
    fn next(&self, x: Tensor, states: &[Tensor], step: &Step) -> Vec<Tensor> {
        vec![step.activation.apply(x + step.products(states[0]))]
    }

    fn settings(&mut self, _settings: &mut GateSettings) -> Result<()> {
        Ok(())
    }
}

/// The gates of long short-term memory: input, forget, new values, output. Keras: `LSTM`.
#[derive(Clone, Debug)]
pub struct LongShort {
    pub(super) unit_forget_bias: bool,
    /// Whether the weights are as cuDNN keeps them.
    pub(super) cudnn: bool,
}

impl Gates for LongShort {
    const COUNT: usize = 4;
    const STATES: usize = 2;

    fn class_names(&self) -> [&'static str; 2] {
        [if self.cudnn { "CuDNNLSTM" } else { "LSTM" }, "LSTMCell"]
    }

    fn bias_shape(&self, units: usize) -> Vec<usize> {
        vec![if self.cudnn { 8 } else { 4 } * units]
    }

    fn bias_initializer(&self, initializer: Result<Initializer>, units: usize) -> Result<Initializer> {
        let initializer = initializer?;
        if !self.unit_forget_bias {
            return Ok(initializer);
        }
        let ones = (units, ones_initializer());
        Ok(Initializer::Parts(match self.cudnn {
            false => vec![(units, initializer.clone()), ones, (2 * units, initializer)],
            true => vec![(5 * units, initializer.clone()), ones, (2 * units, initializer)],
        }))
    }

    #[track_caller]
    fn biases(&self, bias: Tensor, _units: usize) -> (Tensor, Option<Tensor>) {
        if !self.cudnn {
            return (bias, None);
        }
        let halves = split_args(bias, 2).axis(0).build();
        (halves[0] + halves[1], None)
    }

    #[track_caller]
    fn matrix(&self, kernel: Tensor) -> Tensor {
        if self.cudnn { by_columns(kernel, Self::COUNT) } else { kernel }
    }

    #[track_caller]
    fn next(&self, x: Tensor, states: &[Tensor], step: &Step) -> Vec<Tensor> {
        let [input, forget, new, output] = parts(x + step.products(states[0]));
        let gate = |x: Tensor| step.recurrent_activation.apply(x);
        let c = gate(forget) * states[1] + gate(input) * step.activation.apply(new);
        vec![gate(output) * step.activation.apply(c), c]
    }

    fn settings(&mut self, settings: &mut GateSettings) -> Result<()> {
        settings.0.field("unit_forget_bias", &mut self.unit_forget_bias).map(|_| ())
    }
}

/// The gates of a gated recurrent unit: update, reset, new values. Keras: `GRU`.
#[derive(Clone, Debug)]
pub struct Gated {
    pub(super) reset_after: bool,
    /// Whether the weights are as cuDNN keeps them.
    pub(super) cudnn: bool,
}

impl Gates for Gated {
    const COUNT: usize = 3;
    const STATES: usize = 1;

    fn class_names(&self) -> [&'static str; 2] {
        [if self.cudnn { "CuDNNGRU" } else { "GRU" }, "GRUCell"]
    }

    fn bias_shape(&self, units: usize) -> Vec<usize> {
        match (self.cudnn, self.reset_after) {
            (true, _) => vec![6 * units],
            (_, true) => vec![2, 3 * units],
            _ => vec![3 * units],
        }
    }

    #[track_caller]
    fn biases(&self, bias: Tensor, units: usize) -> (Tensor, Option<Tensor>) {
        if !self.reset_after {
            return (bias, None);
        }
        let bias = if self.cudnn { reshape(bias, [2, 3 * units as i32]) } else { bias };
        (item(bias, 0), Some(item(bias, 1)))
    }

    #[track_caller]
    fn matrix(&self, kernel: Tensor) -> Tensor {
        if self.cudnn { by_columns(kernel, Self::COUNT) } else { kernel }
    }

    #[track_caller]
    fn next(&self, x: Tensor, states: &[Tensor], step: &Step) -> Vec<Tensor> {
        let h = states[0];
        let gate = |x: Tensor| step.recurrent_activation.apply(x);
        let [x_update, x_reset, x_new] = parts(x);
        let (update, new) = if self.reset_after {
            let [update, reset, new] = parts(step.products(h));
            (gate(x_update + update), x_new + gate(x_reset + reset) * new)
        } else {
            let units = h.shape().dim(1).unwrap_or_default() as i32;
            let columns = split_args(step.recurrent, vec![2 * units, units]).axis(1).build();
            let kept = step.kept(h);
            let [update, reset] = parts(matmul(kept, columns[0]));
            (gate(x_update + update), x_new + matmul(gate(x_reset + reset) * kept, columns[1]))
        };
        vec![update * h + (1.0 - update) * step.activation.apply(new)]
    }

    fn settings(&mut self, settings: &mut GateSettings) -> Result<()> {
        if self.cudnn { Ok(()) } else { settings.0.field("reset_after", &mut self.reset_after).map(|_| ()) }
    }
}

/// One step of a recurrent layer of Keras's, as a cell for [`dynamic_rnn`](crate::nn::dynamic_rnn) too.
#[derive(Clone, Debug)]
pub struct Cell<G: Gates> {
    pub(super) units: usize,
    pub(super) activation: Result<ActivationFunction>,
    pub(super) recurrent_activation: Result<ActivationFunction>,
    pub(super) use_bias: bool,
    pub(super) kernel_initializer: Result<Initializer>,
    pub(super) recurrent_initializer: Result<Initializer>,
    pub(super) bias_initializer: Result<Initializer>,
    pub(super) kernel_regularizer: Option<Regularizer>,
    pub(super) recurrent_regularizer: Option<Regularizer>,
    pub(super) bias_regularizer: Option<Regularizer>,
    pub(super) dropout: f64,
    pub(super) recurrent_dropout: f64,
    pub(super) gates: G,
    pub(super) common: Common,
}

impl<G: Gates> Cell<G> {
    pub(super) fn new(units: usize, gates: G) -> Self {
        Cell {
            units,
            activation: ActivationFunction::named("tanh"),
            recurrent_activation: ActivationFunction::named("hard_sigmoid"),
            use_bias: true,
            kernel_initializer: Ok(glorot_uniform_initializer()),
            recurrent_initializer: Ok(orthogonal_initializer(1.0)),
            bias_initializer: Ok(zeros_initializer()),
            kernel_regularizer: None,
            recurrent_regularizer: None,
            bias_regularizer: None,
            dropout: 0.0,
            recurrent_dropout: 0.0,
            gates,
            common: Common::default(),
        }
    }

    pub(super) fn cell_mut(&mut self) -> &mut Self {
        self
    }

    /// The variables for inputs with so many columns.
    pub(super) fn variables_for(&self, depth: usize) -> Result<Vec<Weight>> {
        if self.units == 0 {
            return Err(Error::invalid_argument("units is 0: at least one is needed"));
        }
        for (name, rate) in [("dropout", self.dropout), ("recurrent_dropout", self.recurrent_dropout)] {
            if !(0.0..1.0).contains(&rate) {
                let says = format!("{name} is {rate}: a number from 0 up to, but not including, 1");
                return Err(Error::invalid_argument(says));
            }
        }
        let (units, columns) = (self.units, G::COUNT * self.units);
        let kernel = Weight::new("kernel", [depth, columns], &self.kernel_initializer);
        let recurrent = Weight::new("recurrent_kernel", [units, columns], &self.recurrent_initializer);
        let mut weights =
            vec![kernel.regularized(&self.kernel_regularizer), recurrent.regularized(&self.recurrent_regularizer)];
        if self.use_bias {
            let initializer = self.gates.bias_initializer(self.bias_initializer.clone(), units);
            let bias = Weight::new("bias", Shape::new(&self.gates.bias_shape(units)), &initializer);
            weights.push(bias.regularized(&self.bias_regularizer));
        }
        Ok(weights)
    }

    /// What a step computes with, after the matrix and the bias of the input.
    #[track_caller]
    pub(super) fn step(&self, weights: &[Variable], dropout: Option<Tensor>) -> Result<(Tensor, Option<Tensor>, Step)> {
        let biases = weights.get(2).map(|bias| self.gates.biases(bias.value(), self.units));
        let step = Step {
            recurrent: self.gates.matrix(weights[1].value()),
            recurrent_bias: biases.and_then(|(_, recurrent)| recurrent),
            activation: self.activation.clone()?,
            recurrent_activation: self.recurrent_activation.clone()?,
            dropout,
        };
        Ok((self.gates.matrix(weights[0].value()), biases.map(|(input, _)| input), step))
    }
}

/// The methods of what is, or has, a cell.
macro_rules! cell_methods {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> $type {
            /// What new values go through: a function or its name in Keras; `tanh` if not said.
            pub fn activation(mut self, activation: impl IntoActivation) -> Self {
                self.cell_mut().activation = activation.into_activation();
                self
            }

            /// Whether a bias is added; yes if not said.
            pub fn use_bias(mut self, use_bias: bool) -> Self {
                self.cell_mut().use_bias = use_bias;
                self
            }

            /// How the kernel starts; Glorot's even distribution if not said.
            pub fn kernel_initializer(mut self, initializer: impl IntoInitializer) -> Self {
                self.cell_mut().kernel_initializer = initializer.into_initializer();
                self
            }

            /// How the kernel of the state starts; with vectors at right angles if not said.
            pub fn recurrent_initializer(mut self, initializer: impl IntoInitializer) -> Self {
                self.cell_mut().recurrent_initializer = initializer.into_initializer();
                self
            }

            /// How the bias starts; zeros if not said.
            pub fn bias_initializer(mut self, initializer: impl IntoInitializer) -> Self {
                self.cell_mut().bias_initializer = initializer.into_initializer();
                self
            }

            /// What the kernel adds to the losses.
            pub fn kernel_regularizer(mut self, regularizer: impl IntoRegularizer) -> Self {
                self.cell_mut().kernel_regularizer = Some(regularizer.into_regularizer());
                self
            }

            /// What the kernel of the state adds to the losses.
            pub fn recurrent_regularizer(mut self, regularizer: impl IntoRegularizer) -> Self {
                self.cell_mut().recurrent_regularizer = Some(regularizer.into_regularizer());
                self
            }

            /// What the bias adds to the losses.
            pub fn bias_regularizer(mut self, regularizer: impl IntoRegularizer) -> Self {
                self.cell_mut().bias_regularizer = Some(regularizer.into_regularizer());
                self
            }
        }
    };
    (gates [$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> $type {
            /// What gates go through: a function or its name in Keras; `hard_sigmoid` if not said.
            pub fn recurrent_activation(mut self, activation: impl IntoActivation) -> Self {
                self.cell_mut().recurrent_activation = activation.into_activation();
                self
            }
        }
    };
    (long $type:ty) => {
        impl $type {
            /// Whether the bias of the forget gate starts with ones; yes if not said.
            pub fn unit_forget_bias(mut self, unit_forget_bias: bool) -> Self {
                self.cell_mut().gates.unit_forget_bias = unit_forget_bias;
                self
            }
        }
    };
    (gated $type:ty) => {
        impl $type {
            /// Whether the reset gate comes after the product of the state, as cuDNN does it; no if not said.
            pub fn reset_after(mut self, reset_after: bool) -> Self {
                self.cell_mut().gates.reset_after = reset_after;
                self
            }
        }
    };
}
pub(super) use cell_methods;

cell_methods! { [G: Gates] Cell<G> }
cell_methods! { gates [] Cell<LongShort> }
cell_methods! { gates [] Cell<Gated> }
cell_methods! { long Cell<LongShort> }
cell_methods! { gated Cell<Gated> }

impl<G: Gates> Cell<G> {
    /// The name of its scope; that of its kind if not said.
    pub fn name(mut self, name: &str) -> Self {
        self.common.name = Some(name.to_owned());
        self
    }

    /// Whether optimizers change its variables; true if not said.
    pub fn trainable(self, trainable: bool) -> Self {
        self.common.freeze(!trainable);
        self
    }
}

/// A cell whose output is `tanh` of the products of its input and of its output before. Keras: `SimpleRNNCell`.
pub type SimpleRNNCell = Cell<Simple>;

/// A cell of long short-term memory. Keras: `LSTMCell`.
pub type LSTMCell = Cell<LongShort>;

/// A gated recurrent unit. Keras: `GRUCell`.
pub type GRUCell = Cell<Gated>;

/// A simple recurrent cell with `units` outputs. Keras: `SimpleRNNCell(units)`.
///
/// Keyword arguments as for [`SimpleRNN`](fn@super::SimpleRNN), as far as they concern one step. The state is a list of one.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::layers::SimpleRNNCell;
/// let x = tf::placeholder(tf::float32, (None, 10, 8));
/// let (outputs, state) = tf::nn::dynamic_rnn(SimpleRNNCell!(16, activation = "relu"), x);
/// assert_eq!((outputs.shape().to_string(), state[0].shape().to_string()), ("[?,10,16]".to_owned(), "[?,16]".to_owned()));
/// ```
#[allow(non_snake_case)]
pub fn SimpleRNNCell(units: usize) -> SimpleRNNCell {
    Cell::new(units, Simple)
}

/// A cell of long short-term memory with `units` outputs. Keras: `LSTMCell(units)`.
///
/// Keyword arguments as for [`LSTM`](fn@super::LSTM), as far as they concern one step. The state is a list: the output and
/// the memory. The cell of `tf.nn` is [another](struct@crate::nn::rnn_cell::LSTMCell).
#[allow(non_snake_case)]
pub fn LSTMCell(units: usize) -> LSTMCell {
    Cell::new(units, LongShort { unit_forget_bias: true, cudnn: false })
}

/// A gated recurrent unit with `units` outputs. Keras: `GRUCell(units)`.
///
/// Keyword arguments as for [`GRU`](fn@super::GRU), as far as they concern one step. The state is a list of one. The cell of
/// `tf.nn` is [another](struct@crate::nn::rnn_cell::GRUCell).
#[allow(non_snake_case)]
pub fn GRUCell(units: usize) -> GRUCell {
    Cell::new(units, Gated { reset_after: false, cudnn: false })
}

impl<G: Gates> RNNCell for Cell<G> {
    type State = Vec<Tensor>;

    fn class_name(&self) -> &'static str {
        self.gates.class_names()[1]
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn state_size(&self) -> Vec<usize> {
        vec![self.units; G::STATES]
    }

    fn output_size(&self) -> usize {
        self.units
    }

    fn weights(&self, inputs: &PartialShape) -> Result<Vec<Weight>> {
        self.variables_for(depth_of(inputs, 2, "[batch, depth]")?)
    }

    #[track_caller]
    fn call(&self, inputs: Tensor, states: Vec<Tensor>, weights: &[Variable]) -> Result<(Tensor, Vec<Tensor>)> {
        let (kernel, bias, step) = self.step(weights, None)?;
        let x = matmul(inputs, kernel);
        let x = bias.map_or(x, |bias| bias_add(x, bias));
        let states = self.gates.next(x, &states, &step);
        Ok((states[0], states))
    }
}

/// The last size of inputs of so many dimensions.
pub(super) fn depth_of(inputs: &PartialShape, rank: usize, wanted: &str) -> Result<usize> {
    let depth = inputs.rank().filter(|&found| found == rank).and_then(|_| inputs.dim(rank - 1));
    depth.ok_or_else(|| {
        Error::invalid_argument(format!("its inputs must be {wanted} with a known depth, but their shape is {inputs}"))
    })
}
