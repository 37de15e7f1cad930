//! Operations of neural networks.

mod avg_pool;
mod bias;
mod conv2d;
mod cross_entropy;
mod depthwise_conv2d;
mod dropout;
mod embedding;
mod fused_batch_norm;
pub(crate) mod fused_conv2d;
mod l2_loss;
mod leaky_relu;
mod max_pool;
mod relu;
mod softmax;
mod window;

pub use avg_pool::{AvgPoolArgs, avg_pool, avg_pool_args};
pub use bias::{BiasAddArgs, bias_add, bias_add_args};
pub use conv2d::{Conv2dArgs, conv2d, conv2d_args, conv2d_transpose};
pub use cross_entropy::{softmax_cross_entropy_with_logits, softmax_cross_entropy_with_logits_v2};
pub use depthwise_conv2d::{DepthwiseConv2dArgs, depthwise_conv2d, depthwise_conv2d_args, separable_conv2d};
pub use dropout::{DropoutArgs, dropout, dropout_args};
pub use embedding::embedding_lookup;
pub use fused_batch_norm::{FusedBatchNormArgs, batch_normalization, fused_batch_norm, fused_batch_norm_args, moments};
pub use l2_loss::l2_loss;
pub use leaky_relu::{LeakyReluArgs, leaky_relu, leaky_relu_args};
pub use max_pool::{MaxPoolArgs, max_pool, max_pool_args};
pub use relu::relu;
pub use softmax::{log_softmax, softmax};
pub use window::{IntoPadding, Padding, PaddingAttrs};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[
    &avg_pool::AVG_POOL,
    &avg_pool::AVG_POOL_GRAD,
    &bias::BIAS_ADD,
    &bias::BIAS_ADD_GRAD,
    &conv2d::CONV_2D,
    &conv2d::CONV_2D_BACKPROP_FILTER,
    &conv2d::CONV_2D_BACKPROP_INPUT,
    &cross_entropy::SOFTMAX_CROSS_ENTROPY_WITH_LOGITS,
    &depthwise_conv2d::DEPTHWISE_CONV_2D_NATIVE,
    &depthwise_conv2d::DEPTHWISE_CONV_2D_NATIVE_BACKPROP_FILTER,
    &depthwise_conv2d::DEPTHWISE_CONV_2D_NATIVE_BACKPROP_INPUT,
    &fused_batch_norm::FUSED_BATCH_NORM_GRAD_V3,
    &fused_batch_norm::FUSED_BATCH_NORM_V3,
    &l2_loss::L2_LOSS,
    &leaky_relu::LEAKY_RELU,
    &leaky_relu::LEAKY_RELU_GRAD,
    &max_pool::MAX_POOL,
    &max_pool::MAX_POOL_GRAD,
    &max_pool::MAX_POOL_GRAD_GRAD,
    &relu::RELU,
    &relu::RELU_GRAD,
    &softmax::LOG_SOFTMAX,
    &softmax::SOFTMAX,
];
