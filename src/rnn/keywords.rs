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
