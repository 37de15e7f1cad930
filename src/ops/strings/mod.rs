//! Strings of bytes. TF: `tf.strings`, and the old names at the top.

mod encode;
mod hash;
mod join;
mod number;
mod part;
mod regex;
mod split;

pub use encode::{
    DecodeRawArgs, EncodeBase64Args, decode_base64, decode_raw, decode_raw_args, encode_base64, encode_base64_args,
};
pub(crate) use hash::STRING_TO_HASH_BUCKET_FAST;
pub use hash::{string_to_hash_bucket, string_to_hash_bucket_fast};
pub use join::{ReduceJoinArgs, StringJoinArgs, reduce_join, reduce_join_args, string_join, string_join_args};
pub use number::{
    AsStringArgs, StringToNumberArgs, as_string, as_string_args, string_to_number, string_to_number_args,
};
pub(crate) use number::{ReadNumber, read_number};
pub use part::{SubstrArgs, length, lower, strip, substr, substr_args, upper};
pub use regex::regex_full_match;
pub use split::{StringSplitArgs, string_split, string_split_args, string_split_at_most, string_split_v2};

use crate::error::Result;
use crate::op::{KernelCtx, OpDef};

pub(super) static OPS: &[&OpDef] = &[
    &encode::DECODE_BASE64,
    &encode::DECODE_RAW,
    &encode::ENCODE_BASE64,
    &hash::STRING_TO_HASH_BUCKET,
    &hash::STRING_TO_HASH_BUCKET_FAST,
    &join::REDUCE_JOIN,
    &join::STRING_JOIN,
    &number::AS_STRING,
    &number::STRING_TO_NUMBER,
    &part::STRING_LENGTH,
    &part::STRING_LOWER,
    &part::STRING_STRIP,
    &part::STRING_UPPER,
    &part::SUBSTR,
    &regex::STATIC_REGEX_FULL_MATCH,
    &split::STRING_SPLIT,
    &split::STRING_SPLIT_V2,
];

/// A string for each string.
fn each(ctx: &mut KernelCtx, change: impl Fn(&[u8]) -> Result<Vec<u8>>) -> Result<()> {
    let input = ctx.inputs.slice::<Vec<u8>>(0)?;
    for (out, s) in ctx.outputs.slice::<Vec<u8>>(0)?.iter_mut().zip(input) {
        *out = change(s)?;
    }
    Ok(())
}
