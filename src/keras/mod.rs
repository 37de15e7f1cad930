//! Models, layers and data sets as Keras has them. TF: `tf.keras`.

pub mod datasets;
pub mod utils;
