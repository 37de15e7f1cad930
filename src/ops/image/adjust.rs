//! Brightness, contrast, hue, saturation, and other types of numbers.

use crate::dtype::DType;
use crate::error::Error;
use crate::graph::Tensor;
use crate::op::{Arg, IntoTensor, OpDef, convert};
use crate::ops::array::{IDENTITY, TILE, concat, expand_dims, ones_of, rank, shape};
use crate::ops::image::color::{ADJUST_CONTRAST_V2, ADJUST_HUE, ADJUST_SATURATION};
use crate::ops::image::frame::{after_checks, check_channels};
use crate::ops::math::{
    ADD_V2, cast, cast_named, floordiv, maximum, mul_named, multiply, reduce_mean_args, reduce_prod, reduce_std_args,
    rsqrt, saturate_cast, saturate_cast_named, tensordot, truediv_named,
};
use crate::ops::random::random_uniform_args;
use crate::ops::scope::{Scope, refuse};
use crate::shape::PartialShape;
use crate::value::{Literal, Value};

/// An image in numbers of another type: fractions go from 0 to 1, whole numbers from 0 to the highest of their type.
/// TF: `tf.image.convert_image_dtype`.
///
/// Numbers of any shape. Keyword argument `saturate`: numbers out of range go to its end instead of wrapping around.
///
/// ```
/// use flowstone as tf;
/// let image = tf::constant([[0u8, 51, 255]]);
/// let y = tf::image::convert_image_dtype(image, tf::float32);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 0.2, 1.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn convert_image_dtype(image: impl IntoTensor, dtype: DType) -> Tensor {
    convert_image_dtype_args(image, dtype).build()
}

/// [`convert_image_dtype`] with the keyword argument `saturate`.
pub fn convert_image_dtype_args(image: impl IntoTensor, dtype: DType) -> ConvertImageArgs {
    ConvertImageArgs { image: image.into_arg(), dtype, saturate: false }
}

/// A [`convert_image_dtype`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct ConvertImageArgs {
    image: Arg,
    dtype: DType,
    saturate: bool,
}

impl ConvertImageArgs {
    /// Whether numbers out of range go to its end; false if not said.
    pub fn saturate(mut self, saturate: bool) -> Self {
        self.saturate = saturate;
        self
    }

    /// Builds the image.
    #[track_caller]
    pub fn build(self) -> Tensor {
        converted(self.image, self.dtype, self.saturate, None)
    }
}

/// The highest whole number of a type.
fn highest(dtype: DType) -> Option<i64> {
    match dtype {
        DType::UInt8 => Some(i64::from(u8::MAX)),
        DType::Int32 => Some(i64::from(i32::MAX)),
        DType::Int64 => Some(i64::MAX),
        _ => None,
    }
}

/// A whole number of a type.
fn number(n: i64, dtype: DType) -> Arg {
    Arg::Literal(Value::scalar(n).convert(dtype).map(Literal::firm))
}

/// The image under TensorFlow's name for it, or that of a scope around.
#[track_caller]
fn converted(image: Arg, dtype: DType, saturate: bool, name: Option<&str>) -> Tensor {
    let image = convert(image, "image", None);
    let Ok(from) = image.dtype() else { return image };
    if [from, dtype].iter().any(|dtype| !dtype.is_floating() && highest(*dtype).is_none()) {
        return refuse("convert_image", Error::invalid_argument(format!("an image of {from} as {dtype}")));
    }
    if from == dtype {
        return IDENTITY.call([image.into_arg()]).name(name.unwrap_or("Identity")).single();
    }
    let scope = Scope::open(&[&image.into_arg()], name.unwrap_or("convert_image"));
    let last = |x: Tensor| match saturate {
        true => saturate_cast_named(x.into_arg(), dtype, scope.itself()),
        false => cast_named(x.into_arg(), dtype, scope.itself()),
    };
    match (highest(from), highest(dtype)) {
        (Some(own), Some(other)) if own > other => {
            // As wide numbers: the highest one and 1 may be too much.
            let scale = ((i128::from(own) + 1) / (i128::from(other) + 1)) as i64;
            last(floordiv(image, number(scale, from)))
        }
        (Some(own), Some(other)) => {
            let scale = ((i128::from(other) + 1) / (i128::from(own) + 1)) as i64;
            let wide = if saturate { saturate_cast(image, dtype) } else { cast(image, dtype) };
            mul_named(wide.into_arg(), number(scale, dtype), scope.itself())
        }
        (Some(own), None) => mul_named(cast(image, dtype).into_arg(), (1.0 / own as f64).into_arg(), scope.itself()),
        (None, Some(other)) => last(multiply(image, other as f64 + 0.5)),
        (None, None) => cast_named(image.into_arg(), dtype, scope.itself()),
    }
}

/// An image as float32, in which it is adjusted, and its own type.
#[track_caller]
fn as_float(image: Arg, name: &str) -> (Tensor, DType) {
    let image = convert(image, name, None);
    match image.dtype() {
        Ok(DType::Float32) => (image, DType::Float32),
        Ok(dtype) => (convert_image_dtype(image, DType::Float32), dtype),
        Err(_) => (image, DType::Float32),
    }
}

/// An image with `delta` added to each number. TF: `tf.image.adjust_brightness`.
///
/// Numbers of any shape; `delta` is a fraction of the whole range. Whole numbers end where their range does.
#[track_caller]
pub fn adjust_brightness(image: impl IntoTensor, delta: impl IntoTensor) -> Tensor {
    let args = [image.into_arg(), delta.into_arg()];
    let scope = Scope::open(&args.each_ref(), "adjust_brightness");
    let [image, delta] = args;
    let (image, dtype) = as_float(image, "image");
    let terms = [image, cast(delta, DType::Float32)].map(IntoTensor::into_arg);
    let adjusted = ADD_V2.call(terms).name(scope.itself()).single();
    converted(adjusted.into_arg(), dtype, true, None)
}

/// Images with each number `contrast_factor` times as far from the mean of its image and channel.
/// TF: `tf.image.adjust_contrast`.
///
/// Numbers of shape [..., height, width, channels]. Whole numbers end where their range does. No gradient.
#[track_caller]
pub fn adjust_contrast(images: impl IntoTensor, contrast_factor: impl IntoTensor) -> Tensor {
    let args = [images.into_arg(), contrast_factor.into_arg()];
    let scope = Scope::open(&args.each_ref(), "adjust_contrast");
    let [images, factor] = args;
    let (images, dtype) = as_float(images, "images");
    let adjusted = ADJUST_CONTRAST_V2.call([images.into_arg(), factor]).name(scope.itself()).single();
    converted(adjusted.into_arg(), dtype, true, None)
}

/// An image adjusted in float32 by an operation of its own.
#[track_caller]
fn adjusted(image: Arg, by: Arg, op: &'static OpDef, name: &str) -> Tensor {
    let _scope = Scope::open(&[&image], name);
    let (image, dtype) = as_float(image, "image");
    let adjusted = op.call([image.into_arg(), by]).single();
    converted(adjusted.into_arg(), dtype, false, None)
}

/// An image whose hues are moved by `delta` of the whole circle. TF: `tf.image.adjust_hue`.
///
/// Numbers of shape [..., height, width, 3]. No gradient.
#[track_caller]
pub fn adjust_hue(image: impl IntoTensor, delta: impl IntoTensor) -> Tensor {
    adjusted(image.into_arg(), delta.into_arg(), &ADJUST_HUE, "adjust_hue")
}

/// An image whose saturations are multiplied by `saturation_factor`. TF: `tf.image.adjust_saturation`.
///
/// Numbers of shape [..., height, width, 3]. No gradient.
#[track_caller]
pub fn adjust_saturation(image: impl IntoTensor, saturation_factor: impl IntoTensor) -> Tensor {
    adjusted(image.into_arg(), saturation_factor.into_arg(), &ADJUST_SATURATION, "adjust_saturation")
}

/// An adjustment by a random number, under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct RandomAdjustArgs {
    image: Arg,
    range: [f64; 2],
    seed: Option<i64>,
    adjust: fn(Arg, Arg) -> Tensor,
    allowed: bool,
}

impl RandomAdjustArgs {
    /// The seed of the random number.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the adjustment.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let [low, high] = self.range;
        if !self.allowed {
            let message = format!("a random number from {low} to {high} is none to adjust an image by");
            return refuse("random_uniform", Error::invalid_argument(message));
        }
        let number = random_uniform_args(Vec::<i32>::new()).minval(low).maxval(high);
        let number = if let Some(seed) = self.seed { number.seed(seed).build() } else { number.build() };
        (self.adjust)(self.image, number.into_arg())
    }
}

macro_rules! random_adjustments {
    ($($(#[$doc:meta])* $function:ident $args:ident($($limit:ident),+) $adjust:ident [$low:expr, $high:expr] if $allowed:expr;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(image: impl IntoTensor, $($limit: f64),+) -> Tensor {
            $args(image, $($limit),+).build()
        }

        #[doc = concat!("[`", stringify!($function), "`] with the keyword argument `seed`.")]
        pub fn $args(image: impl IntoTensor, $($limit: f64),+) -> RandomAdjustArgs {
            RandomAdjustArgs {
                image: image.into_arg(),
                range: [$low, $high],
                seed: None,
                adjust: |image, by| $adjust(image, by),
                allowed: $allowed,
            }
        }
    )*};
}

random_adjustments! {
    /// [`adjust_brightness`] by a random number from `-max_delta` to `max_delta`. TF: `tf.image.random_brightness`.
    random_brightness random_brightness_args(max_delta) adjust_brightness [-max_delta, max_delta] if max_delta >= 0.0;
    /// [`adjust_contrast`] by a random factor from `lower` to `upper`. TF: `tf.image.random_contrast`.
    random_contrast random_contrast_args(lower, upper) adjust_contrast [lower, upper] if 0.0 <= lower && lower < upper;
    /// [`adjust_hue`] by a random number from `-max_delta` to `max_delta`, at most half. TF: `tf.image.random_hue`.
    random_hue random_hue_args(max_delta) adjust_hue [-max_delta, max_delta] if (0.0..=0.5).contains(&max_delta);
    /// [`adjust_saturation`] by a random factor from `lower` to `upper`. TF: `tf.image.random_saturation`.
    random_saturation random_saturation_args(lower, upper) adjust_saturation [lower, upper]
        if 0.0 <= lower && lower < upper;
}

/// Images less their mean, divided by their standard deviation. TF: `tf.image.per_image_standardization`.
///
/// Numbers of shape [..., height, width, channels]; the result is float32. The deviation counts as at least
/// `1 / sqrt(height * width * channels)`.
///
/// ```
/// use flowstone as tf;
/// let image = tf::reshape([1.0, 3.0], [1, 2, 1]);
/// let y = tf::image::per_image_standardization(image);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [-1.0, 1.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn per_image_standardization(image: impl IntoTensor) -> Tensor {
    let image = image.into_arg();
    let scope = Scope::open(&[&image], "per_image_standardization");
    let image = after_checks(convert(image, "image", None));
    let image = cast(image, DType::Float32);
    let pixels = reduce_prod(shape(image).at(-3..));
    let mean = reduce_mean_args(image).axis([-1, -2, -3]).keepdims(true).build();
    let deviation = reduce_std_args(image).axis([-1, -2, -3]).keepdims(true).build();
    let least = rsqrt(cast(pixels, DType::Float32));
    let deviation = maximum(deviation, least);
    let centered = image - mean;
    truediv_named(centered.into_arg(), deviation.into_arg(), scope.itself())
}

/// Colors as shades of gray: 0.2989 of red, 0.587 of green, 0.114 of blue. TF: `tf.image.rgb_to_grayscale`.
///
/// Numbers of shape [..., 3]; the last size becomes 1.
#[track_caller]
pub fn rgb_to_grayscale(images: impl IntoTensor) -> Tensor {
    let images = images.into_arg();
    let scope = Scope::open(&[&images], "rgb_to_grayscale");
    let images = convert(images, "images", None);
    let dtype = images.dtype().unwrap_or(DType::Float32);
    let colors = convert_image_dtype(images, DType::Float32);
    let gray = expand_dims(tensordot(colors, [0.2989, 0.587, 0.114], [-1, -1]), -1);
    converted(gray.into_arg(), dtype, false, Some(scope.itself()))
}

/// Shades of gray as colors: each number three times. TF: `tf.image.grayscale_to_rgb`.
///
/// Numbers of shape [..., 1]; the last size becomes 3.
#[track_caller]
pub fn grayscale_to_rgb(images: impl IntoTensor) -> Tensor {
    let images = images.into_arg();
    let scope = Scope::open(&[&images], "grayscale_to_rgb");
    let images = match check_channels(convert(images, "images", None), 1) {
        Ok(images) => images,
        Err(error) => return scope.fail(error),
    };
    let outer = expand_dims(rank(images) - 1, 0);
    let times = concat([ones_of(outer, DType::Int32, "ones"), expand_dims(3, 0)], 0);
    let colors = TILE.call([images.into_arg(), times.into_arg()]).name(scope.itself()).single();
    if let Some(dims) = images.shape().dims().and_then(|dims| dims.split_last()) {
        colors.set_shape(PartialShape::new(dims.1.iter().copied().chain([Some(3)])));
    }
    colors
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};

    #[test]
    fn types_are_whole() {
        OpTest::new(|x| {
            let saturated = convert_image_dtype_args(x[0], DType::UInt8).saturate(true).build();
            vec![saturated, convert_image_dtype(x[1], DType::Float64), convert_image_dtype(x[1], DType::Int32)]
        })
        .inputs([[0.0f32, 0.5, 1.5].into(), [0u8, 51, 255].into()])
        .expect([[0u8, 127, 255].into(), [0.0f64, 0.2, 1.0].into(), [0i32, 51 << 23, 255 << 23].into()])
        .run();
    }

    #[test]
    fn gray_and_colors_are_whole() {
        OpTest::new(|x| vec![rgb_to_grayscale(x[0]), grayscale_to_rgb(rgb_to_grayscale(x[0]))])
            .inputs([[[1.0f32, 0.0, 0.0], [0.0, 1.0, 1.0]].into()])
            .expect([[[0.2989f32], [0.701]].into(), [[0.2989f32, 0.2989, 0.2989], [0.701, 0.701, 0.701]].into()])
            .run();
        assert!(build_error(|| grayscale_to_rgb([[1.0, 2.0]])).contains("must have 1 channel"));
    }

    #[test]
    fn random_adjustments_repeat_by_seed() {
        OpTest::new(|x| {
            vec![
                random_brightness_args(x[0], 0.5).seed(3).build(),
                random_contrast_args(x[0], 0.5, 2.0).seed(3).build(),
                random_hue_args(x[0], 0.1).seed(3).build(),
                random_saturation_args(x[0], 0.5, 2.0).seed(3).build(),
            ]
        })
        .inputs([Value::new([1, 1, 3], vec![0.25f32, 0.5, 0.75]).unwrap()])
        .run();
        assert!(build_error(|| random_hue([[[0.25, 0.5, 0.75]]], 0.75)).contains("is none to adjust an image by"));
    }
}
