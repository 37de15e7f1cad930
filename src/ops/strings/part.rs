//! Substr, StringLength, StringStrip, StringLower, StringUpper: parts of strings, and their letters.

use super::each;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::copy::broadcast_places;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, broadcast, rules};

/// `len` bytes from place `pos` of each string. TF: `tf.substr`.
///
/// `pos` and `len` are int32 or int64 of one shape, which is broadcast against that of `input`; a negative `pos` counts from
/// the end. Where fewer bytes are left there are fewer; a `pos` outside of the string is an error of the run. Keyword
/// argument `unit`: `"UTF8_CHAR"` counts characters. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::substr(["hello", "world"], 1, 3);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<Vec<u8>>()?, [b"ell", b"orl"]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn substr(input: impl IntoTensor, pos: impl IntoTensor, len: impl IntoTensor) -> Tensor {
    substr_args(input, pos, len).build()
}

/// [`substr`] with the keyword argument `unit`.
pub fn substr_args(input: impl IntoTensor, pos: impl IntoTensor, len: impl IntoTensor) -> SubstrArgs {
    SubstrArgs { args: [input.into_arg(), pos.into_arg(), len.into_arg()], unit: "BYTE".into() }
}

/// A [`substr`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct SubstrArgs {
    args: [Arg; 3],
    unit: String,
}

impl SubstrArgs {
    /// What is counted: `"BYTE"` if not said, or `"UTF8_CHAR"`.
    pub fn unit(mut self, unit: &str) -> Self {
        self.unit = unit.to_owned();
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        SUBSTR.call(self.args).attr("unit", self.unit.as_str()).single()
    }
}

macro_rules! functions {
    ($($(#[$doc:meta])* $function:ident $op:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(input: impl IntoTensor) -> Tensor {
            $op.call([input.into_arg()]).single()
        }
    )*};
}

functions! {
    /// The number of bytes of each string, as int32. TF: `tf.strings.length`. No gradient.
    length STRING_LENGTH;
    /// Each string without white space at both ends. TF: `tf.strings.strip`. No gradient.
    strip STRING_STRIP;
    /// Each string with A to Z as small letters. TF: `tf.strings.lower`. No gradient.
    lower STRING_LOWER;
    /// Each string with a to z as capital letters. TF: `tf.strings.upper`. No gradient.
    upper STRING_UPPER;
}

pub(super) static SUBSTR: OpDef = OpDef {
    sig: Sig::new(
        "Substr(input: string, pos: T, len: T) -> (output: string) \
         where T: index, unit: 'BYTE'|'UTF8_CHAR' = 'BYTE'",
    ),
    infer: |ctx| {
        let (pos, len) = (ctx.shape(1)?, ctx.shape(2)?);
        let places = pos.merge(len);
        let places =
            places.ok_or_else(|| Error::invalid_argument(format!("pos of shape {pos}, len of shape {len}")))?;
        let shape = broadcast(ctx.shape(0)?, &places)?;
        ctx.set(0, shape)
    },
    kernel: Kernel::Run(|ctx| {
        let characters = ctx.node.attrs().str("unit")? == "UTF8_CHAR";
        let shape = ctx.outputs.shape(0)?.clone();
        let (strings, numbers) = (ctx.inputs.shape(0)?.clone(), ctx.inputs.shape(1)?.clone());
        let (strings, numbers) = (broadcast_places(&strings, &shape), broadcast_places(&numbers, &shape));
        let (pos, len) = (ctx.inputs.value(1)?.integers()?, ctx.inputs.value(2)?.integers()?);
        let input = ctx.inputs.slice::<Vec<u8>>(0)?;
        for (i, out) in ctx.outputs.slice::<Vec<u8>>(0)?.iter_mut().enumerate() {
            let (string, number) = (&input[strings.at(i)], numbers.at(i));
            *out = part(string, pos[number], len[number], characters)?.to_vec();
        }
        Ok(())
    }),
    grad: Grad::Missing("text is not smooth"),
    flags: Flags::PURE,
};

/// The bytes at which characters begin, or all bytes; and the end.
fn starts(s: &[u8], characters: bool) -> Vec<usize> {
    let begins = |&i: &usize| !characters || s[i] & 0xc0 != 0x80;
    (0..s.len()).filter(begins).chain([s.len()]).collect()
}

fn part(s: &[u8], pos: i64, len: i64, characters: bool) -> Result<&[u8]> {
    let starts = starts(s, characters);
    let count = starts.len() - 1;
    let from = if pos < 0 { pos.saturating_add(count as i64) } else { pos };
    let from = usize::try_from(from)
        .ok()
        .filter(|&from| from <= count)
        .ok_or_else(|| Error::invalid_argument(format!("place {pos} of '{}', which has {count}", s.escape_ascii())))?;
    // A negative length is a large one.
    let len = usize::try_from(len).unwrap_or(count);
    Ok(&s[starts[from]..starts[from.saturating_add(len).min(count)]])
}

pub(super) static STRING_LENGTH: OpDef = OpDef {
    sig: Sig::new("StringLength(input: string) -> (output: int32) where unit: 'BYTE'|'UTF8_CHAR' = 'BYTE'"),
    infer: rules::same_shape,
    kernel: Kernel::Run(|ctx: &mut KernelCtx| {
        let characters = ctx.node.attrs().str("unit")? == "UTF8_CHAR";
        let input = ctx.inputs.slice::<Vec<u8>>(0)?;
        let out = ctx.outputs.slice::<i32>(0)?.iter_mut();
        out.zip(input).for_each(|(out, s)| *out = (starts(s, characters).len() - 1) as i32);
        Ok(())
    }),
    grad: Grad::Missing("text is not smooth"),
    flags: Flags::PURE,
};

pub(super) static STRING_STRIP: OpDef = OpDef {
    sig: Sig::new("StringStrip(input: string) -> (output: string)"),
    infer: rules::same_shape,
    kernel: Kernel::Run(|ctx| {
        let space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
        each(ctx, |s| {
            let start = s.iter().position(|byte| !space(byte)).unwrap_or(s.len());
            let end = s.iter().rposition(|byte| !space(byte)).map_or(start, |last| last + 1);
            Ok(s[start..end].to_vec())
        })
    }),
    grad: Grad::Missing("text is not smooth"),
    flags: Flags::PURE,
};

/// A change of letters: of A to Z in bytes, or of all letters in UTF-8.
fn letters(ctx: &mut KernelCtx, ascii: fn(&[u8]) -> Vec<u8>, all: fn(&str) -> String) -> Result<()> {
    match ctx.node.attrs().str("encoding")? {
        "" => each(ctx, |s| Ok(ascii(s))),
        "utf-8" => each(ctx, |s| {
            let text = std::str::from_utf8(s);
            let text = text.map_err(|_| Error::invalid_argument(format!("'{}' is not UTF-8", s.escape_ascii())))?;
            Ok(all(text).into_bytes())
        }),
        other => Err(Error::invalid_argument(format!("encoding is {other}: nothing or utf-8"))),
    }
}

pub(super) static STRING_LOWER: OpDef = OpDef {
    sig: Sig::new("StringLower(input: string) -> (output: string) where encoding: string = ''"),
    infer: rules::same_shape,
    kernel: Kernel::Run(|ctx| letters(ctx, <[u8]>::to_ascii_lowercase, str::to_lowercase)),
    grad: Grad::Missing("text is not smooth"),
    flags: Flags::PURE,
};

pub(super) static STRING_UPPER: OpDef = OpDef {
    sig: Sig::new("StringUpper(input: string) -> (output: string) where encoding: string = ''"),
    infer: rules::same_shape,
    kernel: Kernel::Run(|ctx| letters(ctx, <[u8]>::to_ascii_uppercase, str::to_uppercase)),
    grad: Grad::Missing("text is not smooth"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    fn strings<const N: usize>(texts: [&str; N]) -> Value {
        Value::vector(texts.map(|text| text.as_bytes().to_vec()).to_vec())
    }

    #[test]
    fn parts_are_whole() {
        OpTest::new(|x| {
            let characters = substr_args(x[0], 1, 1).unit("UTF8_CHAR").build();
            vec![substr(x[0], x[1], 2), characters, length(x[0]), upper(x[0]), lower(upper(x[0])), strip(x[0])]
        })
        .inputs([strings(["hé ", "abc"]), Value::scalar(-3i64)])
        .expect([
            strings(["é", "ab"]),
            strings(["é", "b"]),
            [4i32, 3].into(),
            strings(["Hé ", "ABC"]),
            strings(["hé ", "abc"]),
            strings(["hé", "abc"]),
        ])
        .run();
        assert!(build_error(|| substr(["a"], [0, 1], [0])).contains("pos of shape [2], len of shape [1]"));
    }
}
