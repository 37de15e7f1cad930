//! EncodeJpeg and EncodePng: pixels as the bytes of files.

use crate::error::{Error, Result};
use crate::format::jpeg::{Settings, encode as write_jpeg};
use crate::format::png;
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::shape::PartialShape;
use crate::value::Value;

/// The bytes of a JPEG file of `image`, a single string. TF: `tf.image.encode_jpeg`.
///
/// `image` is uint8 of shape [height, width, channels] with 1 or 3 channels. Keyword arguments: `format`, `"grayscale"` or
/// `"rgb"`, as the channels say if not said; `quality`, 0 to 100 (95); `optimize_size` (false); `chroma_downsampling`, color
/// at half the size (true); `density_unit`, `"in"` or `"cm"`, with `x_density` and `y_density` (300); `xmp_metadata`, a text
/// to go with it; and `progressive`, which is known but not written: such a run is an error. The file is TensorFlow's to the
/// byte. No gradient.
#[track_caller]
pub fn encode_jpeg(image: impl IntoTensor) -> Tensor {
    encode_jpeg_args(image).build()
}

/// [`encode_jpeg`] with keyword arguments.
pub fn encode_jpeg_args(image: impl IntoTensor) -> EncodeJpegArgs {
    EncodeJpegArgs {
        image: image.into_arg(),
        format: String::new(),
        quality: 95,
        progressive: false,
        optimize_size: false,
        chroma_downsampling: true,
        density_unit: "in".to_owned(),
        density: [300, 300],
        xmp_metadata: String::new(),
    }
}

/// An [`encode_jpeg`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct EncodeJpegArgs {
    image: Arg,
    format: String,
    quality: i64,
    progressive: bool,
    optimize_size: bool,
    chroma_downsampling: bool,
    density_unit: String,
    density: [i64; 2],
    xmp_metadata: String,
}

impl EncodeJpegArgs {
    /// `"grayscale"`, `"rgb"`, or `""` for what the channels say, which it is if not said.
    pub fn format(mut self, format: &str) -> Self {
        format.clone_into(&mut self.format);
        self
    }

    /// From 0 to 100; 95 if not said.
    pub fn quality(mut self, quality: i64) -> Self {
        self.quality = quality;
        self
    }

    /// Whether the file shows more and more of the picture as it is read; false if not said. Not written yet.
    pub fn progressive(mut self, progressive: bool) -> Self {
        self.progressive = progressive;
        self
    }

    /// Whether the file is made smaller at the cost of time; false if not said.
    pub fn optimize_size(mut self, optimize: bool) -> Self {
        self.optimize_size = optimize;
        self
    }

    /// Whether color is stored at half the size; true if not said.
    pub fn chroma_downsampling(mut self, downsampled: bool) -> Self {
        self.chroma_downsampling = downsampled;
        self
    }

    /// `"in"`, which it is if not said, or `"cm"`.
    pub fn density_unit(mut self, unit: &str) -> Self {
        unit.clone_into(&mut self.density_unit);
        self
    }

    /// Pixels across in each unit; 300 if not said.
    pub fn x_density(mut self, density: i64) -> Self {
        self.density[0] = density;
        self
    }

    /// Pixels down in each unit; 300 if not said.
    pub fn y_density(mut self, density: i64) -> Self {
        self.density[1] = density;
        self
    }

    /// What is said of the picture; nothing if not said.
    pub fn xmp_metadata(mut self, metadata: &str) -> Self {
        metadata.clone_into(&mut self.xmp_metadata);
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        ENCODE_JPEG
            .call([self.image])
            .attr("format", self.format.as_str())
            .attr("quality", self.quality)
            .attr("progressive", self.progressive)
            .attr("optimize_size", self.optimize_size)
            .attr("chroma_downsampling", self.chroma_downsampling)
            .attr("density_unit", self.density_unit.as_str())
            .attr("x_density", self.density[0])
            .attr("y_density", self.density[1])
            .attr("xmp_metadata", self.xmp_metadata.as_str())
            .single()
    }
}

/// The bytes of PNG files of `image`. TF: `tf.image.encode_png`.
///
/// `image` is uint8 of shape [height, width, channels] with 1 to 4 channels, or several such in more dimensions in front, which
/// the result has. Keyword argument `compression`, -1 (as it comes) to 9. The pictures are TensorFlow's, the files are
/// compressed in another way. No gradient.
///
/// ```
/// use flowstone as tf;
/// let image = tf::constant(tf::Value::new([1, 2, 3], vec![255u8, 0, 0, 0, 255, 0])?);
/// let file = tf::Session()?.run(tf::image::encode_png(image), tf::feed_dict! {})?;
/// assert!(file.as_slice::<Vec<u8>>()?[0].starts_with(b"\x89PNG"));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn encode_png(image: impl IntoTensor) -> Tensor {
    encode_png_args(image).build()
}

/// [`encode_png`] with the keyword argument `compression`.
pub fn encode_png_args(image: impl IntoTensor) -> EncodePngArgs {
    EncodePngArgs { image: image.into_arg(), compression: -1 }
}

/// An [`encode_png`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct EncodePngArgs {
    image: Arg,
    compression: i64,
}

impl EncodePngArgs {
    /// How much time is spent on a small file, 0 to 9; -1 leaves it open, which it is if not said.
    pub fn compression(mut self, compression: i64) -> Self {
        self.compression = compression;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        ENCODE_PNG.call([self.image]).attr("compression", self.compression).single()
    }
}

const NO_GRADIENT: Grad = Grad::Missing("a file is no number");

pub(super) static ENCODE_JPEG: OpDef = OpDef {
    sig: Sig::new(
        "EncodeJpeg(image: uint8) -> (contents: string) where format: ''|'grayscale'|'rgb' = '', quality: int = 95, \
         progressive: bool = false, optimize_size: bool = false, chroma_downsampling: bool = true, \
         density_unit: 'in'|'cm' = 'in', x_density: int = 300, y_density: int = 300, xmp_metadata: string = ''",
    ),
    infer: |ctx| {
        ctx.shape_of_rank(0, 3)?;
        ctx.set(0, PartialShape::scalar())
    },
    kernel: Kernel::Run(encode),
    grad: NO_GRADIENT,
    flags: Flags::HEAVY,
};

fn encode(ctx: &mut KernelCtx) -> Result<()> {
    let attrs = ctx.node.attrs();
    let &[height, width, channels] = ctx.inputs.shape(0)?.dims() else { return Err(Error::internal("no image")) };
    let format = attrs.str("format")?;
    let wanted = match format {
        "grayscale" => 1,
        "rgb" => 3,
        _ => channels,
    };
    if wanted != channels || ![1, 3].contains(&channels) {
        return Err(Error::invalid_argument(format!("an image of {channels} channels in the format '{format}'")));
    }
    let quality = attrs.int("quality")?;
    let quality = u8::try_from(quality).ok().filter(|&quality| quality <= 100);
    let quality = quality.ok_or_else(|| Error::invalid_argument("the quality is from 0 to 100"))?;
    if attrs.bool("progressive")? {
        return Err(Error::unimplemented("progressive JPEG files are read, not written"));
    }
    let density = |name: &str| {
        u16::try_from(attrs.int(name)?).map_err(|_| Error::invalid_argument(format!("{name} is from 0 to 65535")))
    };
    let settings = Settings {
        quality,
        optimize_size: attrs.bool("optimize_size")?,
        chroma_downsampling: attrs.bool("chroma_downsampling")?,
        density_unit: if attrs.str("density_unit")? == "cm" { 2 } else { 1 },
        density: [density("x_density")?, density("y_density")?],
        xmp_metadata: attrs.str("xmp_metadata")?.as_bytes().to_vec(),
    };
    let file = write_jpeg(ctx.inputs.slice::<u8>(0)?, height, width, channels, &settings)?;
    ctx.outputs.set(0, Value::scalar(file));
    Ok(())
}

pub(super) static ENCODE_PNG: OpDef = OpDef {
    sig: Sig::new("EncodePng(image: T) -> (contents: string) where compression: int = -1, T: {uint8, uint16} = uint8"),
    infer: |ctx| {
        let image = ctx.shape(0)?;
        let contents = match image.dims() {
            None => PartialShape::unknown(),
            Some([front @ .., _, _, _]) => PartialShape::new(front.iter().copied()),
            Some(_) => {
                return Err(Error::invalid_argument(format!("an image of shape {image}: 3 dimensions at least")));
            }
        };
        ctx.set(0, contents)
    },
    kernel: Kernel::Run(|ctx| {
        let level = ctx.node.attrs().int("compression")?;
        if !(-1..=9).contains(&level) {
            return Err(Error::invalid_argument(format!("a compression of {level}: -1 to 9")));
        }
        let &[.., height, width, channels] = ctx.inputs.shape(0)?.dims() else {
            return Err(Error::internal("no image"));
        };
        let images = ctx.inputs.slice::<u8>(0)?;
        let size = height * width * channels;
        if size == 0 {
            return Err(Error::invalid_argument(format!(
                "a picture of {height} by {width} pixels, {channels} channels"
            )));
        }
        let files = ctx.outputs.slice::<Vec<u8>>(0)?;
        for (file, image) in files.iter_mut().zip(images.chunks_exact(size)) {
            *file = png::encode_with(image, height, width, channels, u32::try_from(level).ok())?;
        }
        Ok(())
    }),
    grad: NO_GRADIENT,
    flags: Flags::HEAVY,
};
