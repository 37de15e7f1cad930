//! Models, layers and data sets as Keras has them. TF: `tf.keras`.
//!
//! ```
//! use flowstone as tf;
//! use tf::keras::layers::Dense;
//!
//! let mut model = tf::keras::Sequential();
//! model.add(Dense!(8, activation = "tanh", input_shape = (2,)));
//! model.add(Dense!(1, activation = "sigmoid"));
//! model.compile().loss("binary_crossentropy").optimizer(tf::keras::optimizers::Adam(0.05)).metrics(["accuracy"]).build()?;
//!
//! let (x, y) = ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [1.0], [1.0], [0.0]]);
//! let history = model.fit(x, y).epochs(200).verbose(0).run()?;
//! assert!(history.last("loss") < Some(0.5), "{history:?}");
//! # Ok::<(), tf::Error>(())
//! ```

pub mod backend;
pub mod callbacks;
pub mod datasets;
pub mod layers;
pub mod losses;
pub mod metrics;
pub mod optimizers;
pub mod preprocessing;
mod progbar;
mod saving;
mod sequential;
mod summary;
mod training;
pub mod utils;

pub use sequential::{Dims, Sequential};
pub use summary::Dialect;
pub use training::{Compile, Evaluate, Fit, History, Predict};

pub use crate::{initializers, regularizers};

/// The version of this crate. TF: `tf.keras.__version__`.
#[allow(non_upper_case_globals)]
pub const __version__: &str = env!("CARGO_PKG_VERSION");

/// The models. Keras: `keras.models`.
pub mod models {
    pub use super::Sequential;
    pub use super::saving::{LoadModelArgs, load_model, load_model_args, model_from_json};
    pub use crate::__load_model as load_model;
}
