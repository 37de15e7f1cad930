//! Fetching the files of a data set.

use std::fs;
use std::path::Path;

use super::{Origin, RemoteFile};
use crate::error::Result;
use crate::keras::download::{failed, fetch_file};
use crate::keras::hash::Algorithm;

/// Fetches the files of `origin` into `dir`, except for those that are there and whole.
pub(super) fn fetch(origin: &Origin, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|e| failed(format!("cannot make the directory {}: {e}", dir.display())))?;
    let missing = origin.files.iter().filter(|file| !is_whole(&dir.join(file.name), file));
    missing.into_iter().try_for_each(|file| {
        let (url, sum) = (format!("{}{}", origin.base, file.name), (Algorithm::Sha256, file.sha256));
        fetch_file(&url, &dir.join(file.name), Some(sum), Some(file.size))
    })
}

fn is_whole(path: &Path, file: &RemoteFile) -> bool {
    fs::metadata(path).is_ok_and(|found| found.len() == file.size) && Algorithm::Sha256.fits(path, file.sha256)
}

#[cfg(test)]
pub(in crate::keras) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::{self, BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const WHOLE: &[u8] = b"what a data set is made of";
    const NAME: &str = "data.bin";

    pub(in crate::keras) fn sum(bytes: &[u8]) -> String {
        Algorithm::Sha256.copy(bytes, io::sink()).unwrap()
    }

    /// A server that gives `answer` to whoever asks, and how often it was asked.
    pub(in crate::keras) fn serve(answer: Vec<u8>) -> (String, Arc<AtomicUsize>) {
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

    pub(in crate::keras) fn answer(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
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
