//! ParseExampleV2: lists by name, out of messages.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::format::example::{Example, Feature, Kind};
use crate::op::{Flags, Grad, InferCtx, Kernel, KernelCtx, OpDef, Sig};
use crate::shape::{PartialShape, Shape};
use crate::value::{Element, Value};

pub(super) static PARSE_EXAMPLE_V2: OpDef = OpDef {
    sig: Sig::new(
        "ParseExampleV2(serialized: string, names: string, sparse_keys: string, dense_keys: string, \
         ragged_keys: string, dense_defaults: Tdense) -> (sparse_indices: num_sparse * int64, \
         sparse_values: sparse_types, sparse_shapes: num_sparse * int64, dense_values: Tdense, \
         ragged_values: ragged_value_types, ragged_row_splits: ragged_split_types) where \
         Tdense: list({float32, int64, string}), num_sparse: int, sparse_types: list({float32, int64, string}), \
         ragged_value_types: list({float32, int64, string}), ragged_split_types: list({int32, int64}), \
         dense_shapes: list(shape)",
    ),
    infer,
    kernel: Kernel::Run(run),
    grad: Grad::Missing("bytes have no gradient"),
    flags: Flags::PURE,
};

fn infer(ctx: &mut InferCtx) -> Result<()> {
    let serialized = ctx.shape(0)?.clone();
    if serialized.rank().is_some_and(|rank| rank > 1) {
        return Err(Error::invalid_argument(format!(
            "serialized must be a string or a list, but has shape {serialized}"
        )));
    }
    let sparse = ctx.attrs().dtypes("sparse_types")?.len();
    if ctx.attrs().int("num_sparse")? != sparse as i64 {
        return Err(Error::invalid_argument(format!("num_sparse is not {sparse}, the number of sparse_types")));
    }
    let rank = serialized.rank().map(|rank| rank + 1);
    for i in 0..sparse {
        ctx.set(i, PartialShape::new([None, rank]))?;
        ctx.set(sparse + i, PartialShape::new([None]))?;
        ctx.set(2 * sparse + i, PartialShape::new([rank]))?;
    }
    let attrs = ctx.attrs();
    let shapes = attrs.shapes("dense_shapes")?;
    if shapes.len() != attrs.dtypes("Tdense")?.len() {
        return Err(Error::invalid_argument("as many dense_shapes are needed as types in Tdense"));
    }
    for (i, shape) in shapes.iter().enumerate() {
        let joined = serialized.dims().zip(shape.dims()).map(|(front, back)| [front, back].concat());
        ctx.set(3 * sparse + i, joined.map_or_else(PartialShape::unknown, PartialShape::new))?;
    }
    Ok(())
}

/// An element of a list in an example.
trait Listed: Element {
    /// The list; nothing if it is of another kind.
    fn list(kind: &Kind) -> Option<&[Self]>;
}

macro_rules! listed {
    ($($rust:ty, $kind:ident;)*) => {$(
        impl Listed for $rust {
            fn list(kind: &Kind) -> Option<&[Self]> {
                if let Kind::$kind(list) = kind { Some(&list.value) } else { None }
            }
        }
    )*};
}
listed! { f32, FloatList; i64, Int64List; Vec<u8>, BytesList; }

/// The list called `key`; nothing if it is missing. An error if it is of another kind.
fn list<'a, T: Listed>(example: &'a Example, key: &str) -> Result<Option<&'a [T]>> {
    let kind = example.feature(key).and_then(|feature: &Feature| feature.kind.as_ref());
    let wrong = || Error::invalid_argument(format!("feature '{key}' is no list of {}", T::DTYPE));
    kind.map(|kind| T::list(kind).ok_or_else(wrong)).transpose()
}

macro_rules! of_type {
    ($dtype:expr, $T:ident => $body:expr) => {
        dispatch!(@ $dtype, [Float32 f32, Int64 i64, String Vec<u8>], $T => $body,
            other => Err(Error::unimplemented(format!("lists of {other}"))))
    };
}

fn keys(ctx: &KernelCtx, input: usize, count: usize) -> Result<Vec<String>> {
    let keys: Vec<String> =
        ctx.inputs.slice::<Vec<u8>>(input)?.iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect();
    match keys.len() == count {
        true => Ok(keys),
        false => Err(Error::invalid_argument(format!("{} keys for {count} features", keys.len()))),
    }
}

fn run(ctx: &mut KernelCtx) -> Result<()> {
    let node = ctx.node;
    let (sparse_types, dense_types) = (node.attrs().dtypes("sparse_types")?, node.attrs().dtypes("Tdense")?);
    if !node.attrs().dtypes("ragged_value_types")?.is_empty() || !ctx.inputs.value(4)?.is_empty() {
        return Err(Error::unimplemented("ragged features"));
    }
    let (sparse_keys, dense_keys) = (keys(ctx, 2, sparse_types.len())?, keys(ctx, 3, dense_types.len())?);
    let serialized = ctx.inputs.slice::<Vec<u8>>(0)?;
    let names = ctx.inputs.value(1)?.len();
    if names != 0 && names != serialized.len() {
        return Err(Error::invalid_argument(format!("{names} names for {} examples", serialized.len())));
    }
    let decode = |(i, bytes): (usize, &Vec<u8>)| {
        let decoded = Example::FromString(bytes);
        decoded.map_err(|e| Error::invalid_argument(format!("example {i} cannot be read: {}", e.message())))
    };
    let examples = serialized.iter().enumerate().map(decode).collect::<Result<Vec<Example>>>()?;
    let count = sparse_types.len();
    for (i, (key, dtype)) in sparse_keys.iter().zip(sparse_types).enumerate() {
        let parts = of_type!(*dtype, T => sparse::<T>(ctx, &examples, key))?;
        for (part, value) in parts.into_iter().enumerate() {
            ctx.outputs.set(part * count + i, value);
        }
    }
    let shapes = node.attrs().shapes("dense_shapes")?;
    for (i, ((key, dtype), shape)) in dense_keys.iter().zip(dense_types).zip(shapes).enumerate() {
        let value = of_type!(*dtype, T => dense::<T>(ctx, &examples, key, 5 + i, shape))?;
        ctx.outputs.set(3 * count + i, value);
    }
    Ok(())
}

/// The coordinates, the elements and the sizes of all lists called `key`.
fn sparse<T: Listed>(ctx: &KernelCtx, examples: &[Example], key: &str) -> Result<[Value; 3]> {
    let batched = ctx.inputs.shape(0)?.rank() == 1;
    let (mut indices, mut values, mut longest) = (Vec::new(), Vec::new(), 0);
    for (i, example) in examples.iter().enumerate() {
        let list = list::<T>(example, key)?.unwrap_or_default();
        for j in 0..list.len() {
            indices.extend(batched.then_some(i as i64));
            indices.push(j as i64);
        }
        values.extend_from_slice(list);
        longest = longest.max(list.len());
    }
    let sizes = match batched {
        true => vec![examples.len() as i64, longest as i64],
        false => vec![longest as i64],
    };
    let indices = Value::new([values.len(), sizes.len()], indices)?;
    Ok([indices, Value::vector(values), Value::vector(sizes)])
}

/// The lists called `key` as one array; what is missing is default. Lists of an open length are filled up with it.
fn dense<T: Listed>(
    ctx: &KernelCtx,
    examples: &[Example],
    key: &str,
    input: usize,
    shape: &PartialShape,
) -> Result<Value> {
    let default = ctx.inputs.slice::<T>(input)?;
    let dims = shape.dims().ok_or_else(|| Error::invalid_argument(format!("feature '{key}' has an unknown rank")))?;
    let (open, rest) = match dims {
        [None, rest @ ..] => (true, rest),
        dims => (false, dims),
    };
    let rest = rest.iter().copied().collect::<Option<Vec<usize>>>();
    let rest = rest.ok_or_else(|| Error::invalid_argument(format!("feature '{key}' has open sizes: {shape}")))?;
    let block = Shape::new(&rest).num_elements()?;
    let lists = examples.iter().map(|example| list::<T>(example, key)).collect::<Result<Vec<_>>>()?;
    let mut sizes: Vec<usize> = ctx.inputs.shape(0)?.iter().copied().collect();
    let mut values = Vec::new();
    if open {
        let [filler] = default else {
            return Err(Error::invalid_argument(format!("the default of feature '{key}' must be a single element")));
        };
        let longest = lists.iter().map(|list| list.map_or(0, <[T]>::len)).max().unwrap_or(0);
        for list in lists {
            let list = list.unwrap_or_default();
            if block == 0 || !list.len().is_multiple_of(block) {
                let found = list.len();
                return Err(Error::invalid_argument(format!(
                    "feature '{key}' has {found} elements for rows of {block}"
                )));
            }
            values.extend_from_slice(list);
            values.extend(std::iter::repeat_n(filler.clone(), longest - list.len()));
        }
        sizes.push(longest / block.max(1));
    } else {
        if !default.is_empty() && default.len() != block {
            let found = default.len();
            return Err(Error::invalid_argument(format!(
                "the default of feature '{key}' has {found} elements, not {block}"
            )));
        }
        for list in lists {
            let list = match list {
                Some(list) => list,
                None if default.len() == block && block > 0 => default,
                None => return Err(Error::invalid_argument(format!("feature '{key}' is missing, and needed"))),
            };
            if list.len() != block {
                let found = list.len();
                return Err(Error::invalid_argument(format!("feature '{key}' has {found} elements, not {block}")));
            }
            values.extend_from_slice(list);
        }
    }
    sizes.extend(rest);
    Value::new(sizes.as_slice(), values)
}
