//! The Rust types that can be elements of a [`Value`](super::Value).

use std::fmt;
use std::sync::Arc;

use super::Data;
use crate::dtype::DType;

/// A type of elements: `f32`, `f64`, `i32`, `i64`, `u8`, `bool`, or `Vec<u8>` for strings of bytes.
pub trait Element: Clone + Default + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// The data type of an array of these.
    const DTYPE: DType;

    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn wrap(elements: Arc<Vec<Self>>) -> Data;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn elements(data: &Data) -> Option<&Arc<Vec<Self>>>;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn elements_mut(data: &mut Data) -> Option<&mut Arc<Vec<Self>>>;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn into_shared(data: Data) -> Option<Arc<Vec<Self>>>;

    /// `n` zeros.
    fn zeroed(n: usize) -> Vec<Self>;
}

macro_rules! elements {
    ($($rust:ty, $variant:ident, $zero:expr;)*) => {$(
        impl Element for $rust {
            const DTYPE: DType = DType::$variant;

            #[allow(private_interfaces)]
            fn wrap(elements: Arc<Vec<Self>>) -> Data {
                Data::$variant(elements)
            }
            #[allow(private_interfaces)]
            fn elements(data: &Data) -> Option<&Arc<Vec<Self>>> {
                if let Data::$variant(elements) = data { Some(elements) } else { None }
            }
            #[allow(private_interfaces)]
            fn elements_mut(data: &mut Data) -> Option<&mut Arc<Vec<Self>>> {
                if let Data::$variant(elements) = data { Some(elements) } else { None }
            }
            #[allow(private_interfaces)]
            fn into_shared(data: Data) -> Option<Arc<Vec<Self>>> {
                if let Data::$variant(elements) = data { Some(elements) } else { None }
            }
            fn zeroed(n: usize) -> Vec<Self> {
                vec![$zero; n]
            }
        }
    )*};
}

elements! {
    f32, Float32, 0.0;
    f64, Float64, 0.0;
    i32, Int32, 0;
    i64, Int64, 0;
    u8, UInt8, 0;
    bool, Bool, false;
    Vec<u8>, String, Vec::new();
}

/// The elements that can be calculated with. Integers wrap around, as in TensorFlow.
pub trait Number: Element + Copy + PartialOrd + fmt::Display {
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The value below or equal to every other one.
    const LOWEST: Self;
    /// The value above or equal to every other one.
    const HIGHEST: Self;
    /// Whether it is not a number.
    fn is_nan(self) -> bool;
    /// `self + other`.
    fn plus(self, other: Self) -> Self;
    /// `self - other`.
    fn minus(self, other: Self) -> Self;
    /// `self * other`.
    fn times(self, other: Self) -> Self;
    /// `self / other`; whole numbers towards zero, and 0 for a division by zero.
    fn divided(self, other: Self) -> Self;
    /// `-self`.
    fn negative(self) -> Self;
    /// The nearest value to `x`.
    fn from_f64(x: f64) -> Self;
    /// The nearest `f64`.
    fn to_f64(self) -> f64;
    /// The size `n` as a number.
    fn from_usize(n: usize) -> Self;
}

macro_rules! floats {
    ($($float:ty)*) => {$(
        impl Number for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const LOWEST: Self = <$float>::NEG_INFINITY;
            const HIGHEST: Self = <$float>::INFINITY;
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$float>::is_nan(self)
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self { self + other }
            #[inline(always)]
            fn minus(self, other: Self) -> Self { self - other }
            #[inline(always)]
            fn times(self, other: Self) -> Self { self * other }
            #[inline(always)]
            fn divided(self, other: Self) -> Self { self / other }
            #[inline(always)]
            fn negative(self) -> Self { -self }
            #[inline(always)]
            fn from_f64(x: f64) -> Self { x as $float }
            #[inline(always)]
            fn to_f64(self) -> f64 { f64::from(self) }
            #[inline(always)]
            fn from_usize(n: usize) -> Self { n as $float }
        }
    )*};
}
floats!(f32 f64);

macro_rules! integers {
    ($($int:ty)*) => {$(
        impl Number for $int {
            const ZERO: Self = 0;
            const ONE: Self = 1;
            const LOWEST: Self = <$int>::MIN;
            const HIGHEST: Self = <$int>::MAX;
            #[inline(always)]
            fn is_nan(self) -> bool {
                false
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self { self.wrapping_add(other) }
            #[inline(always)]
            fn minus(self, other: Self) -> Self { self.wrapping_sub(other) }
            #[inline(always)]
            fn times(self, other: Self) -> Self { self.wrapping_mul(other) }
            #[inline(always)]
            fn divided(self, other: Self) -> Self { if other == 0 { 0 } else { self.wrapping_div(other) } }
            #[inline(always)]
            fn negative(self) -> Self { self.wrapping_neg() }
            #[inline(always)]
            fn from_f64(x: f64) -> Self { x as $int }
            #[inline(always)]
            fn to_f64(self) -> f64 { self as f64 }
            #[inline(always)]
            fn from_usize(n: usize) -> Self { n as $int }
        }
    )*};
}
integers!(i32 i64 u8);
