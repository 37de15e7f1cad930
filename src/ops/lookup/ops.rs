//! HashTable and what is done with it: Initialize…, LookupTableImport, …Find, …Size, …Export. Each in two dialects: a table is
//! held by a reference to its name, or by a handle.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use super::file::Columns;
use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::op::{Flags, Grad, InferCtx, Kernel, KernelCtx, OpDef, Sig, State};
use crate::shape::PartialShape;
use crate::value::Value;

/// A table of a session. It has no entries until it is initialized, which is once.
#[derive(Debug)]
struct Table {
    name: String,
    key_type: DType,
    value_type: DType,
    entries: RwLock<Option<Arc<Entries>>>,
}

impl State for Table {}

#[derive(Debug)]
struct Entries {
    /// Where in `values` what belongs to a key stands.
    places: HashMap<Key, usize>,
    keys: Value,
    values: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Number(i64),
    Text(Vec<u8>),
}

fn keys_of(value: &Value) -> Result<Vec<Key>> {
    match value.dtype() {
        DType::String => Ok(value.as_slice::<Vec<u8>>()?.iter().cloned().map(Key::Text).collect()),
        _ => Ok(value.integers()?.into_iter().map(Key::Number).collect()),
    }
}

impl Entries {
    /// An error if a key has two different values.
    fn new(keys: &Value, values: &Value) -> Result<Entries> {
        if keys.is_empty() {
            return Err(Error::invalid_argument("a table without entries"));
        }
        if keys.len() != values.len() {
            return Err(Error::invalid_argument(format!("{} keys and {} values", keys.len(), values.len())));
        }
        let mut places: HashMap<Key, usize> = HashMap::new();
        let mut kept = Vec::new();
        for (i, key) in keys_of(keys)?.into_iter().enumerate() {
            match places.get(&key) {
                None => {
                    places.insert(key, kept.len());
                    kept.push(i);
                }
                Some(&first) => {
                    let same = dispatch!(values.dtype(), all, T => {
                        let values = values.as_slice::<T>()?;
                        Ok(values[kept[first]] == values[i])
                    })?;
                    if !same {
                        let message =
                            format!("entry {i} of a table has the key of entry {} and another value", kept[first]);
                        return Err(Error::failed_precondition(message));
                    }
                }
            }
        }
        let pick = |from: &Value| {
            dispatch!(from.dtype(), all, T => {
                let from = from.as_slice::<T>()?;
                Ok(Value::vector(kept.iter().filter_map(|&i| from.get(i)).cloned().collect::<Vec<T>>()))
            })
        };
        Ok(Entries { places, keys: pick(keys)?, values: pick(values)? })
    }
}

impl Table {
    /// Fills the table, or checks that it has as many entries already.
    fn initialize(&self, keys: &Value, values: &Value) -> Result<()> {
        self.check(keys.dtype(), values.dtype())?;
        let new = Entries::new(keys, values)?;
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        match entries.as_ref() {
            Some(old) if old.places.len() != keys.len() => Err(Error::failed_precondition(format!(
                "the table '{}' has {} entries already, and is to have {}",
                self.name,
                old.places.len(),
                keys.len()
            ))),
            Some(_) => Ok(()),
            None => {
                *entries = Some(Arc::new(new));
                Ok(())
            }
        }
    }

    fn check(&self, key: DType, value: DType) -> Result<()> {
        if (key, value) != (self.key_type, self.value_type) {
            let (keys, values) = (self.key_type, self.value_type);
            return Err(Error::invalid_argument(format!(
                "the table '{}' is from {keys} to {values}, not from {key} to {value}",
                self.name
            )));
        }
        Ok(())
    }

    fn entries(&self) -> Option<Arc<Entries>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

const NO_GRADIENT: Grad = Grad::Stop("a table is no number");

fn make(ctx: &mut KernelCtx) -> Result<()> {
    let attrs = ctx.node.attrs();
    let (key_type, value_type) = (attrs.dtype("key_dtype")?, attrs.dtype("value_dtype")?);
    if ![DType::Int32, DType::Int64, DType::String].contains(&key_type) || !value_type.has_storage() {
        return Err(Error::invalid_argument(format!("a table from {key_type} to {value_type}")));
    }
    let shared = attrs.str("shared_name")?;
    let name = if shared.is_empty() { &ctx.node.name } else { shared };
    let key = format!("table {}/{name}", attrs.str("container")?);
    let table = ctx.resources.get_or_create(&key, || Table {
        name: name.to_owned(),
        key_type,
        value_type,
        entries: RwLock::default(),
    })?;
    table.check(key_type, value_type)?;
    ctx.outputs.set_state(0, table);
    Ok(())
}

fn initialize(ctx: &mut KernelCtx) -> Result<()> {
    ctx.inputs.state::<Table>(0)?.initialize(ctx.inputs.value(1)?, ctx.inputs.value(2)?)
}

fn initialize_from_file(ctx: &mut KernelCtx) -> Result<()> {
    let attrs = ctx.node.attrs();
    let table = ctx.inputs.state::<Table>(0)?;
    let path = ctx.inputs.value(1)?.item::<Vec<u8>>()?;
    let path = String::from_utf8(path).map_err(|_| Error::invalid_argument("the name of a file is no text"))?;
    let &[delimiter] = attrs.str("delimiter")?.as_bytes() else {
        return Err(Error::invalid_argument("the delimiter is one character"));
    };
    let columns = Columns {
        key: attrs.int("key_index")?,
        value: attrs.int("value_index")?,
        vocab_size: attrs.int("vocab_size")?,
        delimiter,
        offset: attrs.int("offset")?,
    };
    let path = PathBuf::from(path);
    let (keys, values) = columns.read(&path, table.key_type, table.value_type)?;
    table.initialize(&keys, &values).map_err(|error| error.note(format!("from {}", path.display())))
}

fn find(ctx: &mut KernelCtx) -> Result<()> {
    let table = ctx.inputs.state::<Table>(0)?;
    let (keys, default) = (ctx.inputs.value(1)?, ctx.inputs.value(2)?);
    table.check(keys.dtype(), default.dtype())?;
    let entries = table.entries().ok_or_else(|| {
        Error::failed_precondition(format!("the table '{}' is not initialized", table.name))
            .note("run its initializer first: `sess.run(tf::tables_initializer(), feed_dict! {})`")
    })?;
    let keys = keys_of(keys)?;
    dispatch!(default.dtype(), all, T => {
        let default = default.item::<T>()?;
        let values = entries.values.as_slice::<T>()?;
        for (out, key) in ctx.outputs.slice::<T>(0)?.iter_mut().zip(&keys) {
            out.clone_from(entries.places.get(key).map_or(&default, |&place| &values[place]));
        }
        Ok(())
    })
}

fn size(ctx: &mut KernelCtx) -> Result<()> {
    let size = ctx.inputs.state::<Table>(0)?.entries().map_or(0, |entries| entries.places.len());
    ctx.outputs.slice::<i64>(0)?.fill(size as i64);
    Ok(())
}

fn export(ctx: &mut KernelCtx) -> Result<()> {
    let attrs = ctx.node.attrs();
    let table = ctx.inputs.state::<Table>(0)?;
    table.check(attrs.dtype("Tkeys")?, attrs.dtype("Tvalues")?)?;
    let empty = || Error::new(ErrorKind::Aborted, format!("the table '{}' is not initialized", table.name));
    let entries = table.entries().ok_or_else(empty)?;
    ctx.outputs.set(0, entries.keys.clone());
    ctx.outputs.set(1, entries.values.clone());
    Ok(())
}

fn infer_entries(ctx: &mut InferCtx) -> Result<()> {
    let (keys, values) = (ctx.shape_of_rank(1, 1)?, ctx.shape_of_rank(2, 1)?);
    match keys.merge(&values) {
        Some(_) => Ok(()),
        None => Err(Error::invalid_argument(format!("keys of shape {keys} and values of shape {values}"))),
    }
}

fn infer_import(ctx: &mut InferCtx) -> Result<()> {
    match ctx.shape(1)?.merge(ctx.shape(2)?) {
        Some(_) => Ok(()),
        None => Err(Error::invalid_argument(format!("keys {} and values {}", ctx.shape(1)?, ctx.shape(2)?))),
    }
}

fn infer_file(ctx: &mut InferCtx) -> Result<()> {
    let (attrs, least) = (ctx.attrs(), -2);
    if attrs.int("key_index")? < least || attrs.int("value_index")? < least || attrs.int("vocab_size")? < -1 {
        return Err(Error::invalid_argument("columns are numbers from 0, -1 for the line's, -2 for all of the line"));
    }
    ctx.shape_of_rank(1, 0).map(drop)
}

fn infer_find(ctx: &mut InferCtx) -> Result<()> {
    let shape = ctx.shape(1)?.clone();
    ctx.set(0, shape)
}

fn infer_export(ctx: &mut InferCtx) -> Result<()> {
    ctx.set(0, PartialShape::new([None]))?;
    ctx.set(1, PartialShape::new([None]))
}

macro_rules! operations {
    ($($name:ident $sig:literal $infer:expr, $kernel:ident $flags:ident;)*) => {
        $(pub(super) static $name: OpDef = OpDef {
            sig: Sig::new($sig),
            infer: $infer,
            kernel: Kernel::Run($kernel),
            grad: NO_GRADIENT,
            flags: Flags::$flags,
        };)*

        /// The operations of tables.
        pub static OPS: &[&OpDef] = &[$(&$name),*];
    };
}

operations! {
    HASH_TABLE "HashTable() -> (table_handle: Ref(string)) where container: string = '', shared_name: string = '', \
        use_node_name_sharing: bool = false, key_dtype: type, value_dtype: type"
        |ctx| ctx.set(0, PartialShape::scalar()), make STATEFUL;
    HASH_TABLE_V2 "HashTableV2() -> (table_handle: resource) where container: string = '', shared_name: string = '', \
        use_node_name_sharing: bool = false, key_dtype: type, value_dtype: type"
        |ctx| ctx.set(0, PartialShape::scalar()), make STATEFUL;
    INITIALIZE_TABLE "InitializeTable(table_handle: Ref(string), keys: Tkey, values: Tval) -> () \
        where Tkey: type, Tval: type" infer_entries, initialize EFFECT;
    INITIALIZE_TABLE_V2 "InitializeTableV2(table_handle: resource, keys: Tkey, values: Tval) -> () \
        where Tkey: type, Tval: type" infer_entries, initialize EFFECT;
    INITIALIZE_TABLE_FROM_TEXT_FILE "InitializeTableFromTextFile(table_handle: Ref(string), filename: string) -> () \
        where key_index: int, value_index: int, vocab_size: int = -1, delimiter: string = '\t', offset: int = 0"
        infer_file, initialize_from_file EFFECT;
    INITIALIZE_TABLE_FROM_TEXT_FILE_V2 "InitializeTableFromTextFileV2(table_handle: resource, filename: string) -> () \
        where key_index: int, value_index: int, vocab_size: int = -1, delimiter: string = '\t', offset: int = 0"
        infer_file, initialize_from_file EFFECT;
    LOOKUP_TABLE_EXPORT "LookupTableExport(table_handle: Ref(string)) -> (keys: Tkeys, values: Tvalues) \
        where Tkeys: type, Tvalues: type" infer_export, export STATEFUL;
    LOOKUP_TABLE_EXPORT_V2 "LookupTableExportV2(table_handle: resource) -> (keys: Tkeys, values: Tvalues) \
        where Tkeys: type, Tvalues: type" infer_export, export STATEFUL;
    LOOKUP_TABLE_FIND "LookupTableFind(table_handle: Ref(string), keys: Tin, default_value: Tout) -> (values: Tout) \
        where Tin: type, Tout: type" infer_find, find STATEFUL;
    LOOKUP_TABLE_FIND_V2 "LookupTableFindV2(table_handle: resource, keys: Tin, default_value: Tout) -> (values: Tout) \
        where Tin: type, Tout: type" infer_find, find STATEFUL;
    LOOKUP_TABLE_IMPORT "LookupTableImport(table_handle: Ref(string), keys: Tin, values: Tout) -> () \
        where Tin: type, Tout: type" infer_import, initialize EFFECT;
    LOOKUP_TABLE_IMPORT_V2 "LookupTableImportV2(table_handle: resource, keys: Tin, values: Tout) -> () \
        where Tin: type, Tout: type" infer_import, initialize EFFECT;
    LOOKUP_TABLE_SIZE "LookupTableSize(table_handle: Ref(string)) -> (size: int64)"
        |ctx| ctx.set(0, PartialShape::scalar()), size STATEFUL;
    LOOKUP_TABLE_SIZE_V2 "LookupTableSizeV2(table_handle: resource) -> (size: int64)"
        |ctx| ctx.set(0, PartialShape::scalar()), size STATEFUL;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::*;
    use super::*;
    use crate::dtype::{float32, int64, string};
    use crate::graph::{Graph, Tensor, keys};
    use crate::op::IntoTensor;
    use crate::ops::array::placeholder;
    use crate::session::{Feeds, Session, SessionArgs};

    fn written(name: &str, content: &str) -> String {
        let path = std::env::temp_dir().join(format!("flowstone-tables-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A session of the default graph.
    fn session() -> Session {
        SessionArgs::new().build().unwrap()
    }

    #[test]
    fn tables_are_filled_from_files() {
        let graph = Graph::new();
        let _default = graph.as_default();
        let path = written("words", "emerson\nlake\r\npalmer");
        let ids = index_table_from_file_args(path.as_str()).vocab_size(2).num_oov_buckets(1).build();
        let words = index_to_string_table_from_file(path.as_str());
        let keys = placeholder(string, None);
        let (ids, back) = (ids.lookup(keys), words.lookup(ids.lookup(keys)));
        let assets: Vec<Tensor> = graph.get_collection(keys::ASSET_FILEPATHS);
        assert_eq!(assets.len(), 2);
        let name = graph.get_operation_by_name("string_to_index/hash_table/hash_table").unwrap();
        let shared = name.get_attr("shared_name").unwrap();
        assert_eq!(shared, format!("hash_table_{path}_2_-2_-1").as_str().into());
        let sess = session();
        let feeds = Feeds::new().feed(keys, ["lake", "palmer"]);
        let error = sess.run(ids, &feeds).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
        assert!(error.to_string().contains("tables_initializer"), "{error}");
        sess.run(tables_initializer(), Feeds::new()).unwrap();
        let (ids, back) = sess.run((ids, back), &feeds).unwrap();
        assert_eq!(ids.as_slice::<i64>().unwrap(), [1, 2]);
        assert_eq!(back.as_slice::<Vec<u8>>().unwrap(), [b"lake".to_vec(), b"palmer".to_vec()]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn files_that_do_not_fit_leave_the_table_as_it_was() {
        let graph = Graph::new();
        let _default = graph.as_default();
        let path = placeholder(string, ());
        let file = text_file_initializer_args(path, string, 0, float32, 1).delimiter(" ").build();
        let table = StaticHashTable(file, -1.0);
        let (fill, count) = (table.initializer(), table.size());
        let sess = session();
        for (content, kind, says) in [
            ("a 1\nb x\n", ErrorKind::InvalidArgument, ":2: 'x' is no float32"),
            ("a 1\nb\n", ErrorKind::InvalidArgument, ":2: 1 columns"),
            ("a 1\n\nb 2\n", ErrorKind::InvalidArgument, ":2: the line is empty"),
            ("", ErrorKind::OutOfRange, "no line"),
            ("a 1\na 2\n", ErrorKind::FailedPrecondition, "another value"),
        ] {
            let name = written("bad", content);
            let error = sess.run(fill, Feeds::new().feed(path, name.as_str())).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(says) && error.to_string().contains(&name), "{error}");
            assert_eq!(sess.run(count, Feeds::new()).unwrap().item::<i64>().unwrap(), 0);
        }
        let name = written("bad", "a 1\nb 2.5\n");
        sess.run(fill, Feeds::new().feed(path, name.as_str())).unwrap();
        let (keys, values) = table.export();
        let (keys, values) = sess.run((keys, values), Feeds::new()).unwrap();
        assert_eq!(keys.as_slice::<Vec<u8>>().unwrap(), [b"a".to_vec(), b"b".to_vec()]);
        assert_eq!(values.as_slice::<f32>().unwrap(), [1.0, 2.5]);
        std::fs::remove_file(name).unwrap();
        let error = sess.run(fill, Feeds::new().feed(path, "no/such/file")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(
            sess.run(table.resource_handle(), Feeds::new()).unwrap_err().to_string().contains("a handle is fetched")
        );
    }

    #[test]
    fn tables_of_the_old_dialect_are_the_same() {
        let graph = Graph::new();
        let _default = graph.as_default();
        let handle = HASH_TABLE.call([]).attr("key_dtype", string).attr("value_dtype", int64).single();
        let held = || handle.into_arg();
        let fill = INITIALIZE_TABLE.call([held(), ["a", "b"].into_arg(), [1i64, 2].into_arg()]).operation();
        let again = LOOKUP_TABLE_IMPORT.call([held(), ["c", "d"].into_arg(), [1i64, 2].into_arg()]).operation();
        let path = written("old", "x\ny\nz\n");
        let file = INITIALIZE_TABLE_FROM_TEXT_FILE.call([held(), path.as_str().into_arg()]);
        let file = file.attr("key_index", -2).attr("value_index", -1).operation();
        let found = LOOKUP_TABLE_FIND.call([held(), ["b", "c"].into_arg(), (-1i64).into_arg()]).single();
        let count = LOOKUP_TABLE_SIZE.call([held()]).single();
        let all = LOOKUP_TABLE_EXPORT.call([held()]).attr("Tkeys", string).attr("Tvalues", int64).build();
        let sess = session();
        sess.run(fill, Feeds::new()).unwrap();
        sess.run(again, Feeds::new()).unwrap();
        assert_eq!(sess.run(file, Feeds::new()).unwrap_err().kind(), ErrorKind::FailedPrecondition);
        let (found, count, values) = sess.run((found, count, all.output(1)), Feeds::new()).unwrap();
        assert_eq!((found, count.item::<i64>().unwrap(), values), ([2i64, -1].into(), 2, [1i64, 2].into()));
        std::fs::remove_file(path).unwrap();
    }
}
