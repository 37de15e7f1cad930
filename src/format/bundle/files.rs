//! The files of a bundle, and how a new one takes the place of an old one so that a whole one is there at any moment.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Saved, with_suffix, write_data};
use crate::error::{Error, Result};
use crate::format::durable::{rename, sync_folder};
use crate::sort::sort_by;

/// The files of the bundle of one prefix.
///
/// A bundle is two files, and no system renames two files at once. So the new ones are written beside the old, as
/// `….new`. From the moment the new index has that name the new bundle is the bundle: its data is in the new data file,
/// or, once this has its final name, there.
#[derive(Debug)]
pub struct BundleFiles {
    prefix: PathBuf,
}

/// What writing a bundle does, one thing after another; after each of them a whole bundle can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ends what an interrupted save began.
    Finish,
    /// Writes the new data beside the old.
    WriteData,
    /// Makes the new bundle the one that is read.
    Commit,
    /// Gives the new data its name.
    PublishData,
    /// Gives the new index its name.
    PublishIndex,
}

impl Step {
    /// All steps in order.
    pub const ALL: [Step; 5] = [Step::Finish, Step::WriteData, Step::Commit, Step::PublishData, Step::PublishIndex];
}

impl BundleFiles {
    /// The files of the bundle of `prefix`.
    pub fn new(prefix: impl AsRef<Path>) -> Self {
        BundleFiles { prefix: prefix.as_ref().to_owned() }
    }

    /// The prefix.
    pub fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// The index.
    pub fn index(&self) -> PathBuf {
        with_suffix(&self.prefix, ".index")
    }

    /// The data file number `shard` of `shards`.
    pub fn data(&self, shard: u32, shards: u32) -> PathBuf {
        with_suffix(&self.prefix, &format!(".data-{shard:05}-of-{shards:05}"))
    }

    /// The files that are there, also what an interrupted save has left: the indexes first, so that what is removed in this
    /// order is whole or not there.
    pub fn all(&self) -> Result<Vec<PathBuf>> {
        let name = self.prefix.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let folder = self.prefix.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let entries = match fs::read_dir(folder) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|e| Error::of_file(folder, &e))?,
        };
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut suffixes: Vec<String> = names.filter_map(|file| file.strip_prefix(&name).map(str::to_owned)).collect();
        suffixes.retain(|suffix| belongs(suffix));
        let is_data = |suffix: &String| suffix.starts_with(".data-");
        sort_by(&mut suffixes, |a, b| is_data(a).cmp(&is_data(b)));
        Ok(suffixes.into_iter().map(|suffix| with_suffix(&self.prefix, &suffix)).collect())
    }

    fn new_index(&self) -> PathBuf {
        with_suffix(&self.index(), ".new")
    }

    fn new_data(&self) -> PathBuf {
        with_suffix(&self.data(0, 1), ".new")
    }

    /// Where an index is while it is written: nobody reads it there.
    fn half_index(&self) -> PathBuf {
        with_suffix(&self.index(), ".part")
    }

    /// Whether there is a bundle.
    pub fn exist(&self) -> bool {
        self.index_to_read().exists()
    }

    /// The index that counts.
    pub(super) fn index_to_read(&self) -> PathBuf {
        let new = self.new_index();
        if new.exists() { new } else { self.index() }
    }

    /// The data file that belongs to the index that counts.
    pub(super) fn data_to_read(&self, shard: u32, shards: u32) -> PathBuf {
        let new = self.new_data();
        if shards == 1 && self.new_index().exists() && new.exists() { new } else { self.data(shard, shards) }
    }

    /// The error that there is no bundle.
    pub(super) fn not_there(&self) -> Error {
        let prefix = self.prefix.display();
        if self.prefix.is_file() {
            return Error::unimplemented(format!(
                "{prefix} is no checkpoint of TensorFlow's second format, which is two files, {prefix}.index and \
                 {prefix}.data-…; those of the first format, one file, are not read"
            ));
        }
        Error::not_found(format!("there is no checkpoint {prefix}: no file {prefix}.index"))
    }

    /// Does one step of writing `tensors`.
    pub fn run(&self, step: Step, tensors: &[Saved]) -> Result<()> {
        match step {
            Step::Finish => {
                if !self.new_index().exists() {
                    return Ok(());
                }
                self.run(Step::PublishData, tensors)?;
                self.run(Step::PublishIndex, tensors)
            }
            Step::WriteData => self.write(tensors),
            Step::Commit => {
                rename(&self.half_index(), &self.new_index())?;
                sync_folder(&self.prefix)
            }
            Step::PublishData if self.new_data().exists() => {
                rename(&self.new_data(), &self.data(0, 1))?;
                sync_folder(&self.prefix)
            }
            Step::PublishData => Ok(()),
            Step::PublishIndex => {
                rename(&self.new_index(), &self.index())?;
                sync_folder(&self.prefix)
            }
        }
    }

    fn write(&self, tensors: &[Saved]) -> Result<()> {
        let (data, index) = (self.new_data(), self.half_index());
        let written = self.write_both(&data, &index, tensors);
        if written.is_err() {
            // What was begun is of no use; that it may not be there is no second error.
            let _ = (fs::remove_file(&data), fs::remove_file(&index));
        }
        written
    }

    fn write_both(&self, data: &Path, index: &Path, tensors: &[Saved]) -> Result<()> {
        let at = |path: &Path, e: std::io::Error| Error::of_file(path, &e);
        let mut file = BufWriter::new(File::create(data).map_err(|e| at(data, e))?);
        let bytes = write_data(&mut file, tensors).map_err(|e| e.retitled(&data.display().to_string()))?;
        let file = file.into_inner().map_err(|e| at(data, e.into_error()))?;
        file.sync_all().map_err(|e| at(data, e))?;
        let mut file = File::create(index).map_err(|e| at(index, e))?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(|e| at(index, e))
    }
}

/// Whether a file whose name is a prefix and this is one of a bundle: `.index`, `.data-00000-of-00001`, and these new or in
/// the making.
fn belongs(suffix: &str) -> bool {
    let suffix = suffix.strip_suffix(".new").or(suffix.strip_suffix(".part")).unwrap_or(suffix);
    let number = |digits: &str| digits.len() == 5 && digits.bytes().all(|b| b.is_ascii_digit());
    let data = suffix.strip_prefix(".data-").and_then(|rest| rest.split_once("-of-"));
    suffix == ".index" || data.is_some_and(|(shard, shards)| number(shard) && number(shards))
}
