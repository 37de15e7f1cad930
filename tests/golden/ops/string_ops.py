"""Strings. See cases.py."""
from cases import *

raw = tf.raw_ops
s = lambda *texts: np.array(texts, object)
def written(x):
    return [tf.as_string(x), tf.as_string(x, precision=2, width=9, fill="0"), tf.as_string(x, scientific=True), tf.as_string(x, shortest=True), tf.as_string(x, precision=0, width=6, fill="-"),
            tf.as_string(x, width=12, fill="+"), tf.as_string(x, width=3, fill=" "), tf.as_string(x, shortest=True, precision=3, fill="#")]
numbers = np.array([0.0, -0.0, 1.5, -2.0, 1e10, 123456789.0, 100000, 1e6, 0.1, 1e-4, 1.25e-7, 0.5, 2.5, 99999.95, inf, -inf, nan])
case("as_string", written, numbers.astype(np.float32).reshape(1, -1), wrt=())
case("as_string_f64", written, numbers * 1.1, known="s", wrt=())
filled = lambda x: [tf.as_string(x), tf.as_string(x, width=4, fill="0"), tf.as_string(x, width=4, fill="-"), tf.as_string(x, width=4, fill="+"), tf.as_string(x, fill=" "), tf.as_string(x, width=5)]
case("as_string_int", filled, i(0, 7, -7, 123456, -2 ** 31), known="s")
case("as_string_i64", filled, np.array(-2 ** 63), known="s")
case("as_string_u8", filled, np.array([255], np.uint8), known="s")
case("as_string_bool", lambda x: tf.as_string(x), np.array([True, False]), known="sd")
case("as_string_text", lambda x: [tf.as_string(x, width=3), tf.as_string(x, width=3, fill="-")], s("a", "abcd"), known="s")
case("string_to_number", lambda x: [tf.string_to_number(x), tf.string_to_number(x, tf.float64)], s("1.5", " 2 ", "1e3", "-inf", "NaN", "-0", "1e-30", ".5", "0.1"), wrt=())
case("string_to_number_int", lambda x: [tf.string_to_number(x, tf.int32), tf.string_to_number(x, tf.int64)], s("15", "-2", " 7", "2147483647", "-2147483648"), known="s")
case("string_to_number_i64", lambda x: tf.string_to_number(x, tf.int64), s("-9223372036854775808"), known="s")
case("string_to_number_scalar", lambda x: tf.string_to_number(x), np.array("3", object), known="s", wrt=())
case("string_to_number_none", lambda x: tf.string_to_number(x, out_type=tf.int32), np.zeros((0, 2), object), known="s")
joined = lambda x, y: [tf.string_join([x, y, "!"]), tf.string_join([x, y], separator=", "), tf.string_join([y])]
case("string_join", joined, s("a", "b"), s("c", "d"))
case("string_join_scalar", joined, s("a", "b"), np.array("c", object), known="sd")
case("string_join_scalars", joined, np.array("é", object), np.array("", object), known="s")
case("string_join_matrix", joined, np.array([["a"], ["b"]], object), np.array([["c"], ["d"]], object), known="s")
case("string_join_none", joined, np.zeros((0, 2), object), np.zeros((0, 2), object), known="s")
reduced = lambda x: [tf.reduce_join(x), tf.reduce_join(x, 0), tf.reduce_join(x, -1, separator=", "), tf.reduce_join(x, [0, 1], keep_dims=True), tf.reduce_join(x, [1, 0])]
case("reduce_join", reduced, np.array([["a", "b", "c"], ["d", "e", "f"]], object))
case("reduce_join_deep", reduced, np.array(list("abcdefgh"), object).reshape(2, 2, 2), known="sd")
case("reduce_join_list", lambda x: [tf.reduce_join(x), tf.reduce_join(x, tf.constant([], tf.int32))], s("a", "b"), known="s")
case("reduce_join_none", lambda x: tf.reduce_join(x, 1), np.zeros((2, 0), object), known="s")
case("reduce_join_fed", lambda x, axis: tf.reduce_join(x, axis), np.array([["a", "b"], ["c", "d"]], object), i(1), known="sd")
def words(x):
    results = [tf.string_split(x), tf.string_split(x, delimiter=",;"), tf.string_split(x, delimiter=",", skip_empty=False), tf.string_split(x, delimiter="")]
    return [part for r in results for part in (r.indices, r.values, r.dense_shape)]
case("string_split", words, s("a b,c", "", "  d;,e ", ","), known="sd")
case("string_split_none", words, s(), known="s")
case("string_split_one", words, s("word"), known="s")
case("string_split_bytes", words, s("é"), known="s")
case("string_split_unknown", lambda x: tf.string_split(x).values, s("a b"), known="u")
cut = lambda x: [*raw.StringSplitV2(input=x, sep=""), *raw.StringSplitV2(input=x, sep="<>"), *raw.StringSplitV2(input=x, sep="", maxsplit=1), *raw.StringSplitV2(input=x, sep="b", maxsplit=2)]
case("string_split_v2", cut, s("a  b c ", "", " <>b<><>"), known="sd")
case("string_split_v2_none", cut, s(), known="s")
case("string_split_v2_one", cut, s("abcbd"), known="s")
case("string_split_v2_spaces", cut, s("\ta\nb\r"), known="s")
case("string_split_v2_long", cut, s("a b c d e", "<><>"), known="s")
case("substr", lambda x: [tf.substr(x, 1, 2), tf.substr(x, -2, 1), tf.substr(x, 0, 100), tf.substr(x, 2, 0)], s("hello", "abc"))
case("substr_each", lambda x, p, n: tf.substr(x, p, n), s("hello", "abc"), i(0, 3, dtype=np.int64), i(2, 5, dtype=np.int64), known="sd")
case("substr_broadcast", lambda x: tf.substr(x, [0, 1], [1, 2]), np.array([["hello"], ["abc"]], object), known="s")
case("substr_wide", lambda x: tf.substr(x, [[0], [1]], [[1], [2]]), s("hello", "abc"), known="s")
case("substr_utf8", lambda x: [tf.substr(x, 1, 2, unit="UTF8_CHAR"), tf.substr(x, -1, 1, unit="UTF8_CHAR")], s("héllo", "日本語"), known="s")
case("substr_scalar", lambda x: tf.substr(x, 1, 1), np.array("ab", object), known="s")
letters = lambda x: [tf.strings.length(x), tf.strings.length(x, unit="UTF8_CHAR"), tf.strings.strip(x), tf.strings.lower(x), tf.strings.upper(x), tf.strings.lower(x, encoding="utf-8"), tf.strings.upper(x, encoding="utf-8")]
case("letters", letters, s(" aBc\t", "ÉÀ x", ""))
case("letters_scalar", letters, np.array("Word", object), known="s")
case("letters_none", letters, np.zeros((2, 0), object), known="s")
case("letters_spaces", letters, s("  \n", "\r\x0b\x0ca b "), known="s")
case("letters_matrix", letters, np.array([["x"], ["Y"]], object), known="sd")
coded = lambda x: [tf.encode_base64(x), tf.encode_base64(x, pad=True), tf.decode_base64(tf.encode_base64(x)), tf.decode_base64(tf.encode_base64(x, pad=True))]
case("base64", coded, s(b"", b"a", b"ab", b"abc", b"\xff\xfe?>"))
case("base64_scalar", coded, np.array("hello", object), known="s")
case("base64_none", coded, s(), known="s")
case("base64_matrix", coded, np.array([["a", "bc"]], object), known="sd")
case("base64_long", coded, s("x" * 100), known="s")
decoded = lambda x: [tf.decode_raw(x, t) for t in (tf.uint8, tf.int32, tf.int64, tf.float32, tf.float64)] + [tf.decode_raw(x, tf.int32, little_endian=False)]
case("decode_raw", decoded, s(b"\x01\0\0\0\x02\x01\0\0", b"\0\0\x80?\0\0\0@"), wrt=())
case("decode_raw_bool", lambda x: tf.decode_raw(x, tf.bool), s(b"\x01\0"), known="s")
case("decode_raw_scalar", decoded, np.array(b"abcdefgh", object), known="s", wrt=())
case("decode_raw_empty", decoded, s("", ""), known="s", wrt=())
case("decode_raw_none", decoded, np.zeros((0, 2), object), known="s", wrt=())
hashed = lambda x: [tf.string_to_hash_bucket_fast(x, 2 ** 62), tf.string_to_hash_bucket(x, 10 ** 9)]
case("hash", hashed, s(*["ab" * (n // 2) + "c" * (n % 2) for n in (0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65)]))
case("hash_long", hashed, s(*["xyz" * n for n in (30, 42, 43, 64, 128, 200)]), known="s")
case("hash_scalar", hashed, np.array("é", object), known="s")
case("hash_none", hashed, s(), known="s")
case("hash_bytes", hashed, s(bytes(range(256))), known="s")

bad("bad_as_string", lambda x: tf.as_string(x, scientific=True), i(1))
bad("bad_as_string_both", lambda x: tf.as_string(x, scientific=True, shortest=True), f(1))
bad("bad_as_string_fill", lambda x: tf.as_string(x, fill="x"), i(1))
bad("bad_as_string_long_fill", lambda x: tf.as_string(x, fill="00"), i(1))
bad("bad_string_to_number", lambda x: tf.string_to_number(x), s("x"))
bad("bad_string_to_number_int", lambda x: tf.string_to_number(x, tf.int32), s("1.5"))
bad("bad_string_to_number_large", lambda x: tf.string_to_number(x, tf.int32), s("3000000000"))
bad("bad_string_join", lambda x, y: tf.string_join([x, y]), s("a", "b"), s("a", "b", "c"))
bad("bad_reduce_join", lambda x: tf.reduce_join(x, 1), s("a", "b"))
bad("bad_reduce_join_twice", lambda x, axis: tf.reduce_join(x, axis), s("a", "b"), i(0, 0))
bad("bad_string_split", lambda x: tf.string_split(x).values, np.array([["a"]], object))
bad("bad_string_split_v2", lambda x: raw.StringSplitV2(input=x, sep=["a"]), s("a"))
bad("bad_substr", lambda x: tf.substr(x, 4, 1), s("abc"))
bad("bad_substr_negative", lambda x: tf.substr(x, -4, 1), s("abc"))
bad("bad_substr_shapes", lambda x: tf.substr(x, [0, 1, 2], [1, 1, 1]), s("abc", "d"))
bad("bad_decode_base64", lambda x: tf.decode_base64(x), s("a"))
bad("bad_decode_base64_alphabet", lambda x: tf.decode_base64(x), s("ab+/"))
bad("bad_decode_raw", lambda x: tf.decode_raw(x, tf.int32), s("abc"))
bad("bad_decode_raw_lengths", lambda x: tf.decode_raw(x, tf.uint8), s("abc", "d"))
bad("bad_hash", lambda x: tf.string_to_hash_bucket_fast(x, 0), s("a"))
bad("bad_old_hash", lambda x: tf.string_to_hash_bucket(x, 0), s("a"))

name = lambda x, k, n: tf.raw_ops.ShardedFilename(basename=x, shard=k, num_shards=n)
for k, (shard, number) in enumerate([(0, 1), (3, 12), (99999, 100000), (123456, 1234567), (-1, 2)]):
    case("sharded_filename_%d" % k, name, np.array("dir/model"), np.int32(shard), np.int32(number), known="sd" if k else "sdu")
bad("sharded_filename_list", name, np.array(["a", "b"]), np.int32(0), np.int32(1))

matched = lambda *patterns: lambda x: [tf.strings.regex_full_match(x, p) for p in patterns]
case("regex_path", matched("^s3://.*", "s3", "", ".*"), s("s3://a/b", "s3", "", "as3://", "s3://a\nb"))
case("regex_scalar", matched("a+b?", "(a|ab)(c|bcd)", "[[:alpha:]]*", "(?i)ABCD"), np.array("abcd", object), known="sd")
case("regex_letters", matched(r"\w+", r"\W+", r"[\w]", r"[^\w]", r"\d\d", r"\D*", r"\s", r"\S+", r".", r"\pL+", r"\b.*\b", r".\B."),
     np.array([["a", "é", "12"], ["\u0661\u0662", " ", "\u00a0"], ["\v", "aé", "a_1"]], object), known="s")
case("regex_bytes", matched(".*", "a.b", r"\x41+", "a{2,3}"), np.array([b"a\xffb", b"AAA", b"aa", b"aaaa", b"a\0b"], object), known="s")
case("regex_none", matched("a"), np.zeros((0, 2), object), known="s")
bad("bad_regex", matched("(a"), s("a"))

write("string_ops")
