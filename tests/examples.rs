//! Every example runs, at toy size, and prints what it should.
#![allow(clippy::unwrap_used)]

use std::process::Command;

/// The output of an example, which `cargo test` has built beside this test.
fn run(name: &str, argument: &str) -> String {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let output = Command::new(path.join("examples").join(name)).arg(argument).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn last_number(text: &str) -> f64 {
    text.split_whitespace().last().unwrap().parse().unwrap()
}

#[test]
fn linear_regression_finds_the_line() {
    let text = run("linear_regression", "6000");
    assert!(text.contains("Epoch: 0050 cost= ") && text.contains("Optimization Finished!"), "{text}");
    // Least squares gives 0.24715 and 0.78771.
    let w: f64 = text.rsplit("W= ").next().unwrap().split_whitespace().next().unwrap().parse().unwrap();
    assert!((w - 0.247_15).abs() < 2e-3 && (last_number(&text) - 0.787_71).abs() < 1e-2, "{text}");
}

#[test]
fn softmax_regression_learns_the_digits() {
    assert!(last_number(&run("softmax_regression", "300")) > 0.85);
}

#[test]
fn the_listing_runs_to_its_end() {
    let text = run("mnist_cnn", "0");
    assert!(text.contains("Extracting ") && text.contains("Training Time (Seconds):  "), "{text}");
    assert!((0.0..0.5).contains(&last_number(&text)), "untrained: {text}");
}

#[test]
fn a_wrong_argument_is_a_clear_error() {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let output = Command::new(path.join("examples").join("mnist_cnn")).arg("many").output().unwrap();
    assert!(!output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "Error: InvalidArgument: EPOCHS is 'many', not a number\n");
}
