//! The variable that counts the steps of training.

use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::initializers::zeros_initializer;
use crate::ops::state::Variable;
use crate::session::{Feeds, Session};
use crate::variable_scope::get_variable_args;

/// The collection of the variable that counts the steps. TF: `tf.GraphKeys.GLOBAL_STEP`.
pub const GLOBAL_STEP: &str = "global_step";

/// The default graph's variable that counts the steps, if it was made. TF: `tf.train.get_global_step`.
pub fn get_global_step() -> Option<Variable> {
    get_default_graph().get_collection(GLOBAL_STEP).first().copied()
}

/// Makes the default graph's variable that counts the steps: an int64 called `global_step`, 0 at first.
/// TF: `tf.train.create_global_step`. An error of the graph if there is one.
#[track_caller]
pub fn create_global_step() -> Variable {
    let graph = get_default_graph();
    if get_global_step().is_some() {
        let line = crate::graph::here();
        let error = Error::new(ErrorKind::AlreadyExists, "there is a global step already");
        graph.record(error.at(GLOBAL_STEP, Some(line)));
    }
    let args = get_variable_args(GLOBAL_STEP, ()).dtype(DType::Int64).initializer(zeros_initializer()).trainable(false);
    let step = args.build();
    graph.add_to_collection(GLOBAL_STEP, step);
    step
}

/// The default graph's variable that counts the steps; made if it is not there yet.
/// TF: `tf.train.get_or_create_global_step`.
///
/// ```
/// use flowstone as tf;
/// let step = tf::train::get_or_create_global_step();
/// let w = tf::Variable(1.0);
/// let train = tf::train::GradientDescentOptimizer(0.1).minimize_args(tf::square(w)).global_step(step).build();
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// sess.run(train, tf::feed_dict! {})?;
/// assert_eq!(tf::train::global_step(&sess, step)?, 1);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn get_or_create_global_step() -> Variable {
    let _line = built_at(here());
    get_global_step().unwrap_or_else(create_global_step)
}

/// The collection of what reads the global step before a run changes it.
const GLOBAL_STEP_READ: &str = "global_step_read_op_cache";

/// The number of steps before a run: the node `global_step/add`, made if it is not there. `None` without a global step.
/// TensorFlow's reads the initial value if there is no other yet.
#[track_caller]
pub(super) fn global_step_read() -> Option<Tensor> {
    let _line = built_at(here());
    let graph = get_default_graph();
    if let Some(read) = graph.get_collection(GLOBAL_STEP_READ).first() {
        return Some(*read);
    }
    let step = get_global_step()?;
    let read = {
        let _scope = graph.scope(&format!("{}/", step.op().name()));
        step.value() + 0
    };
    graph.add_to_collection(GLOBAL_STEP_READ, read);
    Some(read)
}

/// The number of steps so far. TF: `tf.train.global_step`.
pub fn global_step(sess: &Session, global_step: Variable) -> Result<i64> {
    let value = sess.run(global_step, Feeds::new())?;
    value.convert(DType::Int64)?.item()
}
