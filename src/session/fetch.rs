//! What `run` computes: any mix of tensors, operations and names, given back in the same structure.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Operation, Tensor};
use crate::op::{Gradient, IndexedSlices};
use crate::ops::array::SparseTensor;
use crate::ops::state::Variable;
use crate::shape::Shape;
use crate::value::{Element, IntoValue, Number, Value};

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

impl Fetch for Target {
    type Output = Value;
    fn targets(&self, targets: &mut Vec<Target>) {
        targets.push(self.clone());
    }
    fn take(&self, results: &mut Results) -> Value {
        results.value()
    }
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

impl Fetch for IndexedSlices {
    type Output = IndexedSlicesValue;
    fn targets(&self, targets: &mut Vec<Target>) {
        targets.extend([self.values, self.indices, self.dense_shape].map(Target::Tensor));
    }
    fn take(&self, results: &mut Results) -> IndexedSlicesValue {
        let [values, indices, dense_shape] = std::array::from_fn(|_| results.value());
        IndexedSlicesValue { values, indices, dense_shape }
    }
}

impl Fetch for SparseTensor {
    type Output = SparseTensorValue;
    fn targets(&self, targets: &mut Vec<Target>) {
        targets.extend([self.indices, self.values, self.dense_shape].map(Target::Tensor));
    }
    fn take(&self, results: &mut Results) -> SparseTensorValue {
        let [indices, values, dense_shape] = std::array::from_fn(|_| results.value());
        SparseTensorValue { indices, values, dense_shape }
    }
}

/// The value of a [`SparseTensor`](struct@SparseTensor). TF: `tf.SparseTensorValue`.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseTensorValue {
    /// The coordinates of the elements, one row for each.
    pub indices: Value,
    /// The elements.
    pub values: Value,
    /// The sizes of the whole array.
    pub dense_shape: Value,
}

/// The value of a sparse tensor. TF: `tf.SparseTensorValue(indices, values, dense_shape)`.
///
/// `indices` and `dense_shape` are int64. What is no array (ragged vectors) becomes one without elements, which no sparse
/// tensor takes.
#[allow(non_snake_case)]
pub fn SparseTensorValue(
    indices: impl IntoValue,
    values: impl IntoValue,
    dense_shape: impl IntoValue,
) -> SparseTensorValue {
    let value = |literal: Result<crate::value::Literal>, dtype| {
        literal.and_then(|literal| literal.resolve(dtype)).unwrap_or_else(|_| nothing())
    };
    SparseTensorValue {
        indices: value(indices.into_literal(), Some(DType::Int64)),
        values: value(values.into_literal(), None),
        dense_shape: value(dense_shape.into_literal(), Some(DType::Int64)),
    }
}

impl Fetch for Gradient {
    type Output = GradientValue;
    fn targets(&self, targets: &mut Vec<Target>) {
        match self {
            Gradient::Dense(tensor) => tensor.targets(targets),
            Gradient::Slices(slices) => slices.targets(targets),
        }
    }
    fn take(&self, results: &mut Results) -> GradientValue {
        match self {
            Gradient::Dense(tensor) => GradientValue::Dense(tensor.take(results)),
            Gradient::Slices(slices) => GradientValue::Slices(slices.take(results)),
        }
    }
}

/// The value of [`IndexedSlices`]. TF: `tf.IndexedSlicesValue`.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexedSlicesValue {
    /// The rows.
    pub values: Value,
    /// Which rows of the array they are.
    pub indices: Value,
    /// The shape of the array.
    pub dense_shape: Value,
}

/// The value of a [`Gradient`].
#[derive(Clone, Debug, PartialEq)]
pub enum GradientValue {
    /// As large as the tensor.
    Dense(Value),
    /// For some rows; zero for the others.
    Slices(IndexedSlicesValue),
}

impl GradientValue {
    /// The gradient of the whole tensor. An error if its rows do not lie in it.
    pub fn dense(&self) -> Result<Value> {
        match self {
            GradientValue::Dense(value) => Ok(value.clone()),
            GradientValue::Slices(slices) => slices.dense(),
        }
    }

    /// The one number of a gradient of a single number.
    pub fn item<T: Element>(&self) -> Result<T> {
        self.dense()?.item()
    }

    /// The numbers of a gradient that is not made of rows, row-major.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        match self {
            GradientValue::Dense(value) => value.as_slice(),
            GradientValue::Slices(_) => {
                Err(Error::invalid_argument("the gradient is for some rows only: `dense()` makes it whole"))
            }
        }
    }
}

impl IndexedSlicesValue {
    /// The whole array. An error if the rows do not lie in it.
    pub fn dense(&self) -> Result<Value> {
        let sizes = self.dense_shape.integers()?.into_iter().map(usize::try_from);
        let sizes: Vec<usize> = sizes.collect::<std::result::Result<_, _>>().map_err(|_| self.wrong())?;
        let rows = self.indices.integers()?;
        let mut whole = Value::zeros(self.values.dtype(), Shape::from(sizes.as_slice()))?;
        let width = whole.len().checked_div(sizes.first().copied().unwrap_or(0)).unwrap_or(0);
        if rows.len().saturating_mul(width) != self.values.len() {
            return Err(self.wrong());
        }
        dispatch!(self.values.dtype(), numbers, T => {
            let (whole, values) = (whole.make_mut::<T>()?, self.values.as_slice::<T>()?);
            for (i, &row) in rows.iter().enumerate() {
                let start = usize::try_from(row).ok().and_then(|row| row.checked_mul(width)).ok_or_else(|| self.wrong())?;
                let part = whole.get_mut(start..start.saturating_add(width)).ok_or_else(|| self.wrong())?;
                part.iter_mut().zip(&values[i * width..]).for_each(|(sum, value)| *sum = sum.plus(*value));
            }
            Ok(())
        })?;
        Ok(whole)
    }

    fn wrong(&self) -> Error {
        let (values, shape) = (self.values.shape(), &self.dense_shape);
        Error::invalid_argument(format!("rows of shape {values} do not lie in an array of shape {shape}"))
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
