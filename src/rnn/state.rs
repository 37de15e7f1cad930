//! What a cell hands on from one step to the next.

use super::rnn_cell::BatchSize;
use super::sizes::zero_state;
use crate::dtype::DType;
use crate::graph::{Graph, Tensor};
use crate::ops::flow::{Outcome, Parts};
use crate::session::{Fetch, Results, Target};

/// The state of a cell: a tensor [batch, units], an [`LSTMStateTuple`](struct@LSTMStateTuple), or arrays, vectors and tuples of states.
///
/// It may be a loop variable, be fetched and be the initial state of the next sequence.
pub trait State: Outcome<Merged = Self> + Clone {
    /// How large it is: a number of units for each tensor, in the same structure.
    type Size;
    /// Zeros for a batch.
    #[track_caller]
    fn zeros(size: &Self::Size, batch: BatchSize, dtype: DType) -> Self;
    /// Appends its tensors.
    fn tensors(&self, tensors: &mut Vec<Tensor>);
    /// The same with each tensor replaced, except for the memory `c` of an LSTM.
    fn map_outputs(&self, replaced: &mut dyn FnMut(Tensor) -> Tensor) -> Self;

    /// Its tensors, one after the other. TF: `nest.flatten(state)`.
    fn flat(&self) -> Vec<Tensor> {
        let mut tensors = Vec::new();
        self.tensors(&mut tensors);
        tensors
    }
}

impl State for Tensor {
    type Size = usize;
    #[track_caller]
    fn zeros(size: &usize, batch: BatchSize, dtype: DType) -> Self {
        zero_state(batch, *size, dtype)
    }
    fn tensors(&self, tensors: &mut Vec<Tensor>) {
        tensors.push(*self);
    }
    fn map_outputs(&self, replaced: &mut dyn FnMut(Tensor) -> Tensor) -> Self {
        replaced(*self)
    }
}

/// The state of an LSTM: what it remembers and what it gave. TF: `tf.nn.rnn_cell.LSTMStateTuple`.
///
/// ```
/// use flowstone as tf;
/// use tf::nn::rnn_cell::{LSTMStateTuple, RNNCell};
/// let LSTMStateTuple { c, h } = tf::nn::rnn_cell::BasicLSTMCell(3).zero_state(5, tf::float32);
/// assert_eq!((c.shape().to_string(), h.shape().to_string()), ("[5,3]".to_owned(), "[5,3]".to_owned()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LSTMStateTuple<T = Tensor> {
    /// What it remembers.
    pub c: T,
    /// What it gave last.
    pub h: T,
}

/// The state of an LSTM from its parts. TF: `tf.nn.rnn_cell.LSTMStateTuple(c, h)`.
#[allow(non_snake_case)]
pub fn LSTMStateTuple<T>(c: T, h: T) -> LSTMStateTuple<T> {
    LSTMStateTuple { c, h }
}

impl Outcome for LSTMStateTuple {
    type Merged = LSTMStateTuple;
    fn absent(graph: &Graph) -> Self {
        let (c, h) = <(Tensor, Tensor)>::absent(graph);
        LSTMStateTuple { c, h }
    }
    fn parts(&self, parts: &mut Parts) {
        (self.c, self.h).parts(parts);
    }
    fn rebuilt(&self, next: &mut dyn FnMut() -> Tensor) -> Self {
        LSTMStateTuple { c: next(), h: next() }
    }
}

impl<T: Fetch> Fetch for LSTMStateTuple<T> {
    type Output = LSTMStateTuple<T::Output>;
    fn targets(&self, targets: &mut Vec<Target>) {
        self.c.targets(targets);
        self.h.targets(targets);
    }
    fn take(&self, results: &mut Results) -> Self::Output {
        LSTMStateTuple { c: self.c.take(results), h: self.h.take(results) }
    }
}

impl State for LSTMStateTuple {
    type Size = LSTMStateTuple<usize>;
    #[track_caller]
    fn zeros(size: &Self::Size, batch: BatchSize, dtype: DType) -> Self {
        LSTMStateTuple { c: zero_state(batch, size.c, dtype), h: zero_state(batch, size.h, dtype) }
    }
    fn tensors(&self, tensors: &mut Vec<Tensor>) {
        tensors.extend([self.c, self.h]);
    }
    fn map_outputs(&self, replaced: &mut dyn FnMut(Tensor) -> Tensor) -> Self {
        LSTMStateTuple { c: self.c, h: replaced(self.h) }
    }
}

impl<S: State> State for Vec<S> {
    type Size = Vec<S::Size>;
    #[track_caller]
    fn zeros(sizes: &Self::Size, batch: BatchSize, dtype: DType) -> Self {
        sizes.iter().map(|size| S::zeros(size, batch, dtype)).collect()
    }
    fn tensors(&self, tensors: &mut Vec<Tensor>) {
        self.iter().for_each(|state| state.tensors(tensors));
    }
    fn map_outputs(&self, replaced: &mut dyn FnMut(Tensor) -> Tensor) -> Self {
        self.iter().map(|state| state.map_outputs(replaced)).collect()
    }
}

impl<S: State, const N: usize> State for [S; N] {
    type Size = [S::Size; N];
    #[track_caller]
    fn zeros(sizes: &Self::Size, batch: BatchSize, dtype: DType) -> Self {
        sizes.each_ref().map(|size| S::zeros(size, batch, dtype))
    }
    fn tensors(&self, tensors: &mut Vec<Tensor>) {
        self.iter().for_each(|state| state.tensors(tensors));
    }
    fn map_outputs(&self, replaced: &mut dyn FnMut(Tensor) -> Tensor) -> Self {
        self.each_ref().map(|state| state.map_outputs(replaced))
    }
}

macro_rules! tuple_states {
    ($($($part:ident $i:tt),*;)*) => {$(
        impl<$($part: State),*> State for ($($part,)*) {
            type Size = ($($part::Size,)*);
            #[track_caller]
            fn zeros(sizes: &Self::Size, batch: BatchSize, dtype: DType) -> Self {
                ($($part::zeros(&sizes.$i, batch, dtype),)*)
            }
            fn tensors(&self, tensors: &mut Vec<Tensor>) {
                $(self.$i.tensors(tensors);)*
            }
            fn map_outputs(&self, replaced: &mut dyn FnMut(Tensor) -> Tensor) -> Self {
                ($(self.$i.map_outputs(replaced),)*)
            }
        }
    )*};
}
tuple_states! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
}
