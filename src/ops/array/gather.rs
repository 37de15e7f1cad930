//! GatherV2, Gather: slices picked by index.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{
    Arg, Flags, Grad, GradCtx, Gradient, IndexedSlices, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig,
    resolve_axis,
};
use crate::ops::array::{concat, expand_dims, gather_grad, reshape, rest, shape, size};
use crate::ops::state::resource_gather;
use crate::shape::{Dim, PartialShape};
use crate::value::Value;

/// The slices of `params` along dimension 0 that `indices` names. TF: `tf.gather`.
///
/// `indices` is int32 or int64 of any shape, which stands in the result in place of the dimension. Keyword arguments
/// `axis`, another dimension, and `batch_dims`, how many leading dimensions `params` and `indices` share. An index out
/// of range is an error of the run. The gradient adds rows up where they came from.
///
/// ```
/// use flowstone as tf;
/// let y = tf::gather(tf::constant([10, 20, 30]), [2, 0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [30, 10]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn gather(params: impl IntoTensor, indices: impl IntoTensor) -> Tensor {
    gather_args(params, indices).build()
}

/// [`gather`] with keyword arguments.
pub fn gather_args(params: impl IntoTensor, indices: impl IntoTensor) -> GatherArgs {
    GatherArgs { params: params.into_arg(), indices: indices.into_arg(), axis: None, batch_dims: 0 }
}

/// A [`gather`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct GatherArgs {
    params: Arg,
    indices: Arg,
    axis: Option<Arg>,
    batch_dims: i64,
}

impl GatherArgs {
    /// The dimension that `indices` counts along, an int32 or int64; if not said, the first after those shared.
    pub fn axis(mut self, axis: impl IntoTensor) -> Self {
        self.axis = Some(axis.into_arg());
        self
    }

    /// How many leading dimensions `params` and `indices` share; 0 if not said.
    pub fn batch_dims(mut self, batch_dims: i64) -> Self {
        self.batch_dims = batch_dims;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        if let (Arg::Handle(handle), None, 0) = (&self.params, &self.axis, self.batch_dims) {
            return resource_gather(*handle, self.indices, "Gather");
        }
        let axis = self.axis.unwrap_or_else(|| (self.batch_dims as i32).into_arg());
        GATHER_V2.call([self.params, self.indices, axis]).attr("batch_dims", self.batch_dims).single()
    }
}

/// [`gather`] along the first dimension, with the node's name.
#[track_caller]
pub(crate) fn gather_named(params: Tensor, indices: Tensor, name: &str) -> Tensor {
    GATHER_V2.call([params.into_arg(), indices.into_arg(), 0.into_arg()]).name(name).single()
}

pub(super) static GATHER_V2: OpDef = OpDef {
    sig: Sig::new(
        "GatherV2(params: Tparams, indices: Tindices, axis: Taxis) -> (output: Tparams) \
         where batch_dims: int = 0, Tparams: type, Tindices: index, Taxis: index",
    ),
    infer: |ctx| infer_gather(ctx, ctx.known_integer(2)?, ctx.attrs().int("batch_dims")?),
    kernel: Kernel::Run(|ctx| {
        let axis = ctx.inputs.value(2)?.integers()?.first().copied().unwrap_or_default();
        let batch = ctx.node.attrs().int("batch_dims")?;
        let (params, indices) = (ctx.inputs.value(0)?.clone(), ctx.inputs.value(1)?.clone());
        run_gather(ctx, &params, &indices, axis, batch)
    }),
    grad: Grad::Rows(|g| Ok(vec![Some(params_grad(g)?), None, None])),
    flags: Flags::PURE,
};

/// The old form, along the first dimension.
pub(super) static GATHER: OpDef = OpDef {
    sig: Sig::new(
        "Gather(params: Tparams, indices: Tindices) -> (output: Tparams) \
         where validate_indices: bool = true, Tparams: type, Tindices: index",
    ),
    infer: |ctx| infer_gather(ctx, Some(0), 0),
    kernel: Kernel::Run(|ctx| {
        let (params, indices) = (ctx.inputs.value(0)?.clone(), ctx.inputs.value(1)?.clone());
        run_gather(ctx, &params, &indices, 0, 0)
    }),
    grad: Grad::Rows(|g| Ok(vec![Some(rows_grad(g)), None])),
    flags: Flags::PURE,
};

/// Writes the slices of `params` that `indices` name into output 0, whose shape is right.
pub(crate) fn run_gather(ctx: &mut KernelCtx, params: &Value, indices: &Value, axis: i64, batch: i64) -> Result<()> {
    let x = params.shape();
    let axis = resolve_axis(axis, x.rank())?;
    let batch = batch_dims(batch, indices.shape().rank())?;
    let indices = indices.integers()?;
    let product = |dims: &[usize]| dims.iter().product::<usize>();
    let (batches, rows, n, block) = (product(&x[..batch]), product(&x[batch..axis]), x[axis], product(&x[axis + 1..]));
    if let Some(bad) = indices.iter().find(|&&i| i < 0 || i as usize >= n) {
        return Err(Error::invalid_argument(format!("index {bad} is not in [0, {n}), dimension {axis} of {x}")));
    }
    let count = indices.len().checked_div(batches).unwrap_or(0);
    dispatch!(params.dtype(), all, T => {
        let params = params.as_slice::<T>()?;
        let mut out = ctx.outputs.slice::<T>(0)?.chunks_exact_mut(block.max(1));
        if block > 0 {
            for outer in 0..batches * rows {
                let batch = outer / rows.max(1);
                for &i in &indices[batch * count..(batch + 1) * count] {
                    let from = (outer * n + i as usize) * block;
                    if let Some(out) = out.next() {
                        out.clone_from_slice(&params[from..from + block]);
                    }
                }
            }
        }
        Ok(())
    })
}

/// The gradient of what was gathered along the first dimension: the rows of `dy`, and where they came from.
fn params_grad(g: &GradCtx) -> Result<Gradient> {
    if g.integers(2).as_deref() != Some(&[0]) || g.attrs().int("batch_dims")? != 0 {
        return gather_grad::along_axis(g).map(Gradient::Dense);
    }
    Ok(rows_grad(g))
}

fn rows_grad(g: &GradCtx) -> Gradient {
    let dense_shape = {
        let _near = g.graph().colocate_with(g.x(0).op());
        shape(g.x(0))
    };
    gathered_rows(g, dense_shape)
}

/// The gradient to what rows were gathered from, whose shape is `dense_shape`.
pub(crate) fn gathered_rows(g: &GradCtx, dense_shape: Tensor) -> Gradient {
    let count = expand_dims(size(g.x(1)), 0);
    let rows = concat([count, rest(dense_shape, 1)], 0);
    let values = reshape(g.dy(0), rows);
    IndexedSlices { values, indices: reshape(g.x(1), count), dense_shape }.into()
}

fn batch_dims(batch: i64, rank: usize) -> Result<usize> {
    let resolved = if batch < 0 { batch + rank as i64 } else { batch };
    usize::try_from(resolved)
        .ok()
        .filter(|&b| b <= rank)
        .ok_or_else(|| Error::invalid_argument(format!("batch_dims {batch} of indices with {rank} dimensions")))
}

fn infer_gather(ctx: &mut InferCtx, axis: Option<i64>, batch: i64) -> Result<()> {
    let (params, indices) = (ctx.shape(0)?, ctx.shape(1)?);
    let shape = gathered_shape(params, indices, axis, batch)?;
    let picked = match (&ctx.input(0)?.integers, ctx.known_integers(1)?) {
        (Some(list), Some(indices)) if params.rank() == Some(1) => Some(
            indices.iter().map(|&i| usize::try_from(i).ok().and_then(|i| list.get(i).copied().flatten())).collect(),
        ),
        _ => None::<Vec<Option<i64>>>,
    };
    ctx.set(0, shape)?;
    if let Some(picked) = picked {
        ctx.set_integers(0, picked);
    }
    Ok(())
}

/// The shape of what `indices` gather from `params`.
pub(crate) fn gathered_shape(
    params: &PartialShape,
    indices: &PartialShape,
    axis: Option<i64>,
    batch: i64,
) -> Result<PartialShape> {
    let (Some(p), Some(i)) = (params.dims(), indices.dims()) else { return Ok(PartialShape::unknown()) };
    let batch = batch_dims(batch, i.len())?;
    if p.is_empty() {
        return Err(Error::invalid_argument("params must have a dimension to gather from"));
    }
    let Some(axis) = axis else {
        return Ok(PartialShape::unknown_of_rank((p.len() + i.len() - 1).saturating_sub(batch)));
    };
    let axis = resolve_axis(axis, p.len())?;
    if batch > axis || p[..batch].iter().zip(i).any(|(p, i)| crate::shape::merge_dims(*p, *i).is_none()) {
        return Err(Error::invalid_argument(format!(
            "params {params} and indices {indices} do not share {batch} batch dimensions"
        )));
    }
    let dims: Vec<Dim> = p[..axis].iter().chain(&i[batch..]).chain(&p[axis + 1..]).copied().collect();
    Ok(PartialShape::new(dims))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn gather_is_whole() {
        let x: Value = [[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into();
        OpTest::new(|x| vec![gather(x[0], x[1]), gather_args(x[0], [1, 1, 0]).axis(1).build()])
            .inputs([x, [[2i32, 0]].into()])
            .expect([
                Value::new([1, 2, 2], vec![5.0f32, 6.0, 1.0, 2.0]).unwrap_or(Value::scalar(0)),
                [[2.0f32, 2.0, 1.0], [4.0, 4.0, 3.0], [6.0, 6.0, 5.0]].into(),
            ])
            .differentiable(&[0])
            .run();
        let x = Value::new([2, 3, 2], (0..12).map(|i| i as f32).collect()).unwrap_or(Value::scalar(0));
        OpTest::new(|x| vec![gather_args(x[0], x[1]).axis(1).batch_dims(1).build()])
            .inputs([x, [[2i32, 0], [1, 1]].into()])
            .differentiable(&[0])
            .run();
    }
}
