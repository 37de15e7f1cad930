//! Saved models: a folder with meta graphs, the values of their variables and the files that belong to them.
//! TF: `tf.saved_model`.

mod assets;
pub mod builder;
pub mod loader;
pub mod signature_def_utils;

pub use builder::SavedModelBuilder as Builder;
pub use loader::{LoadedModel, Signature, load, load_args, maybe_saved_model_directory};
pub use signature_def_utils::{
    build_signature_def, classification_signature_def, predict_signature_def, regression_signature_def,
};
pub use utils::build_tensor_info;

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::graph::Tensor;
use crate::session::Session;

/// Writes the graph of `session` with the values of its variables, to be asked for `outputs` of `inputs`, into the folder
/// `export_dir`. TF: `tf.saved_model.simple_save`.
///
/// ```
/// use flowstone as tf;
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-simple-{}", std::process::id()));
/// let x = tf::placeholder(tf::float32, [2]).named("x");
/// let y = tf::nn::relu(x);
/// tf::saved_model::simple_save(&tf::Session()?, &folder, &[("x", x)], &[("y", y)])?;
/// assert!(tf::saved_model::maybe_saved_model_directory(&folder));
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn simple_save(
    session: &Session,
    export_dir: impl AsRef<Path>,
    inputs: &[(&str, Tensor)],
    outputs: &[(&str, Tensor)],
) -> Result<()> {
    let signature = predict_signature_def(inputs, outputs)?;
    let signatures = [(signature_constants::DEFAULT_SERVING_SIGNATURE_DEF_KEY, signature)];
    let mut builder = builder::SavedModelBuilder::new(export_dir)?;
    let graph = builder.add_meta_graph_and_variables_args(session, &[tag_constants::SERVING]);
    graph.signature_def_map(&signatures).clear_devices(true).build()?;
    builder.save()?;
    Ok(())
}

/// What meta graphs are for. TF: `tf.saved_model.tag_constants`.
pub mod tag_constants {
    /// Answering.
    pub const SERVING: &str = "serve";
    /// Training.
    pub const TRAINING: &str = "train";
    /// Evaluation.
    pub const EVAL: &str = "eval";
    /// For graphics cards.
    pub const GPU: &str = "gpu";
    /// For tensor processing units.
    pub const TPU: &str = "tpu";
}

/// Names in signatures. TF: `tf.saved_model.signature_constants`.
pub mod signature_constants {
    /// The signature that is used if none is named.
    pub const DEFAULT_SERVING_SIGNATURE_DEF_KEY: &str = "serving_default";
    /// What is classified.
    pub const CLASSIFY_INPUTS: &str = "inputs";
    /// The method of classification.
    pub const CLASSIFY_METHOD_NAME: &str = "tensorflow/serving/classify";
    /// The classes.
    pub const CLASSIFY_OUTPUT_CLASSES: &str = "classes";
    /// How likely each class is.
    pub const CLASSIFY_OUTPUT_SCORES: &str = "scores";
    /// What a prediction is made from.
    pub const PREDICT_INPUTS: &str = "inputs";
    /// The method of prediction.
    pub const PREDICT_METHOD_NAME: &str = "tensorflow/serving/predict";
    /// What is predicted.
    pub const PREDICT_OUTPUTS: &str = "outputs";
    /// What a regression is made from.
    pub const REGRESS_INPUTS: &str = "inputs";
    /// The method of regression.
    pub const REGRESS_METHOD_NAME: &str = "tensorflow/serving/regress";
    /// What a regression gives.
    pub const REGRESS_OUTPUTS: &str = "outputs";
}

/// What signatures say of tensors. TF: `tf.saved_model.utils`.
pub mod utils {
    use crate::error::Result;
    use crate::format::meta::TensorInfo;
    use crate::graph::Tensor;
    use crate::graph_def::shape_proto;

    /// The name, the data type and the shape of a tensor. TF: `tf.saved_model.utils.build_tensor_info`.
    ///
    /// ```
    /// use flowstone as tf;
    /// let x = tf::placeholder(tf::float32, (None, 3)).named("x");
    /// assert_eq!(tf::saved_model::utils::build_tensor_info(x)?.name, "x:0");
    /// # Ok::<(), tf::Error>(())
    /// ```
    pub fn build_tensor_info(tensor: Tensor) -> Result<TensorInfo> {
        let (name, dtype) = (tensor.name(), tensor.dtype()?.code());
        Ok(TensorInfo { name, dtype, tensor_shape: Some(shape_proto(&tensor.shape())), ..Default::default() })
    }
}

/// The key of the signature that names what runs after a model was loaded.
const INIT_OP_KEY: &str = "__saved_model_init_op";

/// The key of the signature that names what trains.
const TRAIN_OP_KEY: &str = "__saved_model_train_op";

/// The collections that name it in older models.
const INIT_COLLECTIONS: [&str; 2] = ["saved_model_main_op", "legacy_init_op"];

/// The collection of files in older models.
const ASSETS_KEY: &str = "saved_model_assets";

fn binary_file(export_dir: &Path) -> PathBuf {
    export_dir.join("saved_model.pb")
}

fn text_file(export_dir: &Path) -> PathBuf {
    export_dir.join("saved_model.pbtxt")
}

fn variables_prefix(export_dir: &Path) -> PathBuf {
    export_dir.join("variables").join("variables")
}

fn assets_dir(export_dir: &Path) -> PathBuf {
    export_dir.join("assets")
}
