//! Bytes and plain structs: TensorFlow's messages. Knows neither graph nor operation.

pub mod proto;
