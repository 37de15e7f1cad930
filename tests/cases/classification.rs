//! The cases of `golden/ops/classification.py`, in the same order.

use flowstone as tf;

fn sparse(x: &[tf::Tensor]) -> [tf::Tensor; 1] {
    [tf::nn::sparse_softmax_cross_entropy_with_logits(x[1], x[0])]
}

fn logistic(x: &[tf::Tensor]) -> [tf::Tensor; 1] {
    [tf::nn::sigmoid_cross_entropy_with_logits(x[1], x[0])]
}

fn top(x: &[tf::Tensor], k: i32) -> [tf::Tensor; 2] {
    tf::nn::top_k(x[0], k).into()
}

/// `k` is of the type of the targets, as Python's numbers are.
fn among(x: &[tf::Tensor], k: i32) -> [tf::Tensor; 1] {
    [tf::nn::in_top_k(x[0], x[1], k)]
}

fn old_among(x: &[tf::Tensor], k: i64) -> Vec<tf::Tensor> {
    let args = [x[0], x[1]].map(tf::IntoTensor::into_arg);
    tf::ops::lookup("InTopK").unwrap().call(args).attr("k", k).build().outputs()
}

pub static CASES: &[super::Case] = cases! {
    "sparse_xent" |x| sparse(x);
    "sparse_xent_i64" |x| sparse(x);
    "sparse_xent_f64" |x| sparse(x);
    "sparse_xent_3d" |x| sparse(x);
    "sparse_xent_1d" |x| sparse(x);
    "sparse_xent_empty" |x| sparse(x);
    "sparse_xent_large" |x| sparse(x);
    "sparse_xent_infinite" |x| sparse(x);
    "sparse_xent_beyond" |x| sparse(x);
    "sparse_xent_negative" |x| sparse(x);
    "sparse_xent_rows" |x| sparse(x);
    "sparse_xent_ranks" |x| sparse(x);
    "sparse_xent_scalar" |x| sparse(x);
    "sparse_xent_labels" |x| sparse(x);
    "sparse_xent_no_class" |x| sparse(x);
    "softmax_axis" |x| [tf::softmax!(x[0], axis = 1)];
    "softmax_dim" |x| [tf::softmax!(x[0], dim = -3)];
    "softmax_last" |x| [tf::softmax!(x[0], axis = 2)];
    "softmax_beyond" |x| [tf::softmax!(x[0], axis = 3)];
    "softmax_scalar" |x| [tf::nn::softmax(x[0])];
    "log_softmax_axis" |x| [tf::log_softmax!(x[0], axis = 1)];
    "log_softmax_dim" |x| [tf::log_softmax!(x[0], dim = -3)];
    "log_softmax_last" |x| [tf::log_softmax!(x[0], axis = 2)];
    "log_softmax_beyond" |x| [tf::log_softmax!(x[0], axis = 3)];
    "log_softmax_scalar" |x| [tf::nn::log_softmax(x[0])];
    "sigmoid_xent" |x| logistic(x);
    "sigmoid_xent_f64" |x| logistic(x);
    "sigmoid_xent_special" |x| logistic(x);
    "sigmoid_xent_shapes" |x| logistic(x);
    "weighted_xent" |x| [tf::nn::weighted_cross_entropy_with_logits(x[1], x[0], 2.5)];
    "weighted_xent_tensor" |x| [tf::nn::weighted_cross_entropy_with_logits(x[1], x[0], x[2])];
    "weighted_xent_shapes" |x| [tf::nn::weighted_cross_entropy_with_logits(x[1], x[0], 2.5)];
    "log_poisson" |x| [tf::nn::log_poisson_loss(x[0], x[1])];
    "log_poisson_full" |x| [tf::log_poisson_loss!(x[0], x[1], compute_full_loss = true)];
    "log_poisson_shapes" |x| [tf::nn::log_poisson_loss(x[0], x[1])];
    "top_k" |x| top(x, 2);
    "top_k_1" |x| top(x, 1);
    "top_k_all" |x| top(x, 4);
    "top_k_none" [] |x| top(x, 0);
    "top_k_3d" |x| top(x, 3);
    "top_k_equal" |x| top(x, 3);
    "top_k_infinite" |x| top(x, 3);
    "top_k_unsorted" [] |x| <[_; 2]>::from(tf::top_k!(x[0], 3, sorted = false));
    "top_k_u8" |x| top(x, 2);
    "top_k_i32" |x| top(x, 2);
    "top_k_i64" |x| top(x, 2);
    "top_k_fed" |x| <[_; 2]>::from(tf::nn::top_k(x[0], x[1]));
    "top_k_no_rows" [] |x| top(x, 1);
    "top_k_too_many" |x| top(x, 4);
    "top_k_negative" |x| top(x, -1);
    "top_k_scalar" |x| top(x, 1);
    "in_top_k" [] |x| among(x, 2);
    "in_top_k_equal" [] |x| among(x, 1);
    "in_top_k_special" [] |x| among(x, 2);
    "in_top_k_i64" [] |x| among(x, 1);
    "in_top_k_empty" [] |x| among(x, 1);
    "in_top_k_all" [] |x| among(x, 7);
    "in_top_k_beyond" [] |x| among(x, 2);
    "in_top_k_rows" [] |x| among(x, 1);
    "in_top_k_rank" [] |x| among(x, 1);
    "in_top_k_old" [] |x| old_among(x, 2);
    "in_top_k_old_equal" [] |x| old_among(x, 1);
    "in_top_k_old_special" [] |x| old_among(x, 2);
    "in_top_k_old_i64" [] |x| old_among(x, 1);
    "in_top_k_old_empty" [] |x| old_among(x, 1);
    "in_top_k_old_all" [] |x| old_among(x, 7);
    "in_top_k_old_beyond" [] |x| old_among(x, 2);
    "in_top_k_old_rows" [] |x| old_among(x, 1);
    "in_top_k_old_rank" [] |x| old_among(x, 1);
};
