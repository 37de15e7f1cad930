//! Tables as programs use them: what they are filled with, and what is looked up.

use std::hash::{BuildHasher, RandomState};

use super::TextFileIndex::{LINE_NUMBER, WHOLE_LINE};
use super::ops::{
    HASH_TABLE_V2, INITIALIZE_TABLE_FROM_TEXT_FILE_V2, LOOKUP_TABLE_EXPORT_V2, LOOKUP_TABLE_FIND_V2,
    LOOKUP_TABLE_IMPORT_V2, LOOKUP_TABLE_SIZE_V2,
};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::keys::{ASSET_FILEPATHS, TABLE_INITIALIZERS};
use crate::graph::{Graph, Operation, Tensor, get_collection, get_default_graph};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::array::{SparseTensor, range, size};
use crate::ops::flow::group_named;
use crate::ops::math::{add, cast, not_equal, where_v2};
use crate::ops::scope::Scope;
use crate::ops::strings::{STRING_TO_HASH_BUCKET_FAST, as_string};

/// An operation that fills all tables of the default graph. TF: `tf.tables_initializer`.
///
/// ```
/// use flowstone as tf;
/// let table = tf::lookup::index_table_from_tensor(["emerson", "lake", "palmer"]);
/// let ids = table.lookup(["lake", "palmer", "and"]);
/// let sess = tf::Session()?;
/// sess.run(tf::tables_initializer(), tf::feed_dict! {})?;
/// assert_eq!(sess.run(ids, tf::feed_dict! {})?.as_slice::<i64>()?, [1, 2, -1]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn tables_initializer() -> Operation {
    group_named(&get_collection::<Operation>(TABLE_INITIALIZERS), "init_all_tables")
}

/// What a table is filled with: [`KeyValueTensorInitializer`] or [`TextFileInitializer`].
#[derive(Clone, Debug)]
pub struct TableInitializer {
    source: Source,
    key_type: DType,
    value_type: DType,
}

#[derive(Clone, Debug)]
enum Source {
    Tensors { keys: Tensor, values: Tensor, name: &'static str },
    File { filename: Tensor, shared_name: Option<String>, columns: FileColumns, name: &'static str },
    Failed,
}

#[derive(Clone, Debug)]
struct FileColumns {
    key: i64,
    value: i64,
    vocab_size: i64,
    delimiter: String,
    offset: i64,
}

/// Keys with a value each. TF: `tf.lookup.KeyValueTensorInitializer(keys, values)`.
///
/// `keys` is a list of int32, int64 or string, `values` one as long of any type.
#[allow(non_snake_case)]
#[track_caller]
pub fn KeyValueTensorInitializer(keys: impl IntoTensor, values: impl IntoTensor) -> TableInitializer {
    let keys = convert(keys.into_arg(), "keys", None);
    let values = convert(values.into_arg(), "values", None);
    from_tensors(keys, values, "key_value_init")
}

fn from_tensors(keys: Tensor, values: Tensor, name: &'static str) -> TableInitializer {
    match (keys.dtype(), values.dtype()) {
        (Ok(key_type), Ok(value_type)) => {
            TableInitializer { source: Source::Tensors { keys, values, name }, key_type, value_type }
        }
        _ => TableInitializer { source: Source::Failed, key_type: DType::Invalid, value_type: DType::Invalid },
    }
}

/// The lines of a file. TF: `tf.lookup.TextFileInitializer(filename, key_dtype, key_index, value_dtype, value_index)`.
///
/// `key_index` and `value_index` are columns, or one of [`TextFileIndex`](super::TextFileIndex). Keyword arguments
/// `vocab_size`, how many lines are read (all if not said), `delimiter` of columns (a tab), and `value_index_offset`, which
/// is added to the numbers of lines. What does not fit is an error of the run, with the file and the line; the table stays as
/// it was.
#[allow(non_snake_case)]
#[track_caller]
pub fn TextFileInitializer(
    filename: impl IntoTensor,
    key_dtype: DType,
    key_index: i64,
    value_dtype: DType,
    value_index: i64,
) -> TableInitializer {
    text_file_initializer_args(filename, key_dtype, key_index, value_dtype, value_index).build()
}

/// [`TextFileInitializer`] with keyword arguments.
pub fn text_file_initializer_args(
    filename: impl IntoTensor,
    key_dtype: DType,
    key_index: i64,
    value_dtype: DType,
    value_index: i64,
) -> TextFileArgs {
    let columns =
        FileColumns { key: key_index, value: value_index, vocab_size: -1, delimiter: "\t".to_owned(), offset: 0 };
    TextFileArgs { filename: filename.into_arg(), types: [key_dtype, value_dtype], columns, name: "text_file_init" }
}

/// A [`TextFileInitializer`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct TextFileArgs {
    filename: Arg,
    types: [DType; 2],
    columns: FileColumns,
    name: &'static str,
}

impl TextFileArgs {
    /// How many lines are read; all if not said.
    pub fn vocab_size(mut self, size: i64) -> Self {
        self.columns.vocab_size = size;
        self
    }

    /// What stands between columns; a tab if not said.
    pub fn delimiter(mut self, delimiter: &str) -> Self {
        delimiter.clone_into(&mut self.columns.delimiter);
        self
    }

    /// Added to the numbers of lines; 0 if not said.
    pub fn value_index_offset(mut self, offset: i64) -> Self {
        self.columns.offset = offset;
        self
    }

    /// Builds the file's name.
    #[track_caller]
    pub fn build(self) -> TableInitializer {
        let graph = Arg::graph_of(std::slice::from_ref(&self.filename)).unwrap_or_else(|_| get_default_graph());
        let filename = {
            let _device = graph.device("/device:CPU:*");
            convert(self.filename, "asset_path", Some(DType::String))
        };
        graph.add_to_collection(ASSET_FILEPATHS, filename);
        let FileColumns { key, value, vocab_size, offset, .. } = self.columns;
        let text = filename.op().get_attr("value").ok().and_then(|attr| match attr {
            crate::graph::Attr::Tensor(value, _) => String::from_utf8(value.item::<Vec<u8>>().ok()?).ok(),
            _ => None,
        });
        // A table of the same file and columns is the same table, as in TensorFlow.
        let shared_name = text.map(|path| {
            let size = if vocab_size > 0 { format!("{vocab_size}_") } else { String::new() };
            let offset = if offset != 0 { format!("_{offset}") } else { String::new() };
            format!("hash_table_{path}_{size}{key}_{value}{offset}")
        });
        let source = Source::File { filename, shared_name, columns: self.columns, name: self.name };
        TableInitializer { source, key_type: self.types[0], value_type: self.types[1] }
    }
}

/// A table of a session: keys and their values. TF: `tf.lookup.StaticHashTable`.
#[derive(Clone, Copy, Debug)]
pub struct LookupTable {
    handle: Tensor,
    default_value: Tensor,
    initializer: Operation,
    key_type: DType,
    value_type: DType,
    /// How many numbers there are for keys that are not in the table.
    oov_buckets: i64,
}

/// A table that is filled once and then only looked into. TF: `tf.lookup.StaticHashTable(initializer, default_value)`.
///
/// `default_value` is what keys have that are not in it. Its initializer is one of [`tables_initializer`].
///
/// ```
/// use flowstone as tf;
/// use tf::lookup::{KeyValueTensorInitializer, StaticHashTable};
/// let table = StaticHashTable(KeyValueTensorInitializer(["one", "two"], [1.0, 2.0]), 0.0);
/// let found = table.lookup(["two", "three"]);
/// let sess = tf::Session()?;
/// sess.run(table.initializer(), tf::feed_dict! {})?;
/// assert_eq!(sess.run(found, tf::feed_dict! {})?.as_slice::<f32>()?, [2.0, 0.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn StaticHashTable(initializer: TableInitializer, default_value: impl IntoTensor) -> LookupTable {
    let TableInitializer { source, key_type, value_type } = initializer;
    let default_value = convert(default_value.into_arg(), "Const", Some(value_type));
    let unique = || {
        let numbers = [RandomState::new().hash_one(0), RandomState::new().hash_one(1)];
        format!("hash_table_{:016x}{:016x}", numbers[0], numbers[1])
    };
    let (shared_name, name) = match &source {
        Source::Tensors { name, .. } => (unique(), *name),
        Source::File { shared_name, name, .. } => (shared_name.clone().unwrap_or_else(unique), *name),
        Source::Failed => (unique(), "table_init"),
    };
    let graph = default_value.graph().unwrap_or_else(|_| get_default_graph());
    if matches!(source, Source::Failed) {
        let handle = Tensor::poisoned(&graph);
        let initializer = handle.op();
        return LookupTable { handle, default_value, initializer, key_type, value_type, oov_buckets: 0 };
    }
    let call = HASH_TABLE_V2.call([]).graph(&graph).name("hash_table").attr("shared_name", shared_name.as_str());
    let handle = call.attr("key_dtype", key_type).attr("value_dtype", value_type).single();
    let _scope = Scope::open(&[&handle.into_arg()], name);
    let initializer = match source {
        Source::Tensors { keys, values, .. } => {
            LOOKUP_TABLE_IMPORT_V2.call([handle, keys, values].map(IntoTensor::into_arg)).operation()
        }
        Source::File { filename, columns, .. } => INITIALIZE_TABLE_FROM_TEXT_FILE_V2
            .call([handle, filename].map(IntoTensor::into_arg))
            .attr("key_index", columns.key)
            .attr("value_index", columns.value)
            .attr("vocab_size", columns.vocab_size)
            .attr("delimiter", columns.delimiter.as_str())
            .attr("offset", columns.offset)
            .operation(),
        Source::Failed => handle.op(),
    };
    graph.add_to_collection(TABLE_INITIALIZERS, initializer);
    LookupTable { handle, default_value, initializer, key_type, value_type, oov_buckets: 0 }
}

impl LookupTable {
    /// What fills it. TF: `table.initializer`.
    pub fn initializer(&self) -> Operation {
        self.initializer
    }

    /// What keys have that are not in it. TF: `table.default_value`.
    pub fn default_value(&self) -> Tensor {
        self.default_value
    }

    /// The handle. TF: `table.resource_handle`.
    pub fn resource_handle(&self) -> Tensor {
        self.handle
    }

    /// The type of its keys. TF: `table.key_dtype`.
    pub fn key_dtype(&self) -> DType {
        self.key_type
    }

    /// The type of its values. TF: `table.value_dtype`.
    pub fn value_dtype(&self) -> DType {
        self.value_type
    }

    /// Its node's name without the scopes. TF: `table.name`.
    pub fn name(&self) -> String {
        self.handle.op().name().rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// The value of each of `keys`, in their shape. TF: `table.lookup(keys)`. No gradient.
    #[track_caller]
    pub fn lookup(&self, keys: impl IntoTensor) -> Tensor {
        let keys = keys.into_arg();
        if self.oov_buckets == 0 {
            return self.find(keys);
        }
        let scope = Scope::open(&[&keys, &self.handle.into_arg()], &format!("{}_Lookup", self.name()));
        let keys = convert(keys, "keys", Some(self.key_type));
        if let Err(error) = self.check(keys) {
            return scope.fail(error);
        }
        let texts = if self.key_type == DType::String { keys } else { as_string(keys) };
        let buckets = STRING_TO_HASH_BUCKET_FAST.call([texts.into_arg()]).name("hash_bucket");
        let buckets = buckets.attr("num_buckets", self.oov_buckets).single();
        let ids = self.find(keys.into_arg());
        let buckets = add(buckets, self.entries());
        where_v2(not_equal(ids, self.default_value), ids, buckets)
    }

    /// The value of each element of `keys`. TF: `table.lookup(keys)` of a `SparseTensor`.
    #[track_caller]
    pub fn lookup_sparse(&self, keys: SparseTensor) -> SparseTensor {
        SparseTensor { values: self.lookup(keys.values), ..keys }
    }

    /// How many values there can be. TF: `table.size()`.
    #[track_caller]
    pub fn size(&self) -> Tensor {
        if self.oov_buckets == 0 {
            return self.entries();
        }
        let _scope = Scope::open(&[&self.handle.into_arg()], &format!("{}_Size", self.name()));
        self.entries() + self.oov_buckets
    }

    /// All keys and their values. TF: `table.export()`.
    #[track_caller]
    pub fn export(&self) -> (Tensor, Tensor) {
        let _scope = Scope::open(&[&self.handle.into_arg()], &format!("{}_Export", self.name()));
        let call = LOOKUP_TABLE_EXPORT_V2.call([self.handle.into_arg()]);
        let built = call.attr("Tkeys", self.key_type).attr("Tvalues", self.value_type).build();
        (built.output(0), built.output(1))
    }

    fn check(&self, keys: Tensor) -> Result<()> {
        let found = keys.dtype()?;
        match found == self.key_type {
            true => Ok(()),
            false => {
                Err(Error::invalid_argument(format!("the keys are {found}, those of the table {}", self.key_type)))
            }
        }
    }

    #[track_caller]
    fn find(&self, keys: Arg) -> Tensor {
        let scope = Scope::open(&[&keys, &self.handle.into_arg()], &format!("{}_Lookup", self.name()));
        let keys = convert(keys, "keys", Some(self.key_type));
        match self.check(keys) {
            Ok(()) => {
                LOOKUP_TABLE_FIND_V2.call([self.handle, keys, self.default_value].map(IntoTensor::into_arg)).single()
            }
            Err(_) if keys.is_poisoned() => keys,
            Err(error) => scope.fail(error),
        }
    }

    #[track_caller]
    fn entries(&self) -> Tensor {
        let _scope = Scope::open(&[&self.handle.into_arg()], &format!("{}_Size", self.name()));
        LOOKUP_TABLE_SIZE_V2.call([self.handle.into_arg()]).single()
    }
}

/// The graph of `arg`, or the default graph.
fn graph_of(arg: &Arg) -> Graph {
    Arg::graph_of(std::slice::from_ref(arg)).unwrap_or_else(|_| get_default_graph())
}

/// A table from the lines of a file to their numbers, as int64. TF: `tf.lookup_ops.index_table_from_file`.
///
/// Keyword arguments: `num_oov_buckets`, how many numbers there are behind these for keys that are not in the file, by their
/// hash (0); `vocab_size`, how many lines are read (all); `default_value`, the number of other keys (-1); `key_dtype`, string
/// or int64; `key_column_index`, `value_column_index` and `delimiter`.
#[track_caller]
pub fn index_table_from_file(vocabulary_file: impl IntoTensor) -> LookupTable {
    index_table_from_file_args(vocabulary_file).build()
}

/// [`index_table_from_file`] with keyword arguments.
pub fn index_table_from_file_args(vocabulary_file: impl IntoTensor) -> IndexFromFileArgs {
    let file = text_file_initializer_args(vocabulary_file, DType::String, WHOLE_LINE, DType::Int64, LINE_NUMBER);
    let file = TextFileArgs { name: "table_init", ..file };
    IndexFromFileArgs { file, num_oov_buckets: 0, default_value: (-1i64).into_arg() }
}

/// An [`index_table_from_file`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct IndexFromFileArgs {
    file: TextFileArgs,
    num_oov_buckets: i64,
    default_value: Arg,
}

macro_rules! file_methods {
    ($args:ident) => {
        impl $args {
            /// How many lines are read; all if not said.
            pub fn vocab_size(mut self, size: i64) -> Self {
                self.file = self.file.vocab_size(size);
                self
            }

            /// What keys have that are not in the file.
            pub fn default_value(mut self, value: impl IntoTensor) -> Self {
                self.default_value = value.into_arg();
                self
            }

            /// Which column is the key.
            pub fn key_column_index(mut self, column: i64) -> Self {
                self.file.columns.key = column;
                self
            }

            /// Which column is the value.
            pub fn value_column_index(mut self, column: i64) -> Self {
                self.file.columns.value = column;
                self
            }

            /// What stands between columns; a tab if not said.
            pub fn delimiter(mut self, delimiter: &str) -> Self {
                self.file = self.file.delimiter(delimiter);
                self
            }
        }
    };
}

file_methods!(IndexFromFileArgs);

impl IndexFromFileArgs {
    /// How many numbers there are for keys that are not in the file; 0 if not said.
    pub fn num_oov_buckets(mut self, count: i64) -> Self {
        self.num_oov_buckets = count;
        self
    }

    /// string, which it is if not said, or int64.
    pub fn key_dtype(mut self, dtype: DType) -> Self {
        self.file.types[0] = dtype;
        self
    }

    /// Builds the table.
    #[track_caller]
    pub fn build(self) -> LookupTable {
        let _scope = Scope::open(&[&self.file.filename], "string_to_index");
        let table = {
            let _table = Scope::open(&[&self.file.filename], "hash_table");
            StaticHashTable(self.file.build(), self.default_value)
        };
        LookupTable { oov_buckets: self.num_oov_buckets, ..table }
    }
}

/// A table from the elements of a list to their places, as int64. TF: `tf.lookup_ops.index_table_from_tensor`.
///
/// Keyword arguments `num_oov_buckets`, `default_value` and `dtype`, as for [`index_table_from_file`].
#[track_caller]
pub fn index_table_from_tensor(vocabulary_list: impl IntoTensor) -> LookupTable {
    index_table_from_tensor_args(vocabulary_list).build()
}

/// [`index_table_from_tensor`] with keyword arguments.
pub fn index_table_from_tensor_args(vocabulary_list: impl IntoTensor) -> IndexFromTensorArgs {
    IndexFromTensorArgs {
        vocabulary: vocabulary_list.into_arg(),
        num_oov_buckets: 0,
        default_value: (-1i64).into_arg(),
        dtype: DType::String,
    }
}

/// An [`index_table_from_tensor`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct IndexFromTensorArgs {
    vocabulary: Arg,
    num_oov_buckets: i64,
    default_value: Arg,
    dtype: DType,
}

impl IndexFromTensorArgs {
    /// How many numbers there are for keys that are not in the list; 0 if not said.
    pub fn num_oov_buckets(mut self, count: i64) -> Self {
        self.num_oov_buckets = count;
        self
    }

    /// The number of keys that are not in the list; -1 if not said.
    pub fn default_value(mut self, value: impl IntoTensor) -> Self {
        self.default_value = value.into_arg();
        self
    }

    /// string, which it is if not said, or a type of whole numbers.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// Builds the table.
    #[track_caller]
    pub fn build(self) -> LookupTable {
        let graph = graph_of(&self.vocabulary);
        let scope = Scope::open(&[&self.vocabulary], "string_to_index");
        let keys = convert(self.vocabulary, "Const", None);
        let fits = keys.dtype().is_ok_and(|dtype| dtype == self.dtype || dtype.is_integer() && self.dtype.is_integer());
        if !fits && !keys.is_poisoned() {
            scope.fail(Error::invalid_argument(format!("a list of {:?} for keys of {}", keys.dtype(), self.dtype)));
        }
        let values = cast(range(0, size(keys), 1), DType::Int64);
        let table = {
            let _table = graph.scope("hash_table");
            let keys = if self.dtype.is_integer() { cast(keys, DType::Int64) } else { keys };
            StaticHashTable(from_tensors(keys, values, "table_init"), self.default_value)
        };
        LookupTable { oov_buckets: self.num_oov_buckets, ..table }
    }
}

/// A table from the numbers of lines to the lines of a file. TF: `tf.lookup_ops.index_to_string_table_from_file`.
///
/// Keyword arguments `vocab_size`, `default_value` (`"UNK"`), `key_column_index`, `value_column_index` and `delimiter`.
#[track_caller]
pub fn index_to_string_table_from_file(vocabulary_file: impl IntoTensor) -> LookupTable {
    index_to_string_table_from_file_args(vocabulary_file).build()
}

/// [`index_to_string_table_from_file`] with keyword arguments.
pub fn index_to_string_table_from_file_args(vocabulary_file: impl IntoTensor) -> StringFromFileArgs {
    let file = text_file_initializer_args(vocabulary_file, DType::Int64, LINE_NUMBER, DType::String, WHOLE_LINE);
    StringFromFileArgs { file: TextFileArgs { name: "table_init", ..file }, default_value: "UNK".into_arg() }
}

/// An [`index_to_string_table_from_file`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct StringFromFileArgs {
    file: TextFileArgs,
    default_value: Arg,
}

file_methods!(StringFromFileArgs);

impl StringFromFileArgs {
    /// Builds the table.
    #[track_caller]
    pub fn build(self) -> LookupTable {
        let _scope = Scope::open(&[&self.file.filename], "index_to_string");
        StaticHashTable(self.file.build(), self.default_value)
    }
}

/// A table from places to the elements of a list of strings. TF: `tf.lookup_ops.index_to_string_table_from_tensor`.
///
/// Keyword argument `default_value` (`"UNK"`).
#[track_caller]
pub fn index_to_string_table_from_tensor(vocabulary_list: impl IntoTensor) -> LookupTable {
    index_to_string_table_from_tensor_args(vocabulary_list).build()
}

/// [`index_to_string_table_from_tensor`] with the keyword argument `default_value`.
pub fn index_to_string_table_from_tensor_args(vocabulary_list: impl IntoTensor) -> StringFromTensorArgs {
    StringFromTensorArgs { vocabulary: vocabulary_list.into_arg(), default_value: "UNK".into_arg() }
}

/// An [`index_to_string_table_from_tensor`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct StringFromTensorArgs {
    vocabulary: Arg,
    default_value: Arg,
}

impl StringFromTensorArgs {
    /// What places beyond the list have; `"UNK"` if not said.
    pub fn default_value(mut self, value: impl IntoTensor) -> Self {
        self.default_value = value.into_arg();
        self
    }

    /// Builds the table.
    #[track_caller]
    pub fn build(self) -> LookupTable {
        let _scope = Scope::open(&[&self.vocabulary], "index_to_string");
        let values = convert(self.vocabulary, "Const", Some(DType::String));
        let keys = cast(range(0, size(values), 1), DType::Int64);
        StaticHashTable(from_tensors(keys, values, "table_init"), self.default_value)
    }
}
