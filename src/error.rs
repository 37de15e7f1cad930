//! The one error type: what went wrong, at which node, built on which line.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// What every fallible function of the crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The codes of TensorFlow's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is wrong: a shape, a dtype, an attribute, a value.
    InvalidArgument,
    /// A name, a file or a key does not exist.
    NotFound,
    /// A name is taken.
    AlreadyExists,
    /// The state is not ready for the call: an uninitialized variable, a dropped graph.
    FailedPrecondition,
    /// A position lies outside its range.
    OutOfRange,
    /// The operation exists but cannot do this.
    Unimplemented,
    /// A size is beyond what memory or the format allows.
    ResourceExhausted,
    /// A file is truncated or corrupt.
    DataLoss,
    /// A bug in Flowstone itself.
    Internal,
    /// The system does not allow it.
    PermissionDenied,
    /// Somebody asked for it to stop.
    Cancelled,
    /// It was given up, and may work if tried again.
    Aborted,
    /// It took too long.
    DeadlineExceeded,
    /// A service does not answer.
    Unavailable,
    /// The caller is not known.
    Unauthenticated,
    /// None of the others.
    Unknown,
}

/// An error: a [kind](ErrorKind), a sentence, and where it can be known the node and the line that built it.
///
/// Cloning is cheap. When a graph has several bad nodes the error holds one *root* error for each:
/// [`Error::roots`] walks them.
///
/// ```
/// use flowstone as tf;
/// let a = tf::placeholder(tf::float32, (None, 3));
/// let _b = tf::matmul(a, tf::zeros([4, 2]));
/// let error = tf::get_default_graph().check().unwrap_err();
/// assert_eq!(error.kind(), tf::ErrorKind::InvalidArgument);
/// assert_eq!(error.node(), Some("MatMul"));
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    site: Option<Site>,
    notes: Vec<String>,
    more: Vec<Error>,
}

/// The node an error belongs to and the caller's line that built it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Site {
    node: String,
    location: Option<String>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Arc::new(Inner { kind, message: message.into(), site: None, notes: Vec::new(), more: Vec::new() }))
    }

    /// An [`ErrorKind::InvalidArgument`].
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::InvalidArgument, message)
    }

    /// An [`ErrorKind::NotFound`].
    pub fn not_found(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::NotFound, message)
    }

    /// The error of reading or writing `path`.
    pub(crate) fn of_file(path: &std::path::Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match error.kind() {
            Io::NotFound => ErrorKind::NotFound,
            Io::AlreadyExists => ErrorKind::AlreadyExists,
            Io::PermissionDenied => ErrorKind::PermissionDenied,
            Io::InvalidInput | Io::InvalidFilename => ErrorKind::InvalidArgument,
            Io::NotADirectory | Io::IsADirectory | Io::DirectoryNotEmpty => ErrorKind::FailedPrecondition,
            Io::StorageFull | Io::OutOfMemory => ErrorKind::ResourceExhausted,
            Io::UnexpectedEof => ErrorKind::OutOfRange,
            _ => ErrorKind::Unknown,
        };
        Error::new(kind, format!("{}: {error}", path.display()))
    }

    /// An [`ErrorKind::FailedPrecondition`].
    pub fn failed_precondition(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::FailedPrecondition, message)
    }

    /// An [`ErrorKind::OutOfRange`].
    pub fn out_of_range(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::OutOfRange, message)
    }

    /// An [`ErrorKind::Unimplemented`].
    pub fn unimplemented(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Unimplemented, message)
    }

    /// An [`ErrorKind::ResourceExhausted`].
    pub fn resource_exhausted(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::ResourceExhausted, message)
    }

    /// An [`ErrorKind::DataLoss`].
    pub fn data_loss(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::DataLoss, message)
    }

    /// An [`ErrorKind::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Internal, message)
    }

    /// One error for all of `errors`; `None` if there are none.
    pub fn all(errors: impl IntoIterator<Item = Error>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let first = errors.next()?;
        Some(errors.fold(first, |all, next| all.edit(|inner| inner.more.push(next))))
    }

    /// The same error, at `node`. The first node an error is given stays.
    #[must_use]
    pub fn at(self, node: &str, location: Option<&'static Location<'static>>) -> Self {
        self.at_line(node, location.map(ToString::to_string))
    }

    /// As [`Error::at`], with the line as text.
    #[must_use]
    pub fn at_line(self, node: &str, location: Option<String>) -> Self {
        if self.0.site.is_some() {
            return self;
        }
        self.edit(|inner| inner.site = Some(Site { node: node.to_owned(), location }))
    }

    /// The same error with one more line of help under it.
    #[must_use]
    pub fn note(self, note: impl Into<String>) -> Self {
        self.edit(|inner| inner.notes.push(note.into()))
    }

    /// The same error with `title: ` before its sentence.
    #[must_use]
    pub fn retitled(self, title: &str) -> Self {
        self.edit(|inner| inner.message = format!("{title}: {}", inner.message))
    }

    /// The same error without the lines that built the nodes: for programs whose graphs come out of files.
    #[must_use]
    pub fn without_lines(self) -> Self {
        self.edit(|inner| {
            inner.site.iter_mut().for_each(|site| site.location = None);
            inner.more.iter_mut().for_each(|error| *error = error.clone().without_lines());
        })
    }

    fn edit(mut self, edit: impl FnOnce(&mut Inner)) -> Self {
        edit(Arc::make_mut(&mut self.0));
        self
    }

    /// The code.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The sentence, without kind, node and notes.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The name of the node that is at fault.
    pub fn node(&self) -> Option<&str> {
        self.0.site.as_ref().map(|site| site.node.as_str())
    }

    /// The line of the user's program that built the node, as `file:line:column`.
    pub fn location(&self) -> Option<&str> {
        self.0.site.as_ref().and_then(|site| site.location.as_deref())
    }

    /// The root errors: this one, and those that were found together with it.
    pub fn roots(&self) -> impl Iterator<Item = &Error> {
        std::iter::once(self).chain(&self.0.more)
    }

    fn write_root(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.kind, self.0.message)?;
        if let Some(site) = &self.0.site {
            write!(f, "\n  node {}", site.node)?;
            if let Some(location) = &site.location {
                write!(f, " built at {location}")?;
            }
        }
        self.0.notes.iter().try_for_each(|note| write!(f, "\n  {note}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_root(f)?;
        self.0.more.iter().try_for_each(|error| {
            f.write_str("\n")?;
            error.write_root(f)
        })
    }
}

/// The same text as `Display`, so that `fn main() -> tf::Result<()>` prints a readable error.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_kind_node_line_and_notes() {
        let error = Error::invalid_argument("MatMul: inner dimensions differ: [?,3136] x [1024,10]")
            .at_line("fc2/MatMul", Some("examples/mnist_cnn.rs:48:18".to_owned()))
            .note("try transpose_b");
        assert_eq!(
            error.to_string(),
            "InvalidArgument: MatMul: inner dimensions differ: [?,3136] x [1024,10]\n  \
             node fc2/MatMul built at examples/mnist_cnn.rs:48:18\n  try transpose_b"
        );
        assert_eq!(format!("{error:?}"), error.to_string());
    }

    #[test]
    fn lines_can_be_left_out() {
        let at = |node: &str| Error::internal("x").at_line(node, Some("main.rs:1:2".to_owned()));
        let error = Error::all([at("a"), at("b")]).map(|e| e.without_lines().to_string());
        assert_eq!(error.as_deref(), Some("Internal: x\n  node a\nInternal: x\n  node b"));
    }

    #[test]
    fn several_roots_stand_side_by_side() {
        let error = Error::all([Error::not_found("a"), Error::internal("b")]).map(|e| e.to_string());
        assert_eq!(error.as_deref(), Some("NotFound: a\nInternal: b"));
        assert!(Error::all([]).is_none());
    }

    #[test]
    fn the_first_site_stays() {
        let error = Error::internal("x").at_line("inner", None).at_line("outer", None);
        assert_eq!(error.node(), Some("inner"));
    }
}
