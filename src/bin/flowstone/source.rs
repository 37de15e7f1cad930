//! Opening whatever a path names.

use std::path::{Path, PathBuf};

use flowstone::format::bundle::BundleReader;
use flowstone::format::meta::{MetaGraphDef, SavedModel};
use flowstone::format::npy;
use flowstone::format::npz::NpzReader;
use flowstone::format::proto::GraphDef;
use flowstone::format::safetensors::SafetensorsReader;
use flowstone::format::text::FileMessage;
use flowstone::{Error, Result};

use crate::output::patiently;

/// An array in a file.
pub struct Array {
    pub name: String,
    pub dtype: String,
    pub shape: String,
    pub elements: u64,
    pub bytes: u64,
}

/// What a path names.
pub enum Source {
    Graph(GraphDef),
    Meta(Box<MetaGraphDef>),
    Model(SavedModel),
    Arrays(&'static str, Vec<Array>),
}

/// The file of a saved model's graphs, in its directory.
const MODEL_FILES: [&str; 2] = ["saved_model.pb", "saved_model.pbtxt"];

fn read(path: &Path) -> Result<Vec<u8>> {
    use std::io::ErrorKind as Io;
    patiently("reading", path, || std::fs::read(path)).map_err(|e| match e.kind() {
        Io::NotFound => Error::not_found(format!("there is no file {}", path.display())),
        _ => Error::failed_precondition(format!("{}: {e}", path.display())),
    })
}

/// The message in a file.
pub fn message<M: FileMessage>(path: &Path) -> Result<M> {
    let bytes = read(path)?;
    patiently("reading", path, || M::read_any(&bytes)).map_err(|e| e.retitled(&path.display().to_string()))
}

impl Source {
    /// Opens what `path` names.
    pub fn open(path: &Path) -> Result<Source> {
        if path.is_dir() {
            let file = MODEL_FILES.iter().map(|name| path.join(name)).find(|file| file.exists());
            let file = file
                .ok_or_else(|| Error::not_found(format!("the directory {} has no saved_model.pb", path.display())))?;
            return message(&file).map(Source::Model);
        }
        match suffix(path) {
            "meta" => message(path).map(|meta| Source::Meta(Box::new(meta))),
            "pb" | "pbtxt" if MODEL_FILES.iter().any(|name| path.ends_with(name)) => message(path).map(Source::Model),
            "pb" | "pbtxt" => message(path).map(Source::Graph),
            "npz" => npz(path).map(|arrays| Source::Arrays("NumPy arrays", arrays)),
            "npy" => Ok(Source::Arrays("NumPy array", vec![array_of_header("", &npy::header(&read(path)?)?.0)])),
            "safetensors" => safetensors(path).map(|arrays| Source::Arrays("safetensors", arrays)),
            end if end != "index" && path.is_file() => Err(Error::invalid_argument(format!(
                "what {} is does not show in its name; known are .pb .pbtxt .meta .npz .npy .safetensors, a checkpoint's \
                 prefix or .index, and a saved model's directory",
                path.display()
            ))),
            _ => checkpoint(path).map(|arrays| Source::Arrays("checkpoint", arrays)),
        }
    }

    /// The one graph in it.
    pub fn graph(self, path: &Path) -> Result<GraphDef> {
        let no_graph = || Error::invalid_argument(format!("{} has no graph", path.display()));
        match self {
            Source::Graph(graph) => Ok(graph),
            Source::Meta(meta) => meta.graph_def.ok_or_else(no_graph),
            Source::Model(model) => {
                model.meta_graphs.into_iter().next().and_then(|meta| meta.graph_def).ok_or_else(no_graph)
            }
            Source::Arrays(..) => Err(no_graph()),
        }
    }
}

/// The values of the variables of the graph at `path`: those that were named, or those of a saved model.
pub fn checkpoint_of(path: &Path, named: Option<&Path>) -> Option<PathBuf> {
    let own = path.join("variables").join("variables");
    named.map(prefix).or_else(|| own.with_extension("index").exists().then_some(own))
}

/// The prefix of a checkpoint that may be named by its index.
pub fn prefix(path: &Path) -> PathBuf {
    if suffix(path) == "index" { path.with_extension("") } else { path.to_owned() }
}

/// What is behind the last dot of a path.
pub fn suffix(path: &Path) -> &str {
    path.extension().and_then(|suffix| suffix.to_str()).unwrap_or("")
}

fn checkpoint(path: &Path) -> Result<Vec<Array>> {
    let reader = BundleReader::open(prefix(path))?;
    let array = |(name, entry): (&str, &flowstone::format::bundle::Entry)| {
        Ok(Array {
            name: name.to_owned(),
            dtype: entry.dtype.map_or("unknown".to_owned(), |dtype| dtype.to_string()),
            shape: entry.shape.to_string(),
            elements: entry.shape.num_elements()? as u64,
            bytes: entry.bytes,
        })
    };
    reader.entries().map(array).collect()
}

fn npz(path: &Path) -> Result<Vec<Array>> {
    let mut reader = NpzReader::open(path)?;
    let names = reader.names().to_vec();
    names.iter().map(|name| Ok(array_of_header(name, &reader.header(name)?))).collect()
}

fn array_of_header(name: &str, header: &npy::Header) -> Array {
    let elements = header.shape.num_elements().unwrap_or(usize::MAX) as u64;
    Array {
        name: name.to_owned(),
        dtype: header.dtype().map_or_else(|| header.descr.clone(), |dtype| dtype.to_string()),
        shape: header.shape.to_string(),
        elements,
        bytes: elements.saturating_mul(header.element_size().unwrap_or(0) as u64),
    }
}

fn safetensors(path: &Path) -> Result<Vec<Array>> {
    let entries = SafetensorsReader::open(path)?.entries()?;
    let array = |entry: flowstone::format::safetensors::Entry| Array {
        elements: entry.shape.num_elements().unwrap_or(usize::MAX) as u64,
        name: entry.name,
        dtype: entry.dtype,
        shape: entry.shape.to_string(),
        bytes: entry.bytes,
    };
    Ok(entries.into_iter().map(array).collect())
}
