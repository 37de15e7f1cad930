//! The cases of `golden/ops/random_ops.py`, in the same order.

use flowstone as tf;
use tf::IntoTensor;
use tf::nn::{self, Candidates};

/// All outputs of a sampler in one, since each run draws anew.
fn joined((drawn, of_true, of_drawn): Candidates) -> [tf::Tensor; 1] {
    let drawn = tf::to_float(drawn);
    [tf::concat([drawn, tf::reshape(of_true, [-1]), of_drawn], 0)]
}

fn hits(x: &[tf::Tensor], num_true: i64) -> [tf::Tensor; 3] {
    nn::compute_accidental_hits(x[0], x[1], num_true, Some(9)).into()
}

fn fixed(x: &[tf::Tensor], num_true: i64, num_sampled: i64, unique: bool, range_max: i64) -> nn::FixedUnigramArgs {
    let weights: Vec<f32> = (1..9).map(|w| w as f32).collect();
    nn::fixed_unigram_candidate_sampler_args(x[0], num_true, num_sampled, unique, range_max).unigrams(&weights).seed(9)
}

fn counted(x: tf::Tensor, num_true: i64, num_sampled: i64, unique: bool, range_max: i64) -> [tf::Tensor; 1] {
    let call = tf::ops::lookup("ThreadUnsafeUnigramCandidateSampler").unwrap().call([x.into_arg()]);
    let call = call.attr("num_true", num_true).attr("num_sampled", num_sampled).attr("unique", unique);
    let built = call.attr("range_max", range_max).attr("seed", 4).attr("seed2", 9).build();
    joined((built.output(0), built.output(1), built.output(2)))
}

pub static CASES: &[super::Case] = cases! {
    "uniform_i32" |x| {
        let _ = x;
        [tf::random_uniform!([2, 3], minval = -3, maxval = 100, dtype = tf::int32, seed = 9)]
    };
    "uniform_i64" |x| {
        let _ = x;
        [tf::random_uniform!([5], maxval = 1i64 << 40, dtype = tf::int64, seed = 9)]
    };
    "uniform_fed" |x| [tf::random_uniform!(x[0], minval = x[1], maxval = x[2], dtype = tf::int32, seed = 3)];
    "uniform_empty" |x| {
        let _ = x;
        [tf::random_uniform!([0, 3], maxval = 3, dtype = tf::int32, seed = 9)]
    };
    "uniform_i64_shape" |x| [tf::random_uniform!(x[0], minval = 5, maxval = 7, dtype = tf::int64, seed = 9)];
    "uniform_bounds" |x| {
        let _ = x;
        [tf::random_uniform!([2], minval = 3, maxval = 3, dtype = tf::int32, seed = 9)]
    };
    "uniform_no_bound" |x| {
        let _ = x;
        [tf::random_uniform!([2], dtype = tf::int32, seed = 9)]
    };
    "uniform_negative" |x| {
        let _ = x;
        [tf::random_uniform!([-2], maxval = 3, dtype = tf::int32, seed = 9)]
    };
    "uniform_bounds_f32" |x| {
        let _ = x;
        [tf::random_uniform!([3], minval = 1.0, maxval = 2.0, seed = 9), tf::random_uniform!([3], maxval = 2.0, seed = 9)]
    };
    "shuffle" |x| [tf::random_shuffle!(x[0], seed = 9)];
    "shuffle_rows" [] |x| [tf::random_shuffle!(x[0], seed = 9)];
    "shuffle_one" [] |x| [tf::random_shuffle!(x[0], seed = 9), tf::random_shuffle!(x[0].at(..1), seed = 9)];
    "shuffle_types" [] |x| [0, 1, 2, 3].map(|i| tf::random_shuffle!(x[i], seed = 9));
    "shuffle_empty" [] |x| [tf::random_shuffle!(x[0], seed = 9)];
    "shuffle_scalar" [] |x| [tf::random_shuffle!(x[0], seed = 9)];
    "multinomial" [] |x| [tf::multinomial!(x[0], 7, seed = 9)];
    "multinomial_i32" [] |x| [tf::multinomial!(x[0], x[1], seed = 5, output_dtype = tf::int32)];
    "multinomial_f64" [] |x| [tf::multinomial!(x[0], 5, seed = 9)];
    "multinomial_special" [] |x| [tf::multinomial!(x[0], 5, seed = 9)];
    "multinomial_empty" [] |x| [tf::multinomial!(x[0], 0, seed = 9), tf::multinomial!(x[0].at(..0), 3, seed = 9)];
    "categorical" [] |x| [tf::random::categorical_args(x[0], 4).seed(9).build()];
    "multinomial_rank" |x| [tf::multinomial(x[0], 3)];
    "multinomial_none" |x| [tf::multinomial(x[0], 3)];
    "multinomial_negative" |x| [tf::multinomial(x[0], -1)];
    "even_any" |x| joined(nn::uniform_candidate_sampler(x[0], 1, 5, false, 8, Some(9)));
    "even_unique" |x| joined(nn::uniform_candidate_sampler(x[0], 1, 5, true, 8, Some(9)));
    "even_pairs" |x| joined(nn::uniform_candidate_sampler(x[0], 2, 6, true, 1000, Some(3)));
    "even_all" |x| joined(nn::uniform_candidate_sampler(x[0], 1, 8, true, 8, Some(9)));
    "even_empty" |x| joined(nn::uniform_candidate_sampler(x[0], 1, 3, false, 8, Some(9)));
    "even_range" |x| joined(nn::uniform_candidate_sampler(x[0], 1, 9, true, 8, Some(9)));
    "even_class" |x| joined(nn::uniform_candidate_sampler(x[0], 1, 3, true, 7, Some(9)));
    "even_columns" |x| joined(nn::uniform_candidate_sampler(x[0], 2, 3, true, 8, Some(9)));
    "log_uniform_any" |x| joined(nn::log_uniform_candidate_sampler(x[0], 1, 5, false, 8, Some(9)));
    "log_uniform_unique" |x| joined(nn::log_uniform_candidate_sampler(x[0], 1, 5, true, 8, Some(9)));
    "log_uniform_pairs" |x| joined(nn::log_uniform_candidate_sampler(x[0], 2, 6, true, 1000, Some(3)));
    "log_uniform_all" |x| joined(nn::log_uniform_candidate_sampler(x[0], 1, 8, true, 8, Some(9)));
    "log_uniform_empty" |x| joined(nn::log_uniform_candidate_sampler(x[0], 1, 3, false, 8, Some(9)));
    "log_uniform_range" |x| joined(nn::log_uniform_candidate_sampler(x[0], 1, 9, true, 8, Some(9)));
    "log_uniform_class" |x| joined(nn::log_uniform_candidate_sampler(x[0], 1, 3, true, 7, Some(9)));
    "log_uniform_columns" |x| joined(nn::log_uniform_candidate_sampler(x[0], 2, 3, true, 8, Some(9)));
    "learned_any" |x| joined(nn::learned_unigram_candidate_sampler(x[0], 1, 5, false, 8, Some(9)));
    "learned_unique" |x| joined(nn::learned_unigram_candidate_sampler(x[0], 1, 5, true, 8, Some(9)));
    "learned_pairs" |x| joined(nn::learned_unigram_candidate_sampler(x[0], 2, 6, true, 1000, Some(3)));
    "learned_all" |x| joined(nn::learned_unigram_candidate_sampler(x[0], 1, 8, true, 8, Some(9)));
    "learned_empty" |x| joined(nn::learned_unigram_candidate_sampler(x[0], 1, 3, false, 8, Some(9)));
    "learned_range" |x| joined(nn::learned_unigram_candidate_sampler(x[0], 1, 9, true, 8, Some(9)));
    "learned_class" |x| joined(nn::learned_unigram_candidate_sampler(x[0], 1, 3, true, 7, Some(9)));
    "learned_columns" |x| joined(nn::learned_unigram_candidate_sampler(x[0], 2, 3, true, 8, Some(9)));
    "unsafe_any" |x| counted(x[0], 1, 6, false, 8);
    "unsafe_all" |x| counted(x[0], 1, 8, true, 8);
    "unsafe_pairs" |x| counted(x[0], 2, 4, true, 100);
    "unsafe_empty" |x| counted(x[0], 1, 3, false, 8);
    "unsafe" |x| counted(x[0], 1, 5, true, 8);
    "fixed_any" |x| joined(fixed(x, 1, 5, false, 8).build());
    "fixed_unique" |x| joined(fixed(x, 1, 5, true, 8).distortion(0.75).build());
    "fixed_pairs" |x| joined(fixed(x, 2, 50, false, 8).seed(3).build());
    "fixed_reserved" |x| joined(fixed(x, 1, 5, false, 10).num_reserved_ids(2).build());
    "fixed_shard" |x| joined(fixed(x, 1, 3, false, 4).num_shards(2).shard(1).build());
    "fixed_class" |x| joined(fixed(x, 1, 3, true, 4).unigrams(&[1.0, 2.0, 3.0, 4.0]).build());
    "fixed_none" |x| joined(fixed(x, 1, 3, true, 8).unigrams(&[]).build());
    "every" |x| joined(nn::all_candidate_sampler(x[0], 1, 8, true, Some(9)));
    "every_pairs" |x| joined(nn::all_candidate_sampler(x[0], 2, 9, false, Some(9)));
    "every_empty" |x| joined(nn::all_candidate_sampler(x[0], 1, 8, true, Some(9)));
    "every_f64" |x| joined(nn::all_candidate_sampler(x[0], 1, 8, true, Some(9))).map(|y| tf::cast(y, tf::float64));
    "every_one" |x| joined(nn::all_candidate_sampler(x[0], 1, 1, true, Some(9)));
    "every_class" |x| joined(nn::all_candidate_sampler(x[0], 1, 5, true, None));
    "hits" |x| hits(x, 1);
    "hits_pairs" |x| hits(x, 2);
    "hits_none" |x| hits(x, 1);
    "hits_empty" |x| hits(x, 1);
    "hits_twice" |x| hits(x, 1);
    "hits_columns" |x| hits(x, 2);
    "hits_rank" |x| hits(x, 1);
    "truncated_normal" |_x| [tf::truncated_normal!([2, 3], mean = 1.0, stddev = 0.5, seed = 3)];
    "truncated_normal_f64" |_x| [tf::truncated_normal!([5], dtype = tf::float64, seed = 3)];
};
