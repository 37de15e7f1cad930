//! UnsortedSegmentSum: sums of rows by their number.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, OpDef, Sig};
use crate::shape::{Dim, PartialShape, merge_dims};
use crate::value::Number;

/// The sum of the parts of `data` that have the same number in `segment_ids`. TF: `tf.unsorted_segment_sum`.
///
/// `data` is numbers whose first dimensions are those of `segment_ids`, which are int32 or int64 below `num_segments`; parts
/// with a negative number are left out. Row `i` of the result is the sum of the parts numbered `i`.
///
/// ```
/// use flowstone as tf;
/// let y = tf::unsorted_segment_sum([1.0, 2.0, 4.0], [1, 0, 1], 3);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [2.0, 5.0, 0.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn unsorted_segment_sum(
    data: impl IntoTensor,
    segment_ids: impl IntoTensor,
    num_segments: impl IntoTensor,
) -> Tensor {
    UNSORTED_SEGMENT_SUM.call([data.into_arg(), segment_ids.into_arg(), num_segments.into_arg()]).single()
}

pub(crate) static UNSORTED_SEGMENT_SUM: OpDef = OpDef {
    sig: Sig::new(
        "UnsortedSegmentSum(data: T, segment_ids: Tindices, num_segments: Tnumsegments) -> (output: T) \
         where T: number, Tindices: index, Tnumsegments: index = int32",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        let ids = ctx.inputs.value(1)?.integers()?;
        let segments = ctx.outputs.shape(0)?.dims().first().copied().unwrap_or_default();
        if let Some((i, id)) = ids.iter().enumerate().find(|(_, id)| **id >= segments as i64) {
            return Err(Error::invalid_argument(format!(
                "segment_ids[{i}] is {id}, but there are {segments} segments"
            )));
        }
        dispatch!(ctx.node.dtype()?, numbers, T => {
            let data = ctx.inputs.slice::<T>(0)?;
            let sums = ctx.outputs.slice::<T>(0)?;
            sums.fill(T::ZERO);
            let width = data.len().checked_div(ids.len()).unwrap_or(0);
            for (i, id) in ids.iter().enumerate() {
                if let Ok(id) = usize::try_from(*id) {
                    let part = &data[i * width..(i + 1) * width];
                    sums[id * width..].iter_mut().zip(part).for_each(|(sum, x)| *sum = sum.plus(*x));
                }
            }
            Ok(())
        })
    }),
    grad: Grad::Missing("its gradient picks rows, which is not there yet"),
    flags: Flags::PURE,
};

fn infer(ctx: &mut InferCtx) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn unsorted_segment_sum_is_whole() {
        OpTest::new(|x| vec![unsorted_segment_sum(x[0], x[1], 2)])
            .inputs([[[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into(), [1i32, -1, 1].into()])
            .expect([[[0.0f32, 0.0], [6.0, 8.0]].into()])
            .run();
        let error = build_error(|| unsorted_segment_sum([1.0, 2.0], [0, 0, 0], 1));
        assert!(error.contains("segment_ids has shape [3], which data [2] does not begin with"), "{error}");
    }
}
