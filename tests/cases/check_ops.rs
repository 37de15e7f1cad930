//! The cases of `golden/ops/check_ops.py`, in the same order.

use flowstone as tf;
use tf::op::Arg;
use tf::{IntoTensor, Operation, Tensor};

use super::raw;

/// `x`, once the checks have run.
fn after<const N: usize>(x: impl IntoTensor, checks: [Operation; N]) -> [Tensor; 1] {
    let _after = tf::control_dependencies(&checks);
    [tf::identity(x)]
}

fn raw_assert<const N: usize>(condition: impl IntoTensor, data: [Arg; N]) -> tf::op::Call {
    tf::ops::lookup("Assert").unwrap().call([condition.into_arg(), Arg::list(data)])
}

fn print_v2(input: impl IntoTensor) -> tf::op::Call {
    tf::ops::lookup("PrintV2").unwrap().call([input.into_arg()])
}

fn message(op: &str, x: Tensor, message: &str) -> Vec<Tensor> {
    tf::ops::lookup(op).unwrap().call([x.into_arg()]).attr("message", message).build().outputs()
}

fn finite(x: Tensor) -> Vec<Tensor> {
    let mut all = vec![tf::check_numerics(x, "odd"), tf::verify_tensor_all_finite(x, "odd")];
    all.extend(message("CheckNumericsV2", x, "odd"));
    all
}

fn prints(x: Tensor) -> [Tensor; 2] {
    [
        tf::Print!(x, [x, tf::shape(x)], message = "x: "),
        tf::Print!(x, ["a".into_arg(), x.into_arg()], first_n = 1, summarize = 1),
    ]
}

pub static CASES: &[super::Case] = cases! {
    "assert" |x| after(x[0], [tf::Assert(tf::less(x[0], 9), ["x is".into_arg(), x[0].into_arg()])]);
    "assert_text" |x| after(x[0], [tf::Assert!(true, [x[0]], summarize = 1)]);
    "assert_raw" [] |x| after(x[0], [raw_assert(true, [x[0].into_arg(), 1.5.into_arg()]).operation()]);
    "assert_raw_types" |x| {
        let call = raw_assert(true, [x[0].into_arg(), x[1].into_arg(), "text".into_arg()]);
        after(x[0], [call.attr("summarize", -1).operation()])
    };
    "assert_equal" |x| after(x[0], [
        tf::assert_equal(x[0], x[1]), tf::assert_less_equal(x[0], x[1]), tf::assert_greater_equal(x[0], x[1])
    ]);
    "assert_equal_same" |x| after(x[0], [tf::assert_equal(x[0], x[0])]);
    "assert_equal_message" |x| after(x[0], [
        tf::assert_equal!(x[0], [1, 2], message = "no", summarize = 5),
        tf::assert_equal!(x[0], [1, 2], data = ["other".into_arg(), x[0].into_arg()])
    ]);
    "assert_different" |x| after(x[0], [
        tf::assert_none_equal(x[0], x[1]), tf::assert_less(x[0], x[1]), tf::assert_greater(x[1], x[0])
    ]);
    "assert_signs" |x| after(x[0], [
        tf::assert_positive(x[0]), tf::assert_non_negative!(x[0], message = "m"), tf::assert_negative(-x[0]),
        tf::assert_non_positive(-x[0])
    ]);
    "assert_constant" |_x| after(1, [tf::assert_equal([1, 2], [1, 2]), tf::assert_positive(3)]);
    "assert_rank" |x| after(x[0], [
        tf::assert_rank(x[0], 2), tf::assert_rank_at_least!(x[0], 1, message = "m"), tf::assert_rank_in(x[0], [0, 2])
    ]);
    "assert_types" |x| after(x[0], [
        tf::assert_type(x[0], tf::int32), tf::assert_integer(x[0]), tf::assert_type(x[1], tf::string)
    ]);
    "assert_scalar" |x| [tf::assert_scalar(x[0])];
    "check_numerics" |x| finite(x[0]);
    "check_numerics_f64" |x| finite(x[0]);
    "check_numerics_empty" |x| finite(x[0]);
    "check_numerics_scalar" |x| finite(x[0]);
    "check_numerics_large" [] |x| finite(x[0]);
    "print" |x| prints(x[0]);
    "print_f64" |x| prints(x[0]);
    "print_int" |x| prints(x[0]);
    "print_text" |x| prints(x[0]);
    "print_none" |x| raw("Print", [x[0].into_arg(), Arg::List(Vec::new())]);
    "print_v2" |x| after(x[0], [
        print_v2(x[0]).operation(), print_v2("b").attr("output_stream", "stderr").attr("end", ", ").operation()
    ]);
    "print_v2_error" |x| after(x[0], [print_v2(x[0]).attr("end", "").operation()]);
    "print_v2_text" |x| after(1, [print_v2(x[0]).operation()]);
    "print_v2_constant" |_x| after(1, [print_v2("once").operation()]);
    "print_v2_after" [] |x| after(x[0], [print_v2("c").attr("end", "\n\n").operation()]);
    "ensure_shape" |x| [tf::ensure_shape(x[0], (None, 3))];
    "ensure_shape_known" |x| [tf::ensure_shape(x[0], [2])];
    "ensure_shape_open" |x| [tf::ensure_shape(x[0], [None])];
    "ensure_shape_scalar" |x| [tf::ensure_shape(x[0], ())];
    "ensure_shape_empty" |x| [tf::ensure_shape(x[0], (0usize, None))];
    "bad_assert" |x| after(x[0], [tf::Assert(tf::less(x[0], 1), [x[0]])]);
    "bad_assert_none" |x| after(x[0], [raw_assert(x[0], []).operation()]);
    "bad_assert_condition" |x| after(x[0], [raw_assert(x[0], [x[0].into_arg()]).operation()]);
    "bad_assert_equal" |x| after(x[0], [tf::assert_equal(x[0], x[1])]);
    "bad_assert_float" |x| after(x[0], [tf::assert_equal(x[0], x[1])]);
    "bad_assert_near" |x| after(x[0], [tf::assert_near(x[0], x[1])]);
    "bad_assert_static" |_x| after(1, [tf::assert_equal([1, 2], [1, 3])]);
    "bad_assert_less" |x| after(x[0], [tf::assert_less(x[0], x[1])]);
    "bad_assert_positive" |x| after(x[0], [tf::assert_positive(x[0])]);
    "bad_assert_rank" |x| after(x[0], [tf::assert_rank(x[0], 2)]);
    "bad_assert_rank_in" |x| after(x[0], [tf::assert_rank_in(x[0], [0, 2])]);
    "bad_assert_type" |x| after(x[0], [tf::assert_type(x[0], tf::float32)]);
    "bad_assert_integer" |x| after(x[0], [tf::assert_integer(x[0])]);
    "bad_assert_scalar" |x| [tf::assert_scalar(x[0])];
    "bad_check_numerics" |x| [tf::check_numerics(x[0], "m")];
    "bad_check_numerics_inf" |x| message("CheckNumericsV2", x[0], "m");
    "bad_verify" |x| [tf::verify_tensor_all_finite(x[0], "m")];
    "bad_ensure_shape" |x| [tf::ensure_shape(x[0], [3])];
    "bad_print_v2" |x| after(x[0], [print_v2(x[0]).operation()]);
};
