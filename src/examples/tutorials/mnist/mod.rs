//! The MNIST tutorial. TF: `tensorflow.examples.tutorials.mnist`.

pub mod input_data;
#[allow(clippy::module_inception)]
pub mod mnist;
mod mt19937;
