//! Dropout, made of random numbers and a choice.

use crate::dtype::DType;
use crate::error::Error;
use crate::graph::{Tensor, get_default_graph};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{constant_of, shape};
use crate::ops::math::{greater_equal, multiply, subtract, truediv_named, where_v2};
use crate::ops::random::random_uniform_args;

/// `x` where a random choice of its numbers is 0 and the others are divided by `keep_prob`, the part that is kept.
/// TF: `tf.nn.dropout(x, keep_prob)`.
///
/// `x` is float32 or float64; `keep_prob` a number or a single number of the same type. With
/// [`dropout!`](crate::nn::dropout): keyword arguments `keep_prob` or `rate` (the part that is dropped), `noise_shape` (along
/// dimensions of size 1 one choice is made for all) and `seed`. An error for a rate outside of [0, 1). The gradient passes
/// where numbers were kept. Source: <https://www.jmlr.org/papers/v15/srivastava14a.html>.
///
/// ```
/// use flowstone as tf;
/// let keep_prob = tf::placeholder(tf::float32, ());
/// let y = tf::nn::dropout(tf::ones([1000]), keep_prob);
/// let y = tf::Session()?.run(y, tf::feed_dict! { keep_prob: 0.5 })?;
/// assert!(y.as_slice::<f32>()?.iter().all(|&x| x == 0.0 || x == 2.0));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn dropout(x: impl IntoTensor, keep_prob: impl IntoTensor) -> Tensor {
    dropout_args(x).keep_prob(keep_prob).build()
}

/// [`dropout`] with keyword arguments; one of `keep_prob` and `rate` is needed.
pub fn dropout_args(x: impl IntoTensor) -> DropoutArgs {
    DropoutArgs { x: x.into_arg(), rate: Rate::Missing, noise_shape: None, seed: None }
}

/// What is dropped.
enum Rate {
    Missing,
    Drop(Arg),
    Keep(Arg),
}

/// Dropout under construction: the keyword arguments of [`dropout`].
#[must_use = "nothing is built until `build` is called"]
pub struct DropoutArgs {
    x: Arg,
    rate: Rate,
    noise_shape: Option<Arg>,
    seed: Option<i64>,
}

impl DropoutArgs {
    /// The part of the numbers that is kept.
    pub fn keep_prob(mut self, keep_prob: impl IntoTensor) -> Self {
        self.rate = Rate::Keep(keep_prob.into_arg());
        self
    }

    /// The part of the numbers that is dropped.
    pub fn rate(mut self, rate: impl IntoTensor) -> Self {
        self.rate = Rate::Drop(rate.into_arg());
        self
    }

    /// The shape of the choices, which is broadcast to that of `x`.
    pub fn noise_shape(mut self, shape: impl IntoTensor) -> Self {
        self.noise_shape = Some(shape.into_arg());
        self
    }

    /// The seed of the random numbers.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the dropout.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let line = crate::graph::here();
        let graph = Arg::graph_of(std::slice::from_ref(&self.x)).unwrap_or_else(|_| get_default_graph());
        let fail = |message: String| {
            graph.record(Error::invalid_argument(message).at("dropout", Some(line)));
            Tensor::poisoned(&graph)
        };
        let number = |arg: &Arg| match arg {
            Arg::Literal(Ok(literal)) => literal
                .clone()
                .resolve(Some(DType::Float64))
                .and_then(|v| v.convert(DType::Float64)?.item::<f64>())
                .ok(),
            _ => None,
        };
        let rate = match self.rate {
            Rate::Missing => return fail("keep_prob or rate is needed".to_owned()),
            Rate::Drop(rate) => number(&rate).ok_or(rate),
            Rate::Keep(keep) => match number(&keep) {
                Some(keep) => Ok(1.0 - keep),
                None => {
                    let rest: Tensor = 1.0f64 - convert(keep, "keep_prob", None);
                    Err(Arg::Tensor(rest))
                }
            },
        };
        if let Ok(rate) = rate
            && !(0.0..1.0).contains(&rate)
        {
            return fail(format!("the rate is {rate}: a number from 0 up to, but not including, 1"));
        }
        let scope = graph.scope_name("dropout");
        let _scope = graph.scope(&format!("{scope}/"));
        let x = convert(self.x, "x", None);
        let Ok(dtype) = x.dtype() else { return x };
        if !dtype.is_floating() {
            return fail(format!("x is {dtype}, but only floating-point numbers can be scaled"));
        }
        let constant = |number: f64| constant_of(number, dtype);
        let scaled = match &rate {
            Ok(0.0) => return x,
            Ok(rate) => multiply(x, constant(1.0 / (1.0 - rate))),
            Err(rate) => {
                let kept = subtract(constant(1.0), rate.clone());
                truediv_named(x.into_arg(), kept.into_arg(), "RealDiv")
            }
        };
        let noise_shape = self.noise_shape.unwrap_or_else(|| shape(x).into_arg());
        let random = random_uniform_args(noise_shape).dtype(dtype);
        let random = if let Some(seed) = self.seed { random.seed(seed).build() } else { random.build() };
        let rate = rate.map_or_else(|rate| rate, IntoTensor::into_arg);
        let y = where_v2(greater_equal(random, rate), scaled, constant(0.0));
        y.set_shape(x.shape());
        y
    }
}
