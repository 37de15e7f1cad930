//! Which variables have no value yet.

use super::is_variable_initialized;
use super::variable::{Variable, global_variables, local_variables};
use crate::graph::{Tensor, get_default_graph};
use crate::ops::{array, math};
use crate::value::Value;

/// The names of the global and local variables of the default graph that have no value yet, a `[count]` string.
/// TF: `tf.report_uninitialized_variables`. No gradient.
///
/// ```
/// use flowstone as tf;
/// let (x, y) = (tf::Variable(1.0).named("x"), tf::Variable(2.0).named("y"));
/// let missing = tf::report_uninitialized_variables();
/// let sess = tf::Session()?;
/// sess.run(x.initializer(), tf::feed_dict! {})?;
/// assert_eq!(sess.run(missing, tf::feed_dict! {})?.as_slice::<Vec<u8>>()?, [b"y".to_vec()]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn report_uninitialized_variables() -> Tensor {
    let mut variables = global_variables();
    variables.extend(local_variables());
    report_uninitialized(&variables)
}

/// The names of those of `variables` that have no value.
#[track_caller]
pub(crate) fn report_uninitialized(variables: &[Variable]) -> Tensor {
    let graph = get_default_graph();
    let _scope = graph.scope("report_uninitialized_variables");
    let known: Vec<Tensor> = variables.iter().map(|variable| is_variable_initialized(*variable)).collect();
    let _device = graph.device("/cpu:0");
    if known.is_empty() {
        return array::constant(Value::vector(Vec::<Vec<u8>>::new()));
    }
    let missing = math::logical_not(array::stack(known));
    let names: Vec<String> = variables.iter().map(|variable| variable.op().name()).collect();
    array::boolean_mask(array::constant(names), missing)
}
