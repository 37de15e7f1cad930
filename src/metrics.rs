//! Metrics that add up over many runs. TF: `tf.metrics`.
//!
//! Each function gives two tensors: the metric of all that was added so far, and the operation that adds more and gives the
//! metric with it. What they keep are local variables: run [`local_variables_initializer`](crate::local_variables_initializer)
//! first, and again to start anew.

use crate::dtype::DType;
use crate::error::Error;
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::losses::broadcast_weights;
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{
    constant, expand_dims, full_of, identity, reshape, shape, size, squeeze_args, stack, tile, transpose_args,
};
use crate::ops::flow::NO_OP;
use crate::ops::math::{
    DIV_NO_NAN, SELECT, abs, cast, divide, equal, greater, logical_and, logical_not, maximum, multiply, reduce_sum,
    reduce_sum_args, sqrt, squared_difference,
};
use crate::ops::scope::{Scope, refuse};
use crate::ops::state::{LOCAL_VARIABLES, Variable, assign_add, local_variable};
use crate::shape::Shape;
use crate::variable_scope::variable_scope_args;

/// The collection of what metrics keep. TF: `tf.GraphKeys.METRIC_VARIABLES`.
pub const METRIC_VARIABLES: &str = "metric_variables";

/// Which metric.
#[derive(Clone)]
enum Kind {
    Mean,
    Accuracy,
    MeanAbsoluteError,
    MeanSquaredError,
    RootMeanSquaredError,
    /// How often the label and the prediction are these.
    Count {
        label: bool,
        prediction: bool,
        name: &'static str,
    },
    Precision,
    Recall,
    Auc {
        thresholds: usize,
        curve: Curve,
    },
}

/// The curve whose area is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// The part of the positives that is found over the part of the negatives that is taken for positive.
    Roc,
    /// How precise it is over how much is found.
    Pr,
}

/// A metric under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct MetricArgs {
    kind: Kind,
    labels: Option<Arg>,
    predictions: Arg,
    weights: Option<Arg>,
    metrics_collection: Option<String>,
    updates_collection: Option<String>,
    name: Option<String>,
}

/// The metric so far, and the one with what is added by running it.
pub type Metric = (Tensor, Tensor);

impl MetricArgs {
    fn new(kind: Kind, labels: Option<Arg>, predictions: Arg) -> Self {
        let (metrics_collection, updates_collection) = (None, None);
        MetricArgs { kind, labels, predictions, weights: None, metrics_collection, updates_collection, name: None }
    }

    /// How much each counts; 1 if not said. A number, or numbers that broadcast against the predictions.
    pub fn weights(mut self, weights: impl IntoTensor) -> Self {
        self.weights = Some(weights.into_arg());
        self
    }

    /// A collection for the metric.
    pub fn metrics_collections(mut self, collection: &str) -> Self {
        self.metrics_collection = Some(collection.to_owned());
        self
    }

    /// A collection for what adds to it.
    pub fn updates_collections(mut self, collection: &str) -> Self {
        self.updates_collection = Some(collection.to_owned());
        self
    }

    /// The name of its scope.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// For [`auc`]: how many thresholds tell positive from negative; 200 if not said, at least 2.
    pub fn num_thresholds(mut self, count: usize) -> Self {
        if let Kind::Auc { thresholds, .. } = &mut self.kind {
            *thresholds = count.max(2);
        }
        self
    }

    /// For [`auc`]: which curve; [`Curve::Roc`] if not said.
    pub fn curve(mut self, which: Curve) -> Self {
        if let Kind::Auc { curve, .. } = &mut self.kind {
            *curve = which;
        }
        self
    }

    /// Builds the metric.
    #[track_caller]
    pub fn build(self) -> Metric {
        let _line = built_at(here());
        let MetricArgs { kind, labels, predictions, weights, name, .. } = self;
        let truths = labels.unwrap_or_else(|| predictions.clone());
        let (value, update) = match kind {
            Kind::Mean => mean_of(predictions, weights, name.as_deref(), "mean"),
            Kind::Accuracy => {
                let (truths, predictions, weights) = squeezed(truths, predictions, weights);
                let predictions = truths.dtype().map_or(predictions, |dtype| cast(predictions, dtype));
                let correct = cast(equal(predictions, truths), DType::Float32);
                mean_of(correct.into_arg(), weights, name.as_deref(), "accuracy")
            }
            Kind::MeanAbsoluteError => {
                let (truths, predictions, weights) = squeezed(truths, predictions, weights);
                let errors = abs(predictions - truths);
                mean_of(errors.into_arg(), weights, name.as_deref(), "mean_absolute_error")
            }
            Kind::MeanSquaredError => mean_squared(truths, predictions, weights, name.as_deref(), "mean_squared_error"),
            Kind::RootMeanSquaredError => {
                let (truths, predictions, weights) = squeezed(truths, predictions, weights);
                let args = [truths, predictions].map(IntoTensor::into_arg);
                let [truths, predictions] = args;
                let name = name.as_deref();
                let (value, update) = mean_squared(truths, predictions, weights, name, "root_mean_squared_error");
                let value = {
                    let _anytime = get_default_graph().clear_control_dependencies();
                    sqrt(value)
                };
                (value, sqrt(update))
            }
            Kind::Count { label, prediction, name: default } => {
                let args = (truths, predictions, weights);
                count(args, (label, prediction), name.as_deref(), default)
            }
            Kind::Precision => share((truths, predictions, weights), (false, true), name.as_deref(), "precision"),
            Kind::Recall => share((truths, predictions, weights), (true, false), name.as_deref(), "recall"),
            Kind::Auc { thresholds, curve } => area(truths, predictions, weights, thresholds, curve, name.as_deref()),
        };
        for (tensor, collection) in [(value, self.metrics_collection), (update, self.updates_collection)] {
            if let (Ok(graph), Some(collection)) = (tensor.graph(), collection) {
                graph.add_to_collection(&collection, tensor);
            }
        }
        (value, update)
    }
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $function:ident $args:ident $kind:expr;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(labels: impl IntoTensor, predictions: impl IntoTensor) -> Metric {
            $args(labels, predictions).build()
        }

        #[doc = concat!("[`", stringify!($function), "`] with keyword arguments.")]
        pub fn $args(labels: impl IntoTensor, predictions: impl IntoTensor) -> MetricArgs {
            MetricArgs::new($kind, Some(labels.into_arg()), predictions.into_arg())
        }
    )*};
}

metrics! {
    /// How often `predictions` equal `labels`. TF: `tf.metrics.accuracy`.
    ///
    /// Two arrays of one shape, or one with a last dimension of size 1 more. Both results are single float32s.
    ///
    /// ```
    /// use flowstone as tf;
    /// let labels = tf::placeholder(tf::int64, [None]);
    /// let (accuracy, update) = tf::metrics::accuracy(labels, [1i64, 2]);
    /// let sess = tf::Session()?;
    /// sess.run(tf::local_variables_initializer(), tf::feed_dict! {})?;
    /// sess.run(update, tf::feed_dict! { labels: [1i64, 2] })?;
    /// sess.run(update, tf::feed_dict! { labels: [1i64, 3] })?;
    /// assert_eq!(sess.run(accuracy, tf::feed_dict! {})?.item::<f32>()?, 0.75);
    /// # Ok::<(), tf::Error>(())
    /// ```
    accuracy accuracy_args Kind::Accuracy;
    /// The mean size of the difference. TF: `tf.metrics.mean_absolute_error`.
    mean_absolute_error mean_absolute_error_args Kind::MeanAbsoluteError;
    /// The mean square of the difference. TF: `tf.metrics.mean_squared_error`.
    mean_squared_error mean_squared_error_args Kind::MeanSquaredError;
    /// The root of the mean square of the difference. TF: `tf.metrics.root_mean_squared_error`.
    root_mean_squared_error root_mean_squared_error_args Kind::RootMeanSquaredError;
    /// How many are taken for positive and are. TF: `tf.metrics.true_positives`. Both arrays are made bools.
    true_positives true_positives_args Kind::Count { label: true, prediction: true, name: "true_positives" };
    /// How many are taken for negative and are. TF: `tf.metrics.true_negatives`. Both arrays are made bools.
    true_negatives true_negatives_args Kind::Count { label: false, prediction: false, name: "true_negatives" };
    /// How many are taken for positive and are not. TF: `tf.metrics.false_positives`. Both arrays are made bools.
    false_positives false_positives_args Kind::Count { label: false, prediction: true, name: "false_positives" };
    /// How many are taken for negative and are not. TF: `tf.metrics.false_negatives`. Both arrays are made bools.
    false_negatives false_negatives_args Kind::Count { label: true, prediction: false, name: "false_negatives" };
    /// How many of those that are taken for positive are. TF: `tf.metrics.precision`. Both arrays are made bools.
    precision precision_args Kind::Precision;
    /// How many of the positives are found. TF: `tf.metrics.recall`. Both arrays are made bools.
    recall recall_args Kind::Recall;
    /// The area under the curve that thresholds draw, by trapezoids. TF: `tf.metrics.auc`.
    ///
    /// `labels` are made bools, `predictions` lie in [0, 1]. Keyword arguments `num_thresholds` and `curve`. TensorFlow
    /// checks the range of the predictions in the run; here they count as they are.
    auc auc_args Kind::Auc { thresholds: 200, curve: Curve::Roc };
}

/// The mean of `values`. TF: `tf.metrics.mean`. Both results are single float32s.
#[track_caller]
pub fn mean(values: impl IntoTensor) -> Metric {
    mean_args(values).build()
}

/// [`mean`] with keyword arguments.
pub fn mean_args(values: impl IntoTensor) -> MetricArgs {
    MetricArgs::new(Kind::Mean, None, values.into_arg())
}

/// Opens the variable scope `name`, or `default` made unique.
fn scope(name: Option<&str>, default: &str) -> impl Drop {
    match name {
        Some(name) => variable_scope_args(name).build(),
        None => variable_scope_args(None).default_name(default).build(),
    }
}

fn kept(sizes: &[usize], name: &str) -> Variable {
    let zeros = || full_of(Shape::from(sizes), 0, DType::Float32, "zeros");
    local_variable(name, &[LOCAL_VARIABLES, METRIC_VARIABLES], &zeros)
}

fn mean_of(values: Arg, weights: Option<Arg>, name: Option<&str>, default: &str) -> Metric {
    let _scope = scope(name, default);
    let graph = get_default_graph();
    let values = cast(values, DType::Float32);
    let (total, number) = (kept(&[], "total"), kept(&[], "count"));
    let (values, added) = match weights {
        None => (values, cast(size(values), DType::Float32)),
        Some(weights) => {
            let weights = fitted(convert(weights, "Const", None), values);
            let weights = broadcast_weights(cast(weights, DType::Float32), values);
            (multiply(values, weights), reduce_sum(weights))
        }
    };
    let new_total = assign_add(total, reduce_sum(values));
    let new_number = {
        let _after = graph.control_dependencies(&[values.op()]);
        assign_add(number, added)
    };
    let value = {
        let _anytime = graph.clear_control_dependencies();
        let number = maximum(number, 0.0);
        DIV_NO_NAN.call([total.into_arg(), number.into_arg()]).name("value").single()
    };
    let number = maximum(new_number, 0.0);
    (value, DIV_NO_NAN.call([new_total.into_arg(), number.into_arg()]).name("update_op").single())
}

fn mean_squared(labels: Arg, predictions: Arg, weights: Option<Arg>, name: Option<&str>, default: &str) -> Metric {
    let (labels, predictions, weights) = squeezed(labels, predictions, weights);
    mean_of(squared_difference(labels, predictions).into_arg(), weights, name, default)
}

/// The three without a last dimension of size 1 that the others do not have.
fn squeezed(labels: Arg, predictions: Arg, weights: Option<Arg>) -> (Tensor, Tensor, Option<Arg>) {
    let predictions = convert(predictions, "predictions", None);
    let (labels, predictions) = {
        let _scope = Scope::open(&[&predictions.into_arg()], "remove_squeezable_dimensions");
        let labels = convert(labels, "labels", predictions.dtype().ok());
        let squeeze = |x: Tensor| squeeze_args(x).axis([-1]).build();
        match (labels.shape().rank(), predictions.shape().rank()) {
            (Some(l), Some(p)) if p == l + 1 && ends_with_one(predictions) => (labels, squeeze(predictions)),
            (Some(l), Some(p)) if l == p + 1 && ends_with_one(labels) => (squeeze(labels), predictions),
            _ => (labels, predictions),
        }
    };
    if labels.shape().merge(&predictions.shape()).is_none() {
        let (l, p) = (labels.shape(), predictions.shape());
        let error = Error::invalid_argument(format!("labels of shape {l} for predictions of shape {p}"));
        let refused = refuse("metrics", error);
        return (refused, refused, weights);
    }
    let weights = weights.map(|weights| fitted(convert(weights, "Const", None), predictions).into_arg());
    (labels, predictions, weights)
}

fn ends_with_one(x: Tensor) -> bool {
    x.shape().dims().and_then(|dims| *dims.last()?).is_none_or(|n| n == 1)
}

/// `weights` with as many dimensions as `values`, if one is missing or too many.
fn fitted(weights: Tensor, values: Tensor) -> Tensor {
    match (weights.shape().rank(), values.shape().rank()) {
        (Some(0), _) => weights,
        (Some(w), Some(v)) if w == v + 1 => squeeze_args(weights).axis([-1]).build(),
        (Some(w), Some(v)) if v == w + 1 => expand_dims(weights, [-1]),
        _ => weights,
    }
}

type Given = (Arg, Arg, Option<Arg>);

fn bools((labels, predictions, weights): Given) -> (Tensor, Tensor, Option<Arg>) {
    let predictions = cast(predictions, DType::Bool);
    let labels = cast(labels, DType::Bool);
    squeezed(labels.into_arg(), predictions.into_arg(), weights)
}

fn count(given: Given, (label, prediction): (bool, bool), name: Option<&str>, default: &str) -> Metric {
    let _scope = scope(name, default);
    let (labels, predictions, weights) = bools(given);
    let are = logical_and(equal(labels, label), equal(predictions, prediction));
    {
        // As TensorFlow records that it knows the type.
        let _scope = Scope::open(&[&are.into_arg()], "assert_type");
        NO_OP.call([]).name("statically_determined_correct_type").operation();
    }
    let number = kept(&[], "count");
    let mut values = cast(are, DType::Float32);
    if let Some(weights) = weights {
        values = multiply(values, cast(weights, DType::Float32));
    }
    let value = {
        let _anytime = get_default_graph().clear_control_dependencies();
        identity(number)
    };
    (value, assign_add(number, reduce_sum(values)))
}

/// The true positives among them and the others that `missed` counts.
fn share(given: Given, missed: (bool, bool), name: Option<&str>, default: &str) -> Metric {
    let _scope = scope(name, default);
    let (labels, predictions, weights) = bools(given);
    let given = || (labels.into_arg(), predictions.into_arg(), weights.clone());
    let found = count(given(), (true, true), None, "true_positives");
    let other = if missed.1 { "false_positives" } else { "false_negatives" };
    let missed = count(given(), missed, None, other);
    let part = |found: Tensor, missed: Tensor, name: &str| {
        let some = greater(found + missed, 0.0);
        let part = divide(found, found + missed);
        SELECT.call([some.into_arg(), part.into_arg(), 0.0.into_arg()]).name(name).single()
    };
    let value = {
        let _anytime = get_default_graph().clear_control_dependencies();
        part(found.0, missed.0, "value")
    };
    (value, part(found.1, missed.1, "update_op"))
}

fn area(
    labels: Arg,
    predictions: Arg,
    weights: Option<Arg>,
    thresholds: usize,
    curve: Curve,
    name: Option<&str>,
) -> Metric {
    let _scope = scope(name, "auc");
    let predictions = cast(predictions, DType::Float32);
    let labels = cast(labels, DType::Bool);
    let (labels, predictions, weights) = squeezed(labels.into_arg(), predictions.into_arg(), weights);
    const BEYOND: f32 = 1e-7;
    let inner = (1..thresholds - 1).map(|i| (i as f64 / (thresholds - 1) as f64) as f32);
    let all: Vec<f32> = std::iter::once(-BEYOND).chain(inner).chain([1.0 + BEYOND]).collect();
    let column = reshape(predictions, [-1, 1]);
    let row = reshape(labels, [1, -1]);
    let number = match column.shape().dim(0) {
        Some(n) => (n as i32).into_arg(),
        None => crate::ops::array::item(shape(column), 0).into_arg(),
    };
    let each = tile(expand_dims(constant(all), [1]), stack([1.into_arg(), number]));
    let repeated = |x: Tensor| tile(x, [thresholds as i32, 1]);
    let taken = greater(repeated(transpose_args(column).build()), each);
    let not_taken = logical_not(taken);
    let are = repeated(row);
    let are_not = logical_not(are);
    let weights = weights.map(|weights| {
        let weights = broadcast_weights(cast(weights, DType::Float32), predictions);
        repeated(reshape(weights, [1, -1]))
    });
    let counted = |a: Tensor, b: Tensor, name: &str| {
        let kept = kept(&[thresholds], name);
        let both = cast(logical_and(a, b), DType::Float32);
        let both = weights.map_or(both, |weights| both * weights);
        (kept, assign_add(kept, reduce_sum_args(both).axis(1).build()))
    };
    let found = counted(are, taken, "true_positives");
    let missed = counted(are, not_taken, "false_negatives");
    let right = counted(are_not, not_taken, "true_negatives");
    let wrong = counted(are_not, taken, "false_positives");
    let measure = |[tp, fn_, tn, fp]: [Tensor; 4], name: &str| {
        const LITTLE: f32 = 1e-6;
        let recall = divide(tp + LITTLE, tp + fn_ + LITTLE);
        let (x, y) = match curve {
            Curve::Roc => (divide(fp, fp + tn + LITTLE), recall),
            Curve::Pr => (recall, divide(tp + LITTLE, tp + fp + LITTLE)),
        };
        let last = thresholds as i32 - 1;
        let widths = x.at(..last) - x.at(1..);
        let heights = (y.at(..last) + y.at(1..)) / 2.0;
        reduce_sum_args(multiply(widths, heights)).named(name).build()
    };
    let value = {
        let _anytime = get_default_graph().clear_control_dependencies();
        measure([found.0, missed.0, right.0, wrong.0].map(Variable::value), "value")
    };
    (value, measure([found.1, missed.1, right.1, wrong.1], "update_op"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ops::array::placeholder;
    use crate::ops::state::local_variables_initializer;
    use crate::session::{Feeds, Session};

    #[test]
    fn what_is_added_in_several_runs_counts_together() {
        let (labels, predictions) = (placeholder(DType::Float32, [4]), placeholder(DType::Float32, [4]));
        let metrics = [
            accuracy(labels, cast(greater(predictions, 0.5), DType::Float32)),
            root_mean_squared_error(labels, predictions),
            precision(labels, greater(predictions, 0.5)),
            recall(labels, greater(predictions, 0.5)),
            auc(labels, predictions),
            auc_args(labels, predictions).num_thresholds(5).curve(Curve::Pr).build(),
            auc_args(labels, predictions).weights([1.0, 0.5, 0.0, 1.0]).build(),
        ];
        let sess = Session().unwrap();
        sess.run(local_variables_initializer(), Feeds::new()).unwrap();
        let updates = metrics.map(|metric| metric.1);
        for (l, p) in [([1.0f32, 0.0, 1.0, 0.0], [0.9f32, 0.2, 0.4, 0.6]), ([0.0, 0.0, 1.0, 1.0], [0.1, 0.7, 0.8, 0.3])]
        {
            sess.run(updates, Feeds::new().feed(labels, l).feed(predictions, p)).unwrap();
        }
        let found = sess.run(metrics.map(|metric| metric.0), Feeds::new()).unwrap();
        // TensorFlow 2.19.
        let expected = [0.5, 0.474_341_63, 0.5, 0.5, 0.749_999_9, 0.791_666_5, 0.749_999_9];
        for (found, expected) in found.iter().zip(expected) {
            approx::assert_relative_eq!(found.item::<f32>().unwrap(), expected, max_relative = 2e-6);
        }
    }
}
