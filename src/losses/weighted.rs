//! From losses and weights to one number.

use crate::dtype::DType;
use crate::error::Error;
use crate::graph::{Operation, Tensor, get_default_graph};
use crate::losses::LOSSES;
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{ones_like, range, rank, rank_named, shape_named, size_named, zeros_like};
use crate::ops::flow::NO_OP;
use crate::ops::math::{DIV_NO_NAN, cast, equal, mul_named, multiply, reduce_sum, reduce_sum_args, select};
use crate::ops::scope::Scope;
use crate::shape::PartialShape;

/// How losses become one number. TF: `tf.losses.Reduction`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// They stay as they are, each times its weight. TF: `Reduction.NONE`.
    None,
    /// Their sum. TF: `Reduction.SUM`.
    Sum,
    /// Their sum divided by how many there are. TF: `Reduction.SUM_OVER_BATCH_SIZE`.
    SumOverBatchSize,
    /// Their sum divided by that of the weights. TF: `Reduction.MEAN`.
    Mean,
    /// Their sum divided by how many have a weight that is not 0. TF: `Reduction.SUM_BY_NONZERO_WEIGHTS`.
    #[default]
    SumByNonzeroWeights,
}

/// One number of `losses`, added to the collection `losses`. TF: `tf.losses.compute_weighted_loss`.
///
/// `losses` is float32 or float64. Keyword arguments `weights` (1 if not said: a number, or numbers that broadcast against
/// the losses along dimensions of size 1), `reduction` (by the number of weights that are not 0) and `loss_collection`.
///
/// ```
/// use flowstone as tf;
/// let y = tf::compute_weighted_loss!([1.0, 2.0, 6.0], weights = [1.0, 0.0, 0.5]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.item::<f32>()?, 2.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn compute_weighted_loss(losses: impl IntoTensor) -> Tensor {
    compute_weighted_loss_args(losses).build()
}

/// [`compute_weighted_loss`] with keyword arguments.
pub fn compute_weighted_loss_args(losses: impl IntoTensor) -> WeightedLossArgs {
    WeightedLossArgs { losses: losses.into_arg(), how: Weighting::default() }
}

/// A [`compute_weighted_loss`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct WeightedLossArgs {
    losses: Arg,
    how: Weighting,
}

/// The weights of losses and what becomes of them.
pub(super) struct Weighting {
    pub(super) weights: Arg,
    pub(super) reduction: Reduction,
    pub(super) collection: Option<String>,
}

impl Default for Weighting {
    fn default() -> Self {
        Weighting { weights: 1.0.into_arg(), reduction: Reduction::default(), collection: Some(LOSSES.to_owned()) }
    }
}

impl WeightedLossArgs {
    /// What the losses are multiplied by; 1 if not said.
    pub fn weights(mut self, weights: impl IntoTensor) -> Self {
        self.how.weights = weights.into_arg();
        self
    }

    /// How they become one number; by the number of weights that are not 0 if not said.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.how.reduction = reduction;
        self
    }

    /// The collection that the loss is added to; `losses` if not said, none if `None`.
    pub fn loss_collection<'a>(mut self, collection: impl Into<Option<&'a str>>) -> Self {
        self.how.collection = collection.into().map(str::to_owned);
        self
    }

    /// Builds the loss.
    #[track_caller]
    pub fn build(self) -> Tensor {
        weighted(self.losses, self.how, "weighted_loss")
    }
}

/// The loss in a scope `name`.
#[track_caller]
pub(super) fn weighted(losses: Arg, how: Weighting, name: &str) -> Tensor {
    let args = [losses, how.weights];
    let scope = Scope::open(&args.each_ref(), name);
    let [losses, weights] = args;
    let check = match assert_broadcastable(&weights, &losses) {
        Ok(check) => check,
        Err(error) => return scope.fail(error),
    };
    let _after = get_default_graph().control_dependencies(check.as_slice());
    let losses = convert(losses, "Const", None);
    let Ok(dtype) = losses.dtype() else { return losses };
    let losses = cast(losses, DType::Float32);
    let weights = cast(weights, DType::Float32);
    let products = multiply(losses, weights);
    let loss = match how.reduction {
        Reduction::None => products,
        Reduction::Sum => reduce_sum(products),
        Reduction::Mean => {
            let sum = reduce_sum(products);
            safe_mean(sum, reduce_sum(ones_like(losses) * weights))
        }
        Reduction::SumByNonzeroWeights => {
            let sum = reduce_sum(products);
            safe_mean(sum, num_present(losses, weights, false))
        }
        Reduction::SumOverBatchSize => {
            let sum = reduce_sum(products);
            safe_mean(sum, num_elements(losses))
        }
    };
    let loss = cast(loss, dtype);
    collect(loss, how.collection);
    loss
}

pub(super) fn collect(loss: Tensor, collection: Option<String>) {
    if let (Ok(graph), Some(collection)) = (loss.graph(), collection) {
        graph.add_to_collection(&collection, loss);
    }
}

fn safe_mean(losses: Tensor, count: Tensor) -> Tensor {
    value_of(reduce_sum(losses), count)
}

/// `x / y`, 0 where `y` is 0, under TensorFlow's name for it.
pub(super) fn value_of(x: Tensor, y: Tensor) -> Tensor {
    DIV_NO_NAN.call([x.into_arg(), y.into_arg()]).name("value").single()
}

fn num_elements(losses: Tensor) -> Tensor {
    let scope = Scope::open(&[&losses.into_arg()], "num_elements");
    cast(size_named(losses, DType::Int32, scope.itself()), losses.dtype().unwrap_or(DType::Float32))
}

/// How many of `losses` have a weight that is not 0; for each row if `per_batch`.
pub(super) fn num_present(losses: Tensor, weights: Tensor, per_batch: bool) -> Tensor {
    let scope = Scope::open(&[&losses.into_arg()], "num_present");
    let absent = equal(weights, 0.0);
    let present = select(absent, zeros_like(weights), ones_like(weights));
    let present = broadcast_weights(present, losses);
    let sum = reduce_sum_args(present);
    if per_batch {
        return sum.axis(range(1, rank(present), 1)).keepdims(true).named(scope.itself()).build();
    }
    sum.named(scope.itself()).build()
}

/// `weights` as many as `values`.
pub(crate) fn broadcast_weights(weights: Tensor, values: Tensor) -> Tensor {
    let scope = Scope::open(&[&weights.into_arg()], "broadcast_weights");
    let (own, other) = (weights.shape(), values.shape());
    if own.is_known() && own == other {
        return weights;
    }
    let check = match assert_broadcastable(&weights.into_arg(), &values.into_arg()) {
        Ok(check) => check,
        Err(error) => return scope.fail(error),
    };
    let _after = get_default_graph().control_dependencies(check.as_slice());
    mul_named(weights.into_arg(), ones_like(values).into_arg(), scope.itself())
}

/// The nodes with which TensorFlow checks that weights broadcast: along dimensions of size 1, or a single one for all. Where
/// shapes are not known it checks them in the run; here the multiplication does.
pub(super) fn assert_broadcastable(weights: &Arg, values: &Arg) -> Result<Option<Operation>, Error> {
    let _scope = Scope::open(&[weights, values], "assert_broadcastable");
    let weights = described(weights, "weights");
    let values = described(values, "values");
    match (weights.dims(), values.dims()) {
        (Some([]), Some(_)) => Ok(Some(NO_OP.call([]).name("static_scalar_check_success").operation())),
        (Some(own), Some(other)) => {
            let fits = own.len() == other.len()
                && own
                    .iter()
                    .zip(other)
                    .all(|(own, other)| own.is_none() || other.is_none() || *own == Some(1) || own == other);
            if !fits {
                let message = format!("weights {weights} do not broadcast against values {values}");
                return Err(Error::invalid_argument(message));
            }
            let known = weights.is_known() && values.is_known();
            Ok(known.then(|| NO_OP.call([]).name("static_dims_check_success").operation()))
        }
        _ => Ok(None),
    }
}

/// The shape of `arg`, which is a constant called `name` if it is none yet, and the nodes that say it.
fn described(arg: &Arg, name: &str) -> PartialShape {
    let scope = Scope::open(&[arg], name);
    let tensor = convert(arg.clone(), scope.itself(), None);
    shape_named(tensor, DType::Int32, "shape");
    rank_named(tensor, "rank");
    tensor.shape()
}
