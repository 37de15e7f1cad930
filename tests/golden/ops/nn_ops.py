"""Networks: convolutions, pools, activations, losses. See cases.py."""
from cases import *

for name, strides, padding in [("same", 1, "SAME"), ("valid", 1, "VALID"), ("same_2", 2, "SAME"), ("valid_2", 2, "VALID")]:
    case("conv2d_" + name, lambda x, w: tf.nn.conv2d(x, w, strides=[1, strides, strides, 1], padding=padding),
         f(2, 5, 4, 2), f(3, 2, 2, 3), known="sd")
    case("max_pool_" + name, lambda x: tf.nn.max_pool(x, ksize=[1, 2, 3, 1], strides=[1, strides, strides, 1], padding=padding),
         f(2, 5, 4, 2), known="sd")
case("bias_add", tf.nn.bias_add, f(2, 3, 4), f(4), second=False)
case("bias_add_matrix", tf.nn.bias_add, i(1, 2, 3, 4).reshape(2, 2), i(10, 20), known="s")
case("bias_add_nchw", lambda x, b: tf.nn.bias_add(x, b, data_format="NCHW"), f(2, 3, 2, 2), f(3), known="sd", second=False)
case("bias_add_empty", tf.nn.bias_add, f(0, 3), f(3), known="s", second=False)
case("conv2d_uneven", lambda x, w: tf.nn.conv2d(x, w, strides=[1, 2, 3, 1], padding="SAME"), f(1, 7, 7, 1), f(4, 3, 1, 2), known="s")
case("conv2d_f64", lambda x, w: tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME"),
     f(1, 3, 3, 1, dtype=np.float64), f(2, 2, 1, 2, dtype=np.float64), known="s")
case("conv2d_dilated", lambda x, w: tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME", dilations=[1, 2, 2, 1]),
     f(1, 6, 5, 2), f(2, 3, 2, 2), known="s", second=False, wrt=())
case("conv2d_1x1", lambda x, w: tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="VALID"), f(2, 3, 3, 4), f(1, 1, 4, 2), known="s")
case("conv2d_explicit", lambda x, w: tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding=[[0, 0], [1, 0], [0, 2], [0, 0]]),
     f(1, 4, 4, 1), f(2, 2, 1, 1), known="s", second=False)
case("conv2d_no_batch", lambda x, w: tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME"), f(0, 3, 3, 1), f(2, 2, 1, 2), known="s", second=False)
case("max_pool_ties", lambda x: tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME"),
     np.zeros((1, 3, 3, 1), np.float32), known="s", second=False)
case("max_pool_special", lambda x: tf.nn.max_pool(x, ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="SAME"),
     np.array([1, -inf, -inf, -inf, inf, 2], np.float32).reshape(1, 1, 6, 1), known="s", second=False)
for name, build in [("softmax", tf.nn.softmax), ("log_softmax", tf.nn.log_softmax)]:
    case(name, build, f(2, 3), known="sd")
    case(name + "_1d", build, f(4), known="s")
    case(name + "_3d", build, f(2, 2, 3), known="s")
    case(name + "_large", build, np.array([[1000.0, 0.0], [-1000.0, -1000.0]], np.float32), known="s", second=False)
case("xent", lambda x, y: tf.nn.softmax_cross_entropy_with_logits_v2(logits=x, labels=y), f(2, 3), np.array([[0, 1, 0], [0.5, 0.25, 0.25]], np.float32), known="sd", second=False)
case("xent_old", lambda x, y: tf.nn.softmax_cross_entropy_with_logits(logits=x, labels=y), f(2, 3), np.array([[0, 1, 0], [0.5, 0.25, 0.25]], np.float32), known="sd", wrt=(0,), second=False)
case("xent_second", lambda x, y: tf.nn.softmax_cross_entropy_with_logits_v2(logits=x, labels=tf.stop_gradient(y)), f(2, 3), np.array([[0, 1, 0], [0.5, 0.25, 0.25]], np.float32), known="s", wrt=(0,))
case("xent_3d", lambda x, y: tf.nn.softmax_cross_entropy_with_logits_v2(logits=x, labels=y), f(2, 2, 3), f(2, 2, 3, scale=0.2, shift=0.3), known="sd", second=False)
case("l2_loss", tf.nn.l2_loss, f(2, 3), known="sd")
case("l2_loss_f64", tf.nn.l2_loss, f(4, dtype=np.float64), known="s")
case("leaky_relu", tf.nn.leaky_relu, f(2, 3), known="sd")
case("leaky_relu_alpha", lambda x: tf.nn.leaky_relu(x, alpha=0.5), f(4, dtype=np.float64), known="s")
case("leaky_relu_special", tf.nn.leaky_relu, special, known="s", second=False)
for padding in ["SAME", "VALID"]:
    case("avg_pool_" + padding.lower(), lambda x: tf.nn.avg_pool(x, ksize=[1, 2, 3, 1], strides=[1, 2, 1, 1], padding=padding), f(2, 5, 4, 2), known="sd")
    case("depthwise_" + padding.lower(), lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 2, 2, 1], padding), f(2, 5, 4, 2), f(3, 2, 2, 2), known="sd")
    case("conv2d_transpose_" + padding.lower(), lambda x, w: tf.nn.conv2d_transpose(x, w, [1, 5, 6, 2], [1, 2, 2, 1], padding) if padding == "SAME" else tf.nn.conv2d_transpose(x, w, [1, 7, 7, 2], [1, 2, 2, 1], padding),
         f(1, 3, 3, 3), f(3, 2 + (padding == "VALID"), 2, 3), known="s")
case("avg_pool_f64", lambda x: tf.nn.avg_pool(x, ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding="SAME"), f(1, 3, 2, 1, dtype=np.float64), known="s")
case("depthwise_f64", lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"), f(1, 3, 3, 1, dtype=np.float64), f(2, 2, 1, 3, dtype=np.float64), known="s")
case("separable_conv2d", lambda x, d, p: tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "SAME"), f(1, 3, 3, 2), f(2, 2, 2, 2), f(1, 1, 4, 3), known="sd", second=False)
case("fused_batch_norm", lambda x, s, o: tf.nn.fused_batch_norm(x, s, o)[0] * f(2, 2, 3, 2, shift=1), f(2, 2, 3, 2), f(2), f(2, shift=1), known="s", second=False)
case("fused_batch_norm_all", lambda x, s, o: tf.nn.fused_batch_norm(x, s, o, epsilon=0.01), f(2, 2, 3, 2), f(2), f(2, shift=1), known="sd", wrt=())
case("fused_batch_norm_inference", lambda x, s, o, m, v: tf.nn.fused_batch_norm(x, s, o, m, v, is_training=False)[0] * f(2, 2, 3, 2, shift=1), f(2, 2, 3, 2), f(2), f(2, shift=1), f(2), f(2, shift=3), known="s", wrt=(0, 1, 2), second=False)
case("fused_batch_norm_blend", lambda x, s, o, m, v: tf.nn.fused_batch_norm(x, s, o, m, v, exponential_avg_factor=0.25), f(2, 2, 3, 2), f(2), f(2, shift=1), f(2), f(2, shift=3), known="s", wrt=())
case("moments", lambda x: tf.nn.moments(x, [0, 2]), f(3, 2, 2), known="sd", second=False)
case("batch_normalization", lambda x, m, v, o, s: tf.nn.batch_normalization(x, m, v, o, s, 0.1), f(3, 2), f(2), f(2, shift=3), f(2), f(2), known="sd", second=False)

case("leaky_relu_scalar", tf.nn.leaky_relu, f(shift=-3), known="s")
case("leaky_relu_empty", tf.nn.leaky_relu, f(0, 2), known="s", second=False)
case("leaky_relu_unknown", lambda x: tf.nn.leaky_relu(x, alpha=0.0), f(2, 2), known="u")

write("nn_ops")
