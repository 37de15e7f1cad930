//! Random numbers, the same as TensorFlow's for the same seeds.

mod candidates;
mod integers;
mod multinomial;
mod normal;
mod shuffle;

pub use candidates::{
    Candidates, FixedUnigramArgs, all_candidate_sampler, compute_accidental_hits, fixed_unigram_candidate_sampler,
    fixed_unigram_candidate_sampler_args, learned_unigram_candidate_sampler, log_uniform_candidate_sampler,
    uniform_candidate_sampler,
};
pub use multinomial::{MultinomialArgs, categorical, categorical_args, multinomial, multinomial_args};
pub(crate) use normal::generator;
pub use normal::{
    RandomArgs, random_normal, random_normal_args, random_uniform, random_uniform_args, set_random_seed,
    truncated_normal, truncated_normal_args,
};
pub use shuffle::{CropArgs, ShuffleArgs, random_crop, random_crop_args, random_shuffle, random_shuffle_args};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[
    &candidates::ALL,
    &candidates::FIXED_UNIGRAM,
    &candidates::HITS,
    &candidates::LEARNED_UNIGRAM,
    &candidates::LOG_UNIFORM,
    &candidates::THREAD_UNSAFE_UNIGRAM,
    &candidates::UNIFORM,
    &integers::RANDOM_UNIFORM_INT,
    &multinomial::MULTINOMIAL,
    &normal::RANDOM_STANDARD_NORMAL,
    &normal::RANDOM_UNIFORM,
    &normal::TRUNCATED_NORMAL,
    &shuffle::RANDOM_SHUFFLE,
];
