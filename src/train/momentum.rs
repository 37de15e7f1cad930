//! Momentum.

use super::applied::{Applied, Common, setters};
use super::optimizer::{SlotInit, number, user_methods};
use crate::graph::Tensor;
use crate::initializers::zeros_initializer;
use crate::op::{Arg, IntoTensor};
use crate::ops::state::{Forms, MOMENTUM};

/// Gradient descent with momentum: `accumulation = momentum * accumulation + gradient` and
/// `variable -= learning_rate * accumulation`. TF: `tf.train.MomentumOptimizer`.
///
/// With `use_nesterov` the step looks ahead: <https://proceedings.mlr.press/v28/sutskever13.html>. The slot `"momentum"` is
/// the accumulation.
#[derive(Debug)]
pub struct MomentumOptimizer {
    learning_rate: Arg,
    momentum: Arg,
    use_nesterov: bool,
    common: Common,
}

/// Momentum with this learning rate and this part of the last step, numbers or single float32s.
/// TF: `tf.train.MomentumOptimizer(learning_rate, momentum)`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable(4.0);
/// let train = tf::train::MomentumOptimizer(0.25, 0.9).minimize(tf::square(x));
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// sess.run(train, tf::feed_dict! {})?;
/// assert_eq!(sess.run(x, tf::feed_dict! {})?.item::<f32>()?, 2.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn MomentumOptimizer(learning_rate: impl IntoTensor, momentum: impl IntoTensor) -> MomentumOptimizer {
    MomentumOptimizer {
        learning_rate: learning_rate.into_arg(),
        momentum: momentum.into_arg(),
        use_nesterov: false,
        common: Common::named("Momentum"),
    }
}

setters! { MomentumOptimizer:
    /// Whether the step looks ahead; false if not said.
    use_nesterov bool;
}
user_methods!(MomentumOptimizer);

impl Applied for MomentumOptimizer {
    fn common(&self) -> &Common {
        &self.common
    }

    fn forms(&self) -> &'static Forms {
        &MOMENTUM
    }

    fn slots(&self) -> Vec<(&'static str, &str, SlotInit)> {
        vec![("momentum", &self.common.name, SlotInit::By(zeros_initializer()))]
    }

    fn prepare(&self) -> Vec<Tensor> {
        vec![number(self.learning_rate.clone(), "learning_rate"), number(self.momentum.clone(), "momentum")]
    }

    fn flag(&self) -> Option<(&'static str, bool)> {
        Some(("use_nesterov", self.use_nesterov))
    }
}
