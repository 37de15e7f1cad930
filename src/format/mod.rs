//! Bytes and plain structs: TensorFlow's messages, files of images. Knows neither graph nor operation.

pub mod bundle;
mod crc;
pub mod durable;
pub mod idx;
pub mod meta;
pub mod png;
pub mod proto;
pub mod summary;
pub mod text;
