//! Bytes and plain structs: TensorFlow's messages, files of images. Knows neither graph nor operation.

pub mod bmp;
pub mod bundle;
pub mod control_flow;
mod crc;
mod cursor;
pub mod durable;
pub mod event;
pub mod example;
#[cfg(feature = "images")]
pub mod gif;
#[cfg(feature = "hdf5")]
pub mod hdf5;
pub mod idx;
pub mod jpeg;
pub mod meta;
#[cfg(feature = "npz")]
pub mod npy;
#[cfg(feature = "npz")]
pub mod npz;
pub mod png;
pub mod proto;
pub mod record;
#[cfg(feature = "safetensors")]
pub mod safetensors;
pub mod summary;
pub mod text;
pub mod tf_record;
pub mod timeline;
pub mod trace;
