//! Adam.

use super::optimizer::{Optimizer, Slots, number, user_methods};
use crate::dtype::DType;
use crate::graph::{Graph, Operation, Tensor};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::flow::no_op_after;
use crate::ops::math::{cast, mul_named};
use crate::ops::state::{Variable, VariableArgs, apply_adam, assign_named};

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
    use_locking: bool,
    name: String,
    slots: Slots,
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
        use_locking: false,
        name: "Adam".into(),
        slots: Slots::default(),
    }
}

impl AdamOptimizer {
    /// The same as the function of this name.
    pub fn new(learning_rate: impl IntoTensor) -> Self {
        AdamOptimizer(learning_rate)
    }

    /// The decay of the first moment.
    pub fn beta1(mut self, beta1: f64) -> Self {
        self.beta1 = beta1;
        self
    }

    /// The decay of the second moment.
    pub fn beta2(mut self, beta2: f64) -> Self {
        self.beta2 = beta2;
        self
    }

    /// What keeps the division from zero.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Sets the attribute `use_locking` of the updates, which are atomic in either case.
    pub fn use_locking(mut self, use_locking: bool) -> Self {
        self.use_locking = use_locking;
        self
    }

    /// The name of the operations and slots.
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// The slots made so far: `"m"` and `"v"` of each variable.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    fn powers(&self, graph: &Graph) -> [Option<Variable>; 2] {
        let key = Tensor::poisoned(graph);
        [self.slots.get(key, "beta1_power"), self.slots.get(key, "beta2_power")]
    }
}

/// The numbers of a step as tensors.
#[derive(Debug)]
pub struct AdamHyper {
    learning_rate: Tensor,
    beta1: Tensor,
    beta2: Tensor,
    epsilon: Tensor,
}

user_methods!(AdamOptimizer);

impl Optimizer for AdamOptimizer {
    type Hyper = AdamHyper;

    fn name(&self) -> &str {
        &self.name
    }

    fn create_slots(&self, graph: &Graph, variables: &[Variable]) {
        if let Some(first) = variables.iter().min_by_key(|v| v.name()) {
            let _colocated = graph.colocate_with(first.op());
            // The powers belong to the graph, not to a variable.
            let key = Tensor::poisoned(graph);
            for (name, beta) in [("beta1_power", self.beta1), ("beta2_power", self.beta2)] {
                self.slots.get_or_create(key, name, || VariableArgs::new(beta).trainable(false).name(name).build());
            }
        }
        for variable in variables {
            self.slots.zeros(graph, *variable, "m", &self.name);
            self.slots.zeros(graph, *variable, "v", &self.name);
        }
    }

    fn prepare(&self) -> AdamHyper {
        AdamHyper {
            learning_rate: convert(self.learning_rate.clone(), "learning_rate", None),
            beta1: number(self.beta1, "beta1"),
            beta2: number(self.beta2, "beta2"),
            epsilon: number(self.epsilon, "epsilon"),
        }
    }

    fn update(&self, hyper: &AdamHyper, variable: Variable, gradient: Tensor) -> Operation {
        let poisoned = Tensor { node: crate::graph::NodeId::POISON, ..variable.reference() };
        let slot = |kind| self.slots.get(variable.reference(), kind).map_or(poisoned, Variable::reference);
        let powers = variable.op().graph().map(|graph| self.powers(&graph)).unwrap_or_default();
        let [power1, power2] = powers.map(|power| power.map_or(poisoned, Variable::value));
        let dtype = variable.dtype().unwrap_or(DType::Float32);
        let args = [
            variable.reference(),
            slot("m"),
            slot("v"),
            cast(power1, dtype),
            cast(power2, dtype),
            cast(hyper.learning_rate, dtype),
            cast(hyper.beta1, dtype),
            cast(hyper.beta2, dtype),
            cast(hyper.epsilon, dtype),
            gradient,
        ];
        apply_adam(args, "ApplyAdam", self.use_locking).op()
    }

    fn finish(&self, graph: &Graph, hyper: &AdamHyper, updates: &[Operation], name: &str) -> Operation {
        let mut all = updates.to_vec();
        if let [Some(power1), Some(power2)] = self.powers(graph) {
            let _after = graph.control_dependencies(updates);
            let _colocated = graph.colocate_with(power1.op());
            for (power, beta) in [(power1, hyper.beta1), (power2, hyper.beta2)] {
                let next = mul_named(power.into_arg(), beta.into_arg(), "mul");
                all.push(assign_named(power, next, self.use_locking, "Assign").op());
            }
        }
        no_op_after(graph, &all, name)
    }
}
