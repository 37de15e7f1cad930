"""Tables. See cases.py. Tables of lists have random names: these are left out of the comparison."""
from cases import *
from tensorflow.python.ops import lookup_ops as lookup

raw = tf.raw_ops
s = lambda *texts: np.array(texts, object)
I, S = tf.int64, tf.string

def alone(build):
    """With tables that no other case initializes."""
    def run(*xs):
        del tf.get_collection_ref(tf.GraphKeys.TABLE_INITIALIZERS)[:]
        return build(*xs)
    return run

def found(make):
    """Looked up after the tables are filled."""
    @alone
    def run(x):
        table = make()
        with tf.control_dependencies([tf.tables_initializer()]):
            keys = tf.identity(x)
            return [table.lookup(keys), table.size()]
    return run

case("index_list", found(lambda: lookup.index_table_from_tensor(["emerson", "lake", "palmer"])), s("lake", "palmer", "and", ""), known="sd")
case("index_list_buckets", found(lambda: lookup.index_table_from_tensor(["emerson", "lake", "palmer"], num_oov_buckets=5, default_value=-7)), np.array([["lake", "and"], ["x", "palmer"]], object), known="sd")
case("index_list_numbers", found(lambda: lookup.index_table_from_tensor(tf.constant([7, 9, 2]), num_oov_buckets=2, dtype=tf.int64)), np.int64([9, 2, 5, 6]), known="s")
case("string_list", found(lambda: lookup.index_to_string_table_from_tensor(["a", "b"], default_value="?")), np.int64([1, 0, 2, -1]), known="sd")
case("static", found(lambda: tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], [1.5, 2.5]), 0.25)), s("b", "c"), known="sd", wrt=())
case("static_numbers", found(lambda: tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(tf.constant([4, 5], I), ["x", "y"]), "z")), np.int64([[5], [6]]), known="s")
case("static_none", found(lambda: tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [True]), False)), s(), known="s")
def exported(x):
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], x), tf.constant(0, tf.int32))
    with tf.control_dependencies([table.initializer]):
        return table.export()
case("static_export", alone(exported), i(5), known="s")
def two(x):
    a, b = lookup.index_table_from_tensor(["p", "q"]), lookup.index_to_string_table_from_tensor(["r", "s"])
    with tf.control_dependencies([tf.tables_initializer()]):
        return b.lookup(a.lookup(tf.identity(x)))
case("two_tables", alone(two), s("q", "p", "none"), known="s")
case("no_tables", alone(lambda x: [x, tf.tables_initializer()][:1]), i(1), known="s")

PATH = "no/such/file.txt"
case("index_file", alone(lambda x: [lookup.index_table_from_file(PATH).lookup(x), tf.tables_initializer()][:1]), s("a"), known="sd", run=False)
case("index_file_buckets", alone(lambda x: lookup.index_table_from_file(PATH, num_oov_buckets=3, vocab_size=4, default_value=2).lookup(x)), s("a"), known="s", run=False)
case("index_file_numbers", alone(lambda x: lookup.index_table_from_file(PATH, key_dtype=I, key_column_index=0, value_column_index=1, delimiter=",").lookup(x)), np.int64([1]), known="s", run=False)
case("string_file", alone(lambda x: lookup.index_to_string_table_from_file(PATH, vocab_size=9, default_value="none").lookup(x)), np.int64([1]), known="sd", run=False)
case("static_file", alone(lambda x: tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(PATH, S, 0, tf.float32, 1, delimiter=" "), -1.0).lookup(x)), s("a"), known="s", run=False, wrt=())

def table(shared, key=S, value=I):
    return raw.HashTableV2(key_dtype=key, value_dtype=value, shared_name=shared)
def initialized(shared, second=None):
    def run(keys, values):
        handle = table(shared, keys.dtype, values.dtype)
        with tf.control_dependencies([raw.InitializeTableV2(table_handle=handle, keys=keys, values=values)]):
            if second is None:
                return list(raw.LookupTableExportV2(table_handle=handle, Tkeys=keys.dtype, Tvalues=values.dtype))[:1] + [raw.LookupTableFindV2(table_handle=handle, keys=tf.identity(keys), default_value=tf.zeros([], values.dtype))]
            with tf.control_dependencies([raw.InitializeTableV2(table_handle=handle, keys=second[0], values=tf.constant(second[1], I))]):
                return [raw.LookupTableSizeV2(table_handle=handle)]
    return run
case("raw_text", initialized("raw_text"), s("one"), np.int64([1]), known="s")
case("raw_f64", initialized("raw_f64"), np.int64([3]), np.array([0.5]), known="s", wrt=())
case("raw_int", initialized("raw_int"), i(3), i(4), known="s")
case("raw_many", initialized("raw_many"), np.int64([5, -6, 7]), np.int64([1, 1, 2]), known="s")
case("raw_twice", initialized("raw_twice", (["other", "third"], [7, 8])), s("a", "b"), np.int64([1, 2]), known="s")
case("raw_same", initialized("raw_same", (["b"], [7])), s("a", "a"), np.int64([1, 1]), known="s")
case("raw_empty", lambda x: [raw.LookupTableSizeV2(table_handle=table("raw_empty")), x], i(1), known="s")
text = lambda name, **how: raw.InitializeTableFromTextFileV2(table_handle=table("t"), filename=name, **{**dict(key_index=-2, value_index=-1), **how})

bad("bad_find_before", lambda x: raw.LookupTableFindV2(table_handle=table("a"), keys=x, default_value=tf.constant(1, I)), s("a"))
bad("bad_export_before", lambda x: [raw.LookupTableExportV2(table_handle=table("a"), Tkeys=S, Tvalues=I), x], s("a"))
bad("bad_duplicate", initialized("a"), s("a", "a"), np.int64([1, 2]))
bad("bad_twice", initialized("a", (["b", "c"], [1, 2])), s("a"), np.int64([1]))
bad("bad_entries", initialized("a"), s("a", "b"), np.int64([1]))
bad("bad_entries_rank", initialized("a"), np.array([["a"]], object), np.int64([[1]]))
bad("bad_no_entries", initialized("a"), s(), np.int64([]))
bad("bad_key_type", lambda x: [raw.LookupTableSizeV2(table_handle=table("a", tf.bool)), x], s("a"))
bad("bad_file", lambda x: text(x), np.array("no/such/file", object))
bad("bad_file_list", lambda x: text(x), s("no/such/file"))
bad("bad_file_column", lambda x: text(x, key_index=-3), np.array("no/such/file", object))

write("tables")
