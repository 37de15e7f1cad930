//! The cases of `golden/ops/tables.py`, in the same order.

use flowstone as tf;
use tf::lookup::{self, KeyValueTensorInitializer, LookupTable, StaticHashTable};
use tf::{IntoTensor, Operation, Tensor};

const NAMES: [&str; 3] = ["emerson", "lake", "palmer"];
const PATH: &str = "no/such/file.txt";

/// With tables that no other case initializes.
fn alone() {
    tf::get_default_graph().clear_collection(tf::GraphKeys::TABLE_INITIALIZERS);
}

/// Looked up after the tables are filled.
fn found(x: Tensor, make: fn() -> LookupTable) -> [Tensor; 2] {
    alone();
    let table = make();
    let _filled = tf::control_dependencies(&[tf::tables_initializer()]);
    [table.lookup(tf::identity(x)), table.size()]
}

fn exported(x: Tensor) -> [Tensor; 2] {
    alone();
    let table = StaticHashTable(KeyValueTensorInitializer(["a"], x), tf::constant(0));
    let _filled = tf::control_dependencies(&[table.initializer()]);
    let (keys, values) = table.export();
    [keys, values]
}

fn two(x: Tensor) -> [Tensor; 1] {
    alone();
    let a = lookup::index_table_from_tensor(["p", "q"]);
    let b = lookup::index_to_string_table_from_tensor(["r", "s"]);
    let _filled = tf::control_dependencies(&[tf::tables_initializer()]);
    [b.lookup(a.lookup(tf::identity(x)))]
}

fn filled(x: Tensor) -> [Tensor; 1] {
    alone();
    tf::tables_initializer();
    [x]
}

fn index_file(x: Tensor) -> [Tensor; 1] {
    alone();
    let y = lookup::index_table_from_file(PATH).lookup(x);
    tf::tables_initializer();
    [y]
}

fn table(shared: &str, key: tf::DType, value: tf::DType) -> Tensor {
    let call = tf::ops::lookup("HashTableV2").unwrap().call([]).attr("shared_name", shared);
    call.attr("key_dtype", key).attr("value_dtype", value).single()
}

fn text_table(shared: &str) -> Tensor {
    table(shared, tf::string, tf::int64)
}

fn size(handle: Tensor) -> Tensor {
    tf::ops::lookup("LookupTableSizeV2").unwrap().call([handle.into_arg()]).single()
}

fn find(handle: Tensor, keys: Tensor, default: impl IntoTensor) -> Tensor {
    let args = [handle.into_arg(), keys.into_arg(), default.into_arg()];
    tf::ops::lookup("LookupTableFindV2").unwrap().call(args).single()
}

fn export(handle: Tensor, keys: tf::DType, values: tf::DType) -> Tensor {
    let call = tf::ops::lookup("LookupTableExportV2").unwrap().call([handle.into_arg()]);
    call.attr("Tkeys", keys).attr("Tvalues", values).single()
}

fn initialize(handle: Tensor, keys: impl IntoTensor, values: impl IntoTensor) -> Operation {
    let args = [handle.into_arg(), keys.into_arg(), values.into_arg()];
    tf::ops::lookup("InitializeTableV2").unwrap().call(args).operation()
}

fn initialized(x: &[Tensor], shared: &str) -> Vec<Tensor> {
    let (keys, values) = (x[0].dtype().unwrap(), x[1].dtype().unwrap());
    let handle = table(shared, keys, values);
    let _filled = tf::control_dependencies(&[initialize(handle, x[0], x[1])]);
    let exported = export(handle, keys, values);
    let copy = tf::identity(x[0]);
    vec![exported, find(handle, copy, tf::ops::array::constant_of(0, values).named("zeros"))]
}

fn again<const N: usize>(x: &[Tensor], shared: &str, keys: [&str; N], values: [i64; N]) -> [Tensor; 1] {
    let handle = text_table(shared);
    let _filled = tf::control_dependencies(&[initialize(handle, x[0], x[1])]);
    let values = tf::constant(values.to_vec());
    let _twice = tf::control_dependencies(&[initialize(handle, keys.to_vec(), values)]);
    [size(handle)]
}

fn text(name: Tensor, key_index: i64) -> [Tensor; 1] {
    let args = [text_table("t").into_arg(), name.into_arg()];
    let call = tf::ops::lookup("InitializeTableFromTextFileV2").unwrap().call(args);
    let filled = call.attr("key_index", key_index).attr("value_index", -1).operation();
    let _filled = tf::control_dependencies(&[filled]);
    [tf::identity(name)]
}

pub static CASES: &[super::Case] = cases! {
    "index_list" |x| found(x[0], || lookup::index_table_from_tensor(NAMES));
    "index_list_buckets" |x| found(x[0], || {
        tf::index_table_from_tensor!(NAMES, num_oov_buckets = 5, default_value = -7)
    });
    "index_list_numbers" |x| found(x[0], || {
        tf::index_table_from_tensor!(tf::constant([7, 9, 2]), num_oov_buckets = 2, dtype = tf::int64)
    });
    "string_list" |x| found(x[0], || tf::index_to_string_table_from_tensor!(["a", "b"], default_value = "?"));
    "static" [] |x| found(x[0], || StaticHashTable(KeyValueTensorInitializer(["a", "b"], [1.5, 2.5]), 0.25));
    "static_numbers" |x| found(x[0], || {
        StaticHashTable(KeyValueTensorInitializer(tf::constant([4i64, 5]), ["x", "y"]), "z")
    });
    "static_none" |x| found(x[0], || StaticHashTable(KeyValueTensorInitializer(["a"], [true]), false));
    "static_export" |x| exported(x[0]);
    "two_tables" |x| two(x[0]);
    "no_tables" |x| filled(x[0]);
    "index_file" |x| index_file(x[0]);
    "index_file_buckets" |x| [
        tf::index_table_from_file!(PATH, num_oov_buckets = 3, vocab_size = 4, default_value = 2).lookup(x[0])
    ];
    "index_file_numbers" |x| [
        tf::index_table_from_file!(
            PATH, key_dtype = tf::int64, key_column_index = 0, value_column_index = 1, delimiter = ","
        ).lookup(x[0])
    ];
    "string_file" |x| [
        tf::index_to_string_table_from_file!(PATH, vocab_size = 9, default_value = "none").lookup(x[0])
    ];
    "static_file" [] |x| [
        StaticHashTable(tf::TextFileInitializer!(PATH, tf::string, 0, tf::float32, 1, delimiter = " "), -1.0)
            .lookup(x[0])
    ];
    "raw_text" |x| initialized(x, "raw_text");
    "raw_f64" [] |x| initialized(x, "raw_f64");
    "raw_int" |x| initialized(x, "raw_int");
    "raw_many" |x| initialized(x, "raw_many");
    "raw_twice" |x| again(x, "raw_twice", ["other", "third"], [7, 8]);
    "raw_same" |x| again(x, "raw_same", ["b"], [7]);
    "raw_empty" |x| [size(text_table("raw_empty")), x[0]];
    "bad_find_before" |x| [find(text_table("a"), x[0], 1i64)];
    "bad_export_before" |x| [export(text_table("a"), tf::string, tf::int64), x[0]];
    "bad_duplicate" |x| initialized(x, "a");
    "bad_twice" |x| again(x, "a", ["b", "c"], [1, 2]);
    "bad_entries" |x| initialized(x, "a");
    "bad_entries_rank" |x| initialized(x, "a");
    "bad_no_entries" |x| initialized(x, "a");
    "bad_key_type" |x| [size(table("a", tf::bool, tf::int64)), x[0]];
    "bad_file" |x| text(x[0], -2);
    "bad_file_list" |x| text(x[0], -2);
    "bad_file_column" |x| text(x[0], -3);
};
