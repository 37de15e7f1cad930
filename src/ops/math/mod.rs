//! Arithmetic, comparisons, reductions, matrix products.

mod add_n;
mod arg;
mod arithmetic;
mod bincount;
mod cast;
pub(crate) mod chain;
mod clip;
mod compare;
mod composed;
mod cumulative;
mod division;
mod einsum;
pub(crate) mod fused_matmul;
mod linspace;
pub(crate) mod matmul;
mod pow;
mod reduce;
mod rounding;
mod segment;
mod select;
mod smooth;
mod sort;
mod sparse_segment;
mod special;
mod tensordot;
mod unary;

pub(crate) use add_n::ADD_N;
pub use add_n::add_n;
pub use arg::{ArgArgs, argmax, argmax_args, argmin, argmin_args};
pub(crate) use arithmetic::{ADD_V2, DIV_NO_NAN, SUB, neg, sub};
pub use arithmetic::{
    accumulate_n, add, div_no_nan, divide, floordiv, floormod, multiply, scalar_mul, squared_difference, subtract,
};
pub(crate) use arithmetic::{add_named, floordiv_named, mul_named, truediv_named};
pub use bincount::{BincountArgs, ConfusionArgs, bincount, bincount_args, confusion_matrix, confusion_matrix_args};
pub(crate) use cast::cast_arg;
pub use cast::{cast, to_double, to_float, to_int32, to_int64};
pub(crate) use cast::{cast_named, cast_op};
pub(crate) use clip::saturate_cast_named;
pub use clip::{
    AsGradient, ClipByNormArgs, clip_by_average_norm, clip_by_global_norm, clip_by_norm, clip_by_norm_args,
    clip_by_value, global_norm, saturate_cast,
};
pub(crate) use compare::logical_and_named;
pub use compare::{
    equal, greater, greater_equal, is_finite, is_inf, is_nan, less, less_equal, logical_and, logical_not, logical_or,
    logical_xor, not_equal,
};
pub use composed::{
    CountArgs, NormArgs, count_nonzero, count_nonzero_args, norm, norm_args, reduce_logsumexp, reduce_logsumexp_args,
    reduce_std, reduce_std_args, reduce_variance, reduce_variance_args,
};
pub use cumulative::{CumulativeArgs, cumprod, cumprod_args, cumsum, cumsum_args};
pub use division::{div, floor_div, r#mod, realdiv, truediv, truncatediv, truncatemod};
pub use einsum::einsum;
pub use linspace::{cross, linspace};
pub use matmul::{MatMulArgs, matmul, matmul_args};
pub use pow::pow;
pub(crate) use pow::pow_named;
pub use reduce::{
    ReduceArgs, reduce_all, reduce_all_args, reduce_any, reduce_any_args, reduce_euclidean_norm,
    reduce_euclidean_norm_args, reduce_max, reduce_max_args, reduce_mean, reduce_mean_args, reduce_min,
    reduce_min_args, reduce_prod, reduce_prod_args, reduce_sum, reduce_sum_args,
};
pub use rounding::{ceil, floor, rint, round};
pub(crate) use segment::UNSORTED_SEGMENT_SUM;
pub use segment::{
    segment_max, segment_mean, segment_min, segment_prod, segment_sum, unsorted_segment_max, unsorted_segment_min,
    unsorted_segment_prod, unsorted_segment_sum,
};
pub(crate) use select::SELECT;
pub use select::{maximum, minimum, select, where_v2};
pub use smooth::{
    acos, acosh, asin, asinh, atan, atan2, atanh, cos, cosh, digamma, erf, erfc, erfinv, expm1, lgamma, log1p, ndtri,
    sin, sinh, tan,
};
pub use sort::{SortArgs, argsort, argsort_args, sort, sort_args};
pub use sparse_segment::{
    SparseSegmentArgs, sparse_segment_mean, sparse_segment_mean_args, sparse_segment_sqrt_n,
    sparse_segment_sqrt_n_args, sparse_segment_sum, sparse_segment_sum_args,
};
pub use special::{multiply_no_nan, polygamma, xdivy, xlog1py, xlogy, zeta};
pub use tensordot::{DotAxes, tensordot};
pub(crate) use unary::{RECIPROCAL, SIGMOID};
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
    &bincount::BINCOUNT,
    &bincount::DENSE_BINCOUNT,
    &cast::CAST,
    &clip::CLIP_BY_VALUE,
    &compare::APPROXIMATE_EQUAL,
    &compare::EQUAL,
    &compare::GREATER,
    &compare::GREATER_EQUAL,
    &compare::IS_FINITE,
    &compare::IS_INF,
    &compare::IS_NAN,
    &compare::LESS,
    &compare::LESS_EQUAL,
    &compare::LOGICAL_AND,
    &compare::LOGICAL_NOT,
    &compare::LOGICAL_OR,
    &compare::NOT_EQUAL,
    &cumulative::CUMPROD,
    &cumulative::CUMSUM,
    &division::DIV,
    &division::MOD,
    &division::TRUNCATE_DIV,
    &division::TRUNCATE_MOD,
    &einsum::EINSUM,
    &linspace::CROSS,
    &linspace::LIN_SPACE,
    &matmul::BATCH_MAT_MUL,
    &matmul::BATCH_MAT_MUL_V2,
    &matmul::MAT_MUL,
    &pow::POW,
    &reduce::ALL,
    &reduce::ANY,
    &reduce::EUCLIDEAN_NORM,
    &reduce::MAX,
    &reduce::MEAN,
    &reduce::MIN,
    &reduce::PROD,
    &reduce::SUM,
    &rounding::CEIL,
    &rounding::FLOOR,
    &rounding::RINT,
    &rounding::ROUND,
    &segment::SEGMENT_MAX,
    &segment::SEGMENT_MEAN,
    &segment::SEGMENT_MIN,
    &segment::SEGMENT_PROD,
    &segment::SEGMENT_SUM,
    &segment::UNSORTED_SEGMENT_MAX,
    &segment::UNSORTED_SEGMENT_MIN,
    &segment::UNSORTED_SEGMENT_PROD,
    &segment::UNSORTED_SEGMENT_SUM,
    &select::MAXIMUM,
    &select::MINIMUM,
    &select::SELECT,
    &select::SELECT_V2,
    &smooth::ACOS,
    &smooth::ACOSH,
    &smooth::ASIN,
    &smooth::ASINH,
    &smooth::ATAN,
    &smooth::ATAN2,
    &smooth::ATANH,
    &smooth::COS,
    &smooth::COSH,
    &smooth::DIGAMMA,
    &smooth::ERF,
    &smooth::ERFC,
    &smooth::ERFINV,
    &smooth::EXPM1,
    &smooth::LGAMMA,
    &smooth::LOG1P,
    &smooth::NDTRI,
    &smooth::SIN,
    &smooth::SINH,
    &smooth::TAN,
    &sparse_segment::SPARSE_SEGMENT_MEAN[0],
    &sparse_segment::SPARSE_SEGMENT_MEAN[1],
    &sparse_segment::SPARSE_SEGMENT_MEAN_GRAD[0],
    &sparse_segment::SPARSE_SEGMENT_MEAN_GRAD[1],
    &sparse_segment::SPARSE_SEGMENT_SQRT_N[0],
    &sparse_segment::SPARSE_SEGMENT_SQRT_N[1],
    &sparse_segment::SPARSE_SEGMENT_SQRT_N_GRAD[0],
    &sparse_segment::SPARSE_SEGMENT_SQRT_N_GRAD[1],
    &sparse_segment::SPARSE_SEGMENT_SUM[0],
    &sparse_segment::SPARSE_SEGMENT_SUM[1],
    &sparse_segment::SPARSE_SEGMENT_SUM_GRAD[0],
    &sparse_segment::SPARSE_SEGMENT_SUM_GRAD[1],
    &special::MUL_NO_NAN,
    &special::POLYGAMMA,
    &special::XDIVY,
    &special::XLOG1PY,
    &special::XLOGY,
    &special::ZETA,
    &unary::ABS,
    &unary::EXP,
    &unary::INV,
    &unary::INV_GRAD,
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
