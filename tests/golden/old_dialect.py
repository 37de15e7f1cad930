"""Turns a GraphDef of TensorFlow 2.19 into what TensorFlow 0.12 to 1.x wrote for the same program.

    python old_dialect.py NEW.pb OLD.pb [PRODUCER]

Names stay, so what was recorded of the new graph holds for the old one. Both can be run by TensorFlow 2.19. What has no older form, or
where the shapes are not known well enough, stays as it is.
"""
import collections
import sys

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import op_def_registry

tf.disable_v2_behavior()

# Attributes that came later, with their defaults, by operation.
NEWER = {
    "ArgMax": ["output_type"], "ArgMin": ["output_type"], "AssignVariableOp": ["validate_shape"],
    "BatchMatMulV2": ["grad_x", "grad_y"], "Cast": ["Truncate"], "ConcatOffset": ["shape_type"],
    "Conv2D": ["dilations", "explicit_paddings"], "Conv2DBackpropFilter": ["dilations", "explicit_paddings"],
    "Conv2DBackpropInput": ["dilations", "explicit_paddings"], "DepthwiseConv2dNative": ["dilations", "explicit_paddings"],
    "DepthwiseConv2dNativeBackpropFilter": ["dilations", "explicit_paddings"],
    "DepthwiseConv2dNativeBackpropInput": ["dilations", "explicit_paddings"],
    "Fill": ["index_type"], "GatherNd": ["bad_indices_policy"], "GatherV2": ["batch_dims"], "MatMul": ["grad_a", "grad_b"],
    "MaxPool": ["explicit_paddings"], "MaxPoolGrad": ["explicit_paddings"], "ResourceGather": ["batch_dims"],
    "ScatterNd": ["bad_indices_policy"], "Tile": ["Tmultiples"], "TopKV2": ["Tk", "index_type"],
    "UnsortedSegmentSum": ["Tnumsegments"], "VarHandleOp": ["allowed_devices", "debug_name"],
    "ApplyAdam": ["use_nesterov"], "ResourceApplyAdam": ["use_nesterov"], "ApplyAdagrad": ["update_slots"],
    "SparseApplyAdagrad": ["update_slots"],
}


def node_and_output(name):
    """The node and the output's number that an input names."""
    node, _, output = name.partition(":")
    return node, int(output or 0)


class Graph:
    """A graph that is rewritten: its nodes, and what TensorFlow knows of their outputs."""

    def __init__(self, graph_def):
        self.nodes = list(graph_def.node)
        self.by_name = {node.name: node for node in self.nodes}
        self.known = tf.Graph()
        with self.known.as_default():
            tf.import_graph_def(graph_def, name="")
        self.before = collections.defaultdict(list)
        self.read = {node_and_output(name.lstrip("^"))[0] for node in self.nodes for name in node.input}
        self.needless = set()

    def tensor(self, name):
        node, output = node_and_output(name)
        return self.known.get_tensor_by_name(f"{node}:{output}")

    def shape(self, name):
        """The list of dimensions, None for each that is not known; None if even their number is not."""
        shape = self.tensor(name).shape
        return None if shape.rank is None else shape.as_list()

    def same_shape(self, *names):
        shapes = [self.shape(name) for name in names]
        return shapes[0] is not None and all(shape == shapes[0] for shape in shapes)

    def is_unread(self, node):
        return node.name not in self.read

    def op_of(self, name):
        return self.by_name[node_and_output(name)[0]]

    def constant(self, name):
        """The value of a constant, and None for anything else."""
        node = self.op_of(name)
        return tf.make_ndarray(node.attr["value"].tensor) if node.op == "Const" else None

    def dtype(self, name):
        return self.tensor(name).dtype.base_dtype

    def add(self, user, suffix, op, inputs, **attrs):
        """A new node in front of `user`, and its name."""
        node = tf.NodeDef(name=f"{user.name}/{suffix}", op=op, input=inputs, device=user.device)
        assert node.name not in self.by_name, node.name
        for name, value in attrs.items():
            node.attr[name].CopyFrom(value)
        self.by_name[node.name] = node
        self.before[user.name].append(node)
        return node.name

    def add_constant(self, user, suffix, value):
        value = np.asarray(value)
        tensor = tf.make_tensor_proto(value)
        return self.add(user, suffix, "Const", [], value=tf.AttrValue(tensor=tensor), dtype=dtype_attr(tf.as_dtype(value.dtype)))

    def replace(self, node, op, inputs, **attrs):
        """Another operation under the same name; whatever `node` waits for, it still waits for."""
        control = [name for name in node.input if name.startswith("^")]
        private = {name: attr for name, attr in node.attr.items() if name.startswith("_")}
        private = {name: tf.AttrValue.FromString(attr.SerializeToString()) for name, attr in private.items()}
        node.op = op
        del node.input[:]
        node.input.extend(list(inputs) + control)
        node.attr.clear()
        for name, value in {**private, **attrs}.items():
            node.attr[name].CopyFrom(value)


def dtype_attr(dtype):
    return tf.AttrValue(type=tf.as_dtype(dtype).as_datatype_enum)


def data_inputs(node):
    return [name for name in node.input if not name.startswith("^")]


def keep(node, *names):
    return {name: tf.AttrValue.FromString(node.attr[name].SerializeToString()) for name in names if name in node.attr}


def add(graph, node):
    if graph.dtype(node.input[0]) != tf.bool:
        node.op = "Add"


def real_div(graph, node):
    if graph.dtype(node.input[0]).is_floating:
        node.op = "Div"


def filled_like(graph, node, suffix, scalar, like):
    dtype = graph.dtype(scalar)
    shape = graph.add(node, f"{suffix}/Shape", "Shape", [like], T=dtype_attr(graph.dtype(like)), out_type=dtype_attr(tf.int32))
    return graph.add(node, suffix, "Fill", [shape, scalar], T=dtype_attr(dtype))


def select(graph, node):
    condition, x, y = data_inputs(node)
    mask = graph.op_of(condition)
    if mask.op == "GreaterEqual" and graph.constant(y) is not None and not graph.constant(y).any() and not graph.shape(y):
        return dropout(graph, node, mask, x)
    if graph.shape(condition) != [] and graph.shape(x) == [] and graph.same_shape(condition, y):
        x = filled_like(graph, node, "then", x, y)
    elif graph.shape(condition) != [] and graph.shape(y) == [] and graph.same_shape(condition, x):
        y = filled_like(graph, node, "else", y, x)
    elif not graph.same_shape(x, y) or graph.shape(condition) not in ([], graph.shape(x)):
        return
    graph.replace(node, "Select", [condition, x, y], **keep(node, "T"))


def dropout(graph, node, mask, x):
    """`x * floor(uniform + keep_prob)`, where 2.19 has `where(uniform >= rate, x, 0)`."""
    uniform, rate = data_inputs(mask)
    dtype = dtype_attr(graph.dtype(x))
    binary = f"{mask.name}/Floor"
    if binary not in graph.by_name:
        one = graph.add_constant(mask, "one", np.ones((), graph.dtype(x).as_numpy_dtype))
        keep_prob = graph.add(mask, "keep_prob", "Sub", [one, rate], T=dtype)
        kept = graph.add(mask, "Add", "Add", [keep_prob, uniform], T=dtype)
        graph.add(mask, "Floor", "Floor", [kept], T=dtype)
    graph.replace(node, "Mul", [x, binary], T=dtype)


def gather(graph, node):
    params, indices, axis = data_inputs(node)
    if graph.constant(axis) == 0 and not node.attr["batch_dims"].i:
        graph.replace(node, "Gather", [params, indices], validate_indices=tf.AttrValue(b=True), **keep(node, "Tparams", "Tindices"))


def concat(graph, node):
    *values, axis = data_inputs(node)
    if graph.dtype(axis) == tf.int32:
        graph.replace(node, "Concat", [axis] + values, **keep(node, "N", "T"))


def variable(graph, node):
    node.op = "Variable"


def batch_norm(graph, node):
    readers = [other for other in graph.nodes if f"{node.name}:5" in other.input and other.op != "FusedBatchNormGradV3"]
    alone = all(graph.is_unread(reader) for reader in readers)
    if graph.dtype(node.input[0]) == tf.float32 and alone and node.attr["exponential_avg_factor"].f == 1:
        graph.needless.update(reader.name for reader in readers)
        attrs = keep(node, "T", "epsilon", "data_format", "is_training")
        graph.replace(node, "FusedBatchNorm", data_inputs(node), **attrs)


def batch_norm_grad(graph, node):
    if graph.dtype(node.input[1]) == tf.float32:
        attrs = keep(node, "T", "epsilon", "data_format", "is_training")
        graph.replace(node, "FusedBatchNormGrad", data_inputs(node)[:5], **attrs)


def batch_matmul(graph, node):
    shapes = [graph.shape(name) for name in data_inputs(node)]
    if None not in shapes and shapes[0][:-2] == shapes[1][:-2]:
        node.op = "BatchMatMul"


def div_no_nan(graph, node):
    """What `_safe_div` of the losses was: the division by 1 in place of 0, then 0."""
    x, y = data_inputs(node)
    if not graph.same_shape(x, y):
        return
    dtype = dtype_attr(graph.dtype(x))
    zeros = graph.add(node, "zeros_like", "ZerosLike", [y], T=dtype)
    ones = graph.add(node, "ones_like", "OnesLike", [y], T=dtype)
    is_zero = graph.add(node, "Equal", "Equal", [y, zeros], T=dtype)
    divisor = graph.add(node, "Select", "Select", [is_zero, ones, y], T=dtype)
    quotient = graph.add(node, "div", "Div", [x, divisor], T=dtype)
    graph.replace(node, "Select", [is_zero, zeros, quotient], T=dtype)


def safe_shape_div(graph, node, x, y, suffix=""):
    one = graph.add_constant(node, f"Maximum{suffix}/y", np.int32(1))
    divisor = graph.add(node, f"Maximum{suffix}", "Maximum", [y, one], T=dtype_attr(tf.int32))
    return [x, divisor]


def broadcast_to(graph, node):
    """The gradient of a sum: `Tile` as often as the shape was reduced."""
    x, shape = data_inputs(node)
    kept = graph.op_of(x)
    if kept.op != "Reshape" or graph.dtype(shape) != tf.int32:
        return
    division = safe_shape_div(graph, node, shape, kept.input[1])
    scaling = graph.add(node, "floordiv", "FloorDiv", division, T=dtype_attr(tf.int32))
    graph.replace(node, "Tile", [x, scaling], **keep(node, "T"), Tmultiples=dtype_attr(tf.int32))


def mean_grad(graph, node):
    """How many numbers went into each mean: the quotient of the sizes, where 2.19 multiplies the axes' lengths."""
    gathered = graph.op_of(node.input[0])
    if gathered.op not in ("Gather", "GatherV2"):
        return
    shape, axes = graph.op_of(gathered.input[0]), graph.op_of(gathered.input[1])
    if shape.op != "Shape" or axes.op != "FloorMod":
        return
    indices = graph.op_of(axes.input[0]).input[0]
    means = [n for n in graph.nodes if n.op == "Mean" and n.input[0] == shape.input[0] and n.input[1] == indices]
    if not means:
        return
    dtype, int32, flag = dtype_attr(graph.dtype(means[0].name)), dtype_attr(tf.int32), tf.AttrValue(b=False)
    reduced = graph.add(node, "Shape", "Shape", [means[0].name], T=dtype, out_type=int32)
    first = graph.add_constant(node, "Const", np.int32([0]))
    products = [graph.add(node, f"Prod{n}", "Prod", [s, first], T=int32, Tidx=int32, keep_dims=flag)
                for n, s in (("", shape.name), ("_1", reduced))]
    graph.replace(node, "FloorDiv", safe_shape_div(graph, node, *products), T=int32)


def sparse_cross_entropy(graph, node):
    """The gradient that comes with the loss passes `PreventGradient`."""
    readers = [other for other in graph.nodes if f"{node.name}:1" in other.input]
    for reader in readers[:1]:
        message = tf.AttrValue(s=b"Currently there is no way to take the second derivative of "
                               b"sparse_softmax_cross_entropy_with_logits due to the fused implementation's interaction with tf.gradients()")
        guard = graph.add(reader, "PreventGradient", "PreventGradient", [f"{node.name}:1"], **keep(node, "T"), message=message)
    for reader in readers:
        inputs = [guard if name == f"{node.name}:1" else name for name in reader.input]
        del reader.input[:]
        reader.input.extend(inputs)


RULES = {
    "AddV2": add, "BatchMatMulV2": batch_matmul, "BroadcastTo": broadcast_to, "ConcatV2": concat, "DivNoNan": div_no_nan,
    "FusedBatchNormV3": batch_norm, "FusedBatchNormGradV3": batch_norm_grad, "GatherV2": gather, "Prod": mean_grad,
    "RealDiv": real_div, "SelectV2": select, "SparseSoftmaxCrossEntropyWithLogits": sparse_cross_entropy, "VariableV2": variable,
}
# TensorFlow refuses these names to graphs of version 17 and later.
UNTIL_16 = {"Reciprocal": "Inv", "ReciprocalGrad": "InvGrad"}


def drop_newer(node):
    definition = op_def_registry.get(node.op)
    defaults = {attr.name: attr.default_value for attr in definition.attr if attr.HasField("default_value")}
    for name in NEWER.get(node.op, []):
        if name in node.attr and node.attr[name] == defaults.get(name):
            del node.attr[name]


def without_unread(nodes, kept):
    """Constants that only the rewritten nodes read are gone, with what led to them."""
    while True:
        read = {node_and_output(name.lstrip("^"))[0] for node in nodes for name in node.input}
        left = [node for node in nodes if node.name in read or node.name in kept]
        if len(left) == len(nodes):
            return nodes
        nodes = left


def with_output_shapes(graph_def):
    """`_output_shapes`, which `export_meta_graph` wrote into each node."""
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")
    for node in graph_def.node:
        shapes = [output.shape.as_proto() for output in graph.get_operation_by_name(node.name).outputs]
        if shapes:
            node.attr["_output_shapes"].list.shape.extend(shapes)


def old_dialect(graph_def, producer=26):
    """The graph as TensorFlow of `producer`'s days wrote it: 8 to 27."""
    source = tf.GraphDef.FromString(graph_def.SerializeToString())
    graph = Graph(source)
    rules = dict(RULES)
    if producer < 17:
        rules.update({new: (lambda _, node, old=old: setattr(node, "op", old)) for new, old in UNTIL_16.items()})
    for node in graph.nodes:
        drop_newer(node)
        if node.op in rules:
            rules[node.op](graph, node)
    results = {node.name for node in graph.nodes if graph.is_unread(node)} - graph.needless
    nodes = [new for node in graph.nodes for new in graph.before[node.name] + [node]]
    old = tf.GraphDef(node=without_unread(nodes, results))
    old.versions.producer = producer
    with_output_shapes(old)
    return old


def main():
    source, target = sys.argv[1:3]
    with open(source, "rb") as file:
        graph_def = tf.GraphDef.FromString(file.read())
    with open(target, "wb") as file:
        file.write(old_dialect(graph_def, *map(int, sys.argv[3:])).SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
