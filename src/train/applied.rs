//! Optimizers whose step is one `Apply…` operation: what they share, in one place.

use super::optimizer::{Optimizer, SlotInit, Slots, deduplicated, number};
use crate::dtype::DType;
use crate::graph::{Graph, Operation, Tensor};
use crate::op::{Arg, ArgType, Argument, Gradient, IndexedSlices, IntoTensor, Signature};
use crate::ops::math::cast;
use crate::ops::state::{Forms, Variable};

/// What every optimizer has.
#[derive(Debug)]
pub(super) struct Common {
    pub name: String,
    pub use_locking: bool,
    pub slots: Slots,
}

impl Common {
    pub(super) fn named(name: &str) -> Self {
        Common { name: name.into(), use_locking: false, slots: Slots::default() }
    }
}

/// An optimizer whose step is one operation.
pub(super) trait Applied {
    /// Its name, slots and locking.
    fn common(&self) -> &Common;

    /// The operation, in its forms.
    fn forms(&self) -> &'static Forms;

    /// The slots in the order of the operation's arguments: their kind, the name of their variable, what they hold at
    /// first.
    fn slots(&self) -> Vec<(&'static str, &str, SlotInit)>;

    /// Makes the numbers of a step into tensors.
    fn prepare(&self) -> Vec<Tensor>;

    /// The operation's scalars in the order of its arguments.
    fn scalars(&self, numbers: &[Tensor], variable: Variable) -> Vec<Arg> {
        numbers.iter().map(|number| cast(*number, variable.dtype().unwrap_or(DType::Float32)).into_arg()).collect()
    }

    /// The attribute that is a truth value besides `use_locking`.
    fn flag(&self) -> Option<(&'static str, bool)> {
        None
    }

    /// The slots in the order in which they are made.
    fn made(&self) -> Vec<(&'static str, &str, SlotInit)> {
        self.slots()
    }
}

impl<A: Applied> Optimizer for A {
    type Hyper = Vec<Tensor>;

    fn name(&self) -> &str {
        &self.common().name
    }

    fn create_slots(&self, graph: &Graph, variables: &[Variable]) {
        for variable in variables {
            for (kind, name, init) in self.made() {
                self.common().slots.make(graph, *variable, kind, name, &init);
            }
        }
    }

    fn prepare(&self) -> Vec<Tensor> {
        Applied::prepare(self)
    }

    fn update(&self, numbers: &Vec<Tensor>, variable: Variable, gradient: Tensor) -> Operation {
        step(self, numbers, variable, gradient.into())
    }

    fn update_rows(&self, numbers: &Vec<Tensor>, variable: Variable, rows: IndexedSlices) -> Operation {
        step(self, numbers, variable, deduplicated(rows).into())
    }
}

fn step(optimizer: &impl Applied, numbers: &[Tensor], variable: Variable, gradient: Gradient) -> Operation {
    let common = optimizer.common();
    let poisoned = Tensor { node: crate::graph::NodeId::POISON, ..variable.reference() };
    let slot = |kind| common.slots.get(variable.reference(), kind).map_or(poisoned, Variable::reference);
    let slots: Vec<Tensor> = optimizer.slots().into_iter().map(|(kind, ..)| slot(kind)).collect();
    let scalars = optimizer.scalars(numbers, variable);
    apply(optimizer.forms(), variable, &slots, &scalars, gradient, common.use_locking, optimizer.flag())
}

/// The operation of `forms` for `variable` and its slots.
#[track_caller]
pub(super) fn apply(
    forms: &Forms,
    variable: Variable,
    slots: &[Tensor],
    scalars: &[Arg],
    gradient: Gradient,
    use_locking: bool,
    flag: Option<(&'static str, bool)>,
) -> Operation {
    let (dense, sparse) = match variable.is_resource() {
        true => (forms.resource, forms.resource_sparse),
        false => (forms.dense, forms.sparse),
    };
    let (op, gradient, rows) = match (gradient, sparse) {
        (Gradient::Slices(slices), Some(sparse)) => (sparse, slices.values, Some(slices.indices)),
        (Gradient::Slices(slices), None) => (dense, number(slices, "gradient"), None),
        (Gradient::Dense(tensor), _) => (dense, tensor, None),
    };
    let mut variables = std::iter::once(variable.reference()).chain(slots.iter().copied());
    let mut scalars = scalars.iter().cloned();
    let argument = |name: &str, is_variable: bool| match name {
        "grad" | "delta" => Some(gradient.into_arg()),
        "indices" => rows.map(IntoTensor::into_arg),
        _ if is_variable => variables.next().map(IntoTensor::into_arg),
        _ => scalars.next(),
    };
    let args = op.signature().ok().and_then(|sig| arguments(sig, argument)).unwrap_or_default();
    let call = op.call_with(args).attr("use_locking", use_locking);
    if let Some((name, value)) = flag { call.attr(name, value) } else { call }.operation()
}

fn arguments(sig: &Signature, mut argument: impl FnMut(&str, bool) -> Option<Arg>) -> Option<Vec<Arg>> {
    let is_variable = |input: &Argument| input.is_ref || input.dtype == ArgType::Fixed(DType::Resource);
    sig.inputs.iter().map(|input| argument(&input.name, is_variable(input))).collect()
}

/// The builder methods that optimizers share, and one for each of their numbers.
macro_rules! setters {
    ($optimizer:ident: $($(#[$doc:meta])* $field:ident $type:ty;)*) => {
        impl $optimizer {
            $($(#[$doc])*
            pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                self.$field = $field.into();
                self
            })*

            /// Sets the attribute `use_locking` of the updates, which are atomic in either case.
            pub fn use_locking(mut self, use_locking: bool) -> Self {
                self.common.use_locking = use_locking;
                self
            }

            /// The name of the operations and slots.
            pub fn with_name(mut self, name: &str) -> Self {
                self.common.name = name.to_owned();
                self
            }

            /// The slots made so far.
            pub fn slots(&self) -> &$crate::train::Slots {
                &self.common.slots
            }
        }
    };
}
pub(super) use setters;
