//! GatherNd and ScatterNd: slices picked, and added up, by whole coordinates.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::array::shape_as;
use crate::shape::{PartialShape, Shape};
use crate::value::{Element, Number};

/// The slices of `params` at the coordinates in the rows of `indices`. TF: `tf.gather_nd`.
///
/// The last dimension of `indices`, int32 or int64, holds coordinates of the first dimensions of `params`; what the rest
/// of the dimensions holds stands in the result for each. Coordinates out of range are an error of the run. The gradient is
/// [`scatter_nd`].
///
/// ```
/// use flowstone as tf;
/// let y = tf::gather_nd(tf::constant([[1, 2], [3, 4]]), [[0, 0], [1, 0]]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn gather_nd(params: impl IntoTensor, indices: impl IntoTensor) -> Tensor {
    GATHER_ND.call([params.into_arg(), indices.into_arg()]).single()
}

/// An array of `shape` in which the slices of `updates` stand at the coordinates in the rows of `indices`, added up where
/// there are several, and zero elsewhere. TF: `tf.scatter_nd`.
///
/// `indices` and `shape` are both int32 or both int64; `updates` may be of any data type (strings are joined, truth values
/// are true if one is). The gradient is gathered.
///
/// ```
/// use flowstone as tf;
/// let y = tf::scatter_nd([[1], [1], [3]], [1.0, 2.0, 3.0], [4]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 3.0, 0.0, 3.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn scatter_nd(indices: impl IntoTensor, updates: impl IntoTensor, shape: impl IntoTensor) -> Tensor {
    SCATTER_ND.call([indices.into_arg(), updates.into_arg(), shape.into_arg()]).single()
}

/// Where the slices at the coordinates of `indices` begin, in slices of an array of shape `whole`: `None` for coordinates
/// out of range where those are to be passed over. And how many elements a slice has.
fn slices(ctx: &KernelCtx, input: usize, whole: &Shape) -> Result<(Vec<Option<usize>>, usize)> {
    let shape = ctx.inputs.shape(input)?;
    let depth = shape.last().copied().unwrap_or_default();
    if depth > whole.rank() {
        return Err(Error::invalid_argument(format!("coordinates of {depth} dimensions into shape {whole}")));
    }
    let strict = match ctx.node.attrs().str("bad_indices_policy")? {
        "" | "DEFAULT" | "ERROR" => true,
        "IGNORE" => false,
        other => return Err(Error::invalid_argument(format!("bad_indices_policy is {other}"))),
    };
    let block = whole[depth..].iter().product();
    let count = shape.iter().take(shape.rank().saturating_sub(1)).product();
    let indices = ctx.inputs.value(input)?.integers()?;
    let mut places = Vec::with_capacity(count);
    for i in 0..count {
        let row = &indices[i * depth..(i + 1) * depth];
        let place = row
            .iter()
            .zip(whole.iter())
            .try_fold(0, |place, (&i, &n)| usize::try_from(i).ok().filter(|&i| i < n).map(|i| place * n + i));
        if place.is_none() && strict {
            return Err(Error::invalid_argument(format!("coordinates {row:?} are not in shape {whole}")));
        }
        places.push(place);
    }
    Ok((places, block))
}

pub(super) static GATHER_ND: OpDef = OpDef {
    sig: Sig::new(
        "GatherNd(params: Tparams, indices: Tindices) -> (output: Tparams) \
         where Tparams: type, Tindices: index, bad_indices_policy: string = ''",
    ),
    infer: |ctx| {
        let (params, indices) = (ctx.shape(0)?, ctx.shape(1)?);
        let (Some(dims), Some((depth, rows))) = (params.dims(), indices.dims().and_then(<[_]>::split_last)) else {
            if indices.rank() == Some(0) {
                return Err(Error::invalid_argument("indices must have a dimension of coordinates"));
            }
            return ctx.set(0, PartialShape::unknown());
        };
        let Some(depth) = *depth else { return ctx.set(0, PartialShape::unknown()) };
        let rest = dims
            .get(depth..)
            .ok_or_else(|| Error::invalid_argument(format!("coordinates of {depth} dimensions into shape {params}")))?;
        ctx.set(0, PartialShape::new(rows.iter().chain(rest).copied()))
    },
    kernel: Kernel::Run(|ctx| {
        let whole = ctx.inputs.shape(0)?.clone();
        let (places, block) = slices(ctx, 1, &whole)?;
        dispatch!(ctx.node.attrs().dtype("Tparams")?, all, T => {
            let params = ctx.inputs.slice::<T>(0)?;
            for (out, place) in ctx.outputs.slice::<T>(0)?.chunks_exact_mut(block.max(1)).zip(places) {
                match place {
                    Some(place) => out.clone_from_slice(&params[place * block..][..block]),
                    None => out.fill(T::default()),
                }
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let sizes = shape_as(g.x(0), g.x(1).dtype()?);
        let call = SCATTER_ND.call([g.x(1), g.dy(0), sizes].map(IntoTensor::into_arg));
        let policy = g.attrs().str("bad_indices_policy")?;
        Ok(vec![Some(call.attr("bad_indices_policy", policy).single()), None])
    }),
    flags: Flags::PURE,
};

pub(crate) static SCATTER_ND: OpDef = OpDef {
    sig: Sig::new(
        "ScatterNd(indices: Tindices, updates: T, shape: Tindices) -> (output: T) \
         where T: type, Tindices: index, bad_indices_policy: string = ''",
    ),
    infer: infer_scatter,
    kernel: Kernel::Run(|ctx| match ctx.node.dtype()? {
        DType::Bool => scatter::<bool>(ctx, |sum, x| *sum |= x),
        DType::String => scatter::<Vec<u8>>(ctx, |sum, x| sum.extend_from_slice(x)),
        dtype => dispatch!(dtype, numbers, T => scatter::<T>(ctx, |sum, x| *sum = sum.plus(*x))),
    }),
    grad: Grad::Rule(|g| Ok(vec![None, Some(gather_nd(g.dy(0), g.x(0))), None])),
    flags: Flags::PURE,
};

fn scatter<T: Element>(ctx: &mut KernelCtx, add: impl Fn(&mut T, &T)) -> Result<()> {
    let whole = ctx.outputs.shape(0)?.clone();
    let (places, block) = slices(ctx, 0, &whole)?;
    let updates = ctx.inputs.slice::<T>(1)?;
    let sums = ctx.outputs.slice::<T>(0)?;
    sums.fill(T::default());
    for (place, update) in places.into_iter().zip(updates.chunks_exact(block.max(1))) {
        if let Some(place) = place {
            sums[place * block..].iter_mut().zip(update).for_each(|(sum, x)| add(sum, x));
        }
    }
    Ok(())
}

fn infer_scatter(ctx: &mut InferCtx) -> Result<()> {
    let whole = ctx.shape_from(2)?;
    let (indices, updates) = (ctx.shape(0)?, ctx.shape(1)?);
    if ctx.known_integers(2)?.is_some_and(|sizes| sizes.contains(&-1)) {
        return Err(Error::invalid_argument("shape leaves a size open"));
    }
    if let Some((depth, rows)) = indices.dims().and_then(<[_]>::split_last) {
        let front = updates.dims().map(|dims| PartialShape::new(dims.iter().copied().take(rows.len())));
        let rest = depth.zip(whole.dims()).map(|(depth, dims)| {
            let rest = dims.get(depth..).ok_or(depth)?;
            Ok(PartialShape::new(rows.iter().chain(rest).copied()))
        });
        let fits = match rest.transpose() {
            Ok(Some(wanted)) => wanted.merge(updates).is_some(),
            Ok(None) => front.is_none_or(|front| front.merge(&PartialShape::new(rows.iter().copied())).is_some()),
            Err::<_, usize>(_) => false,
        };
        if !fits {
            return Err(Error::invalid_argument(format!(
                "updates {updates} at indices {indices} of an array of shape {whole}"
            )));
        }
        let empty = |shape: &PartialShape| shape.dims().is_some_and(|dims| dims.contains(&Some(0)));
        if empty(&whole) && indices.num_elements().is_some_and(|n| n > 0) {
            return Err(Error::invalid_argument(format!("indices {indices} into an empty array of shape {whole}")));
        }
    } else if indices.rank() == Some(0) {
        return Err(Error::invalid_argument("indices must have a dimension of coordinates"));
    }
    ctx.set(0, whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn gather_nd_is_whole() {
        let x: Value = [[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into();
        OpTest::new(|x| vec![gather_nd(x[0], x[1]), gather_nd(x[0], [[0, 1], [2, 0]])])
            .inputs([x, [[2i64], [0]].into()])
            .expect([[[5.0f32, 6.0], [1.0, 2.0]].into(), [2.0f32, 5.0].into()])
            .differentiable(&[0])
            .run();
        let error = build_error(|| gather_nd([1, 2], [[0, 1]]));
        assert!(error.contains("coordinates of 2 dimensions into shape [2]"), "{error}");
    }

    #[test]
    fn scatter_nd_is_whole() {
        OpTest::new(|x| vec![scatter_nd(x[0], x[1], [3, 2])])
            .inputs([[[1i32], [1], [0]].into(), [[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into()])
            .constants(&[0])
            .expect([[[5.0f32, 6.0], [4.0, 6.0], [0.0, 0.0]].into()])
            .differentiable(&[1])
            .run();
        OpTest::new(|x| vec![scatter_nd(x[0], x[1], [2])])
            .inputs([[[1i32], [1]].into(), [b"a".to_vec(), b"b".to_vec()].into()])
            .expect([[b"".to_vec(), b"ab".to_vec()].into()])
            .run();
        let error = build_error(|| scatter_nd([[0]], [1.0, 2.0], [3]));
        assert!(error.contains("updates [2] at indices [1,1] of an array of shape [3]"), "{error}");
    }
}
