"""Prints the table in src/format/text/messages.rs out of TensorFlow's own descriptors: what the fields of its messages are
called. python tests/golden/make_schema.py > src/format/text/messages.rs"""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from google.protobuf.descriptor import FieldDescriptor as F
from tensorflow.core.framework import graph_pb2, tensor_description_pb2, variable_pb2
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2, saved_model_pb2
from tensorflow.core.util import event_pb2
from tensorflow.python.training import checkpoint_state_pb2

KINDS = {F.TYPE_BOOL: "Bool", F.TYPE_INT32: "Int", F.TYPE_INT64: "Int", F.TYPE_UINT32: "Int", F.TYPE_UINT64: "Unsigned",
         F.TYPE_FLOAT: "Float", F.TYPE_DOUBLE: "Double", F.TYPE_FIXED32: "Fixed32", F.TYPE_FIXED64: "Fixed64", F.TYPE_SINT32: "Zigzag", F.TYPE_SINT64: "Zigzag", F.TYPE_STRING: "String", F.TYPE_BYTES: "Bytes"}
messages, enums = {}, {}

def shout(name):
    out = ""
    for i, c in enumerate(name):
        out += "_" if c.isupper() and i and not name[i - 1].isupper() else ""
        out += c.upper()
    return out

def name_of(descriptor):
    name = shout(descriptor.name)
    return name if descriptor.containing_type is None else name_of(descriptor.containing_type) + "_" + name

def visit(descriptor):
    if name_of(descriptor) in messages or descriptor.file.package == "google.protobuf" and descriptor.name != "Any":
        return
    messages[name_of(descriptor)] = fields = []
    for field in descriptor.fields:
        if field.type == F.TYPE_ENUM:
            enum = shout(field.enum_type.name) if field.enum_type.containing_type is None else name_of(field.enum_type.containing_type) + "_" + shout(field.enum_type.name)
            enums[enum] = [(v.name, v.number) for v in field.enum_type.values]
            kind = "Enum(%s)" % enum
        elif field.type == F.TYPE_MESSAGE:
            if field.message_type.file.package == "google.protobuf" and field.message_type.name != "Any":
                kind = "Bytes"
            else:
                visit(field.message_type)
                is_map = field.message_type.GetOptions().map_entry
                kind = "%s(&%s)" % ("Map" if is_map else "Message", name_of(field.message_type))
        else:
            kind = KINDS[field.type]
        many = field.label == F.LABEL_REPEATED
        packable = field.type not in (F.TYPE_STRING, F.TYPE_BYTES, F.TYPE_MESSAGE)
        fields.append((field.name, field.number, kind, "Packed" if many and packable else "Many" if many else "One"))

ROOTS = (graph_pb2.GraphDef, meta_graph_pb2.MetaGraphDef, saved_model_pb2.SavedModel, variable_pb2.VariableDef,
         checkpoint_state_pb2.CheckpointState, event_pb2.Event, config_pb2.RunMetadata, tensor_description_pb2.TensorDescription)
for root in ROOTS:
    visit(root.DESCRIPTOR)
print("//! What the fields of TensorFlow's messages are called. Made by `tests/golden/make_schema.py`.")
print("#![cfg_attr(rustfmt, rustfmt_skip)]\n")
print("use super::schema::{Kind::{Bool, Bytes, Double, Enum, Fixed64, Float, Int, Map, Message as M, String as Text, Unsigned, Zigzag}, Label::{Many, One, Packed}, Message, field as f};\n")
for name, values in sorted(enums.items()):
    print("static %s: &[(&str, i32)] = &[%s];" % (name, ", ".join('("%s", %d)' % v for v in values)))
for name, fields in sorted(messages.items()):
    public = "pub(super) " if name in [name_of(root.DESCRIPTOR) for root in ROOTS] else ""
    print("%sstatic %s: Message = Message { fields: &[%s] };" % (public, name, ", ".join(
        'f("%s", %d, %s, %s)' % (n, i, k.replace("Message(", "M(").replace("String", "Text"), l) for n, i, k, l in sorted(fields, key=lambda f: f[1]))))
