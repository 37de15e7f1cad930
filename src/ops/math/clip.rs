//! Clipping: `clip_by_value`, `clip_by_norm` and their kin, and the operation ClipByValue.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::copy::broadcast_places;
use crate::op::{Arg, Flags, Grad, GradCtx, Gradient, IntoTensor, Kernel, OpDef, Sig, broadcast, convert};
use crate::ops::array::{
    FILL, IDENTITY, broadcast_gradient_args, constant_of, ones_like, range, rank, reshape, shape, size, stack,
};
use crate::ops::math::cast::CAST;
use crate::ops::math::select::MAXIMUM;
use crate::ops::math::unary::SQRT;
use crate::ops::math::{
    cast, greater, less, logical_or, maximum, minimum, mul_named, reduce_sum, reduce_sum_args, rsqrt, select, sqrt, sub,
};
use crate::ops::nn::l2_loss;
use crate::ops::scope::{Scope, refuse};
use crate::value::{Literal, Number, Value};

/// `t` with what is below `clip_value_min` or above `clip_value_max` moved there. TF: `tf.clip_by_value`.
///
/// Numbers of one type; the bounds are broadcast to `t`, whose shape the result has. The gradient is 0 where `t` was
/// moved.
///
/// ```
/// use flowstone as tf;
/// let y = tf::clip_by_value([-2.0, 0.5, 2.0], -1.0, 1.0);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [-1.0, 0.5, 1.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn clip_by_value(t: impl IntoTensor, clip_value_min: impl IntoTensor, clip_value_max: impl IntoTensor) -> Tensor {
    let (t, low, high) = (t.into_arg(), clip_value_min.into_arg(), clip_value_max.into_arg());
    let scope = Scope::open(&[&t, &low, &high], "clip_by_value");
    let dtype = [&low, &high].into_iter().find_map(|bound| bound.tensor()?.dtype().ok());
    let t = convert(t, "t", dtype);
    let below = minimum(t, high);
    let clipped = MAXIMUM.call([below.into_arg(), low]).name(scope.itself()).single();
    keeps_shape("clip_by_value", t, clipped)
}

/// `result`; an error unless it may have the shape of `t`.
#[track_caller]
fn keeps_shape(function: &str, t: Tensor, result: Tensor) -> Tensor {
    if t.shape().merge(&result.shape()).is_some() {
        return result;
    }
    let (shape, bounds) = (t.shape(), result.shape());
    refuse(function, Error::invalid_argument(format!("{shape} is clipped to shape {bounds}")))
}

/// `t` scaled so that the square root of its sum of squares is at most `clip_norm`. TF: `tf.clip_by_norm`.
///
/// float32 or float64; `clip_norm` is a single number. For the sums along some dimensions, see [`clip_by_norm_args`].
#[track_caller]
pub fn clip_by_norm(t: impl IntoTensor, clip_norm: impl IntoTensor) -> Tensor {
    clip_by_norm_args(t, clip_norm).build()
}

/// [`clip_by_norm`] with the keyword argument `axes`.
pub fn clip_by_norm_args(t: impl IntoTensor, clip_norm: impl IntoTensor) -> ClipByNormArgs {
    ClipByNormArgs { t: t.into_arg(), clip_norm: clip_norm.into_arg(), axes: None }
}

/// A [`clip_by_norm`] under construction: its keyword argument.
#[must_use = "nothing is built until `build` is called"]
pub struct ClipByNormArgs {
    t: Arg,
    clip_norm: Arg,
    axes: Option<Arg>,
}

impl ClipByNormArgs {
    /// The dimensions that are summed; all if not said.
    pub fn axes(mut self, axes: impl IntoTensor) -> Self {
        self.axes = Some(axes.into_arg());
        self
    }

    /// Builds the clipped tensor.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let scope = Scope::open(&[&self.t, &self.clip_norm], "clip_by_norm");
        let t = convert(self.t, "t", None);
        let clip_norm = match self.clip_norm {
            Arg::Tensor(norm) => cast(maximum(norm, 0), t.dtype().unwrap_or(DType::Float32)).into_arg(),
            literal => not_below_zero(literal),
        };
        let squares = reduce_sum_args(t * t).along(&self.axes).keepdims(true).build();
        let some = greater(squares, 0);
        // The slope of a square root at 0 would be infinite.
        let safe = select(some, squares, ones_like(squares));
        let norm = select(some, sqrt(safe), squares);
        let scaled = mul_named(t.into_arg(), clip_norm.clone(), "mul");
        let clipped = IDENTITY.call([(scaled / maximum(norm, clip_norm)).into_arg()]).name(scope.itself()).single();
        keeps_shape("clip_by_norm", t, clipped)
    }
}

/// A negative number counts as 0.
fn not_below_zero(norm: Arg) -> Arg {
    let Arg::Literal(Ok(literal)) = &norm else { return norm };
    let value = literal.clone().resolve(Some(DType::Float64)).and_then(|value| value.item::<f64>());
    if value.is_ok_and(|norm| norm < 0.0) { 0.into_arg() } else { norm }
}

/// `t` scaled so that its norm divided by the number of its elements is at most `clip_norm`.
/// TF: `tf.clip_by_average_norm`. float32; `clip_norm` is a single number.
#[track_caller]
pub fn clip_by_average_norm(t: impl IntoTensor, clip_norm: impl IntoTensor) -> Tensor {
    let (t, clip_norm) = (t.into_arg(), clip_norm.into_arg());
    let scope = Scope::open(&[&t, &clip_norm], "clip_by_average_norm");
    let t = convert(t, "t", None);
    let count = cast(size(t), DType::Float32);
    let inverse = rsqrt(reduce_sum_args(t * t).axis(range(0, rank(t), 1)).build());
    let scaled = mul_named(t.into_arg(), clip_norm.clone(), "mul");
    let share = inverse * count;
    let bound = constant_of(1, DType::Float32) / clip_norm;
    IDENTITY.call([(scaled * minimum(share, bound)).into_arg()]).name(scope.itself()).single()
}

/// The square root of the sum of the squares of all elements of all of `t_list`. TF: `tf.global_norm`.
///
/// float32 or float64 of any shapes.
///
/// ```
/// use flowstone as tf;
/// let y = tf::global_norm([tf::constant([3.0, 0.0]), tf::constant([4.0, 12.0])]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.item::<f32>()?, 13.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn global_norm<T: IntoTensor>(t_list: impl IntoIterator<Item = T>) -> Tensor {
    let list: Vec<Arg> = t_list.into_iter().map(IntoTensor::into_arg).collect();
    let _scope = Scope::open(&list.iter().collect::<Vec<_>>(), "global_norm");
    let list = list.into_iter().enumerate().map(|(i, t)| convert(t, &format!("t_{i}"), None));
    let halves: Vec<Tensor> = list
        .collect::<Vec<_>>()
        .into_iter()
        .map(|t| {
            let _near = t.graph().map(|graph| graph.colocate_with(t.op()));
            l2_loss(t)
        })
        .collect();
    let half = reduce_sum(stack(halves));
    let two = constant_of(2, half.dtype().unwrap_or(DType::Float32));
    SQRT.call([(half * two).into_arg()]).name("global_norm").single()
}

/// What can stand in a list of gradients: a tensor, a [`Gradient`], or an option of one.
pub trait AsGradient {
    /// The gradient, if there is one.
    fn as_gradient(&self) -> Option<Gradient>;
}

impl AsGradient for Tensor {
    fn as_gradient(&self) -> Option<Gradient> {
        Some((*self).into())
    }
}

impl AsGradient for Gradient {
    fn as_gradient(&self) -> Option<Gradient> {
        Some(*self)
    }
}

impl<G: AsGradient> AsGradient for Option<G> {
    fn as_gradient(&self) -> Option<Gradient> {
        self.as_ref().and_then(AsGradient::as_gradient)
    }
}

/// `t_list` scaled together so that the square root of the sum of all their squares is at most `clip_norm`; and that root
/// as it was. TF: `tf.clip_by_global_norm`.
///
/// Gradients of one floating-point type; of those for some rows the rows count. If one number is infinite or NaN, all
/// become NaN.
///
/// ```
/// use flowstone as tf;
/// let x = tf::Variable([3.0, 4.0]);
/// let gradients = tf::gradients(tf::nn::l2_loss(x), x);
/// let (gradients, norm) = tf::clip_by_global_norm(&gradients, 1.0);
/// let train = tf::train::GradientDescentOptimizer(1.0).apply_gradients(&[(gradients[0], x)], None);
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// assert_eq!(sess.run((norm, train), tf::feed_dict! {})?.0.item::<f32>()?, 5.0);
/// assert_eq!(sess.run(x, tf::feed_dict! {})?.as_slice::<f32>()?, [2.4, 3.2]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn clip_by_global_norm<G: AsGradient>(t_list: &[G], clip_norm: impl IntoTensor) -> (Vec<Option<Gradient>>, Tensor) {
    let gradients: Vec<Option<Gradient>> = t_list.iter().map(AsGradient::as_gradient).collect();
    let norm = global_norm(gradients.iter().flatten().map(|gradient| gradient.values()));
    let scope = Scope::open(&[&Arg::Tensor(norm)], "clip_by_global_norm");
    let clip_norm = clip_norm.into_arg();
    let dtype = norm.dtype().unwrap_or(DType::Float32);
    let inverse = 1.0 / norm;
    let least = constant_of(1, dtype) / clip_norm.clone();
    let smaller = minimum(inverse, least);
    // NaN where the norm is not finite.
    let nothing = sub(norm, norm);
    let scale = mul_named(clip_norm, smaller.into_arg(), "mul") + nothing;
    let clip = |(i, gradient): (usize, &Option<Gradient>)| {
        let gradient = (*gradient)?;
        let values = gradient.values();
        let _near = values.graph().map(|graph| graph.colocate_with(values.op()));
        let scaled = values * cast(scale, values.dtype().unwrap_or(dtype));
        // TensorFlow's name: the scope's own, inside of it.
        let name = format!("{}_{i}", scope.itself());
        Some(gradient.with_values(IDENTITY.call([scaled.into_arg()]).name(name).single()))
    };
    (gradients.iter().enumerate().map(clip).collect(), norm)
}

/// `value` as `dtype`, numbers out of its range moved to the end of it first. TF: `tf.saturate_cast`. Numbers.
#[track_caller]
pub fn saturate_cast(value: impl IntoTensor, dtype: DType) -> Tensor {
    saturate_cast_named(value.into_arg(), dtype, "saturate_cast")
}

/// [`saturate_cast`] in a scope `name`, as which the result is called.
#[track_caller]
pub(crate) fn saturate_cast_named(value: Arg, dtype: DType, name: &str) -> Tensor {
    let scope = Scope::open(&[&value], name);
    let value = convert(value, "value", None);
    let from = value.dtype().unwrap_or(dtype);
    let limits = match limits(from, dtype) {
        Ok(limits) => limits.map(|limit| convert(Arg::Literal(Ok(Literal::firm(limit))), "Const", None).into_arg()),
        Err(error) => return refuse("saturate_cast", error),
    };
    let [low, high] = limits;
    let clamped = CLIP_BY_VALUE.call([value.into_arg(), low, high]).name("clamp").single();
    if from == dtype {
        return clamped;
    }
    CAST.call([Arg::Tensor(clamped)]).attr("DstT", dtype).name(scope.itself()).single()
}

/// The lowest and the highest number of `from` that `to` has too.
fn limits(from: DType, to: DType) -> Result<[Value; 2]> {
    if from.is_integer() {
        let (own, other) = (ends(from)?, if to.is_integer() { ends(to)? } else { [i64::MIN, i64::MAX] });
        let [low, high] = [own[0].max(other[0]), own[1].min(other[1])].map(|end| Value::scalar(end).convert(from));
        return Ok([low?, high?]);
    }
    let [low, high] = if to.is_integer() {
        let [low, high] = ends(to)?;
        [low as f64, below(high, from)]
    } else {
        let most = if DType::Float64 == from && from == to { f64::MAX } else { f64::from(f32::MAX) };
        [-most, most]
    };
    dispatch!(from, floats, T => Ok([low, high].map(|end| Value::scalar(T::from_f64(end)))))
}

/// The lowest and the highest whole number.
fn ends(dtype: DType) -> Result<[i64; 2]> {
    Ok(match dtype {
        DType::UInt8 => [0, u8::MAX.into()],
        DType::Int32 => [i32::MIN.into(), i32::MAX.into()],
        DType::Int64 => [i64::MIN, i64::MAX],
        other => return crate::value::unsupported(other),
    })
}

/// The number of the floating-point type `dtype` next to `n`, and not above it as far as float64 can tell.
fn below(n: i64, dtype: DType) -> f64 {
    let near = n as f32;
    match dtype {
        DType::Float32 if f64::from(near) > n as f64 => f64::from(near.next_down()),
        DType::Float32 => f64::from(near),
        _ => n as f64,
    }
}

pub(super) static CLIP_BY_VALUE: OpDef = OpDef {
    sig: Sig::new("ClipByValue(t: T, clip_value_min: T, clip_value_max: T) -> (output: T) where T: number"),
    infer: |ctx| {
        let shape = ctx.shape(0)?.clone();
        for bound in [ctx.shape(1)?, ctx.shape(2)?] {
            if broadcast(&shape, bound)?.merge(&shape).is_none() {
                return Err(Error::invalid_argument(format!("{shape} is clipped to shape {bound}")));
            }
        }
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let shape = ctx.outputs.shape(0)?.clone();
        let (low, high) =
            (broadcast_places(ctx.inputs.shape(1)?, &shape), broadcast_places(ctx.inputs.shape(2)?, &shape));
        dispatch!(ctx.node.dtype()?, numbers, T => {
            let (x, lows, highs) = (ctx.inputs.slice::<T>(0)?, ctx.inputs.slice::<T>(1)?, ctx.inputs.slice::<T>(2)?);
            for (i, (out, x)) in ctx.outputs.slice::<T>(0)?.iter_mut().zip(x).enumerate() {
                let (low, high) = (lows[low.at(i)], highs[high.at(i)]);
                let above = if *x < low { low } else { *x };
                *out = if above > high { high } else { above };
            }
            Ok(())
        })
    }),
    grad: Grad::Rule(clip_grad),
    flags: Flags::PURE,
};

fn clip_grad(g: &GradCtx) -> Result<Vec<Option<Tensor>>> {
    let (x, low, high, dy) = (g.x(0), g.x(1), g.x(2), g.dy(0));
    let (sx, s_low, s_high) = (shape(x), shape(low), shape(high));
    let zeros = zeros_of_sizes(shape(dy), dy.dtype()?);
    let (is_below, is_above) = (less(x, low), greater(x, high));
    let (_, axes_low) = broadcast_gradient_args(sx, s_low);
    let (_, axes_high) = broadcast_gradient_args(sx, s_high);
    let dx = select(logical_or(is_below, is_above), zeros, dy);
    let d_low = select(is_below, dy, zeros);
    let d_high = select(is_above, dy, zeros);
    let reduce = |gradient, axes, sizes| Some(reshape(reduce_sum_args(gradient).axis(axes).build(), sizes));
    Ok(vec![Some(dx), reduce(d_low, axes_low, s_low), reduce(d_high, axes_high, s_high)])
}

fn zeros_of_sizes(sizes: Tensor, dtype: DType) -> Tensor {
    let sizes = sizes.into_arg();
    let scope = Scope::open(&[&sizes], "zeros");
    FILL.call([sizes, constant_of(0, dtype).into_arg()]).name(scope.itself()).single()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn clipping_is_whole() {
        OpTest::new(|x| vec![clip_by_value(x[0], x[1], x[2])])
            .inputs([[[-2.0f32, 0.5], [0.75, 2.0]].into(), Value::scalar(-1.0f32), [1.0f32, 1.5].into()])
            .expect([[[-1.0f32, 0.5], [0.75, 1.5]].into()])
            .differentiable(&[0, 1, 2])
            .run();
        OpTest::new(|x| vec![CLIP_BY_VALUE.call([x[0], x[1], x[2]].map(IntoTensor::into_arg)).single()])
            .inputs([[[-2.0f32, 0.5], [0.75, 2.0]].into(), Value::scalar(-1.0f32), [1.0f32, 1.5].into()])
            .expect([[[-1.0f32, 0.5], [0.75, 1.5]].into()])
            .differentiable(&[0, 1, 2])
            .run();
        let error = build_error(|| clip_by_value([1.0, 2.0], [[0.0], [0.0]], 1.0));
        assert!(error.contains("[2] is clipped to shape [2,2]"), "{error}");
    }

    #[test]
    fn clipping_by_norms_is_whole() {
        OpTest::new(|x| {
            vec![
                clip_by_norm(x[0], 2.0),
                clip_by_norm(x[0], 20.0),
                clip_by_norm_args(x[0], 1.0).axes([1]).build(),
                global_norm([x[0], x[0] * 2.0]),
            ]
        })
        .inputs([[[3.0f32, 4.0], [0.0, 12.0]].into()])
        .expect([
            [[0.461_538_5f32, 0.615_384_6], [0.0, 1.846_153_9]].into(),
            [[3.0f32, 4.0], [0.0, 12.0]].into(),
            [[0.6f32, 0.8], [0.0, 1.0]].into(),
            Value::scalar(29.068_884f32),
        ])
        .differentiable(&[0])
        .run();
        OpTest::new(|x| vec![clip_by_average_norm(x[0], 0.5)])
            .inputs([[3.0f32, 4.0].into()])
            .expect([[0.6f32, 0.8].into()])
            .run();
    }

    #[test]
    fn saturated_casts_are_whole() {
        OpTest::new(|x| vec![saturate_cast(x[0], DType::UInt8), saturate_cast(x[0], DType::Int32)])
            .inputs([[-1.5f32, 300.0, 1e20, 7.0].into()])
            .expect([[0u8, 255, 255, 7].into(), [-1i32, 300, 2_147_483_520, 7].into()])
            .run();
        OpTest::new(|x| vec![saturate_cast(x[0], DType::Int32), saturate_cast(x[0], DType::Float64)])
            .inputs([[i64::MIN, -5, 1 << 40].into()])
            .expect([[i32::MIN, -5, i32::MAX].into(), [i64::MIN as f64, -5.0, (1i64 << 40) as f64].into()])
            .run();
    }
}
