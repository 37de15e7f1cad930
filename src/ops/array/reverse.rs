//! ReverseV2 and ReverseSequence: dimensions walked backwards.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::copy::{coordinates, copy_blocks, flat_position, gather_signed};
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, resolve_axis};
use crate::shape::{Shape, merge_dims};

/// `tensor` with the dimensions of `axis` backwards. TF: `tf.reverse`.
///
/// `axis` is a list of int32 or int64, each dimension at most once. Any data type. The gradient is reversed.
///
/// ```
/// use flowstone as tf;
/// let y = tf::reverse(tf::constant([[1, 2], [3, 4]]), [1]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [2, 1, 4, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn reverse(tensor: impl IntoTensor, axis: impl IntoTensor) -> Tensor {
    REVERSE_V2.call([tensor.into_arg(), axis.into_arg()]).single()
}

/// [`reverse`]. TF: `tf.reverse_v2`.
#[track_caller]
pub fn reverse_v2(tensor: impl IntoTensor, axis: impl IntoTensor) -> Tensor {
    reverse(tensor, axis)
}

/// `input` in which the first `seq_lengths[i]` elements along a dimension are backwards, for slice `i` along another.
/// TF: `tf.reverse_sequence`.
///
/// `seq_lengths` is a list of int32 or int64. Keyword arguments `seq_axis` (old name `seq_dim`), the dimension that is
/// walked backwards, and `batch_axis` (`batch_dim`), the one that the lengths count along: 0 if not said. The gradient is
/// reversed in the same way.
///
/// ```
/// use flowstone as tf;
/// let y = tf::reverse_sequence!([[1, 2, 3], [4, 5, 6]], [2, 3], seq_axis = 1);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [2, 1, 3, 6, 5, 4]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn reverse_sequence(input: impl IntoTensor, seq_lengths: impl IntoTensor, seq_axis: i64) -> Tensor {
    reverse_sequence_args(input, seq_lengths).seq_axis(seq_axis).build()
}

/// [`reverse_sequence`] with keyword arguments.
pub fn reverse_sequence_args(input: impl IntoTensor, seq_lengths: impl IntoTensor) -> ReverseSequenceArgs {
    ReverseSequenceArgs { args: [input.into_arg(), seq_lengths.into_arg()], seq: 0, batch: 0 }
}

/// A [`reverse_sequence`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct ReverseSequenceArgs {
    args: [Arg; 2],
    seq: i64,
    batch: i64,
}

impl ReverseSequenceArgs {
    /// The dimension that is walked backwards.
    pub fn seq_axis(mut self, axis: i64) -> Self {
        self.seq = axis;
        self
    }

    /// The dimension that the lengths count along; 0 if not said.
    pub fn batch_axis(mut self, axis: i64) -> Self {
        self.batch = axis;
        self
    }

    /// The old name of [`seq_axis`](Self::seq_axis).
    pub fn seq_dim(self, axis: i64) -> Self {
        self.seq_axis(axis)
    }

    /// The old name of [`batch_axis`](Self::batch_axis).
    pub fn batch_dim(self, axis: i64) -> Self {
        self.batch_axis(axis)
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        REVERSE_SEQUENCE.call(self.args).attr("seq_dim", self.seq).attr("batch_dim", self.batch).single()
    }
}

/// Which dimensions `axes` are, each once.
fn reversed(axes: &[i64], rank: usize) -> Result<Vec<bool>> {
    let mut reversed = vec![false; rank];
    for &axis in axes {
        if std::mem::replace(&mut reversed[resolve_axis(axis, rank)?], true) {
            return Err(Error::invalid_argument(format!("axis {axis} is there twice")));
        }
    }
    Ok(reversed)
}

/// Walks the marked dimensions backwards.
fn walk_back(ctx: &mut KernelCtx, reversed: &[bool]) -> Result<()> {
    let shape = ctx.inputs.shape(0)?.clone();
    let mut base = 0;
    let mut steps = Vec::with_capacity(reversed.len());
    for ((&back, &n), &stride) in reversed.iter().zip(shape.iter()).zip(&shape.strides()) {
        base += if back { n.saturating_sub(1) * stride } else { 0 };
        steps.push(if back { -(stride as isize) } else { stride as isize });
    }
    dispatch!(ctx.node.dtype()?, all, T => {
        let out = ctx.outputs.slice::<T>(0)?;
        if !out.is_empty() {
            gather_signed(ctx.inputs.slice::<T>(0)?, base, &steps, &shape, out);
        }
        Ok(())
    })
}

pub(super) static REVERSE_V2: OpDef = OpDef {
    sig: Sig::new("ReverseV2(tensor: T, axis: Tidx) -> (output: T) where Tidx: index = int32, T: type"),
    infer: |ctx| {
        ctx.shape_of_rank(1, 1)?;
        let shape = ctx.shape(0)?.clone();
        if let (Some(rank), Some(axes)) = (shape.rank(), ctx.known_integers(1)?) {
            reversed(&axes, rank)?;
        }
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let axes = ctx.inputs.value(1)?.integers()?;
        let reversed = reversed(&axes, ctx.inputs.shape(0)?.rank())?;
        walk_back(ctx, &reversed)
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(reverse(g.dy(0), g.x(1))), None])),
    flags: Flags::PURE,
};

pub(super) static REVERSE: OpDef = OpDef {
    sig: Sig::new("Reverse(tensor: T, dims: bool) -> (output: T) where T: type"),
    infer: |ctx| {
        let dims = ctx.shape_of_rank(1, 1)?;
        let shape = ctx.shape(0)?.clone();
        if dims.dim(0).zip(shape.rank()).is_some_and(|(n, rank)| n != rank) {
            return Err(Error::invalid_argument(format!("dims of shape {dims} for shape {shape}")));
        }
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let reversed = ctx.inputs.slice::<bool>(1)?.to_vec();
        walk_back(ctx, &reversed)
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(REVERSE.call([g.dy(0), g.x(1)].map(IntoTensor::into_arg)).single()), None])),
    flags: Flags::PURE,
};

pub(super) static REVERSE_SEQUENCE: OpDef = OpDef {
    sig: Sig::new(
        "ReverseSequence(input: T, seq_lengths: Tlen) -> (output: T) \
         where seq_dim: int, batch_dim: int = 0, T: type, Tlen: index = int64",
    ),
    infer: infer_sequence,
    kernel: Kernel::Run(|ctx| {
        let attrs = ctx.node.attrs();
        let shape = ctx.inputs.shape(0)?.clone();
        let (seq, batch) = (attrs.int("seq_dim")? as usize, attrs.int("batch_dim")? as usize);
        let lengths = ctx.inputs.value(1)?.integers()?;
        let lengths: Vec<usize> = lengths
            .iter()
            .map(|&n| usize::try_from(n).ok().filter(|&n| n <= shape[seq]))
            .collect::<Option<_>>()
            .ok_or_else(|| Error::invalid_argument(format!("lengths {lengths:?} for {} elements", shape[seq])))?;
        let inner = seq.max(batch) + 1;
        let (outer, block): (Shape, usize) = (shape[..inner].into(), shape[inner..].iter().product());
        let place = |i: usize| {
            let mut index = coordinates(i, &outer);
            let length = lengths[index[batch]];
            if index[seq] < length {
                index[seq] = length - 1 - index[seq];
            }
            Some(flat_position(&index, &outer))
        };
        dispatch!(ctx.node.dtype()?, all, T => {
            copy_blocks(ctx.inputs.slice::<T>(0)?, block, &T::default(), ctx.outputs.slice::<T>(0)?, &place);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let (seq, batch) = (g.attrs().int("seq_dim")?, g.attrs().int("batch_dim")?);
        Ok(vec![Some(reverse_sequence_args(g.dy(0), g.x(1)).seq_axis(seq).batch_axis(batch).build()), None])
    }),
    flags: Flags::PURE,
};

fn infer_sequence(ctx: &mut InferCtx) -> Result<()> {
    let (seq, batch) = (ctx.attrs().int("seq_dim")?, ctx.attrs().int("batch_dim")?);
    let lengths = ctx.shape_of_rank(1, 1)?;
    let shape = ctx.shape(0)?.clone();
    if seq < 0 || batch < 0 || seq == batch {
        return Err(Error::invalid_argument(format!("seq_dim {seq} and batch_dim {batch}: two different dimensions")));
    }
    if let Some(rank) = shape.rank() {
        let (_, batch) = (resolve_axis(seq, rank)?, resolve_axis(batch, rank)?);
        if merge_dims(shape.dim(batch), lengths.dim(0)).is_none() {
            return Err(Error::invalid_argument(format!(
                "lengths of shape {lengths} along dimension {batch} of {shape}"
            )));
        }
    }
    ctx.set(0, shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn reverse_is_whole() {
        let x: Value = [[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into();
        OpTest::new(|x| {
            let old = REVERSE.call([x[0].into_arg(), [true, false].into_arg()]).single();
            vec![reverse(x[0], [0, -1]), reverse_v2(x[0], [0]), old]
        })
        .inputs([x])
        .expect([
            [[6.0f32, 5.0], [4.0, 3.0], [2.0, 1.0]].into(),
            [[5.0f32, 6.0], [3.0, 4.0], [1.0, 2.0]].into(),
            [[5.0f32, 6.0], [3.0, 4.0], [1.0, 2.0]].into(),
        ])
        .differentiable(&[0])
        .run();
        assert!(build_error(|| reverse([1, 2], [0, -1])).contains("axis -1 is there twice"));
    }

    #[test]
    fn reverse_sequence_is_whole() {
        let x: Value = [[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into();
        OpTest::new(|x| {
            vec![reverse_sequence(x[0], [2, 0, 1], 1), reverse_sequence_args(x[0], [3, 2]).batch_dim(1).build()]
        })
        .inputs([x])
        .expect([[[2.0f32, 1.0], [3.0, 4.0], [5.0, 6.0]].into(), [[5.0f32, 4.0], [3.0, 2.0], [1.0, 6.0]].into()])
        .differentiable(&[0])
        .run();
        assert!(build_error(|| reverse_sequence([[1, 2]], [2], 0)).contains("two different dimensions"));
    }
}
