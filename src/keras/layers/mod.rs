//! The layers. Keras: `keras.layers`.

mod bidirectional;
mod cells;
mod keywords;
mod masking;
mod recurrent;
mod time_distributed;

pub use bidirectional::Bidirectional;
pub use cells::{GRUCell, LSTMCell, SimpleRNNCell};
pub use masking::Masking;
pub use recurrent::{CuDNNGRU, CuDNNLSTM, Directed, GRU, LSTM, Recurrent, SimpleRNN};
pub use time_distributed::TimeDistributed;

pub use super::Input;
pub use crate::layers::*;
pub use crate::{
    __Bidirectional as Bidirectional, __CuDNNGRU as CuDNNGRU, __CuDNNLSTM as CuDNNLSTM, __GRU as GRU,
    __KerasGRUCell as GRUCell, __KerasLSTMCell as LSTMCell, __LSTM as LSTM, __Masking as Masking,
    __SimpleRNN as SimpleRNN, __SimpleRNNCell as SimpleRNNCell, __TimeDistributed as TimeDistributed,
};
