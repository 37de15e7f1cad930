"""Writes tests/golden/monitored.pb: the graph as it is while a session of TensorFlow's MonitoredTrainingSession is open.
python tests/golden/make_monitored.py"""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

tf.train.get_or_create_global_step()
w = tf.get_variable("w", [], initializer=tf.constant_initializer(5.0))
tf.Variable(0.0, name="local", collections=[tf.GraphKeys.LOCAL_VARIABLES])
tf.summary.scalar("l", w)
with tf.train.MonitoredTrainingSession():
    def_ = tf.get_default_graph().as_graph_def()
with open(os.path.join(os.path.dirname(__file__), "monitored.pb"), "wb") as f:
    f.write(def_.SerializeToString())
