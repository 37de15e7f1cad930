//! SelectV2, Maximum, Minimum: one of two, element by element.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::copy::broadcast_places;
use crate::op::{Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, OpDef, Sig, broadcast, rules};
use crate::ops::array::{zeros_like, zeros_of};
use crate::ops::elementwise::binary_kernel;
use crate::ops::math::arithmetic::{reduce_gradients, reduce_some_gradients};
use crate::ops::math::{greater_equal, less_equal};
use crate::shape::{Shape, merge_dims};
use crate::value::Number;

/// `x` where `condition` is true, else `y`, element by element, all three broadcast. TF: `tf.where_v2`.
///
/// `condition` is bool, `x` and `y` of one type, any. The gradients are zero where the other one was taken.
///
/// ```
/// use flowstone as tf;
/// let y = tf::where_v2([true, false], 1, [2, 3]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn where_v2(condition: impl IntoTensor, x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    SELECT_V2.call([condition.into_arg(), x.into_arg(), y.into_arg()]).single()
}

/// `x` where `condition` is true, else `y`. TF: `tf.where` with three arguments, once `tf.select`.
///
/// `x` and `y` are of one shape and type, any; `condition` is bool of their shape, a single one for all, or one for each
/// of their rows. The gradients are zero where the other one was taken.
///
/// ```
/// use flowstone as tf;
/// let y = tf::select([true, false], [[1, 2], [3, 4]], [[5, 6], [7, 8]]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 2, 7, 8]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn select(condition: impl IntoTensor, x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    SELECT.call([condition.into_arg(), x.into_arg(), y.into_arg()]).single()
}

/// The larger of `x` and `y`, element by element, broadcast. TF: `tf.maximum`.
///
/// Numbers of one type; NaN if either is. Where both are the same the gradient goes to `x`.
#[track_caller]
pub fn maximum(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    MAXIMUM.call([x.into_arg(), y.into_arg()]).single()
}

/// The smaller of `x` and `y`, element by element, broadcast. TF: `tf.minimum`.
///
/// Numbers of one type; NaN if either is. Where both are the same the gradient goes to `x`.
#[track_caller]
pub fn minimum(x: impl IntoTensor, y: impl IntoTensor) -> Tensor {
    MINIMUM.call([x.into_arg(), y.into_arg()]).single()
}

pub(crate) static SELECT: OpDef = OpDef {
    sig: Sig::new("Select(condition: bool, t: T, e: T) -> (output: T) where T: type"),
    infer: infer_select,
    kernel: Kernel::Run(|ctx| {
        let condition = ctx.inputs.slice::<bool>(0)?;
        dispatch!(ctx.node.dtype()?, all, T => {
            let (x, y) = (ctx.inputs.slice::<T>(1)?, ctx.inputs.slice::<T>(2)?);
            let row = x.len().checked_div(condition.len()).unwrap_or(0).max(1);
            let rows = x.chunks(row).zip(y.chunks(row)).zip(condition);
            for (out, ((x, y), first)) in ctx.outputs.slice::<T>(0)?.chunks_mut(row).zip(rows) {
                out.clone_from_slice(if *first { x } else { y });
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let (condition, dz) = (g.x(0), g.dy(0));
        let zeros = zeros_like(g.x(1));
        Ok(vec![None, Some(select(condition, dz, zeros)), Some(select(condition, zeros, dz))])
    }),
    flags: Flags::PURE,
};

fn infer_select(ctx: &mut InferCtx) -> Result<()> {
    let (condition, x, y) = (ctx.shape(0)?, ctx.shape(1)?, ctx.shape(2)?);
    let shape = x.merge(y).ok_or_else(|| Error::invalid_argument(format!("shapes {x} and {y} differ")))?;
    let fits = match (condition.dims(), shape.dims()) {
        (None | Some([]), _) | (_, None) => true,
        (Some([rows]), Some([first, _, ..])) => merge_dims(*rows, *first).is_some(),
        _ => condition.merge(&shape).is_some(),
    };
    if !fits {
        return Err(Error::invalid_argument(format!("condition has shape {condition}, which does not fit {shape}")));
    }
    ctx.set(0, shape)
}

pub(super) static SELECT_V2: OpDef = OpDef {
    sig: Sig::new("SelectV2(condition: bool, t: T, e: T) -> (output: T) where T: type"),
    infer: |ctx| {
        let both = broadcast(ctx.shape(1)?, ctx.shape(2)?)?;
        let shape = broadcast(ctx.shape(0)?, &both)?;
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let shape = ctx.outputs.shape(0)?.clone();
        let places = |i: usize| ctx.inputs.shape(i).map(|own| broadcast_places(own, &shape));
        let (c, t, e) = (places(0)?, places(1)?, places(2)?);
        let condition = ctx.inputs.slice::<bool>(0)?;
        dispatch!(ctx.node.dtype()?, all, T => {
            let (x, y) = (ctx.inputs.slice::<T>(1)?, ctx.inputs.slice::<T>(2)?);
            for (i, out) in ctx.outputs.slice::<T>(0)?.iter_mut().enumerate() {
                out.clone_from(if condition[c.at(i)] { &x[t.at(i)] } else { &y[e.at(i)] });
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let (condition, x, y, z, dy) = (g.x(0), g.x(1), g.x(2), g.y(0), g.dy(0));
        let zeros = zeros_of(Shape::scalar(), dy.dtype()?);
        let (gx, gy) = (where_v2(condition, dy, zeros), where_v2(condition, zeros, dy));
        let reduce = |own: Tensor, gradient: Tensor| -> Result<Option<Tensor>> {
            let mut reduced = reduce_some_gradients(own, z, [Some(gradient), None]);
            reduced.swap_remove(0).map(Some).ok_or_else(|| Error::internal("a gradient that vanished"))
        };
        Ok(vec![None, reduce(x, gx)?, reduce(y, gy)?])
    }),
    flags: Flags::PURE,
};

fn extreme_grad(g: &GradCtx, takes_x: fn(Tensor, Tensor) -> Tensor) -> Result<Vec<Option<Tensor>>> {
    let (x, y, dy) = (g.x(0), g.x(1), g.dy(0));
    let zeros = zeros_like(dy);
    let mask = takes_x(x, y);
    let (gx, gy) = (where_v2(mask, dy, zeros), where_v2(mask, zeros, dy));
    Ok(reduce_gradients(x, y, gx, gy))
}

pub(super) static MAXIMUM: OpDef = OpDef {
    sig: Sig::new("Maximum(x: T, y: T) -> (z: T) where T: number"),
    infer: rules::broadcasting,
    kernel: binary_kernel!(numbers, T, |x: T, y: T| if x > y || x.is_nan() { x } else { y }),
    grad: Grad::Rule(|g| extreme_grad(g, greater_equal)),
    flags: Flags::ELEMENTWISE,
};

pub(super) static MINIMUM: OpDef = OpDef {
    sig: Sig::new("Minimum(x: T, y: T) -> (z: T) where T: number"),
    infer: rules::broadcasting,
    kernel: binary_kernel!(numbers, T, |x: T, y: T| if x < y || x.is_nan() { x } else { y }),
    grad: Grad::Rule(|g| extreme_grad(g, less_equal)),
    flags: Flags::ELEMENTWISE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn select_of_one_shape_is_whole() {
        let (x, y): (Value, Value) = ([[1.0f32, 2.0], [3.0, 4.0]].into(), [[5.0f32, 6.0], [7.0, 8.0]].into());
        for (condition, expected) in [
            (Value::from([[true, false], [false, true]]), Value::from([[1.0f32, 6.0], [7.0, 4.0]])),
            ([false, true].into(), [[5.0f32, 6.0], [3.0, 4.0]].into()),
            (Value::scalar(true), x.clone()),
        ] {
            OpTest::new(|x| vec![select(x[0], x[1], x[2])])
                .inputs([condition, x.clone(), y.clone()])
                .expect([expected])
                .differentiable(&[1, 2])
                .run();
        }
        let text = || [b"a".to_vec()];
        OpTest::new(|x| vec![select(x[0], x[1], x[2])])
            .inputs([[true].into(), text().into(), [b"b".to_vec()].into()])
            .expect([text().into()])
            .run();
        let error = build_error(|| select([true, false, true], [[1, 2]], [[3, 4]]));
        assert!(error.contains("condition has shape [3], which does not fit [1,2]"), "{error}");
    }

    #[test]
    fn select_is_whole() {
        OpTest::new(|x| vec![where_v2(x[0], x[1], x[2])])
            .inputs([[[true], [false]].into(), [1.0f32, 2.0].into(), Value::scalar(3.0f32)])
            .expect([[[1.0f32, 2.0], [3.0, 3.0]].into()])
            .differentiable(&[1, 2])
            .run();
    }

    #[test]
    fn extremes_are_whole() {
        OpTest::new(|x| vec![maximum(x[0], x[1]), minimum(x[0], x[1])])
            .inputs([[[1.0f32, 5.0], [3.0, 0.5]].into(), [2.0f32, 4.0].into()])
            .expect([[[2.0f32, 5.0], [3.0, 4.0]].into(), [[1.0f32, 4.0], [2.0, 0.5]].into()])
            .differentiable(&[0, 1])
            .run();
    }
}
