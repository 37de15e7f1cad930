//! `flowstone convert` and `flowstone dot`: the same in another format.

use std::path::Path;

use flowstone::format::meta::MetaGraphDef;
use flowstone::format::text::FileMessage;
use flowstone::weights::{self, Format};
use flowstone::{Error, Graph, Result};

use crate::arguments::{Convert, Dot};
use crate::output::{free, patiently, print, write};
use crate::source::{Source, message, prefix, suffix};

/// The bytes of a message in the format that the path names.
pub fn encoded<M: FileMessage>(message: &M, path: &Path) -> Result<Vec<u8>> {
    match suffix(path) {
        "pbtxt" => Ok(message.to_text()?.into_bytes()),
        _ => Ok(message.encode_to_vec()),
    }
}

/// Writes what is in a file in another format.
pub fn convert(arguments: &Convert) -> Result<()> {
    let (source, target) = (&arguments.source, &arguments.target);
    let unfit = || {
        Error::invalid_argument(format!("there is no way from {} to {}", source.display(), target.display()))
            .note("graphs: .pb .pbtxt .meta; weights: a checkpoint's prefix, .npz, .safetensors")
    };
    if (suffix(source), suffix(target)) == ("pbtxt", "meta") {
        let meta: MetaGraphDef = message(source)?;
        return write(target, &encoded(&meta, target)?, arguments.force);
    }
    match (Source::open(source)?, suffix(target)) {
        (Source::Arrays(..), "pb" | "pbtxt" | "meta" | "npy") => Err(unfit()),
        (Source::Arrays(..), _) if suffix(source) != "npy" => {
            let written = prefix(target);
            match Format::of(&written) {
                Format::Checkpoint => free(Path::new(&format!("{}.index", written.display())), arguments.force)?,
                _ => free(&written, arguments.force)?,
            }
            let arrays = patiently("reading", source, || weights::read(prefix(source)))?;
            patiently("writing", target, || weights::write(&written, &arrays))
        }
        (Source::Graph(_) | Source::Meta(_) | Source::Model(_), "pb" | "pbtxt") => {
            let graph = Source::open(source)?.graph(source)?;
            write(target, &encoded(&graph, target)?, arguments.force)
        }
        _ => Err(unfit()),
    }
}

/// Draws a graph.
pub fn dot(arguments: &Dot) -> Result<()> {
    let graph = Graph::from_graph_def(&Source::open(&arguments.graph)?.graph(&arguments.graph)?)?;
    let drawing = graph.to_dot();
    match &arguments.target {
        Some(target) => write(target, drawing.as_bytes(), arguments.force),
        None => print(&drawing),
    }
}
