"""Losses by a sample of the classes. See cases.py."""
from cases import *

w, b, x, y = f(6, 3), f(6, shift=0.5), f(2, 3, shift=0.2), i(1, 4, dtype=np.int64).reshape(2, 1)
drawn = lambda: (tf.constant([0, 4, 2], tf.int64), tf.constant([[0.5], [0.25]]), tf.constant([0.9, 0.25, 0.5]))
case("nce_loss", lambda w, b, y, x: tf.nn.nce_loss(w, b, y, x, 3, 6, sampled_values=drawn()), w, b, y, x, known="sd", second=False)
case("nce_loss_hits", lambda w, b, y, x: tf.nn.nce_loss(w, b, y, x, 3, 6, sampled_values=drawn(), remove_accidental_hits=True), w, b, y, x, known="s", second=False)
case("nce_loss_drawn", lambda w, b, y, x: tf.nn.nce_loss(w, b, y, x, 3, 6), w, b, y, x, known="s", second=False, run=False, wrt=())
case("sampled_softmax_loss", lambda w, b, y, x: tf.nn.sampled_softmax_loss(w, b, y, x, 3, 6, sampled_values=drawn()), w, b, y, x, known="s", second=False)
case("sampled_softmax_loss_two", lambda w, b, y, x: tf.nn.sampled_softmax_loss(w, b, y, x, 3, 6, num_true=2, remove_accidental_hits=False, seed=3), w, b, i(1, 4, 0, 2, dtype=np.int64).reshape(2, 2), x, known="s", second=False, wrt=())

write("sampled")
