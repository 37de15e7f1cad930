//! TensorFlow's checkpoints: a tensor bundle is a data file with the elements and an index that says where each array
//! lies. Both are byte for byte what TensorFlow writes.

mod files;
mod slice;
mod table;

pub use files::{BundleFiles, Step};
pub use slice::TensorSlice;

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
use crate::sort::{SortedMap, sort_by};
use crate::value::{Bytes, Value};
use slice::{SliceProto, assemble};

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
    #[prost(message, repeated, tag = "7")]
    slices: Vec<SliceProto>,
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
    /// The parts that are kept in its stead.
    slices: Vec<TensorSlice>,
}

/// A bundle to read from.
#[derive(Debug)]
pub struct BundleReader {
    files: BundleFiles,
    shards: u32,
    entries: SortedMap<String, Entry>,
    /// By [`TensorSlice::key`].
    parts: SortedMap<Vec<u8>, Entry>,
}

/// An array to be written, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// The name of the array.
    pub name: String,
    /// Which part of it this is; `None` for all of it.
    pub slice: Option<TensorSlice>,
    /// The elements.
    pub value: Value,
}

impl From<(String, Value)> for Saved {
    fn from((name, value): (String, Value)) -> Self {
        Saved { name, slice: None, value }
    }
}

impl BundleReader {
    /// Opens the bundle of `prefix`: reads and checks its index. A save that was interrupted is no matter: there is
    /// always a whole one, the new or the old.
    pub fn open(prefix: impl AsRef<Path>) -> Result<Self> {
        BundleReader::of(BundleFiles::new(prefix))
    }

    fn of(files: BundleFiles) -> Result<Self> {
        let path = files.index_to_read();
        let index = std::fs::read(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => files.not_there(),
            _ => Error::of_file(&path, &e),
        })?;
        let read = || {
            let (shards, mut entries, parts) = entries(&index)?;
            for (name, entry) in entries.iter_mut() {
                let parts = entry.slices.iter().map(|slice| part(&parts, name, slice).map(|part| part.bytes));
                entry.bytes = parts.sum::<Result<u64>>()?.max(entry.bytes);
            }
            Ok((shards, entries, parts))
        };
        let (shards, entries, parts) = read().map_err(|e: Error| e.retitled(&path.display().to_string()))?;
        Ok(BundleReader { files, shards, entries, parts })
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
        let entry = self.known(name)?;
        match entry.slices.is_empty() {
            true => self.read_entry(name, entry),
            false => self.read_slice(name, &TensorSlice::all(&entry.shape)),
        }
    }

    /// Reads a part of the array `name`, however it was cut when it was saved.
    pub fn read_slice(&self, name: &str, slice: &TensorSlice) -> Result<Value> {
        let entry = self.known(name)?;
        if *slice.whole() != entry.shape {
            let (found, wanted) = (&entry.shape, slice.whole());
            return Err(Error::invalid_argument(format!("'{name}' is {found} in the checkpoint, not {wanted}")));
        }
        if entry.slices.is_empty() {
            return slice.cut(&self.read_entry(name, entry)?);
        }
        let dtype = stored_dtype(name, entry)?;
        self.check_parts(name, entry, slice)?;
        let used = entry.slices.iter().filter(|part| part.shared_elements(slice) > 0);
        let parts = used.map(|slice| Ok((slice, self.read_entry(name, part(&self.parts, name, slice)?)?)));
        assemble(dtype, slice, parts).map_err(|e| e.retitled(&format!("'{name}'")))
    }

    /// Reads all arrays, those in parts part by part, in the order in which they lie.
    pub fn read_all(&self) -> Result<Vec<Saved>> {
        let mut found = Vec::new();
        for (name, entry) in self.entries.iter() {
            if entry.slices.is_empty() {
                found.push((name, None, entry));
            }
            for slice in &entry.slices {
                found.push((name, Some(slice), part(&self.parts, name, slice)?));
            }
        }
        sort_by(&mut found, |(_, _, a), (_, _, b)| (a.shard, a.offset).cmp(&(b.shard, b.offset)));
        let saved = found.into_iter().map(|(name, slice, entry)| {
            Ok(Saved { name: name.clone(), slice: slice.cloned(), value: self.read_entry(name, entry)? })
        });
        saved.collect()
    }

    fn known(&self, name: &str) -> Result<&Entry> {
        self.entry(name).ok_or_else(|| {
            let prefix = self.files.prefix().display();
            Error::not_found(format!("the checkpoint {prefix} has no array '{name}'"))
        })
    }

    /// An error unless the parts of `name` hold all of `slice`, in as many bytes as there are: before anything is read.
    fn check_parts(&self, name: &str, entry: &Entry, slice: &TensorSlice) -> Result<()> {
        let held = entry.slices.iter().map(|part| part.shared_elements(slice)).fold(0, usize::saturating_add);
        if held < slice.shape().num_elements()? {
            return Err(Error::invalid_argument(format!(
                "the checkpoint does not have all parts of '{slice}' of '{name}'"
            )));
        }
        let size = |shard| self.files.data_to_read(shard, self.shards).metadata().map_or(0, |data| data.len());
        let there = (0..self.shards).map(size).fold(0, u64::saturating_add);
        match entry.bytes <= there {
            true => Ok(()),
            false => Err(Error::data_loss(format!("the parts of '{name}' are {} bytes of {there}", entry.bytes))),
        }
    }

    /// Reads what lies at `entry`, which is of the array `name`.
    fn read_entry(&self, name: &str, entry: &Entry) -> Result<Value> {
        let dtype = stored_dtype(name, entry)?;
        let path = self.files.data_to_read(entry.shard, self.shards);
        let bytes = bytes_of(&path, entry).map_err(|e| e.retitled(&format!("'{name}'")))?;
        decode(dtype, entry, &bytes).map_err(|e| e.retitled(&format!("'{name}' in {}", path.display())))
    }
}

fn stored_dtype(name: &str, entry: &Entry) -> Result<DType> {
    entry.dtype.filter(|dtype| dtype.has_storage()).ok_or_else(|| {
        let dtype = entry.dtype.map_or("of a type that is not known".to_owned(), |dtype| dtype.to_string());
        Error::unimplemented(format!("'{name}' is {dtype}, of which there are no arrays here"))
    })
}

/// Where the part `slice` of the array `name` lies.
fn part<'a>(parts: &'a SortedMap<Vec<u8>, Entry>, name: &str, slice: &TensorSlice) -> Result<&'a Entry> {
    let entry = parts.get(&slice.key(name)).filter(|entry| entry.shape == slice.shape());
    entry.ok_or_else(|| Error::data_loss(format!("there is no part '{slice}' of '{name}'")))
}

/// What an index says: the number of data files, the arrays, and the parts of arrays.
type Index = (u32, SortedMap<String, Entry>, SortedMap<Vec<u8>, Entry>);

/// The header and the entries of an index.
fn entries(index: &[u8]) -> Result<Index> {
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
    let (mut entries, mut parts) = (SortedMap::new(), SortedMap::new());
    for (key, value) in pairs {
        if key.first() == Some(&0) {
            let part = entry(&value, header.num_shards).map_err(|e| e.retitled("the entry of a part"))?;
            parts.insert(key, part);
            continue;
        }
        let name = String::from_utf8(key).map_err(|_| Error::data_loss("a name is not text"))?;
        let entry = entry(&value, header.num_shards).map_err(|e| e.retitled(&format!("the entry '{name}'")))?;
        entries.insert(name, entry);
    }
    Ok((header.num_shards as u32, entries, parts))
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
    let slices = proto.slices.into_iter().map(|slice| TensorSlice::from_proto(&shape, slice));
    let slices = slices.collect::<Result<_>>().map_err(|e| Error::data_loss(e.message()))?;
    Ok(Entry {
        dtype: DType::from_code(proto.dtype),
        shape,
        bytes: size,
        shard: proto.shard_id as u32,
        offset,
        crc: proto.crc32c,
        slices,
    })
}

/// The bytes of an entry: what the file does not have is not waited for.
fn bytes_of(path: &Path, entry: &Entry) -> Result<Vec<u8>> {
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
fn write_data(data: &mut impl Write, tensors: &[Saved]) -> Result<Vec<u8>> {
    let mut pairs: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let version = Some(VersionDef { producer: 1, ..Default::default() });
    pairs.insert(Vec::new(), HeaderProto { num_shards: 1, endianness: 0, version }.encode_to_vec());
    let mut insert = |key: Vec<u8>, name: &str, entry: &EntryProto| match pairs.insert(key, entry.encode_to_vec()) {
        None => Ok(()),
        Some(_) => Err(Error::new(ErrorKind::AlreadyExists, format!("two arrays are called '{name}'"))),
    };
    let mut offset = 0;
    let mut in_parts: Vec<(&str, EntryProto)> = Vec::new();
    for Saved { name, slice, value } in tensors {
        if name.is_empty() || name.starts_with('\0') {
            return Err(Error::invalid_argument(format!("'{}' is no name for an array", name.escape_debug())));
        }
        let key = match slice.as_ref().filter(|slice| !slice.is_all()) {
            Some(slice) => {
                let known = in_parts.iter().rposition(|(known, _)| known == name).unwrap_or_else(|| {
                    in_parts.push((name, EntryProto::default()));
                    in_parts.len() - 1
                });
                add_part(&mut in_parts[known].1, name, slice, value)?;
                slice.key(name)
            }
            None => name.clone().into_bytes(),
        };
        let (bytes, crc32c) = encode(value)?;
        data.write_all(&bytes).map_err(|e| Error::new(ErrorKind::ResourceExhausted, e.to_string()))?;
        let size = bytes.len() as i64;
        insert(key, name, &EntryProto { offset, size, crc32c, ..described(value.dtype(), value.shape()) })?;
        offset += size;
    }
    sort_by(&mut in_parts, |(a, _), (b, _)| a.cmp(b));
    in_parts.iter().try_for_each(|(name, entry)| insert(name.as_bytes().to_vec(), name, entry))?;
    let pairs: Vec<_> = pairs.into_iter().collect();
    Ok(table::write(&pairs))
}

/// The entry of an array that lies nowhere yet.
fn described(dtype: DType, shape: &Shape) -> EntryProto {
    let dim = shape.iter().map(|&n| Dim { size: n as i64, name: String::new() }).collect();
    EntryProto { dtype: dtype.code(), shape: Some(TensorShapeProto { dim, unknown_rank: false }), ..Default::default() }
}

/// Adds a part to the entry of the array `name`.
fn add_part(entry: &mut EntryProto, name: &str, slice: &TensorSlice, value: &Value) -> Result<()> {
    if *value.shape() != slice.shape() {
        let (found, wanted) = (value.shape(), slice.shape());
        return Err(Error::invalid_argument(format!("the part '{slice}' of '{name}' is {wanted}, not {found}")));
    }
    let slices = std::mem::take(&mut entry.slices);
    let whole = described(value.dtype(), slice.whole());
    if !slices.is_empty() && *entry != whole {
        return Err(Error::invalid_argument(format!("the parts of '{name}' are of arrays that differ")));
    }
    *entry = EntryProto { slices, ..whole };
    entry.slices.push(slice.to_proto());
    Ok(())
}

/// Writes `tensors` as the bundle of `prefix`, in this order. Until all is on the disk, what the prefix held before can
/// be read; from then on the new one can. The folder must be there.
pub fn write_bundle(prefix: impl AsRef<Path>, tensors: &[(String, Value)]) -> Result<()> {
    write_saved(prefix, &tensors.iter().cloned().map(Saved::from).collect::<Vec<_>>())
}

/// [`write_bundle`] for arrays and parts of arrays.
pub fn write_saved(prefix: impl AsRef<Path>, tensors: &[Saved]) -> Result<()> {
    let files = BundleFiles::new(prefix);
    Step::ALL.iter().try_for_each(|step| files.run(*step, tensors))
}

/// The path with `suffix` behind it.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
