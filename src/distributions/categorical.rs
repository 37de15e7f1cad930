//! One of several classes.

use super::{Distribution, Home, Law, LogitsArgs, sizes_of_draws};
use crate::dtype::DType;
use crate::error::Error;
use crate::graph::Tensor;
use crate::op::IntoTensor;
use crate::ops::array::{
    constant_named, ellipsis, identity, newaxis, ones_like_of, ones_of, packed, rank, reshape, shape, shape_named,
    transpose_args,
};
use crate::ops::math::{argmax, cast, reduce_sum_args};
use crate::ops::nn::{log_softmax, softmax, sparse_softmax_cross_entropy_with_logits};
use crate::ops::random::multinomial_args;
use crate::ops::scope::Scope;
use crate::shape::PartialShape;
use crate::value::Value;

/// The parameters of a categorical distribution.
#[derive(Clone, Debug)]
pub struct Categorical {
    home: Home,
    logits: Tensor,
    probs: Tensor,
    dtype: DType,
    /// Which dimension of the logits is that of the classes, and how many there are.
    batch_rank: Tensor,
    event_size: Tensor,
    batch_sizes: Tensor,
}

/// Distributions of the classes 0 to K - 1, where `softmax(logits)` are the probabilities.
/// TF: `tf.distributions.Categorical(logits)`.
///
/// The last dimension is that of the classes. Keyword arguments `logits` or `probs`, and `dtype`, the type of the classes:
/// int32 if not said. There is no mean.
///
/// ```
/// use flowstone as tf;
/// let p = tf::distributions::Categorical!(probs = [0.25, 0.75]).prob(1);
/// assert!((tf::Session()?.run(p, tf::feed_dict! {})?.item::<f32>()? - 0.75).abs() < 1e-6);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn Categorical(logits: impl IntoTensor) -> Distribution<Categorical> {
    Categorical_args().logits(logits).build()
}

/// [`Categorical`](fn@Categorical) with keyword arguments.
#[allow(non_snake_case)]
pub fn Categorical_args() -> LogitsArgs<Categorical> {
    LogitsArgs::new(Categorical::NAME, true, finish)
}

fn finish(scope: &Scope, [logits, probs]: [Tensor; 2], dtype: DType) -> Distribution<Categorical> {
    let known = logits.shape();
    if known.rank() == Some(0) {
        scope.fail(Error::invalid_argument("a single number has no dimension of classes"));
    }
    let number = |n: usize| i32::try_from(n).ok().map(Value::scalar);
    let batch = known.dims().and_then(|dims| dims.split_last());
    let batch_rank = match batch.and_then(|(_, batch)| number(batch.len())) {
        Some(rank) => constant_named(rank, "batch_rank"),
        None => {
            let _scope = Scope::open(&[], "batch_rank");
            rank(logits) - 1
        }
    };
    let sizes = shape_named(logits, DType::Int32, "logits_shape");
    let event_size = match batch.and_then(|(classes, _)| number((*classes)?)) {
        Some(size) => constant_named(size, "event_size"),
        None => {
            let _scope = Scope::open(&[], "event_size");
            sizes.at(batch_rank)
        }
    };
    let batch: Option<Vec<i32>> = batch.and_then(|(_, batch)| batch.iter().map(|&n| i32::try_from(n?).ok()).collect());
    let batch_sizes = match batch {
        Some(batch) => constant_named(Value::vector(batch), "batch_shape"),
        None => {
            let _scope = Scope::open(&[], "batch_shape");
            sizes.at(..-1)
        }
    };
    let home = Home::new(scope, logits);
    Distribution::new(Categorical { home, logits, probs, dtype, batch_rank, event_size, batch_sizes })
}

impl Distribution<Categorical> {
    /// What the probabilities follow from. TF: `distribution.logits`.
    pub fn logits(&self) -> Tensor {
        self.law.logits
    }

    /// The probabilities. TF: `distribution.probs`.
    pub fn probs(&self) -> Tensor {
        self.law.probs
    }

    /// The number of classes, an int32. TF: `distribution.event_size`.
    pub fn event_size(&self) -> Tensor {
        self.law.event_size
    }
}

/// The shape without its last dimension.
fn without_last(shape: &PartialShape) -> PartialShape {
    let batch = shape.dims().and_then(|dims| dims.split_last()).map(|(_, batch)| batch.iter().copied());
    batch.map(PartialShape::new).unwrap_or_default()
}

impl Law for Categorical {
    const NAME: &'static str = "Categorical";

    fn home(&self) -> &Home {
        &self.home
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn batch_shape(&self) -> PartialShape {
        without_last(&self.logits.shape())
    }

    fn batch_sizes(&self) -> Tensor {
        identity(self.batch_sizes)
    }

    fn draw(&self, count: i32, seed: Option<i64>) -> Tensor {
        let logits = match self.logits.rank() {
            Some(2) => self.logits,
            _ => {
                let sizes = [(-1).into_arg(), self.event_size.into_arg()];
                reshape(self.logits, packed(sizes.to_vec(), "Reshape/shape"))
            }
        };
        let dtype = if self.dtype.size() > 4 { DType::Int64 } else { DType::Int32 };
        let draws = multinomial_args(logits, count).output_dtype(dtype);
        let draws = seed.into_iter().fold(draws, |draws, seed| draws.seed(seed)).build();
        cast(reshape(transpose_args(draws).build(), sizes_of_draws(self, count)), self.dtype)
    }

    fn log_prob(&self, value: Tensor) -> Option<Tensor> {
        let (mut classes, mut logits) = (value, self.logits);
        if classes.dtype().is_ok_and(DType::is_floating) {
            classes = cast(classes, DType::Int32);
        }
        let batch = self.batch_shape();
        if !(batch.is_known() && classes.shape().is_known()) || batch != classes.shape() {
            logits = logits * ones_like_of(classes.at((ellipsis, newaxis)).into_arg(), logits.dtype().ok());
            let sizes = shape(logits).at(..-1);
            classes = classes * ones_of(sizes, classes.dtype().unwrap_or(DType::Int32), "ones");
            if logits.rank().is_some() {
                classes.set_shape(without_last(&logits.shape()));
            }
        }
        Some(-sparse_softmax_cross_entropy_with_logits(classes, logits))
    }

    fn entropy(&self) -> Option<Tensor> {
        Some(-reduce_sum_args(log_softmax(self.logits) * self.probs).axis(-1).build())
    }

    fn mode(&self) -> Option<Tensor> {
        let mode = cast(argmax(self.logits, self.batch_rank), self.dtype);
        mode.set_shape(self.batch_shape());
        Some(mode)
    }

    fn divergence(&self, other: &Self) -> Option<Tensor> {
        let apart = log_softmax(self.logits) - log_softmax(other.logits);
        Some(reduce_sum_args(softmax(self.logits) * apart).axis(-1).build())
    }
}
