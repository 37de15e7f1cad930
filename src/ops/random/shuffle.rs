//! RandomShuffle, and `random_crop`.

use crate::dispatch;
use crate::dtype::DType;
use crate::graph::{Tensor, get_default_graph};
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, OpDef, Sig, convert, rules};
use crate::ops::array::{shape, slice_exact};
use crate::ops::random::normal::generator;
use crate::ops::random::random_uniform_args;
use crate::ops::scope::Scope;

/// The rows of `value` in random order. TF: `tf.random_shuffle`.
///
/// Any data type and shape. Keyword argument `seed`; with seeds the order is TensorFlow's. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::Session()?.run(tf::random_shuffle([1, 2, 3]), tf::feed_dict! {})?;
/// assert_eq!(y.as_slice::<i32>()?.iter().sum::<i32>(), 6);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn random_shuffle(value: impl IntoTensor) -> Tensor {
    random_shuffle_args(value).build()
}

/// [`random_shuffle`] with the keyword argument `seed`.
pub fn random_shuffle_args(value: impl IntoTensor) -> ShuffleArgs {
    ShuffleArgs { value: value.into_arg(), seed: None }
}

/// A [`random_shuffle`] under construction: its keyword argument.
#[must_use = "nothing is built until `build` is called"]
pub struct ShuffleArgs {
    value: Arg,
    seed: Option<i64>,
}

impl ShuffleArgs {
    /// The operation's own seed.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let graph = Arg::graph_of(std::slice::from_ref(&self.value)).unwrap_or_else(|_| get_default_graph());
        let (seed, seed2) = graph.next_seeds(self.seed);
        RANDOM_SHUFFLE.call([self.value]).attr("seed", seed).attr("seed2", seed2).single()
    }
}

/// A part of `value` of shape `size`, from a random place. TF: `tf.random_crop`.
///
/// `size` is a list of int32, none larger than the sizes of `value`. Keyword argument `seed`.
#[track_caller]
pub fn random_crop(value: impl IntoTensor, size: impl IntoTensor) -> Tensor {
    random_crop_args(value, size).build()
}

/// [`random_crop`] with the keyword argument `seed`.
pub fn random_crop_args(value: impl IntoTensor, size: impl IntoTensor) -> CropArgs {
    CropArgs { value: value.into_arg(), size: size.into_arg(), seed: None }
}

/// A [`random_crop`] under construction: its keyword argument.
#[must_use = "nothing is built until `build` is called"]
pub struct CropArgs {
    value: Arg,
    size: Arg,
    seed: Option<i64>,
}

impl CropArgs {
    /// The operation's own seed.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the part.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let scope = Scope::open(&[&self.value, &self.size], "random_crop");
        let value = convert(self.value, "value", None);
        let size = convert(self.size, "size", Some(DType::Int32));
        let sizes = shape(value);
        let limit = sizes - size + 1;
        let numbers = random_uniform_args(shape(sizes)).dtype(DType::Int32).maxval(i32::MAX);
        let numbers = match self.seed {
            Some(seed) => numbers.seed(seed),
            None => numbers,
        };
        slice_exact(value, numbers.build() % limit, size, scope.itself())
    }
}

pub(super) static RANDOM_SHUFFLE: OpDef = OpDef {
    sig: Sig::new("RandomShuffle(value: T) -> (output: T) where seed: int = 0, seed2: int = 0, T: type"),
    infer: rules::same_shape,
    kernel: Kernel::Run(|ctx| {
        let shape = ctx.inputs.shape(0)?;
        let rows = shape.first().copied().unwrap_or(1);
        if rows <= 1 || shape.num_elements()? <= 1 {
            return ctx.pass_on(0, 0);
        }
        let mut generator = generator(ctx, &|generator| generator.set_aside((rows as u128 - 1).div_ceil(4)))?;
        let mut order: Vec<usize> = (0..rows).collect();
        for i in 0..rows - 1 {
            order.swap(i, i + generator.next_single() as usize % (rows - i));
        }
        dispatch!(ctx.node.dtype()?, all, T => {
            let x = ctx.inputs.slice::<T>(0)?;
            let width = x.len() / rows;
            for (out, from) in ctx.outputs.slice::<T>(0)?.chunks_exact_mut(width).zip(order) {
                out.clone_from_slice(&x[from * width..][..width]);
            }
            Ok(())
        })
    }),
    grad: Grad::Stop("TensorFlow has none"),
    flags: Flags::STATEFUL,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::graph::Graph;
    use crate::ops::array::constant;
    use crate::session::{Feeds, SessionArgs};
    use crate::testing::check_draws;
    use crate::value::Value;

    #[test]
    fn orders_are_tensorflows() {
        check_draws(
            || random_shuffle_args([0i32, 1, 2, 3, 4, 5]).seed(9).build(),
            [[1i32, 0, 4, 2, 5, 3].into(), [1i32, 3, 5, 0, 4, 2].into()],
            0.0,
        );
        check_draws(
            || random_shuffle_args([[0i32, 1], [2, 3], [4, 5]]).seed(9).build(),
            [[[2i32, 3], [0, 1], [4, 5]].into(), [[4i32, 5], [2, 3], [0, 1]].into()],
            0.0,
        );
    }

    #[test]
    fn crops_are_tensorflows() {
        let image = || constant(Value::new([3, 4], (0..12).collect::<Vec<i32>>()).unwrap());
        check_draws(
            || random_crop_args(image(), [2, 2]).seed(9).build(),
            [[[1i32, 2], [5, 6]].into(), [[6i32, 7], [10, 11]].into()],
            0.0,
        );
        let graph = Graph::new();
        let _default = graph.as_default();
        let crop = random_crop(image(), [4, 4]);
        assert!(SessionArgs::new().build().unwrap().run(crop, Feeds::new()).is_err());
    }
}
