//! Conv2D and its gradients Conv2DBackpropInput and Conv2DBackpropFilter.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::conv::{self, Conv2d};
use crate::op::{Arg, Call, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, NodeInfo, OpDef, Sig};
use crate::ops::array::{shape, shape_n};
use crate::ops::elementwise::kernel_fn;
use crate::ops::nn::window::{IntoPadding, PaddingAttrs, Window};
use crate::shape::{PartialShape, Shape, merge_dims};

/// Two-dimensional convolution. TF: `tf.nn.conv2d`.
///
/// `input` is float32, float64 or int32 of shape [batch, height, width, in], `filter` of the same type and shape
/// [filter height, filter width, in, out]; `strides` has one number for each dimension of `input`; `padding` is `"SAME"`
/// or `"VALID"`, or zeros before and after for each dimension. Keyword arguments `dilations`, `data_format`. The gradients are convolutions too.
///
/// ```
/// use flowstone as tf;
/// let images = tf::placeholder(tf::float32, (None, 28, 28, 1));
/// let y = tf::nn::conv2d(images, tf::zeros([3, 3, 1, 32]), [1, 1, 1, 1], "SAME");
/// assert_eq!(y.shape().to_string(), "[?,28,28,32]");
/// ```
#[track_caller]
pub fn conv2d(input: impl IntoTensor, filter: impl IntoTensor, strides: [i64; 4], padding: impl IntoPadding) -> Tensor {
    conv2d_args(input, filter, strides, padding).build()
}

/// [`conv2d`] with keyword arguments.
pub fn conv2d_args(
    input: impl IntoTensor,
    filter: impl IntoTensor,
    strides: [i64; 4],
    padding: impl IntoPadding,
) -> Conv2dArgs {
    Conv2dArgs {
        input: input.into_arg(),
        filter: filter.into_arg(),
        strides,
        padding: padding.into_padding(),
        data_format: "NHWC".into(),
        dilations: [1; 4],
    }
}

/// A convolution under construction: the keyword arguments of [`conv2d`].
#[must_use = "nothing is built until `build` is called"]
pub struct Conv2dArgs {
    input: Arg,
    filter: Arg,
    strides: [i64; 4],
    padding: PaddingAttrs,
    data_format: String,
    dilations: [i64; 4],
}

impl Conv2dArgs {
    /// How far apart the filter's elements are, for each dimension; 1 if not said.
    pub fn dilations(mut self, dilations: [i64; 4]) -> Self {
        self.dilations = dilations;
        self
    }

    /// `"NHWC"` (if not said) or `"NCHW"`.
    pub fn data_format(mut self, format: &str) -> Self {
        self.data_format = format.to_owned();
        self
    }

    /// Builds the convolution.
    #[track_caller]
    pub fn build(self) -> Tensor {
        self.padding
            .set(CONV_2D.call([self.input, self.filter]))
            .attr("strides", self.strides.to_vec())
            .attr("data_format", self.data_format.as_str())
            .attr("dilations", self.dilations.to_vec())
            .single()
    }
}

/// A convolution of single pixels, under a full name.
#[track_caller]
pub(super) fn conv2d_exact(input: Tensor, filter: Tensor, name: &str) -> Tensor {
    let call = CONV_2D.call([input.into_arg(), filter.into_arg()]);
    "VALID".into_padding().set(call).attr("strides", vec![1; 4]).name(name).single()
}

/// The gradient of a convolution as a layer of its own, which makes images larger. TF: `tf.nn.conv2d_transpose`.
///
/// `value` is float32, float64 or int32 of shape [batch, height, width, in], `filter` of shape [filter height, filter
/// width, out, in]; `output_shape` is a list of the output's four sizes. The gradients are convolutions.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (1, 4, 4, 3));
/// let y = tf::nn::conv2d_transpose(x, tf::zeros([3, 3, 2, 3]), [1, 8, 8, 2], [1, 2, 2, 1], "SAME");
/// assert_eq!(y.shape().to_string(), "[1,8,8,2]");
/// ```
#[track_caller]
pub fn conv2d_transpose(
    value: impl IntoTensor,
    filter: impl IntoTensor,
    output_shape: impl IntoTensor,
    strides: [i64; 4],
    padding: impl IntoPadding,
) -> Tensor {
    conv2d_transpose_args(value, filter, output_shape, strides, padding).build()
}

/// [`conv2d_transpose`] as TensorFlow called it first. TF: `tf.nn.deconv2d`.
#[track_caller]
pub fn deconv2d(
    value: impl IntoTensor,
    filter: impl IntoTensor,
    output_shape: impl IntoTensor,
    strides: [i64; 4],
    padding: impl IntoPadding,
) -> Tensor {
    conv2d_transpose(value, filter, output_shape, strides, padding)
}

/// [`conv2d_transpose`] with keyword arguments.
pub fn conv2d_transpose_args(
    value: impl IntoTensor,
    filter: impl IntoTensor,
    output_shape: impl IntoTensor,
    strides: [i64; 4],
    padding: impl IntoPadding,
) -> Conv2dTransposeArgs {
    let args = [output_shape.into_arg(), filter.into_arg(), value.into_arg()];
    let padding = padding.into_padding();
    Conv2dTransposeArgs { args, strides, padding, data_format: "NHWC".into(), dilations: [1; 4] }
}

/// A [`conv2d_transpose`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct Conv2dTransposeArgs {
    args: [Arg; 3],
    strides: [i64; 4],
    padding: PaddingAttrs,
    data_format: String,
    dilations: [i64; 4],
}

impl Conv2dTransposeArgs {
    /// `"NHWC"` (if not said) or `"NCHW"`.
    pub fn data_format(mut self, format: &str) -> Self {
        self.data_format = format.to_owned();
        self
    }

    /// How far apart the filter's elements are, for each dimension; 1 if not said.
    pub fn dilations(mut self, dilations: [i64; 4]) -> Self {
        self.dilations = dilations;
        self
    }

    /// Builds the convolution.
    #[track_caller]
    pub fn build(self) -> Tensor {
        self.padding
            .set(CONV_2D_BACKPROP_INPUT.call(self.args))
            .attr("strides", self.strides.to_vec())
            .attr("data_format", self.data_format.as_str())
            .attr("dilations", self.dilations.to_vec())
            .name("conv2d_transpose")
            .single()
    }
}

/// Checks the window and the shapes of input, filter and output against each other; gives the shape of the output.
pub(super) fn output_shape(window: &Window, input: &PartialShape, filter: &PartialShape) -> Result<PartialShape> {
    let (h, w, c) = window.places();
    if merge_dims(input.dim(c), filter.dim(2)).is_none() {
        return Err(Error::invalid_argument(format!(
            "input {input} has {} channels, but filter {filter} takes {}",
            input.dim(c).unwrap_or_default(),
            filter.dim(2).unwrap_or_default()
        )));
    }
    let fits = |e: Error| Error::new(e.kind(), format!("{} (input {input}, filter {filter})", e.message()));
    let height = window.output_dim(0, input.dim(h), filter.dim(0)).map_err(fits)?;
    let width = window.output_dim(1, input.dim(w), filter.dim(1)).map_err(fits)?;
    let mut dims = [input.dim(0), None, None, None];
    (dims[h], dims[w], dims[c]) = (height, width, filter.dim(3));
    Ok(PartialShape::new(dims))
}

fn of_rank_4(shape: PartialShape, what: &str) -> Result<PartialShape> {
    shape
        .merge(&PartialShape::unknown_of_rank(4))
        .ok_or_else(|| Error::invalid_argument(format!("{what} must have 4 dimensions, but its shape is {shape}")))
}

/// The sizes for the kernels. The output's shape is checked against what input and filter say.
pub(super) fn sizes(window: &Window, input: &Shape, filter: &Shape, output: &Shape) -> Result<Conv2d> {
    let wrong = || Error::invalid_argument(format!("input {input}, filter {filter} and output {output} do not fit"));
    let expected = output_shape(window, &input.into(), &filter.into())?;
    if !expected.accepts(output) {
        return Err(wrong());
    }
    let (&[batch, ..], &[k_h, k_w, _, out_c]) = (input.dims(), filter.dims()) else { return Err(wrong()) };
    let (h, w, c) = window.places();
    let (in_h, in_w, in_c, out_h, out_w) = (input[h], input[w], input[c], output[h], output[w]);
    let (_, pad_top) = window.output(0, in_h, k_h)?;
    let (_, pad_left) = window.output(1, in_w, k_w)?;
    let [stride_h, stride_w] = window.strides;
    let [dilation_h, dilation_w] = window.dilations;
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

fn kernel(node: &NodeInfo, run: fn(&mut KernelCtx, &Window) -> Result<()>) -> Result<crate::op::KernelFn> {
    let window = Window::new(node.attrs(), true)?;
    kernel_fn(move |ctx| run(ctx, &window))
}

pub(super) static CONV_2D: OpDef = OpDef {
    sig: Sig::new(
        "Conv2D(input: T, filter: T) -> (output: T) where T: {float32, float64, int32}, strides: list(int), \
         use_cudnn_on_gpu: bool = true, padding: 'SAME'|'VALID'|'EXPLICIT', explicit_paddings: list(int) = [], \
         data_format: 'NHWC'|'NCHW' = 'NHWC', dilations: list(int) = [1,1,1,1]",
    ),
    infer: |ctx| {
        let window = Window::new(ctx.attrs(), true)?;
        let input = of_rank_4(ctx.shape(0)?.clone(), "input")?;
        let filter = of_rank_4(ctx.shape(1)?.clone(), "filter")?;
        let output = output_shape(&window, &input, &filter)?;
        ctx.set(0, output)
    },
    kernel: Kernel::Make(|node| {
        kernel(node, |ctx, window| {
            let s = sizes(window, ctx.inputs.shape(0)?, ctx.inputs.shape(1)?, ctx.outputs.shape(0)?)?;
            dispatch!(@ ctx.node.dtype()?, [Float32 f32, Float64 f64, Int32 i32], T => {
                let run = if window.is_nchw() { conv::nchw::forward::<T> } else { conv::forward::<T> };
                run(&s, ctx.inputs.slice(0)?, ctx.inputs.slice(1)?, ctx.outputs.slice(0)?);
                Ok(())
            }, other => crate::value::unsupported(other))
        })
    }),
    grad: Grad::Rule(|g| {
        let (x, w, dy) = (g.x(0), g.x(1), g.dy(0));
        let sizes = shape_n([x, w]);
        let &[shape_x, shape_w] = sizes.as_slice() else { return Err(Error::internal("two shapes")) };
        let dx = with_attrs(g, CONV_2D_BACKPROP_INPUT.call([shape_x, w, dy].map(IntoTensor::into_arg)))?;
        let dw = with_attrs(g, CONV_2D_BACKPROP_FILTER.call([x, shape_w, dy].map(IntoTensor::into_arg)))?;
        Ok(vec![Some(dx), Some(dw)])
    }),
    flags: Flags::HEAVY.row_by_row(),
};

/// The node with the attributes of the one it is the gradient of.
fn with_attrs(g: &GradCtx, call: Call) -> Result<Tensor> {
    let attrs = g.attrs();
    Ok(call
        .attr("padding", attrs.str("padding")?)
        .attr("explicit_paddings", attrs.ints("explicit_paddings")?.to_vec())
        .attr("strides", attrs.ints("strides")?.to_vec())
        .attr("use_cudnn_on_gpu", attrs.bool("use_cudnn_on_gpu")?)
        .attr("data_format", attrs.str("data_format")?)
        .attr("dilations", attrs.ints("dilations")?.to_vec())
        .single())
}

/// Input 0 holds the sizes of one operand; `ctx` must agree with them.
fn infer_gradient(ctx: &mut InferCtx, sizes_at: usize) -> Result<()> {
    let window = Window::new(ctx.attrs(), true)?;
    let result = of_rank_4(ctx.shape_from(sizes_at)?, if sizes_at == 0 { "input" } else { "filter" })?;
    let other = of_rank_4(ctx.shape(1 - sizes_at)?.clone(), if sizes_at == 0 { "filter" } else { "input" })?;
    let (input, filter) = if sizes_at == 0 { (&result, &other) } else { (&other, &result) };
    let output = output_shape(&window, input, filter)?;
    let dy = of_rank_4(ctx.shape(2)?.clone(), "out_backprop")?;
    if output.merge(&dy).is_none() {
        return Err(Error::invalid_argument(format!("the gradient has shape {dy}, but the output {output}")));
    }
    ctx.set(0, result)
}

pub(super) static CONV_2D_BACKPROP_INPUT: OpDef = OpDef {
    sig: Sig::new(
        "Conv2DBackpropInput(input_sizes: int32, filter: T, out_backprop: T) -> (output: T) \
         where T: {float32, float64, int32}, strides: list(int), \
         use_cudnn_on_gpu: bool = true, padding: 'SAME'|'VALID'|'EXPLICIT', explicit_paddings: list(int) = [], \
         data_format: 'NHWC'|'NCHW' = 'NHWC', dilations: list(int) = [1,1,1,1]",
    ),
    infer: |ctx| infer_gradient(ctx, 0),
    kernel: Kernel::Make(|node| {
        kernel(node, |ctx, window| {
            let s = sizes(window, ctx.outputs.shape(0)?, ctx.inputs.shape(1)?, ctx.inputs.shape(2)?)?;
            dispatch!(@ ctx.node.dtype()?, [Float32 f32, Float64 f64, Int32 i32], T => {
                let run = if window.is_nchw() { conv::nchw::backprop_input::<T> } else { conv::backprop_input::<T> };
                run(&s, ctx.inputs.slice(1)?, ctx.inputs.slice(2)?, ctx.outputs.slice(0)?);
                Ok(())
            }, other => crate::value::unsupported(other))
        })
    }),
    grad: Grad::Rule(|g| {
        let (w, dy, ddx) = (g.x(1), g.x(2), g.dy(0));
        let dw = with_attrs(g, CONV_2D_BACKPROP_FILTER.call([ddx, shape(w), dy].map(IntoTensor::into_arg)))?;
        let ddy = with_attrs(g, CONV_2D.call([ddx, w].map(IntoTensor::into_arg)))?;
        Ok(vec![None, Some(dw), Some(ddy)])
    }),
    flags: Flags::HEAVY,
};

pub(super) static CONV_2D_BACKPROP_FILTER: OpDef = OpDef {
    sig: Sig::new(
        "Conv2DBackpropFilter(input: T, filter_sizes: int32, out_backprop: T) -> (output: T) \
         where T: floating, strides: list(int), \
         use_cudnn_on_gpu: bool = true, padding: 'SAME'|'VALID'|'EXPLICIT', explicit_paddings: list(int) = [], \
         data_format: 'NHWC'|'NCHW' = 'NHWC', dilations: list(int) = [1,1,1,1]",
    ),
    infer: |ctx| infer_gradient(ctx, 1),
    kernel: Kernel::Make(|node| {
        kernel(node, |ctx, window| {
            let s = sizes(window, ctx.inputs.shape(0)?, ctx.outputs.shape(0)?, ctx.inputs.shape(2)?)?;
            dispatch!(ctx.node.dtype()?, floats, T => {
                let run = if window.is_nchw() { conv::nchw::backprop_filter::<T> } else { conv::backprop_filter::<T> };
                run(&s, ctx.inputs.slice(0)?, ctx.inputs.slice(2)?, ctx.outputs.slice(0)?);
                Ok(())
            })
        })
    }),
    grad: Grad::Rule(|g| {
        let (x, dy, ddw) = (g.x(0), g.x(2), g.dy(0));
        let dx = with_attrs(g, CONV_2D_BACKPROP_INPUT.call([shape(x), ddw, dy].map(IntoTensor::into_arg)))?;
        let ddy = with_attrs(g, CONV_2D.call([x, ddw].map(IntoTensor::into_arg)))?;
        Ok(vec![Some(dx), None, Some(ddy)])
    }),
    flags: Flags::HEAVY,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ops::array::placeholder;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    fn numbers(shape: [usize; 4]) -> Value {
        let n: usize = shape.iter().product();
        Value::new(shape, (0..n).map(|i| ((i * 7 + 3) % 13) as f32 / 6.0 - 1.0).collect::<Vec<f32>>()).unwrap()
    }

    #[test]
    fn conv2d_is_whole() {
        let ones = |shape: [usize; 4]| Value::new(shape, vec![1.0f32; shape.iter().product()]).unwrap();
        OpTest::new(|x| vec![conv2d(x[0], x[1], [1, 1, 1, 1], "SAME"), conv2d(x[0], x[1], [1, 2, 2, 1], "VALID")])
            .inputs([ones([1, 3, 3, 1]), ones([3, 3, 1, 1])])
            .expect([
                Value::new([1, 3, 3, 1], vec![4.0f32, 6.0, 4.0, 6.0, 9.0, 6.0, 4.0, 6.0, 4.0]).unwrap(),
                Value::new([1, 1, 1, 1], vec![9.0f32]).unwrap(),
            ])
            .run();
        OpTest::new(|x| vec![conv2d(x[0], x[1], [1, 2, 1, 1], "SAME")])
            .inputs([numbers([2, 4, 3, 2]), numbers([3, 2, 2, 3])])
            .differentiable(&[0, 1])
            .run();
        OpTest::new(|x| {
            let paddings = [[0, 0], [1, 0], [2, 1], [0, 0]];
            vec![conv2d_args(x[0], x[1], [1, 1, 2, 1], paddings).dilations([1, 2, 1, 1]).build()]
        })
        .inputs([numbers([1, 5, 4, 1]), numbers([2, 2, 1, 2])])
        .differentiable(&[0, 1])
        .run();
        OpTest::new(|x| vec![conv2d(x[0], x[1], [1, 1, 1, 1], "SAME")])
            .inputs([numbers([0, 4, 4, 1]), numbers([3, 3, 1, 2])])
            .expect([Value::new([0, 4, 4, 2], Vec::<f32>::new()).unwrap()])
            .run();
    }

    #[test]
    fn channels_may_come_first() {
        use crate::ops::array::transpose;
        OpTest::new(|x| {
            let first = conv2d_args(x[0], x[1], [1, 1, 2, 1], "SAME").data_format("NCHW").build();
            let last = conv2d(transpose(x[0], [0, 2, 3, 1]), x[1], [1, 2, 1, 1], "SAME");
            vec![first - transpose(last, [0, 3, 1, 2])]
        })
        .inputs([numbers([2, 3, 5, 4]), numbers([3, 2, 3, 4])])
        .expect([Value::new([2, 4, 3, 4], vec![0.0f32; 96]).unwrap()])
        .run();
        OpTest::new(|x| vec![conv2d_args(x[0], x[1], [1, 1, 2, 1], "VALID").data_format("NCHW").build()])
            .inputs([numbers([2, 3, 5, 4]), numbers([3, 2, 3, 4])])
            .differentiable(&[0, 1])
            .run();
    }

    #[test]
    fn windows_that_do_not_fit_are_errors() {
        let x = || placeholder(crate::dtype::float32, (None, 4, 4, 3));
        let w = |h: i32, c: i32| placeholder(crate::dtype::float32, [h, 3, c, 8]);
        let one = [1, 1, 1, 1];
        assert!(
            build_error(|| conv2d(x(), w(3, 2), one, "SAME"))
                .contains("input [?,4,4,3] has 3 channels, but filter [3,3,2,8] takes 2")
        );
        assert!(build_error(|| conv2d(x(), w(5, 3), one, "VALID")).contains("a window of 5 does not fit into 4"));
        assert!(build_error(|| conv2d(x(), w(3, 3), [1, 0, 1, 1], "SAME")).contains("strides is [1, 0, 1, 1]"));
        assert!(build_error(|| conv2d(x(), w(3, 3), one, "FULL")).contains("not one of SAME, VALID, EXPLICIT"));
    }
}
