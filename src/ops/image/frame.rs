//! Mirror images, turns, and other frames: parts of images, and borders around them.

use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{
    IDENTITY, expand_dims, packed, pad, reshape, reverse, shape, slice, squeeze_args, stack, transpose, unstack_args,
};
use crate::ops::math::{cast, floordiv_named, less, maximum, minimum, round, select, sub};
use crate::ops::random::random_uniform_args;
use crate::ops::scope::Scope;
use crate::shape::PartialShape;

/// The image under the name that TensorFlow gives it after it was checked.
#[track_caller]
pub(super) fn after_checks(image: Tensor) -> Tensor {
    let graph = image.graph().unwrap_or_else(|_| get_default_graph());
    let _near = graph.colocate_with(image.op());
    IDENTITY.call([image.into_arg()]).name("control_dependency").single()
}

/// The image, whose last dimension must have size `n`.
#[track_caller]
pub(super) fn check_channels(image: Tensor, n: usize) -> Result<Tensor> {
    let shape = image.shape();
    match shape.dims() {
        Some([.., Some(last)]) if *last != n => {
            Err(Error::invalid_argument(format!("images {shape} must have {n} channel")))
        }
        Some([]) => Err(Error::invalid_argument("images must have at least one dimension")),
        _ => Ok(after_checks(image)),
    }
}

/// An error unless an image may have 3 or 4 dimensions, none of its own without pixels.
fn check_frame(image: Tensor) -> Result<usize> {
    let shape = image.shape();
    match shape.dims() {
        Some(dims @ ([_, _, _] | [_, _, _, _])) if !dims[dims.len() - 3..].contains(&Some(0)) => Ok(dims.len()),
        _ => Err(Error::invalid_argument(format!("an image of shape {shape}: 3 or 4 dimensions with pixels"))),
    }
}

/// The sizes of an image: numbers where they are known, else tensors.
#[track_caller]
pub(crate) fn image_sizes(image: Tensor, rank: usize) -> Vec<Arg> {
    let own = image.shape();
    let known = |axis: usize| own.dim(axis).map(|n| (n as i32).into_arg());
    if own.is_known() {
        return (0..rank).filter_map(known).collect();
    }
    let fed = unstack_args(shape(image)).num(rank).build();
    fed.into_iter().enumerate().map(|(axis, size)| known(axis).unwrap_or_else(|| size.into_arg())).collect()
}

/// A size that is known, or will be.
#[derive(Clone, Copy)]
enum Size {
    Known(i64),
    Fed(Tensor),
}

impl Size {
    fn of(arg: &Arg, known: Option<usize>) -> Self {
        match (arg.tensor(), known) {
            (_, Some(n)) => Size::Known(n as i64),
            (Some(tensor), None) => Size::Fed(tensor),
            (None, None) => Size::Known(0),
        }
    }

    fn arg(self) -> Arg {
        match self {
            Size::Known(n) => (n as i32).into_arg(),
            Size::Fed(tensor) => tensor.into_arg(),
        }
    }

    fn known(self) -> Option<i64> {
        if let Size::Known(n) = self { Some(n) } else { None }
    }

    fn dim(self) -> Option<usize> {
        self.known().and_then(|n| usize::try_from(n).ok())
    }

    #[track_caller]
    fn less(self, other: Size) -> Size {
        match (self, other) {
            (Size::Known(a), Size::Known(b)) => Size::Known(a - b),
            _ => Size::Fed(sub(self.arg(), other.arg())),
        }
    }

    #[track_caller]
    fn at_most(self, other: i64) -> Size {
        match self {
            Size::Known(n) => Size::Known(n.min(other)),
            Size::Fed(_) => Size::Fed(minimum((other as i32).into_arg(), self.arg())),
        }
    }

    /// Half of it, or of its negative, at least 0.
    #[track_caller]
    fn half(self, negative: bool) -> Size {
        match self {
            Size::Known(n) => Size::Known((if negative { -n } else { n }).div_euclid(2).max(0)),
            Size::Fed(n) => {
                let n = if negative { -n } else { n };
                Size::Fed(maximum(floordiv_named(n.into_arg(), 2.into_arg(), "floordiv"), 0))
            }
        }
    }
}

/// Height and width of a batch of images.
#[track_caller]
fn frame(images: Tensor) -> [Size; 4] {
    let own = images.shape();
    let sizes = image_sizes(images, 4);
    std::array::from_fn(|axis| sizes.get(axis).map_or(Size::Known(0), |size| Size::of(size, own.dim(axis))))
}

/// Runs `build` on a batch of images in a scope `name`; a single image is a batch of one meanwhile.
#[track_caller]
fn on_batch(image: Arg, name: &str, build: impl FnOnce(Tensor) -> Result<Tensor>) -> Tensor {
    let scope = Scope::open(&[&image], name);
    let image = convert(image, "image", None);
    let rank = match check_frame(image) {
        Ok(rank) => rank,
        Err(error) => return scope.fail(error),
    };
    let images = if rank == 3 { expand_dims(image, 0) } else { image };
    match build(images) {
        Ok(images) if rank == 3 => squeeze_args(images).axis([0]).build(),
        Ok(images) => images,
        Err(error) => scope.fail(error),
    }
}

/// A part of images. TF: `tf.image.crop_to_bounding_box`.
///
/// `image` is of shape [height, width, channels] or [batch, height, width, channels], of any type; the part begins at
/// `offset_height` and `offset_width` and lies within it.
///
/// ```
/// use flowstone as tf;
/// let image = tf::reshape([1, 2, 3, 4], [2, 2, 1]);
/// let y = tf::image::crop_to_bounding_box(image, 1, 0, 1, 2);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [3, 4]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn crop_to_bounding_box(
    image: impl IntoTensor,
    offset_height: i64,
    offset_width: i64,
    target_height: i64,
    target_width: i64,
) -> Tensor {
    let offset = [offset_height, offset_width].map(Size::Known);
    crop(image.into_arg(), offset, [target_height, target_width].map(Size::Known))
}

#[track_caller]
fn crop(image: Arg, [top, left]: [Size; 2], [height, width]: [Size; 2]) -> Tensor {
    on_batch(image, "crop_to_bounding_box", |images| {
        let [batch, own_height, own_width, depth] = frame(images);
        let inside = |offset: Size, size: Size, own: Size| {
            let (Size::Known(offset), Size::Known(size)) = (offset, size) else { return true };
            offset >= 0
                && size > 0
                && own.known().is_none_or(|own| offset.checked_add(size).is_some_and(|end| end <= own))
        };
        if !inside(top, height, own_height) || !inside(left, width, own_width) {
            let shape = images.shape();
            return Err(Error::invalid_argument(format!("the part does not lie within images of shape {shape}")));
        }
        let images = after_checks(images);
        let begin = listed(vec![0.into_arg(), top.arg(), left.arg(), 0.into_arg()]);
        let first = shape(images).at(0).into_arg();
        let last = shape(images).at(3).into_arg();
        let part = slice(images, begin, stack([first, height.arg(), width.arg(), last]));
        part.set_shape(PartialShape::new([batch, height, width, depth].map(Size::dim)));
        Ok(part)
    })
}

/// A list of sizes: a constant where all are known.
#[track_caller]
fn listed(sizes: Vec<Arg>) -> Tensor {
    if sizes.iter().any(|size| size.tensor().is_some()) {
        return packed(sizes, "stack");
    }
    let number = |arg: &Arg| match arg {
        Arg::Literal(Ok(literal)) => literal.clone().resolve(None).and_then(|value| value.item::<i32>()).unwrap_or(0),
        _ => 0,
    };
    convert(sizes.iter().map(number).collect::<Vec<i32>>().into_arg(), "stack", None)
}

/// Images with borders of zeros. TF: `tf.image.pad_to_bounding_box`.
///
/// `image` is numbers of shape [height, width, channels] or [batch, height, width, channels]; it begins at `offset_height` and
/// `offset_width` in the result and lies within it.
///
/// ```
/// use flowstone as tf;
/// let image = tf::reshape([1, 2], [1, 2, 1]);
/// let y = tf::image::pad_to_bounding_box(image, 1, 0, 2, 3);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [0, 0, 0, 1, 2, 0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn pad_to_bounding_box(
    image: impl IntoTensor,
    offset_height: i64,
    offset_width: i64,
    target_height: i64,
    target_width: i64,
) -> Tensor {
    let offset = [offset_height, offset_width].map(Size::Known);
    pad_to(image.into_arg(), offset, [target_height, target_width])
}

#[track_caller]
fn pad_to(image: Arg, [top, left]: [Size; 2], [height, width]: [i64; 2]) -> Tensor {
    on_batch(image, "pad_to_bounding_box", |images| {
        let [batch, own_height, own_width, depth] = frame(images);
        let right = Size::Known(width).less(left).less(own_width);
        let bottom = Size::Known(height).less(top).less(own_height);
        if [top, left, right, bottom].into_iter().any(|size| size.known().is_some_and(|n| n < 0)) {
            let shape = images.shape();
            return Err(Error::invalid_argument(format!(
                "images of shape {shape} do not lie within {height} by {width}"
            )));
        }
        let images = after_checks(images);
        let zero = || 0.into_arg();
        let sizes = vec![zero(), zero(), top.arg(), bottom.arg(), left.arg(), right.arg(), zero(), zero()];
        let padded = pad(images, reshape(listed(sizes), [4, 2]));
        padded.set_shape(PartialShape::new([batch, Size::Known(height), Size::Known(width), depth].map(Size::dim)));
        Ok(padded)
    })
}

/// Images of another size around the same middle: parts of larger ones, smaller ones with borders of zeros.
/// TF: `tf.image.resize_image_with_crop_or_pad`.
///
/// `image` is numbers of shape [height, width, channels] or [batch, height, width, channels].
///
/// ```
/// use flowstone as tf;
/// let image = tf::reshape([1, 2, 3], [1, 3, 1]);
/// let y = tf::image::resize_image_with_crop_or_pad(image, 3, 1);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [0, 2, 0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn resize_image_with_crop_or_pad(image: impl IntoTensor, target_height: i64, target_width: i64) -> Tensor {
    on_batch(image.into_arg(), "resize_image_with_crop_or_pad", |images| {
        if target_height <= 0 || target_width <= 0 {
            return Err(Error::invalid_argument(format!("images of {target_height} by {target_width}")));
        }
        let images = after_checks(images);
        let [_, height, width, _] = frame(images);
        let wider = Size::Known(target_width).less(width);
        let (crop_left, pad_left) = (wider.half(true), wider.half(false));
        let higher = Size::Known(target_height).less(height);
        let (crop_top, pad_top) = (higher.half(true), higher.half(false));
        let size = [height.at_most(target_height), width.at_most(target_width)];
        let part = crop(images.into_arg(), [crop_top, crop_left], size);
        let resized = pad_to(part.into_arg(), [pad_top, pad_left], [target_height, target_width]);
        frame(resized);
        Ok(after_checks(resized))
    })
}

/// The middle of images, `central_fraction` of their height and width. TF: `tf.image.central_crop`.
///
/// `image` is of shape [height, width, channels] or [batch, height, width, channels], whose height and width are known, of
/// any type; the fraction is above 0 and at most 1.
#[track_caller]
pub fn central_crop(image: impl IntoTensor, central_fraction: f64) -> Tensor {
    let image = image.into_arg();
    let scope = Scope::open(&[&image], "central_crop");
    let image = convert(image, "image", None);
    if central_fraction <= 0.0 || central_fraction > 1.0 || central_fraction.is_nan() {
        let message = format!("central_fraction is {central_fraction}: above 0 and at most 1");
        return scope.fail(Error::invalid_argument(message));
    }
    if central_fraction == 1.0 {
        return image;
    }
    let rank = match check_frame(image) {
        Ok(rank) => rank,
        Err(error) => return scope.fail(error),
    };
    after_checks(image);
    let own = image.shape();
    let (Some(height), Some(width)) = (own.dim(rank - 3), own.dim(rank - 2)) else {
        return scope.fail(Error::unimplemented("the middle of images whose height and width are not known"));
    };
    let start = |n: usize| ((n as f64 - n as f64 * central_fraction) / 2.0) as i32;
    let (top, left) = (start(height), start(width));
    let (rows, columns) = (height as i32 - 2 * top, width as i32 - 2 * left);
    let (begin, size) = match rank {
        3 => (vec![top, left, 0], vec![rows, columns, -1]),
        _ => (vec![0, top, left, 0], vec![-1, rows, columns, -1]),
    };
    let (begin, size) = (convert(begin.into_arg(), "stack", None), convert(size.into_arg(), "stack", None));
    let part = slice(image, begin, size);
    let mut dims: Vec<Option<usize>> = (0..rank).map(|axis| own.dim(axis)).collect();
    (dims[rank - 3], dims[rank - 2]) = (usize::try_from(rows).ok(), usize::try_from(columns).ok());
    part.set_shape(PartialShape::new(dims));
    part
}

/// A checked image and its rank, in a scope `name`.
#[track_caller]
fn open(image: Arg, name: &str) -> std::result::Result<(Scope, Tensor, usize), Tensor> {
    let scope = Scope::open(&[&image], name);
    let image = convert(image, "image", None);
    match check_frame(image) {
        Ok(rank) => Ok((scope, after_checks(image), rank)),
        Err(error) => Err(scope.fail(error)),
    }
}

/// An image mirrored along one of its own dimensions, 0 or 1.
#[track_caller]
fn mirrored(image: Arg, dimension: i32, name: &str) -> Tensor {
    match open(image, name) {
        Ok((_scope, image, rank)) => reverse(image, [dimension + rank as i32 - 3]),
        Err(silent) => silent,
    }
}

/// Images with left and right swapped. TF: `tf.image.flip_left_right`.
///
/// `image` is of shape [height, width, channels] or [batch, height, width, channels].
///
/// ```
/// use flowstone as tf;
/// let y = tf::image::flip_left_right(tf::reshape([1, 2], [1, 2, 1]));
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i32>()?, [2, 1]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn flip_left_right(image: impl IntoTensor) -> Tensor {
    mirrored(image.into_arg(), 1, "flip_left_right")
}

/// Images upside down. TF: `tf.image.flip_up_down`. As [`flip_left_right`].
#[track_caller]
pub fn flip_up_down(image: impl IntoTensor) -> Tensor {
    mirrored(image.into_arg(), 0, "flip_up_down")
}

/// Images with rows and columns swapped. TF: `tf.image.transpose_image`.
///
/// `image` is of shape [height, width, channels] or [batch, height, width, channels].
#[track_caller]
pub fn transpose_image(image: impl IntoTensor) -> Tensor {
    match open(image.into_arg(), "transpose") {
        Ok((_scope, image, 3)) => transpose(image, [1, 0, 2]),
        Ok((_scope, image, _)) => transpose(image, [0, 2, 1, 3]),
        Err(silent) => silent,
    }
}

/// Images turned by 90 degrees, counter-clockwise. TF: `tf.image.rot90`.
///
/// `image` is of shape [height, width, channels] or [batch, height, width, channels]. Keyword argument `k`, how many times.
#[track_caller]
pub fn rot90(image: impl IntoTensor) -> Tensor {
    rot90_args(image).build()
}

/// [`rot90`] with the keyword argument `k`.
pub fn rot90_args(image: impl IntoTensor) -> Rot90Args {
    Rot90Args { image: image.into_arg(), k: 1 }
}

/// A [`rot90`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct Rot90Args {
    image: Arg,
    k: i64,
}

impl Rot90Args {
    /// How many times the image is turned; 1 if not said.
    pub fn k(mut self, k: i64) -> Self {
        self.k = k;
        self
    }

    /// Builds the turn.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let (_scope, image, rank) = match open(self.image, "rot90") {
            Ok(opened) => opened,
            Err(silent) => return silent,
        };
        let (rows, columns) = (rank as i32 - 3, rank as i32 - 2);
        let turned =
            |image: Tensor| if rank == 3 { transpose(image, [1, 0, 2]) } else { transpose(image, [0, 2, 1, 3]) };
        match self.k.rem_euclid(4) {
            0 => image,
            1 => turned(reverse(image, [columns])),
            2 => reverse(image, [rows, columns]),
            _ => reverse(turned(image), [columns]),
        }
    }
}

/// A random mirror image under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct RandomFlipArgs {
    image: Arg,
    dimension: i32,
    name: &'static str,
    seed: Option<i64>,
}

impl RandomFlipArgs {
    /// The seed of the choice.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the image.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let (_scope, image, rank) = match open(self.image, self.name) {
            Ok(opened) => opened,
            Err(silent) => return silent,
        };
        let random = |shape: Arg| {
            let random = random_uniform_args(shape);
            if let Some(seed) = self.seed { random.seed(seed).build() } else { random.build() }
        };
        if rank == 3 {
            let chosen = less(random(Vec::<i32>::new().into_arg()), 0.5);
            return select(chosen, reverse(image, [self.dimension]), image);
        }
        let Ok(dtype) = image.dtype() else { return image };
        let each = random(stack([shape(image).at(0)]).into_arg());
        let flips = cast(round(reshape(each, [-1, 1, 1, 1])), dtype);
        let one = crate::ops::array::constant_of(1, dtype);
        flips * reverse(image, [self.dimension + 1]) + (one - flips) * image
    }
}

macro_rules! random_flips {
    ($($(#[$doc:meta])* $function:ident $args:ident $dimension:literal;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(image: impl IntoTensor) -> Tensor {
            $args(image).build()
        }

        #[doc = concat!("[`", stringify!($function), "`] with the keyword argument `seed`.")]
        pub fn $args(image: impl IntoTensor) -> RandomFlipArgs {
            RandomFlipArgs { image: image.into_arg(), dimension: $dimension, name: stringify!($function), seed: None }
        }
    )*};
}

random_flips! {
    /// Images of which a random half has left and right swapped. TF: `tf.image.random_flip_left_right`.
    ///
    /// `image` is of shape [height, width, channels], or numbers of shape [batch, height, width, channels].
    random_flip_left_right random_flip_left_right_args 1;
    /// Images of which a random half is upside down. TF: `tf.image.random_flip_up_down`. As [`random_flip_left_right`].
    random_flip_up_down random_flip_up_down_args 0;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    fn image(height: usize, width: usize) -> Value {
        Value::new([height, width, 1], (1..=(height * width) as i32).collect()).unwrap()
    }

    #[test]
    fn turns_and_mirror_images_are_whole() {
        let expected = |shape: [usize; 3], numbers: &[i32]| Value::new(shape, numbers.to_vec()).unwrap();
        let graph_and_value = |build: fn(Tensor) -> Tensor, value: Value| {
            let graph = crate::graph::Graph::new();
            let _default = graph.as_default();
            for batch in [false, true] {
                let x = crate::ops::array::constant(image(2, 3));
                let y = if batch { squeeze_args(build(expand_dims(x, 0))).axis([0]).build() } else { build(x) };
                let found = crate::session::Session::new(&graph).unwrap().run(y, crate::session::Feeds::new()).unwrap();
                assert_eq!(found, value, "batch: {batch}");
            }
        };
        graph_and_value(|x| flip_left_right(x), expected([2, 3, 1], &[3, 2, 1, 6, 5, 4]));
        graph_and_value(|x| flip_up_down(x), expected([2, 3, 1], &[4, 5, 6, 1, 2, 3]));
        graph_and_value(|x| transpose_image(x), expected([3, 2, 1], &[1, 4, 2, 5, 3, 6]));
        graph_and_value(|x| rot90(x), expected([3, 2, 1], &[3, 6, 2, 5, 1, 4]));
        graph_and_value(|x| rot90_args(x).k(2).build(), expected([2, 3, 1], &[6, 5, 4, 3, 2, 1]));
        graph_and_value(|x| rot90_args(x).k(-1).build(), expected([3, 2, 1], &[4, 1, 5, 2, 6, 3]));
        graph_and_value(|x| central_crop(x, 0.5), expected([2, 3, 1], &[1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn random_mirror_images_are_one_or_the_other() {
        OpTest::new(|x| {
            let flipped = random_flip_left_right_args(x[0]).seed(5).build();
            let batch = expand_dims(x[0], 0);
            let many = squeeze_args(random_flip_up_down_args(batch).seed(5).build()).axis([0]).build();
            vec![
                flipped * (flipped - flip_left_right(x[0])) * (flipped - x[0]),
                (many - x[0]) * (many - flip_up_down(x[0])),
            ]
        })
        .inputs([image(2, 3)])
        .constants(&[0])
        .expect([Value::new([2, 3, 1], vec![0; 6]).unwrap(), Value::new([2, 3, 1], vec![0; 6]).unwrap()])
        .run();
    }

    #[test]
    fn frames_that_do_not_fit_are_errors() {
        let x = || crate::ops::array::zeros([2, 3, 1]);
        assert!(build_error(|| crop_to_bounding_box(x(), 1, 0, 2, 2)).contains("does not lie within"));
        assert!(build_error(|| pad_to_bounding_box(x(), 1, 0, 2, 3)).contains("do not lie within 2 by 3"));
        assert!(build_error(|| resize_image_with_crop_or_pad(x(), 0, 3)).contains("images of 0 by 3"));
        assert!(build_error(|| central_crop(x(), 1.5)).contains("central_fraction is 1.5"));
        assert!(build_error(|| flip_left_right([1.0])).contains("3 or 4 dimensions"));
    }
}
