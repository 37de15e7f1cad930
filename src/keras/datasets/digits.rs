//! MNIST and what comes in its format.

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn};

use super::{Examples, Origin, TrainTest, list, read_or_fetch};
use crate::error::{Error, ErrorKind, Result};
use crate::format::idx::Pair;

/// A data set in four files.
pub(super) struct Files<'a> {
    pub(super) name: &'a str,
    /// The folders of a directory in which the files may lie.
    pub(super) folders: &'a [&'a str],
    pub(super) origin: Origin<'a>,
}

impl Files<'_> {
    /// Reads the data set from the first of `dirs` that has it; what is missing may be fetched.
    pub(super) fn load(&self, dirs: &[PathBuf]) -> Result<TrainTest> {
        read_or_fetch(&self.origin, self.home(dirs).as_deref(), || self.read(dirs))
    }

    fn places(&self, dirs: &[PathBuf]) -> impl Iterator<Item = PathBuf> {
        dirs.iter().flat_map(|dir| self.folders.iter().map(move |folder| dir.join(folder)))
    }

    /// Where the files belong: where one of them is, or else the last folder of the first directory.
    fn home(&self, dirs: &[PathBuf]) -> Option<PathBuf> {
        let has_one = |place: &PathBuf| self.origin.files.iter().any(|file| has(place, file.name));
        let own = || Some(dirs.first()?.join(self.folders.last()?));
        self.places(dirs).find(has_one).or_else(own)
    }

    /// The same, without fetching anything.
    pub(super) fn read(&self, dirs: &[PathBuf]) -> Result<TrainTest> {
        let mut missing = None;
        for dir in self.places(dirs) {
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
            self.origin.base
        )))
    }
}

/// Whether the file is in a directory, packed or not.
fn has(dir: &Path, packed: &str) -> bool {
    dir.join(packed).is_file() || dir.join(packed.trim_end_matches(".gz")).is_file()
}

fn examples(files: Pair) -> Result<Examples> {
    let (pixels, sizes, labels) = files.read()?;
    let array = |shape: &[usize], bytes| {
        ArrayD::from_shape_vec(IxDyn(shape), bytes).map_err(|e| Error::internal(e.to_string()))
    };
    Ok((array(&sizes, pixels)?, array(&sizes[..1], labels)?))
}
