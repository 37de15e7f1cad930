//! Fill, ZerosLike, OnesLike: arrays of one number.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Graph, LONGEST_INTEGERS, Tensor, get_default_graph};
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, constant_full_of, convert, rules};
use crate::ops::array::{packed, shape};
use crate::ops::math::reduce_sum;
use crate::shape::{IntoShape, Shape};
use crate::value::{Element, Literal, Number, Value};

/// An array of shape `dims` full of `value`. TF: `tf.fill`.
///
/// `dims` is a list of int32 or int64, `value` a single element of any type. The gradient to `value` is the sum.
///
/// ```
/// use flowstone as tf;
/// let y = tf::Session()?.run(tf::fill([2, 2], 7), tf::feed_dict! {})?;
/// assert_eq!(y.as_slice::<i32>()?, [7, 7, 7, 7]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn fill(dims: impl IntoTensor, value: impl IntoTensor) -> Tensor {
    FILL.call([dims.into_arg(), value.into_arg()]).single()
}

/// A float32 array of zeros. TF: `tf.zeros`. All sizes of `shape` are known; [`fill`] takes a tensor.
#[track_caller]
pub fn zeros(shape: impl IntoShape) -> Tensor {
    full_of(shape, 0, DType::Float32, "zeros")
}

/// A float32 array of ones. TF: `tf.ones`. All sizes of `shape` are known; [`fill`] takes a tensor.
#[track_caller]
pub fn ones(shape: impl IntoShape) -> Tensor {
    full_of(shape, 1, DType::Float32, "ones")
}

/// Zeros of any number type.
#[track_caller]
pub(crate) fn zeros_of(shape: Shape, dtype: DType) -> Tensor {
    full_of(shape, 0, dtype, "zeros")
}

/// A constant of zeros, however many. TF: `tf.constant(0, dtype, shape)`.
#[track_caller]
pub(crate) fn zero_constant(graph: &Graph, shape: Shape, dtype: DType, name: &str) -> Tensor {
    let zeros = element(0, dtype).and_then(|zero| repeated(&zero, shape));
    constant_full_of(graph, zeros, graph.scope_name(name), crate::graph::here())
}

/// `number` everywhere, of any number type. As TensorFlow: one constant below 1000 elements, else a `Fill`.
#[track_caller]
pub(crate) fn full_of(shape: impl IntoShape, number: i32, dtype: DType, name: &str) -> Tensor {
    const SMALL: usize = 1000;
    let graph = get_default_graph();
    let scope = graph.scope_name(name);
    let element = || element(number, dtype);
    let literal = |value: Result<Value>| Arg::Literal(value.map(Literal::firm));
    let known = shape.into_shape().and_then(|shape| {
        let known = shape.known();
        known.ok_or_else(|| Error::invalid_argument(format!("{name}: every size of {shape} must be known")))
    });
    let shape = match known {
        Ok(shape) if shape.num_elements().is_ok_and(|n| n < SMALL) => {
            let value = element().and_then(|v| repeated(&v, shape));
            return constant_full_of(&graph, value, scope, crate::graph::here());
        }
        shape => shape,
    };
    let _scope = graph.scope(&format!("{scope}/"));
    let sizes = shape.map(|shape| {
        let sizes = shape.iter().map(|&n| i32::try_from(n)).collect::<std::result::Result<Vec<i32>, _>>();
        sizes.map_or_else(|_| Value::vector(shape.iter().map(|&n| n as i64).collect()), Value::vector)
    });
    let dims = convert(literal(sizes), "shape_as_tensor", None);
    let value = convert(literal(element()), "Const", None);
    FILL.call([dims.into_arg(), value.into_arg()]).name(format!("{scope}/")).single()
}

/// `number` as a single element: true or false as a bool, empty as a string.
pub(super) fn element(number: i32, dtype: DType) -> Result<Value> {
    match dtype {
        DType::Bool => Ok(Value::scalar(number != 0)),
        DType::String if number == 0 => Ok(Value::scalar(Vec::<u8>::new())),
        dtype => Value::scalar(number).convert(dtype),
    }
}

/// An array of the same element everywhere.
pub(crate) fn repeated(element: &Value, shape: Shape) -> Result<Value> {
    let n = shape.num_elements()?;
    dispatch!(element.dtype(), all, T => Value::new(shape, vec![element.item::<T>()?; n]))
}

/// Zeros of the same type and shape. TF: `tf.zeros_like`. A constant if the shape is known. No gradient.
#[track_caller]
pub fn zeros_like(tensor: impl IntoTensor) -> Tensor {
    let tensor = convert(tensor.into_arg(), "tensor", None);
    let known = tensor.fact().and_then(|fact| Some((fact.shape.known()?, fact.dtype)));
    match known {
        Some((shape, dtype)) if dtype != DType::String => full_of(shape, 0, dtype, "zeros_like"),
        _ => zeros_like_op(tensor),
    }
}

/// Ones of the same type and shape. TF: `tf.ones_like`. No gradient.
#[track_caller]
pub fn ones_like(tensor: impl IntoTensor) -> Tensor {
    ones_like_of(tensor.into_arg(), None)
}

/// Ones of the same shape, and of type `dtype` if that is said.
#[track_caller]
pub(crate) fn ones_like_of(tensor: Arg, dtype: Option<DType>) -> Tensor {
    let graph = Arg::graph_of(std::slice::from_ref(&tensor)).unwrap_or_else(|_| get_default_graph());
    let scope = graph.scope_name("ones_like");
    let (tensor, sizes) = {
        let _scope = graph.scope(&format!("{scope}/"));
        let tensor = convert(tensor, "tensor", None);
        let known = tensor.shape().known().map(|shape| Value::vector(shape.iter().map(|&n| n as i64).collect()));
        let sizes = match known.map(|sizes| sizes.convert(DType::Int32)) {
            Some(sizes @ Ok(_)) => convert(Arg::Literal(sizes.map(Literal::firm)), "Shape/shape_as_tensor", None),
            _ => shape(tensor),
        };
        (tensor, sizes)
    };
    let dtype = dtype.or(tensor.dtype().ok()).unwrap_or(DType::Float32);
    let ones = ones_of(sizes, dtype, &format!("{scope}/"));
    ones.set_shape(tensor.shape());
    ones
}

/// Ones of the shape that `shape` holds, under a name. TF: `tf.ones` of a tensor.
#[track_caller]
pub(crate) fn ones_of(shape: Tensor, dtype: DType, name: &str) -> Tensor {
    number_of(1, shape, dtype, name)
}

/// Zeros of the shape that `shape` holds. TF: `tf.zeros` of a tensor.
#[track_caller]
pub(crate) fn zeros_of_sizes(shape: Tensor, dtype: DType) -> Tensor {
    number_of(0, shape, dtype, "zeros")
}

#[track_caller]
fn number_of(number: i32, shape: Tensor, dtype: DType, name: &str) -> Tensor {
    let graph = shape.graph().unwrap_or_else(|_| get_default_graph());
    let scope = graph.scope_name(name);
    let _scope = graph.scope(&format!("{scope}/"));
    let number = convert(Arg::Literal(element(number, dtype).map(Literal::firm)), "Const", None);
    FILL.call([shape.into_arg(), number.into_arg()]).name(format!("{scope}/")).single()
}

/// Ones of the sizes `sizes`, some of which are tensors. TF: `tf.ones` of a list.
#[track_caller]
pub(crate) fn ones_of_sizes(sizes: Vec<Arg>, dtype: DType) -> Tensor {
    let graph = Arg::graph_of(&sizes).unwrap_or_else(|_| get_default_graph());
    let scope = format!("{}/", graph.scope_name("ones"));
    let sizes = {
        let _scope = graph.scope(&scope);
        packed(sizes, "packed")
    };
    ones_of(sizes, dtype, &scope)
}

/// The operation ZerosLike, whatever is known of the shape.
#[track_caller]
pub(crate) fn zeros_like_op(tensor: Tensor) -> Tensor {
    ZEROS_LIKE.call([Arg::Tensor(tensor)]).name("zeros_like").single()
}

pub(crate) static FILL: OpDef = OpDef {
    sig: Sig::new("Fill(dims: index_type, value: T) -> (output: T) where T: type, index_type: index = int32"),
    infer: |ctx| {
        if ctx.shape(1)?.rank().is_some_and(|rank| rank != 0) {
            return Err(Error::invalid_argument(format!("value must be a single element, not {}", ctx.shape(1)?)));
        }
        if let Some(negative) = ctx.known_integers(0)?.and_then(|sizes| sizes.into_iter().find(|&n| n < 0)) {
            return Err(Error::invalid_argument(format!("dims holds a size of {negative}")));
        }
        let shape = ctx.shape_from(0)?;
        let element = ctx.known_integer(1)?;
        let list = shape.known().filter(|shape| shape.rank() <= 1).and_then(|shape| shape.num_elements().ok());
        ctx.set(0, shape)?;
        if let (Some(element), Some(n)) = (element, list.filter(|&n| n <= LONGEST_INTEGERS)) {
            ctx.set_integers(0, vec![Some(element); n]);
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| {
        dispatch!(ctx.node.dtype()?, all, T => {
            let value = ctx.inputs.value(1)?.item::<T>()?;
            ctx.outputs.slice::<T>(0)?.fill(value);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| Ok(vec![None, Some(reduce_sum(g.dy(0)))])),
    flags: Flags::PURE,
};

fn fill_plain<T: Element + Copy>(ctx: &mut KernelCtx, value: T) -> Result<()> {
    ctx.outputs.slice::<T>(0)?.fill(value);
    Ok(())
}

pub(super) static ZEROS_LIKE: OpDef = OpDef {
    sig: Sig::new("ZerosLike(x: T) -> (y: T) where T: type"),
    infer: rules::same_shape,
    kernel: Kernel::Run(|ctx| {
        dispatch!(ctx.node.dtype()?, all, T => {
            ctx.outputs.slice::<T>(0)?.fill(T::default());
            Ok(())
        })
    }),
    grad: Grad::Stop("the result is zero whatever the input is"),
    flags: Flags::PURE,
};

pub(super) static ONES_LIKE: OpDef = OpDef {
    sig: Sig::new("OnesLike(x: T) -> (y: T) where T: plain"),
    infer: rules::same_shape,
    kernel: Kernel::Run(|ctx| match ctx.node.dtype()? {
        DType::Bool => fill_plain(ctx, true),
        dtype => dispatch!(dtype, numbers, T => fill_plain::<T>(ctx, T::ONE)),
    }),
    grad: Grad::Stop("the result is one whatever the input is"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn fill_is_whole() {
        OpTest::new(|x| vec![fill(x[0], x[1])])
            .inputs([[2i32, 0].into(), Value::scalar(1.5f32)])
            .constants(&[0])
            .expect([Value::zeros(DType::Float32, [2, 0]).unwrap_or(Value::scalar(0.0f32))])
            .run();
        OpTest::new(|x| vec![fill(x[0], x[1])])
            .inputs([[2i64, 2].into(), Value::scalar(1.5f32)])
            .constants(&[0])
            .expect([[[1.5f32, 1.5], [1.5, 1.5]].into()])
            .differentiable(&[1])
            .run();
        // The sizes may also come with the run.
        OpTest::new(|x| vec![fill(x[0], x[1])])
            .inputs([[3i32].into(), Value::scalar(true)])
            .expect([[true, true, true].into()])
            .run();
        let error = build_error(|| fill([-1, 2], 1.0));
        assert!(error.contains("dims holds a size of -1"), "{error}");
    }

    #[test]
    fn likes_are_whole() {
        OpTest::new(|x| {
            let ones = ONES_LIKE.call([x[0].into_arg()]).single();
            vec![zeros_like(x[0]), ones_like(x[0]), zeros_like_op(x[0]), ones]
        })
        .inputs([[1.5f32, 2.0].into()])
        .expect([[0.0f32, 0.0].into(), [1.0f32, 1.0].into(), [0.0f32, 0.0].into(), [1.0f32, 1.0].into()])
        .run();
    }
}
