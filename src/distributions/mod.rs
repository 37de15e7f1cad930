//! Probability distributions, whose parameters are tensors. TF: `tf.distributions`.
//!
//! ```
//! use flowstone as tf;
//! let policy = tf::distributions::Normal([0.0, 1.0], [1.0, 2.0]);
//! let actions = tf::stop_gradient(policy.sample(()));
//! let loss = -tf::reduce_mean(policy.log_prob(actions));
//! assert!(tf::Session()?.run(loss, tf::feed_dict! {})?.item::<f32>()?.is_finite());
//! # Ok::<(), tf::Error>(())
//! ```

mod bernoulli;
mod categorical;
mod home;
mod logits;
mod normal;
mod uniform;

pub use bernoulli::{Bernoulli, Bernoulli_args};
pub use categorical::{Categorical, Categorical_args};
pub use home::Home;
pub use logits::LogitsArgs;
pub use normal::Normal;
pub use uniform::Uniform;

pub use crate::{__Bernoulli as Bernoulli, __Categorical as Categorical};

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::op::{IntoTensor, convert};
use crate::ops::array::{concat, constant_named, reshape, rest, shape};
use crate::ops::math::{exp, log, sqrt, square};
use crate::ops::scope::{Scope, refuse};
use crate::shape::{IntoShape, PartialShape};
use crate::value::Value;

/// A distribution for each element of its parameters, broadcast against each other. TF: `tf.distributions.Distribution`.
///
/// Each method builds its nodes in the scope of the distribution. What a family does not say is an error in the graph.
/// The gradients are those of the nodes that a method is made of.
#[derive(Clone, Debug)]
pub struct Distribution<L> {
    law: L,
}

/// What a family of distributions says of itself; [`Distribution`] makes TensorFlow's methods of it.
pub trait Law {
    /// Its name in errors.
    const NAME: &'static str;

    /// Where its nodes are built.
    fn home(&self) -> &Home;

    /// The type of what is drawn.
    fn dtype(&self) -> DType;

    /// The shape of a single draw, as far as it is known.
    fn batch_shape(&self) -> PartialShape;

    /// The sizes of a single draw, where they are not known.
    fn batch_sizes(&self) -> Tensor;

    /// `count` draws, one after the other along a new first dimension.
    fn draw(&self, count: i32, seed: Option<i64>) -> Tensor;

    /// The logarithm of the density at `value`.
    fn log_prob(&self, _value: Tensor) -> Option<Tensor> {
        None
    }

    /// The density at `value`, if it does not follow from its logarithm.
    fn prob(&self, _value: Tensor) -> Option<Tensor> {
        None
    }

    /// The entropy.
    fn entropy(&self) -> Option<Tensor> {
        None
    }

    /// The mean.
    fn mean(&self) -> Option<Tensor> {
        None
    }

    /// The variance, if it does not follow from the standard deviation.
    fn variance(&self) -> Option<Tensor> {
        None
    }

    /// The standard deviation, if it does not follow from the variance.
    fn stddev(&self) -> Option<Tensor> {
        None
    }

    /// What is most likely.
    fn mode(&self) -> Option<Tensor> {
        None
    }

    /// The Kullback-Leibler divergence from `other`.
    fn divergence(&self, _other: &Self) -> Option<Tensor> {
        None
    }
}

/// What `law` does not say.
#[track_caller]
fn unsaid<L: Law>(what: &str) -> Tensor {
    refuse(L::NAME, Error::unimplemented(format!("{what} is not implemented: {}", L::NAME)))
}

impl<L: Law> Distribution<L> {
    fn new(law: L) -> Self {
        Distribution { law }
    }

    /// The scope of its nodes, `Normal/`. TF: `distribution.name`.
    pub fn name(&self) -> &str {
        self.law.home().name()
    }

    /// The type of what is drawn. TF: `distribution.dtype`.
    pub fn dtype(&self) -> DType {
        self.law.dtype()
    }

    /// The shape of a single draw, as far as it is known. TF: `distribution.batch_shape`.
    pub fn batch_shape(&self) -> PartialShape {
        self.law.batch_shape()
    }

    /// The sizes of a single draw, a list of int32. TF: `distribution.batch_shape_tensor()`.
    #[track_caller]
    pub fn batch_shape_tensor(&self) -> Tensor {
        sizes_of_batch(&self.law)
    }

    /// Draws of shape `sample_shape`, each of the distribution's own shape: `()` is one draw. TF: `distribution.sample(shape)`.
    ///
    /// Every run draws anew. With seeds the numbers are TensorFlow's.
    #[track_caller]
    pub fn sample(&self, sample_shape: impl IntoShape) -> Tensor {
        self.sample_args(sample_shape).build()
    }

    /// [`sample`](Distribution::sample) with the keyword argument `seed`.
    pub fn sample_args(&self, sample_shape: impl IntoShape) -> SampleArgs<'_, L> {
        SampleArgs { law: &self.law, shape: sample_shape.into_shape(), seed: None }
    }

    /// The logarithm of the density, or of the probability, at `value`. TF: `distribution.log_prob(value)`.
    #[track_caller]
    pub fn log_prob(&self, value: impl IntoTensor) -> Tensor {
        let _scope = self.law.home().open("log_prob");
        let value = convert(value.into_arg(), "value", Some(self.dtype()));
        let law = &self.law;
        law.log_prob(value).or_else(|| law.prob(value).map(log)).unwrap_or_else(|| unsaid::<L>("log_prob"))
    }

    /// The density, or the probability, at `value`. TF: `distribution.prob(value)`.
    #[track_caller]
    pub fn prob(&self, value: impl IntoTensor) -> Tensor {
        let _scope = self.law.home().open("prob");
        let value = convert(value.into_arg(), "value", Some(self.dtype()));
        let law = &self.law;
        law.prob(value).or_else(|| law.log_prob(value).map(exp)).unwrap_or_else(|| unsaid::<L>("prob"))
    }

    /// The entropy in nats. TF: `distribution.entropy()`.
    #[track_caller]
    pub fn entropy(&self) -> Tensor {
        let _scope = self.law.home().open("entropy");
        self.law.entropy().unwrap_or_else(|| unsaid::<L>("entropy"))
    }

    /// The mean. TF: `distribution.mean()`.
    #[track_caller]
    pub fn mean(&self) -> Tensor {
        let _scope = self.law.home().open("mean");
        self.law.mean().unwrap_or_else(|| unsaid::<L>("mean"))
    }

    /// The variance. TF: `distribution.variance()`.
    #[track_caller]
    pub fn variance(&self) -> Tensor {
        let _scope = self.law.home().open("variance");
        let law = &self.law;
        law.variance().or_else(|| law.stddev().map(square)).unwrap_or_else(|| unsaid::<L>("variance"))
    }

    /// The standard deviation. TF: `distribution.stddev()`.
    #[track_caller]
    pub fn stddev(&self) -> Tensor {
        let _scope = self.law.home().open("stddev");
        let law = &self.law;
        law.stddev().or_else(|| law.variance().map(sqrt)).unwrap_or_else(|| unsaid::<L>("stddev"))
    }

    /// What is most likely. TF: `distribution.mode()`.
    #[track_caller]
    pub fn mode(&self) -> Tensor {
        let _scope = self.law.home().open("mode");
        self.law.mode().unwrap_or_else(|| unsaid::<L>("mode"))
    }
}

/// How much more `a` says than `b` expects: the Kullback-Leibler divergence of each pair in the batch, in nats.
/// TF: `tf.distributions.kl_divergence(a, b)`.
///
/// Both are of one family. For [`Uniform`](fn@Uniform) an error in the graph, as in TensorFlow.
///
/// ```
/// use flowstone as tf;
/// let (a, b) = (tf::distributions::Normal(0.0, 1.0), tf::distributions::Normal(1.0, 1.0));
/// let kl = tf::distributions::kl_divergence(&a, &b);
/// assert_eq!(tf::Session()?.run(kl, tf::feed_dict! {})?.item::<f32>()?, 0.5);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn kl_divergence<L: Law>(a: &Distribution<L>, b: &Distribution<L>) -> Tensor {
    let _line = built_at(here());
    let _default = a.law.home().graph().as_default();
    let _scope = Scope::open(&[], "KullbackLeibler");
    let name = L::NAME.to_lowercase();
    let _inner = Scope::open(&[], &format!("kl_{name}_{name}"));
    a.law.divergence(&b.law).unwrap_or_else(|| unsaid::<L>("kl_divergence"))
}

/// A [`sample`](Distribution::sample) under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct SampleArgs<'a, L> {
    law: &'a L,
    shape: Result<PartialShape>,
    seed: Option<i64>,
}

impl<L: Law> SampleArgs<'_, L> {
    /// The operation's own seed.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the draws.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let _scope = self.law.home().open("sample");
        let (sizes, count) = match self.shape.and_then(|shape| known_sizes(&shape)) {
            Ok(known) => known,
            Err(error) => return refuse(L::NAME, error),
        };
        let sample_shape = PartialShape::new(sizes.iter().map(|&n| usize::try_from(n).ok()));
        let sizes = constant_named(Value::vector(sizes), "sample_shape");
        let draws = self.law.draw(count, self.seed);
        let own = rest(shape(draws), 1);
        let draws = reshape(draws, concat([sizes, own], 0));
        draws.set_shape(sample_shape.concatenate(&self.law.batch_shape()));
        draws
    }
}

/// The sizes of the draws, and how many these are together.
fn known_sizes(shape: &PartialShape) -> Result<(Vec<i32>, i32)> {
    let known = shape.known().ok_or_else(|| Error::invalid_argument(format!("draws of shape {shape}")))?;
    let size = |n: usize| i32::try_from(n).map_err(|_| Error::invalid_argument(format!("draws of shape {shape}")));
    let sizes = known.iter().map(|&n| size(n)).collect::<Result<Vec<i32>>>()?;
    Ok((sizes, size(known.num_elements()?)?))
}

/// The sizes of a single draw, as a list of int32.
#[track_caller]
fn sizes_of_batch<L: Law>(law: &L) -> Tensor {
    let _scope = law.home().open("batch_shape_tensor");
    match listed(law.batch_shape()) {
        Some(sizes) => constant_named(Value::vector(sizes), "batch_shape"),
        None => law.batch_sizes(),
    }
}

/// The sizes, if all are known.
fn listed(shape: PartialShape) -> Option<Vec<i32>> {
    shape.known()?.iter().map(|&n| i32::try_from(n).ok()).collect()
}

/// The sizes of `count` draws.
#[track_caller]
fn sizes_of_draws<L: Law>(law: &L, count: i32) -> Tensor {
    let batch = sizes_of_batch(law);
    concat([[count].into_arg(), batch.into_arg()], 0)
}

/// Why `scope`'s parameters are none, if not all are numbers of one floating-point type.
#[track_caller]
fn check_parameters(scope: &Scope, parameters: [Tensor; 2]) {
    if let [Ok(a), Ok(b)] = parameters.map(Tensor::dtype)
        && (a != b || !a.is_floating())
    {
        scope.fail(Error::invalid_argument(format!(
            "parameters are {a} and {b}: they must be of one floating-point type"
        )));
    }
}

/// The graph of a distribution with this parameter.
fn graph_of(parameter: Tensor) -> crate::graph::Graph {
    parameter.graph().unwrap_or_else(|_| get_default_graph())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::build_error;

    #[test]
    fn what_is_wrong_is_said_with_the_callers_line() {
        let here = |line: u32| format!("{}:{line}", file!());
        let error = build_error(|| Normal([1.0, 2.0], 1.0).log_prob([1.0, 2.0, 3.0]));
        assert!(error.contains("Normal/log_prob/standardize/sub") && error.contains(&here(line!() - 1)), "{error}");
        let error = build_error(|| Categorical([[0.0, 1.0]]).mean());
        assert!(error.contains("mean is not implemented: Categorical"), "{error}");
        let error = build_error(|| kl_divergence(&Uniform(0.0, 1.0), &Uniform(0.0, 2.0)));
        assert!(error.contains("kl_divergence is not implemented: Uniform"), "{error}");
        let error = build_error(|| Normal(0, 1).mean());
        assert!(error.contains("parameters are int32 and int32"), "{error}");
        let error = build_error(|| Bernoulli_args().build().mean());
        assert!(error.contains("must have logits or probs, but not both"), "{error}");
        let error = build_error(|| Bernoulli([0.0]).sample([-1]));
        assert!(error.contains("draws of shape [?]"), "{error}");
        let error = build_error(|| Bernoulli([0.0]).sample([1 << 20, 1 << 20]));
        assert!(error.contains("draws of shape"), "{error}");
    }
}
