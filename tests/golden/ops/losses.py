"""Losses that collect themselves. See cases.py."""
from cases import *

L = tf.losses
ones = f(2, 3, scale=0.4, shift=0.5)
for name, build in [("absolute_difference", L.absolute_difference), ("hinge_loss", L.hinge_loss), ("huber_loss", L.huber_loss), ("log_loss", L.log_loss),
                    ("mean_squared_error", L.mean_squared_error), ("sigmoid_loss", L.sigmoid_cross_entropy), ("softmax_loss", L.softmax_cross_entropy),
                    ("pairwise", L.mean_pairwise_squared_error), ("cosine", lambda y, x, **how: L.cosine_distance(y, x, dim=1, **how))]:
    case(name, build, ones, f(2, 3, scale=0.3, shift=0.6), known="s" if name == "pairwise" else "sd", second=False, wrt=(1,))
    if name not in ("softmax_loss", "pairwise", "cosine"):
        case(name + "_weights", lambda y, x, w: build(y, x, weights=w), ones, f(2, 3, scale=0.3, shift=0.6), np.array([[1, 0, 2], [0, 0, 0.5]], np.float32), known="s", second=False, wrt=(1,))
        case(name + "_rows", lambda y, x: build(y, x, weights=[[2.0], [0.5]]), ones, f(2, 3, scale=0.3, shift=0.6), known="s", second=False, wrt=(1,))
    bad(name + "_shapes", build, ones, f(3, 3))
case("softmax_loss_weights", lambda y, x, w: L.softmax_cross_entropy(y, x, weights=w), ones, f(2, 3), f(2, shift=3), known="s", second=False, wrt=(1,))
case("softmax_loss_smooth", lambda y, x: L.softmax_cross_entropy(y, x, label_smoothing=0.1), i(0, 1, 0, 1, 0, 0).reshape(2, 3), f(2, 3), known="sd", second=False)
case("sigmoid_loss_smooth", lambda y, x: L.sigmoid_cross_entropy(y, x, label_smoothing=0.1), i(0, 1, 0, 1, 0, 0).reshape(2, 3), f(2, 3), known="s", second=False)
case("huber_loss_delta", lambda y, x: L.huber_loss(y, x, delta=0.25), ones, f(2, 3), known="s", second=False, wrt=(1,))
case("log_loss_epsilon", lambda y, x: L.log_loss(y, x, epsilon=0.5), ones, f(2, 3, scale=0.3, shift=0.6), known="s", second=False, wrt=(1,))
case("mean_squared_error_i32", L.mean_squared_error, i(1, 2, 3), f(3, dtype=np.float64), known="s", second=False)
for reduction in ["NONE", "SUM", "SUM_OVER_BATCH_SIZE", "MEAN"]:
    case("reduction_" + reduction.lower(), lambda y, x, w: L.mean_squared_error(y, x, weights=w, reduction=getattr(L.Reduction, reduction)), ones, f(2, 3), f(2, 3), known="s", second=False, wrt=(1,))
    case("reduction_plain_" + reduction.lower(), lambda y, x: L.mean_squared_error(y, x, reduction=getattr(L.Reduction, reduction)), ones, f(2, 3), known="d", second=False, wrt=(1,))
case("weighted_loss", lambda x: L.compute_weighted_loss(x), f(2, 3), known="sd", second=False)
case("weighted_loss_f64", lambda x, w: L.compute_weighted_loss(x, w), f(2, 3, dtype=np.float64), np.float32(2), known="s", second=False, wrt=(0,))
case("pairwise_weights", lambda y, x: L.mean_pairwise_squared_error(y, x, weights=0.5), ones, f(2, 3), known="s", second=False, wrt=(1,))
case("pairwise_row_weights", lambda y, x: L.mean_pairwise_squared_error(y, x, weights=[[0.5], [0.0]]), ones, f(2, 3), known="s", second=False, wrt=(1,))
sparse = L.sparse_softmax_cross_entropy
case("sparse_loss", sparse, i(0, 2), f(2, 3), known="sd", second=False)
case("sparse_loss_column", sparse, i(0, 2).reshape(2, 1), f(2, 3), known="s", second=False)
case("sparse_loss_weights", lambda y, x: sparse(y, x, weights=[1.0, 0.0]), i(0, 2), f(2, 3), known="s", second=False)
case("sparse_loss_column_weights", lambda y, x, w: sparse(y, x, weights=w), i(0, 2), f(2, 3), f(2, 1), known="s", second=False, wrt=(1,))
bad("sparse_loss_ranks", sparse, i(0, 2), f(2, 2, 3))
bad("weights_sizes", lambda y, x: L.mean_squared_error(y, x, weights=[[1.0], [2.0], [3.0]]), ones, f(2, 3))
bad("weights_ranks", lambda y, x: L.mean_squared_error(y, x, weights=[1.0, 2.0]), ones, f(2, 3))
def total(x, y):
    tf.get_default_graph().clear_collection("losses")
    L.mean_squared_error(x, y)
    L.absolute_difference(x, y)
    return L.get_total_loss()
case("total_loss", total, f(3), f(3, shift=1), known="s", second=False)

write("losses")
