//! The cases of `golden/ops/array_parts.py`, in the same order.

use flowstone as tf;
use tf::{IntoTensor, Tensor, between, ellipsis, newaxis, step};

use super::raw;

fn old_concat(values: &[Tensor], axis: i32) -> Vec<Tensor> {
    let args = [axis.into_arg(), tf::op::Arg::list(values.iter().copied())];
    tf::ops::lookup("Concat").unwrap().call(args).build().outputs()
}

fn old_gather(x: &[Tensor]) -> Vec<Tensor> {
    raw("Gather", [x[0], x[1]])
}

fn uniques(x: Tensor) -> Vec<Tensor> {
    let axis = tf::constant(Vec::<i64>::new()).into_arg();
    let ((y, idx), (z, places, counts)) = (tf::unique(x), tf::unique_with_counts(x));
    let mut all = vec![y, idx, z, places, counts];
    all.extend(raw("UniqueV2", [x.into_arg(), axis.clone()]));
    all.extend(raw("UniqueWithCountsV2", [x.into_arg(), axis]));
    all
}

fn backs(x: Tensor) -> Vec<Tensor> {
    let mut all = vec![tf::reverse(x, [0]), tf::reverse(x, [-1, 0]), tf::reverse_v2(x, [1])];
    all.extend(raw("Reverse", [x.into_arg(), [false, true].into_arg()]));
    all
}

pub static CASES: &[super::Case] = cases! {
    "old_concat" |x| old_concat(x, 1);
    "old_concat_int" |x| old_concat(x, 1);
    "old_concat_text" |x| old_concat(x, 1);
    "old_concat_empty" |x| old_concat(x, 1);
    "old_concat_many" |x| old_concat(&[x[0]; 17], 0);
    "concat_many" |x| [tf::concat([x[0]; 18], -1)];
    "old_gather" [] |x| old_gather(x);
    "old_gather_i64" [] |x| old_gather(x);
    "old_gather_scalar" |x| old_gather(x);
    "old_gather_text" |x| old_gather(x);
    "old_gather_none" [] |x| old_gather(x);
    "gather_columns" |x| [tf::gather!(x[0], x[1], axis = 1)];
    "gather_last" [] |x| [tf::gather!(x[0], x[1], axis = -1)];
    "gather_batch" |x| [tf::gather!(x[0], x[1], axis = 1, batch_dims = 1)];
    "gather_batches" |x| [tf::gather!(x[0], x[1], batch_dims = 2)];
    "split" |x| tf::split(x[0], 2);
    "split_axis" |x| tf::split!(x[0], 3, axis = -1);
    "split_one" |x| tf::split!(x[0], 1, axis = 0);
    "split_fed" |x| tf::split!(x[0], 2, axis = x[1]);
    "split_empty" |x| tf::split!(x[0], 2, axis = 1);
    "split_text" |x| tf::split(x[0], 2);
    "split_bool" |x| tf::split(x[0], 2);
    "split_sizes" |x| tf::split(x[0], [1, 3, 0]);
    "split_rest" |x| tf::split!(x[0], [1, -1], axis = 1);
    "split_sizes_fed" |x| tf::split!(x[0], x[1], axis = 1, num = 2);
    "split_sizes_u8" |x| tf::split(x[0], [2, 1]);
    "split_sizes_one" |x| tf::split(x[0], [3]);
    "split_sizes_shape" |x| tf::split(x[0], tf::constant([1i64, 2]));
    "one_hot" |x| [tf::one_hot(x[0], 3)];
    "one_hot_axis" |x| [tf::one_hot!(x[0], 2, axis = 0)];
    "one_hot_middle" |x| [tf::one_hot!(x[0], 3, axis = 1, dtype = tf::int32)];
    "one_hot_values" |x| [tf::one_hot!(x[0], 3, on_value = 5.0, off_value = -1.0)];
    "one_hot_on" [] |x| [tf::one_hot!(x[0], 2, on_value = x[1], dtype = tf::float64)];
    "one_hot_text" |x| [tf::one_hot!(x[0], 2, on_value = "on", off_value = "off")];
    "one_hot_bool" |x| [tf::one_hot!(x[0], 2, on_value = true, off_value = false)];
    "one_hot_fed" |x| [tf::one_hot(x[0], x[1])];
    "one_hot_none" |x| [tf::one_hot(x[0], 0)];
    "gather_nd" |x| [tf::gather_nd(x[0], x[1])];
    "gather_nd_all" |x| [tf::gather_nd(x[0], x[1])];
    "gather_nd_rows" |x| [tf::gather_nd(x[0], x[1])];
    "gather_nd_whole" [] |x| [tf::gather_nd(x[0], x[1])];
    "gather_nd_one" |x| [tf::gather_nd(x[0], x[1])];
    "gather_nd_none" [] |x| [tf::gather_nd(x[0], x[1])];
    "gather_nd_bool" |x| [tf::gather_nd(x[0], x[1])];
    "scatter_nd" [1] |x| [tf::scatter_nd(x[0], x[1], [4, 2])];
    "scatter_nd_f64" [1] |x| [tf::scatter_nd(x[0], x[1], tf::constant([2i64, 2]))];
    "scatter_nd_fed" [1] |x| [tf::scatter_nd(x[0], x[1], x[2])];
    "scatter_nd_int" |x| [tf::scatter_nd(x[0], x[1], [2])];
    "scatter_nd_text" |x| [tf::scatter_nd(x[0], x[1], [2])];
    "scatter_nd_bool" |x| [tf::scatter_nd(x[0], x[1], [2])];
    "scatter_nd_none" [1] |x| [tf::scatter_nd(x[0], x[1], [2, 2])];
    "unique" |x| uniques(x[0]);
    "unique_u8" |x| uniques(x[0]);
    "unique_text" |x| uniques(x[0]);
    "unique_bool" |x| uniques(x[0]);
    "unique_none" |x| uniques(x[0]);
    "unique_float" [] |x| uniques(x[0]);
    "unique_rows" |x| {
        let axis = |axis: i32| tf::Value::vector(vec![axis]).into_arg();
        let mut all = raw("UniqueV2", [x[0].into_arg(), axis(1)]);
        all.extend(raw("UniqueWithCountsV2", [x[0].into_arg(), axis(0)]));
        all
    };
    "where" |x| [tf::where_true(x[0])];
    "where_float" [] |x| [tf::where_true(x[0])];
    "where_int" |x| [tf::where_true(x[0])];
    "where_deep" |x| [tf::where_true(x[0])];
    "where_none" |x| [tf::where_true(x[0])];
    "where_literal" |_x| [tf::where_true([[true, false], [false, true]])];
    "boolean_mask" [] |x| [tf::boolean_mask(x[0], x[1])];
    "boolean_mask_open" [] |x| [tf::boolean_mask(x[0], tf::constant([true, false, true]))];
    "boolean_mask_all" [] |x| [tf::boolean_mask(x[0], [[true, false], [true, true], [false, false]])];
    "boolean_mask_axis" [] |x| [tf::boolean_mask!(x[0], [true, false, true], axis = 1)];
    "boolean_mask_none" |x| [tf::boolean_mask(x[0], [false, false])];
    "sequence_mask" |x| [tf::sequence_mask(x[0])];
    "sequence_mask_maxlen" |x| [tf::sequence_mask!(x[0], maxlen = 4)];
    "sequence_mask_dtype" |x| [tf::sequence_mask!(x[0], maxlen = 3, dtype = tf::float32)];
    "sequence_mask_i64" |x| [tf::sequence_mask!(x[0], dtype = tf::int32)];
    "sequence_mask_fed" |x| [tf::sequence_mask!(x[0], maxlen = x[1])];
    "sequence_mask_literal" |_x| [tf::sequence_mask([2, 1])];
    "parallel_stack" [] |x| [tf::parallel_stack([x[0], x[1]])];
    "parallel_stack_one" |x| [tf::parallel_stack([x[0]])];
    "parallel_stack_scalar" |x| [tf::parallel_stack([x[0].into_arg(), 2.into_arg(), x[0].into_arg()])];
    "parallel_stack_text" |x| [tf::parallel_stack([x[0], x[0]])];
    "parallel_stack_twice" [] |x| [tf::parallel_stack([x[0], x[0]])];
    "reverse" |x| backs(x[0]);
    "reverse_f64" |x| backs(x[0]);
    "reverse_int" |x| backs(x[0]);
    "reverse_text" |x| backs(x[0]);
    "reverse_empty" [] |x| backs(x[0]);
    "reverse_scalar" |x| {
        let mut all = vec![tf::reverse(x[0], tf::constant(Vec::<i32>::new()))];
        all.extend(raw("Reverse", [x[0], tf::constant(Vec::<bool>::new())]));
        all
    };
    "reverse_fed" |x| [tf::reverse(x[0], x[1])];
    "reverse_sequence" |x| [tf::reverse_sequence(x[0], x[1], 1)];
    "reverse_sequence_batch" |x| [tf::reverse_sequence!(x[0], x[1], seq_axis = 0, batch_axis = 1)];
    "reverse_sequence_last" |x| [tf::reverse_sequence!(x[0], x[1], seq_dim = 2, batch_dim = 0)];
    "reverse_sequence_int" |x| [tf::reverse_sequence(x[0], x[1], 1)];
    "reverse_sequence_text" |x| [tf::reverse_sequence(x[0], x[1], 1)];
    "index" |x| {
        let x = x[0];
        [
            x.at(0), x.at((-1, 1)), x.at((.., 0)), x.at((1.., newaxis)), x.at((ellipsis, 1..3)),
            x.at((newaxis, ellipsis, step(.., 2)))
        ]
    };
    "index_steps" |x| [
        x[0].at(step(.., -1)), x[0].at((..2, step(.., -2))), x[0].at((step(between(2, 0), -1), -3..))
    ];
    "index_fed" |x| {
        let (x, j) = (x[0], x[1]);
        [x.at(j), x.at(j..), x.at((..j, j)), x.at((0..2, step(j.., j)))]
    };
    "index_fed_i64" |x| [x[0].at(x[1]), x[0].at(..x[1])];
    "bad_old_concat" |x| old_concat(x, 0);
    "bad_old_concat_shapes" |x| old_concat(x, 1);
    "bad_old_gather" |x| old_gather(x);
    "bad_split" |x| tf::split(x[0], 2);
    "bad_split_none" |x| tf::split(x[0], 0);
    "bad_split_axis" |x| tf::split!(x[0], 1, axis = 2);
    "bad_split_sizes" |x| tf::split(x[0], [1, 3]);
    "bad_split_sizes_fed" |x| tf::split!(x[0], x[1], num = 2);
    "bad_split_rest" |x| tf::split(x[0], [-1, -1]);
    "bad_one_hot" |x| [tf::one_hot(x[0], x[1])];
    "bad_one_hot_axis" |x| [tf::one_hot!(x[0], 3, axis = 2)];
    "bad_gather_nd" |x| [tf::gather_nd(x[0], x[1])];
    "bad_gather_nd_depth" |x| [tf::gather_nd(x[0], x[1])];
    "bad_scatter_nd" |x| [tf::scatter_nd(x[0], x[1], x[2])];
    "bad_scatter_nd_shape" |x| [tf::scatter_nd(x[0], x[1], x[2])];
    "bad_unique" |x| [tf::unique(x[0]).0];
    "bad_unique_with_counts" |x| [tf::unique_with_counts(x[0]).0];
    "bad_unique_axis" |x| raw("UniqueV2", [x[0].into_arg(), [2].into_arg()]);
    "bad_unique_axes" |x| raw("UniqueWithCountsV2", [x[0].into_arg(), [0, 1].into_arg()]);
    "bad_where" |x| [tf::where_true(x[0])];
    "bad_boolean_mask" |x| [tf::boolean_mask(x[0], x[1])];
    "bad_boolean_mask_scalar" |x| [tf::boolean_mask(x[0], x[1])];
    "bad_reverse" |x| [tf::reverse(x[0], [1])];
    "bad_reverse_twice" |x| [tf::reverse(x[0], x[1])];
    "bad_reverse_old" |x| raw("Reverse", [x[0].into_arg(), [true, true].into_arg()]);
    "bad_reverse_sequence" |x| [tf::reverse_sequence(x[0], x[1], 1)];
    "bad_reverse_sequence_axis" |x| [tf::reverse_sequence(x[0], x[1], 0)];
    "bad_index" |x| [x[0].at(2)];
    "bad_index_dims" |x| [x[0].at((0, 0))];
};
