//! Networks that are known by name. Keras: `keras.applications`.

pub mod vgg16;

pub use vgg16::VGG16;
