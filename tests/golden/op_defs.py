"""Records what TensorFlow's operations take: python tests/golden/op_defs.py NAMES > /dev/null

Writes op_defs.pb.gz beside itself: a node for each operation named in the file NAMES, whose attributes are the defaults,
whose inputs are the attributes without a default, and whose device lists the arguments.
"""
import gzip, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import op_def_registry

graph = tf.GraphDef()
for name in sorted(open(sys.argv[1]).read().split()):
    op = op_def_registry.get(name)
    if op is None:
        print("TensorFlow has no", name)
        continue
    node = graph.node.add(name=name, op="Defaults")
    for attr in op.attr:
        if attr.HasField("default_value"):
            node.attr[attr.name].CopyFrom(attr.default_value)
        else:
            node.input.append(attr.name)
    show = lambda args: ", ".join(a.name + (":ref" if a.is_ref else "") for a in args)
    node.device = show(op.input_arg) + " -> " + show(op.output_arg)
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "op_defs.pb.gz")
open(path, "wb").write(gzip.compress(graph.SerializeToString(deterministic=True), mtime=0))
print(len(graph.node), "operations,", os.path.getsize(path), "bytes")
