//! What `run` computes: any mix of tensors, operations and names, given back in the same structure.

use crate::error::Result;
use crate::graph::{Operation, Tensor};
use crate::ops::state::Variable;
use crate::value::Value;

/// One thing to compute or to run.
#[derive(Clone, Debug)]
pub enum Target {
    /// A tensor, for its value.
    Tensor(Tensor),
    /// An operation, for its effect.
    Operation(Operation),
    /// A tensor (`"cost:0"`) or an operation (`"train"`) by name.
    Name(String),
}

/// The results of a run, in the order of the targets.
pub struct Results(pub(super) std::vec::IntoIter<Value>);

impl Results {
    fn value(&mut self) -> Value {
        self.0.next().unwrap_or_else(nothing)
    }
}

/// What stands for the result of an operation: no elements.
pub(super) fn nothing() -> Value {
    Value::vector(Vec::<bool>::new())
}

/// What can be fetched: a [`Tensor`], an [`Operation`], a [`Variable`](struct@crate::Variable), a name, or tuples,
/// arrays, slices and vectors of these.
pub trait Fetch {
    /// What comes back: a [`Value`] for a tensor, `()` for an operation, and the same structure for a structure.
    type Output;
    /// Appends what has to be computed.
    fn targets(&self, targets: &mut Vec<Target>);
    /// Takes the results of its targets.
    fn take(&self, results: &mut Results) -> Self::Output;
}

impl Fetch for Tensor {
    type Output = Value;
    fn targets(&self, targets: &mut Vec<Target>) {
        targets.push(Target::Tensor(*self));
    }
    fn take(&self, results: &mut Results) -> Value {
        results.value()
    }
}

impl Fetch for Variable {
    type Output = Value;
    fn targets(&self, targets: &mut Vec<Target>) {
        targets.push(Target::Tensor(self.value()));
    }
    fn take(&self, results: &mut Results) -> Value {
        results.value()
    }
}

impl Fetch for Operation {
    type Output = ();
    fn targets(&self, targets: &mut Vec<Target>) {
        targets.push(Target::Operation(*self));
    }
    fn take(&self, results: &mut Results) {
        results.value();
    }
}

/// A name. An operation's name gives back an array without elements.
impl Fetch for &str {
    type Output = Value;
    fn targets(&self, targets: &mut Vec<Target>) {
        targets.push(Target::Name((*self).to_owned()));
    }
    fn take(&self, results: &mut Results) -> Value {
        results.value()
    }
}

impl Fetch for String {
    type Output = Value;
    fn targets(&self, targets: &mut Vec<Target>) {
        self.as_str().targets(targets);
    }
    fn take(&self, results: &mut Results) -> Value {
        results.value()
    }
}

impl<F: Fetch> Fetch for Vec<F> {
    type Output = Vec<F::Output>;
    fn targets(&self, targets: &mut Vec<Target>) {
        self.iter().for_each(|fetch| fetch.targets(targets));
    }
    fn take(&self, results: &mut Results) -> Self::Output {
        self.iter().map(|fetch| fetch.take(results)).collect()
    }
}

impl<F: Fetch> Fetch for &[F] {
    type Output = Vec<F::Output>;
    fn targets(&self, targets: &mut Vec<Target>) {
        self.iter().for_each(|fetch| fetch.targets(targets));
    }
    fn take(&self, results: &mut Results) -> Self::Output {
        self.iter().map(|fetch| fetch.take(results)).collect()
    }
}

impl<F: Fetch, const N: usize> Fetch for [F; N] {
    type Output = [F::Output; N];
    fn targets(&self, targets: &mut Vec<Target>) {
        self.iter().for_each(|fetch| fetch.targets(targets));
    }
    fn take(&self, results: &mut Results) -> Self::Output {
        self.each_ref().map(|fetch| fetch.take(results))
    }
}

/// Nothing.
impl Fetch for () {
    type Output = ();
    fn targets(&self, _: &mut Vec<Target>) {}
    fn take(&self, _: &mut Results) {}
}

macro_rules! fetch_tuples {
    ($(($($F:ident $i:tt),*))*) => {$(
        impl<$($F: Fetch),*> Fetch for ($($F,)*) {
            type Output = ($($F::Output,)*);
            fn targets(&self, targets: &mut Vec<Target>) {
                $(self.$i.targets(targets);)*
            }
            fn take(&self, results: &mut Results) -> Self::Output {
                ($(self.$i.take(results),)*)
            }
        }
    )*};
}
fetch_tuples! {
    (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5) (A 0, B 1, C 2, D 3, E 4, F 5, G 6) (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}

impl Target {
    /// The tensor or the operation, with names looked up.
    pub(super) fn resolve(self, graph: &crate::graph::Graph) -> Result<Target> {
        match self {
            Target::Name(name) if name.contains(':') => graph.get_tensor_by_name(&name).map(Target::Tensor),
            Target::Name(name) => graph.get_operation_by_name(&name).map(Target::Operation),
            target => Ok(target),
        }
    }
}
