//! Adadelta.

use super::applied::{Applied, Common, setters};
use super::optimizer::{SlotInit, number, user_methods};
use crate::graph::Tensor;
use crate::initializers::zeros_initializer;
use crate::op::{Arg, IntoTensor};
use crate::ops::state::{ADADELTA, Forms};

/// Adadelta, by Zeiler: <https://arxiv.org/abs/1212.5701>, algorithm 1, with a learning rate.
/// TF: `tf.train.AdadeltaOptimizer`. The slots are `"accum"` and `"accum_update"`.
#[derive(Debug)]
pub struct AdadeltaOptimizer {
    learning_rate: Arg,
    rho: f64,
    epsilon: f64,
    common: Common,
}

/// Adadelta with this learning rate (TensorFlow's own is 0.001), `rho` 0.95 and `epsilon` 1e-8.
/// TF: `tf.train.AdadeltaOptimizer(learning_rate)`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable(4.0);
/// let train = tf::train::AdadeltaOptimizer(1.0).minimize(tf::square(x));
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// sess.run(train, tf::feed_dict! {})?;
/// assert!(sess.run(x, tf::feed_dict! {})?.item::<f32>()? < 4.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn AdadeltaOptimizer(learning_rate: impl IntoTensor) -> AdadeltaOptimizer {
    AdadeltaOptimizer {
        learning_rate: learning_rate.into_arg(),
        rho: 0.95,
        epsilon: 1e-8,
        common: Common::named("Adadelta"),
    }
}

setters! { AdadeltaOptimizer:
    /// The decay of both averages.
    rho f64;
    /// What keeps the division from zero.
    epsilon f64;
}
user_methods!(AdadeltaOptimizer);

impl Applied for AdadeltaOptimizer {
    fn common(&self) -> &Common {
        &self.common
    }

    fn forms(&self) -> &'static Forms {
        &ADADELTA
    }

    fn slots(&self) -> Vec<(&'static str, &str, SlotInit)> {
        ["accum", "accum_update"].map(|kind| (kind, &*self.common.name, SlotInit::By(zeros_initializer()))).into()
    }

    fn prepare(&self) -> Vec<Tensor> {
        vec![number(self.learning_rate.clone(), "lr"), number(self.rho, "rho"), number(self.epsilon, "epsilon")]
    }
}
