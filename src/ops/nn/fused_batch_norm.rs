//! FusedBatchNorm and its gradient FusedBatchNormGrad, in three versions each.

use std::ops::Range;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::kernels::batch_norm::{self, Statistics};
use crate::kernels::batch_norm_nchw;
use crate::op::{Arg, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::array::{constant, reshape, transpose};
use crate::ops::math::{reduce_mean_args, reduce_sum_args, rsqrt, square, squared_difference};
use crate::shape::{Dim, PartialShape, Shape, merge_dims};
use crate::value::{Number, Value};

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

    /// `"NHWC"` (if not said) or `"NCHW"`.
    pub fn data_format(mut self, format: &str) -> Self {
        self.data_format = format.to_owned();
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> (Tensor, Tensor, Tensor) {
        let _line = built_at(here());
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

/// How the numbers of a channel lie in images.
enum Layout {
    /// One in each pixel.
    Pixels,
    /// In planes of so many.
    Planes(usize),
}

impl Layout {
    fn of(ctx: &KernelCtx, x: &Shape) -> Result<Self> {
        let plane = x.iter().skip(2).product();
        Ok(if ctx.node.attrs().str("data_format")? == "NCHW" { Layout::Planes(plane) } else { Layout::Pixels })
    }
}

fn in_f64(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&x| f64::from(x)).collect()
}

fn in_f32(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&x| x as f32).collect()
}

fn infer(ctx: &mut InferCtx) -> Result<()> {
    let needs_old = !ctx.attrs().bool("is_training")? || ctx.attrs().float("exponential_avg_factor")? != 1.0;
    let (x, channels) = if needs_old { check(ctx, &[1, 2, 3, 4], &[])? } else { check(ctx, &[1, 2], &[3, 4])? };
    ctx.set(0, x)?;
    (1..5).try_for_each(|o| ctx.set(o, channels.clone()))
}

fn run(ctx: &mut KernelCtx) -> Result<()> {
    let attrs = ctx.node.attrs();
    let (epsilon, training) = (f64::from(attrs.float("epsilon")?), attrs.bool("is_training")?);
    let factor = f64::from(attrs.float("exponential_avg_factor")?);
    let layout = Layout::of(ctx, ctx.inputs.shape(0)?)?;
    let (x, scale, offset) = (ctx.inputs.slice(0)?, ctx.inputs.slice(1)?, ctx.inputs.slice(2)?);
    let (old_mean, old_variance) = (in_f64(ctx.inputs.slice(3)?), in_f64(ctx.inputs.slice(4)?));
    let (mean, variance) = match layout {
        _ if !training => (old_mean.clone(), old_variance.clone()),
        Layout::Pixels => batch_norm::moments(x, scale.len()),
        Layout::Planes(len) => batch_norm_nchw::moments(x, scale.len(), len),
    };
    let statistics = Statistics { mean: &mean, variance: &variance, epsilon };
    let y = ctx.outputs.slice(0)?;
    match layout {
        Layout::Pixels => batch_norm::normalize(x, &statistics, scale, offset, y),
        Layout::Planes(len) => batch_norm_nchw::normalize(x, &statistics, scale, offset, len, y),
    }
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
    Ok(())
}

/// The gradient, for which `op` is that of the version; its third version takes what its operation keeps besides.
fn gradient(g: &GradCtx, op: &'static OpDef) -> Result<Vec<Option<Tensor>>> {
    let attrs = g.attrs();
    let (training, format) = (attrs.bool("is_training")?, attrs.str("data_format")?);
    let (mean, variance) = if training { (g.y(3), g.y(4)) } else { (g.x(3), g.x(4)) };
    // As in TensorFlow: without training always NHWC.
    let turned = !training && format == "NCHW";
    let turn = |x: Tensor, perm: [i32; 4]| if turned { transpose(x, perm) } else { x };
    let x = turn(g.x(0), [0, 2, 3, 1]);
    let dy = turn(g.dy(0), [0, 2, 3, 1]);
    let [dy, x, scale, mean, variance] = [dy, x, g.x(1), mean, variance].map(IntoTensor::into_arg);
    let call = match op.signature()?.inputs.len() {
        5 => op.call([dy, x, scale, mean, variance]),
        _ => op.call([dy, x, scale, mean, variance, g.y(5).into_arg()]),
    };
    let built = call
        .attr("epsilon", attrs.float("epsilon")?)
        .attr("data_format", if turned { "NHWC" } else { format })
        .attr("is_training", training)
        .build();
    let dx = turn(built.output(0), [0, 3, 1, 2]);
    Ok(vec![Some(dx), Some(built.output(1)), Some(built.output(2)), None, None])
}

pub(super) static FUSED_BATCH_NORM: OpDef = OpDef {
    sig: Sig::new(
        "FusedBatchNorm(x: T, scale: T, offset: T, mean: T, variance: T) \
         -> (y: T, batch_mean: T, batch_variance: T, reserve_space_1: T, reserve_space_2: T) \
         where T: {float32}, epsilon: float = 0.0001, exponential_avg_factor: float = 1.0, \
         data_format: 'NHWC'|'NCHW' = 'NHWC', is_training: bool = true",
    ),
    infer,
    kernel: Kernel::Run(run),
    grad: Grad::Rule(|g| gradient(g, &FUSED_BATCH_NORM_GRAD)),
    flags: Flags::HEAVY,
};

pub(super) static FUSED_BATCH_NORM_V2: OpDef = OpDef {
    sig: Sig::new(
        "FusedBatchNormV2(x: T, scale: U, offset: U, mean: U, variance: U) \
         -> (y: T, batch_mean: U, batch_variance: U, reserve_space_1: U, reserve_space_2: U) \
         where T: {float32}, U: {float32}, epsilon: float = 0.0001, exponential_avg_factor: float = 1.0, \
         data_format: 'NHWC'|'NCHW' = 'NHWC', is_training: bool = true",
    ),
    infer,
    kernel: Kernel::Run(run),
    grad: Grad::Rule(|g| gradient(g, &FUSED_BATCH_NORM_GRAD_V2)),
    flags: Flags::HEAVY,
};

pub(super) static FUSED_BATCH_NORM_V3: OpDef = OpDef {
    sig: Sig::new(
        "FusedBatchNormV3(x: T, scale: U, offset: U, mean: U, variance: U) \
         -> (y: T, batch_mean: U, batch_variance: U, reserve_space_1: U, reserve_space_2: U, reserve_space_3: U) \
         where T: {float32}, U: {float32}, epsilon: float = 0.0001, exponential_avg_factor: float = 1.0, \
         data_format: 'NHWC'|'NCHW' = 'NHWC', is_training: bool = true",
    ),
    infer: |ctx| {
        infer(ctx)?;
        ctx.set(5, PartialShape::new([Some(0)]))
    },
    kernel: Kernel::Run(|ctx| {
        run(ctx)?;
        ctx.outputs.slice::<f32>(5).map(|_| ())
    }),
    grad: Grad::Rule(|g| gradient(g, &FUSED_BATCH_NORM_GRAD_V3)),
    flags: Flags::HEAVY,
};

fn infer_gradient(ctx: &mut InferCtx) -> Result<()> {
    let (dy, channels) = check(ctx, &[2, 3, 4], &[])?;
    let x = ctx.shape(1)?;
    let merged = dy.merge(x);
    let shape = merged.ok_or_else(|| Error::invalid_argument(format!("x has shape {x}, but the gradient {dy}")))?;
    ctx.set(0, shape)?;
    ctx.set(1, channels.clone())?;
    ctx.set(2, channels)?;
    (3..5).try_for_each(|o| ctx.set(o, PartialShape::new([Some(0)])))
}

fn run_gradient(ctx: &mut KernelCtx) -> Result<()> {
    let attrs = ctx.node.attrs();
    let (epsilon, training) = (f64::from(attrs.float("epsilon")?), attrs.bool("is_training")?);
    let layout = Layout::of(ctx, ctx.inputs.shape(1)?)?;
    let (dy, x, scale) = (ctx.inputs.slice(0)?, ctx.inputs.slice(1)?, ctx.inputs.slice(2)?);
    let (mean, variance) = (in_f64(ctx.inputs.slice(3)?), in_f64(ctx.inputs.slice(4)?));
    let statistics = Statistics { mean: &mean, variance: &variance, epsilon };
    let dx = ctx.outputs.slice(0)?;
    let (dscale, doffset) = match layout {
        Layout::Pixels => batch_norm::backprop(dy, x, &statistics, scale, training, dx),
        Layout::Planes(len) => batch_norm_nchw::backprop(dy, x, &statistics, scale, training, len, dx),
    };
    ctx.outputs.slice::<f32>(1)?.copy_from_slice(&dscale);
    ctx.outputs.slice::<f32>(2)?.copy_from_slice(&doffset);
    (3..5).try_for_each(|o| ctx.outputs.slice::<f32>(o).map(|_| ()))
}

/// The second derivative, made of single operations. `a`, `b` and `c` are the gradients to the gradients of x, scale and
/// offset; means are along all dimensions but the channels.
fn second(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let attrs = g.attrs();
    let (epsilon, training) = (f64::from(attrs.float("epsilon")?), attrs.bool("is_training")?);
    let nchw = attrs.str("data_format")? == "NCHW";
    let axes = if nchw { [0, 2, 3] } else { [0, 1, 2] };
    let along = |x: Tensor| if nchw { reshape(x, [1, -1, 1, 1]) } else { x };
    let mean = |x: Tensor| reduce_mean_args(x).axis(axes).keepdims(true).build();
    let (dy, x, scale) = (g.x(0), g.x(1), along(g.x(2)));
    let (a, b, c) = (g.dy(0), along(g.dy(1)), along(g.dy(2)));
    let (center, spread) = match training {
        true => (mean(x), mean(squared_difference(x, mean(x)))),
        false => (along(g.x(3)), along(g.x(4))),
    };
    let inverse = rsqrt(spread + epsilon);
    let unit = (x - center) * inverse;
    // What normalizing passes back of a gradient.
    let back = |dy: Tensor| if training { dy - mean(dy) - unit * mean(dy * unit) } else { dy };
    let rest = back(a);
    let mut inner = dy * b;
    if training {
        inner = inner - (a * mean(dy * unit) + dy * mean(a * unit)) * scale * inverse;
    }
    let mut d_x = back(inner) * inverse;
    if training {
        d_x = d_x - unit * scale * mean(rest * dy) * square(inverse);
    }
    let d_dy = rest * scale * inverse + unit * b + c;
    let d_scale = reduce_sum_args(rest * dy * inverse).axis(axes).build();
    let mut gradients = vec![None; g.xs().len()];
    gradients.splice(..3, [Some(d_dy), Some(d_x), Some(d_scale)]);
    Ok(gradients)
}

pub(super) static FUSED_BATCH_NORM_GRAD: OpDef = OpDef {
    sig: Sig::new(
        "FusedBatchNormGrad(y_backprop: T, x: T, scale: T, reserve_space_1: T, reserve_space_2: T) \
         -> (x_backprop: T, scale_backprop: T, offset_backprop: T, reserve_space_3: T, reserve_space_4: T) \
         where T: {float32}, epsilon: float = 0.0001, data_format: 'NHWC'|'NCHW' = 'NHWC', is_training: bool = true",
    ),
    infer: infer_gradient,
    kernel: Kernel::Run(run_gradient),
    grad: Grad::Rule(second),
    flags: Flags::HEAVY,
};

pub(super) static FUSED_BATCH_NORM_GRAD_V2: OpDef = OpDef {
    sig: Sig::new(
        "FusedBatchNormGradV2(y_backprop: T, x: T, scale: float32, reserve_space_1: U, reserve_space_2: U) \
         -> (x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_3: U, reserve_space_4: U) \
         where T: {float32}, U: {float32}, epsilon: float = 0.0001, data_format: 'NHWC'|'NCHW' = 'NHWC', \
         is_training: bool = true",
    ),
    infer: infer_gradient,
    kernel: Kernel::Run(run_gradient),
    grad: Grad::Rule(second),
    flags: Flags::HEAVY,
};

pub(super) static FUSED_BATCH_NORM_GRAD_V3: OpDef = OpDef {
    sig: Sig::new(
        "FusedBatchNormGradV3(y_backprop: T, x: T, scale: float32, reserve_space_1: U, reserve_space_2: U, \
         reserve_space_3: U) \
         -> (x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_4: U, reserve_space_5: U) \
         where T: {float32}, U: {float32}, epsilon: float = 0.0001, data_format: 'NHWC'|'NCHW' = 'NHWC', \
         is_training: bool = true",
    ),
    infer: infer_gradient,
    kernel: Kernel::Run(run_gradient),
    grad: Grad::Rule(second),
    flags: Flags::HEAVY,
};

/// The dialect of the oldest graphs: `(t - m) / sqrt(v + epsilon)`, times `gamma` if wanted, plus `beta`.
pub(super) static BATCH_NORM_WITH_GLOBAL_NORMALIZATION: OpDef = OpDef {
    sig: Sig::new(
        "BatchNormWithGlobalNormalization(t: T, m: T, v: T, beta: T, gamma: T) -> (result: T) \
         where T: floating, variance_epsilon: float, scale_after_normalization: bool",
    ),
    infer: |ctx| {
        let [n, h, w, channels] = globally_normalized(ctx, 1..5)?;
        ctx.set(0, PartialShape::new([n, h, w, channels]))
    },
    kernel: Kernel::Run(|ctx| {
        let attrs = ctx.node.attrs();
        let epsilon = f64::from(attrs.float("variance_epsilon")?);
        let scaled = attrs.bool("scale_after_normalization")?;
        dispatch!(ctx.node.dtype()?, floats, T => {
            let (t, m, v) = (ctx.inputs.slice::<T>(0)?, ctx.inputs.slice::<T>(1)?, ctx.inputs.slice::<T>(2)?);
            let (beta, gamma) = (ctx.inputs.slice::<T>(3)?, ctx.inputs.slice::<T>(4)?);
            let factor: Vec<T> = v
                .iter()
                .zip(gamma)
                .map(|(v, gamma)| (if scaled { *gamma } else { 1.0 }) / (v + T::from_f64(epsilon)).sqrt())
                .collect();
            for (i, (y, t)) in ctx.outputs.slice::<T>(0)?.iter_mut().zip(t).enumerate() {
                let c = i % factor.len();
                *y = (t - m[c]) * factor[c] + beta[c];
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let attr = g.attrs();
        let (epsilon, scaled) = (attr.float("variance_epsilon")?, attr.bool("scale_after_normalization")?);
        let args = [g.x(0), g.x(1), g.x(2), g.x(4), g.dy(0)].map(IntoTensor::into_arg);
        let call = BATCH_NORM_WITH_GLOBAL_NORMALIZATION_GRAD.call(args);
        let gradients = call.attr("variance_epsilon", epsilon).attr("scale_after_normalization", scaled).build();
        Ok(gradients.outputs().into_iter().map(Some).collect())
    }),
    flags: Flags::HEAVY.row_by_row(),
};

/// The sizes of input 0, whose last one is that of the `others`.
fn globally_normalized(ctx: &InferCtx, others: Range<usize>) -> Result<[Dim; 4]> {
    let t = ctx.shape_of_rank(0, 4)?;
    let mut channels = t.dim(3);
    for i in others {
        let shape = ctx.shape_of_rank(i, 1)?;
        channels = merge_dims(channels, shape.dim(0)).ok_or_else(|| {
            Error::invalid_argument(format!("input {i} has shape {shape}, but {t} another number of channels"))
        })?;
    }
    Ok([t.dim(0), t.dim(1), t.dim(2), channels])
}

/// The gradients of the same, which the oldest graphs hold.
pub(super) static BATCH_NORM_WITH_GLOBAL_NORMALIZATION_GRAD: OpDef = OpDef {
    sig: Sig::new(
        "BatchNormWithGlobalNormalizationGrad(t: T, m: T, v: T, gamma: T, backprop: T) \
         -> (dx: T, dm: T, dv: T, db: T, dg: T) \
         where T: floating, variance_epsilon: float, scale_after_normalization: bool",
    ),
    infer: |ctx| {
        let [n, h, w, channels] = globally_normalized(ctx, 1..4)?;
        let sizes = PartialShape::new([n, h, w, channels]);
        let backprop = ctx.shape_of_rank(4, 4)?;
        let dx = sizes.merge(&backprop).ok_or_else(|| {
            Error::invalid_argument(format!("a gradient of shape {backprop} for a result of shape {sizes}"))
        })?;
        let channels = dx.dim(3);
        ctx.set(0, dx)?;
        (1..5).try_for_each(|o| ctx.set(o, PartialShape::new([channels])))
    },
    kernel: Kernel::Run(|ctx| {
        let attrs = ctx.node.attrs();
        let epsilon = f64::from(attrs.float("variance_epsilon")?);
        let scaled = attrs.bool("scale_after_normalization")?;
        dispatch!(ctx.node.dtype()?, floats, T => {
            let (t, m, v) = (ctx.inputs.slice::<T>(0)?, ctx.inputs.slice::<T>(1)?, ctx.inputs.slice::<T>(2)?);
            let (gamma, dy) = (ctx.inputs.slice::<T>(3)?, ctx.inputs.slice::<T>(4)?);
            let inverse: Vec<T> = v.iter().map(|v| 1.0 / (v + T::from_f64(epsilon)).sqrt()).collect();
            let factor: Vec<T> = inverse.iter().zip(gamma).map(|(x, g)| if scaled { x * g } else { *x }).collect();
            // For each channel the sum of what comes back, and of its products with the distance to the mean.
            let mut sums = vec![(T::ZERO, T::ZERO); factor.len()];
            for (i, ((dx, t), dy)) in ctx.outputs.slice::<T>(0)?.iter_mut().zip(t).zip(dy).enumerate() {
                let c = i % factor.len();
                *dx = dy * factor[c];
                sums[c] = (sums[c].0 + dy, sums[c].1 + dy * (t - m[c]));
            }
            for (c, (plain, apart)) in sums.into_iter().enumerate() {
                ctx.outputs.slice::<T>(1)?[c] = -plain * factor[c];
                ctx.outputs.slice::<T>(2)?[c] = apart * -0.5 * factor[c] * inverse[c] * inverse[c];
                ctx.outputs.slice::<T>(3)?[c] = plain;
                ctx.outputs.slice::<T>(4)?[c] = if scaled { apart * inverse[c] } else { 0.0 };
            }
            Ok(())
        })
    }),
    grad: Grad::Missing("TensorFlow has none"),
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

    /// The result, and the gradients of its sum.
    type Globally = [&'static [f32]; 6];
    const THIRD: f32 = 1.0 / 3.0;
    const GLOBALLY_SCALED: Globally = [
        &[0.5, -1.0, 6.5, 0.0, 3.5, 1.0, 15.5, -4.0 * THIRD],
        &[3.0, THIRD, 3.0, THIRD, 3.0, THIRD, 3.0, THIRD],
        &[-12.0, -4.0 * THIRD],
        &[-12.0, -0.592_592_6],
        &[4.0, 4.0],
        &[8.0, 16.0 * THIRD],
    ];
    const GLOBALLY_PLAIN: Globally = [
        &[0.5, -1.0, 2.5, 1.0, 1.5, 3.0, 5.5, -5.0 * THIRD],
        &[1.0, 2.0 * THIRD, 1.0, 2.0 * THIRD, 1.0, 2.0 * THIRD, 1.0, 2.0 * THIRD],
        &[-4.0, -8.0 * THIRD],
        &[-4.0, -1.185_185_2],
        &[4.0, 4.0],
        &[0.0, 0.0],
    ];

    fn globally(x: &[Tensor], scaled: bool) -> Tensor {
        let args = [x[0], x[1], x[2], x[3], x[4]].map(IntoTensor::into_arg);
        let call = BATCH_NORM_WITH_GLOBAL_NORMALIZATION.call(args);
        call.attr("variance_epsilon", 0.25f32).attr("scale_after_normalization", scaled).single()
    }

    /// The numbers are those of the kernels of TensorFlow 2.19, run out of a graph of producer 8.
    #[test]
    fn the_oldest_normalization_is_whole() {
        let inputs = || {
            let small = |a: f32, b: f32| Value::from([a, b]);
            [x(), small(1.0, 2.0), small(0.75, 2.0), small(0.5, -1.0), small(3.0, 0.5)]
        };
        for (scaled, expected) in [GLOBALLY_SCALED, GLOBALLY_PLAIN].into_iter().enumerate() {
            let scaled = scaled == 0;
            OpTest::new(|x| vec![globally(x, scaled)])
                .inputs(inputs())
                .expect([Value::new([2, 1, 2, 2], expected[0].to_vec()).unwrap()])
                .run();
            let graph = crate::Graph::new();
            let _default = graph.as_default();
            let x: Vec<Tensor> = inputs().map(crate::constant).to_vec();
            let gradients = crate::gradients(globally(&x, scaled), x.as_slice());
            let gradients: Vec<Tensor> = gradients.into_iter().map(|g| g.unwrap().values()).collect();
            assert_eq!(gradients[0].op().op_type(), "BatchNormWithGlobalNormalizationGrad");
            let found = crate::Session::new(&graph).unwrap().run(gradients, crate::Feeds::new()).unwrap();
            for (found, expected) in found.iter().zip(&expected[1..]) {
                for (a, b) in found.as_slice::<f32>().unwrap().iter().zip(*expected) {
                    assert!((a - b).abs() <= 2e-6 * b.abs().max(1.0), "{found} {expected:?}");
                }
            }
            // By differences, in f64.
            let wide = inputs().map(|value| value.convert(DType::Float64).unwrap());
            let x: Vec<Tensor> = wide.iter().map(|v| crate::placeholder(DType::Float64, v.shape().clone())).collect();
            let y = globally(&x, scaled);
            let gradients: Vec<Tensor> =
                crate::gradients(square(y), x.as_slice()).into_iter().map(|g| g.unwrap().values()).collect();
            let y = reduce_sum_args(square(y)).build();
            let session = crate::Session::new(&graph).unwrap();
            let feeds = |values: &[Value]| {
                x.iter().zip(values).fold(crate::Feeds::new(), |feeds, (x, value)| feeds.feed(*x, value.clone()))
            };
            let found = session.run(gradients, feeds(&wide)).unwrap();
            for (i, found) in found.iter().enumerate() {
                for (k, found) in found.as_slice::<f64>().unwrap().iter().enumerate() {
                    let moved = |by: f64| {
                        let mut values = wide.to_vec();
                        values[i].make_mut::<f64>().unwrap()[k] += by;
                        session.run(y, feeds(&values)).unwrap().item::<f64>().unwrap()
                    };
                    let numeric = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                    assert!((numeric - found).abs() <= 1e-5 + 1e-3 * numeric.abs(), "{i} {k}: {found} {numeric}");
                }
            }
        }
    }

    /// All numbers that an operation of some version gives for `x`, scale, offset, and the mean and variance.
    fn version(op: &'static OpDef, x: &[Tensor], format: &str, training: bool) -> Vec<Tensor> {
        let args = [x[0], x[1], x[2], x[3], x[4]].map(IntoTensor::into_arg);
        op.call(args).attr("data_format", format).attr("is_training", training).build().outputs()
    }

    #[test]
    fn versions_and_layouts_agree() {
        for (op, training) in [(&FUSED_BATCH_NORM, true), (&FUSED_BATCH_NORM_V2, false), (&FUSED_BATCH_NORM_V3, true)] {
            OpTest::new(|x| {
                let pixels = version(op, x, "NHWC", training);
                let planes = version(op, &[&[transpose(x[0], [0, 3, 1, 2])], &x[1..]].concat(), "NCHW", training);
                vec![pixels[0] - transpose(planes[0], [0, 2, 3, 1]), pixels[1] - planes[1], pixels[2] - planes[2]]
            })
            .inputs([x(), [1.0f32, 2.0].into(), [0.5f32, 1.0].into(), [1.0f32, 2.0].into(), [1.0f32, 4.0].into()])
            .expect([Value::new([2, 1, 2, 2], vec![0.0f32; 8]).unwrap(), [0.0f32; 2].into(), [0.0f32; 2].into()])
            .run();
        }
    }

    /// The first and second derivatives with respect to x, scale and offset of a weighted sum of squares of `y`.
    fn derivatives(y: Tensor, x: &[Tensor]) -> Vec<Tensor> {
        let by = x[..3].to_vec();
        let loss = crate::ops::math::reduce_sum(square(y) * x[0] * 0.25);
        let first: Vec<Tensor> = crate::autodiff::gradients(loss, by.clone())
            .into_iter()
            .flatten()
            .map(crate::op::Gradient::values)
            .collect();
        let weighted: Vec<Tensor> = first.iter().zip([0.5, 0.75, -1.5]).map(|(dx, weight)| *dx * weight).collect();
        let second = crate::autodiff::gradients(weighted, by).into_iter().flatten().map(crate::op::Gradient::values);
        first.iter().copied().chain(second).collect()
    }

    /// Derivatives of single operations are checked elsewhere; in single precision both agree to some 1e-5.
    #[test]
    fn derivatives_are_those_of_single_operations() {
        use crate::ops::nn::batch_normalization;
        let along = |x: Tensor| reduce_mean_args(x).axis([0, 1, 2]).build();
        for training in [true, false] {
            for format in ["NHWC", "NCHW"] {
                OpTest::new(|x| {
                    let turned = if format == "NCHW" { transpose(x[0], [0, 3, 1, 2]) } else { x[0] };
                    let args = fused_batch_norm_args(turned, x[1], x[2]).data_format(format).epsilon(0.5);
                    let fused = args.mean(x[3]).variance(x[4]).is_training(training).build().0;
                    let fused = if format == "NCHW" { transpose(fused, [0, 2, 3, 1]) } else { fused };
                    let mean = if training { along(x[0]) } else { x[3] };
                    let variance = if training { along(squared_difference(x[0], mean)) } else { x[4] };
                    let single = batch_normalization(x[0], mean, variance, Some(x[2]), Some(x[1]), 0.5);
                    let pairs = derivatives(fused, x).into_iter().zip(derivatives(single, x));
                    let far = pairs.map(|(a, b)| crate::ops::math::reduce_max(crate::ops::math::abs(a - b)));
                    let far: Vec<Tensor> = far.collect();
                    vec![crate::ops::math::cast(crate::ops::array::stack(far) * 1e4, DType::Int32)]
                })
                .inputs([x(), [1.0f32, 2.0].into(), [0.5f32, 1.0].into(), [1.0f32, 2.0].into(), [1.0f32, 4.0].into()])
                .expect([[0i32; 6].into()])
                .run();
            }
        }
    }

    #[test]
    fn the_oldest_dialect_is_whole() {
        OpTest::new(|x| {
            let args = [x[0], x[1], x[2], x[3], x[4]].map(IntoTensor::into_arg);
            let call = BATCH_NORM_WITH_GLOBAL_NORMALIZATION.call(args).attr("variance_epsilon", 0.0f32);
            vec![call.attr("scale_after_normalization", true).single()]
        })
        .inputs([x(), [1.0f32, 2.0].into(), [1.0f32, 4.0].into(), [0.0f32, 1.0].into(), [1.0f32, 2.0].into()])
        .expect([Value::new([2, 1, 2, 2], vec![0.0f32, 1.0, 2.0, 4.0, 1.0, 7.0, 5.0, 0.0]).unwrap()])
        .run();
    }
}
