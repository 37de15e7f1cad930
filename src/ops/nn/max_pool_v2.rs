//! MaxPoolV2 and its gradients MaxPoolGradV2 and MaxPoolGradGradV2: the size and the strides of the windows are inputs.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::pool::{self, Pool2d};
use crate::op::{Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::array::zeros_like;
use crate::ops::nn::window::Window;
use crate::shape::PartialShape;
use crate::value::Number as _;

/// The shape of what is pooled, as far as size and strides, the last two inputs, are known.
fn pooled(ctx: &InferCtx) -> Result<PartialShape> {
    let input = ctx.shape_of_rank(0, 4)?;
    let (ksize, strides) = (ctx.len() - 2, ctx.len() - 1);
    for list in [ksize, strides] {
        if ctx.shape_of_rank(list, 1)?.dim(0).is_some_and(|n| n != 4) {
            return Err(Error::invalid_argument("ksize and strides have a number for each of four dimensions"));
        }
    }
    let (Some(ksize), Some(strides)) = (ctx.known_integers(ksize)?, ctx.known_integers(strides)?) else {
        return Ok(match ctx.attrs().str("data_format")? {
            "NCHW" => PartialShape::new([input.dim(0), input.dim(1), None, None]),
            _ => PartialShape::new([input.dim(0), None, None, input.dim(3)]),
        });
    };
    let (window, size) = Window::of_sizes(ctx.attrs(), &ksize, &strides)?;
    window.pooled(&input, size)
}

/// The same, which the inputs `like` have too.
fn pooled_like(ctx: &InferCtx, like: &[usize]) -> Result<PartialShape> {
    let mut output = pooled(ctx)?;
    for &i in like {
        let shape = ctx.shape(i)?;
        output = output
            .merge(shape)
            .ok_or_else(|| Error::invalid_argument(format!("input {i} has shape {shape}, but the output {output}")))?;
    }
    Ok(output)
}

fn sizes(ctx: &KernelCtx) -> Result<Pool2d> {
    let n = ctx.inputs.len();
    let (ksize, strides) = (ctx.inputs.value(n - 2)?.integers()?, ctx.inputs.value(n - 1)?.integers()?);
    let (window, size) = Window::of_sizes(ctx.node.attrs(), &ksize, &strides)?;
    window.pool_sizes(ctx.inputs.shape(0)?, size)
}

/// The node of `op` for `inputs` and the windows of this one.
fn of_windows(g: &GradCtx, op: &'static OpDef, [x, y, dy]: [Tensor; 3]) -> Result<Tensor> {
    let n = g.xs().len();
    let args = [x, y, dy, g.x(n - 2), g.x(n - 1)].map(IntoTensor::into_arg);
    let attrs = g.attrs();
    Ok(op.call(args).attr("padding", attrs.str("padding")?).attr("data_format", attrs.str("data_format")?).single())
}

pub(super) static MAX_POOL_V2: OpDef = OpDef {
    sig: Sig::new(
        "MaxPoolV2(input: T, ksize: int32, strides: int32) -> (output: T) where T: real = float32, \
         padding: 'SAME'|'VALID', data_format: 'NHWC'|'NCHW' = 'NHWC'",
    ),
    infer: |ctx| {
        let shape = pooled(ctx)?;
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let s = sizes(ctx)?;
        dispatch!(ctx.node.dtype()?, numbers, T => {
            pool::max_forward::<T>(&s, ctx.inputs.slice(0)?, ctx.outputs.slice(0)?, T::LOWEST);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(of_windows(g, &MAX_POOL_GRAD_V2, [g.x(0), g.y(0), g.dy(0)])?), None, None])),
    flags: Flags::HEAVY.row_by_row(),
};

pub(super) static MAX_POOL_GRAD_V2: OpDef = OpDef {
    sig: Sig::new(
        "MaxPoolGradV2(orig_input: T, orig_output: T, grad: T, ksize: int32, strides: int32) -> (output: T) \
         where padding: 'SAME'|'VALID', data_format: 'NHWC'|'NCHW' = 'NHWC', T: real = float32",
    ),
    infer: |ctx| {
        pooled_like(ctx, &[1, 2])?;
        let shape = ctx.shape(0)?.clone();
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let s = sizes(ctx)?;
        dispatch!(ctx.node.dtype()?, numbers, T => {
            pool::max_backprop::<T>(&s, ctx.inputs.slice(0)?, ctx.inputs.slice(2)?, ctx.outputs.slice(0)?);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let zeros = [zeros_like(g.x(0)), zeros_like(g.x(1))];
        let ddy = of_windows(g, &MAX_POOL_GRAD_GRAD_V2, [g.x(0), g.x(1), g.dy(0)])?;
        Ok(vec![Some(zeros[0]), Some(zeros[1]), Some(ddy), None, None])
    }),
    flags: Flags::HEAVY,
};

pub(super) static MAX_POOL_GRAD_GRAD_V2: OpDef = OpDef {
    sig: Sig::new(
        "MaxPoolGradGradV2(orig_input: T, orig_output: T, grad: T, ksize: int32, strides: int32) -> (output: T) \
         where padding: 'SAME'|'VALID', data_format: 'NHWC'|'NCHW' = 'NHWC', T: real",
    ),
    infer: |ctx| {
        let shape = pooled_like(ctx, &[1])?;
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let s = sizes(ctx)?;
        dispatch!(ctx.node.dtype()?, numbers, T => {
            pool::max_backprop_second::<T>(&s, ctx.inputs.slice(0)?, ctx.inputs.slice(2)?, ctx.outputs.slice(0)?);
            Ok(())
        })
    }),
    grad: Grad::Missing("TensorFlow has no third derivative of a pooling of this version"),
    flags: Flags::HEAVY,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::OpTest;
    use crate::value::Value;

    #[test]
    fn max_pool_v2_is_whole() {
        let x = Value::new([1, 4, 3, 2], (0..24).map(|i| ((i * 7) % 24) as f32).collect::<Vec<f32>>()).unwrap();
        for constants in [&[][..], &[1, 2]] {
            OpTest::new(|x| {
                let call = MAX_POOL_V2.call([x[0], x[1], x[2]].map(IntoTensor::into_arg)).attr("padding", "SAME");
                let first = crate::ops::nn::max_pool(x[0], [1, 2, 2, 1], [1, 2, 1, 1], "SAME");
                vec![call.single() - first]
            })
            .inputs([x.clone(), [1i32, 2, 2, 1].into(), [1i32, 2, 1, 1].into()])
            .constants(constants)
            .expect([Value::new([1, 2, 3, 2], vec![0.0f32; 12]).unwrap()])
            .run();
        }
        OpTest::new(|x| {
            let call = MAX_POOL_V2.call([x[0], x[1], x[2]].map(IntoTensor::into_arg)).attr("padding", "VALID");
            vec![call.single()]
        })
        .inputs([x, [1i32, 2, 2, 1].into(), [1i32, 2, 1, 1].into()])
        .differentiable(&[0])
        .run();
    }
}
