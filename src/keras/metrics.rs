//! What a model is judged by. Keras: `keras.metrics`.

use std::fmt;
use std::sync::Arc;

use super::losses::{Loss, per_example};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::ops::math::{argmax, cast, equal, greater, reduce_mean_args};

type Function = Arc<dyn Fn(Tensor, Tensor) -> Tensor + Send + Sync>;

/// A metric: one number for each example, shown as the mean over all.
#[derive(Clone)]
pub struct Metric {
    name: String,
    /// The output that it is of; all if not said.
    output: Option<String>,
    /// Its name in Keras, if it is shown by another.
    #[cfg_attr(not(feature = "hdf5"), allow(dead_code))]
    function: Option<String>,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    /// What accuracy means follows from the loss and the output.
    Accuracy,
    Categorical,
    SparseCategorical,
    Binary,
    Loss(Loss),
    Function(Function),
}

impl Metric {
    /// The metric that Keras knows by this name: `"accuracy"`, `"mae"`; every loss is one too.
    pub fn named(name: &str) -> Result<Self> {
        let kind = match name {
            "accuracy" | "acc" => Kind::Accuracy,
            "categorical_accuracy" => Kind::Categorical,
            "sparse_categorical_accuracy" => Kind::SparseCategorical,
            "binary_accuracy" => Kind::Binary,
            _ => Kind::Loss(Loss::named(name).map_err(|_| {
                Error::invalid_argument(format!(
                    "there is no metric '{name}': accuracy, categorical_accuracy, sparse_categorical_accuracy, \
                     binary_accuracy, or a loss"
                ))
            })?),
        };
        Ok(Metric { name: name.to_owned(), output: None, function: None, kind })
    }

    /// A metric of your own: from what is true and what is predicted to a number for each example.
    pub fn custom(name: &str, function: impl Fn(Tensor, Tensor) -> Tensor + Send + Sync + 'static) -> Self {
        Metric { name: name.to_owned(), output: None, function: None, kind: Kind::Function(Arc::new(function)) }
    }

    /// Its name, as it is shown.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The output that it is of, if that was said.
    pub(super) fn output(&self) -> Option<&String> {
        self.output.as_ref()
    }

    /// Whether it is of this output.
    pub(super) fn is_of(&self, output: &str) -> bool {
        self.output.as_deref().is_none_or(|of| of == output)
    }

    /// The same, shown by another name.
    #[cfg(feature = "hdf5")]
    pub(super) fn renamed(mut self, name: &str) -> Self {
        let function = std::mem::replace(&mut self.name, name.to_owned());
        self.function.get_or_insert(function);
        self
    }

    /// Its name in Keras.
    #[cfg(feature = "hdf5")]
    pub(super) fn function(&self) -> &str {
        self.function.as_ref().unwrap_or(&self.name)
    }

    /// The number of each example. `mask` says how much each step counts.
    pub(super) fn each(&self, truth: Tensor, predicted: Tensor, loss: &Loss, mask: Option<Tensor>) -> Tensor {
        let classes = predicted.rank().and_then(|rank| predicted.shape().dim(rank.checked_sub(1)?));
        let kind = match &self.kind {
            Kind::Accuracy if loss.is_sparse() => &Kind::SparseCategorical,
            Kind::Accuracy if classes == Some(1) => &Kind::Binary,
            Kind::Accuracy => &Kind::Categorical,
            kind => kind,
        };
        let numbers = match kind {
            Kind::Categorical => matches(argmax(truth, -1), argmax(predicted, -1)),
            Kind::SparseCategorical => matches(cast(truth, DType::Int64), argmax(predicted, -1)),
            Kind::Binary => {
                let right = matches(cast(truth, DType::Float32), cast(greater(predicted, 0.5), DType::Float32));
                reduce_mean_args(right).axis(-1).build()
            }
            Kind::Loss(loss) => loss.each(truth, predicted),
            Kind::Function(function) => function(truth, predicted),
            Kind::Accuracy => predicted,
        };
        per_example(mask.map_or(numbers, |mask| numbers * mask))
    }
}

fn matches(a: Tensor, b: Tensor) -> Tensor {
    cast(equal(a, b), DType::Float32)
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metric({})", self.name)
    }
}

/// What can stand for a metric: a [`Metric`] or its name in Keras.
pub trait IntoMetric {
    /// The metric. An error for a name that does not exist.
    fn into_metric(self) -> Result<Metric>;
}

impl IntoMetric for Metric {
    fn into_metric(self) -> Result<Metric> {
        Ok(self)
    }
}

impl IntoMetric for &str {
    fn into_metric(self) -> Result<Metric> {
        Metric::named(self)
    }
}

/// A metric of the output of this name.
impl<M: IntoMetric> IntoMetric for (&str, M) {
    fn into_metric(self) -> Result<Metric> {
        Ok(Metric { output: Some(self.0.to_owned()), ..self.1.into_metric()? })
    }
}
