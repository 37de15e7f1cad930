//! The rows of a digit, one after the other, read by a recurrent network.
//!
//!     cargo run --release --example mnist_lstm [STEPS]

#![allow(non_snake_case)]

use flowstone as tf;
use tf::{Value, examples::tutorials::mnist::input_data, feed_dict, nn::rnn_cell};

fn main() -> tf::Result<()> {
    let mut mnist = input_data::read_data_sets(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/MNIST_data/"), true)?;
    let training_steps = match std::env::args().nth(1) {
        None => 1000,
        Some(n) => n.parse().map_err(|_| tf::Error::invalid_argument(format!("STEPS is '{n}', not a number")))?,
    };
    let batch_size = 128;
    let display_step = 200;
    let (timesteps, num_input, num_hidden, num_classes) = (28, 28, 128, 10);

    let X = tf::placeholder(tf::float32, (None, timesteps, num_input));
    let Y = tf::placeholder(tf::float32, (None, num_classes));
    let weights = tf::Variable(tf::random_normal([num_hidden, num_classes]));
    let biases = tf::Variable(tf::random_normal([num_classes]));

    let lstm_cell = rnn_cell::BasicLSTMCell!(num_hidden, forget_bias = 1.0);
    let (outputs, _states) = tf::nn::dynamic_rnn!(lstm_cell, X, dtype = tf::float32);
    let logits = tf::matmul(outputs.at((.., -1)), weights) + biases;

    let loss = tf::reduce_mean(tf::nn::softmax_cross_entropy_with_logits_v2(Y, logits));
    let train = tf::train::AdamOptimizer(0.001).minimize(loss);
    let correct = tf::equal(tf::argmax(logits, 1), tf::argmax(Y, 1));
    let accuracy = tf::reduce_mean(tf::cast(correct, tf::float32));

    let sess = tf::Session()?;
    sess.run(tf::global_variables_initializer(), feed_dict! {})?;
    for step in 1..=training_steps {
        let (batch_x, batch_y) = mnist.train.next_batch(batch_size)?;
        let batch_x = Value::from(batch_x).reshaped([batch_size, timesteps, num_input])?;
        let feeds = feed_dict! { X: batch_x, Y: batch_y };
        sess.run(train, &feeds)?;
        if step % display_step == 0 || step == 1 {
            let (loss, acc) = sess.run((loss, accuracy), &feeds)?;
            println!(
                "Step {step}, Minibatch Loss= {:.4}, Training Accuracy= {:.3}",
                loss.item::<f32>()?,
                acc.item::<f32>()?
            );
        }
    }
    println!("Optimization Finished!");
    // The first 128 pictures that it was not trained on.
    let (test_x, test_y) = mnist.test.next_batch_in_order(128)?;
    let test_x = Value::from(test_x).reshaped([128, timesteps, num_input])?;
    let acc = sess.run(accuracy, feed_dict! { X: test_x, Y: test_y })?;
    println!("Testing Accuracy: {:.4}", acc.item::<f32>()?);
    Ok(())
}
