//! SpaceToBatchND, BatchToSpaceND, SpaceToDepth, DepthToSpace and their old forms: blocks of an image moved to another
//! dimension and back.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::copy::{coordinates, copy_blocks, flat_position, gather_steps};
use crate::op::{Arg, AttrReader, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::shape::{Dim, PartialShape, Shape};
use crate::value::Value;

/// `input` with its blocks taken apart: the elements at the same place of each block become an image of their own, one
/// after the other along dimension 0. TF: `tf.space_to_batch_nd`.
///
/// `block_shape` is a list of int32 or int64, the sizes of a block along the dimensions after the first; `paddings` has
/// shape [len(block_shape), 2] and says how many zeros are put around before. The gradient is [`batch_to_space_nd`].
#[track_caller]
pub fn space_to_batch_nd(input: impl IntoTensor, block_shape: impl IntoTensor, paddings: impl IntoTensor) -> Tensor {
    SPACE_TO_BATCH_ND.call([input.into_arg(), block_shape.into_arg(), paddings.into_arg()]).single()
}

/// What [`space_to_batch_nd`] took apart, put together, and `crops` elements cut off. TF: `tf.batch_to_space_nd`.
///
/// The gradient is [`space_to_batch_nd`].
///
/// ```
/// use flowstone as tf;
/// let x = tf::constant([[[1], [2], [3], [4]]]);
/// let parts = tf::space_to_batch_nd(x, [2], [[0, 0]]);
/// let whole = tf::batch_to_space_nd(parts, [2], [[0, 0]]);
/// let (parts, whole) = tf::Session()?.run((parts, whole), tf::feed_dict! {})?;
/// assert_eq!((parts.as_slice::<i32>()?, whole.as_slice::<i32>()?), (&[1, 3, 2, 4][..], &[1, 2, 3, 4][..]));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn batch_to_space_nd(input: impl IntoTensor, block_shape: impl IntoTensor, crops: impl IntoTensor) -> Tensor {
    BATCH_TO_SPACE_ND.call([input.into_arg(), block_shape.into_arg(), crops.into_arg()]).single()
}

/// [`space_to_batch_nd`] of images with 4 dimensions and square blocks. TF: `tf.space_to_batch`.
#[track_caller]
pub fn space_to_batch(input: impl IntoTensor, paddings: impl IntoTensor, block_size: i64) -> Tensor {
    let images = space_to_batch_nd(input, square(block_size), paddings);
    images.set_shape(PartialShape::unknown_of_rank(4));
    images
}

/// [`batch_to_space_nd`] of images with 4 dimensions and square blocks. TF: `tf.batch_to_space`.
#[track_caller]
pub fn batch_to_space(input: impl IntoTensor, crops: impl IntoTensor, block_size: i64) -> Tensor {
    let images = batch_to_space_nd(input, square(block_size), crops);
    images.set_shape(PartialShape::unknown_of_rank(4));
    images
}

fn square(block_size: i64) -> Arg {
    Value::vector(vec![block_size, block_size]).into_arg()
}

/// `input` with each block of `block_size` by `block_size` pixels as one pixel of more channels. TF: `tf.space_to_depth`.
///
/// `input` has 4 dimensions. Keyword argument `data_format`: `"NCHW"` if the channels come second. The gradient is
/// [`depth_to_space`].
#[track_caller]
pub fn space_to_depth(input: impl IntoTensor, block_size: i64) -> Tensor {
    space_to_depth_args(input, block_size).build()
}

/// [`space_to_depth`] with the keyword argument `data_format`.
pub fn space_to_depth_args(input: impl IntoTensor, block_size: i64) -> DepthArgs {
    DepthArgs { op: &SPACE_TO_DEPTH, input: input.into_arg(), block_size, data_format: "NHWC".into() }
}

/// `input` with the channels of each pixel spread over `block_size` by `block_size` pixels. TF: `tf.depth_to_space`.
///
/// `input` has 4 dimensions. Keyword argument `data_format`: `"NCHW"` if the channels come second. The gradient is
/// [`space_to_depth`].
///
/// ```
/// use flowstone as tf;
/// let y = tf::depth_to_space(tf::zeros([1, 2, 3, 8]), 2);
/// assert_eq!(y.shape().to_string(), "[1,4,6,2]");
/// assert_eq!(tf::space_to_depth(y, 2).shape().to_string(), "[1,2,3,8]");
/// ```
#[track_caller]
pub fn depth_to_space(input: impl IntoTensor, block_size: i64) -> Tensor {
    depth_to_space_args(input, block_size).build()
}

/// [`depth_to_space`] with the keyword argument `data_format`.
pub fn depth_to_space_args(input: impl IntoTensor, block_size: i64) -> DepthArgs {
    DepthArgs { op: &DEPTH_TO_SPACE, input: input.into_arg(), block_size, data_format: "NHWC".into() }
}

/// A [`space_to_depth`] or [`depth_to_space`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct DepthArgs {
    op: &'static OpDef,
    input: Arg,
    block_size: i64,
    data_format: String,
}

impl DepthArgs {
    /// Where the channels are: `"NHWC"` if not said, or `"NCHW"`.
    pub fn data_format(mut self, data_format: &str) -> Self {
        self.data_format = data_format.to_owned();
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let call = self.op.call([self.input]).attr("block_size", self.block_size);
        call.attr("data_format", self.data_format.as_str()).single()
    }
}

/// The attribute `block_size`.
fn block_size(attrs: AttrReader) -> Result<usize> {
    let size = attrs.int("block_size")?;
    let valid = usize::try_from(size).ok().filter(|&size| size > 1);
    valid.ok_or_else(|| Error::invalid_argument(format!("block_size is {size}: at least 2")))
}

/// The sizes of a block as they are known: input 1, or a square where the operation says so. `None` if not even their
/// number is.
fn block_sizes(ctx: &InferCtx) -> Result<Option<Vec<Option<i64>>>> {
    if ctx.len() == 2 {
        let size = block_size(ctx.attrs())? as i64;
        return Ok(Some(vec![Some(size); 2]));
    }
    ctx.shape_of_rank(1, 1)?;
    Ok(ctx.integers(1)?.map(|sizes| sizes.to_vec()))
}

/// Whether blocks are taken apart or put together.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Apart,
    Together,
}

fn infer_batch(ctx: &mut InferCtx, way: Way) -> Result<()> {
    let edges_at = ctx.len() - 1;
    let Some(sizes) = block_sizes(ctx)? else { return ctx.set(0, PartialShape::unknown()) };
    let edges = ctx.shape_of_rank(edges_at, 2)?;
    if edges.merge(&PartialShape::new([Some(sizes.len()), Some(2)])).is_none() {
        return Err(Error::invalid_argument(format!("{} sizes of a block, but edges of shape {edges}", sizes.len())));
    }
    if sizes.iter().flatten().any(|&n| n < 1) {
        return Err(Error::invalid_argument(format!("a block of sizes {sizes:?}")));
    }
    let edges = ctx.integers(edges_at)?.map_or_else(|| vec![None; 2 * sizes.len()], |edges| edges.to_vec());
    if edges.iter().flatten().any(|&n| n < 0) {
        return Err(Error::invalid_argument(format!("edges {edges:?} are negative")));
    }
    let shape = ctx.shape(0)?.clone();
    let Some(dims) = shape.dims() else { return ctx.set(0, PartialShape::unknown()) };
    if dims.len() <= sizes.len() || (ctx.len() == 2 && dims.len() != 4) {
        return Err(Error::invalid_argument(format!("blocks of {} dimensions in shape {shape}", sizes.len())));
    }
    let wrong = || Error::invalid_argument(format!("blocks {sizes:?} with edges {edges:?} in shape {shape}"));
    let mut dims = dims.to_vec();
    let product = sizes.iter().try_fold(1usize, |product, n| product.checked_mul((*n)? as usize));
    dims[0] = match (dims[0], product, way) {
        (Some(n), Some(product), Way::Apart) => Some(n.checked_mul(product).ok_or_else(wrong)?),
        (Some(n), Some(product), Way::Together) if n % product != 0 => return Err(wrong()),
        (Some(n), Some(product), Way::Together) => Some(n / product),
        _ => None,
    };
    for (axis, size) in sizes.iter().enumerate() {
        let (Some(n), Some(size), [Some(before), Some(after)]) = (dims[axis + 1], *size, &edges[2 * axis..][..2])
        else {
            dims[axis + 1] = None;
            continue;
        };
        let (size, edges) = (size as usize, (*before as usize).checked_add(*after as usize).ok_or_else(wrong)?);
        dims[axis + 1] = Some(match way {
            Way::Apart => n.checked_add(edges).filter(|n| n % size == 0).ok_or_else(wrong)? / size,
            Way::Together => n.checked_mul(size).and_then(|n| n.checked_sub(edges)).ok_or_else(wrong)?,
        });
    }
    ctx.set(0, PartialShape::new(dims))
}

/// How the pixels of the images and those of their parts correspond.
struct Blocks {
    sizes: Vec<usize>,
    before: Vec<usize>,
    /// How many images there are before they are taken apart.
    batch: usize,
}

impl Blocks {
    /// As a node says it. An error unless the images `whole` are taken apart into `parts` by it.
    fn new(ctx: &KernelCtx, whole: &Shape, parts: &Shape) -> Result<Self> {
        let last = ctx.inputs.len() - 1;
        let size = |n: i64| usize::try_from(n).map_err(|_| Error::invalid_argument(format!("a size of {n}")));
        let list = |i: usize| ctx.inputs.value(i)?.integers()?.into_iter().map(size).collect::<Result<Vec<usize>>>();
        let sizes = if last == 1 { vec![block_size(ctx.node.attrs())?; 2] } else { list(1)? };
        let edges = list(last)?;
        let product = sizes.iter().fold(1usize, |product, n| product.saturating_mul(*n));
        let padded = whole.iter().skip(1).zip(edges.chunks(2));
        let padded = padded.map(|(n, edges)| edges.iter().fold(*n, |sum, n| sum.saturating_add(*n)));
        let tiled = parts.iter().skip(1).zip(&sizes).map(|(n, size)| n.saturating_mul(*size));
        let fits = sizes.len() < whole.rank()
            && edges.len() == 2 * sizes.len()
            && product > 0
            && whole[0].saturating_mul(product) == parts[0]
            && padded.eq(tiled);
        if !fits {
            return Err(Error::invalid_argument(format!(
                "blocks of sizes {sizes:?} with edges {edges:?} do not make {parts} of {whole}"
            )));
        }
        Ok(Blocks { sizes, before: edges.into_iter().step_by(2).collect(), batch: whole[0] })
    }

    /// The pixel of the images that pixel `index` of the parts is; `None` in the padding.
    fn pixel(&self, index: &[usize], whole: &[usize]) -> Option<usize> {
        let offsets = coordinates(index[0] / self.batch, &self.sizes);
        let mut pixel = index[0] % self.batch;
        for (axis, offset) in offsets.into_iter().enumerate() {
            let i = (index[axis + 1] * self.sizes[axis] + offset).checked_sub(self.before[axis])?;
            pixel = pixel * whole[axis + 1] + Some(i).filter(|&i| i < whole[axis + 1])?;
        }
        Some(pixel)
    }

    /// The pixel of the parts that pixel `index` of the images is.
    fn part(&self, index: &[usize], parts: &[usize]) -> usize {
        let places = index[1..].iter().zip(&self.before).map(|(i, before)| i + before);
        let (mut offset, mut inner): (usize, Vec<usize>) = (0, vec![0]);
        for (place, size) in places.zip(&self.sizes) {
            offset = offset * size + place % size;
            inner.push(place / size);
        }
        inner[0] = offset * self.batch + index[0];
        flat_position(&inner, parts)
    }
}

fn run_batch(ctx: &mut KernelCtx, way: Way) -> Result<()> {
    let (x, out) = (ctx.inputs.shape(0)?.clone(), ctx.outputs.shape(0)?.clone());
    let (whole, parts) = if way == Way::Apart { (&x, &out) } else { (&out, &x) };
    let blocks = Blocks::new(ctx, whole, parts)?;
    let rank = blocks.sizes.len() + 1;
    let block: usize = x[rank..].iter().product();
    let place = |i: usize| {
        let index = coordinates(i, &out[..rank]);
        match way {
            Way::Apart => blocks.pixel(&index, &x),
            Way::Together => Some(blocks.part(&index, &x[..rank])),
        }
    };
    dispatch!(ctx.node.dtype()?, all, T => {
        copy_blocks(ctx.inputs.slice::<T>(0)?, block, &T::default(), ctx.outputs.slice::<T>(0)?, &place);
        Ok(())
    })
}

macro_rules! batch_ops {
    ($($op:ident $sig:literal $way:expr, |$g:ident| $back:expr, $rest:literal;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new($sig),
            infer: |ctx| infer_batch(ctx, $way),
            kernel: Kernel::Run(|ctx| run_batch(ctx, $way)),
            grad: Grad::Rule(|$g| {
                let mut gradients = vec![Some($back)];
                gradients.extend([None; $rest]);
                Ok(gradients)
            }),
            flags: Flags::PURE,
        };
    )*};
}

batch_ops! {
    SPACE_TO_BATCH_ND "SpaceToBatchND(input: T, block_shape: Tblock_shape, paddings: Tpaddings) -> (output: T) \
        where T: type, Tblock_shape: index = int32, Tpaddings: index = int32"
        Way::Apart, |g| batch_to_space_nd(g.dy(0), g.x(1), g.x(2)), 2;
    BATCH_TO_SPACE_ND "BatchToSpaceND(input: T, block_shape: Tblock_shape, crops: Tcrops) -> (output: T) \
        where T: type, Tblock_shape: index = int32, Tcrops: index = int32"
        Way::Together, |g| space_to_batch_nd(g.dy(0), g.x(1), g.x(2)), 2;
    SPACE_TO_BATCH "SpaceToBatch(input: T, paddings: Tpaddings) -> (output: T) \
        where T: type, Tpaddings: index = int32, block_size: int"
        Way::Apart, |g| batch_to_space(g.dy(0), g.x(1), g.attrs().int("block_size")?), 1;
    BATCH_TO_SPACE "BatchToSpace(input: T, crops: Tidx) -> (output: T) \
        where T: type, block_size: int, Tidx: index = int32"
        Way::Together, |g| space_to_batch(g.dy(0), g.x(1), g.attrs().int("block_size")?), 1;
}

/// The places of height, width and channels.
fn axes(attrs: AttrReader) -> Result<[usize; 3]> {
    Ok(if attrs.str("data_format")? == "NHWC" { [1, 2, 3] } else { [2, 3, 1] })
}

fn infer_depth(ctx: &mut InferCtx, way: Way) -> Result<()> {
    let (size, [h, w, c]) = (block_size(ctx.attrs())?, axes(ctx.attrs())?);
    let shape = ctx.shape_of_rank(0, 4)?;
    let mut dims: Vec<Dim> = (0..4).map(|axis| shape.dim(axis)).collect();
    let wrong = || Error::invalid_argument(format!("blocks of {size} by {size} in shape {shape}"));
    let area = size.checked_mul(size).ok_or_else(wrong)?;
    for (axis, factor, grows) in
        [(h, size, way == Way::Together), (w, size, way == Way::Together), (c, area, way == Way::Apart)]
    {
        if let Some(n) = &mut dims[axis] {
            *n = if grows { n.checked_mul(factor) } else { (*n % factor == 0).then_some(*n / factor) }
                .ok_or_else(wrong)?;
        }
    }
    ctx.set(0, PartialShape::new(dims))
}

fn run_depth(ctx: &mut KernelCtx, way: Way) -> Result<()> {
    let (size, [h, w, c]) = (block_size(ctx.node.attrs())?, axes(ctx.node.attrs())?);
    let (x, out) = (ctx.inputs.shape(0)?.clone(), ctx.outputs.shape(0)?.clone());
    let (space, deep) = if way == Way::Apart { (&x, &out) } else { (&out, &x) };
    let (n, rows, columns, channels) = (x[0], deep[h], deep[w], space[c]);
    // Each as (size, step in the image, step in the image of deep pixels).
    let (s, d) = (space.strides(), deep.strides());
    let block = [(size, s[h], size * channels * d[c]), (size, s[w], channels * d[c]), (channels, s[c], d[c])];
    let outer = [(n, s[0], d[0]), (rows, size * s[h], d[h]), (columns, size * s[w], d[w])];
    let [b_h, b_w, ch] = block;
    let [o_n, o_h, o_w] = outer;
    let walk = match (way, c == 3) {
        (Way::Apart, true) => [o_n, o_h, o_w, b_h, b_w, ch],
        (Way::Apart, false) => [o_n, b_h, b_w, ch, o_h, o_w],
        (Way::Together, true) => [o_n, o_h, b_h, o_w, b_w, ch],
        (Way::Together, false) => [o_n, ch, o_h, b_h, o_w, b_w],
    };
    let dims = walk.map(|(n, _, _)| n);
    let steps = walk.map(|(_, s, d)| if way == Way::Apart { s } else { d });
    dispatch!(ctx.node.dtype()?, all, T => {
        gather_steps(ctx.inputs.slice::<T>(0)?, 0, &steps, &dims, ctx.outputs.slice::<T>(0)?);
        Ok(())
    })
}

fn depth_grad(g: &GradCtx, back: impl Fn(Tensor, i64) -> DepthArgs) -> Result<Vec<Option<Tensor>>> {
    let args = back(g.dy(0), g.attrs().int("block_size")?);
    Ok(vec![Some(args.data_format(g.attrs().str("data_format")?).build())])
}

pub(super) static SPACE_TO_DEPTH: OpDef = OpDef {
    sig: Sig::new(
        "SpaceToDepth(input: T) -> (output: T) where T: type, block_size: int, data_format: 'NHWC'|'NCHW' = 'NHWC'",
    ),
    infer: |ctx| infer_depth(ctx, Way::Apart),
    kernel: Kernel::Run(|ctx| run_depth(ctx, Way::Apart)),
    grad: Grad::Rule(|g| depth_grad(g, depth_to_space_args)),
    flags: Flags::PURE.row_by_row(),
};

pub(super) static DEPTH_TO_SPACE: OpDef = OpDef {
    sig: Sig::new(
        "DepthToSpace(input: T) -> (output: T) where T: type, block_size: int, data_format: 'NHWC'|'NCHW' = 'NHWC'",
    ),
    infer: |ctx| infer_depth(ctx, Way::Together),
    kernel: Kernel::Run(|ctx| run_depth(ctx, Way::Together)),
    grad: Grad::Rule(|g| depth_grad(g, space_to_depth_args)),
    flags: Flags::PURE.row_by_row(),
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};

    fn counting(shape: [usize; 4]) -> Value {
        let n = shape.iter().product::<usize>();
        Value::new(shape, (0..n).map(|i| i as f32).collect::<Vec<f32>>()).unwrap()
    }

    #[test]
    fn batches_are_whole() {
        OpTest::new(|x| {
            let apart = space_to_batch_nd(x[0], [2, 2], [[1, 0], [0, 1]]);
            vec![apart, batch_to_space_nd(apart, [2, 2], [[1, 0], [0, 1]])]
        })
        .inputs([counting([1, 3, 1, 1])])
        .expect([
            Value::new([4, 2, 1, 1], vec![0.0f32, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0]).unwrap(),
            counting([1, 3, 1, 1]),
        ])
        .differentiable(&[0])
        .run();
        let error = build_error(|| space_to_batch(counting([1, 3, 2, 1]), [[0, 0], [0, 0]], 2));
        assert!(error.contains("in shape [1,3,2,1]"), "{error}");
    }

    #[test]
    fn depth_is_whole() {
        OpTest::new(|x| {
            let deep = space_to_depth(x[0], 2);
            let planes = space_to_depth_args(x[1], 2).data_format("NCHW").build();
            let back = depth_to_space_args(planes, 2).data_format("NCHW").build();
            vec![deep, depth_to_space(deep, 2), planes, back]
        })
        .inputs([counting([1, 2, 4, 1]), counting([1, 1, 2, 4])])
        .expect([
            Value::new([1, 1, 2, 4], vec![0.0f32, 1.0, 4.0, 5.0, 2.0, 3.0, 6.0, 7.0]).unwrap(),
            counting([1, 2, 4, 1]),
            Value::new([1, 4, 1, 2], vec![0.0f32, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]).unwrap(),
            counting([1, 1, 2, 4]),
        ])
        .differentiable(&[0, 1])
        .run();
        assert!(
            build_error(|| depth_to_space(counting([1, 1, 1, 3]), 2)).contains("blocks of 2 by 2 in shape [1,1,1,3]")
        );
    }
}
