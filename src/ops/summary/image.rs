//! ImageSummary: pictures.

use super::Place;
use super::scalar::tagged;
use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::format::png;
use crate::format::summary::{Summary, SummaryImage, SummaryValue};
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::shape::PartialShape;
use crate::value::{Number, Value};

/// A summary of the first pictures of `tensor` under the tags `name/image/0`, `name/image/1`, … TF: `tf.summary.image`.
///
/// `tensor` has shape [batch, height, width, channels] with 1 (grey), 3 (red, green, blue) or 4 channels (and
/// transparency); uint8, or float32 or float64, which are spread: from 0 up to 255, or around 128 if there are negative
/// ones. A pixel with NaN or an infinity is red. Keyword arguments `max_outputs`, how many pictures (3 if not said), and
/// those of [`scalar`](super::scalar). No gradient.
///
/// ```
/// use flowstone as tf;
/// let summary = tf::summary_image!("digits", tf::zeros([5, 28, 28, 1]), max_outputs = 2);
/// let bytes = tf::Session()?.run(summary, tf::feed_dict! {})?.item::<Vec<u8>>()?;
/// let summary = tf::format::summary::Summary::from_bytes(&bytes)?;
/// assert_eq!(summary.value[1].tag, "digits/image/1");
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn image(name: &str, tensor: impl IntoTensor) -> Tensor {
    image_args(name, tensor).build()
}

/// [`image`] with keyword arguments.
pub fn image_args(name: &str, tensor: impl IntoTensor) -> ImageArgs {
    ImageArgs { place: Place::new(name), tensor: tensor.into_arg(), max_outputs: 3 }
}

/// An [`image`] summary under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct ImageArgs {
    place: Place,
    tensor: Arg,
    max_outputs: i64,
}

impl ImageArgs {
    /// How many pictures there are at most; 3 if not said.
    pub fn max_outputs(mut self, max_outputs: i64) -> Self {
        self.max_outputs = max_outputs;
        self
    }

    /// What stands in front of the tag.
    pub fn family(mut self, family: &str) -> Self {
        self.place.set_family(family);
        self
    }

    /// The collections that the summary is put in; `summaries` if not said.
    pub fn collections<S: Into<String>>(mut self, collections: impl IntoIterator<Item = S>) -> Self {
        self.place.set_collections(collections);
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let tensor = self.tensor;
        self.place.build(&tensor.clone(), |tag| {
            IMAGE_SUMMARY.call([tag.into_arg(), tensor]).attr("max_images", self.max_outputs)
        })
    }
}

pub(super) static IMAGE_SUMMARY: OpDef = OpDef {
    sig: Sig::new(
        "ImageSummary(tag: string, tensor: T) -> (summary: string) \
         where max_images: int = 3, T: {uint8, float32, float64} = float32, \
         bad_color: tensor = uint8[255,0,0,255]",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        let tag = ctx.inputs.value(0)?.item::<Vec<u8>>()?;
        let shape = ctx.inputs.shape(1)?;
        let &[batch, height, width, channels] = shape.dims() else {
            return Err(Error::invalid_argument(format!("pictures of shape {shape}")));
        };
        let most = ctx.node.attrs().int("max_images")?;
        let count = batch.min(usize::try_from(most).unwrap_or(0));
        let mut summary = Summary::default();
        for (i, pixels) in pictures(ctx, count, height * width * channels, channels)?.into_iter().enumerate() {
            let number = if most > 1 { format!("/{i}") } else { String::new() };
            let image = SummaryImage {
                height: height as i32,
                width: width as i32,
                colorspace: channels as i32,
                encoded_image_string: png::encode(&pixels, height, width, channels)?,
            };
            let mut value = SummaryValue { image: Some(image), ..tagged(&tag) };
            value.tag.push_str("/image");
            value.tag.push_str(&number);
            summary.value.push(value);
        }
        ctx.outputs.set(0, Value::scalar(summary.to_bytes()));
        Ok(())
    }),
    grad: Grad::Stop("a summary is text"),
    flags: Flags::PURE,
};

fn infer(ctx: &mut InferCtx) -> Result<()> {
    ctx.shape_of_rank(0, 0)?;
    let pictures = ctx.shape_of_rank(1, 4)?;
    let odd = |n: usize| ![1, 3, 4].contains(&n);
    if pictures.dim(3).is_some_and(odd) || ctx.attrs().int("max_images")? < 1 {
        return Err(Error::invalid_argument(format!("pictures of shape {pictures}: 1, 3 or 4 channels")));
    }
    ctx.set(0, PartialShape::scalar())
}

/// The pixels of the first `count` pictures of `size` numbers each.
fn pictures(ctx: &KernelCtx, count: usize, size: usize, channels: usize) -> Result<Vec<Vec<u8>>> {
    if size == 0 {
        return Err(Error::invalid_argument("pictures without pixels"));
    }
    let dtype = ctx.node.dtype()?;
    if dtype == DType::UInt8 {
        return Ok(ctx.inputs.slice::<u8>(1)?.chunks_exact(size).take(count).map(<[u8]>::to_vec).collect());
    }
    let bad = ctx.node.attrs().tensor("bad_color")?.as_slice::<u8>()?;
    let bad = bad.get(..channels).ok_or_else(|| {
        Error::invalid_argument(format!("bad_color has {} numbers for {channels} channels", bad.len()))
    })?;
    dispatch!(dtype, floats, T => {
        let numbers = ctx.inputs.slice::<T>(1)?.chunks_exact(size).take(count);
        Ok(numbers.map(|numbers| spread(numbers, channels, bad)).collect())
    })
}

/// Numbers as pixels; `bad` where one of a pixel is not finite.
fn spread<T: Number>(numbers: &[T], channels: usize, bad: &[u8]) -> Vec<u8> {
    const NOTHING: f32 = 1e-6;
    let finite = |pixel: &&[T]| pixel.iter().all(|x| x.to_f64().is_finite());
    let pixels = || numbers.chunks_exact(channels);
    let all = || pixels().filter(finite).flatten().map(|x| x.to_f64() as f32);
    let (least, most) = (all().fold(f32::INFINITY, f32::min), all().fold(f32::NEG_INFINITY, f32::max));
    let (range, offset, size) =
        if least < 0.0 { (127.0, 128.0, least.abs().max(most.abs())) } else { (255.0, 0.0, most) };
    let scale = if size < NOTHING { 0.0 } else { range / size };
    let (scale, offset) = (T::from_f64(f64::from(scale)), T::from_f64(offset));
    let picture = pixels().flat_map(|pixel| {
        let good = finite(&pixel);
        pixel.iter().zip(bad).map(move |(x, bad)| if good { x.times(scale).plus(offset).to_f64() as u8 } else { *bad })
    });
    picture.collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};

    /// The summary of one picture of 1 by 2 pixels.
    fn one(tag: &str, pixels: &[u8], channels: usize) -> Value {
        let image = SummaryImage {
            height: 1,
            width: 2,
            colorspace: channels as i32,
            encoded_image_string: png::encode(pixels, 1, 2, channels).unwrap(),
        };
        Value::scalar(Summary { value: vec![SummaryValue { image: Some(image), ..tagged(tag.as_bytes()) }] }.to_bytes())
    }

    #[test]
    fn pictures_are_summarized() {
        let picture = |numbers: Vec<f32>, channels| Value::new([1, 1, 2, channels], numbers).unwrap();
        OpTest::new(|x| {
            vec![image("grey", x[0]), image_args("color", x[1]).max_outputs(1).build(), image("signed", x[2])]
        })
        .inputs([
            Value::new([1, 1, 2, 1], vec![7u8, 9]).unwrap(),
            picture(vec![0.0, 1.0, 2.0, f32::NAN, 5.0, 5.0], 3),
            picture(vec![-1.0, 0.5], 1),
        ])
        .expect([
            one("grey/image/0", &[7, 9], 1),
            one("color/image", &[0, 127, 255, 255, 0, 0], 3),
            one("signed/image/0", &[1, 191], 1),
        ])
        .run();
        assert!(build_error(|| image("x", crate::ops::array::zeros([1, 1, 1, 2]))).contains("1, 3 or 4 channels"));
    }
}
