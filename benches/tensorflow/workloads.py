"""The works that compare.py measures, in TensorFlow; workloads.rs is its twin.

    workloads.py WORK THREADS MNIST_DIRECTORY [CIFAR_DIRECTORY]

Prints the measured figure on the last line. Without a CIFAR directory made-up images stand for the real ones.
"""

import gzip
import os
import statistics
import struct
import sys
import time
import warnings

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)

BATCH, WARM_UP, STEPS, OPS = 100, 10, 40, 1000


def conv(filters, size=3, stride=1, bias=False):
    return ("conv", size, filters, stride, bias)


POOL = ("pool",)


def dense(units):
    return ("dense", units)


def variable(*shape):
    return tf.Variable(tf.random_normal(shape, stddev=0.01))


def net(side, channels, layers):
    """A network for images [side, side, channels], which are fed as rows if there is one channel."""
    x = tf.placeholder(tf.float32, [None, side * side] if channels == 1 else [None, side, side, channels])
    y = tf.placeholder(tf.float32, [None, 10])
    h = tf.reshape(x, [-1, side, side, channels])
    for kind, *sizes in layers:
        if kind == "conv":
            size, filters, stride, bias = sizes
            h = tf.nn.conv2d(h, variable(size, size, channels, filters), [1, stride, stride, 1], "SAME")
            h = tf.nn.relu(tf.nn.bias_add(h, variable(filters)) if bias else h)
            side, channels = side // stride, filters
        elif kind == "pool":
            h = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
            side //= 2
        else:
            (units,), width = sizes, side * side * channels
            h = tf.nn.relu(tf.matmul(tf.reshape(h, [-1, width]), variable(width, units)) + variable(units))
            side, channels = 1, units
    width = side * side * channels
    logits = tf.matmul(tf.reshape(h, [-1, width]), variable(width, 10)) + variable(10)
    cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
    train = tf.train.AdamOptimizer(0.01).minimize(cost)
    hits = tf.equal(tf.argmax(tf.nn.softmax(logits), 1), tf.argmax(y, 1))
    return x, y, cost, train, tf.reduce_mean(tf.cast(hits, tf.float32))


def mnist_net():
    return net(28, 1, [conv(32), POOL, conv(64), POOL])


def idx(name):
    path = os.path.join(MNIST, name)
    raw = open(path, "rb").read() if os.path.exists(path) else gzip.open(path + ".gz").read()
    shape = struct.unpack(">" + "I" * raw[3], raw[4:4 + 4 * raw[3]])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def mnist(part):
    """Images and labels as the tutorials' reader gives them."""
    images = idx(f"{part}-images-idx3-ubyte").reshape(-1, 784).astype(np.float32) * np.float32(1 / 255)
    return images, np.eye(10)[idx(f"{part}-labels-idx1-ubyte")]


def batches(images, labels):
    return [(images[i:i + BATCH], labels[i:i + BATCH]) for i in range(0, (WARM_UP + STEPS) * BATCH, BATCH)]


def mnist_batches():
    images, labels = mnist("train")
    return batches(images[5000:], labels[5000:])


def cifar_batches():
    if not CIFAR:
        images = ((np.arange(BATCH * 32 * 32 * 3) * 7919) % 256).astype(np.float32).reshape(BATCH, 32, 32, 3)
        return [(images, np.eye(10, dtype=np.float32)[np.arange(BATCH) % 10])] * (WARM_UP + STEPS)
    path = os.path.join(CIFAR, "cifar-10-batches-bin", "data_batch_1.bin")
    records = np.fromfile(path, np.uint8).reshape(-1, 3073)
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).astype(np.float32)
    return batches(images, np.eye(10, dtype=np.float32)[records[:, 0]])


def session():
    config = tf.ConfigProto(intra_op_parallelism_threads=THREADS, inter_op_parallelism_threads=THREADS)
    return tf.Session(config=config)


def initialised():
    made = session()
    made.run(tf.global_variables_initializer())
    return made


def milliseconds(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def step(network, data):
    """The median time of a training step in milliseconds."""
    (x, y, cost, train, _), sess = network, initialised()
    times = [milliseconds(lambda: sess.run([cost, train], {x: images, y: labels})) for images, labels in data]
    return statistics.median(times[WARM_UP:])


def eval_10k(runs):
    """The best time of judging all test images in one run, in milliseconds."""
    (x, y, _, _, accuracy), (images, labels), sess = mnist_net(), mnist("t10k"), initialised()
    return min(milliseconds(lambda: sess.run(accuracy, {x: images, y: labels})) for _ in range(runs))


def peak_memory():
    """The peak memory of this process, in megabytes."""
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def train_steps(steps):
    (images, labels), (x, y, cost, train, _), sess = mnist("train"), mnist_net(), initialised()
    order = np.random.permutation(len(images))
    for i in range(steps):
        rows = order[i * BATCH:(i + 1) * BATCH]
        sess.run([cost, train], {x: images[rows], y: labels[rows]})


def microseconds(calls, call):
    """The median over blocks of the time of one call, in microseconds."""
    def block():
        return milliseconds(lambda: [call() for _ in range(calls)]) * 1e3 / calls
    block()
    return statistics.median(block() for _ in range(20))


def run_scalar_add():
    a, b = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    total, sess = a + b, session()
    return microseconds(500, lambda: sess.run(total, {a: 1.0, b: 2.0}))


def chain(x):
    """Additions and tanh in turn."""
    half = tf.constant(0.5)
    for _ in range(OPS // 2):
        x = tf.tanh(x + half)
    return x


def run_chain(shape):
    """The time of one operation of the chain, in microseconds."""
    x = tf.placeholder(tf.float32, shape)
    fed = ((np.arange(np.prod(shape, dtype=int)) * 7919) % 256 / 256).astype(np.float32).reshape(shape)
    last, sess = chain(x), session()
    return microseconds(20, lambda: sess.run(last, {x: fed})) / OPS


def build_4000():
    def build(x):
        for _ in range(2000):
            x = x + 1.0
    x = tf.placeholder(tf.float32, [])
    return milliseconds(lambda: build(x))


def first_run_1000():
    x = tf.placeholder(tf.float32, [])
    last, sess = chain(x), session()
    return milliseconds(lambda: sess.run(last, {x: 1.0}))


def memory_after(work):
    work()
    return peak_memory()


WORKS = {
    "mnist_step": lambda: step(mnist_net(), mnist_batches()),
    "cifar10_step": lambda: step(net(32, 3, [conv(32), POOL, conv(64), POOL]), cifar_batches()),
    "mnist_stride2_step": lambda: step(net(28, 1, [conv(32, stride=2), conv(64, stride=2)]), mnist_batches()),
    "cifar10_stride2_step": lambda: step(net(32, 3, [conv(32, stride=2), conv(64, stride=2)]), cifar_batches()),
    "vgg_step": lambda: step(
        net(32, 3, [conv(32, bias=True), conv(32, bias=True), POOL, conv(64, bias=True), conv(128, bias=True), POOL]),
        cifar_batches()),
    "lenet5_step": lambda: step(
        net(28, 1, [conv(32, 5, bias=True), POOL, conv(64, 5, bias=True), POOL, dense(1024)]), mnist_batches()),
    "mlp_step": lambda: step(net(28, 1, [dense(1024), dense(1024)]), mnist_batches()),
    "eval_10k": lambda: eval_10k(5),
    "eval_10k_memory": lambda: memory_after(lambda: eval_10k(1)),
    "train_memory": lambda: memory_after(lambda: train_steps(100)),
    "start_to_step": lambda: train_steps(1) or float("nan"),
    "run_scalar_add": run_scalar_add,
    "chain_scalar": lambda: run_chain([]),
    "chain_1000": lambda: run_chain([OPS]),
    "build_4000": build_4000,
    "first_run_1000": first_run_1000,
}

if __name__ == "__main__":
    WORK, THREADS, MNIST, CIFAR = sys.argv[1], int(sys.argv[2]), sys.argv[3], (sys.argv[4:] or [None])[0]
    print(WORKS[WORK]())
