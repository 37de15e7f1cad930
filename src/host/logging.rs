//! Messages to the standard error, by importance. TF: `tf.logging`.
//!
//! ```
//! use flowstone as tf;
//! tf::logging::set_verbosity(tf::logging::INFO);
//! tf::logging::info(format_args!("step {}: loss {:.3}", 10, 0.25));
//! tf::logging::debug("not shown");
//! ```

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;
use std::panic::Location;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};

/// What only one who looks for a fault wants to read. TF: `tf.logging.DEBUG`.
pub const DEBUG: i32 = 10;
/// What is going on. TF: `tf.logging.INFO`.
pub const INFO: i32 = 20;
/// What may be wrong. TF: `tf.logging.WARN`.
pub const WARN: i32 = 30;
/// What is wrong. TF: `tf.logging.ERROR`.
pub const ERROR: i32 = 40;
/// What makes going on pointless. TF: `tf.logging.FATAL`.
pub const FATAL: i32 = 50;

static VERBOSITY: AtomicI32 = AtomicI32::new(WARN);

/// Shows messages of at least this importance; [`WARN`] if never said. TF: `tf.logging.set_verbosity`.
pub fn set_verbosity(level: i32) {
    VERBOSITY.store(level, Ordering::Relaxed);
}

/// The importance from which on messages are shown. TF: `tf.logging.get_verbosity`.
pub fn get_verbosity() -> i32 {
    VERBOSITY.load(Ordering::Relaxed)
}

/// The line of a message, as TensorFlow writes it.
fn line(level: i32, message: impl Display) -> String {
    format!("{}:tensorflow:{message}", label(level))
}

fn label(level: i32) -> Cow<'static, str> {
    Cow::Borrowed(match level {
        DEBUG => "DEBUG",
        INFO => "INFO",
        WARN => "WARNING",
        ERROR => "ERROR",
        FATAL => "CRITICAL",
        _ => return Cow::Owned(format!("Level {level}")),
    })
}

/// Shows `message` if `level` is important enough. TF: `tf.logging.log`.
pub fn log(level: i32, message: impl Display) {
    if level >= get_verbosity() {
        eprintln!("{}", line(level, message));
    }
}

macro_rules! levels {
    ($($name:ident = $level:ident;)*) => {$(
        #[doc = concat!("Shows `message` if [`", stringify!($level), "`] is important enough. TF: `tf.logging.", stringify!($name), "`.")]
        pub fn $name(message: impl Display) {
            log($level, message);
        }
    )*};
}

levels! {
    debug = DEBUG;
    info = INFO;
    warn = WARN;
    warning = WARN;
    error = ERROR;
    fatal = FATAL;
}

/// How often each line of the program asked to be heard.
static CALLS: Mutex<Option<HashMap<&'static Location<'static>, u64>>> = Mutex::new(None);

/// How often `line` was here before.
fn calls_before(line: &'static Location<'static>) -> u64 {
    let mut calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
    let count = calls.get_or_insert_default().entry(line).or_default();
    *count += 1;
    *count - 1
}

/// Shows the first, the `n`th after it, and so on, of the messages from this line. TF: `tf.logging.log_every_n`.
#[track_caller]
pub fn log_every_n(level: i32, message: impl Display, n: u64) {
    if calls_before(Location::caller()).is_multiple_of(n.max(1)) {
        log(level, message);
    }
}

/// Shows the first `n` of the messages from this line. TF: `tf.logging.log_first_n`.
#[track_caller]
pub fn log_first_n(level: i32, message: impl Display, n: u64) {
    if calls_before(Location::caller()) < n {
        log(level, message);
    }
}

/// Shows `message` if `condition` holds. TF: `tf.logging.log_if`.
pub fn log_if(level: i32, message: impl Display, condition: bool) {
    if condition {
        log(level, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_written_as_tensorflow_writes_them() {
        assert_eq!(line(INFO, format_args!("loss = {}", 0.5)), "INFO:tensorflow:loss = 0.5");
        assert_eq!(line(FATAL, "x"), "CRITICAL:tensorflow:x");
        assert_eq!(line(15, "x"), "Level 15:tensorflow:x");
    }

    #[test]
    fn each_line_counts_for_itself() {
        let here = Location::caller();
        assert_eq!((0..3).map(|_| calls_before(here)).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
