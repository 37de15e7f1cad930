//! LinSpace and Cross: numbers at even distances, and the product of vectors in space.

use crate::dispatch;
use crate::error::Error;
use crate::graph::Tensor;
use crate::op::{Flags, Grad, IntoTensor, Kernel, OpDef, Sig};
use crate::shape::PartialShape;
use crate::value::Number;

/// `num` numbers at even distances from `start` to `stop`, both of them included. TF: `tf.linspace`, `tf.lin_space`.
///
/// float32 or float64; `num` is an int32 or int64 above 0. One node, as TensorFlow 1 built it. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::linspace(0.0, 1.0, 3);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 0.5, 1.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn linspace(start: impl IntoTensor, stop: impl IntoTensor, num: impl IntoTensor) -> Tensor {
    LIN_SPACE.call([start.into_arg(), stop.into_arg(), num.into_arg()]).single()
}

pub(super) static LIN_SPACE: OpDef = OpDef {
    sig: Sig::new("LinSpace(start: T, stop: T, num: Tidx) -> (output: T) where T: floating, Tidx: index = int32"),
    infer: |ctx| {
        ctx.shape_of_rank(0, 0)?;
        ctx.shape_of_rank(1, 0)?;
        ctx.shape_of_rank(2, 0)?;
        match ctx.known_integer(2)? {
            None => ctx.set(0, PartialShape::unknown_of_rank(1)),
            Some(num) if num > 0 => ctx.set(0, PartialShape::new([Some(num as usize)])),
            Some(num) => Err(Error::invalid_argument(format!("{num} numbers"))),
        }
    },
    kernel: Kernel::Run(|ctx| {
        dispatch!(ctx.node.dtype()?, floats, T => {
            let (start, stop) = (ctx.inputs.value(0)?.item::<T>()?, ctx.inputs.value(1)?.item::<T>()?);
            let out = ctx.outputs.slice::<T>(0)?;
            let last = out.len().saturating_sub(1);
            let step = if last == 0 { 0.0 } else { (stop - start) / T::from_usize(last) };
            out.iter_mut().enumerate().for_each(|(i, x)| *x = start + step * T::from_usize(i));
            if last > 0 {
                out[last] = stop;
            }
            Ok(())
        })
    }),
    grad: Grad::Stop("TensorFlow has none"),
    flags: Flags::PURE,
};

/// The vectors at right angles to those of `a` and `b`. TF: `tf.cross`.
///
/// Numbers of one type and shape whose last dimension has 3 elements.
#[track_caller]
pub fn cross(a: impl IntoTensor, b: impl IntoTensor) -> Tensor {
    CROSS.call([a.into_arg(), b.into_arg()]).single()
}

pub(super) static CROSS: OpDef = OpDef {
    sig: Sig::new("Cross(a: T, b: T) -> (product: T) where T: number"),
    infer: |ctx| {
        let (a, b) = (ctx.shape(0)?, ctx.shape(1)?);
        let shape = a.merge(b).ok_or_else(|| Error::invalid_argument(format!("shapes {a} and {b} differ")))?;
        match shape.dims().map(|dims| dims.last()) {
            None | Some(Some(None | Some(3))) => ctx.set(0, shape),
            _ => Err(Error::invalid_argument(format!("vectors of three numbers are needed, not {shape}"))),
        }
    },
    kernel: Kernel::Run(|ctx| {
        dispatch!(ctx.node.dtype()?, numbers, T => {
            let (a, b) = (ctx.inputs.slice::<T>(0)?, ctx.inputs.slice::<T>(1)?);
            let vectors = a.chunks_exact(3).zip(b.chunks_exact(3));
            for (out, (a, b)) in ctx.outputs.slice::<T>(0)?.chunks_exact_mut(3).zip(vectors) {
                for (i, out) in out.iter_mut().enumerate() {
                    let (j, k) = ((i + 1) % 3, (i + 2) % 3);
                    *out = a[j].times(b[k]).minus(a[k].times(b[j]));
                }
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let (u, v, dy) = (g.x(0), g.x(1), g.dy(0));
        let du = cross(v, dy);
        Ok(vec![Some(du), Some(cross(dy, u))])
    }),
    flags: Flags::PURE.all_row_by_row(),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn linspace_is_whole() {
        OpTest::new(|_| vec![linspace(1.0, 3.0, 5), linspace(1.0, 3.0, 1)])
            .expect([[1.0f32, 1.5, 2.0, 2.5, 3.0].into(), [1.0f32].into()])
            .run();
        assert!(build_error(|| linspace(1.0, 2.0, 0)).contains("0 numbers"));
    }

    #[test]
    fn cross_is_whole() {
        OpTest::new(|x| vec![cross(x[0], x[1])])
            .inputs([[[1.0f32, 2.0, 3.0], [0.0, 1.0, 0.0]].into(), [[4.0f32, 5.0, 7.0], [1.0, 0.0, 0.0]].into()])
            .expect([[[-1.0f32, 5.0, -3.0], [0.0, 0.0, -1.0]].into()])
            .differentiable(&[0, 1])
            .run();
        assert!(build_error(|| cross([1, 2], [3, 4])).contains("vectors of three numbers"));
    }
}
