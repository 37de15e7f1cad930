//! Data sets, at the paths where TensorFlow keeps them.

pub mod tutorials;
