"""Runs the MNIST listing in TensorFlow and records what it builds and computes.

    pip install tensorflow-cpu==2.19.1
    python tests/golden/make_listing.py

Writes beside itself, with the graph seed 1 and batches in the order of the training file:
  mnist.pb            the GraphDef
  mnist_initial.f32   the initial values of W1, W2, W3, b3, one after the other, little-endian
  mnist_costs.txt     the cost of each of 20 steps
"""
import gzip, os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # TensorFlow's own kernels: the first of equal pixels wins a pool
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "examples", "MNIST_data")

def idx(name, header):
    with gzip.open(os.path.join(DATA, name)) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)

images = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 784).astype(np.float32) / 255
labels = np.eye(10, dtype=np.float32)[idx("train-labels-idx1-ubyte.gz", 8)]

tf.set_random_seed(1)
X = tf.placeholder(tf.float32, [None, 784])
Y = tf.placeholder(tf.float32, [None, 10])
X_img = tf.reshape(X, [-1, 28, 28, 1])
W1 = tf.Variable(tf.random_normal([3, 3, 1, 32], stddev=0.01))
CL1 = tf.nn.relu(tf.nn.conv2d(X_img, W1, strides=[1, 1, 1, 1], padding='SAME'))
PL1 = tf.nn.max_pool(CL1, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')
W2 = tf.Variable(tf.random_normal([3, 3, 32, 64], stddev=0.01))
CL2 = tf.nn.relu(tf.nn.conv2d(PL1, W2, strides=[1, 1, 1, 1], padding='SAME'))
PL2 = tf.nn.max_pool(CL2, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')
L_flat = tf.reshape(PL2, [-1, 7 * 7 * 64])
W3 = tf.Variable(tf.random_normal([7 * 7 * 64, 10], stddev=0.01))
b3 = tf.Variable(tf.random_normal([10]))
model_LC = tf.add(tf.matmul(L_flat, W3), b3)
model = tf.nn.softmax(model_LC)
cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=model_LC, labels=Y))
train = tf.train.AdamOptimizer(0.01).minimize(cost)
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(model, 1), tf.argmax(Y, 1)), tf.float32))
init = tf.global_variables_initializer()

with open(os.path.join(HERE, "mnist.pb"), "wb") as file:
    file.write(tf.get_default_graph().as_graph_def().SerializeToString(deterministic=True))
with tf.Session() as sess:
    sess.run(init)
    initial = sess.run([W1, W2, W3, b3])
    np.concatenate([value.ravel() for value in initial]).astype("<f4").tofile(os.path.join(HERE, "mnist_initial.f32"))
    with open(os.path.join(HERE, "mnist_costs.txt"), "w") as file:
        for i in range(20):
            batch = slice(i * 100, (i + 1) * 100)
            c, _ = sess.run([cost, train], feed_dict={X: images[batch], Y: labels[batch]})
            file.write("%.9g\n" % c)
