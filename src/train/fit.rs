//! Whether what a file holds fits the variables that want it; one error says all that does not.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::format::bundle::{self, BundleReader};
use crate::shape::PartialShape;

/// An array by name: a variable that wants a value, or what a file holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub name: String,
    pub dtype: DType,
    pub shape: PartialShape,
}

/// What a checkpoint holds.
pub(super) fn held_by(reader: &BundleReader) -> Vec<Entry> {
    let entry = |(name, entry): (&str, &bundle::Entry)| {
        Some(Entry { name: name.to_owned(), dtype: entry.dtype?, shape: (&entry.shape).into() })
    };
    reader.entries().filter_map(entry).collect()
}

/// Differences of one kind are listed up to this many.
const MOST_LISTED: usize = 20;

/// An error unless each of `wanted` is among `held`, with its data type and a shape that it accepts.
///
/// The error lists all that differs: what is missing, with the nearest names, and what nobody asked for; other shapes;
/// other data types. Entries that nobody asks for are no error by themselves.
pub(crate) fn check_fit(source: impl Display, wanted: &[Entry], held: &[Entry]) -> Result<()> {
    let by_name: HashMap<&str, &Entry> = held.iter().map(|entry| (entry.name.as_str(), entry)).collect();
    let asked: HashSet<&str> = wanted.iter().map(|entry| entry.name.as_str()).collect();
    let unasked: Vec<&Entry> = held.iter().filter(|entry| !asked.contains(entry.name.as_str())).collect();
    let (mut missing, mut shapes, mut dtypes) = (Vec::new(), Vec::new(), Vec::new());
    for entry in wanted {
        let Some(found) = by_name.get(entry.name.as_str()) else {
            missing.push(entry);
            continue;
        };
        if found.dtype != entry.dtype {
            dtypes.push(format!("'{}' is {} in the file, {} is wanted", entry.name, found.dtype, entry.dtype));
        }
        if !found.shape.known().is_some_and(|shape| entry.shape.accepts(&shape)) {
            shapes.push(format!("'{}' is {} in the file, {} is wanted", entry.name, found.shape, entry.shape));
        }
    }
    if missing.is_empty() && shapes.is_empty() && dtypes.is_empty() {
        return Ok(());
    }
    let counts =
        [(missing.len(), "missing"), (shapes.len(), "of another shape"), (dtypes.len(), "of another data type")];
    let counts: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let message = format!("{source} does not fit the variables: {}", counts.join(", "));
    let none_missing = missing.is_empty();
    let error = if none_missing { Error::invalid_argument(message) } else { Error::not_found(message) };
    let names: Vec<String> = missing.iter().take(MOST_LISTED).map(|entry| said(entry, &unasked)).collect();
    let error = listed(error, "missing", missing.len(), names);
    let error = listed(error, "other shape", shapes.len(), shapes);
    let error = listed(error, "other data type", dtypes.len(), dtypes);
    if none_missing {
        return Err(error);
    }
    let names = unasked.iter().take(MOST_LISTED).map(|entry| shown(entry)).collect();
    Err(listed(error, "unexpected", unasked.len(), names))
}

fn shown(entry: &Entry) -> String {
    format!("'{}' {}{}", entry.name, entry.dtype, entry.shape)
}

/// A missing entry, and what in the file it may be called.
fn said(entry: &Entry, unasked: &[&Entry]) -> String {
    match nearest(&entry.name, unasked) {
        Some(near) => format!("{}; the file has {}", shown(entry), shown(near)),
        None => shown(entry),
    }
}

/// `error` with a line for each of the first of `lines`.
fn listed(error: Error, title: &str, count: usize, lines: Vec<String>) -> Error {
    let left = count.saturating_sub(MOST_LISTED);
    let error = lines.into_iter().take(MOST_LISTED).fold(error, |error, line| error.note(format!("{title}: {line}")));
    if left > 0 { error.note(format!("{title}: {left} more")) } else { error }
}

/// More names than this, and longer ones, are not compared.
const MOST_COMPARED: usize = 1000;
const LONGEST_COMPARED: usize = 200;

/// The entry whose name is like `name`, if there is one.
fn nearest<'a>(name: &str, entries: &[&'a Entry]) -> Option<&'a Entry> {
    let compared = entries.iter().take(MOST_COMPARED).filter(|entry| entry.name.len() <= LONGEST_COMPARED);
    if name.len() > LONGEST_COMPARED {
        return None;
    }
    let near = compared.map(|entry| (edits(name.as_bytes(), entry.name.as_bytes()), *entry)).min_by_key(|near| near.0);
    near.filter(|(distance, _)| *distance <= name.len() / 2 + 1).map(|(_, entry)| entry)
}

/// How many bytes must be added, removed or replaced to make one of the other.
fn edits(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn entry(name: &str, dtype: DType, shape: &[usize]) -> Entry {
        Entry { name: name.into(), dtype, shape: PartialShape::new(shape.iter().map(|&n| Some(n))) }
    }

    #[test]
    fn one_error_says_all_that_differs() {
        use DType::{Float32, Int64};
        let wanted = [
            entry("dense/kernel", Float32, &[3, 2]),
            entry("b", Float32, &[2]),
            entry("step", Int64, &[]),
            entry("same", Float32, &[1]),
        ];
        let held = [
            entry("dense_1/kernel", Float32, &[3, 2]),
            entry("b", Float32, &[4]),
            entry("step", Float32, &[]),
            entry("same", Float32, &[1]),
        ];
        assert_eq!(
            check_fit("'m.ckpt'", &wanted, &held).unwrap_err().to_string(),
            "NotFound: 'm.ckpt' does not fit the variables: 1 missing, 1 of another shape, 1 of another data type\n  \
             missing: 'dense/kernel' float32[3,2]; the file has 'dense_1/kernel' float32[3,2]\n  \
             other shape: 'b' is [4] in the file, [2] is wanted\n  \
             other data type: 'step' is float32 in the file, int64 is wanted\n  \
             unexpected: 'dense_1/kernel' float32[3,2]"
        );
    }

    #[test]
    fn what_nobody_asks_for_is_no_error_and_unknown_sizes_take_any() {
        let any = Entry { name: "a".into(), dtype: DType::Float32, shape: PartialShape::new([None, Some(2)]) };
        check_fit("f", &[any], &[entry("a", DType::Float32, &[5, 2]), entry("b", DType::Bool, &[])]).unwrap();
    }

    #[test]
    fn long_lists_end() {
        let wanted: Vec<Entry> = (0..30).map(|i| entry(&format!("v{i}"), DType::Float32, &[])).collect();
        let error = check_fit("f", &wanted, &[]).unwrap_err().to_string();
        assert!(error.ends_with("missing: 10 more") && error.lines().count() == 22, "{error}");
    }
}
