//! The cases of `golden/ops/distributions.py`, in the same order.

use flowstone as tf;
use tf::distributions::{Bernoulli, Categorical, Distribution, Law, Normal, Uniform, kl_divergence};
use tf::Tensor;

fn facts<L: Law>(dist: &Distribution<L>) -> [Tensor; 4] {
    [dist.mean(), dist.stddev(), dist.variance(), dist.entropy()]
}

fn facts_and_mode<L: Law>(dist: &Distribution<L>) -> Vec<Tensor> {
    facts(dist).into_iter().chain([dist.mode()]).collect()
}

pub const CASES: &[super::Case] = cases! {
    "normal_log_prob" |x| [Normal(x[1], x[2]).log_prob(x[0])];
    "normal_log_prob_rows" |x| [Normal(x[1], x[2]).log_prob(x[0])];
    "normal_prob" |x| [Normal(x[1], x[2]).prob(x[0])];
    "normal_double" |x| [Normal(x[1], x[2]).log_prob(x[0])];
    "normal_literal" |_x| [Normal(0.0, [1.0, 2.0]).log_prob(0.5), Normal([0.0, -1.0], 2.0).mean()];
    "normal_empty" |x| [Normal(x[1], x[2]).prob(x[0])];
    "normal_facts" |x| facts(&Normal(x[0], x[1]));
    "normal_sample" [] |x| [Normal(x[0], x[1]).sample_args([4, 2]).seed(3).build()];
    "normal_sample_one" [] |x| [Normal(x[0], x[1]).sample_args(()).seed(3).build()];
    "normal_sample_double" [] |x| [Normal(x[0], x[1]).sample_args([2]).seed(3).build()];
    "bad_normal" |x| [Normal(x[0], x[1]).mean()];
    "uniform_log_prob" |x| [Uniform(x[1], x[2]).log_prob(x[0])];
    "uniform_log_prob_rows" |x| [Uniform(x[1], x[2]).log_prob(x[0])];
    "uniform_prob" |x| [Uniform(x[1], x[2]).prob(x[0])];
    "uniform_double" |x| [Uniform(x[1], x[2]).log_prob(x[0])];
    "uniform_literal" |_x| [Uniform(0.0, [1.0, 2.0]).log_prob(0.5), Uniform([0.0, -1.0], 2.0).mean()];
    "uniform_empty" |x| [Uniform(x[1], x[2]).prob(x[0])];
    "uniform_facts" |x| facts(&Uniform(x[0], x[1]));
    "uniform_sample" [] |x| [Uniform(x[0], x[1]).sample_args([4, 2]).seed(3).build()];
    "uniform_sample_one" [] |x| [Uniform(x[0], x[1]).sample_args(()).seed(3).build()];
    "uniform_sample_double" [] |x| [Uniform(x[0], x[1]).sample_args([2]).seed(3).build()];
    "bad_uniform" |x| [Uniform(x[0], x[1]).mean()];
    "normal_mode" |x| [Normal(x[0], x[1]).mode()];
    "normal_kl" |x| [kl_divergence(&Normal(x[0], x[1]), &Normal(x[2], x[3]))];
    "uniform_range" |x| [Uniform(x[0], x[1]).range()];
    "bernoulli_logits" |x| [Bernoulli(x[1]).log_prob(x[0])];
    "bernoulli_probs" |x| [Bernoulli!(probs = x[1]).prob(x[0])];
    "bernoulli_rows" |x| [Bernoulli(x[1]).log_prob(x[0])];
    "bernoulli_facts" |x| facts_and_mode(&Bernoulli(x[0]));
    "bernoulli_sample" [] |x| [Bernoulli!(probs = x[0], dtype = tf::float32).sample_args([5]).seed(3).build()];
    "bernoulli_sample_int" [] |x| [Bernoulli!(logits = x[0]).sample_args(()).seed(3).build()];
    "bernoulli_kl" |x| [kl_divergence(&Bernoulli(x[0]), &Bernoulli(x[1]))];
    "categorical_logits" |x| [Categorical(x[1]).log_prob(x[0])];
    "categorical_probs" |x| [Categorical!(probs = x[1]).prob(x[0])];
    "categorical_many" |x| [Categorical(x[1]).log_prob(x[0])];
    "categorical_float" [1] |x| [Categorical(x[1]).log_prob(x[0])];
    "categorical_entropy" |x| [Categorical(x[0]).entropy()];
    "categorical_mode" |x| [Categorical(x[0]).mode()];
    "categorical_sample" [] |x| [Categorical(x[0]).sample_args([4]).seed(3).build()];
    "categorical_sample_one" [] |x| [Categorical!(logits = x[0], dtype = tf::int64).sample_args(()).seed(3).build()];
    "categorical_kl" |x| [kl_divergence(&Categorical(x[0]), &Categorical(x[1]))];
    "bad_categorical" |x| [Categorical(x[0]).entropy()];
};
