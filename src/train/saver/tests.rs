#![allow(clippy::unwrap_used)]
use std::path::PathBuf;

use super::*;
use crate as tf;
use crate::error::ErrorKind;
use crate::graph::Graph;
use crate::ops::state::VariableArgs;

/// A folder of one test, removed with it.
struct Place(PathBuf);

impl Place {
    fn new(test: &str) -> Self {
        Place(std::env::temp_dir().join(format!("flowstone-saver-{}-{test}", std::process::id())))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn set(sess: &Session, variable: Variable, x: f32) {
    sess.set_variables(&[(variable.op(), Value::scalar(x))]).unwrap();
}

fn get(sess: &Session, variable: Variable) -> f32 {
    sess.run(variable, tf::feed_dict! {}).unwrap().item().unwrap()
}

fn two() -> (Variable, Variable, Session) {
    let a = VariableArgs::new(1f32).name("a").build();
    let b = VariableArgs::new(2f32).name("b").use_resource(true).build();
    let sess = tf::Session().unwrap();
    (a, b, sess)
}

#[test]
fn old_checkpoints_go_and_the_file_says_which_there_are() {
    let place = Place::new("kept");
    let (a, b, sess) = two();
    let saver = SaverArgs::new().max_to_keep(2).build();
    sess.run(tf::global_variables_initializer(), tf::feed_dict! {}).unwrap();
    for step in 1..=4 {
        set(&sess, a, step as f32);
        saver.save_args(&sess, place.0.join("m.ckpt")).global_step(step).build().unwrap();
    }
    let last: Vec<String> =
        [3, 4].iter().map(|i| place.0.join(format!("m.ckpt-{i}")).to_str().unwrap().into()).collect();
    assert_eq!(saver.last_checkpoints(), last);
    let names = tf::gfile::ListDirectory(&place.0).unwrap();
    let suffixes = ["data-00000-of-00001", "index", "meta"];
    let files = [3, 4].iter().flat_map(|i| suffixes.map(|suffix| format!("m.ckpt-{i}.{suffix}")));
    assert_eq!(names, std::iter::once("checkpoint".to_owned()).chain(files).collect::<Vec<_>>());
    let latest = tf::train::latest_checkpoint(&place.0).unwrap().unwrap();
    assert_eq!(latest, last[1]);
    saver.restore(&sess, &last[0]).unwrap();
    assert_eq!((get(&sess, a), get(&sess, b)), (3.0, 2.0));
    let again = Saver::from_proto(saver.as_saver_def()).unwrap();
    again.recover_last_checkpoints(&[last[0].clone(), "none".into(), last[1].clone()]);
    assert_eq!(again.last_checkpoints(), last);
    again.restore(&sess, &latest).unwrap();
    assert_eq!(get(&sess, a), 4.0);
    assert_eq!(tf::train::get_checkpoint_mtimes(&last).len(), 2);
    tf::train::remove_checkpoint(&latest).unwrap();
    assert!(!tf::train::checkpoint_exists(&latest) && tf::train::latest_checkpoint(&place.0).unwrap().is_none());
}

#[test]
fn what_does_not_fit_or_is_damaged_changes_nothing() {
    let place = Place::new("fit");
    let (a, b, sess) = two();
    let saver = Saver();
    sess.run(tf::global_variables_initializer(), tf::feed_dict! {}).unwrap();
    let path = saver.save(&sess, place.0.join("m")).unwrap();
    set(&sess, a, 7.0);
    let unlike = SaverArgs::new().var_list([("a", b), ("bee", a)]).build();
    let error = unlike.restore(&sess, &path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error
            .to_string()
            .ends_with("missing: 'bee' float32[]; the file has 'b' float32[]\n  unexpected: 'b' float32[]"),
        "{error}"
    );
    assert_eq!(get(&sess, a), 7.0);
    let renamed = SaverArgs::new().var_list([("b", a)]).build();
    renamed.restore(&sess, &path).unwrap();
    assert_eq!((get(&sess, a), get(&sess, b)), (2.0, 2.0));
    let data = format!("{path}.data-00000-of-00001");
    let mut bytes = std::fs::read(&data).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&data, bytes).unwrap();
    assert_eq!(saver.restore(&sess, &path).unwrap_err().kind(), ErrorKind::DataLoss);
    assert_eq!(get(&sess, a), 2.0, "the first array is whole, and yet nothing changes");
}

#[test]
fn a_variable_without_a_value_is_not_saved() {
    let place = Place::new("uninitialized");
    let (_, _, sess) = two();
    let saver = Saver();
    let error = saver.save(&sess, place.0.join("m")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
    assert_eq!(error.message(), "variables without a value cannot be saved: 'a', 'b'");
    assert!(!place.0.exists());
}

#[test]
fn savers_without_variables_and_names_that_collide_are_refused() {
    let graph = Graph::new();
    let _default = graph.as_default();
    let _nothing = Saver();
    let error = graph.check().unwrap_err();
    assert_eq!(error.message(), "there are no variables to save");
    let graph = Graph::new();
    let _default = graph.as_default();
    let (a, b, sess) = two();
    let empty = SaverArgs::new().var_list(Vec::<Variable>::new()).allow_empty(true).build();
    empty.restore(&sess, "nowhere").unwrap();
    let saver = Saver();
    let error = saver.save(&sess, "checkpoint").unwrap_err();
    assert_eq!(error.message(), "'checkpoint' cannot be the name of a checkpoint");
    let _twice = SaverArgs::new().var_list([("x", a), ("x", b)]).build();
    assert_eq!(graph.check().unwrap_err().message(), "two variables are to be saved as 'x'");
}
