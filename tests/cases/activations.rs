//! The cases of `golden/ops/activations.py`, in the same order.

use flowstone as tf;

use super::raw;

pub static CASES: &[super::Case] = cases! {
    "relu6" |x| [tf::nn::relu6(x[0])];
    "relu6_f64" |x| [tf::nn::relu6(x[0])];
    "relu6_special" |x| [tf::nn::relu6(x[0])];
    "relu6_empty" |x| [tf::nn::relu6(x[0])];
    "relu6_scalar" |x| [tf::nn::relu6(x[0])];
    "relu6_far" |x| [tf::nn::relu6(x[0])];
    "elu" |x| [tf::nn::elu(x[0])];
    "elu_f64" |x| [tf::nn::elu(x[0])];
    "elu_special" |x| [tf::nn::elu(x[0])];
    "elu_empty" |x| [tf::nn::elu(x[0])];
    "elu_scalar" |x| [tf::nn::elu(x[0])];
    "elu_far" |x| [tf::nn::elu(x[0])];
    "selu" |x| [tf::nn::selu(x[0])];
    "selu_f64" |x| [tf::nn::selu(x[0])];
    "selu_special" |x| [tf::nn::selu(x[0])];
    "selu_empty" |x| [tf::nn::selu(x[0])];
    "selu_scalar" |x| [tf::nn::selu(x[0])];
    "selu_far" |x| [tf::nn::selu(x[0])];
    "softplus" |x| [tf::nn::softplus(x[0])];
    "softplus_f64" |x| [tf::nn::softplus(x[0])];
    "softplus_special" |x| [tf::nn::softplus(x[0])];
    "softplus_empty" |x| [tf::nn::softplus(x[0])];
    "softplus_scalar" |x| [tf::nn::softplus(x[0])];
    "softplus_far" |x| [tf::nn::softplus(x[0])];
    "softsign" |x| [tf::nn::softsign(x[0])];
    "softsign_f64" |x| [tf::nn::softsign(x[0])];
    "softsign_special" |x| [tf::nn::softsign(x[0])];
    "softsign_empty" |x| [tf::nn::softsign(x[0])];
    "softsign_scalar" |x| [tf::nn::softsign(x[0])];
    "softsign_far" |x| [tf::nn::softsign(x[0])];
    "relu6_i32" |x| [tf::nn::relu6(x[0])];
    "relu6_u8" |x| [tf::nn::relu6(x[0])];
    "relu6_i64" |x| [tf::nn::relu6(x[0])];
    "relu6_grad" |x| raw("Relu6Grad", [x[0], x[1]]);
    "relu6_grad_f64" |x| raw("Relu6Grad", [x[0], x[1]]);
    "relu6_grad_special" [] |x| raw("Relu6Grad", [x[0], x[1]]);
    "relu6_grad_empty" [] |x| raw("Relu6Grad", [x[0], x[1]]);
    "relu6_grad_scalar" [] |x| raw("Relu6Grad", [x[0], x[1]]);
    "softplus_grad" |x| raw("SoftplusGrad", [x[0], x[1]]);
    "softplus_grad_f64" |x| raw("SoftplusGrad", [x[0], x[1]]);
    "softplus_grad_special" [] |x| raw("SoftplusGrad", [x[0], x[1]]);
    "softplus_grad_empty" [] |x| raw("SoftplusGrad", [x[0], x[1]]);
    "softplus_grad_scalar" [] |x| raw("SoftplusGrad", [x[0], x[1]]);
    "elu_grad" |x| raw("EluGrad", [x[0], x[1]]);
    "elu_grad_f64" |x| raw("EluGrad", [x[0], x[1]]);
    "elu_grad_special" [] |x| raw("EluGrad", [x[0], x[1]]);
    "elu_grad_empty" [] |x| raw("EluGrad", [x[0], x[1]]);
    "elu_grad_scalar" [] |x| raw("EluGrad", [x[0], x[1]]);
    "selu_grad" |x| raw("SeluGrad", [x[0], x[1]]);
    "selu_grad_f64" |x| raw("SeluGrad", [x[0], x[1]]);
    "selu_grad_special" [] |x| raw("SeluGrad", [x[0], x[1]]);
    "selu_grad_empty" [] |x| raw("SeluGrad", [x[0], x[1]]);
    "selu_grad_scalar" [] |x| raw("SeluGrad", [x[0], x[1]]);
    "softsign_grad" [] |x| raw("SoftsignGrad", [x[0], x[1]]);
    "softsign_grad_f64" [] |x| raw("SoftsignGrad", [x[0], x[1]]);
    "softsign_grad_special" [] |x| raw("SoftsignGrad", [x[0], x[1]]);
    "softsign_grad_empty" [] |x| raw("SoftsignGrad", [x[0], x[1]]);
    "softsign_grad_scalar" [] |x| raw("SoftsignGrad", [x[0], x[1]]);
    "relu6_string" |x| [tf::nn::relu6(x[0])];
    "elu_i32" |x| [tf::nn::elu(x[0])];
    "selu_i32" |x| [tf::nn::selu(x[0])];
    "softplus_i32" |x| [tf::nn::softplus(x[0])];
    "softsign_i32" |x| [tf::nn::softsign(x[0])];
    "elu_grad_shapes" |x| raw("EluGrad", [x[0], x[1]]);
    "softplus_grad_shapes" |x| raw("SoftplusGrad", [x[0], x[1]]);
    "sigmoid_of_nn" |x| [tf::nn::sigmoid(x[0])];
    "tanh_of_nn" |x| [tf::nn::tanh(x[0])];
    "crelu" |x| [tf::nn::crelu(x[0])];
    "crelu_1d" |x| [tf::nn::crelu(x[0])];
    "xw_plus_b" |x| [tf::nn::xw_plus_b(x[0], x[1], x[2])];
    "xw_plus_b_sizes" |x| [tf::nn::xw_plus_b(x[0], x[1], x[2])];
    "relu_layer" |x| [tf::nn::relu_layer(x[0], x[1], x[2])];
    "relu_layer_sizes" |x| [tf::nn::relu_layer(x[0], x[1], x[2])];
    "l2_normalize" |x| [tf::nn::l2_normalize(x[0], 1)];
    "l2_normalize_dim" |x| [tf::l2_normalize!(x[0], [0, 1], epsilon = 0.5)];
    "l2_normalize_zero" |x| [tf::nn::l2_normalize(x[0], 0)];
    "moments_keep" |x| <[_; 2]>::from(tf::moments!(x[0], [0, 2], keep_dims = true));
    "weighted_moments" |x| <[_; 2]>::from(tf::nn::weighted_moments(x[0], [0], x[1]));
    "weighted_moments_keep" |x| <[_; 2]>::from(tf::weighted_moments!(x[0], [1], x[1], keep_dims = true));
    "sufficient_statistics" |x| {
        let (n, sum, squares, _) = tf::nn::sufficient_statistics(x[0], [0, 1], None);
        [n, sum, squares]
    };
    "sufficient_statistics_shift" |x| {
        let (n, sum, squares, _) = tf::nn::sufficient_statistics(x[0], [0], Some(x[1]));
        [n, sum, squares]
    };
    "normalize_moments" |x| <[_; 2]>::from(tf::nn::normalize_moments(x[0], x[1], x[2], None));
    "normalize_moments_shift" |x| <[_; 2]>::from(tf::nn::normalize_moments(x[0], x[1], x[2], Some(x[3])));
    "batch_norm_global" |x| {
        [tf::nn::batch_norm_with_global_normalization(x[0], x[1], x[2], x[3], x[4], 0.1, true)]
    };
    "batch_norm_global_unscaled" |x| {
        [tf::nn::batch_norm_with_global_normalization(x[0], x[1], x[2], x[3], x[4], 0.1, false)]
    };
    "lrn" |x| [tf::nn::lrn(x[0])];
    "lrn_all" |x| [tf::lrn!(x[0], depth_radius = 2, bias = 1.5, alpha = 0.3, beta = 0.75)];
    "lrn_beta_1" |x| [tf::lrn!(x[0], depth_radius = 1, beta = 1.0)];
    "lrn_wide" |x| [tf::lrn!(x[0], depth_radius = 9, bias = 2.0, alpha = 0.1, beta = 0.5)];
    "lrn_flat" |x| [tf::lrn!(x[0], depth_radius = 0)];
    "lrn_empty" |x| [tf::nn::lrn(x[0])];
    "lrn_rank" |x| [tf::nn::lrn(x[0])];
    "lrn_f64" |x| [tf::nn::lrn(x[0])];
};
