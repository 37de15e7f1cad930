//! Reshape, ExpandDims, Squeeze: the same elements in another shape. No element is moved.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::op::{Arg, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, OpDef, Sig, convert, resolve_axis};
use crate::ops::array::{packed, shape};
use crate::shape::{Dim, PartialShape, Shape};
use crate::value::Value;

/// The same elements in shape `shape`. TF: `tf.reshape`.
///
/// `shape` is a list of int32 or int64; one size may be -1 and follows from the others. The gradient has the shape of
/// `tensor`. It is an error if the numbers of elements differ.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 784));
/// assert_eq!(tf::reshape(x, [-1, 28, 28, 1]).shape().to_string(), "[?,28,28,1]");
/// ```
#[track_caller]
pub fn reshape(tensor: impl IntoTensor, shape: impl IntoTensor) -> Tensor {
    RESHAPE.call([tensor.into_arg(), shape.into_arg()]).single()
}

/// [`reshape`] under a full name.
#[track_caller]
pub(crate) fn reshape_exact(tensor: Tensor, shape: impl IntoTensor, name: &str) -> Tensor {
    RESHAPE.call([tensor.into_arg(), shape.into_arg()]).name(name).single()
}

/// [`reshape`] to sizes that are known. As in TensorFlow, a list without any is first taken for one of fractions, in a
/// constant that is left unused.
#[track_caller]
pub(crate) fn reshape_to_known(tensor: Tensor, sizes: Vec<i32>) -> Tensor {
    if !sizes.is_empty() {
        return reshape(tensor, sizes);
    }
    let graph = tensor.graph().unwrap_or_else(|_| get_default_graph());
    let scope = graph.scope_name("Reshape");
    {
        let _scope = graph.scope(&format!("{scope}/"));
        convert(Vec::<f32>::new().into_arg(), "shape", None);
    }
    reshape_exact(tensor, sizes, &format!("{scope}/"))
}

/// [`reshape`] to a list of sizes some of which are tensors, with the nodes that Python's list makes.
#[track_caller]
pub(crate) fn reshape_to(tensor: Tensor, sizes: Vec<Arg>) -> Tensor {
    let graph = tensor.graph().unwrap_or_else(|_| get_default_graph());
    let scope = graph.scope_name("Reshape");
    let sizes = packed(sizes, &format!("{scope}/shape/"));
    reshape_exact(tensor, sizes, &format!("{scope}/"))
}

/// `input` with a new dimension of size 1 before dimension `axis`. TF: `tf.expand_dims`.
///
/// `axis` is an int32 or int64 in [-rank - 1, rank].
#[track_caller]
pub fn expand_dims(input: impl IntoTensor, axis: impl IntoTensor) -> Tensor {
    EXPAND_DIMS.call([input.into_arg(), axis.into_arg()]).single()
}

/// `input` without its dimensions of size 1. TF: `tf.squeeze`.
///
/// Keyword argument `axis`: only these dimensions go; it is an error if one is not of size 1.
///
/// ```
/// use flowstone as tf;
/// let x = tf::zeros([1, 2, 1]);
/// assert_eq!(tf::squeeze(x).shape().to_string(), "[2]");
/// assert_eq!(tf::squeeze!(x, axis = [0]).shape().to_string(), "[2,1]");
/// ```
#[track_caller]
pub fn squeeze(input: impl IntoTensor) -> Tensor {
    squeeze_args(input).build()
}

/// [`squeeze`] with the keyword argument `axis`.
pub fn squeeze_args(input: impl IntoTensor) -> SqueezeArgs {
    SqueezeArgs { input: input.into_arg(), axis: Vec::new() }
}

/// A [`squeeze`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct SqueezeArgs {
    input: Arg,
    axis: Vec<i64>,
}

impl SqueezeArgs {
    /// The dimensions that go, negative ones counted from the end; all of size 1 if there are none.
    pub fn axis(mut self, axis: impl Into<Vec<i64>>) -> Self {
        self.axis = axis.into();
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        SQUEEZE.call([self.input]).attr("squeeze_dims", self.axis).single()
    }
}

pub(super) static RESHAPE: OpDef = OpDef {
    sig: Sig::new("Reshape(tensor: T, shape: Tshape) -> (output: T) where T: type, Tshape: index = int32"),
    infer: |ctx| {
        let shape = reshaped(ctx)?;
        ctx.set(0, shape)?;
        let input = ctx.input(0)?;
        if let (Some(integers), true) = (&input.integers, ctx.outputs_rank(0).is_some_and(|rank| rank <= 1)) {
            ctx.set_integers(0, integers.iter().copied());
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| {
        check_sizes(ctx.inputs.value(1)?, ctx.outputs.shape(0)?)?;
        ctx.pass_on(0, 0)
    }),
    grad: Grad::Rule(|g| {
        let shape_of_x = g.x(0).shape();
        // With one size open the shape is still a constant, as in TensorFlow.
        if let Some(dims) = shape_of_x.dims() {
            let open = dims.iter().filter(|d| d.is_none()).count();
            if open == 1 && !dims.contains(&Some(0)) {
                let sizes: Vec<i64> = dims.iter().map(|d| d.map_or(-1, |n| n as i64)).collect();
                return Ok(vec![Some(reshape(g.dy(0), int32_list(&sizes)?)), None]);
            }
        }
        Ok(vec![Some(to_shape_of_input(g)), None])
    }),
    flags: Flags::PASSING.row_by_row(),
};

/// An error unless the sizes that arrived are those of `shape`, which may have been found without them.
fn check_sizes(sizes: &Value, shape: &Shape) -> Result<()> {
    let fits = dispatch!(sizes.dtype(), indices, T => {
        let sizes = sizes.as_slice::<T>()?;
        let same = |(&size, &n): (&T, &usize)| size == -1 || usize::try_from(size) == Ok(n);
        Ok(sizes.len() == shape.rank() && sizes.iter().zip(shape.dims()).all(same))
    })?;
    if fits { Ok(()) } else { Err(Error::invalid_argument(format!("elements of shape {shape} do not fill {sizes:?}"))) }
}

/// A list of sizes as the int32 that TensorFlow makes of Python's numbers.
pub(crate) fn int32_list(sizes: &[i64]) -> Result<Vec<i32>> {
    let size = |&n: &i64| i32::try_from(n).map_err(|_| Error::invalid_argument(format!("{n} does not fit in int32")));
    sizes.iter().map(size).collect()
}

fn to_shape_of_input(g: &GradCtx) -> Tensor {
    reshape(g.dy(0), shape(g.x(0)))
}

fn reshaped(ctx: &InferCtx) -> Result<PartialShape> {
    let input = ctx.shape(0)?;
    if let Some(list) = ctx.known_integers(1)? {
        if let Some(negative) = list.iter().find(|&&n| n < -1) {
            return Err(Error::invalid_argument(format!("the new shape has a size of {negative}")));
        }
        if list.iter().filter(|&&n| n == -1).count() > 1 {
            return Err(Error::invalid_argument("the new shape leaves more than one size open"));
        }
    }
    let wanted = ctx.shape_from(1)?;
    let Some(dims) = wanted.dims() else { return Ok(wanted) };
    let cannot = || Error::invalid_argument(format!("elements of shape {input} do not fill shape {wanted}"));
    let product = |dims: &[Dim]| dims.iter().copied().try_fold(1usize, |n, d| n.checked_mul(d?));
    match (input.num_elements(), ctx.known_integers(1)?) {
        (Some(n), Some(list)) => match list.iter().position(|&n| n == -1) {
            None if product(dims) == Some(n) => Ok(wanted),
            None => Err(cannot()),
            Some(open) => {
                let others: Vec<Dim> = dims.iter().enumerate().filter(|(i, _)| *i != open).map(|(_, d)| *d).collect();
                let rest = product(&others).ok_or_else(cannot)?;
                let size = match rest {
                    0 if n == 0 => 0,
                    0 => return Err(cannot()),
                    _ if n % rest == 0 => n / rest,
                    _ => return Err(cannot()),
                };
                Ok(PartialShape::new(dims.iter().enumerate().map(|(i, d)| if i == open { Some(size) } else { *d })))
            }
        },
        // One size that the graph does not know, or that the run leaves open, follows all the same.
        (Some(n), None) if dims.iter().filter(|d| d.is_none()).count() == 1 => {
            let rest = product(&dims.iter().copied().filter(Option::is_some).collect::<Vec<_>>());
            let size = rest.filter(|&rest| rest > 0 && n % rest == 0).map(|rest| n / rest);
            Ok(PartialShape::new(dims.iter().map(|d| d.or(size))))
        }
        _ => Ok(wanted),
    }
}

pub(super) static EXPAND_DIMS: OpDef = OpDef {
    sig: Sig::new("ExpandDims(input: T, dim: Tdim) -> (output: T) where T: type, Tdim: index = int32"),
    infer: |ctx| {
        let axis = ctx.known_integer(1)?;
        let (Some(dims), Some(axis)) = (ctx.shape(0)?.dims(), axis) else {
            let rank = ctx.shape(0)?.rank();
            return ctx.set(0, rank.map_or_else(PartialShape::unknown, |r| PartialShape::unknown_of_rank(r + 1)));
        };
        let mut dims = dims.to_vec();
        dims.insert(resolve_axis(axis, dims.len() + 1)?, Some(1));
        let rank = dims.len();
        ctx.set(0, PartialShape::new(dims))?;
        if let (Some(integers), true) = (&ctx.input(0)?.integers, rank <= 1) {
            ctx.set_integers(0, integers.iter().copied());
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| ctx.pass_on(0, 0)),
    grad: Grad::Rule(|g| Ok(vec![Some(to_shape_of_input(g)), None])),
    flags: Flags::PASSING.row_by_row(),
};

pub(super) static SQUEEZE: OpDef = OpDef {
    sig: Sig::new("Squeeze(input: T) -> (output: T) where T: type, squeeze_dims: list(int) = []"),
    infer: |ctx| {
        let axes = ctx.attrs().ints("squeeze_dims")?;
        let Some(dims) = ctx.shape(0)?.dims() else { return ctx.set(0, PartialShape::unknown()) };
        if axes.is_empty() {
            if dims.contains(&None) {
                return ctx.set(0, PartialShape::unknown());
            }
            let rest: Vec<Dim> = dims.iter().copied().filter(|d| *d != Some(1)).collect();
            return ctx.set(0, PartialShape::new(rest));
        }
        let axes = axes.iter().map(|&axis| resolve_axis(axis, dims.len())).collect::<Result<Vec<_>>>()?;
        if let Some(&axis) = axes.iter().find(|&&axis| dims[axis].is_some_and(|n| n != 1)) {
            let shape = ctx.shape(0)?;
            return Err(Error::invalid_argument(format!("dimension {axis} of shape {shape} is not of size 1")));
        }
        let rest: Vec<Dim> = (0..dims.len()).filter(|axis| !axes.contains(axis)).map(|axis| dims[axis]).collect();
        ctx.set(0, PartialShape::new(rest))
    },
    kernel: Kernel::Run(|ctx| ctx.pass_on(0, 0)),
    grad: Grad::Rule(|g| Ok(vec![Some(to_shape_of_input(g))])),
    flags: Flags::PASSING.row_by_row(),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::array::placeholder;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn reshape_is_whole() {
        let x: Value = [[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]].into();
        OpTest::new(|x| vec![reshape(x[0], [-1, 2])])
            .inputs([x.clone()])
            .expect([[[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]].into()])
            .differentiable(&[0])
            .run();
        OpTest::new(|x| vec![reshape(x[0], x[1])])
            .inputs([x, [6i64].into()])
            .expect([[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0].into()])
            .run();
        OpTest::new(|x| vec![reshape(x[0], [-1, 2])])
            .inputs([Value::vector(Vec::<f32>::new())])
            .expect([Value::new([0, 2], Vec::<f32>::new()).unwrap_or(Value::scalar(0))])
            .run();
    }

    #[test]
    fn expand_and_squeeze_are_whole() {
        OpTest::new(|x| {
            vec![expand_dims(x[0], -1), expand_dims(x[0], 0), squeeze_args(expand_dims(x[0], 1)).axis([1]).build()]
        })
        .inputs([[1.0f32, 2.0].into()])
        .expect([[[1.0f32], [2.0]].into(), [[1.0f32, 2.0]].into(), [1.0f32, 2.0].into()])
        .differentiable(&[0])
        .run();
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let x = || placeholder(crate::dtype::float32, [2, 3]);
        let error = build_error(|| reshape(x(), [4]));
        assert!(error.contains("Reshape: elements of shape [2,3] do not fill shape [4]"), "{error}");
        assert!(build_error(|| reshape(x(), [-1, 4])).contains("do not fill shape [?,4]"));
        assert!(build_error(|| reshape(x(), [-1, -1])).contains("more than one size open"));
        assert!(build_error(|| expand_dims(x(), 3)).contains("axis 3 is not in [-3, 3)"));
        assert!(
            build_error(|| squeeze_args(x()).axis([0]).build()).contains("dimension 0 of shape [2,3] is not of size 1")
        );
    }
}
