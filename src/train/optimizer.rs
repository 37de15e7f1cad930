//! What all optimizers share: gradients in, one operation that applies them out.

use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use indexmap::IndexMap;

use crate::autodiff::GradientsArgs;
use crate::dtype::DType;
use crate::error::Error;
use crate::graph::{self, Graph, Operation, Tensor, get_default_graph};
use crate::initializers::{Initializer, constant_initializer, ones_initializer};
use crate::op::{Gradient, IndexedSlices, IntoTensor};
use crate::ops::array::{item, shape, unique};
use crate::ops::flow::no_op_after;
use crate::ops::math::unsorted_segment_sum;
use crate::ops::state::{Variable, assign_add_named, slot_variable, trainable_variables_of};
use crate::shape::Shape;
use crate::variable_scope::get_variable_scope;

/// An optimizer. TF: `tf.train.Optimizer`.
///
/// Users call [`minimize`](Optimizer::minimize), or [`compute_gradients`](Optimizer::compute_gradients) and
/// [`apply_gradients`](Optimizer::apply_gradients); an optimizer of one's own is the four methods without a body.
pub trait Optimizer {
    /// The step's numbers as tensors, made once for all variables.
    type Hyper;

    /// The name of the scope and of the operation.
    fn name(&self) -> &str;

    /// Makes the variables that the optimizer keeps beside those it changes.
    fn create_slots(&self, graph: &Graph, variables: &[Variable]);

    /// Makes the step's numbers into tensors.
    fn prepare(&self) -> Self::Hyper;

    /// The operation that changes `variable`.
    fn update(&self, hyper: &Self::Hyper, variable: Variable, gradient: Tensor) -> Operation;

    /// The operation that changes some rows of `variable`; one row may come several times. If not said, the gradient is
    /// made as large as the variable.
    fn update_rows(&self, hyper: &Self::Hyper, variable: Variable, rows: IndexedSlices) -> Operation {
        self.update(hyper, variable, crate::op::convert(rows.into_arg(), "gradient", None))
    }

    /// The operation called `name` that has run when all `updates` have, and what else ends a step.
    fn finish(&self, graph: &Graph, _hyper: &Self::Hyper, updates: &[Operation], name: &str) -> Operation {
        no_op_after(graph, updates, name)
    }

    /// An operation that changes the trainable variables one step towards a smaller `loss`.
    /// TF: `optimizer.minimize(loss)`.
    ///
    /// `loss` is float32 or float64. It is an error of the graph if there is no variable to change or no gradient
    /// reaches one. See [`minimize_args`](Optimizer::minimize_args) for `global_step` and `var_list`.
    #[track_caller]
    fn minimize(&self, loss: Tensor) -> Operation
    where
        Self: Sized,
    {
        self.minimize_args(loss).build()
    }

    /// [`minimize`](Optimizer::minimize) with keyword arguments.
    fn minimize_args(&self, loss: Tensor) -> Minimize<'_, Self>
    where
        Self: Sized,
    {
        Minimize { optimizer: self, loss, global_step: None, variables: None }
    }

    /// The gradient of `loss` with respect to each variable, `None` where there is none; all trainable variables if
    /// `variables` is `None`. TF: `optimizer.compute_gradients`.
    #[track_caller]
    fn compute_gradients(&self, loss: Tensor, variables: Option<&[Variable]>) -> Vec<(Option<Gradient>, Variable)> {
        gradients_of(loss, variables, self.name(), graph::here())
    }

    /// An operation that applies gradients to variables and then adds 1 to `global_step`. TF: `optimizer.apply_gradients`.
    ///
    /// A gradient is a [`Tensor`] or a [`Gradient`].
    #[track_caller]
    fn apply_gradients<G: Into<Gradient> + Copy>(
        &self,
        gradients: &[(Option<G>, Variable)],
        global_step: Option<Variable>,
    ) -> Operation
    where
        Self: Sized,
    {
        let gradients = gradients.iter().map(|(gradient, variable)| (gradient.map(Into::into), *variable)).collect();
        apply(self, gradients, global_step, graph::here())
    }
}

/// [`Optimizer::compute_gradients`] for the optimizer called `name`.
fn gradients_of(
    loss: Tensor,
    variables: Option<&[Variable]>,
    name: &str,
    line: &'static Location<'static>,
) -> Vec<(Option<Gradient>, Variable)> {
    let _line = graph::built_at(line);
    let graph = loss.graph().unwrap_or_else(|_| get_default_graph());
    let variables = variables.map_or_else(|| trainable_variables_of(&graph), <[Variable]>::to_vec);
    if variables.is_empty() {
        graph.record(Error::invalid_argument("there is no variable to optimize").at(name, Some(line)));
    }
    let gradients = GradientsArgs::new(loss, variables.as_slice()).gate_gradients(true).build();
    gradients.into_iter().zip(variables).collect()
}

/// [`Optimizer::apply_gradients`], the same for all optimizers with numbers of one type.
fn apply<H>(
    optimizer: &dyn Optimizer<Hyper = H>,
    gradients: Vec<(Option<Gradient>, Variable)>,
    global_step: Option<Variable>,
    line: &'static Location<'static>,
) -> Operation {
    let _line = graph::built_at(line);
    let pairs = gradients.iter().filter_map(|(gradient, variable)| Some(((*gradient)?, *variable)));
    let pairs: Vec<(Gradient, Variable)> = pairs.collect();
    let graph = pairs.first().and_then(|(g, _)| g.values().graph().ok()).unwrap_or_else(get_default_graph);
    if pairs.is_empty() {
        let names: Vec<String> = gradients.iter().map(|(_, v)| v.op().name()).collect();
        let error = Error::invalid_argument(format!("no gradient reaches any variable of [{}]", names.join(", ")));
        graph.record(error.at(optimizer.name(), Some(line)));
        return Tensor::poisoned(&graph).op();
    }
    if pairs.iter().any(|(g, v)| g.is_poisoned() || v.reference().is_poisoned()) {
        return Tensor::poisoned(&graph).op();
    }
    let variables: Vec<Variable> = pairs.iter().map(|(_, v)| *v).collect();
    {
        let _outside = graph.clear_control_dependencies();
        optimizer.create_slots(&graph, &variables);
    }
    let name = graph.scope_name(optimizer.name());
    let _scope = graph.scope(&format!("{name}/"));
    let hyper = optimizer.prepare();
    let mut updates = Vec::with_capacity(pairs.len());
    for (gradient, variable) in pairs {
        let _scope = graph.scope(&format!("update_{}", variable.op().name()));
        let _colocated = graph.colocate_with(variable.op());
        updates.push(match gradient {
            Gradient::Dense(gradient) => optimizer.update(&hyper, variable, gradient),
            Gradient::Slices(rows) => optimizer.update_rows(&hyper, variable, rows),
        });
    }
    let train = match global_step {
        None => optimizer.finish(&graph, &hyper, &updates, &format!("{name}/")),
        Some(step) => {
            let update = optimizer.finish(&graph, &hyper, &updates, "update");
            let _after = graph.control_dependencies(&[update]);
            let _colocated = graph.colocate_with(step.op());
            assign_add_named(step, 1, &format!("{name}/"))
        }
    };
    graph.add_to_collection("train_op", train);
    train
}

/// The methods of [`Optimizer`] that users call, for one of them, so that nobody has to import the trait.
macro_rules! user_methods {
    ($optimizer:ty) => {
        impl $optimizer {
            /// See [`Optimizer::minimize`](crate::train::Optimizer::minimize).
            #[track_caller]
            pub fn minimize(&self, loss: $crate::graph::Tensor) -> $crate::graph::Operation {
                $crate::train::Optimizer::minimize(self, loss)
            }

            /// See [`Optimizer::minimize_args`](crate::train::Optimizer::minimize_args).
            pub fn minimize_args(&self, loss: $crate::graph::Tensor) -> $crate::train::Minimize<'_, Self> {
                $crate::train::Optimizer::minimize_args(self, loss)
            }

            /// See [`Optimizer::compute_gradients`](crate::train::Optimizer::compute_gradients).
            #[track_caller]
            pub fn compute_gradients(
                &self,
                loss: $crate::graph::Tensor,
                variables: Option<&[$crate::ops::state::Variable]>,
            ) -> Vec<(Option<$crate::op::Gradient>, $crate::ops::state::Variable)> {
                $crate::train::Optimizer::compute_gradients(self, loss, variables)
            }

            /// See [`Optimizer::apply_gradients`](crate::train::Optimizer::apply_gradients).
            #[track_caller]
            pub fn apply_gradients<G: Into<$crate::op::Gradient> + Copy>(
                &self,
                gradients: &[(Option<G>, $crate::ops::state::Variable)],
                global_step: Option<$crate::ops::state::Variable>,
            ) -> $crate::graph::Operation {
                $crate::train::Optimizer::apply_gradients(self, gradients, global_step)
            }
        }
    };
}
pub(super) use user_methods;

/// The keyword arguments of [`Optimizer::minimize`].
#[must_use = "nothing is built until `build` is called"]
pub struct Minimize<'a, O> {
    optimizer: &'a O,
    loss: Tensor,
    global_step: Option<Variable>,
    variables: Option<Vec<Variable>>,
}

impl<O: Optimizer> Minimize<'_, O> {
    /// A variable that counts the steps.
    pub fn global_step(mut self, step: Variable) -> Self {
        self.global_step = Some(step);
        self
    }

    /// The variables to change; all trainable ones if not said.
    pub fn var_list(mut self, variables: &[Variable]) -> Self {
        self.variables = Some(variables.to_vec());
        self
    }

    /// Builds the training operation.
    #[track_caller]
    pub fn build(self) -> Operation {
        let _line = graph::built_at(crate::graph::here());
        let gradients = self.optimizer.compute_gradients(self.loss, self.variables.as_deref());
        self.optimizer.apply_gradients(&gradients, self.global_step)
    }
}

/// The slot variables of an optimizer, made once for each variable and kept.
#[derive(Debug, Default)]
pub struct Slots(Mutex<IndexMap<(Tensor, &'static str), Variable>>);

impl Slots {
    /// The slot `kind` of `primary`; made by `make` if it is not there yet.
    pub fn get_or_create(&self, primary: Tensor, kind: &'static str, make: impl FnOnce() -> Variable) -> Variable {
        let known = self.get(primary, kind);
        known.unwrap_or_else(|| {
            let slot = make();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((primary, kind), slot);
            slot
        })
    }

    /// The slot `kind` of `primary`, if it was made. TF: `optimizer.get_slot`.
    pub fn get(&self, primary: Tensor, kind: &'static str) -> Option<Variable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(primary, kind)).copied()
    }

    /// The slot `kind` of `variable`, called `variable/name`.
    #[track_caller]
    pub(super) fn make(&self, graph: &Graph, variable: Variable, kind: &'static str, name: &str, init: &SlotInit) {
        self.get_or_create(variable.reference(), kind, || {
            let shape = variable.shape().known().unwrap_or_else(Shape::scalar);
            let dtype = variable.dtype().unwrap_or(DType::Float32);
            let name = &*slot_name(variable, name);
            match init {
                SlotInit::By(initializer) => slot_variable(graph, variable, name, &|| initializer.build(&shape, dtype)),
                SlotInit::OnesTimes(value) => {
                    let ones = || ones_initializer().build(&shape, dtype) * *value;
                    slot_variable(graph, variable, name, &ones)
                }
                SlotInit::Constant(value) => {
                    let _near = graph.colocate_with(variable.op());
                    let value = constant_initializer(*value).build(&shape, dtype);
                    slot_variable(graph, variable, name, &|| value)
                }
            }
        });
    }
}

/// The full name of what is kept beside `variable` under `name`: inside the variable scope that is open.
pub(super) fn slot_name(variable: Variable, name: &str) -> String {
    let scope = get_variable_scope();
    let inside = if scope.name().is_empty() { String::new() } else { format!("{}/", scope.name()) };
    format!("{inside}{}/{name}", variable.op().name())
}

/// The initial value of a slot.
#[derive(Clone, Debug)]
pub(super) enum SlotInit {
    /// What an initializer makes.
    By(Initializer),
    /// Ones, multiplied by this number.
    OnesTimes(f64),
    /// This number, by a constant outside of the slot.
    Constant(f64),
}

/// The sum of each row, and which rows they are, without one that comes twice.
#[track_caller]
pub fn deduplicated(rows: IndexedSlices) -> IndexedSlices {
    let (indices, positions) = unique(rows.indices);
    let values = unsorted_segment_sum(rows.values, positions, item(shape(indices), 0));
    IndexedSlices { values, indices, ..rows }
}

/// A number of a step as a tensor called `name`.
#[track_caller]
pub(super) fn number(value: impl IntoTensor, name: &str) -> Tensor {
    crate::op::convert(value.into_arg(), name, None)
}
