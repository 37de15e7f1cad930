//! BroadcastTo, Tile, BroadcastGradientArgs: repeating elements, and summing over repetitions.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::kernels::copy::gather_steps;
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, OpDef, Sig, broadcast, convert};
use crate::ops::array::{packed, range, reshape, shape_as, size, stack, transpose_args};
use crate::ops::math::{ReduceArgs, reduce_sum_args};
use crate::shape::{Dim, PartialShape};
use crate::value::Value;

/// `input` repeated along its dimensions of size 1 until it has shape `shape`. TF: `tf.broadcast_to`.
///
/// The gradient is summed over the repetitions.
#[track_caller]
pub fn broadcast_to(input: impl IntoTensor, shape: impl IntoTensor) -> Tensor {
    BROADCAST_TO.call([input.into_arg(), shape.into_arg()]).single()
}

/// `input` repeated `multiples[i]` times along dimension `i`. TF: `tf.tile`.
///
/// `multiples` is a list of int32 or int64, one for each dimension. The gradient is summed over the repetitions.
///
/// ```
/// use flowstone as tf;
/// let y = tf::tile(tf::constant([1, 2]), [2]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 2, 1, 2]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn tile(input: impl IntoTensor, multiples: impl IntoTensor) -> Tensor {
    TILE.call([input.into_arg(), multiples.into_arg()]).single()
}

/// A list of `n` ones, with the nodes that Python makes of `tile([1], [n])`.
#[track_caller]
pub(super) fn ones_list(n: Tensor) -> Tensor {
    let graph = n.graph().unwrap_or_else(|_| get_default_graph());
    let scope = graph.scope_name("Tile");
    let _scope = graph.scope(&format!("{scope}/"));
    let one = convert([1].into_arg(), "input", None);
    let multiples = packed(vec![n.into_arg()], "multiples");
    TILE.call([one.into_arg(), multiples.into_arg()]).name(format!("{scope}/")).single()
}

/// The axes along which gradients to operands of shapes `s0` and `s1` are summed.
#[track_caller]
pub(crate) fn broadcast_gradient_args(s0: Tensor, s1: Tensor) -> (Tensor, Tensor) {
    let built = BROADCAST_GRADIENT_ARGS.call([s0.into_arg(), s1.into_arg()]).build();
    (built.output(0), built.output(1))
}

pub(super) static BROADCAST_TO: OpDef = OpDef {
    sig: Sig::new("BroadcastTo(input: T, shape: Tidx) -> (output: T) where T: type, Tidx: index = int32"),
    infer: |ctx| {
        let (input, wanted) = (ctx.shape(0)?, ctx.shape_from(1)?);
        let joined = broadcast(input, &wanted)?;
        if joined.rank().zip(wanted.rank()).is_some_and(|(a, b)| a > b) || joined.merge(&wanted).is_none() {
            return Err(Error::invalid_argument(format!("shape {input} cannot be broadcast to {wanted}")));
        }
        ctx.set(0, wanted)
    },
    kernel: Kernel::Run(|ctx| {
        let (x, out) = (ctx.inputs.shape(0)?.clone(), ctx.outputs.shape(0)?.clone());
        let own = x.strides();
        let front = out.rank().checked_sub(x.rank()).ok_or_else(|| Error::internal("a rank that shrinks"))?;
        let steps: Vec<usize> =
            (0..out.rank()).map(|a| if a < front || x[a - front] == 1 { 0 } else { own[a - front] }).collect();
        dispatch!(ctx.node.dtype()?, all, T => {
            let result = ctx.outputs.slice::<T>(0)?;
            if !result.is_empty() {
                gather_steps(ctx.inputs.slice::<T>(0)?, 0, &steps, &out, result);
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let index = g.x(1).dtype()?;
        let x_shape = shape_as(g.x(0), index);
        let wanted = match g.integers(1) {
            Some(sizes) => g.constant(Value::vector(sizes).convert(index)?, "Const"),
            None => g.x(1),
        };
        let (_, axes) = broadcast_gradient_args(wanted, x_shape);
        let summed = reduce_sum_args(g.dy(0)).axis(axes).keepdims(true).build();
        Ok(vec![Some(reshape(summed, x_shape)), None])
    }),
    flags: Flags::PURE,
};

pub(crate) static TILE: OpDef = OpDef {
    sig: Sig::new("Tile(input: T, multiples: Tmultiples) -> (output: T) where T: type, Tmultiples: index = int32"),
    infer: infer_tile,
    kernel: Kernel::Run(|ctx| {
        let (x, out) = (ctx.inputs.shape(0)?.clone(), ctx.outputs.shape(0)?.clone());
        let strides = x.strides();
        // Row-major, a repeated dimension is two: the repetitions, which stay, and the dimension itself.
        let (mut dims, mut steps) = (Vec::new(), Vec::new());
        for axis in 0..x.rank() {
            dims.extend([out[axis].checked_div(x[axis]).unwrap_or(0), x[axis]]);
            steps.extend([0, strides[axis]]);
        }
        dispatch!(ctx.node.dtype()?, all, T => {
            let result = ctx.outputs.slice::<T>(0)?;
            if !result.is_empty() {
                gather_steps(ctx.inputs.slice::<T>(0)?, 0, &steps, &dims, result);
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let (x, multiples) = (g.x(0), g.x(1));
        let pairs = stack([multiples, shape_as(x, multiples.dtype()?)]);
        let split = reshape(transpose_args(pairs).build(), [-1]);
        let axes = range(0, size(split), 2);
        let sum: ReduceArgs = reduce_sum_args(reshape(g.dy(0), split)).axis(axes);
        let dx = sum.build();
        Ok(vec![Some(dx), None])
    }),
    flags: Flags::PURE,
};

fn infer_tile(ctx: &mut InferCtx) -> Result<()> {
    let Some(rank) = ctx.shape(0)?.rank().or(ctx.shape(1)?.dim(0)) else { return ctx.set(0, PartialShape::unknown()) };
    let input = ctx.shape_of_rank(0, rank)?;
    let Some(multiples) = ctx.integers(1)? else { return ctx.set(0, PartialShape::unknown_of_rank(rank)) };
    if multiples.len() != rank {
        return Err(Error::invalid_argument(format!("{} multiples for shape {input}", multiples.len())));
    }
    let mut dims: Vec<Dim> = Vec::with_capacity(rank);
    for (axis, times) in multiples.iter().enumerate() {
        dims.push(match (input.dim(axis), times) {
            (_, Some(n)) if *n < 0 => return Err(Error::invalid_argument(format!("dimension {axis} {n} times"))),
            (Some(d), Some(n)) => {
                let tiled = d.checked_mul(*n as usize);
                Some(tiled.ok_or_else(|| Error::resource_exhausted("the tiled array is too large"))?)
            }
            _ => None,
        });
    }
    ctx.set(0, PartialShape::new(dims))
}

pub(super) static BROADCAST_GRADIENT_ARGS: OpDef = OpDef {
    sig: Sig::new("BroadcastGradientArgs(s0: T, s1: T) -> (r0: T, r1: T) where T: index = int32"),
    infer: |ctx| {
        ctx.shape_of_rank(0, 1)?;
        ctx.shape_of_rank(1, 1)?;
        let axes =
            ctx.known_integers(0)?.zip(ctx.known_integers(1)?).map(|(a, b)| gradient_axes(&a, &b)).transpose()?;
        for o in 0..2 {
            // As in TensorFlow, how many there are is not known, even if they are.
            ctx.set(o, PartialShape::unknown_of_rank(1))?;
        }
        for (o, axes) in axes.into_iter().flatten().enumerate() {
            ctx.set_integers(o, axes.into_iter().map(Some));
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| {
        let axes = gradient_axes(&ctx.inputs.value(0)?.integers()?, &ctx.inputs.value(1)?.integers()?)?;
        let dtype = ctx.node.dtype()?;
        for (o, axes) in axes.into_iter().enumerate() {
            ctx.outputs.set(o, Value::vector(axes).convert(dtype)?);
        }
        Ok(())
    }),
    grad: Grad::Stop("axes do not depend on values"),
    flags: Flags::PURE,
};

/// The shape that arrays of shapes `shape_x` and `shape_y` broadcast to, as the run knows it.
/// TF: `tf.broadcast_dynamic_shape`. Lists of int32 or int64. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::broadcast_dynamic_shape([2, 1], [3]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [2, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn broadcast_dynamic_shape(shape_x: impl IntoTensor, shape_y: impl IntoTensor) -> Tensor {
    BROADCAST_ARGS.call([shape_x.into_arg(), shape_y.into_arg()]).single()
}

pub(super) static BROADCAST_ARGS: OpDef = OpDef {
    sig: Sig::new("BroadcastArgs(s0: T, s1: T) -> (r0: T) where T: index = int32"),
    infer: |ctx| {
        let (a, b) = (ctx.shape_of_rank(0, 1)?, ctx.shape_of_rank(1, 1)?);
        let rank = a.dim(0).zip(b.dim(0)).map(|(a, b)| a.max(b));
        let known = ctx.known_integers(0)?.zip(ctx.known_integers(1)?).map(|(a, b)| joined(&a, &b)).transpose()?;
        ctx.set(0, PartialShape::new([rank]))?;
        if let Some(sizes) = known {
            ctx.set_integers(0, sizes.into_iter().map(Some));
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| {
        let sizes = joined(&ctx.inputs.value(0)?.integers()?, &ctx.inputs.value(1)?.integers()?)?;
        ctx.outputs.set(0, Value::vector(sizes).convert(ctx.node.dtype()?)?);
        Ok(())
    }),
    grad: Grad::Missing("a shape is not smooth"),
    flags: Flags::PURE,
};

/// The sizes of two shapes broadcast against each other.
fn joined(a: &[i64], b: &[i64]) -> Result<Vec<i64>> {
    let rank = a.len().max(b.len());
    let size = |s: &[i64], axis: usize| (axis + s.len()).checked_sub(rank).map_or(1, |i| s[i]);
    let pairs = (0..rank).map(|axis| match (size(a, axis), size(b, axis)) {
        (1, n) | (n, 1) => Ok(n),
        (m, n) if m == n => Ok(n),
        _ => Err(Error::invalid_argument(format!("shapes {a:?} and {b:?} cannot be broadcast together"))),
    });
    pairs.collect()
}

/// For each of two shapes the axes of their broadcast along which it is repeated (or could be: both sizes are 1, and the
/// shapes differ).
fn gradient_axes(a: &[i64], b: &[i64]) -> Result<[Vec<i64>; 2]> {
    if a == b {
        return Ok([Vec::new(), Vec::new()]);
    }
    let rank = a.len().max(b.len());
    let size = |s: &[i64], axis: usize| (axis + s.len()).checked_sub(rank).map_or(1, |i| s[i]);
    let mut axes = [Vec::new(), Vec::new()];
    for axis in 0..rank {
        let (x, y) = (size(a, axis), size(b, axis));
        if x != y && x != 1 && y != 1 {
            return Err(Error::invalid_argument(format!("shapes {a:?} and {b:?} cannot be broadcast together")));
        }
        if x == 1 {
            axes[0].push(axis as i64);
        }
        if y == 1 {
            axes[1].push(axis as i64);
        }
    }
    Ok(axes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn broadcast_to_is_whole() {
        OpTest::new(|x| vec![broadcast_to(x[0], x[1])])
            .inputs([[[1.0f32], [2.0]].into(), [2i32, 2, 3].into()])
            .constants(&[1])
            .differentiable(&[0])
            .run();
        OpTest::new(|x| vec![broadcast_to(x[0], [2, 2])])
            .inputs([[1i64, 2].into()])
            .expect([[[1i64, 2], [1, 2]].into()])
            .run();
        assert!(build_error(|| broadcast_to([1, 2], [3])).contains("cannot be broadcast"));
    }

    #[test]
    fn tile_is_whole() {
        OpTest::new(|x| vec![tile(x[0], x[1])])
            .inputs([[[1.0f32, 2.0]].into(), [2i32, 2].into()])
            .constants(&[1])
            .expect([[[1.0f32, 2.0, 1.0, 2.0], [1.0, 2.0, 1.0, 2.0]].into()])
            .differentiable(&[0])
            .run();
    }

    #[test]
    fn broadcast_dynamic_shape_is_whole() {
        OpTest::new(|x| vec![broadcast_dynamic_shape(x[0], x[1])])
            .inputs([[2i64, 1, 4].into(), [3i64, 1].into()])
            .expect([[2i64, 3, 4].into()])
            .run();
        assert!(build_error(|| broadcast_dynamic_shape([2], [3])).contains("cannot be broadcast together"));
    }

    #[test]
    fn broadcast_gradient_args_is_whole() {
        OpTest::new(|x| {
            let (a, b) = broadcast_gradient_args(x[0], x[1]);
            vec![a, b]
        })
        .inputs([[2i32, 1, 4].into(), [3i32, 1].into()])
        .expect([[1i32].into(), [0i32, 2].into()])
        .run();
    }
}
