//! Operations that make arrays and move their elements.

mod bitcast;
mod broadcast;
mod codes;
mod concat;
mod constant;
mod diag;
mod edit_distance;
mod fill;
mod gather;
mod gather_grad;
mod gather_nd;
mod identity;
mod index;
mod mask;
mod matrix_diag;
mod one_hot;
mod pad;
mod partition;
mod patches;
mod placeholder;
mod range;
mod reshape;
mod reverse;
mod set;
mod shape;
mod slice;
mod space;
mod sparse;
mod split;
mod stitch;
mod strided_slice;
mod transpose;
mod unique;

pub use bitcast::bitcast;
pub(crate) use broadcast::{TILE, broadcast_gradient_args};
pub use broadcast::{broadcast_dynamic_shape, broadcast_to, tile};
pub(crate) use concat::{CONCAT_V2, concat_named, pack_named, packed};
pub use concat::{StackArgs, UnstackArgs, concat, parallel_stack, stack, stack_args, unstack, unstack_args};
pub use constant::{ConvertArgs, constant, constant_of, convert_to_tensor, convert_to_tensor_args};
pub use diag::{diag, diag_part};
pub use edit_distance::{EditDistanceArgs, edit_distance, edit_distance_args};
pub(crate) use fill::{
    FILL, full_of, ones_like_of, ones_of, ones_of_sizes, repeated, zero_constant, zeros_like_op, zeros_of,
    zeros_of_sizes,
};
pub use fill::{fill, ones, ones_like, zeros, zeros_like};
pub use gather::{GatherArgs, gather, gather_args};
pub(crate) use gather::{gather_named, gathered_rows, gathered_shape, run_gather};
pub(crate) use gather_nd::SCATTER_ND;
pub use gather_nd::{gather_nd, scatter_nd};
pub(crate) use identity::{IDENTITY, STOP_GRADIENT};
pub use identity::{identity, identity_n, stop_gradient};
pub use index::{Bound, Ellipsis, IndexItem, IntoIndex, IntoIndexItem, NewAxis, between, ellipsis, newaxis, step};
pub use mask::{
    BooleanMaskArgs, SequenceMaskArgs, boolean_mask, boolean_mask_args, sequence_mask, sequence_mask_args, where_true,
};
pub use matrix_diag::{
    MatrixDiagArgs, matrix_band_part, matrix_diag, matrix_diag_args, matrix_diag_part, matrix_diag_part_args,
    matrix_set_diag, matrix_set_diag_args,
};
pub use one_hot::{OneHotArgs, one_hot, one_hot_args};
pub use pad::{PadArgs, pad, pad_args};
pub use partition::dynamic_partition;
pub use patches::extract_image_patches;
pub(crate) use placeholder::{PLACEHOLDER, PLACEHOLDER_WITH_DEFAULT};
pub use placeholder::{placeholder, placeholder_with_default};
pub use range::range;
pub use reshape::{SqueezeArgs, expand_dims, reshape, squeeze, squeeze_args};
pub(crate) use reshape::{int32_list, reshape_exact, reshape_to, reshape_to_known};
pub use reverse::{ReverseSequenceArgs, reverse, reverse_sequence, reverse_sequence_args, reverse_v2};
pub use set::setdiff1d;
pub(crate) use shape::{constant_named, rank_named, shape_as, shape_named, shape_op, size_as, size_named};
pub use shape::{rank, shape, shape_n, size};
pub use slice::slice;
pub(crate) use slice::slice_exact;
pub use space::{
    DepthArgs, batch_to_space, batch_to_space_nd, depth_to_space, depth_to_space_args, space_to_batch,
    space_to_batch_nd, space_to_depth, space_to_depth_args,
};
pub use sparse::{
    SparsePlaceholderArgs, SparseTensor, SparseToDenseArgs, TensorToDenseArgs, sparse_placeholder,
    sparse_placeholder_args, sparse_tensor_to_dense, sparse_tensor_to_dense_args, sparse_to_dense,
    sparse_to_dense_args,
};
pub use split::{SplitArgs, split, split_args};
pub use stitch::dynamic_stitch;
pub(crate) use stitch::parallel_stitch_named;
pub use strided_slice::{StridedSliceArgs, strided_slice, strided_slice_args};
pub(crate) use strided_slice::{item, rest};
pub(crate) use transpose::adjoint;
pub use transpose::{TransposeArgs, invert_permutation, matrix_transpose, transpose, transpose_args};
pub use unique::{unique, unique_with_counts};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[
    &bitcast::BITCAST,
    &broadcast::BROADCAST_ARGS,
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
    &diag::DIAG,
    &diag::DIAG_PART,
    &edit_distance::EDIT_DISTANCE,
    &fill::FILL,
    &fill::ONES_LIKE,
    &fill::ZEROS_LIKE,
    &gather::GATHER,
    &gather::GATHER_V2,
    &gather_nd::GATHER_ND,
    &gather_nd::SCATTER_ND,
    &identity::IDENTITY,
    &identity::IDENTITY_N,
    &identity::PREVENT_GRADIENT,
    &identity::STOP_GRADIENT,
    &mask::WHERE,
    &matrix_diag::MATRIX_BAND_PART,
    &matrix_diag::MATRIX_DIAG,
    &matrix_diag::MATRIX_DIAG_PART,
    &matrix_diag::MATRIX_DIAG_PART_V2,
    &matrix_diag::MATRIX_DIAG_PART_V3,
    &matrix_diag::MATRIX_DIAG_V2,
    &matrix_diag::MATRIX_DIAG_V3,
    &matrix_diag::MATRIX_SET_DIAG,
    &matrix_diag::MATRIX_SET_DIAG_V2,
    &matrix_diag::MATRIX_SET_DIAG_V3,
    &one_hot::ONE_HOT,
    &pad::MIRROR_PAD,
    &pad::MIRROR_PAD_GRAD,
    &pad::PAD,
    &pad::PAD_V2,
    &partition::DYNAMIC_PARTITION,
    &patches::EXTRACT_IMAGE_PATCHES,
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
    &slice::SLICE,
    &space::BATCH_TO_SPACE,
    &space::BATCH_TO_SPACE_ND,
    &space::DEPTH_TO_SPACE,
    &space::SPACE_TO_BATCH,
    &space::SPACE_TO_BATCH_ND,
    &space::SPACE_TO_DEPTH,
    &sparse::SPARSE_TO_DENSE,
    &split::SPLIT,
    &split::SPLIT_V,
    &stitch::DYNAMIC_STITCH,
    &stitch::PARALLEL_DYNAMIC_STITCH,
    &strided_slice::STRIDED_SLICE,
    &strided_slice::STRIDED_SLICE_GRAD,
    &transpose::INVERT_PERMUTATION,
    &transpose::TRANSPOSE,
    &unique::UNIQUE,
    &unique::UNIQUE_V2,
    &unique::UNIQUE_WITH_COUNTS,
    &unique::UNIQUE_WITH_COUNTS_V2,
];
