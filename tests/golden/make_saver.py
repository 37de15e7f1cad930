"""The nodes of savers, as TensorFlow builds them: python make_saver.py"""

import os

import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

b = tf.Variable(tf.zeros([2, 3]), name="b")
a = tf.Variable(1.0, name="a", use_resource=True)
with tf.variable_scope("net"):
    c = tf.get_variable("c", [2], tf.int64, tf.zeros_initializer())
tf.train.Saver()
tf.train.Saver({"one": a, "another": c}, name="some", filename="elsewhere")
tf.train.Saver([b, c])
with tf.name_scope("scope"):
    tf.train.Saver([a])

folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "saver.pb"), "wb") as f:
    f.write(tf.get_default_graph().as_graph_def().SerializeToString())
