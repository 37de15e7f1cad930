//! Operations that make arrays and move their elements.

mod broadcast;
mod concat;
mod constant;
mod fill;
mod gather;
mod gather_nd;
mod identity;
mod index;
mod mask;
mod one_hot;
mod placeholder;
mod range;
mod reshape;
mod reverse;
mod set;
mod shape;
mod slice;
mod split;
mod stitch;
mod strided_slice;
mod transpose;
mod unique;

pub(crate) use broadcast::broadcast_gradient_args;
pub use broadcast::{broadcast_to, tile};
pub(crate) use concat::{CONCAT_V2, pack_named, packed};
pub use concat::{StackArgs, UnstackArgs, concat, parallel_stack, stack, stack_args, unstack, unstack_args};
pub use constant::{constant, constant_of};
pub(crate) use fill::{FILL, full_of, ones_of, repeated, zeros_like_op, zeros_of};
pub use fill::{fill, ones, ones_like, zeros, zeros_like};
pub use gather::{GatherArgs, gather, gather_args};
pub(crate) use gather_nd::SCATTER_ND;
pub use gather_nd::{gather_nd, scatter_nd};
pub(crate) use identity::{IDENTITY, STOP_GRADIENT};
pub use identity::{identity, stop_gradient};
pub use index::{Bound, Ellipsis, IndexItem, IntoIndex, IntoIndexItem, NewAxis, ellipsis, newaxis, step};
pub use mask::{
    BooleanMaskArgs, SequenceMaskArgs, boolean_mask, boolean_mask_args, sequence_mask, sequence_mask_args, where_true,
};
pub use one_hot::{OneHotArgs, one_hot, one_hot_args};
pub use placeholder::{placeholder, placeholder_with_default};
pub use range::range;
pub use reshape::{SqueezeArgs, expand_dims, reshape, squeeze, squeeze_args};
pub(crate) use reshape::{reshape_exact, reshape_to, reshape_to_known};
pub use reverse::{ReverseSequenceArgs, reverse, reverse_sequence, reverse_sequence_args, reverse_v2};
pub use set::setdiff1d;
pub use shape::{rank, shape, shape_n, size};
pub(crate) use shape::{rank_named, shape_as, shape_named, size_as, size_named};
pub(crate) use slice::slice_exact;
pub use slice::{pad, slice};
pub use split::{SplitArgs, split, split_args};
pub use stitch::dynamic_stitch;
pub(crate) use strided_slice::item;
pub use strided_slice::{StridedSliceArgs, strided_slice, strided_slice_args};
pub use transpose::{TransposeArgs, invert_permutation, transpose, transpose_args};
pub use unique::{unique, unique_with_counts};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[
    &broadcast::BROADCAST_GRADIENT_ARGS,
    &broadcast::BROADCAST_TO,
    &broadcast::TILE,
    &concat::CONCAT,
    &concat::CONCAT_OFFSET,
    &concat::CONCAT_V2,
    &concat::PACK,
    &concat::PARALLEL_CONCAT,
    &concat::UNPACK,
    &constant::CONST,
    &fill::FILL,
    &fill::ONES_LIKE,
    &fill::ZEROS_LIKE,
    &gather::GATHER,
    &gather::GATHER_V2,
    &gather_nd::GATHER_ND,
    &gather_nd::SCATTER_ND,
    &identity::IDENTITY,
    &identity::STOP_GRADIENT,
    &mask::WHERE,
    &one_hot::ONE_HOT,
    &placeholder::PLACEHOLDER,
    &placeholder::PLACEHOLDER_WITH_DEFAULT,
    &range::RANGE,
    &reshape::EXPAND_DIMS,
    &reshape::RESHAPE,
    &reshape::SQUEEZE,
    &reverse::REVERSE,
    &reverse::REVERSE_SEQUENCE,
    &reverse::REVERSE_V2,
    &set::LIST_DIFF,
    &shape::RANK,
    &shape::SHAPE,
    &shape::SHAPE_N,
    &shape::SIZE,
    &slice::PAD,
    &slice::SLICE,
    &split::SPLIT,
    &split::SPLIT_V,
    &stitch::DYNAMIC_STITCH,
    &strided_slice::STRIDED_SLICE,
    &strided_slice::STRIDED_SLICE_GRAD,
    &transpose::INVERT_PERMUTATION,
    &transpose::TRANSPOSE,
    &unique::UNIQUE,
    &unique::UNIQUE_V2,
    &unique::UNIQUE_WITH_COUNTS,
    &unique::UNIQUE_WITH_COUNTS_V2,
];
