//! Unique and UniqueWithCounts: what stands in a list, each once.

use std::collections::HashMap;

use super::codes::codes;
use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::copy::copy_blocks;
use crate::op::{Built, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, resolve_axis};
use crate::shape::{PartialShape, Shape};
use crate::value::Value;

/// The elements of the list `x`, each once and in the order in which they come first, and for each element of `x` its place
/// among them as int32. TF: `tf.unique`.
///
/// Any data type; no NaN equals another. No gradient.
///
/// ```
/// use flowstone as tf;
/// let (y, idx) = tf::unique([5, 2, 5]);
/// let (y, idx) = tf::Session()?.run((y, idx), tf::feed_dict! {})?;
/// assert_eq!((y.as_slice::<i32>()?, idx.as_slice::<i32>()?), (&[5, 2][..], &[0, 1, 0][..]));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn unique(x: impl IntoTensor) -> (Tensor, Tensor) {
    pair(UNIQUE.call([x.into_arg()]).build())
}

/// As [`unique`], and how often each of the elements stands in `x`, as int32. TF: `tf.unique_with_counts`.
#[track_caller]
pub fn unique_with_counts(x: impl IntoTensor) -> (Tensor, Tensor, Tensor) {
    let built = UNIQUE_WITH_COUNTS.call([x.into_arg()]).build();
    (built.output(0), built.output(1), built.output(2))
}

fn pair(built: Built) -> (Tensor, Tensor) {
    (built.output(0), built.output(1))
}

/// Which slices are the first of their kind, the kind of each slice, and how many there are of each kind.
struct Kinds {
    firsts: Vec<usize>,
    kinds: Vec<i64>,
    counts: Vec<i64>,
}

/// Sorts `n` slices into kinds; each is the list of codes that `slice` gives.
fn kinds(n: usize, slice: impl Fn(usize) -> Option<Vec<u64>>) -> Kinds {
    let mut seen: HashMap<Vec<u64>, i64> = HashMap::new();
    let mut found = Kinds { firsts: Vec::new(), kinds: Vec::with_capacity(n), counts: Vec::new() };
    for i in 0..n {
        let next = found.firsts.len() as i64;
        let kind = slice(i).map_or(next, |slice| *seen.entry(slice).or_insert(next));
        if kind == next {
            found.firsts.push(i);
            found.counts.push(0);
        }
        found.counts[kind as usize] += 1;
        found.kinds.push(kind);
    }
    found
}

/// The dimension whose slices are compared: what input 1 says, or the only one.
fn axis(ctx: &KernelCtx, shape: &Shape) -> Result<usize> {
    let said = if ctx.inputs.len() > 1 { ctx.inputs.value(1)?.integers()? } else { Vec::new() };
    match said.as_slice() {
        [axis] => resolve_axis(*axis, shape.rank()),
        [] if shape.rank() == 1 => Ok(0),
        [] => Err(Error::invalid_argument(format!("x must be a list, but its shape is {shape}"))),
        more => Err(Error::invalid_argument(format!("axis is {more:?}, not a single dimension"))),
    }
}

/// An array of this shape, whose blocks stand in `x` where `place` says.
pub(super) fn picked(
    x: &Value,
    block: usize,
    shape: impl Into<Shape>,
    place: &(dyn Fn(usize) -> Option<usize> + Sync),
) -> Result<Value> {
    let mut y = Value::zeros(x.dtype(), shape)?;
    dispatch!(x.dtype(), all, T => {
        copy_blocks(x.as_slice::<T>()?, block, &T::default(), y.make_mut::<T>()?, place);
        Ok(y)
    })
}

fn run(ctx: &mut KernelCtx) -> Result<()> {
    let x = ctx.inputs.value(0)?.clone();
    let shape = x.shape().clone();
    let axis = axis(ctx, &shape)?;
    let [codes] = codes([&x])?;
    let (n, inner) = (shape[axis], shape[axis + 1..].iter().product::<usize>());
    let outer: usize = shape[..axis].iter().product();
    let slice = |i: usize| {
        (0..outer * inner).map(|at| codes[(at / inner * n + i) * inner + at % inner]).collect::<Option<Vec<u64>>>()
    };
    let Kinds { firsts, kinds, counts } = kinds(n, slice);
    let kept: Shape = shape.iter().enumerate().map(|(a, &n)| if a == axis { firsts.len() } else { n }).collect();
    let place = |block: usize| Some(block / firsts.len() * n + firsts[block % firsts.len()]);
    ctx.outputs.set(0, picked(&x, inner, kept, &place)?);
    let out_idx = ctx.node.attrs().dtype("out_idx")?;
    for (o, list) in [(1, kinds), (2, counts)] {
        ctx.outputs.set(o, Value::vector(list).convert(out_idx)?);
    }
    Ok(())
}

fn infer(ctx: &mut InferCtx) -> Result<()> {
    let list = ctx.len() == 1;
    let shape = if list { ctx.shape_of_rank(0, 1)? } else { ctx.shape(0)?.clone() };
    let axis = if list { Some(0) } else { ctx.known_integers(1)?.and_then(|axis| axis.first().copied()) };
    let n = match (shape.rank(), axis) {
        (Some(rank), Some(axis)) => shape.dim(resolve_axis(axis, rank)?),
        (Some(1), None) => shape.dim(0),
        _ => None,
    };
    let kept = match (shape.dims(), axis) {
        (Some(dims), Some(axis)) => {
            let axis = resolve_axis(axis, dims.len())?;
            PartialShape::new(dims.iter().enumerate().map(|(a, n)| if a == axis { None } else { *n }))
        }
        (Some(dims), None) => PartialShape::unknown_of_rank(dims.len()),
        (None, _) => PartialShape::unknown(),
    };
    ctx.set(0, kept)?;
    ctx.set(1, PartialShape::new([n]))?;
    if ctx.outputs_len() > 2 {
        ctx.set(2, PartialShape::unknown_of_rank(1))?;
    }
    Ok(())
}

macro_rules! unique_ops {
    ($($op:ident $sig:literal;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new($sig),
            infer,
            kernel: Kernel::Run(run),
            grad: Grad::Missing("which elements are there is not smooth"),
            flags: Flags::PURE,
        };
    )*};
}

unique_ops! {
    UNIQUE "Unique(x: T) -> (y: T, idx: out_idx) where T: type, out_idx: index = int32";
    UNIQUE_V2 "UniqueV2(x: T, axis: Taxis) -> (y: T, idx: out_idx) \
        where T: type, Taxis: index = int64, out_idx: index = int32";
    UNIQUE_WITH_COUNTS "UniqueWithCounts(x: T) -> (y: T, idx: out_idx, count: out_idx) \
        where T: type, out_idx: index = int32";
    UNIQUE_WITH_COUNTS_V2 "UniqueWithCountsV2(x: T, axis: Taxis) -> (y: T, idx: out_idx, count: out_idx) \
        where T: type, Taxis: index = int64, out_idx: index = int32";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn unique_is_whole() {
        OpTest::new(|x| {
            let (y, idx, count) = unique_with_counts(x[0]);
            vec![unique(x[0]).0, y, idx, count]
        })
        .inputs([[0.0f32, f32::NAN, -0.0, f32::NAN, 2.0].into()])
        .expect([
            [0.0f32, f32::NAN, f32::NAN, 2.0].into(),
            [0.0f32, f32::NAN, f32::NAN, 2.0].into(),
            [0i32, 1, 0, 2, 3].into(),
            [2i32, 1, 1, 1].into(),
        ])
        .run();
        OpTest::new(|x| UNIQUE_WITH_COUNTS_V2.call([x[0].into_arg(), [1].into_arg()]).build().outputs())
            .inputs([
                [[b"a".to_vec(), b"b".to_vec(), b"a".to_vec()], [b"c".to_vec(), b"b".to_vec(), b"c".to_vec()]].into()
            ])
            .expect([
                [[b"a".to_vec(), b"b".to_vec()], [b"c".to_vec(), b"b".to_vec()]].into(),
                [0i32, 1, 0].into(),
                [2i32, 1].into(),
            ])
            .run();
        assert!(build_error(|| unique([[1]])).contains("must have 1 dimension"));
    }
}
