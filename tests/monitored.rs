//! Sessions that are looked at while they run. What is expected here is what TensorFlow did with the same programs.
#![allow(clippy::unwrap_used)]

mod folder;
mod golden;

use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use flowstone as tf;
use folder::Folder;
use tf::feed_dict;
use tf::format::event::What;
use tf::format::proto::GraphDef;
use tf::train::{Coordinator, SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues};
use tf::{ErrorKind, Graph, Operation, Session, Tensor, Variable};

struct Model {
    w: Variable,
    loss: Tensor,
    train: Operation,
}

/// w², from w = 5, by gradient descent with a global step.
fn model() -> (tf::graph::ScopeGuard, Model) {
    let default = Graph::new().as_default();
    let step = tf::train::get_or_create_global_step();
    let w = tf::get_variable!("w", (), initializer = tf::constant_initializer(5.0));
    let loss = tf::square(w).named("loss");
    tf::summary::scalar("l", loss);
    let train = tf::train::GradientDescentOptimizer(0.1).minimize_args(loss).global_step(step).build();
    (default, Model { w, loss, train })
}

fn number(value: &tf::Value) -> f32 {
    value.item().unwrap()
}

/// Writes down when it is called.
struct Diary {
    name: &'static str,
    lines: Rc<RefCell<Vec<String>>>,
}

impl Diary {
    fn write(&self, what: &str) -> tf::Result<()> {
        self.lines.borrow_mut().push(format!("{} {what}", self.name));
        Ok(())
    }
}

impl SessionRunHook for Diary {
    fn begin(&mut self) -> tf::Result<()> {
        self.write("begin")
    }
    fn after_create_session(&mut self, _: &Session, _: &Coordinator) -> tf::Result<()> {
        self.write("after_create")
    }
    fn before_run(&mut self, _: &mut SessionRunContext) -> tf::Result<Option<SessionRunArgs>> {
        self.write("before_run")?;
        Ok(Some(SessionRunArgs::new("loss:0")))
    }
    fn after_run(&mut self, context: &mut SessionRunContext, values: &SessionRunValues) -> tf::Result<()> {
        self.write(&format!("after_run {} {}", values.results[0], context.stop_requested()))
    }
    fn end(&mut self, _: &Session) -> tf::Result<()> {
        self.write("end")
    }
}

fn diary(name: &'static str, lines: &Rc<RefCell<Vec<String>>>) -> Diary {
    Diary { name, lines: lines.clone() }
}

/// What the event files of a folder say, without times and speeds.
fn events(folder: &Path) -> Vec<String> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap().to_string_lossy().starts_with("events.out.tfevents."));
    files.sort();
    let events = files.iter().flat_map(|file| tf::train::summary_iterator(file).unwrap()).map(Result::unwrap);
    let line = |event: tf::Event| {
        let what = match event.what.unwrap() {
            What::FileVersion(_) => "file_version".to_owned(),
            What::GraphDef(_) => "graph_def".to_owned(),
            What::MetaGraphDef(_) => "meta_graph_def".to_owned(),
            What::SessionLog(log) => format!("session_log {}", log.status),
            What::Summary(summary) => {
                let value = &summary.value[0];
                let speed = value.tag.ends_with("/sec");
                let number = if speed { String::new() } else { format!(" {}", value.simple_value.unwrap()) };
                format!("{}{number}", value.tag)
            }
            other => format!("{other:?}"),
        };
        format!("{} {what}", event.step)
    };
    events.map(line).collect()
}

#[test]
fn the_nodes_of_a_scaffold_are_tensorflows() {
    let theirs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/monitored.pb");
    let theirs = GraphDef::from_bytes(&std::fs::read(theirs).unwrap()).unwrap();
    let graph = Graph::new();
    let _default = graph.as_default();
    tf::train::get_or_create_global_step();
    let w = tf::get_variable!("w", (), initializer = tf::constant_initializer(5.0));
    tf::Variable!(0.0, name = "local", collections = &[tf::GraphKeys::LOCAL_VARIABLES]);
    tf::summary::scalar("l", w);
    let sess = tf::train::MonitoredTrainingSession().unwrap();
    let ours = graph.as_graph_def().unwrap();
    let differences = golden::differences(&ours.node, &theirs.node);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(graph.finalized());
    drop(sess);
    assert!(!graph.finalized());
}

#[test]
fn hooks_are_asked_in_tensorflows_order_and_training_goes_on_where_it_stopped() {
    let folder = Folder::new("monitored");
    let dir = folder.path("run");
    for (last, losses, diary_of_last) in [(3, vec![25.0, 16.0, 10.24], "10.240"), (5, vec![6.5536, 4.1943], "4.194")] {
        let (_default, model) = model();
        let lines = Rc::new(RefCell::new(Vec::new()));
        let stop = tf::StopAtStepHook!(last_step = last);
        let mut sess = tf::MonitoredTrainingSession!(
            checkpoint_dir = &dir,
            hooks = (stop, diary("A", &lines), diary("B", &lines)),
            chief_only_hooks = diary("C", &lines),
            save_checkpoint_steps = 2,
            save_summaries_steps = 1,
            log_step_count_steps = 1
        )
        .unwrap();
        for loss in losses {
            assert!(!sess.should_stop());
            let (now, ()) = sess.run((model.loss, model.train), feed_dict! {}).unwrap();
            approx::assert_relative_eq!(number(&now), loss, max_relative = 1e-4);
        }
        assert!(sess.should_stop());
        let error = sess.run(model.loss, feed_dict! {}).unwrap_err();
        assert!(error.to_string().contains("after a hook asked for the end"), "{error}");
        sess.close().unwrap();
        let lines = lines.borrow();
        let starts = ["C begin", "A begin", "B begin", "C after_create", "A after_create", "B after_create"];
        assert_eq!(lines[..6], starts);
        assert_eq!(lines[6..9], ["C before_run", "A before_run", "B before_run"]);
        let ends: Vec<&str> = lines.iter().rev().take(6).rev().map(String::as_str).collect();
        assert!(ends[0].starts_with(&format!("C after_run {diary_of_last}")) && ends[0].ends_with("false"), "{ends:?}");
        assert!(ends[1].ends_with("true") && ends[2].ends_with("true"), "{ends:?}");
        assert_eq!(ends[3..], ["C end", "A end", "B end"]);
    }
    let state = tf::train::get_checkpoint_state(&dir).unwrap().unwrap();
    let names: Vec<&str> =
        state.all_model_checkpoint_paths.iter().map(|path| path.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["model.ckpt-0", "model.ckpt-2", "model.ckpt-3", "model.ckpt-5"]);
    assert!(dir.join("graph.pbtxt").exists() && dir.join("model.ckpt-5.meta").exists());
    let expected = "0 file_version\n0 graph_def\n0 meta_graph_def\n0 graph_def\n0 meta_graph_def\n0 session_log 3\n\
        1 session_log 1\n1 l 25\n2 global_step/sec\n2 l 16\n2 session_log 3\n3 global_step/sec\n3 l 10.24\n3 session_log 3\n\
        0 graph_def\n0 meta_graph_def\n3 session_log 3\n4 session_log 1\n4 l 6.5536\n5 global_step/sec\n5 l 4.19\n\
        5 session_log 3";
    let found = events(&dir);
    assert_eq!(found.len(), expected.lines().count(), "{found:?}");
    for (found, expected) in found.iter().zip(expected.lines()) {
        assert!(found.starts_with(expected), "{found} is not {expected}");
    }
}

#[test]
fn only_a_run_that_did_not_fail_has_an_end() {
    let ended = |error: Option<tf::Error>| {
        struct Fails(Option<tf::Error>);
        impl SessionRunHook for Fails {
            fn after_run(&mut self, _: &mut SessionRunContext, _: &SessionRunValues) -> tf::Result<()> {
                self.0.clone().map_or(Ok(()), Err)
            }
        }
        let (_default, model) = model();
        let lines = Rc::new(RefCell::new(Vec::new()));
        let mut sess = tf::MonitoredTrainingSession!(hooks = (Fails(error.clone()), diary("A", &lines))).unwrap();
        assert_eq!(sess.run(model.loss, feed_dict! {}).is_err(), error.is_some());
        drop(sess);
        let lines = lines.borrow();
        lines.last().unwrap() == "A end"
    };
    assert!(ended(None));
    assert!(ended(Some(tf::Error::out_of_range("the end of the data"))));
    assert!(!ended(Some(tf::Error::invalid_argument("wrong"))));
}

#[test]
fn hooks_feed_and_ask_for_options() {
    struct Feeds(Tensor);
    impl SessionRunHook for Feeds {
        fn before_run(&mut self, _: &mut SessionRunContext) -> tf::Result<Option<SessionRunArgs>> {
            let options = tf::RunOptions { trace_level: tf::RunOptions::FULL_TRACE, ..Default::default() };
            Ok(Some(SessionRunArgs::new(()).feed_dict(feed_dict! { self.0: 2.0 }).options(options)))
        }
        fn after_run(&mut self, context: &mut SessionRunContext, values: &SessionRunValues) -> tf::Result<()> {
            assert!(values.results.is_empty() && values.run_metadata.step_stats.is_some());
            assert_eq!(context.original_args().fetches.len(), 1);
            context.request_stop();
            Ok(())
        }
    }
    let _default = Graph::new().as_default();
    let x = tf::placeholder(tf::float32, ());
    let y = x * 3.0;
    let mut sess = tf::MonitoredTrainingSession!(hooks = Feeds(x)).unwrap();
    let twice = sess.run(y, feed_dict! { x: 1.0 }).unwrap_err();
    assert!(twice.to_string().contains("is fed twice"), "{twice}");
    assert_eq!(number(&sess.run(y, feed_dict! {}).unwrap()), 6.0);
    assert!(sess.should_stop());
}

#[test]
fn what_is_missing_is_said() {
    let folder = Folder::new("monitored-missing");
    let _default = Graph::new().as_default();
    let w = tf::get_variable!("w", (), initializer = tf::constant_initializer(5.0));
    let error = tf::MonitoredTrainingSession!(hooks = tf::StopAtStepHook!(last_step = 3)).unwrap_err();
    assert!(error.to_string().contains("a global step should be created to use StopAtStepHook"), "{error}");
    let error = tf::MonitoredTrainingSession!(hooks = tf::train::StopAtStepHook::new()).unwrap_err();
    assert!(error.to_string().contains("one of num_steps and last_step"), "{error}");
    let error = tf::MonitoredTrainingSession!(checkpoint_dir = folder.path("run")).unwrap_err();
    assert!(error.to_string().contains("to use StepCounterHook"), "{error}");
    let error = tf::MonitoredTrainingSession!(hooks = tf::LoggingTensorHook!(["w:0"])).unwrap_err();
    assert!(error.to_string().contains("LoggingTensorHook: either steps or seconds"), "{error}");
    let error = tf::MonitoredTrainingSession!(hooks = tf::LoggingTensorHook!(["v"], every_n_iter = 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let scaffold = tf::Scaffold!(init_op = tf::no_op());
    let error = tf::MonitoredTrainingSession!(scaffold = &scaffold).unwrap_err();
    assert!(error.to_string().contains("ready for its local variables: variables without a value: w"), "{error}");
    // None of these closed the graph for good.
    let scaffold = tf::Scaffold!(copy_from_scaffold = &scaffold, init_op = w.initializer());
    let mut sess = tf::MonitoredTrainingSession!(scaffold = &scaffold).unwrap();
    assert_eq!(number(&sess.run(w, feed_dict! {}).unwrap()), 5.0);
}

#[test]
fn losses_that_are_no_numbers_end_the_training() {
    let _default = Graph::new().as_default();
    let x = tf::placeholder(tf::float32, ()).named("x");
    for fails in [true, false] {
        let hook = tf::NanTensorHook!(x, fail_on_nan_loss = fails);
        let mut sess = tf::MonitoredTrainingSession!(hooks = hook).unwrap();
        sess.run(x, feed_dict! { x: 1.0 }).unwrap();
        assert!(!sess.should_stop());
        let result = sess.run(x, feed_dict! { x: f32::NAN });
        assert_eq!((result.is_err(), sess.should_stop()), (fails, !fails));
        if let Err(error) = result {
            assert!(error.message() == "NaN loss during training" && error.node() == Some("x"), "{error}");
        }
    }
}

#[test]
fn tensors_are_told_every_so_often_and_at_the_end() {
    let (_default, model) = model();
    let told = Rc::new(RefCell::new(Vec::new()));
    let line = |told: &Rc<RefCell<Vec<String>>>| {
        let told = told.clone();
        move |values: &[(String, tf::Value)]| {
            let line = values.iter().map(|(tag, value)| format!("{tag} = {:.2}", number(value))).collect::<Vec<_>>();
            told.borrow_mut().push(line.join(", "));
            String::new()
        }
    };
    let often = tf::LoggingTensorHook!(["loss", "w:0"], every_n_iter = 2, at_end = true, formatter = line(&told));
    let at_end = tf::LoggingTensorHook!([("b", model.w)], at_end = true, formatter = line(&told));
    let mut sess = tf::MonitoredTrainingSession!(hooks = (often, at_end, tf::StopAtStepHook!(num_steps = 3))).unwrap();
    while !sess.should_stop() {
        sess.run(model.train, feed_dict! {}).unwrap();
    }
    sess.close().unwrap();
    assert_eq!(
        told.borrow()[..],
        ["loss = 25.00, w:0 = 4.00", "loss = 10.24, w:0 = 2.56", "loss = 6.55, w:0 = 2.56", "b = 2.56"]
    );
}

#[test]
fn a_supervisor_saves_and_summarizes_beside_the_session() {
    let folder = Folder::new("supervised");
    let dir = folder.path("run");
    for first in [25.0, 10.24] {
        let (_default, model) = model();
        let sv = tf::Supervisor!(logdir = &dir, save_summaries_secs = 1000, save_model_secs = 1000).unwrap();
        let sess = sv.managed_session().unwrap();
        let (loss, ()) = sess.run((model.loss, model.train), feed_dict! {}).unwrap();
        approx::assert_relative_eq!(number(&loss), first, max_relative = 1e-4);
        sess.run(model.train, feed_dict! {}).unwrap();
        let path = sv.save_path().unwrap();
        let steps = tf::train::get_global_step().unwrap();
        sv.saver().unwrap().save_args(&sess, path).global_step(steps).build().unwrap();
        let summary = sess.run(sv.summary_op().unwrap(), feed_dict! {}).unwrap();
        sv.summary_computed(&sess, summary, None).unwrap();
        assert!(!sv.should_stop());
        // The threads beside it take their time.
        let all_told = || {
            sv.summary_writer().unwrap().flush().unwrap();
            let found = events(&dir);
            let told = |end: &str| found.iter().filter(|line| line.ends_with(end)).count();
            let session = if first == 25.0 { 1 } else { 2 };
            told("session_log 3") >= session && told("global_step/sec") >= session
        };
        for _ in 0..10_000 {
            if all_told() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        sess.close().unwrap();
        assert!(sv.should_stop());
    }
    let found = events(&dir);
    let said = |line: &str| found.iter().filter(|found| found.starts_with(line)).count();
    assert_eq!((said("0 file_version"), said("0 graph_def"), said("0 meta_graph_def")), (2, 2, 2), "{found:?}");
    assert_eq!((said("0 session_log 1"), said("2 session_log 1"), said("0 session_log 2")), (1, 1, 2), "{found:?}");
    assert!(found.iter().any(|line| line.ends_with("session_log 3")), "{found:?}");
    assert!(said("2 l 10.24") >= 1 && said("4 l 4.19") >= 1, "{found:?}");
    assert!(found.iter().any(|line| line.contains("global_step/sec")), "{found:?}");
    assert!(dir.join("graph.pbtxt").exists());
}

#[test]
fn a_thread_that_fails_stops_the_others_and_is_heard() {
    let folder = Folder::new("supervised-failing");
    let _default = Graph::new().as_default();
    let fed = tf::placeholder(tf::float32, ()).named("fed");
    let _w = tf::Variable(1.0);
    let sv = tf::Supervisor!(logdir = folder.path("run"), summary_op = Some(tf::summary::scalar("l", fed))).unwrap();
    let sess = sv.managed_session().unwrap();
    sv.coord().wait_for_stop(None);
    assert!(sv.should_stop());
    let error = sess.close().unwrap_err();
    assert!(error.to_string().contains("fed"), "{error}");
    let nothing = tf::Supervisor!(summary_op = None, saver = None).unwrap();
    let sess = nothing.managed_session().unwrap();
    assert!(nothing.summary_computed(&sess, tf::Summary::default(), Some(1)).is_err());
    sess.close().unwrap();
}

/// Trains on in the folder given, from where it stands to the step given.
const TENSORFLOW: &str = "
import os, sys
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
step = tf.train.get_or_create_global_step()
w = tf.get_variable('w', [], initializer=tf.constant_initializer(5.0))
loss = tf.square(w, name='loss')
tf.summary.scalar('l', loss)
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss, global_step=step)
hooks = [tf.train.StopAtStepHook(last_step=int(sys.argv[2]))]
with tf.train.MonitoredTrainingSession(checkpoint_dir=sys.argv[1], hooks=hooks) as sess:
    while not sess.should_stop():
        sess.run(train)
        print('step')
";

/// `FLOWSTONE_TENSORFLOW` names a Python that has TensorFlow; without it there is nothing to ask.
#[test]
fn tensorflow_and_we_take_turns() {
    let Some(python) = std::env::var_os("FLOWSTONE_TENSORFLOW") else { return };
    let folder = Folder::new("monitored-tensorflow");
    let dir = folder.path("run");
    let mut losses = Vec::new();
    for last in ["2", "4", "6"] {
        if last == "4" {
            let output = Command::new(&python).args(["-c", TENSORFLOW]).arg(&dir).arg(last).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(String::from_utf8(output.stdout).unwrap(), "step\nstep\n");
            continue;
        }
        let (_default, model) = model();
        let stop = tf::StopAtStepHook!(last_step = last.parse().unwrap());
        let mut sess = tf::MonitoredTrainingSession!(checkpoint_dir = &dir, hooks = stop).unwrap();
        while !sess.should_stop() {
            losses.push(number(&sess.run((model.loss, model.train), feed_dict! {}).unwrap().0));
        }
        sess.close().unwrap();
    }
    assert_eq!(losses.len(), 4);
    for (step, loss) in [0, 1, 4, 5].into_iter().zip(losses) {
        approx::assert_relative_eq!(loss, 25.0 * 0.64f32.powi(step), max_relative = 1e-4);
    }
}
