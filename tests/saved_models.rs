//! Saved models of TensorFlow are loaded and asked (`golden/make_saved_models.py`).
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use flowstone as tf;
use tf::saved_model::{self, loader};
use tf::{ErrorKind, Session, Value};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/saved_models").join(name)
}

fn session() -> Session {
    Session::new(&tf::Graph::new()).unwrap()
}

fn ask_lines(model: &saved_model::LoadedModel) -> Vec<f32> {
    let signature = model.signature("serving_default").unwrap();
    let outputs = signature.run([("in", [[1.0f32, 1.0]])]).unwrap();
    assert_eq!(outputs.keys().collect::<Vec<_>>(), ["out"]);
    outputs["out"].as_slice::<f32>().unwrap().to_vec()
}

/// A copy of the model `name` that may be damaged; removed when dropped.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str, test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("flowstone-saved-{test}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("variables")).unwrap();
        for file in ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"] {
            std::fs::copy(golden(name).join(file), folder.join(file)).unwrap();
        }
        Copy(folder)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn graphs_are_chosen_by_their_tags() {
    assert_eq!(ask_lines(&loader::load(&session(), &["serve"], golden("lines")).unwrap()), [4.5, 5.5]);
    assert_eq!(ask_lines(&loader::load(&session(), &["double", "serve"], golden("lines")).unwrap()), [9.0, 11.0]);
    let error = loader::load(&session(), &["train"], golden("lines")).err().unwrap();
    assert_eq!(error.to_string(), "NotFound: no graph has the tags {train}; there are {serve}, {double, serve}");
}

#[test]
fn a_scope_holds_the_names_and_variables_can_be_trained() {
    let sess = session();
    let model = loader::load_args(&sess, &["serve"], golden("lines")).import_scope("old").build().unwrap();
    assert_eq!(ask_lines(&model), [4.5, 5.5]);
    let _graph = sess.graph().as_default();
    let names: Vec<String> = tf::trainable_variables().iter().map(|variable| variable.name()).collect();
    assert_eq!(names, ["old/w:0", "old/b:0"]);
    let y = sess.graph().get_tensor_by_name("old/y:0").unwrap();
    let train = tf::train::GradientDescentOptimizer(1.0).minimize(tf::reduce_sum(y));
    sess.run(train, tf::feed_dict! { "old/x:0": [[1.0f32, 1.0]] }).unwrap();
    assert_eq!(ask_lines(&model), [1.5, 2.5]);
}

#[test]
fn what_runs_after_loading_is_fed_the_files() {
    let model = saved_model::load(&session(), &[saved_model::tag_constants::SERVING], golden("words")).unwrap();
    let outputs = model.signature("ask").unwrap().run([] as [(&str, Value); 0]).unwrap();
    assert_eq!(outputs["count"].item::<i32>().unwrap(), 7);
    let path = String::from_utf8(outputs["path"].item::<Vec<u8>>().unwrap()).unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), "a word\n");
}

#[test]
fn signatures_name_what_is_asked() {
    let model = loader::load(&session(), &["serve"], golden("lines")).unwrap();
    let error = model.signature("ask").err().unwrap();
    assert_eq!(error.to_string(), "NotFound: there is no signature 'ask'; there are 'serving_default'");
    let signature = model.signature("serving_default").unwrap();
    let error = signature.run([("x", 1.0f32)]).unwrap_err();
    assert_eq!(error.to_string(), "InvalidArgument: the signature has no input 'x' left; its inputs are 'in'");
    let error = signature.run([] as [(&str, Value); 0]).unwrap_err();
    assert_eq!(error.to_string(), "InvalidArgument: the signature's input 'in' is not given");
}

#[test]
fn models_that_call_functions_are_refused() {
    let sess = session();
    let error = loader::load(&sess, &["serve"], golden("call")).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unimplemented);
    assert!(error.to_string().contains("PartitionedCall: node '"), "{error}");
    assert!(sess.graph().is_empty());
}

#[test]
fn folders_without_a_model_and_damaged_ones() {
    assert!(loader::maybe_saved_model_directory(golden("words")));
    assert!(!loader::maybe_saved_model_directory(golden("..")));
    let error = loader::load(&session(), &["serve"], golden("..")).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    let copy = Copy::new("lines", "damaged");
    let file = copy.0.join("saved_model.pb");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 7]).unwrap();
    let sess = session();
    let error = loader::load(&sess, &["serve"], &copy.0).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::DataLoss, "{error}");
    std::fs::write(&file, &whole).unwrap();
    std::fs::remove_file(copy.0.join("variables/variables.index")).unwrap();
    let error = loader::load(&sess, &["serve"], &copy.0).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(sess.graph().is_empty());
}

#[test]
fn files_outside_of_the_folder_are_refused() {
    let copy = Copy::new("lines", "outside");
    std::fs::remove_file(copy.0.join("saved_model.pb")).unwrap();
    let text = std::fs::read_to_string(golden("words").join("saved_model.pbtxt")).unwrap();
    let text = text.replace(r"\022\twords.txt", r"\022\t../../etc");
    std::fs::write(copy.0.join("saved_model.pbtxt"), text).unwrap();
    let error = loader::load(&session(), &["serve"], &copy.0).err().unwrap();
    assert_eq!(error.to_string(), "InvalidArgument: the asset '../../etc' lies outside of the model's folder");
}

/// A model with variables of both kinds and a file, written into a folder of its own.
fn written(test: &str, as_text: bool) -> Copy {
    let folder = Copy(std::env::temp_dir().join(format!("flowstone-saved-{test}-{}", std::process::id())));
    std::fs::create_dir_all(&folder.0).unwrap();
    let words = folder.0.join("words.txt");
    std::fs::write(&words, "a word\n").unwrap();

    let graph = tf::Graph::new();
    let _graph = graph.as_default();
    let x = tf::placeholder(tf::float32, (None, 2)).named("x");
    let w = tf::Variable([[1.0f32, 2.0], [3.0, 4.0]]).named("w");
    let b = tf::Variable!([0.5f32, -0.5], use_resource = true, name = "b");
    let path = tf::constant(words.to_str().unwrap()).named("path");
    let kept = tf::Variable!("", trainable = false, name = "kept");
    let start = tf::assign(kept, path).named("start");
    let y = tf::identity(tf::matmul(x, w) + b).named("y");
    let cost = tf::reduce_mean(tf::square(y)).named("cost");
    tf::train::GradientDescentOptimizer(0.1).minimize(cost);
    let sess = Session::new(&graph).unwrap();
    sess.run(tf::global_variables_initializer(), tf::feed_dict! {}).unwrap();

    let mut builder = saved_model::Builder(folder.0.join("model")).unwrap();
    let ask = saved_model::predict_signature_def(&[("x", x)], &[("y", y), ("kept", kept.value())]).unwrap();
    let args = builder.add_meta_graph_and_variables_args(&sess, &["serve"]);
    args.signature_def_map(&[("serving_default", ask)]).assets_collection(&[path]).main_op(start.op()).build().unwrap();
    if as_text { builder.save_as_text() } else { builder.save() }.unwrap();
    std::fs::remove_file(words).unwrap();
    folder
}

#[test]
fn what_is_written_is_loaded() {
    for as_text in [false, true] {
        let folder = written(&format!("written-{as_text}"), as_text);
        let model = loader::load(&session(), &["serve"], folder.0.join("model")).unwrap();
        let outputs = model.signature("serving_default").unwrap().run([("x", [[1.0f32, 1.0]])]).unwrap();
        assert_eq!(outputs["y"].as_slice::<f32>().unwrap(), [4.5, 5.5]);
        let path = String::from_utf8(outputs["kept"].item::<Vec<u8>>().unwrap()).unwrap();
        assert_eq!(PathBuf::from(path), folder.0.join("model/assets/words.txt"));
    }
}

#[test]
fn folders_that_are_full_and_graphs_out_of_order() {
    let folder = written("full", false);
    let error = saved_model::Builder(folder.0.join("model")).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");

    let mut builder = saved_model::Builder(folder.0.join("other")).unwrap();
    let error = builder.save().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition, "{error}");
    let error = builder.add_meta_graph(&["serve"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition, "{error}");
    let signature = saved_model::build_signature_def(&[], &[], "");
    let sess = session();
    let args = builder.add_meta_graph_and_variables_args(&sess, &["serve"]);
    let error = args.signature_def_map(&[("__saved_model_init_op", signature)]).build().unwrap_err();
    assert_eq!(error.to_string(), "InvalidArgument: the name '__saved_model_init_op' of a signature is reserved");
}

/// TensorFlow serves and trains what is written here, if FLOWSTONE_TENSORFLOW names a Python that has it.
#[test]
fn tensorflow_serves_and_trains_what_is_written() {
    let Some(python) = std::env::var_os("FLOWSTONE_TENSORFLOW") else {
        eprintln!("skipped: FLOWSTONE_TENSORFLOW names no Python with TensorFlow");
        return;
    };
    for as_text in [false, true] {
        let folder = written(&format!("served-{as_text}"), as_text);
        let mut command = std::process::Command::new(&python);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/serve_saved_model.py");
        let output = command.arg("-B").arg(script).arg(folder.0.join("model")).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "[[4.5, 5.5]] words.txt 25.25 trained\n", "{errors}");
    }
}
