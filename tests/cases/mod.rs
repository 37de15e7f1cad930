//! The cases of `make_ops.py`, in the same order.

use flowstone as tf;
use tf::layers::{self, Layer};
use tf::{IntoTensor, Tensor, Variable};

use super::{Case, raw};

/// What `change` builds, to run after the new variable got its initial value.
fn state<R>(initial: Tensor, change: impl FnOnce(Variable) -> R) -> R {
    let v = tf::Variable(initial);
    let _after = tf::control_dependencies(&[v.initializer()]);
    change(v)
}

fn adam(x: &[Tensor], nesterov: bool) -> Vec<Tensor> {
    let variables = [tf::Variable(x[0]), tf::Variable(x[0] * 0.5), tf::Variable(x[0] * x[0])];
    let _after = tf::control_dependencies(&variables.map(|v| v.initializer()));
    let [var, m, v] = variables.map(|v| v.reference().into_arg());
    let numbers = [0.9, 0.999, 0.01, 0.9, 0.999, 1e-8];
    let [beta1_power, beta2_power, lr, beta1, beta2, epsilon] = numbers.map(|x: f32| x.into_arg());
    let args = [var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, x[1].into_arg()];
    let call = tf::ops::lookup("ApplyAdam").unwrap().call(args);
    call.attr("use_nesterov", nesterov).build().outputs()
}

/// A list of no axes.
fn none() -> tf::Value {
    tf::Value::vector(Vec::<i32>::new())
}

pub static CASES: &[Case] = cases! {
    // Elementwise.
    "neg" |x| [tf::negative(x[0])];
    "neg_f64" |x| [tf::negative(x[0])];
    "neg_special" |x| [tf::negative(x[0])];
    "square" |x| [tf::square(x[0])];
    "square_f64" |x| [tf::square(x[0])];
    "square_special" |x| [tf::square(x[0])];
    "sqrt" |x| [tf::sqrt(x[0])];
    "sqrt_f64" |x| [tf::sqrt(x[0])];
    "sqrt_special" |x| [tf::sqrt(x[0])];
    "exp" |x| [tf::exp(x[0])];
    "exp_f64" |x| [tf::exp(x[0])];
    "exp_special" |x| [tf::exp(x[0])];
    "log" |x| [tf::log(x[0])];
    "log_f64" |x| [tf::log(x[0])];
    "log_special" |x| [tf::log(x[0])];
    "abs" |x| [tf::abs(x[0])];
    "abs_f64" |x| [tf::abs(x[0])];
    "abs_special" |x| [tf::abs(x[0])];
    "sign" |x| [tf::sign(x[0])];
    "sign_f64" |x| [tf::sign(x[0])];
    "sign_special" |x| [tf::sign(x[0])];
    "reciprocal" |x| [tf::reciprocal(x[0])];
    "reciprocal_f64" |x| [tf::reciprocal(x[0])];
    "reciprocal_special" |x| [tf::reciprocal(x[0])];
    "tanh" |x| [tf::tanh(x[0])];
    "tanh_f64" |x| [tf::tanh(x[0])];
    "tanh_special" |x| [tf::tanh(x[0])];
    "sigmoid" |x| [tf::sigmoid(x[0])];
    "sigmoid_f64" |x| [tf::sigmoid(x[0])];
    "sigmoid_special" |x| [tf::sigmoid(x[0])];
    "relu" |x| [tf::nn::relu(x[0])];
    "relu_f64" |x| [tf::nn::relu(x[0])];
    "relu_special" |x| [tf::nn::relu(x[0])];
    "neg_i32" |x| [tf::negative(x[0])];
    "neg_i64" |x| [tf::negative(x[0])];
    "square_i32" |x| [tf::square(x[0])];
    "square_i64" |x| [tf::square(x[0])];
    "abs_i32" |x| [tf::abs(x[0])];
    "abs_i64" |x| [tf::abs(x[0])];
    "sign_i32" |x| [tf::sign(x[0])];
    "sign_i64" |x| [tf::sign(x[0])];
    "relu_i32" |x| [tf::nn::relu(x[0])];
    "relu_i64" |x| [tf::nn::relu(x[0])];
    "cast" |x| [tf::cast(x[0], tf::float64)];
    "cast_same" |x| [tf::cast(x[0], tf::float32)];
    "cast_int" |x| [tf::int32, tf::int64, tf::bool, tf::float64].map(|t| tf::cast(x[0], t));
    "cast_from" |x| [(0, tf::float32), (1, tf::float32), (2, tf::int32), (0, tf::uint8)].map(|(i, t)| tf::cast(x[i], t));
    "add" |x| [tf::add(x[0], x[1])];
    "add_row" |x| [tf::add(x[0], x[1])];
    "add_outer" |x| [tf::add(x[0], x[1])];
    "add_scalar" |x| [tf::add(x[0], x[1])];
    "add_empty" |x| [tf::add(x[0], x[1])];
    "add_special" [] |x| [tf::add(x[0], x[1])];
    "add_f64" |x| [tf::add(x[0], x[1])];
    "sub" |x| [tf::subtract(x[0], x[1])];
    "sub_row" |x| [tf::subtract(x[0], x[1])];
    "sub_outer" |x| [tf::subtract(x[0], x[1])];
    "sub_scalar" |x| [tf::subtract(x[0], x[1])];
    "sub_empty" |x| [tf::subtract(x[0], x[1])];
    "sub_special" [] |x| [tf::subtract(x[0], x[1])];
    "sub_f64" |x| [tf::subtract(x[0], x[1])];
    "mul" |x| [tf::multiply(x[0], x[1])];
    "mul_row" |x| [tf::multiply(x[0], x[1])];
    "mul_outer" |x| [tf::multiply(x[0], x[1])];
    "mul_scalar" |x| [tf::multiply(x[0], x[1])];
    "mul_empty" |x| [tf::multiply(x[0], x[1])];
    "mul_special" [] |x| [tf::multiply(x[0], x[1])];
    "mul_f64" |x| [tf::multiply(x[0], x[1])];
    "div" |x| [tf::divide(x[0], x[1])];
    "div_row" |x| [tf::divide(x[0], x[1])];
    "div_outer" |x| [tf::divide(x[0], x[1])];
    "div_scalar" |x| [tf::divide(x[0], x[1])];
    "div_empty" |x| [tf::divide(x[0], x[1])];
    "div_special" [] |x| [tf::divide(x[0], x[1])];
    "div_f64" |x| [tf::divide(x[0], x[1])];
    "add_old" |x| raw("Add", [x[0], x[1]]);
    "add_old_row" |x| raw("Add", [x[0], x[1]]);
    "add_old_outer" |x| raw("Add", [x[0], x[1]]);
    "add_old_scalar" |x| raw("Add", [x[0], x[1]]);
    "add_old_empty" |x| raw("Add", [x[0], x[1]]);
    "add_old_special" [] |x| raw("Add", [x[0], x[1]]);
    "add_old_f64" |x| raw("Add", [x[0], x[1]]);
    "floormod" |x| [tf::floormod(x[0], x[1])];
    "floormod_row" |x| [tf::floormod(x[0], x[1])];
    "floormod_outer" |x| [tf::floormod(x[0], x[1])];
    "floormod_scalar" |x| [tf::floormod(x[0], x[1])];
    "floormod_empty" |x| [tf::floormod(x[0], x[1])];
    "floormod_special" [] |x| [tf::floormod(x[0], x[1])];
    "floormod_f64" |x| [tf::floormod(x[0], x[1])];
    "add_i32" |x| [tf::add(x[0], x[1])];
    "add_i64" |x| [tf::add(x[0], x[1])];
    "sub_i32" |x| [tf::subtract(x[0], x[1])];
    "sub_i64" |x| [tf::subtract(x[0], x[1])];
    "mul_i32" |x| [tf::multiply(x[0], x[1])];
    "mul_i64" |x| [tf::multiply(x[0], x[1])];
    "div_i32" |x| [tf::divide(x[0], x[1])];
    "div_i64" |x| [tf::divide(x[0], x[1])];
    "floordiv_i32" |x| [tf::floordiv(x[0], x[1])];
    "floordiv_i64" |x| [tf::floordiv(x[0], x[1])];
    "floormod_i32" |x| [tf::floormod(x[0], x[1])];
    "floormod_i64" |x| [tf::floormod(x[0], x[1])];
    "floordiv" |x| [tf::floordiv(x[0], x[1])];
    "operators" |x| {
        let (x, y) = (x[0], x[1]);
        [x + y, x - y, x * y, x / y, -x, x % y, 2.0 * x, 1 - x, x + 1, 3.0 / y]
    };
    "equal" |x| [tf::equal(x[0], x[1])];
    "equal_row" |x| [tf::equal(x[0], x[1])];
    "not_equal" |x| [tf::not_equal(x[0], x[1])];
    "not_equal_row" |x| [tf::not_equal(x[0], x[1])];
    "less" |x| [tf::less(x[0], x[1])];
    "less_row" |x| [tf::less(x[0], x[1])];
    "less_equal" |x| [tf::less_equal(x[0], x[1])];
    "less_equal_row" |x| [tf::less_equal(x[0], x[1])];
    "greater" |x| [tf::greater(x[0], x[1])];
    "greater_row" |x| [tf::greater(x[0], x[1])];
    "greater_equal" |x| [tf::greater_equal(x[0], x[1])];
    "greater_equal_row" |x| [tf::greater_equal(x[0], x[1])];
    "logic" |x| [tf::logical_and(x[0], x[1]), tf::logical_or(x[0], x[1]), tf::logical_not(x[0])];

    // Reductions.
    "sum" |x| [tf::reduce_sum(x[0])];
    "sum_axis" |x| [tf::reduce_sum!(x[0], axis = 1)];
    "sum_negative_axis" |x| [tf::reduce_sum!(x[0], axis = [-1])];
    "sum_keep" |x| [tf::reduce_sum!(x[0], axis = 0, keepdims = true)];
    "sum_middle" |x| [tf::reduce_sum!(x[0], axis = [0, 2])];
    "sum_fed_axis" |x| [tf::reduce_sum!(x[0], axis = x[1])];
    "sum_none" [] |x| [tf::reduce_sum!(x[0], axis = none())];
    "sum_scalar" [] |x| [tf::reduce_sum(x[0])];
    "sum_special" [] |x| [tf::reduce_sum!(x[0], axis = 1)];
    "sum_i32" |x| [tf::reduce_sum!(x[0], axis = 0)];
    "sum_empty" [] |x| [tf::reduce_sum(x[0])];
    "mean" |x| [tf::reduce_mean(x[0])];
    "mean_axis" |x| [tf::reduce_mean!(x[0], axis = 1)];
    "mean_negative_axis" |x| [tf::reduce_mean!(x[0], axis = [-1])];
    "mean_keep" |x| [tf::reduce_mean!(x[0], axis = 0, keepdims = true)];
    "mean_middle" |x| [tf::reduce_mean!(x[0], axis = [0, 2])];
    "mean_fed_axis" |x| [tf::reduce_mean!(x[0], axis = x[1])];
    "mean_none" [] |x| [tf::reduce_mean!(x[0], axis = none())];
    "mean_scalar" [] |x| [tf::reduce_mean(x[0])];
    "mean_special" [] |x| [tf::reduce_mean!(x[0], axis = 1)];
    "mean_i32" |x| [tf::reduce_mean!(x[0], axis = 0)];
    "mean_empty" [] |x| [tf::reduce_mean(x[0])];
    "prod" |x| [tf::reduce_prod(x[0])];
    "prod_axis" |x| [tf::reduce_prod!(x[0], axis = 1)];
    "prod_negative_axis" |x| [tf::reduce_prod!(x[0], axis = [-1])];
    "prod_keep" |x| [tf::reduce_prod!(x[0], axis = 0, keepdims = true)];
    "prod_middle" |x| [tf::reduce_prod!(x[0], axis = [0, 2])];
    "prod_fed_axis" |x| [tf::reduce_prod!(x[0], axis = x[1])];
    "prod_none" [] |x| [tf::reduce_prod!(x[0], axis = none())];
    "prod_scalar" [] |x| [tf::reduce_prod(x[0])];
    "prod_special" [] |x| [tf::reduce_prod!(x[0], axis = 1)];
    "prod_i32" |x| [tf::reduce_prod!(x[0], axis = 0)];
    "prod_empty" [] |x| [tf::reduce_prod(x[0])];
    "max" |x| [tf::reduce_max(x[0])];
    "max_axis" |x| [tf::reduce_max!(x[0], axis = 1)];
    "max_negative_axis" |x| [tf::reduce_max!(x[0], axis = [-1])];
    "max_keep" |x| [tf::reduce_max!(x[0], axis = 0, keepdims = true)];
    "max_middle" |x| [tf::reduce_max!(x[0], axis = [0, 2])];
    "max_fed_axis" |x| [tf::reduce_max!(x[0], axis = x[1])];
    "max_none" [] |x| [tf::reduce_max!(x[0], axis = none())];
    "max_scalar" [] |x| [tf::reduce_max(x[0])];
    "max_special" [] |x| [tf::reduce_max!(x[0], axis = 1)];
    "max_i32" |x| [tf::reduce_max!(x[0], axis = 0)];
    "max_empty" [] |x| [tf::reduce_max(x[0])];
    "min" |x| [tf::reduce_min(x[0])];
    "min_axis" |x| [tf::reduce_min!(x[0], axis = 1)];
    "min_negative_axis" |x| [tf::reduce_min!(x[0], axis = [-1])];
    "min_keep" |x| [tf::reduce_min!(x[0], axis = 0, keepdims = true)];
    "min_middle" |x| [tf::reduce_min!(x[0], axis = [0, 2])];
    "min_fed_axis" |x| [tf::reduce_min!(x[0], axis = x[1])];
    "min_none" [] |x| [tf::reduce_min!(x[0], axis = none())];
    "min_scalar" [] |x| [tf::reduce_min(x[0])];
    "min_special" [] |x| [tf::reduce_min!(x[0], axis = 1)];
    "min_i32" |x| [tf::reduce_min!(x[0], axis = 0)];
    "min_empty" [] |x| [tf::reduce_min(x[0])];
    "max_ties" |x| [tf::reduce_max(x[0])];
    "maximum" |x| [tf::maximum(x[0], x[1])];
    "maximum_row" |x| [tf::maximum(x[0], x[1])];
    "maximum_special" [] |x| [tf::maximum(x[0], x[1])];
    "minimum" |x| [tf::minimum(x[0], x[1])];
    "minimum_row" |x| [tf::minimum(x[0], x[1])];
    "minimum_special" [] |x| [tf::minimum(x[0], x[1])];
    "div_no_nan" |x| [tf::div_no_nan(x[0], x[1])];
    "div_no_nan_row" |x| [tf::div_no_nan(x[0], x[1])];
    "div_no_nan_special" [] |x| [tf::div_no_nan(x[0], x[1])];
    "where_v2" |x| [tf::where_v2(x[0], x[1], x[2])];
    "argmax" |x| [tf::argmax(x[0], 0), tf::argmax!(x[0], 1, output_type = tf::int32), tf::argmin(x[0], -1)];
    "argmax_ties" |x| [tf::argmax(x[0], 0), tf::argmin(x[0], 0)];
    "add_n" |x| [tf::add_n([x[0], x[1], x[2]])];
    "add_n_one" |x| [tf::add_n([x[0]])];

    // Products.
    "matmul_00" |x| [tf::matmul!(x[0], x[1], transpose_a = false, transpose_b = false)];
    "matmul_01" |x| [tf::matmul!(x[0], x[1], transpose_a = false, transpose_b = true)];
    "matmul_10" |x| [tf::matmul!(x[0], x[1], transpose_a = true, transpose_b = false)];
    "matmul_11" |x| [tf::matmul!(x[0], x[1], transpose_a = true, transpose_b = true)];
    "matmul_empty" |x| [tf::matmul(x[0], x[1])];
    "matmul_i32" |x| [tf::matmul(x[0], x[1])];
    "matmul_f64" |x| [tf::matmul(x[0], x[1])];
    "matmul_batched" |x| [tf::matmul(x[0], x[1])];
    "matmul_batches" [] |x| [tf::matmul!(x[0], x[1], transpose_b = true)];

    // Arrays.
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
    "cumprod" [] |x| [tf::cumprod(x[0]), tf::cumprod!(x[0], axis = 1, exclusive = true), tf::cumprod!(x[0], axis = 1, reverse = true)];
    "cumsum" |x| [tf::cumsum(x[0]), tf::cumsum!(x[0], axis = 1, exclusive = true), tf::cumsum!(x[0], axis = -1, reverse = true)];
    "setdiff1d" |x| <[tf::Tensor; 2]>::from(tf::setdiff1d(x[0], x[1]));

    // Networks.
    "conv2d_same" |x| [tf::nn::conv2d(x[0], x[1], [1, 1, 1, 1], "SAME")];
    "max_pool_same" |x| [tf::nn::max_pool(x[0], [1, 2, 3, 1], [1, 1, 1, 1], "SAME")];
    "conv2d_valid" |x| [tf::nn::conv2d(x[0], x[1], [1, 1, 1, 1], "VALID")];
    "max_pool_valid" |x| [tf::nn::max_pool(x[0], [1, 2, 3, 1], [1, 1, 1, 1], "VALID")];
    "conv2d_same_2" |x| [tf::nn::conv2d(x[0], x[1], [1, 2, 2, 1], "SAME")];
    "max_pool_same_2" |x| [tf::nn::max_pool(x[0], [1, 2, 3, 1], [1, 2, 2, 1], "SAME")];
    "conv2d_valid_2" |x| [tf::nn::conv2d(x[0], x[1], [1, 2, 2, 1], "VALID")];
    "max_pool_valid_2" |x| [tf::nn::max_pool(x[0], [1, 2, 3, 1], [1, 2, 2, 1], "VALID")];
    "bias_add" |x| [tf::nn::bias_add(x[0], x[1])];
    "bias_add_matrix" |x| [tf::nn::bias_add(x[0], x[1])];
    "bias_add_empty" |x| [tf::nn::bias_add(x[0], x[1])];
    "bias_add_nchw" |x| [tf::bias_add!(x[0], x[1], data_format = "NCHW")];
    "conv2d_uneven" |x| [tf::nn::conv2d(x[0], x[1], [1, 2, 3, 1], "SAME")];
    "conv2d_f64" |x| [tf::nn::conv2d(x[0], x[1], [1, 1, 1, 1], "SAME")];
    "conv2d_dilated" [] |x| [tf::conv2d!(x[0], x[1], [1, 1, 1, 1], "SAME", dilations = [1, 2, 2, 1])];
    "conv2d_1x1" |x| [tf::nn::conv2d(x[0], x[1], [1, 1, 1, 1], "VALID")];
    "conv2d_explicit" |x| [tf::nn::conv2d(x[0], x[1], [1, 1, 1, 1], [[0, 0], [1, 0], [0, 2], [0, 0]])];
    "conv2d_no_batch" |x| [tf::nn::conv2d(x[0], x[1], [1, 1, 1, 1], "SAME")];
    "max_pool_ties" |x| [tf::nn::max_pool(x[0], [1, 2, 2, 1], [1, 2, 2, 1], "SAME")];
    "max_pool_special" |x| [tf::nn::max_pool(x[0], [1, 1, 2, 1], [1, 1, 2, 1], "SAME")];
    "softmax" |x| [tf::nn::softmax(x[0])];
    "softmax_1d" |x| [tf::nn::softmax(x[0])];
    "softmax_3d" |x| [tf::nn::softmax(x[0])];
    "softmax_large" |x| [tf::nn::softmax(x[0])];
    "log_softmax" |x| [tf::nn::log_softmax(x[0])];
    "log_softmax_1d" |x| [tf::nn::log_softmax(x[0])];
    "log_softmax_3d" |x| [tf::nn::log_softmax(x[0])];
    "log_softmax_large" |x| [tf::nn::log_softmax(x[0])];
    "xent" |x| [tf::nn::softmax_cross_entropy_with_logits_v2(x[1], x[0])];
    "xent_old" [0] |x| [tf::nn::softmax_cross_entropy_with_logits(x[1], x[0])];
    "xent_second" [0] |x| [tf::nn::softmax_cross_entropy_with_logits_v2(tf::stop_gradient(x[1]), x[0])];
    "xent_3d" |x| [tf::nn::softmax_cross_entropy_with_logits_v2(x[1], x[0])];

    // State.
    "assign" [] |x| [state(x[0], |v| tf::assign(v, x[1]))];
    "assign_add" [] |x| [state(x[0], |v| tf::assign_add(v, x[1]))];
    "assign_sub" [] |x| [state(x[0], |v| tf::assign_sub(v, x[1]))];
    "variable" [] |x| [state(x[0], |v| v.read_value() * 2.0)];
    "group" [] |x| {
        let v = tf::Variable(x[0]);
        let change = {
            let _after = tf::control_dependencies(&[v.initializer()]);
            tf::assign_add(v, x[1])
        };
        let _after = tf::control_dependencies(&[tf::group(&[change.op(), tf::no_op()])]);
        [v.read_value()]
    };
    "apply_gradient_descent" [] |x| state(x[0], |v| {
        raw("ApplyGradientDescent", [v.reference().into_arg(), 0.5.into_arg(), x[1].into_arg()])
    });
    "apply_adam" [] |x| adam(x, false);
    "apply_adam_nesterov" [] |x| adam(x, true);

    // Layers and what they are made of.
    "rsqrt" |x| [tf::rsqrt(x[0])];
    "rsqrt_f64" |x| [tf::rsqrt(x[0])];
    "rsqrt_special" |x| [tf::rsqrt(x[0])];
    "squared_difference" |x| [tf::squared_difference(x[0], x[1])];
    "squared_difference_row" |x| [tf::squared_difference(x[0], x[1])];
    "squared_difference_i32" |x| [tf::squared_difference(x[0], x[1])];
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
    "unsorted_segment_sum" [] |x| [tf::unsorted_segment_sum(x[0], x[1], 4)];
    "unsorted_segment_sum_2d" [] |x| [tf::unsorted_segment_sum(x[0], x[1], 3)];
    "l2_loss" |x| [tf::nn::l2_loss(x[0])];
    "l2_loss_f64" |x| [tf::nn::l2_loss(x[0])];
    "leaky_relu" |x| [tf::nn::leaky_relu(x[0])];
    "leaky_relu_alpha" |x| [tf::leaky_relu!(x[0], alpha = 0.5)];
    "leaky_relu_special" |x| [tf::nn::leaky_relu(x[0])];
    "avg_pool_same" |x| [tf::nn::avg_pool(x[0], [1, 2, 3, 1], [1, 2, 1, 1], "SAME")];
    "avg_pool_valid" |x| [tf::nn::avg_pool(x[0], [1, 2, 3, 1], [1, 2, 1, 1], "VALID")];
    "avg_pool_f64" |x| [tf::nn::avg_pool(x[0], [1, 2, 2, 1], [1, 1, 1, 1], "SAME")];
    "depthwise_same" |x| [tf::nn::depthwise_conv2d(x[0], x[1], [1, 2, 2, 1], "SAME")];
    "depthwise_valid" |x| [tf::nn::depthwise_conv2d(x[0], x[1], [1, 2, 2, 1], "VALID")];
    "depthwise_f64" |x| [tf::nn::depthwise_conv2d(x[0], x[1], [1, 1, 1, 1], "SAME")];
    "conv2d_transpose_same" |x| [tf::nn::conv2d_transpose(x[0], x[1], [1, 5, 6, 2], [1, 2, 2, 1], "SAME")];
    "conv2d_transpose_valid" |x| [tf::nn::conv2d_transpose(x[0], x[1], [1, 7, 7, 2], [1, 2, 2, 1], "VALID")];
    "separable_conv2d" |x| [tf::nn::separable_conv2d(x[0], x[1], x[2], [1, 1, 1, 1], "SAME")];
    "fused_batch_norm" |x| [tf::nn::fused_batch_norm(x[0], x[1], x[2]).0 * uneven()];
    "fused_batch_norm_all" [] |x| {
        let (y, mean, variance) = tf::fused_batch_norm!(x[0], x[1], x[2], epsilon = 0.01);
        [y, mean, variance]
    };
    "fused_batch_norm_inference" [0 1 2] |x| {
        [tf::fused_batch_norm!(x[0], x[1], x[2], mean = x[3], variance = x[4], is_training = false).0 * uneven()]
    };
    "fused_batch_norm_blend" [] |x| {
        let args = tf::nn::fused_batch_norm_args(x[0], x[1], x[2]).mean(x[3]).variance(x[4]);
        let (y, mean, variance) = args.exponential_avg_factor(0.25).build();
        [y, mean, variance]
    };
    "moments" |x| {
        let (mean, variance) = tf::nn::moments(x[0], [0, 2]);
        [mean, variance]
    };
    "batch_normalization" |x| [tf::nn::batch_normalization(x[0], x[1], x[2], Some(x[3]), Some(x[4]), 0.1)];

    "layer_dropout" |x| [
        tf::nn::dropout(x[0], 0.25), tf::dropout!(x[0], rate = 0.4, noise_shape = [2, 1]), tf::dropout!(x[0], rate = 0.0)
    ];
    "layer_dropout_fed" |x| [tf::nn::dropout(x[0], x[1])];
    "layer_random" |x| [
        tf::random_uniform([2]), tf::random_uniform!([2], maxval = 3.0),
        tf::random_uniform!([2], minval = -1.0, maxval = 1.0),
        tf::truncated_normal!([2], mean = 1.0, stddev = 2.0), x[0] * 2.0
    ];
    "layer_dense" |x| [layers::dense!(layers::dense!(x[0], 3, activation = tf::nn::relu), 2, use_bias = false)];
    "layer_dense_3d" |x| [layers::dense(x[0], 3)];
    "layer_dense_known" |x| [layers::dense(x[0], 3)];
    "layer_dense_regularized" |x| [layers::dense!(
        x[0], 3, name = "fc", kernel_regularizer = tf::regularizers::l2(0.1),
        bias_regularizer = tf::regularizers::l1(0.2)
    )];
    "layer_dense_initializers" |x| [layers::dense!(
        x[0], 3, kernel_initializer = tf::truncated_normal_initializer(0.0, 0.1),
        bias_initializer = tf::constant_initializer(0.1)
    )];
    "layer_dense_large" |x| [layers::dense!(
        x[0], 2, kernel_initializer = tf::zeros_initializer(), bias_initializer = tf::ones_initializer()
    )];
    "layer_dense_frozen" |x| [layers::dense(layers::dense!(x[0], 3, trainable = false), 2)];
    "layer_conv2d" |x| [layers::conv2d!(x[0], 4, 3, strides = 2, padding = "same", activation = tf::nn::relu)];
    "layer_conv2d_transpose" |x| [layers::conv2d_transpose!(x[0], 4, 3, strides = 2, padding = "same")];
    "layer_conv2d_transpose_valid" |x| [layers::conv2d_transpose!(x[0], 4, 3, strides = 2)];
    "layer_separable_conv2d" |x| [layers::separable_conv2d!(x[0], 4, 3, depth_multiplier = 2, padding = "same")];
    "layer_pooling" |x| [layers::average_pooling2d!(
        layers::max_pooling2d(x[0], 2, 1), pool_size = [2, 1], strides = 2, padding = "same"
    )];
    "layer_flatten" |x| [layers::flatten(x[0]), layers::flatten(x[1]), layers::flatten(x[2])];
    "layer_dropout_layers" |x| [layers::dropout(layers::dropout!(x[0], rate = 0.4, training = true))];
    "layer_batch_normalization" |x| {
        [layers::batch_normalization(layers::batch_normalization!(x[0], training = true))]
    };
    "layer_batch_normalization_2d" |x| [layers::batch_normalization!(x[0], training = true, momentum = 0.9)];
    "layer_batch_normalization_2d_after" |x| [layers::batch_normalization!(x[0], scale = false)];
    "layer_variable_scopes" |x| shared(x[0]);
    "layer_reuse" |x| {
        let layer = layers::Dense!(3, name = "both");
        let first = layer.apply(x[0]);
        let shared = layers::dense!(x[1], 3, name = "both", reuse = true);
        [first, layer.apply(x[1]), shared, layers::Dense!(2, name = "both").apply(x[0])]
    };
};

/// Uneven numbers, as the script's `f`.
fn uneven() -> tf::Value {
    let numbers = (0..24).map(|i| ((f64::from(i) * 1.7 + 0.3).sin() * 2.0 * 1000.0).round_ties_even() / 1000.0 + 1.0);
    tf::Value::new([2, 2, 3, 2], numbers.map(|x| x as f32).collect::<Vec<f32>>()).unwrap()
}

/// Variables by name, in scopes that are opened again.
fn shared(x: Tensor) -> Vec<Tensor> {
    let (first, second, again) = {
        let scope = tf::variable_scope("a");
        let first = tf::get_variable!("w", [3], initializer = tf::ones_initializer()) * x;
        let _inner = tf::variable_scope!("b", reuse = tf::AUTO_REUSE);
        let second = tf::get_variable("v", [3]) + tf::get_variable("v", [3]);
        (first, second, scope.clone())
    };
    let third = {
        let _scope = tf::variable_scope!(&again, reuse = true);
        tf::get_variable("w", [3]) + first
    };
    let fourth = {
        let _scope = tf::variable_scope("a");
        tf::get_variable("k", ()) + second
    };
    let _scope = tf::variable_scope!(None, default_name = "a");
    vec![fourth, tf::get_variable("k", [3]) + third]
}
