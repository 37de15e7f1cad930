//! Data sets. Keras: `keras.datasets`.
//!
//! `load_data()` looks into the directory that the environment variable `FLOWSTONE_DATA` names, and then into Keras's cache
//! (`$KERAS_HOME/datasets`, or `~/.keras/datasets`); `load_data_from(dir)` into a directory. Nothing is scaled or shuffled.

pub mod cifar10;
mod digits;
pub mod fashion_mnist;
pub mod mnist;

use std::env;
use std::path::PathBuf;

use ndarray::ArrayD;

/// Images and their labels, each label a number from 0 to 9.
pub type Examples = (ArrayD<u8>, ArrayD<u8>);

/// Examples to learn from, and examples to judge by.
pub type TrainTest = (Examples, Examples);

/// Where data sets are looked for if nobody says where.
fn usual_places() -> Vec<PathBuf> {
    let keras = env::var_os("KERAS_HOME").map(PathBuf::from);
    let keras = keras.or_else(|| env::home_dir().map(|home| home.join(".keras")));
    env::var_os("FLOWSTONE_DATA").map(PathBuf::from).into_iter().chain(keras.map(|dir| dir.join("datasets"))).collect()
}

/// The directories, for an error.
fn list(dirs: &[PathBuf]) -> String {
    dirs.iter().map(|dir| dir.display().to_string()).collect::<Vec<_>>().join(" or ")
}
