//! Attributes, shapes and constants ↔ their messages.

use std::collections::BTreeMap;

use prost::Message;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::format::proto::{AttrValue, Dim, ListValue, TensorProto, TensorShapeProto, attr_value::Value as Proto};
use crate::graph::{Attr, AttrList, Attrs, Written};
use crate::shape::{PartialShape, Shape};
use crate::sort::map;
use crate::value::{Bytes, Element, Value};

pub(crate) fn shape_proto(shape: &PartialShape) -> TensorShapeProto {
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

/// The attributes of a node as TensorFlow writes them.
pub(crate) fn attr_values(attrs: &Attrs) -> Result<BTreeMap<String, AttrValue>> {
    let pairs = attrs.iter().map(|(name, attr)| Ok((name.to_string(), attr_value(attr)?)));
    Ok(map(pairs.collect::<Result<Vec<_>>>()?))
}

/// The attribute as TensorFlow writes it.
fn attr_value(attr: &Attr) -> Result<AttrValue> {
    let value = match attr {
        Attr::Str(s) => Proto::S(s.to_vec()),
        Attr::Int(i) => Proto::I(*i),
        Attr::Float(x) => Proto::F(*x),
        Attr::Bool(b) => Proto::B(*b),
        Attr::Type(t) => Proto::Type(t.code()),
        Attr::Shape(s) => Proto::Shape(shape_proto(s)),
        Attr::Tensor(v, written) => Proto::Tensor(Box::new(tensor_proto(v, *written)?)),
        Attr::Other(bytes) => {
            let kept = AttrValue::decode(&**bytes);
            return kept.map_err(|e| Error::internal(format!("an attribute that was kept cannot be read: {e}")));
        }
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

/// The attribute of a constant that TensorFlow writes for `value`.
pub(crate) fn constant_attr(value: &Value) -> Result<AttrValue> {
    attr_value(&Attr::Tensor(value.clone(), Written::usual(value)))
}

/// The attribute as it came, if nothing here computes with its like; an error if it contradicts itself.
pub(super) fn attr_of(proto: &AttrValue) -> Result<Attr> {
    let known = match &proto.value {
        Some(Proto::S(s)) => Some(Attr::Str(s.as_slice().into())),
        Some(Proto::I(i)) => Some(Attr::Int(*i)),
        Some(Proto::F(x)) => Some(Attr::Float(*x)),
        Some(Proto::B(b)) => Some(Attr::Bool(*b)),
        Some(Proto::Type(t)) => DType::from_code(*t).map(Attr::Type),
        Some(Proto::Shape(s)) => plain_shape(s)?.map(Attr::Shape),
        Some(Proto::Tensor(t)) => constant_of(t)?,
        Some(Proto::List(list)) => list_of(list)?.map(Attr::List),
        Some(Proto::Placeholder(_) | Proto::Func(_)) | None => None,
    };
    Ok(known.unwrap_or_else(|| Attr::Other(proto.encode_to_vec().into())))
}

/// The shape, unless its dimensions have names.
fn plain_shape(proto: &TensorShapeProto) -> Result<Option<PartialShape>> {
    let plain = proto.dim.iter().all(|dim| dim.name.is_empty());
    plain.then(|| shape_of(proto)).transpose()
}

/// The list, if it holds one kind of what we know.
fn list_of(list: &ListValue) -> Result<Option<AttrList>> {
    let counts = [list.s.len(), list.i.len(), list.f.len(), list.b.len(), list.r#type.len(), list.shape.len()];
    if !list.tensor.is_empty() || !list.func.is_empty() || counts.iter().filter(|&&count| count > 0).count() > 1 {
        return Ok(None);
    }
    Ok(match counts.iter().position(|&count| count > 0) {
        None => Some(AttrList::Empty),
        Some(0) => Some(AttrList::Str(list.s.iter().map(|s| s.as_slice().into()).collect())),
        Some(1) => Some(AttrList::Int(list.i.clone())),
        Some(2) => Some(AttrList::Float(list.f.clone())),
        Some(3) => Some(AttrList::Bool(list.b.clone())),
        Some(4) => list.r#type.iter().map(|t| DType::from_code(*t)).collect::<Option<_>>().map(AttrList::Type),
        Some(_) => list.shape.iter().map(plain_shape).collect::<Result<Option<_>>>()?.map(AttrList::Shape),
    })
}

/// The constant, if its data type has a Rust type.
fn constant_of(proto: &TensorProto) -> Result<Option<Attr>> {
    let Some(dtype) = DType::from_code(proto.dtype).filter(|dtype| dtype.has_storage()) else { return Ok(None) };
    let written = if proto.tensor_content.is_empty() { Written::Elements(listed(proto)) } else { Written::Bytes };
    Ok(Some(Attr::Tensor(value_of(dtype, proto)?, written)))
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
fn value_of(dtype: DType, proto: &TensorProto) -> Result<Value> {
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
