//! The tutorials' data sets. TF: `tensorflow.examples.tutorials`.

pub mod mnist;
