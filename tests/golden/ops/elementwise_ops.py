"""Functions of one number and of two, division, selection. See cases.py."""
from cases import *

raw = tf.raw_ops
# Functions of one number, each where it is smooth.
for name, build, scale, shift in [
    ("log1p", tf.log1p, 2, 2.5), ("expm1", tf.expm1, 2, 0), ("sin", tf.sin, 2, 0), ("cos", tf.cos, 2, 0),
    ("tan", tf.tan, 1, 0), ("asin", tf.asin, 0.9, 0), ("acos", tf.acos, 0.9, 0), ("atan", tf.atan, 2, 0),
    ("sinh", tf.sinh, 2, 0), ("cosh", tf.cosh, 2, 0), ("asinh", tf.asinh, 2, 0), ("acosh", tf.acosh, 2, 4),
    ("atanh", tf.atanh, 0.9, 0), ("lgamma", tf.lgamma, 2, 3), ("digamma", tf.digamma, 2, 3), ("erf", tf.erf, 2, 0),
    ("erfc", tf.erfc, 2, 0), ("erfinv", tf.math.erfinv, 0.9, 0), ("ndtri", tf.math.ndtri, 0.4, 0.5),
    ("floor", tf.floor, 9, 0), ("ceil", tf.ceil, 9, 0), ("rint", tf.rint, 9, 0), ("round", tf.round, 9, 0),
    ("inv", lambda x: raw.Inv(x=x), 2, 3),
]:
    case(name, build, f(2, 3, scale=scale, shift=shift), known="sd")
    case(name + "_f64", build, f(2, 2, dtype=np.float64, scale=scale, shift=shift), known="u")
    case(name + "_scalar", build, f(scale=scale, shift=shift), known="s", second=False)
    case(name + "_empty", build, f(0, 2), known="s", second=False)
    special_case = {"lgamma": i(0, 1, -1).astype(np.float32), "digamma": np.array([1, nan, -1], np.float32)}
    case(name + "_special", build, special_case.get(name, special), known="s", wrt=())
    bad(name + "_text", build, np.array(["a"]))
case("round_halves", lambda x: [tf.round(x), tf.rint(x)], np.array([0.5, 1.5, 2.5, -0.5, -1.5], np.float32), known="s")
case("round_whole", lambda x, y: [tf.round(x), tf.round(y)], i(3, -4), i(5, dtype=np.int64), known="s")
case("inv_grad", lambda y, dy: raw.InvGrad(y=y, dy=dy), f(2, 3), f(2, 3, shift=1), known="sd")
case("inv_grad_f64", lambda y, dy: raw.InvGrad(y=y, dy=dy), f(2, dtype=np.float64), f(2, shift=1, dtype=np.float64), known="s")
case("reciprocal_grad", lambda y, dy: raw.ReciprocalGrad(y=y, dy=dy), f(2, 3), f(2, 3, shift=1), known="sd")
case("sqrt_grad", lambda y, dy: raw.SqrtGrad(y=y, dy=dy), f(2, 3, shift=3), f(2, 3, shift=1), known="sd")
case("rsqrt_grad", lambda y, dy: raw.RsqrtGrad(y=y, dy=dy), f(2, 3, shift=3), f(2, 3, shift=1), known="sd")
case("tanh_grad", lambda y, dy: raw.TanhGrad(y=y, dy=dy), f(2, 3), f(2, 3, shift=1), known="sd")
case("sigmoid_grad", lambda y, dy: raw.SigmoidGrad(y=y, dy=dy), f(2, 3), f(2, 3, shift=1), known="sd")
for op in ["InvGrad", "SqrtGrad", "RsqrtGrad", "TanhGrad", "SigmoidGrad"]:
    grad = lambda y, dy: getattr(raw, op)(y=y, dy=dy)
    case(op + "_empty", grad, f(0), f(0), known="s", second=False)
    case(op + "_scalar", grad, f(shift=2), f(), known="s")
    case(op + "_special", grad, special, special[::-1].copy(), known="s", wrt=())
for name, build in [("tanh", tf.tanh), ("sigmoid", tf.sigmoid)]:
    case(name + "_empty", build, f(0, 2), known="s", second=False)
    case(name + "_unknown", build, f(2, 2), known="u")
case("div_no_nan_f64", tf.div_no_nan, f(3, dtype=np.float64), np.array([2.0, 0.0, -1.5]), known="s", wrt=())
case("div_no_nan_empty", tf.div_no_nan, f(0), f(0), known="s", second=False)
case("logical_not", tf.logical_not, np.array([True, False]))
case("logical_not_empty", tf.logical_not, np.zeros([0, 2], bool), known="s")
case("logical_not_scalar", tf.logical_not, np.array(True), known="s")
for op in ["ArgMax", "ArgMin"]:
    arg = lambda x, a: getattr(raw, op)(input=x, dimension=a)
    case(op, arg, f(2, 3), np.int32(-1), known="u", wrt=())
    case(op + "_i64", arg, i(2, 9, 3, dtype=np.int64), np.int64(0), known="s", wrt=())
    case(op + "_u8", arg, i(2, 200, 3, dtype=np.uint8).reshape(1, 3), np.int32(1), known="s", wrt=())
    bad(op + "_axis", arg, f(2, 3), np.int32(2))
    bad(op + "_empty", arg, f(0, 3), np.int32(0))
for name, build in [("cumsum", tf.cumsum), ("cumprod", tf.cumprod)]:
    case(name + "_i32", lambda x: build(x, axis=-1), i(1, 2, 3, 4).reshape(2, 2), known="s")
    case(name + "_f64", lambda x: build(x, exclusive=True, reverse=True), f(3, 2, dtype=np.float64), known="sd", second=False)
    case(name + "_empty", build, f(0, 2), known="s", wrt=())
    case(name + "_fed", lambda x, a: build(x, axis=a), f(2, 3), np.int32(1), known="su", second=False)
    bad(name + "_axis", lambda x: build(x, axis=1), f(2))
for name in ["Inv", "Reciprocal", "Sqrt", "Rsqrt", "Tanh", "Sigmoid"]:
    bad(name + "_grad_shapes", lambda y, dy: getattr(raw, name + "Grad")(y=y, dy=dy), f(2), f(3))
# Kinds of numbers.
kinds = lambda x: [tf.is_finite(x), tf.is_inf(x), tf.is_nan(x)]
case("kinds", kinds, special)
case("kinds_f64", kinds, special.astype(np.float64), known="s", wrt=())
case("kinds_scalar", kinds, np.float32(nan), known="s", wrt=())
case("kinds_empty", kinds, f(0, 2), known="s", wrt=())
case("kinds_2d", kinds, special.reshape(2, 5), known="du", wrt=())
bad("is_finite_i32", tf.is_finite, i(1))
bad("is_inf_i32", tf.is_inf, i(1))
bad("is_nan_i32", tf.is_nan, i(1))
approximate = lambda x, y, **k: raw.ApproximateEqual(x=x, y=y, **k)
xs, ys = np.array([1, 1, 1, nan, inf], np.float32), np.array([1.000001, 1.1, 0.9, nan, inf], np.float32)
case("approximate_equal", approximate, xs, ys, wrt=())
case("approximate_equal_f64", approximate, xs.astype(np.float64), ys.astype(np.float64), known="s", wrt=())
case("approximate_equal_wide", lambda x, y: approximate(x, y, tolerance=0.5), xs, ys, known="s", wrt=())
case("approximate_equal_scalar", approximate, f(), f(), known="s", wrt=())
case("approximate_equal_empty", approximate, f(0), f(0), known="s", wrt=())
bad("approximate_equal_shapes", approximate, f(2), f(3))
b1, b2 = np.array([[True, False]]), np.array([[True], [False]])
case("logical_xor", tf.logical_xor, b1, b2)
# Functions of two numbers.
for name, build, x, y in [
    ("atan2", tf.atan2, f, f), ("pow", tf.pow, lambda *s, **k: f(*s, shift=3, **k), f),
    ("xlogy", tf.math.xlogy, f, lambda *s, **k: f(*s, shift=3, **k)),
    ("xlog1py", tf.math.xlog1py, f, lambda *s, **k: f(*s, shift=3, **k)),
    ("xdivy", tf.math.xdivy, f, lambda *s, **k: f(*s, shift=3, **k)),
    ("multiply_no_nan", tf.math.multiply_no_nan, f, f),
    ("div_old", lambda x, y: raw.Div(x=x, y=y), f, lambda *s, **k: f(*s, shift=3, **k)),
    ("truediv", tf.truediv, f, lambda *s, **k: f(*s, shift=3, **k)),
]:
    case(name, build, x(2, 3), y(2, 3), known="s")
    case(name + "_row", build, x(2, 3), y(3), known="du")
    case(name + "_outer", build, x(2, 1), y(1, 3), known="s")
    case(name + "_scalar", build, x(), y(2, 2), known="s")
    case(name + "_empty", build, x(0, 3), y(3), known="s", second=False)
    case(name + "_special", build, special, special[::-1].copy(), known="s", wrt=())
    case(name + "_f64", build, x(2, dtype=np.float64), y(2, dtype=np.float64), known="s")
    bad(name + "_shapes", build, x(2), y(3))
    bad(name + "_types", build, x(2), y(2, dtype=np.float64))
case("pow_zero", tf.pow, np.array([0, 0, 0, -2, -2], np.float32), np.array([0, 2, 1, 2, 3], np.float32), known="s", second=False)
case("pow_constant", lambda x: [tf.pow(x, 2.0), tf.pow(2.0, x)], f(2, 3, shift=3), known="sd")
case("pow_i32", tf.pow, i(-2, 3, 10, 0), i(3, 0, 10, 0), known="s")
case("pow_i64", tf.pow, i(-2, 3, dtype=np.int64), i(3, 40, dtype=np.int64), known="s")
bad("pow_negative", tf.pow, i(2), i(-1))
gamma = lambda a, x: tf.math.polygamma(a, x)
orders = np.array([[0], [1], [3]], np.float32)
case("polygamma", gamma, orders, f(4, shift=3), wrt=[1], known="su")
case("polygamma_f64", gamma, np.array(2.0), f(4, shift=3, dtype=np.float64), known="s", wrt=[1])
case("polygamma_same", gamma, orders, f(3, 1, shift=3), known="s", wrt=[1])
case("polygamma_special", gamma, np.array([1, 2, 1.5, -1], np.float32), np.array([0, -1, 2, 2], np.float32), known="s", wrt=())
case("polygamma_empty", gamma, f(0), f(1, shift=3), known="s", wrt=())
bad("polygamma_i32", gamma, i(1), i(2))
case("zeta", tf.zeta, np.array([[2], [3.5]], np.float32), f(4, shift=3), wrt=[1], known="su")
case("zeta_f64", tf.zeta, np.array(2.5), f(4, shift=3, dtype=np.float64), known="s", wrt=[1])
case("zeta_same", tf.zeta, f(3, shift=4), f(3, shift=3), known="s", wrt=[1])
case("zeta_special", tf.zeta, np.array([1, 2, 0.5, 3, 40], np.float32), np.array([2, 0, 2, -1.5, 1], np.float32), known="s", wrt=())
case("zeta_empty", tf.zeta, f(0), f(1, shift=3), known="s", wrt=())
bad("zeta_i32", tf.zeta, i(1), i(2))
# Division.
for dtype in (np.int32, np.int64):
    name = "_i" + str(np.dtype(dtype).itemsize * 8)
    args = i(7, -7, 7, -7, 6, dtype=dtype), i(2, 2, -2, -2, 3, dtype=dtype)
    case("divisions" + name, lambda x, y: [
        tf.div(x, y), tf.floor_div(x, y), tf.mod(x, y), tf.truncatediv(x, y), tf.truncatemod(x, y), raw.Div(x=x, y=y),
        raw.Mod(x=x, y=y), tf.truediv(x, y)], *args)
case("divisions_u8", lambda x, y: [tf.div(x, y), tf.floor_div(x, y), tf.truncatediv(x, y), raw.Div(x=x, y=y)],
     i(7, 200, dtype=np.uint8), i(2, 3, dtype=np.uint8), known="s")
truncating = lambda x, y: [tf.truncatediv(x, y), tf.truncatemod(x, y), raw.Mod(x=x, y=y)]
case("truncating", truncating, f(2, 3, scale=9), f(3, shift=3), wrt=())
case("truncating_f64", truncating, f(2, scale=9, dtype=np.float64), f(2, shift=3, dtype=np.float64), known="s", wrt=())
case("truncating_special", truncating, special, special[::-1].copy(), known="s", wrt=())
case("truncating_empty", truncating, i(0)[:0], i(0), known="s")
case("truncating_scalar", truncating, np.int32(7), i(2, -2), known="s")
case("truncatediv_gradient", lambda x, y: [tf.truncatediv(x, y), x * y], f(2), f(2, shift=3), known="s")
case("div", tf.div, f(2, 3), f(3, shift=3))
case("div_constant", lambda x: [tf.div(x, 2.0), tf.div(3.0, x), tf.realdiv(x, 2.0)], f(2, shift=3), known="s")
case("floordiv_f64", tf.floor_div, f(4, scale=9, dtype=np.float64), f(4, shift=3, dtype=np.float64), known="s")
for name, build in [("div", tf.div), ("truncatediv", tf.truncatediv), ("truncatemod", tf.truncatemod),
                    ("div_old", lambda x, y: raw.Div(x=x, y=y)), ("mod_old", lambda x, y: raw.Mod(x=x, y=y))]:
    if "truncate" not in name:  # TensorFlow calls these an internal error
        bad(name + "_by_zero", build, i(1, 2), i(1, 0))
    bad(name + "_odd_shapes", build, i(1, 2), i(1, 2, 3))
# Selection.
pick = np.array([[True, False, True], [False, True, True]])
case("select", tf.where, pick, f(2, 3), f(2, 3, shift=1))
case("select_rows", tf.where, np.array([True, False]), f(2, 3), f(2, 3, shift=1))
case("select_scalar", tf.where, np.array(False), f(2, 3), f(2, 3, shift=1))
case("select_rank_1", tf.where, np.array([True, False]), f(2), f(2, shift=1), known="sd")
case("select_rank_0", tf.where, np.array(True), f(), f(shift=1), known="s")
case("select_empty", tf.where, np.zeros([0], bool), f(0, 3), f(0, 3), known="s", second=False)
case("select_types", lambda c, a, b, d, e, s: [tf.where(c, x, tf.gather(x, [1, 0])) for x in (a, b, d, e, s)], np.array([True, False]),
     i(1, 2), i(3, 4, dtype=np.int64), np.array([True, False]), i(5, 6, dtype=np.uint8), np.array(["a", "b"]), known="s")
case("select_special", tf.where, np.array([True, False] * 5), special, special[::-1].copy(), known="s", wrt=())
bad("select_shapes", tf.where, np.array([True, False]), f(2), f(3))
bad("select_condition", tf.where, np.array([True, False, True]), f(2, 2), f(2, 2))
bad("select_condition_type", tf.where, i(1, 0), f(2), f(2))

write("elementwise_ops")
