//! FusedBatchNormV3 and its gradient FusedBatchNormGradV3, and the same made of single operations.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::kernels::batch_norm::{self, Statistics};
use crate::op::{Arg, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::array::constant;
use crate::shape::{PartialShape, merge_dims};
use crate::value::Value;

/// `x` with the mean and variance of each channel taken out, times `scale` plus `offset`; and the mean and the variance
/// (divided by n - 1) of each channel. TF: `tf.nn.fused_batch_norm`.
///
/// `x` is float32 [batch, height, width, channels], `scale` and `offset` float32 `[channels]`. Keyword arguments `mean` and
/// `variance` (for `is_training` false, or for a factor), `epsilon` (0.001 if not said), `is_training` (true), `data_format`,
/// `exponential_avg_factor`. The gradients are those of the three. Source: <https://arxiv.org/abs/1502.03167>.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, (None, 4, 4, 3));
/// let (y, mean, _) = tf::nn::fused_batch_norm(x, tf::ones([3]), tf::zeros([3]));
/// assert_eq!((y.shape().to_string(), mean.shape().to_string()), ("[?,4,4,3]".to_owned(), "[3]".to_owned()));
/// ```
#[track_caller]
pub fn fused_batch_norm(
    x: impl IntoTensor,
    scale: impl IntoTensor,
    offset: impl IntoTensor,
) -> (Tensor, Tensor, Tensor) {
    fused_batch_norm_args(x, scale, offset).build()
}

/// [`fused_batch_norm`] with keyword arguments.
pub fn fused_batch_norm_args(
    x: impl IntoTensor,
    scale: impl IntoTensor,
    offset: impl IntoTensor,
) -> FusedBatchNormArgs {
    FusedBatchNormArgs {
        inputs: [x.into_arg(), scale.into_arg(), offset.into_arg()],
        mean: None,
        variance: None,
        epsilon: 0.001,
        factor: 1.0,
        is_training: true,
        data_format: "NHWC".to_owned(),
    }
}

/// A [`fused_batch_norm`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct FusedBatchNormArgs {
    inputs: [Arg; 3],
    mean: Option<Arg>,
    variance: Option<Arg>,
    epsilon: f32,
    factor: f32,
    is_training: bool,
    data_format: String,
}

impl FusedBatchNormArgs {
    /// The mean of each channel, if it is not that of `x`.
    pub fn mean(mut self, mean: impl IntoTensor) -> Self {
        self.mean = Some(mean.into_arg());
        self
    }

    /// The variance of each channel, if it is not that of `x`.
    pub fn variance(mut self, variance: impl IntoTensor) -> Self {
        self.variance = Some(variance.into_arg());
        self
    }

    /// What is added to the variance; 0.001 if not said.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon as f32;
        self
    }

    /// How much of the batch goes into the mean and variance that come out; 1, all, if not said.
    pub fn exponential_avg_factor(mut self, factor: f64) -> Self {
        self.factor = factor as f32;
        self
    }

    /// Whether mean and variance are those of `x`; true if not said.
    pub fn is_training(mut self, is_training: bool) -> Self {
        self.is_training = is_training;
        self
    }

    /// `"NHWC"`, or `"NCHW"`, which can be built but not run.
    pub fn data_format(mut self, format: &str) -> Self {
        self.data_format = format.to_owned();
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> (Tensor, Tensor, Tensor) {
        let [x, scale, offset] = self.inputs;
        let graph = Arg::graph_of(std::slice::from_ref(&x)).unwrap_or_else(|_| get_default_graph());
        let _default = graph.as_default();
        let x = convert(x, "input", None);
        let numbers = |arg: Arg, name: &str| convert(arg, name, Some(DType::Float32)).into_arg();
        let (scale, offset) = (numbers(scale, "scale"), numbers(offset, "offset"));
        let nothing = || constant(Value::vector(Vec::<f32>::new())).into_arg();
        let mean = self.mean.unwrap_or_else(nothing);
        let variance = self.variance.unwrap_or_else(nothing);
        let built = FUSED_BATCH_NORM_V3
            .call([x.into_arg(), scale, offset, mean, variance])
            .attr("epsilon", self.epsilon)
            .attr("exponential_avg_factor", self.factor)
            .attr("data_format", self.data_format.as_str())
            .attr("is_training", self.is_training)
            .build();
        (built.output(0), built.output(1), built.output(2))
    }
}

/// The shapes of the images and of what has a number for each channel: the inputs `channels_of`, and `maybe_empty`, which
/// may also be empty.
fn check(ctx: &InferCtx, channels_of: &[usize], maybe_empty: &[usize]) -> Result<(PartialShape, PartialShape)> {
    let x = ctx.shape_of_rank(0, 4)?;
    let place = if ctx.attrs().str("data_format")? == "NCHW" { 1 } else { 3 };
    let mut channels = x.dim(place);
    for &i in channels_of.iter().chain(maybe_empty) {
        let shape = ctx.shape_of_rank(i, 1)?;
        if maybe_empty.contains(&i) && shape.dim(0).is_none_or(|n| n == 0) {
            continue;
        }
        channels = merge_dims(channels, shape.dim(0)).ok_or_else(|| {
            Error::invalid_argument(format!("input {i} has shape {shape}, but {x} another number of channels"))
        })?;
    }
    let mut dims = [x.dim(0), x.dim(1), x.dim(2), x.dim(3)];
    dims[place] = channels;
    Ok((PartialShape::new(dims), PartialShape::new([channels])))
}

fn need_nhwc(ctx: &KernelCtx) -> Result<()> {
    match ctx.node.attrs().str("data_format")? {
        "NHWC" => Ok(()),
        other => Err(Error::unimplemented(format!("data_format {other} on a CPU"))),
    }
}

fn in_f64(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&x| f64::from(x)).collect()
}

fn in_f32(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&x| x as f32).collect()
}

pub(super) static FUSED_BATCH_NORM_V3: OpDef = OpDef {
    sig: Sig::new(
        "FusedBatchNormV3(x: T, scale: U, offset: U, mean: U, variance: U) \
         -> (y: T, batch_mean: U, batch_variance: U, reserve_space_1: U, reserve_space_2: U, reserve_space_3: U) \
         where T: {float32}, U: {float32}, epsilon: float = 0.0001, exponential_avg_factor: float = 1.0, \
         data_format: 'NHWC'|'NCHW' = 'NHWC', is_training: bool = true",
    ),
    infer: |ctx| {
        let needs_old = !ctx.attrs().bool("is_training")? || ctx.attrs().float("exponential_avg_factor")? != 1.0;
        let (x, channels) = if needs_old { check(ctx, &[1, 2, 3, 4], &[])? } else { check(ctx, &[1, 2], &[3, 4])? };
        ctx.set(0, x)?;
        (1..5).try_for_each(|o| ctx.set(o, channels.clone()))?;
        ctx.set(5, PartialShape::new([Some(0)]))
    },
    kernel: Kernel::Run(|ctx| {
        need_nhwc(ctx)?;
        let attrs = ctx.node.attrs();
        let (epsilon, training) = (f64::from(attrs.float("epsilon")?), attrs.bool("is_training")?);
        let factor = f64::from(attrs.float("exponential_avg_factor")?);
        let (x, scale, offset) = (ctx.inputs.slice(0)?, ctx.inputs.slice(1)?, ctx.inputs.slice(2)?);
        let (old_mean, old_variance) = (in_f64(ctx.inputs.slice(3)?), in_f64(ctx.inputs.slice(4)?));
        let (mean, variance) =
            if training { batch_norm::moments(x, scale.len()) } else { (old_mean.clone(), old_variance.clone()) };
        let statistics = Statistics { mean: &mean, variance: &variance, epsilon };
        batch_norm::normalize(x, &statistics, scale, offset, ctx.outputs.slice(0)?);
        // The variance that comes out of training is divided by n - 1, and both are blended with the old ones.
        let rows = x.len().checked_div(scale.len()).unwrap_or(0);
        let correction = if training { rows as f64 / rows.saturating_sub(1).max(1) as f64 } else { 1.0 };
        let blend = |new: &[f64], old: &[f64], correction: f64| -> Vec<f64> {
            let part = if training { factor } else { 1.0 };
            let old = |i: usize| old.get(i).filter(|_| part != 1.0).map_or(0.0, |old| (1.0 - part) * old);
            new.iter().enumerate().map(|(i, new)| part * new * correction + old(i)).collect()
        };
        let (next_mean, next_variance) = (blend(&mean, &old_mean, 1.0), blend(&variance, &old_variance, correction));
        for (o, numbers) in [next_mean, next_variance, mean, variance].iter().enumerate() {
            ctx.outputs.slice::<f32>(o + 1)?.copy_from_slice(&in_f32(numbers));
        }
        ctx.outputs.slice::<f32>(5).map(|_| ())
    }),
    grad: Grad::Rule(|g| {
        let (mean, variance) = if g.attrs().bool("is_training")? { (g.y(3), g.y(4)) } else { (g.x(3), g.x(4)) };
        let [dx, dscale, doffset] = gradient(g, mean, variance)?;
        Ok(vec![Some(dx), Some(dscale), Some(doffset), None, None])
    }),
    flags: Flags::HEAVY,
};

fn gradient(g: &GradCtx, mean: Tensor, variance: Tensor) -> Result<[Tensor; 3]> {
    let attrs = g.attrs();
    let args = [g.dy(0), g.x(0), g.x(1), mean, variance, g.y(5)].map(IntoTensor::into_arg);
    let built = FUSED_BATCH_NORM_GRAD_V3
        .call(args)
        .attr("epsilon", attrs.float("epsilon")?)
        .attr("data_format", attrs.str("data_format")?)
        .attr("is_training", attrs.bool("is_training")?)
        .build();
    Ok([built.output(0), built.output(1), built.output(2)])
}

pub(super) static FUSED_BATCH_NORM_GRAD_V3: OpDef = OpDef {
    sig: Sig::new(
        "FusedBatchNormGradV3(y_backprop: T, x: T, scale: float32, reserve_space_1: U, reserve_space_2: U, \
         reserve_space_3: U) \
         -> (x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_4: U, reserve_space_5: U) \
         where T: {float32}, U: {float32}, epsilon: float = 0.0001, data_format: 'NHWC'|'NCHW' = 'NHWC', \
         is_training: bool = true",
    ),
    infer: |ctx| {
        let (dy, channels) = check(ctx, &[2, 3, 4], &[])?;
        let x = ctx.shape(1)?;
        let merged = dy.merge(x);
        let shape = merged.ok_or_else(|| Error::invalid_argument(format!("x has shape {x}, but the gradient {dy}")))?;
        ctx.set(0, shape)?;
        ctx.set(1, channels.clone())?;
        ctx.set(2, channels)?;
        (3..5).try_for_each(|o| ctx.set(o, PartialShape::new([Some(0)])))
    },
    kernel: Kernel::Run(|ctx| {
        need_nhwc(ctx)?;
        let attrs = ctx.node.attrs();
        let (epsilon, training) = (f64::from(attrs.float("epsilon")?), attrs.bool("is_training")?);
        let (dy, x, scale) = (ctx.inputs.slice(0)?, ctx.inputs.slice(1)?, ctx.inputs.slice(2)?);
        let (mean, variance) = (in_f64(ctx.inputs.slice(3)?), in_f64(ctx.inputs.slice(4)?));
        let statistics = Statistics { mean: &mean, variance: &variance, epsilon };
        let (dscale, doffset) = batch_norm::backprop(dy, x, &statistics, scale, training, ctx.outputs.slice(0)?);
        ctx.outputs.slice::<f32>(1)?.copy_from_slice(&dscale);
        ctx.outputs.slice::<f32>(2)?.copy_from_slice(&doffset);
        (3..5).try_for_each(|o| ctx.outputs.slice::<f32>(o).map(|_| ()))
    }),
    grad: Grad::Missing("the second derivative of a fused batch normalization is not there yet"),
    flags: Flags::HEAVY,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};

    fn x() -> Value {
        Value::new([2, 1, 2, 2], vec![1.0f32, 2.0, 3.0, 5.0, 2.0, 8.0, 6.0, 1.0]).unwrap()
    }

    #[test]
    fn fused_batch_norm_is_whole() {
        OpTest::new(|x| {
            let (y, mean, variance) = fused_batch_norm(x[0], x[1], x[2]);
            vec![y, mean, variance]
        })
        .inputs([x(), [1.0f32, 2.0].into(), [0.0f32, 1.0].into()])
        .run();
        OpTest::new(|x| {
            let args = fused_batch_norm_args(x[0], x[1], x[2]).mean(x[3]).variance(x[4]);
            vec![args.is_training(false).epsilon(0.0).build().0]
        })
        .inputs([x(), [1.0f32, 2.0].into(), [0.0f32, 1.0].into(), [1.0f32, 2.0].into(), [1.0f32, 4.0].into()])
        .expect([Value::new([2, 1, 2, 2], vec![0.0f32, 1.0, 2.0, 4.0, 1.0, 7.0, 5.0, 0.0]).unwrap()])
        .run();
        let error = build_error(|| fused_batch_norm(crate::ops::array::zeros([1, 2, 2, 3]), [1.0], [0.0]).0);
        assert!(error.contains("another number of channels"), "{error}");
    }
}
