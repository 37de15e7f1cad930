//! RMSProp.

use super::applied::{Applied, Common, setters};
use super::optimizer::{SlotInit, number, user_methods};
use crate::graph::Tensor;
use crate::initializers::{ones_initializer, zeros_initializer};
use crate::op::{Arg, IntoTensor};
use crate::ops::state::{CENTERED_RMS_PROP, Forms, RMS_PROP};

/// RMSProp: the gradient divided by the root of a running average of its squares, with momentum. Source: Tieleman and
/// Hinton, lecture 6.5 of "Neural Networks for Machine Learning", 2012; centered: <https://arxiv.org/abs/1308.0850>.
/// TF: `tf.train.RMSPropOptimizer`. The slots are `"rms"`, `"momentum"` and, if centered, `"mg"`.
#[derive(Debug)]
pub struct RMSPropOptimizer {
    learning_rate: Arg,
    decay: f64,
    momentum: f64,
    epsilon: f64,
    centered: bool,
    common: Common,
}

/// RMSProp with this learning rate, `decay` 0.9, `momentum` 0 and `epsilon` 1e-10.
/// TF: `tf.train.RMSPropOptimizer(learning_rate)`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable(4.0);
/// let train = tf::train::RMSPropOptimizer(0.5).minimize(tf::square(x));
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// sess.run(train, tf::feed_dict! {})?;
/// assert!(sess.run(x, tf::feed_dict! {})?.item::<f32>()? < 4.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn RMSPropOptimizer(learning_rate: impl IntoTensor) -> RMSPropOptimizer {
    RMSPropOptimizer {
        learning_rate: learning_rate.into_arg(),
        decay: 0.9,
        momentum: 0.0,
        epsilon: 1e-10,
        centered: false,
        common: Common::named("RMSProp"),
    }
}

setters! { RMSPropOptimizer:
    /// The decay of the averages.
    decay f64;
    /// The part of the last step that is taken again.
    momentum f64;
    /// What keeps the division from zero.
    epsilon f64;
    /// Whether the average gradient is taken off, so that the variance is what counts; false if not said.
    centered bool;
}
user_methods!(RMSPropOptimizer);

impl Applied for RMSPropOptimizer {
    fn common(&self) -> &Common {
        &self.common
    }

    fn forms(&self) -> &'static Forms {
        if self.centered { &CENTERED_RMS_PROP } else { &RMS_PROP }
    }

    fn slots(&self) -> Vec<(&'static str, &str, SlotInit)> {
        let mut slots = self.made();
        if self.centered {
            slots.swap(0, 1);
        }
        slots
    }

    fn made(&self) -> Vec<(&'static str, &str, SlotInit)> {
        let name = &*self.common.name;
        let zeros = |kind| (kind, name, SlotInit::By(zeros_initializer()));
        let rms = ("rms", name, SlotInit::By(ones_initializer()));
        if self.centered { vec![rms, zeros("mg"), zeros("momentum")] } else { vec![rms, zeros("momentum")] }
    }

    fn prepare(&self) -> Vec<Tensor> {
        let others = [(self.decay, "decay"), (self.momentum, "momentum"), (self.epsilon, "epsilon")];
        let rate = number(self.learning_rate.clone(), "learning_rate");
        std::iter::once(rate).chain(others.map(|(value, name)| number(value, name))).collect()
    }
}
