//! Record files of a program's own. TF: `tf.python_io`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::record::{Records, put_record};
use crate::error::{Error, Result};

/// A file of records that is being written. TF: `tf.python_io.TFRecordWriter`.
#[derive(Debug)]
pub struct TFRecordWriter {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

/// Begins a file of records; what is at `path` is gone. TF: `tf.python_io.TFRecordWriter(path)`.
///
/// The file is whole once [`close`](TFRecordWriter::close) was called, or the writer is dropped; only `close` says what went
/// wrong.
///
/// ```
/// use flowstone as tf;
/// # let path = std::env::temp_dir().join(format!("flowstone-doc-{}.tfrecord", std::process::id()));
/// let mut writer = tf::python_io::TFRecordWriter(&path)?;
/// writer.write(b"one")?;
/// writer.write(b"two")?;
/// writer.close()?;
/// let records = tf::python_io::tf_record_iterator(&path)?.collect::<tf::Result<Vec<_>>>()?;
/// assert_eq!(records, [b"one", b"two"]);
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn TFRecordWriter(path: impl AsRef<Path>) -> Result<TFRecordWriter> {
    let path = path.as_ref().to_owned();
    let file = File::create(&path).map_err(|e| Error::of_file(&path, &e))?;
    Ok(TFRecordWriter { path, file: Some(BufWriter::new(file)) })
}

impl TFRecordWriter {
    fn file(&mut self) -> Result<&mut BufWriter<File>> {
        let closed = || Error::failed_precondition(format!("{}: the writer was closed", self.path.display()));
        self.file.as_mut().ok_or_else(closed)
    }

    /// Appends a record. TF: `writer.write(record)`.
    pub fn write(&mut self, record: impl AsRef<[u8]>) -> Result<()> {
        let mut bytes = Vec::new();
        put_record(&mut bytes, record.as_ref());
        let path = self.path.clone();
        self.file()?.write_all(&bytes).map_err(|e| Error::of_file(&path, &e))
    }

    /// Hands everything over to the system. TF: `writer.flush()`.
    pub fn flush(&mut self) -> Result<()> {
        let path = self.path.clone();
        self.file()?.flush().map_err(|e| Error::of_file(&path, &e))
    }

    /// Ends the file; again does nothing. TF: `writer.close()`.
    pub fn close(&mut self) -> Result<()> {
        match self.file.take() {
            Some(mut file) => file.flush().map_err(|e| Error::of_file(&self.path, &e)),
            None => Ok(()),
        }
    }
}

/// The records of a file, one after the other. TF: `tf.python_io.tf_record_iterator`.
///
/// A file that is cut or damaged gives what is whole before that place, then an error, and then ends.
pub fn tf_record_iterator(path: impl AsRef<Path>) -> Result<TFRecordIterator> {
    Ok(TFRecordIterator { records: Records::open(path.as_ref())?, failed: false })
}

/// The records of a file: what [`tf_record_iterator`] gives.
#[derive(Debug)]
pub struct TFRecordIterator {
    records: Records,
    failed: bool,
}

impl Iterator for TFRecordIterator {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let record = self.records.read();
        self.failed = record.is_err();
        record.transpose()
    }
}
