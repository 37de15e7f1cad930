//! The cases of `golden/ops/array_ops.py`, in the same order.

use flowstone as tf;
use tf::IntoTensor;

use super::raw;

/// A placeholder with this default that takes any sizes.
fn open_default(x: tf::Tensor) -> tf::Tensor {
    tf::placeholder_with_default(x, tf::PartialShape::unknown_of_rank(x.shape().rank().unwrap()))
}

pub static CASES: &[super::Case] = cases! {
    "identity" |x| [tf::identity(x[0]), tf::stop_gradient(x[0])];
    "shape" |x| [tf::shape(x[0]), tf::rank(x[0]), tf::size(x[0])];
    "shape_partly" [] |x| [tf::shape(tf::reshape(x[0], [-1, 3])), tf::size(tf::reshape(x[0], [0, -1]))];
    "shape_n" [] |x| tf::shape_n([x[0], x[1]]);
    "reshape" |x| [tf::reshape(x[0], [3, -1])];
    "reshape_fed" |x| [tf::reshape(x[0], x[1])];
    "expand_dims" |x| [tf::expand_dims(x[0], 0), tf::expand_dims(x[0], -1)];
    "squeeze" |x| [tf::squeeze!(x[0], axis = [0]), tf::squeeze(x[0])];
    "fill" |x| [tf::fill([2, 3], x[0])];
    "fill_fed" |x| [tf::fill(x[0], x[1])];
    "zeros" |_x| [tf::zeros([2, 3]), tf::ones([2]), tf::zeros([40, 30])];
    "likes" [] |x| [tf::zeros_like(x[0]), tf::ones_like(x[0])];
    "ones_like_old" [] |x| raw("OnesLike", [x[0]]);
    "range" |x| [tf::range(0, x[0], 2), tf::range(0.0, 1.0, 0.25), tf::range(5, 0, -2)];
    "concat" |x| [tf::concat([x[0], x[1]], 1)];
    "concat_negative" |x| [tf::concat([x[0], x[1], x[0]], -1)];
    "concat_one" |x| [tf::concat([x[0]], 0)];
    "stack" |x| [tf::stack!([x[0], x[1]], axis = 1)];
    "unstack" |x| tf::unstack!(x[0], axis = 1);
    "slice" |x| [tf::slice(x[0], [0, 1], [2, 2])];
    "slice_rest" |x| [tf::slice(x[0], [1, 0], [-1, 2])];
    "slice_fed" |x| [tf::slice(x[0], x[1], x[2])];
    "pad" |x| [tf::pad(x[0], [[1, 0], [0, 2]])];
    "pad_fed" |x| [tf::pad(x[0], x[1])];
    "tile" |x| [tf::tile(x[0], [2, 3])];
    "tile_fed" |x| [tf::tile(x[0], x[1])];
    "broadcast_to" |x| [tf::broadcast_to(x[0], [2, 3])];
    "broadcast_to_fed" |x| [tf::broadcast_to(x[0], x[1])];
    "transpose" |x| [tf::transpose(x[0], [2, 0, 1])];
    "transpose_reversed" |x| [tf::transpose!(x[0])];
    "invert_permutation" |x| [tf::invert_permutation(x[0])];
    "gather" [] |x| [tf::gather(x[0], x[1])];
    "gather_axis" [] |x| [tf::gather!(x[0], x[1], axis = 1)];
    "placeholder_with_default" |x| [tf::placeholder_with_default(x[0], [None])];
    "dynamic_stitch" [] |x| [tf::dynamic_stitch([[0, 2].into_arg(), [1].into_arg()], [x[0], x[1]])];
    "setdiff1d" |x| <[tf::Tensor; 2]>::from(tf::setdiff1d(x[0], x[1]));
    "strided_slice" |x| [tf::strided_slice(x[0], [0, 1], [2, 3])];
    "strided_slice_back" |x| [tf::strided_slice!(x[0], [1, -1], [-3, -4], strides = [-1, -2])];
    "strided_slice_masks" |x| [tf::strided_slice!(
        x[0], [0, 0, 1, 0], [0, 0, 2, 3], strides = [1, 1, 1, 2], begin_mask = 8, end_mask = 8, ellipsis_mask = 1,
        new_axis_mask = 2, shrink_axis_mask = 4
    )];
    "strided_slice_empty" |x| [tf::strided_slice(x[0], [3], [9])];
    "strided_slice_fed" |x| [tf::strided_slice!(x[0], x[1], x[2], strides = [1, 1])];
    "strided_slice_i64" |x| {
        let strides = tf::constant_of([2], tf::int64);
        [tf::strided_slice!(x[0], x[1], x[2], strides = strides)]
    };
    "ones_like_old_f64" [] |x| raw("OnesLike", [x[0]]);
    "placeholder_with_default_f64" [] |x| [open_default(x[0])];
    "ones_like_old_i32" [] |x| raw("OnesLike", [x[0]]);
    "placeholder_with_default_i32" [] |x| [open_default(x[0])];
    "ones_like_old_bool" [] |x| raw("OnesLike", [x[0]]);
    "placeholder_with_default_bool" [] |x| [open_default(x[0])];
    "ones_like_old_scalar" [] |x| raw("OnesLike", [x[0]]);
    "placeholder_with_default_scalar" [] |x| [open_default(x[0])];
    "ones_like_old_empty" [] |x| raw("OnesLike", [x[0]]);
    "placeholder_with_default_empty" [] |x| [open_default(x[0])];
    "bad_reshape" |x| [tf::reshape(x[0], [4, -1])];
    "bad_reshape_fed" |x| [tf::reshape(x[0], x[1])];
    "bad_reshape_same" |x| [tf::reshape(x[0], x[1])];
    "bad_concat" |x| [tf::concat([x[0], x[1]], 1)];
    "bad_gather" |x| [tf::gather(x[0], x[1])];
};
