//! Operations of neural networks.

mod affine;
mod avg_pool;
mod bias;
mod conv1d;
mod conv2d;
mod convolution;
pub(crate) mod cross_entropy;
mod depthwise_conv2d;
mod dropout;
mod elu;
mod embedding;
mod fused_batch_norm;
pub(crate) mod fused_conv2d;
mod l2_loss;
mod leaky_relu;
pub(crate) mod logistic;
mod lrn;
mod max_pool;
mod max_pool_v2;
mod max_pool_with_argmax;
mod moments;
mod relu;
mod sampled;
mod softmax;
mod softplus;
pub(crate) mod sparse_cross_entropy;
mod top_k;
mod window;
mod zero_fraction;

pub use affine::{relu_layer, swish, xw_plus_b};
pub use avg_pool::{AvgPoolArgs, avg_pool, avg_pool_args};
pub use bias::{BiasAddArgs, bias_add, bias_add_args};
pub use conv1d::{Conv1dArgs, conv1d, conv1d_args};
pub use conv2d::{
    Conv2dArgs, Conv2dTransposeArgs, conv2d, conv2d_args, conv2d_transpose, conv2d_transpose_args, deconv2d,
};
pub use convolution::{ConvolutionArgs, PoolArgs, atrous_conv2d, convolution, convolution_args, pool, pool_args};
pub use cross_entropy::{softmax_cross_entropy_with_logits, softmax_cross_entropy_with_logits_v2};
pub use depthwise_conv2d::{DepthwiseConv2dArgs, depthwise_conv2d, depthwise_conv2d_args, separable_conv2d};
pub use dropout::{DropoutArgs, dropout, dropout_args};
pub use elu::{elu, selu};
pub use embedding::{EmbeddingLookupArgs, Tables, embedding_lookup, embedding_lookup_args};
pub use fused_batch_norm::{FusedBatchNormArgs, fused_batch_norm, fused_batch_norm_args};
pub use l2_loss::l2_loss;
pub use leaky_relu::{LeakyReluArgs, leaky_relu, leaky_relu_args};
pub use logistic::{
    LogPoissonLossArgs, log_poisson_loss, log_poisson_loss_args, sigmoid_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits,
};
pub use lrn::{LrnArgs, local_response_normalization, lrn, lrn_args};
pub use max_pool::{MaxPoolArgs, max_pool, max_pool_args};
pub use max_pool_with_argmax::{MaxPoolWithArgmaxArgs, max_pool_with_argmax, max_pool_with_argmax_args};
pub use moments::{
    L2NormalizeArgs, MomentsArgs, batch_norm_with_global_normalization, batch_normalization, l2_normalize,
    l2_normalize_args, moments, moments_args, normalize_moments, sufficient_statistics, weighted_moments,
    weighted_moments_args,
};
pub use relu::{crelu, relu, relu6};
pub use sampled::{SampledArgs, nce_loss, nce_loss_args, sampled_softmax_loss, sampled_softmax_loss_args};
pub(crate) use softmax::SOFTMAX;
pub use softmax::{SoftmaxArgs, log_softmax, log_softmax_args, softmax, softmax_args};
pub use softplus::{softplus, softsign};
pub use sparse_cross_entropy::sparse_softmax_cross_entropy_with_logits;
pub use top_k::{TopKArgs, in_top_k, top_k, top_k_args};
pub use window::{IntoPadding, Padding, PaddingAttrs};
pub use zero_fraction::zero_fraction;

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
    &elu::ELU,
    &elu::ELU_GRAD,
    &elu::SELU,
    &elu::SELU_GRAD,
    &fused_batch_norm::BATCH_NORM_WITH_GLOBAL_NORMALIZATION,
    &fused_batch_norm::BATCH_NORM_WITH_GLOBAL_NORMALIZATION_GRAD,
    &fused_batch_norm::FUSED_BATCH_NORM,
    &fused_batch_norm::FUSED_BATCH_NORM_GRAD,
    &fused_batch_norm::FUSED_BATCH_NORM_GRAD_V2,
    &fused_batch_norm::FUSED_BATCH_NORM_GRAD_V3,
    &fused_batch_norm::FUSED_BATCH_NORM_V2,
    &fused_batch_norm::FUSED_BATCH_NORM_V3,
    &l2_loss::L2_LOSS,
    &leaky_relu::LEAKY_RELU,
    &leaky_relu::LEAKY_RELU_GRAD,
    &lrn::LRN,
    &lrn::LRN_GRAD,
    &max_pool::MAX_POOL,
    &max_pool::MAX_POOL_GRAD,
    &max_pool::MAX_POOL_GRAD_GRAD,
    &max_pool_v2::MAX_POOL_GRAD_GRAD_V2,
    &max_pool_v2::MAX_POOL_GRAD_V2,
    &max_pool_v2::MAX_POOL_V2,
    &max_pool_with_argmax::MAX_POOL_GRAD_WITH_ARGMAX,
    &max_pool_with_argmax::MAX_POOL_WITH_ARGMAX,
    &relu::RELU,
    &relu::RELU_6,
    &relu::RELU_6_GRAD,
    &relu::RELU_GRAD,
    &softmax::LOG_SOFTMAX,
    &softmax::SOFTMAX,
    &softplus::SOFTPLUS,
    &softplus::SOFTPLUS_GRAD,
    &softplus::SOFTSIGN,
    &softplus::SOFTSIGN_GRAD,
    &sparse_cross_entropy::SPARSE_SOFTMAX_CROSS_ENTROPY_WITH_LOGITS,
    &top_k::IN_TOP_K,
    &top_k::IN_TOP_K_V2,
    &top_k::TOP_K,
    &top_k::TOP_K_V2,
];
