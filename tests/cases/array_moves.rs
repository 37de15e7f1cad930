//! The cases of `golden/ops/array_moves.py`, in the same order.

use flowstone as tf;
use tf::op::Arg;
use tf::{IntoTensor, Tensor};

use super::raw;

fn list<const N: usize>(k: [i32; N]) -> Arg {
    tf::Value::vector(k.to_vec()).into_arg()
}

/// A number of the type of `x`.
fn number(n: i32, x: Tensor) -> Arg {
    tf::constant_of(n, x.dtype().unwrap()).into_arg()
}

fn diag_both(x: Tensor) -> Vec<Tensor> {
    vec![tf::diag(x), tf::diag_part(tf::diag(x))]
}

fn diagonals(x: Tensor) -> Vec<Tensor> {
    let mut all = vec![
        tf::matrix_diag_part(x),
        tf::matrix_diag_part!(x, k = [-1, 1]),
        tf::matrix_diag_part!(x, k = 1, padding_value = 5),
        tf::matrix_diag_part!(x, k = [-1, 0], align = "LEFT_RIGHT"),
    ];
    all.extend(raw("MatrixDiagPart", [x]));
    all.extend(raw("MatrixDiagPartV2", [x.into_arg(), list([-1, 1]), number(7, x)]));
    all
}

fn matrices(x: Tensor) -> Vec<Tensor> {
    let mut all = vec![
        tf::matrix_diag(x),
        tf::matrix_diag!(x, k = -1),
        tf::matrix_diag!(x, k = 1, num_rows = 4, num_cols = 4, padding_value = 9),
    ];
    all.extend(raw("MatrixDiag", [x]));
    let sizes = [1, -1, -1].map(IntoTensor::into_arg);
    let [k, rows, columns] = sizes;
    all.extend(raw("MatrixDiagV2", [x.into_arg(), k, rows, columns, number(7, x)]));
    all
}

fn replaced(x: &[Tensor]) -> Vec<Tensor> {
    let (x, y) = (x[0], x[1]);
    let mut all = vec![tf::matrix_set_diag(x, y), tf::matrix_set_diag!(x, y, k = -1)];
    all.extend(raw("MatrixSetDiag", [x, y]));
    all.extend(raw("MatrixSetDiagV2", [x.into_arg(), y.into_arg(), 0.into_arg()]));
    all
}

fn bands(x: Tensor) -> [Tensor; 3] {
    [tf::matrix_band_part(x, 0, 1), tf::matrix_band_part(x, -1, 0), tf::matrix_band_part(x, 1, -1)]
}

fn prevented(x: Tensor) -> [Tensor; 1] {
    let call = tf::ops::lookup("PreventGradient").unwrap().call([x.into_arg()]);
    [call.attr("message", "no").single()]
}

const EDGES: [[i32; 2]; 2] = [[1, 2], [0, 1]];

fn pads(x: Tensor) -> [Tensor; 3] {
    [
        tf::pad!(x, EDGES, constant_values = 5),
        tf::pad!(x, EDGES, constant_values = 0),
        tf::pad!(x, EDGES, mode = "CONSTANT"),
    ]
}

fn mirrors(x: Tensor) -> [Tensor; 3] {
    [
        tf::pad!(x, EDGES, mode = "REFLECT"),
        tf::pad!(x, EDGES, mode = "symmetric"),
        tf::pad!(x, [[1, 1], [0, 0]], mode = "REFLECT"),
    ]
}

fn mirror_grad<const N: usize>(x: Tensor, paddings: [[i32; 2]; N], mode: &str) -> [Tensor; 1] {
    let call = tf::ops::lookup("MirrorPadGrad").unwrap().call([x.into_arg(), paddings.into_arg()]);
    [call.attr("mode", mode).single()]
}

/// An old form with a square block.
fn square(op: &str, x: Tensor, edges: [[i32; 2]; 2], size: i64) -> Vec<Tensor> {
    let call = tf::ops::lookup(op).unwrap().call([x.into_arg(), edges.into_arg()]);
    call.attr("block_size", size).build().outputs()
}

fn batches(x: Tensor) -> Vec<Tensor> {
    let apart = tf::space_to_batch(x, [[1, 0], [0, 2]], 2);
    let sixths = tf::space_to_batch_nd(x, [3, 2], [[0, 0], [1, 1]]);
    let mut all = vec![apart, tf::batch_to_space(sixths, [[0, 0], [0, 1]], 2)];
    all.extend(square("SpaceToBatch", x, [[0, 1], [1, 1]], 2));
    all.extend(square("BatchToSpace", tf::concat([x; 4], 0), [[1, 0], [0, 2]], 2));
    all
}

fn deep(x: Tensor) -> [Tensor; 2] {
    [tf::space_to_depth(x, 2), tf::depth_to_space(x, 2)]
}

fn stitched(x: &[Tensor]) -> Vec<Tensor> {
    let indices = Arg::list([[0, 3], [1, 2]]);
    tf::ops::lookup("ParallelDynamicStitch").unwrap().call([indices, Arg::list(x)]).build().outputs()
}

fn patches(x: Tensor) -> [Tensor; 2] {
    [
        tf::extract_image_patches(x, [1, 2, 3, 1], [1, 1, 2, 1], [1; 4], "VALID"),
        tf::extract_image_patches(x, [1, 3, 2, 1], [1, 2, 1, 1], [1, 2, 1, 1], "SAME"),
    ]
}

fn distances(x: &[Tensor]) -> [Tensor; 2] {
    let sparse = |x: &[Tensor]| tf::SparseTensor { indices: x[0], values: x[1], dense_shape: x[2] };
    let (h, t) = (sparse(&x[..3]), sparse(&x[3..]));
    [tf::edit_distance(h, t), tf::edit_distance!(h, t, normalize = false)]
}

pub static CASES: &[super::Case] = cases! {
    "diag" |x| diag_both(x[0]);
    "diag_matrix" |x| [tf::diag(x[0])];
    "diag_int" |x| diag_both(x[0]);
    "diag_i64" |x| diag_both(x[0]);
    "diag_empty" |x| diag_both(x[0]);
    "diag_part" |x| [tf::diag_part(x[0])];
    "diag_part_special" |x| [tf::diag_part(x[0])];
    "matrix_diag_part" |x| diagonals(x[0]);
    "matrix_diag_part_sizes" [] |x| diagonals(x[0]);
    "matrix_diag_part_open" [] |x| [tf::matrix_diag_part!(x[0], k = x[1])];
    "matrix_diag_part_square" |x| diagonals(x[0]);
    "matrix_diag_part_int" |x| diagonals(x[0]);
    "matrix_diag_part_empty" [] |x| diagonals(x[0]);
    "matrix_diag_part_u8" |x| diagonals(x[0]);
    "matrix_diag_part_bool" |x| {
        let mut all = vec![tf::matrix_diag_part!(x[0], k = [-1, 0])];
        all.extend(raw("MatrixDiagPart", [x[0]]));
        all
    };
    "matrix_diag" |x| matrices(x[0]);
    "matrix_diag_open" |x| [tf::matrix_diag(x[0])];
    "matrix_diag_f64" |x| matrices(x[0]);
    "matrix_diag_int" |x| matrices(x[0]);
    "matrix_diag_i64" |x| matrices(x[0]);
    "matrix_diag_empty" [] |x| matrices(x[0]);
    "matrix_diag_bool" |x| {
        let mut all = vec![tf::matrix_diag(x[0])];
        all.extend(raw("MatrixDiag", [x[0]]));
        all
    };
    "matrix_diag_band" |x| {
        let mut all = vec![
            tf::matrix_diag!(x[0], k = [-1, 1]),
            tf::matrix_diag!(x[0], k = [0, 2], num_rows = 3, align = "LEFT_LEFT"),
        ];
        let [rows, columns, padding] = [3, -1, 0].map(IntoTensor::into_arg);
        all.extend(raw("MatrixDiagV2", [x[0].into_arg(), list([-2, 0]), rows, columns, padding]));
        all
    };
    "matrix_set_diag" |x| replaced(x);
    "matrix_set_diag_open" [] |x| [tf::matrix_set_diag(x[0], x[1])];
    "matrix_set_diag_first" |x| [tf::matrix_set_diag(x[0], x[1])];
    "matrix_set_diag_f64" |x| replaced(x);
    "matrix_set_diag_int" |x| replaced(x);
    "matrix_set_diag_i64" |x| replaced(x);
    "matrix_set_diag_bool" |x| {
        let mut all = vec![tf::matrix_set_diag(x[0], x[1])];
        all.extend(raw("MatrixSetDiag", [x[0], x[1]]));
        all.extend(raw("MatrixSetDiagV2", [x[0].into_arg(), x[1].into_arg(), 0.into_arg()]));
        all
    };
    "matrix_set_diag_band" [] |x| {
        let mut all = vec![tf::matrix_set_diag!(x[0], x[1], k = [-1, 0])];
        all.extend(raw("MatrixSetDiagV2", [x[0].into_arg(), x[1].into_arg(), list([0, 1])]));
        all
    };
    "matrix_band_part" |x| bands(x[0]);
    "matrix_band_part_f64" |x| bands(x[0]);
    "matrix_band_part_int" |x| bands(x[0]);
    "matrix_band_part_bool" |x| bands(x[0]);
    "matrix_band_part_fed" |x| [tf::matrix_band_part(x[0], x[1], x[2])];
    "identity_n" |x| tf::identity_n([x[0], x[1]]);
    "identity_n_one" |x| tf::identity_n([x[0]]);
    "identity_n_many" |x| tf::identity_n([x[0], x[1], x[2], x[0]]);
    "identity_n_gradient" |x| [tf::identity_n([x[0] * x[1], x[1]])[0]];
    "identity_n_constant" |_x| tf::identity_n([1.0.into_arg(), "a".into_arg(), 3.into_arg()]);
    "prevent_gradient" [] |x| prevented(x[0]);
    "prevent_gradient_f64" [] |x| prevented(x[0]);
    "prevent_gradient_int" |x| prevented(x[0]);
    "prevent_gradient_text" |x| prevented(x[0]);
    "prevent_gradient_scalar" |x| raw("PreventGradient", [x[0]]);
    "pad_v2" |x| pads(x[0]);
    "pad_v2_f64" [] |x| pads(x[0]);
    "pad_v2_int" |x| pads(x[0]);
    "pad_v2_i64" |x| pads(x[0]);
    "pad_v2_u8" |x| pads(x[0]);
    "pad_v2_text" |x| [tf::pad!(x[0], [[1, 0]], constant_values = "-")];
    "pad_v2_bool" |x| [tf::pad!(x[0], [[1, 0]], constant_values = true)];
    "pad_v2_fed" [0] |x| [tf::pad!(x[0], x[1], constant_values = x[2])];
    "mirror_pad" |x| mirrors(x[0]);
    "mirror_pad_f64" |x| mirrors(x[0]);
    "mirror_pad_int" |x| mirrors(x[0]);
    "mirror_pad_u8" |x| mirrors(x[0]);
    "mirror_pad_bool" |x| mirrors(x[0]);
    "mirror_pad_text" |x| mirrors(x[0]);
    "mirror_pad_image" |x| [tf::pad!(x[0], [[0, 0], [1, 1], [2, 1], [0, 0]], mode = "REFLECT")];
    "mirror_pad_fed" |x| [tf::pad!(x[0], x[1], mode = "SYMMETRIC")];
    "mirror_pad_grad" |x| mirror_grad(x[0], EDGES, "REFLECT");
    "mirror_pad_grad_int" |x| mirror_grad(x[0], [[1, 1]], "SYMMETRIC");
    "space_to_batch" |x| batches(x[0]);
    "space_to_batch_f64" |x| batches(x[0]);
    "space_to_batch_int" |x| batches(x[0]);
    "space_to_batch_u8" |x| batches(x[0]);
    "space_to_batch_i64" |x| batches(x[0]);
    "space_to_batch_unknown" |x| [tf::space_to_batch_nd(x[0], [2], [[0, 1]])];
    "space_to_batch_nd" |x| {
        let apart = || tf::space_to_batch_nd(x[0], x[1], x[2]);
        [apart(), tf::batch_to_space_nd(apart(), x[1], x[2])]
    };
    "space_to_batch_nd_rest" |x| [tf::space_to_batch_nd(x[0], [2], [[0, 0]])];
    "space_to_depth" |x| deep(x[0]);
    "space_to_depth_f64" |x| deep(x[0]);
    "space_to_depth_int" |x| deep(x[0]);
    "space_to_depth_u8" |x| deep(x[0]);
    "space_to_depth_bool" |x| deep(x[0]);
    "space_to_depth_text" |x| deep(x[0]);
    "sparse_to_dense" [] |x| [tf::sparse_to_dense(x[0], [2, 3], x[1])];
    "sparse_to_dense_default" [1 2] |x| [tf::sparse_to_dense!(x[0], [4], x[1], default_value = x[2])];
    "sparse_to_dense_one" [] |x| [tf::sparse_to_dense(x[0], tf::constant([4i64]), x[1])];
    "sparse_to_dense_same" |x| [tf::sparse_to_dense!(x[0], [4], true, default_value = false)];
    "sparse_to_dense_text" |x| [tf::sparse_to_dense!(x[0], [3], ["a"], default_value = "-")];
    "sparse_to_dense_loose" |x| [tf::sparse_to_dense!(x[0], [3], [1, 2, 3], validate_indices = false)];
    "dynamic_partition" |x| tf::dynamic_partition(x[0], x[1], 2);
    "dynamic_partition_open" [] |x| tf::dynamic_partition(x[0], x[1], 2);
    "dynamic_partition_matrix" |x| tf::dynamic_partition(x[0], x[1], 3);
    "dynamic_partition_int" |x| tf::dynamic_partition(x[0], x[1], 2);
    "dynamic_partition_text" |x| tf::dynamic_partition(x[0], x[1], 1);
    "dynamic_partition_scalar" [] |x| tf::dynamic_partition(x[0], x[1], 2);
    "dynamic_partition_empty" [] |x| tf::dynamic_partition(x[0], x[1], 2);
    "parallel_stitch" [] |x| stitched(x);
    "parallel_stitch_int" |x| stitched(x);
    "parallel_stitch_text" |x| stitched(x);
    "parallel_stitch_bool" |x| stitched(x);
    "patches" |x| patches(x[0]);
    "patches_f64" |x| patches(x[0]);
    "patches_int" |x| patches(x[0]);
    "patches_u8" |x| patches(x[0]);
    "patches_i64" |x| patches(x[0]);
    "edit_distance" |x| distances(x);
    "edit_distance_text" |x| distances(x);
    "edit_distance_float" [] |x| distances(x);
    "edit_distance_none" |x| distances(x);
    "edit_distance_bool" |x| distances(x);
    "bitcast" [] |x| [tf::bitcast(x[0], tf::uint8), tf::bitcast(x[0], tf::int32)];
    "bitcast_wide" [] |x| [tf::bitcast(x[0], tf::float64), tf::bitcast(x[0], tf::int64)];
    "bitcast_f64" [] |x| [tf::bitcast(x[0], tf::int32), tf::bitcast(x[0], tf::float64)];
    "bitcast_u8" |x| [tf::bitcast(x[0], tf::int32)];
    "bitcast_empty" |x| [tf::bitcast(x[0], tf::uint8)];
    "bad_diag" |x| [tf::diag(x[0])];
    "bad_diag_part" |x| [tf::diag_part(x[0])];
    "bad_matrix_diag" |x| [tf::matrix_diag!(x[0], num_rows = 1)];
    "bad_matrix_diag_k" |x| [tf::matrix_diag!(x[0], k = [1, 0])];
    "bad_matrix_diag_scalar" |x| raw("MatrixDiag", [x[0]]);
    "bad_matrix_diag_part" |x| [tf::matrix_diag_part!(x[0], k = 3)];
    "bad_matrix_diag_part_rank" |x| raw("MatrixDiagPart", [x[0]]);
    "bad_matrix_set_diag" |x| [tf::matrix_set_diag(x[0], x[1])];
    "bad_matrix_set_diag_old" |x| raw("MatrixSetDiag", [x[0], x[1]]);
    "bad_matrix_band_part" |x| [tf::matrix_band_part(x[0], 5, 0)];
    "bad_pad_v2" |x| [tf::pad!(x[0], [[1, 1]], constant_values = 1)];
    "bad_pad_negative" |x| [tf::pad!(x[0], x[1], constant_values = 1)];
    "bad_pad_mode" |x| [tf::pad!(x[0], [[1, 1]], mode = "WRAP")];
    "bad_mirror_pad" |x| [tf::pad!(x[0], [[2, 0]], mode = "REFLECT")];
    "bad_mirror_pad_symmetric" |x| [tf::pad!(x[0], x[1], mode = "SYMMETRIC")];
    "bad_mirror_pad_grad" |x| mirror_grad(x[0], [[2, 2]], "REFLECT");
    "bad_space_to_batch" |x| [tf::space_to_batch(x[0], [[0, 0], [0, 0]], 2)];
    "bad_space_to_batch_block" |x| [tf::space_to_batch_nd(x[0], x[1], [[0, 0]])];
    "bad_space_to_batch_old" |x| square("SpaceToBatch", x[0], [[0, 0], [0, 0]], 1);
    "bad_batch_to_space" |x| [tf::batch_to_space(x[0], [[0, 0], [0, 0]], 2)];
    "bad_batch_to_space_crops" |x| [tf::batch_to_space_nd(x[0], [2], [[2, 2]])];
    "bad_space_to_depth" |x| [tf::space_to_depth(x[0], 2)];
    "bad_space_to_depth_rank" |x| [tf::space_to_depth(x[0], 2)];
    "bad_depth_to_space" |x| [tf::depth_to_space(x[0], 2)];
    "bad_depth_to_space_block" |x| [tf::depth_to_space(x[0], 1)];
    "bad_sparse_to_dense" |x| [tf::sparse_to_dense(x[0], [3], 1)];
    "bad_sparse_to_dense_order" |x| [tf::sparse_to_dense(x[0], [3], 1)];
    "bad_sparse_to_dense_twice" |x| [tf::sparse_to_dense(x[0], [3], 1)];
    "bad_sparse_to_dense_values" |x| [tf::sparse_to_dense(x[0], [3], [1, 2])];
    "bad_dynamic_partition" |x| tf::dynamic_partition(x[0], x[1], 2);
    "bad_dynamic_partition_shape" |x| tf::dynamic_partition(x[0], x[1], 2);
    "bad_parallel_stitch" |x| tf::ops::lookup("ParallelDynamicStitch").unwrap()
        .call([Arg::list([[0, 1]]), Arg::list(x)]).build().outputs();
    "bad_bitcast" |x| [tf::bitcast(x[0], tf::int64)];
    "bad_patches" |x| [tf::extract_image_patches(x[0], [1, 4, 1, 1], [1; 4], [1; 4], "VALID")];
    "bad_patches_depth" |x| [tf::extract_image_patches(x[0], [1, 1, 1, 2], [1; 4], [1; 4], "VALID")];
    "bad_edit_distance_list" |x| distances(x);
    "bad_edit_distance_rank" |x| distances(x);
    "bad_identity_n" |_x| tf::identity_n(Vec::<Tensor>::new());
};
