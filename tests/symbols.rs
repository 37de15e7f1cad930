//! The census: what TensorFlow 1 programs use, by how many of 745 programs use it, and where it is in Flowstone.
//!
//! `census/symbols.tsv` is the data. `census/paths.rs` names every Rust path in it, so that each must exist, and the page
//! `src/docs/symbols.md` shows it; both are written by this test when `FLOWSTONE_REWRITE` is 1.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

#[path = "census/paths.rs"]
#[rustfmt::skip]
mod paths;

struct Symbol<'a> {
    name: &'a str,
    group: &'a str,
    files: usize,
    rust: &'a str,
    why_not: &'a str,
}

impl Symbol<'_> {
    fn there(&self) -> bool {
        !self.rust.is_empty()
    }

    /// Whether it belongs to what is left to other ways of working.
    fn set_aside(&self) -> bool {
        let elsewhere = ["contrib", "estimator"].contains(&self.group);
        elsewhere
            || ["contrib:", "estimators:", "queues:", "readers:", "data sets:"]
                .iter()
                .any(|s| self.why_not.starts_with(s))
    }
}

fn symbols(table: &str) -> Vec<Symbol<'_>> {
    let row = |line| match str::split(line, '\t').collect::<Vec<_>>()[..] {
        [name, group, files, rust, why_not] => Symbol { name, group, files: files.parse().unwrap(), rust, why_not },
        _ => panic!("five columns: {line}"),
    };
    table.lines().skip(1).map(row).collect()
}

/// The file that names every Rust path.
fn paths(symbols: &[Symbol]) -> String {
    let mut paths: Vec<&str> = symbols.iter().map(|s| s.rust).filter(|path| !path.is_empty()).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut text =
        "//! Every Rust path of the census: they exist if this compiles. Written by the test of `symbols.rs`.\n\
                    #![allow(unused_imports)]\n\n"
            .to_owned();
    for path in paths {
        writeln!(text, "use {} as _;", path.replacen("tf::", "flowstone::", 1)).unwrap();
    }
    text
}

/// `there of all (percent)`, of `symbols` counted by `weight`.
fn share<'a>(symbols: impl Iterator<Item = &'a Symbol<'a>> + Clone, weight: fn(&Symbol) -> usize) -> String {
    let all: usize = symbols.clone().map(weight).sum();
    let there: usize = symbols.filter(|s| s.there()).map(weight).sum();
    format!("{there} of {all} ({}%)", there * 100 / all)
}

const TITLES: &[(&str, &str)] = &[
    ("core ops", "Operations and types"),
    ("session/graph", "Sessions, graphs, variables"),
    ("nn", "Neural networks"),
    ("layers", "Layers"),
    ("losses/metrics", "Losses and metrics"),
    ("train", "Training"),
    ("random/init", "Random numbers and initial values"),
    ("control flow", "Control flow and gradients"),
    ("summary", "Summaries"),
    ("keras", "Keras"),
    ("rnn", "Recurrent networks"),
    ("io/data", "Input and images"),
    ("flags/app/log", "Flags, logs, files, inner modules"),
    ("estimator", "Estimators"),
    ("contrib", "contrib"),
];

fn page(symbols: &[Symbol]) -> String {
    let most_used = symbols.iter().filter(|s| !s.set_aside()).take(400);
    let one = |_: &Symbol| 1;
    let files = |s: &Symbol| s.files;
    let mut text = format!(
        "# Symbol by symbol\n\n\
         What 745 TensorFlow 1 programs use, how many of them use it, and its place in Rust, or why it has none.\n\n\
         | | there | weighted by programs |\n|---|---|---|\n\
         | all symbols | {} | {} |\n\
         | the 400 most used, without contrib, estimators, queues, readers and data sets | {} | {} |\n",
        share(symbols.iter(), one),
        share(symbols.iter(), files),
        share(most_used.clone(), one),
        share(most_used, files),
    );
    let mut groups: BTreeMap<&str, Vec<&Symbol>> = BTreeMap::new();
    symbols.iter().for_each(|symbol| groups.entry(symbol.group).or_default().push(symbol));
    for (group, title) in TITLES {
        write!(text, "\n## {title}\n\n| TensorFlow | programs | Rust |\n|---|---|---|\n").unwrap();
        for symbol in groups.remove(group).unwrap_or_default() {
            let place = if symbol.there() { format!("`{}`", symbol.rust) } else { symbol.why_not.to_owned() };
            writeln!(text, "| `{}` | {} | {place} |", symbol.name, symbol.files).unwrap();
        }
    }
    assert!(groups.is_empty(), "groups without a title: {:?}", groups.keys());
    text
}

/// Compares a file with what it should be, or writes it.
fn hold(file: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var("FLOWSTONE_REWRITE").as_deref() == Ok("1") {
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{file} is not what tests/census/symbols.tsv gives: run this test with FLOWSTONE_REWRITE=1"
    );
}

#[test]
fn the_page_and_the_paths_are_what_the_census_gives() {
    let table = include_str!("census/symbols.tsv");
    let symbols = symbols(table);
    hold("tests/census/paths.rs", &paths(&symbols));
    hold("src/docs/symbols.md", &page(&symbols));
}

#[test]
fn every_symbol_has_a_place_or_a_reason_and_the_most_used_stand_first() {
    let symbols = symbols(include_str!("census/symbols.tsv"));
    for symbol in &symbols {
        assert!(symbol.there() == symbol.why_not.is_empty(), "{}: a place or a reason", symbol.name);
    }
    assert!(symbols.is_sorted_by_key(|s| std::cmp::Reverse(s.files)));
    let names: std::collections::BTreeSet<&str> = symbols.iter().map(|s| s.name).collect();
    assert_eq!(names.len(), symbols.len(), "a symbol stands twice");
}
