//! Adagrad, and Adagrad by dual averaging.

use super::applied::{Applied, Common, setters};
use super::optimizer::{SlotInit, number, user_methods};
use crate::dtype::DType;
use crate::graph::Tensor;
use crate::initializers::constant_initializer;
use crate::op::{Arg, IntoTensor};
use crate::ops::array::identity;
use crate::ops::math::cast;
use crate::ops::state::{ADAGRAD, ADAGRAD_DA, Forms, Variable};

/// Adagrad, by Duchi, Hazan and Singer: the gradient divided by the root of the sum of its squares.
/// Source: <https://jmlr.org/papers/v12/duchi11a.html>. TF: `tf.train.AdagradOptimizer`. The slot is `"accumulator"`.
#[derive(Debug)]
pub struct AdagradOptimizer {
    learning_rate: Arg,
    initial_accumulator_value: f64,
    common: Common,
}

/// Adagrad with this learning rate; the sum of squares starts at 0.1.
/// TF: `tf.train.AdagradOptimizer(learning_rate)`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable(4.0);
/// let train = tf::train::AdagradOptimizer(0.5).minimize(tf::square(x));
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// sess.run(train, tf::feed_dict! {})?;
/// assert!(sess.run(x, tf::feed_dict! {})?.item::<f32>()? < 4.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn AdagradOptimizer(learning_rate: impl IntoTensor) -> AdagradOptimizer {
    AdagradOptimizer {
        learning_rate: learning_rate.into_arg(),
        initial_accumulator_value: 0.1,
        common: Common::named("Adagrad"),
    }
}

setters! { AdagradOptimizer:
    /// What the sum of squares starts at; it must be positive for a finite first step.
    initial_accumulator_value f64;
}
user_methods!(AdagradOptimizer);

impl Applied for AdagradOptimizer {
    fn common(&self) -> &Common {
        &self.common
    }

    fn forms(&self) -> &'static Forms {
        &ADAGRAD
    }

    fn slots(&self) -> Vec<(&'static str, &str, SlotInit)> {
        let start = SlotInit::By(constant_initializer(self.initial_accumulator_value));
        vec![("accumulator", &self.common.name, start)]
    }

    fn prepare(&self) -> Vec<Tensor> {
        vec![number(self.learning_rate.clone(), "learning_rate")]
    }
}

/// Adagrad by dual averaging, for sparse linear models: <https://jmlr.org/papers/v12/duchi11a.html>.
/// TF: `tf.train.AdagradDAOptimizer`. The slots are `"gradient_accumulator"` and `"gradient_squared_accumulator"`.
#[derive(Debug)]
pub struct AdagradDAOptimizer {
    learning_rate: Arg,
    global_step: Variable,
    initial_gradient_squared_accumulator_value: f64,
    l1_regularization_strength: f64,
    l2_regularization_strength: f64,
    common: Common,
}

/// Adagrad by dual averaging with this learning rate. `global_step` is the int64 variable that counts the steps.
/// TF: `tf.train.AdagradDAOptimizer(learning_rate, global_step)`.
#[allow(non_snake_case)]
pub fn AdagradDAOptimizer(learning_rate: impl IntoTensor, global_step: Variable) -> AdagradDAOptimizer {
    AdagradDAOptimizer {
        learning_rate: learning_rate.into_arg(),
        global_step,
        initial_gradient_squared_accumulator_value: 0.1,
        l1_regularization_strength: 0.0,
        l2_regularization_strength: 0.0,
        common: Common::named("AdagradDA"),
    }
}

setters! { AdagradDAOptimizer:
    /// What the sum of squares starts at.
    initial_gradient_squared_accumulator_value f64;
    /// How strongly the sum of sizes is kept small.
    l1_regularization_strength f64;
    /// How strongly the sum of squares is kept small.
    l2_regularization_strength f64;
}
user_methods!(AdagradDAOptimizer);

impl Applied for AdagradDAOptimizer {
    fn common(&self) -> &Common {
        &self.common
    }

    fn forms(&self) -> &'static Forms {
        &ADAGRAD_DA
    }

    fn slots(&self) -> Vec<(&'static str, &str, SlotInit)> {
        let name = &*self.common.name;
        let squares = SlotInit::Constant(self.initial_gradient_squared_accumulator_value);
        vec![("gradient_accumulator", name, SlotInit::Constant(0.0)), ("gradient_squared_accumulator", name, squares)]
    }

    fn prepare(&self) -> Vec<Tensor> {
        let rate = number(self.learning_rate.clone(), "learning_rate");
        let _near = rate.graph().map(|graph| graph.colocate_with(rate.op()));
        vec![rate, identity(self.global_step) + 1]
    }

    fn scalars(&self, numbers: &[Tensor], variable: Variable) -> Vec<Arg> {
        let dtype = variable.dtype().unwrap_or(DType::Float32);
        let step = identity(numbers[1]);
        let strengths = [self.l1_regularization_strength, self.l2_regularization_strength];
        let [l1, l2] = strengths.map(|value| cast(value, dtype).into_arg());
        vec![cast(numbers[0], dtype).into_arg(), l1, l2, step.into_arg()]
    }
}
