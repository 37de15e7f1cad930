//! DecodeJpeg, DecodeAndCropJpeg, DecodePng, DecodeGif, DecodeBmp, DecodeImage: the bytes of files as pixels; ExtractJpegShape.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::format::jpeg::{self, Dct, Options, Pixels};
use crate::format::{bmp, jpeg::shape as jpeg_shape};
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::image::convert_image_dtype;
use crate::ops::math::equal;
use crate::ops::scope::Scope;
use crate::ops::strings::substr;
use crate::shape::{PartialShape, Shape};
use crate::value::Value;

/// The picture in a JPEG file, uint8 of shape [height, width, channels]. TF: `tf.image.decode_jpeg`.
///
/// `contents` is the file's bytes, a single string. Keyword arguments: `channels`, 1 for grey, 3 for colors, 0 for what the
/// file has; `ratio`, 1, 2, 4 or 8 times smaller; `fancy_upscaling` (true); `try_recover_truncated` (false), whether a file
/// that ends early is shown as far as it goes; `acceptable_fraction`; `dct_method`, `"INTEGER_FAST"` (if not said) or
/// `"INTEGER_ACCURATE"`. Numbers are TensorFlow's to the bit. PNG files and GIF files of one frame are taken as well, with the
/// feature `images`. No gradient.
///
/// ```
/// use flowstone as tf;
/// let file = tf::image::encode_jpeg(tf::constant(tf::Value::new([2, 2, 1], vec![90u8; 4])?));
/// let image = tf::decode_jpeg!(file, channels = 3);
/// assert_eq!(image.shape().to_string(), "[?,?,3]");
/// assert_eq!(tf::Session()?.run(image, tf::feed_dict! {})?.as_slice::<u8>()?, [90; 12]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn decode_jpeg(contents: impl IntoTensor) -> Tensor {
    decode_jpeg_args(contents).build()
}

/// [`decode_jpeg`] with keyword arguments.
pub fn decode_jpeg_args(contents: impl IntoTensor) -> DecodeJpegArgs {
    DecodeJpegArgs {
        contents: contents.into_arg(),
        crop_window: None,
        channels: 0,
        ratio: 1,
        fancy_upscaling: true,
        try_recover_truncated: false,
        acceptable_fraction: 1.0,
        dct_method: String::new(),
    }
}

/// A part of the picture in a JPEG file. TF: `tf.image.decode_and_crop_jpeg`.
///
/// `crop_window` is int32 `[y, x, height, width]`. The rest as for [`decode_jpeg`].
#[track_caller]
pub fn decode_and_crop_jpeg(contents: impl IntoTensor, crop_window: impl IntoTensor) -> Tensor {
    decode_and_crop_jpeg_args(contents, crop_window).build()
}

/// [`decode_and_crop_jpeg`] with keyword arguments.
pub fn decode_and_crop_jpeg_args(contents: impl IntoTensor, crop_window: impl IntoTensor) -> DecodeJpegArgs {
    DecodeJpegArgs { crop_window: Some(crop_window.into_arg()), ..decode_jpeg_args(contents) }
}

/// A [`decode_jpeg`] or [`decode_and_crop_jpeg`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct DecodeJpegArgs {
    contents: Arg,
    crop_window: Option<Arg>,
    channels: i64,
    ratio: i64,
    fancy_upscaling: bool,
    try_recover_truncated: bool,
    acceptable_fraction: f32,
    dct_method: String,
}

impl DecodeJpegArgs {
    /// 1, 3, or 0 for what the file has, which it is if not said.
    pub fn channels(mut self, channels: i64) -> Self {
        self.channels = channels;
        self
    }

    /// How many times smaller the picture becomes: 1 (if not said), 2, 4 or 8.
    pub fn ratio(mut self, ratio: i64) -> Self {
        self.ratio = ratio;
        self
    }

    /// Whether colors that are stored coarser are interpolated; true if not said.
    pub fn fancy_upscaling(mut self, fancy: bool) -> Self {
        self.fancy_upscaling = fancy;
        self
    }

    /// Whether a file that ends early is shown as far as it goes; false if not said.
    pub fn try_recover_truncated(mut self, recover: bool) -> Self {
        self.try_recover_truncated = recover;
        self
    }

    /// Kept and without effect, as in TensorFlow since its files are read whole or not at all.
    pub fn acceptable_fraction(mut self, fraction: f32) -> Self {
        self.acceptable_fraction = fraction;
        self
    }

    /// `"INTEGER_FAST"`, which it is if not said, or `"INTEGER_ACCURATE"`.
    pub fn dct_method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.dct_method);
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let call = match self.crop_window {
            None => DECODE_JPEG.call([self.contents]),
            Some(window) => DECODE_AND_CROP_JPEG.call([self.contents, window]),
        };
        call.attr("channels", self.channels)
            .attr("ratio", self.ratio)
            .attr("fancy_upscaling", self.fancy_upscaling)
            .attr("try_recover_truncated", self.try_recover_truncated)
            .attr("acceptable_fraction", self.acceptable_fraction)
            .attr("dct_method", self.dct_method.as_str())
            .single()
    }
}

/// The picture in a PNG file, uint8 of shape [height, width, channels], with the feature `images`. TF: `tf.image.decode_png`.
///
/// `contents` is the file's bytes, a single string. Keyword arguments `channels`: 1 grey, 3 red, green and blue, 4 and
/// transparency, 0 for what the file has; and `dtype`, which can be said to be uint16, of which nothing computes. JPEG files
/// and GIF files of one frame are taken as well. No gradient.
#[track_caller]
pub fn decode_png(contents: impl IntoTensor) -> Tensor {
    decode_png_args(contents).build()
}

/// [`decode_png`] with keyword arguments.
pub fn decode_png_args(contents: impl IntoTensor) -> DecodeArgs {
    DecodeArgs::new(&DECODE_PNG, contents)
}

/// The frames of a GIF file, uint8 of shape [frames, height, width, 3], with the feature `images`. TF: `tf.image.decode_gif`.
///
/// `contents` is the file's bytes, a single string. A JPEG or PNG file is one frame. No gradient.
#[track_caller]
pub fn decode_gif(contents: impl IntoTensor) -> Tensor {
    DECODE_GIF.call([contents.into_arg()]).single()
}

/// The picture in a BMP file, uint8 of shape [height, width, channels]. TF: `tf.image.decode_bmp`.
///
/// `contents` is the file's bytes, a single string; of those that are not compressed, with 8, 24 or 32 bits for each pixel.
/// Keyword argument `channels`: 3, 4, or 0 for what the file has. No gradient.
#[track_caller]
pub fn decode_bmp(contents: impl IntoTensor) -> Tensor {
    decode_bmp_args(contents).build()
}

/// [`decode_bmp`] with the keyword argument `channels`.
pub fn decode_bmp_args(contents: impl IntoTensor) -> DecodeArgs {
    DecodeArgs::new(&DECODE_BMP, contents)
}

/// The picture in a JPEG, PNG, GIF or BMP file; PNG and GIF with the feature `images`. TF: `tf.image.decode_image`.
///
/// `contents` is the file's bytes, a single string. Keyword arguments `channels`, 0 for what the file has; `dtype`, uint8 if
/// not said, or float32, from 0 to 1; and `expand_animations`: true (if not said) makes
/// [frames, height, width, 3] of a GIF file, so that nothing is known of the shape; false takes its first frame. No gradient.
#[track_caller]
pub fn decode_image(contents: impl IntoTensor) -> Tensor {
    decode_image_args(contents).build()
}

/// [`decode_image`] with keyword arguments.
pub fn decode_image_args(contents: impl IntoTensor) -> DecodeArgs {
    DecodeArgs::new(&DECODE_IMAGE, contents)
}

/// A decoding of PNG, BMP or any files under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct DecodeArgs {
    op: &'static OpDef,
    contents: Arg,
    channels: i64,
    dtype: DType,
    expand_animations: bool,
}

impl DecodeArgs {
    fn new(op: &'static OpDef, contents: impl IntoTensor) -> Self {
        DecodeArgs { op, contents: contents.into_arg(), channels: 0, dtype: DType::UInt8, expand_animations: true }
    }

    /// How many channels; 0, for what the file has, if not said.
    pub fn channels(mut self, channels: i64) -> Self {
        self.channels = channels;
        self
    }

    /// The type of the numbers; uint8 if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// For [`decode_image`]: whether all frames of a GIF file are taken; true if not said.
    pub fn expand_animations(mut self, expand: bool) -> Self {
        self.expand_animations = expand;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let decode = |contents: Arg, dtype: DType| {
            let call = self.op.call([contents]).attr("channels", self.channels);
            match self.op.name() {
                "DecodeBmp" => call.single(),
                "DecodePng" => call.attr("dtype", dtype).single(),
                _ => call.attr("dtype", dtype).attr("expand_animations", self.expand_animations).single(),
            }
        };
        if self.op.name() != "DecodeImage" {
            return decode(self.contents, self.dtype);
        }
        let _scope = Scope::open(&[&self.contents], "decode_image");
        match self.dtype {
            DType::Float32 | DType::UInt8 | DType::UInt16 => decode(self.contents, self.dtype),
            other => convert_image_dtype(decode(self.contents, DType::UInt16), other),
        }
    }
}

/// Whether `contents` start as those of a JPEG file. TF: `tf.image.is_jpeg`.
#[track_caller]
pub fn is_jpeg(contents: impl IntoTensor) -> Tensor {
    let contents = contents.into_arg();
    let _scope = Scope::open(&[&contents], "is_jpeg");
    equal(substr(contents, 0, 3), Value::scalar(JPEG.to_vec()))
}

/// Height, width and channels of the picture in a JPEG file, int32 or int64 of shape `[3]`. TF: `tf.image.extract_jpeg_shape`.
///
/// `contents` is the file's bytes, a single string. Keyword argument `output_type`; int32 if not said. No gradient.
#[track_caller]
pub fn extract_jpeg_shape(contents: impl IntoTensor) -> Tensor {
    extract_jpeg_shape_args(contents).build()
}

/// [`extract_jpeg_shape`] with the keyword argument `output_type`.
pub fn extract_jpeg_shape_args(contents: impl IntoTensor) -> JpegShapeArgs {
    JpegShapeArgs { contents: contents.into_arg(), output_type: DType::Int32 }
}

/// An [`extract_jpeg_shape`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct JpegShapeArgs {
    contents: Arg,
    output_type: DType,
}

impl JpegShapeArgs {
    /// int32, which it is if not said, or int64.
    pub fn output_type(mut self, dtype: DType) -> Self {
        self.output_type = dtype;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        EXTRACT_JPEG_SHAPE.call([self.contents]).attr("output_type", self.output_type).single()
    }
}

const NO_GRADIENT: Grad = Grad::Missing("a file is no number");

macro_rules! decoders {
    ($($name:ident $sig:literal $infer:expr;)*) => {$(
        pub(super) static $name: OpDef = OpDef {
            sig: Sig::new($sig),
            infer: $infer,
            kernel: Kernel::Run(decode),
            grad: NO_GRADIENT,
            flags: Flags::HEAVY,
        };
    )*};
}

decoders! {
    DECODE_JPEG "DecodeJpeg(contents: string) -> (image: uint8) where channels: int = 0, ratio: int = 1, \
        fancy_upscaling: bool = true, try_recover_truncated: bool = false, acceptable_fraction: float = 1.0, \
        dct_method: string = ''" |ctx| infer(ctx, &[None, None]);
    DECODE_AND_CROP_JPEG "DecodeAndCropJpeg(contents: string, crop_window: int32) -> (image: uint8) \
        where channels: int = 0, ratio: int = 1, fancy_upscaling: bool = true, try_recover_truncated: bool = false, \
        acceptable_fraction: float = 1.0, dct_method: string = ''" infer_crop;
    DECODE_PNG "DecodePng(contents: string) -> (image: dtype) \
        where channels: int = 0, dtype: {uint8, uint16} = uint8" |ctx| infer(ctx, &[None, None]);
    DECODE_GIF "DecodeGif(contents: string) -> (image: uint8)" |ctx| {
        ctx.shape_of_rank(0, 0)?;
        ctx.set(0, PartialShape::new([None, None, None, Some(3)]))
    };
    DECODE_BMP "DecodeBmp(contents: string) -> (image: uint8) where channels: int = 0" |ctx| infer(ctx, &[None, None]);
    DECODE_IMAGE "DecodeImage(contents: string) -> (image: dtype) \
        where channels: int = 0, dtype: {uint8, uint16, float32} = uint8, expand_animations: bool = true" |ctx| {
        match ctx.attrs().bool("expand_animations")? {
            true => {
                channels(ctx)?;
                ctx.set(0, PartialShape::unknown())
            }
            false => infer(ctx, &[None, None]),
        }
    };
}

/// What the attribute `channels` says, and that the input is one string.
fn channels(ctx: &InferCtx) -> Result<Option<usize>> {
    ctx.shape_of_rank(0, 0)?;
    let channels = ctx.attrs().int("channels")?;
    let channels = usize::try_from(channels);
    let channels = channels.map_err(|_| Error::invalid_argument("the number of channels must not be negative"))?;
    Ok((channels > 0).then_some(channels))
}

/// A picture of this height and width.
fn infer(ctx: &mut InferCtx, size: &[Option<usize>; 2]) -> Result<()> {
    let channels = channels(ctx)?;
    ctx.set(0, PartialShape::new([size[0], size[1], channels]))
}

fn infer_crop(ctx: &mut InferCtx) -> Result<()> {
    let window = ctx.shape_of_rank(1, 1)?;
    if window.dim(0).is_some_and(|n| n != 4) {
        return Err(Error::invalid_argument(format!("crop_window is y, x, height and width, not {window}")));
    }
    let known = ctx.integers(1)?;
    let size = |i: usize| known.as_ref().and_then(|all| usize::try_from((*all.get(i)?)?).ok());
    infer(ctx, &[size(2), size(3)])
}

const JPEG: [u8; 3] = [0xff, 0xd8, 0xff];

/// Pixels of files of any kind.
struct Found {
    /// Of frames, height, width and channels.
    shape: [usize; 4],
    numbers: Numbers,
}

enum Numbers {
    Bytes(Vec<u8>),
    /// Of 16 bits.
    #[cfg(feature = "images")]
    Wide(Vec<u16>),
}

impl From<Pixels> for Found {
    fn from(pixels: Pixels) -> Self {
        let shape = [1, pixels.height, pixels.width, pixels.channels];
        Found { shape, numbers: Numbers::Bytes(pixels.bytes) }
    }
}

fn decode(ctx: &mut KernelCtx) -> Result<()> {
    let op = ctx.node.op.name();
    let contents = ctx.inputs.value(0)?.item::<Vec<u8>>()?;
    let channels = if op == "DecodeGif" { 3 } else { ctx.node.attrs().int("channels")? };
    let channels = [0u8, 1, 3, 4].into_iter().find(|&n| i64::from(n) == channels);
    let channels = channels.ok_or_else(|| Error::invalid_argument("channels must be 0, 1, 3 or 4"))?;
    let dtype = ctx.node.output_types.first().copied().unwrap_or(DType::UInt8);
    let refuse = |what: &str| Err(Error::invalid_argument(format!("{op} does not read {what} files")));
    let found: Found = match contents.as_slice() {
        [] => return Err(Error::invalid_argument("there are no bytes")),
        [0xff, 0xd8, 0xff, ..] => match (op, channels) {
            ("DecodeBmp", _) => return refuse("JPEG"),
            (_, 4) => return Err(Error::invalid_argument("a JPEG file has no 4 channels")),
            _ => jpeg::decode(&contents, &options(ctx, channels)?)?.into(),
        },
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => match op {
            "DecodeBmp" | "DecodeAndCropJpeg" => return refuse("PNG"),
            _ => decode_png_file(&contents, channels, dtype != DType::UInt8)?,
        },
        [b'G', b'I', b'F', b'8', ..] => match (op, channels) {
            (_, 1 | 4) => return Err(Error::invalid_argument("a GIF file has 3 channels")),
            ("DecodeBmp" | "DecodeAndCropJpeg", _) => return refuse("GIF"),
            _ => decode_gif_file(&contents, ctx.node.attrs().bool("expand_animations").unwrap_or(true))?,
        },
        [b'B', b'M', ..] => match (op, channels) {
            (_, 1) => return Err(Error::invalid_argument("a BMP file has 3 or 4 channels")),
            ("DecodeBmp" | "DecodeImage", _) => bmp::decode(&contents, channels.into())?.into(),
            _ => return refuse("BMP"),
        },
        _ => return Err(Error::invalid_argument("no JPEG, PNG, GIF or BMP file: it does not start as one")),
    };
    let [frames, height, width, channels] = found.shape;
    let animated = matches!(contents.as_slice(), [b'G', ..]);
    let shape = match op {
        "DecodeGif" => Shape::from(found.shape),
        "DecodeImage" if animated && ctx.node.attrs().bool("expand_animations")? => Shape::from(found.shape),
        _ if frames == 1 => Shape::from([height, width, channels]),
        _ => return Err(Error::invalid_argument(format!("{frames} frames: decode_gif or decode_image reads them"))),
    };
    let value = match (found.numbers, dtype) {
        (Numbers::Bytes(bytes), DType::UInt8) => Value::new(shape, bytes)?,
        (Numbers::Bytes(bytes), DType::Float32) => {
            Value::new(shape, bytes.into_iter().map(|x| f32::from(x) * (1.0 / 255.0)).collect::<Vec<f32>>())?
        }
        #[cfg(feature = "images")]
        (Numbers::Wide(numbers), DType::UInt8) => {
            Value::new(shape, numbers.into_iter().map(|x| x as u8).collect::<Vec<u8>>())?
        }
        #[cfg(feature = "images")]
        (Numbers::Wide(numbers), DType::Float32) => {
            Value::new(shape, numbers.into_iter().map(|x| f32::from(x) * (1.0 / 65535.0)).collect::<Vec<f32>>())?
        }
        (_, other) => return crate::value::unsupported(other),
    };
    ctx.outputs.set(0, value);
    Ok(())
}

/// How a JPEG file is to be read.
fn options(ctx: &KernelCtx, channels: u8) -> Result<Options> {
    let attrs = ctx.node.attrs();
    let mut options = Options { channels, ..Options::default() };
    if !ctx.node.op.name().ends_with("Jpeg") {
        return Ok(options);
    }
    options.ratio = [1, 2, 4, 8]
        .into_iter()
        .find(|&ratio| attrs.int("ratio").is_ok_and(|said| said == ratio as i64))
        .ok_or_else(|| Error::invalid_argument("ratio must be 1, 2, 4 or 8"))?;
    options.fancy_upscaling = attrs.bool("fancy_upscaling")?;
    options.try_recover_truncated = attrs.bool("try_recover_truncated")?;
    options.dct = match attrs.str("dct_method")? {
        "" | "INTEGER_FAST" => Dct::Fast,
        "INTEGER_ACCURATE" => Dct::Accurate,
        other => {
            return Err(Error::invalid_argument(format!("dct_method '{other}': INTEGER_FAST or INTEGER_ACCURATE")));
        }
    };
    if ctx.inputs.len() > 1 {
        let window = ctx.inputs.slice::<i32>(1)?;
        let window: [i32; 4] = window.try_into().map_err(|_| Error::invalid_argument("crop_window is four numbers"))?;
        options.crop = Some(window);
    }
    Ok(options)
}

#[cfg(feature = "images")]
fn decode_png_file(contents: &[u8], channels: u8, wide: bool) -> Result<Found> {
    let picture = crate::format::png::decode(contents, channels.into(), wide)?;
    let shape = [1, picture.height, picture.width, picture.channels];
    Ok(Found { shape, numbers: Numbers::Wide(picture.numbers) })
}

#[cfg(feature = "images")]
fn decode_gif_file(contents: &[u8], all: bool) -> Result<Found> {
    let frames = crate::format::gif::decode(contents, all)?;
    Ok(Found { shape: [frames.count, frames.height, frames.width, 3], numbers: Numbers::Bytes(frames.bytes) })
}

#[cfg(not(feature = "images"))]
fn decode_png_file(_: &[u8], _: u8, _: bool) -> Result<Found> {
    Err(Error::unimplemented("PNG files are read by a Flowstone that is built with the feature `images`"))
}

#[cfg(not(feature = "images"))]
fn decode_gif_file(_: &[u8], _: bool) -> Result<Found> {
    Err(Error::unimplemented("GIF files are read by a Flowstone that is built with the feature `images`"))
}

pub(super) static EXTRACT_JPEG_SHAPE: OpDef = OpDef {
    sig: Sig::new("ExtractJpegShape(contents: string) -> (image_shape: output_type) where output_type: index = int32"),
    infer: |ctx| {
        ctx.shape_of_rank(0, 0)?;
        ctx.set(0, PartialShape::new([Some(3)]))
    },
    kernel: Kernel::Run(|ctx| {
        let contents = ctx.inputs.value(0)?.item::<Vec<u8>>()?;
        let shape = Value::vector(jpeg_shape(&contents)?.map(|n| n as i64).to_vec());
        let dtype = ctx.node.attrs().dtype("output_type")?;
        ctx.outputs.set(0, shape.convert(dtype)?);
        Ok(())
    }),
    grad: NO_GRADIENT,
    flags: Flags::PURE,
};
