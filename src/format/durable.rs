//! Files that are whole or not there: written beside their place, brought to the disk, and then given their name.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::error::{Error, Result};

/// Puts `bytes` into the file at `path`, in place of what was there. Until they are on the disk the old file stays.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = Path::new(&beside);
    let written = File::create(beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let written = written.map_err(|e| Error::of_file(path, &e)).and_then(|()| rename(beside, path));
    if written.is_err() {
        // What was begun is of no use; that it may not be there is no second error.
        let _ = fs::remove_file(beside);
    }
    written.and_then(|()| sync_folder(path))
}

/// Gives a file another name.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|e| Error::of_file(to, &e))
}

/// Brings the names of the files in the folder of `path` to the disk.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Where folders cannot be opened (not on Unix) their entries need no bringing.
    match File::open(folder) {
        Ok(folder) if cfg!(unix) => folder.sync_all().map_err(|e| Error::of_file(path, &e)),
        _ => Ok(()),
    }
}
