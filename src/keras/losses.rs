//! What a model is to make small. Keras: `keras.losses`.

use std::fmt;
use std::sync::Arc;

use super::backend::{clip, one_hot};
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::ops::array::{concat, constant, reshape, shape, slice};
use crate::ops::math::{abs, add, exp, log, maximum, reduce_mean_args, reduce_sum_args, square};
use crate::ops::nn::softmax_cross_entropy_with_logits_v2;

/// Keeps logarithms and quotients finite. Keras: `K.epsilon()`.
pub(super) const EPSILON: f64 = 1e-7;

type Function = Arc<dyn Fn(Tensor, Tensor) -> Tensor + Send + Sync>;

/// A loss: one number for each example, made of what is true and what is predicted.
#[derive(Clone)]
pub struct Loss {
    name: String,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    /// The predicted probabilities of classes against rows of probabilities.
    Categorical {
        from_logits: bool,
    },
    /// The same against the numbers of the classes.
    SparseCategorical {
        from_logits: bool,
    },
    /// Probabilities each on its own.
    Binary {
        from_logits: bool,
    },
    Function(Function),
}

impl Loss {
    /// The loss that Keras knows by this name: `"categorical_crossentropy"`, `"mse"`.
    pub fn named(name: &str) -> Result<Self> {
        let function = |function: fn(Tensor, Tensor) -> Tensor| Kind::Function(Arc::new(function));
        let kind = match name.to_lowercase().as_str() {
            "categorical_crossentropy" => Kind::Categorical { from_logits: false },
            "sparse_categorical_crossentropy" => Kind::SparseCategorical { from_logits: false },
            "binary_crossentropy" => Kind::Binary { from_logits: false },
            "mse" | "mean_squared_error" => function(|y, p| mean_of(square(p - y))),
            "mae" | "mean_absolute_error" => function(|y, p| mean_of(abs(p - y))),
            "mape" | "mean_absolute_percentage_error" => {
                function(|y, p| mean_of(abs((y - p) / maximum(abs(y), EPSILON))) * 100.0)
            }
            "msle" | "mean_squared_logarithmic_error" => function(|y, p| {
                let logarithm = |x: Tensor| log(maximum(x, EPSILON) + 1.0);
                mean_of(square(logarithm(p) - logarithm(y)))
            }),
            "hinge" => function(|y, p| mean_of(maximum(1.0 - y * p, 0.0))),
            "squared_hinge" => function(|y, p| mean_of(square(maximum(1.0 - y * p, 0.0)))),
            "kld" | "kullback_leibler_divergence" | "kl_divergence" => function(|y, p| {
                let (y, p) = (clip(y, EPSILON, 1.0), clip(p, EPSILON, 1.0));
                sum_of(y * log(y / p))
            }),
            "poisson" => function(|y, p| mean_of(p - y * log(p + EPSILON))),
            "logcosh" | "log_cosh" => function(|y, p| {
                // log(cosh(x)) without overflow: |x| + log((1 + exp(-2|x|)) / 2).
                let x = abs(p - y);
                mean_of(x + log(exp(x * -2.0) + 1.0) - std::f64::consts::LN_2)
            }),
            _ => {
                return Err(Error::invalid_argument(format!(
                    "there is no loss '{name}': categorical_crossentropy, sparse_categorical_crossentropy, \
                     binary_crossentropy, mse, mae, mape, msle, hinge, squared_hinge, kld, poisson, logcosh"
                )));
            }
        };
        Ok(Loss { name: name.to_owned(), kind })
    }

    /// A loss of your own: from what is true and what is predicted to a number for each example.
    pub fn custom(name: &str, function: impl Fn(Tensor, Tensor) -> Tensor + Send + Sync + 'static) -> Self {
        Loss { name: name.to_owned(), kind: Kind::Function(Arc::new(function)) }
    }

    /// The predictions are not probabilities but what softmax or sigmoid would make into some.
    #[must_use]
    pub fn from_logits(mut self, logits: bool) -> Self {
        match &mut self.kind {
            Kind::Categorical { from_logits }
            | Kind::SparseCategorical { from_logits }
            | Kind::Binary { from_logits } => *from_logits = logits,
            Kind::Function(_) => {}
        }
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the predictions are not probabilities yet.
    #[cfg(feature = "hdf5")]
    pub(super) fn takes_logits(&self) -> bool {
        match self.kind {
            Kind::Categorical { from_logits }
            | Kind::SparseCategorical { from_logits }
            | Kind::Binary { from_logits } => from_logits,
            Kind::Function(_) => false,
        }
    }

    /// Whether what is true are the numbers of classes.
    pub(super) fn is_sparse(&self) -> bool {
        matches!(self.kind, Kind::SparseCategorical { .. })
    }

    /// The loss of each example.
    pub(super) fn each(&self, truth: Tensor, predicted: Tensor) -> Tensor {
        match &self.kind {
            Kind::Categorical { from_logits } => categorical(truth, predicted, *from_logits),
            Kind::SparseCategorical { from_logits } => {
                let truth = one_hot(truth, predicted);
                categorical(truth, predicted, *from_logits)
            }
            Kind::Binary { from_logits } => mean_of(binary(truth, predicted, *from_logits)),
            Kind::Function(function) => function(truth, predicted),
        }
    }
}

impl fmt::Debug for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Loss({})", self.name)
    }
}

fn mean_of(x: Tensor) -> Tensor {
    reduce_mean_args(x).axis(-1).build()
}

fn sum_of(x: Tensor) -> Tensor {
    reduce_sum_args(x).axis(-1).build()
}

/// What `function` made its output of, if that is what `x` is.
fn input_of(x: Tensor, function: &str) -> Option<Tensor> {
    if x.op().op_type() == function { x.op().inputs().first().copied() } else { None }
}

fn categorical(truth: Tensor, predicted: Tensor, from_logits: bool) -> Tensor {
    let logits = if from_logits { Some(predicted) } else { input_of(predicted, "Softmax") };
    if let Some(logits) = logits {
        return softmax_cross_entropy_with_logits_v2(truth, logits);
    }
    let scaled = predicted / reduce_sum_args(predicted).axis(-1).keepdims(true).build();
    -sum_of(truth * log(clip(scaled, EPSILON, 1.0 - EPSILON)))
}

fn binary(truth: Tensor, predicted: Tensor, from_logits: bool) -> Tensor {
    let logits = if from_logits { Some(predicted) } else { input_of(predicted, "Sigmoid") };
    if let Some(x) = logits {
        // max(x, 0) - x y + log(1 + exp(-|x|)), which never overflows.
        return add(maximum(x, 0.0) - x * truth, log(exp(-abs(x)) + 1.0));
    }
    let p = clip(predicted, EPSILON, 1.0 - EPSILON);
    -(truth * log(p + EPSILON) + (1.0 - truth) * log(1.0 - p + EPSILON))
}

/// One number for each example: the mean over what other dimensions a loss leaves.
pub(super) fn per_example(losses: Tensor) -> Tensor {
    match losses.rank() {
        Some(0 | 1) => losses,
        _ => {
            let batch = slice(shape(losses), [0], [1]);
            let rows = reshape(losses, concat([batch, constant([-1])], 0));
            reduce_mean_args(rows).axis(1).build()
        }
    }
}

/// What can stand for a loss: a [`Loss`] or its name in Keras.
pub trait IntoLoss {
    /// The loss. An error for a name that does not exist.
    fn into_loss(self) -> Result<Loss>;
}

impl IntoLoss for Loss {
    fn into_loss(self) -> Result<Loss> {
        Ok(self)
    }
}

impl IntoLoss for &str {
    fn into_loss(self) -> Result<Loss> {
        Loss::named(self)
    }
}

/// The losses of a model's outputs.
#[derive(Clone, Debug)]
pub struct Losses(Parts);

#[derive(Clone, Debug)]
enum Parts {
    /// The same for each output.
    Same(Loss),
    /// In the order of the outputs.
    Listed(Vec<Loss>),
    /// By the names of the outputs.
    Named(Vec<(String, Loss)>),
}

/// An error if one of `given` is not among `known`.
pub(super) fn check_names<'a>(what: &str, given: impl IntoIterator<Item = &'a String>, known: &[String]) -> Result<()> {
    match given.into_iter().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let known = known.join(", ");
            Err(Error::invalid_argument(format!("{what} for '{name}', but the model has the outputs {known}")))
        }
    }
}

impl Losses {
    /// The one that there is, if it is one.
    #[cfg(feature = "hdf5")]
    pub(super) fn single(&self) -> Option<&Loss> {
        match &self.0 {
            Parts::Same(loss) => Some(loss),
            Parts::Listed(all) => <&[Loss; 1]>::try_from(all.as_slice()).ok().map(|[loss]| loss),
            Parts::Named(all) => <&[(String, Loss); 1]>::try_from(all.as_slice()).ok().map(|[(_, loss)]| loss),
        }
    }

    /// One for each output.
    pub(super) fn for_outputs(&self, names: &[String]) -> Result<Vec<Loss>> {
        match &self.0 {
            Parts::Same(loss) => Ok(vec![loss.clone(); names.len()]),
            Parts::Listed(all) if all.len() == names.len() => Ok(all.clone()),
            Parts::Listed(all) => Err(Error::invalid_argument(format!(
                "there are {} losses, but the model has the outputs {}",
                all.len(),
                names.join(", ")
            ))),
            Parts::Named(all) => {
                check_names("a loss", all.iter().map(|(name, _)| name), names)?;
                let found = names.iter().map(|name| {
                    let loss = all.iter().find(|(of, _)| of == name).map(|(_, loss)| loss.clone());
                    loss.ok_or_else(|| Error::invalid_argument(format!("there is no loss for the output '{name}'")))
                });
                found.collect()
            }
        }
    }
}

/// What can stand for the losses of a model: one for all outputs, a list with one for each, or pairs of the outputs' names and
/// their losses.
pub trait IntoLosses {
    /// The losses. An error for a name that does not exist.
    fn into_losses(self) -> Result<Losses>;
}

impl<L: IntoLoss> IntoLosses for L {
    fn into_losses(self) -> Result<Losses> {
        self.into_loss().map(|loss| Losses(Parts::Same(loss)))
    }
}

impl<L: IntoLoss, const N: usize> IntoLosses for [L; N] {
    fn into_losses(self) -> Result<Losses> {
        Vec::from(self).into_losses()
    }
}

impl<L: IntoLoss> IntoLosses for Vec<L> {
    fn into_losses(self) -> Result<Losses> {
        let all = self.into_iter().map(IntoLoss::into_loss).collect::<Result<_>>()?;
        Ok(Losses(Parts::Listed(all)))
    }
}

impl<L: IntoLoss, const N: usize> IntoLosses for [(&str, L); N] {
    fn into_losses(self) -> Result<Losses> {
        let all = self.into_iter().map(|(name, loss)| Ok((name.to_owned(), loss.into_loss()?)));
        Ok(Losses(Parts::Named(all.collect::<Result<_>>()?)))
    }
}
