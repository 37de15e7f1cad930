//! Runs that are looked at: what each step took, as TensorFlow's metadata and as Chrome's trace.
#![allow(clippy::unwrap_used)]

mod folder;

use std::path::Path;
use std::process::Command;

use flowstone as tf;
use folder::Folder;
use tf::feed_dict;
use tf::format::text::FileMessage;
use tf::format::trace::NodeExecStats;
use tf::python::client::timeline;
use tf::{RunMetadata, RunOptions};

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/events").join(name)).unwrap()
}

fn full_trace() -> RunOptions {
    RunOptions { trace_level: RunOptions::FULL_TRACE, ..Default::default() }
}

fn nodes(metadata: &RunMetadata) -> &[NodeExecStats] {
    &metadata.step_stats.as_ref().unwrap().dev_stats[0].node_stats
}

#[test]
fn timelines_are_tensorflows_letter_by_letter() {
    let metadata = RunMetadata::read_bytes(&golden("run_metadata.pb")).unwrap();
    let timeline = || timeline::Timeline(metadata.step_stats.as_ref());
    let json = |name: &str| String::from_utf8(golden(name)).unwrap();
    assert_eq!(timeline().generate_chrome_trace_format().unwrap(), json("timeline.json"));
    let args = timeline().generate_chrome_trace_format_args();
    assert_eq!(args.show_memory(true).build().unwrap(), json("timeline_memory.json"));
    let args = timeline().generate_chrome_trace_format_args();
    assert_eq!(args.show_dataflow(false).build().unwrap(), json("timeline_plain.json"));
    let nothing: serde_json::Value =
        serde_json::from_str(&timeline::Timeline(None).generate_chrome_trace_format().unwrap()).unwrap();
    assert_eq!(nothing["traceEvents"].as_array().unwrap().len(), 1);
}

/// y = relu(x w + 1) + 2, x is fed.
fn layer() -> (tf::Tensor, tf::Tensor) {
    let x = tf::placeholder(tf::float32, (None, 2)).named("x");
    let w = tf::Variable!([[1.0, 2.0], [3.0, 4.0]], name = "w");
    let z = tf::matmul(x, w).named("mm") + 1.0;
    (x, (tf::nn::relu(z).named("r") + 2.0).named("y"))
}

#[test]
fn a_trace_says_when_each_node_ran_and_what_it_made() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let (x, y) = layer();
    let feeds = || feed_dict! { x: [[1.0, 2.0]] };
    for plain in [true, false] {
        let sess = tf::SessionArgs::new().plain(plain).build().unwrap();
        sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
        let mut metadata = RunMetadata::default();
        let before = since_1970();
        let traced = sess.run_args(y, feeds()).options(full_trace()).run_metadata(&mut metadata).build().unwrap();
        assert_eq!(traced, sess.run(y, feeds()).unwrap());
        let device = &metadata.step_stats.as_ref().unwrap().dev_stats[0];
        assert_eq!(device.device, "/job:localhost/replica:0/task:0/device:CPU:0");
        let explained = sess.explain(y, feeds()).unwrap().steps();
        let names: Vec<&str> = nodes(&metadata).iter().map(|node| node.node_name.as_str()).collect();
        assert_eq!(names, explained.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
        let mut last = before;
        for node in nodes(&metadata) {
            assert!(node.all_start_nanos >= last, "{node:?}");
            let times = [0, node.op_start_rel_nanos, node.op_end_rel_nanos, node.all_end_rel_nanos];
            assert!(times.is_sorted(), "{node:?}");
            assert_eq!(node.all_start_micros, node.all_start_nanos / 1000);
            last = node.all_start_nanos + node.all_end_rel_nanos;
        }
        let made = nodes(&metadata).last().unwrap();
        assert_eq!(made.node_name, "y");
        let described = made.output[0].tensor_description.as_ref().unwrap();
        let shape: Vec<i64> = described.shape.as_ref().unwrap().dim.iter().map(|dim| dim.size).collect();
        assert_eq!((described.dtype, shape), (1, vec![1, 2]));
        assert_eq!(described.allocation_description.as_ref().unwrap().requested_bytes, 8);
        let labels: Vec<&str> = nodes(&metadata).iter().map(|node| node.timeline_label.as_str()).collect();
        if plain {
            assert!(labels.contains(&"mm = MatMul(x, w/read)"), "{labels:?}");
            assert!(labels.iter().all(|label| label.ends_with(')')), "{labels:?}");
        } else {
            let fused = labels.iter().find(|label| label.contains('[')).unwrap();
            let names = fused.split(['[', ']']).nth(1).unwrap();
            assert!(names.split(", ").any(|name| name == "r"), "{labels:?}");
        }
    }
}

/// Nanoseconds.
fn since_1970() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as i64
}

#[test]
fn what_was_run_is_written_with_the_nodes_that_each_step_stands_for() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let (x, y) = layer();
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    let mut metadata = RunMetadata::default();
    let options = RunOptions { output_partition_graphs: true, ..Default::default() };
    sess.run_args(y, feed_dict! { x: [[1.0, 2.0]] }).options(options).run_metadata(&mut metadata).build().unwrap();
    assert!(metadata.step_stats.is_none());
    let graph = &metadata.partition_graphs[0];
    assert_eq!(graph.node.len(), sess.explain(y, feed_dict! { x: [[1.0, 2.0]] }).unwrap().steps().len());
    let text = graph.to_text().unwrap();
    assert!(text.contains("original_node_names: \"r\""), "{text}");
    // Nothing was asked for: nothing is said.
    sess.run_args(y, feed_dict! { x: [[1.0, 2.0]] }).run_metadata(&mut metadata).build().unwrap();
    assert_eq!(metadata, RunMetadata::default());
}

#[test]
fn a_run_ends_when_its_time_is_up() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let count = tf::Variable(0);
    let mut x = tf::placeholder(tf::float32, [200, 200]);
    let fed = x;
    for _ in 0..300 {
        x = tf::matmul(x, fed);
    }
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    let after = {
        let _after = tf::control_dependencies(&[x.op()]);
        tf::assign_add(count, 1)
    };
    let zeros = || feed_dict! { fed: tf::Value::zeros(tf::float32, [200, 200]).unwrap() };
    let run = |timeout_in_ms| {
        sess.run_args((x, after), zeros()).options(RunOptions { timeout_in_ms, ..Default::default() }).build()
    };
    let error = run(1).unwrap_err();
    assert!(error.kind() == tf::ErrorKind::DeadlineExceeded && error.to_string().contains("than 1 ms"), "{error}");
    assert_eq!(sess.run(count, feed_dict! {}).unwrap().item::<i32>().unwrap(), 0);
    run(i64::MAX).unwrap();
    assert_eq!(sess.run(count, feed_dict! {}).unwrap().item::<i32>().unwrap(), 1);
    assert_eq!(run(-1).unwrap_err().kind(), tf::ErrorKind::InvalidArgument);
}

#[test]
fn a_loop_that_does_not_end_is_stopped() {
    let _graph = tf::Graph::new().as_default();
    let more = tf::placeholder(tf::bool, ());
    let i = tf::while_loop(|[_]| tf::identity(more), |[i]| [i + 1], [tf::constant(0)]);
    let sess = tf::Session().unwrap();
    let options = RunOptions { timeout_in_ms: 20, ..Default::default() };
    let error = sess.run_args(i[0], feed_dict! { more: true }).options(options).build().unwrap_err();
    assert_eq!(error.kind(), tf::ErrorKind::DeadlineExceeded, "{error}");
    assert_eq!(sess.run(i[0], feed_dict! { more: false }).unwrap().item::<i32>().unwrap(), 0);
}

/// Prints TensorFlow's timeline of the trace that an event file holds, and what TensorBoard finds.
const TENSORFLOW: &str = "
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorflow.python.client import timeline
a = EventAccumulator(sys.argv[1])
a.Reload()
assert a.Tags()['run_metadata'] == ['step007'], a.Tags()
stats = a.RunMetadata('step007').step_stats
sys.stdout.write(timeline.Timeline(stats).generate_chrome_trace_format(show_memory=True))
";

#[test]
fn tensorflow_draws_the_same_timeline() {
    let Some(python) = std::env::var_os("FLOWSTONE_TENSORFLOW") else { return };
    let folder = Folder::new("timeline");
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let (x, y) = layer();
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    let mut metadata = RunMetadata::default();
    let feeds = feed_dict! { x: [[1.0, 2.0]] };
    sess.run_args(y, feeds).options(full_trace()).run_metadata(&mut metadata).build().unwrap();
    let writer = tf::FileWriter!(folder.path("log"), graph = &graph).unwrap();
    writer.add_run_metadata(&metadata, "step007", 7).unwrap();
    let again = writer.add_run_metadata(&metadata, "step007", 8).unwrap_err();
    assert!(again.to_string().contains("'step007' is that of another run"), "{again}");
    writer.close().unwrap();
    let output = Command::new(python).args(["-c", TENSORFLOW]).arg(folder.path("log")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let args = timeline::Timeline(metadata.step_stats.as_ref()).generate_chrome_trace_format_args();
    assert_eq!(args.show_memory(true).build().unwrap(), String::from_utf8(output.stdout).unwrap());
}
