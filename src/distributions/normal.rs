//! The normal distribution.

use std::f64::consts::{E, PI};

use super::{Distribution, Home, Law, check_parameters, sizes_of_draws};
use crate::dtype::DType;
use crate::graph::Tensor;
use crate::op::{IntoTensor, broadcast};
use crate::ops::array::{IDENTITY, broadcast_dynamic_shape, constant_named, ones_like, shape};
use crate::ops::math::{log, square, squared_difference};
use crate::ops::random::random_normal_args;
use crate::ops::scope::Scope;
use crate::shape::PartialShape;
use crate::value::Value;

/// The parameters of a normal distribution.
#[derive(Clone, Debug)]
pub struct Normal {
    home: Home,
    loc: Tensor,
    scale: Tensor,
}

/// Normal distributions with means `loc` and standard deviations `scale`. TF: `tf.distributions.Normal(loc, scale)`.
///
/// Both are float32 or both float64, and broadcast against each other.
///
/// ```
/// use flowstone as tf;
/// let dist = tf::distributions::Normal(1.0, 2.0);
/// let (p, h) = tf::Session()?.run((dist.log_prob(3.0), dist.entropy()), tf::feed_dict! {})?;
/// assert!((p.item::<f32>()? + 2.112_085_7).abs() < 1e-6 && (h.item::<f32>()? - 2.112_085_7).abs() < 1e-6);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn Normal(loc: impl IntoTensor, scale: impl IntoTensor) -> Distribution<Normal> {
    let args = [loc.into_arg(), scale.into_arg()];
    let scope = Scope::open(&args.each_ref(), "Normal");
    let [loc, scale] = args;
    let loc = IDENTITY.call([loc]).name("loc").single();
    let scale = IDENTITY.call([scale]).name("scale").single();
    check_parameters(&scope, [loc, scale]);
    Distribution::new(Normal { home: Home::new(&scope, scale), loc, scale })
}

impl Distribution<Normal> {
    /// The means. TF: `distribution.loc`.
    pub fn loc(&self) -> Tensor {
        self.law.loc
    }

    /// The standard deviations. TF: `distribution.scale`.
    pub fn scale(&self) -> Tensor {
        self.law.scale
    }
}

impl Law for Normal {
    const NAME: &'static str = "Normal";

    fn home(&self) -> &Home {
        &self.home
    }

    fn dtype(&self) -> DType {
        self.scale.dtype().unwrap_or(DType::Float32)
    }

    fn batch_shape(&self) -> PartialShape {
        broadcast(&self.loc.shape(), &self.scale.shape()).unwrap_or_default()
    }

    fn batch_sizes(&self) -> Tensor {
        broadcast_dynamic_shape(shape(self.loc), shape(self.scale))
    }

    fn draw(&self, count: i32, seed: Option<i64>) -> Tensor {
        let numbers = random_normal_args(sizes_of_draws(self, count)).dtype(self.dtype());
        let numbers = seed.into_iter().fold(numbers, |numbers, seed| numbers.seed(seed));
        numbers.build() * self.scale + self.loc
    }

    fn log_prob(&self, value: Tensor) -> Option<Tensor> {
        let standard = {
            let _scope = Scope::open(&[], "standardize");
            (value - self.loc) / self.scale
        };
        Some(-0.5 * square(standard) - (0.5 * (2.0 * PI).ln() + log(self.scale)))
    }

    fn entropy(&self) -> Option<Tensor> {
        Some(0.5 * (2.0 * PI * E).ln() + log(self.scale * ones_like(self.loc)))
    }

    fn mean(&self) -> Option<Tensor> {
        Some(self.loc * ones_like(self.scale))
    }

    fn stddev(&self) -> Option<Tensor> {
        Some(self.scale * ones_like(self.loc))
    }

    fn mode(&self) -> Option<Tensor> {
        self.mean()
    }

    fn divergence(&self, other: &Self) -> Option<Tensor> {
        let number = |x: f64| {
            let value = Value::scalar(x).convert(self.dtype()).unwrap_or_else(|_| Value::scalar(x));
            constant_named(value, "Const")
        };
        let (one, two, half) = (number(1.0), number(2.0), number(0.5));
        let (own, others) = (square(self.scale), square(other.scale));
        let ratio = own / others;
        let apart = squared_difference(self.loc, other.loc);
        Some(apart / (two * others) + half * (ratio - one - log(ratio)))
    }
}
