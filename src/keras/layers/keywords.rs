//! Keyword arguments of the layers that only Keras has: `LSTM!(64, return_sequences = true)`.

/// [`Bidirectional`](fn@crate::keras::layers::Bidirectional) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Bidirectional {
    ($layer:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::layers::Bidirectional($layer)$(.$key($value))*
    };
}

/// [`CuDNNGRU`](fn@crate::keras::layers::CuDNNGRU) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __CuDNNGRU {
    ($units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::layers::CuDNNGRU($units)$(.$key($value))*
    };
}

/// [`CuDNNLSTM`](fn@crate::keras::layers::CuDNNLSTM) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __CuDNNLSTM {
    ($units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::layers::CuDNNLSTM($units)$(.$key($value))*
    };
}

/// [`GRU`](fn@crate::keras::layers::GRU) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __GRU {
    ($units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::layers::GRU($units)$(.$key($value))*
    };
}

/// [`GRUCell`](fn@crate::keras::layers::GRUCell) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __KerasGRUCell {
    ($units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::layers::GRUCell($units)$(.$key($value))*
    };
}

/// [`LSTM`](fn@crate::keras::layers::LSTM) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __LSTM {
    ($units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::layers::LSTM($units)$(.$key($value))*
    };
}

/// [`LSTMCell`](fn@crate::keras::layers::LSTMCell) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __KerasLSTMCell {
    ($units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::layers::LSTMCell($units)$(.$key($value))*
    };
}

/// [`Masking`](fn@crate::keras::layers::Masking) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Masking {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::keras::layers::Masking()$(.$key($value))*
    };
}

/// [`SimpleRNN`](fn@crate::keras::layers::SimpleRNN) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __SimpleRNN {
    ($units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::layers::SimpleRNN($units)$(.$key($value))*
    };
}

/// [`SimpleRNNCell`](fn@crate::keras::layers::SimpleRNNCell) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __SimpleRNNCell {
    ($units:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::layers::SimpleRNNCell($units)$(.$key($value))*
    };
}

/// [`TimeDistributed`](fn@crate::keras::layers::TimeDistributed) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __TimeDistributed {
    ($layer:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::layers::TimeDistributed($layer)$(.$key($value))*
    };
}
