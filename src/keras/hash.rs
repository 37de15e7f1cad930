//! Sums by which a file is known to be whole.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use md5::Md5;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// How a sum is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Sha256,
    Md5,
}

impl Algorithm {
    /// The one that Keras calls so; `"auto"` goes by the sum's length.
    pub(super) fn named(name: &str, sum: &str) -> Result<Self> {
        match (name, sum.len()) {
            ("sha256", _) | ("auto", 64) => Ok(Algorithm::Sha256),
            ("md5" | "auto", _) => Ok(Algorithm::Md5),
            _ => Err(Error::invalid_argument(format!("hash_algorithm is '{name}': auto, sha256 or md5"))),
        }
    }

    /// Its name as it is written.
    pub(super) fn name(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Md5 => "MD5",
        }
    }

    /// Copies all bytes and gives their sum.
    pub(super) fn copy(self, from: impl Read, to: impl Write) -> io::Result<String> {
        match self {
            Algorithm::Sha256 => copy_hashed::<Sha256>(from, to),
            Algorithm::Md5 => copy_hashed::<Md5>(from, to),
        }
    }

    /// Whether the file has this sum.
    pub(super) fn fits(self, path: &Path, sum: &str) -> bool {
        let found = File::open(path).and_then(|file| self.copy(file, io::sink()));
        found.is_ok_and(|found| found.eq_ignore_ascii_case(sum))
    }
}

fn copy_hashed<D: Digest>(mut from: impl Read, mut to: impl Write) -> io::Result<String> {
    let mut hash = D::new();
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sums_are_what_their_names_say() {
        let sum = |algorithm: Algorithm| algorithm.copy(&b"abc"[..], io::sink()).unwrap();
        assert_eq!(sum(Algorithm::Sha256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(sum(Algorithm::Md5), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(Algorithm::named("auto", &sum(Algorithm::Md5)).unwrap(), Algorithm::Md5);
        assert!(Algorithm::named("crc", "").is_err());
    }
}
