//! ReadFile, WriteFile, MatchingFiles.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::format::durable::write_file as write_whole;
use crate::graph::{Operation, Tensor};
use crate::host::gfile;
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::shape::PartialShape;
use crate::sort::sort;
use crate::value::Value;

/// All bytes of the file `filename`, as one string. TF: `tf.read_file`.
///
/// `filename` is a single string. A file that is not there is an error of the run. No gradient.
///
/// ```
/// use flowstone as tf;
/// # let path = std::env::temp_dir().join(format!("flowstone-read-file-{}", std::process::id()));
/// # let path = path.to_str().unwrap();
/// let sess = tf::Session()?;
/// sess.run(tf::write_file(path, "some bytes"), tf::feed_dict! {})?;
/// let bytes = sess.run(tf::read_file(path), tf::feed_dict! {})?;
/// assert_eq!(bytes.as_slice::<Vec<u8>>()?[0], b"some bytes");
/// # tf::gfile::Remove(path)?;
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn read_file(filename: impl IntoTensor) -> Tensor {
    READ_FILE.call([filename.into_arg()]).single()
}

/// Writes the string `contents` into the file `filename`. TF: `tf.write_file`.
///
/// Both are single strings. What was in the file is gone, folders that are missing are made. The file has its name when
/// all is written, so that nobody sees a part.
#[track_caller]
pub fn write_file(filename: impl IntoTensor, contents: impl IntoTensor) -> Operation {
    WRITE_FILE.call([filename.into_arg(), contents.into_arg()]).operation()
}

/// The names of the files that `pattern` fits, sorted, a `[count]` string. TF: `tf.matching_files`.
///
/// `pattern` is a string or a list of them: see [`gfile::Glob`]. No gradient.
#[track_caller]
pub fn matching_files(pattern: impl IntoTensor) -> Tensor {
    MATCHING_FILES.call([pattern.into_arg()]).single()
}

const NO_GRADIENT: Grad = Grad::Missing("a file is no number");

/// The path that the single string of input `i` says.
fn path(ctx: &KernelCtx, i: usize) -> Result<PathBuf> {
    path_of(&ctx.inputs.value(i)?.item::<Vec<u8>>()?)
}

fn path_of(bytes: &[u8]) -> Result<PathBuf> {
    std::str::from_utf8(bytes)
        .map(PathBuf::from)
        .map_err(|_| Error::invalid_argument(format!("'{}' is no file name", bytes.escape_ascii())))
}

fn at(path: &Path, error: &std::io::Error) -> Error {
    Error::of_file(path, error)
}

fn single_string(ctx: &mut InferCtx) -> Result<()> {
    ctx.shape_of_rank(0, 0)?;
    ctx.set(0, PartialShape::scalar())
}

pub(super) static READ_FILE: OpDef = OpDef {
    sig: Sig::new("ReadFile(filename: string) -> (contents: string)"),
    infer: single_string,
    kernel: Kernel::Run(|ctx| {
        let path = path(ctx, 0)?;
        let contents = std::fs::read(&path).map_err(|e| at(&path, &e))?;
        ctx.outputs.set(0, Value::scalar(contents));
        Ok(())
    }),
    grad: NO_GRADIENT,
    // What a file holds may change from run to run.
    flags: Flags::STATEFUL,
};

pub(super) static WRITE_FILE: OpDef = OpDef {
    sig: Sig::new("WriteFile(filename: string, contents: string) -> ()"),
    infer: |ctx| {
        ctx.shape_of_rank(0, 0)?;
        ctx.shape_of_rank(1, 0).map(drop)
    },
    kernel: Kernel::Run(|ctx| {
        let path = path(ctx, 0)?;
        let contents = ctx.inputs.value(1)?.item::<Vec<u8>>()?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| at(folder, &e))?;
        }
        write_whole(&path, &contents)
    }),
    grad: NO_GRADIENT,
    flags: Flags::EFFECT,
};

pub(super) static MATCHING_FILES: OpDef = OpDef {
    sig: Sig::new("MatchingFiles(pattern: string) -> (filenames: string)"),
    infer: |ctx| {
        let shape = ctx.shape(0)?;
        if shape.rank().is_some_and(|rank| rank > 1) {
            return Err(Error::invalid_argument(format!("patterns of shape {shape}: one, or a list of them")));
        }
        ctx.set(0, PartialShape::new([None]))
    },
    kernel: Kernel::Run(|ctx| {
        let mut found = Vec::new();
        for pattern in ctx.inputs.slice::<Vec<u8>>(0)? {
            let paths = gfile::Glob(path_of(pattern)?)?;
            found.extend(paths.into_iter().map(|path| path.into_os_string().into_encoded_bytes()));
        }
        sort(&mut found);
        ctx.outputs.set(0, Value::vector(found));
        Ok(())
    }),
    grad: NO_GRADIENT,
    flags: Flags::STATEFUL,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::error::ErrorKind;
    use crate::graph::Graph;
    use crate::ops::array::placeholder;
    use crate::session::{Feeds, SessionArgs};

    #[test]
    fn files_are_written_read_and_found() {
        let folder = std::env::temp_dir().join(format!("flowstone-file-ops-{}", std::process::id()));
        let graph = Graph::new();
        let _default = graph.as_default();
        let (name, contents) = (placeholder(crate::dtype::string, ()), placeholder(crate::dtype::string, ()));
        let (write, read) = (write_file(name, contents), read_file(name));
        let pattern = placeholder(crate::dtype::string, None);
        let found = matching_files(pattern);
        let sess = SessionArgs::new().build().unwrap();
        let path = |name: &str| folder.join("deep").join(name).to_str().unwrap().to_owned();
        for (file, bytes) in [("b.bin", &b"\0\xff"[..]), ("a.bin", b""), ("c.txt", b"text"), ("b.bin", b"anew")] {
            let feeds = Feeds::new().feed(name, path(file).as_str()).feed(contents, Value::scalar(bytes.to_vec()));
            sess.run(write, &feeds).unwrap();
            assert_eq!(sess.run(read, &feeds).unwrap().as_slice::<Vec<u8>>().unwrap(), [bytes.to_vec()]);
        }
        let look = |patterns: Value| {
            let found = sess.run(found, Feeds::new().feed(pattern, patterns)).unwrap();
            let names = found.as_slice::<Vec<u8>>().unwrap().to_vec();
            names.into_iter().map(|name| String::from_utf8(name).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(look(Value::scalar(path("*.bin").into_bytes())), [path("a.bin"), path("b.bin")]);
        let two = Value::vector(vec![path("c*").into_bytes(), path("a*").into_bytes()]);
        assert_eq!(look(two), [path("a.bin"), path("c.txt")]);
        assert!(look(Value::vector(Vec::<Vec<u8>>::new())).is_empty());
        let error = sess.run(read, Feeds::new().feed(name, path("none").as_str())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("none"), "{error}");
        let error = sess.run(read, Feeds::new().feed(name, folder.to_str().unwrap())).unwrap_err();
        assert_eq!(error.node(), Some("ReadFile"), "{error}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
