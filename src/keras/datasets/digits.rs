//! MNIST and what comes in its format.

use std::path::PathBuf;

use ndarray::{ArrayD, IxDyn};

use super::{Examples, TrainTest, list};
use crate::error::{Error, ErrorKind, Result};
use crate::format::idx::Pair;

/// A data set in four files.
pub(super) struct Files {
    pub(super) name: &'static str,
    /// The folders of a directory in which the files may lie.
    pub(super) folders: &'static [&'static str],
    /// Where they come from.
    pub(super) source: &'static str,
}

impl Files {
    /// Reads the data set from the first of `dirs` that has it.
    pub(super) fn load(&self, dirs: &[PathBuf]) -> Result<TrainTest> {
        let mut missing = None;
        for dir in dirs.iter().flat_map(|dir| self.folders.iter().map(move |folder| dir.join(folder))) {
            match (Pair::find(&dir, "train"), Pair::find(&dir, "t10k")) {
                (Ok(train), Ok(test)) => return Ok((examples(train)?, examples(test)?)),
                (Err(error), _) | (_, Err(error)) => missing = missing.or(Some(error)),
            }
        }
        let error = missing.unwrap_or_else(|| Error::new(ErrorKind::NotFound, "there is no directory to look into"));
        Err(error.note(format!(
            "the four files of {} belong into {}, or into a folder '{}' of it; they come from {}",
            self.name,
            list(dirs),
            self.folders.last().unwrap_or(&""),
            self.source
        )))
    }
}

fn examples(files: Pair) -> Result<Examples> {
    let (pixels, sizes, labels) = files.read()?;
    let array = |shape: &[usize], bytes| {
        ArrayD::from_shape_vec(IxDyn(shape), bytes).map_err(|e| Error::internal(e.to_string()))
    };
    Ok((array(&sizes, pixels)?, array(&sizes[..1], labels)?))
}
