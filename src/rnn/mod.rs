//! Recurrent networks: cells, and what runs a cell over a sequence. TF: `tf.nn.rnn_cell`, `tf.nn.dynamic_rnn`.
//!
//! A cell ([`RNNCell`](rnn_cell::RNNCell)) says what one step makes of an input and a state; it is a value as a layer is, and applied again it
//! shares its variables. The state's type belongs to the cell: a tensor, an [`LSTMStateTuple`](struct@rnn_cell::LSTMStateTuple), or several of them.

mod basic;
mod bidirectional;
mod cell;
mod dropout;
mod dynamic;
mod gru;
mod keywords;
mod lstm;
pub mod seq2seq;
mod sizes;
mod stacked;
mod state;
mod unrolled;
mod weighted_loss;
mod wrappers;

pub use bidirectional::{
    BidirectionalArgs, StaticBidirectionalArgs, bidirectional_dynamic_rnn, bidirectional_dynamic_rnn_args,
    static_bidirectional_rnn, static_bidirectional_rnn_args,
};
pub use dynamic::{DynamicRnnArgs, dynamic_rnn, dynamic_rnn_args};
pub use unrolled::{StaticRnnArgs, static_rnn, static_rnn_args};
pub(crate) use weighted_loss::contrib_seq2seq;

/// Cells: one step of a recurrent network. TF: `tf.nn.rnn_cell`.
pub mod rnn_cell {
    pub use super::basic::BasicRNNCell;
    pub use super::cell::RNNCell;
    pub use super::dropout::{DropoutWrapper, DropoutWrapperArgs, dropout_wrapper_args};
    pub use super::gru::GRUCell;
    pub use super::lstm::{BasicLSTMCell, LSTMCell};
    pub use super::sizes::BatchSize;
    pub use super::stacked::{MultiRNNCell, Stack};
    pub use super::state::{LSTMStateTuple, State};
    pub use super::wrappers::{EmbeddingWrapper, InputProjectionWrapper, OutputProjectionWrapper};
    pub use crate::layers::{Common, Weight};
    pub use crate::{
        __BasicLSTMCell as BasicLSTMCell, __BasicRNNCell as BasicRNNCell, __DropoutWrapper as DropoutWrapper,
        __GRUCell as GRUCell, __LSTMCell as LSTMCell, __MultiRNNCell as MultiRNNCell,
    };
}
