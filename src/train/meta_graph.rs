//! Meta graphs: a graph with its collections and how it is saved, the `.meta` file beside a checkpoint.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prost::Message;

use crate::error::{Error, Result};
use crate::format::control_flow::{CondContextDef, WhileContextDef};
use crate::format::durable::write_file;
use crate::format::meta::collection_def::{BytesList, FloatList, Int64List, Kind, NodeList};
use crate::format::meta::{CollectionDef, MetaGraphDef, MetaInfoDef, SaverDef, VariableDef};
use crate::format::proto::{AttrValue, GraphDef, ListValue, attr_value::Value};
use crate::format::text::FileMessage;
use crate::graph::{Graph, Operation, Tensor, get_default_graph, keys};
use crate::graph_def::{ImportOptions, shape_proto};
use crate::ops::flow::{CondContext, WhileContext};
use crate::ops::state::{GLOBAL_VARIABLES, LOCAL_VARIABLES, MOVING_AVERAGE_VARIABLES, TRAINABLE_VARIABLES, Variable};
use crate::sort::map;
use crate::train::{GLOBAL_STEP, Saver};

/// The collections whose items are variables.
const OF_VARIABLES: [&str; 7] = [
    GLOBAL_VARIABLES,
    TRAINABLE_VARIABLES,
    LOCAL_VARIABLES,
    MOVING_AVERAGE_VARIABLES,
    keys::MODEL_VARIABLES,
    keys::METRIC_VARIABLES,
    GLOBAL_STEP,
];

/// Which TensorFlow's graphs these are.
const VERSION: &str = concat!("1.15.0+flowstone.", env!("CARGO_PKG_VERSION"));

/// An item of a collection of a file that is kept as it came.
#[derive(Clone, Debug, PartialEq)]
struct Kept(CollectionDef);

/// The default graph with its collections, as TensorFlow keeps it beside a checkpoint. TF: `tf.train.export_meta_graph`.
///
/// Keyword arguments: `filename` (also writes a file), `as_text` (this file is text), `graph` (another than the default
/// one), `saver_def` (how variables are saved), `tags`, `clear_devices`. Variables in collections are named by their nodes,
/// tensors and operations by their names, branches and loops as TensorFlow writes them; numbers and strings stand for themselves, and what came from a file goes out as
/// it came. An item of another kind is left out, with its collection.
///
/// ```
/// use flowstone as tf;
/// let w = tf::Variable([1.0, 2.0]).named("w");
/// tf::add_to_collection("answer", w.value());
/// let meta = tf::train::export_meta_graph()?;
/// assert_eq!(meta.collection_def.keys().collect::<Vec<_>>(), ["answer", "trainable_variables", "variables"]);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn export_meta_graph() -> Result<MetaGraphDef> {
    export_meta_graph_args().build()
}

/// [`export_meta_graph`] with keyword arguments.
pub fn export_meta_graph_args() -> ExportMetaGraphArgs {
    ExportMetaGraphArgs::default()
}

/// A meta graph to be made: the keyword arguments of [`export_meta_graph`].
#[derive(Default)]
#[must_use = "nothing is made until `build` is called"]
pub struct ExportMetaGraphArgs {
    filename: Option<PathBuf>,
    as_text: bool,
    graph: Option<Graph>,
    saver_def: Option<SaverDef>,
    tags: Vec<String>,
    clear_devices: bool,
}

impl ExportMetaGraphArgs {
    /// The file that is written too.
    pub fn filename(mut self, filename: impl AsRef<Path>) -> Self {
        self.filename = Some(filename.as_ref().to_owned());
        self
    }

    /// Whether the file is text; false if not said.
    pub fn as_text(mut self, as_text: bool) -> Self {
        self.as_text = as_text;
        self
    }

    /// The graph; the default graph if not said.
    pub fn graph(mut self, graph: &Graph) -> Self {
        self.graph = Some(graph.clone());
        self
    }

    /// How variables are saved.
    pub fn saver_def(mut self, saver_def: &SaverDef) -> Self {
        self.saver_def = Some(saver_def.clone());
        self
    }

    /// What the graph is for.
    pub fn tags(mut self, tags: &[&str]) -> Self {
        self.tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        self
    }

    /// Whether nodes forget their devices; false if not said.
    pub fn clear_devices(mut self, clear_devices: bool) -> Self {
        self.clear_devices = clear_devices;
        self
    }

    /// Makes the meta graph.
    pub fn build(self) -> Result<MetaGraphDef> {
        let graph = self.graph.unwrap_or_else(get_default_graph);
        let mut def = graph.as_graph_def()?;
        add_shapes(&graph, &mut def);
        if self.clear_devices {
            def.node.iter_mut().for_each(|node| node.device.clear());
        }
        let info = MetaInfoDef { tags: self.tags, tensorflow_version: VERSION.into(), ..Default::default() };
        let meta = MetaGraphDef {
            meta_info_def: Some(info),
            graph_def: Some(def),
            saver_def: self.saver_def,
            collection_def: collections(&graph),
            ..Default::default()
        };
        if let Some(path) = self.filename {
            let bytes = if self.as_text { meta.to_text()?.into_bytes() } else { meta.encode_to_vec() };
            write_file(&path, &bytes)?;
        }
        Ok(meta)
    }
}

/// TensorFlow notes the shapes of outputs in meta graphs. What a file claimed before stays.
fn add_shapes(graph: &Graph, def: &mut GraphDef) {
    let state = graph.lock();
    for (node, def) in state.nodes().iter().zip(&mut def.node).filter(|(node, _)| !node.outputs.is_empty()) {
        let shape = node.outputs.iter().map(|fact| shape_proto(&fact.shape)).collect();
        let list = Value::List(ListValue { shape, ..Default::default() });
        def.attr.entry("_output_shapes".into()).or_insert(AttrValue { value: Some(list) });
    }
}

fn collections(graph: &Graph) -> BTreeMap<String, CollectionDef> {
    let keys = graph.get_all_collection_keys().into_iter();
    map(keys.filter_map(|key| collection(&graph.collection_items(&key)).map(|def| (key, def))))
}

/// An item of a collection.
type Item = Arc<dyn Any + Send + Sync>;

/// The bytes of an item of one kind.
type ToBytes = fn(&Item) -> Option<Vec<u8>>;

/// What `of` makes of each item, if it makes something of all.
fn all<R>(items: &[Item], of: &dyn Fn(&Item) -> Option<R>) -> Option<Vec<R>> {
    items.iter().map(of).collect()
}

/// The collection of these items, if all of them are of one kind that files know.
fn collection(items: &[Item]) -> Option<CollectionDef> {
    if let [item] = items
        && let Some(Kept(def)) = item.downcast_ref::<Kept>()
    {
        return Some(def.clone());
    }
    let kinds: [ToBytes; 8] = [
        |item| Some(item.downcast_ref::<Variable>()?.to_proto().encode_to_vec()),
        |item| Some(item.downcast_ref::<CondContext>()?.to_proto().encode_to_vec()),
        |item| Some(item.downcast_ref::<WhileContext>()?.to_proto().encode_to_vec()),
        |item| Some(item.downcast_ref::<SaverDef>()?.encode_to_vec()),
        |item| Some(item.downcast_ref::<Saver>()?.as_saver_def().encode_to_vec()),
        |item| Some(item.downcast_ref::<String>()?.clone().into_bytes()),
        |item| Some(item.downcast_ref::<&'static str>()?.as_bytes().to_vec()),
        |item| item.downcast_ref::<Vec<u8>>().cloned(),
    ];
    let name = |item: &Item| {
        let tensor = item.downcast_ref::<Tensor>().map(|tensor| tensor.name());
        tensor.or_else(|| item.downcast_ref::<Operation>().map(|operation| operation.name()))
    };
    let integers = || {
        let wide = all(items, &|item| item.downcast_ref::<i64>().copied());
        wide.or_else(|| all(items, &|item| Some(i64::from(*item.downcast_ref::<i32>()?))))
    };
    let floats = || {
        let narrow = all(items, &|item| item.downcast_ref::<f32>().copied());
        narrow.or_else(|| all(items, &|item| Some(*item.downcast_ref::<f64>()? as f32)))
    };
    let kind = match kinds.iter().find_map(|kind| all(items, kind)) {
        Some(value) => Kind::BytesList(BytesList { value }),
        None => all(items, &name)
            .map(|value| Kind::NodeList(NodeList { value }))
            .or_else(|| integers().map(|value| Kind::Int64List(Int64List { value })))
            .or_else(|| floats().map(|value| Kind::FloatList(FloatList { value })))?,
    };
    Some(CollectionDef { kind: Some(kind) })
}

/// Where a meta graph is read from: a [`MetaGraphDef`], or the path of a file, binary or text.
pub trait MetaGraphSource {
    /// Hands the meta graph on.
    fn with_meta_graph<R>(self, use_it: impl FnOnce(&MetaGraphDef) -> Result<R>) -> Result<R>;
}

impl MetaGraphSource for &MetaGraphDef {
    fn with_meta_graph<R>(self, use_it: impl FnOnce(&MetaGraphDef) -> Result<R>) -> Result<R> {
        use_it(self)
    }
}

impl MetaGraphSource for &Path {
    fn with_meta_graph<R>(self, use_it: impl FnOnce(&MetaGraphDef) -> Result<R>) -> Result<R> {
        use_it(&MetaGraphDef::read_file(self)?)
    }
}

impl MetaGraphSource for &PathBuf {
    fn with_meta_graph<R>(self, use_it: impl FnOnce(&MetaGraphDef) -> Result<R>) -> Result<R> {
        self.as_path().with_meta_graph(use_it)
    }
}

impl MetaGraphSource for &str {
    fn with_meta_graph<R>(self, use_it: impl FnOnce(&MetaGraphDef) -> Result<R>) -> Result<R> {
        Path::new(self).with_meta_graph(use_it)
    }
}

impl MetaGraphSource for &String {
    fn with_meta_graph<R>(self, use_it: impl FnOnce(&MetaGraphDef) -> Result<R>) -> Result<R> {
        Path::new(self).with_meta_graph(use_it)
    }
}

/// Adds a graph with its collections to `graph`; its names get the prefix `import_scope`.
pub(crate) fn add_meta_graph(
    graph: &Graph,
    meta: &MetaGraphDef,
    import_scope: &str,
    clear_devices: bool,
) -> Result<()> {
    let def = meta.graph_def.as_ref();
    let def = def.ok_or_else(|| Error::invalid_argument("the meta graph has no graph"))?;
    let options = ImportOptions { prefix: import_scope.to_owned(), ..Default::default() };
    if clear_devices {
        let mut def = def.clone();
        def.node.iter_mut().for_each(|node| node.device.clear());
        graph.import_graph_def(&def, options)?;
    } else {
        graph.import_graph_def(def, options)?;
    }
    meta.collection_def.iter().try_for_each(|(name, def)| {
        add_collection(graph, name, def, import_scope).map_err(|e| e.retitled(&format!("the collection '{name}'")))
    })
}

fn add_collection(graph: &Graph, name: &str, def: &CollectionDef, scope: &str) -> Result<()> {
    match &def.kind {
        Some(Kind::BytesList(list)) if OF_VARIABLES.contains(&name) => {
            for bytes in &list.value {
                let def = VariableDef::read_bytes(bytes)?;
                graph.add_to_collection(name, Variable::from_proto(graph, &def, scope)?);
            }
        }
        // Contexts that do not fit the graph are kept as they came: they say nothing that a run needs.
        Some(Kind::BytesList(list)) if name == keys::COND_CONTEXT => {
            let of = |bytes: &Vec<u8>| CondContext::from_proto(graph, &decoded::<CondContextDef>(bytes)?, scope);
            add_contexts(graph, name, def, list.value.iter().map(of).collect());
        }
        Some(Kind::BytesList(list)) if name == keys::WHILE_CONTEXT => {
            let of = |bytes: &Vec<u8>| WhileContext::from_proto(graph, &decoded::<WhileContextDef>(bytes)?, scope);
            add_contexts(graph, name, def, list.value.iter().map(of).collect());
        }
        Some(Kind::NodeList(list)) => {
            for item in &list.value {
                let full = if scope.is_empty() { item.clone() } else { format!("{scope}/{item}") };
                match item.contains(':') {
                    true => graph.add_to_collection(name, graph.get_tensor_by_name(&full)?),
                    false => graph.add_to_collection(name, graph.get_operation_by_name(&full)?),
                }
            }
        }
        Some(Kind::Int64List(list)) => list.value.iter().for_each(|&i| graph.add_to_collection(name, i)),
        Some(Kind::FloatList(list)) => list.value.iter().for_each(|&x| graph.add_to_collection(name, x)),
        _ => graph.add_to_collection(name, Kept(def.clone())),
    }
    Ok(())
}

fn decoded<M: Message + Default>(bytes: &[u8]) -> Result<M> {
    M::decode(bytes).map_err(|error| Error::data_loss(error.to_string()))
}

fn add_contexts<T: Any + Send + Sync>(graph: &Graph, name: &str, def: &CollectionDef, found: Result<Vec<T>>) {
    match found {
        Ok(contexts) => contexts.into_iter().for_each(|context| graph.add_to_collection(name, context)),
        Err(_) => graph.add_to_collection(name, Kept(def.clone())),
    }
}
