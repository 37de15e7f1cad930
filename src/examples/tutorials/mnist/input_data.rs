//! Reading MNIST. TF: `tensorflow.examples.tutorials.mnist.input_data`.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::{ArcArray, Array1, Array2, ArrayD, IxDyn};

use super::mt19937::Mt19937;
use crate::error::{Error, Result};
use crate::format::idx;

/// The three parts of a data set.
#[derive(Clone, Debug)]
pub struct DataSets {
    /// What is learned from: 55,000 examples unless asked otherwise.
    pub train: DataSet,
    /// What settings are chosen by: the first 5,000 examples of the training files unless asked otherwise.
    pub validation: DataSet,
    /// What the result is judged by: 10,000 examples.
    pub test: DataSet,
}

/// How the files are read. The defaults are TensorFlow's.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Labels as rows of ten numbers, one of them 1, instead of as the digits themselves.
    pub one_hot: bool,
    /// Pixels from 0 to 1 instead of from 0 to 255.
    pub scale: bool,
    /// Images as rows of 784 numbers instead of `[28, 28, 1]`.
    pub reshape: bool,
    /// How many examples, from the start of the training files, are for validation.
    pub validation_size: usize,
    /// Gives the batches that TensorFlow gives with this seed.
    pub seed: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Options { one_hot: false, scale: true, reshape: true, validation_size: 5000, seed: None }
    }
}

/// Examples: images with their labels, handed out in batches.
///
/// Images and labels are float32 (TensorFlow's labels are float64 or uint8 of the same values, which a feed converts). They
/// are kept as the bytes of the files and become numbers when they are asked for.
#[derive(Clone, Debug)]
pub struct DataSet {
    files: Arc<Files>,
    /// The places of the examples in the files, in the order in which they are handed out.
    order: Vec<u32>,
    epochs_completed: usize,
    index_in_epoch: usize,
    rng: Arc<Mutex<Mt19937>>,
}

/// The bytes of a file of images and of a file of labels, and what numbers they become.
#[derive(Debug)]
struct Files {
    pixels: Vec<u8>,
    digits: Vec<u8>,
    /// The shape of an image.
    image: Vec<usize>,
    /// What a pixel is multiplied by.
    scale: f32,
    one_hot: bool,
}

/// Reads the four MNIST files from `train_dir`. TF: `input_data.read_data_sets(train_dir, one_hot)`.
///
/// The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, with or without `.gz`. A missing, truncated or foreign file is an error that says what was
/// found and what was expected.
pub fn read_data_sets(train_dir: impl AsRef<Path>, one_hot: bool) -> Result<DataSets> {
    read_data_sets_with(train_dir, &Options { one_hot, ..Options::default() })
}

/// [`read_data_sets`] with all its options.
pub fn read_data_sets_with(train_dir: impl AsRef<Path>, options: &Options) -> Result<DataSets> {
    let dir = train_dir.as_ref();
    let train = read_pair(dir, "train", options)?;
    let test = read_pair(dir, "t10k", options)?;
    let n = train.digits.len();
    if options.validation_size > n {
        return Err(Error::invalid_argument(format!(
            "validation_size is {}, but there are {n} training examples",
            options.validation_size
        )));
    }
    // As numpy's global generator: one state for all three parts.
    let rng = Arc::new(Mutex::new(Mt19937::new(options.seed.unwrap_or_else(unforeseeable))));
    let set = |files: &Arc<Files>, examples: Range<usize>| DataSet {
        files: files.clone(),
        order: examples.map(|place| place as u32).collect(),
        epochs_completed: 0,
        index_in_epoch: 0,
        rng: rng.clone(),
    };
    Ok(DataSets {
        train: set(&train, options.validation_size..n),
        validation: set(&train, 0..options.validation_size),
        test: set(&test, 0..test.digits.len()),
    })
}

fn unforeseeable() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::time::SystemTime::now()) as u32
}

impl DataSet {
    /// All images: float32 of shape `[examples, 784]`. They are made anew by each call.
    pub fn images(&self) -> ArcArray<f32, IxDyn> {
        self.files.images(&self.order).into_shared()
    }

    /// All labels: float32 of shape `[examples, 10]`, or `[examples]` if they are not one-hot.
    pub fn labels(&self) -> ArcArray<f32, IxDyn> {
        self.files.labels(&self.order).into_shared()
    }

    /// How many examples there are.
    pub fn num_examples(&self) -> usize {
        self.order.len()
    }

    /// How often all examples were handed out.
    pub fn epochs_completed(&self) -> usize {
        self.epochs_completed
    }

    /// The next `batch_size` examples in random order. TF: `next_batch(batch_size)`.
    ///
    /// The examples are shuffled at the start and after each pass. A batch at the end of a pass takes the examples that
    /// are left and goes on with those of the next pass. An error if `batch_size` is larger than the data set.
    pub fn next_batch(&mut self, batch_size: usize) -> Result<(ArrayD<f32>, ArrayD<f32>)> {
        self.batch(batch_size, true)
    }

    /// As [`next_batch`](DataSet::next_batch), in the order of the files.
    pub fn next_batch_in_order(&mut self, batch_size: usize) -> Result<(ArrayD<f32>, ArrayD<f32>)> {
        self.batch(batch_size, false)
    }

    fn batch(&mut self, batch_size: usize, shuffle: bool) -> Result<(ArrayD<f32>, ArrayD<f32>)> {
        let n = self.num_examples();
        if batch_size > n {
            return Err(Error::invalid_argument(format!("a batch of {batch_size} out of {n} examples")));
        }
        let start = self.index_in_epoch;
        if self.epochs_completed == 0 && start == 0 && shuffle {
            self.shuffle();
        }
        let mut examples = self.order[start..n.min(start + batch_size)].to_vec();
        self.index_in_epoch = start + batch_size;
        if self.index_in_epoch > n {
            self.epochs_completed += 1;
            if shuffle {
                self.shuffle();
            }
            self.index_in_epoch -= n;
            examples.extend_from_slice(&self.order[..self.index_in_epoch]);
        }
        Ok((self.files.images(&examples), self.files.labels(&examples)))
    }

    fn shuffle(&mut self) {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).shuffle(&mut self.order);
    }
}

impl Files {
    fn images(&self, examples: &[u32]) -> ArrayD<f32> {
        let size: usize = self.image.iter().product();
        let mut images = ArrayD::zeros([&[examples.len()], self.image.as_slice()].concat());
        for (mut image, &place) in images.outer_iter_mut().zip(examples) {
            let pixels = &self.pixels[place as usize * size..][..size];
            image.iter_mut().zip(pixels).for_each(|(number, &pixel)| *number = f32::from(pixel) * self.scale);
        }
        images
    }

    fn labels(&self, examples: &[u32]) -> ArrayD<f32> {
        let digits = examples.iter().map(|&place| self.digits[place as usize]);
        if !self.one_hot {
            return digits.map(f32::from).collect::<Array1<f32>>().into_dyn();
        }
        let mut rows = Array2::zeros([examples.len(), 10]);
        digits.enumerate().for_each(|(i, digit)| rows[[i, usize::from(digit)]] = 1.0);
        rows.into_dyn()
    }
}

fn read_pair(dir: &Path, part: &str, options: &Options) -> Result<Arc<Files>> {
    let files = idx::Pair::find(dir, part).map_err(|error| {
        error.note(format!(
            "the four MNIST files belong into {}; they come from https://storage.googleapis.com/cvdf-datasets/mnist/",
            dir.display()
        ))
    })?;
    files.paths().into_iter().for_each(|path| println!("Extracting {}", path.display()));
    let (pixels, [_, rows, cols], digits) = files.read()?;
    Ok(Arc::new(Files {
        pixels,
        digits,
        image: if options.reshape { vec![rows * cols] } else { vec![rows, cols, 1] },
        scale: if options.scale { (1.0f64 / 255.0) as f32 } else { 1.0 },
        one_hot: options.one_hot,
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::error::ErrorKind;
    use ndarray::Axis;

    const REAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/MNIST_data");

    fn tiny(n: usize) -> DataSet {
        let numbers: Vec<u8> = (0..n as u8).collect();
        let files = Files { pixels: numbers.clone(), digits: numbers, image: vec![1], scale: 1.0, one_hot: false };
        DataSet {
            files: Arc::new(files),
            order: (0..n as u32).collect(),
            epochs_completed: 0,
            index_in_epoch: 0,
            rng: Arc::new(Mutex::new(Mt19937::new(0))),
        }
    }

    #[test]
    fn the_real_files_are_split_scaled_and_one_hot() {
        let mnist = read_data_sets(REAL, true).unwrap();
        assert_eq!(mnist.train.images().shape(), [55_000, 784]);
        assert_eq!(mnist.validation.num_examples(), 5_000);
        assert_eq!(mnist.test.labels().shape(), [10_000, 10]);
        assert_eq!(mnist.test.images().iter().copied().fold(0.0, f32::max), 1.0);
        // The first training image, a five, is the first for validation.
        assert_eq!(mnist.validation.labels().row_of(0), [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    }

    trait Rows {
        fn row_of(&self, i: usize) -> Vec<f32>;
    }

    impl Rows for ArcArray<f32, IxDyn> {
        fn row_of(&self, i: usize) -> Vec<f32> {
            self.index_axis(Axis(0), i).iter().copied().collect()
        }
    }

    #[test]
    fn batches_straddle_the_epochs() {
        let mut set = tiny(10);
        let mut seen: Vec<f32> = Vec::new();
        for _ in 0..3 {
            seen.extend(set.next_batch(4).unwrap().0.iter());
        }
        assert_eq!((set.epochs_completed(), seen.len()), (1, 12));
        let mut first: Vec<f32> = seen[..10].to_vec();
        // numpy.random.seed(0), shuffled once.
        assert_eq!(first, [2.0, 8.0, 4.0, 9.0, 1.0, 6.0, 7.0, 3.0, 0.0, 5.0]);
        first.sort_by(f32::total_cmp);
        assert_eq!(first, (0..10).map(|i| i as f32).collect::<Vec<_>>());
        // A pass that ends exactly is only over when the next batch is asked for.
        let mut set = tiny(8);
        set.next_batch_in_order(4).unwrap();
        set.next_batch_in_order(4).unwrap();
        assert_eq!(set.epochs_completed(), 0);
        assert_eq!(set.next_batch_in_order(4).unwrap().0[[0, 0]], 0.0);
        assert_eq!(set.epochs_completed(), 1);
        assert!(set.next_batch(9).is_err());
    }

    #[test]
    fn foreign_files_are_refused_with_what_was_found() {
        let dir = std::env::temp_dir().join(format!("flowstone-mnist-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let error = read_data_sets(&dir, true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("the four MNIST files belong into"), "{error}");
        let images = dir.join("train-images-idx3-ubyte");
        std::fs::write(dir.join("train-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 1, 7]).unwrap();
        std::fs::write(&images, [0, 0, 8, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7]).unwrap();
        let error = read_data_sets(&dir, true).unwrap_err().to_string();
        assert!(error.contains("invalid magic number 2049; MNIST images start with 2051"), "{error}");
        std::fs::write(&images, [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 7, 7]).unwrap();
        let error = read_data_sets(&dir, true).unwrap_err().to_string();
        assert!(error.contains("images of sizes [2, 2, 1] are 4 bytes, but it holds 2"), "{error}");
        std::fs::write(&images, [0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 1]).unwrap();
        assert!(read_data_sets(&dir, true).unwrap_err().to_string().contains("images of sizes [4294967295, "));
        std::fs::write(dir.join("train-images-idx3-ubyte.gz"), b"not gzip at all").unwrap();
        assert!(read_data_sets(&dir, true).unwrap_err().to_string().contains("cannot read an MNIST images file"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
