//! StridedSlice, which Python's `x[1:3, ::2]` stands for, and its gradient StridedSliceGrad.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::{Tensor, built_at, here};
use crate::kernels::copy::{gather_signed, scatter_signed};
use crate::op::{Arg, AttrReader, Call, Flags, Grad, InferCtx, IntoTensor, Kernel, OpDef, Sig};
use crate::ops::array::{ones_like, shape_as};
use crate::shape::{Dim, MAX_RANK, PartialShape, Shape};
use crate::value::{Literal, Value};

/// The elements from `begin` up to `end`, along each dimension of `input`. TF: `tf.strided_slice`.
///
/// `begin` and `end` are lists of int32 or int64, one number for each of the first dimensions; negative numbers count
/// from the end. Keyword arguments `strides` (1 if not said, negative ones walk backwards) and `begin_mask`, `end_mask`,
/// `ellipsis_mask`, `new_axis_mask`, `shrink_axis_mask`, in which bit i stands for entry i: the beginning or the end of the
/// dimension, as many dimensions as are left, a new dimension of size 1, or one element whose dimension goes. An error for
/// an element that is not there, or a stride of 0. The gradient is zero outside of the part.
///
/// ```
/// use flowstone as tf;
/// let x = tf::constant([[1, 2, 3], [4, 5, 6]]);
/// let y = tf::strided_slice!(x, [0, 2], [2, 0], strides = [1, -1]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [3, 2, 6, 5]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn strided_slice(input: impl IntoTensor, begin: impl IntoTensor, end: impl IntoTensor) -> Tensor {
    strided_slice_args(input, begin, end).build()
}

/// [`strided_slice`] with keyword arguments.
pub fn strided_slice_args(input: impl IntoTensor, begin: impl IntoTensor, end: impl IntoTensor) -> StridedSliceArgs {
    let [input, begin, end] = [input.into_arg(), begin.into_arg(), end.into_arg()];
    StridedSliceArgs { input, begin, end, strides: None, masks: [0; 5] }
}

/// A slice under construction: the keyword arguments of [`strided_slice`].
#[must_use = "nothing is built until `build` is called"]
pub struct StridedSliceArgs {
    input: Arg,
    begin: Arg,
    end: Arg,
    strides: Option<Arg>,
    masks: [i64; 5],
}

const MASKS: [&str; 5] = ["begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"];

macro_rules! masks {
    ($($(#[$doc:meta])* $name:ident $i:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name(mut self, mask: i64) -> Self {
            self.masks[$i] = mask;
            self
        }
    )*};
}

impl StridedSliceArgs {
    /// How far apart the elements are along each dimension.
    pub fn strides(mut self, strides: impl IntoTensor) -> Self {
        self.strides = Some(strides.into_arg());
        self
    }

    masks! {
        /// The dimensions that are taken from their beginning.
        begin_mask 0;
        /// The dimensions that are taken to their end.
        end_mask 1;
        /// The entry that stands for all dimensions that no other speaks of.
        ellipsis_mask 2;
        /// The entries that are new dimensions of size 1.
        new_axis_mask 3;
        /// The entries that take one element; the dimension goes.
        shrink_axis_mask 4;
    }

    /// Builds the slice.
    #[track_caller]
    pub fn build(self) -> Tensor {
        self.call().single()
    }

    /// Builds the slice under a full name.
    #[track_caller]
    pub(crate) fn build_exact(self, name: &str) -> Tensor {
        self.call().name(name).single()
    }

    #[track_caller]
    fn call(self) -> Call {
        let _line = built_at(here());
        let strides = self.strides.unwrap_or_else(|| Arg::Tensor(ones_like(self.begin.clone())));
        let call = STRIDED_SLICE.call([self.input, self.begin, self.end, strides]);
        set_masks(call, self.masks)
    }
}

fn set_masks(call: Call, masks: [i64; 5]) -> Call {
    MASKS.iter().zip(masks).fold(call, |call, (name, mask)| call.attr(name, mask))
}

/// `input[i]`, with the nodes that Python's brackets make.
#[track_caller]
pub(crate) fn item(input: Tensor, i: i32) -> Tensor {
    input.at(i)
}

/// `input[i:]`, with the nodes that Python's brackets make.
#[track_caller]
pub(crate) fn rest(input: Tensor, i: i32) -> Tensor {
    input.at(i..)
}

/// What is taken of a dimension of the input, or a dimension that is new.
enum Piece {
    Whole,
    New,
    One(Option<i64>),
    Part { begin: Option<i64>, end: Option<i64>, stride: Option<i64> },
}

/// Reads the masks: what is taken of each of `rank` dimensions, where `begin`, `end` and `strides` are known as far as
/// they are.
fn pieces(attrs: AttrReader, rank: usize, [begin, end, strides]: [&[Option<i64>]; 3]) -> Result<Vec<Piece>> {
    if begin.len() != end.len() || begin.len() != strides.len() {
        let lengths = [begin.len(), end.len(), strides.len()];
        return Err(Error::invalid_argument(format!("begin, end and strides have {lengths:?} numbers: as many each")));
    }
    let bits = |name| attrs.int(name).map(|mask| move |i: usize| i < 63 && mask >> i & 1 == 1);
    let (begin_open, end_open) = (bits("begin_mask")?, bits("end_mask")?);
    let (ellipsis, new, shrink) = (bits("ellipsis_mask")?, bits("new_axis_mask")?, bits("shrink_axis_mask")?);
    let entries = 0..begin.len();
    if entries.clone().filter(|&i| ellipsis(i)).count() > 1 {
        return Err(Error::invalid_argument("more than one ellipsis"));
    }
    let named = entries.clone().filter(|&i| !ellipsis(i) && !new(i)).count();
    let rest = rank
        .checked_sub(named)
        .ok_or_else(|| Error::invalid_argument(format!("it speaks of {named} dimensions, but the input has {rank}")))?;
    let mut pieces = Vec::new();
    for i in entries.clone() {
        if ellipsis(i) {
            pieces.extend((0..rest).map(|_| Piece::Whole));
        } else if new(i) {
            pieces.push(Piece::New);
        } else if shrink(i) {
            if strides[i].is_some_and(|stride| stride <= 0) {
                return Err(Error::invalid_argument("one element is taken with a stride that is not positive"));
            }
            pieces.push(Piece::One(if begin_open(i) { Some(0) } else { begin[i] }));
        } else {
            if strides[i] == Some(0) {
                return Err(Error::invalid_argument(format!("the stride of entry {i} is 0")));
            }
            let bound = |open: bool, known: Option<i64>, forward: i64, backward: i64| match (open, strides[i]) {
                (false, _) => known,
                (true, Some(stride)) => Some(if stride > 0 { forward } else { backward }),
                (true, None) => None,
            };
            let begin = bound(begin_open(i), begin[i], 0, i64::MAX);
            let end = bound(end_open(i), end[i], i64::MAX, i64::MIN);
            pieces.push(Piece::Part { begin, end, stride: strides[i] });
        }
    }
    if !entries.into_iter().any(ellipsis) {
        pieces.extend((0..rest).map(|_| Piece::Whole));
    }
    Ok(pieces)
}

/// Where a part of a dimension of size `n` starts, and how many elements it has.
fn part(n: usize, begin: i64, end: i64, stride: i64) -> (i64, usize) {
    let n = n as i64;
    let (low, high) = if stride > 0 { (0, n) } else { (-1, n - 1) };
    let place = |i: i64| if i < 0 { i.saturating_add(n) } else { i }.clamp(low, high);
    let (begin, end) = (place(begin), place(end));
    let distance = if stride > 0 { end - begin } else { begin - end };
    (begin, (distance.max(0) as u64).div_ceil(stride.unsigned_abs()) as usize)
}

/// The place of the one element `i` of a dimension of size `n`.
fn one(n: usize, i: i64) -> Result<usize> {
    let place = if i < 0 { i.checked_add(n as i64) } else { Some(i) };
    place
        .and_then(|i| usize::try_from(i).ok())
        .filter(|&i| i < n)
        .ok_or_else(|| Error::invalid_argument(format!("element {i} of a dimension of size {n}")))
}

/// The elements of a slice as a walk over the input: where it starts, its steps, and the sizes of the result.
struct Walk {
    base: usize,
    steps: Vec<isize>,
    dims: Vec<usize>,
}

fn walk(attrs: AttrReader, shape: &Shape, lists: [&[i64]; 3]) -> Result<Walk> {
    let lists = lists.map(|list| list.iter().copied().map(Some).collect::<Vec<_>>());
    let mut walk = Walk { base: 0, steps: Vec::new(), dims: Vec::new() };
    let strides = shape.strides();
    let mut axes = shape.iter().zip(&strides);
    let missing = || Error::internal("a slice of dimensions that are not there");
    for piece in pieces(attrs, shape.rank(), [&lists[0], &lists[1], &lists[2]])? {
        let (step, size) = match piece {
            Piece::New => (0, 1),
            Piece::Whole => {
                let (&n, &step) = axes.next().ok_or_else(missing)?;
                (step as isize, n)
            }
            Piece::One(i) => {
                let (&n, &step) = axes.next().ok_or_else(missing)?;
                walk.base += one(n, i.ok_or_else(missing)?)? * step;
                continue;
            }
            Piece::Part { begin: Some(begin), end: Some(end), stride: Some(stride) } => {
                let (&n, &step) = axes.next().ok_or_else(missing)?;
                let (start, size) = part(n, begin, end, stride);
                if size > 0 {
                    walk.base += start as usize * step;
                }
                // A step that leaves the array is never taken.
                (if size > 1 { stride as isize * step as isize } else { 0 }, size)
            }
            Piece::Part { .. } => return Err(missing()),
        };
        walk.steps.push(step);
        walk.dims.push(size);
    }
    Ok(walk)
}

pub(super) static STRIDED_SLICE: OpDef = OpDef {
    sig: Sig::new(
        "StridedSlice(input: T, begin: Index, end: Index, strides: Index) -> (output: T) \
         where T: type, Index: index, begin_mask: int = 0, end_mask: int = 0, ellipsis_mask: int = 0, \
         new_axis_mask: int = 0, shrink_axis_mask: int = 0",
    ),
    infer: |ctx| {
        let shape = ctx.shape(0)?.clone();
        infer(ctx, &shape)
    },
    kernel: Kernel::Run(|ctx| {
        let [begin, end, strides] = [1, 2, 3].map(|i| ctx.inputs.value(i).and_then(|value| value.integers()));
        let walk = walk(ctx.node.attrs(), ctx.inputs.shape(0)?, [&begin?, &end?, &strides?])?;
        dispatch!(ctx.node.dtype()?, all, T => {
            let out = ctx.outputs.slice::<T>(0)?;
            gather_signed(ctx.inputs.slice::<T>(0)?, walk.base, &walk.steps, &walk.dims, out);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let index = g.x(1).dtype()?;
        let x = shape_as(g.x(0), index);
        // What is known becomes a constant of its own, as in TensorFlow.
        let list = |tensor: Tensor| match tensor.fact().and_then(|f| f.integers?.iter().copied().collect::<Option<_>>())
        {
            Some(numbers) => Arg::Literal(Value::vector::<i64>(numbers).convert(index).map(Literal::firm)),
            None => Arg::Tensor(tensor),
        };
        let args = [list(x), list(g.x(1)), list(g.x(2)), list(g.x(3)), Arg::Tensor(g.dy(0))];
        Ok(vec![Some(with_masks(g.attrs(), STRIDED_SLICE_GRAD.call(args))?), None, None, None])
    }),
    flags: Flags::PURE,
};

fn with_masks(attrs: AttrReader, call: Call) -> Result<Tensor> {
    let masks = MASKS.map(|name| attrs.int(name));
    let masks = masks.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(MASKS.iter().zip(masks).fold(call, |call, (name, mask)| call.attr(name, mask)).single())
}

/// The shape of a slice of `shape`, as far as it is known.
fn infer(ctx: &mut InferCtx, shape: &PartialShape) -> Result<()> {
    let [begin, end, strides] = [1, 2, 3].map(|i| ctx.integers(i));
    let (begin, end, strides) = (begin?, end?, strides?);
    let counts = [&begin, &end, &strides].map(|list| list.as_ref().map(|list| list.len()));
    let (Some(rank), Some(n)) = (shape.rank(), counts.into_iter().flatten().next()) else {
        return ctx.set(0, PartialShape::unknown());
    };
    let unknown = || smallvec::SmallVec::from_elem(None, n);
    let lists = [begin, end, strides].map(|list| list.unwrap_or_else(unknown));
    let pieces = pieces(ctx.attrs(), rank, [&lists[0], &lists[1], &lists[2]])?;
    let mut dims: Vec<Dim> = Vec::new();
    let mut taken = Vec::new();
    let mut axis = 0;
    for piece in &pieces {
        let n = shape.dim(axis);
        axis += usize::from(!matches!(piece, Piece::New));
        match *piece {
            Piece::Whole => dims.push(n),
            Piece::New => dims.push(Some(1)),
            Piece::One(i) => {
                if let (Some(n), Some(i)) = (n, i) {
                    taken.push(one(n, i)?);
                }
            }
            Piece::Part { begin: Some(begin), end: Some(end), stride: Some(stride) } => {
                let part = n.map(|n| part(n, begin, end, stride));
                if let Some((start, size)) = part {
                    taken.extend(
                        (0..size as i64).map_while(|i| usize::try_from(start + i * stride).ok()).take(MOST_TAKEN),
                    );
                }
                dims.push(part.map(|(_, size)| size));
            }
            Piece::Part { .. } => dims.push(None),
        }
    }
    if dims.len() > MAX_RANK {
        return Err(Error::invalid_argument(format!("the slice would have {} dimensions", dims.len())));
    }
    let known = ctx.input(0)?.integers.clone().filter(|_| pieces.len() == 1 && !matches!(pieces[0], Piece::Whole));
    ctx.set(0, PartialShape::new(dims))?;
    if let Some(all) = known.filter(|_| !taken.is_empty()) {
        ctx.set_integers(0, taken.iter().map(|&i| all.get(i).copied().flatten()).collect::<Vec<_>>());
    }
    Ok(())
}

/// Integers are followed through lists of at most this length.
const MOST_TAKEN: usize = crate::graph::LONGEST_INTEGERS + 1;

pub(super) static STRIDED_SLICE_GRAD: OpDef = OpDef {
    sig: Sig::new(
        "StridedSliceGrad(shape: Index, begin: Index, end: Index, strides: Index, dy: T) -> (output: T) \
         where T: type, Index: index, begin_mask: int = 0, end_mask: int = 0, ellipsis_mask: int = 0, \
         new_axis_mask: int = 0, shrink_axis_mask: int = 0",
    ),
    infer: |ctx| {
        let shape = ctx.shape_from(0)?;
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let [begin, end, strides] = [1, 2, 3].map(|i| ctx.inputs.value(i).and_then(|value| value.integers()));
        let shape = ctx.outputs.shape(0)?.clone();
        let walk = walk(ctx.node.attrs(), &shape, [&begin?, &end?, &strides?])?;
        if ctx.inputs.shape(4)?.dims() != walk.dims {
            let (dy, slice) = (ctx.inputs.shape(4)?, Shape::new(&walk.dims));
            return Err(Error::invalid_argument(format!("the slice of {shape} has shape {slice}, its gradient {dy}")));
        }
        dispatch!(ctx.node.dtype()?, all, T => {
            let out = ctx.outputs.slice::<T>(0)?;
            out.fill(T::default());
            scatter_signed(ctx.inputs.slice::<T>(4)?, walk.base, &walk.steps, &walk.dims, out);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let args = [g.dy(0), g.x(1), g.x(2), g.x(3)].map(IntoTensor::into_arg);
        Ok(vec![None, None, None, None, Some(with_masks(g.attrs(), STRIDED_SLICE.call(args))?)])
    }),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};

    fn x() -> Value {
        [[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]].into()
    }

    #[test]
    fn strided_slice_is_whole() {
        OpTest::new(|x| vec![strided_slice_args(x[0], [0, -1], [2, -4]).strides([1, -2]).build()])
            .inputs([x()])
            .expect([[[3.0f32, 1.0], [6.0, 4.0]].into()])
            .differentiable(&[0])
            .run();
        OpTest::new(|x| vec![strided_slice_args(x[0], [1, 0], [0, 0]).shrink_axis_mask(1).end_mask(2).build()])
            .inputs([x()])
            .expect([[4.0f32, 5.0, 6.0].into()])
            .differentiable(&[0])
            .run();
        OpTest::new(|x| vec![strided_slice_args(x[0], [0, 0, 1], [0, 0, 2]).ellipsis_mask(1).new_axis_mask(2).build()])
            .inputs([x()])
            .expect([Value::new([2, 1, 1], vec![2.0f32, 5.0]).unwrap()])
            .differentiable(&[0])
            .run();
        OpTest::new(|x| vec![strided_slice(x[0], [5], [9])])
            .inputs([Value::vector(vec![1i32, 2])])
            .expect([Value::vector(Vec::<i32>::new())])
            .run();
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let zeros = || crate::ops::array::zeros([2]);
        let error = build_error(|| strided_slice_args(zeros(), [2], [3]).shrink_axis_mask(1).build());
        assert!(error.contains("StridedSlice: element 2 of a dimension of size 2"), "{error}");
        assert!(build_error(|| strided_slice(zeros(), [0, 0], [1, 1])).contains("the input has 1"));
        assert!(
            build_error(|| strided_slice_args(zeros(), [0], [1]).strides([0]).build())
                .contains("stride of entry 0 is 0")
        );
    }
}
