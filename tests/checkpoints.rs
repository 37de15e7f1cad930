//! TensorFlow's checkpoints, read and written to the byte. `golden/make_checkpoints.py` made those in `golden/checkpoints/`.
#![allow(clippy::unwrap_used)]

mod folder;

use std::path::{Path, PathBuf};

use flowstone as tf;
use folder::Folder;
use tf::format::bundle::{BundleFiles, BundleReader, Saved, Step, TensorSlice, write_bundle, write_saved};
use tf::format::meta::MetaGraphDef;
use tf::format::text::FileMessage;
use tf::{ErrorKind, Value, feed_dict};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/checkpoints").join(name)
}

fn bytes(prefix: &Path) -> (Vec<u8>, Vec<u8>) {
    let files = BundleFiles::new(prefix);
    (std::fs::read(files.index()).unwrap(), std::fs::read(files.data(0, 1)).unwrap())
}

fn all(reader: &BundleReader, names: &[&str]) -> Vec<(String, Value)> {
    names.iter().map(|name| ((*name).to_owned(), reader.read(name).unwrap())).collect()
}

#[test]
fn what_tensorflow_wrote_is_read_and_written_again_to_the_byte() {
    let folder = Folder::new("same");
    let mixed = ["z", "b", "m", "s", "e", "t", "u", "i", "scope/d", "scope/a/b"];
    let sorted = |name: &str| -> Vec<String> {
        BundleReader::open(golden(name)).unwrap().entries().map(|(name, _)| name.to_owned()).collect()
    };
    let (moons, resource) = (sorted("moons-20"), sorted("resource-3"));
    let orders = [
        ("mixed", mixed.to_vec()),
        ("moons-20", moons.iter().map(String::as_str).collect()),
        ("resource-3", resource.iter().map(String::as_str).collect()),
    ];
    for (name, order) in orders {
        let reader = BundleReader::open(golden(name)).unwrap();
        assert_eq!(reader.entries().count(), order.len());
        let path = folder.path(name);
        write_bundle(&path, &all(&reader, &order)).unwrap();
        assert!(bytes(&path) == bytes(&golden(name)), "{name}");
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 2, "nothing else is left");
        std::fs::remove_dir_all(&folder.0).unwrap();
        std::fs::create_dir(&folder.0).unwrap();
    }
    let reader = BundleReader::open(golden("mixed")).unwrap();
    let strings = reader.read("s").unwrap();
    let last: &[u8] = b"\xff\x00";
    assert_eq!(strings.as_slice::<Vec<u8>>().unwrap()[3], last);
    assert_eq!(reader.read("u").unwrap().as_slice::<u8>().unwrap(), [1, 2, 3, 255]);
    assert!(reader.read("scope/a/b").unwrap().item::<f32>().unwrap().is_nan());
}

#[test]
fn an_index_of_many_blocks_is_tensorflows() {
    let folder = Folder::new("many");
    let one = Value::from([0.5f32]);
    let many: Vec<_> = (0..12_000).map(|i| (format!("tower_{}/layer_{i}/weights", i % 7), one.clone())).collect();
    write_bundle(folder.path("many"), &many).unwrap();
    let index = std::fs::read(folder.path("many.index")).unwrap();
    let recorded = std::fs::read_to_string(golden("many.txt")).unwrap();
    let crc = crc32c::crc32c(&index).rotate_right(15).wrapping_add(0xa282_ead8);
    assert_eq!(format!("{} {crc}\n", index.len()), recorded);
    assert_eq!(BundleReader::open(folder.path("many")).unwrap().entries().count(), 12_000);
}

#[test]
fn whatever_moment_a_save_is_interrupted_at_a_whole_checkpoint_is_there() {
    let folder = Folder::new("interrupted");
    let prefix = folder.path("model");
    let version = |i: i32| [("a".to_owned(), Value::scalar(i)), (format!("only{i}"), Value::vector(vec![i; 100]))];
    let read = || {
        let reader = BundleReader::open(&prefix).unwrap();
        let found: Vec<_> = reader.entries().map(|(name, _)| (name.to_owned(), reader.read(name).unwrap())).collect();
        let i = found[0].1.item::<i32>().unwrap();
        assert_eq!(found, version(i), "a mixture");
        i
    };
    write_bundle(&prefix, &version(0)).unwrap();
    let mut now = 0;
    for steps in 0..=Step::ALL.len() {
        let files = BundleFiles::new(&prefix);
        let next = now + 1;
        for step in &Step::ALL[..steps] {
            files.run(*step, &version(next).map(Saved::from)).unwrap();
            read();
        }
        let found = read();
        // The new one counts from `Commit` on; before it the old one does.
        assert_eq!(found, if steps >= 3 { next } else { now }, "after {steps} steps");
        now = found;
    }
    // A save that ended in the middle of its data.
    std::fs::write(folder.path("model.data-00000-of-00001.new"), b"half").unwrap();
    assert_eq!(read(), now);
    write_bundle(&prefix, &version(now + 1)).unwrap();
    assert_eq!(read(), now + 1);
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 2, "nothing is left behind");
}

#[test]
fn damage_is_told_with_its_place() {
    let folder = Folder::new("damage");
    let prefix = folder.path("m");
    let copy = || {
        for suffix in [".index", ".data-00000-of-00001"] {
            std::fs::copy(golden(&format!("mixed{suffix}")), folder.path(&format!("m{suffix}"))).unwrap();
        }
    };
    let data = folder.path("m.data-00000-of-00001");
    copy();
    let reader = BundleReader::open(&prefix).unwrap();
    let good: Vec<u8> = std::fs::read(&data).unwrap();
    // Every byte of the data is under some array's checksum.
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 4;
        std::fs::write(&data, &bad).unwrap();
        let errors: Vec<_> = reader.entries().filter_map(|(name, _)| reader.read(name).err()).collect();
        assert!(errors.len() == 1 && errors[0].kind() == ErrorKind::DataLoss, "byte {at}: {errors:?}");
    }
    std::fs::write(&data, &good[..100]).unwrap();
    let error = reader.read("i").unwrap_err();
    assert!(error.message().ends_with("is too short for 8 bytes at byte 243"), "{error}");
    std::fs::remove_file(&data).unwrap();
    assert_eq!(reader.read("z").unwrap_err().kind(), ErrorKind::NotFound);
    let error = reader.read("nothing").unwrap_err();
    assert!(error.message().ends_with("has no array 'nothing'"));
    copy();
    let mut index = std::fs::read(folder.path("m.index")).unwrap();
    index[20] ^= 1;
    std::fs::write(folder.path("m.index"), index).unwrap();
    let error = BundleReader::open(&prefix).unwrap_err();
    assert!(error.message().ends_with("m.index: at byte 0: the checksum of a block does not hold"), "{error}");
    let error = BundleReader::open(golden("half")).unwrap().read("h").unwrap_err();
    assert_eq!(error.message(), "'h' is float16, of which there are no arrays here");
    let error = BundleReader::open(folder.path("none")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    std::fs::write(folder.path("old"), b"one file").unwrap();
    assert_eq!(BundleReader::open(folder.path("old")).unwrap_err().kind(), ErrorKind::Unimplemented);
}

/// A network that TensorFlow built and trained for 20 steps, with the operations that its saver built.
#[test]
fn a_half_trained_graph_is_trained_on_as_tensorflow_does() {
    let folder = Folder::new("moons");
    let meta = MetaGraphDef::read_any(&std::fs::read(golden("moons-20.meta")).unwrap()).unwrap();
    let graph = tf::Graph::from_graph_def(&meta.graph_def.unwrap()).unwrap();
    let sess = tf::Session::new(&graph).unwrap();
    let prefix = golden("moons-20").to_str().unwrap().to_owned();
    sess.run("save/restore_all", feed_dict! { "save/Const:0": prefix }).unwrap();
    // Saved again at once, it is the same file.
    let again = folder.path("again").to_str().unwrap().to_owned();
    let saved = sess.run("save/control_dependency:0", feed_dict! { "save/Const:0": again.clone() }).unwrap();
    assert_eq!(saved.as_slice::<Vec<u8>>().unwrap(), [again.clone().into_bytes()]);
    assert!(bytes(Path::new(&again)) == bytes(&golden("moons-20")));
    let recorded = std::fs::read_to_string(golden("moons.txt")).unwrap();
    let mut recorded: Vec<f32> = recorded.lines().map(|line| line.parse().unwrap()).collect();
    let accuracy = recorded.pop().unwrap();
    assert_eq!(recorded.len(), 20);
    for expected in recorded {
        let (cost, _) = sess.run(("cost:0", "train"), feed_dict! {}).unwrap();
        approx::assert_relative_eq!(cost.item::<f32>().unwrap(), expected, max_relative = 1e-5);
    }
    let (found, step) = sess.run(("accuracy:0", "global_step:0"), feed_dict! {}).unwrap();
    assert_eq!((found.item::<f32>().unwrap(), step.item::<i64>().unwrap()), (accuracy, 40));
}

#[test]
fn what_a_graph_restores_must_be_in_the_file() {
    let meta = MetaGraphDef::read_any(&std::fs::read(golden("resource-3.meta")).unwrap()).unwrap();
    let graph = tf::Graph::from_graph_def(&meta.graph_def.unwrap()).unwrap();
    let sess = tf::Session::new(&graph).unwrap();
    let run = |name: &str| {
        let prefix = golden(name).to_str().unwrap().to_owned();
        sess.run("save/restore_all", feed_dict! { "save/Const:0": prefix })
    };
    assert_eq!(run("moons-20").unwrap_err().kind(), ErrorKind::NotFound);
    assert!(run("moons-20").unwrap_err().to_string().contains("has no array 'net/b1/Momentum'"));
    run("resource-3").unwrap();
    let step = sess.run("global_step:0", feed_dict! {}).unwrap();
    assert_eq!(step.item::<i64>().unwrap(), 3);
}

#[test]
fn parts_become_one_checkpoint() {
    let folder = Folder::new("parts");
    let part = |name: &str| folder.path("parts").join(name);
    std::fs::create_dir(folder.path("parts")).unwrap();
    write_bundle(part("a"), &[("x".into(), Value::scalar(1i32))]).unwrap();
    write_bundle(part("b"), &[("y".into(), Value::scalar(2i32))]).unwrap();
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let parts = tf::stack([text(part("a")), text(part("b"))].map(|x| tf::constant(x)));
    let whole = text(folder.path("whole"));
    let merge = tf::ops::lookup("MergeV2Checkpoints")
        .unwrap()
        .call([tf::IntoTensor::into_arg(parts), tf::IntoTensor::into_arg(whole.clone())]);
    let merge = merge.operation();
    tf::Session().unwrap().run(merge, feed_dict! {}).unwrap();
    let reader = BundleReader::open(&whole).unwrap();
    assert_eq!(reader.read("y").unwrap().item::<i32>().unwrap(), 2);
    assert_eq!(reader.entries().count(), 2);
    assert!(!folder.path("parts").exists());
}

#[test]
fn arrays_in_parts_are_put_together() {
    let reader = BundleReader::open(golden("partitioned")).unwrap();
    for (name, shape) in [("p", [5, 3]), ("q", [4, 130])] {
        let counted = (0..shape.iter().product::<usize>()).map(|i| i as f32).collect();
        assert_eq!(reader.read(name).unwrap(), Value::new(shape.as_slice(), counted).unwrap());
        assert_eq!(reader.entry(name).unwrap().bytes, 4 * (shape[0] * shape[1]) as u64);
    }
    let part = |name: &str, slice: &str| reader.read_slice(name, &TensorSlice::parse(slice).unwrap());
    let across = part("q", "4 130 1,2:42,3").unwrap();
    assert_eq!(across.as_slice::<f32>().unwrap(), [172.0, 173.0, 174.0, 302.0, 303.0, 304.0]);
    assert_eq!(part("a", "2 1,1").unwrap().as_slice::<f32>().unwrap(), [1.0]);
    let error = part("p", "6 3 -:-").unwrap_err();
    assert_eq!(error.message(), "'p' is [5,3] in the checkpoint, not [6,3]");
    let reader = BundleReader::open(golden("slices")).unwrap();
    let error = reader.read("grid").unwrap_err();
    assert_eq!(error.message(), "the checkpoint does not have all parts of '4 4 -:-' of 'grid'");
    assert_eq!(reader.read("s").unwrap(), Value::vector(["a", "bb", "ccc"].map(|s| s.as_bytes().to_vec()).to_vec()));
}

/// What TensorFlow saved in parts is restored by the nodes that it built, and saved again by them.
#[test]
fn variables_in_parts_are_restored_and_saved_to_the_byte() {
    let folder = Folder::new("partitioned");
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let saver = tf::train::import_meta_graph(golden("partitioned.meta").to_str().unwrap()).unwrap();
    let sess = tf::Session().unwrap();
    saver.restore(&sess, golden("partitioned")).unwrap();
    let part = sess.run("p/part_1:0", feed_dict! {}).unwrap();
    assert_eq!(part.as_slice::<f32>().unwrap(), [9.0, 10.0, 11.0, 12.0, 13.0, 14.0]);
    saver.save(&sess, folder.path("again")).unwrap();
    assert!(bytes(&folder.path("again")) == bytes(&golden("partitioned")));
}

#[test]
fn parts_are_written_as_tensorflow_does() {
    let folder = Folder::new("slices");
    let read = BundleReader::open(golden("slices")).unwrap().read_all().unwrap();
    assert_eq!(read.iter().filter(|saved| saved.slice.is_some()).count(), 7);
    write_saved(folder.path("slices"), &read).unwrap();
    assert!(bytes(&folder.path("slices")) == bytes(&golden("slices")));
    let part = |name: &str, slice: &str, n: usize| Saved {
        name: name.into(),
        slice: Some(TensorSlice::parse(slice).unwrap()),
        value: Value::vector(vec![0f32; n]),
    };
    let error = |parts: &[Saved]| write_saved(folder.path("bad"), parts).unwrap_err().message().to_owned();
    let ends = |message: String, end: &str| assert!(message.ends_with(end), "{message}");
    ends(error(&[part("x", "9 0,4", 5)]), "the part '9 0,4' of 'x' is [4], not [5]");
    ends(error(&[part("x", "9 0,4", 4), part("x", "8 4,4", 4)]), "the parts of 'x' are of arrays that differ");
    ends(error(&[part("x", "9 0,4", 4), part("x", "9 0,4", 4)]), "two arrays are called 'x'");
    ends(error(&[part("x", "9 0,4", 4), part("x", "9 -", 9)]), "two arrays are called 'x'");
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 2, "nothing of them is left");
    // Parts that lie over each other can be written, and then not be read.
    write_saved(folder.path("over"), &[part("x", "9 0,5", 5), part("x", "9 4,5", 5)]).unwrap();
    let error = BundleReader::open(folder.path("over")).unwrap().read("x").unwrap_err();
    assert_eq!(error.message(), "'x': parts of it lie over each other");
}

#[test]
fn damage_to_what_lies_in_parts_is_told() {
    let folder = Folder::new("damaged-parts");
    let path = folder.path("partitioned.index");
    std::fs::copy(golden("partitioned.data-00000-of-00001"), folder.path("partitioned.data-00000-of-00001")).unwrap();
    let good = std::fs::read(golden("partitioned.index")).unwrap();
    let read = || {
        let reader = BundleReader::open(folder.path("partitioned"))?;
        reader.entries().try_for_each(|(name, _)| reader.read(name).map(|_| ()))
    };
    std::fs::write(&path, &good).unwrap();
    read().unwrap();
    let mut found = 0;
    for at in 0..250 {
        for bit in [1, 8, 0x80] {
            let mut bad = good.clone();
            bad[at] ^= bit;
            seal(&mut bad);
            std::fs::write(&path, &bad).unwrap();
            found += usize::from(read().is_err());
        }
    }
    assert!(found > 300, "{found}");
}

/// Makes the checksum of the first block that of its bytes, so that damage gets past it.
fn seal(index: &mut [u8]) {
    let footer = &index[index.len() - 48..];
    let metaindex = usize::from(footer[0] & 0x7f) | usize::from(footer[1]) << 7;
    let end = metaindex - 4;
    let crc = crc32c::crc32c(&index[..end]).rotate_right(15).wrapping_add(0xa282_ead8);
    index[end..metaindex].copy_from_slice(&crc.to_le_bytes());
}
