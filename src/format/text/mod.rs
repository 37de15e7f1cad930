//! TensorFlow's messages as text: `.pbtxt` files and the file `checkpoint`.

#[rustfmt::skip]
mod messages;
mod parse;
mod print;
mod schema;
mod wire;

use std::path::Path;

use prost::Message;

use super::event::Event;
use super::meta::{CheckpointState, MetaGraphDef, SavedModel, VariableDef};
use super::proto::GraphDef;
use super::trace::{RunMetadata, TensorDescription};
use crate::error::{Error, Result};

pub use schema::Message as Schema;

/// A message that can be a file, as bytes or as text.
pub trait FileMessage: Message + Default {
    /// TensorFlow's name of the message.
    const NAME: &'static str;
    /// What its fields are called.
    fn schema() -> &'static Schema;

    /// Reads the bytes of a binary file. Before anything is allocated it is seen that they are a message, not too deep and
    /// not too large.
    fn read_bytes(bytes: &[u8]) -> Result<Self> {
        let wrong =
            |what: &str| Error::data_loss(format!("these {} bytes are not a {}: {what}", bytes.len(), Self::NAME));
        wire::check(bytes, Self::schema()).map_err(|e| wrong(e.message()))?;
        Self::decode(bytes).map_err(|e| wrong(&e.to_string()))
    }

    /// Reads text.
    fn read_text(text: &str) -> Result<Self> {
        let bytes = parse::parse(text, Self::schema()).map_err(|e| e.retitled(Self::NAME))?;
        Self::read_bytes(&bytes)
    }

    /// Reads the contents of a file: text if it is some, else bytes.
    fn read_any(contents: &[u8]) -> Result<Self> {
        match std::str::from_utf8(contents) {
            Ok(text) if is_text(text) => Self::read_text(text),
            _ => Self::read_bytes(contents),
        }
    }

    /// Reads a file, text or bytes.
    fn read_file(path: &Path) -> Result<Self> {
        Self::read_any(&contents(path)?).map_err(|e| e.retitled(&path.display().to_string()))
    }

    /// The message as text, as Python's `text_format.MessageToString` writes it.
    fn to_text(&self) -> Result<String> {
        print::print(&self.encode_to_vec(), Self::schema())
    }
}

fn contents(path: &Path) -> Result<Vec<u8>> {
    let of_file = |e: std::io::Error| Error::of_file(path, &e);
    let size = std::fs::metadata(path).map_err(of_file)?.len();
    if size > LARGEST_FILE {
        let path = path.display();
        return Err(Error::data_loss(format!("{path} has {size} bytes, more than the {LARGEST_FILE} of a message")));
    }
    std::fs::read(path).map_err(of_file)
}

/// No message is larger.
const LARGEST_FILE: u64 = (1 << 31) - 1;

/// Whether this could be a text file: bytes of a message start with a field's number, which is no letter, and hold lengths.
fn is_text(text: &str) -> bool {
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let start = text.trim_start_matches('\u{feff}').trim_start();
    start.starts_with(|c: char| c.is_ascii_alphabetic() || c == '#') && !text.contains(control)
}

macro_rules! file_messages {
    ($($message:ident $schema:ident;)*) => {$(
        impl FileMessage for $message {
            const NAME: &'static str = stringify!($message);
            fn schema() -> &'static Schema {
                &messages::$schema
            }
        }
    )*};
}
file_messages! {
    GraphDef GRAPH_DEF;
    MetaGraphDef META_GRAPH_DEF;
    SavedModel SAVED_MODEL;
    CheckpointState CHECKPOINT_STATE;
    VariableDef VARIABLE_DEF;
    Event EVENT;
    RunMetadata RUN_METADATA;
    TensorDescription TENSOR_DESCRIPTION;
}
