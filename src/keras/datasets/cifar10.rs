//! Small colour images of ten kinds of things. Keras: `keras.datasets.cifar10`.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use ndarray::{ArrayD, IxDyn};

use super::{Examples, Origin, RemoteFile, TrainTest, list, read_or_fetch, usual_places};
use crate::error::{Error, ErrorKind, Result};

const FOLDER: &str = "cifar-10-batches-bin";
const ARCHIVE: &str = "cifar-10-binary.tar.gz";
const ORIGIN: Origin = Origin {
    base: "https://www.cs.toronto.edu/~kriz/",
    files: &[RemoteFile {
        name: ARCHIVE,
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        size: 170_052_171,
    }],
};

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
const IMAGE: usize = 3 * CHANNEL;
/// A label, and the red, green and blue bytes of an image.
const RECORD: usize = 1 + IMAGE;
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
    load(&ORIGIN, &usual_places())
}

/// [`load_data`] from the archive or the files in `dir`.
pub fn load_data_from(dir: impl AsRef<Path>) -> Result<TrainTest> {
    load(&ORIGIN, &[dir.as_ref().to_owned()])
}

fn load(origin: &Origin, dirs: &[PathBuf]) -> Result<TrainTest> {
    // An unpacked folder goes before an archive, so that an archive does not help if a folder is damaged.
    let home = match dirs.iter().find(|dir| folder_in(dir).is_some()) {
        Some(_) => None,
        None => dirs.iter().find(|dir| dir.join(ARCHIVE).is_file()).or(dirs.first()),
    };
    read_or_fetch(origin, home.map(PathBuf::as_path), || read(dirs))
}

/// The folder with the unpacked files: one in `dir`, or itself.
fn folder_in(dir: &Path) -> Option<PathBuf> {
    [dir.join(FOLDER), dir.to_owned()].into_iter().find(|folder| folder.join(BATCHES[0]).is_file())
}

fn read(dirs: &[PathBuf]) -> Result<TrainTest> {
    for dir in dirs {
        if let Some(folder) = folder_in(dir) {
            return read_folder(&folder);
        }
        let archive = dir.join(ARCHIVE);
        if archive.is_file() {
            return read_archive(&archive);
        }
    }
    let error = Error::new(ErrorKind::NotFound, format!("there is no CIFAR-10 in {}", list(dirs)));
    let source = ORIGIN.base;
    Err(error
        .note(format!("put {ARCHIVE}, or the folder {FOLDER} that is in it, there; it comes from {source}{ARCHIVE}")))
}

fn read_folder(folder: &Path) -> Result<TrainTest> {
    let mut batches = Batches::new();
    for (place, name) in BATCHES.iter().enumerate() {
        let path = folder.join(name);
        let file = File::open(&path)
            .map_err(|e| Error::new(ErrorKind::NotFound, format!("cannot open {}: {e}", path.display())))?;
        batches.read(place, &mut BufReader::new(file), &path.display().to_string())?;
    }
    batches.finish(folder)
}

fn read_archive(path: &Path) -> Result<TrainTest> {
    let shown = path.display();
    let damaged = |e: std::io::Error| Error::data_loss(format!("{shown}: cannot read the archive: {e}"));
    let file = File::open(path).map_err(damaged)?;
    let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(file)));
    let mut batches = Batches::new();
    for entry in archive.entries().map_err(damaged)? {
        let entry = entry.map_err(damaged)?;
        let name = entry.path().map_err(damaged)?.file_name().map(|name| name.to_string_lossy().into_owned());
        let Some(place) = BATCHES.iter().position(|batch| Some(*batch) == name.as_deref()) else { continue };
        batches.read(place, &mut BufReader::new(entry), &format!("{} in {shown}", BATCHES[place]))?;
    }
    batches.finish(path)
}

/// The images and labels of all files in one piece each, and which of the files were read.
struct Batches {
    train: (Vec<u8>, Vec<u8>),
    test: (Vec<u8>, Vec<u8>),
    read: [bool; BATCHES.len()],
}

impl Batches {
    fn new() -> Self {
        let room = |files: usize| (vec![0; files * RECORDS * IMAGE], vec![0; files * RECORDS]);
        Batches { train: room(BATCHES.len() - 1), test: room(1), read: [false; BATCHES.len()] }
    }

    /// Reads file number `place`.
    fn read(&mut self, place: usize, reader: &mut dyn Read, shown: &str) -> Result<()> {
        let ((images, labels), first) =
            if place + 1 < BATCHES.len() { (&mut self.train, place * RECORDS) } else { (&mut self.test, 0) };
        let records = first..first + RECORDS;
        read_records(reader, &mut images[first * IMAGE..records.end * IMAGE], &mut labels[records], shown)?;
        self.read[place] = true;
        Ok(())
    }

    fn finish(self, found: &Path) -> Result<TrainTest> {
        match self.read.iter().position(|read| !read) {
            None => Ok((examples(self.train)?, examples(self.test)?)),
            Some(place) => Err(Error::data_loss(format!("{}: {} is missing", found.display(), BATCHES[place]))),
        }
    }
}

fn examples((images, labels): (Vec<u8>, Vec<u8>)) -> Result<Examples> {
    let n = labels.len();
    let array = |shape: &[usize], bytes| {
        ArrayD::from_shape_vec(IxDyn(shape), bytes).map_err(|e| Error::internal(e.to_string()))
    };
    Ok((array(&[n, SIDE, SIDE, 3], images)?, array(&[n, 1], labels)?))
}

/// Reads exactly as many records as there are labels: the images, pixel by pixel, and the labels.
fn read_records(reader: &mut dyn Read, images: &mut [u8], labels: &mut [u8], shown: &str) -> Result<()> {
    let n = labels.len();
    let cut = |e: std::io::Error| Error::data_loss(format!("{shown}: cannot read it: {e}"));
    let wrong_size = |found: String| {
        let expected = n * RECORD;
        Error::data_loss(format!("{shown}: {n} images are {expected} bytes, but it holds {found}"))
    };
    let mut record = Vec::with_capacity(RECORD);
    for (i, (image, label)) in images.chunks_exact_mut(IMAGE).zip(labels).enumerate() {
        record.clear();
        Read::take(&mut *reader, RECORD as u64).read_to_end(&mut record).map_err(cut)?;
        if record.len() < RECORD {
            return Err(wrong_size((i * RECORD + record.len()).to_string()));
        }
        let planes = &record[1..];
        *label = record[0];
        if *label > 9 {
            return Err(Error::data_loss(format!("{shown}: the label of image {i} is {label}, not one of 0 to 9")));
        }
        for (place, pixel) in image.chunks_exact_mut(3).enumerate() {
            pixel.copy_from_slice(&[planes[place], planes[CHANNEL + place], planes[2 * CHANNEL + place]]);
        }
    }
    match reader.read(&mut [0]).map_err(cut)? {
        0 => Ok(()),
        _ => Err(wrong_size("more".to_owned())),
    }
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

    fn records(bytes: &[u8], n: usize, shown: &str) -> Result<(Vec<u8>, Vec<u8>)> {
        let (mut images, mut labels) = (vec![0; n * IMAGE], vec![0; n]);
        read_records(&mut &*bytes, &mut images, &mut labels, shown).map(|()| (images, labels))
    }

    #[test]
    fn real_records_become_images() {
        let (images, labels) = records(&sample(), 200, "sample").and_then(examples).unwrap();
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
        let error = records(&bytes[..5000], 2, "batch.bin").unwrap_err().to_string();
        assert!(error.contains("batch.bin: 2 images are 6146 bytes, but it holds 5000"), "{error}");
        assert!(records(&bytes, 2, "x").unwrap_err().to_string().contains("but it holds more"));
        bytes[RECORD] = 10;
        let error = records(&bytes[..2 * RECORD], 2, "x").unwrap_err().to_string();
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
        let error = read(std::slice::from_ref(&dir)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(
            error.to_string().contains("put cifar-10-binary.tar.gz, or the folder cifar-10-batches-bin"),
            "{error}"
        );

        archive(&dir, &BATCHES, RECORDS * RECORD);
        let ((images, labels), (test, _)) = read(std::slice::from_ref(&dir)).unwrap();
        assert_eq!((images.shape(), test.shape()), (&[50_000, 32, 32, 3][..], &[10_000, 32, 32, 3][..]));
        assert_eq!((labels.shape(), labels[[49_999, 0]]), (&[50_000, 1][..], 3));

        let path = archive(&dir, &BATCHES[..5], RECORDS * RECORD);
        let error = read(std::slice::from_ref(&dir)).unwrap_err().to_string();
        assert!(error.contains("cifar-10-binary.tar.gz: test_batch.bin is missing"), "{error}");
        archive(&dir, &BATCHES, 7);
        let error = read(std::slice::from_ref(&dir)).unwrap_err().to_string();
        assert!(error.contains("data_batch_1.bin in ") && error.contains("it holds 7"), "{error}");
        std::fs::write(&path, b"neither gzip nor tar").unwrap();
        let error = read(std::slice::from_ref(&dir)).unwrap_err().to_string();
        assert!(error.contains("cifar-10-binary.tar.gz: cannot read the archive"), "{error}");

        std::fs::create_dir_all(dir.join(FOLDER)).unwrap();
        File::create(dir.join(FOLDER).join(BATCHES[0])).unwrap().write_all(b"short").unwrap();
        let error = read(std::slice::from_ref(&dir)).unwrap_err().to_string();
        assert!(error.contains("data_batch_1.bin: 10000 images are 30730000 bytes, but it holds 5"), "{error}");
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[cfg(feature = "download")]
    #[test]
    fn a_missing_or_damaged_archive_is_fetched() {
        use crate::keras::datasets::download::tests::{answer, serve, sum};
        let dir = std::env::temp_dir().join(format!("flowstone-cifar-fetch-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = archive(&dir, &BATCHES, RECORDS * RECORD);
        let bytes = std::fs::read(&path).unwrap();
        let (base, asked) = serve(answer("200 OK", bytes.len(), &bytes));
        let sha256 = sum(&bytes);
        let files = [RemoteFile { name: ARCHIVE, sha256: &sha256, size: bytes.len() as u64 }];
        let origin = Origin { base: &base, files: &files };
        let asked = || asked.load(std::sync::atomic::Ordering::SeqCst);
        let dirs = [dir.join("new")];
        for expected in [1, 1] {
            let ((images, _), _) = load(&origin, &dirs).unwrap();
            assert_eq!((images.shape(), asked()), (&[50_000, 32, 32, 3][..], expected));
        }
        std::fs::write(dirs[0].join(ARCHIVE), &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(load(&origin, &dirs).unwrap().1.0.shape(), [10_000, 32, 32, 3]);
        assert_eq!(asked(), 2);
        // A server that has nothing: the error says what failed, and where to put what.
        let (base, _) = serve(answer("404 Not Found", 0, b""));
        let error = load(&Origin { base: &base, files: &files }, &[dir.join("other")]).unwrap_err().to_string();
        assert!(error.contains("404") && error.contains("put cifar-10-binary.tar.gz"), "{error}");
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
