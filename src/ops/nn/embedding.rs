//! Rows of a table by number: `embedding_lookup`. The table may lie in several parts.

use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{
    IDENTITY, concat, constant_named, dynamic_partition, gather, gather_named, item, pack_named, parallel_stitch_named,
    range, rank, reshape, rest, shape, size,
};
use crate::ops::math::{cast, clip_by_norm_args, floordiv, less, maximum, reduce_sum, select};
use crate::ops::scope::Scope;
use crate::ops::state::{Variable, resource_gather};
use crate::shape::PartialShape;
use crate::value::Value;

/// The rows of `params` that `ids` names. TF: `tf.nn.embedding_lookup`.
///
/// `params` is a table, usually a variable, or a list of its parts; `ids` is int32 or int64 of any shape, whose dimensions come before those of a
/// row. A number out of range is an error of the run. The gradient to the table is the rows alone
/// ([`IndexedSlices`](crate::IndexedSlices)), so that an optimizer changes only what was looked up.
///
/// Keyword arguments: `partition_strategy`, `"mod"` if not said (row i of the table is in part i mod n) or `"div"` (the parts
/// follow one another, the first ones longer by a row if need be); `max_norm`, the norm that longer rows are cut to. An
/// error: no part, or parts whose rows differ.
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
pub fn embedding_lookup(params: impl Tables, ids: impl IntoTensor) -> Tensor {
    embedding_lookup_args(params, ids).build()
}

/// [`embedding_lookup`] with keyword arguments.
pub fn embedding_lookup_args(params: impl Tables, ids: impl IntoTensor) -> EmbeddingLookupArgs {
    EmbeddingLookupArgs {
        params: params.into_tables(),
        ids: ids.into_arg(),
        partition_strategy: "mod".to_owned(),
        max_norm: None,
    }
}

/// A table of rows, or the parts of one: a tensor or a variable, or an array or a vector of these.
pub trait Tables {
    /// The parts.
    fn into_tables(self) -> Vec<Arg>;
}

impl<T: IntoTensor> Tables for T {
    fn into_tables(self) -> Vec<Arg> {
        match self.into_arg() {
            Arg::List(parts) => parts,
            table => vec![table],
        }
    }
}

macro_rules! parts {
    ($($table:ty),*) => {$(
        impl Tables for Vec<$table> {
            fn into_tables(self) -> Vec<Arg> {
                self.as_slice().into_tables()
            }
        }

        impl<const N: usize> Tables for [$table; N] {
            fn into_tables(self) -> Vec<Arg> {
                self.as_slice().into_tables()
            }
        }

        impl Tables for &[$table] {
            fn into_tables(self) -> Vec<Arg> {
                self.iter().map(IntoTensor::into_arg).collect()
            }
        }
    )*};
}
parts! { Tensor, Variable }

/// An [`embedding_lookup`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct EmbeddingLookupArgs {
    params: Vec<Arg>,
    ids: Arg,
    partition_strategy: String,
    max_norm: Option<Arg>,
}

impl EmbeddingLookupArgs {
    /// How rows lie in several parts: `"mod"` if not said, or `"div"`.
    pub fn partition_strategy(mut self, strategy: &str) -> Self {
        self.partition_strategy = strategy.to_owned();
        self
    }

    /// The norm that longer rows are cut to.
    pub fn max_norm(mut self, max_norm: impl IntoTensor) -> Self {
        self.max_norm = Some(max_norm.into_arg());
        self
    }

    /// Builds the lookup.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let all: Vec<&Arg> = self.params.iter().chain([&self.ids]).collect();
        let scope = Scope::open(&all, "embedding_lookup");
        let convert_table = |table: Arg| match table {
            Arg::Literal(_) => Arg::Tensor(convert(table, "params", None)),
            table => table,
        };
        let params: Vec<Arg> = self.params.into_iter().map(convert_table).collect();
        let ids = convert(self.ids, "ids", None);
        let found = match params.as_slice() {
            [] => Err(Error::invalid_argument("there is no table")),
            [one] => Ok(look_up_one(&scope, one, ids, self.max_norm)),
            _ => look_up(&scope, &params, ids, &self.partition_strategy, self.max_norm),
        };
        found.unwrap_or_else(|error| scope.fail(error))
    }
}

/// What a part is placed with.
fn place(table: &Arg) -> Tensor {
    match table {
        Arg::Tensor(tensor) | Arg::Handle(tensor) => *tensor,
        _ => Tensor::poisoned(&get_default_graph()),
    }
}

/// What is known of a part's shape.
fn known_shape(table: &Arg) -> PartialShape {
    match table {
        Arg::Handle(handle) => handle.fact().and_then(|fact| Some(fact.handle?.shape.clone())).unwrap_or_default(),
        table => place(table).shape(),
    }
}

#[track_caller]
fn look_up_one(scope: &Scope, table: &Arg, ids: Tensor, max_norm: Option<Arg>) -> Tensor {
    let rows = {
        let _near = scope.graph().colocate_with(place(table).op());
        let rows = match table {
            Arg::Handle(handle) => resource_gather(*handle, ids.into_arg(), scope.itself()),
            _ => gather_named(place(table), ids, scope.itself()),
        };
        clipped(rows, ids, max_norm)
    };
    IDENTITY.call([rows.into_arg()]).single()
}

/// `rows` with those cut whose norm is above `max_norm`.
#[track_caller]
fn clipped(rows: Tensor, ids: Tensor, max_norm: Option<Arg>) -> Tensor {
    let Some(max_norm) = max_norm else { return rows };
    // As in TensorFlow, no dimensions count as an unknown number of them.
    let ranks = [ids, rows].map(|x| x.rank().filter(|&rank| rank > 0));
    let axes = match ranks {
        [Some(first), Some(last)] => (first as i32..last as i32).collect::<Vec<i32>>().into_arg(),
        _ => {
            let ranks = [ids, rows].map(|x| match x.rank() {
                Some(rank) if rank > 0 => (rank as i32).into_arg(),
                _ => rank_of(x),
            });
            let [first, last] = ranks;
            range(first, last, 1).into_arg()
        }
    };
    clip_by_norm_args(rows, max_norm).axes(axes).build()
}

#[track_caller]
fn rank_of(x: Tensor) -> Arg {
    rank(x).into_arg()
}

/// Each id's part, and its row there.
#[track_caller]
fn parts_and_rows(scope: &Scope, params: &[Arg], ids: Tensor, strategy: &str) -> Result<(Tensor, Tensor)> {
    let count = params.len() as i32;
    match strategy {
        "mod" => {
            let part = ids % count;
            Ok((part, floordiv(ids, count)))
        }
        "div" => {
            let dtype = ids.dtype()?;
            let sizes: Vec<Option<usize>> = params.iter().map(|table| known_shape(table).dim(0)).collect();
            let total = match sizes.iter().copied().sum::<Option<usize>>().filter(|&total| total > 0) {
                Some(total) => constant_named(Value::scalar(total as i64).convert(dtype)?, "Const"),
                None => {
                    let size = |(table, size): (&Arg, Option<usize>)| match size {
                        Some(size) => (size as i32).into_arg(),
                        None => {
                            let _near = scope.graph().colocate_with(place(table).op());
                            item(shape(table.clone()), 0).into_arg()
                        }
                    };
                    let sizes = params.iter().zip(sizes).map(size).collect();
                    reduce_sum(cast(pack_named(sizes, "stack"), dtype))
                }
            };
            let short = floordiv(total, count);
            let longer = total % count;
            let part = maximum(floordiv(ids, short + 1), floordiv(ids - longer, short));
            let row = select(less(part, longer), ids % (short + 1), (ids - longer) % short);
            Ok((part, row))
        }
        _ => Err(Error::invalid_argument(format!("partition_strategy is '{strategy}', not 'mod' or 'div'"))),
    }
}

#[track_caller]
fn look_up(scope: &Scope, params: &[Arg], ids: Tensor, strategy: &str, max_norm: Option<Arg>) -> Result<Tensor> {
    let graph = scope.graph();
    let flat = reshape(ids, [-1]);
    let places = range(0, size(flat), 1);
    let (part, row) = parts_and_rows(scope, params, flat, strategy)?;
    let part = cast(part, crate::dtype::DType::Int32);
    let count = params.len() as i64;
    let (rows, places) = (dynamic_partition(row, part, count), dynamic_partition(places, part, count));
    let mut found = Vec::with_capacity(params.len());
    for (table, rows) in params.iter().zip(rows) {
        let _anywhere = graph.clear_device();
        let _near = graph.colocate_with(place(table).op());
        found.push(gather(table.clone(), rows));
    }
    let found = parallel_stitch_named(&places, &found, scope.itself());
    let mut of_row = PartialShape::unknown();
    for table in params {
        let known = known_shape(table);
        let rest =
            known.dims().map_or_else(PartialShape::unknown, |dims| PartialShape::new(dims.iter().skip(1).copied()));
        of_row = of_row.merge(&rest).ok_or_else(|| {
            Error::invalid_argument(format!("the rows of the parts differ: shapes {of_row} and {rest}"))
        })?;
    }
    let sizes = match of_row.known() {
        Some(known) => {
            let sizes: Vec<i32> = known.iter().map(|&size| size as i32).collect();
            concat([shape(ids).into_arg(), Value::vector(sizes).into_arg()], 0)
        }
        None => {
            let sizes = {
                let _near = graph.colocate_with(place(&params[0]).op());
                shape(params[0].clone())
            };
            let sizes = rest(sizes, 1);
            concat([shape(ids), sizes], 0)
        }
    };
    let found = reshape(found, sizes);
    if let (Some(ids), Some(row)) = (ids.shape().dims(), of_row.dims()) {
        found.set_shape(PartialShape::new(ids.iter().chain(row).copied()));
    }
    Ok(clipped(found, ids, max_norm))
}
