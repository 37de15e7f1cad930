//! What can become a [`Value`]: numbers, strings, nested arrays and vectors, slices, ndarrays.

use ndarray::{ArrayBase, Data as Storage, Dimension};

use super::{Element, Number, Value};
use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::Shape;

/// A value together with how firmly its data type is meant.
///
/// A Rust literal such as `2.0` or `[1, 2]` has the type that Rust falls back to, `f64` or `i32`. Like a Python number
/// it takes the type of what it meets (and is float32 or int32 on its own). An ndarray, a `Value` or a
/// number of another type keeps its type.
#[derive(Clone, Debug)]
pub struct Literal {
    value: Value,
    flexible: bool,
}

impl Literal {
    /// A literal whose type is meant.
    pub fn firm(value: Value) -> Self {
        Literal { value, flexible: false }
    }

    /// A literal that takes the type of what it meets.
    pub fn flexible(value: Value) -> Self {
        Literal { value, flexible: true }
    }

    /// The value for a place where `wanted` is expected, or for one where anything goes.
    ///
    /// A firm literal comes back as it is: whether its type fits is for the caller to judge. A flexible one is
    /// converted if nothing is lost in kind: integers to any number, floating-point numbers to floating-point ones.
    pub fn resolve(self, wanted: Option<DType>) -> Result<Value> {
        if !self.flexible {
            return Ok(self.value);
        }
        let found = self.value.dtype();
        let target = wanted.unwrap_or(if found == DType::Float64 { DType::Float32 } else { found });
        if target == found || !fits(found, target) { Ok(self.value) } else { self.value.cast(target) }
    }
}

/// Whether every number of kind `from` has a meaning in `to`: nothing but range and precision can be lost.
fn fits(from: DType, to: DType) -> bool {
    (from.is_integer() && to.is_numeric()) || (from.is_floating() && to.is_floating())
}

impl Value {
    /// The elements converted one by one, as far as that loses no kind: integers to any number, floating-point numbers
    /// to floating-point ones. An error for any other pair, or for an integer that the target cannot hold.
    pub fn convert(self, to: DType) -> Result<Value> {
        if self.dtype() == to {
            return Ok(self);
        }
        if !fits(self.dtype(), to) {
            return Err(Error::invalid_argument(format!("{} cannot become {to}", self.dtype())));
        }
        self.cast(to)
    }

    fn cast(&self, to: DType) -> Result<Value> {
        let numbers = self.float64s()?;
        dispatch!(to, numbers, T => self.of_numbers::<T>(&numbers))
    }

    /// The elements, which are numbers, as float64.
    pub(crate) fn float64s(&self) -> Result<Vec<f64>> {
        dispatch!(self.dtype(), numbers, T => Ok(self.as_slice::<T>()?.iter().map(|x| x.to_f64()).collect()))
    }

    /// An array like this one of `numbers`, which are its own.
    fn of_numbers<T: Number>(&self, numbers: &[f64]) -> Result<Value> {
        let elements: Vec<T> = numbers.iter().map(|x| T::from_f64(*x)).collect();
        // An int64 beyond 2^53 passes through f64 unharmed only if it comes back the same.
        let whole = self.dtype().is_integer() && T::DTYPE.is_integer();
        let lost = elements.iter().zip(numbers).position(|(y, x)| y.to_f64() != *x);
        if let Some(lost) = lost.filter(|_| whole) {
            return Err(Error::invalid_argument(format!("{} does not fit in {}", self.integers()?[lost], T::DTYPE)));
        }
        Value::new(self.shape().clone(), elements)
    }
}

/// What can be fed, or stand as a constant where a tensor is wanted.
///
/// Numbers, `&str` and `String`, arrays and vectors of these nested at will, slices, ndarrays and their views, and
/// [`Value`]s. Owned arrays and vectors of numbers are moved in, not copied.
pub trait IntoValue {
    /// The value. An error if nested vectors are ragged.
    fn into_literal(self) -> Result<Literal>;
}

impl IntoValue for Value {
    fn into_literal(self) -> Result<Literal> {
        Ok(Literal::firm(self))
    }
}

impl IntoValue for &Value {
    fn into_literal(self) -> Result<Literal> {
        Ok(Literal::firm(self.clone()))
    }
}

impl IntoValue for Literal {
    fn into_literal(self) -> Result<Literal> {
        Ok(self)
    }
}

/// A list of elements.
impl<T: Element, const N: usize> From<[T; N]> for Value {
    fn from(elements: [T; N]) -> Self {
        Value::vector(elements.to_vec())
    }
}

/// A matrix.
impl<T: Element, const N: usize, const M: usize> From<[[T; M]; N]> for Value {
    fn from(rows: [[T; M]; N]) -> Self {
        Value::whole(Shape::from([N, M]), rows.concat())
    }
}

impl<T: Element, S: Storage<Elem = T>, D: Dimension> From<ArrayBase<S, D>> for Value {
    /// The array's elements: moved if it owns them in row-major order, else copied.
    fn from(array: ArrayBase<S, D>) -> Self {
        let shape = Shape::new(array.shape());
        let array = array.into_owned();
        let elements = if array.is_standard_layout() {
            let n = array.len();
            match array.into_raw_vec_and_offset() {
                (elements, None | Some(0)) if elements.len() == n => elements,
                (elements, offset) => elements.into_iter().skip(offset.unwrap_or(0)).take(n).collect(),
            }
        } else {
            array.iter().cloned().collect()
        };
        Value::whole(shape, elements)
    }
}

impl<T: Element, S: Storage<Elem = T>, D: Dimension> IntoValue for ArrayBase<S, D> {
    fn into_literal(self) -> Result<Literal> {
        Ok(Literal::firm(Value::from(self)))
    }
}

impl<T: Element, S: Storage<Elem = T>, D: Dimension> IntoValue for &ArrayBase<S, D> {
    fn into_literal(self) -> Result<Literal> {
        Ok(Literal::firm(Value::from(self.view())))
    }
}

/// Elements nested in arrays, vectors and slices.
#[doc(hidden)]
pub trait Nested: Sized {
    /// The elements' type.
    type Element: Element;
    /// Whether the type is Rust's fall-back for literals.
    const FLEXIBLE: bool;
    /// The sizes from here inwards, appended to `dims`.
    fn dims(&self, dims: &mut Vec<usize>);
    /// The elements, appended to `out`; an error if the sizes are not `dims`.
    fn flatten(self, dims: &[usize], out: &mut Vec<Self::Element>) -> Result<()>;
    /// The elements of all `items`, appended to `out`; a list of elements that comes first is moved.
    fn flatten_all(items: Vec<Self>, dims: &[usize], out: &mut Vec<Self::Element>) -> Result<()> {
        items.into_iter().try_for_each(|item| item.flatten(dims, out))
    }
}

macro_rules! nested_elements {
    ($($element:ty, $flexible:literal;)*) => {$(
        impl Nested for $element {
            type Element = $element;
            const FLEXIBLE: bool = $flexible;
            fn dims(&self, _dims: &mut Vec<usize>) {}
            fn flatten(self, _dims: &[usize], out: &mut Vec<$element>) -> Result<()> {
                out.push(self);
                Ok(())
            }
            fn flatten_all(mut items: Vec<$element>, _dims: &[usize], out: &mut Vec<$element>) -> Result<()> {
                if out.is_empty() {
                    *out = items;
                } else {
                    out.append(&mut items);
                }
                Ok(())
            }
        }
    )*};
}
nested_elements! {
    f32, false;
    f64, true;
    i32, true;
    i64, false;
    u8, false;
    bool, false;
}

macro_rules! nested_scalars {
    ($($rust:ty => $element:ty, $flexible:literal, $convert:expr;)*) => {$(
        impl Nested for $rust {
            type Element = $element;
            const FLEXIBLE: bool = $flexible;
            fn dims(&self, _dims: &mut Vec<usize>) {}
            fn flatten(self, _dims: &[usize], out: &mut Vec<$element>) -> Result<()> {
                let convert: fn($rust) -> Result<$element> = $convert;
                out.push(convert(self)?);
                Ok(())
            }
        }
    )*};
}
nested_scalars! {
    usize => i32, true, |n| i32::try_from(n).map_err(|_| Error::invalid_argument(format!("{n} does not fit in int32")));
    &str => Vec<u8>, false, |s| Ok(s.as_bytes().to_vec());
    String => Vec<u8>, false, |s| Ok(s.into_bytes());
}

macro_rules! nested_lists {
    ($([$($generics:tt)*] $list:ty, $self:ident => $items:expr;)*) => {$(
        impl<$($generics)*> Nested for $list {
            type Element = T::Element;
            const FLEXIBLE: bool = T::FLEXIBLE;
            fn dims(&self, dims: &mut Vec<usize>) {
                dims.push(self.len());
                if let Some(first) = self.first() {
                    first.dims(dims);
                }
            }
            fn flatten($self, dims: &[usize], out: &mut Vec<T::Element>) -> Result<()> {
                let (len, inner) = dims.split_first().map_or((0, dims), |(n, inner)| (*n, inner));
                if $self.len() != len {
                    return Err(Error::invalid_argument(format!(
                        "nested lists are ragged: one has {len} items, another {}", $self.len()
                    )));
                }
                T::flatten_all($items, inner, out)
            }
        }
    )*};
}
nested_lists! {
    [T: Nested, const N: usize] [T; N], self => Vec::from(self);
    [T: Nested] Vec<T>, self => self;
    [T: Nested + Clone] &[T], self => self.to_vec();
    [T: Nested + Clone] &Vec<T>, self => self.to_vec();
    [T: Nested + Clone, const N: usize] &[T; N], self => self.to_vec();
}

impl<T: Nested> IntoValue for T {
    fn into_literal(self) -> Result<Literal> {
        let mut dims = Vec::new();
        self.dims(&mut dims);
        let mut elements = Vec::new();
        self.flatten(&dims, &mut elements)?;
        Ok(Literal { value: Value::new(dims.as_slice(), elements)?, flexible: T::FLEXIBLE })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ndarray::{arr1, arr2};

    use super::*;

    fn resolved(v: impl IntoValue, wanted: Option<DType>) -> String {
        let value = v.into_literal().unwrap().resolve(wanted).unwrap();
        format!("{} {} {:?}", value.dtype(), value.shape(), value)
    }

    #[test]
    fn literals_take_the_type_they_meet() {
        assert_eq!(resolved(2.0, None), "float32 [] 2");
        assert_eq!(resolved(2, None), "int32 [] 2");
        assert_eq!(resolved(2, Some(DType::Float64)), "float64 [] 2");
        assert_eq!(resolved([1.5, 2.5], Some(DType::Float64)), "float64 [2] [1.5 2.5]");
        assert_eq!(resolved(1.5, Some(DType::Int32)), "float64 [] 1.5");
        assert_eq!(resolved(arr1(&[1.5f64]), Some(DType::Float32)), "float64 [1] [1.5]");
        assert_eq!(resolved([[1, 2], [3, 4]], None), "int32 [2,2] [[1 2]\n [3 4]]");
        assert_eq!(resolved(vec![vec![1i64], vec![2]], None), "int64 [2,1] [[1]\n [2]]");
        assert_eq!(resolved("ab", None), "string [] b'ab'");
    }

    #[test]
    fn ragged_and_overflowing_lists_are_errors() {
        let error = vec![vec![1], vec![2, 3]].into_literal().unwrap_err();
        assert_eq!(error.message(), "nested lists are ragged: one has 1 items, another 2");
        assert!(Value::scalar(1i64 << 40).convert(DType::Int32).is_err());
        assert!(Value::scalar(1.5f32).convert(DType::Int32).is_err());
        assert_eq!(Value::scalar(7i64).convert(DType::Int32).unwrap(), Value::scalar(7i32));
    }

    #[test]
    fn ndarrays_of_any_layout_arrive_row_major() {
        let array = arr2(&[[1.0f32, 2.0], [3.0, 4.0]]);
        assert_eq!(Value::from(array.t()).as_slice::<f32>().unwrap(), [1.0, 3.0, 2.0, 4.0]);
        let address = array.as_ptr();
        let value = Value::from(array);
        assert_eq!(value.as_slice::<f32>().unwrap().as_ptr(), address);
    }

    #[test]
    fn vectors_are_moved() {
        let numbers = vec![1.0f32, 2.0];
        let address = numbers.as_ptr();
        let value = numbers.into_literal().unwrap().resolve(None).unwrap();
        assert_eq!(value.as_slice::<f32>().unwrap().as_ptr(), address);
        assert_eq!(
            resolved(vec![[[1.0f32], [2.0]], [[3.0], [4.0]]], None),
            "float32 [2,2,1] [[[1]\n  [2]]\n\n [[3]\n  [4]]]"
        );
    }
}
