//! The cases of `golden/ops/reduce_ops.py`, in the same order.

use flowstone as tf;
use tf::math;

use super::raw;

fn saturated(x: &[tf::Tensor]) -> [tf::Tensor; 5] {
    [tf::float32, tf::float64, tf::int32, tf::int64, tf::uint8].map(|dtype| tf::saturate_cast(x[0], dtype))
}

const INFINITY: f64 = f64::INFINITY;

pub static CASES: &[super::Case] = cases! {
    "all" |x| [tf::reduce_all(x[0])];
    "all_axis" |x| [tf::reduce_all!(x[0], axis = 0)];
    "all_keep" |x| [tf::reduce_all!(x[0], axis = [-1], keepdims = true)];
    "all_fed_axis" |x| [tf::reduce_all!(x[0], axis = x[1])];
    "all_empty" |x| [tf::reduce_all(x[0]), tf::reduce_all!(x[0], axis = 1)];
    "all_scalar" |x| [tf::reduce_all(x[0])];
    "all_axis_out" |x| [tf::reduce_all!(x[0], axis = 2)];
    "all_number" |x| [tf::reduce_all(x[0])];
    "any" |x| [tf::reduce_any(x[0])];
    "any_axis" |x| [tf::reduce_any!(x[0], axis = 0)];
    "any_keep" |x| [tf::reduce_any!(x[0], axis = [-1], keepdims = true)];
    "any_fed_axis" |x| [tf::reduce_any!(x[0], axis = x[1])];
    "any_empty" |x| [tf::reduce_any(x[0]), tf::reduce_any!(x[0], axis = 1)];
    "any_scalar" |x| [tf::reduce_any(x[0])];
    "any_axis_out" |x| [tf::reduce_any!(x[0], axis = 2)];
    "any_number" |x| [tf::reduce_any(x[0])];
    "euclidean" |x| [math::reduce_euclidean_norm(x[0])];
    "euclidean_axis" |x| [tf::reduce_euclidean_norm!(x[0], axis = 1)];
    "euclidean_keep" |x| [tf::reduce_euclidean_norm!(x[0], axis = 0, keepdims = true)];
    "euclidean_f64" |x| [math::reduce_euclidean_norm(x[0])];
    "euclidean_empty" [] |x| [math::reduce_euclidean_norm(x[0])];
    "euclidean_special" [] |x| [tf::reduce_euclidean_norm!(x[0], axis = 1)];
    "euclidean_axis_out" |x| [tf::reduce_euclidean_norm!(x[0], axis = 2)];
    "logsumexp" |x| [tf::reduce_logsumexp(x[0])];
    "logsumexp_axis" |x| [tf::reduce_logsumexp!(x[0], axis = 1)];
    "logsumexp_keep" |x| [tf::reduce_logsumexp!(x[0], axis = [0], keepdims = true)];
    "logsumexp_f64" |x| [tf::reduce_logsumexp(x[0])];
    "logsumexp_special" [] |x| [tf::reduce_logsumexp!(x[0], axis = 1)];
    "logsumexp_axis_out" |x| [tf::reduce_logsumexp!(x[0], axis = 2)];
    "variance" |x| [
        math::reduce_variance(x[0]),
        tf::reduce_std!(x[0], axis = 1),
        tf::reduce_variance!(x[0], axis = 0, keepdims = true),
    ];
    "variance_whole" |x| [math::reduce_variance(x[0])];
    "count" |x| [
        tf::count_nonzero(x[0]),
        tf::count_nonzero!(x[0], axis = 1),
        tf::count_nonzero!(x[0], axis = 0, keepdims = true, dtype = tf::int32),
    ];
    "count_types" [] |x| [0, 1, 2].map(|i| tf::count_nonzero(x[i]));
    "count_axis_out" |x| [tf::count_nonzero!(x[0], axis = 2)];
    "norm" |x| [tf::norm(x[0])];
    "norm_axis" |x| [
        tf::norm!(x[0], axis = [1]),
        tf::norm!(x[0], axis = [-1], keepdims = true),
        tf::norm!(x[0], axis = [0, 1]),
    ];
    "norm_1" |x| [
        tf::norm!(x[0], ord = 1.0),
        tf::norm!(x[0], ord = 1.0, axis = [1]),
        tf::norm!(x[0], ord = 1.0, axis = [0, 1]),
    ];
    "norm_inf" |x| [
        tf::norm!(x[0], ord = INFINITY),
        tf::norm!(x[0], ord = INFINITY, axis = [1]),
        tf::norm!(x[0], ord = INFINITY, axis = [0, 1]),
    ];
    "norm_3" |x| [tf::norm!(x[0], ord = 3.0), tf::norm!(x[0], ord = 3.0, axis = [1])];
    "norm_negative" |x| [tf::norm!(x[0], ord = -1.0)];
    "norm_3_of_matrix" |x| [tf::norm!(x[0], ord = 3.0, axis = [0, 1])];
    "clip" |x| [tf::clip_by_value(x[0], -1.0, 1.0)];
    "clip_bounds" |x| [tf::clip_by_value(x[0], x[1], x[2])];
    "clip_i32" |x| [tf::clip_by_value(x[0], 1, 3)];
    "clip_special" [] |x| [tf::clip_by_value(x[0], -1.0, 1.0)];
    "clip_grows" |x| [tf::clip_by_value(x[0], x[1], x[2])];
    "clip_op" |x| raw("ClipByValue", [x[0], x[1], x[2]]);
    "clip_op_same" |x| raw("ClipByValue", [x[0], x[1], x[2]]);
    "clip_op_f64" |x| raw("ClipByValue", [x[0], x[1], x[2]]);
    "clip_op_i64" |x| raw("ClipByValue", [x[0], x[1], x[2]]);
    "clip_op_empty" [] |x| raw("ClipByValue", [x[0], x[1], x[2]]);
    "clip_op_grows" |x| raw("ClipByValue", [x[0], x[1], x[2]]);
    "clip_by_norm" |x| [tf::clip_by_norm(x[0], 1.0), tf::clip_by_norm(x[0], 100.0), tf::clip_by_norm(x[0], -1.0)];
    "clip_by_norm_axes" |x| [tf::clip_by_norm!(x[0], x[1], axes = [1]), tf::clip_by_norm(x[0] * 0.0, x[1])];
    "clip_by_average_norm" |x| [tf::clip_by_average_norm(x[0], 0.1), tf::clip_by_average_norm(x[0], 9.0)];
    "global_norm" |x| [tf::global_norm([x[0], x[1]])];
    "global_norm_f64" |x| [tf::global_norm([x[0]])];
    "to" |x| [tf::to_float(x[0]), tf::to_double(x[0]), tf::to_int32(x[0]), tf::to_int64(x[0])];
    "saturate" |x| saturated(x);
    "saturate_f64" |x| saturated(x);
    "saturate_i32" |x| [tf::int32, tf::int64, tf::uint8].map(|t| tf::saturate_cast(x[0], t));
    "saturate_i64" |x| [tf::int32, tf::int64, tf::uint8].map(|t| tf::saturate_cast(x[0], t));
    "saturate_u8" |x| saturated(x);
    "scalar_mul" |x| [tf::scalar_mul(2.0, x[0]), tf::scalar_mul(x[1], x[0])];
    "scalar_mul_vector" |x| [tf::scalar_mul(x[1], x[0])];
    "accumulate_n" |x| [tf::accumulate_n([x[0], x[1]])];
};
