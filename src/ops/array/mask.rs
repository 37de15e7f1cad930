//! Where, and what is made of it: masks.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::kernels::copy::coordinates;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::array::concat::concat_around;
use crate::ops::array::range::range_named;
use crate::ops::array::{expand_dims, gather_args, rank, reshape, shape, squeeze_args};
use crate::ops::math::{cast_op, less, maximum, reduce_max_args, reduce_prod_args};
use crate::shape::{PartialShape, Shape};
use crate::value::{Literal, Value};

/// The coordinates of the elements of `condition` that are true (or not zero), one row for each, row-major, as int64.
/// TF: `tf.where(condition)`, of one argument.
///
/// `condition` is of any data type but string and has at least one dimension. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::where_true([[true, false], [false, true]]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i64>()?, [0, 0, 1, 1]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn where_true(condition: impl IntoTensor) -> Tensor {
    let condition = condition.into_arg();
    let graph = Arg::graph_of(std::slice::from_ref(&condition)).unwrap_or_else(|_| get_default_graph());
    let scope = graph.scope_name("Where");
    let _scope = graph.scope(&format!("{scope}/"));
    let condition = convert(condition, "condition", None);
    WHERE.call([condition.into_arg()]).name(format!("{scope}/")).single()
}

/// The slices of `tensor` along its first dimensions for which `mask` is true. TF: `tf.boolean_mask`.
///
/// `mask` is bool, of a known rank of at least 1, and has the sizes of the first dimensions of `tensor`. Keyword argument
/// `axis`: the first of the dimensions that the mask speaks of. The gradient is zero where the mask is false.
///
/// ```
/// use flowstone as tf;
/// let y = tf::boolean_mask(tf::constant([1, 2, 3]), [true, false, true]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn boolean_mask(tensor: impl IntoTensor, mask: impl IntoTensor) -> Tensor {
    boolean_mask_args(tensor, mask).build()
}

/// [`boolean_mask`] with the keyword argument `axis`.
pub fn boolean_mask_args(tensor: impl IntoTensor, mask: impl IntoTensor) -> BooleanMaskArgs {
    BooleanMaskArgs { tensor: tensor.into_arg(), mask: mask.into_arg(), axis: 0 }
}

/// A [`boolean_mask`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct BooleanMaskArgs {
    tensor: Arg,
    mask: Arg,
    axis: usize,
}

impl BooleanMaskArgs {
    /// The first of the dimensions that the mask speaks of; 0 if not said.
    pub fn axis(mut self, axis: usize) -> Self {
        self.axis = axis;
        self
    }

    /// Builds the operations.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let args = [self.tensor, self.mask];
        let graph = Arg::graph_of(&args).unwrap_or_else(|_| get_default_graph());
        let _scope = graph.scope("boolean_mask");
        let [tensor, mask] = args;
        let (tensor, mask) = (convert(tensor, "tensor", None), convert(mask, "mask", None));
        match masked_sizes(tensor, mask, self.axis) {
            Ok(dims) => masked(tensor, mask, self.axis, dims),
            Err(error) => {
                graph.record(error.at(&graph.current_scope(), Some(crate::graph::here())));
                Tensor::poisoned(&graph)
            }
        }
    }
}

/// The shape of `tensor` with the masked dimensions as one, and how many those are.
fn masked_sizes(tensor: Tensor, mask: Tensor, axis: usize) -> Result<(PartialShape, usize)> {
    let (shape, mask) = (tensor.shape(), mask.shape());
    let rank = mask.rank().filter(|&rank| rank > 0).ok_or_else(|| {
        Error::invalid_argument(format!("the rank of the mask must be known and at least 1, but its shape is {mask}"))
    })?;
    let Some(dims) = shape.dims() else { return Ok((PartialShape::unknown(), rank)) };
    let masked = PartialShape::new(dims.iter().copied().skip(axis).take(rank));
    if axis + rank > dims.len() || masked.merge(&mask).is_none() {
        return Err(Error::invalid_argument(format!("a mask of shape {mask} for shape {shape} at dimension {axis}")));
    }
    let count = masked.num_elements();
    Ok((
        PartialShape::new(dims[..axis].iter().copied().chain([count]).chain(dims[axis + rank..].iter().copied())),
        rank,
    ))
}

#[track_caller]
fn masked(tensor: Tensor, mask: Tensor, axis: usize, (dims, rank): (PartialShape, usize)) -> Tensor {
    let (start, end) = (axis as i32, (axis + rank) as i32);
    let count = reduce_prod_args(shape(tensor).at(start..end)).axis([0]).build();
    let (before, after) = (shape(tensor).at(..start), shape(tensor).at(end..));
    let sizes = concat_around(&[before], count, &[after]);
    let flat = reshape(tensor, sizes);
    flat.set_shape(dims);
    let places = squeeze_args(where_true(reshape(mask, [-1]))).axis([1]).build();
    gather_args(flat, places).axis(start).build()
}

/// Whether a position lies below each of `lengths`: true `lengths[…]` times, then false. TF: `tf.sequence_mask`.
///
/// `lengths` is int32 or int64 of any shape; the result has one more dimension. Keyword arguments `maxlen`, its size
/// (the largest length if not said), and `dtype`, bool if not said. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::sequence_mask!([1, 2], maxlen = 3, dtype = tf::int32);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 0, 0, 1, 1, 0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn sequence_mask(lengths: impl IntoTensor) -> Tensor {
    sequence_mask_args(lengths).build()
}

/// [`sequence_mask`] with keyword arguments.
pub fn sequence_mask_args(lengths: impl IntoTensor) -> SequenceMaskArgs {
    SequenceMaskArgs { lengths: lengths.into_arg(), maxlen: None, dtype: DType::Bool }
}

/// A [`sequence_mask`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct SequenceMaskArgs {
    lengths: Arg,
    maxlen: Option<Arg>,
    dtype: DType,
}

impl SequenceMaskArgs {
    /// The size of the new dimension.
    pub fn maxlen(mut self, maxlen: impl IntoTensor) -> Self {
        self.maxlen = Some(maxlen.into_arg());
        self
    }

    /// The data type; bool if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// Builds the operations.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let args = [Some(self.lengths.clone()), self.maxlen.clone()].map(|arg| arg.unwrap_or(0.into_arg()));
        let graph = Arg::graph_of(&args).unwrap_or_else(|_| get_default_graph());
        let _scope = graph.scope("SequenceMask");
        let lengths = convert(self.lengths, "Const", None);
        let maxlen = match self.maxlen {
            Some(maxlen) => convert(maxlen, "Const", None),
            None => longest(lengths),
        };
        let dtype = maxlen.dtype().unwrap_or(DType::Int32);
        let number = |n| convert(Arg::Literal(Value::scalar(n).convert(dtype).map(Literal::firm)), "Const", None);
        let row = range_named(number(0).into_arg(), maxlen.into_arg(), number(1).into_arg(), "Range");
        let mask = less(row, cast_op(expand_dims(lengths, -1), dtype));
        if self.dtype == DType::Bool { mask } else { cast_op(mask, self.dtype) }
    }
}

/// The largest of `lengths`, or 0.
#[track_caller]
fn longest(lengths: Tensor) -> Tensor {
    let dtype = lengths.dtype().unwrap_or(DType::Int32);
    let axes = match lengths.rank() {
        Some(rank) => convert((0..rank).collect::<Vec<_>>().into_arg(), "Const", None),
        None => range_named(0.into_arg(), rank(lengths).into_arg(), 1.into_arg(), "Range"),
    };
    let most = reduce_max_args(lengths).axis(axes).build();
    let zero = convert(Arg::Literal(Value::scalar(0).convert(dtype).map(Literal::firm)), "Const", None);
    maximum(zero, most)
}

fn find(ctx: &mut KernelCtx) -> Result<()> {
    let shape = ctx.inputs.shape(0)?.clone();
    let found: Vec<usize> = dispatch!(ctx.node.dtype()?, plain, T => {
        let elements = ctx.inputs.slice::<T>(0)?;
        Ok((0..elements.len()).filter(|&i| elements[i] != T::default()).collect())
    })?;
    let rows: Vec<i64> = found.iter().flat_map(|&i| coordinates(i, &shape)).map(|i| i as i64).collect();
    ctx.outputs.set(0, Value::new(Shape::from([found.len(), shape.rank()]), rows)?);
    Ok(())
}

pub(super) static WHERE: OpDef = OpDef {
    sig: Sig::new("Where(input: T) -> (index: int64) where T: plain = bool"),
    infer: |ctx| {
        let rank = ctx.shape(0)?.rank();
        if rank == Some(0) {
            return Err(Error::invalid_argument("a single element has no coordinates"));
        }
        ctx.set(0, PartialShape::new([None, rank]))
    },
    kernel: Kernel::Run(find),
    grad: Grad::Missing("where elements stand is not smooth"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn where_is_whole() {
        OpTest::new(|x| vec![where_true(x[0]), where_true(x[1])])
            .inputs([[[true, false], [true, true]].into(), [0.0f32, f32::NAN, -0.0, 2.0].into()])
            .expect([[[0i64, 0], [1, 0], [1, 1]].into(), [[1i64], [3]].into()])
            .run();
    }

    #[test]
    fn masks_are_whole() {
        let x: Value = [[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into();
        OpTest::new(|x| {
            let (rows, columns) = ([true, false, true], [false, true]);
            let all = [[true, false], [true, false], [false, true]];
            let columns = boolean_mask_args(x[0], columns).axis(1).build();
            vec![boolean_mask(x[0], rows), columns, boolean_mask(x[0], all)]
        })
        .inputs([x])
        .expect([[[1.0f32, 2.0], [5.0, 6.0]].into(), [[2.0f32], [4.0], [6.0]].into(), [1.0f32, 3.0, 6.0].into()])
        .run();
        OpTest::new(|x| vec![sequence_mask(x[0])])
            .inputs([[1i64, 0, 2].into()])
            .expect([[[true, false], [false, false], [true, true]].into()])
            .run();
        assert!(build_error(|| boolean_mask([1, 2], [true])).contains("a mask of shape [1] for shape [2]"));
        assert!(build_error(|| boolean_mask([1, 2], true)).contains("must be known and at least 1"));
    }
}
