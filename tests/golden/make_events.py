"""Writes tests/golden/events/training.tfevents: an event file of TensorFlow's, with a graph, summaries of each kind and a
session's log. tests/events.rs builds the same. python tests/golden/make_events.py"""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import shutil, tempfile
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

x = tf.placeholder(tf.float32, [4], name="x")
w = tf.Variable([1.0, 2.0, 3.0, 4.0], name="w")
loss = tf.reduce_mean(tf.square(w - x), name="mean")
tf.summary.scalar("loss", loss)
with tf.name_scope("layer"):
    tf.summary.histogram("weights", w, family="all")
tf.summary.image("picture", tf.reshape(w, [1, 2, 2, 1]), max_outputs=1)
tf.summary.text("words", tf.constant(["one", "two"]))
merged = tf.summary.merge_all()
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    folder = tempfile.mkdtemp()
    writer = tf.summary.FileWriter(folder, sess.graph)
    writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START, checkpoint_path="model.ckpt"), 0)
    for step in range(3):
        writer.add_summary(sess.run(merged, {x: np.full(4, step, np.float32)}), step)
    writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="accuracy", simple_value=0.5)]))
    writer.close()
file, = os.listdir(folder)
target = os.path.join(os.path.dirname(__file__), "events", "training.tfevents")
shutil.move(os.path.join(folder, file), target)
os.rmdir(folder)
