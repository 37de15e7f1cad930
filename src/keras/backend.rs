//! Keras's own functions on tensors. Keras: `keras.backend`.

use crate::dtype::DType;
use crate::error::Result;
use crate::graph::{Tensor, get_default_graph, reset_default_graph};
use crate::op::{IntoTensor, convert};
use crate::ops::array::{expand_dims, range};
use crate::ops::math::{cast, equal, maximum, minimum, reduce_mean_args};

use crate::session::Session;

use super::{Dims, shared};

pub use crate::ops::math::square;

/// Starts anew with an empty default graph. Keras: `K.clear_session()`.
///
/// [`Sequential`](struct@super::Sequential) models have graphs of their own, which end with them: this frees what was built
/// beside them, and the names of layers begin anew.
///
/// ```
/// use flowstone as tf;
/// tf::constant(1.0);
/// tf::keras::backend::clear_session();
/// assert_eq!(tf::constant(1.0).name(), "Const:0");
/// ```
pub fn clear_session() {
    reset_default_graph();
}

/// The session of all models of the default graph, in which its variables have values. Keras: `K.get_session()`.
///
/// [`Sequential`](struct@super::Sequential) models have graphs of their own; theirs is `model.session()`.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::{Input, layers::*};
/// let x = Input!((2,));
/// let y = Dense!(1, kernel_initializer = "ones").apply(x);
/// let sess = tf::keras::backend::get_session()?;
/// assert_eq!(sess.run(y, tf::feed_dict! { x: [[1.0, 2.0]] })?.as_slice::<f32>()?, [3.0]);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn get_session() -> Result<Session> {
    let graph = get_default_graph();
    graph.check()?;
    let session = shared::session(&graph)?;
    shared::initialize(&session)?;
    Ok(session)
}

/// Makes `session` that of all models of its graph; what has values there keeps them. Keras: `K.set_session(session)`.
///
/// An error if models of the graph have their variables in another session already.
pub fn set_session(session: &Session) -> Result<()> {
    shared::set_session(session)
}

/// The small number that keeps from dividing by 0: 1e-7. Keras: `K.epsilon()`.
pub fn epsilon() -> f64 {
    1e-7
}

/// The type of all weights: `"float32"`. Keras: `K.floatx()`.
pub fn floatx() -> &'static str {
    "float32"
}

/// The shape of `x` as Python prints it, `(None, 3)`; nothing if the number of dimensions is unknown. Keras: `K.int_shape(x)`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 3));
/// assert_eq!(tf::keras::backend::int_shape(x).unwrap().to_string(), "(None, 3)");
/// ```
pub fn int_shape(x: impl IntoTensor) -> Option<Dims> {
    convert(x.into_arg(), "x", None).shape().dims().map(|dims| Dims(dims.to_vec()))
}

/// The mean of all numbers; bools count as 0 and 1. Keras: `K.mean(x)`.
///
/// ```
/// use flowstone as tf;
/// let hits = tf::equal([1, 2, 3, 4], [1, 2, 0, 4]);
/// let accuracy = tf::keras::backend::mean(hits);
/// assert_eq!(tf::Session()?.run(accuracy, tf::feed_dict! {})?.item::<f32>()?, 0.75);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn mean(x: impl IntoTensor) -> Tensor {
    let x = convert(x.into_arg(), "x", None);
    let x = if x.dtype().is_ok_and(|dtype| dtype == DType::Bool) { cast(x, DType::Float32) } else { x };
    reduce_mean_args(x).build()
}

/// `x` with what lies outside of [`low`, `high`] moved to its ends. Keras: `K.clip`.
pub(super) fn clip(x: Tensor, low: f64, high: f64) -> Tensor {
    maximum(minimum(x, high), low)
}

/// The numbers of classes as rows of zeros with a one, as many as `predicted` has classes and of its type.
pub(super) fn one_hot(classes: Tensor, predicted: Tensor) -> Tensor {
    let count = predicted.rank().and_then(|rank| predicted.shape().dim(rank.checked_sub(1)?)).unwrap_or_default();
    let all = range(0, count as i32, 1);
    let rows = equal(expand_dims(cast(classes, DType::Int32), -1), all);
    cast(rows, predicted.dtype().unwrap_or(DType::Float32))
}
