//! EncodeBase64, DecodeBase64 and DecodeRaw: bytes as text, and as numbers.

use super::each;
use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, rules};
use crate::shape::{PartialShape, Shape};
use crate::value::{Bytes, Value};

/// Each string as web-safe base64. TF: `tf.encode_base64`.
///
/// Keyword argument `pad`: whether it is filled up with `=` (false). No gradient.
///
/// ```
/// use flowstone as tf;
/// let text = tf::encode_base64("hello?>");
/// let bytes = tf::decode_base64(text);
/// let (text, bytes) = tf::Session()?.run((text, bytes), tf::feed_dict! {})?;
/// assert_eq!((text.item::<Vec<u8>>()?, bytes.item::<Vec<u8>>()?), (b"aGVsbG8_Pg".to_vec(), b"hello?>".to_vec()));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn encode_base64(input: impl IntoTensor) -> Tensor {
    encode_base64_args(input).build()
}

/// [`encode_base64`] with the keyword argument `pad`.
pub fn encode_base64_args(input: impl IntoTensor) -> EncodeBase64Args {
    EncodeBase64Args { input: input.into_arg(), pad: false }
}

/// An [`encode_base64`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct EncodeBase64Args {
    input: Arg,
    pad: bool,
}

impl EncodeBase64Args {
    /// Whether the text is filled up to a multiple of 4 characters.
    pub fn pad(mut self, pad: bool) -> Self {
        self.pad = pad;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        ENCODE_BASE64.call([self.input]).attr("pad", self.pad).single()
    }
}

/// The bytes that each string says in web-safe base64, filled up or not. TF: `tf.decode_base64`.
///
/// Anything else is an error of the run. No gradient.
#[track_caller]
pub fn decode_base64(input: impl IntoTensor) -> Tensor {
    DECODE_BASE64.call([input.into_arg()]).single()
}

/// The bytes of each string as elements of type `out_type`, along a new last dimension. TF: `tf.decode_raw`.
///
/// All strings must have one length, a multiple of an element's. Keyword argument `little_endian`: the order of an element's
/// bytes (true). No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::decode_raw(["ab", "cd"], tf::uint8);
/// let y = tf::Session()?.run(y, tf::feed_dict! {})?;
/// assert_eq!((y.shape().dims(), y.as_slice::<u8>()?), (&[2, 2][..], &b"abcd"[..]));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn decode_raw(input_bytes: impl IntoTensor, out_type: DType) -> Tensor {
    decode_raw_args(input_bytes, out_type).build()
}

/// [`decode_raw`] with the keyword argument `little_endian`.
pub fn decode_raw_args(input_bytes: impl IntoTensor, out_type: DType) -> DecodeRawArgs {
    DecodeRawArgs { input: input_bytes.into_arg(), out_type, little_endian: true }
}

/// A [`decode_raw`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct DecodeRawArgs {
    input: Arg,
    out_type: DType,
    little_endian: bool,
}

impl DecodeRawArgs {
    /// Whether the lowest byte of an element comes first.
    pub fn little_endian(mut self, little_endian: bool) -> Self {
        self.little_endian = little_endian;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let call = DECODE_RAW.call([self.input]).attr("out_type", self.out_type);
        call.attr("little_endian", self.little_endian).single()
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn encode(bytes: &[u8], pad: bool) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let group = part.iter().fold(0u32, |group, &byte| group << 8 | u32::from(byte)) << (8 * (3 - part.len()));
        let characters = (0..=part.len()).map(|i| ALPHABET[(group >> (18 - 6 * i) & 63) as usize]);
        text.extend(characters);
        if pad {
            text.extend(std::iter::repeat_n(b'=', 3 - part.len()));
        }
    }
    text
}

fn decode(text: &[u8]) -> Result<Vec<u8>> {
    let wrong = || Error::invalid_argument(format!("'{}' is not base64", text.escape_ascii()));
    let padding = text.iter().rev().take_while(|&&byte| byte == b'=').count();
    let characters = &text[..text.len() - padding];
    if characters.len() % 4 == 1 || (padding > 0 && (padding > 2 || !text.len().is_multiple_of(4))) {
        return Err(wrong());
    }
    let mut bytes = Vec::with_capacity(characters.len() / 4 * 3 + 2);
    for part in characters.chunks(4) {
        let mut group = 0u32;
        for character in part {
            let digit = ALPHABET.iter().position(|known| known == character).ok_or_else(wrong)?;
            group = group << 6 | digit as u32;
        }
        let group = (group << (6 * (4 - part.len()))).to_be_bytes();
        bytes.extend(&group[1..part.len()]);
    }
    Ok(bytes)
}

pub(super) static ENCODE_BASE64: OpDef = OpDef {
    sig: Sig::new("EncodeBase64(input: string) -> (output: string) where pad: bool = false"),
    infer: rules::same_shape,
    kernel: Kernel::Run(|ctx| {
        let pad = ctx.node.attrs().bool("pad")?;
        each(ctx, |s| Ok(encode(s, pad)))
    }),
    grad: Grad::Stop("text is not smooth"),
    flags: Flags::PURE,
};

pub(super) static DECODE_BASE64: OpDef = OpDef {
    sig: Sig::new("DecodeBase64(input: string) -> (output: string)"),
    infer: rules::same_shape,
    kernel: Kernel::Run(|ctx| each(ctx, decode)),
    grad: Grad::Stop("text is not smooth"),
    flags: Flags::PURE,
};

pub(super) static DECODE_RAW: OpDef = OpDef {
    sig: Sig::new("DecodeRaw(bytes: string) -> (output: out_type) where out_type: plain, little_endian: bool = true"),
    infer: |ctx| {
        let Some(dims) = ctx.shape(0)?.dims() else { return ctx.set(0, PartialShape::unknown()) };
        ctx.set(0, PartialShape::new(dims.iter().copied().chain([None])))
    },
    kernel: Kernel::Run(decode_numbers),
    grad: Grad::Stop("bytes are not smooth"),
    flags: Flags::PURE,
};

fn decode_numbers(ctx: &mut KernelCtx) -> Result<()> {
    let dtype = ctx.node.attrs().dtype("out_type")?;
    let size = dtype.size().max(1);
    let strings = ctx.inputs.slice::<Vec<u8>>(0)?;
    let length = strings.first().map_or(0, Vec::len);
    if let Some(other) = strings.iter().find(|s| s.len() != length) {
        return Err(Error::invalid_argument(format!("strings of {length} and of {} bytes", other.len())));
    }
    if !length.is_multiple_of(size) {
        return Err(Error::invalid_argument(format!("a string of {length} bytes as elements of {size} bytes")));
    }
    let mut bytes = strings.concat();
    if !ctx.node.attrs().bool("little_endian")? {
        bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
    let shape: Shape = ctx.inputs.shape(0)?.iter().copied().chain([length / size]).collect();
    let value = dispatch!(dtype, plain, T => Value::new(shape, T::from_bytes(&bytes)))?;
    ctx.outputs.set(0, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn base64_comes_back() {
        for n in 0..10u8 {
            let bytes: Vec<u8> = (0..n).map(|i| i.wrapping_mul(83).wrapping_add(250)).collect();
            assert_eq!(decode(&encode(&bytes, true)).unwrap(), bytes);
            assert_eq!(decode(&encode(&bytes, false)).unwrap(), bytes);
        }
        for bad in ["a", "a===", "ab=", "a b ", "+/+/"] {
            assert!(decode(bad.as_bytes()).is_err(), "{bad}");
        }
        OpTest::new(|x| vec![encode_base64_args(x[0]).pad(true).build(), decode_base64(encode_base64(x[0]))])
            .inputs([[b"hello?>".to_vec()].into()])
            .expect([[b"aGVsbG8_Pg==".to_vec()].into(), [b"hello?>".to_vec()].into()])
            .run();
    }

    #[test]
    fn bytes_become_numbers() {
        OpTest::new(|x| {
            vec![decode_raw(x[0], DType::Int32), decode_raw_args(x[0], DType::Int32).little_endian(false).build()]
        })
        .inputs([[b"\x01\0\0\0\x02\x01\0\0".to_vec()].into()])
        .expect([[[1i32, 258]].into(), [[1i32 << 24, 0x0201_0000]].into()])
        .run();
    }
}
