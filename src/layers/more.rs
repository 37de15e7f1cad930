//! Layers without variables: other shapes, other sizes, functions of their own.

use std::fmt;
use std::sync::Arc;

use super::{
    Call, Common, IntoPair, IntoTensors, Layer, Training, Weight, apply_object, common_methods, one, softmax_along,
};
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::ops::array::{expand_dims, pad, shape, slice, strided_slice, tile, transpose};
use crate::ops::image::{ResizeMethod, resize_images_args};
use crate::ops::math::{cast, greater_equal, maximum, minimum};
use crate::ops::nn;
use crate::ops::random::random_normal_args;
use crate::shape::PartialShape;
use crate::sort::sort;

/// A layer that makes one tensor of one, without variables.
macro_rules! plain {
    ($layer:ident, |$self:ident, $input:ident, $call:ident| $made:expr) => {
        common_methods!($layer);

        impl Layer for $layer {
            fn class_name(&self) -> &'static str {
                stringify!($layer)
            }

            fn common(&self) -> &Common {
                &self.common
            }

            fn weights(&self, _input: &PartialShape) -> Result<Vec<Weight>> {
                Ok(Vec::new())
            }

            fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
                let ($self, $input, $call) = (self, input, call);
                $made
            }
        }
    };
}

type Function = Arc<dyn Fn(&[Tensor]) -> Tensor + Send + Sync>;

/// A function of tensors as a layer. Keras: `Lambda`.
#[derive(Clone)]
pub struct Lambda {
    function: Function,
    common: Common,
}

/// A function of a tensor as a layer. Keras: `Lambda(function)`. Keyword argument `name`.
///
/// What the function takes from outside is no part of the layer: variables there are not trained by a model.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::layers::Lambda;
/// let y = Lambda(|x| x * 2.0).apply([1.0, 3.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [2.0, 6.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn Lambda(function: impl Fn(Tensor) -> Tensor + Send + Sync + 'static) -> Lambda {
    Lambda::many(move |inputs| one_of(inputs).map_or_else(|| one(Vec::new()), &function))
}

fn one_of(inputs: &[Tensor]) -> Option<Tensor> {
    inputs.first().copied()
}

common_methods!(Lambda);

impl Lambda {
    /// A function of several tensors as a layer.
    ///
    /// ```
    /// use flowstone as tf;
    /// use tf::keras::layers::Lambda;
    /// let (a, b) = (tf::constant(2.0), tf::constant(3.0));
    /// let y = Lambda::many(|x| x[0] - x[1]).apply([a, b]);
    /// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.item::<f32>()?, -1.0);
    /// # Ok::<(), tf::Error>(())
    /// ```
    pub fn many(function: impl Fn(&[Tensor]) -> Tensor + Send + Sync + 'static) -> Lambda {
        Lambda { function: Arc::new(function), common: Common::default() }
    }

    /// What it makes of these tensors. Keras: `layer(x)`.
    #[track_caller]
    pub fn apply(&self, inputs: impl IntoTensors) -> Tensor {
        one(apply_object(self, inputs.into_args(), None))
    }
}

impl fmt::Debug for Lambda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lambda")
    }
}

impl Layer for Lambda {
    fn class_name(&self) -> &'static str {
        "Lambda"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, _input: &PartialShape) -> Result<Vec<Weight>> {
        Ok(Vec::new())
    }

    fn call(&self, input: Tensor, _call: &mut Call) -> Result<Tensor> {
        Ok((self.function)(&[input]))
    }

    fn call_all(&self, inputs: &[Tensor], _call: &mut Call) -> Result<Vec<Tensor>> {
        Ok(vec![(self.function)(inputs)])
    }
}

/// The dimensions of examples in another order. Keras: `Permute`.
#[derive(Clone, Debug)]
pub struct Permute {
    dims: Vec<usize>,
    common: Common,
}

/// The dimensions of each example in the order `dims`, counted from 1. Keras: `Permute(dims)`.
///
/// Keyword arguments `name`, `input_shape`.
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let x = tf::placeholder(tf::float32, (None, 10, 64));
/// assert_eq!(tf::layers::Permute([2, 1]).apply(x).shape().to_string(), "[?,64,10]");
/// ```
#[allow(non_snake_case)]
pub fn Permute(dims: impl IntoIterator<Item = usize>) -> Permute {
    Permute { dims: dims.into_iter().collect(), common: Common::default() }
}

plain!(Permute, |layer, input, _call| {
    let mut sorted = layer.dims.clone();
    sort(&mut sorted);
    if !sorted.iter().copied().eq(1..=layer.dims.len()) {
        let dims = &layer.dims;
        return Err(Error::invalid_argument(format!("dims are {dims:?}: each number from 1 up, once")));
    }
    Ok(transpose(input, std::iter::once(0).chain(layer.dims.iter().map(|&dim| dim as i32)).collect::<Vec<i32>>()))
});

/// Each example several times. Keras: `RepeatVector`.
#[derive(Clone, Debug)]
pub struct RepeatVector {
    n: usize,
    common: Common,
}

/// Each example `n` times: [batch, features] becomes [batch, n, features]. Keras: `RepeatVector(n)`.
///
/// Keyword arguments `name`, `input_shape`.
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let x = tf::placeholder(tf::float32, (None, 32));
/// assert_eq!(tf::layers::RepeatVector(3).apply(x).shape().to_string(), "[?,3,32]");
/// ```
#[allow(non_snake_case)]
pub fn RepeatVector(n: usize) -> RepeatVector {
    RepeatVector { n, common: Common::default() }
}

plain!(RepeatVector, |layer, input, _call| {
    if input.rank() != Some(2) {
        let found = input.shape();
        return Err(Error::invalid_argument(format!("its input must have 2 dimensions, but its shape is {found}")));
    }
    Ok(tile(expand_dims(input, 1), [1, layer.n as i32, 1]))
});

/// What is added to or taken from the sides of images: one number for all, a pair for height and width, or a pair of pairs:
/// above and below, left and right.
pub trait IntoBorders {
    /// Above, below; left, right.
    fn into_borders(self) -> [[usize; 2]; 2];
}

impl IntoBorders for usize {
    fn into_borders(self) -> [[usize; 2]; 2] {
        [[self; 2]; 2]
    }
}

impl IntoBorders for (usize, usize) {
    fn into_borders(self) -> [[usize; 2]; 2] {
        [[self.0; 2], [self.1; 2]]
    }
}

impl IntoBorders for [usize; 2] {
    fn into_borders(self) -> [[usize; 2]; 2] {
        [[self[0]; 2], [self[1]; 2]]
    }
}

impl IntoBorders for ((usize, usize), (usize, usize)) {
    fn into_borders(self) -> [[usize; 2]; 2] {
        [[self.0.0, self.0.1], [self.1.0, self.1.1]]
    }
}

fn images(input: Tensor) -> Result<()> {
    if input.rank().is_none_or(|rank| rank == 4) {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "its input must have 4 dimensions, [batch, height, width, channels], but its shape is {}",
        input.shape()
    )))
}

/// Zeros around images. Keras: `ZeroPadding2D`.
#[derive(Clone, Debug)]
pub struct ZeroPadding2D {
    padding: [[usize; 2]; 2],
    common: Common,
}

/// Zeros around images [batch, height, width, channels]. Keras: `ZeroPadding2D()`.
///
/// Keyword arguments `padding` (1 if not said; a number, a pair for height and width, or a pair of pairs), `name`,
/// `input_shape`.
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let x = tf::placeholder(tf::float32, (None, 28, 28, 3));
/// let y = tf::layers::ZeroPadding2D!(padding = ((1, 0), (2, 2))).apply(x);
/// assert_eq!(y.shape().to_string(), "[?,29,32,3]");
/// ```
#[allow(non_snake_case)]
pub fn ZeroPadding2D() -> ZeroPadding2D {
    ZeroPadding2D { padding: [[1; 2]; 2], common: Common::default() }
}

impl ZeroPadding2D {
    /// How many rows and columns of zeros; 1 on each side if not said.
    pub fn padding(mut self, padding: impl IntoBorders) -> Self {
        self.padding = padding.into_borders();
        self
    }
}

plain!(ZeroPadding2D, |layer, input, _call| {
    images(input)?;
    let [rows, columns] = layer.padding.map(|sides| sides.map(|n| n as i32));
    Ok(pad(input, [[0, 0], rows, columns, [0, 0]]))
});

/// Images without their sides. Keras: `Cropping2D`.
#[derive(Clone, Debug)]
pub struct Cropping2D {
    cropping: [[usize; 2]; 2],
    common: Common,
}

/// Images [batch, height, width, channels] without their sides. Keras: `Cropping2D()`.
///
/// Keyword arguments `cropping` (0 if not said; a number, a pair for height and width, or a pair of pairs), `name`,
/// `input_shape`.
#[allow(non_snake_case)]
pub fn Cropping2D() -> Cropping2D {
    Cropping2D { cropping: [[0; 2]; 2], common: Common::default() }
}

impl Cropping2D {
    /// How many rows and columns go; none if not said.
    pub fn cropping(mut self, cropping: impl IntoBorders) -> Self {
        self.cropping = cropping.into_borders();
        self
    }
}

plain!(Cropping2D, |layer, input, _call| {
    images(input)?;
    let [rows, columns] = layer.cropping;
    let left = |axis: usize, sides: [usize; 2]| match input.shape().dim(axis) {
        None => Ok(-1),
        Some(size) if size > sides[0] + sides[1] => Ok((size - sides[0] - sides[1]) as i32),
        Some(size) => {
            let [a, b] = sides;
            Err(Error::invalid_argument(format!("nothing is left of dimension {axis}: {size} without {a} and {b}")))
        }
    };
    let begin = [0, rows[0] as i32, columns[0] as i32, 0];
    let size = [-1, left(1, rows)?, left(2, columns)?, -1];
    if (size[1] < 0 && rows[1] > 0) || (size[2] < 0 && columns[1] > 0) {
        let found = input.shape();
        return Err(Error::unimplemented(format!("sides are cut off images of unknown size: their shape is {found}")));
    }
    Ok(slice(input, begin, size))
});

/// Images made larger. Keras: `UpSampling2D`.
#[derive(Clone, Debug)]
pub struct UpSampling2D {
    size: [i64; 2],
    interpolation: Result<ResizeMethod>,
    common: Common,
}

/// Each pixel of images [batch, height, width, channels] becomes several. Keras: `UpSampling2D()`.
///
/// Keyword arguments `size` (2 if not said; a number or a pair for height and width), `interpolation` (`"nearest"`, or
/// `"bilinear"` as TensorFlow 1 does it), `name`, `input_shape`.
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let x = tf::placeholder(tf::float32, (None, 7, 7, 64));
/// assert_eq!(tf::layers::UpSampling2D!(size = (2, 3)).apply(x).shape().to_string(), "[?,14,21,64]");
/// ```
#[allow(non_snake_case)]
pub fn UpSampling2D() -> UpSampling2D {
    UpSampling2D { size: [2, 2], interpolation: Ok(ResizeMethod::NearestNeighbor), common: Common::default() }
}

impl UpSampling2D {
    /// How many times as high and as wide; twice if not said.
    pub fn size(mut self, size: impl IntoPair) -> Self {
        self.size = size.into_pair();
        self
    }

    /// `"nearest"` or `"bilinear"`; `"nearest"` if not said.
    pub fn interpolation(mut self, interpolation: &str) -> Self {
        self.interpolation = match interpolation {
            "nearest" => Ok(ResizeMethod::NearestNeighbor),
            "bilinear" => Ok(ResizeMethod::Bilinear),
            _ => Err(Error::invalid_argument(format!(
                "interpolation is '{interpolation}', neither 'nearest' nor 'bilinear'"
            ))),
        };
        self
    }
}

plain!(UpSampling2D, |layer, input, _call| {
    images(input)?;
    let sizes = match (input.shape().dim(1), input.shape().dim(2)) {
        (Some(height), Some(width)) => crate::ops::array::constant([height as i32, width as i32]),
        _ => strided_slice(shape(input), [1], [3]),
    };
    let size = sizes * layer.size.map(|n| n as i32).to_vec();
    Ok(resize_images_args(input, size).method(layer.interpolation.clone()?).build())
});

/// `x` where it is positive, something else elsewhere. Keras: `ReLU`.
#[derive(Clone, Debug)]
pub struct ReLU {
    max_value: Option<f64>,
    negative_slope: f64,
    threshold: f64,
    common: Common,
}

/// `x` where it is at least `threshold`, `negative_slope * (x - threshold)` elsewhere, and never more than `max_value`.
/// Keras: `ReLU()`.
///
/// Keyword arguments `max_value` (none if not said), `negative_slope` (0), `threshold` (0), `name`, `input_shape`.
///
/// ```
/// use flowstone as tf;
/// use tf::layers::Layer;
/// let y = tf::layers::ReLU!(max_value = 6.0).apply([-1.0, 3.0, 9.0]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [0.0, 3.0, 6.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn ReLU() -> ReLU {
    ReLU { max_value: None, negative_slope: 0.0, threshold: 0.0, common: Common::default() }
}

impl ReLU {
    /// The largest number that comes out; there is none if not said.
    pub fn max_value(mut self, max_value: f64) -> Self {
        self.max_value = Some(max_value);
        self
    }

    /// What is multiplied with what lies below the threshold; 0 if not said.
    pub fn negative_slope(mut self, slope: f64) -> Self {
        self.negative_slope = slope;
        self
    }

    /// From where on numbers pass; 0 if not said.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }
}

plain!(ReLU, |layer, x, _call| {
    let (slope, threshold) = (layer.negative_slope, layer.threshold);
    let above = if threshold == 0.0 { nn::relu(x) } else { x * cast(greater_equal(x, threshold), x.dtype()?) };
    let limited = match layer.max_value {
        Some(most) => minimum(maximum(above, 0.0), most),
        None => above,
    };
    Ok(if slope == 0.0 { limited } else { limited - nn::relu(threshold - x) * slope })
});

/// `x` where it is positive, `alpha * (exp(x) - 1)` elsewhere. Keras: `ELU`.
#[derive(Clone, Debug)]
pub struct ELU {
    alpha: f64,
    common: Common,
}

/// `x` where it is positive, `alpha * (exp(x) - 1)` elsewhere. Keras: `ELU()`.
///
/// Keyword arguments `alpha` (1 if not said), `name`, `input_shape`. Source: <https://arxiv.org/abs/1511.07289>.
#[allow(non_snake_case)]
pub fn ELU() -> ELU {
    ELU { alpha: 1.0, common: Common::default() }
}

impl ELU {
    /// What the smallest numbers come near to, with a minus; 1 if not said.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }
}

plain!(ELU, |layer, x, _call| {
    let y = nn::elu(x);
    // What is negative after `elu` was negative before.
    Ok(if layer.alpha == 1.0 { y } else { maximum(y, 0.0) + minimum(y, 0.0) * layer.alpha })
});

/// Numbers that are positive and have the sum 1. Keras: `Softmax`.
#[derive(Clone, Debug)]
pub struct Softmax {
    axis: i64,
    common: Common,
}

/// Positive numbers with the sum 1 along `axis`. Keras: `Softmax()`.
///
/// Keyword arguments `axis` (-1, the last dimension, if not said), `name`, `input_shape`.
#[allow(non_snake_case)]
pub fn Softmax() -> Softmax {
    Softmax { axis: -1, common: Common::default() }
}

impl Softmax {
    /// The dimension along which the sum is 1; the last if not said.
    pub fn axis(mut self, axis: i64) -> Self {
        self.axis = axis;
        self
    }
}

plain!(Softmax, |layer, x, _call| Ok(softmax_along(x, layer.axis)));

/// Random numbers added while training. Keras: `GaussianNoise`.
#[derive(Clone, Debug)]
pub struct GaussianNoise {
    stddev: f64,
    common: Common,
}

/// While training, normally distributed numbers of mean 0 added; outside of training, nothing.
/// Keras: `GaussianNoise(stddev)`. Keyword arguments `name`, `input_shape`.
#[allow(non_snake_case)]
pub fn GaussianNoise(stddev: f64) -> GaussianNoise {
    GaussianNoise { stddev, common: Common::default() }
}

common_methods!(GaussianNoise);

impl Layer for GaussianNoise {
    fn class_name(&self) -> &'static str {
        "GaussianNoise"
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn weights(&self, _input: &PartialShape) -> Result<Vec<Weight>> {
        Ok(Vec::new())
    }

    fn differs_in_training(&self) -> bool {
        true
    }

    fn training(&self) -> Training {
        Training::Known(false)
    }

    fn call(&self, input: Tensor, call: &mut Call) -> Result<Tensor> {
        let noisy = || input + random_normal_args(shape(input)).stddev(self.stddev).build();
        Ok(call.training.choose(noisy, || crate::ops::array::identity(input)))
    }
}
