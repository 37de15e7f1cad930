//! Arithmetic, comparisons, reductions, matrix products.

mod add_n;
mod arg;
mod arithmetic;
mod cast;
pub(crate) mod chain;
mod compare;
mod cumulative;
pub(crate) mod fused_matmul;
mod matmul;
mod reduce;
mod segment;
mod select;
mod unary;

pub(crate) use add_n::ADD_N;
pub use add_n::add_n;
pub use arg::{ArgArgs, argmax, argmax_args, argmin, argmin_args};
pub use arithmetic::{add, div_no_nan, divide, floordiv, floormod, multiply, squared_difference, subtract};
pub(crate) use arithmetic::{add_named, floordiv_named, mul_named, truediv_named};
pub(crate) use arithmetic::{neg, sub};
pub use cast::cast;
pub(crate) use cast::cast_arg;
pub(crate) use cast::cast_op;
pub use compare::{equal, greater, greater_equal, less, less_equal, logical_and, logical_not, logical_or, not_equal};
pub use cumulative::{CumulativeArgs, cumprod, cumprod_args, cumsum, cumsum_args};
pub use matmul::{MatMulArgs, matmul, matmul_args};
pub use reduce::{
    ReduceArgs, reduce_max, reduce_max_args, reduce_mean, reduce_mean_args, reduce_min, reduce_min_args, reduce_prod,
    reduce_prod_args, reduce_sum, reduce_sum_args,
};
pub(crate) use segment::UNSORTED_SEGMENT_SUM;
pub use segment::unsorted_segment_sum;
pub use select::{maximum, minimum, where_v2};
pub use unary::{abs, exp, log, negative, reciprocal, rsqrt, sigmoid, sign, sqrt, square, tanh};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[
    &add_n::ADD_N,
    &arg::ARG_MAX,
    &arg::ARG_MIN,
    &arithmetic::ADD,
    &arithmetic::ADD_V2,
    &arithmetic::DIV_NO_NAN,
    &arithmetic::FLOOR_DIV,
    &arithmetic::FLOOR_MOD,
    &arithmetic::MUL,
    &arithmetic::REAL_DIV,
    &arithmetic::SQUARED_DIFFERENCE,
    &arithmetic::SUB,
    &cast::CAST,
    &compare::EQUAL,
    &compare::GREATER,
    &compare::GREATER_EQUAL,
    &compare::LESS,
    &compare::LESS_EQUAL,
    &compare::LOGICAL_AND,
    &compare::LOGICAL_NOT,
    &compare::LOGICAL_OR,
    &compare::NOT_EQUAL,
    &cumulative::CUMPROD,
    &cumulative::CUMSUM,
    &matmul::BATCH_MAT_MUL_V2,
    &matmul::MAT_MUL,
    &reduce::MAX,
    &reduce::MEAN,
    &reduce::MIN,
    &reduce::PROD,
    &reduce::SUM,
    &segment::UNSORTED_SEGMENT_SUM,
    &select::MAXIMUM,
    &select::MINIMUM,
    &select::SELECT_V2,
    &unary::ABS,
    &unary::EXP,
    &unary::LOG,
    &unary::NEG,
    &unary::RECIPROCAL,
    &unary::RECIPROCAL_GRAD,
    &unary::RSQRT,
    &unary::RSQRT_GRAD,
    &unary::SIGMOID,
    &unary::SIGMOID_GRAD,
    &unary::SIGN,
    &unary::SQRT,
    &unary::SQRT_GRAD,
    &unary::SQUARE,
    &unary::TANH,
    &unary::TANH_GRAD,
];
