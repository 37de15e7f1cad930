"""Checks, except of floating-point numbers, which TensorFlow puts into conditions. See cases.py."""
from cases import *

raw = tf.raw_ops

def after(x, *checks):
    """x, once the checks have run."""
    with tf.control_dependencies(list(checks)):
        return tf.identity(x)

case("assert", lambda x: after(x, tf.Assert(tf.less(x, 9), ["x is", x])), i(3).reshape(()), known="sd")
case("assert_text", lambda x: after(x, tf.Assert(True, [x], summarize=1)), np.array(["a", "b"]), known="s")
case("assert_raw", lambda x: after(x, raw.Assert(condition=True, data=[x, 1.5])), f(2), wrt=())
case("assert_raw_types", lambda x, y: after(x, raw.Assert(condition=True, data=[x, y, "text"], summarize=-1)), np.array([True]), i(3, dtype=np.int64), known="s")
case("assert_equal", lambda x, y: after(x, tf.assert_equal(x, y), tf.assert_less_equal(x, y), tf.assert_greater_equal(x, y)), i([1, 2], [1, 2]), i(1, 2))
case("assert_equal_same", lambda x: after(x, tf.assert_equal(x, x)), i(1), known="s")
case("assert_equal_message", lambda x: after(x, tf.assert_equal(x, [1, 2], message="no", summarize=5), tf.assert_equal(x, [1, 2], data=["other", x])), i(1, 2), known="sd")
case("assert_different", lambda x, y: after(x, tf.assert_none_equal(x, y), tf.assert_less(x, y), tf.assert_greater(y, x)), i(1, 2), i(5).reshape(()), known="sd")
case("assert_signs", lambda x: after(x, tf.assert_positive(x), tf.assert_non_negative(x, message="m"), tf.assert_negative(-x), tf.assert_non_positive(-x)), i(1, 2))
case("assert_constant", lambda: after(1, tf.assert_equal([1, 2], [1, 2]), tf.assert_positive(3)), known="s")
case("assert_rank", lambda x: after(x, tf.assert_rank(x, 2), tf.assert_rank_at_least(x, 1, message="m"), tf.assert_rank_in(x, [0, 2])), i([1, 2]), known="su")
case("assert_types", lambda x, y: after(x, tf.assert_type(x, tf.int32), tf.assert_integer(x), tf.assert_type(y, tf.string)), i(1), np.array("a"), known="su")
case("assert_scalar", lambda x: tf.assert_scalar(x), i(1).reshape(()), known="s")
finite = lambda x: [tf.check_numerics(x, "odd"), tf.verify_tensor_all_finite(x, "odd"), raw.CheckNumericsV2(tensor=x, message="odd")]
case("check_numerics", finite, f(2, 3))
case("check_numerics_f64", finite, f(2, dtype=np.float64), known="sd")
case("check_numerics_empty", finite, f(0, 2), known="s", second=False)
case("check_numerics_scalar", finite, f(), known="s")
case("check_numerics_large", finite, np.array([3e38, -3e38, 1e-30], np.float32), known="s", wrt=())
prints = lambda x: [tf.Print(x, [x, tf.shape(x)], "x: "), tf.Print(x, ["a", x], first_n=1, summarize=1)]
case("print", prints, f(2))
case("print_f64", prints, f(2, 2, dtype=np.float64), known="s")
case("print_int", prints, i(1, 2), known="s")
case("print_text", prints, np.array(["a"]), known="s")
case("print_none", lambda x: raw.Print(input=x, data=[]), np.array([True]), known="s")
case("print_v2", lambda x: after(x, raw.PrintV2(input=x), raw.PrintV2(input="b", output_stream="stderr", end=", ")), np.array("a"), known="sd")
case("print_v2_error", lambda x: after(x, raw.PrintV2(input=x, end="")), np.array(""), known="s")
case("print_v2_text", lambda x: after(1, raw.PrintV2(input=x)), np.array("é"), known="s")
case("print_v2_constant", lambda: after(1, raw.PrintV2(input="once")), known="s")
case("print_v2_after", lambda x: after(x, raw.PrintV2(input="c", end="\n\n")), f(2), known="s", wrt=())
case("ensure_shape", lambda x: tf.ensure_shape(x, [None, 3]), f(2, 3))
case("ensure_shape_known", lambda x: tf.ensure_shape(x, [2]), f(2, dtype=np.float64), known="su")
case("ensure_shape_open", lambda x: tf.ensure_shape(x, [None]), i(1, 2), known="su")
case("ensure_shape_scalar", lambda x: tf.ensure_shape(x, []), np.array("a"), known="su")
case("ensure_shape_empty", lambda x: tf.ensure_shape(x, [0, None]), np.zeros((0, 2), bool), known="d")

bad("bad_assert", lambda x: after(x, tf.Assert(tf.less(x, 1), [x])), i(3).reshape(()))
bad("bad_assert_none", lambda x: after(x, raw.Assert(condition=x, data=[])), np.array(False))
bad("bad_assert_condition", lambda x: after(x, raw.Assert(condition=x, data=[x])), np.array([True]))
bad("bad_assert_equal", lambda x, y: after(x, tf.assert_equal(x, y)), i(1, 2), i(1, 3))
bad("bad_assert_float", lambda x, y: after(x, tf.assert_equal(x, y)), f(2), f(2, shift=1))
bad("bad_assert_near", lambda x, y: after(x, tf.assert_near(x, y)), f(2), f(2, shift=1))
bad("bad_assert_static", lambda: tf.assert_equal([1, 2], [1, 3]))
bad("bad_assert_less", lambda x, y: after(x, tf.assert_less(x, y)), i(1, 2), i(2, 2))
bad("bad_assert_positive", lambda x: after(x, tf.assert_positive(x)), i(1, 0))
bad("bad_assert_rank", lambda x: after(x, tf.assert_rank(x, 2)), i(1, 0))
bad("bad_assert_rank_in", lambda x: after(x, tf.assert_rank_in(x, [0, 2])), i(1, 0))
bad("bad_assert_type", lambda x: tf.assert_type(x, tf.float32), i(1, 0))
bad("bad_assert_integer", lambda x: tf.assert_integer(x), f(2))
bad("bad_assert_scalar", lambda x: tf.assert_scalar(x), f(2))
bad("bad_check_numerics", lambda x: tf.check_numerics(x, "m"), np.array([1, nan], np.float32))
bad("bad_check_numerics_inf", lambda x: raw.CheckNumericsV2(tensor=x, message="m"), np.array([1, -inf]))
bad("bad_verify", lambda x: tf.verify_tensor_all_finite(x, "m"), np.array([1, inf], np.float32))
bad("bad_ensure_shape", lambda x: tf.ensure_shape(x, [3]), f(2))
bad("bad_print_v2", lambda x: after(x, raw.PrintV2(input=x)), np.array(["a", "b"]))

write("check_ops")
