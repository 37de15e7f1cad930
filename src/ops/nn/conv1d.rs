//! `conv1d`: a convolution of rows of pixels, as one of images of height 1.

use crate::graph::Tensor;
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{expand_dims, squeeze_args};
use crate::ops::nn::conv2d::CONV_2D;
use crate::ops::nn::window::{IntoPadding, PaddingAttrs};
use crate::ops::scope::Scope;

/// One-dimensional convolution. TF: `tf.nn.conv1d`.
///
/// `value` is float32, float64 or int32 of shape [batch, width, in], `filters` of the same type and shape [filter width, in,
/// out]; `stride` is how far the filter moves, `padding` `"SAME"` or `"VALID"`. Keyword arguments `dilations` and
/// `data_format`, `"NWC"` or `"NCW"`.
///
/// ```
/// use flowstone as tf;
/// let x = tf::reshape([1.0, 2.0, 3.0], [1, 3, 1]);
/// let y = tf::nn::conv1d(x, tf::reshape([1.0, 10.0], [2, 1, 1]), 1, "VALID");
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [21.0, 32.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn conv1d(value: impl IntoTensor, filters: impl IntoTensor, stride: i64, padding: impl IntoPadding) -> Tensor {
    conv1d_args(value, filters, stride, padding).build()
}

/// [`conv1d`] with keyword arguments.
pub fn conv1d_args(
    value: impl IntoTensor,
    filters: impl IntoTensor,
    stride: i64,
    padding: impl IntoPadding,
) -> Conv1dArgs {
    let args = [value.into_arg(), filters.into_arg()];
    Conv1dArgs { args, stride, padding: padding.into_padding(), dilations: 1, data_format: "NWC".to_owned() }
}

/// A [`conv1d`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct Conv1dArgs {
    args: [Arg; 2],
    stride: i64,
    padding: PaddingAttrs,
    dilations: i64,
    data_format: String,
}

impl Conv1dArgs {
    /// How far apart the filter's elements are; 1 if not said.
    pub fn dilations(mut self, dilations: i64) -> Self {
        self.dilations = dilations;
        self
    }

    /// `"NWC"` (if not said) or `"NCW"`; `"NHWC"` and `"NCHW"` mean the same.
    pub fn data_format(mut self, format: &str) -> Self {
        self.data_format = format.to_owned();
        self
    }

    /// Builds the convolution.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let scope = Scope::open(&self.args.each_ref(), "conv1d");
        let first = matches!(&*self.data_format, "NCW" | "NCHW");
        let height = if first { -2 } else { -3 };
        let [value, filters] = self.args;
        let value = expand_dims(convert(value, "value", None), height);
        let filters = expand_dims(convert(filters, "filters", None), 0);
        let list = |n: i64| if first { vec![1, 1, 1, n] } else { vec![1, 1, n, 1] };
        let format = match &*self.data_format {
            "NWC" | "NHWC" => "NHWC",
            "NCW" | "NCHW" => "NCHW",
            other => other,
        };
        let call = self.padding.set(CONV_2D.call([value.into_arg(), filters.into_arg()]));
        let call = call.attr("strides", list(self.stride)).attr("dilations", list(self.dilations));
        let result = call.attr("data_format", format).name(scope.itself()).single();
        squeeze_args(result).axis([i64::from(height)]).build()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ops::array::transpose;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn conv1d_is_whole() {
        let numbers = |shape: [usize; 3]| {
            Value::new(
                shape,
                (0..shape.iter().product()).map(|i: usize| (i * 7 % 11) as f32 - 5.0).collect::<Vec<f32>>(),
            )
            .unwrap()
        };
        OpTest::new(|x| {
            let last = conv1d(x[0], x[1], 2, "SAME");
            let first = conv1d_args(transpose(x[0], [0, 2, 1]), x[1], 2, "SAME").data_format("NCW").build();
            vec![last, transpose(first, [0, 2, 1]) - last]
        })
        .inputs([numbers([2, 5, 3]), numbers([2, 3, 2])])
        .differentiable(&[0, 1])
        .run();
        assert!(
            build_error(|| conv1d(
                crate::ops::array::zeros([1, 2, 1]),
                crate::ops::array::zeros([3, 1, 1]),
                1,
                "VALID"
            ))
            .contains("does not fit")
        );
        let error = build_error(|| conv1d_args([[[1.0]]], [[[1.0]]], 1, "SAME").data_format("CWN").build());
        assert!(error.contains("data_format"), "{error}");
    }
}
