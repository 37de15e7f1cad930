//! IDX files, in which MNIST and its relatives come: <http://yann.lecun.com/exdb/mnist/>, "the IDX file format".

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::error::{Error, ErrorKind, Result};

/// A file of images and the file of their labels.
pub struct Pair {
    images: Source,
    labels: Source,
}

struct Source {
    path: PathBuf,
    reader: Box<dyn Read>,
}

/// No data set of this kind is larger.
const MOST_BYTES: usize = 1 << 30;

/// For so much room is made before a byte of it has been seen.
const TRUSTED: usize = 64 << 20;

impl Pair {
    /// The files `PART-images-idx3-ubyte` and `PART-labels-idx1-ubyte` of a directory, with or without `.gz`.
    pub fn find(dir: &Path, part: &str) -> Result<Self> {
        let images = Source::open(dir, &format!("{part}-images-idx3-ubyte"))?;
        Ok(Pair { images, labels: Source::open(dir, &format!("{part}-labels-idx1-ubyte"))? })
    }

    /// The paths of the images and of the labels.
    pub fn paths(&self) -> [&Path; 2] {
        [&self.images.path, &self.labels.path]
    }

    /// The pixels, their sizes (images, rows, columns), and as many labels, all from 0 to 9.
    pub fn read(self) -> Result<(Vec<u8>, [usize; 3], Vec<u8>)> {
        let [images, labels] = [self.images.path.clone(), self.labels.path.clone()];
        let (sizes, pixels) = self.images.read::<3>(2051, "images")?;
        let ([count], digits) = self.labels.read::<1>(2049, "labels")?;
        if sizes[0] != count {
            let (images, labels) = (images.display(), labels.display());
            return Err(Error::data_loss(format!("{images} holds {} images, but {labels} {count} labels", sizes[0])));
        }
        if let Some(bad) = digits.iter().find(|&&digit| digit > 9) {
            return Err(Error::data_loss(format!("{}: {bad} is not a digit", labels.display())));
        }
        Ok((pixels, sizes, digits))
    }
}

impl Source {
    fn open(dir: &Path, name: &str) -> Result<Self> {
        let packed = dir.join(format!("{name}.gz"));
        if let Ok(file) = File::open(&packed) {
            return Ok(Source { path: packed, reader: Box::new(GzDecoder::new(file)) });
        }
        let plain = dir.join(name);
        match File::open(&plain) {
            Ok(file) => Ok(Source { path: plain, reader: Box::new(BufReader::new(file)) }),
            Err(e) => Err(Error::new(
                ErrorKind::NotFound,
                format!("there is neither {} nor {}: {e}", packed.display(), plain.display()),
            )),
        }
    }

    /// The sizes and the bytes of a file that starts with `magic`.
    fn read<const RANK: usize>(mut self, magic: u32, what: &str) -> Result<([usize; RANK], Vec<u8>)> {
        let shown = self.path.display();
        let mut header = vec![0; 4 + 4 * RANK];
        let short =
            |e: std::io::Error| Error::data_loss(format!("{shown}: cannot read an MNIST {what} file from it: {e}"));
        self.reader.read_exact(&mut header).map_err(short)?;
        let numbers: Vec<u32> = header.as_chunks().0.iter().map(|bytes| u32::from_be_bytes(*bytes)).collect();
        if numbers[0] != magic {
            let found = numbers[0];
            return Err(Error::data_loss(format!(
                "{shown}: invalid magic number {found}; MNIST {what} start with {magic}"
            )));
        }
        let mut sizes = [0; RANK];
        for (size, number) in sizes.iter_mut().zip(&numbers[1..]) {
            *size = *number as usize;
        }
        let expected = sizes.iter().try_fold(1usize, |n, size| n.checked_mul(*size)).filter(|n| *n <= MOST_BYTES);
        let expected = expected.ok_or_else(|| Error::data_loss(format!("{shown}: {what} of sizes {sizes:?}")))?;
        let mut bytes = Vec::with_capacity(expected.min(TRUSTED) + 1);
        self.reader.take(expected as u64 + 1).read_to_end(&mut bytes).map_err(short)?;
        if bytes.len() != expected {
            let found = if bytes.len() > expected { "more".to_owned() } else { bytes.len().to_string() };
            return Err(Error::data_loss(format!(
                "{shown}: {what} of sizes {sizes:?} are {expected} bytes, but it holds {found}"
            )));
        }
        Ok((sizes, bytes))
    }
}
