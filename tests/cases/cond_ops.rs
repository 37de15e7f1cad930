//! The cases of `golden/ops/cond_ops.py`, in the same order.

use flowstone as tf;
use tf::{Gradient, IndexedSlices, IntoTensor, Tensor, Variable};

fn nested(x: &[Tensor]) -> Tensor {
    let (x, y, p, q) = (x[0], x[1], x[2], x[3]);
    tf::cond(p, || tf::cond(q, || x * y, || x - 1.0) * y, || y * 2.0)
}

fn nested_outside(x: &[Tensor]) -> Tensor {
    let (x, p, q) = (x[0], x[1], x[2]);
    tf::cond(p, || tf::cond(q, || x, || 1.0 * x), || x)
}

fn nested_result(x: &[Tensor]) -> Tensor {
    let (x, p, q) = (x[0], x[1], x[2]);
    let then = || {
        let y = tf::tanh(x);
        tf::cond(q, || y, || y * y)
    };
    tf::cond(p, then, || tf::cond(q, || 2.0 * x, || x))
}

fn list(x: &[Tensor]) -> Vec<Tensor> {
    let (x, y, p) = (x[0], x[1], x[2]);
    let (a, (b, c)) = tf::cond(p, || (x, (y, x * y)), || (x + y, (x, y)));
    vec![a, b, c]
}

fn waits(x: &[Tensor]) -> Tensor {
    let (x, p) = (x[0], x[1]);
    let _after = tf::control_dependencies(&[tf::identity(x).named("before").op()]);
    tf::cond(p, || tf::constant(3.0) * x, || tf::constant(2.0) + tf::reduce_sum(x))
}

fn waits_inside(x: &[Tensor]) -> Tensor {
    let (x, p) = (x[0], x[1]);
    let then = || {
        let _after = tf::control_dependencies(&[(x * 2.0).op()]);
        tf::constant(3.0)
    };
    let otherwise = || {
        let _after = tf::control_dependencies(&[tf::constant(1.0).named("inside").op()]);
        tf::constant(4.0)
    };
    tf::cond(p, then, otherwise)
}

fn leaves(x: &[Tensor]) -> Tensor {
    let (x, p) = (x[0], x[1]);
    let then = || {
        let y = {
            let _outside = tf::get_default_graph().clear_control_dependencies();
            tf::exp(x)
        };
        y + 1.0
    };
    tf::cond(p, then, || x)
}

fn slices(x: &[Tensor]) -> Vec<Tensor> {
    let (x, p, j, k) = (x[0], x[1], x[2], x[3]);
    let then = || IndexedSlices { values: x, indices: j, dense_shape: tf::constant([9, 2]) };
    let otherwise = || IndexedSlices { values: x * 2.0, indices: k, dense_shape: tf::constant([9, 2]) };
    let y = tf::cond(p, then, otherwise);
    vec![y.values, y.indices, y.dense_shape]
}

fn of_cond(x: &[Tensor]) -> Tensor {
    let (x, p) = (x[0], x[1]);
    let positive = tf::cond(p, || tf::reduce_all(tf::greater(x, 0.0)), || tf::constant(true));
    tf::cond(positive, || x, || -x)
}

/// A variable with the value of `x`, and `p` once it has it.
fn variable(x: &[Tensor], use_resource: bool) -> (Variable, Tensor) {
    let v = tf::Variable!(x[0], name = "v", use_resource = use_resource);
    let _after = tf::control_dependencies(&[v.initializer()]);
    (v, tf::identity(x[1]))
}

fn changes(x: &[Tensor]) -> Vec<Tensor> {
    let (v, p) = variable(x, false);
    let y = tf::cond(p, || tf::assign_add(v, x[0]), || tf::assign(v, -x[0]));
    let _after = tf::control_dependencies(&[y.op()]);
    vec![v.read_value()]
}

fn with_gradient(y: Tensor, v: Variable) -> Vec<Tensor> {
    [Some(y.into()), tf::gradients(y, v)[0]].into_iter().flatten().map(Gradient::values).collect()
}

fn reads(x: &[Tensor]) -> Vec<Tensor> {
    let v = tf::Variable!(x[0], name = "v");
    let y = {
        let _after = tf::control_dependencies(&[v.initializer()]);
        let p = tf::identity(x[1]);
        tf::cond(p, || v * x[0], || x[0])
    };
    with_gradient(y, v)
}

fn reads_handle(x: &[Tensor]) -> Vec<Tensor> {
    let (v, p) = variable(x, true);
    with_gradient(tf::cond(p, || v * x[0], || v + v), v)
}

fn other_handle(x: &[Tensor]) -> Vec<Tensor> {
    let (v, p) = variable(x, true);
    with_gradient(tf::cond(p, || x[0], || tf::square(v)), v)
}

/// The outputs of a bare Switch.
fn switch(x: Tensor, p: Tensor) -> [Tensor; 2] {
    super::raw("Switch", [x, p]).try_into().unwrap()
}

fn merge(x: [Tensor; 2]) -> Vec<Tensor> {
    tf::ops::lookup("Merge").unwrap().call([tf::op::Arg::list(x)]).build().outputs()
}

fn imported(x: &[Tensor]) -> Vec<Tensor> {
    let [no, yes] = switch(x[0], x[1]);
    merge([no * 2.0, tf::exp(yes)])
}

fn imported_one(x: &[Tensor]) -> Vec<Tensor> {
    let [ones, _] = switch(tf::ones([3]), x[1]);
    let [_, yes] = switch(x[0], x[1]);
    vec![merge([ones, tf::exp(yes)])[0]]
}

fn guarded(x: &[Tensor]) -> Vec<Tensor> {
    let y = tf::identity(x[0]);
    tf::Assert(tf::logical_or(x[1], true), ["no".into_arg(), x[0].into_arg(), tf::reduce_sum(x[0]).into_arg()]);
    vec![y]
}

fn case(x: &[Tensor], strict: bool) -> Tensor {
    let (x, y) = (x[0], x[1]);
    let pairs = ((tf::less(x, 3), || y * 2.0), (tf::less(x, 7), || tf::square(y)));
    if strict {
        return tf::case!(pairs, default = || y, strict = true, name = "chosen");
    }
    tf::case!(pairs, default = || y)
}

fn case_exclusive(x: &[Tensor]) -> Tensor {
    let (x, y) = (x[0], x[1]);
    let pairs = ((tf::less(x, 3), || y * 2.0), (tf::greater(x, 6), || tf::square(y)));
    tf::case!(pairs, default = || y, exclusive = true)
}

fn case_no_default(x: &[Tensor], second: fn(Tensor) -> Tensor) -> Tensor {
    let (x, y) = (x[0], x[1]);
    tf::case(((tf::less(x, 3), || y * 2.0), (second(x), || tf::square(y))))
}

fn smart(p: impl IntoTensor, x: Tensor) -> Tensor {
    tf::layers::utils::smart_cond(p, || x * 2.0, || x)
}

fn inside(x: Tensor, p: Tensor) -> Tensor {
    let mut kept = None;
    let then = || {
        let y = x * 2.0;
        kept = Some(y);
        y
    };
    tf::cond(p, then, || x);
    kept.unwrap()
}

fn both_hold(x: Tensor) -> Tensor {
    tf::case!(((tf::less(x, 3), || x), (tf::less(x, 7), || -x)), default = || x, exclusive = true)
}

fn depends(x: Tensor, change: fn(Variable) -> Tensor) -> Vec<Tensor> {
    let v = tf::Variable!(x, name = "v");
    let w = tf::Variable!(change(v), name = "w");
    let _after = tf::control_dependencies(&[w.initializer()]);
    vec![w.read_value()]
}

pub static CASES: &[super::Case] = cases! {
    "cond_no" |x| [tf::cond(x[2], || x[0] * x[1], || x[0] + 1.0)];
    "cond_twice_no" |x| [tf::cond(x[1], || tf::multiply(x[0], x[0]), || tf::square(x[0]) - x[0])];
    "cond_outside_no" |x| [tf::cond(x[2], || x[0], || x[1])];
    "cond_outside_twice_no" |x| tf::cond(x[1], || vec![x[0], x[0]], || vec![x[0] * 1.5, x[0]]);
    "cond_constant_no" |x| [tf::cond(x[1], || tf::constant(1.0) + tf::constant(2.0), || tf::reduce_sum(x[0]))];
    "cond_number_no" |x| [tf::cond(x[1], || 1.5, || tf::reduce_max(x[0]))];
    "cond_list_no" |x| list(x);
    "cond_one_of_list_no" |x| tf::cond!(x[1], || [x[0] + 1.0], || [x[0] * 2.0], strict = true, name = "one");
    "cond_untaken_no" |x| [tf::cond(x[2], || tf::exp(x[0]), || x[1])];
    "cond_nested_no" |x| [nested(x)];
    "cond_nested_other_no" |x| [nested(x)];
    "cond_nested_outside_no" |x| [nested_outside(x)];
    "cond_nested_result_no" |x| [nested_result(x)];
    "cond_scopes_no" |x| [tf::cond(x[1], || tf::layers::flatten(x[0]), || tf::reshape(x[0], [-1, 6]))];
    "cond_waits_no" |x| [waits(x)];
    "cond_waits_inside_no" [] |x| [waits_inside(x)];
    "cond_leaves_no" |x| [leaves(x)];
    "cond_operations_no" [] |x| [tf::cond(x[1], || tf::group(&[tf::identity(x[0]).op()]), tf::no_op)];
    "cond_shapes_no" |x| [tf::cond(x[1], || x[0].at(..1), || tf::concat([x[0], x[0]], 0))];
    "cond_text_no" |x| [tf::cond(x[1], || tf::string_join([x[0], x[0]]), || x[0])];
    "cond_int_no" |x| [tf::cond(x[1], || x[0] + 1, || x[0])];
    "cond_empty_no" |x| [tf::cond(x[1], || x[0] * 2.0, || -x[0])];
    "cond_wide_no" |x| [tf::cond(x[1], || x[0] * x[0] * x[0], || tf::sin(x[0]))];
    "cond_nan_no" |x| [tf::cond(x[1], || tf::sqrt(x[0]), || tf::log(x[0]))];
    "cond_rows_no" |x| [tf::cond(x[1], || tf::gather(x[0], x[2]), || x[0].at(..2))];
    "cond_rows_both_no" |x| [tf::cond(x[1], || tf::gather(x[0], x[2]), || tf::gather(x[0], x[2] + 1))];
    "cond_rows_wide_no" |x| [tf::cond(x[1], || tf::gather(x[0], x[2]), || tf::gather(x[0], x[3]))];
    "cond_slices_no" |x| slices(x);
    "cond_slices_wide_no" [] |x| slices(x);
    "cond_product_no" |x| [tf::cond(x[2], || tf::nn::relu(tf::matmul(x[0], x[1])), || x[0])];
    "cond_after_no" |x| [tf::exp(tf::cond(x[1], || x[0] * 2.0, || x[0])) * x[0]];
    "cond_of_cond_no" |x| [of_cond(x)];
    "cond_variable_no" [] |x| changes(x);
    "cond_reads_no" [] |x| reads(x);
    "cond_handle_no" [] |x| reads_handle(x);
    "cond_other_handle_no" [] |x| other_handle(x);
    "branch_gradient_no" |x| imported(x);
    "branch_gradient_one_no" |x| imported_one(x);
    "assert_guard_no" [] |x| guarded(x);
    "cond_yes" |x| [tf::cond(x[2], || x[0] * x[1], || x[0] + 1.0)];
    "cond_twice_yes" |x| [tf::cond(x[1], || tf::multiply(x[0], x[0]), || tf::square(x[0]) - x[0])];
    "cond_outside_yes" |x| [tf::cond(x[2], || x[0], || x[1])];
    "cond_outside_twice_yes" |x| tf::cond(x[1], || vec![x[0], x[0]], || vec![x[0] * 1.5, x[0]]);
    "cond_constant_yes" |x| [tf::cond(x[1], || tf::constant(1.0) + tf::constant(2.0), || tf::reduce_sum(x[0]))];
    "cond_number_yes" |x| [tf::cond(x[1], || 1.5, || tf::reduce_max(x[0]))];
    "cond_list_yes" |x| list(x);
    "cond_one_of_list_yes" |x| tf::cond!(x[1], || [x[0] + 1.0], || [x[0] * 2.0], strict = true, name = "one");
    "cond_untaken_yes" |x| [tf::cond(x[2], || tf::exp(x[0]), || x[1])];
    "cond_nested_yes" |x| [nested(x)];
    "cond_nested_other_yes" |x| [nested(x)];
    "cond_nested_outside_yes" |x| [nested_outside(x)];
    "cond_nested_result_yes" |x| [nested_result(x)];
    "cond_scopes_yes" |x| [tf::cond(x[1], || tf::layers::flatten(x[0]), || tf::reshape(x[0], [-1, 6]))];
    "cond_waits_yes" |x| [waits(x)];
    "cond_waits_inside_yes" [] |x| [waits_inside(x)];
    "cond_leaves_yes" |x| [leaves(x)];
    "cond_operations_yes" [] |x| [tf::cond(x[1], || tf::group(&[tf::identity(x[0]).op()]), tf::no_op)];
    "cond_shapes_yes" |x| [tf::cond(x[1], || x[0].at(..1), || tf::concat([x[0], x[0]], 0))];
    "cond_text_yes" |x| [tf::cond(x[1], || tf::string_join([x[0], x[0]]), || x[0])];
    "cond_int_yes" |x| [tf::cond(x[1], || x[0] + 1, || x[0])];
    "cond_empty_yes" |x| [tf::cond(x[1], || x[0] * 2.0, || -x[0])];
    "cond_wide_yes" |x| [tf::cond(x[1], || x[0] * x[0] * x[0], || tf::sin(x[0]))];
    "cond_nan_yes" |x| [tf::cond(x[1], || tf::sqrt(x[0]), || tf::log(x[0]))];
    "cond_rows_yes" |x| [tf::cond(x[1], || tf::gather(x[0], x[2]), || x[0].at(..2))];
    "cond_rows_both_yes" |x| [tf::cond(x[1], || tf::gather(x[0], x[2]), || tf::gather(x[0], x[2] + 1))];
    "cond_rows_wide_yes" |x| [tf::cond(x[1], || tf::gather(x[0], x[2]), || tf::gather(x[0], x[3]))];
    "cond_slices_yes" |x| slices(x);
    "cond_slices_wide_yes" [] |x| slices(x);
    "cond_product_yes" |x| [tf::cond(x[2], || tf::nn::relu(tf::matmul(x[0], x[1])), || x[0])];
    "cond_after_yes" |x| [tf::exp(tf::cond(x[1], || x[0] * 2.0, || x[0])) * x[0]];
    "cond_of_cond_yes" |x| [of_cond(x)];
    "cond_variable_yes" [] |x| changes(x);
    "cond_reads_yes" [] |x| reads(x);
    "cond_handle_yes" [] |x| reads_handle(x);
    "cond_other_handle_yes" [] |x| other_handle(x);
    "branch_gradient_yes" |x| imported(x);
    "branch_gradient_one_yes" |x| imported_one(x);
    "assert_guard_yes" [] |x| guarded(x);
    "case_1" |x| [case(x, false)];
    "case_exclusive_1" |x| [case_exclusive(x)];
    "case_strict_1" |x| [case(x, true)];
    "case_no_default_1" |x| [case_no_default(x, |x| tf::greater(x, 2))];
    "case_5" |x| [case(x, false)];
    "case_exclusive_5" |x| [case_exclusive(x)];
    "case_strict_5" |x| [case(x, true)];
    "case_no_default_5" |x| [case_no_default(x, |x| tf::less(x, 7))];
    "case_9" |x| [case(x, false)];
    "case_exclusive_9" |x| [case_exclusive(x)];
    "case_strict_9" |x| [case(x, true)];
    "smart_cond_fed" |x| [smart(x[1], x[0])];
    "smart_cond_fed_no" |x| [smart(x[1], x[0])];
    "smart_cond_known" |x| [smart(true, x[0])];
    "smart_cond_constant" |x| [tf::layers::utils::smart_cond(tf::constant(false), || x[0] * 2.0, || x[0] + 1.0)];
    "initial_of_other" [] |x| depends(x[0], |v| v * 2.0 + 1.0);
    "initial_of_ref" [] |x| depends(x[0], |v| tf::matmul(v, v));
    "initial_of_initialized" [] |x| depends(x[0], |v| v.initialized_value() + 1.0);
    "zero_fraction" |x| [tf::nn::zero_fraction(x[0])];
    "zero_fraction_double" |x| [tf::nn::zero_fraction(x[0])];
    "zero_fraction_single" |x| [tf::nn::zero_fraction(x[0])];
    "zero_fraction_long" |x| [tf::nn::zero_fraction(x[0])];
    "zero_fraction_bool" |x| [tf::nn::zero_fraction(x[0])];
    "zero_fraction_empty" |x| [tf::nn::zero_fraction(x[0])];
    "bad_cond_bool" |x| [tf::cond(true, || x[0], || x[0])];
    "bad_cond_type" |x| [tf::cond(x[1], || x[0], || x[0])];
    "bad_cond_shape" |x| [tf::cond(x[1], || x[0], || x[0])];
    "bad_cond_count" |x| tf::cond(x[1], || vec![x[0], x[0]], || vec![x[0], x[0], x[0]]);
    "bad_cond_types" |x| [tf::cond(x[1], || x[0], || tf::cast(x[0], tf::int32))];
    "bad_cond_nothing" |x| tf::cond(x[1], Vec::<Tensor>::new, Vec::<Tensor>::new);
    "bad_cond_fetch" |x| [inside(x[0], x[1])];
    "bad_cond_variable" |x| [tf::cond(x[1], || tf::Variable(x[0] * 2.0).value(), || x[0])];
    "bad_case_exclusive" |x| [both_hold(x[0])];
    "bad_case_none" |x| [tf::case(((tf::less(x[0], 3), || x[0]), (tf::less(x[0], 7), || -x[0])))];
};
