//! Small colour images of ten kinds of things. Keras: `keras.datasets.cifar10`.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use ndarray::{ArrayD, IxDyn};

use super::{Examples, TrainTest, list, usual_places};
use crate::error::{Error, ErrorKind, Result};

const FOLDER: &str = "cifar-10-batches-bin";
const ARCHIVE: &str = "cifar-10-binary.tar.gz";
const SOURCE: &str = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";

/// The files of the data set: five to learn from, one to judge by.
const BATCHES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

const SIDE: usize = 32;
const CHANNEL: usize = SIDE * SIDE;
/// A label, and the red, green and blue bytes of an image.
const RECORD: usize = 1 + 3 * CHANNEL;
const RECORDS: usize = 10_000;

/// CIFAR-10: 50,000 and 10,000 images [32, 32, 3] from 0 to 255, with labels [n, 1] from 0 to 9.
/// Keras: `cifar10.load_data()`.
///
/// Reads the official binary archive, `cifar-10-binary.tar.gz`, or the folder `cifar-10-batches-bin` that is in it. An error
/// that says which file belongs where if neither is there; for a file that is damaged one that names it.
///
/// ```no_run
/// use flowstone as tf;
/// let ((train_images, train_labels), (test_images, _)) = tf::keras::datasets::cifar10::load_data()?;
/// assert_eq!(train_images.shape(), [50_000, 32, 32, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn load_data() -> Result<TrainTest> {
    load(&usual_places())
}

/// [`load_data`] from the archive or the files in `dir`.
pub fn load_data_from(dir: impl AsRef<Path>) -> Result<TrainTest> {
    load(&[dir.as_ref().to_owned()])
}

fn load(dirs: &[PathBuf]) -> Result<TrainTest> {
    for dir in dirs {
        let folders = [dir.join(FOLDER), dir.clone()];
        if let Some(folder) = folders.iter().find(|folder| folder.join(BATCHES[0]).is_file()) {
            return Batches::read_folder(folder)?.finish(folder);
        }
        let archive = dir.join(ARCHIVE);
        if archive.is_file() {
            return Batches::read_archive(&archive)?.finish(&archive);
        }
    }
    let error = Error::new(ErrorKind::NotFound, format!("there is no CIFAR-10 in {}", list(dirs)));
    Err(error.note(format!("put {ARCHIVE}, or the folder {FOLDER} that is in it, there; it comes from {SOURCE}")))
}

/// The images of the files read so far, and their labels.
#[derive(Default)]
struct Batches([Option<(Vec<u8>, Vec<u8>)>; 6]);

impl Batches {
    fn read_folder(folder: &Path) -> Result<Self> {
        let mut batches = Batches::default();
        for (slot, name) in batches.0.iter_mut().zip(BATCHES) {
            let path = folder.join(name);
            let file = File::open(&path)
                .map_err(|e| Error::new(ErrorKind::NotFound, format!("cannot open {}: {e}", path.display())))?;
            *slot = Some(read_records(BufReader::new(file), RECORDS, &path.display().to_string())?);
        }
        Ok(batches)
    }

    fn read_archive(path: &Path) -> Result<Self> {
        let shown = path.display();
        let damaged = |e: std::io::Error| Error::data_loss(format!("{shown}: cannot read the archive: {e}"));
        let file = File::open(path).map_err(damaged)?;
        let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(file)));
        let mut batches = Batches::default();
        for entry in archive.entries().map_err(damaged)? {
            let entry = entry.map_err(damaged)?;
            let name = entry.path().map_err(damaged)?.file_name().map(|name| name.to_string_lossy().into_owned());
            let Some(place) = BATCHES.iter().position(|batch| Some(*batch) == name.as_deref()) else { continue };
            batches.0[place] = Some(read_records(entry, RECORDS, &format!("{} in {shown}", BATCHES[place]))?);
        }
        Ok(batches)
    }

    fn finish(self, found: &Path) -> Result<TrainTest> {
        let mut parts = Vec::with_capacity(6);
        for (part, name) in self.0.into_iter().zip(BATCHES) {
            parts.push(part.ok_or_else(|| Error::data_loss(format!("{}: {name} is missing", found.display())))?);
        }
        let test = parts.pop().unwrap_or_default();
        let mut images = Vec::new();
        let mut labels = Vec::new();
        for (mut pixels, mut kinds) in parts {
            images.append(&mut pixels);
            labels.append(&mut kinds);
        }
        Ok((examples(images, labels)?, examples(test.0, test.1)?))
    }
}

fn examples(images: Vec<u8>, labels: Vec<u8>) -> Result<Examples> {
    let n = labels.len();
    let array = |shape: &[usize], bytes| {
        ArrayD::from_shape_vec(IxDyn(shape), bytes).map_err(|e| Error::internal(e.to_string()))
    };
    Ok((array(&[n, SIDE, SIDE, 3], images)?, array(&[n, 1], labels)?))
}

/// Reads exactly `n` records: the images, pixel by pixel, and the labels.
fn read_records(reader: impl Read, n: usize, shown: &str) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(n * RECORD + 1);
    let cut = |e: std::io::Error| Error::data_loss(format!("{shown}: cannot read it: {e}"));
    reader.take((n * RECORD + 1) as u64).read_to_end(&mut bytes).map_err(cut)?;
    if bytes.len() != n * RECORD {
        let found = if bytes.len() > n * RECORD { "more".to_owned() } else { bytes.len().to_string() };
        let expected = n * RECORD;
        return Err(Error::data_loss(format!("{shown}: {n} images are {expected} bytes, but it holds {found}")));
    }
    let mut images = vec![0; n * 3 * CHANNEL];
    let mut labels = Vec::with_capacity(n);
    for (i, (record, image)) in bytes.chunks_exact(RECORD).zip(images.chunks_exact_mut(3 * CHANNEL)).enumerate() {
        let (label, planes) = (record[0], &record[1..]);
        if label > 9 {
            return Err(Error::data_loss(format!("{shown}: the label of image {i} is {label}, not one of 0 to 9")));
        }
        labels.push(label);
        for (place, pixel) in image.chunks_exact_mut(3).enumerate() {
            pixel.copy_from_slice(&[planes[place], planes[CHANNEL + place], planes[2 * CHANNEL + place]]);
        }
    }
    Ok((images, labels))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;

    /// The first 40 images of the five training files; `tests/golden/README.md` says how they were taken.
    fn sample() -> Vec<u8> {
        let file = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/cifar10_200.bin.gz")).unwrap();
        let mut bytes = Vec::new();
        GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn real_records_become_images() {
        let (images, labels) = read_records(&sample()[..], 200, "sample").unwrap();
        let (images, labels) = examples(images, labels).unwrap();
        assert_eq!((images.shape(), labels.shape()), (&[200, 32, 32, 3][..], &[200, 1][..]));
        // A frog, in Keras: train_images[0, 0, 0] and [0, 31, 31], and train_labels[:5].
        assert_eq!([images[[0, 0, 0, 0]], images[[0, 0, 0, 1]], images[[0, 0, 0, 2]]], [59, 62, 63]);
        assert_eq!([images[[0, 31, 31, 0]], images[[0, 31, 31, 1]], images[[0, 31, 31, 2]]], [123, 92, 72]);
        assert_eq!(labels.iter().take(5).copied().collect::<Vec<_>>(), [6, 9, 9, 4, 1]);
        assert!((0..10).all(|kind| labels.iter().any(|label| *label == kind)));
    }

    #[test]
    fn what_is_damaged_is_named() {
        let mut bytes = sample();
        let error = read_records(&bytes[..5000], 2, "batch.bin").unwrap_err().to_string();
        assert!(error.contains("batch.bin: 2 images are 6146 bytes, but it holds 5000"), "{error}");
        assert!(read_records(&bytes[..], 2, "x").unwrap_err().to_string().contains("but it holds more"));
        bytes[RECORD] = 10;
        let error = read_records(&bytes[..2 * RECORD], 2, "x").unwrap_err().to_string();
        assert!(error.contains("the label of image 1 is 10"), "{error}");
    }

    /// An archive in which `size` bytes of zeros stand for each file.
    fn archive(dir: &Path, names: &[&str], size: usize) -> PathBuf {
        let path = dir.join(ARCHIVE);
        let packed = flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
        let mut archive = tar::Builder::new(packed);
        for name in names {
            let mut header = tar::Header::new_gnu();
            header.set_size(size as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, format!("{FOLDER}/{name}"), std::io::repeat(3).take(size as u64)).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap();
        path
    }

    #[test]
    fn archives_and_folders_are_found() {
        let dir = std::env::temp_dir().join(format!("flowstone-cifar-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let error = load_data_from(&dir).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(
            error.to_string().contains("put cifar-10-binary.tar.gz, or the folder cifar-10-batches-bin"),
            "{error}"
        );

        archive(&dir, &BATCHES, RECORDS * RECORD);
        let ((images, labels), (test, _)) = load_data_from(&dir).unwrap();
        assert_eq!((images.shape(), test.shape()), (&[50_000, 32, 32, 3][..], &[10_000, 32, 32, 3][..]));
        assert_eq!((labels.shape(), labels[[49_999, 0]]), (&[50_000, 1][..], 3));

        let path = archive(&dir, &BATCHES[..5], RECORDS * RECORD);
        let error = load_data_from(&dir).unwrap_err().to_string();
        assert!(error.contains("cifar-10-binary.tar.gz: test_batch.bin is missing"), "{error}");
        archive(&dir, &BATCHES, 7);
        let error = load_data_from(&dir).unwrap_err().to_string();
        assert!(error.contains("data_batch_1.bin in ") && error.contains("it holds 7"), "{error}");
        std::fs::write(&path, b"neither gzip nor tar").unwrap();
        let error = load_data_from(&dir).unwrap_err().to_string();
        assert!(error.contains("cifar-10-binary.tar.gz: cannot read the archive"), "{error}");

        std::fs::create_dir_all(dir.join(FOLDER)).unwrap();
        File::create(dir.join(FOLDER).join(BATCHES[0])).unwrap().write_all(b"short").unwrap();
        let error = load_data_from(&dir).unwrap_err().to_string();
        assert!(error.contains("data_batch_1.bin: 10000 images are 30730000 bytes, but it holds 5"), "{error}");
        std::fs::remove_dir_all(&dir).unwrap();
    }

    /// With `FLOWSTONE_DATA` set: the real data set, whose kinds are equally frequent.
    #[test]
    fn the_real_data_set_is_whole() {
        if std::env::var_os("FLOWSTONE_DATA").is_none() {
            return;
        }
        let ((_, train), (_, test)) = load_data().unwrap();
        let count = |labels: &ArrayD<u8>, kind: u8| labels.iter().filter(|label| **label == kind).count();
        for kind in 0..10 {
            assert_eq!((count(&train, kind), count(&test, kind)), (5000, 1000));
        }
    }
}
