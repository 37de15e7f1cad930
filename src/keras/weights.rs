//! Weights in files: the safetensors format, <https://github.com/huggingface/safetensors>.

use std::fs;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::ops::state::Variable;
use crate::shape::Shape;
use crate::value::Value;

fn format_of(dtype: DType) -> Result<Dtype> {
    match dtype {
        DType::Float32 => Ok(Dtype::F32),
        DType::Float64 => Ok(Dtype::F64),
        DType::Int32 => Ok(Dtype::I32),
        DType::Int64 => Ok(Dtype::I64),
        other => Err(Error::unimplemented(format!("a file of weights that are {other}"))),
    }
}

/// Writes the values of `variables` to a file beside `path`, and then puts it in its place.
pub(super) fn save(path: &Path, variables: &[Variable], values: &[Value]) -> Result<()> {
    let mut bytes = Vec::with_capacity(values.len());
    for value in values {
        bytes.push((format_of(value.dtype())?, value.shape().dims().to_vec(), to_bytes(value)?));
    }
    let shown = path.display();
    let mut views = Vec::with_capacity(bytes.len());
    for (variable, (dtype, shape, bytes)) in variables.iter().zip(&bytes) {
        let view = TensorView::new(*dtype, shape.clone(), bytes).map_err(|e| Error::internal(e.to_string()))?;
        views.push((variable.op().name(), view));
    }
    let file = serialize(views, None).map_err(|e| Error::internal(e.to_string()))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let written = fs::write(&beside, file).and_then(|()| fs::rename(&beside, path));
    written.map_err(|e| {
        // What was begun is of no use; that it may not be there is no second error.
        let _ = fs::remove_file(&beside);
        Error::new(ErrorKind::FailedPrecondition, format!("cannot write {shown}: {e}"))
    })
}

/// Reads a value for each of `variables`.
pub(super) fn load(path: &Path, variables: &[Variable]) -> Result<Vec<Value>> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|e| Error::not_found(format!("cannot read {shown}: {e}")))?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|e| Error::data_loss(format!("{shown} is not a whole file of weights: {e}")))?;
    let mut values = Vec::with_capacity(variables.len());
    for variable in variables {
        let name = variable.op().name();
        let view = file.tensor(&name).map_err(|_| {
            let names = file.names().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Error::not_found(format!("{shown} has no weight '{name}'; it has {names}"))
        })?;
        let dtype = DType::ALL.iter().copied().find(|dtype| format_of(*dtype).is_ok_and(|d| d == view.dtype()));
        let dtype = dtype.ok_or_else(|| Error::unimplemented(format!("{shown}: '{name}' is {:?}", view.dtype())))?;
        values.push(from_bytes(dtype, Shape::new(view.shape()), view.data())?);
    }
    Ok(values)
}

fn to_bytes(value: &Value) -> Result<Vec<u8>> {
    dispatch!(value.dtype(), numbers, T => Ok(value.as_slice::<T>()?.iter().flat_map(|x| x.to_le_bytes()).collect()))
}

fn from_bytes(dtype: DType, shape: Shape, bytes: &[u8]) -> Result<Value> {
    dispatch!(dtype, numbers, T => {
        let chunks = bytes.chunks_exact(size_of::<T>());
        let numbers = chunks.map(|chunk| chunk.try_into().map(T::from_le_bytes)).collect::<std::result::Result<Vec<T>, _>>();
        Value::new(shape, numbers.map_err(|_| Error::internal("a number has a fixed size"))?)
    })
}
