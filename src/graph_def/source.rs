//! What can be imported, and how it is asked for.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::format::proto::GraphDef;
use crate::format::text::FileMessage;
use crate::graph::{Operation, Tensor, get_default_graph};

/// Where a graph is read from: a [`GraphDef`], the bytes of one, or the path of a file, `.pb` or `.pbtxt`.
pub trait GraphSource {
    /// Hands the graph on.
    fn with_graph_def<R>(self, use_it: impl FnOnce(&GraphDef) -> Result<R>) -> Result<R>;
}

impl GraphSource for &GraphDef {
    fn with_graph_def<R>(self, use_it: impl FnOnce(&GraphDef) -> Result<R>) -> Result<R> {
        use_it(self)
    }
}

impl GraphSource for &[u8] {
    fn with_graph_def<R>(self, use_it: impl FnOnce(&GraphDef) -> Result<R>) -> Result<R> {
        use_it(&GraphDef::from_bytes(self)?)
    }
}

impl GraphSource for &Vec<u8> {
    fn with_graph_def<R>(self, use_it: impl FnOnce(&GraphDef) -> Result<R>) -> Result<R> {
        self.as_slice().with_graph_def(use_it)
    }
}

impl GraphSource for &Path {
    fn with_graph_def<R>(self, use_it: impl FnOnce(&GraphDef) -> Result<R>) -> Result<R> {
        use_it(&GraphDef::read_file(self)?)
    }
}

impl GraphSource for &PathBuf {
    fn with_graph_def<R>(self, use_it: impl FnOnce(&GraphDef) -> Result<R>) -> Result<R> {
        self.as_path().with_graph_def(use_it)
    }
}

impl GraphSource for &str {
    fn with_graph_def<R>(self, use_it: impl FnOnce(&GraphDef) -> Result<R>) -> Result<R> {
        Path::new(self).with_graph_def(use_it)
    }
}

/// How a graph is imported. TF: the arguments of `tf.import_graph_def`.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Put before each name, with a slash; nothing if it is empty. Taken as it is: a name that is then there twice gets
    /// a number.
    pub prefix: String,
    /// Tensors to use instead of those of the file: `"x:0"` or `"x"`.
    pub input_map: Vec<(String, Tensor)>,
    /// What to give back, by its name in the file: a tensor (`"y:0"`) or an operation (`"train"`).
    pub return_elements: Vec<String>,
    /// Operations that run before what is imported: before each node without inputs.
    pub control_dependencies: Vec<Operation>,
}

/// One of the elements that an import was asked for. TF: what `tf.import_graph_def` returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// A tensor.
    Tensor(Tensor),
    /// An operation.
    Operation(Operation),
}

impl Imported {
    /// The tensor; of an operation its first output.
    pub fn tensor(self) -> Tensor {
        match self {
            Imported::Tensor(tensor) => tensor,
            Imported::Operation(operation) => operation.output(0),
        }
    }

    /// The operation; of a tensor the one that computes it.
    pub fn operation(self) -> Operation {
        match self {
            Imported::Tensor(tensor) => tensor.op(),
            Imported::Operation(operation) => operation,
        }
    }
}

/// Adds the nodes of a graph to the default graph, under the name scope `import`. TF: `tf.import_graph_def`.
///
/// `graph_def` is a [`GraphDef`], its bytes, or the path of a file. Keyword arguments: `input_map`, `return_elements`,
/// `name`. See [`Graph::import_graph_def`](crate::Graph::import_graph_def).
///
/// ```
/// use flowstone as tf;
/// let saved = {
///     let graph = tf::Graph::new();
///     let _default = graph.as_default();
///     let x = tf::placeholder(tf::float32, [2]).named("x");
///     tf::identity(x * 3.0).named("y");
///     graph.as_graph_def()?
/// };
/// let x = tf::constant([1.0, 2.0]);
/// let found = tf::import_graph_def!(&saved, input_map = &[("x", x)], return_elements = &["y:0"], name = "times3")?;
/// let sess = tf::Session()?;
/// assert_eq!(sess.run(found[0].tensor(), tf::feed_dict! {})?.as_slice::<f32>()?, [3.0, 6.0]);
/// assert!(tf::get_default_graph().get_tensor_by_name("times3/y:0").is_ok());
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn import_graph_def(graph_def: impl GraphSource) -> Result<Vec<Imported>> {
    import_graph_def_args(graph_def).build()
}

/// [`import_graph_def`] with keyword arguments.
pub fn import_graph_def_args<S: GraphSource>(graph_def: S) -> ImportArgs<S> {
    ImportArgs { source: graph_def, name: "import".into(), options: ImportOptions::default() }
}

/// An import: the keyword arguments of [`import_graph_def`].
#[must_use = "nothing is imported until `build` is called"]
pub struct ImportArgs<S> {
    source: S,
    name: String,
    options: ImportOptions,
}

impl<S: GraphSource> ImportArgs<S> {
    /// Tensors to use instead of those of the file.
    pub fn input_map(mut self, map: &[(&str, Tensor)]) -> Self {
        self.options.input_map = map.iter().map(|(name, tensor)| ((*name).to_owned(), *tensor)).collect();
        self
    }

    /// What to give back, by its name in the file.
    pub fn return_elements(mut self, names: &[&str]) -> Self {
        self.options.return_elements = names.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// The name scope; `import` if not said. The names of the file stay as they are if it is empty.
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Imports.
    #[track_caller]
    pub fn build(mut self) -> Result<Vec<Imported>> {
        let graph = get_default_graph();
        if !self.name.is_empty() {
            self.options.prefix = graph.scope_name(&self.name).to_string();
        }
        graph.import_graph_def(self.source, self.options)
    }
}
