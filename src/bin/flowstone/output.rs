//! Files that are written: whole or not at all, and never in place of others unless that is said.

use std::path::Path;

use flowstone::format::durable::write_file;
use flowstone::{Error, ErrorKind, Result};

/// An error if something is at `path` and must stay.
pub fn free(path: &Path, force: bool) -> Result<()> {
    if force || !path.exists() {
        return Ok(());
    }
    let message = format!("{} is there already; --force replaces it", path.display());
    Err(Error::new(ErrorKind::AlreadyExists, message))
}

/// Writes a file.
pub fn write(path: &Path, bytes: &[u8], force: bool) -> Result<()> {
    free(path, force)?;
    write_file(path, bytes)
}

/// Prints text; that nobody reads it to its end is no error.
pub fn print(text: &str) -> Result<()> {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::new(ErrorKind::Unknown, format!("standard output: {e}")))
        }
        _ => Ok(()),
    }
}
