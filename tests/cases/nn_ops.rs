//! The cases of `golden/ops/nn_ops.py`, in the same order.

use flowstone as tf;

/// Uneven numbers, as the script's `f`.
fn uneven() -> tf::Value {
    let numbers = (0..24).map(|i| ((f64::from(i) * 1.7 + 0.3).sin() * 2.0 * 1000.0).round_ties_even() / 1000.0 + 1.0);
    tf::Value::new([2, 2, 3, 2], numbers.map(|x| x as f32).collect::<Vec<f32>>()).unwrap()
}

pub static CASES: &[super::Case] = cases! {
    "conv2d_same" |x| [tf::nn::conv2d(x[0], x[1], [1, 1, 1, 1], "SAME")];
    "max_pool_same" |x| [tf::nn::max_pool(x[0], [1, 2, 3, 1], [1, 1, 1, 1], "SAME")];
    "conv2d_valid" |x| [tf::nn::conv2d(x[0], x[1], [1, 1, 1, 1], "VALID")];
    "max_pool_valid" |x| [tf::nn::max_pool(x[0], [1, 2, 3, 1], [1, 1, 1, 1], "VALID")];
    "conv2d_same_2" |x| [tf::nn::conv2d(x[0], x[1], [1, 2, 2, 1], "SAME")];
    "max_pool_same_2" |x| [tf::nn::max_pool(x[0], [1, 2, 3, 1], [1, 2, 2, 1], "SAME")];
    "conv2d_valid_2" |x| [tf::nn::conv2d(x[0], x[1], [1, 2, 2, 1], "VALID")];
    "max_pool_valid_2" |x| [tf::nn::max_pool(x[0], [1, 2, 3, 1], [1, 2, 2, 1], "VALID")];
    "bias_add" |x| [tf::nn::bias_add(x[0], x[1])];
    "bias_add_matrix" |x| [tf::nn::bias_add(x[0], x[1])];
    "bias_add_empty" |x| [tf::nn::bias_add(x[0], x[1])];
    "bias_add_nchw" |x| [tf::bias_add!(x[0], x[1], data_format = "NCHW")];
    "conv2d_uneven" |x| [tf::nn::conv2d(x[0], x[1], [1, 2, 3, 1], "SAME")];
    "conv2d_f64" |x| [tf::nn::conv2d(x[0], x[1], [1, 1, 1, 1], "SAME")];
    "conv2d_dilated" [] |x| [tf::conv2d!(x[0], x[1], [1, 1, 1, 1], "SAME", dilations = [1, 2, 2, 1])];
    "conv2d_1x1" |x| [tf::nn::conv2d(x[0], x[1], [1, 1, 1, 1], "VALID")];
    "conv2d_explicit" |x| [tf::nn::conv2d(x[0], x[1], [1, 1, 1, 1], [[0, 0], [1, 0], [0, 2], [0, 0]])];
    "conv2d_no_batch" |x| [tf::nn::conv2d(x[0], x[1], [1, 1, 1, 1], "SAME")];
    "max_pool_ties" |x| [tf::nn::max_pool(x[0], [1, 2, 2, 1], [1, 2, 2, 1], "SAME")];
    "max_pool_special" |x| [tf::nn::max_pool(x[0], [1, 1, 2, 1], [1, 1, 2, 1], "SAME")];
    "softmax" |x| [tf::nn::softmax(x[0])];
    "softmax_1d" |x| [tf::nn::softmax(x[0])];
    "softmax_3d" |x| [tf::nn::softmax(x[0])];
    "softmax_large" |x| [tf::nn::softmax(x[0])];
    "log_softmax" |x| [tf::nn::log_softmax(x[0])];
    "log_softmax_1d" |x| [tf::nn::log_softmax(x[0])];
    "log_softmax_3d" |x| [tf::nn::log_softmax(x[0])];
    "log_softmax_large" |x| [tf::nn::log_softmax(x[0])];
    "xent" |x| [tf::nn::softmax_cross_entropy_with_logits_v2(x[1], x[0])];
    "xent_old" [0] |x| [tf::nn::softmax_cross_entropy_with_logits(x[1], x[0])];
    "xent_second" [0] |x| [tf::nn::softmax_cross_entropy_with_logits_v2(tf::stop_gradient(x[1]), x[0])];
    "xent_3d" |x| [tf::nn::softmax_cross_entropy_with_logits_v2(x[1], x[0])];
    "l2_loss" |x| [tf::nn::l2_loss(x[0])];
    "l2_loss_f64" |x| [tf::nn::l2_loss(x[0])];
    "leaky_relu" |x| [tf::nn::leaky_relu(x[0])];
    "leaky_relu_alpha" |x| [tf::leaky_relu!(x[0], alpha = 0.5)];
    "leaky_relu_special" |x| [tf::nn::leaky_relu(x[0])];
    "avg_pool_same" |x| [tf::nn::avg_pool(x[0], [1, 2, 3, 1], [1, 2, 1, 1], "SAME")];
    "avg_pool_valid" |x| [tf::nn::avg_pool(x[0], [1, 2, 3, 1], [1, 2, 1, 1], "VALID")];
    "avg_pool_f64" |x| [tf::nn::avg_pool(x[0], [1, 2, 2, 1], [1, 1, 1, 1], "SAME")];
    "depthwise_same" |x| [tf::nn::depthwise_conv2d(x[0], x[1], [1, 2, 2, 1], "SAME")];
    "depthwise_valid" |x| [tf::nn::depthwise_conv2d(x[0], x[1], [1, 2, 2, 1], "VALID")];
    "depthwise_f64" |x| [tf::nn::depthwise_conv2d(x[0], x[1], [1, 1, 1, 1], "SAME")];
    "conv2d_transpose_same" |x| [tf::nn::conv2d_transpose(x[0], x[1], [1, 5, 6, 2], [1, 2, 2, 1], "SAME")];
    "conv2d_transpose_valid" |x| [tf::nn::conv2d_transpose(x[0], x[1], [1, 7, 7, 2], [1, 2, 2, 1], "VALID")];
    "separable_conv2d" |x| [tf::nn::separable_conv2d(x[0], x[1], x[2], [1, 1, 1, 1], "SAME")];
    "fused_batch_norm" |x| [tf::nn::fused_batch_norm(x[0], x[1], x[2]).0 * uneven()];
    "fused_batch_norm_all" [] |x| {
        let (y, mean, variance) = tf::fused_batch_norm!(x[0], x[1], x[2], epsilon = 0.01);
        [y, mean, variance]
    };
    "fused_batch_norm_inference" [0 1 2] |x| {
        [tf::fused_batch_norm!(x[0], x[1], x[2], mean = x[3], variance = x[4], is_training = false).0 * uneven()]
    };
    "fused_batch_norm_blend" [] |x| {
        let args = tf::nn::fused_batch_norm_args(x[0], x[1], x[2]).mean(x[3]).variance(x[4]);
        let (y, mean, variance) = args.exponential_avg_factor(0.25).build();
        [y, mean, variance]
    };
    "moments" |x| {
        let (mean, variance) = tf::nn::moments(x[0], [0, 2]);
        [mean, variance]
    };
    "batch_normalization" |x| [tf::nn::batch_normalization(x[0], x[1], x[2], Some(x[3]), Some(x[4]), 0.1)];
    "leaky_relu_scalar" |x| [tf::nn::leaky_relu(x[0])];
    "leaky_relu_empty" |x| [tf::nn::leaky_relu(x[0])];
    "leaky_relu_unknown" |x| [tf::leaky_relu!(x[0], alpha = 0.0)];
};
