//! `convolution`, `atrous_conv2d` and `pool`: images of two dimensions by the names that TensorFlow has for any.

use crate::error::Error;
use crate::graph::Tensor;
use crate::op::{Arg, IntoTensor, OpDef, convert};
use crate::ops::nn::avg_pool::AVG_POOL;
use crate::ops::nn::conv2d::CONV_2D;
use crate::ops::nn::max_pool::MAX_POOL;
use crate::ops::nn::window::{IntoPadding, PaddingAttrs};
use crate::ops::scope::Scope;

/// Convolution of images. TF: `tf.nn.convolution`, of two dimensions.
///
/// `input` is float32, float64 or int32 of shape [batch, height, width, in], `filter` of the same type and shape [filter
/// height, filter width, in, out]; `padding` is `"SAME"` or `"VALID"`. Keyword arguments `strides`, `dilation_rate` (each for
/// height and width, 1 if not said) and `data_format`. TensorFlow makes a dilated one of images taken apart; here it is one
/// node, with the same result.
///
/// ```
/// use flowstone as tf;
/// let images = tf::placeholder(tf::float32, (None, 28, 28, 1));
/// let y = tf::convolution!(images, tf::zeros([3, 3, 1, 32]), "VALID", dilation_rate = [2, 2]);
/// assert_eq!(y.shape().to_string(), "[?,24,24,32]");
/// ```
#[track_caller]
pub fn convolution(input: impl IntoTensor, filter: impl IntoTensor, padding: impl IntoPadding) -> Tensor {
    convolution_args(input, filter, padding).build()
}

/// [`convolution`] with keyword arguments.
pub fn convolution_args(input: impl IntoTensor, filter: impl IntoTensor, padding: impl IntoPadding) -> ConvolutionArgs {
    ConvolutionArgs {
        args: [input.into_arg(), filter.into_arg()],
        padding: padding.into_padding(),
        strides: [1; 2],
        dilation_rate: [1; 2],
        data_format: "NHWC".to_owned(),
    }
}

/// A convolution whose filter's elements are `rate` apart. TF: `tf.nn.atrous_conv2d`. As [`convolution`].
#[track_caller]
pub fn atrous_conv2d(value: impl IntoTensor, filters: impl IntoTensor, rate: i64, padding: impl IntoPadding) -> Tensor {
    convolution_args(value, filters, padding).dilation_rate([rate; 2]).build()
}

/// A [`convolution`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct ConvolutionArgs {
    args: [Arg; 2],
    padding: PaddingAttrs,
    strides: [i64; 2],
    dilation_rate: [i64; 2],
    data_format: String,
}

/// What is said for height and width, for each dimension.
fn in_all([height, width]: [i64; 2], data_format: &str) -> Vec<i64> {
    if data_format == "NCHW" { vec![1, 1, height, width] } else { vec![1, height, width, 1] }
}

impl ConvolutionArgs {
    /// How far the filter moves along height and width; 1 if not said.
    pub fn strides(mut self, strides: [i64; 2]) -> Self {
        self.strides = strides;
        self
    }

    /// How far apart the filter's elements are along height and width; 1 if not said.
    pub fn dilation_rate(mut self, rate: [i64; 2]) -> Self {
        self.dilation_rate = rate;
        self
    }

    /// The same as [`dilation_rate`](ConvolutionArgs::dilation_rate), as TensorFlow calls it too.
    pub fn dilations(self, rate: [i64; 2]) -> Self {
        self.dilation_rate(rate)
    }

    /// `"NHWC"` (if not said) or `"NCHW"`.
    pub fn data_format(mut self, format: &str) -> Self {
        self.data_format = format.to_owned();
        self
    }

    /// Builds the convolution.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let scope = Scope::open(&self.args.each_ref(), "convolution");
        let format = self.data_format.as_str();
        self.padding
            .set(CONV_2D.call(self.args))
            .attr("strides", in_all(self.strides, format))
            .attr("dilations", in_all(self.dilation_rate, format))
            .attr("data_format", format)
            .name(scope.itself())
            .single()
    }
}

/// Pooling of images. TF: `tf.nn.pool`, of two dimensions.
///
/// `input` is numbers of shape [batch, height, width, channels]; `window_shape` a height and a width, `pooling_type` `"MAX"`
/// or `"AVG"`, `padding` `"SAME"` or `"VALID"`. Keyword arguments `strides` (for height and width, 1 if not said) and
/// `data_format`.
#[track_caller]
pub fn pool(input: impl IntoTensor, window_shape: [i64; 2], pooling_type: &str, padding: impl IntoPadding) -> Tensor {
    pool_args(input, window_shape, pooling_type, padding).build()
}

/// [`pool`] with keyword arguments.
pub fn pool_args(
    input: impl IntoTensor,
    window_shape: [i64; 2],
    pooling_type: &str,
    padding: impl IntoPadding,
) -> PoolArgs {
    PoolArgs {
        input: input.into_arg(),
        window_shape,
        pooling_type: pooling_type.to_owned(),
        padding: padding.into_padding(),
        strides: [1; 2],
        data_format: "NHWC".to_owned(),
    }
}

/// A [`pool`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct PoolArgs {
    input: Arg,
    window_shape: [i64; 2],
    pooling_type: String,
    padding: PaddingAttrs,
    strides: [i64; 2],
    data_format: String,
}

impl PoolArgs {
    /// How far the window moves along height and width; 1 if not said.
    pub fn strides(mut self, strides: [i64; 2]) -> Self {
        self.strides = strides;
        self
    }

    /// `"NHWC"` (if not said) or `"NCHW"`.
    pub fn data_format(mut self, format: &str) -> Self {
        self.data_format = format.to_owned();
        self
    }

    /// Builds the pooling.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let scope = Scope::open(&[&self.input], &format!("{}_pool", self.pooling_type.to_lowercase()));
        let op: &'static OpDef = match &*self.pooling_type {
            "MAX" => &MAX_POOL,
            "AVG" => &AVG_POOL,
            other => return scope.fail(Error::invalid_argument(format!("pooling_type is {other}, not MAX or AVG"))),
        };
        if self.strides.iter().zip(&self.window_shape).any(|(stride, size)| stride > size) {
            let message = format!("strides {:?} beyond the window {:?}", self.strides, self.window_shape);
            return scope.fail(Error::invalid_argument(message));
        }
        let input = convert(self.input, "input", None);
        // As in TensorFlow, which leaves it unused.
        convert([1, 1].into_arg(), "dilation_rate", None);
        let format = self.data_format.as_str();
        self.padding
            .set_name(op.call([input.into_arg()]))
            .attr("ksize", in_all(self.window_shape, format))
            .attr("strides", in_all(self.strides, format))
            .attr("data_format", format)
            .name(scope.itself())
            .single()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ops::nn::{avg_pool, conv2d_args, max_pool};
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn general_names_mean_the_same() {
        let x = Value::new([1, 5, 4, 1], (0..20).map(|i| (i * 7 % 11) as f32).collect::<Vec<f32>>()).unwrap();
        let w = Value::new([2, 2, 1, 1], vec![1.0f32, -2.0, 3.0, 0.5]).unwrap();
        OpTest::new(|x| {
            let dilated = conv2d_args(x[0], x[1], [1; 4], "SAME").dilations([1, 2, 2, 1]).build();
            vec![
                atrous_conv2d(x[0], x[1], 2, "SAME") - dilated,
                pool(x[0], [2, 3], "MAX", "SAME") - max_pool(x[0], [1, 2, 3, 1], [1; 4], "SAME"),
                pool(x[0], [2, 3], "AVG", "SAME") - avg_pool(x[0], [1, 2, 3, 1], [1; 4], "SAME"),
            ]
        })
        .inputs([x, w])
        .expect([0, 1, 2].map(|_| Value::new([1, 5, 4, 1], vec![0.0f32; 20]).unwrap()))
        .run();
        let zeros = || crate::ops::array::zeros([1, 4, 4, 1]);
        assert!(build_error(|| pool(zeros(), [2, 2], "MIN", "SAME")).contains("not MAX or AVG"));
        let error = build_error(|| pool_args(zeros(), [2, 2], "MAX", "SAME").strides([3, 1]).build());
        assert!(error.contains("beyond the window"), "{error}");
    }
}
