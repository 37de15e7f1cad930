//! The network of TensorFlow's MNIST tutorial. TF: `tensorflow.examples.tutorials.mnist.mnist`.
//!
//! ```
//! use flowstone as tf;
//! use tf::examples::tutorials::mnist::mnist;
//! let images = tf::placeholder(tf::float32, (None, mnist::IMAGE_PIXELS));
//! let labels = tf::placeholder(tf::int32, [None]);
//! let logits = mnist::inference(images, 128, 32);
//! let loss = mnist::loss(logits, labels);
//! let train_op = mnist::training(loss, 0.01);
//! let correct = mnist::evaluation(logits, labels);
//! assert_eq!((logits.name(), correct.dtype()?), ("softmax_linear/add:0".to_owned(), tf::int32));
//! # let _ = train_op;
//! # Ok::<(), tf::Error>(())
//! ```

use crate::dtype::DType;
use crate::graph::{Operation, Tensor, get_default_graph};
use crate::losses::sparse_softmax_cross_entropy;
use crate::op::IntoTensor;
use crate::ops::random::truncated_normal_args;
use crate::ops::state::VariableArgs;
use crate::ops::{array, math, nn, summary};
use crate::train::GradientDescentOptimizer;

/// There are ten digits.
pub const NUM_CLASSES: usize = 10;
/// Images are as wide and as high as this.
pub const IMAGE_SIZE: usize = 28;
/// The pixels of an image.
pub const IMAGE_PIXELS: usize = IMAGE_SIZE * IMAGE_SIZE;

/// The `[batch, NUM_CLASSES]` logits of `[batch, IMAGE_PIXELS]` images: two hidden layers and a linear one.
#[track_caller]
pub fn inference(images: impl IntoTensor, hidden1_units: usize, hidden2_units: usize) -> Tensor {
    let hidden1 = layer("hidden1", images, IMAGE_PIXELS, hidden1_units, true);
    let hidden2 = layer("hidden2", hidden1, hidden1_units, hidden2_units, true);
    layer("softmax_linear", hidden2, hidden2_units, NUM_CLASSES, false)
}

#[track_caller]
fn layer(name: &str, inputs: impl IntoTensor, width: usize, units: usize, relu: bool) -> Tensor {
    let _scope = get_default_graph().scope(name);
    // A size beyond int32 is refused when the graph is built or run.
    let [rows, columns] = [width, units].map(|size| i32::try_from(size).unwrap_or(i32::MAX));
    let initial = truncated_normal_args([rows, columns]).stddev(1.0 / (width as f64).sqrt()).build();
    let weights = VariableArgs::new(initial).name("weights").build();
    let biases = VariableArgs::new(array::zeros([columns])).name("biases").build();
    let linear = math::matmul(inputs, weights) + biases;
    if relu { nn::relu(linear) } else { linear }
}

/// The mean cross entropy of `[batch, NUM_CLASSES]` logits and `[batch]` digits.
#[track_caller]
pub fn loss(logits: impl IntoTensor, labels: impl IntoTensor) -> Tensor {
    sparse_softmax_cross_entropy(math::to_int64(labels), logits)
}

/// A step of gradient descent on `loss`, which it also summarizes, and counts.
#[track_caller]
pub fn training(loss: Tensor, learning_rate: f64) -> Operation {
    summary::scalar("loss", loss);
    let optimizer = GradientDescentOptimizer(learning_rate);
    let global_step = VariableArgs::new(0).name("global_step").trainable(false).build();
    optimizer.minimize_args(loss).global_step(global_step).build()
}

/// How many of the logits are highest at the right one of the `[batch]` digits, an int32.
#[track_caller]
pub fn evaluation(logits: impl IntoTensor, labels: impl IntoTensor) -> Tensor {
    let correct = nn::in_top_k(logits, labels, 1);
    math::reduce_sum(math::cast(correct, DType::Int32))
}
