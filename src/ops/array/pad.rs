//! Pad, PadV2, MirrorPad and MirrorPadGrad: more elements around an array.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::copy::{coordinates, copy_blocks, flat_position, scatter_rows};
use crate::op::{Arg, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::array::{rank, reshape, shape_as, slice, stack};
use crate::shape::{Dim, PartialShape, Shape};
use crate::value::{Element, Number, Value};

/// `tensor` with zeros around. TF: `tf.pad`.
///
/// `paddings` is int32 or int64 of shape [rank, 2]: how many elements before and after, for each dimension. Keyword
/// arguments `constant_values`, a single element to stand there instead of zero, and `mode`: `"CONSTANT"`, or `"REFLECT"`
/// and `"SYMMETRIC"`, which mirror the array, without and with its edge. The gradient is cut out, or added up over the
/// mirror images.
///
/// ```
/// use flowstone as tf;
/// let y = tf::pad!([1, 2, 3], [[2, 1]], mode = "REFLECT");
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [3, 2, 1, 2, 3, 2]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn pad(tensor: impl IntoTensor, paddings: impl IntoTensor) -> Tensor {
    pad_args(tensor, paddings).build()
}

/// [`pad`] with keyword arguments.
pub fn pad_args(tensor: impl IntoTensor, paddings: impl IntoTensor) -> PadArgs {
    PadArgs { args: [tensor.into_arg(), paddings.into_arg()], mode: "CONSTANT".into(), constant_values: None }
}

/// A [`pad`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct PadArgs {
    args: [Arg; 2],
    mode: String,
    constant_values: Option<Arg>,
}

impl PadArgs {
    /// What the new elements are: `"CONSTANT"` if not said, `"REFLECT"` or `"SYMMETRIC"`; small letters do too.
    pub fn mode(mut self, mode: &str) -> Self {
        self.mode = mode.to_ascii_uppercase();
        self
    }

    /// The new elements; zero if not said.
    pub fn constant_values(mut self, constant_values: impl IntoTensor) -> Self {
        self.constant_values = Some(constant_values.into_arg()).filter(|value| !is_zero(value));
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let [tensor, paddings] = self.args;
        match (self.mode.as_str(), self.constant_values) {
            ("CONSTANT", None) => PAD.call([tensor, paddings]).single(),
            ("CONSTANT", Some(value)) => PAD_V2.call([tensor, paddings, value]).single(),
            (mode, _) => MIRROR_PAD.call([tensor, paddings]).attr("mode", mode).single(),
        }
    }
}

/// Whether `arg` is the number 0 and no tensor.
fn is_zero(arg: &Arg) -> bool {
    let Arg::Literal(Ok(literal)) = arg else { return false };
    let number = literal.clone().resolve(None).ok().filter(|value| value.shape().rank() == 0);
    let is_zero = |value: Value| dispatch!(value.dtype(), numbers, T => Ok(value.item::<T>()? == T::ZERO));
    number.is_some_and(|value| is_zero(value).unwrap_or(false))
}

fn paddings(ctx: &KernelCtx) -> Result<Vec<[usize; 2]>> {
    let list = ctx.inputs.value(1)?.integers()?;
    let size = |n: i64| usize::try_from(n).map_err(|_| Error::invalid_argument(format!("a padding of {n}")));
    list.as_chunks().0.iter().map(|&[before, after]| Ok([size(before)?, size(after)?])).collect()
}

/// An error unless `inner` with `paddings` around is `outer`.
fn check(inner: &Shape, paddings: &[[usize; 2]], outer: &Shape) -> Result<()> {
    let sum = |(n, [before, after]): (&usize, &[usize; 2])| n.saturating_add(*before).saturating_add(*after);
    let fits = inner.rank() == paddings.len() && inner.iter().zip(paddings).map(sum).eq(outer.iter().copied());
    if fits {
        Ok(())
    } else {
        Err(Error::invalid_argument(format!("paddings {paddings:?} do not make {outer} of {inner}")))
    }
}

/// The input, surrounded by `filler`.
fn surround<T: Element>(ctx: &mut KernelCtx, filler: T) -> Result<()> {
    let paddings = paddings(ctx)?;
    let (x, out) = (ctx.inputs.shape(0)?.clone(), ctx.outputs.shape(0)?.clone());
    check(&x, &paddings, &out)?;
    let steps = out.strides();
    let base = paddings.iter().zip(&steps).map(|([before, _], step)| before * step).sum();
    let result = ctx.outputs.slice::<T>(0)?;
    result.fill(filler);
    let input = ctx.inputs.slice::<T>(0)?;
    if !input.is_empty() {
        scatter_rows(input, &x, result, base, &steps);
    }
    Ok(())
}

pub(super) static PAD: OpDef = OpDef {
    sig: Sig::new("Pad(input: T, paddings: Tpaddings) -> (output: T) where T: type, Tpaddings: index = int32"),
    infer: |ctx| infer_pad(ctx, |n, padding| n.checked_add(padding)),
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, all, T => surround(ctx, T::default()))),
    grad: Grad::Rule(|g| Ok(vec![Some(cut_out(g)?), None])),
    flags: Flags::PURE,
};

pub(super) static PAD_V2: OpDef = OpDef {
    sig: Sig::new(
        "PadV2(input: T, paddings: Tpaddings, constant_values: T) -> (output: T) \
         where T: type, Tpaddings: index = int32",
    ),
    infer: |ctx| {
        ctx.shape_of_rank(2, 0)?;
        infer_pad(ctx, |n, padding| n.checked_add(padding))
    },
    kernel: Kernel::Run(|ctx| {
        dispatch!(ctx.node.dtype()?, all, T => {
            let filler = ctx.inputs.value(2)?.item::<T>()?;
            surround(ctx, filler)
        })
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(cut_out(g)?), None, None])),
    flags: Flags::PURE,
};

/// The part of the gradient that stands where the input stood.
fn cut_out(g: &GradCtx) -> Result<Tensor> {
    let (x, paddings) = (g.x(0), g.x(1));
    let column = stack([rank(x).into_arg(), 1.into_arg()]);
    let before = slice(paddings, [0, 0], column);
    let begin = reshape(before, [-1]);
    Ok(slice(g.dy(0), begin, shape_as(x, paddings.dtype()?)))
}

/// The sizes of the output: `change` is done with each size and both paddings of its dimension.
fn infer_pad(ctx: &mut InferCtx, change: fn(usize, usize) -> Option<usize>) -> Result<()> {
    let paddings = ctx.shape_of_rank(1, 2)?;
    if paddings.dim(1).is_some_and(|n| n != 2) {
        return Err(Error::invalid_argument(format!("paddings must have shape [rank,2], not {paddings}")));
    }
    let Some(rank) = paddings.dim(0).or(ctx.shape(0)?.rank()) else { return ctx.set(0, PartialShape::unknown()) };
    let input = ctx.shape_of_rank(0, rank)?;
    let Some(list) = ctx.integers(1)? else { return ctx.set(0, PartialShape::unknown_of_rank(rank)) };
    let mut dims: Vec<Dim> = Vec::with_capacity(rank);
    for (axis, pair) in list.chunks(2).enumerate() {
        if pair.iter().flatten().any(|&n| n < 0) {
            return Err(Error::invalid_argument(format!("paddings {pair:?} of dimension {axis}")));
        }
        let total = pair.iter().try_fold(0usize, |sum, n| sum.checked_add((*n)? as usize));
        dims.push(match (input.dim(axis), total) {
            (Some(n), Some(total)) => {
                let wrong = || Error::invalid_argument(format!("paddings of {total} for dimension {axis} of {input}"));
                Some(change(n, total).ok_or_else(wrong)?)
            }
            _ => None,
        });
    }
    ctx.set(0, PartialShape::new(dims))
}

/// A mirror that stands at the edges of an array or on them.
struct Mirror {
    paddings: Vec<[usize; 2]>,
    /// Whether the element at the edge is its own image.
    reflect: bool,
}

impl Mirror {
    fn new(ctx: &KernelCtx, inner: &Shape, outer: &Shape) -> Result<Self> {
        let paddings = paddings(ctx)?;
        check(inner, &paddings, outer)?;
        let reflect = ctx.node.attrs().str("mode")? == "REFLECT";
        let too_far =
            |(n, pair): (&usize, &[usize; 2])| pair.iter().any(|&p| p > n.saturating_sub(usize::from(reflect)));
        if inner.iter().zip(&paddings).any(too_far) {
            return Err(Error::invalid_argument(format!("paddings {paddings:?} mirror more than there is of {inner}")));
        }
        Ok(Mirror { paddings, reflect })
    }

    /// How many of the last dimensions stay as they are.
    fn untouched(&self) -> usize {
        self.paddings.iter().rev().take_while(|pair| **pair == [0, 0]).count()
    }

    /// The index in the inner array of what stands at `index` of the outer one.
    fn source(&self, index: &mut [usize], inner: &[usize]) {
        let edge = usize::from(self.reflect);
        for ((i, &n), [before, _]) in index.iter_mut().zip(inner).zip(&self.paddings) {
            *i = match *i {
                i if i < *before => before - i - 1 + edge,
                i if i - before >= n => 2 * n - 1 - edge - (i - before),
                i => i - before,
            };
        }
    }
}

pub(super) static MIRROR_PAD: OpDef = OpDef {
    sig: Sig::new(
        "MirrorPad(input: T, paddings: Tpaddings) -> (output: T) \
         where T: type, Tpaddings: index = int32, mode: 'REFLECT'|'SYMMETRIC'",
    ),
    infer: |ctx| infer_pad(ctx, |n, padding| n.checked_add(padding)),
    kernel: Kernel::Run(|ctx| {
        let (inner, outer) = (ctx.inputs.shape(0)?.clone(), ctx.outputs.shape(0)?.clone());
        let mirror = Mirror::new(ctx, &inner, &outer)?;
        let (rows, block) = inner.split_at(inner.rank() - mirror.untouched());
        let place = |i: usize| {
            let mut index = coordinates(i, &outer[..rows.len()]);
            mirror.source(&mut index, rows);
            Some(flat_position(&index, rows))
        };
        dispatch!(ctx.node.dtype()?, all, T => {
            let (x, out) = (ctx.inputs.slice::<T>(0)?, ctx.outputs.slice::<T>(0)?);
            copy_blocks(x, block.iter().product(), &T::default(), out, &place);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(mirrored(g, &MIRROR_PAD_GRAD)?), None])),
    flags: Flags::PURE,
};

fn mirrored(g: &GradCtx, op: &'static OpDef) -> Result<Tensor> {
    Ok(op.call([g.dy(0), g.x(1)].map(IntoTensor::into_arg)).attr("mode", g.attrs().str("mode")?).single())
}

pub(super) static MIRROR_PAD_GRAD: OpDef = OpDef {
    sig: Sig::new(
        "MirrorPadGrad(input: T, paddings: Tpaddings) -> (output: T) \
         where T: type, Tpaddings: index = int32, mode: 'REFLECT'|'SYMMETRIC'",
    ),
    infer: |ctx| infer_pad(ctx, |n, padding| n.checked_sub(padding)),
    kernel: Kernel::Run(|ctx| {
        let (outer, inner) = (ctx.inputs.shape(0)?.clone(), ctx.outputs.shape(0)?.clone());
        let mirror = Mirror::new(ctx, &inner, &outer)?;
        let (rows, block) = inner.split_at(inner.rank() - mirror.untouched());
        let block: usize = block.iter().product();
        dispatch!(ctx.node.dtype()?, numbers, T => {
            let sums = ctx.outputs.slice::<T>(0)?;
            sums.fill(T::ZERO);
            for (i, x) in ctx.inputs.slice::<T>(0)?.chunks_exact(block.max(1)).enumerate() {
                let mut index = coordinates(i, &outer[..rows.len()]);
                mirror.source(&mut index, rows);
                let sums = sums[flat_position(&index, rows) * block..].iter_mut();
                sums.zip(x).for_each(|(sum, x)| *sum = sum.plus(*x));
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(mirrored(g, &MIRROR_PAD)?), None])),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn pad_is_whole() {
        OpTest::new(|x| vec![pad(x[0], x[1]), pad_args(x[0], x[1]).constant_values(7).build()])
            .inputs([[[1.0f32, 2.0]].into(), [[1i32, 0], [0, 2]].into()])
            .constants(&[1])
            .expect([
                [[0.0f32, 0.0, 0.0, 0.0], [1.0, 2.0, 0.0, 0.0]].into(),
                [[7.0f32, 7.0, 7.0, 7.0], [1.0, 2.0, 7.0, 7.0]].into(),
            ])
            .differentiable(&[0])
            .run();
    }

    #[test]
    fn mirrors_are_whole() {
        OpTest::new(|x| {
            let mirror = |mode| pad_args(x[0], [[2, 0], [1, 1]]).mode(mode).build();
            let rows = pad_args(x[0], [[1, 1], [0, 0]]).mode("symmetric").build();
            vec![pad_args(x[0], [[1, 0], [1, 1]]).mode("REFLECT").build(), mirror("SYMMETRIC"), rows]
        })
        .inputs([[[1.0f32, 2.0], [3.0, 4.0]].into()])
        .expect([
            [[4.0f32, 3.0, 4.0, 3.0], [2.0, 1.0, 2.0, 1.0], [4.0, 3.0, 4.0, 3.0]].into(),
            [[3.0f32, 3.0, 4.0, 4.0], [1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0], [3.0, 3.0, 4.0, 4.0]].into(),
            [[1.0f32, 2.0], [1.0, 2.0], [3.0, 4.0], [3.0, 4.0]].into(),
        ])
        .differentiable(&[0])
        .run();
        assert!(build_error(|| pad_args([1], [[1, 1]]).mode("WRAP").build()).contains("one of REFLECT, SYMMETRIC"));
    }
}
