//! Operations of neural networks.

mod bias;
mod conv2d;
mod cross_entropy;
mod dropout;
mod l2_loss;
mod max_pool;
mod relu;
mod softmax;
mod window;

pub use bias::{BiasAddArgs, bias_add, bias_add_args};
pub use conv2d::{Conv2dArgs, conv2d, conv2d_args, conv2d_transpose};
pub use cross_entropy::{softmax_cross_entropy_with_logits, softmax_cross_entropy_with_logits_v2};
pub use dropout::{DropoutArgs, dropout, dropout_args};
pub use l2_loss::l2_loss;
pub use max_pool::{MaxPoolArgs, max_pool, max_pool_args};
pub use relu::relu;
pub use softmax::{log_softmax, softmax};
pub use window::{IntoPadding, Padding, PaddingAttrs};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[
    &bias::BIAS_ADD,
    &bias::BIAS_ADD_GRAD,
    &conv2d::CONV_2D,
    &conv2d::CONV_2D_BACKPROP_FILTER,
    &conv2d::CONV_2D_BACKPROP_INPUT,
    &cross_entropy::SOFTMAX_CROSS_ENTROPY_WITH_LOGITS,
    &l2_loss::L2_LOSS,
    &max_pool::MAX_POOL,
    &max_pool::MAX_POOL_GRAD,
    &max_pool::MAX_POOL_GRAD_GRAD,
    &relu::RELU,
    &relu::RELU_GRAD,
    &softmax::LOG_SOFTMAX,
    &softmax::SOFTMAX,
];
