//! Cumsum and Cumprod: running sums and products.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::reduce::cumulate;
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, resolve_axis};
use crate::ops::math::arithmetic::div_no_nan;
use crate::value::Number;

/// A running sum or product under construction: the keyword arguments of [`cumsum`] and [`cumprod`].
#[must_use = "nothing is built until `build` is called"]
pub struct CumulativeArgs {
    op: &'static OpDef,
    x: Arg,
    axis: Arg,
    exclusive: bool,
    reverse: bool,
}

impl CumulativeArgs {
    fn new(op: &'static OpDef, x: impl IntoTensor) -> Self {
        CumulativeArgs { op, x: x.into_arg(), axis: 0.into_arg(), exclusive: false, reverse: false }
    }

    /// The dimension to run along, an int32 or int64; 0 if not said, negative ones count from the end.
    pub fn axis(mut self, axis: impl IntoTensor) -> Self {
        self.axis = axis.into_arg();
        self
    }

    /// Whether an element counts only what comes before it; if not said it counts itself too.
    pub fn exclusive(mut self, exclusive: bool) -> Self {
        self.exclusive = exclusive;
        self
    }

    /// Whether to run from the last element to the first.
    pub fn reverse(mut self, reverse: bool) -> Self {
        self.reverse = reverse;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let call = self.op.call([self.x, self.axis]);
        call.attr("exclusive", self.exclusive).attr("reverse", self.reverse).single()
    }
}

/// Each element along dimension 0 plus all before it. TF: `tf.cumsum`.
///
/// Numbers. Keyword arguments `axis`, `exclusive` and `reverse`. The gradient is summed the other way.
///
/// ```
/// use flowstone as tf;
/// let y = tf::cumsum!([1, 2, 3], exclusive = true);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [0, 1, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn cumsum(x: impl IntoTensor) -> Tensor {
    cumsum_args(x).build()
}

/// [`cumsum`] with keyword arguments.
pub fn cumsum_args(x: impl IntoTensor) -> CumulativeArgs {
    CumulativeArgs::new(&CUMSUM, x)
}

/// Each element along dimension 0 times all before it. TF: `tf.cumprod`.
///
/// Numbers. Keyword arguments `axis`, `exclusive` and `reverse`. The gradient is 0 where an element is 0, as in
/// TensorFlow.
#[track_caller]
pub fn cumprod(x: impl IntoTensor) -> Tensor {
    cumprod_args(x).build()
}

/// [`cumprod`] with keyword arguments.
pub fn cumprod_args(x: impl IntoTensor) -> CumulativeArgs {
    CumulativeArgs::new(&CUMPROD, x)
}

fn infer(ctx: &mut InferCtx) -> Result<()> {
    let shape = ctx.shape(0)?.clone();
    if let (Some(rank), Some(axis)) = (shape.rank(), ctx.known_integer(1)?) {
        resolve_axis(axis, rank)?;
    }
    ctx.set(0, shape)
}

fn run<T: Number>(ctx: &mut KernelCtx, start: T, join: fn(T, T) -> T) -> Result<()> {
    let shape = ctx.inputs.shape(0)?;
    let axis = ctx.inputs.value(1)?.integers()?.first().copied();
    let axis = resolve_axis(axis.ok_or_else(|| Error::invalid_argument("axis is empty"))?, shape.rank())?;
    let (n, inner) = (shape[axis], shape[axis + 1..].iter().product());
    let attrs = ctx.node.attrs();
    let (exclusive, reverse) = (attrs.bool("exclusive")?, attrs.bool("reverse")?);
    let (x, out) = (ctx.inputs.slice::<T>(0)?, ctx.outputs.slice::<T>(0)?);
    cumulate(x, out, n, inner, exclusive, reverse, start, join);
    Ok(())
}

pub(super) static CUMSUM: OpDef = OpDef {
    sig: Sig::new(
        "Cumsum(x: T, axis: Tidx) -> (out: T) \
         where exclusive: bool = false, reverse: bool = false, T: number, Tidx: index = int32",
    ),
    infer,
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, numbers, T => run::<T>(ctx, T::ZERO, T::plus))),
    grad: Grad::Rule(|g| {
        let (exclusive, reverse) = (g.attrs().bool("exclusive")?, g.attrs().bool("reverse")?);
        let dx = cumsum_args(g.dy(0)).axis(g.x(1)).exclusive(exclusive).reverse(!reverse).build();
        Ok(vec![Some(dx), None])
    }),
    flags: Flags::PURE,
};

pub(super) static CUMPROD: OpDef = OpDef {
    sig: Sig::new(
        "Cumprod(x: T, axis: Tidx) -> (out: T) \
         where exclusive: bool = false, reverse: bool = false, T: number, Tidx: index = int32",
    ),
    infer,
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, numbers, T => run::<T>(ctx, T::ONE, T::times))),
    grad: Grad::Rule(|g| {
        let (x, axis) = (g.x(0), g.x(1));
        let (exclusive, reverse) = (g.attrs().bool("exclusive")?, g.attrs().bool("reverse")?);
        let products = cumprod_args(x).axis(axis).exclusive(exclusive).reverse(reverse).build();
        let sums = cumsum_args(products * g.dy(0)).axis(axis).exclusive(exclusive).reverse(!reverse).build();
        Ok(vec![Some(div_no_nan(sums, x)), None])
    }),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn running_sums_and_products_are_whole() {
        for exclusive in [false, true] {
            for reverse in [false, true] {
                for axis in [0, 1, -1] {
                    OpTest::new(|x| {
                        let keywords = |args: CumulativeArgs| args.axis(axis).exclusive(exclusive).reverse(reverse);
                        vec![keywords(cumsum_args(x[0])).build(), keywords(cumprod_args(x[0])).build()]
                    })
                    .inputs([[[1.0f32, 2.0, -3.0], [0.5, 4.0, 1.5]].into()])
                    .differentiable(&[0])
                    .run();
                }
            }
        }
        OpTest::new(|x| vec![cumsum(x[0]), cumprod_args(x[0]).exclusive(true).reverse(true).build()])
            .inputs([[1i64, 2, 3].into()])
            .expect([[1i64, 3, 6].into(), [6i64, 3, 1].into()])
            .run();
        assert!(build_error(|| cumsum_args([1, 2]).axis(1).build()).contains("axis 1 is not in [-1, 1)"));
    }
}
