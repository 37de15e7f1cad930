//! ConcatV2, Concat, Pack, Unpack: several arrays and one.

use std::ops::Range;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Attr, Tensor, get_default_graph, same};
use crate::kernels::copy;
use crate::op::{
    Arg, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert, resolve_axis,
};
use crate::ops::array::{expand_dims, rank, shape, shape_n, slice, slice_exact, split_args, squeeze};
use crate::shape::{Dim, PartialShape};
use crate::value::Value;

/// `values` one after the other along dimension `axis`. TF: `tf.concat`.
///
/// The values have one data type and rank, and the same sizes but for `axis`, an int32 or int64. The gradient is cut
/// into the same parts.
///
/// ```
/// use flowstone as tf;
/// let y = tf::concat([tf::constant([1, 2]), tf::constant([3])], 0);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [1, 2, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn concat<T: IntoTensor>(values: impl IntoIterator<Item = T>, axis: impl IntoTensor) -> Tensor {
    joined(values.into_iter().map(IntoTensor::into_arg).collect(), axis.into_arg())
}

#[track_caller]
fn joined(values: Vec<Arg>, axis: Arg) -> Tensor {
    if let [value] = values.as_slice() {
        // As in TensorFlow: nothing to join.
        let graph = Arg::graph_of(&values).unwrap_or_else(|_| get_default_graph());
        let _scope = graph.scope("concat");
        convert(axis, "concat_dim", Some(DType::Int32));
        return super::identity::IDENTITY.call([value.clone()]).name("concat").single();
    }
    CONCAT_V2.call([Arg::List(values), axis]).name("concat").single()
}

/// The list `before`, `middle` and `after`, with the nodes that Python makes of `[*before, [middle], *after]`.
#[track_caller]
pub(super) fn concat_around(before: &[Tensor], middle: Tensor, after: &[Tensor]) -> Tensor {
    let graph = middle.graph().unwrap_or_else(|_| get_default_graph());
    let scope = graph.scope_name("concat");
    let middle = {
        let _scope = graph.scope(&format!("{scope}/"));
        packed(vec![middle.into_arg()], &format!("values_{}", before.len()))
    };
    let values = before.iter().copied().chain([middle]).chain(after.iter().copied());
    CONCAT_V2.call([Arg::list(values), 0.into_arg()]).name(format!("{scope}/")).single()
}

/// [`concat`] of several, with the node's name.
#[track_caller]
pub(crate) fn concat_named<T: IntoTensor>(
    values: impl IntoIterator<Item = T>,
    axis: impl IntoTensor,
    name: &str,
) -> Tensor {
    CONCAT_V2.call([Arg::list(values), axis.into_arg()]).name(name).single()
}

/// `values`, all of one shape, side by side along a new first dimension. TF: `tf.stack`.
///
/// Keyword argument `axis`: which dimension of the result is the new one. The gradient is unstacked.
///
/// ```
/// use flowstone as tf;
/// let (x, y) = (tf::constant([1, 2]), tf::constant([3, 4]));
/// let (rows, columns) = (tf::stack([x, y]), tf::stack!([x, y], axis = 1));
/// let (rows, columns) = tf::Session()?.run((rows, columns), tf::feed_dict! {})?;
/// assert_eq!((rows.as_slice::<i32>()?, columns.as_slice::<i32>()?), (&[1, 2, 3, 4][..], &[1, 3, 2, 4][..]));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn stack<T: IntoTensor>(values: impl IntoIterator<Item = T>) -> Tensor {
    stack_args(values).build()
}

/// `values` side by side along a new first dimension. TF: `tf.parallel_stack`.
///
/// As [`stack`], for values of one shape that is known; without a gradient.
#[track_caller]
pub fn parallel_stack<T: IntoTensor>(values: impl IntoIterator<Item = T>) -> Tensor {
    let values: Vec<Arg> = values.into_iter().map(IntoTensor::into_arg).collect();
    let graph = Arg::graph_of(&values).unwrap_or_else(|_| get_default_graph());
    let _scope = graph.scope("parallel_stack");
    let values: Vec<Tensor> = values.into_iter().map(|value| expand_dims(value, 0)).collect();
    let rest = values.first().map(|value| value.shape()).unwrap_or_default();
    let dims = rest.dims().map(|dims| [Some(values.len())].into_iter().chain(dims.iter().copied().skip(1)));
    let shape = dims.map_or_else(PartialShape::unknown, PartialShape::new);
    PARALLEL_CONCAT.call([Arg::list(values)]).attr("shape", shape).single()
}

/// [`stack`] with the keyword argument `axis`.
pub fn stack_args<T: IntoTensor>(values: impl IntoIterator<Item = T>) -> StackArgs {
    StackArgs { values: Arg::list(values), axis: 0 }
}

/// A [`stack`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct StackArgs {
    values: Arg,
    axis: i64,
}

impl StackArgs {
    /// Which dimension of the result is the new one; 0 if not said, negative ones count from the end.
    pub fn axis(mut self, axis: i64) -> Self {
        self.axis = axis;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        match self.values {
            Arg::List(values) if self.axis == 0 => packed(values, "stack"),
            values => PACK.call([values]).attr("axis", self.axis).name("stack").single(),
        }
    }
}

/// `values` side by side. As in TensorFlow, numbers among tensors are constants called by their places.
#[track_caller]
pub(crate) fn packed(values: Vec<Arg>, name: &str) -> Tensor {
    let graph = Arg::graph_of(&values).unwrap_or_else(|_| get_default_graph());
    let dtype = values.iter().find_map(|value| value.tensor()?.dtype().ok());
    let scope = graph.scope_name(name);
    let _scope = graph.scope(&format!("{scope}/"));
    let values = values.into_iter().enumerate();
    let values = values.map(|(i, value)| Arg::Tensor(convert(value, &i.to_string(), dtype))).collect();
    PACK.call([Arg::List(values)]).name(format!("{scope}/")).single()
}

/// As [`stack`], under another name.
#[track_caller]
pub(crate) fn pack_named(values: Vec<Arg>, name: &str) -> Tensor {
    PACK.call([Arg::List(values)]).name(name).single()
}

/// The slices of `value` along its first dimension. TF: `tf.unstack`.
///
/// Keyword arguments `axis`, another dimension, and `num`, its size, which must be known or said. The gradient is
/// stacked.
#[track_caller]
pub fn unstack(value: impl IntoTensor) -> Vec<Tensor> {
    unstack_args(value).build()
}

/// [`unstack`] with keyword arguments.
pub fn unstack_args(value: impl IntoTensor) -> UnstackArgs {
    UnstackArgs { value: value.into_arg(), axis: 0, num: None }
}

/// An [`unstack`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct UnstackArgs {
    value: Arg,
    axis: i64,
    num: Option<usize>,
}

impl UnstackArgs {
    /// The dimension to take apart; 0 if not said, negative ones count from the end.
    pub fn axis(mut self, axis: i64) -> Self {
        self.axis = axis;
        self
    }

    /// How many slices there are, where the graph does not know.
    pub fn num(mut self, num: usize) -> Self {
        self.num = Some(num);
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Vec<Tensor> {
        let value = convert(self.value, "value", None);
        let size = || value.shape().dim(resolve_axis(self.axis, value.rank()?).ok()?);
        // An unknown size is an error of inference: `num` stays negative.
        let num = self.num.or_else(size).map_or(-1, |n| n as i64);
        let call = UNPACK.call([Arg::Tensor(value)]).attr("axis", self.axis).name("unstack");
        call.attr("num", num).build().outputs()
    }
}

pub(crate) static CONCAT_V2: OpDef = OpDef {
    sig: Sig::new("ConcatV2(values: N * T, axis: Tidx) -> (output: T) where N: int, T: type, Tidx: index = int32"),
    infer: |ctx| {
        let last = ctx.len().saturating_sub(1);
        infer_joined(ctx, 0..last, last)
    },
    kernel: Kernel::Run(|ctx| {
        let last = ctx.inputs.len() - 1;
        join(ctx, 0..last, last)
    }),
    grad: Grad::Rule(|g| {
        let (axis, values) = g.xs().split_last().ok_or_else(|| Error::internal("concat of nothing"))?;
        Ok(parts(g, values, *axis).into_iter().map(Some).chain([None]).collect())
    }),
    flags: Flags::PURE,
};

/// The old form, with the axis first.
pub(super) static CONCAT: OpDef = OpDef {
    sig: Sig::new("Concat(concat_dim: int32, values: N * T) -> (output: T) where N: int, T: type"),
    infer: |ctx| {
        if ctx.len() < 3 {
            return Err(Error::invalid_argument("at least two values"));
        }
        infer_joined(ctx, 1..ctx.len(), 0)
    },
    kernel: Kernel::Run(|ctx| join(ctx, 1..ctx.inputs.len(), 0)),
    grad: Grad::Rule(|g| {
        let (axis, values) = g.xs().split_first().ok_or_else(|| Error::internal("concat of nothing"))?;
        Ok([None].into_iter().chain(parts(g, values, *axis).into_iter().map(Some)).collect())
    }),
    flags: Flags::PURE,
};

/// Joins the inputs `values` along the dimension that input `axis` says.
fn join(ctx: &mut KernelCtx, values: Range<usize>, axis: usize) -> Result<()> {
    let out = ctx.outputs.shape(0)?.clone();
    let axis = ctx.inputs.value(axis)?.integers()?.first().copied().unwrap_or_default();
    let axis = resolve_axis(axis, out.rank())?;
    let rows: usize = out[..axis].iter().product();
    join_rows(ctx, values, rows)
}

/// Joins the values at these inputs, each cut into so many rows, row by row.
fn join_rows(ctx: &mut KernelCtx, values: Range<usize>, rows: usize) -> Result<()> {
    dispatch!(ctx.node.dtype()?, all, T => {
        let parts = values.map(|i| ctx.inputs.slice::<T>(i).map(|part| (part, part.len() / rows.max(1))));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        copy::concat(&parts, rows, ctx.outputs.slice::<T>(0)?);
        Ok(())
    })
}

/// The gradients to `values` joined along `axis`.
fn parts(g: &GradCtx, values: &[Tensor], axis: Tensor) -> Vec<Tensor> {
    if let [_] = values {
        return vec![g.dy(0)];
    }
    let axis = here_too(g, axis) % rank(values[0]);
    // TensorFlow finds out by asking for one shape after the other, and leaves what it built.
    let probe = |value: &Tensor| (value.shape().is_known(), shape(*value));
    let mut sizes = Vec::with_capacity(values.len());
    for (known, size) in values.iter().map(probe) {
        sizes.push(size);
        if !known {
            sizes = shape_n(values.iter().copied());
            break;
        }
    }
    // From here on TensorFlow cuts in one go.
    const MANY: usize = 16;
    if sizes.len() > MANY {
        let table = stack_args(sizes).axis(1).build();
        let row = squeeze(slice_row(table, axis));
        return split_args(g.dy(0), row).axis(axis).num(values.len()).build();
    }
    let begins = CONCAT_OFFSET.call([axis.into_arg(), Arg::list(sizes.iter().copied())]).build().outputs();
    begins.iter().zip(&sizes).map(|(begin, size)| slice(g.dy(0), *begin, *size)).collect()
}

/// `axis`, or another constant of its value if it lies in another branch or loop than the gradient.
fn here_too(g: &GradCtx, axis: Tensor) -> Tensor {
    let (own, other) = (axis.op().context(), g.gradient(0).op().context());
    let together = match (&own, &other) {
        (Some(own), Some(other)) => same(own, other),
        (own, other) => own.is_none() && other.is_none(),
    };
    match axis.op().with(|node| node.attrs.get("value").cloned()) {
        Some(Some(Attr::Tensor(value, _))) if !together => g.constant(value, "Const"),
        _ => axis,
    }
}

/// Row `i` of a matrix, as a matrix, with the nodes that Python's lists make.
#[track_caller]
fn slice_row(table: Tensor, i: Tensor) -> Tensor {
    let graph = table.graph().unwrap_or_else(|_| get_default_graph());
    let scope = graph.scope_name("Slice");
    let begin = packed(vec![i.into_arg(), 0.into_arg()], &format!("{scope}/begin/"));
    let size = convert([1, -1].into_arg(), &format!("{scope}/size/"), None);
    slice_exact(table, begin, size, &format!("{scope}/"))
}

fn infer_joined(ctx: &mut InferCtx, values: Range<usize>, axis: usize) -> Result<()> {
    if values.is_empty() {
        return Err(Error::invalid_argument("no values"));
    }
    let axis = ctx.known_integer(axis)?;
    let mut rank = None;
    for i in values.clone() {
        rank = rank.or(ctx.shape(i)?.rank());
    }
    let Some(rank) = rank else { return ctx.set(0, PartialShape::unknown()) };
    let Some(axis) = axis else {
        values.into_iter().try_for_each(|i| ctx.shape_of_rank(i, rank).map(drop))?;
        return ctx.set(0, PartialShape::unknown_of_rank(rank));
    };
    let axis = resolve_axis(axis, rank)?;
    let mut merged = PartialShape::unknown_of_rank(rank);
    let mut total = Some(0usize);
    for (place, i) in values.clone().enumerate() {
        let shape = ctx.shape_of_rank(i, rank)?;
        total = match (total, shape.dim(axis)) {
            (Some(sum), Some(n)) => {
                Some(sum.checked_add(n).ok_or_else(|| Error::resource_exhausted("the joined array is too large"))?)
            }
            _ => None,
        };
        let others = PartialShape::new((0..rank).map(|a| if a == axis { None } else { shape.dim(a) }));
        merged = merged.merge(&others).ok_or_else(|| {
            Error::invalid_argument(format!(
                "value {place} of shape {shape} does not fit the others beside dimension {axis}"
            ))
        })?;
    }
    let dims: Vec<Dim> = (0..rank).map(|a| if a == axis { total } else { merged.dim(a) }).collect();
    let mut integers = Vec::new();
    if rank == 1 {
        for i in values {
            match ctx.integers(i)? {
                Some(list) => integers.extend(list),
                None => {
                    integers.clear();
                    break;
                }
            }
        }
    }
    ctx.set(0, PartialShape::new(dims))?;
    if total == Some(integers.len()) {
        ctx.set_integers(0, integers);
    }
    Ok(())
}

pub(super) static CONCAT_OFFSET: OpDef = OpDef {
    sig: Sig::new(
        "ConcatOffset(concat_dim: int32, shape: N * shape_type) -> (offset: N * shape_type) \
         where N: int, shape_type: {int32} = int32",
    ),
    infer: |ctx| {
        for i in 1..ctx.len() {
            let shape = ctx.shape_of_rank(i, 1)?;
            ctx.set(i - 1, shape)?;
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| {
        let axis = ctx.inputs.value(0)?.item::<i32>()?;
        let mut offset = 0i32;
        for i in 1..ctx.inputs.len() {
            let sizes = ctx.inputs.slice::<i32>(i)?;
            let axis = resolve_axis(i64::from(axis), sizes.len())?;
            let mut offsets = vec![0; sizes.len()];
            offsets[axis] = offset;
            offset = offset.wrapping_add(sizes[axis]);
            ctx.outputs.set(i - 1, Value::vector(offsets));
        }
        Ok(())
    }),
    grad: Grad::Stop("offsets do not depend on values"),
    flags: Flags::PURE,
};

pub(super) static PARALLEL_CONCAT: OpDef = OpDef {
    sig: Sig::new("ParallelConcat(values: N * T) -> (output: T) where N: int, T: type, shape: shape"),
    infer: |ctx| {
        let n = ctx.len();
        let wanted = ctx.attrs().shape("shape")?.clone();
        for i in 0..n {
            let shape = ctx.shape(i)?;
            let row =
                wanted.dims().map(|dims| PartialShape::new([Some(1)].into_iter().chain(dims.iter().copied().skip(1))));
            if wanted.dim(0) != Some(n) || !wanted.is_known() || row.is_none_or(|row| row.merge(shape).is_none()) {
                return Err(Error::invalid_argument(format!("{n} values, one of shape {shape}, do not make {wanted}")));
            }
        }
        ctx.set(0, wanted)
    },
    kernel: Kernel::Run(|ctx| join_rows(ctx, 0..ctx.inputs.len(), 1)),
    grad: Grad::Missing("TensorFlow has none: use `stack`"),
    flags: Flags::PURE,
};

pub(super) static PACK: OpDef = OpDef {
    sig: Sig::new("Pack(values: N * T) -> (output: T) where N: int, T: type, axis: int = 0"),
    infer: |ctx| {
        let n = ctx.len();
        if n == 0 {
            return Err(Error::invalid_argument("no values"));
        }
        let mut shape = PartialShape::unknown();
        let mut integers = Vec::with_capacity(n);
        for i in 0..n {
            let next = ctx.shape(i)?;
            shape = shape.merge(next).ok_or_else(|| {
                Error::invalid_argument(format!("value {i} has shape {next}, but another one {shape}"))
            })?;
            integers.push(ctx.input(i)?.integers.as_ref().and_then(|list| list.first().copied().flatten()));
        }
        let Some(dims) = shape.dims() else { return ctx.set(0, PartialShape::unknown()) };
        let mut dims = dims.to_vec();
        dims.insert(resolve_axis(ctx.attrs().int("axis")?, dims.len() + 1)?, Some(n));
        let flat = dims.len() == 1;
        ctx.set(0, PartialShape::new(dims))?;
        if flat {
            ctx.set_integers(0, integers);
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| {
        let out = ctx.outputs.shape(0)?.clone();
        let axis = resolve_axis(ctx.node.attrs().int("axis")?, out.rank())?;
        let rows: usize = out[..axis].iter().product();
        join_rows(ctx, 0..ctx.inputs.len(), rows)
    }),
    grad: Grad::Rule(|g| {
        let (axis, num) = (g.attrs().int("axis")?, g.xs().len() as i64);
        let parts = UNPACK.call([g.dy(0).into_arg()]).attr("axis", axis).attr("num", num).name("unstack").build();
        Ok(parts.outputs().into_iter().map(Some).collect())
    }),
    flags: Flags::PURE,
};

pub(super) static UNPACK: OpDef = OpDef {
    sig: Sig::new("Unpack(value: T) -> (output: num * T) where num: int, T: type, axis: int = 0"),
    infer: |ctx| {
        let (num, axis) = (ctx.attrs().int("num")?, ctx.attrs().int("axis")?);
        let shape = ctx.shape(0)?;
        if num < 0 {
            return Err(Error::invalid_argument(format!(
                "the size of dimension {axis} of shape {shape} must be known"
            )));
        }
        let Some(dims) = shape.dims() else { return Ok(()) };
        let mut dims = dims.to_vec();
        let size = dims.remove(resolve_axis(axis, dims.len())?);
        if size.is_some_and(|n| n as i64 != num) {
            return Err(Error::invalid_argument(format!("{num} parts of dimension {axis} of shape {shape}")));
        }
        (0..num as usize).try_for_each(|o| ctx.set(o, PartialShape::new(dims.iter().copied())))
    },
    kernel: Kernel::Run(|ctx| {
        let x = ctx.inputs.shape(0)?.clone();
        let axis = resolve_axis(ctx.node.attrs().int("axis")?, x.rank())?;
        let steps = x.strides();
        let rest: Vec<usize> = (0..x.rank()).filter(|a| *a != axis).collect();
        let dims: Vec<usize> = rest.iter().map(|a| x[*a]).collect();
        let rest: Vec<usize> = rest.iter().map(|a| steps[*a]).collect();
        dispatch!(ctx.node.dtype()?, all, T => {
            for i in 0..x[axis] {
                let out = ctx.outputs.slice::<T>(i)?;
                if !out.is_empty() {
                    copy::gather_steps(ctx.inputs.slice::<T>(0)?, i * steps[axis], &rest, &dims, out);
                }
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let axis = g.attrs().int("axis")?;
        let num = g.attrs().int("num")? as usize;
        let parts: Vec<Tensor> = (0..num).map(|i| g.dy(i)).collect();
        Ok(vec![Some(stack_args(parts).axis(axis).build())])
    }),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn concat_is_whole() {
        OpTest::new(|x| vec![concat([x[0], x[1]], -1)])
            .inputs([[[1.0f32], [2.0]].into(), [[3.0f32, 4.0], [5.0, 6.0]].into()])
            .expect([[[1.0f32, 3.0, 4.0], [2.0, 5.0, 6.0]].into()])
            .differentiable(&[0, 1])
            .run();
        OpTest::new(|x| vec![concat([x[0], x[1]], 0)])
            .inputs([Value::vector(Vec::<i64>::new()), [3i64].into()])
            .expect([[3i64].into()])
            .run();
        let error = build_error(|| concat([crate::ops::array::zeros([2, 3]), crate::ops::array::zeros([3, 2])], 0));
        assert!(error.contains("value 1 of shape [3,2] does not fit the others beside dimension 0"), "{error}");
    }

    #[test]
    fn stack_and_unstack_are_whole() {
        OpTest::new(|x| vec![stack_args([x[0], x[1]]).axis(1).build(), stack([x[0], x[1]])])
            .inputs([[1.0f32, 2.0].into(), [3.0f32, 4.0].into()])
            .expect([[[1.0f32, 3.0], [2.0, 4.0]].into(), [[1.0f32, 2.0], [3.0, 4.0]].into()])
            .differentiable(&[0, 1])
            .run();
        let x: Value = [[1.0f32, 3.0], [2.0, 4.0]].into();
        OpTest::new(|x| unstack_args(x[0]).axis(1).build())
            .inputs([x])
            .constants(&[0])
            .expect([[1.0f32, 2.0].into(), [3.0f32, 4.0].into()])
            .run();
    }
}
