//! The MNIST tutorial. TF: `tensorflow.examples.tutorials.mnist`.

pub mod input_data;
mod mt19937;
