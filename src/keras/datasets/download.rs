//! Fetching the files of a data set. Keras: `keras.utils.get_file`.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::{Origin, RemoteFile};
use crate::error::{Error, ErrorKind, Result};
use crate::keras::progbar::Progbar;

/// How long a server may take to begin to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take to send one file.
const LONGEST: Duration = Duration::from_secs(3600);

/// Fetches the files of `origin` into `dir`, except for those that are there and whole.
pub(super) fn fetch(origin: &Origin, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|e| failed(format!("cannot make the directory {}: {e}", dir.display())))?;
    origin.files.iter().try_for_each(|file| fetch_file(origin.base, file, dir))
}

fn failed(message: String) -> Error {
    Error::new(ErrorKind::FailedPrecondition, message)
}

fn fetch_file(base: &str, file: &RemoteFile, dir: &Path) -> Result<()> {
    let path = dir.join(file.name);
    if is_whole(&path, file) {
        return Ok(());
    }
    let url = format!("{base}{}", file.name);
    println!("Downloading data from {url}");
    let body = request(&url)?;
    let partial = Partial::new(&path)?;
    let found = partial.write(body.take(file.size + 1), file.size).map_err(|e| failed(format!("{url}: {e}")))?;
    if found != file.sha256 {
        let (wanted, shown) = (file.sha256, path.display());
        return Err(Error::data_loss(format!("{url}: its SHA-256 is {found}, not {wanted}; {shown} was not written")));
    }
    partial.finish(&path)
}

fn is_whole(path: &Path, file: &RemoteFile) -> bool {
    let right_size = fs::metadata(path).is_ok_and(|found| found.len() == file.size);
    right_size && File::open(path).and_then(|found| copy_hashed(found, io::sink())).is_ok_and(|sum| sum == file.sha256)
}

fn request(url: &str) -> Result<impl Read> {
    let config = ureq::Agent::config_builder()
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_recv_body(Some(LONGEST))
        .build();
    let response = ureq::Agent::new_with_config(config).get(url).call();
    let response = response.map_err(|e| failed(format!("cannot fetch {url}: {e}")))?;
    Ok(response.into_body().into_reader())
}

/// Copies all bytes and gives their SHA-256.
fn copy_hashed(mut from: impl Read, mut to: impl Write) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match from.read(&mut block) {
            Ok(0) => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            Ok(n) => {
                hash.update(&block[..n]);
                to.write_all(&block[..n])?;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
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

    /// Writes what comes, showing the progress towards `size` bytes, and gives its SHA-256.
    fn write(&self, from: impl Read, size: u64) -> io::Result<String> {
        let mut progress = Progress { to: File::create(&self.0)?, bar: bar(size), start: Instant::now(), bytes: 0 };
        let sum = copy_hashed(from, &mut progress)?;
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
    bar: Progbar,
    start: Instant,
    bytes: usize,
}

impl Progress {
    fn show(&mut self, last: bool) -> io::Result<()> {
        let now = self.start.elapsed().as_secs_f64();
        match self.bar.update(self.bytes, &[], last, now) {
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

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    const WHOLE: &[u8] = b"what a data set is made of";
    const NAME: &str = "data.bin";

    pub(in super::super) fn sum(bytes: &[u8]) -> String {
        copy_hashed(bytes, io::sink()).unwrap()
    }

    /// A server that gives `answer` to whoever asks, and how often it was asked.
    pub(in super::super) fn serve(answer: Vec<u8>) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                reply(stream.unwrap(), &answer);
            }
        });
        (base, asked)
    }

    fn reply(mut stream: TcpStream, answer: &[u8]) {
        let mut line = String::new();
        let mut request = BufReader::new(stream.try_clone().unwrap());
        while request.read_line(&mut line).unwrap() > 2 {
            line.clear();
        }
        stream.write_all(answer).unwrap();
    }

    pub(in super::super) fn answer(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        [head.as_bytes(), body].concat()
    }

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("flowstone-fetch-{name}-{}", std::process::id()));
            fs::create_dir_all(&dir).unwrap();
            Place(dir)
        }

        fn names(&self) -> Vec<String> {
            fs::read_dir(&self.0).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    /// Fetches the one file from a server that gives `answer`.
    fn fetch_one(place: &Place, answer: Vec<u8>) -> (Result<()>, usize) {
        let (base, asked) = serve(answer);
        let sha256 = sum(WHOLE);
        let files = [RemoteFile { name: NAME, sha256: &sha256, size: WHOLE.len() as u64 }];
        let result = fetch(&Origin { base: &base, files: &files }, &place.0);
        (result, asked.load(Ordering::SeqCst))
    }

    #[test]
    fn the_sum_is_sha_256() {
        assert_eq!(sum(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_missing_file_is_fetched_once() {
        let place = Place::new("once");
        let (result, asked) = fetch_one(&place, answer("200 OK", WHOLE.len(), WHOLE));
        result.unwrap();
        assert_eq!((asked, place.names()), (1, vec![NAME.to_owned()]));
        assert_eq!(fs::read(place.0.join(NAME)).unwrap(), WHOLE);
        let (result, asked) = fetch_one(&place, answer("500 Broken", 0, b""));
        result.unwrap();
        assert_eq!(asked, 0);
    }

    #[test]
    fn a_damaged_file_is_replaced() {
        let place = Place::new("damaged");
        let mut damaged = WHOLE.to_vec();
        damaged[3] ^= 1;
        fs::write(place.0.join(NAME), damaged).unwrap();
        fetch_one(&place, answer("200 OK", WHOLE.len(), WHOLE)).0.unwrap();
        assert_eq!(fs::read(place.0.join(NAME)).unwrap(), WHOLE);
    }

    #[test]
    fn what_is_not_whole_leaves_nothing() {
        let other = b"what a data set is made OF".to_vec();
        let longer = [WHOLE, b"and more"].concat();
        let cases = [
            ("sum", answer("200 OK", other.len(), &other), "its SHA-256 is"),
            ("cut", answer("200 OK", WHOLE.len(), &WHOLE[..9]), "data.bin: "),
            ("short", answer("200 OK", 9, &WHOLE[..9]), "its SHA-256 is"),
            ("long", answer("200 OK", longer.len(), &longer), "its SHA-256 is"),
            ("error", answer("503 Unavailable", 0, b""), "503"),
            ("noise", b"this is no answer at all\r\n\r\n".to_vec(), "cannot fetch http://"),
        ];
        for (name, answer, expected) in cases {
            let place = Place::new(name);
            let error = fetch_one(&place, answer).0.unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("/data.bin"), "{name}: {error}");
            assert!(place.names().is_empty(), "{name}: {:?}", place.names());
        }
    }

    #[test]
    fn a_damaged_file_stays_if_no_better_one_comes() {
        let place = Place::new("stays");
        fs::write(place.0.join(NAME), b"half").unwrap();
        assert!(fetch_one(&place, answer("503 Unavailable", 0, b"")).0.is_err());
        assert_eq!((place.names(), fs::read(place.0.join(NAME)).unwrap()), (vec![NAME.to_owned()], b"half".to_vec()));
    }

    #[test]
    fn nobody_answers() {
        let place = Place::new("nobody");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let files = [RemoteFile { name: NAME, sha256: "", size: 1 }];
        let error = fetch(&Origin { base: &base, files: &files }, &place.0).unwrap_err().to_string();
        assert!(error.contains("cannot fetch http://127.0.0.1:"), "{error}");
    }
}
