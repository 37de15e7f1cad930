//! Data types: the [`DType`] enum and TensorFlow's constants (`tf::float32`).

use std::fmt;

use crate::error::{Error, Result};

macro_rules! dtypes {
    ($($variant:ident $constant:ident $code:literal $size:literal $rust:literal;)*) => {
        /// The type of a tensor's elements.
        ///
        /// Those without a Rust type are known, so that graphs that use them can be read and written; nothing computes
        /// with them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum DType {
            $(#[doc = concat!("TF: `tf.", stringify!($constant), "`; in Rust `", $rust, "`.")] $variant,)*
        }

        $(#[doc = concat!("TF: `tf.", stringify!($constant), "`; in Rust `", $rust, "`.")]
        #[allow(non_upper_case_globals)]
        pub const $constant: DType = DType::$variant;)*

        impl DType {
            const EACH: &'static [DType] = &[$(DType::$variant),*];

            /// TensorFlow's name: `float32`, `int64`, `string`.
            pub const fn name(self) -> &'static str {
                match self { $(DType::$variant => stringify!($constant)),* }
            }

            /// The number in TensorFlow's `DataType` enumeration.
            pub const fn code(self) -> i32 {
                match self { $(DType::$variant => $code),* }
            }

            /// The data type with TensorFlow's number `code`.
            pub const fn from_code(code: i32) -> Option<DType> {
                match code { $($code => Some(DType::$variant),)* _ => None }
            }

            /// Bytes an element takes in memory (for strings: of the handle).
            pub const fn size(self) -> usize {
                match self { $(DType::$variant => $size),* }
            }
        }
    };
}

dtypes! {
    Invalid invalid 0 0 "no type: it is not known";
    Float32 float32 1 4 "f32";
    Float64 float64 2 8 "f64";
    Int32 int32 3 4 "i32";
    UInt8 uint8 4 1 "u8";
    String string 7 24 "Vec<u8>";
    Int64 int64 9 8 "i64";
    Bool bool 10 1 "bool";
    Resource resource 20 8 "a variable's handle";
    Variant variant 21 8 "no type";
    Float16 float16 19 2 "no type";
    BFloat16 bfloat16 14 2 "no type";
    Int8 int8 6 1 "no type";
    Int16 int16 5 2 "no type";
    UInt16 uint16 17 2 "no type";
    UInt32 uint32 22 4 "no type";
    UInt64 uint64 23 8 "no type";
    Complex64 complex64 8 8 "no type";
    Complex128 complex128 18 16 "no type";
    QInt8 qint8 11 1 "no type";
    QUInt8 quint8 12 1 "no type";
    QInt32 qint32 13 4 "no type";
    QInt16 qint16 15 2 "no type";
    QUInt16 quint16 16 2 "no type";
}

/// Other names of TensorFlow's for the same types.
#[allow(non_upper_case_globals, missing_docs)]
mod synonyms {
    use super::DType;
    pub const half: DType = DType::Float16;
    pub const double: DType = DType::Float64;
}
pub use synonyms::{double, half};

impl DType {
    /// All data types, without [`Invalid`](DType::Invalid).
    pub const ALL: &'static [DType] = match DType::EACH.split_first() {
        Some((_, all)) => all,
        None => &[],
    };

    /// Whether there are arrays of it: a type without is known by name only.
    pub const fn has_storage(self) -> bool {
        use DType::{Bool, Float32, Float64, Int32, Int64, String, UInt8};
        matches!(self, Float32 | Float64 | Int32 | Int64 | UInt8 | Bool | String)
    }

    /// A type of floating-point numbers.
    pub const fn is_floating(self) -> bool {
        matches!(self, DType::Float32 | DType::Float64 | DType::Float16 | DType::BFloat16)
    }

    /// A type of whole numbers.
    pub const fn is_integer(self) -> bool {
        use DType::{Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64};
        matches!(self, Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64)
    }

    /// A type of complex numbers.
    pub const fn is_complex(self) -> bool {
        matches!(self, DType::Complex64 | DType::Complex128)
    }

    /// A number of any kind.
    pub const fn is_numeric(self) -> bool {
        self.is_floating() || self.is_integer() || self.is_complex()
    }

    /// Whether gradients flow through tensors of this type.
    pub const fn is_trainable(self) -> bool {
        self.is_floating() || self.is_complex() || matches!(self, DType::Resource)
    }
}

/// The data type of this name, as `"float32"`. TF: `tf.as_dtype`.
///
/// ```
/// use flowstone as tf;
/// assert_eq!(tf::as_dtype("int64")?, tf::int64);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn as_dtype(name: &str) -> Result<DType> {
    let name = match name {
        "half" => "float16",
        "float" => "float32",
        "double" => "float64",
        name => name,
    };
    let known = DType::ALL.iter().find(|dtype| dtype.name() == name);
    known.copied().ok_or_else(|| Error::invalid_argument(format!("there is no data type '{name}'")))
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip() {
        for &dtype in DType::ALL {
            assert_eq!(DType::from_code(dtype.code()), Some(dtype));
        }
        assert_eq!((DType::from_code(0), DType::from_code(101)), (Some(DType::Invalid), None));
        assert!(!DType::ALL.contains(&DType::Invalid));
        assert_eq!(float32.to_string(), "float32");
    }
}
