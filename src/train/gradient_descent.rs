//! Plain gradient descent.

use super::optimizer::{Optimizer, user_methods};
use crate::dtype::DType;
use crate::graph::{Graph, Operation, Tensor};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::math::cast;
use crate::ops::state::{Variable, apply_gradient_descent};

/// Gradient descent: `variable -= learning_rate * gradient`. TF: `tf.train.GradientDescentOptimizer`.
#[derive(Debug)]
pub struct GradientDescentOptimizer {
    learning_rate: Arg,
    use_locking: bool,
    name: String,
}

/// Gradient descent with this learning rate, a number or a single float32. TF: `tf.train.GradientDescentOptimizer(learning_rate)`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable(4.0);
/// let train = tf::train::GradientDescentOptimizer(0.25).minimize(tf::square(x));
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// sess.run(train, tf::feed_dict! {})?;
/// assert_eq!(sess.run(x, tf::feed_dict! {})?.item::<f32>()?, 2.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn GradientDescentOptimizer(learning_rate: impl IntoTensor) -> GradientDescentOptimizer {
    GradientDescentOptimizer {
        learning_rate: learning_rate.into_arg(),
        use_locking: false,
        name: "GradientDescent".into(),
    }
}

impl GradientDescentOptimizer {
    /// The same as the function of this name.
    pub fn new(learning_rate: impl IntoTensor) -> Self {
        GradientDescentOptimizer(learning_rate)
    }

    /// Sets the attribute `use_locking` of the updates, which are atomic in either case.
    pub fn use_locking(mut self, use_locking: bool) -> Self {
        self.use_locking = use_locking;
        self
    }

    /// The name of the operations.
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }
}

user_methods!(GradientDescentOptimizer);

impl Optimizer for GradientDescentOptimizer {
    type Hyper = Tensor;

    fn name(&self) -> &str {
        &self.name
    }

    fn create_slots(&self, _graph: &Graph, _variables: &[Variable]) {}

    fn prepare(&self) -> Tensor {
        convert(self.learning_rate.clone(), "learning_rate", None)
    }

    fn update(&self, learning_rate: &Tensor, variable: Variable, gradient: Tensor) -> Operation {
        let rate = cast(*learning_rate, variable.dtype().unwrap_or(DType::Float32));
        apply_gradient_descent(variable.reference(), rate, gradient, "ApplyGradientDescent", self.use_locking).op()
    }
}
