//! The cross entropy of sequences in one array. TF: `tf.contrib.seq2seq.sequence_loss`.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::IntoTensor;
use crate::ops::array::{item, reshape, reshape_to, shape};
use crate::ops::math::{cast, count_nonzero_args, div_no_nan, reduce_sum, reduce_sum_args};
use crate::ops::nn::sparse_softmax_cross_entropy_with_logits;
use crate::ops::scope::Scope;

/// What `tf.contrib.seq2seq` is called here.
pub mod contrib_seq2seq {
    pub use super::{SequenceLossArgs, sequence_loss, sequence_loss_args};
    pub use crate::__contrib_sequence_loss as sequence_loss;
}

/// The weighted mean of the cross entropies of sequences: `logits` [batch, steps, symbols], `targets` int32 or int64 [batch,
/// steps] and `weights` [batch, steps]. TF: `tf.contrib.seq2seq.sequence_loss`.
///
/// Keyword arguments: `average_across_timesteps` and `average_across_batch` (true: a mean over the dimension, by the sum of
/// the weights), `sum_over_timesteps` and `sum_over_batch` (false: a sum over the dimension, by the number of weights that
/// are not 0), `softmax_loss_function` (of labels and logits, in place of the cross entropy). With none of a dimension's it
/// stays. An error: other ranks, or both of a dimension's.
///
/// ```
/// use flowstone as tf;
/// let logits = tf::placeholder(tf::float32, (None, 5, 10));
/// let (targets, weights) = (tf::placeholder(tf::int32, (None, 5)), tf::placeholder(tf::float32, (None, 5)));
/// let loss = tf::contrib::seq2seq::sequence_loss!(logits, targets, weights, average_across_timesteps = false);
/// assert_eq!(loss.shape().to_string(), "[5]");
/// ```
#[track_caller]
pub fn sequence_loss(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor {
    sequence_loss_args(logits, targets, weights).build()
}

/// [`sequence_loss`] with keyword arguments.
pub fn sequence_loss_args<'f>(logits: Tensor, targets: Tensor, weights: Tensor) -> SequenceLossArgs<'f> {
    SequenceLossArgs { logits, targets, weights, averages: [true; 2], sums: [false; 2], function: None }
}

/// A [`sequence_loss`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct SequenceLossArgs<'f> {
    logits: Tensor,
    targets: Tensor,
    weights: Tensor,
    /// Over the batch and over the steps.
    averages: [bool; 2],
    sums: [bool; 2],
    function: Option<Box<dyn Fn(Tensor, Tensor) -> Tensor + 'f>>,
}

impl<'f> SequenceLossArgs<'f> {
    /// Whether it is a mean over the steps; true if not said.
    pub fn average_across_timesteps(mut self, average: bool) -> Self {
        self.averages[1] = average;
        self
    }

    /// Whether it is a mean over the batch; true if not said.
    pub fn average_across_batch(mut self, average: bool) -> Self {
        self.averages[0] = average;
        self
    }

    /// Whether it is a sum over the steps, by how many count; false if not said.
    pub fn sum_over_timesteps(mut self, sum: bool) -> Self {
        self.sums[1] = sum;
        self
    }

    /// Whether it is a sum over the batch, by how many count; false if not said.
    pub fn sum_over_batch(mut self, sum: bool) -> Self {
        self.sums[0] = sum;
        self
    }

    /// What makes the loss of labels and logits, in place of the cross entropy.
    pub fn softmax_loss_function(mut self, function: impl Fn(Tensor, Tensor) -> Tensor + 'f) -> Self {
        self.function = Some(Box::new(function));
        self
    }

    fn check(&self) -> Result<()> {
        let ranks = [("logits", self.logits, 3), ("targets", self.targets, 2), ("weights", self.weights, 2)];
        for (name, tensor, wanted) in ranks {
            if tensor.rank() != Some(wanted) && !tensor.is_poisoned() {
                let shape = tensor.shape();
                return Err(Error::invalid_argument(format!(
                    "{name} must have {wanted} dimensions, not shape {shape}"
                )));
            }
        }
        for (dimension, (average, sum)) in ["the batch", "the steps"].iter().zip(self.averages.iter().zip(self.sums)) {
            if *average && sum {
                return Err(Error::invalid_argument(format!("both a mean and a sum over {dimension}")));
            }
        }
        Ok(())
    }

    /// Builds it.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let all = [self.logits, self.targets, self.weights].map(IntoTensor::into_arg);
        let scope = Scope::open(&all.each_ref(), "sequence_loss");
        if let Err(error) = self.check() {
            return scope.fail(error);
        }
        let symbols = item(shape(self.logits), 2);
        let logits = reshape_to(self.logits, vec![(-1).into_arg(), symbols.into_arg()]);
        let targets = reshape(self.targets, [-1]);
        let losses = match &self.function {
            Some(function) => function(targets, logits),
            None => sparse_softmax_cross_entropy_with_logits(targets, logits),
        };
        let losses = losses * reshape(self.weights, [-1]);
        let dtype = losses.dtype().unwrap_or(DType::Float32);
        let count = |axis: Option<[i32; 1]>| {
            let count = count_nonzero_args(self.weights);
            cast(axis.map_or(count_nonzero_args(self.weights), |axis| count.axis(axis)).build(), dtype)
        };
        if self.averages == [true; 2] {
            let sum = reduce_sum(losses);
            return div_no_nan(sum, reduce_sum(self.weights));
        }
        if self.sums == [true; 2] {
            let sum = reduce_sum(losses);
            return div_no_nan(sum, count(None));
        }
        let losses = reshape(losses, shape(self.logits).at(0..2));
        if self.averages != [false; 2] {
            let axis = [i32::from(!self.averages[0])];
            let sum = reduce_sum_args(losses).axis(axis).build();
            return div_no_nan(sum, reduce_sum_args(self.weights).axis(axis).build());
        }
        if self.sums != [false; 2] {
            let axis = [i32::from(!self.sums[0])];
            let sum = reduce_sum_args(losses).axis(axis).build();
            return div_no_nan(sum, count(Some(axis)));
        }
        losses
    }
}
