//! Saved models are written. TF: `tf.saved_model.builder`.

use std::path::{Path, PathBuf};

use prost::Message;

use super::{INIT_COLLECTIONS, INIT_OP_KEY, TRAIN_OP_KEY, assets, binary_file, text_file, variables_prefix};
use crate::error::{Error, ErrorKind, Result};
use crate::format::durable::write_file;
use crate::format::meta::collection_def::{Kind, NodeList};
use crate::format::meta::{CollectionDef, MetaGraphDef, SavedModel, SignatureDef, TensorInfo};
use crate::format::text::FileMessage;
use crate::graph::{Graph, Operation, Tensor, built_at, get_default_graph, here};
use crate::host::gfile;
use crate::session::Session;
use crate::train::{Saver, SaverArgs, export_meta_graph_args};

const SCHEMA_VERSION: i64 = 1;

/// Writes a saved model. TF: `tf.saved_model.builder.SavedModelBuilder`.
///
/// The first graph comes with the values of its variables, which all others share:
///
/// ```
/// use flowstone as tf;
/// use tf::saved_model::{builder::SavedModelBuilder, loader, predict_signature_def, tag_constants::SERVING};
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-saved-{}", std::process::id()));
/// let x = tf::placeholder(tf::float32, [2]).named("x");
/// let y = x * tf::Variable([2.0, 3.0]);
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
///
/// let mut builder = SavedModelBuilder(&folder)?;
/// let ask = predict_signature_def(&[("x", x)], &[("y", y)])?;
/// builder.add_meta_graph_and_variables_args(&sess, &[SERVING]).signature_def_map(&[("ask", ask)]).build()?;
/// builder.save()?;
///
/// let sess = tf::Session::new(&tf::Graph::new())?;
/// let model = loader::load(&sess, &[SERVING], &folder)?;
/// let answer = model.signature("ask")?.run([("x", [1.0, 1.0])])?;
/// assert_eq!(answer["y"].as_slice::<f32>()?, [2.0, 3.0]);
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
pub struct SavedModelBuilder {
    export_dir: PathBuf,
    model: SavedModel,
}

/// A saved model to be written into the folder `export_dir`, which is made.
///
/// Errors: AlreadyExists if there is something in the folder.
#[allow(non_snake_case)]
pub fn SavedModelBuilder(export_dir: impl AsRef<Path>) -> Result<SavedModelBuilder> {
    SavedModelBuilder::new(export_dir)
}

impl SavedModelBuilder {
    /// See [`SavedModelBuilder`](fn@SavedModelBuilder).
    pub fn new(export_dir: impl AsRef<Path>) -> Result<Self> {
        let export_dir = export_dir.as_ref().to_owned();
        gfile::MakeDirs(&export_dir)?;
        if !gfile::ListDirectory(&export_dir)?.is_empty() {
            let message = format!("{} is not empty; a saved model needs a folder of its own", export_dir.display());
            return Err(Error::new(ErrorKind::AlreadyExists, message));
        }
        let model = SavedModel { saved_model_schema_version: SCHEMA_VERSION, meta_graphs: Vec::new() };
        Ok(SavedModelBuilder { export_dir, model })
    }

    /// Adds the graph of `sess` for the uses `tags`, with the values of its variables; the first graph to add.
    /// TF: `builder.add_meta_graph_and_variables`.
    #[track_caller]
    pub fn add_meta_graph_and_variables(&mut self, sess: &Session, tags: &[&str]) -> Result<()> {
        self.add_meta_graph_and_variables_args(sess, tags).build()
    }

    /// [`add_meta_graph_and_variables`](Self::add_meta_graph_and_variables) with keyword arguments.
    pub fn add_meta_graph_and_variables_args<'a>(&'a mut self, sess: &'a Session, tags: &'a [&'a str]) -> AddArgs<'a> {
        AddArgs::new(self, Some(sess), sess.graph().clone(), tags)
    }

    /// Adds the default graph for the uses `tags`; its variables have the values that were saved with the first one.
    /// TF: `builder.add_meta_graph`.
    #[track_caller]
    pub fn add_meta_graph(&mut self, tags: &[&str]) -> Result<()> {
        self.add_meta_graph_args(tags).build()
    }

    /// [`add_meta_graph`](Self::add_meta_graph) with keyword arguments.
    pub fn add_meta_graph_args<'a>(&'a mut self, tags: &'a [&'a str]) -> AddArgs<'a> {
        AddArgs::new(self, None, get_default_graph(), tags)
    }

    /// Writes `saved_model.pb`; gives its path. TF: `builder.save()`.
    pub fn save(&self) -> Result<PathBuf> {
        self.write(binary_file(&self.export_dir), self.model.encode_to_vec())
    }

    /// Writes `saved_model.pbtxt`; gives its path. TF: `builder.save(as_text=True)`.
    pub fn save_as_text(&self) -> Result<PathBuf> {
        self.write(text_file(&self.export_dir), self.model.to_text()?.into_bytes())
    }

    fn write(&self, path: PathBuf, bytes: Vec<u8>) -> Result<PathBuf> {
        if self.model.meta_graphs.is_empty() {
            return Err(Error::failed_precondition("there is no graph in the model: add_meta_graph_and_variables"));
        }
        write_file(&path, &bytes)?;
        Ok(path)
    }
}

/// A graph to be added: the keyword arguments of
/// [`add_meta_graph_and_variables`](SavedModelBuilder::add_meta_graph_and_variables).
#[must_use = "nothing is added until `build` is called"]
pub struct AddArgs<'a> {
    builder: &'a mut SavedModelBuilder,
    /// The session whose values are saved.
    sess: Option<&'a Session>,
    graph: Graph,
    tags: &'a [&'a str],
    signatures: Vec<(String, SignatureDef)>,
    assets: Vec<Tensor>,
    clear_devices: bool,
    main_op: Option<Operation>,
    saver: Option<Saver>,
}

impl<'a> AddArgs<'a> {
    fn new(builder: &'a mut SavedModelBuilder, sess: Option<&'a Session>, graph: Graph, tags: &'a [&'a str]) -> Self {
        let (signatures, assets) = (Vec::new(), Vec::new());
        AddArgs { builder, sess, graph, tags, signatures, assets, clear_devices: false, main_op: None, saver: None }
    }

    /// What the graph can be asked for, by name.
    pub fn signature_def_map(mut self, signatures: &[(&str, SignatureDef)]) -> Self {
        self.signatures = signatures.iter().map(|(key, def)| ((*key).to_owned(), def.clone())).collect();
        self
    }

    /// Constants that are the paths of files; these are copied, and their new paths are fed to `main_op` after loading.
    pub fn assets_collection(mut self, assets: &[Tensor]) -> Self {
        self.assets = assets.to_vec();
        self
    }

    /// Whether nodes forget their devices; false if not said.
    pub fn clear_devices(mut self, clear_devices: bool) -> Self {
        self.clear_devices = clear_devices;
        self
    }

    /// What is run after loading.
    pub fn main_op(mut self, main_op: impl Into<Operation>) -> Self {
        self.main_op = Some(main_op.into());
        self
    }

    /// The older name of [`main_op`](AddArgs::main_op), as in `legacy_init_op = tf::tables_initializer()`.
    pub fn legacy_init_op(self, op: impl Into<Operation>) -> Self {
        if self.main_op.is_some() { self } else { self.main_op(op) }
    }

    /// How variables are saved; all of them if not said.
    pub fn saver(mut self, saver: &Saver) -> Self {
        self.saver = Some(saver.clone());
        self
    }

    /// Adds the graph.
    ///
    /// Errors: FailedPrecondition if it is not the first graph that comes with values, or if a variable has none,
    /// InvalidArgument for a signature that names no tensor or has a reserved name.
    #[track_caller]
    pub fn build(self) -> Result<()> {
        let _line = built_at(here());
        let is_first = self.builder.model.meta_graphs.is_empty();
        if self.sess.is_some() != is_first {
            let message = "the first graph of a saved model, and only this one, is added with variables";
            return Err(Error::failed_precondition(message));
        }
        self.signatures.iter().try_for_each(|(key, def)| check_signature(key, def))?;
        let saver = self.saver.clone().unwrap_or_else(|| {
            let _graph = self.graph.as_default();
            SaverArgs::new().sharded(true).allow_empty(true).build()
        });
        if let Some(sess) = self.sess {
            let prefix = variables_prefix(&self.builder.export_dir);
            gfile::MakeDirs(prefix.parent().unwrap_or(&prefix))?;
            saver.save_args(sess, &prefix).write_meta_graph(false).write_state(false).build()?;
        }
        let meta = self.meta_graph(&saver)?;
        self.builder.model.meta_graphs.push(meta);
        Ok(())
    }

    fn meta_graph(&self, saver: &Saver) -> Result<MetaGraphDef> {
        let export = export_meta_graph_args().graph(&self.graph).tags(self.tags).clear_devices(self.clear_devices);
        let def = saver.as_saver_def();
        let export = if def.restore_op_name.is_empty() { export } else { export.saver_def(&def) };
        let mut meta = export.build()?;
        meta.signature_def.extend(self.signatures.iter().cloned());
        if let Some(main_op) = self.main_op {
            let value = vec![main_op.name()];
            let kind = Some(Kind::NodeList(NodeList { value }));
            meta.collection_def.insert(INIT_COLLECTIONS[0].into(), CollectionDef { kind });
        }
        assets::add(&mut meta, &self.assets, &self.builder.export_dir)?;
        Ok(meta)
    }
}

fn check_signature(key: &str, def: &SignatureDef) -> Result<()> {
    if [INIT_OP_KEY, TRAIN_OP_KEY].contains(&key) {
        return Err(Error::invalid_argument(format!("the name '{key}' of a signature is reserved")));
    }
    let is_empty = |info: &TensorInfo| {
        let is_one = info.coo_sparse.is_none() && info.composite_tensor.is_none();
        is_one && info.name.is_empty() || info.composite_tensor.is_none() && info.dtype == 0
    };
    match def.inputs.iter().chain(&def.outputs).find(|(_, info)| is_empty(info)) {
        Some((name, _)) => {
            let message = format!("'{name}' of the signature '{key}' needs the name and the data type of a tensor");
            Err(Error::invalid_argument(message))
        }
        None => Ok(()),
    }
}
