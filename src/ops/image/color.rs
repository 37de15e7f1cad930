//! RGBToHSV and HSVToRGB; AdjustContrastv2, AdjustHue, AdjustSaturation.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::parallel::{ELEMENTWISE_CHUNK, for_each_chunk};
use crate::op::{Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::array::{ellipsis, stack_args};
use crate::ops::math::{add, cast, div_no_nan, greater, greater_equal, less, less_equal, logical_and_named, square};
use crate::shape::{Dim, PartialShape};
use crate::value::Element;

/// Colors of red, green and blue as hue, saturation and value. TF: `tf.image.rgb_to_hsv`.
///
/// float32 or float64 whose last dimension has size 3, with numbers from 0 to 1. The gradient is that of the part of the
/// color space where the color lies.
///
/// ```
/// use flowstone as tf;
/// let y = tf::image::rgb_to_hsv([0.0, 1.0, 0.0]);
/// let y = tf::Session()?.run(tf::image::hsv_to_rgb(y), tf::feed_dict! {})?;
/// assert_eq!(y.as_slice::<f32>()?, [0.0, 1.0, 0.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn rgb_to_hsv(images: impl IntoTensor) -> Tensor {
    RGB_TO_HSV.call([images.into_arg()]).single()
}

/// Colors of hue, saturation and value as red, green and blue. TF: `tf.image.hsv_to_rgb`. As [`rgb_to_hsv`], but without a gradient.
#[track_caller]
pub fn hsv_to_rgb(images: impl IntoTensor) -> Tensor {
    HSV_TO_RGB.call([images.into_arg()]).single()
}

/// The shape of input 0, whose last dimension has size 3; input 1, if there is one, is a single number.
fn infer(ctx: &mut InferCtx) -> Result<()> {
    let images = ctx.shape(0)?.clone();
    match images.dims() {
        Some([]) => return Err(Error::invalid_argument("images must have at least one dimension")),
        Some([.., Some(n)]) if *n != 3 => {
            return Err(Error::invalid_argument(format!("images {images} must have 3 channels")));
        }
        Some(dims) if ctx.len() > 1 && dims.len() < 3 => {
            return Err(Error::invalid_argument(format!("images {images} must have at least 3 dimensions")));
        }
        _ => {}
    }
    if ctx.len() > 1 {
        ctx.shape_of_rank(1, 0)?;
        return ctx.set(0, images);
    }
    let with_channels = |dims: &[Dim]| PartialShape::new(dims.iter().take(dims.len() - 1).copied().chain([Some(3)]));
    ctx.set(0, images.dims().map_or_else(PartialShape::unknown, with_channels))
}

macro_rules! colors {
    ($($float:ident)*) => {$(
        /// Colors in one precision.
        mod $float {
            /// Hue, saturation and value.
            #[inline(always)]
            pub(super) fn to_hsv([r, g, b]: [$float; 3]) -> [$float; 3] {
                let value = r.max(g).max(b);
                let range = value - r.min(g).min(b);
                let saturation = if value > 0.0 { range / value } else { 0.0 };
                let sixth = 1.0 / (6.0 * range);
                let hue = if r == value {
                    sixth * (g - b)
                } else if g == value {
                    sixth * (b - r) + 2.0 / 6.0
                } else {
                    sixth * (r - g) + 4.0 / 6.0
                };
                let hue = if range > 0.0 { hue } else { 0.0 };
                [if hue < 0.0 { hue + 1.0 } else { hue }, saturation, value]
            }

            /// Red, green and blue.
            #[inline(always)]
            pub(super) fn to_rgb([hue, saturation, value]: [$float; 3]) -> [$float; 3] {
                let h = hue * 6.0;
                let parts = [(h - 3.0).abs() - 1.0, 2.0 - (h - 2.0).abs(), 2.0 - (h - 4.0).abs()];
                parts.map(|part| ((1.0 - saturation) + saturation * part.clamp(0.0, 1.0)) * value)
            }
        }
    )*};
}
colors! { f32 f64 }

pub(super) static RGB_TO_HSV: OpDef = OpDef {
    sig: Sig::new("RGBToHSV(images: T) -> (output: T) where T: floating = float32"),
    infer,
    kernel: Kernel::Run(|ctx| match ctx.node.dtype()? {
        DType::Float64 => each_pixel(ctx, f64::to_hsv),
        _ => each_pixel(ctx, f32::to_hsv),
    }),
    grad: Grad::Rule(|g| Ok(vec![Some(from_hsv(g)?)])),
    flags: Flags::PURE,
};

pub(super) static HSV_TO_RGB: OpDef = OpDef {
    sig: Sig::new("HSVToRGB(images: T) -> (output: T) where T: floating = float32"),
    infer,
    kernel: Kernel::Run(|ctx| match ctx.node.dtype()? {
        DType::Float64 => each_pixel(ctx, f64::to_rgb),
        _ => each_pixel(ctx, f32::to_rgb),
    }),
    grad: Grad::Missing("TensorFlow has no gradient from hue, saturation and value"),
    flags: Flags::PURE,
};

/// Every three numbers become what `f` makes of them.
fn each_pixel<T: Element + Copy>(ctx: &mut KernelCtx, f: impl Fn([T; 3]) -> [T; 3] + Sync) -> Result<()> {
    let x = ctx.inputs.slice::<T>(0)?;
    for_each_chunk(ctx.outputs.slice::<T>(0)?, ELEMENTWISE_CHUNK / 3 * 3, |start, y| {
        for (x, y) in x[start..].chunks_exact(3).zip(y.chunks_exact_mut(3)) {
            y.copy_from_slice(&f([x[0], x[1], x[2]]));
        }
    });
    Ok(())
}

/// One channel of colors.
fn channel(images: Tensor, i: i32) -> Tensor {
    images.at((ellipsis, i))
}

/// 1 where both are true, else 0.
fn where_both(a: Tensor, b: Tensor, dtype: DType) -> Tensor {
    cast(logical_and_named(a, b, "and"), dtype)
}

/// `1 / x`, or 0 where `x` is 0.
fn reciprocal(x: Tensor, dtype: DType) -> Tensor {
    div_no_nan(cast(1.0, dtype), x)
}

/// The gradient to colors from that to their hue, saturation and value: in each part of the color space, told by which
/// channel is the most and which the least, these are simple fractions.
fn from_hsv(g: &GradCtx) -> Result<Tensor> {
    let dtype = g.x(0).dtype()?;
    let [red, green, blue] = [0, 1, 2].map(|i| channel(g.x(0), i));
    let [saturation, value] = [1, 2].map(|i| channel(g.y(0), i));
    let colors = [red, green, blue];
    let most = [
        where_both(greater_equal(red, blue), greater_equal(red, green), dtype),
        where_both(greater(green, red), greater_equal(green, blue), dtype),
        where_both(greater(blue, red), greater(blue, green), dtype),
    ];
    let least = [
        where_both(less(red, blue), less(red, green), dtype),
        where_both(less_equal(green, red), less(green, blue), dtype),
        where_both(less_equal(blue, red), less_equal(blue, green), dtype),
    ];
    let there = |i: usize| cast(greater(colors[i], 0.0), dtype);
    // (most - least) / most; the other channels in the order in which TensorFlow adds them.
    let saturations: Vec<Tensor> = [[1, 2], [0, 2], [1, 0]]
        .into_iter()
        .enumerate()
        .map(|(i, [a, b])| {
            let there = there(i);
            let as_most = most[i] * add(least[a] * colors[a], least[b] * colors[b]);
            let as_most = as_most * reciprocal(square(colors[i]), dtype);
            let as_least = least[i] * -1.0 * reciprocal(most[a] * colors[a] + most[b] * colors[b], dtype);
            there * add(as_most, as_least)
        })
        .collect();
    let hues: Vec<Tensor> = (0..3)
        .map(|i| {
            let [a, b] = [[1, 2], [0, 2], [0, 1]][i];
            // The channel is the most; then each of the others is, and the least is this one or the third.
            let mut hue = there(i) * most[i] * -1.0 * (colors[(i + 1) % 3] - colors[(i + 2) % 3]);
            hue = 60.0 * (hue * reciprocal(square(saturation), dtype) * reciprocal(square(value), dtype));
            let mut terms = Vec::new();
            for (m, n, negative) in [(a, b, i != 1), (b, a, i == 1)] {
                let here = there(m) * most[m] * least[i];
                let across = if i == 1 { colors[a] - colors[b] } else { colors[b] - colors[a] };
                let (from, to) = if (i, m) == (0, 1) { (i, m) } else { (m, i) };
                let lying = here * across * reciprocal(square(colors[from] - colors[to]), dtype);
                terms.push(60.0 * lying);
                let other = there(m) * most[m] * least[n];
                let other = if negative { other * -1.0 } else { other };
                terms.push(60.0 * (other * reciprocal(colors[m] - colors[n], dtype)));
            }
            for term in terms {
                hue = hue + term;
            }
            hue / 360.0
        })
        .collect();
    let parts = [(2, most.to_vec()), (1, saturations), (0, hues)];
    let [value, saturation, hue] = parts.map(|(i, by)| {
        let parts: Vec<Tensor> = by.into_iter().map(|by| channel(g.dy(0), i) * by).collect();
        stack_args(parts).axis(-1).build()
    });
    Ok(add(add(value, saturation), hue))
}

/// A color whose hue is moved by `delta` of the whole circle.
fn turned([r, g, b]: [f32; 3], delta: f32) -> [f32; 3] {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    if most == least {
        return [r, g, b];
    }
    let part = |low: f32| (low - least) / (most - least);
    // Six parts of the circle: in each one channel is the most, one the least.
    let hue = match (r == most, g == most, b == least) {
        (true, _, true) => part(g),
        (true, ..) => 6.0 - part(b),
        (_, true, true) => 2.0 - part(r),
        (_, true, _) => 2.0 + part(b),
        _ if r == least => 4.0 - part(g),
        _ => 4.0 + part(r),
    };
    let hue = (hue + delta * 6.0).rem_euclid(6.0);
    let (rising, between) = ((hue as u32).is_multiple_of(2), hue.fract());
    let middle = least + (if rising { between } else { 1.0 - between }) * (most - least);
    match hue as u32 {
        0 => [most, middle, least],
        1 => [middle, most, least],
        2 => [least, most, middle],
        3 => [least, middle, most],
        4 => [middle, least, most],
        _ => [most, least, middle],
    }
}

pub(super) static ADJUST_HUE: OpDef = OpDef {
    sig: Sig::new("AdjustHue(images: T, delta: float32) -> (output: T) where T: {float32} = float32"),
    infer,
    kernel: Kernel::Run(|ctx| {
        let delta = ctx.inputs.value(1)?.item::<f32>()?;
        each_pixel(ctx, |color| turned(color, delta))
    }),
    grad: Grad::Missing("TensorFlow has no gradient of a hue"),
    flags: Flags::PURE,
};

pub(super) static ADJUST_SATURATION: OpDef = OpDef {
    sig: Sig::new("AdjustSaturation(images: T, scale: float32) -> (output: T) where T: {float32} = float32"),
    infer,
    kernel: Kernel::Run(|ctx| {
        let scale = ctx.inputs.value(1)?.item::<f32>()?;
        each_pixel(ctx, |color| {
            let [hue, saturation, value] = f32::to_hsv(color);
            f32::to_rgb([hue, (saturation * scale).clamp(0.0, 1.0), value])
        })
    }),
    grad: Grad::Missing("TensorFlow has no gradient of a saturation"),
    flags: Flags::PURE,
};

/// Each number's distance from the mean of its image and channel, times a factor.
pub(super) static ADJUST_CONTRAST_V2: OpDef = OpDef {
    sig: Sig::new("AdjustContrastv2(images: T, contrast_factor: float32) -> (output: T) where T: {float32} = float32"),
    infer: |ctx| {
        let images = ctx.shape(0)?.clone();
        if images.rank().is_some_and(|rank| rank < 3) {
            return Err(Error::invalid_argument(format!("images {images} must have at least 3 dimensions")));
        }
        ctx.shape_of_rank(1, 0)?;
        ctx.set(0, images)
    },
    kernel: Kernel::Run(|ctx| {
        let factor = ctx.inputs.value(1)?.item::<f32>()?;
        let &[.., height, width, channels] = ctx.inputs.shape(0)?.dims() else {
            return Err(Error::internal("not an image"));
        };
        let x = ctx.inputs.slice::<f32>(0)?;
        let image = height * width * channels;
        for_each_chunk(ctx.outputs.slice::<f32>(0)?, image, |start, y| {
            let x = &x[start..][..image];
            let (mean, _) = crate::kernels::batch_norm::moments(x, channels);
            for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
                for ((y, x), mean) in y.iter_mut().zip(x).zip(&mean) {
                    *y = (x - *mean as f32) * factor + *mean as f32;
                }
            }
        });
        Ok(())
    }),
    grad: Grad::Missing("TensorFlow has no gradient of a contrast"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    fn colors() -> Value {
        Value::new([1, 2, 3, 3], (0..18).map(|i| (i * 7 % 18) as f32 / 20.0).collect::<Vec<f32>>()).unwrap()
    }

    #[test]
    fn colors_go_there_and_back() {
        OpTest::new(|x| vec![hsv_to_rgb(rgb_to_hsv(x[0]))]).inputs([colors()]).expect([colors()]).run();
        OpTest::new(|x| vec![rgb_to_hsv(x[0])])
            .inputs([[[0.0f64, 1.0, 0.0], [0.5, 0.5, 0.5], [0.0, 0.0, 0.25]].into()])
            .expect([[[1.0f64 / 3.0, 1.0, 1.0], [0.0, 0.0, 0.5], [2.0 / 3.0, 1.0, 0.25]].into()])
            .run();
        // No two channels alike, and each order of them.
        let apart =
            [[0.1f64, 0.5, 0.9], [0.2, 0.8, 0.4], [0.5, 0.3, 0.7], [0.6, 0.9, 0.1], [0.9, 0.2, 0.6], [0.8, 0.5, 0.3]];
        OpTest::new(|x| vec![rgb_to_hsv(x[0])]).inputs([apart.into()]).differentiable(&[0]).run();
        assert!(build_error(|| rgb_to_hsv([1.0, 2.0])).contains("must have 3 channels"));
    }

    #[test]
    fn adjustments_are_whole() {
        OpTest::new(|x| {
            let adjust = |op: &'static OpDef, by: f32| op.call([x[0].into_arg(), by.into_arg()]).single();
            vec![
                adjust(&ADJUST_HUE, 1.0),
                adjust(&ADJUST_HUE, -1.0),
                adjust(&ADJUST_SATURATION, 1.0),
                adjust(&ADJUST_CONTRAST_V2, 1.0),
            ]
        })
        .inputs([colors()])
        .expect([colors(), colors(), colors(), colors()])
        .run();
        OpTest::new(|x| vec![ADJUST_CONTRAST_V2.call([x[0].into_arg(), 2.0f32.into_arg()]).single()])
            .inputs([Value::new([1, 2, 1, 1], vec![1.0f32, 3.0]).unwrap()])
            .expect([Value::new([1, 2, 1, 1], vec![0.0f32, 4.0]).unwrap()])
            .run();
    }
}
