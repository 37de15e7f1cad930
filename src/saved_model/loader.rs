//! Saved models are loaded. TF: `tf.saved_model.loader`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{INIT_COLLECTIONS, INIT_OP_KEY, assets, binary_file, text_file, variables_prefix};
use crate::error::{Error, Result};
use crate::format::bundle::BundleReader;
use crate::format::meta::collection_def::Kind;
use crate::format::meta::{MetaGraphDef, SavedModel, SignatureDef, TensorInfo};
use crate::format::text::FileMessage;
use crate::session::{Feeds, Session};
use crate::sort::{map, sort};
use crate::train::import_meta_graph_args;
use crate::value::{IntoValue, Value};

/// Operations that call functions of the graph's library, which are not run here.
const CALLS: [&str; 8] = [
    "StatefulPartitionedCall",
    "PartitionedCall",
    "If",
    "StatelessIf",
    "While",
    "StatelessWhile",
    "Case",
    "StatelessCase",
];

/// Whether a folder holds what could be a saved model. TF: `tf.saved_model.loader.maybe_saved_model_directory`.
///
/// ```
/// use flowstone as tf;
/// assert!(!tf::saved_model::loader::maybe_saved_model_directory("no/such/folder"));
/// ```
pub fn maybe_saved_model_directory(export_dir: impl AsRef<Path>) -> bool {
    let folder = export_dir.as_ref();
    binary_file(folder).is_file() || text_file(folder).is_file()
}

/// Adds the graph of a saved model to that of `sess`, gives its variables their values, and runs what the model says is to
/// be run after that. TF: `tf.saved_model.loader.load`.
///
/// `tags` are exactly those of one of the model's graphs. Keyword argument: `import_scope`, put before all names.
///
/// Errors: NotFound if the folder holds no model or none with these tags (the message lists those there are), DataLoss if
/// a file is damaged, Unimplemented if the graph calls functions, as those of TensorFlow 2 do. The graph is as it was
/// unless the model could be read.
#[track_caller]
pub fn load(sess: &Session, tags: &[&str], export_dir: impl AsRef<Path>) -> Result<LoadedModel> {
    load_args(sess, tags, export_dir).build()
}

/// [`load`] with the keyword argument `import_scope`.
pub fn load_args<'a>(sess: &'a Session, tags: &'a [&'a str], export_dir: impl AsRef<Path>) -> LoadArgs<'a> {
    LoadArgs { sess, tags, export_dir: export_dir.as_ref().to_owned(), import_scope: String::new() }
}

/// The keyword argument of [`load`].
#[must_use = "nothing is loaded until `build` is called"]
pub struct LoadArgs<'a> {
    sess: &'a Session,
    tags: &'a [&'a str],
    export_dir: PathBuf,
    import_scope: String,
}

impl LoadArgs<'_> {
    /// Put before all names, with a slash.
    pub fn import_scope(mut self, scope: &str) -> Self {
        self.import_scope = scope.to_owned();
        self
    }

    /// Loads.
    #[track_caller]
    pub fn build(self) -> Result<LoadedModel> {
        let meta_graph_def = with_tags(parse_saved_model(&self.export_dir)?, self.tags)?;
        refuse_calls(&meta_graph_def)?;
        if meta_graph_def.saver_def.is_some() {
            BundleReader::open(variables_prefix(&self.export_dir))?;
        }
        let paths = assets::paths(&meta_graph_def, &self.export_dir)?;
        let saver = {
            let _graph = self.sess.graph().as_default();
            import_meta_graph_args(&meta_graph_def).import_scope(&self.import_scope).build()?
        };
        saver.restore(self.sess, variables_prefix(&self.export_dir))?;
        let model = LoadedModel { sess: self.sess.clone(), meta_graph_def, import_scope: self.import_scope };
        model.initialize(&paths)?;
        Ok(model)
    }
}

/// Reads the file of a saved model, binary or text.
pub fn parse_saved_model(export_dir: impl AsRef<Path>) -> Result<SavedModel> {
    let folder = export_dir.as_ref();
    let (binary, text) = (binary_file(folder), text_file(folder));
    let path = if binary.is_file() { &binary } else { &text };
    if !path.is_file() {
        let message = format!("{} holds no saved model (saved_model.pb or saved_model.pbtxt)", folder.display());
        return Err(Error::not_found(message));
    }
    SavedModel::read_file(path)
}

/// The model's graph that has exactly these tags.
fn with_tags(model: SavedModel, tags: &[&str]) -> Result<MetaGraphDef> {
    let set = |mut tags: Vec<String>| {
        sort(&mut tags);
        tags.dedup();
        tags
    };
    let tags_of = |meta: &MetaGraphDef| set(meta.meta_info_def.iter().flat_map(|info| info.tags.clone()).collect());
    let wanted = set(tags.iter().map(|&tag| tag.to_owned()).collect());
    let there: Vec<Vec<String>> = model.meta_graphs.iter().map(tags_of).collect();
    let found = model.meta_graphs.into_iter().find(|meta| tags_of(meta) == wanted);
    found.ok_or_else(|| {
        let there: Vec<String> = there.iter().map(|tags| braced(tags)).collect();
        Error::not_found(format!("no graph has the tags {}; there are {}", braced(&wanted), there.join(", ")))
    })
}

fn braced(tags: &[String]) -> String {
    format!("{{{}}}", tags.join(", "))
}

fn refuse_calls(meta: &MetaGraphDef) -> Result<()> {
    let mut nodes = meta.graph_def.iter().flat_map(|def| &def.node);
    match nodes.find(|node| CALLS.contains(&node.op.as_str())) {
        Some(node) => Err(Error::unimplemented(format!(
            "{}: node '{}' calls a function; models of TensorFlow 2 are not run here (freeze the model, or save it with \
             TensorFlow 1)",
            node.op, node.name
        ))),
        None => Ok(()),
    }
}

/// A saved model in a session. TF: what `tf.saved_model.loader.load` returns, and a way to ask it.
pub struct LoadedModel {
    sess: Session,
    meta_graph_def: MetaGraphDef,
    import_scope: String,
}

impl LoadedModel {
    /// What the file says: the graph, its collections, its signatures.
    pub fn meta_graph_def(&self) -> &MetaGraphDef {
        &self.meta_graph_def
    }

    /// What can be asked under the name `key`, as `serving_default`.
    ///
    /// Errors: NotFound with the names there are.
    pub fn signature(&self, key: &str) -> Result<Signature<'_>> {
        let signatures = &self.meta_graph_def.signature_def;
        let def = signatures.get(key).ok_or_else(|| {
            Error::not_found(format!("there is no signature '{key}'; there are {}", list(signatures.keys())))
        })?;
        Ok(Signature { model: self, def })
    }

    /// The name that `name` of the file has in the graph.
    fn name(&self, name: &str) -> String {
        match self.import_scope.as_str() {
            "" => name.to_owned(),
            scope => format!("{scope}/{name}"),
        }
    }

    /// Runs what the model says is to be run when it is there.
    fn initialize(&self, assets: &[(String, PathBuf)]) -> Result<()> {
        let Some(name) = init_op(&self.meta_graph_def)? else { return Ok(()) };
        let feed = |feeds: Feeds, (tensor, path): &(String, PathBuf)| {
            feeds.feed(self.name(tensor), path.display().to_string().as_str())
        };
        self.run_operation(&name, assets.iter().fold(Feeds::new(), feed))
    }

    fn run_operation(&self, name: &str, feeds: Feeds) -> Result<()> {
        let name = name.split_once(':').map_or(name, |(operation, _)| operation);
        let operation = self.sess.graph().get_operation_by_name(&self.name(name))?;
        self.sess.run(operation, feeds)?;
        Ok(())
    }
}

/// The operation that a model wants run.
fn init_op(meta: &MetaGraphDef) -> Result<Option<String>> {
    let signature = meta.signature_def.get(INIT_OP_KEY).and_then(|signature| signature.outputs.get(INIT_OP_KEY));
    if let Some(info) = signature {
        return Ok(Some(info.name.clone()));
    }
    for key in INIT_COLLECTIONS {
        match meta.collection_def.get(key).and_then(|collection| collection.kind.as_ref()) {
            Some(Kind::NodeList(list)) if list.value.len() == 1 => return Ok(list.value.first().cloned()),
            Some(_) => return Err(Error::invalid_argument(format!("the collection '{key}' must name one operation"))),
            None => (),
        }
    }
    Ok(None)
}

/// What a saved model can be asked. TF: `SignatureDef`.
pub struct Signature<'a> {
    model: &'a LoadedModel,
    def: &'a SignatureDef,
}

impl Signature<'_> {
    /// The message.
    pub fn def(&self) -> &SignatureDef {
        self.def
    }

    /// Asks: `inputs` by the names of the signature, and the outputs by theirs.
    ///
    /// Errors: InvalidArgument if the names are not exactly those of the signature's inputs.
    pub fn run<V: IntoValue>(
        &self,
        inputs: impl IntoIterator<Item = (&'static str, V)>,
    ) -> Result<BTreeMap<String, Value>> {
        let mut feeds = Feeds::new();
        let mut missing: Vec<&str> = self.def.inputs.keys().map(String::as_str).collect();
        for (name, value) in inputs {
            let place = missing.iter().position(|known| *known == name);
            let info = place.and_then(|place| self.def.inputs.get(missing.remove(place)));
            let info = info.ok_or_else(|| {
                let inputs = list(self.def.inputs.keys());
                Error::invalid_argument(format!("the signature has no input '{name}' left; its inputs are {inputs}"))
            })?;
            feeds = feeds.feed(self.tensor(name, info)?, value);
        }
        if let Some(name) = missing.first() {
            return Err(Error::invalid_argument(format!("the signature's input '{name}' is not given")));
        }
        let outputs = self.def.outputs.iter().map(|(name, info)| self.tensor(name, info));
        let values = self.model.sess.run(outputs.collect::<Result<Vec<String>>>()?, feeds)?;
        Ok(map(self.def.outputs.keys().cloned().zip(values)))
    }

    /// The tensor of the graph.
    fn tensor(&self, name: &str, info: &TensorInfo) -> Result<String> {
        if info.coo_sparse.is_some() || info.composite_tensor.is_some() {
            return Err(Error::unimplemented(format!("'{name}' of the signature is more than one tensor")));
        }
        Ok(self.model.name(&info.name))
    }
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}
