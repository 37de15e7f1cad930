//! Layers that make one tensor of several. Keras: `keras.layers.merge`.

use super::{Call, Common, Layer, Weight, apply_object, common_methods, one};
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, IntoTensor, resolve_axis};
use crate::ops::array::{concat, transpose};
use crate::ops::math::{matmul, maximum as larger, minimum as smaller, reduce_sum_args};
use crate::ops::nn::l2_normalize;
use crate::shape::PartialShape;

/// What can stand for the tensors that a layer or a model takes: one of them, or a list.
pub trait IntoTensors {
    /// The tensors.
    fn into_args(self) -> Vec<Arg>;
}

impl<T: IntoTensor> IntoTensors for T {
    fn into_args(self) -> Vec<Arg> {
        vec![self.into_arg()]
    }
}

macro_rules! lists {
    ($([$($generics:tt)*] $list:ty;)*) => {$(
        impl<$($generics)*> IntoTensors for $list {
            fn into_args(self) -> Vec<Arg> {
                self.into_iter().map(IntoTensor::into_arg).collect()
            }
        }
    )*};
}
lists! {
    [const N: usize] [Tensor; N];
    [const N: usize] [&Tensor; N];
    [const N: usize] &[Tensor; N];
    [] &[Tensor];
    [] Vec<Tensor>;
    [] &Vec<Tensor>;
    [] Vec<Arg>;
}

/// At least so many tensors of as many dimensions each.
fn check(inputs: &[Tensor], least: usize) -> Result<()> {
    if inputs.len() < least {
        return Err(Error::invalid_argument(format!(
            "it takes at least {least} tensors, but was given {}",
            inputs.len()
        )));
    }
    let ranks: Vec<usize> = inputs.iter().filter_map(|input| input.rank()).collect();
    if ranks.windows(2).any(|pair| pair[0] != pair[1]) {
        let shapes = inputs.iter().map(|input| input.shape().to_string()).collect::<Vec<_>>().join(" and ");
        return Err(Error::invalid_argument(format!("its tensors have different numbers of dimensions: {shapes}")));
    }
    Ok(())
}

/// What all layers of several tensors have.
macro_rules! merging {
    ($layer:ident, $least:literal, |$self:ident, $inputs:ident| $merged:expr) => {
        common_methods!($layer);

        impl $layer {
            /// What it makes of these tensors. Keras: `layer([a, b])`.
            #[track_caller]
            pub fn apply(&self, inputs: impl IntoTensors) -> Tensor {
                one(apply_object(self, inputs.into_args(), None))
            }
        }

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
                self.call_all(&[input], call).map(one)
            }

            fn call_all(&self, inputs: &[Tensor], _call: &mut Call) -> Result<Vec<Tensor>> {
                check(inputs, $least)?;
                let ($self, $inputs) = (self, inputs);
                Ok(vec![$merged?])
            }
        }
    };
}

macro_rules! elementwise {
    ($($(#[$doc:meta])* $layer:ident $function:ident $what:literal |$inputs:ident| $merged:expr;)*) => {$(
        #[doc = concat!($what, " of several tensors, element by element. Keras: `", stringify!($layer), "`.")]
        #[derive(Clone, Debug, Default)]
        pub struct $layer {
            common: Common,
        }

        #[doc = concat!($what, " of several tensors of one shape, element by element. Keras: `", stringify!($layer), "()`.")]
        ///
        /// Sizes of 1 are repeated. Keyword argument `name`.
        $(#[$doc])*
        #[allow(non_snake_case)]
        pub fn $layer() -> $layer {
            $layer::default()
        }

        merging!($layer, 2, |_layer, $inputs| $merged);

        #[doc = concat!($what, " of several tensors: see [`", stringify!($layer), "`](fn@", stringify!($layer), ").")]
        #[doc = concat!("Keras: `", stringify!($function), "([a, b])`.")]
        #[track_caller]
        pub fn $function(inputs: impl IntoTensors) -> Tensor {
            $layer().apply(inputs)
        }
    )*};
}

/// The tensors joined one after another.
fn folded(inputs: &[Tensor], join: impl Fn(Tensor, Tensor) -> Tensor) -> Result<Tensor> {
    let joined = inputs.iter().copied().reduce(join);
    joined.ok_or_else(|| Error::internal("no tensors"))
}

elementwise! {
    /// ```
    /// use flowstone as tf;
    /// use tf::keras::layers::{Add, add};
    /// let (a, b) = (tf::constant([1.0, 2.0]), tf::constant([3.0, 4.0]));
    /// let sums = tf::Session()?.run((Add().apply([a, b]), add([a, b, b])), tf::feed_dict! {})?;
    /// assert_eq!((sums.0.as_slice::<f32>()?, sums.1.as_slice::<f32>()?), (&[4.0, 6.0][..], &[7.0, 10.0][..]));
    /// # Ok::<(), tf::Error>(())
    /// ```
    Add add "The sum" |inputs| folded(inputs, |a, b| a + b);
    /// It takes two.
    Subtract subtract "The difference" |inputs| match inputs {
        [a, b] => Ok(*a - *b),
        _ => Err(Error::invalid_argument(format!("it takes two tensors, but was given {}", inputs.len()))),
    };
    Multiply multiply "The product" |inputs| folded(inputs, |a, b| a * b);
    Average average "The mean" |inputs| folded(inputs, |a, b| a + b).map(|sum| sum / inputs.len() as f64);
    Maximum maximum "The largest number" |inputs| folded(inputs, |a, b| larger(a, b));
    Minimum minimum "The smallest number" |inputs| folded(inputs, |a, b| smaller(a, b));
}

/// Several tensors one after another along an axis. Keras: `Concatenate`.
#[derive(Clone, Debug)]
pub struct Concatenate {
    axis: i64,
    common: Common,
}

/// Several tensors one after another along `axis`. Keras: `Concatenate()`.
///
/// Keyword arguments `axis` (-1, the last dimension, if not said; the batch is 0) and `name`. All other sizes must be the
/// same.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::layers::{Concatenate, concatenate};
/// let (a, b) = (tf::placeholder(tf::float32, (None, 3)), tf::placeholder(tf::float32, (None, 5)));
/// assert_eq!(Concatenate!(axis = 1).apply([a, b]).shape().to_string(), "[?,8]");
/// assert_eq!(concatenate([a, b, b]).shape().to_string(), "[?,13]");
/// ```
#[allow(non_snake_case)]
pub fn Concatenate() -> Concatenate {
    Concatenate { axis: -1, common: Common::default() }
}

impl Concatenate {
    /// The dimension along which they are put; the last if not said.
    pub fn axis(mut self, axis: i64) -> Self {
        self.axis = axis;
        self
    }
}

merging!(Concatenate, 2, |layer, inputs| Ok(concat(inputs, layer.axis as i32)));

/// Several tensors one after another along the last dimension: see [`Concatenate`](fn@Concatenate).
/// Keras: `concatenate([a, b])`; another axis is said by `concatenate!([a, b], axis = 1)`.
#[track_caller]
pub fn concatenate(inputs: impl IntoTensors) -> Tensor {
    Concatenate().apply(inputs)
}

/// The products of the examples of two tensors. Keras: `Dot`.
#[derive(Clone, Debug)]
pub struct Dot {
    axes: [i64; 2],
    normalize: bool,
    common: Common,
}

/// For each example the sums of products along `axes`: one number for both tensors, or a pair. Keras: `Dot(axes)`.
///
/// Both tensors have 2 dimensions, and give one number for each example, or 3, and give a matrix of the dimensions that are
/// left. Keyword arguments `normalize` (false if not said: whether all that is multiplied gets length 1 before) and `name`.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::layers::{Dot, dot};
/// let (a, b) = (tf::constant([[1.0, 2.0]]), tf::constant([[3.0, 4.0]]));
/// assert_eq!(tf::Session()?.run(Dot(1).apply([a, b]), tf::feed_dict! {})?.as_slice::<f32>()?, [11.0]);
/// let (a, b) = (tf::placeholder(tf::float32, (None, 3, 4)), tf::placeholder(tf::float32, (None, 5, 3)));
/// assert_eq!(dot([a, b], (1, 2)).shape().to_string(), "[?,4,5]");
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn Dot(axes: impl super::IntoPair) -> Dot {
    Dot { axes: axes.into_pair(), normalize: false, common: Common::default() }
}

impl Dot {
    /// Whether all that is multiplied gets length 1 before; no if not said.
    pub fn normalize(mut self, normalize: bool) -> Self {
        self.normalize = normalize;
        self
    }

    fn products(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [a, b] = inputs else {
            return Err(Error::invalid_argument(format!("it takes two tensors, but was given {}", inputs.len())));
        };
        let rank = a.rank().filter(|rank| (2..=3).contains(rank)).ok_or_else(|| {
            Error::invalid_argument(format!("its tensors must have 2 or 3 dimensions, but one has shape {}", a.shape()))
        })?;
        let axes = [resolve_axis(self.axes[0], rank)?, resolve_axis(self.axes[1], rank)?];
        if axes.contains(&0) {
            return Err(Error::invalid_argument("an axis of 0: that is the batch"));
        }
        let [a, b] = [(*a, axes[0]), (*b, axes[1])]
            .map(|(x, axis)| if self.normalize { l2_normalize(x, [axis as i32]) } else { x });
        if rank == 2 {
            return Ok(reduce_sum_args(a * b).axis(1).keepdims(true).build());
        }
        let turned = |x: Tensor, turn: bool| if turn { transpose(x, [0, 2, 1]) } else { x };
        Ok(matmul(turned(a, axes[0] == 1), turned(b, axes[1] == 2)))
    }
}

merging!(Dot, 2, |layer, inputs| layer.products(inputs));

/// For each example the sums of products along `axes`: see [`Dot`](fn@Dot). Keras: `dot([a, b], axes)`.
#[track_caller]
pub fn dot(inputs: impl IntoTensors, axes: impl super::IntoPair) -> Tensor {
    Dot(axes).apply(inputs)
}
