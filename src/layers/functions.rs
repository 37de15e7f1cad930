//! Layers as functions, without keyword arguments. TF: `tf.layers.dense` and its kin.

use super::{
    AveragePooling2D, BatchNormalization, Conv2D, Conv2DTranspose, Dense, Dropout, Flatten, IntoPair, MaxPooling2D,
    SeparableConv2D, apply_function,
};
use crate::graph::Tensor;
use crate::op::IntoTensor;

/// A fully connected layer: see [`Dense`](fn@super::Dense). TF: `tf.layers.dense(inputs, units)`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 784));
/// let h = tf::layers::dense!(x, 256, activation = tf::nn::relu, name = "hidden");
/// assert_eq!(tf::layers::dense(h, 10).name(), "dense/BiasAdd:0");
/// ```
#[track_caller]
pub fn dense(inputs: impl IntoTensor, units: usize) -> Tensor {
    apply_function(&Dense(units), inputs)
}

/// A convolution of images: see [`Conv2D`](fn@super::Conv2D). TF: `tf.layers.conv2d(inputs, filters, kernel_size)`.
#[track_caller]
pub fn conv2d(inputs: impl IntoTensor, filters: usize, kernel_size: impl IntoPair) -> Tensor {
    apply_function(&Conv2D(filters, kernel_size), inputs)
}

/// A transposed convolution: see [`Conv2DTranspose`](fn@super::Conv2DTranspose).
/// TF: `tf.layers.conv2d_transpose(inputs, filters, kernel_size)`.
#[track_caller]
pub fn conv2d_transpose(inputs: impl IntoTensor, filters: usize, kernel_size: impl IntoPair) -> Tensor {
    apply_function(&Conv2DTranspose(filters, kernel_size), inputs)
}

/// A convolution in two steps: see [`SeparableConv2D`](fn@super::SeparableConv2D).
/// TF: `tf.layers.separable_conv2d(inputs, filters, kernel_size)`.
#[track_caller]
pub fn separable_conv2d(inputs: impl IntoTensor, filters: usize, kernel_size: impl IntoPair) -> Tensor {
    apply_function(&SeparableConv2D(filters, kernel_size), inputs)
}

/// The largest number of each window: see [`MaxPooling2D`](fn@super::MaxPooling2D).
/// TF: `tf.layers.max_pooling2d(inputs, pool_size, strides)`.
#[track_caller]
pub fn max_pooling2d(inputs: impl IntoTensor, pool_size: impl IntoPair, strides: impl IntoPair) -> Tensor {
    apply_function(&MaxPooling2D().pool_size(pool_size).strides(strides), inputs)
}

/// The mean of each window: see [`AveragePooling2D`](fn@super::AveragePooling2D).
/// TF: `tf.layers.average_pooling2d(inputs, pool_size, strides)`.
#[track_caller]
pub fn average_pooling2d(inputs: impl IntoTensor, pool_size: impl IntoPair, strides: impl IntoPair) -> Tensor {
    apply_function(&AveragePooling2D().pool_size(pool_size).strides(strides), inputs)
}

/// All dimensions but the batch in one: see [`Flatten`](fn@super::Flatten). TF: `tf.layers.flatten(inputs)`.
#[track_caller]
pub fn flatten(inputs: impl IntoTensor) -> Tensor {
    apply_function(&Flatten(), inputs)
}

/// The inputs, since nobody said that it is for training: see [`Dropout`](fn@super::Dropout).
/// TF: `tf.layers.dropout(inputs)`.
#[track_caller]
pub fn dropout(inputs: impl IntoTensor) -> Tensor {
    apply_function(&Dropout(), inputs)
}

/// Batch normalization with the averages of training: see [`BatchNormalization`](fn@super::BatchNormalization).
/// TF: `tf.layers.batch_normalization(inputs)`.
#[track_caller]
pub fn batch_normalization(inputs: impl IntoTensor) -> Tensor {
    apply_function(&BatchNormalization(), inputs)
}
