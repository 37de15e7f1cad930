//! Losses that keep variables small. TF: `tf.keras.regularizers`, `tf.contrib.layers.l2_regularizer`.

use std::fmt;
use std::sync::Arc;

use crate::graph::Tensor;
use crate::ops::array::constant;
use crate::ops::math::{abs, reduce_sum};
use crate::ops::nn::l2_loss;

/// The collection of what regularizers add. TF: `tf.GraphKeys.REGULARIZATION_LOSSES`.
pub const REGULARIZATION_LOSSES: &str = "regularization_losses";

/// What is added to the loss for a variable.
#[derive(Clone)]
pub struct Regularizer {
    loss: Arc<dyn Fn(Tensor) -> Tensor + Send + Sync>,
    factors: Option<[f64; 2]>,
}

impl Regularizer {
    /// The loss for the value of a variable.
    pub fn loss(&self, value: Tensor) -> Tensor {
        (self.loss)(value)
    }

    /// What `sum(|x|)` and `sum(x^2)` are multiplied with; nothing for a function of your own.
    pub fn factors(&self) -> Option<[f64; 2]> {
        self.factors
    }

    fn with_factors(mut self, l1: f64, l2: f64) -> Self {
        self.factors = Some([l1, l2]);
        self
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
        Regularizer { loss: Arc::new(self), factors: None }
    }
}

/// `l1 * sum(|x|)`. TF: `tf.keras.regularizers.l1(l1)`.
pub fn l1(l1: f64) -> Regularizer {
    (move |x: Tensor| l1 * reduce_sum(abs(x))).into_regularizer().with_factors(l1, 0.0)
}

/// `l2 * sum(x^2)`. TF: `tf.keras.regularizers.l2(l2)`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 4));
/// let _y = tf::layers::dense!(x, 2, kernel_regularizer = tf::regularizers::l2(0.1));
/// let losses: Vec<tf::Tensor> = tf::get_default_graph().get_collection(tf::regularizers::REGULARIZATION_LOSSES);
/// assert_eq!(losses[0].name(), "dense/kernel/Regularizer/mul:0");
/// ```
pub fn l2(l2: f64) -> Regularizer {
    (move |x: Tensor| (2.0 * l2) * l2_loss(x)).into_regularizer().with_factors(0.0, l2)
}

/// Both. TF: `tf.keras.regularizers.l1_l2(l1, l2)`.
pub fn l1_l2(l1: f64, l2: f64) -> Regularizer {
    let loss = move |x: Tensor| constant(0.0) + l1 * reduce_sum(abs(x)) + (2.0 * l2) * l2_loss(x);
    loss.into_regularizer().with_factors(l1, l2)
}
