//! Every example runs, at toy size, and prints what it should.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Output};

/// Runs an example, which `cargo test` has built beside this test.
fn output(name: &str, arguments: &[&str]) -> Output {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    Command::new(path.join("examples").join(name)).args(arguments).output().unwrap()
}

/// What an example prints.
fn run(name: &str, arguments: &[&str]) -> String {
    let output = output(name, arguments);
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The error that an example ends with.
fn failure(name: &str, arguments: &[&str]) -> String {
    let output = output(name, arguments);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

fn last_number(text: &str) -> f64 {
    text.split_whitespace().last().unwrap().parse().unwrap()
}

#[test]
fn linear_regression_finds_the_line() {
    let text = run("linear_regression", &["6000"]);
    assert!(text.contains("Epoch: 0050 cost= ") && text.contains("Optimization Finished!"), "{text}");
    // Least squares gives 0.24715 and 0.78771.
    let w: f64 = text.rsplit("W= ").next().unwrap().split_whitespace().next().unwrap().parse().unwrap();
    assert!((w - 0.247_15).abs() < 2e-3 && (last_number(&text) - 0.787_71).abs() < 1e-2, "{text}");
}

#[test]
fn softmax_regression_learns_the_digits() {
    assert!(last_number(&run("softmax_regression", &["300"])) > 0.85);
}

#[test]
fn a_training_leaves_two_event_files() {
    let logdir = std::env::temp_dir().join(format!("flowstone-summaries-{}", std::process::id()));
    let text = run("mnist_with_summaries", &["2", logdir.to_str().unwrap()]);
    assert!(text.contains("Accuracy at step 0: 0."), "{text}");
    for (folder, events) in [("train", 4), ("test", 2)] {
        let file = std::fs::read_dir(logdir.join(folder)).unwrap().next().unwrap().unwrap().path();
        assert_eq!(flowstone::train::summary_iterator(file).unwrap().map(Result::unwrap).count(), events, "{folder}");
    }
    std::fs::remove_dir_all(&logdir).unwrap();
}

#[test]
fn the_mnist_listings_run_to_their_end() {
    for name in ["mnist_cnn", "mnist_layers"] {
        let text = run(name, &["0"]);
        assert!(text.contains("Extracting ") && text.contains("Training Time (Seconds):  "), "{text}");
        assert!((0.0..0.5).contains(&last_number(&text)), "untrained: {text}");
    }
}

#[test]
fn convolution_basics_draws_what_it_says() {
    let directory = std::env::temp_dir().join(format!("flowstone-basics-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let text = run("convolution_basics", &[directory.to_str().unwrap()]);
    assert!(text.contains("Padded by 1 the 6x6 picture is 8x8, and under a 3x3 filter it keeps 6x6."), "{text}");
    assert!(text.contains("3 filters make 3 channels of the one."), "{text}");
    // Numbers of different widths stand in columns: the first row of the lesson on channels.
    assert!(text.contains("     0 1 2 3 4 5     18.2 27.7 28.3   11  2.7    2\n"), "{text}");
    let svg = std::fs::read_to_string(directory.join("convolution_basics.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    // Under each window that is outlined, one in the picture and one for each result, lies a grid of cells.
    assert_eq!(svg.matches("stroke=\"#d60\"").count(), 10);
    assert_eq!(svg.matches("text-anchor=\"middle\"").count(), 61 + 109 + 82 + 144 + 144 + 63);
    std::fs::remove_dir_all(&directory).unwrap();
    assert!(failure("convolution_basics", &["/no/such/place"]).contains("cannot write /no/such/place/"));
}

#[test]
fn a_wrong_argument_is_a_clear_error() {
    let text = failure("mnist_lstm", &["many"]);
    assert_eq!(text, "Error: InvalidArgument: STEPS is 'many', not a number\n");
    for name in ["mnist_cnn", "mnist_layers", "cifar10_cnn", "keras_mnist", "keras_cifar10"] {
        assert_eq!(failure(name, &["many"]), "Error: InvalidArgument: EPOCHS is 'many', not a number\n");
    }
}

/// With the feature `download` it would be fetched.
#[cfg(not(feature = "download"))]
#[test]
fn a_missing_data_set_says_what_belongs_where() {
    for name in ["cifar10_cnn", "keras_cifar10"] {
        let text = failure(name, &["1", "/no/such/place"]);
        assert!(text.contains("there is no CIFAR-10 in /no/such/place"), "{text}");
        assert!(
            text.contains("put cifar-10-binary.tar.gz, or the folder cifar-10-batches-bin that is in it, there"),
            "{text}"
        );
    }
}

#[test]
fn tensorflows_graphs_give_tensorflows_numbers_in_both_dialects() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/graphs");
    let text = run("replay_graphs", &[folder]);
    assert!(text.ends_with("10 of 10 graphs agree\n"), "{text}");
    assert!(failure("replay_graphs", &["no-such-folder"]).contains("no-such-folder: "));
    assert!(failure("replay_graphs", &[]).contains("usage: replay_graphs DIR"));
}

#[test]
fn a_half_trained_network_is_handed_back() {
    let folder = std::env::temp_dir().join(format!("flowstone-half-{}", std::process::id()));
    let text = run("half_trained", &[folder.to_str().unwrap()]);
    assert!(text.contains("as TensorFlow left it: step  20, cost 0.24"), "{text}");
    assert!(text.contains("trained on           : step 200, cost 0.0"), "{text}");
    for suffix in ["index", "meta", "data-00000-of-00001"] {
        assert!(folder.join(format!("moons-200.{suffix}")).exists());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_recurrent_network_reads_rows() {
    let text = run("mnist_lstm", &["2"]);
    assert!(text.contains("Step 1, Minibatch Loss= ") && text.contains("Optimization Finished!"), "{text}");
    assert!((0.0..0.6).contains(&last_number(&text)), "untrained: {text}");
}
