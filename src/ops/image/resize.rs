//! ResizeBilinear, ResizeNearestNeighbor, ResizeBicubic, ResizeArea: images of another size; and the gradients of the first
//! three.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::resize::{Align, Resize, Taps};
use crate::op::{Arg, AttrReader, Flags, Grad, GradCtx, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::array::{expand_dims, packed, shape, squeeze_args};
use crate::ops::image::image_sizes;
use crate::ops::math::{cast, minimum, round};
use crate::ops::scope::Scope;
use crate::shape::{PartialShape, Shape};

/// How pixels between pixels are found. TF: `tf.image.ResizeMethod`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResizeMethod {
    /// Between the four around, by distance. TF: `ResizeMethod.BILINEAR`.
    #[default]
    Bilinear,
    /// The nearest one. TF: `ResizeMethod.NEAREST_NEIGHBOR`.
    NearestNeighbor,
    /// Between the sixteen around, by a cubic spline. TF: `ResizeMethod.BICUBIC`.
    Bicubic,
    /// The mean of all that a pixel covers. TF: `ResizeMethod.AREA`.
    Area,
}

impl ResizeMethod {
    fn op(self) -> &'static OpDef {
        match self {
            ResizeMethod::Bilinear => &RESIZE_BILINEAR,
            ResizeMethod::NearestNeighbor => &RESIZE_NEAREST_NEIGHBOR,
            ResizeMethod::Bicubic => &RESIZE_BICUBIC,
            ResizeMethod::Area => &RESIZE_AREA,
        }
    }
}

/// Images resized to `size`, height and width. TF: `tf.image.resize_images`.
///
/// `images` is numbers of shape [batch, height, width, channels] or [height, width, channels]. Keyword arguments `method`
/// (bilinear if not said), `align_corners`, and `preserve_aspect_ratio`: as large as fits into `size`. The result is float32,
/// but for the nearest neighbor, which keeps the type, and for images that have the size already.
///
/// ```
/// use flowstone as tf;
/// let image = tf::placeholder(tf::float32, (None, None, 3));
/// assert_eq!(tf::image::resize_images(image, [28, 28]).shape().to_string(), "[28,28,3]");
/// ```
#[track_caller]
pub fn resize_images(images: impl IntoTensor, size: impl IntoTensor) -> Tensor {
    resize_images_args(images, size).build()
}

/// [`resize_images`] with keyword arguments.
pub fn resize_images_args(images: impl IntoTensor, size: impl IntoTensor) -> ResizeImagesArgs {
    ResizeImagesArgs {
        images: images.into_arg(),
        size: size.into_arg(),
        method: ResizeMethod::Bilinear,
        align_corners: false,
        preserve_aspect_ratio: false,
    }
}

/// A [`resize_images`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct ResizeImagesArgs {
    images: Arg,
    size: Arg,
    method: ResizeMethod,
    align_corners: bool,
    preserve_aspect_ratio: bool,
}

impl ResizeImagesArgs {
    /// How pixels between pixels are found; bilinear if not said.
    pub fn method(mut self, method: ResizeMethod) -> Self {
        self.method = method;
        self
    }

    /// Whether the corner pixels lie on one another; false if not said.
    pub fn align_corners(mut self, align: bool) -> Self {
        self.align_corners = align;
        self
    }

    /// Whether the images keep their proportions and become as large as fits; false if not said.
    pub fn preserve_aspect_ratio(mut self, preserve: bool) -> Self {
        self.preserve_aspect_ratio = preserve;
        self
    }

    /// Builds the resize.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let args = [self.images, self.size];
        let scope = Scope::open(&args.each_ref(), "resize");
        let [images, size] = args;
        let images = convert(images, "images", None);
        let single = images.rank() == Some(3);
        let images = match images.rank() {
            Some(3) => expand_dims(images, 0),
            Some(4) => images,
            _ => {
                return scope
                    .fail(Error::invalid_argument(format!("images of shape {}: 3 or 4 dimensions", images.shape())));
            }
        };
        let mut size = convert(size, "size", Some(DType::Int32));
        if size.shape().merge(&PartialShape::new([Some(2)])).is_none() {
            return scope.fail(Error::invalid_argument(format!("size is a height and a width, not {}", size.shape())));
        }
        if self.preserve_aspect_ratio {
            size = largest_within(images, size);
        }
        let wanted = [0, 1].map(|i| size.fact()?.integers?.get(i).copied().flatten()?.try_into().ok());
        let back = |images: Tensor| if single { squeeze_args(images).axis([0]).build() } else { images };
        let own = [images.shape().dim(1), images.shape().dim(2)];
        if own == wanted && own.iter().all(Option::is_some) {
            return back(images);
        }
        let call = self.method.op().call([images.into_arg(), size.into_arg()]);
        back(call.attr("align_corners", self.align_corners).single())
    }
}

/// The largest size within `size` that has the images' proportions.
#[track_caller]
fn largest_within(images: Tensor, size: Tensor) -> Tensor {
    let own = image_sizes(images, 4);
    let [height, width] = [own[1].clone(), own[2].clone()];
    let real = |x: Arg| cast(x, DType::Float32);
    let rows = real(size.at(0).into_arg()) / real(height.clone());
    let columns = real(size.at(1).into_arg()) / real(width.clone());
    let factor = minimum(rows, columns);
    let scaled = |own: Arg| cast(round(factor * real(own)), DType::Int32).into_arg();
    let (height, width) = (scaled(height), scaled(width));
    packed(vec![height, width], "size")
}

/// Keyword arguments of the resizes by name.
#[must_use = "nothing is built until `build` is called"]
pub struct ResizeArgs {
    method: ResizeMethod,
    args: [Arg; 2],
    align_corners: bool,
    half_pixel_centers: bool,
}

impl ResizeArgs {
    /// Whether the corner pixels lie on one another; false if not said.
    pub fn align_corners(mut self, align: bool) -> Self {
        self.align_corners = align;
        self
    }

    /// Whether pixels are where their middles are; false if not said.
    pub fn half_pixel_centers(mut self, half: bool) -> Self {
        self.half_pixel_centers = half;
        self
    }

    /// Builds the resize.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let call = self.method.op().call(self.args).attr("align_corners", self.align_corners);
        match self.method {
            ResizeMethod::Area => call.single(),
            _ => call.attr("half_pixel_centers", self.half_pixel_centers).single(),
        }
    }
}

macro_rules! resizes {
    ($($(#[$doc:meta])* $function:ident $args:ident $method:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// `images` is numbers of shape [batch, height, width, channels], `size` an int32 height and width. Keyword
        /// arguments `align_corners` and, but for the mean, `half_pixel_centers`.
        #[track_caller]
        pub fn $function(images: impl IntoTensor, size: impl IntoTensor) -> Tensor {
            $args(images, size).build()
        }

        #[doc = concat!("[`", stringify!($function), "`] with keyword arguments.")]
        pub fn $args(images: impl IntoTensor, size: impl IntoTensor) -> ResizeArgs {
            let args = [images.into_arg(), size.into_arg()];
            ResizeArgs { method: ResizeMethod::$method, args, align_corners: false, half_pixel_centers: false }
        }
    )*};
}

resizes! {
    /// Images resized between the four pixels around, in float32. TF: `tf.image.resize_bilinear`.
    resize_bilinear resize_bilinear_args Bilinear;
    /// Images resized by the nearest pixel. TF: `tf.image.resize_nearest_neighbor`.
    resize_nearest_neighbor resize_nearest_neighbor_args NearestNeighbor;
    /// Images resized by a cubic spline, in float32. TF: `tf.image.resize_bicubic`.
    resize_bicubic resize_bicubic_args Bicubic;
    /// Images resized by the mean of what a pixel covers, in float32. TF: `tf.image.resize_area`.
    resize_area resize_area_args Area;
}

fn align(attrs: AttrReader) -> Result<Align> {
    let half = attrs.bool("half_pixel_centers").unwrap_or(false);
    match (attrs.bool("align_corners")?, half) {
        (true, true) => Err(Error::invalid_argument("half_pixel_centers and align_corners are both true")),
        (true, false) => Ok(Align::Corners),
        (false, true) => Ok(Align::Edges),
        (false, false) => Ok(Align::Start),
    }
}

/// The shape of `images` with the height and width that input 1 holds.
fn infer(ctx: &mut InferCtx) -> Result<()> {
    let images = ctx.shape_of_rank(0, 4)?;
    let list = ctx.shape_of_rank(1, 1)?;
    if list.dim(0).is_some_and(|n| n != 2) {
        return Err(Error::invalid_argument(format!("size is a height and a width, not {list}")));
    }
    let size = ctx.shape_from(1)?;
    if ctx.integers(1)?.is_some_and(|sizes| sizes.iter().flatten().any(|n| *n <= 0)) {
        return Err(Error::invalid_argument("the height and width of the result must be above 0"));
    }
    ctx.set(0, PartialShape::new([images.dim(0), size.dim(0), size.dim(1), images.dim(3)]))
}

/// How images of shape `from` become those of shape `to`.
fn plan(ctx: &KernelCtx, from: &Shape, to: &Shape, taps: fn(usize, usize, Align) -> Taps) -> Result<Resize> {
    let align = align(ctx.node.attrs())?;
    let (&[_, height, width, channels], &[_, h, w, _]) = (from.dims(), to.dims()) else {
        return Err(Error::internal("not images"));
    };
    if [height, width, h, w].contains(&0) {
        return Err(Error::invalid_argument(format!("images without pixels: {from} to {to}")));
    }
    // Places are found in single precision, which names no more.
    if [height, width, h, w].iter().any(|&n| n > 1 << 24) {
        return Err(Error::resource_exhausted(format!("images too large to be resized: {from} to {to}")));
    }
    Ok(Resize { height, width, channels, rows: taps(height, h, align), columns: taps(width, w, align) })
}

fn run(ctx: &mut KernelCtx, taps: fn(usize, usize, Align) -> Taps) -> Result<()> {
    let resize = plan(ctx, ctx.inputs.shape(0)?, ctx.outputs.shape(0)?, taps)?;
    dispatch!(ctx.node.dtype()?, numbers, T => {
        resize.forward(ctx.inputs.slice::<T>(0)?, ctx.outputs.slice(0)?);
        Ok(())
    })
}

fn run_back(ctx: &mut KernelCtx, taps: fn(usize, usize, Align) -> Taps) -> Result<()> {
    let resize = plan(ctx, ctx.outputs.shape(0)?, ctx.inputs.shape(0)?, taps)?;
    dispatch!(ctx.node.dtype()?, floats, T => {
        resize.backprop(ctx.inputs.slice(0)?, ctx.outputs.slice::<T>(0)?);
        Ok(())
    })
}

/// The gradient to the images, by the operation `op`; none to images of whole numbers.
fn images_grad(g: &GradCtx, op: &'static OpDef) -> Result<Vec<Option<Tensor>>> {
    let attrs = g.attrs();
    if !g.x(0).dtype()?.is_floating() {
        return Ok(vec![None, None]);
    }
    let call = op.call([g.dy(0).into_arg(), g.x(0).into_arg()]).attr("align_corners", attrs.bool("align_corners")?);
    Ok(vec![Some(call.attr("half_pixel_centers", attrs.bool("half_pixel_centers")?).single()), None])
}

/// The gradient has the shape of the images, input 1, and as many images and channels as the result, input 0.
fn infer_back(ctx: &mut InferCtx) -> Result<()> {
    let (dy, images) = (ctx.shape_of_rank(0, 4)?, ctx.shape_of_rank(1, 4)?);
    let wanted = PartialShape::new([dy.dim(0), images.dim(1), images.dim(2), dy.dim(3)]);
    let shape = images
        .merge(&wanted)
        .ok_or_else(|| Error::invalid_argument(format!("a gradient of shape {dy} for images of shape {images}")))?;
    ctx.set(0, shape)
}

pub(super) static RESIZE_BILINEAR: OpDef = OpDef {
    sig: Sig::new(
        "ResizeBilinear(images: T, size: int32) -> (resized_images: float32) \
         where T: number, align_corners: bool = false, half_pixel_centers: bool = false",
    ),
    infer,
    kernel: Kernel::Run(|ctx| run(ctx, Taps::linear)),
    grad: Grad::Rule(|g| images_grad(g, &RESIZE_BILINEAR_GRAD)),
    flags: Flags::HEAVY.row_by_row(),
};

pub(super) static RESIZE_BILINEAR_GRAD: OpDef = OpDef {
    sig: Sig::new(
        "ResizeBilinearGrad(grads: float32, original_image: T) -> (output: T) \
         where T: floating, align_corners: bool = false, half_pixel_centers: bool = false",
    ),
    infer: infer_back,
    kernel: Kernel::Run(|ctx| run_back(ctx, Taps::linear)),
    grad: Grad::Stop("as in TensorFlow"),
    flags: Flags::HEAVY,
};

pub(super) static RESIZE_BICUBIC: OpDef = OpDef {
    sig: Sig::new(
        "ResizeBicubic(images: T, size: int32) -> (resized_images: float32) \
         where T: number, align_corners: bool = false, half_pixel_centers: bool = false",
    ),
    infer,
    kernel: Kernel::Run(|ctx| run(ctx, Taps::cubic)),
    grad: Grad::Rule(|g| images_grad(g, &RESIZE_BICUBIC_GRAD)),
    flags: Flags::HEAVY.row_by_row(),
};

pub(super) static RESIZE_BICUBIC_GRAD: OpDef = OpDef {
    sig: Sig::new(
        "ResizeBicubicGrad(grads: float32, original_image: T) -> (output: T) \
         where T: floating, align_corners: bool = false, half_pixel_centers: bool = false",
    ),
    infer: infer_back,
    kernel: Kernel::Run(|ctx| run_back(ctx, Taps::cubic)),
    grad: Grad::Missing("TensorFlow has no second derivative of a cubic resize"),
    flags: Flags::HEAVY,
};

pub(super) static RESIZE_AREA: OpDef = OpDef {
    sig: Sig::new(
        "ResizeArea(images: T, size: int32) -> (resized_images: float32) where T: number, align_corners: bool = false",
    ),
    infer,
    kernel: Kernel::Run(|ctx| run(ctx, Taps::area)),
    grad: Grad::Missing("TensorFlow has no gradient of a resize by areas"),
    flags: Flags::HEAVY.row_by_row(),
};

pub(super) static RESIZE_NEAREST_NEIGHBOR: OpDef = OpDef {
    sig: Sig::new(
        "ResizeNearestNeighbor(images: T, size: int32) -> (resized_images: T) \
         where T: number, align_corners: bool = false, half_pixel_centers: bool = false",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        let resize = plan(ctx, ctx.inputs.shape(0)?, ctx.outputs.shape(0)?, Taps::nearest)?;
        dispatch!(ctx.node.dtype()?, numbers, T => {
            resize.pick(ctx.inputs.slice::<T>(0)?, ctx.outputs.slice::<T>(0)?);
            Ok(())
        })
    }),
    grad: Grad::Rule(|g| {
        let (images, attrs) = (g.x(0), g.attrs());
        let sizes = images.shape();
        let size: Arg = match (sizes.dim(1), sizes.dim(2)) {
            (Some(height), Some(width)) => [height as i32, width as i32].into_arg(),
            _ => shape(images).at(1..3).into_arg(),
        };
        let call = RESIZE_NEAREST_NEIGHBOR_GRAD.call([g.dy(0).into_arg(), size]);
        let call = call.attr("align_corners", attrs.bool("align_corners")?);
        Ok(vec![Some(call.attr("half_pixel_centers", attrs.bool("half_pixel_centers")?).single()), None])
    }),
    flags: Flags::HEAVY.row_by_row(),
};

pub(super) static RESIZE_NEAREST_NEIGHBOR_GRAD: OpDef = OpDef {
    sig: Sig::new(
        "ResizeNearestNeighborGrad(grads: T, size: int32) -> (output: T) \
         where T: {uint8, int32, float32, float64}, align_corners: bool = false, half_pixel_centers: bool = false",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        let resize = plan(ctx, ctx.outputs.shape(0)?, ctx.inputs.shape(0)?, Taps::nearest)?;
        dispatch!(ctx.node.dtype()?, numbers, T => {
            resize.pick_back(ctx.inputs.slice::<T>(0)?, ctx.outputs.slice::<T>(0)?);
            Ok(())
        })
    }),
    grad: Grad::Missing("TensorFlow has no second derivative of a resize by the nearest neighbor"),
    flags: Flags::HEAVY,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    fn image() -> Value {
        Value::new([1, 2, 2, 1], vec![1.0f32, 2.0, 3.0, 4.0]).unwrap()
    }

    #[test]
    fn resizes_are_whole() {
        OpTest::new(|x| {
            vec![resize_bilinear(x[0], [2, 4]), resize_nearest_neighbor(x[0], [1, 4]), resize_area(x[0], [1, 1])]
        })
        .inputs([image()])
        .expect([
            Value::new([1, 2, 4, 1], vec![1.0f32, 1.5, 2.0, 2.0, 3.0, 3.5, 4.0, 4.0]).unwrap(),
            Value::new([1, 1, 4, 1], vec![1.0f32, 1.0, 2.0, 2.0]).unwrap(),
            Value::new([1, 1, 1, 1], vec![2.5f32]).unwrap(),
        ])
        .run();
        OpTest::new(|x| vec![resize_bilinear(x[0], x[1]), resize_bicubic(x[0], x[1])])
            .inputs([image(), [2i32, 2].into()])
            .expect([image(), image()])
            .run();
        OpTest::new(|x| vec![resize_images(x[0], [2, 2])]).inputs([image()]).constants(&[0]).expect([image()]).run();
        let error = build_error(|| resize_bilinear(crate::ops::array::zeros([1, 2, 2, 1]), [0, 2]));
        assert!(error.contains("must be above 0"), "{error}");
        let error = build_error(|| resize_images(crate::ops::array::zeros([2, 2]), [1, 1]));
        assert!(error.contains("3 or 4 dimensions"), "{error}");
    }
}
