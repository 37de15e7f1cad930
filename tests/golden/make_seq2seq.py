"""Trains small models of TensorFlow 1.15's tf.contrib.legacy_seq2seq and records outputs, costs and gradients.

    python tests/golden/make_seq2seq.py tensorflow_core/contrib    (see legacy_seq2seq.py)

Writes seq2seq.txt beside itself, in the format of rnn.txt; a line `case variables` has the names and sizes of all variables.
"""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import numpy as np
from legacy_seq2seq import seq2seq as s, tf
tf.disable_v2_behavior()

HERE = os.path.dirname(os.path.abspath(__file__))
LINES = []
cells = tf.nn.rnn_cell

def pattern(shape, step):
    n = int(np.prod(shape))
    return ((np.arange(n) * step % 17 - 8) / 10.0).reshape(shape).astype(np.float32)

def case(name, model):
    with tf.Graph().as_default(), tf.Session() as sess:
        x, y, z = [tf.placeholder(tf.int32, [None, n]) for n in (2, 3, 3)]
        feed = tf.placeholder(tf.bool, [])
        words, decoder, targets = [tf.unstack(t, axis=1) for t in (x, y, z)]
        outputs, state = model(words, decoder, feed)
        cost = s.sequence_loss(outputs, targets, [tf.cast(t > 0, tf.float32) for t in targets])
        variables = tf.trainable_variables()
        gradients = [tf.convert_to_tensor(g) for g in tf.gradients(cost, variables)]
        train = tf.train.GradientDescentOptimizer(0.5).minimize(cost)
        sess.run(tf.global_variables_initializer())
        for i, v in enumerate(variables):
            v.load(pattern(v.shape, 3 + i), sess)
        feeds = {x: [[1, 2], [3, 4], [5, 0]], y: [[1, 2, 3], [1, 4, 0], [1, 0, 0]], z: [[2, 3, 4], [4, 0, 0], [3, 2, 0]], feed: True}
        LINES.append("%s variables %s" % (name, " ".join(v.op.name + "," + ",".join(map(str, v.shape.as_list())) for v in variables)))
        line(name, "outputs", sess.run(tf.nest.flatten([outputs, state]), feeds))
        line(name, "gradients", sess.run(gradients, feeds))
        line(name, "costs", [sess.run([cost, train], feeds)[0] for _ in range(10)])

def line(name, what, arrays):
    numbers = np.concatenate([np.ravel(a) for a in arrays])
    LINES.append("%s %s %s" % (name, what, " ".join("%.9g" % v for v in numbers)))

def stacked():
    return cells.MultiRNNCell([cells.BasicLSTMCell(3) for _ in range(2)])
case("rnn", lambda x, y, feed: s.embedding_rnn_seq2seq(x, y, cells.GRUCell(3), 6, 5, 2))
case("rnn_fed", lambda x, y, feed: s.embedding_rnn_seq2seq(x, y, cells.GRUCell(3), 6, 5, 2, feed_previous=True))
case("attention", lambda x, y, feed: s.embedding_attention_seq2seq(x, y, stacked(), 6, 5, 2))
case("attention_cond", lambda x, y, feed: s.embedding_attention_seq2seq(x, y, stacked(), 6, 5, 2, num_heads=2, initial_state_attention=True, feed_previous=feed))

with open(os.path.join(HERE, "seq2seq.txt"), "w") as file:
    file.write("\n".join(LINES) + "\n")
