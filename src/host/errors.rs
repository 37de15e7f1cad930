//! The kinds of errors under TensorFlow's names. TF: `tf.errors`.
//!
//! ```
//! use flowstone as tf;
//! match tf::gfile::Remove("no/such/file") {
//!     Err(error) if error.kind() == tf::errors::NotFoundError => {}
//!     other => panic!("{other:?}"),
//! }
//! ```

use crate::error::ErrorKind;

/// Any error. TF: `tf.errors.OpError`.
pub use crate::error::Error as OpError;

macro_rules! kinds {
    ($($name:ident = $kind:ident;)*) => {$(
        #[doc = concat!("[`ErrorKind::", stringify!($kind), "`]. TF: `tf.errors.", stringify!($name), "`.")]
        #[allow(non_upper_case_globals)]
        pub const $name: ErrorKind = ErrorKind::$kind;
    )*};
}

kinds! {
    CancelledError = Cancelled;
    UnknownError = Unknown;
    InvalidArgumentError = InvalidArgument;
    DeadlineExceededError = DeadlineExceeded;
    NotFoundError = NotFound;
    AlreadyExistsError = AlreadyExists;
    PermissionDeniedError = PermissionDenied;
    UnauthenticatedError = Unauthenticated;
    ResourceExhaustedError = ResourceExhausted;
    FailedPreconditionError = FailedPrecondition;
    AbortedError = Aborted;
    OutOfRangeError = OutOfRange;
    UnimplementedError = Unimplemented;
    InternalError = Internal;
    UnavailableError = Unavailable;
    DataLossError = DataLoss;
}
