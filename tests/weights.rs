//! Variables in NumPy's and in safetensors files, and what happens to files that are damaged or do not fit.
#![allow(clippy::unwrap_used)]

mod folder;

use std::path::PathBuf;

use flowstone as tf;
use folder::Folder;
use tf::format::{npz, safetensors};
use tf::{ErrorKind, Session, Value, feed_dict};

fn arrays() -> Vec<(String, Value)> {
    let named = |name: &str, value| (name.to_owned(), value);
    vec![
        named("dense/kernel", Value::new([2, 3], vec![1f32, 2.0, 3.0, 4.0, 5.0, f32::NEG_INFINITY]).unwrap()),
        named("double", Value::scalar(0.1f64)),
        named("empty", Value::new([0, 4], Vec::<f32>::new()).unwrap()),
        named("flags", Value::vector(vec![true, false])),
        named("int", Value::vector(vec![i32::MIN, i32::MAX])),
        named("long", Value::scalar(i64::MIN)),
        named("pixels", Value::vector(vec![0u8, 255])),
    ]
}

fn shown(arrays: &[(String, Value)]) -> Vec<String> {
    arrays.iter().map(|(name, value)| format!("{name} {} {value:?}", value.dtype())).collect()
}

#[test]
fn arrays_of_all_types_come_back() {
    let place = Folder::new("types");
    let mut all = arrays();
    safetensors::write(place.path("w.safetensors"), &all).unwrap();
    assert_eq!(shown(&safetensors::read(place.path("w.safetensors")).unwrap()), shown(&all));
    all.push(("words".to_owned(), Value::vector(vec![b"a".to_vec(), b"".to_vec(), b"b\0c".to_vec()])));
    npz::write(place.path("w.npz"), &all).unwrap();
    assert_eq!(shown(&npz::read(place.path("w.npz")).unwrap()), shown(&all));
    let error = safetensors::write(place.path("w.safetensors"), &all).unwrap_err();
    assert_eq!(error.message(), "'words' is string, which a .safetensors file cannot hold");
}

#[test]
fn what_numpy_compressed_is_read() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/graphs/embedding_adam.npz");
    let all = npz::read(file).unwrap();
    let table = all.iter().find(|(name, _)| name == "initial/table").unwrap();
    assert_eq!((table.1.dtype(), table.1.shape().dims()), (tf::float32, &[20, 4][..]));
    let words = all.iter().find(|(name, _)| name == "feed/0/words:0").unwrap();
    assert_eq!(words.1.as_slice::<i32>().unwrap().len(), 30);
    assert!(words.1.as_slice::<i32>().unwrap().iter().all(|word| (0..20).contains(word)));
}

fn session(kernel: [f32; 2]) -> (Session, [tf::Variable; 2]) {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let variables = [tf::Variable(kernel).named("kernel"), tf::Variable!(3.0, use_resource = true, name = "bias")];
    let sess = Session::new(&graph).unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    (sess, variables)
}

fn numbers(sess: &Session, variables: [tf::Variable; 2]) -> Vec<f32> {
    let values = sess.run(variables.to_vec(), feed_dict! {}).unwrap();
    values.iter().flat_map(|value| value.as_slice::<f32>().unwrap().to_vec()).collect()
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let place = Folder::new("fit");
    let (sess, variables) = session([1.0, 2.0]);
    let path = place.path("w.npz");
    npz::write(&path, &[("kernel".into(), Value::vector(vec![7f32; 2])), ("bia".into(), Value::scalar(0f32))]).unwrap();
    let error = tf::weights::load_npz(&sess, &path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("missing: 'bias' float32[]; the file has 'bia' float32[]"), "{error}");
    assert_eq!(numbers(&sess, variables), [1.0, 2.0, 3.0]);
    let (other, others) = session([5.0, 6.0]);
    tf::weights::save_safetensors(&other, place.path("w.safetensors")).unwrap();
    tf::weights::load_safetensors(&sess, place.path("w.safetensors")).unwrap();
    assert_eq!(numbers(&sess, variables), numbers(&other, others));
}

#[test]
fn every_cut_and_every_changed_byte_is_an_error_or_harmless() {
    let place = Folder::new("damage");
    let all = vec![("a".to_owned(), Value::vector(vec![1f32, 2.0])), ("b".to_owned(), Value::scalar(3i64))];
    for (name, write, read) in [
        ("w.npz", npz::write as fn(PathBuf, &[(String, Value)]) -> _, npz::read as fn(PathBuf) -> _),
        ("w.safetensors", safetensors::write, safetensors::read),
    ] {
        let path = place.path(name);
        write(path.clone(), &all).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for end in 0..whole.len() {
            std::fs::write(&path, &whole[..end]).unwrap();
            let error = read(path.clone()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DataLoss, "{name} cut at {end}: {error}");
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            std::fs::write(&path, &bytes).unwrap();
            if let Ok(arrays) = read(path.clone()) {
                assert!(arrays.len() <= all.len(), "{name} changed at {at}");
            }
        }
    }
}
