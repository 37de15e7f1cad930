//! Models in texts and files, as Keras writes and reads them. Keras: `keras.models.load_model`, `model.to_json`.

#[cfg(feature = "hdf5")]
mod compiled;
#[cfg(feature = "hdf5")]
mod file;
mod registry;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Model, Sequential};
use crate::error::{Error, Result};
use crate::graph::built_at;
use crate::layers::{Config, Json, Layer as _, Setting, class_and_config, object};
use crate::shape::PartialShape;

/// What is said of a model besides its layers. Keras's own number says that weights are as Keras 2 orders them.
const WRITTEN_AS: &str = "2.2.4-tf";
const BACKEND: &str = "tensorflow";
const SEQUENTIAL: &str = "Sequential";

impl Model {
    /// How it is made: its name and its layers. Keras: `model.get_config()`.
    ///
    /// An error for a model that is no chain of layers (its weights alone can be written and read), for a layer that does not
    /// say how it is made, or one with a function of your own.
    pub fn get_config(&self) -> Result<Config> {
        let class = self.network.class_name();
        if class != SEQUENTIAL {
            let says =
                format!("the model '{}' is of class {class}: how it is made is said of a {SEQUENTIAL}", self.name());
            return Err(Error::unimplemented(says));
        }
        let mut layers = Vec::new();
        for layer in self.layers() {
            let about = |error: Error| error.at(&layer.name(), None);
            let mut config = layer.get_config().map_err(about)?;
            if layers.is_empty()
                && let Ok(input) = self.input()
            {
                config.insert("batch_input_shape".to_owned(), input.shape().to_json()?);
            }
            layers.push(object(layer.class_name(), config));
        }
        Ok(Config::from_iter([("name".to_owned(), self.name().into()), ("layers".to_owned(), layers.into())]))
    }

    /// How it is made, as a text that Keras reads too. Keras: `model.to_json()`.
    ///
    /// Weights and what the model was compiled with are not in it. An error as for [`get_config`](Model::get_config).
    ///
    /// ```
    /// use flowstone as tf;
    /// use tf::keras::{layers::*, models::model_from_json};
    /// let mut model = tf::keras::Sequential();
    /// model.add(LSTM!(8, input_shape = (5, 3)));
    /// model.add(Dense!(2, activation = "softmax"));
    /// let again = model_from_json(&model.to_json()?)?;
    /// assert_eq!(again.output_shape()?.to_string(), "(None, 2)");
    /// assert_eq!(again.count_params()?, model.count_params()?);
    /// # Ok::<(), tf::Error>(())
    /// ```
    pub fn to_json(&self) -> Result<String> {
        let mut model = self.config_object()?;
        if let Some(fields) = model.as_object_mut() {
            fields.insert("keras_version".to_owned(), WRITTEN_AS.into());
            fields.insert("backend".to_owned(), BACKEND.into());
        }
        Ok(model.to_string())
    }

    fn config_object(&self) -> Result<Json> {
        Ok(object(SEQUENTIAL, self.get_config()?))
    }

    /// Writes all of it into a file that Keras reads too: how it is made, its weights, and, if it is compiled, the loss, the
    /// metrics and the optimizer with what that keeps (but for Nadam, which keeps something else in Keras).
    /// Keras: `model.save(path)`.
    ///
    /// The file is in the format HDF5 (feature `hdf5`), and its name ends in `.h5` or `.hdf5`. It appears when it is whole; one
    /// that was there stays until then. Losses and metrics of your own are written by their names. [`load_model`] reads it.
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        if crate::weights::Format::of(path) != crate::weights::Format::Hdf5 {
            let says = format!("{}: models are saved into files whose names end in .h5 or .hdf5", path.display());
            return Err(Error::unimplemented(says));
        }
        #[cfg(feature = "hdf5")]
        return file::save(self, path);
        #[cfg(not(feature = "hdf5"))]
        crate::weights::without(path, "hdf5")
    }
}

/// The model that a text of [`to_json`](Model::to_json) or of Keras says, with new weights and not compiled.
/// Keras: `model_from_json`.
///
/// An error: it is no JSON, the model is not a `Sequential`, or there is no layer of a kind that it names.
#[track_caller]
pub fn model_from_json(json: &str) -> Result<Sequential> {
    let _line = built_at(crate::graph::here());
    let json = serde_json::from_str(json).map_err(|e| Error::invalid_argument(format!("a model: {e}")))?;
    model_from_config(&json)
}

/// The model of a class with its configuration.
#[track_caller]
fn model_from_config(json: &Json) -> Result<Sequential> {
    let class = json.get("class_name").and_then(Json::as_str).unwrap_or_default();
    if class != SEQUENTIAL {
        return Err(Error::unimplemented(format!("a model of class '{class}': a {SEQUENTIAL} can be read")));
    }
    // Older Keras has the layers alone.
    let config = json.get("config").unwrap_or(&Json::Null);
    let layers = config.get("layers").unwrap_or(config).as_array();
    let layers = layers.ok_or_else(|| Error::invalid_argument("a Sequential without a list of layers"))?;
    let mut model = super::sequential::Sequential();
    if let Some(name) = config.get("name").and_then(Json::as_str) {
        model = model.named(name);
    }
    for layer in layers {
        let (class, config) = class_and_config(layer)?;
        let name = config.get("name").and_then(Json::as_str).unwrap_or(class);
        let layer = registry::layer(class, &config).map_err(|error| error.at(name, None))?;
        model.push(Arc::from(layer), None);
        model.graph().check()?;
    }
    if model.input().is_err()
        && let Some(shape) = config.get("build_input_shape").filter(|shape| !shape.is_null())
    {
        model.build(PartialShape::from_json(shape)?)?;
    }
    Ok(model)
}

/// A model from a file of [`save`](Model::save) or of Keras: its layers, its weights, and compiled as it was.
/// Keras: `load_model(path)`.
///
/// Keyword argument `compile` (false: the loss, the metrics and the optimizer in the file are not looked at; true). The file
/// is in the format HDF5 (feature `hdf5`). An error names the file and the layer: the file is damaged, a layer, a loss, a metric
/// or an optimizer is not known, an array is missing or does not fit.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::{layers::*, models::load_model};
/// # if cfg!(not(feature = "hdf5")) { return Ok(()) }
/// let mut model = tf::keras::Sequential();
/// model.add(Dense!(2, input_shape = (3,)));
/// model.compile().loss("mse").optimizer("adam").build()?;
/// model.fit([[1.0, 2.0, 3.0]], [[1.0, 0.0]]).verbose(0).run()?;
/// let path = std::env::temp_dir().join(format!("flowstone-doc-model-{}.h5", std::process::id()));
/// model.save(&path)?;
/// let mut again = load_model(&path)?;
/// let x = [[0.5, 0.5, 0.5]];
/// assert_eq!(again.predict(x).run()?.as_slice::<f32>()?, model.predict(x).run()?.as_slice::<f32>()?);
/// again.fit([[1.0, 2.0, 3.0]], [[1.0, 0.0]]).verbose(0).run()?;
/// # std::fs::remove_file(path).ok();
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn load_model(path: impl AsRef<Path>) -> Result<Sequential> {
    load_model_args(path).build()
}

/// [`load_model`] with keyword arguments.
pub fn load_model_args(path: impl AsRef<Path>) -> LoadModelArgs {
    LoadModelArgs { path: path.as_ref().to_owned(), compile: true }
}

/// [`load_model`](fn@crate::keras::models::load_model) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __load_model {
    ($($args:tt)*) => {
        $crate::__call!(@ [$crate::keras::models::load_model_args] [] [] $($args)*)
    };
}

/// A [`load_model`] under construction.
#[must_use = "nothing is read until `build` is called"]
pub struct LoadModelArgs {
    path: PathBuf,
    compile: bool,
}

impl LoadModelArgs {
    /// Whether the model is compiled as it was; yes if not said.
    pub fn compile(mut self, compile: bool) -> Self {
        self.compile = compile;
        self
    }

    /// Reads the model.
    #[track_caller]
    pub fn build(self) -> Result<Sequential> {
        let _line = built_at(crate::graph::here());
        #[cfg(feature = "hdf5")]
        return file::load(&self.path, self.compile);
        #[cfg(not(feature = "hdf5"))]
        crate::weights::without(&self.path, "hdf5")
    }
}

#[cfg(feature = "hdf5")]
pub(super) use file::{load_weights, save_weights};
