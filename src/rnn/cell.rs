//! What a cell is.

use super::rnn_cell::BatchSize;
use super::state::State;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::layers::{Common, Place, Weight, scope_of, with_weights};
use crate::ops::state::Variable;
use crate::shape::PartialShape;
use crate::variable_scope::variable_scope;

/// One step of a recurrent network. TF: `tf.nn.rnn_cell.RNNCell`.
///
/// Your own cell implements the methods up to [`call`](RNNCell::call); the others follow. It makes its variables in `call`
/// with [`get_variable`](fn@crate::get_variable), in a scope that is named for its kind:
///
/// ```
/// use flowstone as tf;
/// use tf::nn::rnn_cell::{Common, RNNCell};
///
/// struct Leaky {
///     units: usize,
///     common: Common,
/// }
///
/// impl RNNCell for Leaky {
///     type State = tf::Tensor;
///     fn class_name(&self) -> &'static str {
///         "Leaky"
///     }
///     fn common(&self) -> &Common {
///         &self.common
///     }
///     fn state_size(&self) -> usize {
///         self.units
///     }
///     fn output_size(&self) -> usize {
///         self.units
///     }
///     fn call(&self, inputs: tf::Tensor, state: tf::Tensor, _: &[tf::Variable]) -> tf::Result<(tf::Tensor, tf::Tensor)> {
///         let w = tf::get_variable("w", [2, self.units]);
///         let state = state * 0.9 + tf::tanh(tf::matmul(inputs, w));
///         Ok((state, state))
///     }
/// }
///
/// let x = tf::placeholder(tf::float32, (None, 10, 2));
/// let (outputs, state) = tf::nn::dynamic_rnn(Leaky { units: 3, common: Common::default() }, x);
/// assert_eq!((outputs.shape().to_string(), state.shape().to_string()), ("[?,10,3]".to_owned(), "[?,3]".to_owned()));
/// assert_eq!(tf::trainable_variables()[0].name(), "rnn/leaky/w:0");
/// ```
pub trait RNNCell {
    /// What it hands on from one step to the next.
    type State: State;

    /// The name of its kind: `"GRUCell"`. Its scope is called the same in small letters: `gru_cell`.
    fn class_name(&self) -> &'static str;

    /// What it has in common with layers: a name, and the variables that it shares when it is applied again.
    fn common(&self) -> &Common;

    /// How large its state is. TF: `cell.state_size`.
    fn state_size(&self) -> <Self::State as State>::Size;

    /// How many numbers it gives for each sequence. TF: `cell.output_size`.
    fn output_size(&self) -> usize;

    /// What it makes of `inputs` [batch, depth] and `state`: the output and the next state. `weights` are its
    /// [`weights`](RNNCell::weights).
    #[track_caller]
    fn call(&self, inputs: Tensor, state: Self::State, weights: &[Variable]) -> Result<(Tensor, Self::State)>;

    /// The variables it needs for inputs of this shape; none for a cell that makes them in `call`.
    fn weights(&self, _inputs: &PartialShape) -> Result<Vec<Weight>> {
        Ok(Vec::new())
    }

    /// A cell like it with variables of its own. TF: `copy.deepcopy(cell)`.
    ///
    /// Models that use a cell twice ask for it. A cell of your own gives a clone whose [`Common`] is
    /// [`fresh`](Common::fresh); until it says so, it is an error.
    fn copied(&self) -> Result<Box<dyn RNNCell<State = Self::State> + '_>> {
        let says = format!("a {} does not say how it is copied: see `RNNCell::copied`", self.class_name());
        Err(Error::unimplemented(says))
    }

    /// What it makes of `inputs` and `state`. TF: `cell(inputs, state)`.
    ///
    /// The first time it makes its variables; from then on it shares them. An error is recorded in the graph.
    #[track_caller]
    fn apply(&self, inputs: Tensor, state: Self::State) -> (Tensor, Self::State) {
        let line = here();
        let _line = built_at(line);
        let graph = inputs.graph().unwrap_or_else(|_| get_default_graph());
        let _default = graph.as_default();
        let common = self.common();
        let known_shape = inputs.shape();
        let needed = self.weights(&known_shape);
        // A cell that makes its variables itself does so in the scope where it was first applied.
        let _around = needed.as_ref().is_ok_and(Vec::is_empty).then(|| variable_scope(common.first_scope()));
        let scope = scope_of(self.class_name(), common, Place::of_object(common));
        let dtype = inputs.dtype().unwrap_or(DType::Float32);
        let kept = state.clone();
        let called = with_weights(
            &graph,
            common,
            &scope,
            dtype,
            || needed.and_then(|_| self.weights(&known_shape)),
            |weights| self.call(inputs, state, weights),
        );
        called.unwrap_or_else(|error| {
            graph.record(error.retitled(self.class_name()).at(scope.name(), Some(line)));
            (Tensor::poisoned(&graph), kept)
        })
    }

    /// Its state before the first step: zeros for `batch_size` sequences. TF: `cell.zero_state(batch_size, dtype)`.
    #[track_caller]
    fn zero_state(&self, batch_size: impl Into<BatchSize>, dtype: DType) -> Self::State
    where
        Self: Sized,
    {
        self.zero_state_for(batch_size.into(), dtype)
    }

    /// [`zero_state`](RNNCell::zero_state) of a cell whose type is not known.
    #[track_caller]
    fn zero_state_for(&self, batch_size: BatchSize, dtype: DType) -> Self::State {
        let _scope = get_default_graph().scope(&format!("{}ZeroState", self.class_name()));
        Self::State::zeros(&self.state_size(), batch_size, dtype)
    }

    /// Its variables, empty before it was first applied. TF: `cell.variables`.
    fn variables(&self) -> Vec<Variable> {
        self.common().variables()
    }
}

macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<C: RNNCell + ?Sized> RNNCell for $pointer {
            type State = C::State;
            fn class_name(&self) -> &'static str {
                (**self).class_name()
            }
            fn common(&self) -> &Common {
                (**self).common()
            }
            fn state_size(&self) -> <Self::State as State>::Size {
                (**self).state_size()
            }
            fn output_size(&self) -> usize {
                (**self).output_size()
            }
            #[track_caller]
            fn call(&self, inputs: Tensor, state: Self::State, weights: &[Variable]) -> Result<(Tensor, Self::State)> {
                (**self).call(inputs, state, weights)
            }
            fn weights(&self, inputs: &PartialShape) -> Result<Vec<Weight>> {
                (**self).weights(inputs)
            }
            #[track_caller]
            fn apply(&self, inputs: Tensor, state: Self::State) -> (Tensor, Self::State) {
                (**self).apply(inputs, state)
            }
            #[track_caller]
            fn zero_state_for(&self, batch_size: BatchSize, dtype: DType) -> Self::State {
                (**self).zero_state_for(batch_size, dtype)
            }
            fn variables(&self) -> Vec<Variable> {
                (**self).variables()
            }
            fn copied(&self) -> Result<Box<dyn RNNCell<State = Self::State> + '_>> {
                (**self).copied()
            }
        }
    )*};
}
pointers! { &C, Box<C>, std::rc::Rc<C>, std::sync::Arc<C> }

/// The methods of cells with units of their own.
macro_rules! cell_methods {
    ($cell:ident) => {
        impl $cell {
            /// What is applied to new values: a function or its name in Keras; `tanh` if not said.
            pub fn activation(mut self, activation: impl $crate::layers::IntoActivation) -> Self {
                self.activation = activation.into_activation();
                self
            }

            /// The name of its scope; that of its kind if not said.
            pub fn name(mut self, name: &str) -> Self {
                self.common.name = Some(name.to_owned());
                self
            }

            /// Whether it shares the variables of a cell of the same name: `true`, or [`AUTO_REUSE`](crate::AUTO_REUSE).
            pub fn reuse(mut self, reuse: impl Into<$crate::variable_scope::Reuse>) -> Self {
                self.common.reuse = reuse.into();
                self
            }

            /// Whether optimizers change its variables; true if not said.
            pub fn trainable(self, trainable: bool) -> Self {
                self.common.freeze(!trainable);
                self
            }
        }
    };
}
pub(super) use cell_methods;

/// How cells without others inside are copied.
macro_rules! copied_by_clone {
    () => {
        fn copied(&self) -> $crate::error::Result<Box<dyn RNNCell<State = Self::State> + '_>> {
            Ok(Box::new(Self { common: self.common.fresh(), ..self.clone() }))
        }
    };
}
pub(super) use copied_by_clone;

/// The number of columns of `inputs`, which a cell needs to know while building.
pub(super) fn depth_of(inputs: &PartialShape) -> Result<usize> {
    let depth = inputs.rank().filter(|&rank| rank == 2).and_then(|_| inputs.dim(1));
    depth.ok_or_else(|| {
        let says = format!("its inputs must be [batch, depth] with a known depth, but their shape is {inputs}");
        Error::invalid_argument(says)
    })
}
