//! TensorFlow's unique names.

use std::collections::HashMap;
use std::panic::Location;

use super::NodeId;
use crate::error::{Error, Result};

/// The names in use, with what the latest call of the user took, so that `named` can give it back.
#[derive(Default)]
pub(super) struct Names {
    /// Lower-case name → the number to try next.
    used: HashMap<String, usize>,
    latest: Option<Latest>,
}

/// The names that one line of the user's program took, one and those in its scope.
struct Latest {
    location: &'static Location<'static>,
    /// The first of them: the name of the node or of the scope around all.
    root: String,
    /// The first node that was built under them.
    start: NodeId,
    /// What `used` held before, newest last.
    undo: Vec<(String, Option<usize>)>,
}

impl Latest {
    /// Whether `name` is the root or lies in its scope.
    fn holds(&self, name: &str) -> bool {
        name.strip_prefix(&*self.root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// More names than this by one call are not given back.
const LONGEST_UNDO: usize = 4096;

impl Names {
    /// `name`, or `name_1`, `name_2`… if it is taken. Names that differ only in case are the same.
    pub(super) fn unique(&mut self, name: &str, location: &'static Location<'static>, next: NodeId) -> String {
        let key = name.to_lowercase();
        let mut number = self.used.get(&key).copied().unwrap_or(0);
        let unique = if number == 0 {
            name.to_owned()
        } else {
            let mut candidate = format!("{key}_{number}");
            while self.used.contains_key(&candidate) {
                number += 1;
                candidate = format!("{key}_{number}");
            }
            format!("{name}_{number}")
        };
        let goes_on =
            |l: &Latest| std::ptr::eq(l.location, location) && l.holds(&unique) && l.undo.len() <= LONGEST_UNDO;
        if !self.latest.as_ref().is_some_and(goes_on) {
            self.latest = Some(Latest { location, root: unique.clone(), start: next, undo: Vec::new() });
        }
        if number > 0 {
            self.set(unique.to_lowercase(), 1);
        }
        self.set(key, number + 1);
        unique
    }

    fn set(&mut self, key: String, number: usize) {
        let old = self.used.insert(key.clone(), number);
        if let Some(latest) = &mut self.latest {
            latest.undo.push((key, old));
        }
    }

    /// Marks a name as taken, as it is.
    pub(super) fn take(&mut self, name: &str) {
        self.used.entry(name.to_lowercase()).or_insert(1);
    }

    /// Gives back the names of the latest call if `name` belongs to it: its root name and its first node.
    pub(super) fn give_back(&mut self, name: &str) -> Option<(String, NodeId)> {
        let latest = self.latest.take_if(|latest| latest.holds(name))?;
        for (key, old) in latest.undo.into_iter().rev() {
            match old {
                Some(number) => self.used.insert(key, number),
                None => self.used.remove(&key),
            };
        }
        Some((latest.root, latest.start))
    }

    /// The latest call is over: its names stay.
    pub(super) fn keep_latest(&mut self) {
        self.latest = None;
    }
}

/// An error unless `name` is one that TensorFlow allows.
pub(super) fn check(name: &str) -> Result<()> {
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '\\' | '/' | '>' | '-');
    let valid = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.') && name.chars().all(rest);
    if valid { Ok(()) } else { Err(Error::invalid_argument(format!("'{name}' is not a valid name"))) }
}

/// How many letters must be put in, taken out or changed to make `b` of `a`, if at most `most`.
pub(super) fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().filter(|&distance| distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_letters() {
        assert_eq!(distance("sum", "summ", 2), Some(1));
        assert_eq!(distance("relu", "rule", 2), Some(2));
        assert_eq!(distance("conv2d", "matmul", 2), None);
        assert_eq!(distance("", "", 2), Some(0));
    }
}
