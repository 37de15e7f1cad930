//! Training: optimizers as TensorFlow 1 builds them, out of `Apply…` operations and slot variables.

mod adam;
mod gradient_descent;
mod optimizer;

pub use adam::AdamOptimizer;
pub use gradient_descent::GradientDescentOptimizer;
pub use optimizer::{Minimize, Optimizer, Slots};
