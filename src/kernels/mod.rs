//! Numeric code on plain slices. Knows neither graph nor operation; the only place for SIMD and `unsafe`.

pub mod batch_norm;
pub mod conv;
pub mod copy;
pub mod cpu;
pub mod depthwise;
pub mod elementwise;
pub mod gemm;
pub mod parallel;
pub mod pool;
pub mod random;
pub mod reduce;
mod scratch;
pub mod softmax;
mod vector;
