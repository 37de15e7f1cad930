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
fn the_mnist_listings_run_to_their_end() {
    for name in ["mnist_cnn", "mnist_layers"] {
        let text = run(name, &["0"]);
        assert!(text.contains("Extracting ") && text.contains("Training Time (Seconds):  "), "{text}");
        assert!((0.0..0.5).contains(&last_number(&text)), "untrained: {text}");
    }
}

#[test]
fn a_wrong_argument_is_a_clear_error() {
    for name in ["mnist_cnn", "mnist_layers", "cifar10_cnn"] {
        assert_eq!(failure(name, &["many"]), "Error: InvalidArgument: EPOCHS is 'many', not a number\n");
    }
}

#[test]
fn a_missing_data_set_says_what_belongs_where() {
    let text = failure("cifar10_cnn", &["1", "/no/such/place"]);
    assert!(text.contains("there is no CIFAR-10 in /no/such/place"), "{text}");
    assert!(
        text.contains("put cifar-10-binary.tar.gz, or the folder cifar-10-batches-bin that is in it, there"),
        "{text}"
    );
}
