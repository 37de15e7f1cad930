//! DepthwiseConv2dNative and its gradients DepthwiseConv2dNativeBackpropInput and …BackpropFilter.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::kernels::conv::Conv2d;
use crate::kernels::depthwise;
use crate::op::{
    Arg, Call, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, KernelFn, NodeInfo, OpDef, Sig, convert,
};
use crate::ops::array::shape;
use crate::ops::elementwise::kernel_fn;
use crate::ops::nn::conv2d::conv2d_exact;
use crate::ops::nn::window::{IntoPadding, PaddingAttrs, Window};
use crate::shape::{PartialShape, Shape, merge_dims};
use crate::value::room_for;

/// A convolution of each channel with filters of its own. TF: `tf.nn.depthwise_conv2d`.
///
/// `input` is float32 or float64 of shape [batch, height, width, in], `filter` of the same type and shape [filter height,
/// filter width, in, multiplier]; the output has in * multiplier channels. `strides` has one number for each dimension of
/// `input`; `padding` is `"SAME"` or `"VALID"`, or zeros before and after for each dimension. Keyword arguments `rate`, how
/// far apart the filter's elements are along height and width, and `data_format`. The gradients are depthwise too.
///
/// ```
/// use flowstone as tf;
/// let images = tf::placeholder(tf::float32, (None, 8, 8, 3));
/// let y = tf::nn::depthwise_conv2d(images, tf::zeros([3, 3, 3, 2]), [1, 1, 1, 1], "SAME");
/// assert_eq!(y.shape().to_string(), "[?,8,8,6]");
/// ```
#[track_caller]
pub fn depthwise_conv2d(
    input: impl IntoTensor,
    filter: impl IntoTensor,
    strides: [i64; 4],
    padding: impl IntoPadding,
) -> Tensor {
    depthwise_conv2d_args(input, filter, strides, padding).build()
}

/// [`depthwise_conv2d`] with keyword arguments.
pub fn depthwise_conv2d_args(
    input: impl IntoTensor,
    filter: impl IntoTensor,
    strides: [i64; 4],
    padding: impl IntoPadding,
) -> DepthwiseConv2dArgs {
    let (input, filter) = (input.into_arg(), filter.into_arg());
    let (padding, data_format) = (padding.into_padding(), "NHWC".to_owned());
    DepthwiseConv2dArgs { input, filter, strides, padding, rate: [1, 1], data_format }
}

/// A depthwise convolution under construction: the keyword arguments of [`depthwise_conv2d`].
#[must_use = "nothing is built until `build` is called"]
pub struct DepthwiseConv2dArgs {
    input: Arg,
    filter: Arg,
    strides: [i64; 4],
    padding: PaddingAttrs,
    rate: [i64; 2],
    data_format: String,
}

impl DepthwiseConv2dArgs {
    /// How far apart the filter's elements are, along height and width; 1 if not said.
    pub fn rate(mut self, rate: [i64; 2]) -> Self {
        self.rate = rate;
        self
    }

    /// The same as [`rate`](DepthwiseConv2dArgs::rate), as TensorFlow calls it too.
    pub fn dilations(self, dilations: [i64; 2]) -> Self {
        self.rate(dilations)
    }

    /// `"NHWC"` (if not said) or `"NCHW"`.
    pub fn data_format(mut self, format: &str) -> Self {
        self.data_format = format.to_owned();
        self
    }

    /// Builds the convolution.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let graph = Arg::graph_of(&[self.input.clone(), self.filter.clone()]).unwrap_or_else(|_| get_default_graph());
        let _default = graph.as_default();
        let scope = graph.scope_name("depthwise");
        let _scope = graph.scope(&format!("{scope}/"));
        let input = convert(self.input, "tensor_in", None);
        let filter = convert(self.filter, "filter_in", None);
        let window =
            Strides { strides: self.strides, padding: &self.padding, rate: self.rate, format: &self.data_format };
        native(input, filter, window, &format!("{scope}/"))
    }
}

/// The node under a full name, with two constants that TensorFlow leaves unused.
#[track_caller]
fn native(input: Tensor, filter: Tensor, window: Strides, name: &str) -> Tensor {
    let [rate_h, rate_w] = window.rate;
    leave_constants(filter, window.rate);
    let nchw = window.format == "NCHW";
    window
        .padding
        .set(DEPTHWISE_CONV_2D_NATIVE.call([input.into_arg(), filter.into_arg()]))
        .attr("strides", window.strides.to_vec())
        .attr("dilations", if nchw { vec![1, 1, rate_h, rate_w] } else { vec![1, rate_h, rate_w, 1] })
        .attr("data_format", window.format)
        .name(name)
        .single()
}

/// How the filters slide over images.
struct Strides<'a> {
    strides: [i64; 4],
    padding: &'a PaddingAttrs,
    rate: [i64; 2],
    format: &'a str,
}

#[track_caller]
fn leave_constants(filter: Tensor, rate: [i64; 2]) {
    shape(filter);
    convert(rate.map(|n| n as i32).into_arg(), "dilation_rate", None);
}

/// A convolution of each channel on its own, and then one of single pixels that mixes the channels.
/// TF: `tf.nn.separable_conv2d`.
///
/// `depthwise_filter` is [filter height, filter width, in, multiplier], `pointwise_filter` [1, 1, in * multiplier, out].
/// `strides` and `padding` are those of the first.
///
/// ```
/// use flowstone as tf;
/// let images = tf::placeholder(tf::float32, (None, 8, 8, 3));
/// let (each, mix) = (tf::zeros([3, 3, 3, 2]), tf::zeros([1, 1, 6, 16]));
/// assert_eq!(tf::nn::separable_conv2d(images, each, mix, [1, 1, 1, 1], "SAME").shape().to_string(), "[?,8,8,16]");
/// ```
#[track_caller]
pub fn separable_conv2d(
    input: impl IntoTensor,
    depthwise_filter: impl IntoTensor,
    pointwise_filter: impl IntoTensor,
    strides: [i64; 4],
    padding: impl IntoPadding,
) -> Tensor {
    let args = [input.into_arg(), depthwise_filter.into_arg(), pointwise_filter.into_arg()];
    let graph = Arg::graph_of(&args).unwrap_or_else(|_| get_default_graph());
    let _default = graph.as_default();
    let scope = graph.scope_name("separable_conv2d");
    let _scope = graph.scope(&format!("{scope}/"));
    let [input, each, mix] = args;
    let input = convert(input, "tensor_in", None);
    let each = convert(each, "depthwise_filter", None);
    let mix = convert(mix, "pointwise_filter", None);
    let window = Strides { strides, padding: &padding.into_padding(), rate: [1, 1], format: "NHWC" };
    let between = native(input, each, window, "depthwise");
    conv2d_exact(between, mix, &format!("{scope}/"))
}

/// The shape of the output, as far as input and filter say it.
fn output_shape(window: &Window, input: &PartialShape, filter: &PartialShape) -> Result<PartialShape> {
    let (h, w, c) = window.places();
    let channels = merge_dims(input.dim(c), filter.dim(2)).ok_or_else(|| {
        Error::invalid_argument(format!(
            "input {input} has {} channels, but filter {filter} takes {}",
            input.dim(c).unwrap_or_default(),
            filter.dim(2).unwrap_or_default()
        ))
    })?;
    let fits = |e: Error| Error::new(e.kind(), format!("{} (input {input}, filter {filter})", e.message()));
    let mut dims = [input.dim(0), None, None, None];
    dims[h] = window.output_dim(0, input.dim(h), filter.dim(0)).map_err(fits)?;
    dims[w] = window.output_dim(1, input.dim(w), filter.dim(1)).map_err(fits)?;
    dims[c] = match (channels, filter.dim(3)) {
        (Some(channels), Some(multiplier)) => {
            Some(channels.checked_mul(multiplier).ok_or_else(|| Error::resource_exhausted("the output's channels"))?)
        }
        _ => None,
    };
    Ok(PartialShape::new(dims))
}

fn of_rank_4(shape: &PartialShape, what: &str) -> Result<PartialShape> {
    shape
        .merge(&PartialShape::unknown_of_rank(4))
        .ok_or_else(|| Error::invalid_argument(format!("{what} must have 4 dimensions, but its shape is {shape}")))
}

/// The sizes for the kernels. The output's shape is checked against what input and filter say.
fn sizes(window: &Window, input: &Shape, filter: &Shape, output: &Shape) -> Result<Conv2d> {
    let wrong = || Error::invalid_argument(format!("input {input}, filter {filter} and output {output} do not fit"));
    if !output_shape(window, &input.into(), &filter.into())?.accepts(output) {
        return Err(wrong());
    }
    let (&[batch, ..], &[k_h, k_w, ..]) = (input.dims(), filter.dims()) else { return Err(wrong()) };
    let (h, w, c) = window.places();
    let (in_h, in_w, in_c, out_h, out_w, out_c) = (input[h], input[w], input[c], output[h], output[w], output[c]);
    // The kernels keep a row of the image with each channel once for each of its filters.
    room_for::<f64>(in_w.checked_mul(out_c).ok_or_else(|| Error::resource_exhausted("a row of the image"))?)?;
    let ((_, pad_top), (_, pad_left)) = (window.output(0, in_h, k_h)?, window.output(1, in_w, k_w)?);
    let ([stride_h, stride_w], [dilation_h, dilation_w]) = (window.strides, window.dilations);
    Ok(Conv2d {
        batch,
        in_h,
        in_w,
        in_c,
        k_h,
        k_w,
        out_c,
        out_h,
        out_w,
        stride_h,
        stride_w,
        dilation_h,
        dilation_w,
        pad_top,
        pad_left,
    })
}

fn kernel(node: &NodeInfo, run: fn(&mut KernelCtx, &Window) -> Result<()>) -> Result<KernelFn> {
    let window = Window::new(node.attrs(), true)?;
    kernel_fn(move |ctx| run(ctx, &window))
}

fn with_attrs(g: &GradCtx, call: Call) -> Result<Tensor> {
    let attrs = g.attrs();
    Ok(call
        .attr("strides", attrs.ints("strides")?.to_vec())
        .attr("padding", attrs.str("padding")?)
        .attr("explicit_paddings", attrs.ints("explicit_paddings")?.to_vec())
        .attr("data_format", attrs.str("data_format")?)
        .attr("dilations", attrs.ints("dilations")?.to_vec())
        .single())
}

pub(super) static DEPTHWISE_CONV_2D_NATIVE: OpDef = OpDef {
    sig: Sig::new(
        "DepthwiseConv2dNative(input: T, filter: T) -> (output: T) where T: floating, strides: list(int), \
         padding: 'SAME'|'VALID'|'EXPLICIT', explicit_paddings: list(int) = [], \
         data_format: 'NHWC'|'NCHW' = 'NHWC', dilations: list(int) = [1,1,1,1]",
    ),
    infer: |ctx| {
        let window = Window::new(ctx.attrs(), true)?;
        let (input, filter) = (of_rank_4(ctx.shape(0)?, "input")?, of_rank_4(ctx.shape(1)?, "filter")?);
        let output = output_shape(&window, &input, &filter)?;
        ctx.set(0, output)
    },
    kernel: Kernel::Make(|node| {
        kernel(node, |ctx, window| {
            let s = sizes(window, ctx.inputs.shape(0)?, ctx.inputs.shape(1)?, ctx.outputs.shape(0)?)?;
            dispatch!(ctx.node.dtype()?, floats, T => {
                let run = if window.is_nchw() { depthwise::nchw::forward::<T> } else { depthwise::forward::<T> };
                run(&s, ctx.inputs.slice(0)?, ctx.inputs.slice(1)?, ctx.outputs.slice(0)?);
                Ok(())
            })
        })
    }),
    grad: Grad::Rule(|g| {
        let (x, w, dy) = (g.x(0), g.x(1), g.dy(0));
        let args = [shape(x), w, dy].map(IntoTensor::into_arg);
        let dx = with_attrs(g, DEPTHWISE_CONV_2D_NATIVE_BACKPROP_INPUT.call(args))?;
        let args = [x, shape(w), dy].map(IntoTensor::into_arg);
        let dw = with_attrs(g, DEPTHWISE_CONV_2D_NATIVE_BACKPROP_FILTER.call(args))?;
        Ok(vec![Some(dx), Some(dw)])
    }),
    flags: Flags::HEAVY,
};

/// Input `sizes_at` holds the sizes of one operand, with which the others must agree.
fn infer_gradient(ctx: &mut InferCtx, sizes_at: usize) -> Result<()> {
    let window = Window::new(ctx.attrs(), true)?;
    let names = if sizes_at == 0 { ["input", "filter"] } else { ["filter", "input"] };
    let result = of_rank_4(&ctx.shape_from(sizes_at)?, names[0])?;
    let other = of_rank_4(ctx.shape(1 - sizes_at)?, names[1])?;
    let (input, filter) = if sizes_at == 0 { (&result, &other) } else { (&other, &result) };
    let (output, dy) = (output_shape(&window, input, filter)?, of_rank_4(ctx.shape(2)?, "out_backprop")?);
    if output.merge(&dy).is_none() {
        return Err(Error::invalid_argument(format!("the gradient has shape {dy}, but the output {output}")));
    }
    ctx.set(0, result)
}

pub(super) static DEPTHWISE_CONV_2D_NATIVE_BACKPROP_INPUT: OpDef = OpDef {
    sig: Sig::new(
        "DepthwiseConv2dNativeBackpropInput(input_sizes: int32, filter: T, out_backprop: T) -> (output: T) \
         where T: floating, strides: list(int), padding: 'SAME'|'VALID'|'EXPLICIT', \
         explicit_paddings: list(int) = [], data_format: 'NHWC'|'NCHW' = 'NHWC', dilations: list(int) = [1,1,1,1]",
    ),
    infer: |ctx| infer_gradient(ctx, 0),
    kernel: Kernel::Make(|node| {
        kernel(node, |ctx, window| {
            let s = sizes(window, ctx.outputs.shape(0)?, ctx.inputs.shape(1)?, ctx.inputs.shape(2)?)?;
            dispatch!(ctx.node.dtype()?, floats, T => {
                let nchw = window.is_nchw();
                let run = if nchw { depthwise::nchw::backprop_input::<T> } else { depthwise::backprop_input::<T> };
                run(&s, ctx.inputs.slice(1)?, ctx.inputs.slice(2)?, ctx.outputs.slice(0)?);
                Ok(())
            })
        })
    }),
    grad: Grad::Rule(|g| {
        let (w, dy, ddx) = (g.x(1), g.x(2), g.dy(0));
        let args = [ddx, shape(w), dy].map(IntoTensor::into_arg);
        let dw = with_attrs(g, DEPTHWISE_CONV_2D_NATIVE_BACKPROP_FILTER.call(args))?;
        let ddy = with_attrs(g, DEPTHWISE_CONV_2D_NATIVE.call([ddx, w].map(IntoTensor::into_arg)))?;
        Ok(vec![None, Some(dw), Some(ddy)])
    }),
    flags: Flags::HEAVY,
};

pub(super) static DEPTHWISE_CONV_2D_NATIVE_BACKPROP_FILTER: OpDef = OpDef {
    sig: Sig::new(
        "DepthwiseConv2dNativeBackpropFilter(input: T, filter_sizes: int32, out_backprop: T) -> (output: T) \
         where T: floating, strides: list(int), padding: 'SAME'|'VALID'|'EXPLICIT', \
         explicit_paddings: list(int) = [], data_format: 'NHWC'|'NCHW' = 'NHWC', dilations: list(int) = [1,1,1,1]",
    ),
    infer: |ctx| infer_gradient(ctx, 1),
    kernel: Kernel::Make(|node| {
        kernel(node, |ctx, window| {
            let s = sizes(window, ctx.inputs.shape(0)?, ctx.outputs.shape(0)?, ctx.inputs.shape(2)?)?;
            dispatch!(ctx.node.dtype()?, floats, T => {
                let nchw = window.is_nchw();
                let run = if nchw { depthwise::nchw::backprop_filter::<T> } else { depthwise::backprop_filter::<T> };
                run(&s, ctx.inputs.slice(0)?, ctx.inputs.slice(2)?, ctx.outputs.slice(0)?);
                Ok(())
            })
        })
    }),
    grad: Grad::Rule(|g| {
        let (x, dy, ddw) = (g.x(0), g.x(2), g.dy(0));
        let args = [shape(x), ddw, dy].map(IntoTensor::into_arg);
        let dx = with_attrs(g, DEPTHWISE_CONV_2D_NATIVE_BACKPROP_INPUT.call(args))?;
        let ddy = with_attrs(g, DEPTHWISE_CONV_2D_NATIVE.call([x, ddw].map(IntoTensor::into_arg)))?;
        Ok(vec![Some(dx), None, Some(ddy)])
    }),
    flags: Flags::HEAVY,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    fn numbers(shape: [usize; 4], step: usize) -> Value {
        let n = shape.iter().product::<usize>();
        Value::new(shape, (0..n).map(|i| (i * step % 11) as f32 - 5.0).collect::<Vec<f32>>()).unwrap()
    }

    #[test]
    fn depthwise_conv2d_is_whole() {
        for (strides, padding) in [([1, 1, 1, 1], "SAME"), ([1, 2, 2, 1], "VALID")] {
            OpTest::new(|x| vec![depthwise_conv2d(x[0], x[1], strides, padding)])
                .inputs([numbers([2, 4, 3, 2], 3), numbers([2, 2, 2, 2], 5)])
                .differentiable(&[0, 1])
                .run();
        }
        OpTest::new(|x| {
            let args = depthwise_conv2d_args(x[0], x[1], [1, 1, 2, 2], "SAME");
            vec![args.data_format("NCHW").build()]
        })
        .inputs([numbers([2, 2, 4, 3], 3), numbers([2, 2, 2, 2], 5)])
        .differentiable(&[0, 1])
        .run();
        OpTest::new(|x| vec![depthwise_conv2d(x[0], x[1], [1, 1, 1, 1], "VALID")])
            .inputs([
                Value::new([1, 1, 2, 2], vec![1.0f32, 2.0, 3.0, 4.0]).unwrap(),
                Value::new([1, 2, 2, 1], vec![1.0f32, 10.0, 100.0, 1000.0]).unwrap(),
            ])
            .expect([Value::new([1, 1, 1, 2], vec![301.0f32, 4020.0]).unwrap()])
            .run();
        let zeros = |shape: [usize; 4]| crate::ops::array::zeros(shape);
        let error = build_error(|| depthwise_conv2d(zeros([1, 2, 2, 3]), zeros([1, 1, 2, 1]), [1, 1, 1, 1], "SAME"));
        assert!(error.contains("has 3 channels, but filter [1,1,2,1] takes 2"), "{error}");
    }
}
