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
use tf::format::event::What;
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

/// What the events of a file say: graphs, and the step and the tag of each number.
fn told(file: &Path) -> Vec<String> {
    let line = |event: Event| match event.what.unwrap() {
        What::Summary(summary) => {
            assert_eq!(summary.value.len(), 1);
            let value = &summary.value[0];
            assert!(value.simple_value.unwrap().is_finite());
            format!("{} {}", event.step, value.tag)
        }
        What::GraphDef(_) => "graph".to_owned(),
        What::MetaGraphDef(_) => "meta graph".to_owned(),
        other => format!("{other:?}"),
    };
    events(file).into_iter().skip(1).map(line).collect()
}

/// The steps and tags are those of Keras on TensorFlow 1 (`tf_keras` 2.19), which calls the metric by its long name.
#[test]
fn keras_tells_tensorboard_what_it_tells_in_tensorflow() {
    use tf::keras::callbacks::TensorBoard;
    let folder = Folder::new("keras");
    let mut model = tf::keras::Sequential();
    model.add(tf::keras::layers::Dense!(1, input_shape = (2,)));
    model.compile().loss("mse").metrics(["mae"]).build().unwrap();
    let (x, y) = (vec![[0.5f32, 1.0]; 10], vec![[1.0f32]; 10]);
    let mut fit = |name: &str, board: TensorBoard, part: f64| {
        let mut board = board;
        let fit = model.fit(x.clone(), y.clone()).epochs(2).batch_size(4).validation_split(part).verbose(0);
        fit.callbacks([&mut board as _]).run().unwrap();
        told(&only_file(&folder.path(name)))
    };
    let mae = |prefix: &str| format!("{prefix}mae");
    let epochs: Vec<String> = (0..2)
        .flat_map(|epoch| ["loss", &mae(""), "val_loss", &mae("val_")].map(|name| format!("{epoch} epoch_{name}")))
        .collect();
    let found = fit("epochs", TensorBoard(folder.path("epochs")), 0.2);
    assert_eq!((&found[..2], &found[2..]), (&["graph".to_owned(), "meta graph".to_owned()][..], &epochs[..]));

    let steps = |batches: [&[i64]; 2]| -> Vec<String> {
        let of = |(batches, samples): (&[i64], i64)| {
            let mut lines: Vec<String> =
                batches.iter().flat_map(|i| ["loss", &mae("")].map(|name| format!("{i} batch_{name}"))).collect();
            lines.extend(["loss", &mae("")].map(|name| format!("{samples} epoch_{name}")));
            lines
        };
        batches.into_iter().zip([10, 20]).flat_map(of).collect()
    };
    let board = TensorBoard(folder.path("batches")).update_freq("batch").write_graph(false);
    assert_eq!(fit("batches", board, 0.0), steps([&[0, 1, 2], &[3, 4, 5]]));
    let board = TensorBoard(folder.path("samples")).update_freq(6).write_graph(false);
    assert_eq!(fit("samples", board, 0.0), steps([&[1], &[3, 5]]));
    let board = TensorBoard(folder.path("histograms")).histogram_freq(2).write_images(true).write_graph(false);
    let mut board = board;
    let fit = model.fit(x.clone(), y.clone()).epochs(3).batch_size(2).validation_split(0.4).verbose(0);
    fit.callbacks([&mut board as _]).run().unwrap();
    let found: Vec<Event> = events(only_file(&folder.path("histograms")));
    let summaries = found.iter().filter_map(|event| Some((event.step, event.summary()?)));
    let (all, numbers): (Vec<_>, Vec<_>) = summaries.partition(|(_, summary)| summary.value.len() > 1);
    // Two batches after each of the epochs 0 and 2, and four numbers after each.
    assert_eq!((all.iter().map(|(step, _)| *step).collect::<Vec<i64>>(), numbers.len()), (vec![0, 1, 2, 3], 12));
    let tags: Vec<&str> = all[0].1.value.iter().map(|value| value.tag.as_str()).collect();
    // A bias of one number is no picture.
    assert_eq!(tags, ["dense/kernel_0", "dense/kernel_0_1/image/0", "dense/bias_0", "dense_out"]);

    let mut wrong = TensorBoard(folder.path("wrong")).update_freq("sometimes");
    let error = model.fit(x, y).verbose(0).callbacks([&mut wrong as _]).run().unwrap_err();
    assert!(error.to_string().contains("'sometimes', neither 'epoch' nor 'batch'"), "{error}");
}
