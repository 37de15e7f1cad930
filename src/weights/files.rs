//! Named arrays in files of any format.

use std::path::Path;

#[cfg(not(all(feature = "hdf5", feature = "npz", feature = "safetensors")))]
use crate::error::Error;
use crate::error::Result;
use crate::format::bundle::{BundleReader, write_bundle};
#[cfg(feature = "hdf5")]
use crate::format::hdf5;
#[cfg(feature = "npz")]
use crate::format::npz;
#[cfg(feature = "safetensors")]
use crate::format::safetensors;
use crate::value::Value;

/// A format of files of named arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// TensorFlow's checkpoints; the path is the prefix of their files.
    Checkpoint,
    /// NumPy's `.npz`; feature `npz`.
    Npz,
    /// `.safetensors`; the feature of that name.
    Safetensors,
    /// HDF5, `.h5` or `.hdf5`; feature `hdf5`.
    Hdf5,
}

impl Format {
    /// The format that the end of the path names; without one, a checkpoint.
    ///
    /// ```
    /// use flowstone::weights::Format;
    /// assert_eq!(Format::of("w.npz"), Format::Npz);
    /// assert_eq!(Format::of("model.ckpt-100"), Format::Checkpoint);
    /// ```
    pub fn of(path: impl AsRef<Path>) -> Format {
        match path.as_ref().extension().and_then(|suffix| suffix.to_str()) {
            Some("npz") => Format::Npz,
            Some("safetensors") => Format::Safetensors,
            Some("h5" | "hdf5") => Format::Hdf5,
            _ => Format::Checkpoint,
        }
    }
}

#[cfg(not(all(feature = "hdf5", feature = "npz", feature = "safetensors")))]
/// The error of a file whose format was left out.
pub(crate) fn without<T>(path: &Path, feature: &str) -> Result<T> {
    let message = format!("{}: Flowstone was built without its feature `{feature}`", path.display());
    Err(Error::unimplemented(message))
}

/// All arrays of a file, by name. The format is that of the path.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<(String, Value)>> {
    let path = path.as_ref();
    match Format::of(path) {
        Format::Checkpoint => {
            let file = BundleReader::open(path)?;
            file.entries().map(|(name, _)| Ok((name.to_owned(), file.read(name)?))).collect()
        }
        #[cfg(feature = "npz")]
        Format::Npz => npz::read(path),
        #[cfg(not(feature = "npz"))]
        Format::Npz => without(path, "npz"),
        #[cfg(feature = "safetensors")]
        Format::Safetensors => safetensors::read(path),
        #[cfg(not(feature = "safetensors"))]
        Format::Safetensors => without(path, "safetensors"),
        #[cfg(feature = "hdf5")]
        Format::Hdf5 => hdf5::read(path),
        #[cfg(not(feature = "hdf5"))]
        Format::Hdf5 => without(path, "hdf5"),
    }
}

/// Writes these arrays into a file, which appears when it is whole. The format is that of the path.
///
/// ```
/// use flowstone as tf;
/// let prefix = std::env::temp_dir().join(format!("flowstone-doc-{}.ckpt", std::process::id()));
/// tf::weights::write(&prefix, &[("w".to_owned(), tf::Value::vector(vec![1.0f32, 2.0]))])?;
/// let arrays = tf::weights::read(&prefix)?;
/// assert_eq!((arrays[0].0.as_str(), arrays[0].1.as_slice::<f32>()?), ("w", &[1.0, 2.0][..]));
/// # for end in [".index", ".data-00000-of-00001"] {
/// #     std::fs::remove_file(format!("{}{end}", prefix.display())).ok();
/// # }
/// # Ok::<(), tf::Error>(())
/// ```
pub fn write(path: impl AsRef<Path>, arrays: &[(String, Value)]) -> Result<()> {
    let path = path.as_ref();
    match Format::of(path) {
        Format::Checkpoint => write_bundle(path, arrays),
        #[cfg(feature = "npz")]
        Format::Npz => npz::write(path, arrays),
        #[cfg(not(feature = "npz"))]
        Format::Npz => without(path, "npz"),
        #[cfg(feature = "safetensors")]
        Format::Safetensors => safetensors::write(path, arrays),
        #[cfg(not(feature = "safetensors"))]
        Format::Safetensors => without(path, "safetensors"),
        #[cfg(feature = "hdf5")]
        Format::Hdf5 => hdf5::write(path, arrays),
        #[cfg(not(feature = "hdf5"))]
        Format::Hdf5 => without(path, "hdf5"),
    }
}
