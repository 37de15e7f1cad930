//! Records become tensors: examples, lines of numbers. TF: `tf.parse_example`, `tf.decode_csv`.

mod csv;
mod example;
mod features;

pub use csv::{DecodeCsvArgs, decode_csv, decode_csv_args};
pub use features::{
    FeatureConfig, FixedLenFeature, FixedLenSequenceFeature, ParseExampleArgs, ParsedFeatures, VarLenFeature,
    parse_example, parse_example_args, parse_single_example, parse_single_example_args,
};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[&csv::DECODE_CSV, &example::PARSE_EXAMPLE_V2];
