//! The safetensors format, <https://github.com/huggingface/safetensors>: named arrays behind a header of JSON.

use std::path::{Path, PathBuf};

use ::safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use super::durable;
use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::Shape;
use crate::sort::sort_by;
use crate::value::{Bytes, Value};

fn code(dtype: DType) -> Option<Dtype> {
    match dtype {
        DType::Float32 => Some(Dtype::F32),
        DType::Float64 => Some(Dtype::F64),
        DType::Int32 => Some(Dtype::I32),
        DType::Int64 => Some(Dtype::I64),
        DType::UInt8 => Some(Dtype::U8),
        DType::Bool => Some(Dtype::BOOL),
        _ => None,
    }
}

fn dtype_of(code_in_file: Dtype) -> Option<DType> {
    DType::ALL.iter().copied().find(|dtype| code(*dtype) == Some(code_in_file))
}

/// What a file says of one array.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The data type; one that there are no arrays of here by the format's name.
    pub dtype: String,
    /// The shape.
    pub shape: Shape,
    /// The bytes that it takes.
    pub bytes: u64,
}

/// A `.safetensors` file to read from.
#[derive(Debug)]
pub struct SafetensorsReader {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl SafetensorsReader {
    /// Reads the file and checks its header.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let bytes = std::fs::read(&path).map_err(|e| Error::of_file(&path, &e))?;
        let reader = SafetensorsReader { path, bytes };
        reader.file()?;
        Ok(reader)
    }

    fn file(&self) -> Result<SafeTensors<'_>> {
        SafeTensors::deserialize(&self.bytes)
            .map_err(|e| Error::data_loss(format!("{} is not a whole .safetensors file: {e}", self.path.display())))
    }

    /// What the file says of its arrays, sorted by name.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        let file = self.file()?;
        let entry = |(name, view): (&str, TensorView<'_>)| Entry {
            name: name.to_owned(),
            dtype: dtype_of(view.dtype()).map_or_else(|| format!("{:?}", view.dtype()), |dtype| dtype.to_string()),
            shape: Shape::new(view.shape()),
            bytes: view.data().len() as u64,
        };
        let mut entries: Vec<_> = file.iter().map(entry).collect();
        sort_by(&mut entries, |a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// All arrays, sorted by name.
    pub fn read(&self) -> Result<Vec<(String, Value)>> {
        let file = self.file()?;
        let named = |(name, view): (&str, TensorView<'_>)| Ok((name.to_owned(), self.value(name, &view)?));
        let mut arrays = file.iter().map(named).collect::<Result<Vec<_>>>()?;
        sort_by(&mut arrays, |a, b| a.0.cmp(&b.0));
        Ok(arrays)
    }

    fn value(&self, name: &str, view: &TensorView<'_>) -> Result<Value> {
        let dtype = dtype_of(view.dtype()).ok_or_else(|| {
            let (path, dtype) = (self.path.display(), view.dtype());
            Error::unimplemented(format!("'{name}' in {path} is {dtype:?}, of which there are no arrays here"))
        })?;
        dispatch!(dtype, plain, T => Value::new(Shape::new(view.shape()), <T as Bytes>::from_bytes(view.data())))
    }
}

/// All arrays of a `.safetensors` file, by name.
///
/// ```
/// use flowstone as tf;
/// use tf::format::safetensors;
/// let path = std::env::temp_dir().join(format!("flowstone-doc-{}.safetensors", std::process::id()));
/// safetensors::write(&path, &[("w".to_owned(), tf::Value::vector(vec![1.0f32, 2.0]))])?;
/// let arrays = safetensors::read(&path)?;
/// assert_eq!((arrays[0].0.as_str(), arrays[0].1.as_slice::<f32>()?), ("w", &[1.0, 2.0][..]));
/// # std::fs::remove_file(path).ok();
/// # Ok::<(), tf::Error>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Vec<(String, Value)>> {
    SafetensorsReader::open(path)?.read()
}

/// Writes these arrays. The file appears when it is whole. The format has no strings.
pub fn write(path: impl AsRef<Path>, arrays: &[(String, Value)]) -> Result<()> {
    let mut parts = Vec::with_capacity(arrays.len());
    for (name, value) in arrays {
        let dtype = value.dtype();
        let code = code(dtype).ok_or_else(|| {
            Error::unimplemented(format!("'{name}' is {dtype}, which a .safetensors file cannot hold"))
        })?;
        let bytes = dispatch!(dtype, plain, T => Ok(<T as Bytes>::to_bytes(value.as_slice::<T>()?)))?;
        parts.push((name, code, value.shape().dims().to_vec(), bytes));
    }
    let failed = |e: ::safetensors::SafeTensorError| Error::internal(format!("a .safetensors file: {e}"));
    let mut views = Vec::with_capacity(parts.len());
    for (name, code, dims, bytes) in &parts {
        views.push((name.as_str(), TensorView::new(*code, dims.clone(), bytes).map_err(failed)?));
    }
    durable::write_file(path.as_ref(), &serialize(views, None).map_err(failed)?)
}
