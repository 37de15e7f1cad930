//! Looking into checkpoints without a graph.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::checkpoint_state::latest_checkpoint;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::format::bundle::BundleReader;
use crate::shape::Shape;
use crate::value::Value;

/// A checkpoint that can be looked into. TF: `tf.train.NewCheckpointReader`.
#[derive(Debug)]
pub struct CheckpointReader(BundleReader);

/// Opens the checkpoint of a prefix. TF: `tf.train.NewCheckpointReader`.
///
/// `NotFound` if there is none, `DataLoss` if it is damaged, `Unimplemented` if it is of the first format.
#[allow(non_snake_case)]
pub fn NewCheckpointReader(filepattern: impl AsRef<Path>) -> Result<CheckpointReader> {
    BundleReader::open(filepattern).map(CheckpointReader)
}

impl CheckpointReader {
    /// Whether there is a tensor of this name. TF: `reader.has_tensor`.
    pub fn has_tensor(&self, name: &str) -> bool {
        self.0.entry(name).is_some()
    }

    /// The tensor of this name, checked. TF: `reader.get_tensor`.
    pub fn get_tensor(&self, name: &str) -> Result<Value> {
        self.0.read(name)
    }

    /// The names and shapes of all tensors. TF: `reader.get_variable_to_shape_map`.
    pub fn get_variable_to_shape_map(&self) -> BTreeMap<String, Shape> {
        let mut shapes = BTreeMap::new();
        shapes.extend(self.0.entries().map(|(name, entry)| (name.to_owned(), entry.shape.clone())));
        shapes
    }

    /// The names and data types of all tensors whose types are known. TF: `reader.get_variable_to_dtype_map`.
    pub fn get_variable_to_dtype_map(&self) -> BTreeMap<String, DType> {
        let mut types = BTreeMap::new();
        types.extend(self.0.entries().filter_map(|(name, entry)| Some((name.to_owned(), entry.dtype?))));
        types
    }

    /// A line for each tensor: name, data type, shape. TF: `reader.debug_string`.
    pub fn debug_string(&self) -> String {
        self.0.entries().fold(String::new(), |mut lines, (name, entry)| {
            let dtype = entry.dtype.map_or("?", DType::name);
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "{name} ({dtype}) {}", entry.shape);
            lines
        })
    }
}

/// Opens a checkpoint, or the latest one of a folder. TF: `tf.train.load_checkpoint`.
pub fn load_checkpoint(ckpt_dir_or_file: impl AsRef<Path>) -> Result<CheckpointReader> {
    NewCheckpointReader(checkpoint_prefix(ckpt_dir_or_file.as_ref())?)
}

/// The prefix `path`, or of the latest checkpoint of the folder `path`.
pub(super) fn checkpoint_prefix(path: &Path) -> Result<PathBuf> {
    let prefix = match path.is_dir() {
        true => latest_checkpoint(path)?.map(PathBuf::from),
        false => Some(path.to_owned()),
    };
    prefix.ok_or_else(|| Error::not_found(format!("the folder {} has no checkpoint", path.display())))
}

/// The names and shapes of the tensors in a checkpoint, or in the latest one of a folder, sorted by name.
/// TF: `tf.train.list_variables`.
pub fn list_variables(ckpt_dir_or_file: impl AsRef<Path>) -> Result<Vec<(String, Shape)>> {
    Ok(load_checkpoint(ckpt_dir_or_file)?.get_variable_to_shape_map().into_iter().collect())
}

/// The tensor `name` of a checkpoint, or of the latest one of a folder. TF: `tf.train.load_variable`.
///
/// ```
/// use flowstone as tf;
/// let _w = tf::Variable([1.0, 2.0]).named("w");
/// let (saver, sess) = (tf::train::Saver(), tf::Session()?);
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-load-{}", std::process::id()));
/// saver.save(&sess, folder.join("model.ckpt"))?;
/// assert_eq!(tf::train::load_variable(&folder, "w")?.as_slice::<f32>()?, [1.0, 2.0]);
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
pub fn load_variable(ckpt_dir_or_file: impl AsRef<Path>, name: &str) -> Result<Value> {
    load_checkpoint(ckpt_dir_or_file)?.get_tensor(name.strip_suffix(":0").unwrap_or(name))
}
