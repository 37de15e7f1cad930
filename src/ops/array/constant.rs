//! Const: a value that is part of the graph.

use crate::dtype::DType;
use crate::error::Error;
use crate::graph::{Fact, Tensor, get_default_graph};
use crate::op::{Flags, Grad, Kernel, OpDef, Sig, constant_in};
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
