//! Kernels of elementwise operations: the loops of [`kernels::elementwise`] over a node's inputs and outputs, in place
//! where the plan allows it.

use std::sync::Arc;

use crate::error::Result;
use crate::kernels::elementwise::{self, Broadcast};
use crate::op::{KernelCtx, KernelFn};
use crate::value::Element;

/// `y = f(x)` with a result of the same type; in place if nobody else needs `x`.
pub(crate) fn unary<T: Element + Copy>(ctx: &mut KernelCtx, f: impl Fn(T) -> T + Sync) -> Result<()> {
    if ctx.take_over(0, 0) {
        elementwise::unary_in_place(ctx.outputs.slice::<T>(0)?, |&x| f(x));
    } else {
        elementwise::unary(ctx.inputs.slice::<T>(0)?, ctx.outputs.slice::<T>(0)?, |&x| f(x));
    }
    Ok(())
}

/// `z = f(x, y)`, broadcast, with a result of the same type; in place if nobody else needs `x`.
pub(crate) fn binary<T: Element + Copy>(ctx: &mut KernelCtx, f: impl Fn(T, T) -> T + Sync) -> Result<()> {
    let plan = ctx.broadcast(0, 1)?;
    binary_by(&plan, ctx, f)
}

/// `z = f(x, y)`, broadcast by `plan`; in place if nobody else needs `x`.
pub(crate) fn binary_by<T: Element + Copy>(
    plan: &Broadcast,
    ctx: &mut KernelCtx,
    f: impl Fn(T, T) -> T + Sync,
) -> Result<()> {
    if ctx.take_over(0, 0) {
        elementwise::binary_in_place(plan, ctx.outputs.slice::<T>(0)?, ctx.inputs.slice::<T>(1)?, f);
    } else {
        elementwise::binary(plan, ctx.inputs.slice::<T>(0)?, ctx.inputs.slice::<T>(1)?, ctx.outputs.slice::<T>(0)?, f);
    }
    Ok(())
}

/// Whether `f(x, y)`, broadcast, where `x` and `y` are inputs `a` and `b`.
pub(crate) fn compare<T: Element + Copy>(
    ctx: &mut KernelCtx,
    [a, b]: [usize; 2],
    f: impl Fn(T, T) -> bool + Sync,
) -> Result<()> {
    let plan = ctx.broadcast(a, b)?;
    elementwise::binary(&plan, ctx.inputs.slice::<T>(a)?, ctx.inputs.slice::<T>(b)?, ctx.outputs.slice::<bool>(0)?, f);
    Ok(())
}

/// The places of the elements that meet, of arrays of shapes `a` and `b` that are broadcast to `out`.
pub(crate) fn pairs(a: &[usize], b: &[usize], out: &[usize]) -> Vec<(usize, usize)> {
    let places = |dims: &[usize]| (0..dims.iter().product()).collect::<Vec<usize>>();
    let mut pairs = vec![(0, 0); out.iter().product()];
    elementwise::binary(&Broadcast::new(a, b, out), &places(a), &places(b), &mut pairs, |i, j| (i, j));
    pairs
}

/// A kernel function that cannot fail to be made.
pub(crate) fn kernel_fn(f: impl Fn(&mut KernelCtx) -> Result<()> + Send + Sync + 'static) -> Result<KernelFn> {
    Ok(Arc::new(f))
}

/// The [`Kernel`](crate::op::Kernel) `y = f(x)` for the data types of a `dispatch!` list: `unary_kernel!(floats, T, |x: T| x)`.
macro_rules! unary_kernel {
    ($types:ident, $T:ident, |$x:ident: $X:ty| $y:expr) => {
        $crate::op::Kernel::Elementwise(|dtype| {
            $crate::dispatch!(dtype, $types, $T => {
                struct Function;
                impl $crate::kernels::link::UnaryFn<$T> for Function {
                    #[inline(always)]
                    fn at($x: $T) -> $T {
                        $y
                    }
                }
                Ok($crate::kernels::link::Link::unary::<Function>().into())
            })
        })
    };
}

/// The [`Kernel`](crate::op::Kernel) `z = f(x, y)` with broadcasting.
macro_rules! binary_kernel {
    ($types:ident, $T:ident, |$x:ident: $X:ty, $y:ident: $Y:ty| $z:expr) => {
        $crate::op::Kernel::Elementwise(|dtype| {
            $crate::dispatch!(dtype, $types, $T => {
                struct Function;
                impl $crate::kernels::link::BinaryFn<$T> for Function {
                    #[inline(always)]
                    fn at($x: $T, $y: $T) -> $T {
                        $z
                    }
                }
                Ok($crate::kernels::link::Link::binary::<Function>().into())
            })
        })
    };
}

pub(crate) use {binary_kernel, unary_kernel};
