//! Settings that a program takes from its command line. TF: `tf.flags`, `tf.app.flags`.
//!
//! Flags are defined once, read from the arguments by [`app::run`](crate::app::run) or [`FlagValues::parse`], and asked for
//! by name and type.
//!
//! ```
//! use flowstone as tf;
//! use tf::flags::FLAGS;
//!
//! tf::flags::DEFINE_string("data_dir", "/tmp/data", "Where the data lies.");
//! tf::flags::DEFINE_integer("batch_size", 32, "Examples in a step.");
//! tf::flags::DEFINE_boolean("fake_data", false, "Whether to use made-up data.");
//! let others = FLAGS.parse(["program", "--batch_size=64", "--fake_data", "other"])?;
//!
//! assert_eq!(FLAGS.get::<String>("data_dir")?, "/tmp/data");
//! assert_eq!(FLAGS.get::<usize>("batch_size")?, 64);
//! assert!(FLAGS.get::<bool>("fake_data")?);
//! assert_eq!(others, ["program", "other"]);
//! # Ok::<(), tf::Error>(())
//! ```

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::sort::SortedMap;

/// The flags of this process. TF: `tf.flags.FLAGS`.
pub static FLAGS: FlagValues = FlagValues::new();

/// A set of flags with their values.
pub struct FlagValues(Mutex<Flags>);

#[derive(Debug)]
struct Flags {
    flags: SortedMap<String, Flag>,
    /// What was wrong with the definitions.
    errors: Vec<Error>,
}

#[derive(Debug)]
struct Flag {
    kind: Kind,
    value: Option<String>,
    help: String,
    required: bool,
}

/// What a flag's text has to be.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    String,
    Integer,
    Float,
    Boolean,
    List,
    Enum(Vec<String>),
}

impl Kind {
    /// An error if `text` is not of this kind.
    fn check(&self, text: &str) -> Result<()> {
        match self {
            Kind::String | Kind::List => Ok(()),
            Kind::Integer => i64::from_text(text).map(drop),
            Kind::Float => f64::from_text(text).map(drop),
            Kind::Boolean => bool::from_text(text).map(drop),
            Kind::Enum(allowed) if allowed.iter().any(|value| value == text) => Ok(()),
            Kind::Enum(allowed) => Err(Error::invalid_argument(format!("'{text}' is none of {}", allowed.join(", ")))),
        }
    }
}

/// A type that a flag's value can be asked for in: text, numbers, `bool`, `Vec<String>`, and an `Option` of these for flags
/// that may have no value.
pub trait FlagType: Sized {
    /// The value that `text` stands for.
    fn from_text(text: &str) -> Result<Self>;

    /// What a flag without a value gives.
    fn absent() -> Option<Self> {
        None
    }
}

impl FlagType for String {
    fn from_text(text: &str) -> Result<Self> {
        Ok(text.to_owned())
    }
}

impl FlagType for bool {
    fn from_text(text: &str) -> Result<Self> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" => Ok(true),
            "false" | "f" | "0" => Ok(false),
            _ => Err(Error::invalid_argument(format!("'{text}' is neither true nor false"))),
        }
    }
}

impl FlagType for Vec<String> {
    fn from_text(text: &str) -> Result<Self> {
        Ok(text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect())
    }
}

impl<T: FlagType> FlagType for Option<T> {
    fn from_text(text: &str) -> Result<Self> {
        T::from_text(text).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl FlagType for $number {
            fn from_text(text: &str) -> Result<Self> {
                text.trim().parse().map_err(|error| Error::invalid_argument(format!("'{text}': {error}")))
            }
        }
    )*};
}

numbers! { i32 i64 u32 u64 usize f32 f64 }

impl FlagValues {
    /// No flags but `help`.
    pub const fn new() -> Self {
        FlagValues(Mutex::new(Flags { flags: SortedMap::new(), errors: Vec::new() }))
    }

    fn lock(&self) -> MutexGuard<'_, Flags> {
        let mut flags = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if flags.flags.get("help").is_none() {
            let (value, help) = (Some("false".to_owned()), "Shows this help.".to_owned());
            flags.flags.insert("help".to_owned(), Flag { kind: Kind::Boolean, value, help, required: false });
        }
        flags
    }

    fn define(&self, name: &str, kind: Kind, default: Option<String>, help: &str) {
        let mut flags = self.lock();
        let error = if flags.flags.get(name).is_some() {
            Err(Error::new(ErrorKind::AlreadyExists, "it is defined twice"))
        } else {
            default.as_deref().map_or(Ok(()), |text| kind.check(text))
        };
        if let Err(error) = error {
            flags.errors.push(error.retitled(&format!("flag --{name}")));
            return;
        }
        let flag = Flag { kind, value: default, help: help.to_owned(), required: false };
        flags.flags.insert(name.to_owned(), flag);
    }

    /// Takes the values of flags from `arguments`, the first of which is the program; gives the arguments that are no flags.
    ///
    /// `--name=value` and `--name value` with one or two dashes, `--name` and `--noname` for booleans; flags end with `--` or
    /// the first argument that is none. An error if a flag is unknown, its value is not of its type or a required one is
    /// missing, or if a definition was wrong.
    pub fn parse<S: Into<String>>(&self, arguments: impl IntoIterator<Item = S>) -> Result<Vec<String>> {
        let mut flags = self.lock();
        if let Some(error) = Error::all(flags.errors.drain(..)) {
            return Err(error);
        }
        let mut arguments = arguments.into_iter().map(Into::into);
        let mut others: Vec<String> = arguments.next().into_iter().collect();
        while let Some(argument) = arguments.next() {
            match argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')) {
                Some("") if argument == "--" => break,
                Some(flag) if !flag.is_empty() => flags.take(flag, &mut arguments)?,
                _ => {
                    others.push(argument);
                    break;
                }
            }
        }
        others.extend(arguments);
        flags.check_required()?;
        Ok(others)
    }

    /// The value of the flag `name`. An error if there is no such flag, it has no value, or its value is no `T`.
    pub fn get<T: FlagType>(&self, name: &str) -> Result<T> {
        let flags = self.lock();
        let flag = flags.flags.get(name).ok_or_else(|| unknown(name))?;
        match &flag.value {
            Some(text) => T::from_text(text).map_err(|error| error.retitled(&format!("flag --{name}"))),
            None => T::absent().ok_or_else(|| Error::failed_precondition(format!("flag --{name} has no value"))),
        }
    }

    /// Gives the flag `name` another value. Python: `FLAGS.name = value`.
    pub fn set(&self, name: &str, value: impl ToString) -> Result<()> {
        self.lock().set(name, value.to_string())
    }

    /// The names of all flags in alphabetic order.
    pub fn names(&self) -> Vec<String> {
        self.lock().flags.iter().map(|(name, _)| name.clone()).collect()
    }
}

impl Default for FlagValues {
    fn default() -> Self {
        FlagValues::new()
    }
}

/// The help: each flag with its value.
impl fmt::Display for FlagValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("flags:")?;
        for (name, flag) in self.lock().flags.iter() {
            let no = if flag.kind == Kind::Boolean { "[no]" } else { "" };
            write!(f, "\n  --{no}{name}: {}", flag.help)?;
            if let Kind::Enum(allowed) = &flag.kind {
                write!(f, " One of {}.", allowed.join(", "))?;
            }
            if let Some(value) = &flag.value {
                write!(f, "\n    (now: {value})")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for FlagValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.lock(), f)
    }
}

impl Flags {
    /// Takes the flag that stands in `argument` without its dashes, and its value, if it stands there, from `rest`.
    fn take(&mut self, argument: &str, rest: &mut impl Iterator<Item = String>) -> Result<()> {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument, None),
        };
        let kind = self.flags.get(name).map(|flag| flag.kind.clone());
        match (kind, value) {
            (Some(_), Some(value)) => self.set(name, value),
            (Some(Kind::Boolean), None) => self.set(name, "true".to_owned()),
            (Some(_), None) => {
                let value = rest.next();
                self.set(name, value.ok_or_else(|| Error::invalid_argument(format!("flag --{name} needs a value")))?)
            }
            (None, None) => match name.strip_prefix("no") {
                Some(positive) if self.is_boolean(positive) => self.set(positive, "false".to_owned()),
                _ => Err(unknown(name)),
            },
            (None, Some(_)) => Err(unknown(name)),
        }
    }

    fn is_boolean(&self, name: &str) -> bool {
        self.flags.get(name).is_some_and(|flag| flag.kind == Kind::Boolean)
    }

    fn set(&mut self, name: &str, value: String) -> Result<()> {
        let flag = self.flags.get_mut(name).ok_or_else(|| unknown(name))?;
        flag.kind.check(&value).map_err(|error| error.retitled(&format!("flag --{name}")))?;
        flag.value = Some(value);
        Ok(())
    }

    fn check_required(&self) -> Result<()> {
        let missing = |(_, flag): &(&String, &Flag)| flag.required && flag.value.is_none();
        match self.flags.iter().find(missing) {
            Some((name, _)) => Err(Error::invalid_argument(format!("flag --{name} must have a value"))),
            None => Ok(()),
        }
    }
}

fn unknown(name: &str) -> Error {
    Error::invalid_argument(format!("unknown flag --{name}"))
}

/// A default value, or `None`.
pub trait IntoDefault<T> {
    /// Its text.
    fn into_default(self) -> Option<String>;
}

macro_rules! defaults {
    ($($type:ty)*) => {$(
        impl IntoDefault<$type> for $type {
            fn into_default(self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )*};
}

defaults! { String i64 f64 bool }

impl IntoDefault<String> for &str {
    fn into_default(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl<T> IntoDefault<T> for Option<std::convert::Infallible> {
    fn into_default(self) -> Option<String> {
        None
    }
}

macro_rules! definitions {
    ($($(#[$doc:meta])* $name:ident($type:ty) = $kind:ident;)*) => {$(
        $(#[$doc])*
        #[allow(non_snake_case)]
        pub fn $name(name: &str, default: impl IntoDefault<$type>, help: &str) {
            FLAGS.define(name, Kind::$kind, default.into_default(), help);
        }
    )*};
}

definitions! {
    /// A flag that is text. A definition that is wrong is an error of [`FlagValues::parse`].
    /// TF: `tf.flags.DEFINE_string`.
    DEFINE_string(String) = String;
    /// A flag that is a whole number. TF: `tf.flags.DEFINE_integer`.
    DEFINE_integer(i64) = Integer;
    /// A flag that is a number. TF: `tf.flags.DEFINE_float`.
    DEFINE_float(f64) = Float;
    /// A flag that is true or false. TF: `tf.flags.DEFINE_boolean`.
    DEFINE_boolean(bool) = Boolean;
    /// The same as [`DEFINE_boolean`]. TF: `tf.flags.DEFINE_bool`.
    DEFINE_bool(bool) = Boolean;
    /// A flag that is texts between commas. TF: `tf.flags.DEFINE_list`.
    DEFINE_list(String) = List;
}

/// A flag that is one of `allowed`. TF: `tf.flags.DEFINE_enum`.
#[allow(non_snake_case)]
pub fn DEFINE_enum(name: &str, default: impl IntoDefault<String>, allowed: &[&str], help: &str) {
    let allowed = allowed.iter().map(|value| (*value).to_owned()).collect();
    FLAGS.define(name, Kind::Enum(allowed), default.into_default(), help);
}

/// Makes it an error if the flag `name` has no value. TF: `tf.flags.mark_flag_as_required`.
pub fn mark_flag_as_required(name: &str) {
    FLAGS.require(name);
}

/// Makes it an error if one of these flags has no value. TF: `tf.flags.mark_flags_as_required`.
pub fn mark_flags_as_required(names: &[&str]) {
    names.iter().for_each(|name| FLAGS.require(name));
}

impl FlagValues {
    fn require(&self, name: &str) {
        let flags = &mut *self.lock();
        match flags.flags.get_mut(name) {
            Some(flag) => flag.required = true,
            None => flags.errors.push(unknown(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags() -> FlagValues {
        let flags = FlagValues::new();
        flags.define("rate", Kind::Float, Some("0.5".into()), "The rate.");
        flags.define("steps", Kind::Integer, None, "The steps.");
        flags.define("fast", Kind::Boolean, Some("true".into()), "Hurry.");
        flags.define("mode", Kind::Enum(vec!["train".into(), "eval".into()]), Some("train".into()), "What to do.");
        flags.define("hosts", Kind::List, Some("a, b".into()), "Where.");
        flags
    }

    fn refused(arguments: &[&str]) -> String {
        let all = std::iter::once(&"program").chain(arguments);
        flags().parse(all.copied()).map_err(|error| error.message().to_owned()).err().unwrap_or_default()
    }

    #[test]
    fn values_come_from_every_spelling() -> Result<()> {
        let flags = flags();
        let others =
            flags.parse(["program", "-rate=1e-3", "--steps", "-4", "--nofast", "--mode=eval", "in", "--out"])?;
        assert_eq!(others, ["program", "in", "--out"]);
        assert_eq!(flags.get::<f64>("rate")?, 1e-3);
        assert_eq!(flags.get::<i64>("steps")?, -4);
        assert!(!flags.get::<bool>("fast")?);
        assert_eq!(flags.get::<String>("mode")?, "eval");
        assert_eq!(flags.get::<Vec<String>>("hosts")?, ["a", "b"]);
        assert_eq!(flags.parse(["program", "--", "--steps"])?, ["program", "--steps"]);
        Ok(())
    }

    #[test]
    fn a_flag_without_a_value_is_none_or_an_error() -> Result<()> {
        let flags = flags();
        assert_eq!(flags.get::<Option<i64>>("steps")?, None);
        assert_eq!(flags.get::<i64>("steps").map_err(|e| e.kind()), Err(ErrorKind::FailedPrecondition));
        flags.set("steps", 7)?;
        assert_eq!(flags.get::<Option<usize>>("steps")?, Some(7));
        Ok(())
    }

    #[test]
    fn wrong_arguments_are_refused() {
        assert_eq!(refused(&["--unheard_of"]), "unknown flag --unheard_of");
        assert_eq!(refused(&["--nosteps"]), "unknown flag --nosteps");
        assert_eq!(refused(&["--steps"]), "flag --steps needs a value");
        assert!(refused(&["--steps=1.5"]).starts_with("flag --steps: '1.5'"));
        assert_eq!(refused(&["--mode=test"]), "flag --mode: 'test' is none of train, eval");
        assert_eq!(refused(&["--fast=maybe"]), "flag --fast: 'maybe' is neither true nor false");
    }

    #[test]
    fn wrong_definitions_and_missing_values_are_refused() {
        let twice = flags();
        twice.define("rate", Kind::Float, None, "Again.");
        assert_eq!(twice.parse(["program"]).map_err(|e| e.kind()), Err(ErrorKind::AlreadyExists));
        let missing = flags();
        missing.require("steps");
        assert_eq!(missing.parse(["program"]).map_err(|e| e.kind()), Err(ErrorKind::InvalidArgument));
        assert!(missing.parse(["program", "--steps=1"]).is_ok());
    }

    #[test]
    fn the_help_shows_all_flags() {
        let help = flags().to_string();
        assert!(help.contains("--[no]fast: Hurry.\n    (now: true)"), "{help}");
        assert!(help.contains("--mode: What to do. One of train, eval."), "{help}");
    }
}
