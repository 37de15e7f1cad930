//! Losses over many classes by a sample of them: `nce_loss` and `sampled_softmax_loss`.

use crate::dtype::DType;
use crate::graph::Tensor;
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{STOP_GRADIENT, concat_named};
use crate::ops::array::{
    concat, expand_dims, ones_like, ones_of, reshape, shape, slice, sparse_to_dense_args, stack, stop_gradient,
    zeros_like,
};
use crate::ops::math::{cast, log, matmul, matmul_args, multiply};
use crate::ops::nn::embedding::embedding_lookup;
use crate::ops::nn::logistic::sigmoid_cross_entropy_named;
use crate::ops::nn::softmax_cross_entropy_with_logits_v2;
use crate::ops::random::{Candidates, compute_accidental_hits, log_uniform_candidate_sampler};
use crate::ops::scope::Scope;

/// The noise-contrastive loss of each row: whether the model tells its true classes from `num_sampled` drawn ones.
/// TF: `tf.nn.nce_loss`. Source: <https://proceedings.mlr.press/v9/gutmann10a.html>.
///
/// `weights` is `[num_classes, dim]` and `biases` `[num_classes]`, usually variables; `labels` is int64 `[batch, num_true]`,
/// `inputs` `[batch, dim]`. Keyword arguments `num_true` (1), `sampled_values` (drawn by
/// [`log_uniform_candidate_sampler`](crate::nn::log_uniform_candidate_sampler), so the classes are to be in the order of
/// their frequency), `remove_accidental_hits` and `seed`. Gives `[batch]`. The gradients to `weights` and `biases` are
/// rows.
#[track_caller]
pub fn nce_loss(
    weights: impl IntoTensor,
    biases: impl IntoTensor,
    labels: impl IntoTensor,
    inputs: impl IntoTensor,
    num_sampled: i64,
    num_classes: i64,
) -> Tensor {
    nce_loss_args(weights, biases, labels, inputs, num_sampled, num_classes).build()
}

/// [`nce_loss`] with keyword arguments.
pub fn nce_loss_args(
    weights: impl IntoTensor,
    biases: impl IntoTensor,
    labels: impl IntoTensor,
    inputs: impl IntoTensor,
    num_sampled: i64,
    num_classes: i64,
) -> SampledArgs {
    SampledArgs {
        softmax: false,
        args: [weights.into_arg(), biases.into_arg(), labels.into_arg(), inputs.into_arg()],
        sizes: [num_sampled, num_classes],
        num_true: 1,
        sampled_values: None,
        remove_accidental_hits: false,
        seed: None,
    }
}

/// The softmax cross entropy of each row over its true classes and `num_sampled` drawn ones.
/// TF: `tf.nn.sampled_softmax_loss`. Source: <https://arxiv.org/abs/1412.2007>, section 3.
///
/// The arguments are those of [`nce_loss`]; true classes that were drawn do not count among the drawn ones unless
/// `remove_accidental_hits` is false.
#[track_caller]
pub fn sampled_softmax_loss(
    weights: impl IntoTensor,
    biases: impl IntoTensor,
    labels: impl IntoTensor,
    inputs: impl IntoTensor,
    num_sampled: i64,
    num_classes: i64,
) -> Tensor {
    sampled_softmax_loss_args(weights, biases, labels, inputs, num_sampled, num_classes).build()
}

/// [`sampled_softmax_loss`] with keyword arguments.
pub fn sampled_softmax_loss_args(
    weights: impl IntoTensor,
    biases: impl IntoTensor,
    labels: impl IntoTensor,
    inputs: impl IntoTensor,
    num_sampled: i64,
    num_classes: i64,
) -> SampledArgs {
    let args = nce_loss_args(weights, biases, labels, inputs, num_sampled, num_classes);
    SampledArgs { softmax: true, remove_accidental_hits: true, ..args }
}

/// A loss by a sample of the classes under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct SampledArgs {
    softmax: bool,
    args: [Arg; 4],
    sizes: [i64; 2],
    num_true: i64,
    sampled_values: Option<Candidates>,
    remove_accidental_hits: bool,
    seed: Option<i64>,
}

impl SampledArgs {
    /// How many true classes each row has; 1 if not said.
    pub fn num_true(mut self, num_true: i64) -> Self {
        self.num_true = num_true;
        self
    }

    /// The classes that were drawn, and how often each true and each drawn one was to be expected.
    pub fn sampled_values(mut self, candidates: Candidates) -> Self {
        self.sampled_values = Some(candidates);
        self
    }

    /// Whether true classes that were drawn do not count among the drawn ones.
    pub fn remove_accidental_hits(mut self, remove: bool) -> Self {
        self.remove_accidental_hits = remove;
        self
    }

    /// The seed of the drawing.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the loss.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let softmax = self.softmax;
        let (logits, labels) = self.logits();
        if softmax {
            let labels = STOP_GRADIENT.call([labels.into_arg()]).name("labels_stop_gradient").single();
            return softmax_cross_entropy_with_logits_v2(labels, logits);
        }
        sum_rows(sigmoid_cross_entropy_named(labels.into_arg(), logits.into_arg(), "sampled_losses"))
    }

    /// The logits of the true and of the drawn classes, and what they are to be.
    #[track_caller]
    fn logits(self) -> (Tensor, Tensor) {
        let SampledArgs { args, sizes: [num_sampled, num_classes], num_true, .. } = self;
        let name = if self.softmax { "sampled_softmax_loss" } else { "nce_loss" };
        let _scope = Scope::open(&args.each_ref(), name);
        let [weights, biases, labels, inputs] = args;
        let inputs = convert(inputs, "inputs", None);
        let dtype = inputs.dtype().unwrap_or(DType::Float32);
        let labels = cast(labels, DType::Int64);
        let flat = reshape(labels, [-1]);
        let drawn = self.sampled_values.unwrap_or_else(|| {
            log_uniform_candidate_sampler(labels, num_true, num_sampled, true, num_classes, self.seed)
        });
        let [sampled, expected_true, expected_sampled] = [drawn.0, drawn.1, drawn.2].map(stop_gradient);
        let sampled = cast(sampled, DType::Int64);
        let ids = concat([flat, sampled], 0);
        let rows = cast(embedding_lookup(weights, ids), dtype);
        let count = || shape(flat);
        let true_rows = {
            let sizes = stack([count().at(0).into_arg(), (-1).into_arg()]);
            slice(rows, [0, 0], sizes)
        };
        let sampled_rows = {
            let start = stack([count().at(0).into_arg(), 0.into_arg()]);
            slice(rows, start, [-1, -1])
        };
        let sampled_logits = matmul_args(inputs, sampled_rows).transpose_b(true).build();
        let shifts = cast(embedding_lookup(biases, ids), dtype);
        let true_shifts = slice(shifts, [0], count());
        let sampled_shifts = slice(shifts, count(), [-1]);
        let dim = shape(true_rows).at(1..2);
        let each = concat([[-1, num_true as i32].into_arg(), dim.into_arg()], 0);
        let products = multiply(expand_dims(inputs, 1), reshape(true_rows, each));
        let dots = reshape(products, concat([[-1].into_arg(), dim.into_arg()], 0));
        let true_logits = reshape(sum_rows(dots), [-1, num_true as i32]);
        let true_shifts = reshape(true_shifts, [-1, num_true as i32]);
        let mut true_logits = true_logits + true_shifts;
        let mut sampled_logits = sampled_logits + sampled_shifts;
        if self.remove_accidental_hits {
            sampled_logits = sampled_logits + hits(labels, sampled, num_true, num_sampled, dtype);
        }
        true_logits = true_logits - log(expected_true);
        sampled_logits = sampled_logits - log(expected_sampled);
        let logits = concat([true_logits, sampled_logits], 1);
        let truths = ones_like(true_logits) / num_true as i32;
        (logits, concat([truths, zeros_like(sampled_logits)], 1))
    }
}

/// The lowest number where a true class was drawn, zeros elsewhere.
#[track_caller]
fn hits(labels: Tensor, sampled: Tensor, num_true: i64, num_sampled: i64, dtype: DType) -> Tensor {
    let (rows, places, weights) = compute_accidental_hits(labels, sampled, num_true, None);
    let rows = reshape(rows, [-1, 1]);
    let places = reshape(cast(places, DType::Int32), [-1, 1]);
    let coordinates = concat_named([rows, places], 1, "sparse_indices");
    let before = shape(labels).at(..1);
    let sizes = concat([before, expand_dims(num_sampled as i32, 0)], 0);
    let weights = cast(weights, dtype);
    sparse_to_dense_args(coordinates, sizes, weights).default_value(0.0).validate_indices(false).build()
}

/// The sum of each row, by a product with ones as TensorFlow does it.
#[track_caller]
fn sum_rows(x: Tensor) -> Tensor {
    let columns = shape(x).at(1);
    let sizes = stack([columns.into_arg(), 1.into_arg()]);
    let ones = ones_of(sizes, x.dtype().unwrap_or(DType::Float32), "ones");
    reshape(matmul(x, ones), [-1])
}
