//! Rows of a table by number: `embedding_lookup`.

use crate::graph::{Tensor, get_default_graph};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{IDENTITY, gather_named};
use crate::ops::state::resource_gather;

/// The rows of `params` that `ids` names. TF: `tf.nn.embedding_lookup`.
///
/// `params` is a table, usually a variable; `ids` is int32 or int64 of any shape, whose dimensions come before those of a
/// row. A number out of range is an error of the run. The gradient to the table is the rows alone
/// ([`IndexedSlices`](crate::IndexedSlices)), so that an optimizer changes only what was looked up.
///
/// ```
/// use flowstone as tf;
/// let table = tf::Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
/// let words = tf::nn::embedding_lookup(table, [2, 0]);
/// let train = tf::train::GradientDescentOptimizer(1.0).minimize(tf::reduce_sum(words));
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// sess.run(train, tf::feed_dict! {})?;
/// assert_eq!(sess.run(table, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 1.0, 3.0, 4.0, 4.0, 5.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn embedding_lookup(params: impl IntoTensor, ids: impl IntoTensor) -> Tensor {
    let params = params.into_arg();
    let graph = Arg::graph_of(std::slice::from_ref(&params)).unwrap_or_else(|_| get_default_graph());
    let scope = graph.scope_name("embedding_lookup");
    let _scope = graph.scope(&format!("{scope}/"));
    let ids = convert(ids.into_arg(), "ids", None);
    let table = match &params {
        Arg::Tensor(tensor) | Arg::Handle(tensor) => *tensor,
        _ => convert(params.clone(), "params", None),
    };
    let rows = {
        let _near = graph.colocate_with(table.op());
        match params {
            Arg::Handle(handle) => resource_gather(handle, ids.into_arg(), &format!("{scope}/")),
            _ => gather_named(table, ids, &format!("{scope}/")),
        }
    };
    IDENTITY.call([rows.into_arg()]).single()
}
