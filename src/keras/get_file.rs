//! Files from elsewhere, kept. Keras: `keras.utils.get_file`.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::datasets::keras_home;
use super::hash::Algorithm;
use crate::error::{Error, Result};

/// The file `fname` in Keras's cache, `~/.keras/datasets`; if it is not there, it is fetched from `origin` (feature
/// `download`). Keras: `get_file(fname, origin)`.
///
/// Keyword arguments `untar` (false if not said: whether it is an archive that is unpacked; the path is then that of `fname`
/// without `.tar.gz`), `extract` (false: it is unpacked beside itself), `archive_format` (`"auto"`, `"tar"` or `"zip"`, the
/// latter with the feature `npz`), `file_hash` and `hash_algorithm` (`"auto"`, `"sha256"`, `"md5"`), `md5_hash`,
/// `cache_subdir` (`"datasets"`), `cache_dir` (`$KERAS_HOME`, or `~/.keras`). With a hash, a file that has another one is
/// fetched anew; what comes is whole and right or is not kept.
///
/// ```
/// use flowstone as tf;
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-get-file-{}", std::process::id()));
/// std::fs::create_dir_all(folder.join("datasets"))?;
/// std::fs::write(folder.join("datasets/poem.txt"), "abc")?;
/// let md5 = "900150983cd24fb0d6963f7d28e17f72";
/// let path = tf::keras::utils::get_file!("poem.txt", "https://example.org/poem.txt", cache_dir = &folder, md5_hash = md5)?;
/// assert_eq!(std::fs::read_to_string(path)?, "abc");
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn get_file(fname: &str, origin: &str) -> Result<PathBuf> {
    get_file_args(fname, origin).build()
}

/// [`get_file`] with keyword arguments.
pub fn get_file_args(fname: &str, origin: &str) -> GetFileArgs {
    GetFileArgs {
        fname: fname.to_owned(),
        origin: origin.to_owned(),
        untar: false,
        extract: false,
        archive_format: "auto".to_owned(),
        file_hash: None,
        hash_algorithm: "auto".to_owned(),
        cache_subdir: PathBuf::from("datasets"),
        cache_dir: None,
    }
}

/// A file about to be looked for: the keyword arguments of [`get_file`].
#[must_use = "nothing is looked for until `build` is called"]
pub struct GetFileArgs {
    fname: String,
    origin: String,
    untar: bool,
    extract: bool,
    archive_format: String,
    file_hash: Option<String>,
    hash_algorithm: String,
    cache_subdir: PathBuf,
    cache_dir: Option<PathBuf>,
}

impl GetFileArgs {
    /// Whether it is an archive that is unpacked, and the path is that of what was in it.
    pub fn untar(mut self, untar: bool) -> Self {
        self.untar = untar;
        self
    }

    /// Whether it is an archive that is unpacked beside itself.
    pub fn extract(mut self, extract: bool) -> Self {
        self.extract = extract;
        self
    }

    /// What kind of archive it is: `"tar"`, `"zip"`, or `"auto"`.
    pub fn archive_format(mut self, format: &str) -> Self {
        self.archive_format = format.to_owned();
        self
    }

    /// The sum of the file, in hexadecimal digits.
    pub fn file_hash(mut self, hash: &str) -> Self {
        self.file_hash = Some(hash.to_owned());
        self
    }

    /// How the sum is made: `"sha256"`, `"md5"`, or `"auto"`.
    pub fn hash_algorithm(mut self, algorithm: &str) -> Self {
        self.hash_algorithm = algorithm.to_owned();
        self
    }

    /// The MD5 of the file.
    pub fn md5_hash(self, hash: &str) -> Self {
        self.file_hash(hash).hash_algorithm("md5")
    }

    /// The folder inside of the cache; `"datasets"` if not said.
    pub fn cache_subdir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache_subdir = folder.into();
        self
    }

    /// The cache; `$KERAS_HOME`, or `~/.keras`, if not said.
    pub fn cache_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache_dir = Some(folder.into());
        self
    }

    /// Looks for the file, fetches it if need be, and gives its path.
    pub fn build(self) -> Result<PathBuf> {
        let cache = self.cache_dir.clone().or_else(keras_home);
        let cache = cache.ok_or_else(|| Error::not_found("there is no home directory: say cache_dir"))?;
        let folder = cache.join(&self.cache_subdir);
        let last = || self.origin.rsplit('/').next().unwrap_or_default();
        let name = if self.fname.is_empty() { last() } else { &self.fname };
        if name.is_empty() {
            return Err(Error::invalid_argument(format!("there is no name in '{}': say fname", self.origin)));
        }
        let unpacked = folder.join(name.strip_suffix(".tar.gz").unwrap_or(name));
        let path = match self.untar {
            true => PathBuf::from(format!("{}.tar.gz", unpacked.display())),
            false => folder.join(name),
        };
        let hash = self.file_hash.as_deref();
        let sum = hash.map(|hash| Ok((Algorithm::named(&self.hash_algorithm, hash)?, hash))).transpose()?;
        let right = path.exists() && sum.is_none_or(|(algorithm, sum)| algorithm.fits(&path, sum));
        if !right {
            fs::create_dir_all(&folder).map_err(|e| Error::of_file(&folder, &e))?;
            fetch(&self.origin, &path, sum)?;
        }
        if self.untar {
            if !unpacked.exists() {
                unpack(&path, &folder, "tar")?;
            }
            return Ok(unpacked);
        }
        if self.extract {
            unpack(&path, &folder, &self.archive_format)?;
        }
        Ok(path)
    }
}

#[cfg(feature = "download")]
fn fetch(origin: &str, path: &Path, sum: Option<(Algorithm, &str)>) -> Result<()> {
    super::download::fetch_file(origin, path, sum, None)
}

#[cfg(not(feature = "download"))]
fn fetch(origin: &str, path: &Path, sum: Option<(Algorithm, &str)>) -> Result<()> {
    let shown = path.display();
    let what = match sum {
        Some((algorithm, sum)) if path.exists() => format!("the {} of {shown} is not {sum}", algorithm.name()),
        _ => format!("there is no file {shown}"),
    };
    Err(Error::not_found(format!("{what}; put there what is at {origin}, or build with the feature 'download'")))
}

/// Unpacks an archive into a folder: all of it or nothing.
fn unpack(path: &Path, folder: &Path, format: &str) -> Result<()> {
    let damaged = |e: &dyn std::fmt::Display| Error::data_loss(format!("{}: cannot unpack it: {e}", path.display()));
    let start = {
        let mut file = File::open(path).map_err(|e| Error::of_file(path, &e))?;
        let mut start = [0; 4];
        let n = std::io::Read::read(&mut file, &mut start).map_err(|e| Error::of_file(path, &e))?;
        start[..n].to_vec()
    };
    let is_zip = match format {
        "tar" => false,
        "zip" => true,
        "auto" => start == *b"PK\x03\x04",
        _ => return Err(Error::invalid_argument(format!("archive_format is '{format}': auto, tar or zip"))),
    };
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.unpacked", std::process::id()));
    let beside = PathBuf::from(beside);
    let unpacked = fs::create_dir(&beside).map_err(|e| Error::of_file(&beside, &e)).and_then(|()| {
        let file = BufReader::new(File::open(path).map_err(|e| Error::of_file(path, &e))?);
        if is_zip {
            unpack_zip(file, &beside)
        } else if start.starts_with(&[0x1f, 0x8b]) {
            tar::Archive::new(GzDecoder::new(file)).unpack(&beside).map_err(|e| damaged(&e))
        } else {
            tar::Archive::new(file).unpack(&beside).map_err(|e| damaged(&e))
        }
    });
    let moved = unpacked.and_then(|()| {
        for entry in fs::read_dir(&beside).map_err(|e| Error::of_file(&beside, &e))? {
            let entry = entry.map_err(|e| Error::of_file(&beside, &e))?;
            merge(&entry.path(), &folder.join(entry.file_name()))?;
        }
        Ok(())
    });
    // What is left there is of no use, whatever happened.
    let _ = fs::remove_dir_all(&beside);
    moved
}

/// Moves a file or a folder to where it belongs, in place of a file or into a folder that is there.
fn merge(from: &Path, to: &Path) -> Result<()> {
    let mut pending = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = pending.pop() {
        if !from.is_dir() || !to.exists() {
            fs::rename(&from, &to).map_err(|e| Error::of_file(&to, &e))?;
            continue;
        }
        for entry in fs::read_dir(&from).map_err(|e| Error::of_file(&from, &e))? {
            let entry = entry.map_err(|e| Error::of_file(&from, &e))?;
            pending.push((entry.path(), to.join(entry.file_name())));
        }
    }
    Ok(())
}

#[cfg(feature = "npz")]
fn unpack_zip(file: BufReader<File>, folder: &Path) -> Result<()> {
    let unpacked = zip::ZipArchive::new(file).and_then(|mut archive| archive.extract(folder));
    unpacked.map_err(|e| Error::data_loss(format!("cannot unpack the archive: {e}")))
}

#[cfg(not(feature = "npz"))]
fn unpack_zip(_file: BufReader<File>, _folder: &Path) -> Result<()> {
    Err(Error::unimplemented("zip archives are unpacked with the feature 'npz'"))
}

/// [`get_file`](fn@crate::keras::utils::get_file) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __get_file {
    (fname = $fname:expr, origin = $origin:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::utils::get_file_args($fname, $origin)$(.$key($value))*.build()
    };
    ($fname:expr, $origin:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::keras::utils::get_file_args($fname, $origin)$(.$key($value))*.build()
    };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("flowstone-get-file-{name}-{}", std::process::id()));
            fs::create_dir_all(dir.join("datasets")).unwrap();
            Place(dir)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(self.0.join("datasets")).unwrap();
            let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    const NOWHERE: &str = "http://127.0.0.1:1/data.bin";

    /// An archive with the file `poems/one.txt`.
    fn archive() -> Vec<u8> {
        let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(3);
        header.set_mode(0o644);
        builder.append_data(&mut header, "poems/one.txt", &b"abc"[..]).unwrap();
        builder.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn what_is_there_is_given() {
        let place = Place::new("there");
        fs::write(place.0.join("datasets/data.bin"), b"abc").unwrap();
        let args = || get_file_args("", NOWHERE).cache_dir(&place.0);
        let path = args().build().unwrap();
        assert_eq!(path, place.0.join("datasets/data.bin"));
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(args().file_hash(sum).build().unwrap(), path);
        // What is wrong stays until something better comes, which here it cannot.
        assert!(args().md5_hash("900150983cd24fb0d6963f7d28e17f73").build().is_err());
        assert!(args().file_hash(sum).hash_algorithm("crc").build().is_err());
        assert_eq!(fs::read(path).unwrap(), b"abc");
        let error = get_file_args("other.bin", NOWHERE).cache_dir(&place.0).build().unwrap_err().to_string();
        assert!(error.contains("other.bin") || error.contains("cannot fetch"), "{error}");
        assert_eq!(place.names(), ["data.bin"]);
    }

    #[test]
    fn archives_are_unpacked_whole() {
        let place = Place::new("archive");
        fs::write(place.0.join("datasets/poems.tar.gz"), archive()).unwrap();
        for name in ["poems", "poems.tar.gz"] {
            let path = get_file_args(name, NOWHERE).untar(true).cache_dir(&place.0).build().unwrap();
            assert_eq!(fs::read(path.join("one.txt")).unwrap(), b"abc");
        }
        assert_eq!(place.names(), ["poems", "poems.tar.gz"]);
        let path = get_file_args("poems.tar.gz", NOWHERE).extract(true).cache_dir(&place.0).build().unwrap();
        assert_eq!(path, place.0.join("datasets/poems.tar.gz"));
        let cut = archive();
        fs::write(place.0.join("datasets/cut.tar.gz"), &cut[..cut.len() / 2]).unwrap();
        let error = get_file_args("cut", NOWHERE).untar(true).cache_dir(&place.0).build().unwrap_err().to_string();
        assert!(error.contains("cannot unpack"), "{error}");
        assert_eq!(place.names(), ["cut.tar.gz", "poems", "poems.tar.gz"]);
    }

    #[cfg(feature = "download")]
    #[test]
    fn what_is_missing_is_fetched() {
        use crate::keras::datasets::download::tests::{answer, serve};
        let place = Place::new("fetched");
        let (base, asked) = serve(answer("200 OK", 3, b"abc"));
        let args = || get_file_args("data.bin", &format!("{base}data.bin")).cache_dir(&place.0);
        let wrong = args().md5_hash("00000000000000000000000000000000").build().unwrap_err().to_string();
        assert!(wrong.contains("its MD5 is 900150983cd24fb0d6963f7d28e17f72"), "{wrong}");
        assert!(place.names().is_empty());
        for _ in 0..2 {
            let path = args().md5_hash("900150983cd24fb0d6963f7d28e17f72").build().unwrap();
            assert_eq!(fs::read(path).unwrap(), b"abc");
        }
        assert_eq!((asked.load(std::sync::atomic::Ordering::SeqCst), place.names()), (2, vec!["data.bin".to_owned()]));
    }
}
