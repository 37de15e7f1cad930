//! Files that are written, whole or not at all, and never in place of others unless that is said; and what is said meanwhile.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

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
    patiently("writing", path, || write_file(path, bytes))
}

/// How long nothing is said, and how often something is.
const PATIENCE: Duration = Duration::from_secs(1);

/// Does `work` on the file at `path`. If it takes long, a line on the terminal says for how long already.
pub fn patiently<R>(doing: &str, path: &Path, work: impl FnOnce() -> R) -> R {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    let (end, ended) = channel::<()>();
    let start = Instant::now();
    std::thread::scope(move |scope| {
        scope.spawn(move || {
            while ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                eprint!("\r{doing} {}: {} s", path.display(), start.elapsed().as_secs());
            }
            if start.elapsed() > PATIENCE {
                // Back to an empty line.
                eprint!("\r\x1b[K");
            }
        });
        let done = work();
        drop(end);
        done
    })
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
