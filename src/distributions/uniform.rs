//! Numbers spread evenly.

use super::{Distribution, Home, Law, check_parameters, sizes_of_batch, sizes_of_draws};
use crate::dtype::DType;
use crate::graph::Tensor;
use crate::op::{IntoTensor, broadcast};
use crate::ops::array::{IDENTITY, broadcast_dynamic_shape, ones_like, ones_of, shape, zeros_like};
use crate::ops::math::{greater_equal, is_nan, less, log, logical_or, square, where_v2};
use crate::ops::random::random_uniform_args;
use crate::ops::scope::Scope;
use crate::shape::PartialShape;

/// The bounds of an even distribution.
#[derive(Clone, Debug)]
pub struct Uniform {
    home: Home,
    low: Tensor,
    high: Tensor,
}

/// Even distributions from `low` up to, but not, `high`. TF: `tf.distributions.Uniform(low, high)`.
///
/// Both are float32 or both float64, and broadcast against each other.
///
/// ```
/// use flowstone as tf;
/// let p = tf::distributions::Uniform(1.0, 3.0).prob([0.0, 2.0]);
/// assert_eq!(tf::Session()?.run(p, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 0.5]);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn Uniform(low: impl IntoTensor, high: impl IntoTensor) -> Distribution<Uniform> {
    let args = [low.into_arg(), high.into_arg()];
    let scope = Scope::open(&args.each_ref(), "Uniform");
    let [low, high] = args;
    let low = IDENTITY.call([low]).name("low").single();
    let high = IDENTITY.call([high]).name("high").single();
    check_parameters(&scope, [low, high]);
    Distribution::new(Uniform { home: Home::new(&scope, low), low, high })
}

impl Distribution<Uniform> {
    /// The lowest numbers. TF: `distribution.low`.
    pub fn low(&self) -> Tensor {
        self.law.low
    }

    /// The numbers that all are below. TF: `distribution.high`.
    pub fn high(&self) -> Tensor {
        self.law.high
    }

    /// How far the bounds are apart. TF: `distribution.range()`.
    #[track_caller]
    pub fn range(&self) -> Tensor {
        self.law.range()
    }
}

impl Uniform {
    #[track_caller]
    fn range(&self) -> Tensor {
        let _scope = self.home.open("range");
        self.high - self.low
    }
}

impl Law for Uniform {
    const NAME: &'static str = "Uniform";

    fn home(&self) -> &Home {
        &self.home
    }

    fn dtype(&self) -> DType {
        self.low.dtype().unwrap_or(DType::Float32)
    }

    fn batch_shape(&self) -> PartialShape {
        broadcast(&self.low.shape(), &self.high.shape()).unwrap_or_default()
    }

    fn batch_sizes(&self) -> Tensor {
        broadcast_dynamic_shape(shape(self.low), shape(self.high))
    }

    fn draw(&self, count: i32, seed: Option<i64>) -> Tensor {
        let numbers = random_uniform_args(sizes_of_draws(self, count)).dtype(self.dtype());
        let numbers = seed.into_iter().fold(numbers, |numbers, seed| numbers.seed(seed)).build();
        self.low + self.range() * numbers
    }

    fn prob(&self, value: Tensor) -> Option<Tensor> {
        let x = value * ones_of(sizes_of_batch(self), value.dtype().unwrap_or(DType::Float32), "ones");
        let unknown = is_nan(x);
        let outside = logical_or(less(x, self.low), greater_equal(x, self.high));
        let (none, even) = (zeros_like(x), ones_like(x) / self.range());
        Some(where_v2(unknown, x, where_v2(outside, none, even)))
    }

    fn entropy(&self) -> Option<Tensor> {
        Some(log(self.range()))
    }

    fn mean(&self) -> Option<Tensor> {
        Some((self.low + self.high) / 2.0)
    }

    fn variance(&self) -> Option<Tensor> {
        Some(square(self.range()) / 12.0)
    }

    fn stddev(&self) -> Option<Tensor> {
        Some(self.range() / 12f64.sqrt())
    }
}
