//! AvgPool and its gradient AvgPoolGrad.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::pool::{self, Pool2d};
use crate::op::{Arg, Call, Flags, Grad, GradCtx, IntoTensor, Kernel, KernelCtx, KernelFn, NodeInfo, OpDef, Sig};
use crate::ops::array::shape;
use crate::ops::elementwise::kernel_fn;
use crate::ops::nn::window::{IntoPadding, PaddingAttrs, Window};
use crate::shape::Shape;

/// The mean of each window. TF: `tf.nn.avg_pool`.
///
/// `value` is float32 or float64 of shape [batch, height, width, channels]; `ksize` and `strides` have one number for each
/// dimension; `padding` is `"SAME"` or `"VALID"`. Padding is not counted. The gradient is shared by the window's numbers.
/// Keyword argument `data_format`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::reshape([1.0, 2.0, 3.0, 6.0], [1, 2, 2, 1]);
/// let y = tf::nn::avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME");
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.item::<f32>()?, 3.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn avg_pool(value: impl IntoTensor, ksize: [i64; 4], strides: [i64; 4], padding: impl IntoPadding) -> Tensor {
    avg_pool_args(value, ksize, strides, padding).build()
}

/// [`avg_pool`] with keyword arguments.
pub fn avg_pool_args(
    value: impl IntoTensor,
    ksize: [i64; 4],
    strides: [i64; 4],
    padding: impl IntoPadding,
) -> AvgPoolArgs {
    let padding = padding.into_padding();
    AvgPoolArgs { value: value.into_arg(), ksize, strides, padding, data_format: "NHWC".into() }
}

/// A pooling under construction: the keyword arguments of [`avg_pool`].
#[must_use = "nothing is built until `build` is called"]
pub struct AvgPoolArgs {
    value: Arg,
    ksize: [i64; 4],
    strides: [i64; 4],
    padding: PaddingAttrs,
    data_format: String,
}

impl AvgPoolArgs {
    /// `"NHWC"` (if not said) or `"NCHW"`.
    pub fn data_format(mut self, format: &str) -> Self {
        self.data_format = format.to_owned();
        self
    }

    /// Builds the pooling.
    #[track_caller]
    pub fn build(self) -> Tensor {
        self.padding
            .set_name(AVG_POOL.call([self.value]))
            .attr("ksize", self.ksize.to_vec())
            .attr("strides", self.strides.to_vec())
            .attr("data_format", self.data_format.as_str())
            .single()
    }
}

fn kernel(node: &NodeInfo, run: fn(&mut KernelCtx, &Window, [usize; 2]) -> Result<()>) -> Result<KernelFn> {
    let (window, size) = Window::of_pool(node.attrs())?;
    kernel_fn(move |ctx| run(ctx, &window, size))
}

fn with_attrs(g: &GradCtx, call: Call) -> Result<Tensor> {
    let attrs = g.attrs();
    let call = call.attr("ksize", attrs.ints("ksize")?.to_vec()).attr("strides", attrs.ints("strides")?.to_vec());
    Ok(call.attr("padding", attrs.str("padding")?).attr("data_format", attrs.str("data_format")?).single())
}

pub(super) static AVG_POOL: OpDef = OpDef {
    sig: Sig::new(
        "AvgPool(value: T) -> (output: T) where ksize: list(int), strides: list(int), padding: 'SAME'|'VALID', \
         data_format: 'NHWC'|'NCHW' = 'NHWC', T: floating",
    ),
    infer: |ctx| {
        let (window, size) = Window::of_pool(ctx.attrs())?;
        let input = ctx.shape_of_rank(0, 4)?;
        let output = window.pooled(&input, size)?;
        ctx.set(0, output)
    },
    kernel: Kernel::Make(|node| {
        kernel(node, |ctx, window, size| {
            let s = window.pool_sizes(ctx.inputs.shape(0)?, size)?;
            dispatch!(ctx.node.dtype()?, floats, T => {
                pool::avg_forward::<T>(&s, ctx.inputs.slice(0)?, ctx.outputs.slice(0)?);
                Ok(())
            })
        })
    }),
    grad: Grad::Rule(|g| {
        let args = [shape(g.x(0)), g.dy(0)].map(IntoTensor::into_arg);
        Ok(vec![Some(with_attrs(g, AVG_POOL_GRAD.call(args))?)])
    }),
    flags: Flags::HEAVY.row_by_row(),
};

pub(super) static AVG_POOL_GRAD: OpDef = OpDef {
    sig: Sig::new(
        "AvgPoolGrad(orig_input_shape: int32, grad: T) -> (output: T) where ksize: list(int), strides: list(int), \
         padding: 'SAME'|'VALID', data_format: 'NHWC'|'NCHW' = 'NHWC', T: floating",
    ),
    infer: |ctx| {
        let (window, size) = Window::of_pool(ctx.attrs())?;
        let input = ctx.shape_from(0)?;
        let input = input
            .merge(&crate::shape::PartialShape::unknown_of_rank(4))
            .ok_or_else(|| Error::invalid_argument(format!("orig_input_shape must have 4 sizes, but says {input}")))?;
        let (output, grad) = (window.pooled(&input, size)?, ctx.shape(1)?);
        if output.merge(grad).is_none() {
            return Err(Error::invalid_argument(format!("the gradient has shape {grad}, but the output {output}")));
        }
        ctx.set(0, input)
    },
    kernel: Kernel::Make(|node| {
        kernel(node, |ctx, window, size| {
            let input: Shape = ctx.outputs.shape(0)?.clone();
            let s: Pool2d = window.pool_sizes(&input, size)?;
            dispatch!(ctx.node.dtype()?, floats, T => {
                pool::avg_backprop::<T>(&s, ctx.inputs.slice(1)?, ctx.outputs.slice(0)?);
                Ok(())
            })
        })
    }),
    grad: Grad::Rule(|g| Ok(vec![None, Some(with_attrs(g, AVG_POOL.call([g.dy(0).into_arg()]))?)])),
    flags: Flags::HEAVY,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn avg_pool_is_whole() {
        let x = Value::new([1, 3, 3, 2], (0..18).map(|i| (i * 7 % 18) as f32).collect::<Vec<f32>>()).unwrap();
        for padding in ["SAME", "VALID"] {
            OpTest::new(|x| vec![avg_pool(x[0], [1, 2, 2, 1], [1, 2, 1, 1], padding)])
                .inputs([x.clone()])
                .differentiable(&[0])
                .run();
        }
        OpTest::new(|x| vec![avg_pool(x[0], [1, 2, 2, 1], [1, 2, 2, 1], "SAME")])
            .inputs([Value::new([1, 2, 3, 1], vec![1.0f32, 5.0, 2.0, 3.0, 4.0, 9.0]).unwrap()])
            .expect([Value::new([1, 1, 2, 1], vec![3.25f32, 5.5]).unwrap()])
            .run();
        let error = build_error(|| avg_pool(crate::ops::array::zeros([2]), [1, 2, 2, 1], [1, 1, 1, 1], "SAME"));
        assert!(error.contains("AvgPool: input 0 must have 4 dimensions"), "{error}");
    }
}
