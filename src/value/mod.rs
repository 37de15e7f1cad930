//! Run-time data: [`Value`], a typed n-dimensional array whose elements are shared, not copied.

mod bytes;
mod convert;
mod display;
mod element;

pub(crate) use bytes::Bytes;
#[doc(hidden)]
pub use convert::Nested;
pub use convert::{IntoValue, Literal};
pub use element::{Element, Number};

use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, IxDyn};

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::Shape;

/// An array of one [`DType`] and [`Shape`], row-major. Cloning shares the elements.
///
/// ```
/// use flowstone as tf;
/// let value = tf::Value::from(tf::ndarray::arr2(&[[1.0f32, 2.0], [3.0, 4.0]]));
/// assert_eq!(value.dtype(), tf::float32);
/// assert_eq!(value.shape().dims(), [2, 2]);
/// assert_eq!(value.as_slice::<f32>()?, [1.0, 2.0, 3.0, 4.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[derive(Clone)]
pub struct Value {
    shape: Shape,
    /// The number of elements: those in front of a buffer that may be longer.
    len: usize,
    data: Data,
    home: Home,
}

/// Whose buffer the elements lie in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Home {
    /// One that nobody waits for.
    #[default]
    Elsewhere,
    /// This one of a run's planned buffers.
    Planned(u32),
    /// One that any later step of a run may use.
    Pool,
}

/// The elements of a [`Value`].
#[derive(Clone)]
pub(crate) enum Data {
    Float32(Arc<Vec<f32>>),
    Float64(Arc<Vec<f64>>),
    Int32(Arc<Vec<i32>>),
    Int64(Arc<Vec<i64>>),
    UInt8(Arc<Vec<u8>>),
    Bool(Arc<Vec<bool>>),
    String(Arc<Vec<Vec<u8>>>),
}

/// Runs `$body` with the type alias `$T` bound to the Rust type of `$dtype`, one of those listed; else `$otherwise`.
///
/// The lists: `all`, `numbers` (all but bool and string), `floats`, `indices` (int32, int64), or single variants.
#[macro_export]
#[doc(hidden)]
macro_rules! dispatch {
    ($dtype:expr, all, $T:ident => $body:expr) => {
        $crate::dispatch!(@ $dtype, [Float32 f32, Float64 f64, Int32 i32, Int64 i64, UInt8 u8, Bool bool,
            String Vec<u8>], $T => $body, _otherwise => $crate::value::unsupported(_otherwise))
    };
    ($dtype:expr, plain, $T:ident => $body:expr) => {
        $crate::dispatch!(@ $dtype, [Float32 f32, Float64 f64, Int32 i32, Int64 i64, UInt8 u8, Bool bool],
            $T => $body, otherwise => $crate::value::unsupported(otherwise))
    };
    ($dtype:expr, numbers, $T:ident => $body:expr) => {
        $crate::dispatch!(@ $dtype, [Float32 f32, Float64 f64, Int32 i32, Int64 i64, UInt8 u8],
            $T => $body, otherwise => $crate::value::unsupported(otherwise))
    };
    ($dtype:expr, signed, $T:ident => $body:expr) => {
        $crate::dispatch!(@ $dtype, [Float32 f32, Float64 f64, Int32 i32, Int64 i64],
            $T => $body, otherwise => $crate::value::unsupported(otherwise))
    };
    ($dtype:expr, floats, $T:ident => $body:expr) => {
        $crate::dispatch!(@ $dtype, [Float32 f32, Float64 f64],
            $T => $body, otherwise => $crate::value::unsupported(otherwise))
    };
    ($dtype:expr, integers, $T:ident => $body:expr) => {
        $crate::dispatch!(@ $dtype, [Int32 i32, Int64 i64, UInt8 u8],
            $T => $body, otherwise => $crate::value::unsupported(otherwise))
    };
    ($dtype:expr, indices, $T:ident => $body:expr) => {
        $crate::dispatch!(@ $dtype, [Int32 i32, Int64 i64],
            $T => $body, otherwise => $crate::value::unsupported(otherwise))
    };
    (@ $dtype:expr, [$($variant:ident $rust:ty),*], $T:ident => $body:expr, $other:ident => $otherwise:expr) => {
        match $dtype {
            $($crate::dtype::DType::$variant => { type $T = $rust; $body })*
            #[allow(unreachable_patterns)]
            $other => $otherwise,
        }
    };
}

/// The error of a [`dispatch!`] that does not know `dtype`.
pub fn unsupported<R>(dtype: DType) -> Result<R> {
    Err(Error::unimplemented(format!("no kernel for {dtype}")))
}

/// An error unless there is memory for `n` elements. An allocation that fails would end the process.
pub(crate) fn room_for<T>(n: usize) -> Result<()> {
    /// Below this, asking costs more than it can tell.
    const LARGE: usize = 1 << 28;
    let bytes = n.saturating_mul(size_of::<T>());
    if bytes < LARGE {
        return Ok(());
    }
    let refused = |_| Error::resource_exhausted(format!("there is no memory for an array of {bytes} bytes"));
    Vec::<T>::new().try_reserve_exact(n).map_err(refused)
}

impl Value {
    /// An array of `shape` with these elements, row-major. An error if their number does not fit.
    pub fn new<T: Element>(shape: impl Into<Shape>, elements: Vec<T>) -> Result<Self> {
        let shape = shape.into();
        if shape.num_elements()? != elements.len() {
            return Err(Error::invalid_argument(format!(
                "{} elements do not fill an array of shape {shape}",
                elements.len()
            )));
        }
        Ok(Value::whole(shape, elements))
    }

    /// A single element.
    pub fn scalar<T: Element>(element: T) -> Self {
        Value::whole(Shape::scalar(), vec![element])
    }

    /// A list.
    pub fn vector<T: Element>(elements: Vec<T>) -> Self {
        Value::whole(Shape::from([elements.len()]), elements)
    }

    /// An array of `shape` full of zeros (`false`, empty strings).
    pub fn zeros(dtype: DType, shape: impl Into<Shape>) -> Result<Self> {
        let shape = shape.into();
        let n = shape.num_elements()?;
        dispatch!(dtype, all, T => room_for::<T>(n).map(|()| Value::whole(shape, T::zeroed(n))))
    }

    /// An array of `shape` with these elements, whose number fits.
    fn whole<T: Element>(shape: Shape, elements: Vec<T>) -> Self {
        Value { shape, len: elements.len(), data: T::wrap(Arc::new(elements)), home: Home::default() }
    }

    /// The data type.
    pub fn dtype(&self) -> DType {
        match self.data {
            Data::Float32(_) => DType::Float32,
            Data::Float64(_) => DType::Float64,
            Data::Int32(_) => DType::Int32,
            Data::Int64(_) => DType::Int64,
            Data::UInt8(_) => DType::UInt8,
            Data::Bool(_) => DType::Bool,
            Data::String(_) => DType::String,
        }
    }

    /// The shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements, row-major. An error if they are not `T`.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        T::elements(&self.data).and_then(|v| v.get(..self.len)).ok_or_else(|| self.not(T::DTYPE))
    }

    /// The elements as an ndarray view. An error if they are not `T`.
    pub fn view<T: Element>(&self) -> Result<ArrayViewD<'_, T>> {
        ArrayViewD::from_shape(IxDyn(self.shape.dims()), self.as_slice()?)
            .map_err(|e| Error::internal(format!("a value of shape {}: {e}", self.shape)))
    }

    /// The elements as an ndarray; copied only if they are shared. An error if they are not `T`.
    pub fn into_array<T: Element>(self) -> Result<ArrayD<T>> {
        let dims = IxDyn(self.shape.dims());
        ArrayD::from_shape_vec(dims, self.into_vec()?).map_err(|e| Error::internal(e.to_string()))
    }

    /// The elements, row-major; copied only if they are shared. An error if they are not `T`.
    pub fn into_vec<T: Element>(self) -> Result<Vec<T>> {
        let dtype = self.dtype();
        match T::into_shared(self.data) {
            Some(elements) => Ok(match Arc::try_unwrap(elements) {
                Ok(mut elements) => {
                    elements.truncate(self.len);
                    elements
                }
                Err(shared) => shared.iter().take(self.len).cloned().collect(),
            }),
            None => Err(wrong_type(dtype, T::DTYPE)),
        }
    }

    /// The one element of a scalar (or of any array with one element). An error if it is not one `T`.
    pub fn item<T: Element>(&self) -> Result<T> {
        match self.as_slice::<T>()? {
            [one] => Ok(one.clone()),
            _ => Err(Error::invalid_argument(format!("an array of shape {} is not a single element", self.shape))),
        }
    }

    /// The same elements in another shape of the same size. Nothing is copied.
    pub fn reshaped(self, shape: impl Into<Shape>) -> Result<Self> {
        let shape = shape.into();
        if shape.num_elements()? != self.len() {
            return Err(Error::invalid_argument(format!(
                "cannot reshape {} elements of shape {} to {shape}",
                self.len(),
                self.shape
            )));
        }
        Ok(Value { shape, ..self })
    }

    /// The integers of an int32 or int64 value, row-major.
    pub fn integers(&self) -> Result<Vec<i64>> {
        match self.dtype() {
            DType::Int32 => Ok(self.as_slice::<i32>()?.iter().map(|&i| i64::from(i)).collect()),
            DType::Int64 => Ok(self.as_slice::<i64>()?.to_vec()),
            _ => Err(self.not(DType::Int64)),
        }
    }

    /// Mutable elements, copied first if somebody else shares them.
    pub(crate) fn make_mut<T: Element>(&mut self) -> Result<&mut [T]> {
        if self.dtype() == T::DTYPE && !self.has_sole_owner() {
            *self = Value::whole(self.shape.clone(), self.as_slice::<T>()?.to_vec());
        }
        let (dtype, len) = (self.dtype(), self.len);
        T::elements_mut(&mut self.data)
            .and_then(|elements| Arc::get_mut(elements)?.get_mut(..len))
            .ok_or_else(|| wrong_type(dtype, T::DTYPE))
    }

    /// Whether nobody else shares the elements.
    pub(crate) fn has_sole_owner(&mut self) -> bool {
        dispatch!(self.dtype(), all, T => Ok(T::elements_mut(&mut self.data).is_some_and(|e| Arc::get_mut(e).is_some())))
            .unwrap_or(false)
    }

    /// How many elements the buffer holds, used or not.
    pub(crate) fn capacity(&self) -> usize {
        dispatch!(self.dtype(), all, T => Ok(T::elements(&self.data).map_or(0, |v| v.len()))).unwrap_or(0)
    }

    /// An array of `shape` in front of the buffer, which is large enough; its elements are of no account.
    pub(crate) fn refilled(self, shape: Shape, home: Home) -> Result<Self> {
        let len = shape.num_elements()?;
        if len > self.capacity() {
            return Err(Error::internal(format!("a buffer of {} elements for shape {shape}", self.capacity())));
        }
        Ok(Value { shape, len, data: self.data, home })
    }

    /// Where the elements lie.
    pub(crate) fn home(&self) -> Home {
        self.home
    }

    /// The same elements in memory that no run will use again: copied if they lie in a run's buffer.
    pub(crate) fn into_own(self) -> Result<Self> {
        if self.home == Home::Elsewhere {
            return Ok(self);
        }
        dispatch!(self.dtype(), all, T => Ok(Value::whole(self.shape.clone(), self.as_slice::<T>()?.to_vec())))
    }

    /// The same elements, wherever they lie: no run waits for their buffer.
    pub(crate) fn moved_out(self) -> Self {
        Value { home: Home::default(), ..self }
    }

    fn not(&self, wanted: DType) -> Error {
        wrong_type(self.dtype(), wanted)
    }
}

fn wrong_type(found: DType, wanted: DType) -> Error {
    Error::invalid_argument(format!("the value is {found}, not {wanted}"))
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape
            && self.dtype() == other.dtype()
            && dispatch!(self.dtype(), all, T => self.as_slice::<T>().and_then(|a| Ok(a == other.as_slice::<T>()?)))
                .unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn elements_are_shared_and_taken_back_without_a_copy() {
        let elements = vec![1.0f32, 2.0, 3.0, 4.0];
        let address = elements.as_ptr();
        let value = Value::new([2, 2], elements).unwrap();
        let (shared, reshaped) = (value.clone(), value.clone().reshaped([4]).unwrap());
        assert_eq!(shared.as_slice::<f32>().unwrap().as_ptr(), address);
        assert_eq!(reshaped.as_slice::<f32>().unwrap().as_ptr(), address);
        drop((shared, reshaped));
        let back = value.into_vec::<f32>().unwrap();
        assert_eq!(back.as_ptr(), address);
    }

    #[test]
    fn sizes_and_types_are_checked() {
        let error = Value::new([2, 2], vec![1i32]).unwrap_err();
        assert_eq!(error.message(), "1 elements do not fill an array of shape [2,2]");
        let value = Value::vector(vec![1i32, 2]);
        assert_eq!(value.as_slice::<f32>().unwrap_err().message(), "the value is int32, not float32");
        assert!(value.clone().reshaped([3]).is_err() && value.item::<i32>().is_err());
        assert_eq!(value.integers().unwrap(), [1, 2]);
        assert_eq!(value.into_array::<i32>().unwrap().shape(), [2]);
        assert!(Value::zeros(DType::Float32, [1 << 40, 1 << 40]).is_err());
    }
}
