//! The event file on the disk: what was written stays whole, whatever fails.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;

use crate::error::{Error, ErrorKind, Result};
use crate::format::event::{Event, What};
use crate::format::record::put_record;

/// What TensorBoard expects at the start of a file.
const VERSION: &str = "brain.Event:2";

/// Seconds since 1970.
pub(super) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// A file of events that is being written.
#[derive(Debug)]
pub(super) struct EventFile {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// The bytes that are whole records.
    length: u64,
}

impl EventFile {
    /// A new file of the folder `logdir`, which is made if it is not there. No file that is there is touched.
    pub(super) fn create(logdir: &Path, suffix: &str) -> Result<Self> {
        std::fs::create_dir_all(logdir).map_err(|e| Error::of_file(logdir, &e))?;
        let host = host_name();
        let mut second = now() as u64;
        let (path, file) = loop {
            let path = logdir.join(format!("events.out.tfevents.{second:010}.{host}{suffix}"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => break (path, file),
                // TensorBoard reads a folder's files in the order of their names.
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => second += 1,
                Err(e) => return Err(Error::of_file(&path, &e)),
            }
        };
        let mut file = EventFile { path, file, length: 0 };
        let what = Some(What::FileVersion(VERSION.into()));
        let mut first = Vec::new();
        put_record(&mut first, &Event { wall_time: now().floor(), what, ..Event::default() }.encode_to_vec());
        file.append(&first)?;
        Ok(file)
    }

    /// Writes whole records at the end: all, or none and an error.
    pub(super) fn append(&mut self, records: &[u8]) -> Result<()> {
        // What is written into a file without a name would be gone with it.
        if !self.path.exists() {
            let path = self.path.display();
            return Err(Error::new(ErrorKind::NotFound, format!("the event file {path} has disappeared")));
        }
        if let Err(error) = self.file.write_all(records) {
            // If half of it cannot be taken back, a reader finds a file that ends inside of a record.
            let _ = self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
            return Err(Error::of_file(&self.path, &error));
        }
        self.length += records.len() as u64;
        Ok(())
    }

    /// Brings the file to the disk.
    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_all().map_err(|e| Error::of_file(&self.path, &e))
    }
}

/// What this computer is called.
fn host_name() -> String {
    let file =
        ["/proc/sys/kernel/hostname", "/etc/hostname"].iter().find_map(|path| std::fs::read_to_string(path).ok());
    let variable = || ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let name = file.or_else(variable).unwrap_or_default();
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).collect();
    if name.is_empty() { "localhost".to_owned() } else { name }
}
