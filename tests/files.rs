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

#[test]
fn examples_in_record_files_are_tensorflows() {
    use tf::train::{BytesList, Example, Feature, Features, FloatList, Int64List};
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/examples.tfrecord");
    let examples: Vec<Example> = (0..3u8)
        .map(|i| {
            Example(Features([
                ("label", Feature(Int64List([i64::from(i), -i64::from(i)]))),
                ("image", Feature(BytesList([vec![i, 255], Vec::new()]))),
                ("scale", Feature(FloatList([0.5 * f32::from(i), -2.0]))),
            ]))
        })
        .collect();
    let records = tf::python_io::tf_record_iterator(golden).unwrap().collect::<tf::Result<Vec<_>>>().unwrap();
    let read: Vec<Example> = records.iter().map(|bytes| Example::FromString(bytes).unwrap()).collect();
    assert_eq!(read, examples);
    let path = std::env::temp_dir().join(format!("flowstone-examples-{}.tfrecord", std::process::id()));
    let mut writer = tf::python_io::TFRecordWriter(&path).unwrap();
    for example in &examples {
        writer.write(example.SerializeToString()).unwrap();
    }
    writer.close().unwrap();
    assert!(writer.write(b"late").is_err());
    let (ours, theirs) = (std::fs::read(&path).unwrap(), std::fs::read(golden).unwrap());
    assert_eq!(ours, theirs);
    // A file that is cut gives what is whole before.
    std::fs::write(&path, &ours[..ours.len() - 3]).unwrap();
    let cut: Vec<tf::Result<Vec<u8>>> = tf::python_io::tf_record_iterator(&path).unwrap().collect();
    std::fs::remove_file(&path).unwrap();
    assert_eq!((cut.len(), cut[..2].iter().all(Result::is_ok)), (3, true));
    assert_eq!(cut[2].as_ref().unwrap_err().kind(), tf::ErrorKind::DataLoss);
}
