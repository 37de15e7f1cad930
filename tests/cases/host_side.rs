//! The cases of `golden/ops/host_side.py`, in the same order.

use flowstone as tf;
use tf::Tensor;
use tf::examples::tutorials::mnist::mnist;

/// Which of two variables have no value when `initialized` of them have got theirs.
fn report(x: Tensor, initialized: usize) -> Tensor {
    let variables = [tf::Variable(x), tf::Variable(x * 2.0)];
    let initializers = variables.map(|v| v.initializer());
    let _after = tf::control_dependencies(&initializers[..initialized]);
    tf::report_uninitialized_variables()
}

fn training(x: Tensor, labels: Tensor) -> Tensor {
    let cost = mnist::loss(mnist::inference(x, 4, 3), labels);
    mnist::training(cost, 0.5);
    cost
}

pub const CASES: &[super::Case] = cases! {
    "report_none" |_x| [tf::report_uninitialized_variables()];
    "report" [] |x| [report(x[0], 2)];
    "report_missing" [] |x| [report(x[0], 1)];
    "report_scalar" [] |x| [report(x[0], 1)];
    "convert" |x| [
        tf::convert_to_tensor(x[0]) * tf::convert_to_tensor([1.0, 2.0]),
        tf::convert_to_tensor!(3, dtype = tf::float64),
    ];
    "bad_convert" |x| [tf::convert_to_tensor!(x[0], dtype = tf::float32)];
    "mnist_loss" |x| [mnist::loss(x[0], x[1])];
    "mnist_evaluation" [] |x| [mnist::evaluation(x[0], x[1])];
    "mnist_inference" [] |x| [mnist::inference(x[0], 4, 3)];
    "mnist_training" [] |x| [training(x[0], x[1])];
};
