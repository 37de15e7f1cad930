//! The convolutional network of the tutorials in Keras's words, on the real MNIST.
//!
//!     cargo run --release --example keras_mnist [EPOCHS]

use flowstone as tf;
use tf::keras::layers::{Conv2D, Dense, Flatten, MaxPooling2D};
use tf::keras::{self, utils::np_utils};
use tf::ndarray::Axis;

/// Pixels from 0 to 1. The bytes are given back to the system.
fn scaled(images: tf::ndarray::ArrayD<u8>) -> tf::ndarray::ArrayD<f32> {
    images.mapv(|pixel| f32::from(pixel) / 255.0)
}

fn main() -> tf::Result<()> {
    let epochs = match std::env::args().nth(1) {
        None => 5,
        Some(n) => n.parse().map_err(|_| tf::Error::invalid_argument(format!("EPOCHS is '{n}', not a number")))?,
    };
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/MNIST_data");
    let ((train_images, train_labels), (test_images, test_labels)) = keras::datasets::mnist::load_data_from(data)?;
    let train_images = scaled(train_images).insert_axis(Axis(3));
    let test_images = scaled(test_images).insert_axis(Axis(3));
    let train_labels = np_utils::to_categorical(&train_labels, 10)?;
    let test_labels = np_utils::to_categorical(&test_labels, 10)?;

    let mut model = keras::Sequential();
    model.add(Conv2D!(32, (3, 3), padding = "same", strides = (1, 1), activation = "relu", input_shape = (28, 28, 1)));
    println!("{}", model.output_shape()?);
    model.add(MaxPooling2D!(pool_size = (2, 2)));
    println!("{}", model.output_shape()?);
    model.add(Conv2D!(64, (3, 3), padding = "same", strides = (1, 1), activation = "relu"));
    println!("{}", model.output_shape()?);
    model.add(MaxPooling2D!(pool_size = (2, 2)));
    println!("{}", model.output_shape()?);
    model.add(Flatten!());
    println!("{}", model.output_shape()?);
    model.add(Dense!(10, activation = "softmax"));
    println!("{}", model.output_shape()?);

    model.compile().loss("categorical_crossentropy").optimizer("sgd").metrics(["accuracy"]).build()?;
    model.fit(train_images, train_labels).epochs(epochs).batch_size(100).verbose(1).run()?;
    let score = model.evaluate(test_images, test_labels).run()?;
    println!("Loss:  {}\nAccuracy:  {}", score[0], score[1]);
    model.summary()
}
