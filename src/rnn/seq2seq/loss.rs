//! The cross entropy of sequences, weighted.

use crate::error::Error;
use crate::graph::{Tensor, built_at, here};
use crate::op::Arg;
use crate::ops::array::{item, reshape, shape};
use crate::ops::math::{add_n, cast, reduce_sum};
use crate::ops::nn::sparse_softmax_cross_entropy_with_logits;
use crate::ops::scope::Scope;

/// Makes the loss of labels and logits.
type LossFunction<'f> = Box<dyn Fn(Tensor, Tensor) -> Tensor + 'f>;

/// For each sequence the weighted mean of the cross entropies of its steps: `logits` [batch, symbols], `targets` int32 or
/// int64 `[batch]` and `weights` `[batch]` for each step. TF: `tf.contrib.legacy_seq2seq.sequence_loss_by_example`.
///
/// Keyword arguments: `average_across_timesteps` (true: a mean by the sum of the weights; else a sum) and
/// `softmax_loss_function` (of labels and logits, in place of the cross entropy). An error: lists of several lengths.
///
/// ```
/// use flowstone as tf;
/// let logits = tf::constant([[0.0, 0.0]]);
/// let loss = tf::nn::seq2seq::sequence_loss_by_example([logits; 2], [tf::constant([1]); 2], [tf::ones([1]); 2]);
/// let loss = tf::Session()?.run(loss, tf::feed_dict! {})?;
/// assert!((loss.as_slice::<f32>()?[0] - 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn sequence_loss_by_example(
    logits: impl IntoIterator<Item = Tensor>,
    targets: impl IntoIterator<Item = Tensor>,
    weights: impl IntoIterator<Item = Tensor>,
) -> Tensor {
    sequence_loss_by_example_args(logits, targets, weights).build()
}

/// [`sequence_loss_by_example`] with keyword arguments.
pub fn sequence_loss_by_example_args<'f>(
    logits: impl IntoIterator<Item = Tensor>,
    targets: impl IntoIterator<Item = Tensor>,
    weights: impl IntoIterator<Item = Tensor>,
) -> SequenceLossArgs<'f> {
    SequenceLossArgs { by_example: true, ..sequence_loss_args(logits, targets, weights) }
}

/// The mean over the batch of [`sequence_loss_by_example`]. TF: `tf.contrib.legacy_seq2seq.sequence_loss`.
///
/// Keyword arguments as there, and `average_across_batch` (true; else a sum).
#[track_caller]
pub fn sequence_loss(
    logits: impl IntoIterator<Item = Tensor>,
    targets: impl IntoIterator<Item = Tensor>,
    weights: impl IntoIterator<Item = Tensor>,
) -> Tensor {
    sequence_loss_args(logits, targets, weights).build()
}

/// [`sequence_loss`] with keyword arguments.
pub fn sequence_loss_args<'f>(
    logits: impl IntoIterator<Item = Tensor>,
    targets: impl IntoIterator<Item = Tensor>,
    weights: impl IntoIterator<Item = Tensor>,
) -> SequenceLossArgs<'f> {
    SequenceLossArgs {
        logits: logits.into_iter().collect(),
        targets: targets.into_iter().collect(),
        weights: weights.into_iter().collect(),
        by_example: false,
        over_steps: true,
        over_batch: true,
        function: None,
    }
}

/// A [`sequence_loss`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct SequenceLossArgs<'f> {
    logits: Vec<Tensor>,
    targets: Vec<Tensor>,
    weights: Vec<Tensor>,
    by_example: bool,
    over_steps: bool,
    over_batch: bool,
    function: Option<LossFunction<'f>>,
}

impl<'f> SequenceLossArgs<'f> {
    /// Whether it is a mean over the steps; true if not said.
    pub fn average_across_timesteps(mut self, average: bool) -> Self {
        self.over_steps = average;
        self
    }

    /// Whether it is a mean over the batch; true if not said. For [`sequence_loss`] alone.
    pub fn average_across_batch(mut self, average: bool) -> Self {
        self.over_batch = average;
        self
    }

    /// What makes the loss of labels and logits, in place of the cross entropy.
    pub fn softmax_loss_function(mut self, function: impl Fn(Tensor, Tensor) -> Tensor + 'f) -> Self {
        self.function = Some(Box::new(function));
        self
    }

    /// Builds it.
    #[track_caller]
    pub fn build(self) -> Tensor {
        if self.by_example {
            return self.for_each_sequence();
        }
        let _scope = self.open("sequence_loss");
        let (over_batch, first) = (self.over_batch, self.targets.first().copied());
        let cost = reduce_sum(self.for_each_sequence());
        match first.zip(cost.dtype().ok()) {
            Some((first, dtype)) if over_batch => cost / cast(item(shape(first), 0), dtype),
            _ => cost,
        }
    }

    fn open(&self, name: &str) -> Scope {
        let all: Vec<Arg> = self.logits.iter().chain(&self.targets).map(|&x| Arg::Tensor(x)).collect();
        Scope::open(&all.iter().collect::<Vec<_>>(), name)
    }

    #[track_caller]
    fn for_each_sequence(self) -> Tensor {
        let line = here();
        let _line = built_at(line);
        let scope = self.open("sequence_loss_by_example");
        let lengths = [self.logits.len(), self.targets.len(), self.weights.len()];
        if lengths != [lengths[0]; 3] || lengths[0] == 0 {
            let [logits, targets, weights] = lengths;
            let says = format!("there are {logits} logits, {targets} targets and {weights} weights");
            return scope.fail(Error::invalid_argument(says));
        }
        let steps = self.logits.iter().zip(&self.targets).zip(&self.weights);
        let losses = steps.map(|((&logits, &target), &weight)| {
            let loss = match &self.function {
                Some(function) => function(target, logits),
                None => sparse_softmax_cross_entropy_with_logits(reshape(target, [-1]), logits),
            };
            let _line = built_at(line);
            loss * weight
        });
        let losses = losses.collect::<Vec<_>>();
        let sum = add_n(losses);
        if !self.over_steps {
            return sum;
        }
        // Nothing is divided by zero.
        sum / (add_n(self.weights) + 1e-12)
    }
}
