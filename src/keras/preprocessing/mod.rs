//! From data to arrays. Keras: `keras.preprocessing`.

pub mod sequence;
pub mod text;
