//! TensorFlow's record files: runs of bytes after one another, each with its length and with sums over both.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::crc::masked_crc;
use crate::error::{Error, Result};

/// The bytes of a record's length with its sum.
const HEAD: u64 = 12;

/// Appends a record that holds `data`.
pub fn put_record(bytes: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    bytes.extend(length);
    bytes.extend(masked_crc(&length).to_le_bytes());
    bytes.extend(data);
    bytes.extend(masked_crc(data).to_le_bytes());
}

/// A file of records being read, a record at a time.
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    file: BufReader<File>,
    /// Where the next record starts.
    offset: u64,
}

impl Records {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::of_file(path, &e))?;
        Ok(Records { path: path.to_owned(), file: BufReader::new(file), offset: 0 })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the next record starts.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next record; `None` at the end of the file, which may have grown when it is asked again.
    ///
    /// An error if the file ends inside of a record or does not hold what was written. The same record is read again
    /// after it.
    pub fn read(&mut self) -> Result<Option<Vec<u8>>> {
        let read = self.read_here();
        let offset = match &read {
            Ok(Some(data)) => self.offset + HEAD + data.len() as u64 + 4,
            _ => self.offset,
        };
        if !matches!(read, Ok(Some(_))) {
            self.file.seek(SeekFrom::Start(offset)).map_err(|e| Error::of_file(&self.path, &e))?;
        }
        self.offset = offset;
        read
    }

    fn read_here(&mut self) -> Result<Option<Vec<u8>>> {
        let head = self.take(HEAD)?;
        if head.is_empty() {
            return Ok(None);
        }
        let (length, sum) = head.split_at_checked(8).ok_or_else(|| self.cut())?;
        if number(sum) != u64::from(masked_crc(length)) || sum.len() != 4 {
            return Err(if head.len() < HEAD as usize { self.cut() } else { self.damaged("the length of a record") });
        }
        let length = number(length);
        // Not more is allocated than the file has.
        let mut data = self.take(length.saturating_add(4))?;
        let end = usize::try_from(length).ok().filter(|&end| data.len() == end.saturating_add(4));
        let sum = data.split_off(end.ok_or_else(|| self.cut())?);
        match number(&sum) == u64::from(masked_crc(&data)) {
            true => Ok(Some(data)),
            false => Err(self.damaged("a record")),
        }
    }

    /// The next `n` bytes, or fewer at the end of the file.
    fn take(&mut self, n: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = self.file.by_ref().take(n).read_to_end(&mut bytes);
        read.map_err(|e| Error::of_file(&self.path, &e))?;
        Ok(bytes)
    }

    fn cut(&self) -> Error {
        let (path, offset) = (self.path.display(), self.offset);
        Error::data_loss(format!("{path}: the file ends inside of the record that starts at byte {offset}"))
    }

    fn damaged(&self, what: &str) -> Error {
        let (path, offset) = (self.path.display(), self.offset);
        Error::data_loss(format!("{path}: at byte {offset}: {what} is not what was written"))
    }
}

/// The number that up to eight bytes are, the lowest first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::Folder;

    #[test]
    fn records_come_back_and_whatever_is_missing_or_changed_is_said() {
        let folder = Folder::new("records");
        let path = folder.path("records");
        let mut bytes = Vec::new();
        for data in [b"one".as_slice(), b"", &[7; 50]] {
            put_record(&mut bytes, data);
        }
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let mut records = Records::open(&path).unwrap();
            let mut all = Vec::new();
            loop {
                match records.read() {
                    Ok(Some(data)) => all.push(data.len()),
                    Ok(None) => return (all, None),
                    Err(error) => return (all, Some(error.to_string())),
                }
            }
        };
        assert_eq!(read(&bytes), (vec![3, 0, 50], None));
        for end in 1..bytes.len() {
            let (all, error) = read(&bytes[..end]);
            let (whole, start) = [(2, 35), (1, 19), (0, 0)].into_iter().find(|(_, start)| *start <= end).unwrap();
            let error = error.map(|error| error.split("that starts ").nth(1).unwrap().to_owned());
            let at_start = start == end;
            assert_eq!(all.len(), whole, "{end}");
            assert_eq!(error, (!at_start).then(|| format!("at byte {start}")), "{end}");
        }
        for at in 0..40 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 4;
            let (all, error) = read(&damaged);
            let start = [35, 19, 0].into_iter().find(|start| *start <= at).unwrap();
            assert!(error.unwrap().contains(&format!("at byte {start}: ")), "{at}");
            assert!(all.len() < 3);
        }
    }

    #[test]
    fn a_file_that_grows_is_read_on() {
        let folder = Folder::new("growing");
        let path = folder.path("records");
        let mut bytes = Vec::new();
        put_record(&mut bytes, b"first");
        let first = bytes.len();
        put_record(&mut bytes, b"second");
        std::fs::write(&path, &bytes[..first + 5]).unwrap();
        let mut records = Records::open(&path).unwrap();
        assert_eq!(records.read().unwrap().unwrap(), b"first");
        records.read().unwrap_err();
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(records.read().unwrap().unwrap(), b"second");
        assert_eq!((records.read().unwrap(), records.offset()), (None, bytes.len() as u64));
    }
}
