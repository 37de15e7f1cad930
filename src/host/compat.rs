//! Between bytes and text. TF: `tf.compat`.

use crate::error::{Error, Result};

/// The bytes of a text, or bytes as they are. TF: `tf.compat.as_bytes`.
///
/// ```
/// use flowstone as tf;
/// assert_eq!(tf::compat::as_bytes("é"), [0xc3, 0xa9]);
/// ```
pub fn as_bytes(bytes_or_text: impl AsRef<[u8]>) -> Vec<u8> {
    bytes_or_text.as_ref().to_vec()
}

/// The text that bytes hold; an error if they are not UTF-8. TF: `tf.compat.as_text`.
///
/// ```
/// use flowstone as tf;
/// assert_eq!(tf::compat::as_text(b"abc")?, "abc");
/// assert!(tf::compat::as_text([0xff]).is_err());
/// # Ok::<(), tf::Error>(())
/// ```
pub fn as_text(bytes_or_text: impl AsRef<[u8]>) -> Result<String> {
    std::str::from_utf8(bytes_or_text.as_ref())
        .map(str::to_owned)
        .map_err(|error| Error::invalid_argument(format!("these bytes are no text: {error}")))
}

/// The same as [`as_text`]. TF: `tf.compat.as_str`.
pub fn as_str(bytes_or_text: impl AsRef<[u8]>) -> Result<String> {
    as_text(bytes_or_text)
}

/// The text of anything that can be shown. TF: `tf.compat.as_str_any`.
pub fn as_str_any(value: impl ToString) -> String {
    value.to_string()
}
