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

pub mod applications;
pub mod backend;
pub mod callbacks;
mod data;
pub mod datasets;
#[cfg(feature = "download")]
mod download;
mod get_file;
mod hash;
mod input;
pub mod layers;
pub mod losses;
pub mod metrics;
mod model;
mod network;
mod op_layer;
pub mod optimizers;
pub mod preprocessing;
mod progbar;
mod saving;
mod sequential;
mod shared;
mod summary;
mod training;
pub mod utils;

pub use data::{Data, IntoData};
pub use input::{Input, InputArgs, IntoDType, input_args};
pub use model::{Dims, IntoLayer, Model, ModelArgs, model_args};
pub use sequential::Sequential;
pub use summary::Dialect;
pub use training::{Compile, Evaluate, Fit, History, LossWeights, Predict};

pub use crate::{__Input as Input, __Model as Model};

pub use crate::{initializers, regularizers};

/// The version of this crate. TF: `tf.keras.__version__`.
#[allow(non_upper_case_globals)]
pub const __version__: &str = env!("CARGO_PKG_VERSION");

/// The models. Keras: `keras.models`.
pub mod models {
    pub use super::saving::{LoadModelArgs, load_model, load_model_args, model_from_json};
    pub use super::{Model, Sequential};
    pub use crate::__load_model as load_model;
}
