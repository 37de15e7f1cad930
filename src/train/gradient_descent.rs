//! Plain gradient descent.

use super::applied::{Common, apply, setters};
use super::optimizer::{Optimizer, number, user_methods};
use crate::dtype::DType;
use crate::graph::{Graph, Operation, Tensor};
use crate::op::{Arg, IndexedSlices, IntoTensor};
use crate::ops::math::cast;
use crate::ops::state::{GRADIENT_DESCENT, Variable, scatter_rows};

/// Gradient descent: `variable -= learning_rate * gradient`. TF: `tf.train.GradientDescentOptimizer`.
#[derive(Debug)]
pub struct GradientDescentOptimizer {
    learning_rate: Arg,
    common: Common,
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
    GradientDescentOptimizer { learning_rate: learning_rate.into_arg(), common: Common::named("GradientDescent") }
}

impl GradientDescentOptimizer {
    /// The same as the function of this name.
    pub fn new(learning_rate: impl IntoTensor) -> Self {
        GradientDescentOptimizer(learning_rate)
    }
}

setters!(GradientDescentOptimizer:);
user_methods!(GradientDescentOptimizer);

impl Optimizer for GradientDescentOptimizer {
    type Hyper = Tensor;

    fn name(&self) -> &str {
        &self.common.name
    }

    fn create_slots(&self, _graph: &Graph, _variables: &[Variable]) {}

    fn prepare(&self) -> Tensor {
        number(self.learning_rate.clone(), "learning_rate")
    }

    fn update(&self, rate: &Tensor, variable: Variable, gradient: Tensor) -> Operation {
        let rate = cast(*rate, variable.dtype().unwrap_or(DType::Float32));
        apply(&GRADIENT_DESCENT, variable, &[], &[rate.into_arg()], gradient.into(), self.common.use_locking, None)
    }

    fn update_rows(&self, rate: &Tensor, variable: Variable, rows: IndexedSlices) -> Operation {
        let dtype = variable.dtype().unwrap_or(DType::Float32);
        let (add, change) = match variable.is_resource() {
            true => (true, -rows.values * cast(*rate, dtype)),
            false => (false, rows.values * cast(*rate, dtype)),
        };
        scatter_rows(add, variable, rows.indices, change, self.common.use_locking)
    }
}
