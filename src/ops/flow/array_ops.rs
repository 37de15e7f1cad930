//! The operations of a TensorArray: an array of a run, written and read element by element.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::tensor_array;
use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Flags, Grad, InferCtx, Kernel, KernelCtx, OpDef, Sig, State};
use crate::shape::{PartialShape, Shape};
use crate::value::{Number, Value, room_for};

/// An array of tensors.
#[derive(Debug)]
struct TensorArray {
    dtype: DType,
    grows: bool,
    clears: bool,
    /// All elements have one shape.
    alike: bool,
    /// What is written twice is added up.
    adds: bool,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    elements: Vec<Element>,
    shape: PartialShape,
    /// The arrays of its gradients, by their sources.
    gradients: HashMap<String, Arc<TensorArray>>,
    closed: bool,
}

#[derive(Clone, Debug, Default)]
struct Element {
    value: Option<Value>,
    shape: Option<Shape>,
    written: bool,
    read: bool,
    cleared: bool,
}

impl State for TensorArray {}

/// More elements than this are not asked for.
const MOST: usize = 1 << 28;

impl TensorArray {
    fn inside(&self) -> Result<MutexGuard<'_, Inside>> {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if inside.closed { Err(Error::invalid_argument("the TensorArray is closed")) } else { Ok(inside) }
    }

    fn write(&self, inside: &mut Inside, index: i32, value: Value) -> Result<()> {
        let size = inside.elements.len();
        let place = usize::try_from(index).ok().filter(|&place| place < size || self.grows && place < MOST);
        let place = place.ok_or_else(|| {
            Error::invalid_argument(format!("element {index} is written, but the TensorArray has {size}"))
        })?;
        if value.dtype() != self.dtype {
            let (found, wanted) = (value.dtype(), self.dtype);
            return Err(Error::invalid_argument(format!("a {found} is written to a TensorArray of {wanted}")));
        }
        let shape = PartialShape::from(value.shape());
        let merged = inside.shape.merge(&shape).ok_or_else(|| {
            Error::invalid_argument(format!("an element of shape {shape} is written where {} is wanted", inside.shape))
        })?;
        if self.alike {
            inside.shape = merged;
        }
        if place >= size {
            room_for::<Element>(place + 1)?;
            inside.elements.resize(place + 1, Element::default());
        }
        let element = &mut inside.elements[place];
        if element.read {
            return Err(Error::invalid_argument(format!("element {index} is written after it was read")));
        }
        match element.value.take() {
            Some(before) if self.adds => {
                if before.shape() != value.shape() {
                    let (a, b) = (before.shape(), value.shape());
                    return Err(Error::invalid_argument(format!("element {index} is a sum of shapes {a} and {b}")));
                }
                element.value = Some(sum(before, &value)?);
            }
            before if element.written => {
                element.value = before;
                return Err(Error::invalid_argument(format!("element {index} is written twice")));
            }
            _ => {
                element.shape = Some(value.shape().clone());
                element.value = Some(value.moved_out());
            }
        }
        element.written = true;
        Ok(())
    }

    fn read(&self, inside: &mut Inside, index: i32) -> Result<Value> {
        let size = inside.elements.len();
        let common = inside.shape.known();
        let place = usize::try_from(index).ok().and_then(|place| inside.elements.get_mut(place));
        let element = place.ok_or_else(|| {
            Error::invalid_argument(format!("element {index} is read, but the TensorArray has {size}"))
        })?;
        if element.cleared {
            return Err(Error::invalid_argument(format!("element {index} is read again, but was cleared by a read")));
        }
        let value = match &element.value {
            Some(value) => value.clone(),
            None => match element.shape.clone().or(common) {
                Some(shape) => Value::zeros(self.dtype, shape)?,
                None => {
                    return Err(Error::invalid_argument(format!(
                        "element {index} is read, but was not written, and its shape is not known"
                    )));
                }
            },
        };
        element.read = true;
        if self.clears {
            element.cleared = true;
            element.value = None;
        }
        Ok(value)
    }
}

fn sum(a: Value, b: &Value) -> Result<Value> {
    let mut a = a;
    dispatch!(b.dtype(), numbers, T => {
        let b = b.as_slice::<T>()?;
        a.make_mut::<T>()?.iter_mut().zip(b).for_each(|(a, b)| *a = a.plus(*b));
        Ok(a)
    })
}

/// Several elements as one array, one after the other along a new or the first dimension.
fn joined(dtype: DType, shape: Shape, parts: &[Value]) -> Result<Value> {
    let mut whole = Value::zeros(dtype, shape)?;
    dispatch!(dtype, all, T => {
        let mut rest = whole.make_mut::<T>()?;
        for part in parts {
            let part = part.as_slice::<T>()?;
            let (own, others) = rest.split_at_mut_checked(part.len()).ok_or_else(|| Error::internal("too long"))?;
            own.clone_from_slice(part);
            rest = others;
        }
        Ok(())
    })?;
    Ok(whole)
}

/// Rows `from..from + rows` of `value`, in this shape.
fn part(value: &Value, from: usize, shape: &[usize]) -> Result<Value> {
    let count: usize = shape.iter().product();
    dispatch!(value.dtype(), all, T => {
        let elements = value.as_slice::<T>()?.get(from..from + count);
        let elements = elements.ok_or_else(|| Error::internal("a part that is not there"))?;
        Value::new(shape.iter().copied().collect::<Shape>(), elements.to_vec())
    })
}

fn array(ctx: &KernelCtx) -> Result<Arc<TensorArray>> {
    ctx.inputs.state::<TensorArray>(0)
}

fn scalar(ctx: &mut InferCtx, outputs: usize) -> Result<()> {
    (0..outputs).try_for_each(|o| ctx.set(o, PartialShape::scalar()))
}

fn make(ctx: &mut KernelCtx) -> Result<()> {
    let size = ctx.inputs.value(0)?.item::<i32>()?;
    let size = usize::try_from(size).ok().filter(|&size| size < MOST);
    let size = size.ok_or_else(|| Error::invalid_argument("the size of a TensorArray"))?;
    room_for::<Element>(size)?;
    let attrs = ctx.node.attrs();
    let inside = Inside {
        elements: vec![Element::default(); size],
        shape: attrs.shape("element_shape")?.clone(),
        ..Inside::default()
    };
    let array = TensorArray {
        dtype: attrs.dtype("dtype")?,
        grows: attrs.bool("dynamic_size")?,
        clears: attrs.bool("clear_after_read")?,
        alike: attrs.bool("identical_element_shapes")?,
        adds: false,
        inside: Mutex::new(inside),
    };
    ctx.outputs.set_state(0, Arc::new(array));
    ctx.outputs.set(1, Value::scalar(0.0f32));
    Ok(())
}

/// The array of the gradient to an array: as long, and what is written twice is added up.
fn make_gradient(ctx: &mut KernelCtx) -> Result<()> {
    let forward = array(ctx)?;
    let source = ctx.node.attrs().str("source")?.to_owned();
    let mut inside = forward.inside()?;
    let elements: Vec<Element> =
        inside.elements.iter().map(|element| Element { shape: element.shape.clone(), ..Element::default() }).collect();
    let shape = inside.shape.clone();
    let made = inside.gradients.entry(source).or_insert_with(|| {
        let inside = Inside { elements, shape, ..Inside::default() };
        Arc::new(TensorArray {
            dtype: forward.dtype,
            grows: false,
            clears: forward.clears,
            alike: forward.alike,
            adds: true,
            inside: Mutex::new(inside),
        })
    });
    ctx.outputs.set_state(0, made.clone());
    drop(inside);
    ctx.pass_on(1, 1)
}

fn write(ctx: &mut KernelCtx) -> Result<()> {
    let array = array(ctx)?;
    let (index, value) = (ctx.inputs.value(1)?.item::<i32>()?, ctx.inputs.value(2)?.clone());
    array.write(&mut *array.inside()?, index, value)?;
    ctx.pass_on(3, 0)
}

fn read(ctx: &mut KernelCtx) -> Result<()> {
    let array = array(ctx)?;
    let index = ctx.inputs.value(1)?.item::<i32>()?;
    let value = array.read(&mut *array.inside()?, index)?;
    ctx.outputs.set(0, value);
    Ok(())
}

fn gather(ctx: &mut KernelCtx) -> Result<()> {
    let array = array(ctx)?;
    let indices = ctx.inputs.slice::<i32>(1)?;
    let mut inside = array.inside()?;
    let parts = indices.iter().map(|&index| array.read(&mut inside, index)).collect::<Result<Vec<Value>>>()?;
    let wanted = ctx.node.attrs().shape("element_shape")?;
    let first = match parts.first() {
        Some(first) => first.shape().clone(),
        None => wanted
            .merge(&inside.shape)
            .and_then(|shape| shape.known())
            .ok_or_else(|| Error::unimplemented("no element is gathered, and the shape of an element is not known"))?,
    };
    if let Some(other) = parts.iter().find(|part| *part.shape() != first) {
        let other = other.shape();
        return Err(Error::invalid_argument(format!("elements of shapes {first} and {other} are gathered")));
    }
    let shape: Shape = std::iter::once(parts.len()).chain(first.iter().copied()).collect();
    let whole = joined(array.dtype, shape, &parts)?;
    ctx.outputs.set(0, whole);
    Ok(())
}

fn scatter(ctx: &mut KernelCtx) -> Result<()> {
    let array = array(ctx)?;
    let (indices, value) = (ctx.inputs.slice::<i32>(1)?, ctx.inputs.value(2)?);
    let (count, row) = match value.shape().split_first() {
        Some((count, row)) if *count == indices.len() => (*count, row.to_vec()),
        _ => {
            let (shape, count) = (value.shape(), indices.len());
            return Err(Error::invalid_argument(format!("a value of shape {shape} is scattered to {count} elements")));
        }
    };
    let length: usize = row.iter().product();
    let mut inside = array.inside()?;
    for (i, &index) in (0..count).zip(indices) {
        array.write(&mut inside, index, part(value, i * length, &row)?)?;
    }
    drop(inside);
    ctx.pass_on(3, 0)
}

fn concat(ctx: &mut KernelCtx) -> Result<()> {
    let array = array(ctx)?;
    let mut inside = array.inside()?;
    let count = i32::try_from(inside.elements.len()).unwrap_or(i32::MAX);
    let parts = (0..count).map(|index| array.read(&mut inside, index)).collect::<Result<Vec<Value>>>()?;
    let lengths = parts.iter().map(|part| {
        let length = part.shape().first().copied();
        length.map(|n| n as i64).ok_or_else(|| Error::invalid_argument("single numbers are not concatenated"))
    });
    let lengths = lengths.collect::<Result<Vec<i64>>>()?;
    let rest = match parts.first() {
        Some(first) => first.shape()[1..].to_vec(),
        None => {
            let known = ctx.node.attrs().shape("element_shape_except0")?.known();
            known.map(|shape| shape.to_vec()).ok_or_else(|| {
                Error::unimplemented("the TensorArray is empty, and the shape of an element is not known")
            })?
        }
    };
    if let Some(other) = parts.iter().find(|part| part.shape()[1..] != rest[..]) {
        return Err(Error::invalid_argument(format!("an element of shape {} does not fit the others", other.shape())));
    }
    let shape: Shape = std::iter::once(lengths.iter().sum::<i64>() as usize).chain(rest).collect();
    let whole = joined(array.dtype, shape, &parts)?;
    ctx.outputs.set(0, whole);
    ctx.outputs.set(1, Value::vector(lengths));
    Ok(())
}

fn split(ctx: &mut KernelCtx) -> Result<()> {
    let array = array(ctx)?;
    let (value, lengths) = (ctx.inputs.value(1)?, ctx.inputs.slice::<i64>(2)?);
    let Some((rows, row)) = value.shape().split_first() else {
        return Err(Error::invalid_argument("a single number is not split"));
    };
    let lengths: Option<Vec<usize>> = lengths.iter().map(|&n| usize::try_from(n).ok()).collect();
    let sum = lengths.as_ref().and_then(|all| all.iter().try_fold(0usize, |sum, n| sum.checked_add(*n)));
    let lengths = lengths.filter(|_| sum == Some(*rows));
    let lengths = lengths.ok_or_else(|| Error::invalid_argument(format!("lengths that do not add up to {rows}")))?;
    let mut inside = array.inside()?;
    if lengths.len() != inside.elements.len() && !array.grows {
        let (count, size) = (lengths.len(), inside.elements.len());
        return Err(Error::invalid_argument(format!("{count} parts for a TensorArray of {size}")));
    }
    let length: usize = row.iter().product();
    let mut from = 0;
    for (index, n) in (0..).zip(lengths) {
        let shape: Vec<usize> = std::iter::once(n).chain(row.iter().copied()).collect();
        array.write(&mut inside, index, part(value, from * length, &shape)?)?;
        from += n;
    }
    drop(inside);
    ctx.pass_on(3, 0)
}

fn size(ctx: &mut KernelCtx) -> Result<()> {
    let count = array(ctx)?.inside()?.elements.len();
    let count = i32::try_from(count).map_err(|_| Error::resource_exhausted("a TensorArray of 2^31 elements"))?;
    ctx.outputs.set(0, Value::scalar(count));
    Ok(())
}

fn close(ctx: &mut KernelCtx) -> Result<()> {
    let array = array(ctx)?;
    let mut inside = array.inside()?;
    *inside = Inside { closed: true, ..Inside::default() };
    Ok(())
}

fn infer_gather(ctx: &mut InferCtx) -> Result<()> {
    let element = ctx.attrs().shape("element_shape")?.clone();
    let count = ctx.shape(1)?.dim(0);
    match element.dims() {
        Some(dims) => ctx.set(0, PartialShape::new(std::iter::once(count).chain(dims.iter().copied()))),
        None => Ok(()),
    }
}

macro_rules! array_ops {
    ($($op:ident $sig:literal $infer:expr, $run:ident $grad:expr;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new($sig),
            infer: $infer,
            kernel: Kernel::Run($run),
            grad: $grad,
            flags: Flags::FILLS,
        };
    )*};
}

array_ops! {
    TENSOR_ARRAY_V3 "TensorArrayV3(size: int32) -> (handle: resource, flow: float32) where dtype: type, \
        element_shape: shape = unknown, dynamic_size: bool = false, clear_after_read: bool = true, \
        identical_element_shapes: bool = false, tensor_array_name: string = ''"
        |ctx| scalar(ctx, 2), make Grad::Stop("an array is no number");
    TENSOR_ARRAY_GRAD_V3 "TensorArrayGradV3(handle: resource, flow_in: float32) -> \
        (grad_handle: resource, flow_out: float32) where source: string"
        |ctx| scalar(ctx, 2), make_gradient Grad::Stop("TensorFlow has none");
    TENSOR_ARRAY_WRITE_V3 "TensorArrayWriteV3(handle: resource, index: int32, value: T, flow_in: float32) -> \
        (flow_out: float32) where T: type" |ctx| scalar(ctx, 1), write Grad::Rule(tensor_array::write_gradient);
    TENSOR_ARRAY_READ_V3 "TensorArrayReadV3(handle: resource, index: int32, flow_in: float32) -> (value: dtype) \
        where dtype: type" |_| Ok(()), read Grad::Rule(tensor_array::read_gradient);
    TENSOR_ARRAY_GATHER_V3 "TensorArrayGatherV3(handle: resource, indices: int32, flow_in: float32) -> (value: dtype) \
        where dtype: type, element_shape: shape = unknown" infer_gather, gather Grad::Rule(tensor_array::gather_gradient);
    TENSOR_ARRAY_SCATTER_V3 "TensorArrayScatterV3(handle: resource, indices: int32, value: T, flow_in: float32) -> \
        (flow_out: float32) where T: type" |ctx| scalar(ctx, 1), scatter Grad::Rule(tensor_array::scatter_gradient);
    TENSOR_ARRAY_CONCAT_V3 "TensorArrayConcatV3(handle: resource, flow_in: float32) -> (value: dtype, lengths: int64) \
        where dtype: type, element_shape_except0: shape = unknown" |_| Ok(()), concat Grad::Rule(tensor_array::concat_gradient);
    TENSOR_ARRAY_SPLIT_V3 "TensorArraySplitV3(handle: resource, value: T, lengths: int64, flow_in: float32) -> \
        (flow_out: float32) where T: type" |ctx| scalar(ctx, 1), split Grad::Rule(tensor_array::split_gradient);
    TENSOR_ARRAY_SIZE_V3 "TensorArraySizeV3(handle: resource, flow_in: float32) -> (size: int32)"
        |ctx| scalar(ctx, 1), size Grad::Stop("a size is whole");
    TENSOR_ARRAY_CLOSE_V3 "TensorArrayCloseV3(handle: resource) -> ()" |_| Ok(()), close Grad::Stop("no outputs");
}
