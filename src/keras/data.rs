//! The data of models: values for their inputs, and for what is true.

use ndarray::{ArrayBase, Data as Storage, Dimension};

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::shape::Shape;
use crate::value::{Element, IntoValue, Literal, Number, Value};

/// The values of one input or output, or of several.
pub struct Data(Parts);

enum Parts {
    One(Result<Literal>),
    /// In the order of the inputs or outputs.
    Listed(Vec<Result<Literal>>),
    /// By the names of the inputs or outputs.
    Named(Vec<(String, Result<Literal>)>),
}

/// What can stand for the data of a model: a value for its one input or output, for several a tuple or a list, or pairs of
/// names and values.
pub trait IntoData {
    /// The data.
    fn into_data(self) -> Data;
}

impl<T: IntoValue> IntoData for T {
    fn into_data(self) -> Data {
        Data(Parts::One(self.into_literal()))
    }
}

macro_rules! listed {
    ($([$($generics:tt)*] $list:ty;)*) => {$(
        impl<$($generics)*> IntoData for $list {
            fn into_data(self) -> Data {
                Data(Parts::Listed(self.into_iter().map(IntoValue::into_literal).collect()))
            }
        }
    )*};
}
listed! {
    [const N: usize] [Value; N];
    [const N: usize] [&Value; N];
    [] &[Value];
    [] Vec<Value>;
    [] &Vec<Value>;
    [T: Element, S: Storage<Elem = T>, D: Dimension, const N: usize] [ArrayBase<S, D>; N];
    [T: Element, S: Storage<Elem = T>, D: Dimension, const N: usize] [&ArrayBase<S, D>; N];
}

macro_rules! tuples {
    ($(($($part:ident),+);)*) => {$(
        #[allow(non_snake_case)]
        impl<$($part: IntoValue),+> IntoData for ($($part,)+) {
            fn into_data(self) -> Data {
                let ($($part,)+) = self;
                Data(Parts::Listed(vec![$($part.into_literal()),+]))
            }
        }
    )*};
}
tuples! {
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, D);
}

impl<V: IntoValue, const N: usize> IntoData for [(&str, V); N] {
    fn into_data(self) -> Data {
        Data(Parts::Named(self.into_iter().map(|(name, value)| (name.to_owned(), value.into_literal())).collect()))
    }
}

impl<V: IntoValue> IntoData for Vec<(&str, V)> {
    fn into_data(self) -> Data {
        Data(Parts::Named(self.into_iter().map(|(name, value)| (name.to_owned(), value.into_literal())).collect()))
    }
}

impl Clone for Data {
    fn clone(&self) -> Self {
        Data(match &self.0 {
            Parts::One(one) => Parts::One(one.clone()),
            Parts::Listed(all) => Parts::Listed(all.clone()),
            Parts::Named(all) => Parts::Named(all.clone()),
        })
    }
}

impl Data {
    /// A value for each of what is called `names`, of the type in the same place.
    pub(super) fn resolve(self, what: &str, names: &[String], dtypes: &[DType]) -> Result<Vec<Value>> {
        let literals = match self.0 {
            Parts::One(one) => vec![one],
            Parts::Listed(all) => all,
            Parts::Named(mut all) => {
                let found = names.iter().map(|name| {
                    let place = all.iter().position(|(given, _)| given == name);
                    place.map(|place| all.swap_remove(place).1).ok_or_else(|| {
                        let given = all.iter().map(|(given, _)| given.as_str()).collect::<Vec<_>>().join(", ");
                        Error::invalid_argument(format!("{what} has nothing for '{name}'; it has {given}"))
                    })
                });
                let found = found.collect::<Result<Vec<_>>>()?;
                if let Some((name, _)) = all.first() {
                    let known = names.join(", ");
                    return Err(Error::invalid_argument(format!("{what} has '{name}', but the model has {known}")));
                }
                found
            }
        };
        if literals.len() != names.len() {
            let (given, known) = (literals.len(), names.join(", "));
            return Err(Error::invalid_argument(format!("{what} is {given} values, but the model has {known}")));
        }
        literals.into_iter().zip(dtypes).map(|(literal, dtype)| literal?.resolve(Some(*dtype))).collect()
    }
}

/// Inputs and what is true of them, as many of each.
#[derive(Clone)]
pub(super) struct Examples {
    pub(super) x: Vec<Value>,
    pub(super) y: Vec<Value>,
}

impl Examples {
    pub(super) fn len(&self) -> usize {
        self.x.first().map_or(0, rows_of)
    }

    /// The first examples and the others.
    pub(super) fn split(self, at: usize) -> Result<(Examples, Examples)> {
        let part = |from: usize, to: usize| {
            let rows: Vec<usize> = (from..to).collect();
            Ok(Examples { x: pick_all(&self.x, &rows)?, y: pick_all(&self.y, &rows)? })
        };
        Ok((part(0, at)?, part(at, self.len())?))
    }
}

/// How many examples a value holds.
pub(super) fn rows_of(value: &Value) -> usize {
    value.shape().dims().first().copied().unwrap_or_default()
}

/// Rows `rows` of each value.
pub(super) fn pick_all(values: &[Value], rows: &[usize]) -> Result<Vec<Value>> {
    values.iter().map(|value| pick(value, rows)).collect()
}

/// Rows `rows` of a value.
fn pick(value: &Value, rows: &[usize]) -> Result<Value> {
    let mut dims = value.shape().dims().to_vec();
    let width: usize = dims[1..].iter().product();
    dims[0] = rows.len();
    dispatch!(value.dtype(), all, T => {
        let all = value.as_slice::<T>()?;
        let mut elements = Vec::with_capacity(rows.len() * width);
        for &row in rows {
            elements.extend_from_slice(&all[row * width..(row + 1) * width]);
        }
        Value::new(Shape::new(&dims), elements)
    })
}

/// The numbers of classes in the shape of the output without its last dimension.
pub(super) fn flat_classes(y: Value, output: &Tensor) -> Result<Value> {
    let dims = y.shape().dims().to_vec();
    match (dims.as_slice(), output.rank()) {
        ([outer @ .., 1], Some(rank)) if dims.len() == rank => y.reshaped(Shape::new(outer)),
        _ => Ok(y),
    }
}

/// A list of numbers for an output of one number each gets a last dimension, as in Keras.
pub(super) fn same_rank(y: Value, output: &Tensor) -> Value {
    let n = rows_of(&y);
    match (y.shape().rank(), output.shape().dims()) {
        (1, Some([_, Some(1)])) => y.clone().reshaped([n, 1]).unwrap_or(y),
        _ => y,
    }
}

pub(super) fn check_classes(y: &Value, output: &Tensor) -> Result<()> {
    let classes = output.rank().and_then(|rank| output.shape().dim(rank.checked_sub(1)?)).unwrap_or_default();
    let numbers: Vec<f64> = dispatch!(y.dtype(), numbers, T => {
        Ok(y.as_slice::<T>()?.iter().map(|&x| Number::to_f64(x)).collect())
    })?;
    match numbers.iter().position(|&x| x.fract() != 0.0 || x < 0.0 || x >= classes as f64) {
        None => Ok(()),
        Some(i) => Err(Error::invalid_argument(format!(
            "label {i} is {}, but the classes are 0 to {}",
            numbers[i],
            classes as i64 - 1
        ))),
    }
}
