"""Activations and layers of several nodes. See cases.py."""
from cases import *

FUNCTIONS = [("relu6", tf.nn.relu6), ("elu", tf.nn.elu), ("selu", tf.nn.selu), ("softplus", tf.nn.softplus), ("softsign", tf.nn.softsign)]
for name, build in FUNCTIONS:
    second = name != "softsign"
    case(name, build, f(2, 3, scale=5), second=second)
    case(name + "_f64", build, f(4, scale=5, dtype=np.float64), known="s", second=second)
    case(name + "_special", build, special, known="s", second=False)
    case(name + "_empty", build, f(0, 3), known="sd", second=second)
    case(name + "_scalar", build, np.float32(-0.75), known="su", second=second)
    case(name + "_far", build, np.array([-100, -17, -1e-7, 1e-7, 6, 17, 100], np.float32), known="s", second=False)
case("relu6_i32", tf.nn.relu6, i(-3, 0, 3, 9), known="s")
case("relu6_u8", tf.nn.relu6, i(0, 3, 9, dtype=np.uint8), known="s")
case("relu6_i64", tf.nn.relu6, i(-3, 6, 9, dtype=np.int64), known="d")
for name, raw in [("relu6_grad", tf.raw_ops.Relu6Grad), ("softplus_grad", tf.raw_ops.SoftplusGrad), ("elu_grad", None), ("selu_grad", None), ("softsign_grad", tf.raw_ops.SoftsignGrad)]:
    raw = raw or {"elu_grad": lambda **a: tf.raw_ops.EluGrad(gradients=a["gradients"], outputs=a["features"]),
                  "selu_grad": lambda **a: tf.raw_ops.SeluGrad(gradients=a["gradients"], outputs=a["features"])}[name]
    build = lambda dy, x, raw=raw: raw(gradients=dy, features=x)
    first = () if name == "softsign_grad" else None
    case(name, build, f(2, 3), f(2, 3, scale=4), second=False, wrt=first)
    case(name + "_f64", build, f(3, dtype=np.float64), f(3, scale=4, dtype=np.float64), known="s", second=False, wrt=first)
    case(name + "_special", build, np.ones(10, np.float32), special, known="s", wrt=())
    case(name + "_empty", build, f(0), f(0), known="sd", wrt=())
    case(name + "_scalar", build, np.float32(2), np.float32(-0.5), known="s", wrt=())
bad("relu6_string", tf.nn.relu6, np.array(["a"]))
for name, build in [("elu", tf.nn.elu), ("selu", tf.nn.selu), ("softplus", tf.nn.softplus), ("softsign", tf.nn.softsign)]:
    bad(name + "_i32", build, i(1, 2))
bad("elu_grad_shapes", lambda dy, x: tf.raw_ops.EluGrad(gradients=dy, outputs=x), f(2), f(3))
bad("softplus_grad_shapes", lambda dy, x: tf.raw_ops.SoftplusGrad(gradients=dy, features=x), f(2), f(3))
case("sigmoid_of_nn", tf.nn.sigmoid, f(3), known="s")
case("tanh_of_nn", tf.nn.tanh, f(3), known="s")
case("crelu", tf.nn.crelu, f(2, 3), known="sd")
case("crelu_1d", tf.nn.crelu, f(3), known="s")
for name, build in [("xw_plus_b", tf.nn.xw_plus_b), ("relu_layer", tf.nn.relu_layer)]:
    case(name, build, f(2, 3), f(3, 2), f(2), known="sd", second=False)
    bad(name + "_sizes", build, f(2, 3), f(2, 2), f(2))
case("l2_normalize", lambda x: tf.nn.l2_normalize(x, 1), f(2, 3), known="sd", second=False)
case("l2_normalize_dim", lambda x: tf.nn.l2_normalize(x, dim=[0, 1], epsilon=0.5), f(2, 3, 2), known="s", second=False)
case("l2_normalize_zero", lambda x: tf.nn.l2_normalize(x, 0), np.zeros((3, 2), np.float32), known="s", second=False)
case("moments_keep", lambda x: tf.nn.moments(x, [0, 2], keep_dims=True), f(3, 2, 2), known="sd", second=False)
case("weighted_moments", lambda x, w: tf.nn.weighted_moments(x, [0], w), f(3, 2), f(3, 1, shift=3), known="sd", second=False)
case("weighted_moments_keep", lambda x, w: tf.nn.weighted_moments(x, [1], w, keep_dims=True), f(3, 2), i(1, 2), known="s", second=False)
case("sufficient_statistics", lambda x: tf.nn.sufficient_statistics(x, [0, 1])[:3], f(3, 2), known="sd", second=False)
case("sufficient_statistics_shift", lambda x, s: tf.nn.sufficient_statistics(x, [0], shift=s)[:3], f(3, 2), f(2), known="sd", second=False)
case("normalize_moments", lambda n, m, v: tf.nn.normalize_moments(n, m, v, None), np.float32(4), f(2), f(2, shift=9), known="s", second=False)
case("normalize_moments_shift", lambda n, m, v, s: tf.nn.normalize_moments(n, m, v, s), np.float32(4), f(2), f(2, shift=9), f(2), known="s", second=False)
case("batch_norm_global", lambda t, m, v, b, g: tf.nn.batch_norm_with_global_normalization(t, m, v, b, g, 0.1, True), f(1, 2, 2, 2), f(2), f(2, shift=3), f(2), f(2), known="s", second=False)
case("batch_norm_global_unscaled", lambda t, m, v, b, g: tf.nn.batch_norm_with_global_normalization(t, m, v, b, g, 0.1, False), f(1, 2, 2, 2), f(2), f(2, shift=3), f(2), f(2), known="s", second=False)
LRN = dict(depth_radius=2, bias=1.5, alpha=0.3, beta=0.75)
case("lrn", tf.nn.lrn, f(2, 1, 2, 7), second=False)
case("lrn_all", lambda x: tf.nn.local_response_normalization(x, **LRN), f(1, 2, 2, 5), known="sd", second=False)
case("lrn_beta_1", lambda x: tf.nn.lrn(x, 1, beta=1.0), f(1, 1, 3, 4), known="s", second=False)
case("lrn_wide", lambda x: tf.nn.lrn(x, 9, 2.0, 0.1, 0.5), f(1, 2, 1, 3), known="s", second=False)
case("lrn_flat", lambda x: tf.nn.lrn(x, 0), f(1, 1, 2, 3), known="s", second=False)
case("lrn_empty", tf.nn.lrn, f(0, 2, 2, 3), known="s", second=False)
bad("lrn_rank", tf.nn.lrn, f(2, 3))
bad("lrn_f64", tf.nn.lrn, f(1, 1, 1, 3, dtype=np.float64))

write("activations")
