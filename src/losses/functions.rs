//! The losses themselves: what each makes of labels and predictions before they are weighted.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::losses::Reduction;
use crate::losses::weighted::{Weighting, assert_broadcastable, collect, num_present, value_of, weighted};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{STOP_GRADIENT, constant_of, item, ones_like, range, rank, shape, squeeze_args, zeros_like};
use crate::ops::math::{
    SELECT, abs, add, cast, greater, log, maximum, minimum, multiply, reduce_sum, reduce_sum_args, square,
    squared_difference, subtract,
};
use crate::ops::nn::{cross_entropy, logistic, relu, sparse_cross_entropy};
use crate::ops::scope::Scope;

/// Which loss.
#[derive(Clone, Copy)]
enum Kind {
    AbsoluteDifference,
    CosineDistance(i64),
    Hinge,
    Huber,
    Log,
    MeanPairwiseSquaredError,
    MeanSquaredError,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SparseSoftmaxCrossEntropy,
}

/// A loss under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct LossArgs {
    kind: Kind,
    labels: Arg,
    predictions: Arg,
    how: Weighting,
    label_smoothing: f64,
    delta: f64,
    epsilon: f64,
}

impl LossArgs {
    /// What the losses are multiplied by; 1 if not said. A number, or numbers that broadcast against the losses.
    pub fn weights(mut self, weights: impl IntoTensor) -> Self {
        self.how.weights = weights.into_arg();
        self
    }

    /// How they become one number; their sum divided by the number of weights that are not 0 if not said.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.how.reduction = reduction;
        self
    }

    /// The collection that the loss is added to; `losses` if not said, none if `None`.
    pub fn loss_collection<'a>(mut self, collection: impl Into<Option<&'a str>>) -> Self {
        self.how.collection = collection.into().map(str::to_owned);
        self
    }

    /// For cross entropies of probabilities: how far the labels are moved towards an even distribution; 0 if not said.
    pub fn label_smoothing(mut self, smoothing: f64) -> Self {
        self.label_smoothing = smoothing;
        self
    }

    /// For [`huber_loss`]: where the parabola becomes a line; 1 if not said.
    pub fn delta(mut self, delta: f64) -> Self {
        self.delta = delta;
        self
    }

    /// For [`log_loss`]: what is added to a probability before its logarithm is taken; 1e-7 if not said.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Builds the loss.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let scope = Scope::open(&[&self.predictions, &self.labels, &self.how.weights], self.kind.name());
        let built = match self.kind {
            Kind::SparseSoftmaxCrossEntropy => self.sparse(),
            Kind::SigmoidCrossEntropy | Kind::SoftmaxCrossEntropy => self.of_probabilities(),
            Kind::MeanPairwiseSquaredError => return self.pairwise().unwrap_or_else(|error| scope.fail(error)),
            _ => self.of_numbers(),
        };
        match built {
            Ok((losses, how)) => weighted(losses.into_arg(), how, scope.itself()),
            Err(error) => scope.fail(error),
        }
    }

    /// Losses of predictions and labels as they are, in float32.
    fn of_numbers(self) -> Result<(Tensor, Weighting)> {
        let predictions = cast(self.predictions, DType::Float32);
        let labels = cast(self.labels, DType::Float32);
        check_shapes(predictions, labels)?;
        let losses = match self.kind {
            Kind::AbsoluteDifference => abs(subtract(predictions, labels)),
            Kind::CosineDistance(axis) => {
                let products = multiply(predictions, labels);
                1.0 - reduce_sum_args(products).axis([axis as i32]).keepdims(true).build()
            }
            Kind::Hinge => hinge(predictions, labels),
            Kind::Huber => huber(predictions, labels, self.delta),
            Kind::Log => {
                let likely = -multiply(labels, log(predictions + self.epsilon));
                let unlikely = 1.0 - labels;
                likely - multiply(unlikely, log(1.0 - predictions + self.epsilon))
            }
            _ => squared_difference(predictions, labels),
        };
        Ok((losses, self.how))
    }

    /// Cross entropies of logits and labels that are probabilities.
    fn of_probabilities(self) -> Result<(Tensor, Weighting)> {
        let logits = convert(self.predictions, "Const", None);
        let dtype = logits.dtype()?;
        let labels = cast(self.labels, dtype);
        check_shapes(logits, labels)?;
        let smoothing = self.label_smoothing;
        let losses = match self.kind {
            Kind::SigmoidCrossEntropy => {
                let labels = if smoothing > 0.0 { labels * (1.0 - smoothing) + 0.5 * smoothing } else { labels };
                logistic::sigmoid_cross_entropy_named(labels.into_arg(), logits.into_arg(), "xentropy")
            }
            _ => {
                let labels = if smoothing > 0.0 { smoothed(labels, smoothing) } else { labels };
                let labels = STOP_GRADIENT.call([labels.into_arg()]).name("labels_stop_gradient").single();
                cross_entropy::build(labels.into_arg(), logits.into_arg(), "xentropy")
            }
        };
        Ok((losses, self.how))
    }

    /// The cross entropy of logits and labels that name classes.
    fn sparse(mut self) -> Result<(Tensor, Weighting)> {
        let (labels, logits) = without_last_of_1(self.labels, self.predictions);
        let weights = convert(self.how.weights, "Const", None);
        let one_more = |labels: usize| weights.rank() == Some(labels + 1);
        let extra = labels.rank().is_some_and(one_more);
        self.how.weights = if extra { squeeze_args(weights).axis([-1]).build() } else { weights }.into_arg();
        let losses = sparse_cross_entropy::build(labels.into_arg(), logits.into_arg(), "xentropy");
        Ok((losses, self.how))
    }

    /// The mean over all pairs of numbers of a row.
    fn pairwise(self) -> Result<Tensor> {
        let weights = cast(self.how.weights, DType::Float32);
        let labels = cast(self.labels, DType::Float32);
        let check = assert_broadcastable(&weights.into_arg(), &labels.into_arg())?;
        let _after = get_default_graph().control_dependencies(check.as_slice());
        let predictions = cast(self.predictions, DType::Float32);
        check_shapes(predictions, labels)?;
        let differences = subtract(predictions, labels);
        let axes = range(1, rank(differences), 1);
        let along = |x: Tensor| reduce_sum_args(x).axis(axes).keepdims(true).build();
        let squares = along(square(differences));
        let present = num_present(differences, weights, true);
        let first = 2.0 * value_of(squares, maximum(present - 1.0, 0.0));
        let sum = along(differences);
        let second = 2.0 * value_of(square(sum), maximum(multiply(present, present - 1.0), 0.0));
        let loss = reduce_sum(multiply(first - second, weights));
        let any = greater(reduce_sum(present), 0.0);
        let args = [any, loss, zeros_like(loss)].map(IntoTensor::into_arg);
        let loss = SELECT.call(args).name("value").single();
        collect(loss, self.how.collection);
        Ok(loss)
    }
}

impl Kind {
    /// The name of the scope.
    fn name(self) -> &'static str {
        match self {
            Kind::AbsoluteDifference => "absolute_difference",
            Kind::CosineDistance(_) => "cosine_distance_loss",
            Kind::Hinge => "hinge_loss",
            Kind::Huber => "huber_loss",
            Kind::Log => "log_loss",
            Kind::MeanPairwiseSquaredError => "mean_pairwise_squared_error",
            Kind::MeanSquaredError => "mean_squared_error",
            Kind::SigmoidCrossEntropy => "sigmoid_cross_entropy_loss",
            Kind::SoftmaxCrossEntropy => "softmax_cross_entropy_loss",
            Kind::SparseSoftmaxCrossEntropy => "sparse_softmax_cross_entropy_loss",
        }
    }
}

fn check_shapes(predictions: Tensor, labels: Tensor) -> Result<()> {
    let (own, other) = (predictions.shape(), labels.shape());
    match own.merge(&other) {
        Some(_) => Ok(()),
        None => Err(Error::invalid_argument(format!("predictions {own} and labels {other} must have the same shape"))),
    }
}

fn hinge(logits: Tensor, labels: Tensor) -> Tensor {
    let ones = ones_like(labels);
    let signs = subtract(2.0 * labels, ones);
    relu(subtract(ones, multiply(signs, logits)))
}

fn huber(predictions: Tensor, labels: Tensor, delta: f64) -> Tensor {
    let size = abs(subtract(predictions, labels));
    let quadratic = minimum(size, delta);
    let linear = subtract(size, quadratic);
    let half = constant_of(0.5, DType::Float32);
    let parabola = multiply(half, multiply(quadratic, quadratic));
    add(parabola, multiply(delta.into_arg(), linear))
}

/// Labels moved towards an even distribution.
fn smoothed(labels: Tensor, smoothing: f64) -> Tensor {
    let Ok(dtype) = labels.dtype() else { return labels };
    let classes = cast(item(shape(labels), -1), dtype);
    let rest = smoothing / classes;
    labels * (1.0 - smoothing) + rest
}

/// Labels or logits without a last dimension of size 1, where one of them has it too many.
fn without_last_of_1(labels: Arg, logits: Arg) -> (Tensor, Tensor) {
    let _scope = Scope::open(&[&labels, &logits], "remove_squeezable_dimensions");
    let logits = convert(logits, "Const", None);
    let labels = convert(labels, "Const", None);
    let squeeze = |x: Tensor| squeeze_args(x).axis([-1]).build();
    let one = |x: Tensor| x.shape().dims().and_then(<[_]>::last).is_some_and(|last| last.is_none_or(|n| n == 1));
    match (labels.rank(), logits.rank()) {
        (Some(a), Some(b)) if b == a + 2 && one(logits) => (labels, squeeze(logits)),
        (Some(a), Some(b)) if b == a && one(labels) => (squeeze(labels), logits),
        _ => (labels, logits),
    }
}

macro_rules! losses {
    ($($(#[$doc:meta])* $function:ident $args:ident $kind:ident($labels:ident, $predictions:ident);)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function($labels: impl IntoTensor, $predictions: impl IntoTensor) -> Tensor {
            $args($labels, $predictions).build()
        }

        #[doc = concat!("[`", stringify!($function), "`] with keyword arguments.")]
        pub fn $args($labels: impl IntoTensor, $predictions: impl IntoTensor) -> LossArgs {
            args(Kind::$kind, $labels.into_arg(), $predictions.into_arg())
        }
    )*};
}

fn args(kind: Kind, labels: Arg, predictions: Arg) -> LossArgs {
    let how = Weighting::default();
    LossArgs { kind, labels, predictions, how, label_smoothing: 0.0, delta: 1.0, epsilon: 1e-7 }
}

losses! {
    /// The mean of `|predictions - labels|`. TF: `tf.losses.absolute_difference`.
    ///
    /// Numbers of one shape, which become float32. Keyword arguments `weights`, `reduction` and `loss_collection`.
    absolute_difference absolute_difference_args AbsoluteDifference(labels, predictions);
    /// The mean of `max(0, 1 - logits)` where the label is 1 and `max(0, 1 + logits)` where it is 0.
    /// TF: `tf.losses.hinge_loss`.
    ///
    /// Numbers of one shape, which become float32. Keyword arguments `weights`, `reduction` and `loss_collection`.
    hinge_loss hinge_loss_args Hinge(labels, logits);
    /// The mean of half the square of each difference up to `delta`, and a line beyond. TF: `tf.losses.huber_loss`.
    ///
    /// Numbers of one shape, which become float32. Keyword arguments `delta` (1 if not said), `weights`, `reduction` and
    /// `loss_collection`.
    huber_loss huber_loss_args Huber(labels, predictions);
    /// The mean of `-labels * log(predictions) - (1 - labels) * log(1 - predictions)`. TF: `tf.losses.log_loss`.
    ///
    /// Numbers of one shape, which become float32. Keyword arguments `epsilon` (1e-7 if not said), `weights`, `reduction` and
    /// `loss_collection`.
    log_loss log_loss_args Log(labels, predictions);
    /// The mean of the squares of differences between differences: only how far the numbers of a row are apart counts.
    /// TF: `tf.losses.mean_pairwise_squared_error`.
    ///
    /// Numbers of one shape, which become float32. Keyword arguments `weights` and `loss_collection`.
    mean_pairwise_squared_error mean_pairwise_squared_error_args MeanPairwiseSquaredError(labels, predictions);
    /// The mean of `(predictions - labels)²`. TF: `tf.losses.mean_squared_error`.
    ///
    /// Numbers of one shape, which become float32. Keyword arguments `weights`, `reduction` and `loss_collection`.
    ///
    /// ```
    /// use flowstone as tf;
    /// let y = tf::losses::mean_squared_error([1.0, 2.0], [1.0, 4.0]);
    /// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.item::<f32>()?, 2.0);
    /// # Ok::<(), tf::Error>(())
    /// ```
    mean_squared_error mean_squared_error_args MeanSquaredError(labels, predictions);
    /// The mean of [`sigmoid_cross_entropy_with_logits`](crate::nn::sigmoid_cross_entropy_with_logits).
    /// TF: `tf.losses.sigmoid_cross_entropy`.
    ///
    /// Keyword arguments `label_smoothing`, `weights`, `reduction` and `loss_collection`.
    sigmoid_cross_entropy sigmoid_cross_entropy_args SigmoidCrossEntropy(multi_class_labels, logits);
    /// The mean of [`softmax_cross_entropy_with_logits_v2`](crate::nn::softmax_cross_entropy_with_logits_v2), without a
    /// gradient into the labels. TF: `tf.losses.softmax_cross_entropy`.
    ///
    /// Keyword arguments `label_smoothing`, `weights`, `reduction` and `loss_collection`.
    softmax_cross_entropy softmax_cross_entropy_args SoftmaxCrossEntropy(onehot_labels, logits);
    /// The mean of [`sparse_softmax_cross_entropy_with_logits`](crate::nn::sparse_softmax_cross_entropy_with_logits).
    /// TF: `tf.losses.sparse_softmax_cross_entropy`.
    ///
    /// Keyword arguments `weights`, `reduction` and `loss_collection`.
    sparse_softmax_cross_entropy sparse_softmax_cross_entropy_args SparseSoftmaxCrossEntropy(labels, logits);
}

/// The mean of 1 less the product of vectors of length 1 along `axis`, once `dim`. TF: `tf.losses.cosine_distance`.
///
/// Numbers of one shape, which become float32. Keyword arguments `weights`, `reduction` and `loss_collection`.
#[track_caller]
pub fn cosine_distance(labels: impl IntoTensor, predictions: impl IntoTensor, axis: i64) -> Tensor {
    cosine_distance_args(labels, predictions, axis).build()
}

/// [`cosine_distance`] with keyword arguments.
pub fn cosine_distance_args(labels: impl IntoTensor, predictions: impl IntoTensor, axis: i64) -> LossArgs {
    args(Kind::CosineDistance(axis), labels.into_arg(), predictions.into_arg())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn losses_are_whole() {
        OpTest::new(|x| vec![absolute_difference(x[0], x[1]), mean_squared_error(x[0], x[1]), huber_loss(x[0], x[1])])
            .inputs([[1.0f32, 2.0].into(), [1.5f32, 5.0].into()])
            .expect([Value::scalar(1.75f32), Value::scalar(4.625f32), Value::scalar(1.3125f32)])
            .run();
        OpTest::new(|x| vec![hinge_loss(x[0], x[1]), cosine_distance(x[0], x[1], 0)])
            .inputs([[1.0f32, 0.0].into(), [0.5f32, -3.0].into()])
            .expect([Value::scalar(0.25f32), Value::scalar(0.5f32)])
            .run();
        OpTest::new(|x| vec![mean_pairwise_squared_error(x[0], x[1])])
            .inputs([[[1.0f32, 2.0]].into(), [[1.5f32, 5.0]].into()])
            .expect([Value::scalar(6.25f32)])
            .run();
        let error = build_error(|| mean_squared_error([1.0], [1.0, 2.0]));
        assert!(error.contains("predictions [2] and labels [1] must have the same shape"), "{error}");
    }

    #[test]
    fn weights_count() {
        for (reduction, expected) in [
            (Reduction::Sum, 10.0f32),
            (Reduction::Mean, 2.5),
            (Reduction::SumOverBatchSize, 10.0 / 3.0),
            (Reduction::SumByNonzeroWeights, 5.0),
        ] {
            OpTest::new(|x| vec![absolute_difference_args(x[0], x[1]).weights(x[2]).reduction(reduction).build()])
                .inputs([[0.0f32; 3].into(), [1.0f32, 7.0, 3.0].into(), [1.0f32, 0.0, 3.0].into()])
                .expect([Value::scalar(expected)])
                .differentiable(&[])
                .run();
        }
        let args = || absolute_difference_args([[1.0, 2.0]], [[1.0, 2.0]]);
        let error = build_error(|| args().weights([[1.0], [2.0], [3.0]]).build());
        assert!(error.contains("weights [3,1] do not broadcast against values [1,2]"), "{error}");
    }

    #[test]
    fn losses_collect_themselves() {
        let graph = crate::graph::Graph::new();
        let _default = graph.as_default();
        let loss = mean_squared_error([1.0], [2.0]);
        mean_squared_error_args([1.0], [2.0]).loss_collection(None).build();
        let other = mean_squared_error_args([1.0], [2.0]).loss_collection("mine").build();
        assert_eq!(crate::losses::get_losses(), [loss]);
        assert_eq!(graph.get_collection::<Tensor>("mine"), [other]);
        assert_eq!(crate::losses::get_total_loss().name(), "total_loss:0");
    }
}
