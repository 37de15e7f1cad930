//! TensorFlow's own files, read and written again.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use flowstone as tf;
use tf::format::proto::GraphDef;
use tf::format::text::FileMessage;

/// The graphs in a folder: the one that `FLOWSTONE_GRAPHS` names, and those beside this test.
fn graph_files() -> Vec<PathBuf> {
    let own = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"));
    let small = own.join("graphs");
    let folders = [Some(own), Some(small), std::env::var_os("FLOWSTONE_GRAPHS").map(PathBuf::from)];
    let files = folders.into_iter().flatten().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    files.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "pb")).collect()
}

/// TensorFlow's graphs come out as they went in: names, inputs, attributes, versions, whatever else they say.
#[test]
fn graphs_survive_a_round_trip() {
    let files = graph_files();
    assert!(files.len() >= 3);
    for path in files {
        let theirs = GraphDef::from_bytes(&std::fs::read(&path).unwrap()).unwrap();
        let ours = tf::Graph::from_graph_def(&theirs).unwrap().as_graph_def().unwrap();
        for (ours, theirs) in ours.node.iter().zip(&theirs.node) {
            assert_eq!(ours, theirs, "{}", path.display());
        }
        assert_eq!(ours, theirs, "{}", path.display());
        assert_eq!(GraphDef::read_text(&theirs.to_text().unwrap()).unwrap(), theirs, "{}", path.display());
    }
}
