"""Trains small recurrent networks in TensorFlow and records outputs, costs and gradients.

    pip install tensorflow-cpu==2.19.1 && pip install --no-deps tf_keras==2.19.0
    python tests/golden/make_rnn.py

Writes rnn.txt beside itself: for each case lines `case what number number …`, what being `outputs` (those of all steps and
the last state, before training), `gradients` (of the cost, by all variables) and `costs` (of ten steps). Variables start with
the patterns of `pattern`, in the order in which they are made.
"""
import os
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

HERE = os.path.dirname(os.path.abspath(__file__))
LINES = []
cells = tf.nn.rnn_cell

def pattern(shape, step):
    n = int(np.prod(shape))
    return ((np.arange(n) * step % 17 - 8) / 10.0).reshape(shape).astype(np.float32)

def case(name, build, optimizer):
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None, 4, 2])
        n = tf.placeholder(tf.int32, [None])
        outputs = tf.nest.flatten(build(x, n))
        cost = tf.add_n([tf.reduce_mean(tf.square(y - 0.3)) for y in outputs])
        variables = tf.trainable_variables()
        gradients = tf.gradients(cost, variables)
        train = optimizer().minimize(cost)
        sess.run(tf.global_variables_initializer())
        for i, v in enumerate(variables):
            v.load(pattern(v.shape, 3 + i), sess)
        feeds = {x: pattern((3, 4, 2), 5), n: [4, 2, 0]}
        line(name, "outputs", sess.run(outputs, feeds))
        line(name, "gradients", sess.run(gradients, feeds))
        line(name, "costs", [sess.run([cost, train], feeds)[0] for _ in range(10)])

def line(name, what, arrays):
    numbers = np.concatenate([np.ravel(a) for a in arrays])
    LINES.append("%s %s %s" % (name, what, " ".join("%.9g" % v for v in numbers)))

def sgd():
    return tf.train.GradientDescentOptimizer(0.5)
def adam():
    return tf.train.AdamOptimizer(0.05)

f32 = tf.float32
case("basic", lambda x, n: tf.nn.dynamic_rnn(cells.BasicRNNCell(3), x, dtype=f32), sgd)
case("gru", lambda x, n: tf.nn.dynamic_rnn(cells.GRUCell(3), x, dtype=f32), sgd)
case("basic_lstm", lambda x, n: tf.nn.dynamic_rnn(cells.BasicLSTMCell(3), x, dtype=f32), sgd)
case("lstm", lambda x, n: tf.nn.dynamic_rnn(cells.LSTMCell(3, use_peepholes=True, cell_clip=0.4, num_proj=2, proj_clip=0.1), x, dtype=f32), sgd)
case("lengths", lambda x, n: tf.nn.dynamic_rnn(cells.GRUCell(3), x, sequence_length=n, dtype=f32), sgd)
case("stacked", lambda x, n: tf.nn.dynamic_rnn(cells.MultiRNNCell([cells.LSTMCell(3), cells.LSTMCell(2)]), x, dtype=f32), adam)
case("static", lambda x, n: tf.nn.static_rnn(cells.BasicLSTMCell(3), tf.unstack(x, axis=1), dtype=f32), sgd)
case("static_lengths", lambda x, n: tf.nn.static_rnn(cells.GRUCell(3), tf.unstack(x, axis=1), sequence_length=n, dtype=f32), sgd)
case("both_ways", lambda x, n: tf.nn.bidirectional_dynamic_rnn(cells.GRUCell(3), cells.GRUCell(2), x, sequence_length=n, dtype=f32), adam)
case("static_both_ways", lambda x, n: tf.nn.static_bidirectional_rnn(cells.BasicRNNCell(3), cells.BasicRNNCell(3), tf.unstack(x, axis=1), sequence_length=n, dtype=f32), sgd)

with open(os.path.join(HERE, "rnn.txt"), "w") as file:
    file.write("\n".join(LINES) + "\n")
