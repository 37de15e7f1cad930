//! Operations that make arrays and move their elements.

mod broadcast;
mod concat;
mod constant;
mod fill;
mod gather;
mod identity;
mod placeholder;
mod range;
mod reshape;
mod set;
mod shape;
mod slice;
mod stitch;
mod strided_slice;
mod transpose;

pub(crate) use broadcast::broadcast_gradient_args;
pub use broadcast::{broadcast_to, tile};
pub use concat::{StackArgs, UnstackArgs, concat, stack, stack_args, unstack, unstack_args};
pub(crate) use concat::{pack_named, packed};
pub use constant::{constant, constant_of};
pub(crate) use fill::{FILL, full_of, ones_like_of, ones_of, ones_of_sizes, repeated, zeros_like_op, zeros_of};
pub use fill::{fill, ones, ones_like, zeros, zeros_like};
pub use gather::{GatherArgs, gather, gather_args};
pub(crate) use identity::{IDENTITY, STOP_GRADIENT};
pub use identity::{identity, stop_gradient};
pub use placeholder::{placeholder, placeholder_with_default};
pub use range::range;
pub use reshape::{SqueezeArgs, expand_dims, reshape, squeeze, squeeze_args};
pub(crate) use reshape::{reshape_exact, reshape_to};
pub use set::setdiff1d;
pub use shape::{rank, shape, shape_n, size};
pub(crate) use shape::{shape_as, shape_op, size_as};
pub(crate) use slice::slice_exact;
pub use slice::{pad, slice};
pub use stitch::dynamic_stitch;
pub(crate) use strided_slice::item;
pub use strided_slice::{StridedSliceArgs, strided_slice, strided_slice_args};
pub use transpose::{TransposeArgs, invert_permutation, transpose, transpose_args};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[
    &broadcast::BROADCAST_GRADIENT_ARGS,
    &broadcast::BROADCAST_TO,
    &broadcast::TILE,
    &concat::CONCAT_OFFSET,
    &concat::CONCAT_V2,
    &concat::PACK,
    &concat::UNPACK,
    &constant::CONST,
    &fill::FILL,
    &fill::ONES_LIKE,
    &fill::ZEROS_LIKE,
    &gather::GATHER_V2,
    &identity::IDENTITY,
    &identity::STOP_GRADIENT,
    &placeholder::PLACEHOLDER,
    &placeholder::PLACEHOLDER_WITH_DEFAULT,
    &range::RANGE,
    &reshape::EXPAND_DIMS,
    &reshape::RESHAPE,
    &reshape::SQUEEZE,
    &set::LIST_DIFF,
    &shape::RANK,
    &shape::SHAPE,
    &shape::SHAPE_N,
    &shape::SIZE,
    &slice::PAD,
    &slice::SLICE,
    &stitch::DYNAMIC_STITCH,
    &strided_slice::STRIDED_SLICE,
    &strided_slice::STRIDED_SLICE_GRAD,
    &transpose::INVERT_PERMUTATION,
    &transpose::TRANSPOSE,
];
