//! The cases of `golden/ops/string_ops.py`, in the same order.

use flowstone as tf;
use super::raw;
use tf::{IntoTensor, Tensor, strings};

fn written(x: Tensor) -> [Tensor; 8] {
    [
        tf::as_string(x),
        tf::as_string!(x, precision = 2, width = 9, fill = "0"),
        tf::as_string!(x, scientific = true),
        tf::as_string!(x, shortest = true),
        tf::as_string!(x, precision = 0, width = 6, fill = "-"),
        tf::as_string!(x, width = 12, fill = "+"),
        tf::as_string!(x, width = 3, fill = " "),
        tf::as_string!(x, shortest = true, precision = 3, fill = "#"),
    ]
}

fn filled(x: Tensor) -> [Tensor; 6] {
    [
        tf::as_string(x),
        tf::as_string!(x, width = 4, fill = "0"),
        tf::as_string!(x, width = 4, fill = "-"),
        tf::as_string!(x, width = 4, fill = "+"),
        tf::as_string!(x, fill = " "),
        tf::as_string!(x, width = 5),
    ]
}

fn matched<const N: usize>(x: Tensor, patterns: [&str; N]) -> [Tensor; N] {
    patterns.map(|pattern| strings::regex_full_match(x, pattern))
}

fn joined(x: &[Tensor]) -> [Tensor; 3] {
    let (x, y) = (x[0], x[1]);
    [
        tf::string_join([x.into_arg(), y.into_arg(), "!".into_arg()]),
        tf::string_join!([x, y], separator = ", "),
        tf::string_join([y]),
    ]
}

fn reduced(x: Tensor) -> [Tensor; 5] {
    [
        tf::reduce_join(x),
        tf::reduce_join!(x, axis = 0),
        tf::reduce_join!(x, axis = -1, separator = ", "),
        tf::reduce_join!(x, axis = [0, 1], keep_dims = true),
        tf::reduce_join!(x, axis = [1, 0]),
    ]
}

fn parts<const N: usize>(all: [tf::SparseTensor; N]) -> Vec<Tensor> {
    all.into_iter().flat_map(|part| [part.indices, part.values, part.dense_shape]).collect()
}

fn words(x: Tensor) -> Vec<Tensor> {
    parts([
        tf::string_split(x),
        tf::string_split!(x, delimiter = ",;"),
        tf::string_split!(x, delimiter = ",", skip_empty = false),
        tf::string_split!(x, delimiter = ""),
    ])
}

fn cut(x: Tensor) -> Vec<Tensor> {
    parts([
        strings::string_split_v2(x, ""),
        strings::string_split_v2(x, "<>"),
        strings::string_split_at_most(x, "", 1),
        strings::string_split_at_most(x, "b", 2),
    ])
}

fn letters(x: Tensor) -> Vec<Tensor> {
    let with = |op: &str, name: &'static str, value: &str| {
        tf::ops::lookup(op).unwrap().call([x.into_arg()]).attr(name, value).single()
    };
    vec![
        strings::length(x),
        with("StringLength", "unit", "UTF8_CHAR"),
        strings::strip(x),
        strings::lower(x),
        strings::upper(x),
        with("StringLower", "encoding", "utf-8"),
        with("StringUpper", "encoding", "utf-8"),
    ]
}

fn coded(x: Tensor) -> [Tensor; 4] {
    [
        tf::encode_base64(x),
        tf::encode_base64!(x, pad = true),
        tf::decode_base64(tf::encode_base64(x)),
        tf::decode_base64(tf::encode_base64!(x, pad = true)),
    ]
}

fn decoded(x: Tensor) -> Vec<Tensor> {
    let types = [tf::uint8, tf::int32, tf::int64, tf::float32, tf::float64];
    let mut all: Vec<Tensor> = types.into_iter().map(|dtype| tf::decode_raw(x, dtype)).collect();
    all.push(tf::decode_raw!(x, tf::int32, little_endian = false));
    all
}

fn hashed(x: Tensor) -> [Tensor; 2] {
    [tf::string_to_hash_bucket_fast(x, 1 << 62), tf::string_to_hash_bucket(x, 1_000_000_000)]
}

pub static CASES: &[super::Case] = cases! {
    "as_string" [] |x| written(x[0]);
    "as_string_f64" [] |x| written(x[0]);
    "as_string_int" |x| filled(x[0]);
    "as_string_i64" |x| filled(x[0]);
    "as_string_u8" |x| filled(x[0]);
    "as_string_bool" |x| [tf::as_string(x[0])];
    "as_string_text" |x| [tf::as_string!(x[0], width = 3), tf::as_string!(x[0], width = 3, fill = "-")];
    "string_to_number" [] |x| [tf::string_to_number(x[0]), tf::string_to_number!(x[0], out_type = tf::float64)];
    "string_to_number_int" |x| [
        tf::string_to_number!(x[0], out_type = tf::int32), tf::string_to_number!(x[0], out_type = tf::int64)
    ];
    "string_to_number_i64" |x| [tf::string_to_number!(x[0], out_type = tf::int64)];
    "string_to_number_scalar" [] |x| [tf::string_to_number(x[0])];
    "string_to_number_none" |x| [tf::string_to_number!(x[0], out_type = tf::int32)];
    "string_join" |x| joined(x);
    "string_join_scalar" |x| joined(x);
    "string_join_scalars" |x| joined(x);
    "string_join_matrix" |x| joined(x);
    "string_join_none" |x| joined(x);
    "reduce_join" |x| reduced(x[0]);
    "reduce_join_deep" |x| reduced(x[0]);
    "reduce_join_list" |x| [tf::reduce_join(x[0]), tf::reduce_join!(x[0], axis = tf::constant(Vec::<i32>::new()))];
    "reduce_join_none" |x| [tf::reduce_join!(x[0], axis = 1)];
    "reduce_join_fed" |x| [tf::reduce_join!(x[0], axis = x[1])];
    "string_split" |x| words(x[0]);
    "string_split_none" |x| words(x[0]);
    "string_split_one" |x| words(x[0]);
    "string_split_bytes" |x| words(x[0]);
    "string_split_unknown" |x| [tf::string_split(x[0]).values];
    "string_split_v2" |x| cut(x[0]);
    "string_split_v2_none" |x| cut(x[0]);
    "string_split_v2_one" |x| cut(x[0]);
    "string_split_v2_spaces" |x| cut(x[0]);
    "string_split_v2_long" |x| cut(x[0]);
    "substr" |x| [tf::substr(x[0], 1, 2), tf::substr(x[0], -2, 1), tf::substr(x[0], 0, 100), tf::substr(x[0], 2, 0)];
    "substr_each" |x| [tf::substr(x[0], x[1], x[2])];
    "substr_broadcast" |x| [tf::substr(x[0], [0, 1], [1, 2])];
    "substr_wide" |x| [tf::substr(x[0], [[0], [1]], [[1], [2]])];
    "substr_utf8" |x| [tf::substr!(x[0], 1, 2, unit = "UTF8_CHAR"), tf::substr!(x[0], -1, 1, unit = "UTF8_CHAR")];
    "substr_scalar" |x| [tf::substr(x[0], 1, 1)];
    "letters" |x| letters(x[0]);
    "letters_scalar" |x| letters(x[0]);
    "letters_none" |x| letters(x[0]);
    "letters_spaces" |x| letters(x[0]);
    "letters_matrix" |x| letters(x[0]);
    "base64" |x| coded(x[0]);
    "base64_scalar" |x| coded(x[0]);
    "base64_none" |x| coded(x[0]);
    "base64_matrix" |x| coded(x[0]);
    "base64_long" |x| coded(x[0]);
    "decode_raw" [] |x| decoded(x[0]);
    "decode_raw_bool" |x| [tf::decode_raw(x[0], tf::bool)];
    "decode_raw_scalar" [] |x| decoded(x[0]);
    "decode_raw_empty" [] |x| decoded(x[0]);
    "decode_raw_none" [] |x| decoded(x[0]);
    "hash" |x| hashed(x[0]);
    "hash_long" |x| hashed(x[0]);
    "hash_scalar" |x| hashed(x[0]);
    "hash_none" |x| hashed(x[0]);
    "hash_bytes" |x| hashed(x[0]);
    "bad_as_string" |x| [tf::as_string!(x[0], scientific = true)];
    "bad_as_string_both" |x| [tf::as_string!(x[0], scientific = true, shortest = true)];
    "bad_as_string_fill" |x| [tf::as_string!(x[0], fill = "x")];
    "bad_as_string_long_fill" |x| [tf::as_string!(x[0], fill = "00")];
    "bad_string_to_number" |x| [tf::string_to_number(x[0])];
    "bad_string_to_number_int" |x| [tf::string_to_number!(x[0], out_type = tf::int32)];
    "bad_string_to_number_large" |x| [tf::string_to_number!(x[0], out_type = tf::int32)];
    "bad_string_join" |x| [tf::string_join([x[0], x[1]])];
    "bad_reduce_join" |x| [tf::reduce_join!(x[0], axis = 1)];
    "bad_reduce_join_twice" |x| [tf::reduce_join!(x[0], axis = x[1])];
    "bad_string_split" |x| [tf::string_split(x[0]).values];
    "bad_string_split_v2" |x| [strings::string_split_v2(x[0], ["a"]).values];
    "bad_substr" |x| [tf::substr(x[0], 4, 1)];
    "bad_substr_negative" |x| [tf::substr(x[0], -4, 1)];
    "bad_substr_shapes" |x| [tf::substr(x[0], [0, 1, 2], [1, 1, 1])];
    "bad_decode_base64" |x| [tf::decode_base64(x[0])];
    "bad_decode_base64_alphabet" |x| [tf::decode_base64(x[0])];
    "bad_decode_raw" |x| [tf::decode_raw(x[0], tf::int32)];
    "bad_decode_raw_lengths" |x| [tf::decode_raw(x[0], tf::uint8)];
    "bad_hash" |x| [tf::string_to_hash_bucket_fast(x[0], 0)];
    "bad_old_hash" |x| [tf::string_to_hash_bucket(x[0], 0)];
    "sharded_filename_0" |x| raw("ShardedFilename", [x[0], x[1], x[2]]);
    "sharded_filename_1" |x| raw("ShardedFilename", [x[0], x[1], x[2]]);
    "sharded_filename_2" |x| raw("ShardedFilename", [x[0], x[1], x[2]]);
    "sharded_filename_3" |x| raw("ShardedFilename", [x[0], x[1], x[2]]);
    "sharded_filename_4" |x| raw("ShardedFilename", [x[0], x[1], x[2]]);
    "sharded_filename_list" |x| raw("ShardedFilename", [x[0], x[1], x[2]]);
    "regex_path" |x| matched(x[0], ["^s3://.*", "s3", "", ".*"]);
    "regex_scalar" |x| matched(x[0], ["a+b?", "(a|ab)(c|bcd)", "[[:alpha:]]*", "(?i)ABCD"]);
    "regex_letters" |x| matched(
        x[0],
        [r"\w+", r"\W+", r"[\w]", r"[^\w]", r"\d\d", r"\D*", r"\s", r"\S+", r".", r"\pL+", r"\b.*\b", r".\B."],
    );
    "regex_bytes" |x| matched(x[0], [".*", "a.b", r"\x41+", "a{2,3}"]);
    "regex_none" |x| matched(x[0], ["a"]);
    "bad_regex" |x| matched(x[0], ["(a"]);
};
