//! Savers against TensorFlow: their nodes, its files, and what it makes of ours. `golden/make_saver.py` and
//! `golden/make_checkpoints.py` made what is compared.
#![allow(clippy::unwrap_used)]

mod folder;
mod golden;

use std::path::{Path, PathBuf};
use std::process::Command;

use flowstone as tf;
use folder::Folder;
use tf::feed_dict;
use tf::format::proto::GraphDef;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[test]
fn savers_are_tensorflows_node_for_node() {
    let theirs = GraphDef::from_bytes(&std::fs::read(path("saver.pb")).unwrap()).unwrap();
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let b = tf::Variable!(tf::zeros([2, 3]), name = "b");
    let a = tf::Variable!(1.0, name = "a", use_resource = true);
    let c = {
        let _scope = tf::variable_scope("net");
        tf::get_variable!("c", [2], dtype = tf::int64, initializer = tf::zeros_initializer())
    };
    let _all = tf::train::Saver();
    let _some = tf::Saver!(var_list = [("one", a), ("another", c)], name = "some", filename = "elsewhere");
    let _again = tf::Saver!(var_list = [b, c]);
    {
        let _scope = tf::name_scope("scope");
        let _within = tf::Saver!(var_list = &[a][..]);
    }
    let ours = graph.as_graph_def().unwrap();
    let differences = golden::differences(&ours.node, &theirs.node);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(theirs.node.iter().filter(|node| node.op == "RestoreV2").count() == 4);
}

#[test]
fn savers_of_several_devices_are_tensorflows_node_for_node() {
    let folder = Folder::new("sharded");
    let theirs = GraphDef::from_bytes(&std::fs::read(path("sharded_saver.pb")).unwrap()).unwrap();
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let a = tf::Variable!([1.0, 2.0], name = "a");
    let b = tf::Variable!(3, name = "b", use_resource = true);
    let single = tf::Saver!(sharded = true);
    let (c, d) = {
        let _device = graph.device("/cpu:1");
        (tf::Variable!([4.0], name = "c"), tf::Variable!(5, name = "d", use_resource = true))
    };
    {
        let _device = graph.device("/job:ps/task:1/gpu:0");
        tf::Variable!([6.0], name = "e");
        tf::get_variable!("f", [2], initializer = tf::zeros_initializer());
        tf::get_variable!("g", [2], initializer = tf::zeros_initializer(), use_resource = true);
    }
    let sharded = tf::Saver!(sharded = true);
    let _one = tf::Saver!(var_list = [c, d], sharded = true, name = "one");
    let init = tf::global_variables_initializer();
    let ours = graph.as_graph_def().unwrap();
    let differences = golden::differences(&ours.node, &theirs.node);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    let plain = tf::Saver!(var_list = [a, b]);
    let sess = tf::Session().unwrap();
    sess.run(init, feed_dict! {}).unwrap();
    let files =
        |prefix: &str| [".index", ".data-00000-of-00001"].map(|end| std::fs::read(format!("{prefix}{end}")).unwrap());
    let (of_one, of_none) = (single.save(&sess, folder.path("one")), plain.save(&sess, folder.path("plain")));
    assert!(files(&of_one.unwrap()) == files(&of_none.unwrap()));
    let saved = sharded.save(&sess, folder.path("all")).unwrap();
    sess.run((tf::assign(a, [0.0, 0.0]), tf::assign(c, [0.0])), feed_dict! {}).unwrap();
    sharded.restore(&sess, &saved).unwrap();
    let (a, c) = sess.run((a, c), feed_dict! {}).unwrap();
    assert_eq!((a.as_slice::<f32>().unwrap(), c.as_slice::<f32>().unwrap()), (&[1.0, 2.0][..], &[4.0][..]));
    let left = std::fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(left.into_iter().all(|name| !name.contains("_temp")), "no part is left");
}

#[test]
fn variables_start_with_a_checkpoint_by_tensorflows_nodes() {
    let theirs = GraphDef::from_bytes(&std::fs::read(path("init_from_checkpoint.pb")).unwrap()).unwrap();
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let (w, b) = {
        let _scope = tf::variable_scope("new");
        (tf::get_variable("w1", [2, 4]), tf::get_variable!("b1", [4], use_resource = true))
    };
    let step = tf::Variable!(0i64, name = "step");
    let checkpoint = "tests/golden/checkpoints/resource-3";
    {
        let _scope = tf::name_scope("scope");
        let map = [("net/", tf::train::Initialized::from("new/")), ("global_step", step.into())];
        tf::train::init_from_checkpoint(checkpoint, map).unwrap();
    }
    let init = tf::global_variables_initializer();
    let ours = graph.as_graph_def().unwrap();
    let differences = golden::differences(&ours.node, &theirs.node);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    let sess = tf::Session().unwrap();
    sess.run(init, feed_dict! {}).unwrap();
    for (variable, name) in [(w, "net/w1"), (b, "net/b1"), (step, "global_step")] {
        let held = tf::train::load_variable(checkpoint, name).unwrap();
        assert_eq!(sess.run(variable, feed_dict! {}).unwrap(), held, "{name}");
    }
}

#[test]
fn a_checkpoint_that_does_not_fit_changes_no_start() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let w = tf::get_variable("new/w1", [2, 4]);
    let b = tf::get_variable!("new/b1", [3], initializer = tf::ones_initializer());
    let nodes = graph.len();
    let error = |map: &[(&str, &str)]| {
        let map = map.iter().copied();
        tf::train::init_from_checkpoint(path("checkpoints/resource-3"), map).unwrap_err().to_string()
    };
    let found = error(&[("net/", "new/")]);
    assert!(found.contains("other shape: 'net/b1' is [4] in the file, [3] is wanted"), "{found}");
    let found = error(&[("/", "new/")]);
    assert!(found.contains("missing: 'w1' float32[2,4]"), "{found}");
    let found = error(&[("global_step", "new/w1")]);
    assert!(found.contains("'global_step' is int64 in the file, float32 is wanted"), "{found}");
    let found = error(&[("net/w1", "new/none")]);
    assert!(found.contains("'net/w1' is to be the start of 'new/none'"), "{found}");
    assert_eq!(graph.len(), nodes);
    assert_eq!((w.initializer().name(), b.initial_value().op().op_type()), ("new/w1/Assign".into(), "Const".into()));
}

#[test]
fn an_imported_network_is_restored_trained_on_and_saved() {
    let folder = Folder::new("moons");
    for scope in ["", "again"] {
        let graph = tf::Graph::new();
        let _default = graph.as_default();
        let meta = path("checkpoints/moons-20.meta");
        let saver = tf::import_meta_graph!(&meta, import_scope = scope).unwrap();
        let name = |name: &str| if scope.is_empty() { name.to_owned() } else { format!("{scope}/{name}") };
        let sess = tf::Session().unwrap();
        saver.restore(&sess, path("checkpoints/moons-20")).unwrap();
        let step: tf::Tensor = graph.get_tensor_by_name(&name("global_step:0")).unwrap();
        let saved = saver.save_args(&sess, folder.path("m")).global_step(step).build().unwrap();
        assert!(saved.ends_with("m-20"));
        for suffix in ["index", "data-00000-of-00001"] {
            let theirs = std::fs::read(path(&format!("checkpoints/moons-20.{suffix}"))).unwrap();
            assert!(std::fs::read(format!("{saved}.{suffix}")).unwrap() == theirs, "{suffix}");
        }
        let recorded = std::fs::read_to_string(path("checkpoints/moons.txt")).unwrap();
        let recorded: Vec<f32> = recorded.lines().map(|line| line.parse().unwrap()).collect();
        for expected in &recorded[..20] {
            let train = graph.get_operation_by_name(&name("train")).unwrap();
            let (cost, ()) = sess.run((name("cost:0").as_str(), train), feed_dict! {}).unwrap();
            approx::assert_relative_eq!(cost.item::<f32>().unwrap(), *expected, max_relative = 1e-5);
        }
        saver.restore(&sess, &saved).unwrap();
        assert_eq!(sess.run(step, feed_dict! {}).unwrap().item::<i64>().unwrap(), 20);
    }
}

#[test]
fn the_file_of_a_folder_is_tensorflows() {
    let folder = Folder::new("state");
    std::fs::create_dir_all(&folder.0).unwrap();
    std::fs::copy(path("checkpoints/moons-checkpoint.txt"), folder.path("checkpoint")).unwrap();
    let state = tf::train::get_checkpoint_state(&folder.0).unwrap().unwrap();
    assert_eq!(Path::new(&state.model_checkpoint_path), folder.0.join("moons-20"));
    assert_eq!(tf::train::latest_checkpoint(&folder.0).unwrap(), None, "its files are not there");
    for suffix in ["index", "data-00000-of-00001"] {
        let name = format!("moons-20.{suffix}");
        std::fs::copy(path(&format!("checkpoints/{name}")), folder.0.join(name)).unwrap();
    }
    assert_eq!(tf::train::latest_checkpoint(&folder.0).unwrap(), Some(state.model_checkpoint_path));
    let reader = tf::train::load_checkpoint(&folder.0).unwrap();
    assert!(reader.has_tensor("net/w1/Adam_1") && !reader.has_tensor("net/w1/Adam_2"));
    let listed = tf::train::list_variables(&folder.0).unwrap();
    assert_eq!((listed.len(), listed[3].0.as_str(), listed[3].1.to_string().as_str()), (12, "net/b1", "[8]"));
    tf::update_checkpoint_state!(&folder.0, "moons-20").unwrap();
    let ours = std::fs::read(folder.path("checkpoint")).unwrap();
    assert!(ours == std::fs::read(path("checkpoints/moons-checkpoint.txt")).unwrap());
    std::fs::write(folder.path("checkpoint"), "model_checkpoint_path: 1").unwrap();
    assert!(tf::train::latest_checkpoint(&folder.0).unwrap_err().to_string().contains("checkpoint"));
}

/// Restores what is in `argv[1]` and trains on; prints the costs.
const TENSORFLOW: &str = "
import sys, tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
prefix = tf.train.latest_checkpoint(sys.argv[1])
saver = tf.train.import_meta_graph(prefix + '.meta')
with tf.Session() as sess:
    saver.restore(sess, prefix)
    for _ in range(10):
        print('%.9g' % sess.run(['cost:0', 'train'])[0])
    saver.save(sess, prefix, global_step=99)
";

/// `FLOWSTONE_TENSORFLOW` names a Python that has TensorFlow; without it there is nothing to ask.
#[test]
fn tensorflow_trains_on_what_we_saved() {
    let Some(python) = std::env::var_os("FLOWSTONE_TENSORFLOW") else { return };
    let folder = Folder::new("tensorflow");
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    graph.set_random_seed(1);
    let x = tf::random_normal!([40, 3], seed = 1);
    let x = tf::Variable!(x, trainable = false, name = "x");
    let w = tf::Variable!(tf::zeros([3, 1]), name = "w", use_resource = true);
    let b = tf::Variable!(tf::zeros([1]), name = "b");
    let target = tf::reduce_sum!(x, axis = 1, keepdims = true);
    let cost = tf::reduce_mean(tf::square(tf::matmul(x, w) + b - target - 0.5)).named("cost");
    let step = tf::train::get_or_create_global_step();
    let train = tf::train::AdamOptimizer(0.1).minimize_args(cost).global_step(step).build().named("train");
    let saver = tf::train::Saver();
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    for _ in 0..5 {
        sess.run(train, feed_dict! {}).unwrap();
    }
    saver.save_args(&sess, folder.path("m")).global_step(step).build().unwrap();
    let output = Command::new(python).args(["-c", TENSORFLOW]).arg(&folder.0).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(theirs.lines().count(), 10);
    for line in theirs.lines() {
        let (cost, ()) = sess.run((cost, train), feed_dict! {}).unwrap();
        approx::assert_relative_eq!(cost.item::<f32>().unwrap(), line.parse::<f32>().unwrap(), max_relative = 1e-4);
    }
    let before = sess.run((w, step), feed_dict! {}).unwrap();
    let latest = tf::train::latest_checkpoint(&folder.0).unwrap().unwrap();
    assert!(latest.ends_with("m-5-99"));
    saver.restore(&sess, latest).unwrap();
    let after = sess.run((w, step), feed_dict! {}).unwrap();
    assert_eq!(before.1, after.1);
    let numbers = |w: &tf::Value| w.as_slice::<f32>().unwrap().to_vec();
    for (ours, theirs) in numbers(&before.0).into_iter().zip(numbers(&after.0)) {
        approx::assert_relative_eq!(ours, theirs, max_relative = 1e-4);
    }
}
