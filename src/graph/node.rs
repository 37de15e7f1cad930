//! One node of a graph as plain data.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use indexmap::IndexMap;
use smallvec::SmallVec;

use super::ContextRef;
use crate::dtype::DType;
use crate::shape::PartialShape;
use crate::value::Value;

/// The place of a node in its graph: dense, in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The node of a handle whose operation could not be built.
    pub(crate) const POISON: NodeId = NodeId(u32::MAX);

    /// The place as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One output of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Port {
    /// The node.
    pub node: NodeId,
    /// Which of its outputs.
    pub output: u32,
}

/// Integers of more elements than this are not followed through the graph.
pub const LONGEST_INTEGERS: usize = 256;

/// The integers of an output of rank 0, 1 or 2, as far as they are known before the graph runs.
pub type Integers = Arc<[Option<i64>]>;

/// What is known of one output before the graph runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// The data type.
    pub dtype: DType,
    /// The shape, as far as it is known.
    pub shape: PartialShape,
    /// Whether the output is a variable itself rather than its value: a `_REF` type in TensorFlow.
    pub is_ref: bool,
    /// The integers themselves, where they follow from shapes and constants.
    pub integers: Option<Integers>,
    /// What a handle ([`DType::Resource`]) stands for.
    pub handle: Option<Arc<Handle>>,
}

/// What is known of the variable that a handle stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Handle {
    /// The data type of its value.
    pub dtype: DType,
    /// The shape of its value, as far as it is known.
    pub shape: PartialShape,
}

impl Fact {
    /// An output of this data type and shape.
    pub fn new(dtype: DType, shape: PartialShape) -> Self {
        Fact { dtype, shape, is_ref: false, integers: None, handle: None }
    }

    /// Whether the output is an array, not a variable itself or its handle.
    pub fn is_value(&self) -> bool {
        !self.is_ref && self.dtype != DType::Resource
    }

    /// An output with this value.
    pub fn of(value: &Value) -> Self {
        let small = value.shape().rank() <= 2 && value.len() <= LONGEST_INTEGERS;
        let integers = value.integers().ok().filter(|_| small).map(|all| all.into_iter().map(Some).collect());
        Fact { integers, ..Fact::new(value.dtype(), value.shape().into()) }
    }
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Attr {
    /// A string.
    Str(Arc<[u8]>),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f32),
    /// A truth value.
    Bool(bool),
    /// A data type.
    Type(DType),
    /// A shape.
    Shape(PartialShape),
    /// A constant array, and how it is written.
    Tensor(Value, Written),
    /// Several values of one kind.
    List(AttrList),
    /// What nothing here computes with (a function, a constant of a rare type), as it came from a file.
    Other(Arc<[u8]>),
}

/// How a constant array is written in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Written {
    /// As bytes.
    Bytes,
    /// So many elements; the last one stands for all that follow.
    Elements(usize),
}

impl Written {
    /// What TensorFlow does with an array that the user gave whole.
    pub fn usual(value: &Value) -> Self {
        match (value.dtype(), value.len()) {
            (DType::String | DType::Bool, n) => Written::Elements(n),
            (_, n @ 0..=1) => Written::Elements(n),
            _ => Written::Bytes,
        }
    }
}

/// A list as the value of an attribute.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AttrList {
    /// Of no element, and so of no kind.
    Empty,
    /// Of strings.
    Str(Vec<Arc<[u8]>>),
    /// Of whole numbers.
    Int(Vec<i64>),
    /// Of floating-point numbers.
    Float(Vec<f32>),
    /// Of truth values.
    Bool(Vec<bool>),
    /// Of data types.
    Type(Vec<DType>),
    /// Of shapes.
    Shape(Vec<PartialShape>),
}

macro_rules! attr_from {
    ($($rust:ty, $x:ident => $attr:expr;)*) => {$(
        impl From<$rust> for Attr {
            fn from($x: $rust) -> Self {
                $attr
            }
        }
    )*};
}
attr_from! {
    &str, s => Attr::Str(s.as_bytes().into());
    i64, i => Attr::Int(i);
    f32, x => Attr::Float(x);
    bool, b => Attr::Bool(b);
    DType, t => Attr::Type(t);
    PartialShape, s => Attr::Shape(s);
    Value, v => {
        let written = Written::usual(&v);
        Attr::Tensor(v, written)
    };
    Vec<i64>, v => Attr::List(if v.is_empty() { AttrList::Empty } else { AttrList::Int(v) });
    Vec<f32>, v => Attr::List(if v.is_empty() { AttrList::Empty } else { AttrList::Float(v) });
    Vec<Arc<[u8]>>, v => Attr::List(if v.is_empty() { AttrList::Empty } else { AttrList::Str(v) });
}

impl fmt::Display for Attr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attr::Str(s) => write!(f, "\"{}\"", s.escape_ascii()),
            Attr::Int(i) => write!(f, "{i}"),
            Attr::Float(x) => write!(f, "{x}"),
            Attr::Bool(b) => write!(f, "{b}"),
            Attr::Type(t) => write!(f, "{t}"),
            Attr::Shape(s) => write!(f, "{s}"),
            Attr::Tensor(v, _) => write!(f, "{} {} {v}", v.dtype(), v.shape()),
            Attr::List(list) => write!(f, "{list:?}"),
            Attr::Other(bytes) => write!(f, "something of {} bytes that is kept as it came", bytes.len()),
        }
    }
}

/// The attributes of a node by name.
pub type Attrs = IndexMap<Arc<str>, Attr>;

/// A node: data without meaning. What its operation's name means stands in that operation's record.
#[derive(Clone, Debug)]
pub struct Node {
    /// The unique name, scopes included: `conv1/Relu`.
    pub name: Arc<str>,
    /// The operation: `Relu`.
    pub op: Arc<str>,
    /// What the node computes with, in order.
    pub inputs: SmallVec<[Port; 2]>,
    /// The nodes that have to run before this one.
    pub controls: Vec<NodeId>,
    /// The attributes.
    pub attrs: Attrs,
    /// What is known of each output.
    pub outputs: SmallVec<[Fact; 1]>,
    /// Where the node should run, as TensorFlow writes it; kept, not obeyed.
    pub device: Arc<str>,
    /// The line of the user's program that built the node.
    pub location: &'static Location<'static>,
    /// What a file said of the node besides.
    pub remarks: Option<Arc<Remarks>>,
    /// The branch or loop that the node was built in.
    pub(crate) context: Option<ContextRef>,
}

/// What a file says of a node that nothing here looks into: kept, and written again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remarks {
    /// What the node was made of. TF: `NodeDef.experimental_debug_info`.
    pub debug_info: Option<Vec<u8>>,
    /// The types of its outputs in full. TF: `NodeDef.experimental_type`.
    pub full_type: Option<Vec<u8>>,
}

impl Node {
    /// `conv1/Relu`, or `conv1/Relu:1` for an output that is not the first.
    pub fn output_name(&self, output: u32) -> String {
        format!("{}:{output}", self.name)
    }
}
