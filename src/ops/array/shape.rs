//! Shape, ShapeN, Rank, Size: what a tensor looks like, as integers.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::shape::Shape;
use crate::value::{Literal, Number, Value};

/// The sizes of `input` as a list of int32. TF: `tf.shape`. A constant if all of them are known. No gradient.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 3));
/// let sess = tf::Session()?;
/// let sizes = sess.run(tf::shape(x), tf::feed_dict! { x: [[1.0, 2.0, 3.0]] })?;
/// assert_eq!(sizes.as_slice::<i32>()?, [1, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn shape(input: impl IntoTensor) -> Tensor {
    shape_as(input, DType::Int32)
}

/// [`shape`] as int32 or int64.
#[track_caller]
pub(crate) fn shape_as(input: impl IntoTensor, out_type: DType) -> Tensor {
    shape_named(convert(input.into_arg(), "input", None), out_type, "Shape")
}

/// [`shape_as`] under another name.
#[track_caller]
pub(crate) fn shape_named(input: Tensor, out_type: DType, name: &str) -> Tensor {
    let known = input.shape().known().and_then(|shape| sizes(&shape, out_type));
    match known {
        Some(sizes) => constant_named(sizes, name),
        None => SHAPE.call([Arg::Tensor(input)]).attr("out_type", out_type).name(name).single(),
    }
}

/// The sizes as a list of int32 or int64; `None` if one is too large.
fn sizes(shape: &Shape, out_type: DType) -> Option<Value> {
    dispatch!(out_type, indices, T => {
        shape.iter().map(|&n| integer::<T>(n)).collect::<Result<Vec<T>>>().map(Value::vector)
    })
    .ok()
}

/// The operation Shape, whatever is known of the sizes.
#[track_caller]
pub(crate) fn shape_op(input: Tensor) -> Tensor {
    SHAPE.call([Arg::Tensor(input)]).single()
}

/// The number of dimensions of `input` as an int32. TF: `tf.rank`. A constant if it is known. No gradient.
#[track_caller]
pub fn rank(input: impl IntoTensor) -> Tensor {
    rank_named(convert(input.into_arg(), "input", None), "Rank")
}

/// [`rank`] under another name.
#[track_caller]
pub(crate) fn rank_named(input: Tensor, name: &str) -> Tensor {
    match input.rank().and_then(|rank| i32::try_from(rank).ok()) {
        Some(rank) => constant_named(Value::scalar(rank), name),
        None => RANK.call([Arg::Tensor(input)]).name(name).single(),
    }
}

/// The operation Rank, whatever is known of it.
#[track_caller]
pub(super) fn rank_op(input: Tensor) -> Tensor {
    RANK.call([Arg::Tensor(input)]).single()
}

/// The number of elements of `input` as an int32. TF: `tf.size`. A constant if it is known. No gradient.
#[track_caller]
pub fn size(input: impl IntoTensor) -> Tensor {
    size_as(input, DType::Int32)
}

/// [`size`] as an int32 or int64.
#[track_caller]
pub(crate) fn size_as(input: impl IntoTensor, out_type: DType) -> Tensor {
    size_named(convert(input.into_arg(), "input", None), out_type, "Size")
}

/// [`size_as`] under another name.
#[track_caller]
pub(crate) fn size_named(input: Tensor, out_type: DType, name: &str) -> Tensor {
    let shape = input.shape();
    let empty = shape.dims().is_some_and(|dims| dims.contains(&Some(0)));
    let known = if empty { Some(0) } else { shape.num_elements() };
    let known = known.and_then(|n| dispatch!(out_type, indices, T => integer::<T>(n).map(Value::scalar)).ok());
    match known {
        Some(n) => constant_named(n, name),
        None => SIZE.call([Arg::Tensor(input)]).attr("out_type", out_type).name(name).single(),
    }
}

/// The sizes of each of `inputs`, which have one data type. TF: `tf.shape_n`. No gradient.
#[track_caller]
pub fn shape_n<T: IntoTensor>(inputs: impl IntoIterator<Item = T>) -> Vec<Tensor> {
    SHAPE_N.call([Arg::list(inputs)]).build().outputs()
}

/// A constant called `name`.
#[track_caller]
pub(crate) fn constant_named(value: Value, name: &str) -> Tensor {
    convert(Arg::Literal(Ok(Literal::firm(value))), name, None)
}

fn set_shape_of(ctx: &mut InferCtx, input: usize, output: usize) -> Result<()> {
    let shape = ctx.shape(input)?;
    let list = crate::shape::PartialShape::new([shape.rank()]);
    let sizes: Option<Vec<Option<i64>>> = shape.dims().map(|dims| dims.iter().map(|d| d.map(|n| n as i64)).collect());
    ctx.set(output, list)?;
    if let Some(sizes) = sizes {
        ctx.set_integers(output, sizes);
    }
    Ok(())
}

/// A size as an integer of the output's type.
fn integer<T: Number>(n: usize) -> Result<T> {
    let x = T::from_usize(n);
    let back = x.to_f64() == n as f64;
    if back { Ok(x) } else { Err(Error::invalid_argument(format!("{n} does not fit in {}", T::DTYPE))) }
}

fn write_shape<T: Number>(ctx: &mut KernelCtx, i: usize) -> Result<()> {
    let sizes = ctx.inputs.shape(i)?.iter().map(|&n| integer::<T>(n)).collect::<Result<Vec<T>>>()?;
    ctx.outputs.set(i, Value::vector(sizes));
    Ok(())
}

pub(super) static SHAPE: OpDef = OpDef {
    sig: Sig::new("Shape(input: T) -> (output: out_type) where T: type, out_type: index = int32"),
    infer: |ctx| set_shape_of(ctx, 0, 0),
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.attrs().dtype("out_type")?, indices, T => write_shape::<T>(ctx, 0))),
    grad: Grad::Stop("a shape does not depend on values"),
    flags: Flags::PURE,
};

pub(super) static SHAPE_N: OpDef = OpDef {
    sig: Sig::new("ShapeN(input: N * T) -> (output: N * out_type) where N: int, T: type, out_type: index = int32"),
    infer: |ctx| (0..ctx.len()).try_for_each(|i| set_shape_of(ctx, i, i)),
    kernel: Kernel::Run(|ctx| {
        dispatch!(ctx.node.attrs().dtype("out_type")?, indices, T => {
            (0..ctx.inputs.len()).try_for_each(|i| write_shape::<T>(ctx, i))
        })
    }),
    grad: Grad::Stop("a shape does not depend on values"),
    flags: Flags::PURE,
};

pub(super) static RANK: OpDef = OpDef {
    sig: Sig::new("Rank(input: T) -> (output: int32) where T: type"),
    infer: |ctx| {
        let rank = ctx.shape(0)?.rank();
        ctx.set(0, Shape::scalar())?;
        ctx.set_integers(0, [rank.map(|n| n as i64)]);
        Ok(())
    },
    kernel: Kernel::Run(|ctx| {
        let rank = integer::<i32>(ctx.inputs.shape(0)?.rank())?;
        ctx.outputs.set(0, Value::scalar(rank));
        Ok(())
    }),
    grad: Grad::Stop("a shape does not depend on values"),
    flags: Flags::PURE,
};

pub(super) static SIZE: OpDef = OpDef {
    sig: Sig::new("Size(input: T) -> (output: out_type) where T: type, out_type: index = int32"),
    infer: |ctx| {
        let size = ctx.shape(0)?.num_elements();
        ctx.set(0, Shape::scalar())?;
        ctx.set_integers(0, [size.map(|n| n as i64)]);
        Ok(())
    },
    kernel: Kernel::Run(|ctx| {
        let n = ctx.inputs.value(0)?.len();
        let value = match ctx.node.attrs().dtype("out_type")? {
            DType::Int64 => Value::scalar(integer::<i64>(n)?),
            _ => Value::scalar(integer::<i32>(n)?),
        };
        ctx.outputs.set(0, value);
        Ok(())
    }),
    grad: Grad::Stop("a shape does not depend on values"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn shapes_are_whole() {
        OpTest::new(|x| vec![shape(x[0]), shape_op(x[0]), rank(x[0]), size(x[0])])
            .inputs([[[1.0f32, 2.0, 3.0]].into()])
            .expect([[1i32, 3].into(), [1i32, 3].into(), Value::scalar(2i32), Value::scalar(3i32)])
            .run();
        OpTest::new(|x| shape_n([x[0], x[1]]))
            .inputs([[true].into(), Value::scalar(false)])
            .expect([[1i32].into(), Value::vector(Vec::<i32>::new())])
            .run();
    }
}
