//! Sessions: structure of fetches, feeds anywhere, pruning, plans, threads, and what users get wrong.
#![allow(clippy::unwrap_used)]

use flowstone as tf;
use tf::{ErrorKind, feed_dict};

/// A new default graph for a test.
fn fresh() -> (tf::Graph, tf::graph::ScopeGuard) {
    let graph = tf::Graph::new();
    let guard = graph.as_default();
    (graph, guard)
}

fn number(value: &tf::Value) -> f32 {
    value.item().unwrap()
}

#[test]
fn fetches_come_back_in_their_structure() {
    let (_graph, _default) = fresh();
    let x = tf::placeholder(tf::float32, ()).named("x");
    let (y, z) = ((x * 2.0).named("y"), x + 1.0);
    let noop = tf::no_op().named("done");
    let sess = tf::Session().unwrap();
    let feeds = feed_dict! { x: 3.0 };
    let ((a, ()), [b, c], d, e) = sess.run(((y, noop), [y, z], vec![x, y], "y:0"), &feeds).unwrap();
    assert_eq!((number(&a), number(&b), number(&c), number(&e)), (6.0, 6.0, 4.0, 6.0));
    assert_eq!(d.iter().map(number).collect::<Vec<_>>(), [3.0, 6.0]);
    assert!(sess.run("done", &feeds).unwrap().is_empty());
}

#[test]
fn any_tensor_can_be_fed_and_only_what_is_needed_runs() {
    let (_graph, _default) = fresh();
    let x = tf::placeholder(tf::float32, ());
    let y = x * 2.0;
    let z = y + 1.0;
    let sess = tf::Session().unwrap();
    // `x` is not needed when `y` is given.
    assert_eq!(number(&sess.run(z, feed_dict! { y: 10.0 }).unwrap()), 11.0);
    assert_eq!(number(&sess.run(y, feed_dict! { y: 10.0 }).unwrap()), 10.0);
    let names: Vec<String> = sess.executed(z, &[y]).unwrap().into_iter().map(|op| op.name()).collect();
    assert_eq!(names, ["add/y", "add"]);
}

#[test]
fn one_plan_for_each_signature() {
    let (_graph, _default) = fresh();
    let x = tf::placeholder(tf::float32, [None::<usize>]);
    let y = tf::reduce_sum(x);
    let sess = tf::Session().unwrap();
    for n in [1usize, 2, 1, 2, 1] {
        sess.run(y, feed_dict! { x: vec![1.0f32; n] }).unwrap();
    }
    assert_eq!(sess.cached_plans(), 2);
}

#[test]
fn variables_live_in_their_session() {
    let (_graph, _default) = fresh();
    let v = tf::Variable(tf::zeros([2]));
    let add = tf::assign_add(v, [1.0, 2.0]);
    let init = tf::global_variables_initializer();
    let (a, b) = (tf::Session().unwrap(), tf::Session().unwrap());
    for sess in [&a, &b] {
        sess.run(init, feed_dict! {}).unwrap();
    }
    a.run(add, feed_dict! {}).unwrap();
    let before = a.run(v, feed_dict! {}).unwrap();
    a.run(add, feed_dict! {}).unwrap();
    assert_eq!(before.as_slice::<f32>().unwrap(), [1.0, 2.0], "a fetched value is a snapshot");
    assert_eq!(a.run(v, feed_dict! {}).unwrap().as_slice::<f32>().unwrap(), [2.0, 4.0]);
    assert_eq!(b.run(v, feed_dict! {}).unwrap().as_slice::<f32>().unwrap(), [0.0, 0.0]);
}

#[test]
fn a_read_built_before_an_update_sees_the_old_value() {
    let (_graph, _default) = fresh();
    let v = tf::Variable(1.0);
    let old = v * 10.0;
    let update = tf::assign(v, 2.0);
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    let (old, new) = sess.run((old, update), feed_dict! {}).unwrap();
    assert_eq!((number(&old), number(&new)), (10.0, 2.0));
}

/// What TensorFlow gives for the same lines, ten times out of ten.
#[test]
fn reads_and_updates_of_one_run_are_ordered_as_in_tensorflow() {
    let (_graph, _default) = fresh();
    let v = tf::Variable(1.0);
    let before = v * 1.0;
    let shared = tf::stop_gradient(v);
    let update = tf::assign_add(v, 1.0);
    let (unordered, late, late_shared, second) = {
        let unordered = v * 10.0;
        let _after = tf::control_dependencies(&[update.op()]);
        (unordered, v * 1.0, shared * 1.0, v.read_value())
    };
    let again = {
        let _after = tf::control_dependencies(&[second.op(), late.op(), late_shared.op()]);
        tf::assign_add(v, 1.0)
    };
    for plain in [false, true] {
        let sess = tf::Session!(plain = plain).unwrap();
        sess.run(v.initializer(), feed_dict! {}).unwrap();
        // Fetched with an update, a variable is what it is at the end of the run.
        let fetches = [before, unordered, late, late_shared, v.value(), update];
        let found = sess.run(fetches, feed_dict! {}).unwrap();
        assert_eq!(found.map(|x| number(&x)), [1.0, 10.0, 2.0, 2.0, 2.0, 2.0]);
        let found = sess.run([late, second, again], feed_dict! {}).unwrap();
        assert_eq!(found.map(|x| number(&x)), [3.0, 4.0, 4.0]);
    }
}

#[test]
fn several_threads_share_a_session() {
    let (_graph, _default) = fresh();
    let x = tf::placeholder(tf::float32, (None, 64));
    let y = tf::reduce_sum(tf::matmul(x, tf::ones([64, 64])));
    let count = tf::Variable(0);
    let add = tf::assign_add(count, 1);
    let init = tf::global_variables_initializer();
    let sess = tf::Session!(threads = 2);
    let sess = sess.unwrap();
    sess.run(init, feed_dict! {}).unwrap();
    std::thread::scope(|scope| {
        for t in 0..8 {
            let sess = &sess;
            scope.spawn(move || {
                for i in 0..50 {
                    let rows = 1 + (t + i) % 3;
                    let (sum, _) =
                        sess.run((y, add), feed_dict! { x: tf::ndarray::Array2::<f32>::ones((rows, 64)) }).unwrap();
                    assert_eq!(sum.item::<f32>().unwrap(), (rows * 64 * 64) as f32);
                }
            });
        }
    });
    assert_eq!(sess.run(count, feed_dict! {}).unwrap().item::<i32>().unwrap(), 400);
}

#[test]
fn unfed_placeholders_are_listed_with_their_lines() {
    let (_graph, _default) = fresh();
    let x = tf::placeholder(tf::float32, (None, 3)).named("images");
    let y = tf::placeholder(tf::int32, ()).named("labels");
    let both = tf::reduce_sum(x) * tf::cast(y, tf::float32);
    let error = tf::Session().unwrap().run(both, feed_dict! {}).unwrap_err();
    assert_eq!(error.roots().count(), 2);
    let text = error.to_string();
    assert!(
        text.contains(
            "InvalidArgument: Placeholder float32 [?,3] must be fed\n  node images built at tests/session.rs:"
        ),
        "{text}"
    );
    assert!(text.contains("Placeholder int32 [] must be fed\n  node labels built at tests/session.rs:"), "{text}");
}

#[test]
fn wrong_feeds_say_what_is_expected() {
    let (_graph, _default) = fresh();
    let x = tf::placeholder(tf::float32, (None, 3)).named("x");
    let sess = tf::Session().unwrap();
    let text = |feeds: tf::Feeds| sess.run(x, feeds).unwrap_err().to_string();
    let shape = text(feed_dict! { x: [[1.0, 2.0]] });
    assert!(shape.starts_with("InvalidArgument: the value fed to 'x:0': its shape is [1,2], but [?,3] is expected\n  node x built at tests/session.rs:"), "{shape}");
    assert!(text(feed_dict! { x: [["a", "b", "c"]] }).contains("the value fed to 'x:0': string cannot become float32"));
    assert!(text(feed_dict! { x: vec![vec![1.0], vec![1.0, 2.0]] }).contains("nested lists are ragged"));
    assert!(text(feed_dict! { x: [[1.0, 2.0, 3.0]], x: [[1.0, 2.0, 3.0]] }).contains("'x:0' is fed twice"));
    assert!(text(feed_dict! { "X:0": 1.0 }).contains("the graph has no operation named 'X' (did you mean 'x'?)"));
    assert!(text(feed_dict! { "x": 1.0 }).contains("'x' is not the name of a tensor"));
    // Whole numbers and float64 are converted, as TensorFlow does.
    assert_eq!(sess.run(x, feed_dict! { x: [[1, 2, 3]] }).unwrap().dtype(), tf::float32);
    assert_eq!(sess.run(x, feed_dict! { x: tf::ndarray::arr2(&[[1.0f64, 2.0, 3.0]]) }).unwrap().dtype(), tf::float32);
}

#[test]
fn an_uninitialized_variable_is_named_with_its_reader() {
    let (_graph, _default) = fresh();
    let w = tf::Variable(tf::zeros([2])).named("w");
    let error = tf::Session().unwrap().run(w * 2.0, feed_dict! {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
    let text = error.to_string();
    assert!(text.contains("the variable 'w' is used before it has a value"), "{text}");
    assert!(text.contains("global_variables_initializer"), "{text}");
}

#[test]
fn foreign_and_dropped_graphs_are_clear_errors() {
    let (_graph, _default) = fresh();
    let sess = tf::Session().unwrap();
    let other = tf::Graph::new();
    let foreign = {
        let _other = other.as_default();
        tf::constant(1.0).named("theirs")
    };
    let text = sess.run(foreign, feed_dict! {}).unwrap_err().to_string();
    assert!(text.contains("'theirs:0' is of another graph than the session runs"), "{text}");
    drop(other);
    let error = sess.run(foreign, feed_dict! {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
    assert!(error.to_string().contains("the graph of this tensor was dropped"), "{error}");
    // Building with it is an error of the default graph, and no panic.
    let _ = foreign + 1.0;
    assert!(tf::get_default_graph().check().unwrap_err().to_string().contains("was dropped"));
}

#[test]
fn a_bad_node_is_reported_again_and_again_and_silences_what_follows() {
    let (graph, _default) = fresh();
    let a = tf::placeholder(tf::float32, (None, 3));
    let bad = tf::matmul(a, tf::zeros([4, 2]));
    let _more = tf::nn::relu(bad) + 1.0;
    let good = tf::constant(1.0);
    for _ in 0..2 {
        assert_eq!(graph.check().unwrap_err().roots().count(), 1);
        let error = tf::Session().unwrap().run(good, feed_dict! {}).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("InvalidArgument: MatMul: inner dimensions differ: [?,3] x [4,2]\n  node MatMul built at tests/session.rs:"), "{text}");
        assert!(text.ends_with("inputs: float32 [?,3], float32 [4,2]"), "{text}");
    }
    assert!(graph.as_graph_def().is_err());
}

#[test]
fn errors_of_a_run_carry_what_arrived_and_leave_variables_whole() {
    let (_graph, _default) = fresh();
    let index = tf::placeholder(tf::int32, ()).named("index");
    let v = tf::Variable([1.0, 2.0]);
    let picked = tf::gather([10.0, 20.0], index).named("picked");
    let update = tf::assign(v, tf::stack([picked, picked]));
    let sess = tf::Session().unwrap();
    sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
    let text = sess.run(update, feed_dict! { index: 7 }).unwrap_err().to_string();
    assert!(text.starts_with("InvalidArgument: GatherV2: index 7 is not in [0, 2), dimension 0 of [2]\n  node picked built at tests/session.rs:"), "{text}");
    assert!(text.contains("inputs: float32 [2], int32 [], int32 []"), "{text}");
    assert_eq!(sess.run(v, feed_dict! {}).unwrap().as_slice::<f32>().unwrap(), [1.0, 2.0]);
    // A shape that only the run knows is refused before anything is written.
    let any = tf::placeholder(tf::float32, None);
    let error = sess.run(tf::assign(v, any), feed_dict! { any: [1.0, 2.0, 3.0] }).unwrap_err();
    assert!(error.to_string().contains("a variable of shape [2] cannot take a value of shape [3]"), "{error}");
    assert_eq!(sess.run(v, feed_dict! {}).unwrap().as_slice::<f32>().unwrap(), [1.0, 2.0]);
}

#[test]
fn training_is_the_same_to_the_bit_for_any_number_of_threads() {
    let run = |threads: usize| {
        let (graph, _default) = fresh();
        graph.set_random_seed(3);
        let x = tf::placeholder(tf::float32, (None, 100));
        let y = tf::placeholder(tf::float32, (None, 10));
        let w1 = tf::Variable(tf::random_normal!([100, 200], stddev = 0.1));
        let w2 = tf::Variable(tf::random_normal!([200, 10], stddev = 0.1));
        let logits = tf::matmul(tf::nn::relu(tf::matmul(x, w1)), w2);
        let cost = tf::reduce_mean(tf::nn::softmax_cross_entropy_with_logits_v2(y, logits));
        let train = tf::train::AdamOptimizer(0.01).minimize(cost);
        let sess = tf::Session!(threads = threads).unwrap();
        sess.run(tf::global_variables_initializer(), feed_dict! {}).unwrap();
        let images = tf::ndarray::Array2::from_shape_fn((50, 100), |(i, j)| ((i * 31 + j * 17) % 23) as f32 / 23.0);
        let labels = tf::ndarray::Array2::from_shape_fn((50, 10), |(i, j)| f32::from(i % 10 == j));
        for _ in 0..20 {
            sess.run(train, feed_dict! { x: &images, y: &labels }).unwrap();
        }
        let (w1, w2) = sess.run((w1, w2), feed_dict! {}).unwrap();
        let bits = |v: &tf::Value| v.as_slice::<f32>().unwrap().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        (bits(&w1), bits(&w2))
    };
    let one = run(1);
    for threads in [2, 3, 1] {
        assert!(run(threads) == one, "{threads} threads");
    }
}

#[test]
fn what_no_memory_holds_is_an_error_and_not_the_end() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let sizes = tf::placeholder(tf::int32, [None]);
    let full = tf::fill(sizes, 1.0);
    let sess = tf::Session().unwrap();
    let error = sess.run(full, feed_dict! { sizes: [1 << 16, 1 << 16, 1 << 14] }).unwrap_err();
    assert_eq!(error.kind(), tf::ErrorKind::ResourceExhausted);
    assert!(error.to_string().contains("there is no memory for an array of 281474976710656 bytes"), "{error}");
    assert_eq!(error.node(), Some("Fill"));
    assert_eq!(sess.run(full, feed_dict! { sizes: [1, 2] }).unwrap().as_slice::<f32>().unwrap(), [1.0, 1.0]);
}
