//! Averages of variables that follow them slowly.

use std::sync::{Mutex, PoisonError};

use indexmap::IndexMap;

use super::optimizer::slot_name;
use crate::dtype::DType;
use crate::error::Error;
use crate::graph::{Operation, Tensor, built_at, get_default_graph, here};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::flow::no_op_after;
use crate::ops::math::{cast, minimum, sub};
use crate::ops::scope::Scope;
use crate::ops::state::{MOVING_AVERAGE_VARIABLES, Variable, assign_sub_named, slot_variable, trainable_variables};
use crate::value::{Literal, Value};

/// Averages that each step moves a little towards their variables. TF: `tf.train.ExponentialMovingAverage`.
///
/// `average -= (1 - decay) * (average - variable)`. An average starts at its variable's value, or at the initial value if it has none. With `num_updates`
/// the decay is at most `(1 + num_updates) / (10 + num_updates)`, so that the first steps count more.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable(0.0);
/// let ema = tf::train::ExponentialMovingAverage(0.75);
/// let set = tf::assign(x, 4.0);
/// let _after = tf::control_dependencies(&[set.op()]);
/// let update = ema.apply(&[x]);
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// sess.run(update, tf::feed_dict! {})?;
/// assert_eq!(sess.run(ema.average(x).unwrap(), tf::feed_dict! {})?.item::<f32>()?, 1.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[derive(Debug)]
pub struct ExponentialMovingAverage {
    decay: Arg,
    num_updates: Option<Arg>,
    name: String,
    averages: Mutex<IndexMap<Tensor, Variable>>,
}

/// Averages with this decay, a number close to 1. TF: `tf.train.ExponentialMovingAverage(decay)`.
#[allow(non_snake_case)]
pub fn ExponentialMovingAverage(decay: impl IntoTensor) -> ExponentialMovingAverage {
    ExponentialMovingAverage {
        decay: decay.into_arg(),
        num_updates: None,
        name: "ExponentialMovingAverage".into(),
        averages: Mutex::default(),
    }
}

impl ExponentialMovingAverage {
    /// How many steps there were so far, a single number, usually the global step.
    pub fn num_updates(mut self, num_updates: impl IntoTensor) -> Self {
        self.num_updates = Some(num_updates.into_arg());
        self
    }

    /// The name of the averages and of the operation.
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// An operation that moves the averages of `variables` one step; all trainable variables if there are none.
    /// TF: `ema.apply`. The averages are made when a variable is first seen.
    #[track_caller]
    pub fn apply(&self, variables: &[Variable]) -> Operation {
        let _line = built_at(here());
        let all = if variables.is_empty() { trainable_variables() } else { variables.to_vec() };
        let graph = all.first().and_then(|v| v.op().graph().ok()).unwrap_or_else(get_default_graph);
        for variable in &all {
            if !variable.dtype().is_ok_and(DType::is_floating) {
                let name = variable.name();
                let error = Error::invalid_argument(format!("{name} is no floating-point variable: no average"));
                graph.record(error.at(&self.name, Some(here())));
                return Tensor::poisoned(&graph).op();
            }
            self.averages().entry(variable.reference()).or_insert_with(|| {
                let name = slot_name(*variable, &self.name);
                let _outside = graph.clear_control_dependencies();
                let initial_value = {
                    let _device = graph.device(&variable.op().device());
                    variable.initialized_value()
                };
                let average = slot_variable(&graph, *variable, &name, &|| initial_value);
                graph.add_to_collection(MOVING_AVERAGE_VARIABLES, *variable);
                average
            });
        }
        let scope =
            Scope::open(&[&all.first().map_or(Arg::List(Vec::new()), |v| v.reference().into_arg())], &self.name);
        let mut decay = convert(self.decay.clone(), "decay", Some(DType::Float32));
        if let Some(updates) = &self.num_updates {
            let updates = cast(updates.clone(), DType::Float32);
            decay = minimum(decay, (1.0 + updates) / (10.0 + updates));
        }
        let updates: Vec<Operation> = all.iter().filter_map(|v| Some(moved(self.average(*v)?, *v, decay).0)).collect();
        no_op_after(&graph, &updates, scope.itself())
    }

    /// The average of `variable`, if it was made. TF: `ema.average`.
    pub fn average(&self, variable: Variable) -> Option<Variable> {
        self.averages().get(&variable.reference()).copied()
    }

    /// The name of the average of `variable`, made or to be made. TF: `ema.average_name`.
    pub fn average_name(&self, variable: Variable) -> String {
        let made = self.average(variable).map(|average| average.op().name());
        made.unwrap_or_else(|| slot_name(variable, &self.name))
    }

    fn averages(&self) -> std::sync::MutexGuard<'_, IndexMap<Tensor, Variable>> {
        self.averages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Moves `variable` towards `value`: `variable -= (1 - decay) * (variable - value)`, and yields the new value.
/// TF: `moving_averages.assign_moving_average` without `zero_debias`.
#[track_caller]
pub fn assign_moving_average(variable: Variable, value: impl IntoTensor, decay: impl IntoTensor) -> Tensor {
    moved(variable, value, decay).1
}

/// The operation of [`assign_moving_average`], and the new value.
#[track_caller]
fn moved(variable: Variable, value: impl IntoTensor, decay: impl IntoTensor) -> (Operation, Tensor) {
    let (value, decay) = (value.into_arg(), decay.into_arg());
    let scope = Scope::open(&[&variable.reference().into_arg()], "AssignMovingAvg");
    let rest = match decay {
        Arg::Literal(literal) => {
            let decay = literal.and_then(|literal| literal.resolve(Some(DType::Float64))).and_then(|value| {
                let decay = value.convert(DType::Float64)?.item::<f64>()?;
                Value::scalar(1.0 - decay).convert(DType::Float32)
            });
            convert(Arg::Literal(decay.map(Literal::firm)), "decay", None)
        }
        tensor => 1.0 - convert(tensor, "decay", None),
    };
    let rest = cast(rest, variable.dtype().unwrap_or(DType::Float32));
    let old = convert(variable.into_arg(), "value", None);
    assign_sub_named(variable, sub(old, value) * rest, scope.itself())
}
