//! TensorFlow's protocol-buffer messages for graphs, declared by hand.

use std::collections::BTreeMap;

use prost::Message;

use super::text::FileMessage;
use crate::error::Result;

/// A graph. TF: `GraphDef`.
#[derive(Clone, PartialEq, Message)]
pub struct GraphDef {
    /// The nodes.
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<NodeDef>,
    /// The function library, as it came.
    #[prost(message, optional, tag = "2")]
    pub library: Option<FunctionDefLibrary>,
    /// The old version number.
    #[prost(int32, tag = "3")]
    pub version: i32,
    /// Which TensorFlow wrote the graph and which can read it.
    #[prost(message, optional, tag = "4")]
    pub versions: Option<VersionDef>,
    /// Where the nodes were built, as it came. TF: `GraphDebugInfo`.
    #[prost(bytes = "vec", optional, tag = "5")]
    pub debug_info: Option<Vec<u8>>,
}

/// Functions that a graph calls; kept, not looked into. TF: `FunctionDefLibrary`.
#[derive(Clone, PartialEq, Message)]
pub struct FunctionDefLibrary {
    /// The functions.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub function: Vec<Vec<u8>>,
    /// Their gradients.
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub gradient: Vec<Vec<u8>>,
    /// Gradients that were registered.
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub registered_gradients: Vec<Vec<u8>>,
}

/// Which TensorFlow wrote a graph and which can read it. TF: `VersionDef`.
#[derive(Clone, PartialEq, Message)]
pub struct VersionDef {
    /// The version of the writer.
    #[prost(int32, tag = "1")]
    pub producer: i32,
    /// The oldest version that can read it.
    #[prost(int32, tag = "2")]
    pub min_consumer: i32,
    /// Versions that must not read it.
    #[prost(int32, repeated, tag = "3")]
    pub bad_consumers: Vec<i32>,
}

/// A node. TF: `NodeDef`.
#[derive(Clone, PartialEq, Message)]
pub struct NodeDef {
    /// The unique name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The operation.
    #[prost(string, tag = "2")]
    pub op: String,
    /// The inputs, `node` or `node:output`, and after them the control inputs, `^node`.
    #[prost(string, repeated, tag = "3")]
    pub input: Vec<String>,
    /// Where it should run.
    #[prost(string, tag = "4")]
    pub device: String,
    /// The attributes.
    #[prost(btree_map = "string, message", tag = "5")]
    pub attr: BTreeMap<String, AttrValue>,
    /// What it was made of, as it came. TF: `NodeDef.ExperimentalDebugInfo`.
    #[prost(bytes = "vec", optional, tag = "6")]
    pub experimental_debug_info: Option<Vec<u8>>,
    /// The types of its outputs in full, as they came. TF: `FullTypeDef`.
    #[prost(bytes = "vec", optional, tag = "7")]
    pub experimental_type: Option<Vec<u8>>,
}

/// The value of an attribute. TF: `AttrValue`.
#[derive(Clone, PartialEq, Message)]
pub struct AttrValue {
    /// The value.
    #[prost(oneof = "attr_value::Value", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10")]
    pub value: Option<attr_value::Value>,
}

/// The parts of [`AttrValue`].
pub mod attr_value {
    use super::{ListValue, NameAttrList, TensorProto, TensorShapeProto};

    /// The value of an attribute.
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Value {
        /// Several values.
        #[prost(message, tag = "1")]
        List(ListValue),
        /// A string.
        #[prost(bytes, tag = "2")]
        S(Vec<u8>),
        /// A whole number.
        #[prost(int64, tag = "3")]
        I(i64),
        /// A floating-point number.
        #[prost(float, tag = "4")]
        F(f32),
        /// A truth value.
        #[prost(bool, tag = "5")]
        B(bool),
        /// A data type.
        #[prost(int32, tag = "6")]
        Type(i32),
        /// A shape.
        #[prost(message, tag = "7")]
        Shape(TensorShapeProto),
        /// A constant.
        #[prost(message, boxed, tag = "8")]
        Tensor(Box<TensorProto>),
        /// The name of an argument of a function.
        #[prost(string, tag = "9")]
        Placeholder(String),
        /// A function.
        #[prost(message, tag = "10")]
        Func(NameAttrList),
    }
}

/// Several values of an attribute. TF: `AttrValue.ListValue`.
#[derive(Clone, PartialEq, Message)]
pub struct ListValue {
    /// Strings.
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub s: Vec<Vec<u8>>,
    /// Whole numbers.
    #[prost(int64, repeated, tag = "3")]
    pub i: Vec<i64>,
    /// Floating-point numbers.
    #[prost(float, repeated, tag = "4")]
    pub f: Vec<f32>,
    /// Truth values.
    #[prost(bool, repeated, tag = "5")]
    pub b: Vec<bool>,
    /// Data types.
    #[prost(int32, repeated, tag = "6")]
    pub r#type: Vec<i32>,
    /// Shapes.
    #[prost(message, repeated, tag = "7")]
    pub shape: Vec<TensorShapeProto>,
    /// Constants.
    #[prost(message, repeated, tag = "8")]
    pub tensor: Vec<TensorProto>,
    /// Functions.
    #[prost(message, repeated, tag = "9")]
    pub func: Vec<NameAttrList>,
}

/// A function with its attributes. TF: `NameAttrList`.
#[derive(Clone, PartialEq, Message)]
pub struct NameAttrList {
    /// The function.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its attributes.
    #[prost(btree_map = "string, message", tag = "2")]
    pub attr: BTreeMap<String, AttrValue>,
}

/// A shape. TF: `TensorShapeProto`.
#[derive(Clone, PartialEq, Message)]
pub struct TensorShapeProto {
    /// The dimensions.
    #[prost(message, repeated, tag = "2")]
    pub dim: Vec<Dim>,
    /// Whether not even their number is known.
    #[prost(bool, tag = "3")]
    pub unknown_rank: bool,
}

/// One dimension. TF: `TensorShapeProto.Dim`.
#[derive(Clone, PartialEq, Message)]
pub struct Dim {
    /// The size; -1 if it is not known.
    #[prost(int64, tag = "1")]
    pub size: i64,
    /// A name.
    #[prost(string, tag = "2")]
    pub name: String,
}

/// A constant array. TF: `TensorProto`.
#[derive(Clone, PartialEq, Message)]
pub struct TensorProto {
    /// The data type.
    #[prost(int32, tag = "1")]
    pub dtype: i32,
    /// The shape.
    #[prost(message, optional, tag = "2")]
    pub tensor_shape: Option<TensorShapeProto>,
    /// The version of this format.
    #[prost(int32, tag = "3")]
    pub version_number: i32,
    /// The elements, row-major, little-endian; or else one of the lists below.
    #[prost(bytes = "vec", tag = "4")]
    pub tensor_content: Vec<u8>,
    /// float32.
    #[prost(float, repeated, tag = "5")]
    pub float_val: Vec<f32>,
    /// float64.
    #[prost(double, repeated, tag = "6")]
    pub double_val: Vec<f64>,
    /// int32, int16, int8, uint8, uint16.
    #[prost(int32, repeated, tag = "7")]
    pub int_val: Vec<i32>,
    /// Strings.
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub string_val: Vec<Vec<u8>>,
    /// complex64, real and imaginary parts in turn.
    #[prost(float, repeated, tag = "9")]
    pub scomplex_val: Vec<f32>,
    /// int64.
    #[prost(int64, repeated, tag = "10")]
    pub int64_val: Vec<i64>,
    /// bool.
    #[prost(bool, repeated, tag = "11")]
    pub bool_val: Vec<bool>,
    /// complex128, real and imaginary parts in turn.
    #[prost(double, repeated, tag = "12")]
    pub dcomplex_val: Vec<f64>,
    /// float16 and bfloat16, the bits of each.
    #[prost(int32, repeated, tag = "13")]
    pub half_val: Vec<i32>,
    /// Handles, as they came.
    #[prost(bytes = "vec", repeated, tag = "14")]
    pub resource_handle_val: Vec<Vec<u8>>,
    /// Variants, as they came.
    #[prost(bytes = "vec", repeated, tag = "15")]
    pub variant_val: Vec<Vec<u8>>,
    /// uint32.
    #[prost(uint32, repeated, tag = "16")]
    pub uint32_val: Vec<u32>,
    /// uint64.
    #[prost(uint64, repeated, tag = "17")]
    pub uint64_val: Vec<u64>,
    /// Eight-bit floating-point numbers.
    #[prost(bytes = "vec", tag = "18")]
    pub float8_val: Vec<u8>,
}

impl GraphDef {
    /// Reads a graph from the bytes of a `.pb` file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::read_bytes(bytes)
    }

    /// The bytes of a `.pb` file.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn messages_survive_a_round_trip_and_noise_is_refused() {
        let node = NodeDef { name: "a/b".into(), op: "NoOp".into(), input: vec!["^c".into()], ..Default::default() };
        let graph = GraphDef { node: vec![node], ..Default::default() };
        assert_eq!(GraphDef::from_bytes(&graph.to_bytes()).unwrap(), graph);
        let error = GraphDef::from_bytes(&[0xff; 9]).unwrap_err();
        assert!(error.to_string().starts_with("DataLoss: these 9 bytes are not a GraphDef: "), "{error}");
    }
}
