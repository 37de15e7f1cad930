//! Numeric code on plain slices. Knows neither graph nor operation; the only place for SIMD and `unsafe`.

pub mod batch_norm;
pub mod batch_norm_nchw;
pub mod candidates;
pub mod chain;
pub mod conv;
pub mod copy;
pub mod cpu;
pub mod depthwise;
pub mod einsum;
pub mod elementwise;
pub mod gemm;
pub mod hash;
pub mod linalg;
pub mod link;
pub mod lrn;
pub mod math;
pub mod parallel;
pub mod pool;
pub mod random;
pub mod reduce;
pub mod resize;
mod scratch;
pub(crate) mod simd;
pub mod softmax;
pub mod special;
pub mod update;
mod vector;

/// Elements that are copied freely and given to any thread.
pub trait Plain: Copy + Default + Send + Sync + 'static {}

impl<T: Copy + Default + Send + Sync + 'static> Plain for T {}
