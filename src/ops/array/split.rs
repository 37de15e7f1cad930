//! Split and SplitV: an array cut into parts along a dimension.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::copy::part_of_rows;
use crate::op::{
    Arg, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert, resolve_axis,
};
use crate::ops::array::concat;
use crate::shape::{Dim, PartialShape};

/// The parts of `value` along dimension 0. TF: `tf.split`.
///
/// `num_or_size_splits` is a number of equal parts, or a list of int32 or int64 with the size of each, one of which may be
/// -1 and is what is left. Keyword arguments `axis`, another dimension, and `num`, how many parts there are where the graph
/// does not know. The gradient is joined.
///
/// ```
/// use flowstone as tf;
/// let x = tf::constant([[1, 2, 3], [4, 5, 6]]);
/// let rows = tf::split(x, 2);
/// let columns = tf::split!(x, [1, 2], axis = 1);
/// assert_eq!((rows[0].shape().to_string(), columns[1].shape().to_string()), ("[1,3]".into(), "[2,2]".into()));
/// ```
#[track_caller]
pub fn split(value: impl IntoTensor, num_or_size_splits: impl IntoTensor) -> Vec<Tensor> {
    split_args(value, num_or_size_splits).build()
}

/// [`split`] with keyword arguments.
pub fn split_args(value: impl IntoTensor, num_or_size_splits: impl IntoTensor) -> SplitArgs {
    SplitArgs { value: value.into_arg(), splits: num_or_size_splits.into_arg(), axis: 0.into_arg(), num: None }
}

/// A [`split`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct SplitArgs {
    value: Arg,
    splits: Arg,
    axis: Arg,
    num: Option<usize>,
}

impl SplitArgs {
    /// The dimension to cut, an int32; 0 if not said.
    pub fn axis(mut self, axis: impl IntoTensor) -> Self {
        self.axis = axis.into_arg();
        self
    }

    /// How many sizes there are.
    pub fn num(mut self, num: usize) -> Self {
        self.num = Some(num);
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Vec<Tensor> {
        let SplitArgs { value, splits, axis, num } = self;
        if let Some(parts) = number(&splits) {
            return SPLIT.call([axis, value]).attr("num_split", parts).name("split").build().outputs();
        }
        let sizes = convert(splits, "Const", None);
        // No number at all is an error of inference.
        let num = num.or(sizes.shape().dim(0)).map_or(-1, |n| n as i64);
        SPLIT_V.call([value, sizes.into_arg(), axis]).attr("num_split", num).name("split").build().outputs()
    }
}

/// The number of equal parts, if that is what `splits` says.
fn number(splits: &Arg) -> Option<i64> {
    let Arg::Literal(Ok(literal)) = splits else { return None };
    let value = literal.clone().resolve(None).ok().filter(|value| value.shape().rank() == 0)?;
    value.integers().ok()?.first().copied()
}

fn check_number(ctx: &InferCtx) -> Result<usize> {
    let parts = ctx.attrs().int("num_split")?;
    usize::try_from(parts)
        .ok()
        .filter(|&n| n > 0)
        .ok_or_else(|| Error::invalid_argument(format!("{parts} parts: at least 1, and known")))
}

pub(super) static SPLIT: OpDef = OpDef {
    sig: Sig::new("Split(split_dim: int32, value: T) -> (output: num_split * T) where num_split: int, T: type"),
    infer: |ctx| {
        let parts = check_number(ctx)?;
        let axis = ctx.known_integer(0)?;
        let shape = ctx.shape(1)?;
        let Some(dims) = shape.dims() else { return Ok(()) };
        let Some(axis) = axis else {
            return (0..parts).try_for_each(|o| ctx.set(o, PartialShape::unknown_of_rank(dims.len())));
        };
        let axis = resolve_axis(axis, dims.len())?;
        let mut dims = dims.to_vec();
        if let Some(n) = &mut dims[axis] {
            if *n % parts != 0 {
                return Err(Error::invalid_argument(format!("{parts} equal parts of dimension {axis} of {shape}")));
            }
            *n /= parts;
        }
        for o in 0..parts {
            ctx.set(o, PartialShape::new(dims.iter().copied()))?;
        }
        if let (Some(integers), [Some(n)]) = (&ctx.input(1)?.integers, dims.as_slice()) {
            (0..parts).for_each(|o| ctx.set_integers(o, integers[o * n..(o + 1) * n].iter().copied()));
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| take_apart(ctx, 1, 0)),
    grad: Grad::Rule(|g| Ok(vec![None, Some(joined(g, 0))])),
    flags: Flags::PURE,
};

pub(super) static SPLIT_V: OpDef = OpDef {
    sig: Sig::new(
        "SplitV(value: T, size_splits: Tlen, split_dim: int32) -> (output: num_split * T) \
         where num_split: int, T: type, Tlen: index = int64",
    ),
    infer: infer_split_v,
    kernel: Kernel::Run(|ctx| take_apart(ctx, 0, 2)),
    grad: Grad::Rule(|g| Ok(vec![Some(joined(g, 2)), None, None])),
    flags: Flags::PURE,
};

fn joined(g: &GradCtx, axis: usize) -> Tensor {
    let parts = g.op().outputs().len();
    concat((0..parts).map(|i| g.dy(i)), g.x(axis))
}

fn infer_split_v(ctx: &mut InferCtx) -> Result<()> {
    let parts = check_number(ctx)?;
    let (list, axis, sizes) = (ctx.shape_of_rank(1, 1)?, ctx.known_integer(2)?, ctx.integers(1)?);
    if list.dim(0).is_some_and(|n| n != parts) {
        return Err(Error::invalid_argument(format!("size_splits has shape {list} for {parts} parts")));
    }
    let shape = ctx.shape(0)?;
    let Some(dims) = shape.dims() else { return Ok(()) };
    let Some(axis) = axis else {
        return (0..parts).try_for_each(|o| ctx.set(o, PartialShape::unknown_of_rank(dims.len())));
    };
    let axis = resolve_axis(axis, dims.len())?;
    let sizes = match sizes {
        Some(sizes) => resolve_sizes(&sizes, dims[axis])?,
        None => vec![None; parts],
    };
    for (o, size) in sizes.into_iter().enumerate() {
        let mut dims = dims.to_vec();
        dims[axis] = size;
        ctx.set(o, PartialShape::new(dims))?;
    }
    Ok(())
}

/// The sizes of all parts of a dimension of size `whole`.
fn resolve_sizes(sizes: &[Option<i64>], whole: Dim) -> Result<Vec<Dim>> {
    let wrong = || {
        let sizes: Vec<String> = sizes.iter().map(|n| n.map_or("?".into(), |n| n.to_string())).collect();
        let whole = whole.map_or("?".into(), |n| n.to_string());
        Error::invalid_argument(format!("parts of sizes [{}] of a dimension of size {whole}", sizes.join(",")))
    };
    if sizes.iter().flatten().any(|&n| n < -1) || sizes.iter().filter(|n| **n == Some(-1)).count() > 1 {
        return Err(wrong());
    }
    let said = sizes.iter().flatten().filter(|&&n| n >= 0).try_fold(0usize, |sum, &n| sum.checked_add(n as usize));
    let said = said.ok_or_else(wrong)?;
    let all_known = sizes.iter().all(Option::is_some);
    let rest = match whole {
        Some(whole) => Some(whole.checked_sub(said).ok_or_else(wrong)?),
        None => None,
    };
    if all_known && !sizes.contains(&Some(-1)) && rest.is_some_and(|rest| rest > 0) {
        return Err(wrong());
    }
    Ok(sizes.iter().map(|n| if *n == Some(-1) && all_known { rest } else { usize::try_from((*n)?).ok() }).collect())
}

/// The outputs are the parts of input `value` along the dimension that input `axis` says.
fn take_apart(ctx: &mut KernelCtx, value: usize, axis: usize) -> Result<()> {
    let x = ctx.inputs.shape(value)?.clone();
    let axis = ctx.inputs.value(axis)?.integers()?.first().copied().unwrap_or_default();
    let axis = resolve_axis(axis, x.rank())?;
    let block: usize = x[axis + 1..].iter().product();
    let parts = ctx.node.output_types.len();
    let total = (0..parts).try_fold(0, |sum, o| Ok::<_, Error>(sum + ctx.outputs.shape(o)?[axis]))?;
    if total != x[axis] {
        return Err(Error::invalid_argument(format!("parts of {total} elements along dimension {axis} of {x}")));
    }
    let mut offset = 0;
    dispatch!(ctx.node.dtype()?, all, T => {
        for o in 0..parts {
            let width = ctx.outputs.shape(o)?[axis] * block;
            part_of_rows(ctx.inputs.slice::<T>(value)?, x[axis] * block, offset, width, ctx.outputs.slice::<T>(o)?);
            offset += width;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn split_is_whole() {
        let x: Value = [[1.0f32, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]].into();
        OpTest::new(|x| split_args(x[0], 2).axis(-1).build())
            .inputs([x.clone()])
            .expect([[[1.0f32, 2.0], [5.0, 6.0]].into(), [[3.0f32, 4.0], [7.0, 8.0]].into()])
            .differentiable(&[0])
            .run();
        OpTest::new(|x| split_args(x[0], x[1]).axis(1).num(3).build())
            .inputs([x, [1i64, -1, 0].into()])
            .constants(&[1])
            .expect([
                [[1.0f32], [5.0]].into(),
                [[2.0f32, 3.0, 4.0], [6.0, 7.0, 8.0]].into(),
                Value::new([2, 0], Vec::<f32>::new()).unwrap_or(Value::scalar(0)),
            ])
            .differentiable(&[0])
            .run();
        let error = build_error(|| split([1, 2, 3], 2));
        assert!(error.contains("2 equal parts of dimension 0 of [3]"), "{error}");
        let error = build_error(|| split([1, 2, 3], [1, 1]));
        assert!(error.contains("parts of sizes [1,1] of a dimension of size 3"), "{error}");
    }
}
