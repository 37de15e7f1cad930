//! Slice and Pad: a part of an array, and an array with zeros around.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::copy::{gather_steps, scatter_rows};
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, OpDef, Sig};
use crate::ops::array::{concat, rank, reshape, shape_as, stack};
use crate::ops::math::sub;
use crate::shape::{Dim, PartialShape};

/// The part of `input` that starts at `begin` and has the sizes `size`. TF: `tf.slice`.
///
/// `begin` and `size` are lists of int32 or int64, one number for each dimension; a size of -1 takes all that is left.
/// The gradient is zero outside of the part.
#[track_caller]
pub fn slice(input: impl IntoTensor, begin: impl IntoTensor, size: impl IntoTensor) -> Tensor {
    SLICE.call([input.into_arg(), begin.into_arg(), size.into_arg()]).single()
}

/// `slice` under a full name.
#[track_caller]
pub(crate) fn slice_exact(input: Tensor, begin: Tensor, size: Tensor, name: &str) -> Tensor {
    SLICE.call([input.into_arg(), begin.into_arg(), size.into_arg()]).name(name).single()
}

/// `tensor` with zeros around. TF: `tf.pad` with mode CONSTANT.
///
/// `paddings` is int32 or int64 of shape [rank, 2]: how many zeros before and after, for each dimension.
#[track_caller]
pub fn pad(tensor: impl IntoTensor, paddings: impl IntoTensor) -> Tensor {
    PAD.call([tensor.into_arg(), paddings.into_arg()]).name("Pad").single()
}

pub(super) static SLICE: OpDef = OpDef {
    sig: Sig::new("Slice(input: T, begin: Index, size: Index) -> (output: T) where T: type, Index: index"),
    infer: infer_slice,
    kernel: Kernel::Run(|ctx| {
        let begin = ctx.inputs.value(1)?.integers()?;
        let strides = ctx.inputs.shape(0)?.strides();
        let dims = ctx.outputs.shape(0)?.clone();
        let fits =
            |((b, n), x): ((&i64, &usize), &usize)| usize::try_from(*b).is_ok_and(|b| b.saturating_add(*n) <= *x);
        if begin.len() != dims.rank() || !begin.iter().zip(dims.iter()).zip(ctx.inputs.shape(0)?.iter()).all(fits) {
            let shape = ctx.inputs.shape(0)?;
            return Err(Error::invalid_argument(format!("a slice of {dims} at {begin:?} leaves shape {shape}")));
        }
        let base = begin.iter().zip(&strides).map(|(&b, s)| b as usize * s).sum();
        dispatch!(ctx.node.dtype()?, all, T => {
            let out = ctx.outputs.slice::<T>(0)?;
            if !out.is_empty() {
                gather_steps(ctx.inputs.slice::<T>(0)?, base, &strides, &dims, out);
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let (x, begin) = (g.x(0), g.x(1));
        let rank = rank(x);
        let index = begin.dtype()?;
        let size = shape_as(g.y(0), index);
        let columns = stack([rank.into_arg(), 1.into_arg()]);
        let before = reshape(begin, columns);
        let after = reshape(sub(sub(shape_as(x, index), size), begin), columns);
        let paddings = concat([before, after], 1);
        Ok(vec![Some(pad(g.dy(0), paddings)), None, None])
    }),
    flags: Flags::PURE,
};

fn infer_slice(ctx: &mut InferCtx) -> Result<()> {
    let (begin, size) = (ctx.integers(1)?, ctx.integers(2)?);
    let rank = begin.as_ref().or(size.as_ref()).map(|list| list.len()).or(ctx.shape(0)?.rank());
    let (Some(rank), Some(begin), Some(size)) = (rank, begin, size) else {
        return ctx.set(0, rank.map_or_else(PartialShape::unknown, PartialShape::unknown_of_rank));
    };
    let input = ctx.shape_of_rank(0, rank)?;
    if begin.len() != size.len() {
        return Err(Error::invalid_argument(format!("begin has {} numbers, size {}", begin.len(), size.len())));
    }
    let mut dims: Vec<Dim> = Vec::with_capacity(rank);
    for (axis, (&begin, &size)) in begin.iter().zip(&size).enumerate() {
        let whole = input.dim(axis);
        let wrong = || {
            let (b, s) = (begin.unwrap_or_default(), size.unwrap_or_default());
            Error::invalid_argument(format!("begin {b} and size {s} leave dimension {axis} of shape {input}"))
        };
        if begin.is_some_and(|b| b < 0) || size.is_some_and(|s| s < -1) {
            return Err(wrong());
        }
        let left = match (whole, begin) {
            (Some(n), Some(b)) => Some(n.checked_sub(b as usize).ok_or_else(wrong)?),
            _ => None,
        };
        dims.push(match size {
            Some(-1) => left,
            Some(s) if left.is_some_and(|left| s as usize > left) => return Err(wrong()),
            Some(s) => Some(s as usize),
            None => None,
        });
    }
    let part = match (&ctx.input(0)?.integers, begin.as_slice(), dims.as_slice()) {
        (Some(all), [Some(b)], [Some(n)]) => all.get(*b as usize..*b as usize + n).map(<[_]>::to_vec),
        _ => None,
    };
    ctx.set(0, PartialShape::new(dims))?;
    if let Some(part) = part {
        ctx.set_integers(0, part);
    }
    Ok(())
}

pub(super) static PAD: OpDef = OpDef {
    sig: Sig::new("Pad(input: T, paddings: Tpaddings) -> (output: T) where T: type, Tpaddings: index = int32"),
    infer: infer_pad,
    kernel: Kernel::Run(|ctx| {
        let paddings = ctx.inputs.value(1)?.integers()?;
        let (x, out) = (ctx.inputs.shape(0)?.clone(), ctx.outputs.shape(0)?.clone());
        let steps = out.strides();
        let before = paddings.iter().step_by(2);
        let fits =
            x.iter().zip(out.iter()).zip(before.clone()).all(|((x, out), &b)| x.saturating_add(b as usize) <= *out);
        if !fits || paddings.len() != 2 * x.rank() {
            return Err(Error::invalid_argument(format!("paddings {paddings:?} do not make {out} of {x}")));
        }
        let base = before.zip(&steps).map(|(&b, s)| b as usize * s).sum();
        dispatch!(ctx.node.dtype()?, all, T => {
            let result = ctx.outputs.slice::<T>(0)?;
            result.fill(T::default());
            let input = ctx.inputs.slice::<T>(0)?;
            if !input.is_empty() {
                scatter_rows(input, &x, result, base, &steps);
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let (x, paddings) = (g.x(0), g.x(1));
        let column = stack([rank(x).into_arg(), 1.into_arg()]);
        let before = slice(paddings, [0, 0], column);
        let begin = reshape(before, [-1]);
        Ok(vec![Some(slice(g.dy(0), begin, shape_as(x, paddings.dtype()?))), None])
    }),
    flags: Flags::PURE,
};

fn infer_pad(ctx: &mut InferCtx) -> Result<()> {
    let paddings = ctx.shape_of_rank(1, 2)?;
    if paddings.dim(1).is_some_and(|n| n != 2) {
        return Err(Error::invalid_argument(format!("paddings must have shape [rank,2], not {paddings}")));
    }
    let Some(rank) = paddings.dim(0).or(ctx.shape(0)?.rank()) else { return ctx.set(0, PartialShape::unknown()) };
    let input = ctx.shape_of_rank(0, rank)?;
    let Some(list) = ctx.known_integers(1)? else { return ctx.set(0, PartialShape::unknown_of_rank(rank)) };
    let mut dims: Vec<Dim> = Vec::with_capacity(rank);
    for (axis, pair) in list.chunks(2).enumerate() {
        let total = pair.iter().try_fold(0usize, |sum, &n| sum.checked_add(usize::try_from(n).ok()?));
        let total = total.ok_or_else(|| Error::invalid_argument(format!("paddings {pair:?} of dimension {axis}")))?;
        dims.push(match input.dim(axis) {
            Some(n) => Some(n.checked_add(total).ok_or_else(|| Error::resource_exhausted("the padded array"))?),
            None => None,
        });
    }
    ctx.set(0, PartialShape::new(dims))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn slice_is_whole() {
        let x: Value = [[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]].into();
        OpTest::new(|x| vec![slice(x[0], x[1], x[2])])
            .inputs([x.clone(), [0i32, 1].into(), [-1i32, 2].into()])
            .constants(&[1, 2])
            .expect([[[2.0f32, 3.0], [5.0, 6.0]].into()])
            .differentiable(&[0])
            .run();
        OpTest::new(|x| vec![slice(x[0], x[1], x[2])])
            .inputs([x, [1i64, 0].into(), [1i64, 1].into()])
            .expect([[[4.0f32]].into()])
            .run();
        let error = build_error(|| slice(crate::ops::array::zeros([2]), [1], [2]));
        assert!(error.contains("begin 1 and size 2 leave dimension 0 of shape [2]"), "{error}");
    }

    #[test]
    fn pad_is_whole() {
        OpTest::new(|x| vec![pad(x[0], x[1])])
            .inputs([[[1.0f32, 2.0]].into(), [[1i32, 0], [0, 2]].into()])
            .constants(&[1])
            .expect([[[0.0f32, 0.0, 0.0, 0.0], [1.0, 2.0, 0.0, 0.0]].into()])
            .differentiable(&[0])
            .run();
    }
}
