//! Every `use crate::` points downward: the layers of the architecture page.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

/// From the bottom to the top. Modules of one line do not import each other.
const LAYERS: &[&[&str]] = &[
    &["error", "dtype", "shape", "sort"],
    &["value"],
    &["graph", "kernels", "format", "host"],
    &["op"],
    &["ops"],
    &["autodiff", "optimize", "graph_def", "initializers", "regularizers", "distributions"],
    &["session", "variable_scope"],
    &["train", "layers", "losses", "graph_util"],
    &["metrics", "rnn", "saved_model", "weights"],
    &["keras"],
    &["examples", "docs", "keywords", "testing"],
];

/// These stand on the lowest line and may use each other, downward in this order.
const LOWEST: &[&str] = &["error", "dtype", "shape", "sort"];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn sources(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// The modules that follow `crate::` in `text`, outside of tests and comments.
fn imports(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate` in a macro is expanded where the macro is used.
        if code[..at].ends_with('$') {
            continue;
        }
        let after = &code[at + 7..];
        match after.strip_prefix('{').and_then(|list| list.split('}').next()) {
            Some(list) => found.extend(list.split(',').map(|item| name(item.trim())).filter(|item| !item.is_empty())),
            None => found.push(name(after)),
        }
    }
    // Macros stand in the crate's root, wherever they are written.
    found.retain(|name| !name.starts_with("__"));
    found
}

#[test]
fn imports_point_downward() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if module == "lib" || module == "bin" || inside.ends_with("tests.rs") {
            continue;
        }
        let own = layer(&module).unwrap_or_else(|| panic!("{module} has no place in the layers"));
        for import in imports(&std::fs::read_to_string(&file).unwrap()) {
            seen += 1;
            if import == module || import == "dispatch" {
                continue;
            }
            let Some(other) = layer(&import) else {
                wrong.push(format!("{}: crate::{import}: name its module", inside.display()));
                continue;
            };
            let order = |name: &str| LOWEST.iter().position(|m| *m == name);
            let fine = other < own || (own == 0 && order(&import) < order(&module));
            if !fine {
                wrong.push(format!("{}: crate::{import}", inside.display()));
            }
        }
    }
    assert!(seen > 100, "the test does not see the imports any more");
    assert!(wrong.is_empty(), "imports that point upward or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_stays_in_the_kernels() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        if text.contains("allow(unsafe_code)") {
            assert!(file.starts_with(src.join("kernels")), "{}", file.display());
            assert!(text.matches("// SAFETY:").count() > 0, "{}", file.display());
        }
    }
}
