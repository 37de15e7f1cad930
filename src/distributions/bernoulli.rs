//! Yes or no.

use super::{Distribution, Home, Law, LogitsArgs, sizes_of_draws};
use crate::dtype::DType;
use crate::graph::Tensor;
use crate::op::IntoTensor;
use crate::ops::array::{identity, ones_like, shape};
use crate::ops::math::{cast, greater, less, sigmoid};
use crate::ops::nn::{sigmoid_cross_entropy_with_logits, softplus};
use crate::ops::random::random_uniform_args;
use crate::shape::PartialShape;

/// The parameters of a Bernoulli distribution.
#[derive(Clone, Debug)]
pub struct Bernoulli {
    home: Home,
    logits: Tensor,
    probs: Tensor,
    dtype: DType,
}

/// Distributions of 0 and 1, where `sigmoid(logits)` is the probability of 1. TF: `tf.distributions.Bernoulli(logits)`.
///
/// Keyword arguments `logits` or `probs`, and `dtype`, the type of what is drawn: int32 if not said.
///
/// ```
/// use flowstone as tf;
/// let dist = tf::distributions::Bernoulli!(probs = [0.25, 0.5]);
/// assert_eq!(tf::Session()?.run(dist.variance(), tf::feed_dict! {})?.as_slice::<f32>()?, [0.1875, 0.25]);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn Bernoulli(logits: impl IntoTensor) -> Distribution<Bernoulli> {
    Bernoulli_args().logits(logits).build()
}

/// [`Bernoulli`](fn@Bernoulli) with keyword arguments.
#[allow(non_snake_case)]
pub fn Bernoulli_args() -> LogitsArgs<Bernoulli> {
    LogitsArgs::new(Bernoulli::NAME, false, |scope, [logits, probs], dtype| {
        Distribution::new(Bernoulli { home: Home::new(scope, logits), logits, probs, dtype })
    })
}

impl Distribution<Bernoulli> {
    /// The logarithms of the odds of 1. TF: `distribution.logits`.
    pub fn logits(&self) -> Tensor {
        self.law.logits
    }

    /// The probabilities of 1. TF: `distribution.probs`.
    pub fn probs(&self) -> Tensor {
        self.law.probs
    }
}

impl Law for Bernoulli {
    const NAME: &'static str = "Bernoulli";

    fn home(&self) -> &Home {
        &self.home
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn batch_shape(&self) -> PartialShape {
        self.logits.shape()
    }

    fn batch_sizes(&self) -> Tensor {
        shape(self.logits)
    }

    fn draw(&self, count: i32, seed: Option<i64>) -> Tensor {
        let dtype = self.probs.dtype().unwrap_or(DType::Float32);
        let numbers = random_uniform_args(sizes_of_draws(self, count)).dtype(dtype);
        let numbers = seed.into_iter().fold(numbers, |numbers, seed| numbers.seed(seed)).build();
        cast(less(numbers, self.probs), self.dtype)
    }

    fn log_prob(&self, value: Tensor) -> Option<Tensor> {
        let (mut logits, mut event) = (self.logits, value);
        event = cast(event, logits.dtype().unwrap_or(DType::Float32));
        if !event.shape().is_known() || event.shape() != logits.shape() {
            (logits, event) = (ones_like(event) * logits, ones_like(logits) * event);
        }
        Some(-sigmoid_cross_entropy_with_logits(event, logits))
    }

    fn entropy(&self) -> Option<Tensor> {
        let logits = self.logits;
        Some(-logits * (sigmoid(logits) - 1.0) + softplus(-logits))
    }

    fn mean(&self) -> Option<Tensor> {
        Some(identity(self.probs))
    }

    fn variance(&self) -> Option<Tensor> {
        Some(identity(self.probs) * (1.0 - self.probs))
    }

    fn mode(&self) -> Option<Tensor> {
        Some(cast(greater(self.probs, 0.5), self.dtype))
    }

    fn divergence(&self, other: &Self) -> Option<Tensor> {
        let (a, b) = (self.logits, other.logits);
        let no = softplus(-b) - softplus(-a);
        let yes = softplus(b) - softplus(a);
        Some(sigmoid(a) * no + sigmoid(-a) * yes)
    }
}
