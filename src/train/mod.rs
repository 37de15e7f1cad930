//! Training: optimizers as TensorFlow 1 builds them, out of `Apply…` operations and slot variables.

mod adadelta;
mod adagrad;
mod adam;
mod applied;
mod ftrl;
mod gradient_descent;
mod momentum;
mod optimizer;
mod proximal;
mod rms_prop;

pub use adadelta::AdadeltaOptimizer;
pub use adagrad::{AdagradDAOptimizer, AdagradOptimizer};
pub use adam::AdamOptimizer;
pub use ftrl::FtrlOptimizer;
pub use gradient_descent::GradientDescentOptimizer;
pub use momentum::MomentumOptimizer;
pub use optimizer::{Minimize, Optimizer, Slots, deduplicated};
pub use proximal::{ProximalAdagradOptimizer, ProximalGradientDescentOptimizer};
pub use rms_prop::RMSPropOptimizer;
