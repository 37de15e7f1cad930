//! Data types: the [`DType`] enum and TensorFlow's constants (`tf::float32`).

use std::fmt;

macro_rules! dtypes {
    ($($variant:ident $constant:ident $code:literal $size:literal $rust:literal;)*) => {
        /// The type of a tensor's elements.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum DType {
            $(#[doc = concat!("TF: `tf.", stringify!($constant), "`; in Rust `", $rust, "`.")] $variant,)*
        }

        $(#[doc = concat!("TF: `tf.", stringify!($constant), "`; in Rust `", $rust, "`.")]
        #[allow(non_upper_case_globals)]
        pub const $constant: DType = DType::$variant;)*

        impl DType {
            /// All data types.
            pub const ALL: &'static [DType] = &[$(DType::$variant),*];

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
    Float32 float32 1 4 "f32";
    Float64 float64 2 8 "f64";
    Int32 int32 3 4 "i32";
    UInt8 uint8 4 1 "u8";
    String string 7 24 "Vec<u8>";
    Int64 int64 9 8 "i64";
    Bool bool 10 1 "bool";
}

impl DType {
    /// `float32` or `float64`.
    pub const fn is_floating(self) -> bool {
        matches!(self, DType::Float32 | DType::Float64)
    }

    /// A whole-number type.
    pub const fn is_integer(self) -> bool {
        matches!(self, DType::Int32 | DType::Int64 | DType::UInt8)
    }

    /// A number of any kind: neither bool nor string.
    pub const fn is_numeric(self) -> bool {
        self.is_floating() || self.is_integer()
    }
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
        assert_eq!(DType::from_code(0), None);
        assert_eq!(float32.to_string(), "float32");
    }
}
