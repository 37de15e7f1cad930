//! DrawBoundingBoxes and DrawBoundingBoxesV2: frames in images; SampleDistortedBoundingBox and its V2: a random part of an
//! image that shows enough of what is framed.

use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::kernels::random::PhiloxRandom;
use crate::op::{Arg, AttrReader, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::random::generator;
use crate::ops::scope::Scope;
use crate::shape::{PartialShape, merge_dims};
use crate::value::Number;

/// `images` with the frames of `boxes` drawn in. TF: `tf.image.draw_bounding_boxes`.
///
/// `images` is float32 of shape [batch, height, width, channels] with 1, 3 or 4 channels, `boxes` float32
/// `[batch, count, 4]`: `[y_min, x_min, y_max, x_max]` as shares of the height and width. Boxes outside of the image, and
/// those that end before they begin, are not drawn. Keyword argument `colors`, float32 `[count, channels]`, used in turn;
/// ten colors of TensorFlow's if not said. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::image::draw_bounding_boxes(tf::zeros([1, 2, 2, 1]), [[[0.0, 0.0, 0.0, 1.0]]]);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [1.0, 1.0, 0.0, 0.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn draw_bounding_boxes(images: impl IntoTensor, boxes: impl IntoTensor) -> Tensor {
    draw_bounding_boxes_args(images, boxes).build()
}

/// [`draw_bounding_boxes`] with the keyword argument `colors`.
pub fn draw_bounding_boxes_args(images: impl IntoTensor, boxes: impl IntoTensor) -> DrawBoxesArgs {
    DrawBoxesArgs { args: [images.into_arg(), boxes.into_arg()], colors: None }
}

/// A [`draw_bounding_boxes`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct DrawBoxesArgs {
    args: [Arg; 2],
    colors: Option<Arg>,
}

impl DrawBoxesArgs {
    /// The colors of the frames, in turn.
    pub fn colors(mut self, colors: impl IntoTensor) -> Self {
        self.colors = Some(colors.into_arg());
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let [images, boxes] = self.args;
        match self.colors {
            None => DRAW_BOUNDING_BOXES.call([images, boxes]).single(),
            Some(colors) => DRAW_BOUNDING_BOXES_V2.call([images, boxes, colors]).single(),
        }
    }
}

/// A random part of an image: where it begins and how large it is, to be cut out with [`slice`](fn@crate::ops::array::slice),
/// and the same as a box. TF: `tf.image.sample_distorted_bounding_box`.
///
/// `image_size` is `[height, width, channels]`, whole numbers; `bounding_boxes` is float32 `[batch, count, 4]`, as in
/// [`draw_bounding_boxes`]. Keyword arguments: `seed` and `seed2`; `min_object_covered`, the share of one of the boxes that
/// the part shows (0.1); `aspect_ratio_range` of width by height (0.75 to 1.33); `area_range`, as a share of the image (0.05
/// to 1); `max_attempts`, after which it is the whole image (100); `use_image_if_no_bounding_boxes` (false: no boxes are an
/// error of the run). The three results are `[y, x, 0]`, `[height, width, -1]` and the box, float32 `[1, 1, 4]`. The numbers
/// drawn are TensorFlow's. No gradient.
///
/// ```
/// use flowstone as tf;
/// let (begin, size, _) = tf::image::sample_distorted_bounding_box([40, 60, 3], [[[0.2, 0.2, 0.8, 0.8]]]);
/// let (begin, size) = tf::Session()?.run((begin, size), tf::feed_dict! {})?;
/// let (begin, size) = (begin.as_slice::<i32>()?, size.as_slice::<i32>()?);
/// assert!(begin[0] + size[0] <= 40 && begin[1] + size[1] <= 60);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn sample_distorted_bounding_box(
    image_size: impl IntoTensor,
    bounding_boxes: impl IntoTensor,
) -> (Tensor, Tensor, Tensor) {
    sample_distorted_bounding_box_args(image_size, bounding_boxes).build()
}

/// [`sample_distorted_bounding_box`] with keyword arguments.
pub fn sample_distorted_bounding_box_args(
    image_size: impl IntoTensor,
    bounding_boxes: impl IntoTensor,
) -> SampleBoxArgs {
    SampleBoxArgs {
        args: [image_size.into_arg(), bounding_boxes.into_arg()],
        seeds: [0, 0],
        min_object_covered: 0.1.into_arg(),
        aspect_ratio_range: [0.75, 1.33],
        area_range: [0.05, 1.0],
        max_attempts: 100,
        use_image_if_no_bounding_boxes: false,
    }
}

/// A [`sample_distorted_bounding_box`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct SampleBoxArgs {
    args: [Arg; 2],
    seeds: [i64; 2],
    min_object_covered: Arg,
    aspect_ratio_range: [f32; 2],
    area_range: [f32; 2],
    max_attempts: i64,
    use_image_if_no_bounding_boxes: bool,
}

impl SampleBoxArgs {
    /// The seed; with `seed2` 0 as well, the draws are others in each session.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seeds[0] = seed;
        self
    }

    /// The other half of the seed.
    pub fn seed2(mut self, seed2: i64) -> Self {
        self.seeds[1] = seed2;
        self
    }

    /// How much of one of the boxes the part shows; 0.1 if not said.
    pub fn min_object_covered(mut self, share: impl IntoTensor) -> Self {
        self.min_object_covered = share.into_arg();
        self
    }

    /// The lowest and the highest width by height; 0.75 and 1.33 if not said.
    pub fn aspect_ratio_range(mut self, range: [f32; 2]) -> Self {
        self.aspect_ratio_range = range;
        self
    }

    /// The lowest and the highest share of the image; 0.05 and 1 if not said.
    pub fn area_range(mut self, range: [f32; 2]) -> Self {
        self.area_range = range;
        self
    }

    /// How often it is tried; 100 times if not said.
    pub fn max_attempts(mut self, attempts: i64) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Whether the whole image counts as a box where there is none; false if not said.
    pub fn use_image_if_no_bounding_boxes(mut self, used: bool) -> Self {
        self.use_image_if_no_bounding_boxes = used;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> (Tensor, Tensor, Tensor) {
        let [size, boxes] = self.args;
        let _scope = Scope::open(&[&size, &boxes, &self.min_object_covered], "sample_distorted_bounding_box");
        let built = SAMPLE_DISTORTED_BOUNDING_BOX_V2
            .call([size, boxes, self.min_object_covered])
            .graph(&get_default_graph())
            .attr("seed", self.seeds[0])
            .attr("seed2", self.seeds[1])
            .attr("aspect_ratio_range", self.aspect_ratio_range.to_vec())
            .attr("area_range", self.area_range.to_vec())
            .attr("max_attempts", self.max_attempts)
            .attr("use_image_if_no_bounding_boxes", self.use_image_if_no_bounding_boxes)
            .build();
        (built.output(0), built.output(1), built.output(2))
    }
}

const NO_GRADIENT: Grad = Grad::Missing("frames are not smooth");

pub(super) static DRAW_BOUNDING_BOXES: OpDef = OpDef {
    sig: Sig::new("DrawBoundingBoxes(images: T, boxes: float32) -> (output: T) where T: {float32, float16} = float32"),
    infer: infer_draw,
    kernel: Kernel::Run(draw),
    grad: NO_GRADIENT,
    flags: Flags::PURE,
};

pub(super) static DRAW_BOUNDING_BOXES_V2: OpDef = OpDef {
    sig: Sig::new(
        "DrawBoundingBoxesV2(images: T, boxes: float32, colors: float32) -> (output: T) \
         where T: {float32, float16} = float32",
    ),
    infer: infer_draw,
    kernel: Kernel::Run(draw),
    grad: NO_GRADIENT,
    flags: Flags::PURE,
};

fn infer_draw(ctx: &mut InferCtx) -> Result<()> {
    let (images, boxes) = (ctx.shape_of_rank(0, 4)?, ctx.shape_of_rank(1, 3)?);
    let wrong = |what: &str| Err(Error::invalid_argument(format!("{what}: images {images}, boxes {boxes}")));
    if merge_dims(images.dim(0), boxes.dim(0)).is_none() {
        return wrong("there are boxes for as many images as there are");
    }
    if boxes.dim(2).is_some_and(|n| n != 4) {
        return wrong("a box is four numbers");
    }
    if images.dim(3).is_some_and(|channels| ![1, 3, 4].contains(&channels)) {
        return wrong("images have 1, 3 or 4 channels");
    }
    if ctx.len() > 2 {
        let colors = ctx.shape_of_rank(2, 2)?;
        if colors.dim(1).zip(images.dim(3)).is_some_and(|(color, channels)| color < channels) {
            return wrong(&format!("colors of shape {colors} have too few channels"));
        }
    }
    ctx.set(0, images.clone())
}

/// TensorFlow's colors.
const COLORS: [[f32; 4]; 10] = [
    [1.0, 1.0, 0.0, 1.0],
    [0.0, 0.0, 1.0, 1.0],
    [1.0, 0.0, 0.0, 1.0],
    [0.0, 1.0, 0.0, 1.0],
    [0.5, 0.0, 0.5, 1.0],
    [0.5, 0.5, 0.0, 1.0],
    [0.5, 0.0, 0.0, 1.0],
    [0.0, 0.0, 0.5, 1.0],
    [0.0, 1.0, 1.0, 1.0],
    [1.0, 0.0, 1.0, 1.0],
];

fn draw(ctx: &mut KernelCtx) -> Result<()> {
    let &[_, height, width, channels] = ctx.inputs.shape(0)?.dims() else {
        return Err(Error::internal("not images"));
    };
    let count = ctx.inputs.shape(1)?[1];
    let colors: Vec<Vec<f32>> = match ctx.inputs.len() {
        3 if !ctx.inputs.value(2)?.is_empty() => {
            let size = ctx.inputs.shape(2)?[1].max(1);
            ctx.inputs.slice::<f32>(2)?.chunks_exact(size).map(<[f32]>::to_vec).collect()
        }
        _ if channels == 1 => vec![vec![1.0]; COLORS.len()],
        _ => COLORS.map(|color| color.to_vec()).to_vec(),
    };
    let (images, boxes) = (ctx.inputs.slice::<f32>(0)?, ctx.inputs.slice::<f32>(1)?);
    let drawn = ctx.outputs.slice::<f32>(0)?;
    drawn.copy_from_slice(images);
    if height == 0 || width == 0 || count == 0 {
        return Ok(());
    }
    for (image, boxes) in drawn.chunks_exact_mut(height * width * channels).zip(boxes.chunks_exact(count * 4)) {
        for (frame, color) in boxes.chunks_exact(4).zip(colors.iter().cycle()) {
            let place = |share: f32, size: usize| (share * (size - 1) as f32) as i64;
            let (top, bottom) = (place(frame[0], height), place(frame[2], height));
            let (left, right) = (place(frame[1], width), place(frame[3], width));
            let (Some(rows), Some(columns)) = (inside(top, bottom, height), inside(left, right, width)) else {
                continue;
            };
            let mut paint = |row: usize, column: usize| {
                image[(row * width + column) * channels..][..channels].copy_from_slice(&color[..channels]);
            };
            for row in [top, bottom].into_iter().filter_map(|row| usize::try_from(row).ok()).filter(|&r| r < height) {
                columns.clone().for_each(|column| paint(row, column));
            }
            for column in [left, right].into_iter().filter_map(|c| usize::try_from(c).ok()).filter(|&c| c < width) {
                rows.clone().for_each(|row| paint(row, column));
            }
        }
    }
    Ok(())
}

/// What of `low..=high` lies in `0..size`; `None` if nothing does.
fn inside(low: i64, high: i64, size: usize) -> Option<std::ops::RangeInclusive<usize>> {
    let last = size as i64 - 1;
    (low <= high && low <= last && high >= 0).then(|| low.max(0) as usize..=high.min(last) as usize)
}

pub(super) static SAMPLE_DISTORTED_BOUNDING_BOX: OpDef = OpDef {
    sig: Sig::new(
        "SampleDistortedBoundingBox(image_size: T, bounding_boxes: float32) -> (begin: T, size: T, bboxes: float32) \
         where T: {uint8, int8, int16, int32, int64}, seed: int = 0, seed2: int = 0, min_object_covered: float = 0.1, \
         aspect_ratio_range: list(float) = [0.75,1.33], area_range: list(float) = [0.05,1.0], \
         max_attempts: int = 100, use_image_if_no_bounding_boxes: bool = false",
    ),
    infer: infer_sample,
    kernel: Kernel::Run(sample),
    grad: NO_GRADIENT,
    flags: Flags::STATEFUL,
};

pub(super) static SAMPLE_DISTORTED_BOUNDING_BOX_V2: OpDef = OpDef {
    sig: Sig::new(
        "SampleDistortedBoundingBoxV2(image_size: T, bounding_boxes: float32, min_object_covered: float32) \
         -> (begin: T, size: T, bboxes: float32) \
         where T: {uint8, int8, int16, int32, int64}, seed: int = 0, seed2: int = 0, \
         aspect_ratio_range: list(float) = [0.75,1.33], area_range: list(float) = [0.05,1.0], \
         max_attempts: int = 100, use_image_if_no_bounding_boxes: bool = false",
    ),
    infer: infer_sample,
    kernel: Kernel::Run(sample),
    grad: NO_GRADIENT,
    flags: Flags::STATEFUL,
};

fn infer_sample(ctx: &mut InferCtx) -> Result<()> {
    let (size, boxes) = (ctx.shape_of_rank(0, 1)?, ctx.shape_of_rank(1, 3)?);
    if size.dim(0).is_some_and(|n| n != 3) || boxes.dim(2).is_some_and(|n| n != 4) {
        return Err(Error::invalid_argument(format!("an image size of shape {size} and boxes of shape {boxes}")));
    }
    if ctx.len() > 2 {
        ctx.shape_of_rank(2, 0)?;
    }
    ctx.set(0, PartialShape::new([Some(3)]))?;
    ctx.set(1, PartialShape::new([Some(3)]))?;
    ctx.set(2, PartialShape::new([Some(1), Some(1), Some(4)]))
}

/// A range that an attribute says, within which `fits` holds.
fn range(attrs: AttrReader, name: &str, fits: impl Fn(f32) -> bool) -> Result<[f32; 2]> {
    match attrs.floats(name)? {
        &[low, high] if fits(low) && fits(high) => Ok([low, high]),
        other => Err(Error::invalid_argument(format!("attribute {name} is {other:?}"))),
    }
}

/// A part of an image, in pixels; the ends do not belong to it.
#[derive(Clone, Copy)]
struct Part {
    x: [i32; 2],
    y: [i32; 2],
}

impl Part {
    fn area(self) -> f32 {
        (i64::from(self.x[1] - self.x[0]) * i64::from(self.y[1] - self.y[0])) as f32
    }

    /// The area of what both have.
    fn common(self, other: Part) -> f32 {
        let within = |a: [i32; 2], b: [i32; 2]| [a[0].max(b[0]), a[1].min(b[1])];
        let part = Part { x: within(self.x, other.x), y: within(self.y, other.y) };
        if part.x[0] > part.x[1] || part.y[0] > part.y[1] { 0.0 } else { part.area() }
    }

    /// Whether it has a pixel and shows the share `least` of one of `boxes` that has one.
    fn shows(self, boxes: &[Part], least: f32) -> bool {
        let shown = |frame: &Part| frame.area() >= 1.0 && self.common(*frame) / frame.area() >= least;
        self.area() >= 1.0 && boxes.iter().any(shown)
    }
}

/// What of an image of `width` by `height` is drawn: a share of its area in `areas`, with this width by height.
fn drawn(width: i32, height: i32, areas: [f32; 2], ratio: f32, random: &mut PhiloxRandom) -> Option<Part> {
    if width <= 0 || height <= 0 || areas[0] > areas[1] {
        return None;
    }
    let [smallest, largest] = areas.map(|share| share * width as f32 * height as f32);
    let rows = |area: f32| (area / ratio).sqrt().round_ties_even() as i32;
    let columns = |rows: i32| (rows as f32 * ratio).round_ties_even() as i32;
    let (mut part, mut most) = (rows(smallest), rows(largest));
    if columns(most) > width {
        most = ((f64::from(width) + 0.5 - f64::from(0.000_000_1f32)) / f64::from(ratio)) as i32;
        most -= i32::from(columns(most) > width);
    }
    most = most.min(height);
    part = part.min(most);
    if part < most {
        part += random.below_u32((most - part + 1) as u32) as i32;
    }
    let area = |rows: i32| (i64::from(columns(rows)) * i64::from(rows)) as f32;
    // Rounding may have left the range.
    part += i32::from(area(part) < smallest);
    part -= i32::from(area(part) > largest);
    let (found, wide) = (area(part), columns(part));
    if found < smallest || found > largest || wide > width || part > height || wide <= 0 || part <= 0 {
        return None;
    }
    let mut start = |part: i32, whole: i32| match part < whole {
        true => random.below_u32((whole - part) as u32) as i32,
        false => 0,
    };
    let y = start(part, height);
    let x = start(wide, width);
    Some(Part { x: [x, x + wide], y: [y, y + part] })
}

fn sample(ctx: &mut KernelCtx) -> Result<()> {
    let attrs = ctx.node.attrs();
    let ratios = range(attrs, "aspect_ratio_range", |ratio| ratio > 0.0)?;
    let areas = range(attrs, "area_range", |share| share > 0.0 && share <= 1.0)?;
    let attempts = attrs.int("max_attempts")?;
    let attempts = i32::try_from(attempts).ok().filter(|&n| n > 0);
    let attempts = attempts.ok_or_else(|| Error::invalid_argument("max_attempts must be a number above 0"))?;
    let least = if ctx.inputs.len() > 2 { ctx.inputs.value(2)?.item()? } else { attrs.float("min_object_covered")? };
    if least.is_nan() || least < 0.0 {
        return Err(Error::invalid_argument(format!("min_object_covered is {least}, below 0")));
    }
    let sizes: Vec<i64> = ctx.inputs.value(0)?.float64s()?.into_iter().map(|n| n as i64).collect();
    let size = |i: usize| sizes.get(i).and_then(|&n| i32::try_from(n).ok()).filter(|n| (0..i32::MAX).contains(n));
    let (Some(height), Some(width)) = (size(0), size(1)) else {
        return Err(Error::invalid_argument(format!("an image of size {sizes:?}")));
    };
    let boxes = ctx.inputs.slice::<f32>(1)?;
    if let Some(outside) = boxes.iter().find(|x| !(0.0..=1.0).contains(*x)) {
        return Err(Error::invalid_argument(format!("{outside} in a box: its numbers are from 0 to 1")));
    }
    let place = |share: f32, size: i32| (share * size as f32) as i32;
    let part = |frame: &[f32]| Part {
        x: [place(frame[1], width), place(frame[3], width)],
        y: [place(frame[0], height), place(frame[2], height)],
    };
    let mut boxes: Vec<Part> = boxes.chunks_exact(4).map(part).collect();
    let whole = Part { x: [0, width], y: [0, height] };
    if boxes.is_empty() {
        if !attrs.bool("use_image_if_no_bounding_boxes")? {
            return Err(Error::invalid_argument("there are no boxes: use_image_if_no_bounding_boxes takes the image"));
        }
        boxes.push(whole);
    }
    let mut random = generator(ctx, &|generator| generator.set_aside(attempts as u128))?;
    let mut attempt = || {
        let ratio = random.next_f32() * (ratios[1] - ratios[0]) + ratios[0];
        drawn(width, height, areas, ratio, &mut random).filter(|part| part.shows(&boxes, least))
    };
    let part = (0..attempts).find_map(|_| attempt()).unwrap_or(whole);
    dispatch!(ctx.node.dtype()?, numbers, T => {
        let number = |i: i32| T::from_f64(i.into());
        let (begin, size) = ctx.outputs.pair::<T, T>()?;
        begin.copy_from_slice(&[number(part.y[0]), number(part.x[0]), T::ZERO]);
        size.copy_from_slice(&[number(part.y[1] - part.y[0]), number(part.x[1] - part.x[0]), T::ONE.negative()]);
        Ok(())
    })?;
    let share = |place: i32, size: i32| place as f32 / size as f32;
    let [[left, right], [top, bottom]] = [part.x.map(|x| share(x, width)), part.y.map(|y| share(y, height))];
    ctx.outputs.slice::<f32>(2)?.copy_from_slice(&[top, left, bottom, right]);
    Ok(())
}
