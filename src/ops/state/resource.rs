//! The operations on variables that are held by handles: TensorFlow's resource variables.

use std::sync::Arc;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Handle, Node, Operation, Tensor};
use crate::kernels::elementwise::{Broadcast, binary_in_place};
use crate::op::{
    Arg, AttrReader, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, NodeInfo, OpDef, Sig, VariableCell,
};
use crate::ops::array::{gathered_rows, gathered_shape, run_gather};
use crate::shape::PartialShape;
use crate::value::{Number, Value};

use super::Variable;

/// Whether `variable` has a value, a single bool. TF: `tf.is_variable_initialized`. No gradient.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable(1.0);
/// let has = tf::is_variable_initialized(x);
/// let sess = tf::Session()?;
/// assert!(!sess.run(has, tf::feed_dict! {})?.item::<bool>()?);
/// sess.run(x.initializer(), tf::feed_dict! {})?;
/// assert!(sess.run(has, tf::feed_dict! {})?.item::<bool>()?);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn is_variable_initialized(variable: Variable) -> Tensor {
    let op = if variable.is_resource() { &VAR_IS_INITIALIZED_OP } else { &IS_VARIABLE_INITIALIZED };
    op.call([variable.reference().into_arg()]).single()
}

/// The number in `variable`, which is then one larger. TF: `tf.count_up_to`.
///
/// A single int32 or int64. An `OutOfRange` error once it has reached `limit`.
#[track_caller]
pub fn count_up_to(variable: Variable, limit: i64) -> Tensor {
    if !variable.is_resource() {
        return COUNT_UP_TO.call([variable.reference().into_arg()]).attr("limit", limit).single();
    }
    let call = RESOURCE_COUNT_UP_TO.call([variable.reference().into_arg()]).attr("limit", limit);
    match variable.dtype() {
        Ok(dtype) => call.attr("T", dtype).single(),
        Err(_) => variable.reference(),
    }
}

/// The key of the variable that a node stands for.
pub(super) fn key(node: &NodeInfo) -> Result<String> {
    key_of(&node.name, node.attrs())
}

/// The key of the variable that a node with this name and these attributes stands for.
fn key_of(name: &str, attrs: AttrReader) -> Result<String> {
    let (container, shared) = (attrs.str("container")?, attrs.str("shared_name")?);
    let name = if shared.is_empty() { name } else { shared };
    Ok(if container.is_empty() { name.to_owned() } else { format!("{container}/{name}") })
}

/// What the node of a variable says of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Declared {
    /// What a session keeps it under.
    pub key: String,
    pub dtype: DType,
    pub shape: PartialShape,
}

impl Declared {
    /// What `node` says of the variable that it stands for; an error if it is no node of a variable.
    pub fn of(node: Operation) -> Result<Self> {
        let read = |node: &Node| {
            let attrs = AttrReader(&node.attrs);
            let shape = match &*node.op {
                "VariableV2" | "VarHandleOp" => attrs.shape("shape")?.clone(),
                "Variable" if attrs.shape("shape")?.rank() == Some(0) => PartialShape::unknown(),
                "Variable" => attrs.shape("shape")?.clone(),
                _ => return Err(Error::invalid_argument(format!("'{}' is no variable but {}", node.name, node.op))),
            };
            Ok(Declared { key: key_of(&node.name, attrs)?, dtype: attrs.dtype("dtype")?, shape })
        };
        node.with(read).unwrap_or_else(|| Err(Error::failed_precondition("the variable could not be built")))
    }
}

/// The shape of the variable that input 0 is the handle of.
fn variable_shape(ctx: &InferCtx) -> Result<PartialShape> {
    Ok(ctx.handle(0)?.map_or_else(PartialShape::unknown, |handle| handle.shape.clone()))
}

/// An error unless the variable that input 0 is the handle of has the data type of the attribute `dtype`.
fn check_dtype(ctx: &InferCtx) -> Result<()> {
    let dtype = ctx.attrs().dtype("dtype")?;
    match ctx.handle(0)? {
        Some(handle) if handle.dtype != dtype => {
            Err(Error::invalid_argument(format!("the variable is {}, not {dtype}", handle.dtype)))
        }
        _ => Ok(()),
    }
}

pub(super) static VAR_HANDLE_OP: OpDef = OpDef {
    sig: Sig::new(
        "VarHandleOp() -> (resource: resource) where container: string = '', shared_name: string = '', \
         debug_name: string = '', dtype: type, shape: shape, allowed_devices: list(string) = []",
    ),
    infer: |ctx| {
        let (dtype, shape) = (ctx.attrs().dtype("dtype")?, ctx.attrs().shape("shape")?.clone());
        ctx.set_handle(0, Handle { dtype, shape });
        ctx.set(0, PartialShape::scalar())
    },
    kernel: Kernel::Run(|ctx| {
        let cell = ctx.resources.variable(&key(ctx.node)?)?;
        ctx.outputs.set_variable(0, cell);
        Ok(())
    }),
    grad: Grad::Stop("a variable has no inputs"),
    flags: Flags::STATEFUL,
};

pub(super) static READ_VARIABLE_OP: OpDef = OpDef {
    sig: Sig::new("ReadVariableOp(resource: resource) -> (value: dtype) where dtype: type"),
    infer: |ctx| {
        check_dtype(ctx)?;
        ctx.set(0, variable_shape(ctx)?)
    },
    kernel: Kernel::Run(|ctx| {
        let cell = ctx.inputs.variable(0)?;
        let value = cell.read()?;
        if Some(&value.dtype()) != ctx.node.output_types.first() {
            return Err(Error::invalid_argument(format!("the variable '{}' is {}", cell.name(), value.dtype())));
        }
        ctx.outputs.set(0, value);
        Ok(())
    }),
    grad: Grad::Rows(|g| Ok(vec![Some(g.gradient(0))])),
    flags: Flags::STATEFUL,
};

fn infer_assign(ctx: &mut InferCtx) -> Result<()> {
    check_dtype(ctx)?;
    let (shape, value) = (variable_shape(ctx)?, ctx.shape(1)?);
    match shape.merge(value) {
        Some(_) => Ok(()),
        None => {
            Err(Error::invalid_argument(format!("a variable of shape {shape} cannot take a value of shape {value}")))
        }
    }
}

const NO_GRADIENT: Grad = Grad::Stop("an assignment is not a function of its inputs");

pub(crate) static ASSIGN_VARIABLE_OP: OpDef = OpDef {
    sig: Sig::new(
        "AssignVariableOp(resource: resource, value: dtype) -> () where dtype: type, validate_shape: bool = false",
    ),
    infer: infer_assign,
    kernel: Kernel::Run(|ctx| ctx.inputs.variable(0)?.assign(ctx.inputs.value(1)?)),
    grad: NO_GRADIENT,
    flags: Flags::EFFECT,
};

/// Joins `change` to the variable's value, element by element.
pub(super) fn join<T: Number>(cell: &VariableCell, change: &Value, join: fn(T, T) -> T) -> Result<()> {
    cell.update(|value| {
        if value.shape() != change.shape() {
            let (have, got) = (value.shape(), change.shape());
            return Err(Error::invalid_argument(format!("the variable's value has shape {have}, the change {got}")));
        }
        let plan = Broadcast::new(value.shape(), change.shape(), value.shape());
        binary_in_place(&plan, value.make_mut::<T>()?, change.as_slice::<T>()?, join);
        Ok(())
    })
}

pub(super) static ASSIGN_ADD_VARIABLE_OP: OpDef = OpDef {
    sig: Sig::new("AssignAddVariableOp(resource: resource, value: dtype) -> () where dtype: number"),
    infer: infer_assign,
    kernel: Kernel::Run(|ctx| {
        let (cell, change) = (ctx.inputs.variable(0)?, ctx.inputs.value(1)?);
        dispatch!(change.dtype(), numbers, T => join::<T>(cell, change, T::plus))
    }),
    grad: NO_GRADIENT,
    flags: Flags::EFFECT,
};

pub(super) static ASSIGN_SUB_VARIABLE_OP: OpDef = OpDef {
    sig: Sig::new("AssignSubVariableOp(resource: resource, value: dtype) -> () where dtype: number"),
    infer: infer_assign,
    kernel: Kernel::Run(|ctx| {
        let (cell, change) = (ctx.inputs.variable(0)?, ctx.inputs.value(1)?);
        dispatch!(change.dtype(), numbers, T => join::<T>(cell, change, T::minus))
    }),
    grad: NO_GRADIENT,
    flags: Flags::EFFECT,
};

fn is_initialized(ctx: &mut KernelCtx) -> Result<()> {
    let has = ctx.inputs.variable(0)?.get().is_some();
    ctx.outputs.slice::<bool>(0)?.fill(has);
    Ok(())
}

pub(super) static VAR_IS_INITIALIZED_OP: OpDef = OpDef {
    sig: Sig::new("VarIsInitializedOp(resource: resource) -> (is_initialized: bool)"),
    infer: |ctx| ctx.set(0, PartialShape::scalar()),
    kernel: Kernel::Run(is_initialized),
    grad: Grad::Stop("a truth value has no gradient"),
    flags: Flags::STATEFUL,
};

pub(super) static IS_VARIABLE_INITIALIZED: OpDef = OpDef {
    sig: Sig::new("IsVariableInitialized(ref: Ref(dtype)) -> (is_initialized: bool) where dtype: type"),
    infer: |ctx| ctx.set(0, PartialShape::scalar()),
    kernel: Kernel::Run(is_initialized),
    grad: Grad::Stop("a truth value has no gradient"),
    flags: Flags::STATEFUL,
};

/// The shape of the variable that `handle` stands for, as it is when the graph runs.
#[track_caller]
pub(crate) fn shape_of_variable(handle: Tensor) -> Tensor {
    VARIABLE_SHAPE.call([handle.into_arg()]).single()
}

pub(super) static VARIABLE_SHAPE: OpDef = OpDef {
    sig: Sig::new("VariableShape(input: resource) -> (output: out_type) where out_type: index = int32"),
    infer: |ctx| {
        let shape = variable_shape(ctx)?;
        ctx.set(0, PartialShape::new([shape.rank()]))?;
        if let Some(dims) = shape.dims() {
            ctx.set_integers(0, dims.iter().map(|dim| dim.map(|n| n as i64)));
        }
        Ok(())
    },
    kernel: Kernel::Run(|ctx| {
        let shape = ctx.inputs.variable(0)?.read()?.shape().clone();
        let sizes = Value::vector(shape.iter().map(|&n| n as i64).collect::<Vec<i64>>());
        let dtype = ctx.node.attrs().dtype("out_type")?;
        ctx.outputs.set(0, sizes.convert(dtype)?);
        Ok(())
    }),
    grad: Grad::Stop("a shape does not depend on the values"),
    flags: Flags::STATEFUL,
};

pub(super) static DESTROY_RESOURCE_OP: OpDef = OpDef {
    sig: Sig::new("DestroyResourceOp(resource: resource) -> () where ignore_lookup_error: bool = true"),
    infer: |_| Ok(()),
    kernel: Kernel::Run(|ctx| {
        ctx.inputs.variable(0)?.clear();
        Ok(())
    }),
    grad: NO_GRADIENT,
    flags: Flags::EFFECT,
};

/// The rows of the variable that `handle` stands for.
#[track_caller]
pub(crate) fn resource_gather(handle: Tensor, indices: Arg, name: &str) -> Tensor {
    let call = RESOURCE_GATHER.call([handle.into_arg(), indices]).name(name);
    match handle.fact().and_then(|fact| fact.handle) {
        Some(known) => call.attr("dtype", known.dtype).single(),
        None => call.single(),
    }
}

pub(super) static RESOURCE_GATHER: OpDef = OpDef {
    sig: Sig::new(
        "ResourceGather(resource: resource, indices: Tindices) -> (output: dtype) \
         where batch_dims: int = 0, validate_indices: bool = true, dtype: type, Tindices: index",
    ),
    infer: |ctx| {
        check_dtype(ctx)?;
        let batch = ctx.attrs().int("batch_dims")?;
        let shape = gathered_shape(&variable_shape(ctx)?, ctx.shape(1)?, Some(batch), batch)?;
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let params = ctx.inputs.variable(0)?.read()?;
        let batch = ctx.node.attrs().int("batch_dims")?;
        let indices = ctx.inputs.value(1)?.clone();
        let shape = gathered_shape(&params.shape().into(), &indices.shape().into(), Some(batch), batch)?;
        if shape.known().as_ref() != Some(ctx.outputs.shape(0)?) {
            return Err(Error::invalid_argument(format!("the variable's value has shape {}", params.shape())));
        }
        run_gather(ctx, &params, &indices, batch, batch)
    }),
    grad: Grad::Rows(|g| {
        let shape = match g.x(0).fact().and_then(|fact| fact.handle?.shape.known()) {
            Some(shape) => {
                let sizes: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
                g.constant(Value::vector(crate::ops::array::int32_list(&sizes)?), "Const")
            }
            None => VARIABLE_SHAPE.call([g.x(0).into_arg()]).single(),
        };
        Ok(vec![Some(gathered_rows(g, shape)), None])
    }),
    flags: Flags::STATEFUL,
};

fn infer_count(ctx: &mut InferCtx) -> Result<()> {
    ctx.set(0, PartialShape::scalar())
}

/// Gives the variable's number and makes it one larger.
fn count(ctx: &mut KernelCtx) -> Result<()> {
    let limit = ctx.node.attrs().int("limit")?;
    let cell = Arc::clone(ctx.inputs.variable(0)?);
    dispatch!(ctx.node.dtype()?, indices, T => {
        let now = cell.update(|value| {
            let now = value.item::<T>()?;
            if value.integers()?.first().is_some_and(|&now| now >= limit) {
                return Err(Error::out_of_range(format!("variable '{}' reached its limit of {limit}", cell.name())));
            }
            value.make_mut::<T>()?.fill(now.plus(T::ONE));
            Ok(now)
        })?;
        ctx.outputs.slice::<T>(0)?.fill(now);
        Ok(())
    })
}

pub(super) static COUNT_UP_TO: OpDef = OpDef {
    sig: Sig::new("CountUpTo(ref: Ref(T)) -> (output: T) where limit: int, T: index"),
    infer: infer_count,
    kernel: Kernel::Run(count),
    grad: NO_GRADIENT,
    flags: Flags::EFFECT,
};

pub(super) static RESOURCE_COUNT_UP_TO: OpDef = OpDef {
    sig: Sig::new("ResourceCountUpTo(resource: resource) -> (output: T) where limit: int, T: index"),
    infer: infer_count,
    kernel: Kernel::Run(count),
    grad: NO_GRADIENT,
    flags: Flags::EFFECT,
};
