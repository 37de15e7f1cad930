"""TensorFlow 1.15's tf.contrib.legacy_seq2seq and its cells, run by today's TensorFlow.

    pip download tensorflow==1.15.5 --no-deps --python-version 37 --abi cp37m --platform manylinux2010_x86_64 --only-binary=:all:
    unzip tensorflow-1.15.5-*.whl 'tensorflow_core/contrib/*'

The scripts that import this take the folder tensorflow_core/contrib as their argument. They use tf.keras of Keras 2.
"""
import importlib.util, os, sys, types
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import tensorflow.compat.v1 as tf
from tensorflow.python.ops import array_ops, control_flow_ops, cond as cond_of, nn_ops, embedding_ops, variable_scope
from tensorflow.python.util import nest

nest.is_sequence = nest.is_nested
array_ops.stack = tf.stack
control_flow_ops.cond = cond_of.cond
steps = types.ModuleType("tensorflow.python.ops.rnn")
steps.static_rnn = tf.nn.static_rnn
cells = types.ModuleType("tensorflow.python.ops.rnn_cell_impl")
cells.RNNCell = tf.nn.rnn_cell.RNNCell
cells._WEIGHTS_VARIABLE_NAME, cells._BIAS_VARIABLE_NAME = "kernel", "bias"
cells.assert_like_rnncell = lambda name, cell: None
sys.modules["tensorflow.python.ops.rnn"], sys.modules["tensorflow.python.ops.rnn_cell_impl"] = steps, cells
ops = sys.modules["tensorflow.python.ops"]
ops.rnn, ops.rnn_cell_impl = steps, cells

def load(name, path):
    spec = importlib.util.spec_from_file_location(name, os.path.join(sys.argv[1], path))
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

for package in ["contrib", "contrib.rnn", "contrib.rnn.python", "contrib.rnn.python.ops"]:
    sys.modules["tensorflow." + package] = types.ModuleType("tensorflow." + package)
wrappers = load("tensorflow.contrib.rnn.python.ops.core_rnn_cell", "rnn/python/ops/core_rnn_cell.py")
sys.modules["tensorflow.contrib.rnn.python.ops"].core_rnn_cell = wrappers
seq2seq = load("contrib_legacy_seq2seq", "legacy_seq2seq/python/ops/seq2seq.py")
