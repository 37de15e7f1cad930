//! Graph ↔ GraphDef, the same for all operations.

use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::format::proto::{
    AttrValue, Dim, GraphDef, ListValue, NodeDef, TensorProto, TensorShapeProto, VersionDef, attr_value::Value as Proto,
};
use crate::graph::{Attr, AttrList, Attrs, Fact, Graph, Node, NodeId, Port, Written};
use crate::op::{complete_attrs, infer_outputs};
use crate::ops;
use crate::shape::{PartialShape, Shape};
use crate::value::{Bytes, Element, Value};

/// Low enough for every TensorFlow 1.x, and accepted by 2.x.
const PRODUCER: i32 = 27;

impl Graph {
    /// The graph as TensorFlow writes it. TF: `graph.as_graph_def()`. Errors of building come back here.
    ///
    /// ```
    /// use flowstone as tf;
    /// let _x = tf::placeholder(tf::float32, (None, 3)).named("x");
    /// let def = tf::get_default_graph().as_graph_def()?;
    /// assert_eq!((def.node[0].name.as_str(), def.node[0].op.as_str()), ("x", "Placeholder"));
    /// # Ok::<(), tf::Error>(())
    /// ```
    pub fn as_graph_def(&self) -> Result<GraphDef> {
        self.check()?;
        let state = self.lock();
        let name_of = |id: NodeId| state.node(id).map_or("", |node| &*node.name);
        let input = |port: &Port| match port.output {
            0 => name_of(port.node).to_owned(),
            output => format!("{}:{output}", name_of(port.node)),
        };
        let node_def = |node: &Node| {
            let mut controls: Vec<String> = node.controls.iter().map(|id| format!("^{}", name_of(*id))).collect();
            controls.sort();
            Ok(NodeDef {
                name: node.name.to_string(),
                op: node.op.to_string(),
                input: node.inputs.iter().map(input).chain(controls).collect(),
                device: node.device.to_string(),
                attr: node
                    .attrs
                    .iter()
                    .map(|(name, attr)| Ok((name.to_string(), attr_value(attr)?)))
                    .collect::<Result<_>>()?,
            })
        };
        let node = state.nodes().iter().map(node_def).collect::<Result<_>>()?;
        let versions = Some(VersionDef { producer: PRODUCER, ..Default::default() });
        Ok(GraphDef { node, library: None, version: 0, versions })
    }

    /// A graph with the nodes of `def`. An operation that Flowstone does not have, a missing input, a wrong attribute and
    /// a cycle are errors that name the node.
    #[track_caller]
    pub fn from_graph_def(def: &GraphDef) -> Result<Graph> {
        let graph = Graph::new();
        let line = Location::caller();
        for node in in_order(def)? {
            let at = |error: Error| error.retitled(&node.op).at(&node.name, Some(line));
            let node = import(&graph, node, line).map_err(at)?;
            graph.insert(node)?;
        }
        Ok(graph)
    }
}

/// The nodes, each after its inputs; those written first come first where there is a choice.
fn in_order(def: &GraphDef) -> Result<Vec<&NodeDef>> {
    use std::collections::HashMap;
    let places: HashMap<&str, usize> = def.node.iter().enumerate().map(|(i, node)| (node.name.as_str(), i)).collect();
    let mut waits = vec![0usize; def.node.len()];
    let mut followers = vec![Vec::new(); def.node.len()];
    for (i, node) in def.node.iter().enumerate() {
        for input in &node.input {
            let (name, _) = parse_input(input);
            let source = places.get(name).ok_or_else(|| {
                Error::invalid_argument(format!("input '{input}' does not exist")).at_line(&node.name, None)
            })?;
            waits[i] += 1;
            followers[*source].push(i);
        }
    }
    let mut ready: std::collections::BinaryHeap<std::cmp::Reverse<usize>> =
        (0..waits.len()).filter(|&i| waits[i] == 0).map(std::cmp::Reverse).collect();
    let mut order = Vec::with_capacity(waits.len());
    while let Some(std::cmp::Reverse(i)) = ready.pop() {
        order.push(&def.node[i]);
        for &next in &followers[i] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(std::cmp::Reverse(next));
            }
        }
    }
    match waits.iter().position(|&n| n > 0) {
        Some(stuck) => Err(Error::invalid_argument("the graph has a cycle").at_line(&def.node[stuck].name, None)),
        None => Ok(order),
    }
}

/// The node's name and the output of `node:output`; no output for `^node`.
fn parse_input(input: &str) -> (&str, Option<u32>) {
    if let Some(control) = input.strip_prefix('^') {
        return (control, None);
    }
    match input.rsplit_once(':').and_then(|(name, output)| Some((name, output.parse().ok()?))) {
        Some((name, output)) => (name, Some(output)),
        None => (input, Some(0)),
    }
}

fn import(graph: &Graph, def: &NodeDef, line: &'static Location<'static>) -> Result<Node> {
    let op = ops::lookup(&def.op).ok_or_else(|| Error::unimplemented("there is no such operation"))?;
    let mut attrs = Attrs::new();
    for (name, attr) in &def.attr {
        attrs.insert(Arc::from(name.as_str()), attr_of(attr).map_err(|e| e.retitled(&format!("attribute {name}")))?);
    }
    complete_attrs(op.signature()?, &mut attrs)?;
    let (mut inputs, mut controls, mut facts) = (SmallVec::new(), Vec::new(), Vec::new());
    for input in &def.input {
        let (name, output) = parse_input(input);
        let node = graph.get_operation_by_name(name)?.node;
        let Some(output) = output else {
            controls.push(node);
            continue;
        };
        let fact: Option<Fact> = graph.lock().node(node).and_then(|node| node.outputs.get(output as usize).cloned());
        facts.push(fact.ok_or_else(|| Error::invalid_argument(format!("input '{input}' does not exist")))?);
        inputs.push(Port { node, output });
    }
    crate::op::check_inputs(op.signature()?, &attrs, &facts)?;
    let outputs = infer_outputs(op, &attrs, &facts)?;
    Ok(Node {
        name: def.name.as_str().into(),
        op: op.signature()?.name.clone(),
        inputs,
        controls,
        attrs,
        outputs,
        device: def.device.as_str().into(),
        location: line,
    })
}

fn shape_proto(shape: &PartialShape) -> TensorShapeProto {
    let size = |dim: &Option<usize>| Dim { size: dim.map_or(-1, |n| n as i64), name: String::new() };
    TensorShapeProto {
        dim: shape.dims().map(|dims| dims.iter().map(size).collect()).unwrap_or_default(),
        unknown_rank: shape.dims().is_none(),
    }
}

fn shape_of(proto: &TensorShapeProto) -> Result<PartialShape> {
    use crate::shape::IntoShape;
    if proto.unknown_rank {
        return Ok(PartialShape::unknown());
    }
    proto.dim.iter().map(|dim| dim.size).collect::<Vec<i64>>().into_shape()
}

fn attr_value(attr: &Attr) -> Result<AttrValue> {
    let value = match attr {
        Attr::Str(s) => Proto::S(s.to_vec()),
        Attr::Int(i) => Proto::I(*i),
        Attr::Float(x) => Proto::F(*x),
        Attr::Bool(b) => Proto::B(*b),
        Attr::Type(t) => Proto::Type(t.code()),
        Attr::Shape(s) => Proto::Shape(shape_proto(s)),
        Attr::Tensor(v, written) => Proto::Tensor(tensor_proto(v, *written)?),
        Attr::List(list) => Proto::List(match list {
            AttrList::Empty => ListValue::default(),
            AttrList::Str(s) => ListValue { s: s.iter().map(|s| s.to_vec()).collect(), ..Default::default() },
            AttrList::Int(i) => ListValue { i: i.clone(), ..Default::default() },
            AttrList::Float(f) => ListValue { f: f.clone(), ..Default::default() },
            AttrList::Bool(b) => ListValue { b: b.clone(), ..Default::default() },
            AttrList::Type(t) => ListValue { r#type: t.iter().map(|t| t.code()).collect(), ..Default::default() },
            AttrList::Shape(s) => ListValue { shape: s.iter().map(shape_proto).collect(), ..Default::default() },
        }),
    };
    Ok(AttrValue { value: Some(value) })
}

fn dtype_of(code: i32) -> Result<DType> {
    DType::from_code(code).ok_or_else(|| Error::unimplemented(format!("data type number {code}")))
}

fn attr_of(proto: &AttrValue) -> Result<Attr> {
    Ok(match proto.value.as_ref().ok_or_else(|| Error::invalid_argument("it has no value"))? {
        Proto::S(s) => Attr::Str(s.as_slice().into()),
        Proto::I(i) => Attr::Int(*i),
        Proto::F(x) => Attr::Float(*x),
        Proto::B(b) => Attr::Bool(*b),
        Proto::Type(t) => Attr::Type(dtype_of(*t)?),
        Proto::Shape(s) => Attr::Shape(shape_of(s)?),
        Proto::Tensor(t) => {
            let value = value_of(t)?;
            let written = if t.tensor_content.is_empty() { Written::Elements(listed(t)) } else { Written::Bytes };
            Attr::Tensor(value, written)
        }
        Proto::Placeholder(_) | Proto::Func(_) => return Err(Error::unimplemented("functions")),
        Proto::List(list) => Attr::List(if !list.s.is_empty() {
            AttrList::Str(list.s.iter().map(|s| s.as_slice().into()).collect())
        } else if !list.i.is_empty() {
            AttrList::Int(list.i.clone())
        } else if !list.f.is_empty() {
            AttrList::Float(list.f.clone())
        } else if !list.b.is_empty() {
            AttrList::Bool(list.b.clone())
        } else if !list.r#type.is_empty() {
            AttrList::Type(list.r#type.iter().map(|t| dtype_of(*t)).collect::<Result<_>>()?)
        } else if !list.shape.is_empty() {
            AttrList::Shape(list.shape.iter().map(shape_of).collect::<Result<_>>()?)
        } else if list.tensor.is_empty() && list.func.is_empty() {
            AttrList::Empty
        } else {
            return Err(Error::unimplemented("lists of constants or functions"));
        }),
    })
}

fn tensor_proto(value: &Value, written: Written) -> Result<TensorProto> {
    let mut proto = TensorProto {
        dtype: value.dtype().code(),
        tensor_shape: Some(shape_proto(&value.shape().into())),
        ..Default::default()
    };
    let Written::Elements(n) = written else {
        proto.tensor_content = dispatch!(value.dtype(), plain, T => value.as_slice::<T>().map(T::to_bytes))?;
        return Ok(proto);
    };
    match value.dtype() {
        DType::Float32 => proto.float_val = first(value, n)?,
        DType::Float64 => proto.double_val = first(value, n)?,
        DType::Int32 => proto.int_val = first(value, n)?,
        DType::Int64 => proto.int64_val = first(value, n)?,
        DType::UInt8 => proto.int_val = first::<u8>(value, n)?.into_iter().map(i32::from).collect(),
        DType::Bool => proto.bool_val = first(value, n)?,
        DType::String => proto.string_val = first(value, n)?,
        other => return crate::value::unsupported(other),
    }
    Ok(proto)
}

fn first<T: Element>(value: &Value, n: usize) -> Result<Vec<T>> {
    Ok(value.as_slice()?.iter().take(n).cloned().collect())
}

/// How many elements are listed one by one.
fn listed(proto: &TensorProto) -> usize {
    let counts = [
        proto.float_val.len(),
        proto.double_val.len(),
        proto.int_val.len(),
        proto.int64_val.len(),
        proto.bool_val.len(),
        proto.string_val.len(),
    ];
    counts.into_iter().max().unwrap_or(0)
}

/// Fewer listed elements than the shape asks for: the last one is repeated.
fn value_of(proto: &TensorProto) -> Result<Value> {
    let dtype = dtype_of(proto.dtype)?;
    let shape = proto.tensor_shape.as_ref().map_or(Ok(PartialShape::scalar()), shape_of)?;
    let shape = shape.known().ok_or_else(|| Error::invalid_argument(format!("a constant of shape {shape}")))?;
    match dtype {
        DType::Float32 => numbers(proto, shape, &proto.float_val),
        DType::Float64 => numbers(proto, shape, &proto.double_val),
        DType::Int32 => numbers(proto, shape, &proto.int_val),
        DType::Int64 => numbers(proto, shape, &proto.int64_val),
        DType::UInt8 => numbers(proto, shape, &proto.int_val.iter().map(|x| *x as u8).collect::<Vec<_>>()),
        DType::Bool => numbers(proto, shape, &proto.bool_val),
        DType::String => filled(shape, &proto.string_val),
        other => crate::value::unsupported(other),
    }
}

fn numbers<T: Bytes>(proto: &TensorProto, shape: Shape, list: &[T]) -> Result<Value> {
    if proto.tensor_content.is_empty() {
        return filled(shape, list);
    }
    let (found, needed) = (proto.tensor_content.len(), shape.num_elements()?.saturating_mul(T::DTYPE.size()));
    if found != needed {
        return Err(Error::invalid_argument(format!("a constant of shape {shape} has {found} bytes, not {needed}")));
    }
    Value::new(shape, T::from_bytes(&proto.tensor_content))
}

/// No constant that is written short may grow beyond this.
const MOST_REPEATED: usize = 1 << 28;

fn filled<T: Element>(shape: Shape, list: &[T]) -> Result<Value> {
    let n = shape.num_elements()?;
    if list.len() > n || n > MOST_REPEATED.max(list.len()) {
        return Err(Error::invalid_argument(format!("a constant of shape {shape} lists {} elements", list.len())));
    }
    let mut elements = list.to_vec();
    elements.resize(n, list.last().cloned().unwrap_or_default());
    Value::new(shape, elements)
}
