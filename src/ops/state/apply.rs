//! ApplyGradientDescent and ApplyAdam: one step of an optimizer on one variable.

use std::sync::Arc;

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::Plain;
use crate::kernels::math::Real;
use crate::kernels::update::{self, Adam};
use crate::op::{Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, VariableCell};
use crate::value::Value;

/// `var -= alpha * delta`.
#[track_caller]
pub(crate) fn apply_gradient_descent(
    var: Tensor,
    alpha: Tensor,
    delta: Tensor,
    name: &str,
    use_locking: bool,
) -> Tensor {
    let args = [var.into_arg(), alpha.into_arg(), delta.into_arg()];
    APPLY_GRADIENT_DESCENT.call(args).attr("use_locking", use_locking).name(name).single()
}

/// One step of Adam; `args` in the order of the signature.
#[track_caller]
pub(crate) fn apply_adam(args: [Tensor; 10], name: &str, use_locking: bool) -> Tensor {
    APPLY_ADAM.call(args.map(IntoTensor::into_arg)).attr("use_locking", use_locking).name(name).single()
}

/// The first `variables` inputs and the last one have one shape, the others are single numbers.
fn infer_apply(ctx: &mut InferCtx, variables: usize) -> Result<()> {
    let last = ctx.len() - 1;
    let mut shape = ctx.shape(last)?.clone();
    for i in 0..last {
        let input = ctx.shape(i)?;
        if i < variables {
            shape = shape.merge(input).ok_or_else(|| {
                Error::invalid_argument(format!("variable, slots and gradient differ in shape: {input} and {shape}"))
            })?;
        } else if input.rank().is_some_and(|rank| rank != 0) {
            return Err(Error::invalid_argument(format!(
                "input {i} must be a single number, but its shape is {input}"
            )));
        }
    }
    ctx.set(0, shape)
}

pub(super) static APPLY_GRADIENT_DESCENT: OpDef = OpDef {
    sig: Sig::new(
        "ApplyGradientDescent(var: Ref(T), alpha: T, delta: T) -> (out: Ref(T)) \
         where T: floating, use_locking: bool = false",
    ),
    infer: |ctx| infer_apply(ctx, 1),
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, floats, T => gradient_descent::<T>(ctx))),
    grad: Grad::Stop("an update is not a function of its inputs"),
    flags: Flags::EFFECT,
};

fn gradient_descent<T: Real>(ctx: &mut KernelCtx) -> Result<()> {
    let cell = Arc::clone(ctx.inputs.variable(0)?);
    let (alpha, delta) = (ctx.inputs.value(1)?.item::<T>()?, ctx.inputs.value(2)?);
    cell.update(|var| {
        check_shape(&cell, var, delta)?;
        update::gradient_descent::<T>(var.make_mut()?, alpha, delta.as_slice()?);
        Ok(())
    })?;
    ctx.outputs.set_variable(0, cell);
    Ok(())
}

pub(super) static APPLY_ADAM: OpDef = OpDef {
    sig: Sig::new(
        "ApplyAdam(var: Ref(T), m: Ref(T), v: Ref(T), beta1_power: T, beta2_power: T, lr: T, beta1: T, beta2: T, \
         epsilon: T, grad: T) -> (out: Ref(T)) \
         where T: floating, use_locking: bool = false, use_nesterov: bool = false",
    ),
    infer: |ctx| infer_apply(ctx, 3),
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, floats, T => adam::<T>(ctx))),
    grad: Grad::Stop("an update is not a function of its inputs"),
    flags: Flags::EFFECT,
};

fn adam_step<T: Real>([beta1_power, beta2_power, lr, beta1, beta2, epsilon]: [T; 6], nesterov: bool) -> Adam<T> {
    let less = |x: T| T::ONE.minus(x);
    Adam {
        alpha: lr.times(less(beta2_power).sqrt()).over(less(beta1_power)),
        beta1,
        one_minus_beta1: less(beta1),
        one_minus_beta2: less(beta2),
        epsilon,
        nesterov,
    }
}

fn adam<T: Real + Plain>(ctx: &mut KernelCtx) -> Result<()> {
    let inputs = &ctx.inputs;
    let (var, m, v) = (Arc::clone(inputs.variable(0)?), inputs.variable(1)?, inputs.variable(2)?);
    if Arc::ptr_eq(&var, m) || Arc::ptr_eq(&var, v) || Arc::ptr_eq(m, v) {
        return Err(Error::invalid_argument("var, m and v must be three variables"));
    }
    let scalar = |i: usize| inputs.value(i)?.item::<T>();
    let scalars = [scalar(3)?, scalar(4)?, scalar(5)?, scalar(6)?, scalar(7)?, scalar(8)?];
    let step = adam_step(scalars, ctx.node.attrs().bool("use_nesterov")?);
    let grad = inputs.value(9)?;
    // Everything is checked under the three locks before anything is written.
    var.update(|var_value| {
        m.update(|m_value| {
            v.update(|v_value| {
                check_shape(&var, var_value, grad)?;
                check_shape(m, m_value, grad)?;
                check_shape(v, v_value, grad)?;
                let grad = grad.as_slice::<T>()?;
                update::adam(var_value.make_mut()?, m_value.make_mut()?, v_value.make_mut()?, &step, grad);
                Ok(())
            })
        })
    })?;
    ctx.outputs.set_variable(0, var);
    Ok(())
}

fn check_shape(cell: &VariableCell, value: &Value, grad: &Value) -> Result<()> {
    if value.shape() != grad.shape() || value.dtype() != grad.dtype() {
        return Err(Error::invalid_argument(format!(
            "variable '{}' is {} {}, but its gradient is {} {}",
            cell.name(),
            value.dtype(),
            value.shape(),
            grad.dtype(),
            grad.shape()
        )));
    }
    Ok(())
}
