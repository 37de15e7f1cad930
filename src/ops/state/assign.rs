//! Assign, AssignAdd, AssignSub: a variable's new value.

use std::sync::Arc;

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::{Operation, Tensor};
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::value::Number;

use super::Variable;
use super::resource::{ASSIGN_ADD_VARIABLE_OP, ASSIGN_SUB_VARIABLE_OP, ASSIGN_VARIABLE_OP, join};

/// Gives `variable` the value `value` and yields the new value. TF: `tf.assign`.
///
/// `value` has the variable's data type and shape. There is no gradient.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable(1.0);
/// let set = tf::assign(x, 5.0);
/// let sess = tf::Session()?;
/// assert_eq!(sess.run(set, tf::feed_dict! {})?.item::<f32>()?, 5.0);
/// assert_eq!(sess.run(x, tf::feed_dict! {})?.item::<f32>()?, 5.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn assign(variable: Variable, value: impl IntoTensor) -> Tensor {
    change(variable, value.into_arg(), &ASSIGN, &ASSIGN_VARIABLE_OP)
}

/// Adds `value` to `variable` and yields the new value. TF: `tf.assign_add`.
///
/// `value` has the variable's data type, a number, and its shape. An error if the variable has no value yet.
#[track_caller]
pub fn assign_add(variable: Variable, value: impl IntoTensor) -> Tensor {
    change(variable, value.into_arg(), &ASSIGN_ADD, &ASSIGN_ADD_VARIABLE_OP)
}

/// Subtracts `value` from `variable` and yields the new value. TF: `tf.assign_sub`.
///
/// `value` has the variable's data type, a number, and its shape. An error if the variable has no value yet.
#[track_caller]
pub fn assign_sub(variable: Variable, value: impl IntoTensor) -> Tensor {
    change(variable, value.into_arg(), &ASSIGN_SUB, &ASSIGN_SUB_VARIABLE_OP)
}

/// Changes `variable` by `op`, or by `resource` if it is held by a handle, and yields the new value.
#[track_caller]
fn change(variable: Variable, value: Arg, op: &'static OpDef, resource: &'static OpDef) -> Tensor {
    let (changed, value) = changing(variable, value, op, resource, None);
    value.unwrap_or_else(|| changed.output(0))
}

/// The operation that changes `variable`, and its value after that if it is held by a handle.
#[track_caller]
fn changing(
    variable: Variable,
    value: Arg,
    op: &'static OpDef,
    resource: &'static OpDef,
    use_locking: Option<bool>,
) -> (Operation, Option<Tensor>) {
    let args = [variable.reference().into_arg(), value];
    let call = match (variable.is_resource(), use_locking) {
        (true, _) if std::ptr::eq(resource, &ASSIGN_VARIABLE_OP) => resource.call(args).attr("validate_shape", true),
        (true, _) => resource.call(args),
        (false, Some(locking)) => op.call(args).attr("use_locking", locking),
        (false, None) => op.call(args),
    };
    let changed = call.operation();
    let value = if variable.is_resource() { Some(variable.read_after(changed)) } else { None };
    (changed, value)
}

/// The operation of `assign`, with its attribute.
#[track_caller]
pub(crate) fn assign_locking(variable: Variable, value: impl IntoTensor, use_locking: bool) -> Operation {
    changing(variable, value.into_arg(), &ASSIGN, &ASSIGN_VARIABLE_OP, Some(use_locking)).0
}

/// The operation of `assign_sub`, with its attribute.
#[track_caller]
pub(crate) fn assign_sub_locking(variable: Variable, value: impl IntoTensor, use_locking: bool) -> Operation {
    changing(variable, value.into_arg(), &ASSIGN_SUB, &ASSIGN_SUB_VARIABLE_OP, Some(use_locking)).0
}

/// The operation called `name` that adds `value` to `variable`.
#[track_caller]
pub(crate) fn assign_add_named(variable: Variable, value: impl IntoTensor, name: &str) -> Operation {
    let op = if variable.is_resource() { &ASSIGN_ADD_VARIABLE_OP } else { &ASSIGN_ADD };
    op.call([variable.reference().into_arg(), value.into_arg()]).name(name).operation()
}

/// `assign_sub` with its name, which TensorFlow forgets for a variable held by a handle: the operation and the new value.
#[track_caller]
pub(crate) fn assign_sub_named(variable: Variable, value: impl IntoTensor, name: &str) -> (Operation, Tensor) {
    if variable.is_resource() {
        let (changed, value) = changing(variable, value.into_arg(), &ASSIGN_SUB, &ASSIGN_SUB_VARIABLE_OP, None);
        return (changed, value.unwrap_or_else(|| changed.output(0)));
    }
    let built = ASSIGN_SUB.call([variable.reference().into_arg(), value.into_arg()]).name(name).build();
    (built.operation(), built.output(0))
}

const NO_GRADIENT: Grad = Grad::Stop("an assignment is not a function of its inputs");

pub(crate) static ASSIGN: OpDef = OpDef {
    sig: Sig::new(
        "Assign(ref: Ref(T), value: T) -> (output_ref: Ref(T)) \
         where T: type, validate_shape: bool = true, use_locking: bool = true",
    ),
    infer: |ctx| {
        let value = ctx.shape(1)?.clone();
        if !ctx.attrs().bool("validate_shape")? {
            return ctx.set(0, value);
        }
        let shape = ctx.shape(0)?;
        let merged = shape.merge(&value).ok_or_else(|| {
            Error::invalid_argument(format!("a variable of shape {shape} cannot take a value of shape {value}"))
        })?;
        ctx.set(0, merged)
    },
    kernel: Kernel::Run(|ctx| {
        let cell = Arc::clone(ctx.inputs.variable(0)?);
        cell.assign(ctx.inputs.value(1)?)?;
        ctx.outputs.set_variable(0, cell);
        Ok(())
    }),
    grad: NO_GRADIENT,
    flags: Flags::EFFECT,
};

fn infer_update(ctx: &mut InferCtx) -> Result<()> {
    let (shape, value) = (ctx.shape(0)?, ctx.shape(1)?);
    let merged = shape.merge(value).ok_or_else(|| {
        Error::invalid_argument(format!("a variable of shape {shape} cannot be changed by a value of shape {value}"))
    })?;
    ctx.set(0, merged)
}

/// Joins the value of input 1 to the variable of input 0, element by element.
fn update<T: Number>(ctx: &mut KernelCtx, how: fn(T, T) -> T) -> Result<()> {
    let cell = Arc::clone(ctx.inputs.variable(0)?);
    join::<T>(&cell, ctx.inputs.value(1)?, how)?;
    ctx.outputs.set_variable(0, cell);
    Ok(())
}

pub(super) static ASSIGN_ADD: OpDef = OpDef {
    sig: Sig::new(
        "AssignAdd(ref: Ref(T), value: T) -> (output_ref: Ref(T)) where T: number, use_locking: bool = false",
    ),
    infer: infer_update,
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, numbers, T => update::<T>(ctx, T::plus))),
    grad: NO_GRADIENT,
    flags: Flags::EFFECT,
};

pub(super) static ASSIGN_SUB: OpDef = OpDef {
    sig: Sig::new(
        "AssignSub(ref: Ref(T), value: T) -> (output_ref: Ref(T)) where T: number, use_locking: bool = false",
    ),
    infer: infer_update,
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, numbers, T => update::<T>(ctx, T::minus))),
    grad: NO_GRADIENT,
    flags: Flags::EFFECT,
};
