//! Cells on top of one another.

use super::cell::RNNCell;
use super::lstm::check_tuple;
use super::rnn_cell::BatchSize;
use super::state::State;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::layers::Common;
use crate::ops::state::Variable;
use crate::variable_scope::variable_scope;

/// Cells in the order in which they are applied: a vector or an array of one kind, or a tuple of several kinds.
pub trait Stack {
    /// Their states.
    type State: State;
    /// How many there are.
    fn count(&self) -> usize;
    /// How large their states are.
    fn state_size(&self) -> <Self::State as State>::Size;
    /// How many numbers the last gives.
    fn output_size(&self) -> usize;
    /// Their states before the first step.
    #[track_caller]
    fn zeros(&self, batch: BatchSize, dtype: DType) -> Self::State;
    /// One step of each, on what the one before gave.
    #[track_caller]
    fn step(&self, inputs: Tensor, state: Self::State) -> (Tensor, Self::State);
    /// Their variables.
    fn variables(&self) -> Vec<Variable>;
    /// Cells like them with variables of their own.
    fn copied(&self) -> Result<Box<dyn Stack<State = Self::State> + '_>>;
}

#[track_caller]
fn step<C: RNNCell>(i: usize, cell: &C, inputs: &mut Tensor, state: C::State) -> C::State {
    let _scope = variable_scope(format!("cell_{i}").as_str());
    let (output, state) = cell.apply(*inputs, state);
    *inputs = output;
    state
}

impl<C: RNNCell> Stack for Vec<C> {
    type State = Vec<C::State>;
    fn count(&self) -> usize {
        self.len()
    }
    fn state_size(&self) -> <Self::State as State>::Size {
        self.iter().map(|cell| cell.state_size()).collect()
    }
    fn output_size(&self) -> usize {
        self.last().map_or(0, |cell| cell.output_size())
    }
    #[track_caller]
    fn zeros(&self, batch: BatchSize, dtype: DType) -> Self::State {
        self.iter().map(|cell| cell.zero_state_for(batch, dtype)).collect()
    }
    #[track_caller]
    fn step(&self, mut inputs: Tensor, state: Self::State) -> (Tensor, Self::State) {
        let cells = self.iter().zip(state).enumerate();
        let state = cells.map(|(i, (cell, state))| step(i, cell, &mut inputs, state)).collect();
        (inputs, state)
    }
    fn variables(&self) -> Vec<Variable> {
        self.iter().flat_map(|cell| cell.variables()).collect()
    }
    fn copied(&self) -> Result<Box<dyn Stack<State = Self::State> + '_>> {
        Ok(Box::new(self.iter().map(|cell| cell.copied()).collect::<Result<Vec<_>>>()?))
    }
}

impl<S: Stack + ?Sized> Stack for Box<S> {
    type State = S::State;
    fn count(&self) -> usize {
        (**self).count()
    }
    fn state_size(&self) -> <Self::State as State>::Size {
        (**self).state_size()
    }
    fn output_size(&self) -> usize {
        (**self).output_size()
    }
    #[track_caller]
    fn zeros(&self, batch: BatchSize, dtype: DType) -> Self::State {
        (**self).zeros(batch, dtype)
    }
    #[track_caller]
    fn step(&self, inputs: Tensor, state: Self::State) -> (Tensor, Self::State) {
        (**self).step(inputs, state)
    }
    fn variables(&self) -> Vec<Variable> {
        (**self).variables()
    }
    fn copied(&self) -> Result<Box<dyn Stack<State = Self::State> + '_>> {
        (**self).copied()
    }
}

impl<C: RNNCell, const N: usize> Stack for [C; N] {
    type State = [C::State; N];
    fn count(&self) -> usize {
        N
    }
    fn state_size(&self) -> <Self::State as State>::Size {
        self.each_ref().map(|cell| cell.state_size())
    }
    fn output_size(&self) -> usize {
        self.last().map_or(0, |cell| cell.output_size())
    }
    #[track_caller]
    fn zeros(&self, batch: BatchSize, dtype: DType) -> Self::State {
        self.each_ref().map(|cell| cell.zero_state_for(batch, dtype))
    }
    #[track_caller]
    fn step(&self, mut inputs: Tensor, state: Self::State) -> (Tensor, Self::State) {
        let mut cells = self.iter().enumerate();
        let state = state.map(|state| match cells.next() {
            Some((i, cell)) => step(i, cell, &mut inputs, state),
            None => state,
        });
        (inputs, state)
    }
    fn variables(&self) -> Vec<Variable> {
        self.iter().flat_map(|cell| cell.variables()).collect()
    }
    fn copied(&self) -> Result<Box<dyn Stack<State = Self::State> + '_>> {
        let copies = self.iter().map(|cell| cell.copied()).collect::<Result<Vec<_>>>()?;
        let copies: [_; N] = copies.try_into().map_err(|_| Error::internal("as many copies as cells"))?;
        Ok(Box::new(copies))
    }
}

macro_rules! tuple_stacks {
    ($($count:literal, $last:tt: $($cell:ident $i:tt),*;)*) => {$(
        impl<$($cell: RNNCell),*> Stack for ($($cell,)*) {
            type State = ($($cell::State,)*);
            fn count(&self) -> usize {
                $count
            }
            fn state_size(&self) -> <Self::State as State>::Size {
                ($(self.$i.state_size(),)*)
            }
            fn output_size(&self) -> usize {
                self.$last.output_size()
            }
            #[track_caller]
            fn zeros(&self, batch: BatchSize, dtype: DType) -> Self::State {
                ($(self.$i.zero_state_for(batch, dtype),)*)
            }
            #[track_caller]
            fn step(&self, mut inputs: Tensor, state: Self::State) -> (Tensor, Self::State) {
                let state = ($(step($i, &self.$i, &mut inputs, state.$i),)*);
                (inputs, state)
            }
            fn variables(&self) -> Vec<Variable> {
                [$(self.$i.variables()),*].concat()
            }
            fn copied(&self) -> Result<Box<dyn Stack<State = Self::State> + '_>> {
                Ok(Box::new(($(self.$i.copied()?,)*)))
            }
        }
    )*};
}
tuple_stacks! {
    1, 0: A 0;
    2, 1: A 0, B 1;
    3, 2: A 0, B 1, C 2;
    4, 3: A 0, B 1, C 2, D 3;
}

/// Cells on top of one another. TF: `tf.nn.rnn_cell.MultiRNNCell`.
#[derive(Clone, Debug)]
pub struct MultiRNNCell<C> {
    cells: C,
    joined: bool,
    common: Common,
}

/// Cells on top of one another: each takes what the one before gave. TF: `tf.nn.rnn_cell.MultiRNNCell(cells)`.
///
/// `cells` is a vector or an array of one kind of cells (boxes of `dyn RNNCell<State = …>` among them), or a tuple of several
/// kinds, and the state has the same structure. Clones of one cell share its variables. Keyword argument `state_is_tuple`
/// (true; anything else is an error).
///
/// ```
/// use flowstone as tf;
/// use tf::nn::rnn_cell::{BasicLSTMCell, MultiRNNCell};
/// let x = tf::placeholder(tf::float32, (None, 28, 28));
/// let cell = MultiRNNCell([BasicLSTMCell(64), BasicLSTMCell(32)]);
/// let (_, state) = tf::nn::dynamic_rnn!(cell, x, dtype = tf::float32);
/// assert_eq!(state[1].h.shape().to_string(), "[?,32]");
/// assert_eq!(tf::trainable_variables()[0].name(), "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel:0");
/// ```
#[allow(non_snake_case)]
pub fn MultiRNNCell<C: Stack>(cells: C) -> MultiRNNCell<C> {
    MultiRNNCell { cells, joined: false, common: Common::default() }
}

impl<C> MultiRNNCell<C> {
    /// Whether the state is the states of all cells: it always is, and `false` is an error where the cell is applied.
    pub fn state_is_tuple(mut self, state_is_tuple: bool) -> Self {
        self.joined = !state_is_tuple;
        self
    }
}

impl<C: Stack> RNNCell for MultiRNNCell<C> {
    type State = C::State;

    fn class_name(&self) -> &'static str {
        "MultiRNNCell"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn state_size(&self) -> <C::State as State>::Size {
        self.cells.state_size()
    }

    fn output_size(&self) -> usize {
        self.cells.output_size()
    }

    #[track_caller]
    fn call(&self, inputs: Tensor, state: C::State, _weights: &[Variable]) -> Result<(Tensor, C::State)> {
        check_tuple(self.joined)?;
        if self.cells.count() == 0 {
            return Err(Error::invalid_argument("there must be at least one cell"));
        }
        Ok(self.cells.step(inputs, state))
    }

    #[track_caller]
    fn zero_state_for(&self, batch_size: BatchSize, dtype: DType) -> C::State {
        let _scope = get_default_graph().scope("MultiRNNCellZeroState");
        self.cells.zeros(batch_size, dtype)
    }

    fn variables(&self) -> Vec<Variable> {
        self.cells.variables()
    }

    fn copied(&self) -> Result<Box<dyn RNNCell<State = C::State> + '_>> {
        let (cells, common) = (self.cells.copied()?, self.common.fresh());
        Ok(Box::new(MultiRNNCell { cells, joined: self.joined, common }))
    }
}
