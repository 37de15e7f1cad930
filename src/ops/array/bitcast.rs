//! Bitcast: the same bytes as elements of another type.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, OpDef, Sig};
use crate::shape::{Dim, PartialShape, Shape};
use crate::value::{Bytes, Value};

/// The bytes of `input` as elements of type `dtype`. TF: `tf.bitcast`.
///
/// Numbers of any type, little-endian. Smaller elements get a new last dimension; larger ones take up the last one, which
/// must be as many as make one. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::bitcast(tf::constant(1.0), tf::int32);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.item::<i32>()?, 0x3f80_0000);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn bitcast(input: impl IntoTensor, dtype: DType) -> Tensor {
    BITCAST.call([input.into_arg()]).attr("type", dtype).single()
}

fn size_of(dtype: DType) -> Result<usize> {
    dispatch!(dtype, numbers, T => Ok(std::mem::size_of::<T>()))
}

fn infer(ctx: &mut InferCtx) -> Result<()> {
    let (from, to) = (size_of(ctx.attrs().dtype("T")?)?, size_of(ctx.attrs().dtype("type")?)?);
    let shape = ctx.shape(0)?;
    let Some(dims) = shape.dims() else { return ctx.set(0, PartialShape::unknown()) };
    let mut dims: Vec<Dim> = dims.to_vec();
    if from > to {
        dims.push(Some(from / to));
    } else if from < to {
        let last = dims.pop().filter(|last| last.is_none_or(|n| n == to / from));
        last.ok_or_else(|| {
            Error::invalid_argument(format!("{} elements make one, but the shape is {shape}", to / from))
        })?;
    }
    ctx.set(0, PartialShape::new(dims))
}

pub(super) static BITCAST: OpDef = OpDef {
    sig: Sig::new("Bitcast(input: T) -> (output: type) where T: number, type: number"),
    infer,
    kernel: Kernel::Run(|ctx| {
        let out: Shape = ctx.outputs.shape(0)?.clone();
        let bytes = dispatch!(ctx.node.dtype()?, numbers, T => Ok(T::to_bytes(ctx.inputs.slice::<T>(0)?)))?;
        let to = ctx.node.attrs().dtype("type")?;
        let value = dispatch!(to, numbers, T => Value::new(out, T::from_bytes(&bytes)))?;
        ctx.outputs.set(0, value);
        Ok(())
    }),
    grad: Grad::Missing("bits are not smooth"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn bitcast_is_whole() {
        OpTest::new(|x| vec![bitcast(x[0], DType::Int32), bitcast(bitcast(x[0], DType::UInt8), DType::Float32)])
            .inputs([[1.0f32, -2.0].into()])
            .expect([[0x3f80_0000i32, -0x4000_0000].into(), [1.0f32, -2.0].into()])
            .run();
        assert!(build_error(|| bitcast([1, 2, 3], DType::Int64)).contains("2 elements make one, but the shape is [3]"));
    }
}
