//! Pieces of clothing in MNIST's format. Keras: `keras.datasets.fashion_mnist`.

use std::path::Path;

use super::digits::Files;
use super::{Origin, RemoteFile, TrainTest, usual_places};
use crate::error::Result;

const ORIGIN: Origin = Origin {
    base: "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    files: &[
        RemoteFile {
            name: "train-images-idx3-ubyte.gz",
            sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            size: 26_421_880,
        },
        RemoteFile {
            name: "train-labels-idx1-ubyte.gz",
            sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            size: 29_515,
        },
        RemoteFile {
            name: "t10k-images-idx3-ubyte.gz",
            sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            size: 4_422_102,
        },
        RemoteFile {
            name: "t10k-labels-idx1-ubyte.gz",
            sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            size: 5_148,
        },
    ],
};

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
    let files = Files { name: "Fashion-MNIST", folders: &["fashion-mnist"], origin: ORIGIN };
    files.load(&usual_places())
}

/// [`load_data`] from the files in `dir`, or in its folder `fashion-mnist`.
pub fn load_data_from(dir: impl AsRef<Path>) -> Result<TrainTest> {
    let files = Files { name: "Fashion-MNIST", folders: &["", "fashion-mnist"], origin: ORIGIN };
    files.load(&[dir.as_ref().to_owned()])
}
