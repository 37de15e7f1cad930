//! The cases of `golden/ops/windows.py`, in the same order.

use flowstone as tf;
use tf::nn::{conv2d, depthwise_conv2d};
use tf::op::Call;
use tf::{IntoTensor, conv1d};

fn call<const N: usize>(op: &str, x: [tf::Tensor; N], padding: &str) -> Call {
    tf::ops::lookup(op).unwrap().call(x.map(IntoTensor::into_arg)).attr("padding", padding)
}

fn v2(x: &[tf::Tensor], ksize: &[i32], strides: [i32; 4], padding: &str) -> [tf::Tensor; 1] {
    let args = [x[0].into_arg(), ksize.to_vec().into_arg(), strides.into_arg()];
    [tf::ops::lookup("MaxPoolV2").unwrap().call(args).attr("padding", padding).single()]
}

fn places(x: &[tf::Tensor], ksize: [i64; 4], strides: [i64; 4], padding: &str) -> [tf::Tensor; 2] {
    tf::nn::max_pool_with_argmax(x[0], ksize, strides, padding).into()
}

fn from_places(x: &[tf::Tensor]) -> [tf::Tensor; 1] {
    let call = call("MaxPoolGradWithArgmax", [x[0], x[1], x[2]], "SAME");
    [call.attr("ksize", vec![1, 2, 2, 1]).attr("strides", vec![1, 2, 2, 1]).single()]
}

const ONE: [i64; 4] = [1; 4];

pub static CASES: &[super::Case] = cases! {
    "pool_v2_same" |x| v2(x, &[1, 2, 3, 1], [1, 2, 1, 1], "SAME");
    "pool_v2_valid" |x| v2(x, &[1, 3, 2, 1], [1, 1, 2, 1], "VALID");
    "pool_v2_fed" |x| [call("MaxPoolV2", [x[0], x[1], x[2]], "SAME").single()];
    "pool_v2_i32" |x| v2(x, &[1, 2, 2, 1], [1, 2, 2, 1], "SAME");
    "pool_v2_f64" |x| v2(x, &[1, 2, 2, 1], [1, 2, 2, 1], "SAME");
    "pool_v2_empty" |x| v2(x, &[1, 2, 2, 1], [1, 2, 2, 1], "SAME");
    "pool_v2_ties" |x| v2(x, &[1, 2, 2, 1], [1, 2, 2, 1], "VALID");
    "pool_v2_large" |x| v2(x, &[1, 6, 2, 1], [1, 1, 1, 1], "VALID");
    "pool_v2_ksize" |x| v2(x, &[1, 2, 2], [1, 1, 1, 1], "VALID");
    "pool_v2_stride" |x| {
        let args = [x[0].into_arg(), [1, 2, 2, 1].into_arg(), x[1].into_arg()];
        [tf::ops::lookup("MaxPoolV2").unwrap().call(args).attr("padding", "SAME").single()]
    };
    "pool_v2_rank" |x| v2(x, &[1, 2, 2, 1], [1, 1, 1, 1], "VALID");
    "argmax_same" |x| places(x, [1, 2, 3, 1], [1, 2, 1, 1], "SAME");
    "argmax_valid" |x| places(x, [1, 3, 2, 1], [1, 1, 2, 1], "VALID");
    "argmax_on" |x| {
        <[_; 2]>::from(tf::max_pool_with_argmax!(x[0], [1, 2, 2, 1], [1, 2, 2, 1], "SAME", include_batch_in_index = true))
    };
    "argmax_i32" [] |x| {
        <[_; 2]>::from(tf::max_pool_with_argmax!(x[0], [1, 2, 2, 1], [1, 2, 2, 1], "SAME", targmax = tf::int32))
    };
    "argmax_ties" |x| places(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID");
    "argmax_f64" |x| places(x, [1, 2, 2, 1], [1, 1, 1, 1], "VALID");
    "argmax_large" |x| places(x, [1, 6, 2, 1], [1, 1, 1, 1], "VALID");
    "argmax_rank" |x| places(x, [1, 2, 2, 1], [1, 1, 1, 1], "VALID");
    "argmax_grad_raw" [] |x| from_places(x);
    "conv1d_same" |x| [tf::nn::conv1d(x[0], x[1], 1, "SAME")];
    "conv1d_strided_same" |x| [tf::nn::conv1d(x[0], x[1], 2, "SAME")];
    "conv2d_strided_same" |x| [conv2d(x[0], x[1], [1, 3, 2, 1], "SAME")];
    "depthwise_uneven_same" |x| [depthwise_conv2d(x[0], x[1], [1, 3, 3, 1], "SAME")];
    "conv1d_valid" |x| [tf::nn::conv1d(x[0], x[1], 1, "VALID")];
    "conv1d_strided_valid" |x| [tf::nn::conv1d(x[0], x[1], 2, "VALID")];
    "conv2d_strided_valid" |x| [conv2d(x[0], x[1], [1, 3, 2, 1], "VALID")];
    "depthwise_uneven_valid" |x| [depthwise_conv2d(x[0], x[1], [1, 3, 3, 1], "VALID")];
    "conv1d_dilated" [] |x| [conv1d!(x[0], x[1], 1, "SAME", dilations = 2)];
    "conv1d_channels" |x| [tf::nn::conv1d(x[0], x[1], 1, "SAME")];
    "conv1d_large" |x| [tf::nn::conv1d(x[0], x[1], 1, "VALID")];
    "depthwise_narrow" |x| [depthwise_conv2d(x[0], x[1], ONE, "SAME")];
    "depthwise_many" |x| [depthwise_conv2d(x[0], x[1], ONE, "VALID")];
    "depthwise_no_batch" |x| [depthwise_conv2d(x[0], x[1], ONE, "SAME")];
    "depthwise_explicit" |x| [depthwise_conv2d(x[0], x[1], ONE, [[0, 0], [1, 0], [0, 2], [0, 0]])];
    "depthwise_channels" |x| [depthwise_conv2d(x[0], x[1], ONE, "SAME")];
    "depthwise_rank" |x| [depthwise_conv2d(x[0], x[1], ONE, "SAME")];
    "depthwise_large" |x| [depthwise_conv2d(x[0], x[1], ONE, "VALID")];
    "deconv2d" |x| [tf::nn::deconv2d(x[0], x[1], [1, 5, 5, 2], [1, 2, 2, 1], "VALID")];
    "conv2d_channels" |x| [conv2d(x[0], x[1], ONE, "VALID")];
    "conv2d_large" |x| [conv2d(x[0], x[1], ONE, "VALID")];
    "conv2d_no_stride" |x| [conv2d(x[0], x[1], [1, 0, 1, 1], "VALID")];
    "conv2d_rank" |x| [conv2d(x[0], x[1], ONE, "VALID")];
    "conv2d_types" |x| [conv2d(x[0], x[1], ONE, "VALID")];
    "max_pool_large" |x| [tf::nn::max_pool(x[0], [1, 6, 2, 1], ONE, "VALID")];
    "max_pool_stride" |x| [tf::nn::max_pool(x[0], [1, 2, 2, 1], [1, 0, 1, 1], "SAME")];
    "max_pool_rank" |x| [tf::nn::max_pool(x[0], [1, 2, 2, 1], ONE, "SAME")];
    "max_pool_gaps" |x| [tf::nn::max_pool(x[0], [1, 2, 1, 1], [1, 3, 3, 1], "SAME")];
    "max_pool_empty" |x| [tf::nn::max_pool(x[0], [1, 2, 1, 1], [1, 3, 3, 1], "SAME")];
    "avg_pool_large" |x| [tf::nn::avg_pool(x[0], [1, 6, 2, 1], ONE, "VALID")];
    "avg_pool_stride" |x| [tf::nn::avg_pool(x[0], [1, 2, 2, 1], [1, 0, 1, 1], "SAME")];
    "avg_pool_rank" |x| [tf::nn::avg_pool(x[0], [1, 2, 2, 1], ONE, "SAME")];
    "avg_pool_gaps" |x| [tf::nn::avg_pool(x[0], [1, 2, 1, 1], [1, 3, 3, 1], "SAME")];
    "avg_pool_empty" |x| [tf::nn::avg_pool(x[0], [1, 2, 1, 1], [1, 3, 3, 1], "SAME")];
    "bias_add_sizes" |x| [tf::nn::bias_add(x[0], x[1])];
    "bias_add_rank" |x| [tf::nn::bias_add(x[0], x[1])];
    "convolution" |x| [tf::convolution!(x[0], x[1], "SAME", strides = [2, 1])];
    "pool_max" |x| [tf::pool!(x[0], [2, 3], "MAX", "SAME", strides = [2, 1])];
    "pool_avg" |x| [tf::nn::pool(x[0], [2, 3], "AVG", "VALID")];
    "pool_type" |x| [tf::nn::pool(x[0], [2, 3], "MIN", "VALID")];
    "pool_strides" |x| [tf::pool!(x[0], [2, 3], "MAX", "VALID", strides = [3, 1])];
    "layer_max_pool_nchw" |x| [tf::max_pool!(x[0], [1, 1, 2, 2], [1, 1, 2, 1], "SAME", data_format = "NCHW")];
    "layer_avg_pool_nchw" |x| [tf::avg_pool!(x[0], [1, 1, 2, 2], [1, 1, 2, 1], "SAME", data_format = "NCHW")];
    "layer_conv2d_nchw" |x| [tf::conv2d!(x[0], x[1], [1, 1, 2, 1], "SAME", data_format = "NCHW")];
    "layer_depthwise_nchw" |x| [tf::depthwise_conv2d!(x[0], x[1], [1, 1, 2, 2], "SAME", data_format = "NCHW")];
    "layer_conv1d_nchw" |x| [conv1d!(x[0], x[1], 2, "SAME", data_format = "NCW")];
    "layer_conv2d_transpose_nchw" |x| {
        [tf::conv2d_transpose!(x[0], x[1], [2, 4, 6, 6], [1, 1, 2, 2], "SAME", data_format = "NCHW")]
    };
};
