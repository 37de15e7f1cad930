//! What TensorFlow 1 programs use around the graph: flags, logs, files, strings.

pub mod app;
pub mod compat;
pub mod device_lib;
pub mod errors;
pub mod flags;
pub mod gfile;
pub mod logging;
pub mod test;
