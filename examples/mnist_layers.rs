//! The network of `mnist_cnn` with the shorter calls of `tf.layers`.
//!
//!     cargo run --release --example mnist_layers [EPOCHS]

#![allow(non_snake_case)]

use std::time::Instant;

use flowstone as tf;
use tf::{examples::tutorials::mnist::input_data, feed_dict};

fn main() -> tf::Result<()> {
    let mut mnist = input_data::read_data_sets(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/MNIST_data/"), true)?;
    let training_epochs = match std::env::args().nth(1) {
        None => 15,
        Some(n) => n.parse().map_err(|_| tf::Error::invalid_argument(format!("EPOCHS is '{n}', not a number")))?,
    };
    let batch_size = 100;

    let X = tf::placeholder(tf::float32, (None, 784));
    let Y = tf::placeholder(tf::float32, (None, 10));
    let X_img = tf::reshape(X, [-1, 28, 28, 1]);

    // Convolution Layer 1, Pooling Layer 1
    let CL1 = tf::layers::conv2d!(
        inputs = X_img,
        filters = 32,
        kernel_size = [3, 3],
        padding = "SAME",
        strides = 1,
        activation = tf::nn::relu
    );
    let PL1 = tf::layers::max_pooling2d!(inputs = CL1, pool_size = [2, 2], padding = "SAME", strides = 2);
    // Convolution Layer 2, Pooling Layer 2
    let CL2 = tf::layers::conv2d!(
        inputs = PL1,
        filters = 64,
        kernel_size = [3, 3],
        padding = "SAME",
        strides = 1,
        activation = tf::nn::relu
    );
    let PL2 = tf::layers::max_pooling2d!(inputs = CL2, pool_size = [2, 2], padding = "SAME", strides = 2);
    // Fully Connected (FC) Layer
    let L_flat = tf::reshape(PL2, [-1, 7 * 7 * 64]);
    let W3 = tf::Variable(tf::random_normal!([7 * 7 * 64, 10], stddev = 0.01));
    let b3 = tf::Variable(tf::random_normal([10]));

    let model_LC = tf::add(tf::matmul(L_flat, W3), b3);
    let model = tf::nn::softmax(model_LC);
    let cost = tf::reduce_mean(tf::nn::softmax_cross_entropy_with_logits_v2(Y, model_LC));
    let train = tf::train::AdamOptimizer(0.01).minimize(cost);
    let accuracy = tf::reduce_mean(tf::cast(tf::equal(tf::argmax(model, 1), tf::argmax(Y, 1)), tf::float32));

    let sess = tf::Session()?;
    sess.run(tf::global_variables_initializer(), feed_dict! {})?;
    let t1 = Instant::now();
    for epoch in 0..training_epochs {
        let total_batch = mnist.train.num_examples() / batch_size;
        for i in 0..total_batch {
            let (train_images, train_labels) = mnist.train.next_batch(batch_size)?;
            let (_c, _) = sess.run((cost, train), feed_dict! { X: train_images, Y: train_labels })?;
            if i % 10 == 0 {
                println!("epoch:  {epoch} , batch number:  {i}");
            }
        }
    }
    println!("Training Time (Seconds):  {}", t1.elapsed().as_secs_f64());
    let accuracy = sess.run(accuracy, feed_dict! { X: mnist.test.images(), Y: mnist.test.labels() })?;
    println!("Accuracy:  {accuracy}");
    Ok(())
}
