//! Handwritten digits. Keras: `keras.datasets.mnist`.

use std::path::Path;

use super::digits::Files;
use super::{Origin, RemoteFile, TrainTest, usual_places};
use crate::error::Result;

const ORIGIN: Origin = Origin {
    base: "https://storage.googleapis.com/cvdf-datasets/mnist/",
    files: &[
        RemoteFile {
            name: "train-images-idx3-ubyte.gz",
            sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            size: 9_912_422,
        },
        RemoteFile {
            name: "train-labels-idx1-ubyte.gz",
            sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            size: 28_881,
        },
        RemoteFile {
            name: "t10k-images-idx3-ubyte.gz",
            sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            size: 1_648_877,
        },
        RemoteFile {
            name: "t10k-labels-idx1-ubyte.gz",
            sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            size: 4_542,
        },
    ],
};

const MNIST: Files = Files { name: "MNIST", folders: &["", "MNIST_data", "mnist"], origin: ORIGIN };

/// MNIST: 60,000 and 10,000 images [28, 28] of digits, from 0 to 255, with the digits. Keras: `mnist.load_data()`.
///
/// An error that says which files belong where if they are not there; for a file that is damaged one that names it.
///
/// ```no_run
/// use flowstone as tf;
/// let ((train_images, train_labels), (test_images, _)) = tf::keras::datasets::mnist::load_data()?;
/// assert_eq!(train_images.shape(), [60_000, 28, 28]);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn load_data() -> Result<TrainTest> {
    MNIST.load(&usual_places())
}

/// [`load_data`] from the files in `dir`. Keras: `mnist.load_data(path)`.
pub fn load_data_from(dir: impl AsRef<Path>) -> Result<TrainTest> {
    MNIST.load(&[dir.as_ref().to_owned()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_real_files_are_read_as_they_are() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
        let ((images, labels), test) = load_data_from(dir).unwrap();
        assert_eq!((images.shape(), labels.shape()), (&[60_000, 28, 28][..], &[60_000][..]));
        assert_eq!((test.0.shape(), test.1.shape()), (&[10_000, 28, 28][..], &[10_000][..]));
        assert_eq!((labels[[0]], images.iter().copied().max()), (5, Some(255)));
        let error = MNIST.read(&["/no/such/place".into()]).unwrap_err();
        assert_eq!(error.kind(), crate::error::ErrorKind::NotFound);
        assert!(error.to_string().contains("the four files of MNIST belong into /no/such/place"), "{error}");
    }
}
