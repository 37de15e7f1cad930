//! The convolutional network of the TF1 tutorials on the real CIFAR-10, line for line.
//!
//!     cargo run --release --example cifar10_cnn [EPOCHS [DIRECTORY]]
//!
//! DIRECTORY holds `cifar-10-binary.tar.gz` or what is in it; without it the data set is looked for in the directory that
//! FLOWSTONE_DATA names, and then in Keras's cache.

#![allow(non_snake_case)]

use std::time::Instant;

use flowstone as tf;
use tf::ndarray::s;
use tf::{feed_dict, keras, keras::utils::np_utils};

fn main() -> tf::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let training_epochs = match arguments.next() {
        None => 15,
        Some(n) => n.parse().map_err(|_| tf::Error::invalid_argument(format!("EPOCHS is '{n}', not a number")))?,
    };
    let ((train_images, train_labels), (test_images, test_labels)) = match arguments.next() {
        None => keras::datasets::cifar10::load_data()?,
        Some(dir) => keras::datasets::cifar10::load_data_from(dir)?,
    };
    let train_labels = np_utils::to_categorical(&train_labels, 10)?;
    let test_labels = np_utils::to_categorical(&test_labels, 10)?;
    let batch_size = 100;

    let X = tf::placeholder(tf::float32, (None, 32, 32, 3));
    let Y = tf::placeholder(tf::float32, (None, 10));
    let X_img = tf::reshape(X, [-1, 32, 32, 3]);

    // Convolution and pooling, layer 1
    let W1 = tf::Variable(tf::random_normal!([3, 3, 3, 32], stddev = 0.01));
    let CL1 = tf::nn::conv2d(X_img, W1, [1, 1, 1, 1], "SAME");
    let CL1 = tf::nn::relu(CL1);
    let PL1 = tf::nn::max_pool(CL1, [1, 2, 2, 1], [1, 2, 2, 1], "SAME");

    // Convolution and pooling, layer 2
    let W2 = tf::Variable(tf::random_normal!([3, 3, 32, 64], stddev = 0.01));
    let CL2 = tf::nn::conv2d(PL1, W2, [1, 1, 1, 1], "SAME");
    let CL2 = tf::nn::relu(CL2);
    let PL2 = tf::nn::max_pool(CL2, [1, 2, 2, 1], [1, 2, 2, 1], "SAME");

    // Fully connected layer
    let L_flat = tf::reshape(PL2, [-1, 8 * 8 * 64]);
    let W3 = tf::Variable(tf::random_normal!([8 * 8 * 64, 10], stddev = 0.01));
    let b3 = tf::Variable(tf::random_normal([10]));

    let model_LC = tf::matmul(L_flat, W3) + b3;
    let model = tf::nn::softmax(model_LC);
    let cost = tf::reduce_mean(tf::nn::softmax_cross_entropy_with_logits_v2(Y, model_LC));
    let train = tf::train::AdamOptimizer(0.01).minimize(cost);
    let accuracy = tf::reduce_mean(tf::cast(tf::equal(tf::argmax(model, 1), tf::argmax(Y, 1)), tf::float32));

    let sess = tf::Session()?;
    sess.run(tf::global_variables_initializer(), feed_dict! {})?;
    let t1 = Instant::now();
    for epoch in 0..training_epochs {
        let total_batch = train_images.shape()[0] / batch_size;
        for i in 0..total_batch {
            let batch_images = train_images.slice(s![i * batch_size..(i + 1) * batch_size, .., .., ..]);
            let batch_labels = train_labels.slice(s![i * batch_size..(i + 1) * batch_size, ..]);
            let (_c, _) = sess.run((cost, train), feed_dict! { X: batch_images, Y: batch_labels })?;
            if i % 10 == 0 {
                println!("epoch:  {epoch} , batch number:  {i}");
            }
        }
    }
    println!("Training Time (Seconds):  {}", t1.elapsed().as_secs_f64());

    let mut sum = 0.0;
    let total_batch = test_images.shape()[0] / batch_size;
    for i in 0..total_batch {
        let batch_images = test_images.slice(s![i * batch_size..(i + 1) * batch_size, .., .., ..]);
        let batch_labels = test_labels.slice(s![i * batch_size..(i + 1) * batch_size, ..]);
        let accuracy = sess.run(accuracy, feed_dict! { X: batch_images, Y: batch_labels })?;
        println!("Accuracy:  {accuracy}");
        sum += accuracy.item::<f32>()?;
    }
    println!("Mean accuracy of all {total_batch} batches:  {}", sum / total_batch as f32);
    Ok(())
}
