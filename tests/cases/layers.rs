//! The cases of `golden/ops/layers.py`, in the same order.

use flowstone as tf;
use tf::Tensor;
use tf::layers::{self, Layer};

/// Variables by name, in scopes that are opened again.
fn shared(x: Tensor) -> Vec<Tensor> {
    let (first, second, again) = {
        let scope = tf::variable_scope("a");
        let first = tf::get_variable!("w", [3], initializer = tf::ones_initializer()) * x;
        let _inner = tf::variable_scope!("b", reuse = tf::AUTO_REUSE);
        let second = tf::get_variable("v", [3]) + tf::get_variable("v", [3]);
        (first, second, scope.clone())
    };
    let third = {
        let _scope = tf::variable_scope!(&again, reuse = true);
        tf::get_variable("w", [3]) + first
    };
    let fourth = {
        let _scope = tf::variable_scope("a");
        tf::get_variable("k", ()) + second
    };
    let _scope = tf::variable_scope!(None, default_name = "a");
    vec![fourth, tf::get_variable("k", [3]) + third]
}

pub static CASES: &[super::Case] = cases! {
    "layer_dropout" |x| [
        tf::nn::dropout(x[0], 0.25), tf::dropout!(x[0], rate = 0.4, noise_shape = [2, 1]), tf::dropout!(x[0], rate = 0.0)
    ];
    "layer_dropout_fed" |x| [tf::nn::dropout(x[0], x[1])];
    "layer_random" |x| [
        tf::random_uniform([2]), tf::random_uniform!([2], maxval = 3.0),
        tf::random_uniform!([2], minval = -1.0, maxval = 1.0),
        tf::truncated_normal!([2], mean = 1.0, stddev = 2.0), x[0] * 2.0
    ];
    "layer_dense" |x| [layers::dense!(layers::dense!(x[0], 3, activation = tf::nn::relu), 2, use_bias = false)];
    "layer_dense_3d" |x| [layers::dense(x[0], 3)];
    "layer_dense_known" |x| [layers::dense(x[0], 3)];
    "layer_dense_regularized" |x| [layers::dense!(
        x[0], 3, name = "fc", kernel_regularizer = tf::regularizers::l2(0.1),
        bias_regularizer = tf::regularizers::l1(0.2)
    )];
    "layer_dense_initializers" |x| [layers::dense!(
        x[0], 3, kernel_initializer = tf::truncated_normal_initializer(0.0, 0.1),
        bias_initializer = tf::constant_initializer(0.1)
    )];
    "layer_dense_large" |x| [layers::dense!(
        x[0], 2, kernel_initializer = tf::zeros_initializer(), bias_initializer = tf::ones_initializer()
    )];
    "layer_dense_frozen" |x| [layers::dense(layers::dense!(x[0], 3, trainable = false), 2)];
    "layer_conv2d" |x| [layers::conv2d!(x[0], 4, 3, strides = 2, padding = "same", activation = tf::nn::relu)];
    "layer_conv2d_transpose" |x| [layers::conv2d_transpose!(x[0], 4, 3, strides = 2, padding = "same")];
    "layer_conv2d_transpose_valid" |x| [layers::conv2d_transpose!(x[0], 4, 3, strides = 2)];
    "layer_separable_conv2d" |x| [layers::separable_conv2d!(x[0], 4, 3, depth_multiplier = 2, padding = "same")];
    "layer_pooling" |x| [layers::average_pooling2d!(
        layers::max_pooling2d(x[0], 2, 1), pool_size = [2, 1], strides = 2, padding = "same"
    )];
    "layer_flatten" |x| [layers::flatten(x[0]), layers::flatten(x[1]), layers::flatten(x[2])];
    "layer_dropout_layers" |x| [layers::dropout(layers::dropout!(x[0], rate = 0.4, training = true))];
    "layer_batch_normalization" |x| {
        [layers::batch_normalization(layers::batch_normalization!(x[0], training = true))]
    };
    "layer_batch_normalization_2d" |x| [layers::batch_normalization!(x[0], training = true, momentum = 0.9)];
    "layer_batch_normalization_2d_after" |x| [layers::batch_normalization!(x[0], scale = false)];
    "layer_dropout_if" |x| [layers::dropout!(x[0], rate = 0.4, training = x[1])];
    "layer_batch_normalization_if" |x| [layers::batch_normalization!(x[0], training = x[1])];
    "layer_batch_normalization_if_2d" |x| {
        [layers::batch_normalization!(layers::dense(x[0], 3), training = x[1], momentum = 0.9)]
    };
    "layer_batch_normalization_constant" |x| {
        [layers::batch_normalization!(x[0], training = tf::constant(true))]
    };
    "layer_batch_normalization_in_a_branch" |x| {
        [tf::cond(x[1], || layers::batch_normalization!(x[0], training = true), || x[0])]
    };
    "layer_variable_scopes" |x| shared(x[0]);
    "layer_reuse" |x| {
        let layer = layers::Dense!(3, name = "both");
        let first = layer.apply(x[0]);
        let shared = layers::dense!(x[1], 3, name = "both", reuse = true);
        [first, layer.apply(x[1]), shared, layers::Dense!(2, name = "both").apply(x[0])]
    };
};
