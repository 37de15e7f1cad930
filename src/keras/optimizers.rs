//! How a model's variables follow their gradients. Keras: `keras.optimizers`.

use crate::error::{Error, Result};
use crate::graph::{Operation, Tensor, get_default_graph};
use crate::op::{Gradient, IntoTensor, convert};
use crate::ops::array::{fill, shape, zeros_like};
use crate::ops::flow::group;
use crate::ops::math::{abs, exp, maximum, sqrt, square};
use crate::ops::state::{Variable, VariableArgs, assign, assign_add, assign_sub};
use crate::train::{AdamOptimizer, GradientDescentOptimizer};

use indexmap::IndexMap;

/// An optimizer with its numbers. Its learning rate is a variable of the model's graph.
#[derive(Clone, Debug)]
pub struct Optimizer {
    kind: Kind,
    learning_rate: f64,
}

#[derive(Clone, Debug)]
enum Kind {
    Sgd { momentum: f64, nesterov: bool },
    RmsProp { rho: f64, epsilon: f64 },
    Adam { beta1: f64, beta2: f64, epsilon: f64 },
    Adamax { beta1: f64, beta2: f64, epsilon: f64 },
    Nadam { beta1: f64, beta2: f64, epsilon: f64 },
    Adagrad { start: f64, epsilon: f64 },
    Adadelta { rho: f64, epsilon: f64 },
}

const EPSILON: f64 = 1e-7;

/// Gradient descent. Keras: `SGD(lr=0.01)`; see [`momentum`](Optimizer::momentum) and [`nesterov`](Optimizer::nesterov).
#[allow(non_snake_case)]
pub fn SGD(learning_rate: f64) -> Optimizer {
    Optimizer { kind: Kind::Sgd { momentum: 0.0, nesterov: false }, learning_rate }
}

/// The gradient divided by a running average of its size. Keras: `RMSprop(lr=0.001)`.
#[allow(non_snake_case)]
pub fn RMSprop(learning_rate: f64) -> Optimizer {
    Optimizer { kind: Kind::RmsProp { rho: 0.9, epsilon: EPSILON }, learning_rate }
}

/// Adam, by Kingma and Ba. Keras: `Adam(lr=0.001)`. Source: <https://arxiv.org/abs/1412.6980>.
#[allow(non_snake_case)]
pub fn Adam(learning_rate: f64) -> Optimizer {
    Optimizer { kind: Kind::Adam { beta1: 0.9, beta2: 0.999, epsilon: EPSILON }, learning_rate }
}

/// Adam with the largest gradient in place of the squared ones. Keras: `Adamax(lr=0.001)`.
/// Source: <https://arxiv.org/abs/1412.6980>, section 7.1.
#[allow(non_snake_case)]
pub fn Adamax(learning_rate: f64) -> Optimizer {
    Optimizer { kind: Kind::Adamax { beta1: 0.9, beta2: 0.999, epsilon: EPSILON }, learning_rate }
}

/// Adam with Nesterov's momentum. Keras: `Nadam(lr=0.001)`.
/// Source: <https://cs229.stanford.edu/proj2015/054_report.pdf>.
#[allow(non_snake_case)]
pub fn Nadam(learning_rate: f64) -> Optimizer {
    Optimizer { kind: Kind::Nadam { beta1: 0.9, beta2: 0.999, epsilon: EPSILON }, learning_rate }
}

/// The gradient divided by the root of all its squares so far. Keras: `Adagrad(lr=0.001)`.
/// Source: <https://jmlr.org/papers/v12/duchi11a.html>.
#[allow(non_snake_case)]
pub fn Adagrad(learning_rate: f64) -> Optimizer {
    Optimizer { kind: Kind::Adagrad { start: 0.1, epsilon: EPSILON }, learning_rate }
}

/// Steps as large as the steps before. Keras: `Adadelta(lr=0.001)`. Source: <https://arxiv.org/abs/1212.5701>.
#[allow(non_snake_case)]
pub fn Adadelta(learning_rate: f64) -> Optimizer {
    Optimizer { kind: Kind::Adadelta { rho: 0.95, epsilon: EPSILON }, learning_rate }
}

impl Optimizer {
    /// The optimizer that Keras knows by this name, with its usual numbers: `"sgd"`, `"adam"`, `"rmsprop"`.
    pub fn named(name: &str) -> Result<Self> {
        Ok(match name.to_lowercase().as_str() {
            "sgd" => SGD(0.01),
            "rmsprop" => RMSprop(0.001),
            "adam" => Adam(0.001),
            "adamax" => Adamax(0.001),
            "nadam" => Nadam(0.001),
            "adagrad" => Adagrad(0.001),
            "adadelta" => Adadelta(0.001),
            _ => {
                return Err(Error::invalid_argument(format!(
                    "there is no optimizer '{name}': sgd, rmsprop, adam, adamax, nadam, adagrad, adadelta"
                )));
            }
        })
    }

    /// The part of the last step that is taken again, for SGD.
    #[must_use]
    pub fn momentum(mut self, part: f64) -> Self {
        if let Kind::Sgd { momentum, .. } = &mut self.kind {
            *momentum = part;
        }
        self
    }

    /// Whether the momentum is Nesterov's, for SGD.
    #[must_use]
    pub fn nesterov(mut self, on: bool) -> Self {
        if let Kind::Sgd { nesterov, .. } = &mut self.kind {
            *nesterov = on;
        }
        self
    }

    pub(super) fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// The operation that changes each variable one step along its gradient, and what it keeps for that.
    pub(super) fn apply(&self, rate: Variable, gradients: &[(Option<Gradient>, Variable)]) -> (Operation, Kept) {
        let graph = get_default_graph();
        let of: Vec<Variable> = gradients.iter().filter(|(gradient, _)| gradient.is_some()).map(|(_, v)| *v).collect();
        let iterations = {
            let _scope = graph.scope("training");
            VariableArgs::new(0.0f32).trainable(false).name("iterations").build()
        };
        let mut kept = Kept { of, iterations, slots: IndexMap::new(), powers: Vec::new() };
        let step = match self.kind {
            Kind::Sgd { momentum: 0.0, .. } => GradientDescentOptimizer(rate).apply_gradients(gradients, None),
            Kind::Adam { beta1, beta2, epsilon } => {
                let adam = AdamOptimizer(rate).beta1(beta1).beta2(beta2).epsilon(epsilon);
                let step = adam.apply_gradients(gradients, None);
                for [m, v, power1, power2] in kept.of.iter().filter_map(|variable| adam.kept(*variable)) {
                    kept.slots.entry("m").or_default().push(m);
                    kept.slots.entry("v").or_default().push(v);
                    kept.powers = vec![(beta1, power1), (beta2, power2)];
                }
                step
            }
            _ => return (self.compose(rate, gradients, &mut kept), kept),
        };
        let _scope = graph.scope("training");
        (group(&[step, assign_add(iterations, 1.0f32).op()]), kept)
    }

    /// The same for the others, made of assignments.
    fn compose(&self, rate: Variable, gradients: &[(Option<Gradient>, Variable)], kept: &mut Kept) -> Operation {
        let graph = get_default_graph();
        let _scope = graph.scope("training");
        let t = assign_add(kept.iterations, 1.0);
        let power = |base: f64| exp(t * base.ln());
        let lr = rate.value();
        let mut updates = Vec::new();
        for (gradient, variable) in gradients {
            let Some(g) = *gradient else { continue };
            let g = convert(g.into_arg(), "gradient", None);
            let mut slot = |initial: Tensor, name: &'static str| {
                let slot = VariableArgs::new(initial).trainable(false).name(name).build();
                kept.slots.entry(name).or_default().push(slot);
                slot
            };
            let mut zeros = |name: &'static str| slot(zeros_like(variable.initial_value()), name);
            let average = |of: Variable, rate: f64, x: Tensor| assign(of, of * rate + x * (1.0 - rate));
            let change = match self.kind {
                Kind::Sgd { momentum, nesterov } => {
                    let v = zeros("momentum");
                    let v = assign(v, v * momentum - lr * g);
                    if nesterov { lr * g - v * momentum } else { -v }
                }
                Kind::RmsProp { rho, epsilon } => {
                    let mean = average(zeros("rms"), rho, square(g));
                    lr * g / sqrt(mean + epsilon)
                }
                Kind::Adam { .. } => continue,
                Kind::Adamax { beta1, beta2, epsilon } => {
                    let m = average(zeros("m"), beta1, g);
                    let u = zeros("v");
                    let u = assign(u, maximum(u * beta2, abs(g)));
                    lr / (1.0 - power(beta1)) * m / (u + epsilon)
                }
                Kind::Nadam { beta1, beta2, epsilon } => {
                    let m = average(zeros("m"), beta1, g);
                    let v = average(zeros("v"), beta2, square(g));
                    let ahead = m * beta1 / (1.0 - power(beta1) * beta1) + g * (1.0 - beta1) / (1.0 - power(beta1));
                    lr * ahead / (sqrt(v / (1.0 - power(beta2))) + epsilon)
                }
                Kind::Adagrad { start, epsilon } => {
                    let sum = slot(fill(shape(variable.initial_value()), start as f32), "accumulator");
                    lr * g / sqrt(assign_add(sum, square(g)) + epsilon)
                }
                Kind::Adadelta { rho, epsilon } => {
                    let (gradients, steps) = (zeros("accum_grad"), zeros("accum_var"));
                    let mean = average(gradients, rho, square(g));
                    let delta = g * sqrt(steps + epsilon) / sqrt(mean + epsilon);
                    let kept = average(steps, rho, square(delta));
                    updates.push(kept.op());
                    lr * delta
                }
            };
            updates.push(assign_sub(*variable, change).op());
        }
        group(&updates)
    }

    /// Its class in Keras and what that is made from, but for the learning rate.
    #[cfg(feature = "hdf5")]
    pub(super) fn described(&mut self) -> (&'static str, Vec<(&'static str, &mut f64)>, Option<&mut bool>) {
        match &mut self.kind {
            Kind::Sgd { momentum, nesterov } => ("SGD", vec![("momentum", momentum)], Some(nesterov)),
            Kind::RmsProp { rho, epsilon } => ("RMSprop", vec![("rho", rho), ("epsilon", epsilon)], None),
            Kind::Adam { beta1, beta2, epsilon } => {
                ("Adam", vec![("beta_1", beta1), ("beta_2", beta2), ("epsilon", epsilon)], None)
            }
            Kind::Adamax { beta1, beta2, epsilon } => {
                ("Adamax", vec![("beta_1", beta1), ("beta_2", beta2), ("epsilon", epsilon)], None)
            }
            Kind::Nadam { beta1, beta2, epsilon } => {
                ("Nadam", vec![("beta_1", beta1), ("beta_2", beta2), ("epsilon", epsilon)], None)
            }
            Kind::Adagrad { start, epsilon } => {
                ("Adagrad", vec![("initial_accumulator_value", start), ("epsilon", epsilon)], None)
            }
            Kind::Adadelta { rho, epsilon } => ("Adadelta", vec![("rho", rho), ("epsilon", epsilon)], None),
        }
    }

    #[cfg(feature = "hdf5")]
    pub(super) fn with_learning_rate(mut self, learning_rate: f64) -> Self {
        self.learning_rate = learning_rate;
        self
    }
}

/// What an optimizer keeps from step to step.
#[cfg_attr(not(feature = "hdf5"), allow(dead_code))]
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The variables that it changes.
    pub(super) of: Vec<Variable>,
    /// How many steps it took.
    pub(super) iterations: Variable,
    /// By their names in Keras, one for each variable that it changes.
    pub(super) slots: IndexMap<&'static str, Vec<Variable>>,
    /// Numbers to the power of the next step.
    pub(super) powers: Vec<(f64, Variable)>,
}

/// What can stand for an optimizer: an [`Optimizer`] or its name in Keras.
pub trait IntoOptimizer {
    /// The optimizer. An error for a name that does not exist.
    fn into_optimizer(self) -> Result<Optimizer>;
}

impl IntoOptimizer for Optimizer {
    fn into_optimizer(self) -> Result<Optimizer> {
        Ok(self)
    }
}

impl IntoOptimizer for &str {
    fn into_optimizer(self) -> Result<Optimizer> {
        Optimizer::named(self)
    }
}
