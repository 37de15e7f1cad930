//! MaxPoolWithArgmax, the largest number of each window and where it stands; and its gradient MaxPoolGradWithArgmax.

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::kernels::pool;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::nn::window::{IntoPadding, PaddingAttrs, Window};
use crate::value::Number;

/// The largest number of each window, and its place. TF: `tf.nn.max_pool_with_argmax`.
///
/// `input` is numbers of shape [batch, height, width, channels]; `ksize`, `strides` and `padding` are those of
/// [`max_pool`](crate::nn::max_pool). A place is `(row * width + column) * channels + channel`. Keyword arguments `targmax`
/// (int64 if not said, or int32) and `include_batch_in_index`: places count on from image to image. The gradient goes where
/// the numbers came from.
///
/// ```
/// use flowstone as tf;
/// let x = tf::reshape([1.0, 2.0, 4.0, 3.0], [1, 2, 2, 1]);
/// let (y, place) = tf::nn::max_pool_with_argmax(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME");
/// let (y, place) = tf::Session()?.run((y, place), tf::feed_dict! {})?;
/// assert_eq!((y.item::<f32>()?, place.item::<i64>()?), (4.0, 2));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn max_pool_with_argmax(
    input: impl IntoTensor,
    ksize: [i64; 4],
    strides: [i64; 4],
    padding: impl IntoPadding,
) -> (Tensor, Tensor) {
    max_pool_with_argmax_args(input, ksize, strides, padding).build()
}

/// [`max_pool_with_argmax`] with keyword arguments.
pub fn max_pool_with_argmax_args(
    input: impl IntoTensor,
    ksize: [i64; 4],
    strides: [i64; 4],
    padding: impl IntoPadding,
) -> MaxPoolWithArgmaxArgs {
    let (input, padding) = (input.into_arg(), padding.into_padding());
    MaxPoolWithArgmaxArgs { input, ksize, strides, padding, targmax: DType::Int64, include_batch: false }
}

/// A [`max_pool_with_argmax`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct MaxPoolWithArgmaxArgs {
    input: Arg,
    ksize: [i64; 4],
    strides: [i64; 4],
    padding: PaddingAttrs,
    targmax: DType,
    include_batch: bool,
}

impl MaxPoolWithArgmaxArgs {
    /// The type of the places: int64 if not said, or int32.
    pub fn targmax(mut self, dtype: DType) -> Self {
        self.targmax = dtype;
        self
    }

    /// The same as [`targmax`](MaxPoolWithArgmaxArgs::targmax), as TensorFlow calls it too.
    pub fn output_dtype(self, dtype: DType) -> Self {
        self.targmax(dtype)
    }

    /// Whether places count on from image to image; false if not said.
    pub fn include_batch_in_index(mut self, include: bool) -> Self {
        self.include_batch = include;
        self
    }

    /// Builds the numbers and their places.
    #[track_caller]
    pub fn build(self) -> (Tensor, Tensor) {
        let call = self.padding.set_name(MAX_POOL_WITH_ARGMAX.call([self.input]));
        let call = call.attr("ksize", self.ksize.to_vec()).attr("strides", self.strides.to_vec());
        let built = call.attr("Targmax", self.targmax).attr("include_batch_in_index", self.include_batch).build();
        (built.output(0), built.output(1))
    }
}

/// The numbers of an image if places begin anew with each, else 0.
fn image_len(ctx: &KernelCtx) -> Result<usize> {
    let counted_on = ctx.node.attrs().bool("include_batch_in_index")?;
    Ok(if counted_on { 0 } else { ctx.inputs.shape(0)?.iter().skip(1).product() })
}

fn run(ctx: &mut KernelCtx) -> Result<()> {
    let (window, size) = Window::of_pool(ctx.node.attrs())?;
    let s = window.pool_sizes(ctx.inputs.shape(0)?, size)?;
    let (image, on) = (s.in_h * s.in_w * s.channels, image_len(ctx)? == 0);
    let mut found = vec![0; ctx.outputs.shape(0)?.num_elements()?];
    dispatch!(ctx.node.dtype()?, numbers, T => {
        pool::max_with_places(&s, ctx.inputs.slice::<T>(0)?, ctx.outputs.slice::<T>(0)?, &mut found);
        Ok(())
    })?;
    let windows = s.out_h * s.out_w * s.channels;
    dispatch!(ctx.node.attrs().dtype("Targmax")?, indices, I => {
        for (i, (place, found)) in ctx.outputs.slice::<I>(1)?.iter_mut().zip(&found).enumerate() {
            *place = I::from_usize(found + if on { i / windows * image } else { 0 });
        }
        Ok(())
    })
}

pub(super) static MAX_POOL_WITH_ARGMAX: OpDef = OpDef {
    sig: Sig::new(
        "MaxPoolWithArgmax(input: T) -> (output: T, argmax: Targmax) \
         where ksize: list(int), strides: list(int), Targmax: index = int64, padding: 'SAME'|'VALID', \
         include_batch_in_index: bool = false, T: real",
    ),
    infer: |ctx| {
        let (window, size) = Window::of_pool(ctx.attrs())?;
        let shape = window.pooled(&ctx.shape_of_rank(0, 4)?, size)?;
        ctx.set(0, shape.clone())?;
        ctx.set(1, shape)
    },
    kernel: Kernel::Run(run),
    grad: Grad::Rule(|g| {
        let attrs = g.attrs();
        let call = MAX_POOL_GRAD_WITH_ARGMAX.call([g.x(0), g.dy(0), g.y(1)].map(IntoTensor::into_arg));
        let call = call.attr("ksize", attrs.ints("ksize")?.to_vec()).attr("strides", attrs.ints("strides")?.to_vec());
        let call = call.attr("padding", attrs.str("padding")?);
        Ok(vec![Some(call.attr("include_batch_in_index", attrs.bool("include_batch_in_index")?).single())])
    }),
    flags: Flags::HEAVY,
};

pub(super) static MAX_POOL_GRAD_WITH_ARGMAX: OpDef = OpDef {
    sig: Sig::new(
        "MaxPoolGradWithArgmax(input: T, grad: T, argmax: Targmax) -> (output: T) \
         where ksize: list(int), strides: list(int), padding: 'SAME'|'VALID', \
         include_batch_in_index: bool = false, Targmax: index, T: real",
    ),
    infer: |ctx| {
        let (window, size) = Window::of_pool(ctx.attrs())?;
        let input = ctx.shape_of_rank(0, 4)?;
        let output = window.pooled(&input, size)?;
        for i in [1, 2] {
            let shape = ctx.shape(i)?;
            if output.merge(shape).is_none() {
                return Err(Error::invalid_argument(format!("input {i} has shape {shape}, but the output {output}")));
            }
        }
        ctx.set(0, input)
    },
    kernel: Kernel::Run(|ctx| {
        let image = image_len(ctx)?;
        let places = ctx.inputs.value(2)?.integers()?;
        let windows: usize = ctx.inputs.shape(1)?.iter().skip(1).product();
        dispatch!(ctx.node.dtype()?, numbers, T => {
            let dy = ctx.inputs.slice::<T>(1)?;
            let dx = ctx.outputs.slice::<T>(0)?;
            dx.fill(T::ZERO);
            for (i, (dy, place)) in dy.iter().zip(&places).enumerate() {
                let place = usize::try_from(*place).ok().and_then(|place| place.checked_add(i / windows * image));
                let dx = place.and_then(|place| dx.get_mut(place));
                let dx = dx.ok_or_else(|| Error::invalid_argument("argmax names a place outside of the input"))?;
                *dx = dx.plus(*dy);
            }
            Ok(())
        })
    }),
    grad: Grad::Missing("TensorFlow has no second derivative of a pooling with places"),
    flags: Flags::HEAVY,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::OpTest;
    use crate::value::Value;

    #[test]
    fn max_pool_with_argmax_is_whole() {
        let x = Value::new([2, 2, 3, 1], vec![1.0f32, 5.0, 2.0, 3.0, 4.0, 9.0, 8.0, 1.0, 0.0, 2.0, 7.0, 7.0]).unwrap();
        for (on, places) in [(false, vec![1i64, 5, 0, 4]), (true, vec![1, 5, 6, 10])] {
            OpTest::new(|x| {
                let args = max_pool_with_argmax_args(x[0], [1, 2, 2, 1], [1, 2, 1, 1], "VALID");
                let (y, places) = args.include_batch_in_index(on).build();
                vec![y, places, crate::autodiff::gradients(y, x[0])[0].unwrap().values()]
            })
            .inputs([x.clone()])
            .expect([
                Value::new([2, 1, 2, 1], vec![5.0f32, 9.0, 8.0, 7.0]).unwrap(),
                Value::new([2, 1, 2, 1], places).unwrap(),
                Value::new([2, 2, 3, 1], vec![0.0f32, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]).unwrap(),
            ])
            .run();
        }
    }
}
