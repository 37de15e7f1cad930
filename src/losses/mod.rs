//! Losses that collect themselves. TF: `tf.losses`.
//!
//! Each function makes one number of `labels` and `predictions` (or `logits`) and adds it to the collection `losses`, from
//! which [`get_total_loss`] takes it.

mod functions;
mod weighted;

pub use functions::{
    LossArgs, absolute_difference, absolute_difference_args, cosine_distance, cosine_distance_args, hinge_loss,
    hinge_loss_args, huber_loss, huber_loss_args, log_loss, log_loss_args, mean_pairwise_squared_error,
    mean_pairwise_squared_error_args, mean_squared_error, mean_squared_error_args, sigmoid_cross_entropy,
    sigmoid_cross_entropy_args, softmax_cross_entropy, softmax_cross_entropy_args, sparse_softmax_cross_entropy,
    sparse_softmax_cross_entropy_args,
};
pub(crate) use weighted::broadcast_weights;
pub use weighted::{Reduction, WeightedLossArgs, compute_weighted_loss, compute_weighted_loss_args};

use crate::graph::{Tensor, get_default_graph};
use crate::op::{Arg, IntoTensor};
use crate::ops::array::{IDENTITY, constant};
use crate::ops::math::ADD_N;
use crate::regularizers::REGULARIZATION_LOSSES;

/// The collection of losses. TF: `tf.GraphKeys.LOSSES`.
pub const LOSSES: &str = "losses";

/// Adds a loss to the collection `losses`. TF: `tf.losses.add_loss`.
pub fn add_loss(loss: Tensor) {
    if let Ok(graph) = loss.graph() {
        graph.add_to_collection(LOSSES, loss);
    }
}

/// The losses of the default graph. TF: `tf.losses.get_losses`.
pub fn get_losses() -> Vec<Tensor> {
    get_default_graph().get_collection(LOSSES)
}

/// What regularizers added in the default graph. TF: `tf.losses.get_regularization_losses`.
pub fn get_regularization_losses() -> Vec<Tensor> {
    get_default_graph().get_collection(REGULARIZATION_LOSSES)
}

/// The sum of what regularizers added; 0 if there are none. TF: `tf.losses.get_regularization_loss`.
#[track_caller]
pub fn get_regularization_loss() -> Tensor {
    match get_regularization_losses() {
        losses if losses.is_empty() => constant(0.0),
        losses => total(losses, "total_regularization_loss"),
    }
}

/// The sum of all losses of the default graph and of what regularizers added. TF: `tf.losses.get_total_loss`.
///
/// An error of the graph if there is none.
///
/// ```
/// use flowstone as tf;
/// let y = tf::losses::mean_squared_error([1.0, 2.0], [1.0, 4.0]);
/// assert_eq!(tf::losses::get_losses(), [y]);
/// let total = tf::losses::get_total_loss();
/// assert_eq!(tf::Session()?.run(total, tf::feed_dict! {})?.item::<f32>()?, 2.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn get_total_loss() -> Tensor {
    total(get_losses().into_iter().chain(get_regularization_losses()).collect(), "total_loss")
}

#[track_caller]
fn total(losses: Vec<Tensor>, name: &str) -> Tensor {
    match losses.as_slice() {
        [one] => IDENTITY.call([one.into_arg()]).name(name).single(),
        _ => ADD_N.call([Arg::list(losses)]).name(name).single(),
    }
}
