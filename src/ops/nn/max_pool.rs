//! MaxPool, its gradient MaxPoolGrad, and that one's gradient MaxPoolGradGrad.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::pool::{self, Pool2d};
use crate::op::{Arg, Call, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, NodeInfo, OpDef, Sig};
use crate::ops::array::zeros_like;
use crate::ops::elementwise::kernel_fn;
use crate::ops::nn::window::{IntoPadding, PaddingAttrs, Window};
use crate::shape::PartialShape;
use crate::value::Number as _;

/// The largest number of each window. TF: `tf.nn.max_pool`.
///
/// `value` is numbers of shape [batch, height, width, channels]; `ksize` and `strides` have one number for each
/// dimension; `padding` is `"SAME"` or `"VALID"`. The gradient goes to the largest number of each window, to the first of
/// several. Keyword argument `data_format`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::reshape([1.0, 2.0, 3.0, 4.0], [1, 2, 2, 1]);
/// let y = tf::nn::max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME");
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.item::<f32>()?, 4.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn max_pool(value: impl IntoTensor, ksize: [i64; 4], strides: [i64; 4], padding: impl IntoPadding) -> Tensor {
    max_pool_args(value, ksize, strides, padding).build()
}

/// [`max_pool`] with keyword arguments.
pub fn max_pool_args(
    value: impl IntoTensor,
    ksize: [i64; 4],
    strides: [i64; 4],
    padding: impl IntoPadding,
) -> MaxPoolArgs {
    let padding = padding.into_padding();
    MaxPoolArgs { value: value.into_arg(), ksize, strides, padding, data_format: "NHWC".into() }
}

/// A pooling under construction: the keyword arguments of [`max_pool`].
#[must_use = "nothing is built until `build` is called"]
pub struct MaxPoolArgs {
    value: Arg,
    ksize: [i64; 4],
    strides: [i64; 4],
    padding: PaddingAttrs,
    data_format: String,
}

impl MaxPoolArgs {
    /// `"NHWC"` (if not said) or `"NCHW"`.
    pub fn data_format(mut self, format: &str) -> Self {
        self.data_format = format.to_owned();
        self
    }

    /// Builds the pooling.
    #[track_caller]
    pub fn build(self) -> Tensor {
        self.padding
            .set(MAX_POOL.call([self.value]))
            .attr("ksize", self.ksize.to_vec())
            .attr("strides", self.strides.to_vec())
            .attr("data_format", self.data_format.as_str())
            .single()
    }
}

fn output_shape(ctx: &InferCtx) -> Result<PartialShape> {
    let (window, size) = Window::of_pool(ctx.attrs())?;
    window.pooled(&ctx.shape_of_rank(0, 4)?, size)
}

fn kernel(node: &NodeInfo, run: fn(&mut KernelCtx, &Pool2d) -> Result<()>) -> Result<crate::op::KernelFn> {
    let (window, size) = Window::of_pool(node.attrs())?;
    kernel_fn(move |ctx| {
        let s = window.pool_sizes(ctx.inputs.shape(0)?, size)?;
        run(ctx, &s)
    })
}

fn with_attrs(g: &GradCtx, call: Call) -> Result<Tensor> {
    let attrs = g.attrs();
    let call = call.attr("ksize", attrs.ints("ksize")?.to_vec()).attr("strides", attrs.ints("strides")?.to_vec());
    Ok(call.attr("padding", attrs.str("padding")?).attr("data_format", attrs.str("data_format")?).single())
}

pub(super) static MAX_POOL: OpDef = OpDef {
    sig: Sig::new(
        "MaxPool(input: T) -> (output: T) where T: real = float32, ksize: list(int), strides: list(int), \
         padding: 'SAME'|'VALID'|'EXPLICIT', explicit_paddings: list(int) = [], data_format: 'NHWC'|'NCHW' = 'NHWC'",
    ),
    infer: |ctx| {
        let shape = output_shape(ctx)?;
        ctx.set(0, shape)
    },
    kernel: Kernel::Make(|node| {
        kernel(node, |ctx, s| {
            dispatch!(ctx.node.dtype()?, numbers, T => {
                pool::max_forward::<T>(s, ctx.inputs.slice(0)?, ctx.outputs.slice(0)?, T::LOWEST);
                Ok(())
            })
        })
    }),
    grad: Grad::Rule(|g| {
        let args = [g.x(0), g.y(0), g.dy(0)].map(IntoTensor::into_arg);
        let explicit = g.attrs().ints("explicit_paddings")?.to_vec();
        Ok(vec![Some(with_attrs(g, MAX_POOL_GRAD.call(args).attr("explicit_paddings", explicit))?)])
    }),
    flags: Flags::HEAVY.row_by_row(),
};

/// The shapes of the output and of its gradient must be those that the input leads to.
fn check_output(ctx: &InferCtx, inputs: &[usize]) -> Result<PartialShape> {
    let mut output = output_shape(ctx)?;
    for &i in inputs {
        let shape = ctx.shape(i)?;
        output = output
            .merge(shape)
            .ok_or_else(|| Error::invalid_argument(format!("input {i} has shape {shape}, but the output {output}")))?;
    }
    Ok(output)
}

pub(super) static MAX_POOL_GRAD: OpDef = OpDef {
    sig: Sig::new(
        "MaxPoolGrad(orig_input: T, orig_output: T, grad: T) -> (output: T) \
         where ksize: list(int), strides: list(int), padding: 'SAME'|'VALID'|'EXPLICIT', \
         explicit_paddings: list(int) = [], data_format: 'NHWC'|'NCHW' = 'NHWC', T: real = float32",
    ),
    infer: |ctx| {
        check_output(ctx, &[1, 2])?;
        let shape = ctx.shape(0)?.clone();
        ctx.set(0, shape)
    },
    kernel: Kernel::Make(|node| {
        kernel(node, |ctx, s| {
            dispatch!(ctx.node.dtype()?, numbers, T => {
                pool::max_backprop::<T>(s, ctx.inputs.slice(0)?, ctx.inputs.slice(2)?, ctx.outputs.slice(0)?);
                Ok(())
            })
        })
    }),
    grad: Grad::Rule(|g| {
        let args = [g.x(0), g.x(1), g.dy(0)].map(IntoTensor::into_arg);
        let zeros = [zeros_like(g.x(0)), zeros_like(g.x(1))];
        let ddy = with_attrs(g, MAX_POOL_GRAD_GRAD.call(args))?;
        Ok(vec![Some(zeros[0]), Some(zeros[1]), Some(ddy)])
    }),
    flags: Flags::HEAVY,
};

pub(super) static MAX_POOL_GRAD_GRAD: OpDef = OpDef {
    sig: Sig::new(
        "MaxPoolGradGrad(orig_input: T, orig_output: T, grad: T) -> (output: T) \
         where ksize: list(int), strides: list(int), padding: 'SAME'|'VALID', data_format: 'NHWC'|'NCHW' = 'NHWC', \
         T: real",
    ),
    infer: |ctx| {
        let shape = check_output(ctx, &[1])?;
        ctx.set(0, shape)
    },
    kernel: Kernel::Make(|node| {
        kernel(node, |ctx, s| {
            dispatch!(ctx.node.dtype()?, numbers, T => {
                pool::max_backprop_second::<T>(s, ctx.inputs.slice(0)?, ctx.inputs.slice(2)?, ctx.outputs.slice(0)?);
                Ok(())
            })
        })
    }),
    grad: Grad::Rule(|g| {
        let args = [g.x(0), g.x(1), g.dy(0)].map(IntoTensor::into_arg);
        let zeros = [zeros_like(g.x(0)), zeros_like(g.x(1))];
        let back = with_attrs(g, MAX_POOL_GRAD.call(args))?;
        Ok(vec![Some(zeros[0]), Some(zeros[1]), Some(back)])
    }),
    flags: Flags::HEAVY,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn max_pool_is_whole() {
        // All numbers differ, so that a small step changes no winner.
        let x = Value::new([1, 4, 3, 2], (0..24).map(|i| ((i * 7) % 24) as f32).collect::<Vec<f32>>()).unwrap();
        for padding in ["SAME", "VALID"] {
            OpTest::new(|x| vec![max_pool(x[0], [1, 2, 2, 1], [1, 2, 1, 1], padding)])
                .inputs([x.clone()])
                .differentiable(&[0])
                .run();
        }
        OpTest::new(|x| vec![max_pool(x[0], [1, 2, 2, 1], [1, 2, 2, 1], "SAME")])
            .inputs([Value::new([1, 2, 3, 1], vec![1i32, 5, 2, 3, 4, 9]).unwrap()])
            .expect([Value::new([1, 1, 2, 1], vec![5i32, 9]).unwrap()])
            .run();
    }

    #[test]
    fn channels_may_come_first() {
        let x = Value::new([1, 2, 4, 3], (0..24).map(|i| ((i * 7) % 24) as f32).collect::<Vec<f32>>()).unwrap();
        OpTest::new(|x| vec![max_pool_args(x[0], [1, 1, 2, 2], [1, 1, 2, 1], "SAME").data_format("NCHW").build()])
            .inputs([x])
            .expect([Value::new(
                [1, 2, 2, 3],
                vec![21.0f32, 14.0, 14.0, 22.0, 22.0, 8.0, 19.0, 23.0, 23.0, 13.0, 20.0, 20.0],
            )
            .unwrap()])
            .differentiable(&[0])
            .run();
    }

    #[test]
    fn the_first_of_several_largest_gets_the_gradient() {
        OpTest::new(|x| {
            vec![
                crate::autodiff::gradients(max_pool(x[0], [1, 2, 2, 1], [1, 2, 2, 1], "SAME"), x[0])[0]
                    .unwrap()
                    .values(),
            ]
        })
        .inputs([Value::new([1, 2, 2, 1], vec![1.0f32, 3.0, 3.0, 0.0]).unwrap()])
        .expect([Value::new([1, 2, 2, 1], vec![0.0f32, 1.0, 0.0, 0.0]).unwrap()])
        .run();
    }

    #[test]
    fn windows_that_do_not_fit_are_errors() {
        let x = || crate::ops::array::zeros([1, 2, 2, 1]);
        let error = build_error(|| max_pool(x(), [1, 3, 3, 1], [1, 1, 1, 1], "VALID"));
        assert!(error.contains("MaxPool: a window of 3 does not fit into 2"), "{error}");
        let error = build_error(|| max_pool(x(), [1, 0, 2, 1], [1, 1, 1, 1], "SAME"));
        assert!(error.contains("ksize is [1, 0, 2, 1]"), "{error}");
    }
}
