//! Slice: a part of an array.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::copy::gather_steps;
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, OpDef, Sig};
use crate::ops::array::{concat, pad, rank, reshape, shape_as, stack};
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
    let lists = (ctx.shape_of_rank(1, 1)?, ctx.shape_of_rank(2, 1)?);
    if lists.0.merge(&lists.1).is_none() {
        return Err(Error::invalid_argument(format!("begin is {}, size {}", lists.0, lists.1)));
    }
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
}
