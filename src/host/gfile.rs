//! Files and folders. TF: `tf.gfile`.
//!
//! ```
//! use flowstone as tf;
//! # let folder = std::env::temp_dir().join(format!("flowstone-doc-{}", std::process::id()));
//! tf::gfile::MakeDirs(&folder)?;
//! let path = folder.join("vocabulary.txt");
//! let mut file = tf::gfile::GFile(&path, "w")?;
//! file.write("one\ntwo\n")?;
//! file.close()?;
//!
//! let words: Vec<String> = tf::gfile::GFile(&path, "r")?.collect::<tf::Result<_>>()?;
//! assert_eq!(words, ["one\n", "two\n"]);
//! tf::gfile::DeleteRecursively(&folder)?;
//! # Ok::<(), tf::Error>(())
//! ```
#![allow(non_snake_case)]

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::compat::as_text;
use crate::error::{Error, ErrorKind, Result};

/// A file that is being read or written. TF: `tf.gfile.GFile`.
///
/// As an iterator it gives its lines, each with its line break.
#[derive(Debug)]
pub struct GFile {
    path: PathBuf,
    stream: Stream,
}

#[derive(Debug)]
enum Stream {
    Read(BufReader<File>),
    Write(BufWriter<File>),
}

/// Opens a file: `"r"` to read, `"w"` to write from empty, `"a"` to write at the end; a `b` after it changes nothing.
/// TF: `tf.gfile.GFile`, also `FastGFile` and `Open`.
///
/// Unlike TensorFlow, which waits for the first use, it says here that a file is not there.
pub fn GFile(name: impl AsRef<Path>, mode: &str) -> Result<GFile> {
    let path = name.as_ref().to_owned();
    let mut options = OpenOptions::new();
    match mode.trim_end_matches('b') {
        "r" => options.read(true),
        "w" => options.write(true).create(true).truncate(true),
        "a" => options.append(true).create(true),
        _ => return Err(Error::invalid_argument(format!("'{mode}' is none of the modes r, w, a, rb, wb, ab"))),
    };
    let file = at(&path, options.open(&path))?;
    let stream = match mode.starts_with('r') {
        true => Stream::Read(BufReader::new(file)),
        false => Stream::Write(BufWriter::new(file)),
    };
    Ok(GFile { path, stream })
}

pub use GFile as FastGFile;
pub use GFile as Open;

impl GFile {
    /// The path as it was given. TF: `file.name`.
    pub fn name(&self) -> &Path {
        &self.path
    }

    /// What remains, as text. TF: `file.read()`.
    pub fn read(&mut self) -> Result<String> {
        as_text(self.read_bytes()?)
    }

    /// What remains. TF: `file.read()` of a file that was opened with `"rb"`.
    pub fn read_bytes(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reading(|file| file.read_to_end(&mut bytes))?;
        Ok(bytes)
    }

    /// The next `n` bytes, or fewer at the end. TF: `file.read(n)`.
    pub fn read_n(&mut self, n: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reading(|file| file.take(n).read_to_end(&mut bytes))?;
        Ok(bytes)
    }

    /// The next line with its line break; empty at the end. TF: `file.readline()`.
    pub fn readline(&mut self) -> Result<String> {
        let mut line = Vec::new();
        self.reading(|file| file.read_until(b'\n', &mut line))?;
        as_text(line)
    }

    /// The lines that remain, each with its line break. TF: `file.readlines()`.
    pub fn readlines(&mut self) -> Result<Vec<String>> {
        self.collect()
    }

    /// Writes text or bytes. TF: `file.write(content)`.
    pub fn write(&mut self, content: impl AsRef<[u8]>) -> Result<()> {
        self.writing(|file| file.write_all(content.as_ref()))
    }

    /// Hands what was written to the system. TF: `file.flush()`.
    pub fn flush(&mut self) -> Result<()> {
        match self.stream {
            Stream::Read(_) => Ok(()),
            Stream::Write(_) => self.writing(|file| file.flush()),
        }
    }

    /// Ends the use of the file. TF: `file.close()`.
    ///
    /// Dropping it does the same, but cannot tell of errors.
    pub fn close(mut self) -> Result<()> {
        self.flush()
    }

    /// The number of bytes of the file. TF: `file.size()`.
    pub fn size(&self) -> Result<u64> {
        at(&self.path, fs::metadata(&self.path)).map(|data| data.len())
    }

    /// The place of the next byte. TF: `file.tell()`.
    pub fn tell(&mut self) -> Result<u64> {
        let place = match &mut self.stream {
            Stream::Read(file) => file.stream_position(),
            Stream::Write(file) => file.stream_position(),
        };
        at(&self.path, place)
    }

    /// Goes on reading at `offset`. TF: `file.seek(offset)`.
    pub fn seek(&mut self, offset: u64) -> Result<()> {
        self.reading(|file| file.seek(SeekFrom::Start(offset))).map(drop)
    }

    fn reading<T>(&mut self, read: impl FnOnce(&mut BufReader<File>) -> std::io::Result<T>) -> Result<T> {
        match &mut self.stream {
            Stream::Read(file) => at(&self.path, read(file)),
            Stream::Write(_) => Err(self.denied("reading")),
        }
    }

    fn writing<T>(&mut self, write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<T>) -> Result<T> {
        match &mut self.stream {
            Stream::Write(file) => at(&self.path, write(file)),
            Stream::Read(_) => Err(self.denied("writing")),
        }
    }

    fn denied(&self, what: &str) -> Error {
        Error::new(ErrorKind::PermissionDenied, format!("{}: it was not opened for {what}", self.path.display()))
    }
}

impl Iterator for GFile {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.readline() {
            Ok(line) if line.is_empty() => None,
            line => Some(line),
        }
    }
}

/// What was done at `path`, with the error of a file.
fn at<T>(path: impl AsRef<Path>, done: std::io::Result<T>) -> Result<T> {
    done.map_err(|e| Error::of_file(path.as_ref(), &e))
}

/// Whether there is a file or folder at `path`. TF: `tf.gfile.Exists`.
pub fn Exists(path: impl AsRef<Path>) -> bool {
    path.as_ref().exists()
}

/// Whether there is a folder at `path`. TF: `tf.gfile.IsDirectory`.
pub fn IsDirectory(path: impl AsRef<Path>) -> bool {
    path.as_ref().is_dir()
}

/// Makes a folder in one that is there. TF: `tf.gfile.MkDir`.
pub fn MkDir(path: impl AsRef<Path>) -> Result<()> {
    at(&path, fs::create_dir(&path))
}

/// Makes a folder and those around it, as far as they are missing. TF: `tf.gfile.MakeDirs`.
pub fn MakeDirs(path: impl AsRef<Path>) -> Result<()> {
    at(&path, fs::create_dir_all(&path))
}

/// Removes a file. TF: `tf.gfile.Remove`.
pub fn Remove(path: impl AsRef<Path>) -> Result<()> {
    at(&path, fs::remove_file(&path))
}

/// Removes a folder with all in it. TF: `tf.gfile.DeleteRecursively`.
pub fn DeleteRecursively(path: impl AsRef<Path>) -> Result<()> {
    at(&path, fs::remove_dir_all(&path))
}

/// Copies a file. An error if `new` is there, unless `overwrite`. TF: `tf.gfile.Copy`.
pub fn Copy(old: impl AsRef<Path>, new: impl AsRef<Path>, overwrite: bool) -> Result<()> {
    free(new.as_ref(), overwrite)?;
    at(&old, fs::copy(&old, new)).map(drop)
}

/// Renames a file or folder. An error if `new` is there, unless `overwrite`. TF: `tf.gfile.Rename`.
pub fn Rename(old: impl AsRef<Path>, new: impl AsRef<Path>, overwrite: bool) -> Result<()> {
    free(new.as_ref(), overwrite)?;
    at(&old, fs::rename(&old, new))
}

/// An error if there is something at `path` that may not be replaced.
fn free(path: &Path, overwrite: bool) -> Result<()> {
    match path.exists() && !overwrite {
        true => Err(Error::new(ErrorKind::AlreadyExists, format!("{}: it is there already", path.display()))),
        false => Ok(()),
    }
}

/// What is known of a file. TF: `tf.gfile.Stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStatistics {
    /// The number of bytes.
    pub length: u64,
    /// When it was last changed, in nanoseconds since 1970.
    pub mtime_nsec: u128,
    /// Whether it is a folder.
    pub is_directory: bool,
}

/// What is known of the file at `path`. TF: `tf.gfile.Stat`.
pub fn Stat(path: impl AsRef<Path>) -> Result<FileStatistics> {
    let data = at(&path, fs::metadata(&path))?;
    let since_1970 = data.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    Ok(FileStatistics {
        length: data.len(),
        mtime_nsec: since_1970.map_or(0, |time| time.as_nanos()),
        is_directory: data.is_dir(),
    })
}

/// The names of what is in a folder, sorted. TF: `tf.gfile.ListDirectory`.
pub fn ListDirectory(path: impl AsRef<Path>) -> Result<Vec<String>> {
    let entries = at(&path, fs::read_dir(&path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>))?;
    let mut names: Vec<String> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// A folder, the names of the folders in it, and the names of its files.
pub type Folder = (PathBuf, Vec<String>, Vec<String>);

/// The folder at `top` and all in it, each before those in it. TF: `tf.gfile.Walk`.
///
/// A folder that cannot be read is left out, as in TensorFlow. Links are not followed.
pub fn Walk(top: impl AsRef<Path>) -> Vec<Folder> {
    let mut found = Vec::new();
    let mut waiting = vec![top.as_ref().to_owned()];
    while let Some(folder) = waiting.pop() {
        let Ok(names) = ListDirectory(&folder) else { continue };
        let is_folder = |name: &String| fs::symlink_metadata(folder.join(name)).is_ok_and(|data| data.is_dir());
        let (folders, files): (Vec<_>, Vec<_>) = names.into_iter().partition(is_folder);
        waiting.extend(folders.iter().rev().map(|name| folder.join(name)));
        found.push((folder, folders, files));
    }
    found
}

/// The paths that `pattern` fits, sorted. TF: `tf.gfile.Glob`.
///
/// `*` stands for any characters but `/`, `?` for one, `[a-z]` for one of these, `[^a-z]` for one of the others.
pub fn Glob(pattern: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.as_ref().components() {
        let part = part.as_os_str();
        let text = part.to_string_lossy();
        found = match text.contains(['*', '?', '[']) {
            true => found.iter().flat_map(|folder| matches(folder, &text)).collect(),
            false => found.iter().map(|folder| folder.join(part)).collect(),
        };
    }
    found.retain(|path| path.exists());
    found.sort_unstable();
    Ok(found)
}

/// What is in `folder` and fits `pattern`.
fn matches(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let place = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let pattern: Vec<char> = pattern.chars().collect();
    let names = ListDirectory(place).unwrap_or_default().into_iter();
    names.filter(|name| fits(&pattern, name)).map(|name| folder.join(name)).collect()
}

/// Whether `pattern` fits all of `name`.
fn fits(pattern: &[char], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where the last star stands, and how much of the name it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
        } else if let Some(length) = fits_one(&pattern[p..], name[n]) {
            p += length;
            n += 1;
        } else if let Some((place, taken)) = star {
            star = Some((place, taken + 1));
            p = place + 1;
            n = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// The length of the start of `pattern` that stands for one character, if `c` fits it.
fn fits_one(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => {
            let close = pattern.iter().skip(2).position(|c| *c == ']')? + 2;
            let inside = &pattern[1..close];
            let (negated, set) = match inside {
                ['^' | '!', set @ ..] => (true, set),
                set => (false, set),
            };
            (in_set(set, c) != negated).then_some(close + 1)
        }
        literal => (*literal == c).then_some(1),
    }
}

/// Whether `c` is in a set of characters and ranges, as `a-z_`.
fn in_set(mut set: &[char], c: char) -> bool {
    loop {
        match set {
            [low, '-', high, rest @ ..] => {
                if (*low..=*high).contains(&c) {
                    return true;
                }
                set = rest;
            }
            [one, rest @ ..] => {
                if *one == c {
                    return true;
                }
                set = rest;
            }
            [] => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of this test alone, which is removed with it.
    struct Place(PathBuf);

    impl Place {
        fn new(test: &str) -> Result<Self> {
            let path = std::env::temp_dir().join(format!("flowstone-gfile-{}-{test}", std::process::id()));
            MakeDirs(&path)?;
            Ok(Place(path))
        }

        fn file(&self, name: &str, content: &str) -> Result<PathBuf> {
            let path = self.0.join(name);
            let mut file = GFile(&path, "w")?;
            file.write(content)?;
            file.close()?;
            Ok(path)
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = DeleteRecursively(&self.0);
        }
    }

    fn kind<T: std::fmt::Debug>(result: Result<T>) -> Option<ErrorKind> {
        result.map_err(|error| error.kind()).err()
    }

    #[test]
    fn files_are_read_as_they_were_written() -> Result<()> {
        let place = Place::new("read")?;
        let path = place.file("a.txt", "one\ntwo")?;
        GFile(&path, "ab")?.write("\nthree\n")?;
        let mut file = Open(&path, "r")?;
        assert_eq!((file.size()?, file.readline()?.as_str(), file.tell()?), (14, "one\n", 4));
        assert_eq!(file.readlines()?, ["two\n", "three\n"]);
        file.seek(1)?;
        assert_eq!((file.read_n(2)?.as_slice(), file.read()?.as_str()), (b"ne".as_slice(), "\ntwo\nthree\n"));
        assert_eq!(file.readline()?, "");
        Ok(())
    }

    #[test]
    fn errors_are_tensorflows() -> Result<()> {
        let place = Place::new("errors")?;
        let path = place.file("a", "1")?;
        assert_eq!(kind(GFile(place.0.join("none"), "r")), Some(ErrorKind::NotFound));
        assert_eq!(kind(GFile(&path, "r+")), Some(ErrorKind::InvalidArgument));
        assert_eq!(kind(GFile(&path, "r")?.write("x")), Some(ErrorKind::PermissionDenied));
        assert_eq!(kind(GFile(&path, "a")?.read()), Some(ErrorKind::PermissionDenied));
        assert_eq!(kind(Remove(place.0.join("none"))), Some(ErrorKind::NotFound));
        assert_eq!(kind(MkDir(&place.0)), Some(ErrorKind::AlreadyExists));
        assert_eq!(kind(Copy(&path, &path, false)), Some(ErrorKind::AlreadyExists));
        assert_eq!(kind(ListDirectory(place.0.join("none"))), Some(ErrorKind::NotFound));
        assert_eq!(kind(DeleteRecursively(place.0.join("none"))), Some(ErrorKind::NotFound));
        Ok(())
    }

    #[test]
    fn folders_are_listed_and_walked() -> Result<()> {
        let place = Place::new("walk")?;
        MakeDirs(place.0.join("x/y"))?;
        let a = place.file("x/a1", "1")?;
        Copy(&a, place.0.join("x/y/b2"), false)?;
        Rename(&a, place.0.join("c3"), false)?;
        assert_eq!(ListDirectory(&place.0)?, ["c3", "x"]);
        let walked = Walk(&place.0);
        let folders: Vec<&Path> = walked.iter().map(|(folder, ..)| folder.as_path()).collect();
        assert_eq!(folders, [place.0.clone(), place.0.join("x"), place.0.join("x/y")]);
        assert_eq!((walked[1].1.clone(), walked[2].2.clone()), (vec!["y".to_owned()], vec!["b2".to_owned()]));
        assert_eq!(Glob(place.0.join("*/?/b[0-9]"))?, [place.0.join("x/y/b2")]);
        assert_eq!(Stat(place.0.join("c3"))?.length, 1);
        assert!(Exists(&place.0) && IsDirectory(&place.0) && !IsDirectory(place.0.join("c3")));
        Ok(())
    }

    #[test]
    fn patterns_fit_what_they_should() {
        let fits = |pattern: &str, name: &str| super::fits(&pattern.chars().collect::<Vec<_>>(), name);
        assert!(fits("*", "") && fits("a*c*", "abcd") && fits("*.tx?", "x.y.txt") && fits("[^a-c]x", "dx"));
        assert!(!fits("a*c", "abcd") && !fits("?", "") && !fits("[a-c]", "d") && !fits("[a", "a"));
    }
}
