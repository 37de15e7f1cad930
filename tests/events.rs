//! Event files against TensorFlow's: `golden/make_events.py` made the one that is compared, and TensorBoard reads ours.
#![allow(clippy::unwrap_used)]

mod folder;
mod golden;

use std::path::{Path, PathBuf};
use std::process::Command;

use flowstone as tf;
use folder::Folder;
use prost::Message;
use tf::feed_dict;
use tf::format::event::event::What;
use tf::format::meta::MetaGraphDef;
use tf::format::proto::GraphDef;
use tf::{Event, SessionLog, Summary};

fn events(file: impl AsRef<Path>) -> Vec<Event> {
    tf::train::summary_iterator(file).unwrap().map(Result::unwrap).collect()
}

/// The only file of a folder.
fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// Writes what `golden/make_events.py` writes; gives the file.
fn write_events(logdir: &Path) -> PathBuf {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let x = tf::placeholder(tf::float32, [4]).named("x");
    let w = tf::Variable!([1.0, 2.0, 3.0, 4.0], name = "w");
    let loss = tf::reduce_mean(tf::square(w - x)).named("mean");
    tf::summary::scalar("loss", loss);
    {
        let _scope = tf::name_scope("layer");
        tf::summary_histogram!("weights", w, family = "all");
    }
    tf::summary_image!("picture", tf::reshape(w, [1, 2, 2, 1]), max_outputs = 1);
    tf::summary::text("words", tf::constant(["one", "two"]));
    let merged = tf::summary::merge_all().unwrap();
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    let writer = tf::FileWriter!(logdir, graph = sess.graph()).unwrap();
    let log = SessionLog { status: SessionLog::START, checkpoint_path: "model.ckpt".into(), ..Default::default() };
    writer.add_session_log(log, 0).unwrap();
    for step in 0..3 {
        writer.add_summary(sess.run(merged, feed_dict! { x: [step as f32; 4] }).unwrap(), step).unwrap();
    }
    writer.add_summary(Summary::of_numbers([("accuracy", 0.5)]), None).unwrap();
    writer.close().unwrap();
    only_file(logdir)
}

#[test]
fn events_are_tensorflows_one_by_one() {
    let folder = Folder::new("events");
    let ours = events(write_events(&folder.path("log")));
    let theirs = events(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/events/training.tfevents"));
    assert_eq!((ours.len(), theirs.len()), (8, 8));
    let same_nodes = |ours: &GraphDef, theirs: &GraphDef| {
        let differences = golden::differences(&ours.node, &theirs.node);
        assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    };
    let mut times = 0.0;
    for (ours, theirs) in ours.into_iter().zip(theirs) {
        assert_eq!(ours.step, theirs.step);
        assert!(ours.wall_time >= times || ours.wall_time.floor() == times.floor());
        times = ours.wall_time;
        match (ours.what.unwrap(), theirs.what.unwrap()) {
            (What::GraphDef(ours), What::GraphDef(theirs)) => {
                same_nodes(&GraphDef::from_bytes(&ours).unwrap(), &GraphDef::from_bytes(&theirs).unwrap());
            }
            (What::MetaGraphDef(ours), What::MetaGraphDef(theirs)) => {
                let ours = MetaGraphDef::decode(&*ours).unwrap();
                let theirs = MetaGraphDef::decode(&*theirs).unwrap();
                same_nodes(&ours.graph_def.unwrap(), &theirs.graph_def.unwrap());
                assert_eq!(ours.collection_def, theirs.collection_def);
            }
            (What::Summary(mut ours), What::Summary(mut theirs)) => {
                // One picture can be packed in several ways.
                for value in ours.value.iter_mut().chain(&mut theirs.value) {
                    if let Some(image) = &mut value.image {
                        assert!(image.encoded_image_string.starts_with(b"\x89PNG"));
                        image.encoded_image_string.clear();
                    }
                }
                assert_eq!(ours, theirs);
            }
            (ours, theirs) => assert_eq!(ours, theirs),
        }
    }
}

/// Prints what TensorBoard finds in the folder given.
const TENSORBOARD: &str = "
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
import tensorflow.compat.v1 as tf
a = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0, 'histograms': 0, 'images': 0, 'tensors': 0})
a.Reload()
for name, tags in sorted(a.Tags().items()):
    print(name, tags)
for tag in a.Tags()['scalars']:
    print(tag, [(e.step, e.value) for e in a.Scalars(tag)])
for tag in a.Tags()['histograms']:
    print(tag, [(e.step, e.histogram_value.num, e.histogram_value.sum) for e in a.Histograms(tag)])
for tag in a.Tags()['images']:
    print(tag, [(e.step, e.width, e.height, tf.io.decode_png(e.encoded_image_string).shape) for e in a.Images(tag)])
for tag in a.Tags()['tensors']:
    print(tag, [tf.make_ndarray(e.tensor_proto).tolist() for e in a.Tensors(tag)][0])
print(sorted(n.name for n in a.Graph().node if '/' not in n.name))
print(sorted(tf.MetaGraphDef.FromString(a.MetaGraph().SerializeToString()).collection_def))
for log in [e.session_log for e in tf.train.summary_iterator(sys.argv[2]) if e.HasField('session_log')]:
    print(log.status, log.checkpoint_path)
";

const FOUND: &str = "\
audio []
distributions ['all/layer/all/weights']
graph True
histograms ['all/layer/all/weights']
images ['picture/image']
meta_graph True
run_metadata []
scalars ['loss', 'accuracy']
tensors ['words']
loss [(0, 7.5), (1, 3.5), (2, 1.5)]
accuracy [(0, 0.5)]
all/layer/all/weights [(0, 4.0, 10.0), (1, 4.0, 10.0), (2, 4.0, 10.0)]
picture/image [(0, 2, 2, TensorShape([2, 2, 1])), (1, 2, 2, TensorShape([2, 2, 1])), (2, 2, 2, TensorShape([2, 2, 1]))]
words [b'one', b'two']
['Const', 'Const_1', 'Reshape', 'Square', 'init', 'loss', 'mean', 'picture', 'sub', 'w', 'words', 'x']
['summaries', 'trainable_variables', 'variables']
1 model.ckpt
";

/// `FLOWSTONE_TENSORFLOW` names a Python that has TensorFlow and TensorBoard; without it there is nothing to ask.
#[test]
fn tensorboard_reads_what_we_wrote() {
    let Some(python) = std::env::var_os("FLOWSTONE_TENSORFLOW") else { return };
    let folder = Folder::new("tensorboard");
    let file = write_events(&folder.path("log"));
    let output = Command::new(python).args(["-c", TENSORBOARD]).arg(folder.path("log")).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found = String::from_utf8(output.stdout).unwrap();
    assert_eq!(found.lines().collect::<Vec<_>>(), FOUND.lines().collect::<Vec<_>>());
}
