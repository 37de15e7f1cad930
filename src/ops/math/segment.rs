//! Parts of an array joined by number: SegmentSum, -Mean, -Prod, -Min, -Max, whose numbers rise, and UnsortedSegmentSum,
//! -Prod, -Min, -Max.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::array::{
    concat, expand_dims, gather, ones_like, ones_like_of, ones_of, ones_of_sizes, rank, reshape, shape, zeros_like,
};
use crate::ops::math::arithmetic::truediv_named;
use crate::ops::math::compare::LOGICAL_AND;
use crate::ops::math::reduce::mean_of;
use crate::ops::math::{cast, equal, greater, greater_equal, logical_and, maximum, where_v2};
use crate::shape::{Dim, PartialShape, Shape, merge_dims};
use crate::value::{Number, Value};

macro_rules! segment_functions {
    ($($(#[$doc:meta])* $function:ident $op:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(data: impl IntoTensor, segment_ids: impl IntoTensor) -> Tensor {
            $op.call([data.into_arg(), segment_ids.into_arg()]).single()
        }
    )*};
}

segment_functions! {
    /// The sum of the rows of `data` that have the same number in `segment_ids`. TF: `tf.segment_sum`.
    ///
    /// `data` is numbers; `segment_ids` has an int32 or int64 for each row, which rise. Row `i` of the result is the sum
    /// of the rows numbered `i`, 0 if there are none. The gradient goes back to the rows.
    ///
    /// ```
    /// use flowstone as tf;
    /// let y = tf::segment_sum([1.0, 2.0, 4.0], [0, 0, 1]);
    /// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [3.0, 4.0]);
    /// # Ok::<(), tf::Error>(())
    /// ```
    segment_sum SEGMENT_SUM;
    /// The mean of the rows of `data` that have the same number in `segment_ids`. TF: `tf.segment_mean`.
    ///
    /// As [`segment_sum`] in all else.
    segment_mean SEGMENT_MEAN;
    /// The product of the rows of `data` that have the same number in `segment_ids`, 1 if there are none.
    /// TF: `tf.segment_prod`. As [`segment_sum`] in all else.
    segment_prod SEGMENT_PROD;
    /// The smallest elements of the rows of `data` that have the same number in `segment_ids`. TF: `tf.segment_min`.
    ///
    /// As [`segment_sum`] in all else; equal elements share the gradient.
    segment_min SEGMENT_MIN;
    /// The largest elements of the rows of `data` that have the same number in `segment_ids`. TF: `tf.segment_max`.
    ///
    /// As [`segment_sum`] in all else; equal elements share the gradient.
    segment_max SEGMENT_MAX;
}

macro_rules! unsorted_functions {
    ($($(#[$doc:meta])* $function:ident $op:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(
            data: impl IntoTensor,
            segment_ids: impl IntoTensor,
            num_segments: impl IntoTensor,
        ) -> Tensor {
            $op.call([data.into_arg(), segment_ids.into_arg(), num_segments.into_arg()]).single()
        }
    )*};
}

unsorted_functions! {
    /// The sum of the parts of `data` that have the same number in `segment_ids`. TF: `tf.unsorted_segment_sum`.
    ///
    /// `data` is numbers whose first dimensions are those of `segment_ids`, which are int32 or int64 below
    /// `num_segments`; parts with a negative number are left out. Row `i` of the result is the sum of the parts
    /// numbered `i`. The gradient goes back to the parts.
    ///
    /// ```
    /// use flowstone as tf;
    /// let y = tf::unsorted_segment_sum([1.0, 2.0, 4.0], [1, 0, 1], 3);
    /// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [2.0, 5.0, 0.0]);
    /// # Ok::<(), tf::Error>(())
    /// ```
    unsorted_segment_sum UNSORTED_SEGMENT_SUM;
    /// The product of the parts of `data` that have the same number, 1 if there are none. TF: `tf.unsorted_segment_prod`.
    ///
    /// As [`unsorted_segment_sum`] in all else.
    unsorted_segment_prod UNSORTED_SEGMENT_PROD;
    /// The smallest elements of the parts of `data` that have the same number, the highest number of the type if there
    /// are none. TF: `tf.unsorted_segment_min`. As [`unsorted_segment_sum`] in all else.
    unsorted_segment_min UNSORTED_SEGMENT_MIN;
    /// The largest elements of the parts of `data` that have the same number, the lowest number of the type if there are
    /// none. TF: `tf.unsorted_segment_max`. As [`unsorted_segment_sum`] in all else.
    unsorted_segment_max UNSORTED_SEGMENT_MAX;
}

/// How many segments there are, if their numbers start from 0 and rise.
pub(super) fn count_segments(ids: &[i64]) -> Result<usize> {
    if let Some(pair) = ids.windows(2).find(|pair| pair[0] > pair[1]) {
        return Err(Error::invalid_argument(format!("segment_ids fall from {} to {}", pair[0], pair[1])));
    }
    if let Some(first) = ids.first().filter(|first| **first < 0) {
        return Err(Error::invalid_argument(format!("segment_ids holds {first}")));
    }
    ids.last().map_or(Ok(0), |last| {
        usize::try_from(*last).map(|n| n + 1).map_err(|_| Error::resource_exhausted(format!("{last} segments")))
    })
}

/// The shape of `count` segments of rows of `data`.
pub(super) fn rows_of(data: &Shape, count: usize) -> Shape {
    std::iter::once(count).chain(data[1..].iter().copied()).collect()
}

fn infer_sorted(ctx: &mut InferCtx) -> Result<()> {
    let ids = ctx.shape_of_rank(1, 1)?;
    let Some(dims) = ctx.shape(0)?.dims() else { return ctx.set(0, PartialShape::unknown()) };
    match dims {
        [rows, rest @ ..] if merge_dims(*rows, ids.dim(0)).is_some() => {
            ctx.set(0, PartialShape::new(std::iter::once(None).chain(rest.iter().copied())))
        }
        _ => Err(Error::invalid_argument(format!("{} segment_ids for data {}", ids, ctx.shape(0)?))),
    }
}

/// Joins the rows of each segment; `gap` stands where there are none.
fn join_sorted<T: Number>(ctx: &mut KernelCtx, gap: T, join: fn(T, T) -> T, mean: bool) -> Result<()> {
    let ids = ctx.inputs.value(1)?.integers()?;
    let shape = rows_of(ctx.inputs.shape(0)?, count_segments(&ids)?);
    let mut result = Value::zeros(T::DTYPE, shape)?;
    let (data, out) = (ctx.inputs.slice::<T>(0)?, result.make_mut::<T>()?);
    let width = data.len().checked_div(ids.len()).unwrap_or(0);
    if width > 0 {
        out.fill(gap);
        let mut rows = data.chunks_exact(width);
        for segment in ids.chunk_by(|a, b| a == b) {
            let joined = &mut out[segment[0] as usize * width..][..width];
            joined.copy_from_slice(rows.next().unwrap_or_default());
            for row in rows.by_ref().take(segment.len() - 1) {
                joined.iter_mut().zip(row).for_each(|(sum, x)| *sum = join(*sum, *x));
            }
            if mean {
                joined.iter_mut().for_each(|sum| *sum = mean_of(*sum, segment.len()));
            }
        }
    }
    ctx.outputs.set(0, result);
    Ok(())
}

macro_rules! sorted {
    ($($op:ident $name:literal, $T:ident, $gap:expr, $join:expr, $mean:literal, $grad:expr;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new(concat!(
                $name, "(data: T, segment_ids: Tindices) -> (output: T) where T: number, Tindices: index"
            )),
            infer: infer_sorted,
            kernel: Kernel::Run(|ctx| {
                dispatch!(ctx.node.dtype()?, numbers, $T => join_sorted::<$T>(ctx, $gap, $join, $mean))
            }),
            grad: Grad::Rule($grad),
            flags: Flags::PURE,
        };
    )*};
}

sorted! {
    SEGMENT_SUM "SegmentSum", T, T::ZERO, T::plus, false, |g| Ok(vec![Some(gather(g.dy(0), g.x(1))), None]);
    SEGMENT_MEAN "SegmentMean", T, T::ZERO, T::plus, true, mean_grad;
    SEGMENT_PROD "SegmentProd", T, T::ONE, T::times, false, product_grad;
    SEGMENT_MIN "SegmentMin", T, T::ZERO, |a, b| if b < a { b } else { a }, false, extreme_grad;
    SEGMENT_MAX "SegmentMax", T, T::ZERO, |a, b| if b > a { b } else { a }, false, extreme_grad;
}

fn mean_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (x, ids, dy) = (g.x(0), g.x(1), g.dy(0));
    let rank = rank(x);
    let sizes = shape(ids);
    let rest = ones_of(expand_dims(rank - 1, 0), sizes.dtype()?, "ones");
    let ones = ones_of(concat([sizes, rest], 0), dy.dtype()?, "ones");
    let share = truediv_named(dy.into_arg(), segment_sum(ones, ids).into_arg(), "truediv");
    Ok(vec![Some(gather(share, ids)), None])
}

fn extreme_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (x, ids, dy) = (g.x(0), g.x(1), g.dy(0));
    let zeros = zeros_like(x);
    let selected = equal(x, gather(g.y(0), ids));
    let count = segment_sum(cast(selected, dy.dtype()?), ids);
    let share = truediv_named(dy.into_arg(), count.into_arg(), "truediv");
    Ok(vec![Some(where_v2(selected, gather(share, ids), zeros)), None])
}

/// A segment with one zero gives its gradient to that alone, one with more gives none.
fn product_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (x, ids, dy) = (g.x(0), g.x(1), g.dy(0));
    let is_zero = equal(x, 0);
    let zeros = segment_sum(cast(is_zero, DType::Int32), ids);
    let dy = without_zeros(dy, zeros);
    let others = where_v2(is_zero, ones_like(x), x);
    let product = segment_prod(others, ids);
    let (whole, rest) = (gather(g.y(0), ids), gather(product, ids));
    let share = where_v2(is_zero, rest, whole / others);
    Ok(vec![Some(gather(dy, ids) * share), None])
}

/// `dy`, or 0 where there is more than one zero.
fn without_zeros(dy: Tensor, zeros: Tensor) -> Tensor {
    let several = greater(zeros, 1);
    where_v2(several, zeros_like(dy), dy)
}

fn infer_unsorted(ctx: &mut InferCtx) -> Result<()> {
    let (data, ids, n) = (ctx.shape(0)?, ctx.shape(1)?, ctx.known_integer(2)?);
    let n: Dim = match n.map(usize::try_from) {
        None => None,
        Some(Ok(n)) => Some(n),
        Some(Err(_)) => return Err(Error::invalid_argument("num_segments is negative")),
    };
    let (Some(dims), Some(rank)) = (data.dims(), ids.rank()) else { return ctx.set(0, PartialShape::unknown()) };
    let fits = rank <= dims.len() && (0..rank).all(|axis| merge_dims(dims[axis], ids.dim(axis)).is_some());
    if !fits {
        return Err(Error::invalid_argument(format!(
            "segment_ids has shape {ids}, which data {data} does not begin with"
        )));
    }
    let shape = PartialShape::new(std::iter::once(n).chain(dims[rank..].iter().copied()));
    ctx.set(0, shape)
}

fn join_unsorted<T: Number>(ctx: &mut KernelCtx, start: T, join: fn(T, T) -> T) -> Result<()> {
    let ids = ctx.inputs.value(1)?.integers()?;
    let segments = ctx.outputs.shape(0)?.dims().first().copied().unwrap_or_default();
    if let Some((i, id)) = ids.iter().enumerate().find(|(_, id)| **id >= segments as i64) {
        return Err(Error::invalid_argument(format!("segment_ids[{i}] is {id}, but there are {segments} segments")));
    }
    let (data, out) = (ctx.inputs.slice::<T>(0)?, ctx.outputs.slice::<T>(0)?);
    out.fill(start);
    let width = data.len().checked_div(ids.len()).unwrap_or(0);
    for (i, id) in ids.iter().enumerate() {
        if let Ok(id) = usize::try_from(*id) {
            let part = &data[i * width..(i + 1) * width];
            out[id * width..].iter_mut().zip(part).for_each(|(sum, x)| *sum = join(*sum, *x));
        }
    }
    Ok(())
}

/// The lowest and the highest finite number.
fn finite_ends<T: Number>() -> [T; 2] {
    let most = match T::DTYPE {
        DType::Float32 => f64::from(f32::MAX),
        DType::Float64 => f64::MAX,
        _ => return [T::LOWEST, T::HIGHEST],
    };
    [T::from_f64(-most), T::from_f64(most)]
}

macro_rules! unsorted {
    ($($op:ident $name:literal, $T:ident, $start:expr, $join:expr, $grad:expr;)*) => {$(
        pub(crate) static $op: OpDef = OpDef {
            sig: Sig::new(concat!(
                $name,
                "(data: T, segment_ids: Tindices, num_segments: Tnumsegments) -> (output: T) ",
                "where T: number, Tindices: index, Tnumsegments: index = int32",
            )),
            infer: infer_unsorted,
            kernel: Kernel::Run(|ctx| {
                dispatch!(ctx.node.dtype()?, numbers, $T => join_unsorted::<$T>(ctx, $start, $join))
            }),
            grad: Grad::Rule($grad),
            flags: Flags::PURE,
        };
    )*};
}

unsorted! {
    UNSORTED_SEGMENT_SUM "UnsortedSegmentSum", T, T::ZERO, T::plus, |g| {
        Ok(vec![Some(gather_numbered(g.dy(0), &Numbered::of(g.x(1)))), None, None])
    };
    UNSORTED_SEGMENT_PROD "UnsortedSegmentProd", T, T::ONE, T::times, unsorted_product_grad;
    UNSORTED_SEGMENT_MIN "UnsortedSegmentMin", T, finite_ends::<T>()[1], |a, b| if b < a { b } else { a },
        unsorted_extreme_grad;
    UNSORTED_SEGMENT_MAX "UnsortedSegmentMax", T, finite_ends::<T>()[0], |a, b| if b > a { b } else { a },
        unsorted_extreme_grad;
}

/// Segment numbers, and 0 for those below.
struct Numbered {
    ids: Tensor,
    clipped: Tensor,
}

impl Numbered {
    fn of(ids: Tensor) -> Self {
        Numbered { ids, clipped: maximum(ids, zeros_like(ids)) }
    }
}

/// For each number the row of `rows`, 0 for those below 0. TF: `_GatherDropNegatives`.
fn gather_numbered(rows: Tensor, numbers: &Numbered) -> Tensor {
    let gathered = gather(rows, numbers.clipped);
    let is_counted = counted(numbers.ids, gathered);
    where_v2(is_counted, gathered, zeros_like(gathered))
}

/// Whether each number counts, in the shape of `gathered`.
fn counted(ids: Tensor, gathered: Tensor) -> Tensor {
    let is_counted = greater_equal(ids, 0);
    let sizes = shape(is_counted);
    let rest = (rank(gathered) - rank(is_counted)).into_arg();
    let sizes = concat([sizes, ones_of_sizes(vec![rest], DType::Int32)], 0);
    let is_counted = reshape(is_counted, sizes).into_arg();
    let everywhere = ones_like_of(gathered.into_arg(), Some(DType::Bool)).into_arg();
    LOGICAL_AND.call([is_counted, everywhere]).name("and").single()
}

fn unsorted_extreme_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (x, ids, n, dy) = (g.x(0), g.x(1), g.x(2), g.dy(0));
    let numbers = Numbered::of(ids);
    let gathered = gather(g.y(0), numbers.clipped);
    let is_counted = counted(ids, gathered);
    let outputs = where_v2(is_counted, gathered, zeros_like(gathered));
    let selected = logical_and(equal(x, outputs), is_counted);
    let count = unsorted_segment_sum(cast(selected, dy.dtype()?), ids, n);
    let share = truediv_named(dy.into_arg(), count.into_arg(), "truediv");
    let gathered = gather(share, numbers.clipped);
    let shares = where_v2(is_counted, gathered, zeros_like(gathered));
    Ok(vec![Some(where_v2(selected, shares, zeros_like(shares))), None, None])
}

fn unsorted_product_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (x, ids, n, dy) = (g.x(0), g.x(1), g.x(2), g.dy(0));
    let is_zero = equal(x, 0);
    let zeros = unsorted_segment_sum(cast(is_zero, DType::Int32), ids, n);
    let dy = without_zeros(dy, zeros);
    let others = where_v2(is_zero, ones_like(x), x);
    let product = unsorted_segment_prod(others, ids, n);
    let numbers = Numbered::of(ids);
    let (whole, rest) = (gather(g.y(0), numbers.clipped), gather(product, numbers.clipped));
    let share = where_v2(is_zero, rest, whole / x);
    Ok(vec![Some(gather_numbered(dy, &numbers) * share), None, None])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn sorted_segments_are_whole() {
        let functions: [fn(Tensor, Tensor) -> Tensor; 5] = [
            |x, ids| segment_sum(x, ids),
            |x, ids| segment_mean(x, ids),
            |x, ids| segment_prod(x, ids),
            |x, ids| segment_min(x, ids),
            |x, ids| segment_max(x, ids),
        ];
        let expected: [Value; 5] = [
            [[4.0f32, 6.0], [0.0, 0.0], [5.0, 6.0]].into(),
            [[2.0f32, 3.0], [0.0, 0.0], [5.0, 6.0]].into(),
            [[3.0f32, 8.0], [1.0, 1.0], [5.0, 6.0]].into(),
            [[1.0f32, 2.0], [0.0, 0.0], [5.0, 6.0]].into(),
            [[3.0f32, 4.0], [0.0, 0.0], [5.0, 6.0]].into(),
        ];
        for (function, expected) in functions.into_iter().zip(expected) {
            OpTest::new(|x| vec![function(x[0], x[1])])
                .inputs([[[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into(), [0i32, 0, 2].into()])
                .expect([expected])
                .differentiable(&[0])
                .run();
        }
        OpTest::new(|x| vec![segment_mean(x[0], x[1])])
            .inputs([[1i32, 2, -7].into(), [0i64, 0, 1].into()])
            .expect([[1i32, -7].into()])
            .run();
    }

    #[test]
    fn unsorted_segments_are_whole() {
        let functions: [fn(Tensor, Tensor) -> Tensor; 4] = [
            |x, ids| unsorted_segment_sum(x, ids, 2),
            |x, ids| unsorted_segment_prod(x, ids, 2),
            |x, ids| unsorted_segment_min(x, ids, 2),
            |x, ids| unsorted_segment_max(x, ids, 2),
        ];
        let expected: [Value; 4] = [
            [[0.0f32, 0.0], [6.0, 8.0]].into(),
            [[1.0f32, 1.0], [5.0, 12.0]].into(),
            [[f32::MAX, f32::MAX], [1.0, 2.0]].into(),
            [[f32::MIN, f32::MIN], [5.0, 6.0]].into(),
        ];
        for (function, expected) in functions.into_iter().zip(expected) {
            OpTest::new(|x| vec![function(x[0], x[1])])
                .inputs([[[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into(), [1i32, -1, 1].into()])
                .expect([expected])
                .run();
            OpTest::new(|x| vec![function(x[0], x[1])])
                .inputs([[[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into(), [1i32, 0, 1].into()])
                .differentiable(&[0])
                .run();
        }
        let error = build_error(|| unsorted_segment_sum([1.0, 2.0], [0, 0, 0], 1));
        assert!(error.contains("segment_ids has shape [3], which data [2] does not begin with"), "{error}");
    }
}
