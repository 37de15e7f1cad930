//! What plans make of a convolution and its neighbours: `_FusedConv2D` (bias and relu on the sums), `_PooledConv2D` (and
//! max-pooling, before anything is stored), and their gradients. No user function builds them and no file names them.

use crate::error::{Error, Result};
use crate::kernels::conv::{self, Conv2d, Gradients, Post};
use crate::kernels::pool::Pool2d;
use crate::op::{Flags, Grad, InferCtx, Inputs, Kernel, KernelCtx, NodeInfo, OpDef, Sig};
use crate::ops::elementwise::kernel_fn;
use crate::ops::nn::conv2d;
use crate::ops::nn::window::Window;
use crate::shape::PartialShape;

const NO_GRADIENT: Grad = Grad::Stop("only plans hold it");

/// The convolution's attributes are its own, the pooling's have `pool_` in front.
pub(crate) static FUSED_CONV_2D: OpDef = OpDef {
    sig: Sig::new(
        "_FusedConv2D(input: float32, filter: float32, bias: biases * float32) -> (output: float32) \
         where strides: list(int), padding: 'SAME'|'VALID'|'EXPLICIT', explicit_paddings: list(int) = [], \
         data_format: 'NHWC'|'NCHW' = 'NHWC', dilations: list(int) = [1,1,1,1], biases: int, relu: bool",
    ),
    infer: |ctx| {
        let output = convolved(ctx)?;
        ctx.set(0, output)
    },
    kernel: Kernel::Make(|node| {
        let window = Window::new(node.attrs(), true)?;
        kernel_fn(move |ctx| {
            let s = conv2d::sizes(&window, ctx.inputs.shape(0)?, ctx.inputs.shape(1)?, ctx.outputs.shape(0)?)?;
            let post = post(&ctx.inputs, ctx.node)?;
            conv::forward_post(&s, ctx.inputs.slice(0)?, ctx.inputs.slice(1)?, post, ctx.outputs.slice(0)?);
            Ok(())
        })
    }),
    grad: NO_GRADIENT,
    flags: Flags::HEAVY.row_by_row(),
};

pub(crate) static POOLED_CONV_2D: OpDef = OpDef {
    sig: Sig::new(
        "_PooledConv2D(input: float32, filter: float32, bias: biases * float32) -> (output: float32, winners: uint8) \
         where strides: list(int), padding: 'SAME'|'VALID'|'EXPLICIT', explicit_paddings: list(int) = [], \
         data_format: 'NHWC'|'NCHW' = 'NHWC', dilations: list(int) = [1,1,1,1], biases: int, relu: bool, \
         pool_ksize: list(int), pool_strides: list(int), pool_padding: 'SAME'|'VALID'",
    ),
    infer: |ctx| {
        let output = convolved(ctx)?;
        let (window, size) = Window::of_fused_pool(ctx.attrs())?;
        let pooled = window.pooled(&output, size)?;
        ctx.set(0, pooled.clone())?;
        ctx.set(1, pooled)
    },
    kernel: Kernel::Make(|node| {
        let windows = Windows::new(node)?;
        kernel_fn(move |ctx| {
            let (s, pool) = windows.sizes(ctx)?;
            let post = post(&ctx.inputs, ctx.node)?;
            let (output, winners) = ctx.outputs.pair()?;
            conv::forward_pooled(&s, &pool, ctx.inputs.slice(0)?, ctx.inputs.slice(1)?, post, output, winners);
            Ok(())
        })
    }),
    grad: NO_GRADIENT,
    flags: Flags::HEAVY.row_by_row(),
};

/// Which of the three gradients it gives, the counts say.
pub(crate) static POOLED_CONV_2D_BACKPROP: OpDef = OpDef {
    sig: Sig::new(
        "_PooledConv2DBackprop(input: float32, filter: float32, winners: uint8, grad: float32) \
         -> (input_grad: inputs * float32, filter_grad: filters * float32, bias_grad: biases * float32) \
         where strides: list(int), padding: 'SAME'|'VALID'|'EXPLICIT', explicit_paddings: list(int) = [], \
         data_format: 'NHWC'|'NCHW' = 'NHWC', dilations: list(int) = [1,1,1,1], \
         pool_ksize: list(int), pool_strides: list(int), pool_padding: 'SAME'|'VALID', \
         inputs: int, filters: int, biases: int",
    ),
    infer: infer_gradients,
    kernel: Kernel::Make(|node| {
        let windows = Windows::new(node)?;
        let wanted = Wanted::new(node)?;
        kernel_fn(move |ctx| {
            let (s, pool) = windows.sizes(ctx)?;
            let KernelCtx { inputs, outputs, .. } = ctx;
            let mut all = outputs.slices::<f32>()?;
            let (x, w, winners, dy) = (inputs.slice(0)?, inputs.slice(1)?, inputs.slice(2)?, inputs.slice(3)?);
            conv::backprop_pooled(&s, &pool, x, w, winners, dy, wanted.gradients(&mut all));
            Ok(())
        })
    }),
    grad: NO_GRADIENT,
    flags: Flags::HEAVY,
};

/// With `features`, the gradient counts only where they are above zero.
pub(crate) static CONV_2D_BACKPROP: OpDef = OpDef {
    sig: Sig::new(
        "_Conv2DBackprop(input: float32, filter: float32, grad: float32, features: relus * float32) \
         -> (input_grad: inputs * float32, filter_grad: filters * float32, bias_grad: biases * float32) \
         where strides: list(int), padding: 'SAME'|'VALID'|'EXPLICIT', explicit_paddings: list(int) = [], \
         data_format: 'NHWC'|'NCHW' = 'NHWC', dilations: list(int) = [1,1,1,1], \
         relus: int, inputs: int, filters: int, biases: int",
    ),
    infer: infer_gradients,
    kernel: Kernel::Make(|node| {
        let window = Window::new(node.attrs(), true)?;
        let wanted = Wanted::new(node)?;
        kernel_fn(move |ctx| {
            let KernelCtx { inputs, outputs, .. } = ctx;
            let s = conv2d::sizes(&window, inputs.shape(0)?, inputs.shape(1)?, inputs.shape(2)?)?;
            let features = if inputs.len() > 3 { Some(inputs.slice(3)?) } else { None };
            let mut all = outputs.slices::<f32>()?;
            let (x, w, dy) = (inputs.slice(0)?, inputs.slice(1)?, inputs.slice(2)?);
            conv::backprop_dense(&s, x, w, features, dy, wanted.gradients(&mut all));
            Ok(())
        })
    }),
    grad: NO_GRADIENT,
    flags: Flags::HEAVY,
};

/// The shape of the convolution of inputs 0 and 1.
fn convolved(ctx: &InferCtx) -> Result<PartialShape> {
    let window = Window::new(ctx.attrs(), true)?;
    conv2d::output_shape(&window, &ctx.shape_of_rank(0, 4)?, &ctx.shape_of_rank(1, 4)?)
}

fn infer_gradients(ctx: &mut InferCtx) -> Result<()> {
    let (input, filter) = (ctx.shape_of_rank(0, 4)?, ctx.shape_of_rank(1, 4)?);
    let bias = PartialShape::new([filter.dim(3)]);
    let counts = ["inputs", "filters", "biases"].map(|name| ctx.attrs().int(name));
    let mut place = 0;
    for (count, shape) in counts.into_iter().zip([input, filter, bias]) {
        if count? > 0 {
            ctx.set(place, shape)?;
            place += 1;
        }
    }
    Ok(())
}

/// What the node does to each sum.
fn post<'a>(inputs: &'a Inputs, node: &NodeInfo) -> Result<Post<'a>> {
    let bias = if inputs.len() > 2 { Some(inputs.slice(2)?) } else { None };
    Ok(Post { bias, relu: node.attrs().bool("relu")? })
}

/// The windows of a convolution and of the pooling behind it.
struct Windows {
    conv: Window,
    pool: Window,
    pool_size: [usize; 2],
}

impl Windows {
    fn new(node: &NodeInfo) -> Result<Self> {
        let (pool, pool_size) = Window::of_fused_pool(node.attrs())?;
        Ok(Windows { conv: Window::new(node.attrs(), true)?, pool, pool_size })
    }

    fn sizes(&self, ctx: &KernelCtx) -> Result<(Conv2d, Pool2d)> {
        let (input, filter) = (ctx.inputs.shape(0)?, ctx.inputs.shape(1)?);
        let output = conv2d::output_shape(&self.conv, &input.into(), &filter.into())?.known();
        let output = output.ok_or_else(|| Error::internal("the shape of a convolution is not known"))?;
        let s = conv2d::sizes(&self.conv, input, filter, &output)?;
        Ok((s, self.pool.pool_sizes(&output, self.pool_size)?))
    }
}

/// Which gradients a node gives.
#[derive(Clone, Copy)]
struct Wanted([bool; 3]);

impl Wanted {
    fn new(node: &NodeInfo) -> Result<Self> {
        let count = |name| node.attrs().int(name).map(|n| n > 0);
        Ok(Wanted([count("inputs")?, count("filters")?, count("biases")?]))
    }

    fn gradients<'a>(self, outputs: &'a mut [&mut [f32]]) -> Gradients<'a> {
        let mut rest = outputs.iter_mut();
        let [x, w, bias] = self.0.map(|wanted| if wanted { rest.next().map(|output| &mut **output) } else { None });
        Gradients { x, w, bias }
    }
}
