//! Random numbers, the same as TensorFlow's for the same seeds.

mod normal;

pub use normal::{
    RandomArgs, random_normal, random_normal_args, random_uniform, random_uniform_args, set_random_seed,
    truncated_normal, truncated_normal_args,
};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] =
    &[&normal::RANDOM_STANDARD_NORMAL, &normal::RANDOM_UNIFORM, &normal::TRUNCATED_NORMAL];
