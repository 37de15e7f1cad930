//! The cases of `golden/ops/product_ops.py`, in the same order.

use flowstone as tf;
use tf::DotAxes;

use super::{raw, raw_with};

fn bins(x: &[tf::Tensor]) -> [tf::Tensor; 2] {
    ["Bincount", "DenseBincount"].map(|op| raw(op, [x[0], x[1], x[2]])[0])
}

/// No weights at all.
fn none() -> tf::Tensor {
    tf::constant(tf::Value::vector(Vec::<f32>::new()))
}

pub static CASES: &[super::Case] = cases! {
    "batch_00" |x| raw_with("BatchMatMul", [x[0], x[1]], |call| call.attr("adj_x", false).attr("adj_y", false));
    "batch_01" |x| raw_with("BatchMatMul", [x[0], x[1]], |call| call.attr("adj_x", false).attr("adj_y", true));
    "batch_10" |x| raw_with("BatchMatMul", [x[0], x[1]], |call| call.attr("adj_x", true).attr("adj_y", false));
    "batch_11" |x| raw_with("BatchMatMul", [x[0], x[1]], |call| call.attr("adj_x", true).attr("adj_y", true));
    "batch" |x| raw("BatchMatMul", [x[0], x[1]]);
    "batch_i32" |x| raw("BatchMatMul", [x[0], x[1]]);
    "batch_f64" |x| raw("BatchMatMul", [x[0], x[1]]);
    "batch_empty" [] |x| raw("BatchMatMul", [x[0], x[1]]);
    "batch_outer" |x| raw("BatchMatMul", [x[0], x[1]]);
    "batch_inner" |x| raw("BatchMatMul", [x[0], x[1]]);
    "einsum_0" |x| [tf::einsum("ij->ji", x)];
    "einsum_0_d" |x| [tf::einsum("ij->ji", x)];
    "einsum_1" |x| [tf::einsum("ii->i", x)];
    "einsum_1_d" |x| [tf::einsum("ii->i", x)];
    "einsum_2" |x| [tf::einsum("ii", x)];
    "einsum_2_d" |x| [tf::einsum("ii", x)];
    "einsum_3" |x| [tf::einsum("ijk->ik", x)];
    "einsum_3_d" |x| [tf::einsum("ijk->ik", x)];
    "einsum_4" |x| [tf::einsum("ijk->ki", x)];
    "einsum_4_d" |x| [tf::einsum("ijk->ki", x)];
    "einsum_5" |x| [tf::einsum("ij,jk->ik", x)];
    "einsum_5_d" |x| [tf::einsum("ij,jk->ik", x)];
    "einsum_6" |x| [tf::einsum("ij,jk", x)];
    "einsum_6_d" |x| [tf::einsum("ij,jk", x)];
    "einsum_7" |x| [tf::einsum("bij,bkj->bik", x)];
    "einsum_7_d" |x| [tf::einsum("bij,bkj->bik", x)];
    "einsum_8" |x| [tf::einsum("i,j->ij", x)];
    "einsum_8_d" |x| [tf::einsum("i,j->ij", x)];
    "einsum_9" |x| [tf::einsum("i,i->", x)];
    "einsum_9_d" |x| [tf::einsum("i,i->", x)];
    "einsum_10" |x| [tf::einsum("abc,cd->ad", x)];
    "einsum_10_d" |x| [tf::einsum("abc,cd->ad", x)];
    "einsum_11" |x| [tf::einsum("ij,ij->ij", x)];
    "einsum_11_d" |x| [tf::einsum("ij,ij->ij", x)];
    "einsum_12" |x| [tf::einsum("...ij->...ji", x)];
    "einsum_12_d" |x| [tf::einsum("...ij->...ji", x)];
    "einsum_13" |x| [tf::einsum("...ij,...jk->...ik", x)];
    "einsum_13_d" |x| [tf::einsum("...ij,...jk->...ik", x)];
    "einsum_14" |x| [tf::einsum("ij...,jk->ik...", x)];
    "einsum_14_d" |x| [tf::einsum("ij...,jk->ik...", x)];
    "einsum_15" |x| [tf::einsum(" i j , j k -> i k", x)];
    "einsum_15_d" |x| [tf::einsum(" i j , j k -> i k", x)];
    "einsum_16" |x| [tf::einsum("i...,i...->...", x)];
    "einsum_16_d" |x| [tf::einsum("i...,i...->...", x)];
    "einsum_17" |x| [tf::einsum("->", x)];
    "einsum_17_d" |x| [tf::einsum("->", x)];
    "einsum_18" |x| [tf::einsum(",ij->ji", x)];
    "einsum_18_d" |x| [tf::einsum(",ij->ji", x)];
    "einsum_u" |x| [tf::einsum("ij,jk->ik", x)];
    "einsum_i32" |x| [tf::einsum("ij,jk->ik", x)];
    "einsum_f64" |x| [tf::einsum("ij,jk->ki", x)];
    "einsum_empty" [] |x| [tf::einsum("ij,jk->ik", x)];
    "einsum_count" |x| [tf::einsum("ij,jk->ik", x)];
    "einsum_sizes" |x| [tf::einsum("ij,jk->ik", x)];
    "einsum_rank" |x| [tf::einsum("ij->i", x)];
    "einsum_letter" |x| [tf::einsum("i1->i", x)];
    "einsum_output" |x| [tf::einsum("ij->k", x)];
    "einsum_twice" |x| [tf::einsum("ij->ii", x)];
    "einsum_ellipses" |x| [tf::einsum("......->", x)];
    "dot_1" |x| [tf::tensordot(x[0], x[1], 1)];
    "dot_2" |x| [tf::tensordot(x[0], x[1], 2)];
    "dot_0" |x| [tf::tensordot(x[0], x[1], 0)];
    "dot_lists" |x| [tf::tensordot(x[0], x[1], [[0, 2], [1, 0]])];
    "dot_pair" |x| [tf::tensordot(x[0], x[1], [-1, 0])];
    "dot_matrices" |x| [tf::tensordot(x[0], x[1], [[1], [0]])];
    "dot_sizes" |x| [tf::tensordot(x[0], x[1], 1)];
    "dot_many" |x| [tf::tensordot(x[0], x[1], 3)];
    "dot_uneven" |x| [tf::tensordot(x[0], x[1], DotAxes::Lists(vec![0, 1], vec![0]))];
    "cross" |x| [tf::cross(x[0], x[1])];
    "cross_one" |x| [tf::cross(x[0], x[1])];
    "cross_i32" |x| [tf::cross(x[0], x[1])];
    "cross_f64" |x| [tf::cross(x[0], x[1])];
    "cross_empty" [] |x| [tf::cross(x[0], x[1])];
    "cross_four" |x| [tf::cross(x[0], x[1])];
    "cross_shapes" |x| [tf::cross(x[0], x[1])];
    "linspace" [] |x| [tf::linspace(x[0], x[1], 5)];
    "linspace_fed" [] |x| [tf::linspace(x[0], x[1], x[2])];
    "linspace_one" [] |x| [tf::linspace(x[0], x[1], 1)];
    "linspace_f64" [] |x| [tf::linspace(x[0], x[1], 3i64)];
    "linspace_down" |x| {
        let _ = x;
        [tf::linspace(1.0, -1.0, 4)]
    };
    "linspace_none" |x| [tf::linspace(x[0], x[1], 0)];
    "linspace_list" |x| [tf::linspace(x[0], x[1], 2)];
    "bincount" |x| [tf::bincount(x[0]), tf::bincount!(x[0], minlength = 6), tf::bincount!(x[0], maxlength = 2, dtype = tf::float32)];
    "bincount_weights" [] |x| [tf::bincount!(x[0], weights = x[1])];
    "bincount_i64" |x| [tf::bincount!(x[0], minlength = 2, dtype = tf::int64)];
    "bincount_2d" |x| [tf::bincount(x[0])];
    "bincount_empty" |x| [tf::bincount!(x[0], minlength = 3)];
    "bins" [] |x| bins(x);
    "bins_ones" [] |x| bins(x);
    "bins_i64" |x| bins(x);
    "bins_i32" |x| bins(x);
    "bins_rows" [] |x| {
        let dense = raw("DenseBincount", [x[0], x[1], x[2]])[0];
        let none = x[2].at(..0);
        let binary = raw_with("DenseBincount", [x[0], x[1], none], |call| call.attr("binary_output", true));
        [dense, binary[0]]
    };
    "bins_empty" [] |x| bins(x);
    "bins_negative" |x| raw("DenseBincount", [x[0], tf::constant(2), none()]);
    "bins_size" |x| raw("Bincount", [x[0], tf::constant(-1), none()]);
    "broadcast" |x| [tf::broadcast_dynamic_shape(x[0], x[1])];
    "broadcast_i64" |x| [tf::broadcast_dynamic_shape(x[0], x[1])];
    "broadcast_same" |x| [tf::broadcast_dynamic_shape(x[0], x[1])];
    "broadcast_scalar" |x| [tf::broadcast_dynamic_shape(x[0], x[1])];
    "broadcast_zero" |x| [tf::broadcast_dynamic_shape(x[0], x[1])];
    "broadcast_constants" |x| {
        let _ = x;
        let shape = tf::broadcast_dynamic_shape([2, 1], [3]);
        [tf::fill(shape, 0.0)]
    };
    "broadcast_differ" |x| [tf::broadcast_dynamic_shape(x[0], x[1])];
};
