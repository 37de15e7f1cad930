//! Adam.

use super::applied::{Common, apply, setters};
use super::optimizer::{Optimizer, SlotInit, deduplicated, number, user_methods};
use crate::dtype::DType;
use crate::graph::{Graph, Operation, Tensor, get_default_graph};
use crate::initializers::zeros_initializer;
use crate::op::{Arg, IndexedSlices, IntoTensor, convert};
use crate::ops::flow::{group, no_op_after};
use crate::ops::math::{cast, cast_arg, sqrt};
use crate::ops::state::{ADAM, Variable, VariableArgs, assign_locking, assign_sub_locking, scatter_rows};

/// Adam, by Kingma and Ba: <https://arxiv.org/abs/1412.6980>. TF: `tf.train.AdamOptimizer`.
///
/// With `t` the step, `m += (gradient - m) * (1 - beta1)`, `v += (gradient^2 - v) * (1 - beta2)` and
/// `variable -= learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)`. The slots `m` and `v` and
/// the two powers are variables.
#[derive(Debug)]
pub struct AdamOptimizer {
    learning_rate: Arg,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    common: Common,
}

/// Adam with this learning rate, `beta1` 0.9, `beta2` 0.999 and `epsilon` 1e-8.
/// TF: `tf.train.AdamOptimizer(learning_rate)`. The rate is a number or a single float32.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable(4.0);
/// let train = tf::train::AdamOptimizer(0.5).minimize(tf::square(x));
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// sess.run(train, tf::feed_dict! {})?;
/// assert!((sess.run(x, tf::feed_dict! {})?.item::<f32>()? - 3.5).abs() < 1e-6);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn AdamOptimizer(learning_rate: impl IntoTensor) -> AdamOptimizer {
    AdamOptimizer {
        learning_rate: learning_rate.into_arg(),
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        common: Common::named("Adam"),
    }
}

impl AdamOptimizer {
    /// The same as the function of this name.
    pub fn new(learning_rate: impl IntoTensor) -> Self {
        AdamOptimizer(learning_rate)
    }

    /// `beta1` to the power of the step and `beta2` to the same, once they were made.
    fn powers(&self, graph: &Graph) -> [Option<Variable>; 2] {
        let key = Tensor::poisoned(graph);
        [self.common.slots.get(key, "beta1_power"), self.common.slots.get(key, "beta2_power")]
    }

    /// What it keeps for a variable: `m` and `v`; then the two powers.
    pub(crate) fn kept(&self, variable: Variable) -> Option<[Variable; 4]> {
        let slot = |kind| self.common.slots.get(variable.reference(), kind);
        let [power1, power2] = self.powers(&variable.op().graph().ok()?);
        Some([slot("m")?, slot("v")?, power1?, power2?])
    }

    fn step(&self, hyper: &AdamHyper, variable: Variable) -> Step {
        let graph = variable.op().graph().unwrap_or_else(|_| get_default_graph());
        let missing = Variable::poisoned(&graph);
        let slot = |kind| self.common.slots.get(variable.reference(), kind).unwrap_or(missing);
        let dtype = variable.dtype().unwrap_or(DType::Float32);
        let powers = self.powers(&graph).map(|power| cast_arg(power.unwrap_or(missing).into_arg(), dtype));
        let others =
            [hyper.learning_rate, hyper.beta1, hyper.beta2, hyper.epsilon].map(|number| cast(number, dtype).into_arg());
        let ([power1, power2], [rate, beta1, beta2, epsilon]) = (powers, others);
        Step { m: slot("m"), v: slot("v"), numbers: [power1, power2, rate, beta1, beta2, epsilon] }
    }
}

/// What one variable's step needs: its slots, and the numbers in the order of the operation's arguments.
struct Step {
    m: Variable,
    v: Variable,
    numbers: [Arg; 6],
}

/// The numbers of a step as tensors.
#[derive(Debug)]
pub struct AdamHyper {
    learning_rate: Tensor,
    beta1: Tensor,
    beta2: Tensor,
    epsilon: Tensor,
}

setters! { AdamOptimizer:
    /// The decay of the first moment.
    beta1 f64;
    /// The decay of the second moment.
    beta2 f64;
    /// What keeps the division from zero.
    epsilon f64;
}
user_methods!(AdamOptimizer);

impl Optimizer for AdamOptimizer {
    type Hyper = AdamHyper;

    fn name(&self) -> &str {
        &self.common.name
    }

    fn create_slots(&self, graph: &Graph, variables: &[Variable]) {
        if let Some(first) = variables.iter().min_by_key(|v| v.name()) {
            let _colocated = graph.colocate_with(first.op());
            // The powers belong to the graph, not to a variable.
            let key = Tensor::poisoned(graph);
            for (name, beta) in [("beta1_power", self.beta1), ("beta2_power", self.beta2)] {
                let power = VariableArgs::new(beta).trainable(false).use_resource(first.is_resource()).name(name);
                self.common.slots.get_or_create(key, name, || power.build());
            }
        }
        for variable in variables {
            for kind in ["m", "v"] {
                self.common.slots.make(graph, *variable, kind, &self.common.name, &SlotInit::By(zeros_initializer()));
            }
        }
    }

    fn prepare(&self) -> AdamHyper {
        AdamHyper {
            learning_rate: number(self.learning_rate.clone(), "learning_rate"),
            beta1: number(self.beta1, "beta1"),
            beta2: number(self.beta2, "beta2"),
            epsilon: number(self.epsilon, "epsilon"),
        }
    }

    fn update(&self, hyper: &AdamHyper, variable: Variable, gradient: Tensor) -> Operation {
        let step = self.step(hyper, variable);
        let slots = [step.m, step.v].map(Variable::reference);
        apply(&ADAM, variable, &slots, &step.numbers, gradient.into(), self.common.use_locking, None)
    }

    fn update_rows(&self, hyper: &AdamHyper, variable: Variable, rows: IndexedSlices) -> Operation {
        let IndexedSlices { values, indices, .. } = deduplicated(rows);
        let Step { m, v, numbers } = self.step(hyper, variable);
        let [power1, power2, rate, beta1, beta2, epsilon] = numbers;
        let [rate, beta1, beta2, epsilon] = [rate, beta1, beta2, epsilon].map(|number| convert(number, "number", None));
        let locking = self.common.use_locking;
        let rest = |power: Arg| 1.0 - convert(power, "power", None);
        let rate = rate * sqrt(rest(power2)) / rest(power1);
        let moment = |slot: Variable, beta: Tensor, scaled: Tensor| {
            let decayed = assign_locking(slot, slot * beta, locking);
            let graph = decayed.graph().unwrap_or_else(|_| get_default_graph());
            let _after = graph.control_dependencies(&[decayed]);
            let added = scatter_rows(true, slot, indices, scaled, locking);
            if !slot.is_resource() {
                return added.output(0);
            }
            let _after = graph.control_dependencies(&[added]);
            convert(slot.into_arg(), "value", None)
        };
        let m = moment(m, beta1, values * (1.0 - beta1));
        let v = moment(v, beta2, values * values * (1.0 - beta2));
        let root = sqrt(v);
        let changed = assign_sub_locking(variable, rate * m / (root + epsilon), locking);
        group(&[changed, m.op(), v.op()])
    }

    fn finish(&self, graph: &Graph, hyper: &AdamHyper, updates: &[Operation], name: &str) -> Operation {
        let mut all = updates.to_vec();
        if let [Some(power1), Some(power2)] = self.powers(graph) {
            let _after = graph.control_dependencies(updates);
            let _colocated = graph.colocate_with(power1.op());
            for (power, beta) in [(power1, hyper.beta1), (power2, hyper.beta2)] {
                all.push(assign_locking(power, power * beta, self.common.use_locking));
            }
        }
        no_op_after(graph, &all, name)
    }
}
