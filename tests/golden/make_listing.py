"""Runs the tutorial's listings in TensorFlow and records what they build and compute.

    pip install tensorflow-cpu==2.19.1 && pip install --no-deps tf_keras==2.19.0    (tf_keras: tf.layers only)
    python tests/golden/make_listing.py

For each listing, with the graph seed 1, writes beside itself
  NAME.pb            the GraphDef
  NAME_initial.f32   the first 1000 initial values of each variable, one after the other, little-endian
  NAME_costs.txt     the cost of each of 20 steps
The batches of MNIST are in the order of the training file; those of CIFAR-10 are the pattern of `synthetic`.
"""
import gzip, os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # TensorFlow's own kernels: the first of equal pixels wins a pool
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "examples", "MNIST_data")

def idx(name, header):
    with gzip.open(os.path.join(DATA, name)) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)

def mnist(i):
    batch = slice(i * 100, (i + 1) * 100)
    return images[batch], labels[batch]

def synthetic(i):
    n = np.arange(i * 100, (i + 1) * 100)
    x = (n[:, None] * 7 + np.arange(3072)[None, :] * 13) % 256
    return x.reshape(-1, 32, 32, 3).astype(np.float32), np.eye(10, dtype=np.float32)[n % 10]

def pool(x):
    return tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')

def convolutions(X_img, channels):
    W1 = tf.Variable(tf.random_normal([3, 3, channels, 32], stddev=0.01))
    CL1 = tf.nn.relu(tf.nn.conv2d(X_img, W1, strides=[1, 1, 1, 1], padding='SAME'))
    PL1 = pool(CL1)
    W2 = tf.Variable(tf.random_normal([3, 3, 32, 64], stddev=0.01))
    CL2 = tf.nn.relu(tf.nn.conv2d(PL1, W2, strides=[1, 1, 1, 1], padding='SAME'))
    return pool(CL2)

def layers(X_img):
    CL1 = tf.layers.conv2d(inputs=X_img, filters=32, kernel_size=[3, 3], padding='SAME', strides=1, activation=tf.nn.relu)
    PL1 = tf.layers.max_pooling2d(inputs=CL1, pool_size=[2, 2], padding='SAME', strides=2)
    CL2 = tf.layers.conv2d(inputs=PL1, filters=64, kernel_size=[3, 3], padding='SAME', strides=1, activation=tf.nn.relu)
    return tf.layers.max_pooling2d(inputs=CL2, pool_size=[2, 2], padding='SAME', strides=2)

def record(name, shape, build, pixels, plus, batches):
    tf.reset_default_graph()
    tf.set_random_seed(1)
    X = tf.placeholder(tf.float32, [None] + shape)
    Y = tf.placeholder(tf.float32, [None, 10])
    L_flat = tf.reshape(build(X), [-1, pixels * 64])
    W3 = tf.Variable(tf.random_normal([pixels * 64, 10], stddev=0.01))
    b3 = tf.Variable(tf.random_normal([10]))
    model_LC = tf.matmul(L_flat, W3) + b3 if plus else tf.add(tf.matmul(L_flat, W3), b3)
    model = tf.nn.softmax(model_LC)
    cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=model_LC, labels=Y))
    train = tf.train.AdamOptimizer(0.01).minimize(cost)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(model, 1), tf.argmax(Y, 1)), tf.float32))
    init = tf.global_variables_initializer()
    with open(os.path.join(HERE, name + ".pb"), "wb") as file:
        file.write(tf.get_default_graph().as_graph_def().SerializeToString(deterministic=True))
    with tf.Session() as sess:
        sess.run(init)
        initial = [value.ravel()[:1000] for value in sess.run(tf.trainable_variables())]
        np.concatenate(initial).astype("<f4").tofile(os.path.join(HERE, name + "_initial.f32"))
        with open(os.path.join(HERE, name + "_costs.txt"), "w") as file:
            for i in range(20):
                x, y = batches(i)
                c, _ = sess.run([cost, train], feed_dict={X: x, Y: y})
                file.write("%.9g\n" % c)

images = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 784).astype(np.float32) / 255
labels = np.eye(10, dtype=np.float32)[idx("train-labels-idx1-ubyte.gz", 8)]
picture = lambda X: tf.reshape(X, [-1, 28, 28, 1])
record("mnist", [784], lambda X: convolutions(picture(X), 1), 7 * 7, False, mnist)
record("mnist_layers", [784], lambda X: layers(picture(X)), 7 * 7, False, mnist)
record("cifar10", [32, 32, 3], lambda X: convolutions(tf.reshape(X, [-1, 32, 32, 3]), 3), 8 * 8, True, synthetic)
