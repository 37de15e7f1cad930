//! Graphs into files.

use std::path::{Path, PathBuf};

use super::meta_graph::export_meta_graph_args;
use crate::error::Result;
use crate::format::durable::write_file;
use crate::format::meta::MetaGraphDef;
use crate::format::proto::GraphDef;
use crate::format::text::FileMessage;
use crate::graph::Graph;
use crate::host::gfile;

/// What can be written as a graph: a [`Graph`] or its [`GraphDef`].
pub trait WrittenGraph {
    /// The graph as TensorFlow writes it.
    fn graph_def(&self) -> Result<GraphDef>;

    /// The graph with what else is known of it: the shapes of its tensors, its collections.
    fn meta_graph(&self) -> Result<MetaGraphDef> {
        Ok(MetaGraphDef { graph_def: Some(self.graph_def()?), ..MetaGraphDef::default() })
    }
}

impl WrittenGraph for Graph {
    fn graph_def(&self) -> Result<GraphDef> {
        self.as_graph_def()
    }

    fn meta_graph(&self) -> Result<MetaGraphDef> {
        export_meta_graph_args().graph(self).build()
    }
}

impl WrittenGraph for &Graph {
    fn graph_def(&self) -> Result<GraphDef> {
        self.as_graph_def()
    }

    fn meta_graph(&self) -> Result<MetaGraphDef> {
        export_meta_graph_args().graph(self).build()
    }
}

impl WrittenGraph for &GraphDef {
    fn graph_def(&self) -> Result<GraphDef> {
        Ok((*self).clone())
    }
}

/// Writes a graph into the file `name` of the folder `logdir`, which is made if it is not there; gives the path.
/// TF: `tf.train.write_graph`.
///
/// Keyword argument: `as_text`, whether the file is text (`.pbtxt`) or bytes (`.pb`); true if not said. Until the new file
/// is whole an old one of its name stays.
///
/// ```
/// use flowstone as tf;
/// let _x = tf::placeholder(tf::float32, [2]).named("x");
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-write-{}", std::process::id()));
/// let path = tf::train::write_graph(&tf::get_default_graph(), &folder, "graph.pbtxt")?;
/// assert!(std::fs::read_to_string(path).unwrap().contains("op: \"Placeholder\""));
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
pub fn write_graph(graph_or_graph_def: impl WrittenGraph, logdir: impl AsRef<Path>, name: &str) -> Result<PathBuf> {
    write_graph_args(graph_or_graph_def, logdir, name).build()
}

/// [`write_graph`] with keyword arguments.
pub fn write_graph_args(graph_or_graph_def: impl WrittenGraph, logdir: impl AsRef<Path>, name: &str) -> WriteGraphArgs {
    let path = logdir.as_ref().join(name);
    WriteGraphArgs { def: graph_or_graph_def.graph_def(), path, as_text: true }
}

/// A graph to be written: the keyword arguments of [`write_graph`].
#[must_use = "nothing is written until `build` is called"]
pub struct WriteGraphArgs {
    def: Result<GraphDef>,
    path: PathBuf,
    as_text: bool,
}

impl WriteGraphArgs {
    /// Whether the file is text.
    pub fn as_text(mut self, as_text: bool) -> Self {
        self.as_text = as_text;
        self
    }

    /// Writes the file.
    pub fn build(self) -> Result<PathBuf> {
        let def = self.def?;
        let bytes = if self.as_text { def.to_text()?.into_bytes() } else { def.to_bytes() };
        if let Some(folder) = self.path.parent() {
            gfile::MakeDirs(folder)?;
        }
        write_file(&self.path, &bytes)?;
        Ok(self.path)
    }
}
