//! The cases of `golden/ops/losses.py`, in the same order.

use flowstone as tf;
use tf::losses::{self as l, Reduction};

pub static CASES: &[super::Case] = cases! {
    "absolute_difference" [1] |x| [l::absolute_difference(x[0], x[1])];
    "absolute_difference_weights" [1] |x| [tf::absolute_difference!(x[0], x[1], weights = x[2])];
    "absolute_difference_rows" [1] |x| [tf::absolute_difference!(x[0], x[1], weights = [[2.0], [0.5]])];
    "absolute_difference_shapes" |x| [l::absolute_difference(x[0], x[1])];
    "hinge_loss" [1] |x| [l::hinge_loss(x[0], x[1])];
    "hinge_loss_weights" [1] |x| [tf::hinge_loss!(x[0], x[1], weights = x[2])];
    "hinge_loss_rows" [1] |x| [tf::hinge_loss!(x[0], x[1], weights = [[2.0], [0.5]])];
    "hinge_loss_shapes" |x| [l::hinge_loss(x[0], x[1])];
    "huber_loss" [1] |x| [l::huber_loss(x[0], x[1])];
    "huber_loss_weights" [1] |x| [tf::huber_loss!(x[0], x[1], weights = x[2])];
    "huber_loss_rows" [1] |x| [tf::huber_loss!(x[0], x[1], weights = [[2.0], [0.5]])];
    "huber_loss_shapes" |x| [l::huber_loss(x[0], x[1])];
    "log_loss" [1] |x| [l::log_loss(x[0], x[1])];
    "log_loss_weights" [1] |x| [tf::log_loss!(x[0], x[1], weights = x[2])];
    "log_loss_rows" [1] |x| [tf::log_loss!(x[0], x[1], weights = [[2.0], [0.5]])];
    "log_loss_shapes" |x| [l::log_loss(x[0], x[1])];
    "mean_squared_error" [1] |x| [l::mean_squared_error(x[0], x[1])];
    "mean_squared_error_weights" [1] |x| [tf::mean_squared_error!(x[0], x[1], weights = x[2])];
    "mean_squared_error_rows" [1] |x| [tf::mean_squared_error!(x[0], x[1], weights = [[2.0], [0.5]])];
    "mean_squared_error_shapes" |x| [l::mean_squared_error(x[0], x[1])];
    "sigmoid_loss" [1] |x| [l::sigmoid_cross_entropy(x[0], x[1])];
    "sigmoid_loss_weights" [1] |x| [tf::sigmoid_cross_entropy!(x[0], x[1], weights = x[2])];
    "sigmoid_loss_rows" [1] |x| [tf::sigmoid_cross_entropy!(x[0], x[1], weights = [[2.0], [0.5]])];
    "sigmoid_loss_shapes" |x| [l::sigmoid_cross_entropy(x[0], x[1])];
    "softmax_loss" [1] |x| [l::softmax_cross_entropy(x[0], x[1])];
    "softmax_loss_shapes" |x| [l::softmax_cross_entropy(x[0], x[1])];
    "pairwise" [1] |x| [l::mean_pairwise_squared_error(x[0], x[1])];
    "pairwise_shapes" |x| [l::mean_pairwise_squared_error(x[0], x[1])];
    "cosine" [1] |x| [l::cosine_distance(x[0], x[1], 1)];
    "cosine_shapes" |x| [l::cosine_distance(x[0], x[1], 1)];
    "softmax_loss_weights" [1] |x| [tf::softmax_cross_entropy!(x[0], x[1], weights = x[2])];
    "softmax_loss_smooth" |x| [tf::softmax_cross_entropy!(x[0], x[1], label_smoothing = 0.1)];
    "sigmoid_loss_smooth" |x| [tf::sigmoid_cross_entropy!(x[0], x[1], label_smoothing = 0.1)];
    "huber_loss_delta" [1] |x| [tf::huber_loss!(x[0], x[1], delta = 0.25)];
    "log_loss_epsilon" [1] |x| [tf::log_loss!(x[0], x[1], epsilon = 0.5)];
    "mean_squared_error_i32" |x| [l::mean_squared_error(x[0], x[1])];
    "reduction_none" [1] |x| {
        [tf::mean_squared_error!(x[0], x[1], weights = x[2], reduction = Reduction::None)]
    };
    "reduction_plain_none" [1] |x| [tf::mean_squared_error!(x[0], x[1], reduction = Reduction::None)];
    "reduction_sum" [1] |x| {
        [tf::mean_squared_error!(x[0], x[1], weights = x[2], reduction = Reduction::Sum)]
    };
    "reduction_plain_sum" [1] |x| [tf::mean_squared_error!(x[0], x[1], reduction = Reduction::Sum)];
    "reduction_sum_over_batch_size" [1] |x| {
        [tf::mean_squared_error!(x[0], x[1], weights = x[2], reduction = Reduction::SumOverBatchSize)]
    };
    "reduction_plain_sum_over_batch_size" [1] |x| [tf::mean_squared_error!(x[0], x[1], reduction = Reduction::SumOverBatchSize)];
    "reduction_mean" [1] |x| {
        [tf::mean_squared_error!(x[0], x[1], weights = x[2], reduction = Reduction::Mean)]
    };
    "reduction_plain_mean" [1] |x| [tf::mean_squared_error!(x[0], x[1], reduction = Reduction::Mean)];
    "weighted_loss" |x| [l::compute_weighted_loss(x[0])];
    "weighted_loss_f64" [0] |x| [tf::compute_weighted_loss!(x[0], weights = x[1])];
    "pairwise_weights" [1] |x| [tf::mean_pairwise_squared_error!(x[0], x[1], weights = 0.5)];
    "pairwise_row_weights" [1] |x| [tf::mean_pairwise_squared_error!(x[0], x[1], weights = [[0.5], [0.0]])];
    "sparse_loss" |x| [l::sparse_softmax_cross_entropy(x[0], x[1])];
    "sparse_loss_column" |x| [l::sparse_softmax_cross_entropy(x[0], x[1])];
    "sparse_loss_weights" |x| [tf::sparse_softmax_cross_entropy!(x[0], x[1], weights = [1.0, 0.0])];
    "sparse_loss_column_weights" [1] |x| [tf::sparse_softmax_cross_entropy!(x[0], x[1], weights = x[2])];
    "sparse_loss_ranks" |x| [l::sparse_softmax_cross_entropy(x[0], x[1])];
    "weights_sizes" |x| [tf::mean_squared_error!(x[0], x[1], weights = [[1.0], [2.0], [3.0]])];
    "weights_ranks" |x| [tf::mean_squared_error!(x[0], x[1], weights = [1.0, 2.0])];
    "total_loss" |x| {
        l::mean_squared_error(x[0], x[1]);
        l::absolute_difference(x[0], x[1]);
        [l::get_total_loss()]
    };
};
