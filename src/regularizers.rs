//! Losses that keep variables small. TF: `tf.keras.regularizers`, `tf.contrib.layers.l2_regularizer`.

use std::fmt;
use std::sync::Arc;

use crate::graph::Tensor;

/// The collection of what regularizers add. TF: `tf.GraphKeys.REGULARIZATION_LOSSES`.
pub const REGULARIZATION_LOSSES: &str = "regularization_losses";

/// What is added to the loss for a variable.
#[derive(Clone)]
pub struct Regularizer(Arc<dyn Fn(Tensor) -> Tensor + Send + Sync>);

impl Regularizer {
    /// The loss for the value of a variable.
    pub fn loss(&self, value: Tensor) -> Tensor {
        (self.0)(value)
    }
}

impl fmt::Debug for Regularizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Regularizer")
    }
}

/// What can stand for a regularizer: a [`Regularizer`] or a function from a value to its loss.
pub trait IntoRegularizer {
    /// The regularizer.
    fn into_regularizer(self) -> Regularizer;
}

impl IntoRegularizer for Regularizer {
    fn into_regularizer(self) -> Regularizer {
        self
    }
}

impl<F: Fn(Tensor) -> Tensor + Send + Sync + 'static> IntoRegularizer for F {
    fn into_regularizer(self) -> Regularizer {
        Regularizer(Arc::new(self))
    }
}
