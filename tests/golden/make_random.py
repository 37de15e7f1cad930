"""Prints TensorFlow's random numbers for the tests of src/ops/random: seeds 7 (graph) and 9 (operation), two runs.

    pip install tensorflow-cpu==2.19.1
    python tests/golden/make_random.py
"""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

tf.set_random_seed(7)
ops = [
    tf.random_normal([5], seed=9), tf.random_uniform([5], seed=9),
    tf.random_normal([3], dtype=tf.float64, seed=9), tf.random_uniform([3], dtype=tf.float64, seed=9),
    tf.truncated_normal([5], seed=9), tf.truncated_normal([3], dtype=tf.float64, seed=9),
    tf.random_uniform([5], -3, 100, tf.int32, seed=9), tf.random_uniform([3], maxval=2**40, dtype=tf.int64, seed=9),
    tf.random_shuffle(tf.range(6), seed=9), tf.random_shuffle([[0, 1], [2, 3], [4, 5]], seed=9),
    tf.random_crop(tf.reshape(tf.range(12), [3, 4]), [2, 2], seed=9),
    tf.multinomial([[0.0, 1.0, 2.0], [2.0, 0.0, -float("inf")]], 5, seed=9),
]
with tf.Session() as sess:
    for op in ops:
        print(sess.run(op).tolist(), sess.run(op).tolist())
