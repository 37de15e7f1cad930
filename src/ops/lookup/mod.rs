//! Tables that a session keeps. TF: `tf.lookup`, and `tf.contrib.lookup` of TensorFlow 1.

mod file;
mod ops;
mod table;

pub use ops::OPS;
pub use table::{
    IndexFromFileArgs, IndexFromTensorArgs, KeyValueTensorInitializer, LookupTable, StaticHashTable,
    StringFromFileArgs, StringFromTensorArgs, TableInitializer, TextFileArgs, TextFileInitializer,
    index_table_from_file, index_table_from_file_args, index_table_from_tensor, index_table_from_tensor_args,
    index_to_string_table_from_file, index_to_string_table_from_file_args, index_to_string_table_from_tensor,
    index_to_string_table_from_tensor_args, tables_initializer, text_file_initializer_args,
};

/// What of a line of a file becomes a key or a value. TF: `tf.lookup.TextFileIndex`.
#[allow(non_snake_case)]
pub mod TextFileIndex {
    /// All of it, as a string.
    pub const WHOLE_LINE: i64 = -2;
    /// Its number, from 0, as int64.
    pub const LINE_NUMBER: i64 = -1;
}
