"""Batch normalization: three versions, both layouts, training and not. See cases.py."""
from cases import *

w = f(2, 2, 3, 2, shift=1)
raw = {"v1": tf.raw_ops.FusedBatchNorm, "v2": tf.raw_ops.FusedBatchNormV2, "v3": tf.raw_ops.FusedBatchNormV3}
back = {"v1": tf.raw_ops.FusedBatchNormGrad, "v2": tf.raw_ops.FusedBatchNormGradV2, "v3": tf.raw_ops.FusedBatchNormGradV3}
empty = np.zeros(0, np.float32)
for v in ["v1", "v2", "v3"]:
    def build(x, s, o, m, va, v=v, **attrs):
        return raw[v](x=x, scale=s, offset=o, mean=m, variance=va, **attrs)[:3]
    weighted = lambda *xs, build=build, **attrs: build(*xs, **attrs)[0] * w
    case("norm_" + v, lambda x, s, o, build=build: build(x, s, o, empty, empty)[0] * w, f(2, 2, 3, 2), f(2), f(2, shift=1), known="sd", second=False)
    case("norm_all_" + v, lambda x, s, o, build=build: build(x, s, o, empty, empty), f(2, 2, 3, 2), f(2), f(2, shift=1), known="sd", wrt=())
    case("norm_fixed_" + v, lambda *xs, weighted=weighted: weighted(*xs, is_training=False, epsilon=0.01), f(2, 2, 3, 2), f(2), f(2, shift=1), f(2), f(2, shift=3), known="sd", wrt=(0, 1, 2), second=False)
    case("norm_blend_" + v, lambda *xs, build=build: build(*xs, exponential_avg_factor=0.25), f(2, 2, 3, 2), f(2), f(2, shift=1), f(2), f(2, shift=3), known="s", wrt=())
    case("norm_nchw_" + v, lambda x, s, o, build=build: build(x, s, o, empty, empty, data_format="NCHW")[0] * w, f(2, 2, 3, 2), f(2), f(2, shift=1), known="s", second=False)
    case("norm_nchw_fixed_" + v, lambda *xs, weighted=weighted: weighted(*xs, is_training=False, data_format="NCHW"), f(2, 2, 3, 2), f(2), f(2, shift=1), f(2), f(2, shift=3), known="s", wrt=(0, 1, 2), second=False)
    case("norm_one_" + v, lambda x, s, o, build=build: build(x, s, o, empty, empty), f(1, 1, 1, 2), f(2), f(2, shift=1), known="s", wrt=())
    case("norm_second_" + v, lambda x, s, o, build=build: build(x, s, o, empty, empty)[0] * w, f(2, 2, 3, 2), f(2), f(2, shift=1), known="s", wrt=(0,))
    def slopes(dy, x, s, m, va, v=v, **attrs):
        more = dict(reserve_space_3=empty) if v == "v3" else {}
        return back[v](y_backprop=dy, x=x, scale=s, reserve_space_1=m, reserve_space_2=va, **more, **attrs)[:3]
    case("norm_grad_" + v, lambda *xs, slopes=slopes: slopes(*xs), f(2, 2, 3, 2), f(2, 2, 3, 2, shift=1), f(2), f(2), f(2, shift=3), known="sd", wrt=())
    case("norm_grad_fixed_" + v, lambda *xs, slopes=slopes: slopes(*xs, is_training=False, epsilon=0.1), f(2, 2, 3, 2), f(2, 2, 3, 2, shift=1), f(2), f(2), f(2, shift=3), known="s", wrt=())
    bad("norm_channels_" + v, lambda x, s, o, build=build: build(x, s, o, empty, empty), f(2, 2, 3, 2), f(3), f(2))
    bad("norm_rank_" + v, lambda x, s, o, build=build: build(x, s, o, empty, empty), f(2, 3, 2), f(2), f(2))
    bad("norm_grad_shapes_" + v, lambda *xs, slopes=slopes: slopes(*xs), f(2, 2, 3, 2), f(2, 2, 2, 2), f(2), f(2), f(2))

write("normalization")
