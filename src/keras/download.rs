//! Fetching files. Keras: `keras.utils.get_file`.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::hash::Algorithm;
use super::progbar::Progbar;
use crate::error::{Error, ErrorKind, Result};

/// How long a server may take to begin to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take to send one file.
const LONGEST: Duration = Duration::from_secs(3600);

pub(super) fn failed(message: String) -> Error {
    Error::new(ErrorKind::FailedPrecondition, message)
}

/// Fetches what is at `url` into the file at `path`, which is whole or stays as it was. It must have the sum and the size, where
/// these are known.
pub(super) fn fetch_file(url: &str, path: &Path, sum: Option<(Algorithm, &str)>, size: Option<u64>) -> Result<()> {
    println!("Downloading data from {url}");
    let (body, length) = request(url)?;
    let partial = Partial::new(path)?;
    let algorithm = sum.map_or(Algorithm::Sha256, |(algorithm, _)| algorithm);
    let limit = size.map_or(u64::MAX, |size| size + 1);
    let found =
        partial.write(body.take(limit), size.or(length), algorithm).map_err(|e| failed(format!("{url}: {e}")))?;
    if let Some((algorithm, wanted)) = sum
        && !found.eq_ignore_ascii_case(wanted)
    {
        let (name, shown) = (algorithm.name(), path.display());
        return Err(Error::data_loss(format!("{url}: its {name} is {found}, not {wanted}; {shown} was not written")));
    }
    partial.finish(path)
}

/// What comes, and how many bytes that will be, if that is said.
fn request(url: &str) -> Result<(impl Read, Option<u64>)> {
    let config = ureq::Agent::config_builder()
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_recv_body(Some(LONGEST))
        .build();
    let response = ureq::Agent::new_with_config(config).get(url).call();
    let body = response.map_err(|e| failed(format!("cannot fetch {url}: {e}")))?.into_body();
    let length = body.content_length();
    Ok((body.into_reader(), length))
}

/// A file on its way, beside the place where it will be. It goes when it is dropped.
struct Partial(PathBuf);

impl Partial {
    fn new(path: &Path) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}-{count}.part", std::process::id()));
        let partial = Partial(PathBuf::from(beside));
        match File::create(&partial.0) {
            Ok(_) => Ok(partial),
            Err(e) => Err(failed(format!("cannot write {}: {e}", partial.0.display()))),
        }
    }

    /// Writes what comes, showing the progress towards `size` bytes if that is known, and gives its sum.
    fn write(&self, from: impl Read, size: Option<u64>, algorithm: Algorithm) -> io::Result<String> {
        let bar = size.map(bar);
        let mut progress = Progress { to: File::create(&self.0)?, bar, start: Instant::now(), bytes: 0 };
        let sum = algorithm.copy(from, &mut progress)?;
        progress.show(true)?;
        Ok(sum)
    }

    fn finish(self, path: &Path) -> Result<()> {
        fs::rename(&self.0, path).map_err(|e| failed(format!("cannot write {}: {e}", path.display())))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After `finish` it is not there any more.
        let _ = fs::remove_file(&self.0);
    }
}

fn bar(size: u64) -> Progbar {
    Progbar::new(usize::try_from(size).unwrap_or(usize::MAX), 1, stdout().is_terminal())
}

/// A file being written, and the line that shows how far it is.
struct Progress {
    to: File,
    bar: Option<Progbar>,
    start: Instant,
    bytes: usize,
}

impl Progress {
    fn show(&mut self, last: bool) -> io::Result<()> {
        let now = self.start.elapsed().as_secs_f64();
        match self.bar.as_mut().and_then(|bar| bar.update(self.bytes, &[], last, now)) {
            Some(text) => stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()),
            None => Ok(()),
        }
    }
}

impl Write for Progress {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.bytes += n;
        self.show(false).map(|()| n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
