//! Flowstone is TensorFlow 1 in pure Rust: define the graph, then run it.
//!
//! ```
//! use flowstone as tf;
//! use tf::feed_dict;
//!
//! // Define: a line through points.
//! let x = tf::placeholder(tf::float32, [None]);
//! let y = tf::placeholder(tf::float32, [None]);
//! let w = tf::Variable(0.0);
//! let b = tf::Variable(0.0);
//! let loss = tf::reduce_mean(tf::square(w * x + b - y));
//! let train = tf::train::GradientDescentOptimizer(0.1).minimize(loss);
//!
//! // Run.
//! let sess = tf::Session()?;
//! sess.run(tf::global_variables_initializer(), feed_dict! {})?;
//! let points = feed_dict! { x: [0.0, 1.0, 2.0], y: [1.0, 3.0, 5.0] };
//! for _ in 0..200 {
//!     sess.run(train, &points)?;
//! }
//! let (w, b) = sess.run((w, b), feed_dict! {})?;
//! assert!((w.item::<f32>()? - 2.0).abs() < 0.01 && (b.item::<f32>()? - 1.0).abs() < 0.01);
//! # Ok::<(), tf::Error>(())
//! ```
//!
//! The pages in [`docs`] say how a TensorFlow 1 program reads in Rust, how the house is built, what the errors mean and
//! how an operation is added.

pub mod autodiff;
pub mod docs;
pub mod dtype;
pub mod error;
pub mod examples;
pub mod format;
pub mod graph;
mod graph_def;
pub mod initializers;
pub mod keras;
pub mod kernels;
mod keywords;
pub mod layers;
pub mod op;
pub mod ops;
mod optimize;
pub mod regularizers;
pub mod session;
pub mod shape;
#[cfg(test)]
mod testing;
pub mod train;
pub mod value;
pub mod variable_scope;

pub use ndarray;

pub use autodiff::gradients;
pub use dtype::{DType, bool, float32, float64, int32, int64, string, uint8};
pub use error::{Error, ErrorKind, Result};
pub use graph::{Graph, Operation, SeedRule, Tensor, get_default_graph, reset_default_graph};
pub use initializers::{
    constant_initializer, glorot_normal_initializer, glorot_uniform_initializer, ones_initializer,
    random_normal_initializer, random_uniform_initializer, truncated_normal_initializer, variance_scaling_initializer,
    zeros_initializer,
};
pub use op::{IntoTensor, OpDef};
pub use ops::array::{
    SparseTensor, batch_to_space, batch_to_space_nd, between, bitcast, boolean_mask, broadcast_dynamic_shape,
    broadcast_to, concat, constant, constant_of, depth_to_space, diag, diag_part, dynamic_partition, dynamic_stitch,
    edit_distance, ellipsis, expand_dims, extract_image_patches, fill, gather, gather_nd, identity, identity_n,
    invert_permutation, matrix_band_part, matrix_diag, matrix_diag_part, matrix_set_diag, matrix_transpose, newaxis,
    one_hot, ones, ones_like, pad, parallel_stack, placeholder, placeholder_with_default, range, rank, reshape,
    reverse, reverse_sequence, reverse_v2, scatter_nd, sequence_mask, setdiff1d, shape, shape_n, size, slice,
    space_to_batch, space_to_batch_nd, space_to_depth, sparse_to_dense, split, squeeze, stack, step, stop_gradient,
    strided_slice, tile, transpose, unique, unique_with_counts, unstack, where_true, zeros, zeros_like,
};
pub use ops::check::{
    Assert, Print, add_check_numerics_ops, assert_equal, assert_greater, assert_greater_equal, assert_integer,
    assert_less, assert_less_equal, assert_near, assert_negative, assert_non_negative, assert_non_positive,
    assert_none_equal, assert_positive, assert_rank, assert_rank_at_least, assert_rank_in, assert_scalar, assert_type,
    check_numerics, ensure_shape, verify_tensor_all_finite,
};
pub use ops::flow::{group, no_op};
pub use ops::linalg::{
    cholesky, cholesky_solve, eye, matrix_determinant, matrix_inverse, matrix_solve, matrix_triangular_solve, qr,
    self_adjoint_eig, self_adjoint_eigvals, svd, trace,
};
pub use ops::math::{
    DotAxes, abs, accumulate_n, acos, acosh, add, add_n, argmax, argmax as arg_max, argmin, argmin as arg_min, asin,
    asinh, atan, atan2, atanh, bincount, cast, ceil, clip_by_average_norm, clip_by_norm, clip_by_value,
    confusion_matrix, cos, cosh, count_nonzero, cross, cumprod, cumsum, digamma, div, div_no_nan, divide, einsum,
    equal, erf, erfc, exp, expm1, floor, floor_div, floordiv, floormod, global_norm, greater, greater_equal, is_finite,
    is_inf, is_nan, less, less_equal, lgamma, linspace, linspace as lin_space, log, log1p, logical_and, logical_not,
    logical_or, logical_xor, matmul, matmul as batch_matmul, maximum, minimum, r#mod, multiply, multiply as mul,
    negative, negative as neg, norm, not_equal, pow, realdiv, reciprocal, reduce_all, reduce_any, reduce_logsumexp,
    reduce_max, reduce_mean, reduce_min, reduce_prod, reduce_sum, rint, round, rsqrt, saturate_cast, scalar_mul,
    segment_max, segment_mean, segment_min, segment_prod, segment_sum, select, sigmoid, sign, sin, sinh,
    sparse_segment_mean, sparse_segment_sqrt_n, sparse_segment_sum, sqrt, square, squared_difference, subtract,
    subtract as sub, tan, tanh, tensordot, to_double, to_float, to_int32, to_int64, truediv, truncatediv, truncatemod,
    unsorted_segment_max, unsorted_segment_min, unsorted_segment_prod, unsorted_segment_sum, where_v2, zeta,
};
pub use ops::random::{
    multinomial, random_crop, random_normal, random_shuffle, random_uniform, set_random_seed, truncated_normal,
};
pub use ops::register as register_op;
pub use ops::state::{
    Variable, assign, assign_add, assign_sub, global_variables, global_variables_initializer, trainable_variables,
    variables_initializer,
};
pub use ops::strings::{
    as_string, decode_base64, decode_raw, encode_base64, reduce_join, string_join, string_split, string_to_hash_bucket,
    string_to_hash_bucket_fast, string_to_number, substr,
};
pub use session::{Callable, ConfigProto, Explanation, Feeds, Fetch, Session, SessionArgs};
pub use shape::{IntoShape, PartialShape, Shape as TensorShape, Shape};
pub use value::{IntoValue, Value};
pub use variable_scope::{AUTO_REUSE, VariableScope, get_variable, get_variable_scope, variable_scope};

/// Numbers. TF: `tf.math`.
pub mod math {
    pub use crate::ops::math::*;
}

/// Neural networks. TF: `tf.nn`.
pub mod nn {
    pub use crate::ops::math::{sigmoid, tanh};
    pub use crate::ops::nn::*;
    pub use crate::ops::random::{
        Candidates, FixedUnigramArgs, all_candidate_sampler, compute_accidental_hits, fixed_unigram_candidate_sampler,
        fixed_unigram_candidate_sampler_args, learned_unigram_candidate_sampler, log_uniform_candidate_sampler,
        uniform_candidate_sampler,
    };
}

/// Linear algebra. TF: `tf.linalg`.
pub mod linalg {
    pub use crate::ops::array::{matrix_band_part as band_part, matrix_transpose};
    pub use crate::ops::linalg::*;
    pub use crate::ops::linalg::{
        log_matrix_determinant as slogdet, matrix_determinant as det, matrix_inverse as inv, matrix_solve as solve,
        matrix_triangular_solve as triangular_solve, self_adjoint_eig as eigh, self_adjoint_eigvals as eigvalsh,
    };
    pub use crate::ops::math::{cross, einsum, global_norm, matmul, norm, tensordot};
}

/// Random numbers. TF: `tf.random`.
pub mod random {
    pub use crate::ops::random::{
        all_candidate_sampler, categorical, categorical_args, fixed_unigram_candidate_sampler,
        learned_unigram_candidate_sampler, log_uniform_candidate_sampler, multinomial, random_normal as normal,
        random_shuffle as shuffle, random_uniform as uniform, set_random_seed, truncated_normal,
        uniform_candidate_sampler,
    };
}

/// Strings of bytes. TF: `tf.strings`.
pub mod strings {
    pub use crate::ops::strings::*;
    pub use crate::ops::strings::{
        string_join as join, string_split as split, string_to_hash_bucket as to_hash_bucket,
        string_to_hash_bucket_fast as to_hash_bucket_fast, string_to_number as to_number,
    };
}

/// What training has to say, for TensorBoard. TF: `tf.summary`.
pub mod summary {
    pub use crate::ops::summary::*;
}

/// Opens a name scope of the default graph. TF: `tf.name_scope`.
///
/// ```
/// use flowstone as tf;
/// let y = {
///     let _scope = tf::name_scope("layer1");
///     tf::nn::relu(1.0)
/// };
/// assert_eq!(y.name(), "layer1/Relu:0");
/// ```
#[track_caller]
pub fn name_scope(name: &str) -> graph::ScopeGuard {
    get_default_graph().name_scope(name)
}

/// Nodes built until the guard is dropped run after `operations`. TF: `tf.control_dependencies`.
pub fn control_dependencies(operations: &[Operation]) -> graph::ScopeGuard {
    get_default_graph().control_dependencies(operations)
}

/// Nodes built until the guard is dropped carry this device, which is kept and not obeyed. TF: `tf.device`.
pub fn device(device: &str) -> graph::ScopeGuard {
    get_default_graph().device(device)
}

/// The README's examples are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
