//! The cases of `golden/ops/sorting.py`, in the same order.

use flowstone as tf;
use tf::{SparseTensor, Tensor};

const DOWN: &str = "DESCENDING";
const AT: [[i64; 2]; 2] = [[0, 1], [2, 0]];
const BACK: [[i64; 2]; 2] = [[2, 0], [0, 1]];

fn dense(x: SparseTensor) -> Tensor {
    tf::sparse_tensor_to_dense(x)
}

pub static CASES: &[super::Case] = cases! {
    "sort" |x| [
        tf::sort(x[0]),
        tf::argsort(x[0]),
        tf::sort!(x[0], direction = DOWN),
        tf::argsort!(x[0], stable = true, direction = DOWN),
    ];
    "sort_special" [] |x| [tf::sort!(x[0], direction = DOWN), tf::argsort!(x[0], direction = DOWN)];
    "sort_equal" |x| [tf::argsort(x[0]), tf::argsort!(x[0], direction = DOWN)];
    "sort_axis" |x| [
        tf::sort!(x[0], axis = 0), tf::argsort!(x[0], axis = 0, direction = DOWN), tf::sort!(x[0], axis = -2)
    ];
    "sort_middle" |x| [tf::sort!(x[0], axis = 1), tf::argsort!(x[0], axis = -3)];
    "sort_last" |x| [tf::sort!(x[0], axis = 1)];
    "sort_int" |x| [tf::sort(x[0]), tf::sort!(x[0], axis = 0), tf::argsort(x[0])];
    "sort_i64" |x| [tf::sort(x[0]), tf::argsort(x[0])];
    "sort_bytes" |x| [tf::sort(x[0]), tf::sort!(x[0], axis = 0), tf::argsort(x[0])];
    "sort_f64" |x| [tf::sort(x[0])];
    "sort_none" [] |x| [tf::sort(x[0]), tf::argsort(x[0])];
    "bad_sort_direction" |x| [tf::sort!(x[0], direction = "UP")];
    "bad_sort_axis" |x| [tf::sort!(x[0], axis = 1)];
    "bad_sort_single" |x| [tf::sort(x[0])];
    "sparse" |x| {
        let x = SparseTensor([[0, 1], [2, 0]], x[0], [3, 2]);
        [x.indices, x.values, x.dense_shape]
    };
    "sparse_dense" |x| [dense(SparseTensor(x[0], x[1], [3, 2]))];
    "sparse_dense_default" |x| [tf::sparse_tensor_to_dense!(SparseTensor(AT, x[0], [3, 2]), default_value = 7.0)];
    "sparse_dense_any" |x| [
        tf::sparse_tensor_to_dense!(SparseTensor(BACK, x[0], [3, 2]), validate_indices = false)
    ];
    "sparse_dense_text" |x| [dense(SparseTensor(AT, x[0], [3, 2]))];
    "bad_sparse" |x| [SparseTensor([[0, 1]], x[0], [3, 2]).values];
    "bad_sparse_rank" |x| [SparseTensor([[0, 1]], x[0], [3]).values];
    "bad_sparse_order" |x| [dense(SparseTensor(BACK, x[0], [3, 2]))];
};
