//! HDF5, as far as models and named arrays need it: groups with texts beside them, and arrays.
//! Specification: <https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html>.

use std::path::{Path, PathBuf};

use hdf5_pure::{AttrValue, DType as Kind, File, FileBuilder, Group as InFile, GroupBuilder};
use indexmap::IndexMap;

use super::durable;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::Shape;
use crate::value::{Value, room_for};

/// How deep groups may lie in groups, and how many there may be: links can go in circles.
const DEEPEST: usize = 64;
const MOST: usize = 1 << 16;

/// An HDF5 file to read from.
pub struct Hdf5Reader {
    path: PathBuf,
    file: File,
}

impl std::fmt::Debug for Hdf5Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hdf5Reader({})", self.path.display())
    }
}

impl Hdf5Reader {
    /// Reads the file and checks its beginning.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let bytes = std::fs::read(&path).map_err(|e| Error::of_file(&path, &e))?;
        let length = bytes.len() as u64;
        let broken = |says: String| Error::data_loss(format!("{} is not a whole HDF5 file: {says}", path.display()));
        let file = File::from_bytes(bytes).map_err(|e| broken(e.to_string()))?;
        let end = file.superblock().eof_address;
        if end > length {
            return Err(broken(format!("it ends after {length} of {end} bytes")));
        }
        Ok(Hdf5Reader { path, file })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn damaged(&self, name: &str, error: impl std::fmt::Display) -> Error {
        Error::data_loss(format!("'{name}' in {}: {error}", self.path.display()))
    }

    fn group(&self, name: &str) -> Result<InFile> {
        if name.is_empty() {
            return Ok(self.file.root());
        }
        self.file.group(name).map_err(|e| self.damaged(name, e))
    }

    /// Whether there is a group of this name: `"a/b"` is `b` in `a`.
    pub fn has_group(&self, name: &str) -> bool {
        self.file.group(name).is_ok()
    }

    /// The text beside a group, if there is one of this name; `""` is the whole file.
    pub fn text(&self, group: &str, name: &str) -> Result<Option<String>> {
        let beside = self.group(group)?.attrs().map_err(|e| self.damaged(group, e))?;
        let text = |value: &AttrValue| match value {
            AttrValue::U8Array(bytes) => String::from_utf8(bytes.clone()).ok(),
            value => value.as_str().map(str::to_owned),
        };
        let found = beside.get(name);
        found
            .map(|value| text(value).ok_or_else(|| self.damaged(group, format!("its attribute {name} is no text"))))
            .transpose()
    }

    /// The texts beside a group, if there are any of this name. What is long is kept in parts with numbers after the name.
    pub fn texts(&self, group: &str, name: &str) -> Result<Option<Vec<String>>> {
        let beside = self.group(group)?.attrs().map_err(|e| self.damaged(group, e))?;
        let texts = |value: &AttrValue| match value {
            // An empty list has no type.
            AttrValue::F64Array(none) if none.is_empty() => Ok(Vec::new()),
            value => value
                .as_strings()
                .map(<[String]>::to_vec)
                .ok_or_else(|| self.damaged(group, format!("its attribute {name} is no list of texts"))),
        };
        if let Some(all) = beside.get(name) {
            return texts(all).map(Some);
        }
        let mut all = None;
        for part in (0..).map_while(|i| beside.get(&format!("{name}{i}"))) {
            all.get_or_insert_with(Vec::new).extend(texts(part)?);
        }
        Ok(all)
    }

    /// The array of this name: `"a/b"` is `b` in the group `a`.
    pub fn read(&self, name: &str) -> Result<Value> {
        let damaged = |e: hdf5_pure::Error| self.damaged(name, e);
        let array = self.file.dataset(name).map_err(damaged)?;
        let dims = array.shape().map_err(damaged)?;
        let dims = dims.iter().map(|&n| usize::try_from(n)).collect::<std::result::Result<Vec<_>, _>>();
        let dims = dims.map_err(|_| self.damaged(name, "its shape is too large"))?;
        let count = dims.iter().try_fold(1usize, |n, &dim| n.checked_mul(dim));
        let count = count.ok_or_else(|| self.damaged(name, "its shape is too large"))?;
        let bytes = array.element_size().map_err(damaged)?.saturating_mul(count as u64);
        room_for::<u8>(usize::try_from(bytes).unwrap_or(usize::MAX))?;
        let shape = Shape::new(&dims);
        match array.dtype().map_err(damaged)? {
            Kind::F32 => Value::new(shape, array.read_f32().map_err(damaged)?),
            Kind::F64 => Value::new(shape, array.read_f64().map_err(damaged)?),
            Kind::I32 => Value::new(shape, array.read_i32().map_err(damaged)?),
            Kind::I64 => Value::new(shape, array.read_i64().map_err(damaged)?),
            Kind::U8 => Value::new(shape, array.read_u8().map_err(damaged)?),
            other => {
                let path = self.path.display();
                return Err(Error::unimplemented(format!(
                    "'{name}' in {path} is {other}, of which there are no arrays here"
                )));
            }
        }
        .map_err(|e| self.damaged(name, e))
    }

    /// The names of all arrays.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut open = vec![(String::new(), self.file.root(), 0)];
        let mut seen = 0;
        while let Some((path, group, depth)) = open.pop() {
            seen += 1;
            if depth > DEEPEST || seen > MOST {
                return Err(self.damaged(&path, "there are too many groups"));
            }
            let within = |name: &String| if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let damaged = |e| self.damaged(&path, e);
            names.extend(group.datasets().map_err(damaged)?.iter().map(within));
            for name in group.groups().map_err(damaged)?.iter().rev() {
                open.push((within(name), group.group(name).map_err(damaged)?, depth + 1));
            }
        }
        Ok(names)
    }
}

/// What a file or a group is to hold.
#[derive(Debug, Default)]
pub struct Group {
    texts: Vec<(String, Attribute)>,
    arrays: IndexMap<String, Value>,
    groups: IndexMap<String, Group>,
}

#[derive(Debug)]
enum Attribute {
    Text(String),
    List(Vec<String>),
}

impl Group {
    /// A text beside it.
    pub fn set_text(&mut self, name: &str, text: &str) {
        self.texts.push((name.to_owned(), Attribute::Text(text.to_owned())));
    }

    /// Texts beside it.
    pub fn set_texts(&mut self, name: &str, texts: Vec<String>) {
        self.texts.push((name.to_owned(), Attribute::List(texts)));
    }

    /// The group of this name in it, made if it is not there.
    pub fn group(&mut self, name: &str) -> &mut Group {
        self.groups.entry(name.to_owned()).or_default()
    }

    /// Puts an array into it: `"a/b"` as `b` in the group `a`. An error if something of that name is there.
    pub fn put(&mut self, name: &str, value: Value) -> Result<()> {
        let parts: Vec<&str> = name.split('/').collect();
        let fits = parts.len() <= DEEPEST && parts.iter().all(|part| !part.is_empty() && *part != ".");
        let Some((last, outer)) = parts.split_last().filter(|_| fits) else {
            return Err(Error::invalid_argument(format!("an HDF5 file cannot hold the name '{name}'")));
        };
        let mut group = self;
        for part in outer {
            if group.arrays.contains_key(*part) {
                return Err(Error::invalid_argument(format!("'{name}' lies in '{part}', which is an array itself")));
            }
            group = group.group(part);
        }
        if group.groups.contains_key(*last) || group.arrays.insert((*last).to_owned(), value).is_some() {
            return Err(Error::invalid_argument(format!("'{name}' is there twice")));
        }
        Ok(())
    }

    /// Writes it as a file, which appears when it is whole.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut file = FileBuilder::new();
        for (name, attribute) in &self.texts {
            file.set_attr(name, attribute.value());
        }
        for (name, value) in &self.arrays {
            put(file.create_dataset(name), name, value)?;
        }
        for (name, group) in &self.groups {
            let mut inside = file.create_group(name);
            group.fill(&mut inside)?;
            file.add_group(inside.finish());
        }
        let bytes = file.finish().map_err(|e| Error::invalid_argument(format!("an HDF5 file: {e}")))?;
        durable::write_file(path.as_ref(), &bytes)
    }

    /// Puts what it holds into a group of a file; as deep as [`put`](Group::put) allows.
    fn fill(&self, group: &mut GroupBuilder) -> Result<()> {
        for (name, attribute) in &self.texts {
            group.set_attr(name, attribute.value());
        }
        for (name, value) in &self.arrays {
            put(group.create_dataset(name), name, value)?;
        }
        for (name, inner) in &self.groups {
            let mut inside = group.create_group(name);
            inner.fill(&mut inside)?;
            group.add_group(inside.finish());
        }
        Ok(())
    }
}

impl Attribute {
    fn value(&self) -> AttrValue {
        match self {
            Attribute::Text(text) => AttrValue::String(text.clone()),
            Attribute::List(texts) => AttrValue::StringArray(texts.clone()),
        }
    }
}

fn put(array: &mut hdf5_pure::DatasetBuilder, name: &str, value: &Value) -> Result<()> {
    let array = match value.dtype() {
        DType::Float32 => array.with_f32_data(value.as_slice::<f32>()?),
        DType::Float64 => array.with_f64_data(value.as_slice::<f64>()?),
        DType::Int32 => array.with_i32_data(value.as_slice::<i32>()?),
        DType::Int64 => array.with_i64_data(value.as_slice::<i64>()?),
        DType::UInt8 => array.with_u8_data(value.as_slice::<u8>()?),
        dtype => {
            return Err(Error::unimplemented(format!("'{name}' is {dtype}, which is not written into HDF5 files")));
        }
    };
    let dims: Vec<u64> = value.shape().dims().iter().map(|&n| n as u64).collect();
    array.with_shape(&dims);
    Ok(())
}

/// All arrays of an HDF5 file, by name: `"a/b"` is `b` in the group `a`.
///
/// ```
/// use flowstone as tf;
/// use tf::format::hdf5;
/// let path = std::env::temp_dir().join(format!("flowstone-doc-{}.h5", std::process::id()));
/// hdf5::write(&path, &[("dense/kernel".to_owned(), tf::Value::vector(vec![1.0f32, 2.0]))])?;
/// let arrays = hdf5::read(&path)?;
/// assert_eq!((arrays[0].0.as_str(), arrays[0].1.as_slice::<f32>()?), ("dense/kernel", &[1.0, 2.0][..]));
/// # std::fs::remove_file(path).ok();
/// # Ok::<(), tf::Error>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Vec<(String, Value)>> {
    let file = Hdf5Reader::open(path)?;
    file.names()?.into_iter().map(|name| file.read(&name).map(|value| (name, value))).collect()
}

/// Writes these arrays, those with `/` in their names into groups. The file appears when it is whole.
pub fn write(path: impl AsRef<Path>, arrays: &[(String, Value)]) -> Result<()> {
    let mut file = Group::default();
    arrays.iter().try_for_each(|(name, value)| file.put(name, value.clone()))?;
    file.write(path)
}
