//! The MNIST listing, for the tests that build it.
#![allow(non_snake_case, dead_code)]

use flowstone as tf;

/// The handles of the listing.
pub struct Listing {
    pub X: tf::Tensor,
    pub Y: tf::Tensor,
    pub variables: [tf::Variable; 4],
    pub cost: tf::Tensor,
    pub train: tf::Operation,
    pub accuracy: tf::Tensor,
    pub init: tf::Operation,
}

/// Builds the listing in the default graph.
pub fn build() -> Listing {
    let X = tf::placeholder(tf::float32, (None, 784));
    let Y = tf::placeholder(tf::float32, (None, 10));
    let X_img = tf::reshape(X, [-1, 28, 28, 1]);
    let W1 = tf::Variable(tf::random_normal!([3, 3, 1, 32], stddev = 0.01));
    let CL1 = tf::nn::relu(tf::nn::conv2d(X_img, W1, [1, 1, 1, 1], "SAME"));
    let PL1 = tf::nn::max_pool(CL1, [1, 2, 2, 1], [1, 2, 2, 1], "SAME");
    let W2 = tf::Variable(tf::random_normal!([3, 3, 32, 64], stddev = 0.01));
    let CL2 = tf::nn::relu(tf::nn::conv2d(PL1, W2, [1, 1, 1, 1], "SAME"));
    let PL2 = tf::nn::max_pool(CL2, [1, 2, 2, 1], [1, 2, 2, 1], "SAME");
    let L_flat = tf::reshape(PL2, [-1, 7 * 7 * 64]);
    let W3 = tf::Variable(tf::random_normal!([7 * 7 * 64, 10], stddev = 0.01));
    let b3 = tf::Variable(tf::random_normal([10]));
    let model_LC = tf::add(tf::matmul(L_flat, W3), b3);
    let model = tf::nn::softmax(model_LC);
    let cost = tf::reduce_mean(tf::nn::softmax_cross_entropy_with_logits_v2(Y, model_LC));
    let train = tf::train::AdamOptimizer(0.01).minimize(cost);
    let accuracy = tf::reduce_mean(tf::cast(tf::equal(tf::argmax(model, 1), tf::argmax(Y, 1)), tf::float32));
    let init = tf::global_variables_initializer();
    Listing { X, Y, variables: [W1, W2, W3, b3], cost, train, accuracy, init }
}
