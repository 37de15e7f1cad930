//! Softmax regression: handwritten digits with a single layer.
//!
//!     cargo run --release --example softmax_regression [STEPS]

use flowstone as tf;
use tf::{examples::tutorials::mnist::input_data, feed_dict};

fn main() -> tf::Result<()> {
    let steps = match std::env::args().nth(1) {
        None => 1000,
        Some(n) => n.parse().map_err(|_| tf::Error::invalid_argument(format!("STEPS is '{n}', not a number")))?,
    };
    let mut mnist = input_data::read_data_sets(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/MNIST_data/"), true)?;

    // Create the model
    let x = tf::placeholder(tf::float32, (None, 784));
    let w = tf::Variable(tf::zeros([784, 10]));
    let b = tf::Variable(tf::zeros([10]));
    let y = tf::matmul(x, w) + b;

    // Define loss and optimizer
    let y_ = tf::placeholder(tf::float32, (None, 10));
    let cross_entropy = tf::reduce_mean(tf::nn::softmax_cross_entropy_with_logits(y_, y));
    let train_step = tf::train::GradientDescentOptimizer(0.5).minimize(cross_entropy);

    let sess = tf::Session()?;
    sess.run(tf::global_variables_initializer(), feed_dict! {})?;
    // Train
    for _ in 0..steps {
        let (batch_xs, batch_ys) = mnist.train.next_batch(100)?;
        sess.run(train_step, feed_dict! { x: batch_xs, y_: batch_ys })?;
    }

    // Test trained model
    let correct_prediction = tf::equal(tf::argmax(y, 1), tf::argmax(y_, 1));
    let accuracy = tf::reduce_mean(tf::cast(correct_prediction, tf::float32));
    println!("{}", sess.run(accuracy, feed_dict! { x: mnist.test.images(), y_: mnist.test.labels() })?);
    Ok(())
}
