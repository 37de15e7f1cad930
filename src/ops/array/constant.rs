//! Const: a value that is part of the graph.

use crate::dtype::DType;
use crate::error::Error;
use crate::graph::{Fact, Tensor, get_default_graph};
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, OpDef, Sig, constant_in, convert};
use crate::value::IntoValue;

/// A value that is part of the graph. TF: `tf.constant`.
///
/// Takes numbers, strings, nested arrays, ndarrays and [`Value`](crate::Value)s. A Rust literal without a type of its
/// own (`2.0`, `[1, 2]`) is float32 or int32; see [`constant_of`] for others.
///
/// ```
/// use flowstone as tf;
/// let c = tf::constant([[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!((c.dtype()?, c.shape().to_string().as_str()), (tf::float32, "[2,2]"));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn constant(value: impl IntoValue) -> Tensor {
    build(value, None)
}

/// A value of data type `dtype` that is part of the graph. TF: `tf.constant(value, dtype)`.
///
/// An error if a number of `value` is of another kind (`1.5` as int32) or out of range.
///
/// ```
/// use flowstone as tf;
/// assert_eq!(tf::constant_of([1, 2], tf::float64).dtype()?, tf::float64);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn constant_of(value: impl IntoValue, dtype: DType) -> Tensor {
    build(value, Some(dtype))
}

#[track_caller]
fn build(value: impl IntoValue, dtype: Option<DType>) -> Tensor {
    let location = crate::graph::here();
    let value = value.into_literal().and_then(|literal| {
        let value = literal.resolve(dtype)?;
        if let Some(dtype) = dtype { value.convert(dtype) } else { Ok(value) }
    });
    constant_in(&get_default_graph(), value, "Const", location)
}

/// A tensor as it is, a variable's value, or a constant of what else there is. TF: `tf.convert_to_tensor`.
///
/// Keyword argument `dtype`: an error if a tensor is of another type; a literal takes it.
///
/// ```
/// use flowstone as tf;
/// let x = tf::convert_to_tensor([1.0, 2.0]);
/// assert_eq!(tf::convert_to_tensor(x), x);
/// assert_eq!(tf::convert_to_tensor!(1, dtype = tf::float64).dtype()?, tf::float64);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn convert_to_tensor(value: impl IntoTensor) -> Tensor {
    convert_to_tensor_args(value).build()
}

/// [`convert_to_tensor`] with keyword arguments.
pub fn convert_to_tensor_args(value: impl IntoTensor) -> ConvertArgs {
    ConvertArgs { value: value.into_arg(), dtype: None }
}

/// What is to be a tensor: the keyword arguments of [`convert_to_tensor`].
#[must_use = "nothing is built until `build` is called"]
pub struct ConvertArgs {
    value: Arg,
    dtype: Option<DType>,
}

impl ConvertArgs {
    /// The data type it has to have.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = Some(dtype);
        self
    }

    /// The tensor.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let tensor = convert(self.value, "Const", self.dtype);
        let (Some(wanted), Ok(dtype)) = (self.dtype, tensor.dtype()) else { return tensor };
        if dtype == wanted {
            return tensor;
        }
        let graph = tensor.graph().unwrap_or_else(|_| get_default_graph());
        let error = Error::invalid_argument(format!("a tensor of {dtype}, where {wanted} is asked for"));
        graph.record(error.at(&tensor.op().name(), Some(crate::graph::here())));
        Tensor::poisoned(&graph)
    }
}

pub(super) static CONST: OpDef = OpDef {
    sig: Sig::new("Const() -> (output: dtype) where value: tensor, dtype: type"),
    infer: |ctx| {
        let (value, dtype) = (ctx.attrs().tensor("value")?, ctx.attrs().dtype("dtype")?);
        if value.dtype() != dtype {
            return Err(Error::invalid_argument(format!("the value is {}, but dtype says {dtype}", value.dtype())));
        }
        ctx.set(0, Fact::of(value).shape)?;
        if let Some(integers) = Fact::of(value).integers {
            ctx.set_integers(0, integers.iter().copied());
        }
        Ok(())
    },
    kernel: Kernel::Make(|node| {
        let value = node.attrs().tensor("value")?.clone();
        crate::ops::elementwise::kernel_fn(move |ctx| {
            ctx.outputs.set(0, value.clone());
            Ok(())
        })
    }),
    grad: Grad::Stop("a constant has no inputs"),
    flags: Flags::PURE,
};
