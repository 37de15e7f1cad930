//! Data sets. Keras: `keras.datasets`.
//!
//! `load_data()` looks into the directory that the environment variable `FLOWSTONE_DATA` names, and then into Keras's cache
//! (`$KERAS_HOME/datasets`, or `~/.keras/datasets`); `load_data_from(dir)` into a directory. Nothing is scaled, and only `boston_housing` is
//! shuffled, as in Keras. With the
//! feature `download`, what is missing or damaged there is fetched into the first of these directories and checked.

pub mod boston_housing;
pub mod cifar10;
mod digits;
#[cfg(feature = "download")]
pub(super) mod download;
pub mod fashion_mnist;
pub mod mnist;

use std::env;
use std::path::{Path, PathBuf};

use ndarray::ArrayD;

use crate::error::{Error, ErrorKind, Result};

/// Images and their labels, each label a number from 0 to 9.
pub type Examples = (ArrayD<u8>, ArrayD<u8>);

/// Examples to learn from, and examples to judge by.
pub type TrainTest = (Examples, Examples);

/// Keras's cache: `$KERAS_HOME`, or `~/.keras`.
pub(super) fn keras_home() -> Option<PathBuf> {
    let keras = env::var_os("KERAS_HOME").map(PathBuf::from);
    keras.or_else(|| env::home_dir().map(|home| home.join(".keras")))
}

/// Where data sets are looked for if nobody says where.
fn usual_places() -> Vec<PathBuf> {
    let keras = keras_home();
    env::var_os("FLOWSTONE_DATA").map(PathBuf::from).into_iter().chain(keras.map(|dir| dir.join("datasets"))).collect()
}

/// The directories, for an error.
fn list(dirs: &[PathBuf]) -> String {
    dirs.iter().map(|dir| dir.display().to_string()).collect::<Vec<_>>().join(" or ")
}

/// Where the files of a data set come from.
struct Origin<'a> {
    /// What stands before each name in its address.
    base: &'a str,
    #[cfg_attr(not(feature = "download"), allow(dead_code))]
    files: &'a [RemoteFile<'a>],
}

/// A file and how it is known to be whole.
#[cfg_attr(not(feature = "download"), allow(dead_code))]
struct RemoteFile<'a> {
    name: &'a str,
    sha256: &'a str,
    size: u64,
}

/// Reads a data set. If it is not there or not whole, its files are fetched into `dir`, and it is read once more.
fn read_or_fetch<T>(origin: &Origin, dir: Option<&Path>, read: impl Fn() -> Result<T>) -> Result<T> {
    let incomplete = |error: &Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DataLoss);
    match (read(), dir) {
        (Err(error), Some(dir)) if cfg!(feature = "download") && incomplete(&error) => {
            fetch(origin, dir).map_err(|failed| failed.note(error.to_string()))?;
            read()
        }
        (first, _) => first,
    }
}

#[cfg(feature = "download")]
use download::fetch;

#[cfg(not(feature = "download"))]
fn fetch(_origin: &Origin, _dir: &Path) -> Result<()> {
    Ok(())
}
