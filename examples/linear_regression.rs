//! Linear regression: a line through points, by gradient descent.
//!
//!     cargo run --release --example linear_regression [EPOCHS]

#![allow(non_snake_case)]

use flowstone as tf;
use tf::feed_dict;

fn main() -> tf::Result<()> {
    let learning_rate = 0.01;
    let training_epochs = match std::env::args().nth(1) {
        None => 1000,
        Some(n) => n.parse().map_err(|_| tf::Error::invalid_argument(format!("EPOCHS is '{n}', not a number")))?,
    };
    let display_step = 50;

    // House sizes and prices, made up: a line with slope 0.25 and intercept 0.8, and what life adds to it.
    let train_X = [3.3f32, 4.4, 5.5, 6.71, 6.93, 4.168, 9.779, 6.182, 7.59, 2.167];
    let train_Y = train_X.map(|x| 0.25 * x + 0.8 + 0.1 * (x * 7.0).sin());
    let n_samples = train_X.len() as f32;

    // tf Graph input
    let X = tf::placeholder(tf::float32, None);
    let Y = tf::placeholder(tf::float32, None);

    // Set model weights
    let W = tf::Variable(0.0).named("weight");
    let b = tf::Variable(0.0).named("bias");

    // Construct a linear model
    let pred = tf::add(tf::multiply(X, W), b);
    // Mean squared error
    let cost = tf::reduce_sum(tf::square(pred - Y)) / (2.0 * n_samples);
    // Gradient descent
    let optimizer = tf::train::GradientDescentOptimizer(learning_rate).minimize(cost);
    let init = tf::global_variables_initializer();

    let sess = tf::Session()?;
    sess.run(init, feed_dict! {})?;
    for epoch in 0..training_epochs {
        for (x, y) in train_X.into_iter().zip(train_Y) {
            sess.run(optimizer, feed_dict! { X: x, Y: y })?;
        }
        if (epoch + 1) % display_step == 0 {
            let (c, w, b) = sess.run((cost, W, b), feed_dict! { X: train_X, Y: train_Y })?;
            println!("Epoch: {:04} cost= {:.9} W= {w} b= {b}", epoch + 1, c.item::<f32>()?);
        }
    }
    println!("Optimization Finished!");
    let (training_cost, w, b) = sess.run((cost, W, b), feed_dict! { X: train_X, Y: train_Y })?;
    println!("Training cost= {training_cost} W= {w} b= {b}");
    Ok(())
}
