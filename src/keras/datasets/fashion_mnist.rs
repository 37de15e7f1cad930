//! Pieces of clothing in MNIST's format. Keras: `keras.datasets.fashion_mnist`.

use std::path::Path;

use super::digits::Files;
use super::{TrainTest, usual_places};
use crate::error::Result;

const SOURCE: &str = "https://github.com/zalandoresearch/fashion-mnist";

/// Fashion-MNIST: 60,000 and 10,000 images [28, 28] of clothing, from 0 to 255, with their kinds 0 to 9.
/// Keras: `fashion_mnist.load_data()`.
///
/// The files have the names of MNIST's, so they are looked for in a folder `fashion-mnist`. Errors as for
/// [`mnist`](super::mnist::load_data).
///
/// ```no_run
/// use flowstone as tf;
/// let ((train_images, train_labels), _) = tf::keras::datasets::fashion_mnist::load_data()?;
/// assert_eq!(train_images.shape(), [60_000, 28, 28]);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn load_data() -> Result<TrainTest> {
    let files = Files { name: "Fashion-MNIST", folders: &["fashion-mnist"], source: SOURCE };
    files.load(&usual_places())
}

/// [`load_data`] from the files in `dir`, or in its folder `fashion-mnist`.
pub fn load_data_from(dir: impl AsRef<Path>) -> Result<TrainTest> {
    let files = Files { name: "Fashion-MNIST", folders: &["", "fashion-mnist"], source: SOURCE };
    files.load(&[dir.as_ref().to_owned()])
}
