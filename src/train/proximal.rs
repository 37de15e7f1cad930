//! Gradient descent and Adagrad, each followed by a proximal step.

use super::applied::{Applied, Common, setters};
use super::optimizer::{SlotInit, number, user_methods};
use crate::graph::Tensor;
use crate::op::{Arg, IntoTensor};
use crate::ops::state::{Forms, PROXIMAL_ADAGRAD, PROXIMAL_GRADIENT_DESCENT, Variable};

/// Gradient descent and then a proximal step, which keeps sizes and squares small: <https://papers.nips.cc/paper/3793>.
/// TF: `tf.train.ProximalGradientDescentOptimizer`.
#[derive(Debug)]
pub struct ProximalGradientDescentOptimizer {
    learning_rate: Arg,
    l1_regularization_strength: f64,
    l2_regularization_strength: f64,
    common: Common,
}

/// Proximal gradient descent with this learning rate, without regularization at first.
/// TF: `tf.train.ProximalGradientDescentOptimizer(learning_rate)`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable(4.0);
/// let train = tf::train::ProximalGradientDescentOptimizer(0.25).l1_regularization_strength(1.0).minimize(tf::square(x));
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// sess.run(train, tf::feed_dict! {})?;
/// assert_eq!(sess.run(x, tf::feed_dict! {})?.item::<f32>()?, 1.75);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn ProximalGradientDescentOptimizer(learning_rate: impl IntoTensor) -> ProximalGradientDescentOptimizer {
    ProximalGradientDescentOptimizer {
        learning_rate: learning_rate.into_arg(),
        l1_regularization_strength: 0.0,
        l2_regularization_strength: 0.0,
        common: Common::named("ProximalGradientDescent"),
    }
}

setters! { ProximalGradientDescentOptimizer:
    /// How strongly the sum of sizes is kept small.
    l1_regularization_strength f64;
    /// How strongly the sum of squares is kept small.
    l2_regularization_strength f64;
}
user_methods!(ProximalGradientDescentOptimizer);

impl Applied for ProximalGradientDescentOptimizer {
    fn common(&self) -> &Common {
        &self.common
    }

    fn forms(&self) -> &'static Forms {
        &PROXIMAL_GRADIENT_DESCENT
    }

    fn slots(&self) -> Vec<(&'static str, &str, SlotInit)> {
        Vec::new()
    }

    fn prepare(&self) -> Vec<Tensor> {
        strengths(&self.learning_rate, self.l1_regularization_strength, self.l2_regularization_strength)
    }

    fn scalars(&self, numbers: &[Tensor], _: Variable) -> Vec<Arg> {
        numbers.iter().map(IntoTensor::into_arg).collect()
    }
}

/// Adagrad and then a proximal step. TF: `tf.train.ProximalAdagradOptimizer`. The slot is `"accumulator"`.
#[derive(Debug)]
pub struct ProximalAdagradOptimizer {
    learning_rate: Arg,
    initial_accumulator_value: f64,
    l1_regularization_strength: f64,
    l2_regularization_strength: f64,
    common: Common,
}

/// Proximal Adagrad with this learning rate, without regularization at first; the sum of squares starts at 0.1.
/// TF: `tf.train.ProximalAdagradOptimizer(learning_rate)`.
#[allow(non_snake_case)]
pub fn ProximalAdagradOptimizer(learning_rate: impl IntoTensor) -> ProximalAdagradOptimizer {
    ProximalAdagradOptimizer {
        learning_rate: learning_rate.into_arg(),
        initial_accumulator_value: 0.1,
        l1_regularization_strength: 0.0,
        l2_regularization_strength: 0.0,
        common: Common::named("ProximalAdagrad"),
    }
}

setters! { ProximalAdagradOptimizer:
    /// What the sum of squares starts at.
    initial_accumulator_value f64;
    /// How strongly the sum of sizes is kept small.
    l1_regularization_strength f64;
    /// How strongly the sum of squares is kept small.
    l2_regularization_strength f64;
}
user_methods!(ProximalAdagradOptimizer);

impl Applied for ProximalAdagradOptimizer {
    fn common(&self) -> &Common {
        &self.common
    }

    fn forms(&self) -> &'static Forms {
        &PROXIMAL_ADAGRAD
    }

    fn slots(&self) -> Vec<(&'static str, &str, SlotInit)> {
        vec![("accumulator", &self.common.name, SlotInit::Constant(self.initial_accumulator_value))]
    }

    fn prepare(&self) -> Vec<Tensor> {
        strengths(&self.learning_rate, self.l1_regularization_strength, self.l2_regularization_strength)
    }

    fn scalars(&self, numbers: &[Tensor], _: Variable) -> Vec<Arg> {
        numbers.iter().map(IntoTensor::into_arg).collect()
    }
}

fn strengths(rate: &Arg, l1: f64, l2: f64) -> Vec<Tensor> {
    let rate = number(rate.clone(), "learning_rate");
    vec![rate, number(l1, "l1_regularization_strength"), number(l2, "l2_regularization_strength")]
}
