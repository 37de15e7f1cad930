//! Picked rows joined by number: SparseSegmentSum, -Mean, -SqrtN, and their gradients.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{
    Arg, Flags, Grad, GradCtx, Gradient, IndexedSlices, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig,
};
use crate::ops::array::{item, shape};
use crate::ops::math::segment::{count_segments, rows_of};
use crate::shape::{Dim, PartialShape, merge_dims};
use crate::value::{Number, Value};

/// A [`sparse_segment_sum`] or another of its kind under construction: the keyword argument.
#[must_use = "nothing is built until `build` is called"]
pub struct SparseSegmentArgs {
    ops: &'static [OpDef; 2],
    args: [Arg; 3],
    num_segments: Option<Arg>,
    sparse_gradient: bool,
}

impl SparseSegmentArgs {
    /// How many segments there are; one more than the last number if not said.
    pub fn num_segments(mut self, num_segments: impl IntoTensor) -> Self {
        self.num_segments = Some(num_segments.into_arg());
        self
    }

    /// Whether the gradient is for the picked rows only; false if not said.
    pub fn sparse_gradient(mut self, sparse_gradient: bool) -> Self {
        self.sparse_gradient = sparse_gradient;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let [data, indices, ids] = self.args;
        let call = match self.num_segments {
            None => self.ops[0].call([data, indices, ids]),
            Some(n) => self.ops[1].call([data, indices, ids, n]),
        };
        call.attr("sparse_gradient", self.sparse_gradient).single()
    }
}

macro_rules! functions {
    ($($(#[$doc:meta])* $function:ident $args:ident $ops:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(data: impl IntoTensor, indices: impl IntoTensor, segment_ids: impl IntoTensor) -> Tensor {
            $args(data, indices, segment_ids).build()
        }

        #[doc = concat!("[`", stringify!($function), "`] with keyword arguments `num_segments` and `sparse_gradient`.")]
        pub fn $args(
            data: impl IntoTensor,
            indices: impl IntoTensor,
            segment_ids: impl IntoTensor,
        ) -> SparseSegmentArgs {
            let args = [data.into_arg(), indices.into_arg(), segment_ids.into_arg()];
            SparseSegmentArgs { ops: &$ops, args, num_segments: None, sparse_gradient: false }
        }
    )*};
}

functions! {
    /// The sum of the rows of `data` at `indices` that have the same number in `segment_ids`.
    /// TF: `tf.sparse_segment_sum`.
    ///
    /// `data` is numbers; `indices` and `segment_ids` are lists of int32 or int64 of one length, the latter rising. An
    /// index out of range is an error of the run. Keyword argument `num_segments`.
    ///
    /// ```
    /// use flowstone as tf;
    /// let y = tf::sparse_segment_sum([1.0, 2.0, 4.0], [0, 2, 2], [0, 0, 1]);
    /// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [5.0, 4.0]);
    /// # Ok::<(), tf::Error>(())
    /// ```
    sparse_segment_sum sparse_segment_sum_args SPARSE_SEGMENT_SUM;
    /// The mean of the rows of `data` at `indices` that have the same number in `segment_ids`.
    /// TF: `tf.sparse_segment_mean`. float32 or float64; as [`sparse_segment_sum`] in all else.
    sparse_segment_mean sparse_segment_mean_args SPARSE_SEGMENT_MEAN;
    /// The sum of the rows of `data` at `indices` that have the same number in `segment_ids`, divided by the square root
    /// of how many they are. TF: `tf.sparse_segment_sqrt_n`. float32 or float64; as [`sparse_segment_sum`] in all else.
    sparse_segment_sqrt_n sparse_segment_sqrt_n_args SPARSE_SEGMENT_SQRT_N;
}

/// What the sum of so many rows is divided by.
#[derive(Clone, Copy)]
enum Divisor {
    One,
    Count,
    Root,
}

impl Divisor {
    fn of<T: Number>(self, count: usize) -> T {
        match self {
            Divisor::One => T::ONE,
            Divisor::Count => T::from_usize(count),
            Divisor::Root => T::from_f64((count as f64).sqrt()),
        }
    }
}

/// The lists of indices and numbers, as long as each other.
fn infer_lists(ctx: &InferCtx) -> Result<()> {
    let (indices, ids) = (ctx.shape_of_rank(1, 1)?, ctx.shape_of_rank(2, 1)?);
    match merge_dims(indices.dim(0), ids.dim(0)) {
        Some(_) => Ok(()),
        None => Err(Error::invalid_argument(format!("indices {indices} and segment_ids {ids} differ in length"))),
    }
}

fn infer_rows(ctx: &mut InferCtx, rows: Dim) -> Result<()> {
    infer_lists(ctx)?;
    let shape = match ctx.shape(0)?.dims() {
        None => PartialShape::unknown(),
        Some([_, rest @ ..]) => PartialShape::new(std::iter::once(rows).chain(rest.iter().copied())),
        Some([]) => return Err(Error::invalid_argument("a single number has no rows")),
    };
    ctx.set(0, shape)
}

fn size(n: Option<i64>) -> Result<Dim> {
    n.map(|n| usize::try_from(n).map_err(|_| Error::invalid_argument(format!("{n} rows")))).transpose()
}

/// An error unless all of `indices` are below `n`.
fn check_indices(indices: &[i64], n: usize) -> Result<()> {
    match indices.iter().find(|&&i| i < 0 || i as usize >= n) {
        Some(bad) => Err(Error::invalid_argument(format!("index {bad} is not in [0, {n})"))),
        None => Ok(()),
    }
}

/// Which rows are picked, their segments, and how many segments there are.
fn segments(ctx: &KernelCtx) -> Result<(Vec<i64>, Vec<i64>, usize)> {
    let (indices, ids) = (ctx.inputs.value(1)?.integers()?, ctx.inputs.value(2)?.integers()?);
    check_indices(&indices, ctx.inputs.shape(0)?[0])?;
    let mut count = count_segments(&ids)?;
    if ctx.inputs.len() > 3 {
        let wanted = ctx.inputs.value(3)?.integers()?.first().copied();
        let wanted = size(wanted)?.unwrap_or_default();
        if count > wanted {
            return Err(Error::invalid_argument(format!("segment_ids has {count} segments, not {wanted}")));
        }
        count = wanted;
    }
    Ok((indices, ids, count))
}

fn sum_rows<T: Number + std::ops::Div<Output = T>>(ctx: &mut KernelCtx, divisor: Divisor) -> Result<()> {
    let (indices, ids, count) = segments(ctx)?;
    let data_shape = ctx.inputs.shape(0)?;
    let mut result = Value::zeros(T::DTYPE, rows_of(data_shape, count))?;
    let width: usize = data_shape[1..].iter().product();
    let (data, out) = (ctx.inputs.slice::<T>(0)?, result.make_mut::<T>()?);
    let mut rows = indices.iter().map(|&i| &data[i as usize * width..][..width]);
    for segment in ids.chunk_by(|a, b| a == b) {
        let sums = &mut out[segment[0] as usize * width..][..width];
        for row in rows.by_ref().take(segment.len()) {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum = sum.plus(*x));
        }
        let divisor = divisor.of::<T>(segment.len());
        sums.iter_mut().for_each(|sum| *sum = *sum / divisor);
    }
    ctx.outputs.set(0, result);
    Ok(())
}

/// Gives the row of each segment back to where its rows came from.
fn spread_rows<T: Number + std::ops::Div<Output = T>>(ctx: &mut KernelCtx, divisor: Divisor) -> Result<()> {
    let rows = ctx.outputs.shape(0)?[0];
    let (indices, ids) = (ctx.inputs.value(1)?.integers()?, ctx.inputs.value(2)?.integers()?);
    check_indices(&indices, rows)?;
    let places = indices.iter().map(|&i| i as usize);
    spread(ctx.inputs.slice::<T>(0)?, ctx.inputs.shape(0)?[0], &ids, places, divisor, ctx.outputs.slice::<T>(0)?)
}

/// The same for those rows only that any came from, and which they are.
fn spread_to_picked<T: Number + std::ops::Div<Output = T>>(ctx: &mut KernelCtx, divisor: Divisor) -> Result<()> {
    let (indices, ids) = (ctx.inputs.value(1)?.integers()?, ctx.inputs.value(2)?.integers()?);
    let rows = size(ctx.inputs.value(3)?.integers()?.first().copied())?.unwrap_or_default();
    check_indices(&indices, rows)?;
    let mut picked = indices.to_vec();
    picked.sort_unstable();
    picked.dedup();
    let shape = ctx.inputs.shape(0)?;
    let mut result = Value::zeros(T::DTYPE, rows_of(shape, picked.len()))?;
    let places = indices.iter().map(|i| picked.partition_point(|p| p < i));
    spread(ctx.inputs.slice::<T>(0)?, shape[0], &ids, places, divisor, result.make_mut::<T>()?)?;
    ctx.outputs.set(0, result);
    let dtype = ctx.node.attrs().dtype("Tidx")?;
    ctx.outputs.set(1, Value::vector(picked).convert(dtype)?);
    Ok(())
}

/// Adds the row of each segment, divided, to the places of `out` that its rows have.
fn spread<T: Number + std::ops::Div<Output = T>>(
    grad: &[T],
    segments: usize,
    ids: &[i64],
    places: impl Iterator<Item = usize>,
    divisor: Divisor,
    out: &mut [T],
) -> Result<()> {
    check_indices(ids, segments)?;
    let mut counts = vec![0usize; segments];
    ids.iter().for_each(|&id| counts[id as usize] += 1);
    out.fill(T::ZERO);
    let width = grad.len().checked_div(segments).unwrap_or(0);
    for (place, &id) in places.zip(ids) {
        let divisor = divisor.of::<T>(counts[id as usize]);
        let row = &grad[id as usize * width..][..width];
        let sums = &mut out[place * width..][..width];
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum = sum.plus(*x / divisor));
    }
    Ok(())
}

/// The gradient to the rows, by the operations `grads`: for all rows, or for those that were picked.
fn rows_grad(g: &GradCtx, [dense, picked]: &'static [OpDef; 2]) -> Result<Vec<Option<Gradient>>> {
    let sizes = shape(g.x(0));
    let args = [g.dy(0), g.x(1), g.x(2), item(sizes, 0)].map(IntoTensor::into_arg);
    let mut all = vec![None; g.xs().len()];
    all[0] = Some(if g.attrs().bool("sparse_gradient")? {
        let rows = picked.call(args).build();
        IndexedSlices { values: rows.output(0), indices: rows.output(1), dense_shape: sizes }.into()
    } else {
        dense.call(args).single().into()
    });
    Ok(all)
}

macro_rules! sparse_segments {
    ($($ops:ident $grad:ident $types:ident $set:literal $name:literal $divisor:ident;)*) => {$(
        /// Without and with the number of segments.
        pub(super) static $ops: [OpDef; 2] = [
            OpDef {
                sig: Sig::new(concat!(
                    $name,
                    "(data: T, indices: Tidx, segment_ids: Tsegmentids) -> (output: T) where T: ", $set,
                    ", Tidx: index = int32, Tsegmentids: index = int32, sparse_gradient: bool = false"
                )),
                infer: |ctx| infer_rows(ctx, None),
                kernel: Kernel::Run(|ctx| {
                    dispatch!(ctx.node.dtype()?, $types, T => sum_rows::<T>(ctx, Divisor::$divisor))
                }),
                grad: Grad::Rows(|g| rows_grad(g, &$grad)),
                flags: Flags::PURE,
            },
            OpDef {
                sig: Sig::new(concat!(
                    $name,
                    "WithNumSegments(data: T, indices: Tidx, segment_ids: Tsegmentids, num_segments: Tnumsegments)",
                    " -> (output: T) where T: ", $set, ", Tidx: index = int32, Tnumsegments: index = int32, ",
                    "Tsegmentids: index = int32, sparse_gradient: bool = false"
                )),
                infer: |ctx| {
                    let rows = size(ctx.known_integer(3)?)?;
                    infer_rows(ctx, rows)
                },
                kernel: Kernel::Run(|ctx| {
                    dispatch!(ctx.node.dtype()?, $types, T => sum_rows::<T>(ctx, Divisor::$divisor))
                }),
                grad: Grad::Rows(|g| rows_grad(g, &$grad)),
                flags: Flags::PURE,
            },
        ];

        /// The gradient for all rows, and for those that were picked.
        pub(super) static $grad: [OpDef; 2] = [
            OpDef {
                sig: Sig::new(concat!(
                    $name,
                    "Grad(grad: T, indices: Tidx, segment_ids: Tsegmentids, output_dim0: int32) -> (output: T) ",
                    "where T: floating, Tidx: index = int32, Tsegmentids: index = int32"
                )),
                infer: |ctx| {
                    let rows = size(ctx.known_integer(3)?)?;
                    infer_rows(ctx, rows)
                },
                kernel: Kernel::Run(|ctx| {
                    dispatch!(ctx.node.dtype()?, floats, T => spread_rows::<T>(ctx, Divisor::$divisor))
                }),
                grad: Grad::Missing("TensorFlow has none"),
                flags: Flags::PURE,
            },
            OpDef {
                sig: Sig::new(concat!(
                    $name,
                    "GradV2(grad: T, indices: Tidx, segment_ids: Tsegmentids, dense_output_dim0: int32) ",
                    "-> (output: T, sorted_unique_indices: Tidx) ",
                    "where T: floating, Tidx: index = int32, Tsegmentids: index = int32"
                )),
                infer: |ctx| {
                    infer_rows(ctx, None)?;
                    ctx.set(1, PartialShape::unknown_of_rank(1))
                },
                kernel: Kernel::Run(|ctx| {
                    dispatch!(ctx.node.dtype()?, floats, T => spread_to_picked::<T>(ctx, Divisor::$divisor))
                }),
                grad: Grad::Missing("TensorFlow has none"),
                flags: Flags::PURE,
            },
        ];
    )*};
}

sparse_segments! {
    SPARSE_SEGMENT_SUM SPARSE_SEGMENT_SUM_GRAD numbers "number" "SparseSegmentSum" One;
    SPARSE_SEGMENT_MEAN SPARSE_SEGMENT_MEAN_GRAD floats "floating" "SparseSegmentMean" Count;
    SPARSE_SEGMENT_SQRT_N SPARSE_SEGMENT_SQRT_N_GRAD floats "floating" "SparseSegmentSqrtN" Root;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autodiff::gradients;
    use crate::testing::OpTest;

    #[test]
    fn sparse_segments_are_whole() {
        let inputs = || {
            let x: Value = [[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into();
            [x, [0i32, 2, 2, 1, 0].into(), [0i32, 0, 0, 0, 2].into()]
        };
        OpTest::new(|x| {
            let sum = sparse_segment_sum(x[0], x[1], x[2]);
            let mean = sparse_segment_mean_args(x[0], x[1], x[2]).num_segments(4).build();
            let root = sparse_segment_sqrt_n(x[0], x[1], x[2]);
            vec![sum, mean, root]
        })
        .inputs(inputs())
        .expect([
            [[14.0f32, 18.0], [0.0, 0.0], [1.0, 2.0]].into(),
            [[3.5f32, 4.5], [0.0, 0.0], [1.0, 2.0], [0.0, 0.0]].into(),
            [[7.0f32, 9.0], [0.0, 0.0], [1.0, 2.0]].into(),
        ])
        .run();
        // TensorFlow's gradients of these have none themselves.
        OpTest::new(|x| {
            let ys = [
                sparse_segment_sum(x[0], x[1], x[2]),
                sparse_segment_mean_args(x[0], x[1], x[2]).num_segments(4).build(),
                sparse_segment_sqrt_n(x[0], x[1], x[2]),
            ];
            ys.into_iter().filter_map(|y| gradients(y, x[0])[0]).map(Gradient::values).collect()
        })
        .inputs(inputs())
        .expect([
            [[2.0f32, 2.0], [1.0, 1.0], [2.0, 2.0]].into(),
            [[1.25f32, 1.25], [0.25, 0.25], [0.5, 0.5]].into(),
            [[1.5f32, 1.5], [0.5, 0.5], [1.0, 1.0]].into(),
        ])
        .run();
    }
}
