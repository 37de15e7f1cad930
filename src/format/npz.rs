//! NumPy's `.npz`: named arrays in a zip file, each as `NAME.npy`.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{durable, npy};
use crate::error::{Error, Result};
use crate::value::{Value, room_for};

/// The beginning of a member that is enough for its header.
const HEAD: u64 = (1 << 16) + 12;

/// A `.npz` file to read from.
#[derive(Debug)]
pub struct NpzReader {
    path: PathBuf,
    names: Vec<String>,
    archive: ZipArchive<BufReader<File>>,
}

impl NpzReader {
    /// Opens the file and reads its directory.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let file = File::open(&path).map_err(|e| Error::of_file(&path, &e))?;
        let damaged = |e| Error::data_loss(format!("{} is not a whole .npz file: {e}", path.display()));
        let archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
        let files = archive.file_names().collect::<std::result::Result<Vec<_>, _>>().map_err(damaged)?;
        let names = files.iter().filter_map(|name| name.strip_suffix(".npy")).map(str::to_owned).collect();
        Ok(NpzReader { path, names, archive })
    }

    /// The names of the arrays, in their order in the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What the file says of the array `name`.
    pub fn header(&mut self, name: &str) -> Result<npy::Header> {
        let head = self.member(name, HEAD)?;
        npy::header(&head).map(|(header, _)| header).map_err(|e| self.at(name, &e))
    }

    /// Reads the array `name`.
    pub fn read(&mut self, name: &str) -> Result<Value> {
        let bytes = self.member(name, u64::MAX)?;
        npy::from_bytes(&bytes).map_err(|e| self.at(name, &e))
    }

    fn at(&self, name: &str, error: &Error) -> Error {
        error.clone().retitled(&format!("'{name}' in {}", self.path.display()))
    }

    /// The first bytes of a member, at most `most`: as many as it really has, whatever the directory says.
    fn member(&mut self, name: &str, most: u64) -> Result<Vec<u8>> {
        let damaged = |e: String| Error::data_loss(format!("'{name}' in {}: {e}", self.path.display()));
        let member = self.archive.by_name(&format!("{name}.npy")).map_err(|e| damaged(e.to_string()))?;
        let size = member.size();
        room_for::<u8>(usize::try_from(size.min(most)).unwrap_or(usize::MAX))?;
        let mut bytes = Vec::new();
        let read = member.take(size.min(most)).read_to_end(&mut bytes).map_err(|e| damaged(e.to_string()))?;
        match most.min(size) == read as u64 {
            true => Ok(bytes),
            false => Err(damaged(format!("it has {read} bytes in place of {size}"))),
        }
    }
}

/// All arrays of a `.npz` file, by name.
///
/// ```
/// use flowstone as tf;
/// use tf::format::npz;
/// let path = std::env::temp_dir().join(format!("flowstone-doc-{}.npz", std::process::id()));
/// npz::write(&path, &[("w".to_owned(), tf::Value::vector(vec![1.0f32, 2.0]))])?;
/// let arrays = npz::read(&path)?;
/// assert_eq!((arrays[0].0.as_str(), arrays[0].1.as_slice::<f32>()?), ("w", &[1.0, 2.0][..]));
/// # std::fs::remove_file(path).ok();
/// # Ok::<(), tf::Error>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Vec<(String, Value)>> {
    let mut file = NpzReader::open(path)?;
    let names = file.names().to_vec();
    names.into_iter().map(|name| file.read(&name).map(|value| (name, value))).collect()
}

/// Writes these arrays as `numpy.savez` does, not compressed. The file appears when it is whole.
pub fn write(path: impl AsRef<Path>, arrays: &[(String, Value)]) -> Result<()> {
    let failed = |e: zip::result::ZipError| Error::internal(format!("a zip file: {e}"));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, value) in arrays {
        let bytes = npy::to_bytes(value).map_err(|e| e.retitled(&format!("'{name}'")))?;
        let large = bytes.len() >= u32::MAX as usize;
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(large);
        zip.start_file(format!("{name}.npy"), options).map_err(failed)?;
        zip.write_all(&bytes).map_err(|e| failed(e.into()))?;
    }
    durable::write_file(path.as_ref(), &zip.finish().map_err(failed)?.into_inner())
}
