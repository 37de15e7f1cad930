//! Learning rates that follow the number of the step.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, built_at, here};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{constant, constant_of};
use crate::ops::flow::{case_args, cond};
use crate::ops::math::{
    add, add_named, cast, ceil, cos, divide, equal, exp, floor, greater, less_equal, log, logical_and_named, minimum,
    mul_named, multiply, negative, pow, pow_named, truediv_named, where_v2,
};
use crate::ops::scope::{Scope, refuse};

/// `learning_rate * decay_rate ^ (global_step / decay_steps)`. TF: `tf.train.exponential_decay`.
///
/// `learning_rate` is a single float32 or float64, the others single numbers of any type. Keyword argument `staircase`:
/// whether the exponent is rounded down to whole numbers.
///
/// ```
/// use flowstone as tf;
/// let rate = tf::exponential_decay!(0.1, 250, 100, 0.5, staircase = true);
/// assert_eq!(tf::Session()?.run(rate, tf::feed_dict! {})?.item::<f32>()?, 0.025);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn exponential_decay(
    learning_rate: impl IntoTensor,
    global_step: impl IntoTensor,
    decay_steps: impl IntoTensor,
    decay_rate: impl IntoTensor,
) -> Tensor {
    exponential_decay_args(learning_rate, global_step, decay_steps, decay_rate).build()
}

/// [`exponential_decay`] with keyword arguments.
pub fn exponential_decay_args(
    learning_rate: impl IntoTensor,
    global_step: impl IntoTensor,
    decay_steps: impl IntoTensor,
    decay_rate: impl IntoTensor,
) -> DecayArgs {
    DecayArgs::new(Decay::Exponential, learning_rate, global_step, decay_steps, decay_rate)
}

/// `learning_rate * exp(-decay_rate * global_step / decay_steps)`. TF: `tf.train.natural_exp_decay`.
///
/// As [`exponential_decay`] in all else.
#[track_caller]
pub fn natural_exp_decay(
    learning_rate: impl IntoTensor,
    global_step: impl IntoTensor,
    decay_steps: impl IntoTensor,
    decay_rate: impl IntoTensor,
) -> Tensor {
    natural_exp_decay_args(learning_rate, global_step, decay_steps, decay_rate).build()
}

/// [`natural_exp_decay`] with keyword arguments.
pub fn natural_exp_decay_args(
    learning_rate: impl IntoTensor,
    global_step: impl IntoTensor,
    decay_steps: impl IntoTensor,
    decay_rate: impl IntoTensor,
) -> DecayArgs {
    DecayArgs::new(Decay::NaturalExp, learning_rate, global_step, decay_steps, decay_rate)
}

/// `learning_rate / (1 + decay_rate * global_step / decay_steps)`. TF: `tf.train.inverse_time_decay`.
///
/// As [`exponential_decay`] in all else.
#[track_caller]
pub fn inverse_time_decay(
    learning_rate: impl IntoTensor,
    global_step: impl IntoTensor,
    decay_steps: impl IntoTensor,
    decay_rate: impl IntoTensor,
) -> Tensor {
    inverse_time_decay_args(learning_rate, global_step, decay_steps, decay_rate).build()
}

/// [`inverse_time_decay`] with keyword arguments.
pub fn inverse_time_decay_args(
    learning_rate: impl IntoTensor,
    global_step: impl IntoTensor,
    decay_steps: impl IntoTensor,
    decay_rate: impl IntoTensor,
) -> DecayArgs {
    DecayArgs::new(Decay::InverseTime, learning_rate, global_step, decay_steps, decay_rate)
}

#[derive(Clone, Copy, PartialEq)]
enum Decay {
    Exponential,
    NaturalExp,
    InverseTime,
}

/// A decay by a rate under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct DecayArgs {
    decay: Decay,
    learning_rate: Arg,
    global_step: Arg,
    decay_steps: Arg,
    decay_rate: Arg,
    staircase: bool,
}

impl DecayArgs {
    fn new(
        decay: Decay,
        learning_rate: impl IntoTensor,
        global_step: impl IntoTensor,
        decay_steps: impl IntoTensor,
        decay_rate: impl IntoTensor,
    ) -> Self {
        DecayArgs {
            decay,
            learning_rate: learning_rate.into_arg(),
            global_step: global_step.into_arg(),
            decay_steps: decay_steps.into_arg(),
            decay_rate: decay_rate.into_arg(),
            staircase: false,
        }
    }

    /// Whether the rate falls in steps; false if not said.
    pub fn staircase(mut self, staircase: bool) -> Self {
        self.staircase = staircase;
        self
    }

    /// Builds the learning rate.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let rate = match self.decay {
            Decay::NaturalExp => exp(negative(self.decay_rate)).into_arg(),
            _ => self.decay_rate,
        };
        let name = if self.decay == Decay::InverseTime { "InverseTimeDecay" } else { "ExponentialDecay" };
        let scope = Scope::open(&[&self.learning_rate, &self.global_step, &self.decay_steps, &rate], name);
        let first = convert(self.learning_rate, "initial_learning_rate", None);
        let dtype = first.dtype().unwrap_or(DType::Float32);
        let (steps, rate) = (cast(self.decay_steps, dtype), cast(rate, dtype));
        let exponent = cast(self.global_step, dtype) / steps;
        let exponent = if self.staircase { floor(exponent) } else { exponent };
        if self.decay != Decay::InverseTime {
            let factor = pow(rate, exponent);
            return mul_named(first.into_arg(), factor.into_arg(), scope.itself());
        }
        let one = cast(constant(1), dtype);
        let denominator = add(one, multiply(rate, exponent));
        truediv_named(first.into_arg(), denominator.into_arg(), scope.itself())
    }
}

/// `values[0]` up to step `boundaries[0]`, `values[1]` up to `boundaries[1]`, and so on, the last one after that.
/// TF: `tf.train.piecewise_constant`.
///
/// `x` is the number of the step, `boundaries` rising numbers of its type (int32 ones will do for an int64), `values` one
/// more, of one type.
///
/// ```
/// use flowstone as tf;
/// let rate = tf::train::piecewise_constant(150, [100, 200], [0.1, 0.05, 0.01]);
/// assert_eq!(tf::Session()?.run(rate, tf::feed_dict! {})?.item::<f32>()?, 0.05);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn piecewise_constant<B: IntoTensor, V: IntoTensor>(
    x: impl IntoTensor,
    boundaries: impl IntoIterator<Item = B>,
    values: impl IntoIterator<Item = V>,
) -> Tensor {
    let _line = built_at(here());
    let mut boundaries: Vec<Tensor> = boundaries.into_iter().map(|b| convert(b.into_arg(), "Const", None)).collect();
    let values: Vec<Tensor> = values.into_iter().map(|v| convert(v.into_arg(), "Const", None)).collect();
    let x = convert(x.into_arg(), "Const", None);
    if let Err(error) = check_pieces(x, &mut boundaries, &values) {
        return refuse("piecewise_constant", error);
    }
    let ([first, ..], [.., last]) = (boundaries.as_slice(), boundaries.as_slice()) else {
        return refuse("piecewise_constant", Error::invalid_argument("there is no boundary"));
    };
    let _scope = Scope::open(&[&x.into_arg()], "PiecewiseConstant");
    let mut pairs = vec![(less_equal(x, *first), values[0]), (greater(x, *last), values[values.len() - 1])];
    for (bounds, value) in boundaries.windows(2).zip(&values[1..]) {
        let (above, below) = (greater(x, bounds[0]), less_equal(x, bounds[1]));
        pairs.push((logical_and_named(above, below, "and"), *value));
    }
    let pairs: Vec<_> = pairs.into_iter().map(|(pred, value)| (pred, move || value)).collect();
    let default = values[0];
    case_args(pairs).default(move || default).exclusive(true).build()
}

/// An error unless boundaries and values fit each other and the step, which an int32 boundary is made to.
#[track_caller]
fn check_pieces(x: Tensor, boundaries: &mut [Tensor], values: &[Tensor]) -> Result<()> {
    let wanted = x.dtype()?;
    for boundary in boundaries.iter_mut() {
        match boundary.dtype()? {
            dtype if dtype == wanted => {}
            DType::Int32 if wanted == DType::Int64 => *boundary = cast(*boundary, wanted),
            dtype => return Err(Error::invalid_argument(format!("a boundary is {dtype}, but the step is {wanted}"))),
        }
    }
    for pair in values.windows(2) {
        let (first, other) = (pair[0].dtype()?, pair[1].dtype()?);
        if first != other {
            return Err(Error::invalid_argument(format!("the values are not of one type: {first} and {other}")));
        }
    }
    if values.len() != boundaries.len() + 1 {
        let (v, b) = (values.len(), boundaries.len());
        return Err(Error::invalid_argument(format!("{v} values for {b} boundaries")));
    }
    Ok(())
}

/// From `learning_rate` to `end_learning_rate` within `decay_steps` steps, along a power of what is left of them.
/// TF: `tf.train.polynomial_decay`.
///
/// Keyword arguments `end_learning_rate` (0.0001), `power` (1: a straight line) and `cycle` (whether it starts again, from
/// ever lower). Single numbers.
#[track_caller]
pub fn polynomial_decay(
    learning_rate: impl IntoTensor,
    global_step: impl IntoTensor,
    decay_steps: impl IntoTensor,
) -> Tensor {
    polynomial_decay_args(learning_rate, global_step, decay_steps).build()
}

/// [`polynomial_decay`] with keyword arguments.
pub fn polynomial_decay_args(
    learning_rate: impl IntoTensor,
    global_step: impl IntoTensor,
    decay_steps: impl IntoTensor,
) -> PolynomialDecayArgs {
    PolynomialDecayArgs {
        learning_rate: learning_rate.into_arg(),
        global_step: global_step.into_arg(),
        decay_steps: decay_steps.into_arg(),
        end_learning_rate: 0.0001.into_arg(),
        power: 1.0.into_arg(),
        cycle: false,
    }
}

/// A [`polynomial_decay`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct PolynomialDecayArgs {
    learning_rate: Arg,
    global_step: Arg,
    decay_steps: Arg,
    end_learning_rate: Arg,
    power: Arg,
    cycle: bool,
}

impl PolynomialDecayArgs {
    /// Where it ends.
    pub fn end_learning_rate(mut self, rate: impl IntoTensor) -> Self {
        self.end_learning_rate = rate.into_arg();
        self
    }

    /// The power.
    pub fn power(mut self, power: impl IntoTensor) -> Self {
        self.power = power.into_arg();
        self
    }

    /// Whether it starts again after `decay_steps`, then twice as many steps, and so on.
    pub fn cycle(mut self, cycle: bool) -> Self {
        self.cycle = cycle;
        self
    }

    /// Builds the learning rate.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let scope = Scope::open(&[&self.learning_rate, &self.global_step, &self.decay_steps], "PolynomialDecay");
        let first = convert(self.learning_rate, "initial_learning_rate", None);
        let dtype = first.dtype().unwrap_or(DType::Float32);
        let (last, power) = (cast(self.end_learning_rate, dtype), cast(self.power, dtype));
        let step = cast(self.global_step, dtype);
        let steps = cast(self.decay_steps.clone(), dtype);
        let (step, steps) = if self.cycle {
            let begun = ceil(step / cast_if_tensor(self.decay_steps, dtype));
            (step, multiply(steps, where_v2(equal(step, 0), 1.0, begun)))
        } else {
            (minimum(step, steps), steps)
        };
        let part = divide(step, steps);
        let sloped = multiply(first - last, pow(1 - part, power));
        add_named(sloped.into_arg(), last.into_arg(), scope.itself())
    }
}

/// What a Python number becomes beside a tensor of `dtype`.
fn cast_if_tensor(x: Arg, dtype: DType) -> Arg {
    match x {
        Arg::Literal(_) => x,
        other => cast(other, dtype).into_arg(),
    }
}

/// From `learning_rate` to `alpha` times it within `decay_steps` steps, along half a cosine.
/// TF: `tf.train.cosine_decay`. Source: <https://arxiv.org/abs/1608.03983>.
///
/// `alpha` is a keyword argument: see [`cosine_decay_args`].
#[track_caller]
pub fn cosine_decay(
    learning_rate: impl IntoTensor,
    global_step: impl IntoTensor,
    decay_steps: impl IntoTensor,
) -> Tensor {
    cosine_decay_args(learning_rate, global_step, decay_steps).build()
}

/// [`cosine_decay`] with the keyword argument `alpha`.
pub fn cosine_decay_args(
    learning_rate: impl IntoTensor,
    global_step: impl IntoTensor,
    decay_steps: impl IntoTensor,
) -> CosineDecayArgs {
    CosineDecayArgs {
        learning_rate: learning_rate.into_arg(),
        global_step: global_step.into_arg(),
        decay_steps: decay_steps.into_arg(),
        alpha: 0.0,
        restarts: None,
    }
}

/// As [`cosine_decay`], again and again: each period `t_mul` times as long and `m_mul` times as high as the one before.
/// TF: `tf.train.cosine_decay_restarts`.
///
/// Keyword arguments `t_mul` (2), `m_mul` (1) and `alpha` (0).
#[track_caller]
pub fn cosine_decay_restarts(
    learning_rate: impl IntoTensor,
    global_step: impl IntoTensor,
    first_decay_steps: impl IntoTensor,
) -> Tensor {
    cosine_decay_restarts_args(learning_rate, global_step, first_decay_steps).build()
}

/// [`cosine_decay_restarts`] with keyword arguments.
pub fn cosine_decay_restarts_args(
    learning_rate: impl IntoTensor,
    global_step: impl IntoTensor,
    first_decay_steps: impl IntoTensor,
) -> CosineDecayArgs {
    CosineDecayArgs {
        restarts: Some([2.0.into_arg(), 1.0.into_arg()]),
        ..cosine_decay_args(learning_rate, global_step, first_decay_steps)
    }
}

/// A [`cosine_decay`] or [`cosine_decay_restarts`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct CosineDecayArgs {
    learning_rate: Arg,
    global_step: Arg,
    decay_steps: Arg,
    alpha: f64,
    /// `t_mul` and `m_mul`.
    restarts: Option<[Arg; 2]>,
}

impl CosineDecayArgs {
    /// What part of the learning rate remains in the end.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// How many times as long as the one before each period is.
    pub fn t_mul(mut self, t_mul: impl IntoTensor) -> Self {
        self.restarts = self.restarts.map(|[_, m_mul]| [t_mul.into_arg(), m_mul]);
        self
    }

    /// How many times as high as the one before each period starts.
    pub fn m_mul(mut self, m_mul: impl IntoTensor) -> Self {
        self.restarts = self.restarts.map(|[t_mul, _]| [t_mul, m_mul.into_arg()]);
        self
    }

    /// Builds the learning rate.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let name = if self.restarts.is_some() { "SGDRDecay" } else { "CosineDecay" };
        let scope = Scope::open(&[&self.learning_rate, &self.global_step, &self.decay_steps], name);
        let first = convert(self.learning_rate, "initial_learning_rate", None);
        let dtype = first.dtype().unwrap_or(DType::Float32);
        let steps = cast(self.decay_steps, dtype);
        let pi = std::f32::consts::PI;
        let Some([t_mul, m_mul]) = self.restarts else {
            let step = minimum(cast(self.global_step, dtype), steps);
            let completed = step / steps;
            let cosine = 0.5 * (1.0 + cos(constant(pi) * completed));
            return multiply(first, (1.0 - self.alpha) * cosine + self.alpha);
        };
        let (alpha, t, m) = (cast(self.alpha, dtype), cast(t_mul, dtype), cast(m_mul, dtype));
        let completed = cast(self.global_step, dtype) / steps;
        let even = || {
            let restarts = floor(completed);
            (restarts, completed - restarts)
        };
        let growing = || {
            let restarts = floor(log(1.0 - completed * (1.0 - t)) / log(t));
            let before = (1.0 - pow_named(t.into_arg(), restarts.into_arg(), "pow")) / (1.0 - t);
            (restarts, (completed - before) / pow_named(t.into_arg(), restarts.into_arg(), "pow"))
        };
        let (restarts, completed) = cond(equal(t, 1.0), even, growing);
        let scale = 0.5 * pow_named(m.into_arg(), restarts.into_arg(), "pow");
        let cosine = scale * (1.0 + cos(constant_of(pi, dtype) * completed));
        let decayed: Tensor = (1.0 - alpha) * cosine + alpha;
        mul_named(first.into_arg(), decayed.into_arg(), scope.itself())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ops::array::placeholder;
    use crate::session::Feeds;

    #[test]
    fn restarts_and_stairs_have_tensorflows_values() {
        let step = placeholder(DType::Int64, ());
        let grown = cosine_decay_restarts(0.1, step, 2);
        let even = cosine_decay_restarts_args(0.1, step, 2).t_mul(1.0).m_mul(0.5).alpha(0.1).build();
        let stairs = piecewise_constant(step, [5, 9], [0.1, 0.2, 0.3]);
        let sess = crate::session::Session().unwrap();
        // TensorFlow 2.19.
        for (at, expected) in [
            (0i64, [0.1f32, 0.1, 0.1]),
            (1, [0.1, 0.049999997, 0.054999996]),
            (5, [0.1, 0.014644662, 0.02125]),
            (6, [0.2, 0.1, 0.02125]),
            (9, [0.2, 0.06913417, 0.0128125]),
            (13, [0.3, 0.003806019, 0.010703125]),
        ] {
            let found = sess.run([stairs, grown, even], Feeds::new().feed(step, at)).unwrap();
            for (found, expected) in found.iter().zip(expected) {
                approx::assert_relative_eq!(
                    found.item::<f32>().unwrap(),
                    expected,
                    max_relative = 1e-5,
                    epsilon = 1e-8
                );
            }
        }
    }
}
