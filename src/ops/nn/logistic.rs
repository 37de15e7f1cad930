//! Losses of numbers that stand for probabilities or rates: functions of several nodes.

use crate::error::Error;
use crate::graph::Tensor;
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{constant_of, ones_like, zeros_like};
use crate::ops::math::{ADD_V2, abs, exp, greater_equal, less_equal, log, log1p, logical_and, mul_named, select};
use crate::ops::nn::relu;
use crate::ops::scope::Scope;

/// The cross entropy of `sigmoid(logits)` and `labels`, element by element.
/// TF: `tf.nn.sigmoid_cross_entropy_with_logits`.
///
/// Both are float32 or float64 of one shape; labels are probabilities. The gradients are those of the operations it is
/// made of.
///
/// ```
/// use flowstone as tf;
/// let loss = tf::nn::sigmoid_cross_entropy_with_logits([1.0], [0.0]);
/// let loss = tf::Session()?.run(loss, tf::feed_dict! {})?;
/// assert!((loss.as_slice::<f32>()?[0] - 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn sigmoid_cross_entropy_with_logits(labels: impl IntoTensor, logits: impl IntoTensor) -> Tensor {
    sigmoid_cross_entropy_named(labels.into_arg(), logits.into_arg(), "logistic_loss")
}

#[track_caller]
pub(crate) fn sigmoid_cross_entropy_named(labels: Arg, logits: Arg, name: &str) -> Tensor {
    let (scope, logits, labels) = match of_one_shape(name, (logits, "logits"), (labels, "labels")) {
        Ok(opened) => opened,
        Err(silent) => return silent,
    };
    let zeros = zeros_like(logits);
    let positive = greater_equal(logits, zeros);
    let rectified = select(positive, logits, zeros);
    let minus_size = select(positive, -logits, logits);
    let terms = [rectified - logits * labels, log1p(exp(minus_size))];
    ADD_V2.call(terms.map(IntoTensor::into_arg)).name(scope.itself()).single()
}

/// As [`sigmoid_cross_entropy_with_logits`], where what the labels say of the positive class counts `pos_weight` times.
/// TF: `tf.nn.weighted_cross_entropy_with_logits`, whose labels were once called `targets`.
///
/// `pos_weight` is a number, or numbers that broadcast against the logits.
#[track_caller]
pub fn weighted_cross_entropy_with_logits(
    labels: impl IntoTensor,
    logits: impl IntoTensor,
    pos_weight: impl IntoTensor,
) -> Tensor {
    let names = ((logits.into_arg(), "logits"), (labels.into_arg(), "labels"));
    let (scope, logits, labels) = match of_one_shape("logistic_loss", names.0, names.1) {
        Ok(opened) => opened,
        Err(silent) => return silent,
    };
    // As in TensorFlow: a number less one is a number, not a node.
    let more: Arg = match pos_weight.into_arg() {
        Arg::Tensor(weight) => (weight - 1.0).into_arg(),
        weight => match number(&weight) {
            Some(weight) => (weight - 1.0).into_arg(),
            None => (convert(weight, "pos_weight", logits.dtype().ok()) - 1.0).into_arg(),
        },
    };
    let log_weight = 1.0 + mul_named(more, labels.into_arg(), "mul");
    let softplus = log1p(exp(-abs(logits))) + relu(-logits);
    let terms = [(1.0 - labels) * logits, log_weight * softplus];
    ADD_V2.call(terms.map(IntoTensor::into_arg)).name(scope.itself()).single()
}

/// The number that a literal is.
fn number(arg: &Arg) -> Option<f64> {
    let Arg::Literal(Ok(literal)) = arg else { return None };
    let value = literal.clone().resolve(Some(crate::dtype::DType::Float64)).ok()?;
    value.convert(crate::dtype::DType::Float64).ok()?.item().ok()
}

/// The loss of counts `targets` of a Poisson distribution whose rate has the logarithm `log_input`, without the terms that
/// do not depend on the rate. TF: `tf.nn.log_poisson_loss`.
///
/// Both are float32 or float64 of one shape. Keyword argument `compute_full_loss`: Stirling's approximation of the other
/// terms is added.
///
/// ```
/// use flowstone as tf;
/// let loss = tf::nn::log_poisson_loss([2.0], [0.0]);
/// assert_eq!(tf::Session()?.run(loss, tf::feed_dict! {})?.as_slice::<f32>()?, [1.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn log_poisson_loss(targets: impl IntoTensor, log_input: impl IntoTensor) -> Tensor {
    log_poisson_loss_args(targets, log_input).build()
}

/// [`log_poisson_loss`] with the keyword argument `compute_full_loss`.
pub fn log_poisson_loss_args(targets: impl IntoTensor, log_input: impl IntoTensor) -> LogPoissonLossArgs {
    LogPoissonLossArgs { targets: targets.into_arg(), log_input: log_input.into_arg(), full: false }
}

/// A [`log_poisson_loss`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct LogPoissonLossArgs {
    targets: Arg,
    log_input: Arg,
    full: bool,
}

impl LogPoissonLossArgs {
    /// Whether the terms that do not depend on the rate are added; false if not said.
    pub fn compute_full_loss(mut self, full: bool) -> Self {
        self.full = full;
        self
    }

    /// Builds the loss.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let names = ((self.log_input, "log_input"), (self.targets, "targets"));
        let (_scope, log_input, targets) = match of_one_shape("log_poisson_loss", names.0, names.1) {
            Ok(opened) => opened,
            Err(silent) => return silent,
        };
        let loss = exp(log_input) - log_input * targets;
        if self.full { loss + log_factorial(targets) } else { loss }
    }
}

/// Stirling's approximation of the logarithm of `targets!`, and 0 from 0 to 1.
#[track_caller]
fn log_factorial(targets: Tensor) -> Tensor {
    let Ok(dtype) = targets.dtype() else { return targets };
    let half = constant_of(0.5, dtype);
    let circle = constant_of(2.0 * std::f64::consts::PI, dtype);
    let approximation = targets * log(targets) - targets + half * log(circle * targets);
    let (zeros, ones) = (zeros_like(targets), ones_like(targets));
    let few = logical_and(greater_equal(targets, zeros), less_equal(targets, ones));
    select(few, zeros, approximation)
}

/// Opens the scope `name` and makes tensors of two arguments, whose shapes must agree.
#[track_caller]
fn of_one_shape(name: &str, x: (Arg, &str), y: (Arg, &str)) -> Result<(Scope, Tensor, Tensor), Tensor> {
    let args = [x.0, y.0];
    let scope = Scope::open(&args.each_ref(), name);
    let dtype = args.iter().find_map(|arg| arg.tensor()?.dtype().ok());
    let [a, b] = args;
    let (a, b) = (convert(a, x.1, dtype), convert(b, y.1, dtype));
    if a.shape().merge(&b.shape()).is_none() {
        let (first, second) = (a.shape(), b.shape());
        let message = format!("{} {first} and {} {second} must have the same shape", x.1, y.1);
        return Err(scope.fail(Error::invalid_argument(message)));
    }
    Ok((scope, a, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn sigmoid_cross_entropy_is_whole() {
        OpTest::new(|x| vec![sigmoid_cross_entropy_with_logits(x[1], x[0])])
            .inputs([[0.0f32, 1.0, -100.0].into(), [0.5f32, 1.0, 1.0].into()])
            .expect([[std::f32::consts::LN_2, 0.313_261_7, 100.0].into()])
            .run();
        OpTest::new(|x| vec![sigmoid_cross_entropy_with_logits(x[1], x[0])])
            .inputs([[0.5f32, 1.0, -2.0].into(), [0.5f32, 1.0, 0.25].into()])
            .differentiable(&[0, 1])
            .run();
        let error = build_error(|| sigmoid_cross_entropy_with_logits([1.0], [1.0, 2.0]));
        assert!(error.contains("logits [2] and labels [1] must have the same shape"), "{error}");
    }

    #[test]
    fn weighted_cross_entropy_is_whole() {
        OpTest::new(|x| vec![weighted_cross_entropy_with_logits(x[1], x[0], 2.0)])
            .inputs([[0.5f32, 1.0, -2.0].into(), [0.5f32, 1.0, 0.25].into()])
            .expect([[0.961_115_5f32, 0.626_523_4, 1.158_661]].map(|expected| expected.into()))
            .differentiable(&[0, 1])
            .run();
    }

    #[test]
    fn log_poisson_loss_is_whole() {
        OpTest::new(|x| vec![log_poisson_loss_args(x[0], x[1]).compute_full_loss(true).build()])
            .inputs([[1.0f32, 4.0].into(), [0.0f32, 0.5].into()])
            .expect([[1.0f32, 1.648_721_3 - 2.0 + 3.157_263_4].into()])
            .differentiable(&[1])
            .run();
    }
}
