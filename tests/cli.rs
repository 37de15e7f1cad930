//! The program `flowstone`, as a user calls it.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::{Command, Output};

use flowstone as tf;
use serde_json::Value as Json;

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("flowstone-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Place(dir)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_flowstone")).current_dir(&self.0).args(arguments).output().unwrap()
    }

    /// What is printed by a call that succeeds.
    fn said(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The exit code and the error of a call that fails.
    fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        assert!(output.stdout.is_empty(), "{arguments:?}");
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// `y = x * w`, as a graph and with the weights in a checkpoint.
fn model(place: &Place) {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let x = tf::placeholder(tf::float32, (None, 2)).named("x");
    let w = tf::Variable([2.0, 3.0]).named("w");
    tf::identity(x * w).named("y");
    std::fs::write(place.path("g.pb"), prost::Message::encode_to_vec(&graph.as_graph_def().unwrap())).unwrap();
    let sess = tf::Session::new(&graph).unwrap();
    sess.run(tf::global_variables_initializer(), tf::feed_dict! {}).unwrap();
    tf::weights::save(&sess, place.path("w.ckpt")).unwrap();
}

fn golden(name: &str) -> String {
    format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn inspect_says_what_is_there() {
    let place = Place::new("inspect");
    model(&place);
    let text = place.said(&["inspect", "g.pb"]);
    assert!(text.starts_with("g.pb: a graph\n"), "{text}");
    assert!(text.contains("1 variables, 2 parameters, 8 bytes"), "{text}");
    assert!(text.contains("  x  float32  [?,2]\n"), "{text}");
    let json: Json =
        serde_json::from_str(&place.said(&["inspect", "--json", &golden("graphs/mlp_dropout.old.pb")])).unwrap();
    assert_eq!((&json["producer"], &json["ops"]["Variable"]), (&Json::from(24), &Json::from(8)));
    assert_eq!(json["missing_ops"], Json::Array(vec![]));
    for name in ["w.ckpt", "w.ckpt.index"] {
        let json: Json = serde_json::from_str(&place.said(&["inspect", "--json", name])).unwrap();
        assert_eq!((&json["arrays"][0]["name"], &json["bytes"]), (&Json::from("w"), &Json::from(8)));
    }
    let json: Json =
        serde_json::from_str(&place.said(&["inspect", "--json", &golden("graphs/mlp_dropout.npz")])).unwrap();
    assert_eq!(json["kind"], "NumPy arrays");
}

#[test]
fn run_feeds_and_fetches() {
    let place = Place::new("run");
    model(&place);
    let call = ["run", "g.pb", "--checkpoint", "w.ckpt", "--feed", "x:0=[[1, 2], [3, 4]]", "--fetch", "y:0", "--json"];
    let json: Json = serde_json::from_str(&place.said(&call)).unwrap();
    assert_eq!(json, serde_json::json!({"y:0": [[2.0, 6.0], [6.0, 12.0]]}));
    place.said(&["run", "g.pb", "--checkpoint", "w.ckpt", "--feed", "x:0=[[1, 2]]", "--fetch", "y:0=y.npy"]);
    let text = place.said(&["run", "g.pb", "--checkpoint", "w.ckpt", "--feed", "x:0=y.npy", "--fetch", "y:0"]);
    assert!(text.starts_with("y:0 float32[1,2]\n") && text.contains("18"), "{text}");
    let (code, error) = place.refused(&["run", "g.pb", "--feed", "x:0=[[1, 2]]", "--fetch", "y:0"]);
    assert!(code == 1 && error.contains("'w' is used before it has a value"), "{error}");
    let (code, error) = place.refused(&["run", "g.pb", "--fetch", "y:0=y.npy"]);
    assert!(code == 1 && error.contains("y.npy is there already; --force replaces it"), "{error}");
    let (code, error) = place.refused(&["run", "g.pb", "--feed", "x:0=[[1], [2, 3]]", "--fetch", "y:0"]);
    assert!(code == 1 && error.contains("the lists are not of one length"), "{error}");
    let (code, error) = place.refused(&["run", "g.pb"]);
    assert!(code == 2 && error.contains("--fetch"), "{error}");
}

#[test]
fn freeze_needs_no_weights_any_more() {
    let place = Place::new("freeze");
    model(&place);
    place.said(&["freeze", "g.pb", "--checkpoint", "w.ckpt", "--output", "y", "-o", "f.pbtxt"]);
    let json: Json =
        serde_json::from_str(&place.said(&["run", "f.pbtxt", "--feed", "x:0=[[1, 2]]", "--fetch", "y:0", "--json"]))
            .unwrap();
    assert_eq!(json, serde_json::json!({"y:0": [[2.0, 6.0]]}));
    let (code, error) = place.refused(&["freeze", "g.pb", "--checkpoint", "w.ckpt", "--output", "z", "-o", "z.pb"]);
    assert!(code == 1 && error.contains("'z'") || error.contains("z"), "{error}");
    assert!(!std::path::Path::new(&place.path("z.pb")).exists());
}

/// The directory of a model that TensorFlow saved: `y = x @ w + b`, with resource variables.
fn saved_model() -> String {
    golden("saved_models/lines")
}

#[test]
fn saved_models_are_looked_into_run_and_frozen() {
    let place = Place::new("saved-model");
    let said = place.said(&["inspect", &saved_model()]);
    assert!(said.contains("a saved model") && said.contains("w  float32  [2,2]  16  bytes"), "{said}");
    let json: Json = serde_json::from_str(&place.said(&["inspect", &saved_model(), "--json"])).unwrap();
    assert!(json.is_object());
    let run = |graph: &str| place.said(&["run", graph, "--feed", "x:0=[[1, 2], [3, 4]]", "--fetch", "y:0", "--json"]);
    let model =
        tf::saved_model::load(&tf::Session::new(&tf::Graph::new()).unwrap(), &["serve"], saved_model()).unwrap();
    let y = model.signature("serving_default").unwrap().run([("in", [[1.0f32, 2.0], [3.0, 4.0]])]).unwrap();
    let y = y.values().next().unwrap().as_slice::<f32>().unwrap().to_vec();
    let json: Json = serde_json::from_str(&run(&saved_model())).unwrap();
    assert_eq!(json, serde_json::json!({"y:0": [[y[0], y[1]], [y[2], y[3]]]}));
    place.said(&["freeze", &saved_model(), "--output", "y", "-o", "frozen.pb"]);
    assert_eq!(run("frozen.pb"), run(&saved_model()));
    assert!(place.said(&["inspect", "frozen.pb"]).contains("0 variables"));
}

#[test]
fn only_what_is_needed_is_restored() {
    let place = Place::new("needed");
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let x = tf::placeholder(tf::float32, [2]).named("x");
    let w = tf::Variable!([2.0, 3.0], name = "w");
    let y = tf::identity(x * w).named("y");
    let counter = tf::Variable!([1.0, 1.0], name = "counter");
    tf::identity(y + counter).named("z");
    std::fs::write(place.path("g.pb"), prost::Message::encode_to_vec(&graph.as_graph_def().unwrap())).unwrap();
    let sess = tf::Session::new(&graph).unwrap();
    sess.run(w.initializer(), tf::feed_dict! {}).unwrap();
    tf::Saver!(var_list = [w]).save(&sess, place.path("w.ckpt")).unwrap();
    let said = place.said(&["run", "g.pb", "--checkpoint", "w.ckpt", "--feed", "x:0=[1, 2]", "--fetch", "y:0"]);
    assert_eq!(said, "y:0 float32[2]\n[2 6]\n");
    place.said(&["freeze", "g.pb", "--checkpoint", "w.ckpt", "--output", "y", "-o", "f.pb"]);
    let z = ["run", "g.pb", "--checkpoint", "w.ckpt", "--feed", "x:0=[1, 2]", "--fetch", "z:0"];
    let (code, error) = place.refused(&z);
    assert!(code == 1 && error.contains("missing: 'counter' float32[2]") && !error.contains("'w'"), "{error}");
    let fed = [&z[..], &["--feed", "counter/read:0=[1, 1]"]].concat();
    assert_eq!(place.said(&fed), "z:0 float32[2]\n[3 7]\n");
}

#[test]
fn errors_of_graphs_name_nodes_and_no_lines() {
    let place = Place::new("lines");
    model(&place);
    let (code, error) = place.refused(&["run", "g.pb", "--feed", "x:0=[[1, 2]]", "--fetch", "y:0"]);
    assert!(code == 1 && error.contains("node w") && !error.contains(".rs:"), "{error}");
}

#[test]
fn meta_graphs_become_binary() {
    let place = Place::new("meta");
    let meta = std::fs::read(golden("checkpoints/resource-3.meta")).unwrap();
    let read =
        |bytes: &[u8]| <tf::format::meta::MetaGraphDef as tf::format::text::FileMessage>::read_any(bytes).unwrap();
    // Compared as text: numbers in lists can be coded in two ways.
    let text = |bytes: &[u8]| tf::format::text::FileMessage::to_text(&read(bytes)).unwrap();
    std::fs::write(place.path("m.pbtxt"), text(&meta)).unwrap();
    place.said(&["convert", "m.pbtxt", "m.meta"]);
    assert_eq!(text(&std::fs::read(place.path("m.meta")).unwrap()), text(&meta));
    place.said(&["convert", "m.meta", "g.pb"]);
    assert!(place.said(&["inspect", "g.pb"]).contains("net/w1"));
}

#[test]
fn convert_goes_there_and_back() {
    let place = Place::new("convert");
    model(&place);
    for (from, to) in [("w.ckpt", "a.npz"), ("a.npz", "b.safetensors"), ("b.safetensors", "c.ckpt")] {
        place.said(&["convert", from, to]);
    }
    let bytes = |name: &str| std::fs::read(place.path(name)).unwrap();
    assert_eq!(bytes("c.ckpt.index"), bytes("w.ckpt.index"));
    assert_eq!(bytes("c.ckpt.data-00000-of-00001"), bytes("w.ckpt.data-00000-of-00001"));
    place.said(&["convert", "g.pb", "g.pbtxt"]);
    place.said(&["convert", "g.pbtxt", "h.pb"]);
    assert_eq!(bytes("h.pb"), bytes("g.pb"));
    let (code, error) = place.refused(&["convert", "g.pb", "g.pbtxt"]);
    assert!(code == 1 && error.contains("g.pbtxt is there already"), "{error}");
    let (code, error) = place.refused(&["convert", "w.ckpt", "c.ckpt"]);
    assert!(code == 1 && error.contains("c.ckpt.index is there already"), "{error}");
    place.said(&["convert", "w.ckpt", "c.ckpt", "--force"]);
    let (code, error) = place.refused(&["convert", "g.pb", "g.npz"]);
    assert!(code == 1 && error.contains("there is no way from g.pb to g.npz"), "{error}");
}

#[test]
fn wrong_files_are_errors_of_one_kind() {
    let place = Place::new("wrong");
    model(&place);
    for name in ["x.pb", "x.meta", "x.npz", "x.npy", "x.safetensors", "x.ckpt.index", "saved_model.pb"] {
        std::fs::write(place.path(name), b"\xff\x01 this is no such file").unwrap();
        let (code, error) = place.refused(&["inspect", name]);
        assert!(code == 1 && error.starts_with("error: DataLoss: "), "{name}: {error}");
    }
    std::fs::create_dir(place.path("empty")).unwrap();
    for name in ["none.pb", "none.npz", "none", "empty"] {
        let (code, error) = place.refused(&["inspect", name]);
        assert!(code == 1 && error.starts_with("error: NotFound: ") && error.contains(name), "{name}: {error}");
    }
    let (code, _) = place.refused(&["inspect"]);
    assert_eq!(code, 2);
    assert!(place.said(&["dot", "g.pb"]).starts_with("digraph"));
}
