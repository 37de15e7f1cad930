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
pub mod distributions;
pub mod docs;
pub mod dtype;
pub mod error;
pub mod examples;
pub mod format;
pub mod graph;
pub mod graph_def;
pub mod graph_util;
pub mod host;
pub mod initializers;
pub mod keras;
pub mod kernels;
mod keywords;
pub mod layers;
pub mod losses;
pub mod metrics;
pub mod op;
pub mod ops;
mod optimize;
pub mod regularizers;
pub mod rnn;
pub mod saved_model;
pub mod session;
pub mod shape;
mod sort;
#[cfg(test)]
mod testing;
pub mod train;
pub mod value;
pub mod variable_scope;
pub mod weights;

pub use ndarray;

pub use autodiff::gradients;
pub use dtype::{
    DType, as_dtype, bfloat16, bool, complex64, complex128, double, float16, float32, float64, half, int8, int16,
    int32, int64, qint8, qint16, qint32, quint8, quint16, resource, string, uint8, uint16, uint32, uint64, variant,
};
pub use error::{Error, ErrorKind, Result};
pub use format::event::{Event, LogMessage, SessionLog};
pub use format::summary::{HistogramProto, Summary, SummaryMetadata};
pub use format::trace::RunMetadata;
pub use graph::{
    Graph, Operation, SeedRule, Tensor, add_to_collection, add_to_collections, get_collection, get_collection_ref,
    get_default_graph, reset_default_graph,
};
pub use graph_def::{ImportOptions, Imported, import_graph_def};
pub use host::{app, errors, flags, gfile, logging};
pub use initializers::{
    constant_initializer, glorot_normal_initializer, glorot_uniform_initializer, ones_initializer,
    random_normal_initializer, random_uniform_initializer, truncated_normal_initializer, variance_scaling_initializer,
    zeros_initializer,
};
pub use op::{Gradient, IndexedSlices, IntoTensor, OpDef};
pub use ops::array::{
    SparseTensor, batch_to_space, batch_to_space_nd, between, bitcast, boolean_mask, broadcast_dynamic_shape,
    broadcast_to, concat, constant, constant_of, convert_to_tensor, depth_to_space, diag, diag_part, dynamic_partition,
    dynamic_stitch, edit_distance, ellipsis, expand_dims, extract_image_patches, fill, gather, gather_nd, identity,
    identity_n, invert_permutation, matrix_band_part, matrix_diag, matrix_diag_part, matrix_set_diag, matrix_transpose,
    newaxis, one_hot, ones, ones_like, pad, parallel_stack, placeholder, placeholder_with_default, range, rank,
    reshape, reverse, reverse_sequence, reverse_v2, scatter_nd, sequence_mask, setdiff1d, shape, shape_n, size, slice,
    space_to_batch, space_to_batch_nd, space_to_depth, sparse_placeholder, sparse_tensor_to_dense, sparse_to_dense,
    split, squeeze, stack, step, stop_gradient, strided_slice, tile, transpose, unique, unique_with_counts, unstack,
    where_true, zeros, zeros_like,
};
pub use ops::check::{
    Assert, Print, add_check_numerics_ops, assert_equal, assert_greater, assert_greater_equal, assert_integer,
    assert_less, assert_less_equal, assert_near, assert_negative, assert_non_negative, assert_non_positive,
    assert_none_equal, assert_positive, assert_rank, assert_rank_at_least, assert_rank_in, assert_scalar, assert_type,
    check_numerics, ensure_shape, timestamp, verify_tensor_all_finite,
};
pub use ops::flow::{TensorArray, case, cond, foldl, foldr, group, map_fn, no_op, scan, while_loop};
pub use ops::io::{matching_files, read_file, write_file};
pub use ops::linalg::{
    cholesky, cholesky_solve, eye, matrix_determinant, matrix_inverse, matrix_solve, matrix_triangular_solve, qr,
    self_adjoint_eig, self_adjoint_eigvals, svd, trace,
};
pub use ops::lookup::tables_initializer;
pub use ops::math::{
    DotAxes, abs, accumulate_n, acos, acosh, add, add_n, argmax, argmax as arg_max, argmin, argmin as arg_min, argsort,
    asin, asinh, atan, atan2, atanh, bincount, cast, ceil, clip_by_average_norm, clip_by_global_norm, clip_by_norm,
    clip_by_value, confusion_matrix, cos, cosh, count_nonzero, cross, cumprod, cumsum, digamma, div, div_no_nan,
    divide, einsum, equal, erf, erfc, exp, expm1, floor, floor_div, floordiv, floormod, global_norm, greater,
    greater_equal, is_finite, is_inf, is_nan, less, less_equal, lgamma, linspace, linspace as lin_space, log, log1p,
    logical_and, logical_not, logical_or, logical_xor, matmul, matmul as batch_matmul, maximum, minimum, r#mod,
    multiply, multiply as mul, negative, negative as neg, norm, not_equal, pow, realdiv, reciprocal, reduce_all,
    reduce_any, reduce_logsumexp, reduce_max, reduce_mean, reduce_min, reduce_prod, reduce_sum, rint, round, rsqrt,
    saturate_cast, scalar_mul, segment_max, segment_mean, segment_min, segment_prod, segment_sum, select, sigmoid,
    sign, sin, sinh, sort, sparse_segment_mean, sparse_segment_sqrt_n, sparse_segment_sum, sqrt, square,
    squared_difference, subtract, subtract as sub, tan, tanh, tensordot, to_double, to_float, to_int32, to_int64,
    truediv, truncatediv, truncatemod, unsorted_segment_max, unsorted_segment_min, unsorted_segment_prod,
    unsorted_segment_sum, where_v2, zeta,
};
pub use ops::parse::{
    FixedLenFeature, FixedLenSequenceFeature, VarLenFeature, decode_csv, parse_example, parse_single_example,
};
pub use ops::random::{
    multinomial, random_crop, random_normal, random_shuffle, random_uniform, set_random_seed, truncated_normal,
};
pub use ops::state::{
    Variable, assign, assign_add, assign_sub, count_up_to, global_variables, global_variables_initializer,
    is_variable_initialized, local_variables, local_variables_initializer, moving_average_variables,
    report_uninitialized_variables, scatter_add, scatter_div, scatter_max, scatter_min, scatter_mul, scatter_sub,
    scatter_update, trainable_variables, variables_initializer,
};
pub use ops::strings::{
    as_string, decode_base64, decode_raw, encode_base64, reduce_join, string_join, string_split, string_to_hash_bucket,
    string_to_hash_bucket_fast, string_to_number, substr,
};
pub use ops::{py_func, py_func as numpy_function, register as register_op};
pub use session::{
    Callable, ConfigProto, DefaultSession, Explanation, Feeds, Fetch, GPUOptions, GradientValue, IndexedSlicesValue,
    InteractiveSession, RunOptions, Session, SessionArgs, SparseTensorValue, get_default_session,
};
pub use shape::{IntoShape, PartialShape, PartialShape as TensorShape, Shape};
pub use value::{IntoValue, Value};
pub use variable_scope::{AUTO_REUSE, VariableScope, get_variable, get_variable_scope, variable_scope};

// The names that TensorFlow had first.
pub use ops::array::{stack as pack, unstack as unpack};
pub use ops::state::{
    global_variables as all_variables, global_variables_initializer as initialize_all_variables,
    local_variables_initializer as initialize_local_variables, variables_initializer as initialize_variables,
};
pub use ops::summary::{
    histogram as histogram_summary, image as image_summary, merge as merge_summary, merge_all as merge_all_summaries,
    scalar as scalar_summary,
};

/// Numbers. TF: `tf.math`.
pub mod math {
    pub use crate::ops::math::*;
}

/// Images. TF: `tf.image`.
pub mod image {
    pub use crate::ops::image::*;
    pub use crate::ops::image::{resize_images as resize, resize_images_args as resize_args};
}

/// Tables. TF: `tf.lookup`, and `tf.contrib.lookup` of TensorFlow 1.
pub mod lookup {
    pub use crate::ops::lookup::*;
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
    pub use crate::rnn::{
        bidirectional_dynamic_rnn, dynamic_rnn, rnn_cell, seq2seq, static_bidirectional_rnn, static_rnn,
    };
    #[doc(no_inline)]
    pub use crate::{
        __bidirectional_dynamic_rnn as bidirectional_dynamic_rnn, __dynamic_rnn as dynamic_rnn,
        __static_bidirectional_rnn as static_bidirectional_rnn, __static_rnn as static_rnn,
    };
}

/// What TensorFlow 1.x had beside its own modules. TF: `tf.contrib`.
pub mod contrib {
    pub use crate::rnn::seq2seq as legacy_seq2seq;

    /// Recurrent networks. TF: `tf.contrib.rnn`.
    pub mod rnn {
        pub use crate::nn::{static_bidirectional_rnn, static_rnn};
        pub use crate::rnn::rnn_cell::*;
    }

    /// Losses of sequences. TF: `tf.contrib.seq2seq`.
    pub mod seq2seq {
        pub use crate::rnn::contrib_seq2seq::*;
    }
}

/// Files in the graph. TF: `tf.io`.
pub mod io {
    pub use crate::format::tf_record::{TFRecordIterator, TFRecordWriter, tf_record_iterator};
    pub use crate::ops::image::{
        decode_and_crop_jpeg, decode_bmp, decode_gif, decode_image, decode_jpeg, decode_png, encode_jpeg, encode_png,
        extract_jpeg_shape, is_jpeg,
    };
    pub use crate::ops::io::*;
    pub use crate::ops::parse::*;
    pub use crate::ops::strings::{decode_base64, decode_raw, encode_base64};
}

/// Files of records. TF: `tf.python_io`.
pub mod python_io {
    pub use crate::format::tf_record::{TFRecordIterator, TFRecordWriter, tf_record_iterator};
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
    pub use crate::format::event::{Event, LogMessage, SessionLog, TaggedRunMetadata};
    pub use crate::format::summary::*;
    pub use crate::ops::summary::*;
    pub use crate::train::{FileWriter, FileWriterArgs, FileWriterCache};
}

/// Whether there are processors and gradients to rely on. TF: `tf.test`.
pub mod test {
    pub use crate::host::test::{is_built_with_cuda, is_gpu_available};
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
#[track_caller]
pub fn control_dependencies(operations: &[Operation]) -> graph::ScopeGuard {
    get_default_graph().control_dependencies(operations)
}

/// Nodes built until the guard is dropped carry this device, which is kept and not obeyed. TF: `tf.device`.
pub fn device(device: &str) -> graph::ScopeGuard {
    get_default_graph().device(device)
}

/// Nodes built until the guard is dropped are placed with `operation`. TF: `tf.colocate_with`.
pub fn colocate_with(operation: impl Into<Operation>) -> graph::ScopeGuard {
    get_default_graph().colocate_with(operation.into())
}

/// The version of this crate. TF: `tf.VERSION`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The same as [`VERSION`]. TF: `tf.__version__`.
#[allow(non_upper_case_globals)]
pub const __version__: &str = VERSION;

/// Does nothing: TensorFlow 1 is all there is. TF: `tf.disable_v2_behavior`.
pub fn disable_v2_behavior() {}

/// Does nothing: TensorFlow 1 is all there is. TF: `tf.disable_eager_execution`.
pub fn disable_eager_execution() {}

/// The names that TensorFlow's own collections have. TF: `tf.GraphKeys`.
#[allow(non_snake_case)]
pub mod GraphKeys {
    pub use crate::graph::keys::*;
    pub use crate::layers::UPDATE_OPS;
    pub use crate::losses::LOSSES;
    pub use crate::ops::state::{GLOBAL_VARIABLES, LOCAL_VARIABLES, MOVING_AVERAGE_VARIABLES, TRAINABLE_VARIABLES};
    pub use crate::ops::summary::SUMMARIES;
    pub use crate::regularizers::REGULARIZATION_LOSSES;
    pub use crate::train::GLOBAL_STEP;
}

/// Between bytes and text, and this crate under the name that later programs use. TF: `tf.compat`.
pub mod compat {
    pub use crate::host::compat::*;

    /// `use flowstone::compat::v1 as tf;`. TF: `tensorflow.compat.v1`.
    pub mod v1 {
        #[doc(no_inline)]
        pub use crate::*;
    }
}

/// Where TensorFlow keeps what has no shorter name. TF: `tensorflow.python`.
pub mod python {
    /// Around sessions. TF: `tensorflow.python.client`.
    pub mod client {
        pub use crate::format::timeline;
        pub use crate::host::device_lib;
    }

    /// Operations. TF: `tensorflow.python.ops`.
    pub mod ops {
        pub use crate::rnn;
    }
}

/// The README's examples are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
