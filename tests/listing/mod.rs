//! The tutorial's listings, for the tests that build them.
#![allow(non_snake_case, dead_code)]

use flowstone as tf;

/// The handles of a listing.
pub struct Listing {
    pub X: tf::Tensor,
    pub Y: tf::Tensor,
    pub cost: tf::Tensor,
    pub train: tf::Operation,
    pub accuracy: tf::Tensor,
    pub init: tf::Operation,
}

/// The MNIST listing, in the default graph.
pub fn mnist() -> Listing {
    let X = tf::placeholder(tf::float32, (None, 784));
    let Y = tf::placeholder(tf::float32, (None, 10));
    let PL2 = convolutions(tf::reshape(X, [-1, 28, 28, 1]), 1);
    head(X, Y, PL2, 7 * 7 * 64, |a, b| tf::add(a, b))
}

/// The MNIST listing with `tf.layers`.
pub fn mnist_layers() -> Listing {
    let X = tf::placeholder(tf::float32, (None, 784));
    let Y = tf::placeholder(tf::float32, (None, 10));
    let X_img = tf::reshape(X, [-1, 28, 28, 1]);
    let CL1 = tf::layers::conv2d!(X_img, 32, [3, 3], padding = "SAME", strides = 1, activation = tf::nn::relu);
    let PL1 = tf::layers::max_pooling2d!(CL1, pool_size = [2, 2], padding = "SAME", strides = 2);
    let CL2 = tf::layers::conv2d!(PL1, 64, [3, 3], padding = "SAME", strides = 1, activation = tf::nn::relu);
    let PL2 = tf::layers::max_pooling2d!(CL2, pool_size = [2, 2], padding = "SAME", strides = 2);
    head(X, Y, PL2, 7 * 7 * 64, |a, b| tf::add(a, b))
}

/// The CIFAR-10 listing.
pub fn cifar10() -> Listing {
    let X = tf::placeholder(tf::float32, (None, 32, 32, 3));
    let Y = tf::placeholder(tf::float32, (None, 10));
    let PL2 = convolutions(tf::reshape(X, [-1, 32, 32, 3]), 3);
    head(X, Y, PL2, 8 * 8 * 64, |a, b| a + b)
}

fn convolutions(X_img: tf::Tensor, channels: usize) -> tf::Tensor {
    let W1 = tf::Variable(tf::random_normal!([3, 3, channels as i32, 32], stddev = 0.01));
    let CL1 = tf::nn::relu(tf::nn::conv2d(X_img, W1, [1, 1, 1, 1], "SAME"));
    let PL1 = tf::nn::max_pool(CL1, [1, 2, 2, 1], [1, 2, 2, 1], "SAME");
    let W2 = tf::Variable(tf::random_normal!([3, 3, 32, 64], stddev = 0.01));
    let CL2 = tf::nn::relu(tf::nn::conv2d(PL1, W2, [1, 1, 1, 1], "SAME"));
    tf::nn::max_pool(CL2, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
}

type Add = fn(tf::Tensor, tf::Variable) -> tf::Tensor;

fn head(X: tf::Tensor, Y: tf::Tensor, PL2: tf::Tensor, width: i32, add: Add) -> Listing {
    let L_flat = tf::reshape(PL2, [-1, width]);
    let W3 = tf::Variable(tf::random_normal!([width, 10], stddev = 0.01));
    let b3 = tf::Variable(tf::random_normal([10]));
    let model_LC = add(tf::matmul(L_flat, W3), b3);
    let model = tf::nn::softmax(model_LC);
    let cost = tf::reduce_mean(tf::nn::softmax_cross_entropy_with_logits_v2(Y, model_LC));
    let train = tf::train::AdamOptimizer(0.01).minimize(cost);
    let accuracy = tf::reduce_mean(tf::cast(tf::equal(tf::argmax(model, 1), tf::argmax(Y, 1)), tf::float32));
    let init = tf::global_variables_initializer();
    Listing { X, Y, cost, train, accuracy, init }
}
