//! TensorFlow's checkpoints: a tensor bundle is a data file with the elements and an index that says where each array
//! lies. Both are byte for byte what TensorFlow writes.

mod files;
mod table;

pub use files::{BundleFiles, Step};

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use prost::Message;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::format::crc::{mask, masked_crc};
use crate::format::cursor::{Cursor, put_varint};
use crate::format::proto::{Dim, TensorShapeProto, VersionDef};
use crate::shape::Shape;
use crate::value::{Bytes, Value};

/// How an array lies in a bundle. TF: `BundleEntryProto`.
#[derive(Clone, PartialEq, Message)]
struct EntryProto {
    #[prost(int32, tag = "1")]
    dtype: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<TensorShapeProto>,
    #[prost(int32, tag = "3")]
    shard_id: i32,
    #[prost(int64, tag = "4")]
    offset: i64,
    #[prost(int64, tag = "5")]
    size: i64,
    #[prost(fixed32, tag = "6")]
    crc32c: u32,
    #[prost(bytes = "vec", repeated, tag = "7")]
    slices: Vec<Vec<u8>>,
}

/// What a bundle is. TF: `BundleHeaderProto`.
#[derive(Clone, PartialEq, Message)]
struct HeaderProto {
    #[prost(int32, tag = "1")]
    num_shards: i32,
    /// 0 is little, 1 is big.
    #[prost(int32, tag = "2")]
    endianness: i32,
    #[prost(message, optional, tag = "3")]
    version: Option<VersionDef>,
}

/// More data files than this no bundle has.
const MOST_SHARDS: i32 = 1 << 20;

/// What the index says of one array.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The data type; `None` for one that is not known here.
    pub dtype: Option<DType>,
    /// The shape.
    pub shape: Shape,
    /// The bytes that it takes in its file.
    pub bytes: u64,
    shard: u32,
    offset: u64,
    crc: u32,
    is_sliced: bool,
}

/// A bundle to read from.
#[derive(Debug)]
pub struct BundleReader {
    files: BundleFiles,
    shards: u32,
    entries: BTreeMap<String, Entry>,
}

impl BundleReader {
    /// Opens the bundle of `prefix`: reads and checks its index. A save that was interrupted is no matter: there is
    /// always a whole one, the new or the old.
    pub fn open(prefix: impl AsRef<Path>) -> Result<Self> {
        let files = BundleFiles::new(prefix);
        let path = files.index_to_read();
        let index = std::fs::read(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => files.not_there(),
            _ => Error::of_file(&path, &e),
        })?;
        let (shards, entries) = entries(&index).map_err(|e| e.retitled(&path.display().to_string()))?;
        Ok(BundleReader { files, shards, entries })
    }

    /// The names of the arrays, sorted, and what is known of each.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// What is known of the array `name`.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// Reads the array `name` and checks its checksum.
    pub fn read(&self, name: &str) -> Result<Value> {
        let entry = self.entries.get(name).ok_or_else(|| {
            let prefix = self.files.prefix().display();
            Error::not_found(format!("the checkpoint {prefix} has no array '{name}'"))
        })?;
        if entry.is_sliced {
            return Err(Error::unimplemented(format!("'{name}' is saved in slices, which are not read")));
        }
        let dtype = entry.dtype.filter(|dtype| dtype.has_storage()).ok_or_else(|| {
            let dtype = entry.dtype.map_or("of a type that is not known".to_owned(), |dtype| dtype.to_string());
            Error::unimplemented(format!("'{name}' is {dtype}, of which there are no arrays here"))
        })?;
        let path = self.files.data_to_read(entry.shard, self.shards);
        let bytes = part(&path, entry).map_err(|e| e.retitled(&format!("'{name}'")))?;
        decode(dtype, entry, &bytes).map_err(|e| e.retitled(&format!("'{name}' in {}", path.display())))
    }
}

/// The header and the entries of an index.
fn entries(index: &[u8]) -> Result<(u32, BTreeMap<String, Entry>)> {
    let mut pairs = table::read(index)?.into_iter();
    let header = pairs.next().filter(|(key, _)| key.is_empty());
    let (_, header) = header.ok_or_else(|| Error::data_loss("the index has no header"))?;
    let header = HeaderProto::decode(&*header).map_err(|e| Error::data_loss(format!("the header: {e}")))?;
    if header.endianness != 0 {
        return Err(Error::unimplemented("the bundle is of a big-endian machine"));
    }
    if !(1..=MOST_SHARDS).contains(&header.num_shards) {
        return Err(Error::data_loss(format!("the header tells of {} data files", header.num_shards)));
    }
    let mut entries = BTreeMap::new();
    for (key, value) in pairs {
        // The parts of a sliced array have keys that start with a zero.
        if key.first() == Some(&0) {
            continue;
        }
        let name = String::from_utf8(key).map_err(|_| Error::data_loss("a name is not text"))?;
        let entry = entry(&value, header.num_shards).map_err(|e| e.retitled(&format!("the entry '{name}'")))?;
        entries.insert(name, entry);
    }
    Ok((header.num_shards as u32, entries))
}

fn entry(bytes: &[u8], shards: i32) -> Result<Entry> {
    let proto = EntryProto::decode(bytes).map_err(|e| Error::data_loss(e.to_string()))?;
    let (Ok(offset), Ok(size)) = (u64::try_from(proto.offset), u64::try_from(proto.size)) else {
        return Err(Error::data_loss(format!("{} bytes from byte {} on", proto.size, proto.offset)));
    };
    if !(0..shards).contains(&proto.shard_id) {
        return Err(Error::data_loss(format!("it lies in file {} of {shards}", proto.shard_id)));
    }
    let dims = proto.shape.unwrap_or_default().dim;
    if dims.len() > crate::shape::MAX_RANK {
        return Err(Error::data_loss(format!("it has {} dimensions", dims.len())));
    }
    let sizes = dims.iter().map(|dim| usize::try_from(dim.size).ok()).collect::<Option<Vec<usize>>>();
    let shape = Shape::from(sizes.ok_or_else(|| Error::data_loss("a dimension is below zero"))?.as_slice());
    shape.num_elements().map_err(|e| Error::data_loss(e.message()))?;
    Ok(Entry {
        dtype: DType::from_code(proto.dtype),
        shape,
        bytes: size,
        shard: proto.shard_id as u32,
        offset,
        crc: proto.crc32c,
        is_sliced: !proto.slices.is_empty(),
    })
}

/// The bytes of an entry: what the file does not have is not waited for.
fn part(path: &Path, entry: &Entry) -> Result<Vec<u8>> {
    let read = || -> std::io::Result<Option<Vec<u8>>> {
        let mut file = File::open(path)?;
        if entry.offset.checked_add(entry.bytes).is_none_or(|end| end > file.metadata().map_or(0, |m| m.len())) {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(entry.offset))?;
        let mut bytes = vec![0; entry.bytes as usize];
        file.read_exact(&mut bytes)?;
        Ok(Some(bytes))
    };
    let bytes = read().map_err(|e| Error::of_file(path, &e))?;
    bytes.ok_or_else(|| {
        let (offset, size, path) = (entry.offset, entry.bytes, path.display());
        Error::data_loss(format!("{path} is too short for {size} bytes at byte {offset}"))
    })
}

fn decode(dtype: DType, entry: &Entry, bytes: &[u8]) -> Result<Value> {
    let count = entry.shape.num_elements()?;
    if dtype == DType::String {
        return strings(entry, count, bytes);
    }
    if count.checked_mul(dtype.size()) != Some(bytes.len()) {
        let (n, shape) = (bytes.len(), &entry.shape);
        return Err(Error::data_loss(format!("{n} bytes do not fill an array of {dtype} {shape}")));
    }
    if masked_crc(bytes) != entry.crc {
        return Err(Error::data_loss(format!(
            "the checksum of the {} bytes at {} does not hold",
            bytes.len(),
            entry.offset
        )));
    }
    dispatch!(dtype, plain, T => Value::new(entry.shape.clone(), <T as Bytes>::from_bytes(bytes)))
}

/// Lengths, their checksum, and the bytes of all.
fn strings(entry: &Entry, count: usize, bytes: &[u8]) -> Result<Value> {
    let mut cursor = Cursor::new(bytes, entry.offset as usize);
    if count > bytes.len() {
        return Err(Error::data_loss(format!("{} bytes do not hold {count} strings", bytes.len())));
    }
    let lengths = (0..count).map(|_| cursor.length()).collect::<Result<Vec<usize>>>()?;
    let sum = lengths_crc(&lengths);
    if cursor.u32()? != mask(sum) {
        return Err(Error::data_loss("the checksum of the lengths does not hold"));
    }
    let all = lengths.iter().map(|&n| Ok(cursor.take(n)?.to_vec())).collect::<Result<Vec<Vec<u8>>>>()?;
    if strings_crc(sum, &all) != entry.crc || !cursor.is_empty() {
        return Err(Error::data_loss("the checksum of the strings does not hold"));
    }
    Value::new(entry.shape.clone(), all)
}

/// Over each length as 32 bits; as 64 if it takes more.
fn lengths_crc(lengths: &[usize]) -> u32 {
    lengths.iter().fold(0, |crc, &length| match u32::try_from(length) {
        Ok(length) => crc32c::crc32c_append(crc, &length.to_le_bytes()),
        Err(_) => crc32c::crc32c_append(crc, &(length as u64).to_le_bytes()),
    })
}

/// The masked sum over lengths, their checksum, and all bytes.
fn strings_crc(lengths: u32, all: &[Vec<u8>]) -> u32 {
    let start = crc32c::crc32c_append(lengths, &mask(lengths).to_le_bytes());
    mask(all.iter().fold(start, |crc, bytes| crc32c::crc32c_append(crc, bytes)))
}

/// The bytes of `value` as they lie in a data file, and their checksum.
fn encode(value: &Value) -> Result<(Vec<u8>, u32)> {
    if value.dtype() != DType::String {
        let bytes = dispatch!(value.dtype(), plain, T => value.as_slice::<T>().map(<T as Bytes>::to_bytes))?;
        let crc = masked_crc(&bytes);
        return Ok((bytes, crc));
    }
    let all = value.as_slice::<Vec<u8>>()?;
    let lengths: Vec<usize> = all.iter().map(Vec::len).collect();
    let mut bytes = Vec::new();
    lengths.iter().for_each(|&length| put_varint(&mut bytes, length as u64));
    let sum = lengths_crc(&lengths);
    bytes.extend(mask(sum).to_le_bytes());
    all.iter().for_each(|string| bytes.extend(string));
    Ok((bytes, strings_crc(sum, all)))
}

/// Writes the elements of `tensors`, one after another, to `data`; gives the index.
fn write_data(data: &mut impl Write, tensors: &[(String, Value)]) -> Result<Vec<u8>> {
    let mut pairs: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let version = Some(VersionDef { producer: 1, ..Default::default() });
    pairs.insert(Vec::new(), HeaderProto { num_shards: 1, endianness: 0, version }.encode_to_vec());
    let mut offset = 0;
    for (name, value) in tensors {
        let (bytes, crc32c) = encode(value)?;
        data.write_all(&bytes).map_err(|e| Error::new(ErrorKind::ResourceExhausted, e.to_string()))?;
        let dim = value.shape().iter().map(|&n| Dim { size: n as i64, name: String::new() }).collect();
        let entry = EntryProto {
            dtype: value.dtype().code(),
            shape: Some(TensorShapeProto { dim, unknown_rank: false }),
            shard_id: 0,
            offset,
            size: bytes.len() as i64,
            crc32c,
            slices: Vec::new(),
        };
        offset += bytes.len() as i64;
        if name.is_empty() || name.starts_with('\0') {
            return Err(Error::invalid_argument(format!("'{}' is no name for an array", name.escape_debug())));
        }
        if pairs.insert(name.clone().into_bytes(), entry.encode_to_vec()).is_some() {
            return Err(Error::new(ErrorKind::AlreadyExists, format!("two arrays are called '{name}'")));
        }
    }
    let pairs: Vec<_> = pairs.into_iter().collect();
    Ok(table::write(&pairs))
}

/// Writes `tensors` as the bundle of `prefix`, in this order. Until all is on the disk, what the prefix held before can
/// be read; from then on the new one can. The folder must be there.
pub fn write_bundle(prefix: impl AsRef<Path>, tensors: &[(String, Value)]) -> Result<()> {
    let files = BundleFiles::new(prefix);
    Step::ALL.iter().try_for_each(|step| files.run(*step, tensors))
}

/// The path with `suffix` behind it.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
