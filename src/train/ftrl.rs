//! FTRL-Proximal.

use super::applied::{Applied, Common, setters};
use super::optimizer::{SlotInit, number, user_methods};
use crate::graph::Tensor;
use crate::initializers::zeros_initializer;
use crate::op::{Arg, IntoTensor};
use crate::ops::math::maximum;
use crate::ops::state::{FTRL, FTRL_V2, Forms};

/// FTRL-Proximal, by McMahan and others, for sparse linear models: <https://research.google/pubs/pub41159>, algorithm 1.
/// TF: `tf.train.FtrlOptimizer`. The slots are `"accum"` and `"linear"`.
#[derive(Debug)]
pub struct FtrlOptimizer {
    learning_rate: Arg,
    learning_rate_power: f64,
    initial_accumulator_value: f64,
    l1_regularization_strength: f64,
    l2_regularization_strength: f64,
    l2_shrinkage_regularization_strength: f64,
    beta: f64,
    common: Common,
}

/// FTRL with this learning rate, a power of -0.5 and without regularization at first; the sum of squares starts at 0.1.
/// TF: `tf.train.FtrlOptimizer(learning_rate)`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable(4.0);
/// let train = tf::train::FtrlOptimizer(0.5).minimize(tf::square(x));
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// sess.run(train, tf::feed_dict! {})?;
/// assert!(sess.run(x, tf::feed_dict! {})?.item::<f32>()? < 4.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn FtrlOptimizer(learning_rate: impl IntoTensor) -> FtrlOptimizer {
    FtrlOptimizer {
        learning_rate: learning_rate.into_arg(),
        learning_rate_power: -0.5,
        initial_accumulator_value: 0.1,
        l1_regularization_strength: 0.0,
        l2_regularization_strength: 0.0,
        l2_shrinkage_regularization_strength: 0.0,
        beta: 0.0,
        common: Common::named("Ftrl"),
    }
}

setters! { FtrlOptimizer:
    /// How the rate falls with the sum of squares, not above 0; 0 leaves it as it is.
    learning_rate_power f64;
    /// What the sum of squares starts at.
    initial_accumulator_value f64;
    /// How strongly the sum of sizes is kept small.
    l1_regularization_strength f64;
    /// How strongly the sum of squares is kept small.
    l2_regularization_strength f64;
    /// How strongly variables shrink where there is a gradient.
    l2_shrinkage_regularization_strength f64;
    /// The beta of the paper.
    beta f64;
}
user_methods!(FtrlOptimizer);

impl Applied for FtrlOptimizer {
    fn common(&self) -> &Common {
        &self.common
    }

    fn forms(&self) -> &'static Forms {
        if self.l2_shrinkage_regularization_strength > 0.0 { &FTRL_V2 } else { &FTRL }
    }

    fn slots(&self) -> Vec<(&'static str, &str, SlotInit)> {
        let name = &*self.common.name;
        let accum = SlotInit::OnesTimes(self.initial_accumulator_value);
        vec![("accum", name, accum), ("linear", name, SlotInit::By(zeros_initializer()))]
    }

    fn prepare(&self) -> Vec<Tensor> {
        let rate = number(self.learning_rate.clone(), "learning_rate");
        let l1 = number(self.l1_regularization_strength, "l1_regularization_strength");
        let l2 = self.l2_regularization_strength + self.beta / (2.0 * maximum(self.learning_rate.clone(), 1e-36));
        number(self.beta, "beta");
        let shrinkage = number(self.l2_shrinkage_regularization_strength, "l2_shrinkage_regularization_strength");
        let power = number(self.learning_rate_power, "learning_rate_power");
        match self.l2_shrinkage_regularization_strength > 0.0 {
            true => vec![rate, l1, l2, shrinkage, power],
            false => vec![rate, l1, l2, power],
        }
    }
}
