//! Elements as bytes.

use super::Element;

/// Numbers as bytes, little-endian.
pub(crate) trait Bytes: Element + Copy {
    /// The bytes of all elements.
    fn to_bytes(all: &[Self]) -> Vec<u8>;
    /// The elements that these bytes are; bytes left over are dropped.
    fn from_bytes(bytes: &[u8]) -> Vec<Self>;
}

macro_rules! bytes {
    ($($number:ty)*) => {$(
        impl Bytes for $number {
            fn to_bytes(all: &[Self]) -> Vec<u8> {
                let mut bytes = Vec::with_capacity(size_of_val(all));
                for x in all {
                    bytes.extend_from_slice(&x.to_le_bytes());
                }
                bytes
            }
            fn from_bytes(bytes: &[u8]) -> Vec<Self> {
                bytes.as_chunks().0.iter().map(|chunk| Self::from_le_bytes(*chunk)).collect()
            }
        }
    )*};
}
bytes!(f32 f64 i32 i64 u8);

impl Bytes for bool {
    fn to_bytes(all: &[Self]) -> Vec<u8> {
        all.iter().map(|b| u8::from(*b)).collect()
    }
    fn from_bytes(bytes: &[u8]) -> Vec<Self> {
        bytes.iter().map(|b| *b != 0).collect()
    }
}
