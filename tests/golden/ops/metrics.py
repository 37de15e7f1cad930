"""Metrics that add up over runs: the graphs. See cases.py."""
from cases import *

def metric(name, build, *arrays, known="sd"):
    case(name, lambda *xs: list(build(*xs)), *arrays, known=known, wrt=(), run=False)

y, z = np.array([1.0, 0, 1, 1], np.float32), np.array([0.9, 0.2, 0.4, 0.6], np.float32)
metric("mean", tf.metrics.mean, y)
metric("mean_weighted", lambda x: tf.metrics.mean(x, weights=0.5), y, known="s")
metric("accuracy", tf.metrics.accuracy, i(1, 2, 3), i(1, 0, 3, dtype=np.int64))
metric("accuracy_column", tf.metrics.accuracy, i(1, 2, 3), i(1, 0, 3).reshape(3, 1), known="s")
metric("accuracy_named", lambda a, b: tf.metrics.accuracy(a, b, name="acc"), i(1, 2, 3), i(1, 0, 3), known="s")
metric("mean_absolute_error", tf.metrics.mean_absolute_error, y, z)
metric("mean_squared_error", tf.metrics.mean_squared_error, y, z)
metric("root_mean_squared_error", tf.metrics.root_mean_squared_error, y, z)
metric("true_positives", tf.metrics.true_positives, y, y[::-1].copy())
metric("true_negatives", tf.metrics.true_negatives, y, y[::-1].copy(), known="s")
metric("false_positives", tf.metrics.false_positives, y, y[::-1].copy(), known="s")
metric("false_negatives", tf.metrics.false_negatives, y, y[::-1].copy(), known="s")
metric("precision", tf.metrics.precision, y, y[::-1].copy(), known="s")
metric("recall", tf.metrics.recall, y, y[::-1].copy(), known="s")

write("metrics")
