//! DynamicStitch, ParallelDynamicStitch: rows of several arrays, put together by number.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::array::gather;
use crate::shape::{Dim, PartialShape, Shape};
use crate::value::{Element, Value};

/// An array whose row `indices[i][j]` is row `data[i][j]`. TF: `tf.dynamic_stitch`.
///
/// `indices` are int32 arrays of any shapes, `data` as many arrays of one type whose shapes begin with those of their
/// indices and go on alike. Where a number stands twice the later row counts; a row that has none is zero. The gradient
/// is gathered.
///
/// ```
/// use flowstone as tf;
/// let y = tf::dynamic_stitch([[0, 2].into_arg(), [1].into_arg()], [["a", "c"].into_arg(), ["b"].into_arg()]);
/// # use tf::IntoTensor;
/// assert_eq!(y.shape().to_string(), "[3]");
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn dynamic_stitch<I: IntoTensor, D: IntoTensor>(
    indices: impl IntoIterator<Item = I>,
    data: impl IntoIterator<Item = D>,
) -> Tensor {
    DYNAMIC_STITCH.call([Arg::list(indices), Arg::list(data)]).single()
}

/// [`dynamic_stitch`] where no number stands twice. TF: `ParallelDynamicStitch`.
#[track_caller]
pub(super) fn parallel_stitch(indices: &[Tensor], data: &[Tensor]) -> Tensor {
    parallel_stitch_named(indices, data, "ParallelDynamicStitch")
}

/// The same with a name.
#[track_caller]
pub(crate) fn parallel_stitch_named(indices: &[Tensor], data: &[Tensor], name: &str) -> Tensor {
    PARALLEL_DYNAMIC_STITCH.call([Arg::list(indices), Arg::list(data)]).name(name).single()
}

pub(super) static DYNAMIC_STITCH: OpDef = OpDef {
    sig: Sig::new("DynamicStitch(indices: N * int32, data: N * T) -> (merged: T) where N: int, T: type"),
    infer,
    kernel: Kernel::Run(stitch),
    grad: Grad::Rule(picked),
    flags: Flags::PURE,
};

/// The same; TensorFlow runs it on several threads.
pub(super) static PARALLEL_DYNAMIC_STITCH: OpDef = OpDef {
    sig: Sig::new("ParallelDynamicStitch(indices: N * int32, data: N * T) -> (merged: T) where N: int, T: type"),
    infer,
    kernel: Kernel::Run(stitch),
    grad: Grad::Rule(picked),
    flags: Flags::PURE,
};

fn stitch(ctx: &mut KernelCtx) -> Result<()> {
    let count = ctx.inputs.len() / 2;
    let mut rows = 0;
    for i in 0..count {
        for &row in ctx.inputs.slice::<i32>(i)? {
            let row = usize::try_from(row).map_err(|_| Error::invalid_argument(format!("index {row}")))?;
            rows = rows.max(row + 1);
        }
    }
    let tail = |i: usize| -> Result<&[usize]> {
        let (indices, data) = (ctx.inputs.shape(i)?, ctx.inputs.shape(count + i)?);
        data.strip_prefix(indices.dims()).ok_or_else(|| {
            Error::invalid_argument(format!("data {i} of shape {data} does not begin with its indices' {indices}"))
        })
    };
    let row_shape = tail(0)?;
    for i in 1..count {
        if tail(i)? != row_shape {
            let shape = ctx.inputs.shape(count + i)?;
            return Err(Error::invalid_argument(format!("rows of data {i} of shape {shape} are unlike those of 0")));
        }
    }
    let block: usize = row_shape.iter().product();
    let shape: Shape = [rows].iter().chain(row_shape).copied().collect();
    dispatch!(ctx.node.dtype()?, all, T => {
        let mut stitched = Value::zeros(T::DTYPE, shape.clone())?;
        let merged = stitched.make_mut::<T>()?;
        if block > 0 {
            for i in 0..count {
                let (indices, data) = (ctx.inputs.slice::<i32>(i)?, ctx.inputs.slice::<T>(count + i)?);
                for (&row, data) in indices.iter().zip(data.chunks_exact(block)) {
                    merged[row as usize * block..][..block].clone_from_slice(data);
                }
            }
        }
        ctx.outputs.set(0, stitched);
        Ok(())
    })
}

/// The rows of the gradient that stand where those of each array do.
fn picked(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let indices = &g.xs()[..g.xs().len() / 2];
    Ok(indices.iter().map(|_| None).chain(indices.iter().map(|i| Some(gather(g.dy(0), *i)))).collect())
}

fn infer(ctx: &mut InferCtx) -> Result<()> {
    let count = ctx.len() / 2;
    if count == 0 {
        return Err(Error::invalid_argument("there is nothing to stitch"));
    }
    let mut rows: Dim = Some(0);
    let mut merged = PartialShape::unknown();
    for i in 0..count {
        rows = match (rows, ctx.known_integers(i)?) {
            (Some(rows), Some(indices)) => {
                let sizes = indices.iter().map(|&row| usize::try_from(row).map(|row| row + 1));
                let most = sizes.collect::<std::result::Result<Vec<_>, _>>();
                let most = most.map_err(|_| Error::invalid_argument(format!("indices {indices:?}")))?;
                Some(most.into_iter().fold(rows, usize::max))
            }
            _ => None,
        };
        let (indices, data) = (ctx.shape(i)?, ctx.shape(count + i)?);
        let (Some(own), Some(dims)) = (indices.dims(), data.dims()) else { continue };
        let front = PartialShape::new(dims.iter().copied().take(own.len()));
        if dims.len() < own.len() || front.merge(indices).is_none() {
            return Err(Error::invalid_argument(format!(
                "data {i} of shape {data} does not begin with its indices' {indices}"
            )));
        }
        let row = PartialShape::new([None].into_iter().chain(dims[own.len()..].iter().copied()));
        merged = merged.merge(&row).ok_or_else(|| {
            Error::invalid_argument(format!("rows of data {i} of shape {data} are unlike those before"))
        })?;
    }
    if let Some(dims) = merged.dims() {
        merged = PartialShape::new([rows].into_iter().chain(dims[1..].iter().copied()));
    }
    ctx.set(0, merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn dynamic_stitch_is_whole() {
        OpTest::new(|x| vec![dynamic_stitch([x[0], x[1]], [x[2], x[3]])])
            .inputs([[0i32, 2].into(), Value::scalar(3i32), [[1.0f32, 2.0], [3.0, 4.0]].into(), [5.0f32, 6.0].into()])
            .expect([[[1.0f32, 2.0], [0.0, 0.0], [3.0, 4.0], [5.0, 6.0]].into()])
            .run();
        let error = build_error(|| dynamic_stitch([[0, 1]], [[1.0, 2.0, 3.0]]));
        assert!(error.contains("data 0 of shape [3] does not begin with its indices' [2]"), "{error}");
    }
}
