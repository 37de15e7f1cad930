//! ExtractImagePatches: the patches of images as channels.

use super::range::range_named;
use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::parallel::for_each_chunk;
use crate::op::{Arg, AttrReader, Flags, Grad, GradCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::array::{reshape, reshape_to, shape_as, transpose, unstack_args};
use crate::ops::math::{cast_op, unsorted_segment_sum};
use crate::shape::{Dim, PartialShape};
use crate::value::Element;

/// The patches of `images`, each as the channels of one pixel. TF: `tf.extract_image_patches`.
///
/// `images` has shape [batch, height, width, channels]. A patch has `ksizes[1]` by `ksizes[2]` pixels, `rates[1]` and
/// `rates[2]` apart, and patches start `strides[1]` and `strides[2]` apart; the outer numbers of each list are 1. With
/// `padding` `"SAME"` there are zeros around, with `"VALID"` there are not. The gradient is added up where pixels came from.
///
/// ```
/// use flowstone as tf;
/// let y = tf::extract_image_patches(tf::zeros([1, 4, 4, 1]), [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID");
/// assert_eq!(y.shape().to_string(), "[1,2,2,4]");
/// ```
#[track_caller]
pub fn extract_image_patches(
    images: impl IntoTensor,
    ksizes: [i64; 4],
    strides: [i64; 4],
    rates: [i64; 4],
    padding: &str,
) -> Tensor {
    patches_of(images.into_arg(), [&ksizes, &strides, &rates], padding)
}

#[track_caller]
fn patches_of(images: Arg, [ksizes, strides, rates]: [&[i64]; 3], padding: &str) -> Tensor {
    let call = EXTRACT_IMAGE_PATCHES.call([images]).attr("ksizes", ksizes.to_vec()).attr("strides", strides.to_vec());
    call.attr("rates", rates.to_vec()).attr("padding", padding).single()
}

/// How patches lie along one dimension.
#[derive(Clone, Copy)]
struct Walk {
    size: usize,
    stride: usize,
    rate: usize,
    same: bool,
}

impl Walk {
    /// Those of height and width.
    fn both(attrs: AttrReader) -> Result<[Walk; 2]> {
        let lists = [attrs.ints("ksizes")?, attrs.ints("strides")?, attrs.ints("rates")?];
        let same = attrs.str("padding")? == "SAME";
        let said = || format!("ksizes, strides and rates are {lists:?}: [1, rows, columns, 1]");
        if lists.iter().any(|list| matches!(list, [n, _, _, c] if (*n, *c) != (1, 1))) {
            return Err(Error::unimplemented(said()));
        }
        let along = |axis: usize| -> Result<Walk> {
            let number = |list: &[i64]| match list {
                [1, _, _, 1] => usize::try_from(list[axis]).ok().filter(|n| (1..1 << 30).contains(n)),
                _ => None,
            };
            match lists.map(number) {
                [Some(size), Some(stride), Some(rate)] => Ok(Walk { size, stride, rate, same }),
                _ => Err(Error::invalid_argument(said())),
            }
        };
        Ok([along(1)?, along(2)?])
    }

    /// From the first pixel of a patch to the one after its last.
    fn reach(self) -> usize {
        (self.size - 1).saturating_mul(self.rate) + 1
    }

    /// How many patches there are along `n` pixels.
    fn count(self, n: usize) -> Result<usize> {
        if self.same {
            return Ok(n.div_ceil(self.stride));
        }
        let wrong = || Error::invalid_argument(format!("patches that reach over {} of {n} pixels", self.reach()));
        n.saturating_add(self.stride).checked_sub(self.reach()).map(|left| left / self.stride).ok_or_else(wrong)
    }

    /// How many pixels stand before the first one.
    fn before(self, n: usize) -> Result<usize> {
        let count = self.count(n)?;
        let needed = (count.saturating_sub(1)).saturating_mul(self.stride).saturating_add(self.reach());
        Ok(if self.same { needed.saturating_sub(n) / 2 } else { 0 })
    }
}

pub(super) static EXTRACT_IMAGE_PATCHES: OpDef = OpDef {
    sig: Sig::new(
        "ExtractImagePatches(images: T) -> (patches: T) where ksizes: list(int), strides: list(int), \
         rates: list(int), T: plain, padding: 'SAME'|'VALID'",
    ),
    infer: |ctx| {
        let [rows, columns] = Walk::both(ctx.attrs())?;
        let shape = ctx.shape_of_rank(0, 4)?;
        let count = |axis: usize, walk: Walk| shape.dim(axis).map(|n| walk.count(n)).transpose();
        let area = rows.size.checked_mul(columns.size);
        let depth = match (shape.dim(3), area) {
            (Some(n), Some(area)) => n.checked_mul(area),
            (None, Some(_)) => None,
            (_, None) => return Err(Error::resource_exhausted("the patches are too large")),
        };
        let dims: [Dim; 4] = [shape.dim(0), count(1, rows)?, count(2, columns)?, depth];
        ctx.set(0, PartialShape::new(dims))
    },
    kernel: Kernel::Run(|ctx| dispatch!(ctx.node.dtype()?, plain, T => run::<T>(ctx))),
    grad: Grad::Rule(|g| Ok(vec![Some(spread(g)?)])),
    flags: Flags::PURE.row_by_row(),
};

fn run<T: Element + Copy>(ctx: &mut KernelCtx) -> Result<()> {
    let [rows, columns] = Walk::both(ctx.node.attrs())?;
    let shape = ctx.inputs.shape(0)?;
    let &[_, height, width, depth] = shape.dims() else {
        return Err(Error::invalid_argument(format!("images of shape {shape}")));
    };
    let (down, across) = (rows.count(height)?, columns.count(width)?);
    let (above, left) = (rows.before(height)?, columns.before(width)?);
    let images = ctx.inputs.slice::<T>(0)?;
    let patch = rows.size * columns.size * depth;
    let out = ctx.outputs.slice::<T>(0)?;
    if out.is_empty() {
        return Ok(());
    }
    // Where pixel `i` of patch `at` lies, if it is not padding.
    let place = |walk: Walk, at: usize, i: usize, before: usize, n: usize| {
        (at * walk.stride + i * walk.rate).checked_sub(before).filter(|&place| place < n)
    };
    for_each_chunk(out, across * patch, |start, out| {
        for (at, out) in out.chunks_exact_mut(patch).enumerate() {
            let at = start / patch + at;
            let (image, y, x) = (at / (down * across), at / across % down, at % across);
            for (i, out) in out.chunks_exact_mut(depth).enumerate() {
                let row = place(rows, y, i / columns.size, above, height);
                let column = place(columns, x, i % columns.size, left, width);
                match row.zip(column) {
                    Some((row, column)) => {
                        let from = ((image * height + row) * width + column) * depth;
                        out.copy_from_slice(&images[from..from + depth]);
                    }
                    None => out.fill(T::default()),
                }
            }
        }
    });
    Ok(())
}

/// The gradient to the images: as TensorFlow, the patches of an image of numbers say which pixel each came from.
fn spread(g: &GradCtx) -> Result<Tensor> {
    let lists = [g.attrs().ints("ksizes")?, g.attrs().ints("strides")?, g.attrs().ints("rates")?];
    let [_, k_rows, k_columns, _] = *lists[0] else {
        return Err(Error::invalid_argument("ksizes must have 4 numbers"));
    };
    let four = |sizes: Tensor, num| unstack_args(sizes).num(num).build();
    let input = four(shape_as(g.x(0), DType::Int64), 4);
    let output = four(shape_as(g.y(0), DType::Int64).at(1..3), 2);
    let ([batch, rows, columns, channels], [rows_out, columns_out]) = (input.as_slice(), output.as_slice()) else {
        return Err(Error::internal("sizes that are not there"));
    };
    let (batch, rows, columns, channels) = (*batch, *rows, *columns, *channels);
    let pixels = rows * columns;
    let numbers = reshape_to(numbered(pixels), vec![1.into_arg(), rows.into_arg(), columns.into_arg(), 1.into_arg()]);
    let numbers = cast_op(patches_of(numbers.into_arg(), lists, g.attrs().str("padding")?), DType::Int64);
    let (k_rows, k_columns) = (k_rows as i32, k_columns as i32);
    let sizes = [batch, *rows_out, *columns_out].map(IntoTensor::into_arg).into_iter();
    let sizes = sizes.chain([k_rows.into_arg(), k_columns.into_arg(), channels.into_arg()]).collect();
    let apart = transpose(reshape_to(g.dy(0), sizes), [1, 2, 3, 4, 0, 5]);
    let flat = reshape_to(apart, vec![(-1).into_arg(), (batch * channels).into_arg()]);
    let places = reshape(numbers, [-1]) - 1;
    let summed = unsorted_segment_sum(flat, places, pixels);
    let summed = reshape_to(summed, [rows, columns, batch, channels].map(IntoTensor::into_arg).to_vec());
    Ok(transpose(summed, [2, 0, 1, 3]))
}

/// The numbers from 1 to `n` as float32, with the nodes of TensorFlow's `range` with a data type.
fn numbered(n: Tensor) -> Tensor {
    let after = n + 1;
    let graph = n.graph().unwrap_or_else(|_| crate::graph::get_default_graph());
    let scope = graph.scope_name("range");
    let _scope = graph.scope(&format!("{scope}/"));
    let start = convert(1.0.into_arg(), "start", Some(DType::Float32));
    let delta = convert(1.0.into_arg(), "delta", Some(DType::Float32));
    let limit = cast_op(after, DType::Float32);
    range_named(start.into_arg(), limit.into_arg(), delta.into_arg(), &format!("{scope}/"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    #[test]
    fn patches_are_whole() {
        let image = Value::new([1, 3, 3, 1], (1..10).map(|i| i as f32).collect::<Vec<f32>>()).unwrap();
        OpTest::new(|x| {
            vec![
                extract_image_patches(x[0], [1, 2, 2, 1], [1, 1, 1, 1], [1, 1, 1, 1], "VALID"),
                extract_image_patches(x[0], [1, 2, 1, 1], [1, 2, 2, 1], [1, 2, 1, 1], "SAME"),
            ]
        })
        .inputs([image])
        .expect([
            Value::new(
                [1, 2, 2, 4],
                vec![1.0f32, 2.0, 4.0, 5.0, 2.0, 3.0, 5.0, 6.0, 4.0, 5.0, 7.0, 8.0, 5.0, 6.0, 8.0, 9.0],
            )
            .unwrap(),
            Value::new([1, 2, 2, 2], vec![0.0f32, 4.0, 0.0, 6.0, 4.0, 0.0, 6.0, 0.0]).unwrap(),
        ])
        .differentiable(&[0])
        .run();
        let image = || crate::ops::array::zeros([1, 2, 2, 1]);
        let error = build_error(|| extract_image_patches(image(), [1, 4, 1, 1], [1; 4], [1; 4], "VALID"));
        assert!(error.contains("patches that reach over 4 of 2 pixels"), "{error}");
        assert!(
            build_error(|| extract_image_patches(image(), [2, 1, 1, 1], [1; 4], [1; 4], "VALID")).contains("[1, rows")
        );
    }
}
