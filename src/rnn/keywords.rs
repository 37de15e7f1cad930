//! Keyword arguments of cells and networks: `BasicLSTMCell!(128, forget_bias = 0.0)`.
//!
//! Macros that macros make cannot be exported from a module, so each is written out.

/// [`BasicRNNCell`](fn@crate::nn::rnn_cell::BasicRNNCell) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __BasicRNNCell {
    ($num_units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::nn::rnn_cell::BasicRNNCell($num_units)$(.$key($value))*
    };
}

/// [`GRUCell`](fn@crate::nn::rnn_cell::GRUCell) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __GRUCell {
    ($num_units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::nn::rnn_cell::GRUCell($num_units)$(.$key($value))*
    };
}

/// [`BasicLSTMCell`](fn@crate::nn::rnn_cell::BasicLSTMCell) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __BasicLSTMCell {
    ($num_units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::nn::rnn_cell::BasicLSTMCell($num_units)$(.$key($value))*
    };
}

/// [`LSTMCell`](fn@crate::nn::rnn_cell::LSTMCell) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __LSTMCell {
    ($num_units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::nn::rnn_cell::LSTMCell($num_units)$(.$key($value))*
    };
}

/// [`MultiRNNCell`](fn@crate::nn::rnn_cell::MultiRNNCell) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __MultiRNNCell {
    ($cells:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::nn::rnn_cell::MultiRNNCell($cells)$(.$key($value))*
    };
}

/// [`DropoutWrapper`](fn@crate::nn::rnn_cell::DropoutWrapper) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __DropoutWrapper {
    ($cell:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::nn::rnn_cell::dropout_wrapper_args($cell)$(.$key($value))*.build()
    };
}

/// [`dynamic_rnn`](fn@crate::nn::dynamic_rnn) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __dynamic_rnn {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::dynamic_rnn_args] [] [] $($args)*)
    };
}

/// [`static_rnn`](fn@crate::nn::static_rnn) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __static_rnn {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::static_rnn_args] [] [] $($args)*)
    };
}

/// [`bidirectional_dynamic_rnn`](fn@crate::nn::bidirectional_dynamic_rnn) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __bidirectional_dynamic_rnn {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::bidirectional_dynamic_rnn_args] [] [] $($args)*)
    };
}

/// [`static_bidirectional_rnn`](fn@crate::nn::static_bidirectional_rnn) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __static_bidirectional_rnn {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::static_bidirectional_rnn_args] [] [] $($args)*)
    };
}

/// [`rnn_decoder`](fn@crate::nn::seq2seq::rnn_decoder) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __rnn_decoder {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::seq2seq::rnn_decoder_args] [] [] $($args)*)
    };
}

/// [`embedding_rnn_decoder`](fn@crate::nn::seq2seq::embedding_rnn_decoder) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __embedding_rnn_decoder {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::seq2seq::embedding_rnn_decoder_args] [] [] $($args)*)
    };
}

/// [`attention_decoder`](fn@crate::nn::seq2seq::attention_decoder) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __attention_decoder {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::seq2seq::attention_decoder_args] [] [] $($args)*)
    };
}

/// [`embedding_attention_decoder`](fn@crate::nn::seq2seq::embedding_attention_decoder) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __embedding_attention_decoder {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::seq2seq::embedding_attention_decoder_args] [] [] $($args)*)
    };
}

/// [`basic_rnn_seq2seq`](fn@crate::nn::seq2seq::basic_rnn_seq2seq) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __basic_rnn_seq2seq {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::seq2seq::basic_rnn_seq2seq_args] [] [] $($args)*)
    };
}

/// [`tied_rnn_seq2seq`](fn@crate::nn::seq2seq::tied_rnn_seq2seq) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __tied_rnn_seq2seq {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::seq2seq::tied_rnn_seq2seq_args] [] [] $($args)*)
    };
}

/// [`embedding_rnn_seq2seq`](fn@crate::nn::seq2seq::embedding_rnn_seq2seq) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __embedding_rnn_seq2seq {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::seq2seq::embedding_rnn_seq2seq_args] [] [] $($args)*)
    };
}

/// [`embedding_attention_seq2seq`](fn@crate::nn::seq2seq::embedding_attention_seq2seq) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __embedding_attention_seq2seq {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::seq2seq::embedding_attention_seq2seq_args] [] [] $($args)*)
    };
}

/// [`model_with_buckets`](fn@crate::nn::seq2seq::model_with_buckets) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __model_with_buckets {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::seq2seq::model_with_buckets_args] [] [] $($args)*)
    };
}

/// [`sequence_loss`](fn@crate::nn::seq2seq::sequence_loss) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __sequence_loss {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::seq2seq::sequence_loss_args] [] [] $($args)*)
    };
}

/// [`sequence_loss_by_example`](fn@crate::nn::seq2seq::sequence_loss_by_example) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __sequence_loss_by_example {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::rnn::seq2seq::sequence_loss_by_example_args] [] [] $($args)*)
    };
}

/// [`sequence_loss`](fn@crate::contrib::seq2seq::sequence_loss) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __contrib_sequence_loss {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::contrib::seq2seq::sequence_loss_args] [] [] $($args)*)
    };
}
