//! The cases of `golden/ops/sampled.py`, in the same order.

use flowstone as tf;

fn drawn() -> (tf::Tensor, tf::Tensor, tf::Tensor) {
    (tf::constant([0i64, 4, 2]), tf::constant([[0.5], [0.25]]), tf::constant([0.9, 0.25, 0.5]))
}

fn nce(x: &[tf::Tensor]) -> tf::ops::nn::SampledArgs {
    tf::ops::nn::nce_loss_args(x[0], x[1], x[2], x[3], 3, 6)
}

fn softmax(x: &[tf::Tensor]) -> tf::ops::nn::SampledArgs {
    tf::ops::nn::sampled_softmax_loss_args(x[0], x[1], x[2], x[3], 3, 6)
}

pub static CASES: &[super::Case] = cases! {
    "nce_loss" |x| [nce(x).sampled_values(drawn()).build()];
    "nce_loss_hits" |x| [nce(x).sampled_values(drawn()).remove_accidental_hits(true).build()];
    "nce_loss_drawn" [] |x| [tf::nn::nce_loss(x[0], x[1], x[2], x[3], 3, 6)];
    "sampled_softmax_loss" |x| [softmax(x).sampled_values(drawn()).build()];
    "sampled_softmax_loss_two" [] |x| [softmax(x).num_true(2).remove_accidental_hits(false).seed(3).build()];
};
