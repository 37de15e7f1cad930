//! RandomStandardNormal, TruncatedNormal and RandomUniform.

use std::sync::{Mutex, PoisonError};

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::kernels::random::{Draw, PhiloxRandom, Sample, fill};
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::math::{add_named, mul_named, multiply, sub};
use crate::ops::random::integers::RANDOM_UNIFORM_INT;
use crate::ops::scope::refuse;
use crate::value::Element;

/// Normally distributed numbers of mean 0 and standard deviation 1. TF: `tf.random_normal`.
///
/// `shape` is a list of int32 or int64. Every run draws anew. Keyword arguments `mean`, `stddev`, `dtype` (float32 or
/// float64) and `seed`. With seeds the numbers are TensorFlow's. No gradient into `shape`.
///
/// ```
/// use flowstone as tf;
/// tf::set_random_seed(1);
/// let x = tf::random_normal!([2, 3], stddev = 0.01);
/// assert_eq!(tf::Session()?.run(x, tf::feed_dict! {})?.shape().dims(), [2, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn random_normal(shape: impl IntoTensor) -> Tensor {
    random_normal_args(shape).build()
}

/// [`random_normal`] with keyword arguments.
pub fn random_normal_args(shape: impl IntoTensor) -> RandomArgs {
    RandomArgs::new(&RANDOM_STANDARD_NORMAL, shape.into_arg())
}

/// Numbers spread evenly over [0, 1). TF: `tf.random_uniform`.
///
/// As [`random_normal`], with the keyword arguments `minval`, `maxval`, `dtype` and `seed`. With `dtype` int32 or int64 they
/// are whole numbers from `minval` up to, but not, `maxval`, which must be said.
#[track_caller]
pub fn random_uniform(shape: impl IntoTensor) -> Tensor {
    random_uniform_args(shape).build()
}

/// [`random_uniform`] with keyword arguments.
pub fn random_uniform_args(shape: impl IntoTensor) -> RandomArgs {
    RandomArgs::new(&RANDOM_UNIFORM, shape.into_arg())
}

/// As [`random_normal`], but numbers more than two standard deviations away from the mean are drawn again.
/// TF: `tf.truncated_normal`.
#[track_caller]
pub fn truncated_normal(shape: impl IntoTensor) -> Tensor {
    truncated_normal_args(shape).build()
}

/// [`truncated_normal`] with keyword arguments.
pub fn truncated_normal_args(shape: impl IntoTensor) -> RandomArgs {
    RandomArgs::new(&TRUNCATED_NORMAL, shape.into_arg())
}

/// Sets the default graph's seed. TF: `tf.set_random_seed`.
///
/// Operations built after it that have no seed of their own get one from it.
pub fn set_random_seed(seed: i64) {
    get_default_graph().set_random_seed(seed);
}

/// Random numbers under construction: the keyword arguments of [`random_normal`] and [`random_uniform`].
#[must_use = "nothing is built until `build` is called"]
pub struct RandomArgs {
    op: &'static OpDef,
    shape: Arg,
    /// Mean and standard deviation, or lowest and highest number, if they were said.
    parameters: [Option<Arg>; 2],
    dtype: DType,
    seed: Option<i64>,
}

impl RandomArgs {
    fn new(op: &'static OpDef, shape: Arg) -> Self {
        RandomArgs { op, shape, parameters: [None, None], dtype: DType::Float32, seed: None }
    }

    /// The two parameters of the distribution.
    pub(crate) fn parameters(self, first: f64, second: f64) -> Self {
        self.mean(first).stddev(second)
    }

    /// The mean; 0 if not said.
    pub fn mean(mut self, mean: impl IntoTensor) -> Self {
        self.parameters[0] = Some(mean.into_arg());
        self
    }

    /// The standard deviation; 1 if not said.
    pub fn stddev(mut self, stddev: impl IntoTensor) -> Self {
        self.parameters[1] = Some(stddev.into_arg());
        self
    }

    /// The lowest number; 0 if not said.
    pub fn minval(self, minval: impl IntoTensor) -> Self {
        self.mean(minval)
    }

    /// The number that all are below; 1 if not said.
    pub fn maxval(self, maxval: impl IntoTensor) -> Self {
        self.stddev(maxval)
    }

    /// float32, if not said, or float64; int32 or int64 for whole numbers that are spread evenly.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// The operation's own seed.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the numbers.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let graph = Arg::graph_of(std::slice::from_ref(&self.shape)).unwrap_or_else(|_| get_default_graph());
        let uniform = std::ptr::eq(self.op, &RANDOM_UNIFORM);
        let name = graph.scope_name(match self.op.name() {
            "RandomUniform" => "random_uniform",
            "TruncatedNormal" => "truncated_normal",
            _ => "random_normal",
        });
        let _scope = graph.scope(&format!("{name}/"));
        let shape = convert(self.shape, "shape", None);
        let names = if uniform { ["min", "max"] } else { ["mean", "stddev"] };
        // As TensorFlow: what the uniform numbers are anyway takes no nodes.
        let from_zero = uniform && self.parameters[0].is_none();
        let to_one = from_zero && self.parameters[1].is_none();
        let [low, high] = self.parameters;
        let whole = self.dtype.is_integer();
        let says_maxval = high.is_some();
        let parameter = |arg: Option<Arg>, default: i32, name| {
            convert(arg.unwrap_or_else(|| default.into_arg()), name, Some(self.dtype))
        };
        let bounds = (!to_one || whole).then(|| (parameter(low, 0, names[0]), parameter(high, 1, names[1])));
        let (seed, seed2) = graph.next_seeds(self.seed);
        if self.dtype.is_integer() {
            let Some((low, high)) = bounds.filter(|_| uniform && says_maxval) else {
                return refuse("random_uniform", Error::invalid_argument("whole numbers need a maxval"));
            };
            let call = RANDOM_UNIFORM_INT.call([shape, low, high].map(IntoTensor::into_arg)).name(format!("{name}/"));
            return call.attr("Tout", self.dtype).attr("seed", seed).attr("seed2", seed2).single();
        }
        let call = self.op.call([shape.into_arg()]).attr("dtype", self.dtype);
        let numbers = call.attr("seed", seed).attr("seed2", seed2).single();
        let Some((low, high)) = bounds else { return numbers };
        if from_zero {
            return multiply(numbers, high);
        }
        let factor = if uniform { sub(high, low) } else { high };
        let scaled = mul_named(numbers.into_arg(), factor.into_arg(), "mul");
        add_named(scaled.into_arg(), low.into_arg(), &format!("{name}/"))
    }
}

pub(super) fn infer(ctx: &mut InferCtx) -> Result<()> {
    let shape = ctx.shape_from(0)?;
    if let Some(negative) = ctx.known_integers(0)?.and_then(|sizes| sizes.into_iter().find(|&n| n < 0)) {
        return Err(Error::invalid_argument(format!("shape holds a size of {negative}")));
    }
    ctx.set(0, shape)
}

/// The generator of a node lives as long as the session.
struct Generator(Mutex<PhiloxRandom>);

/// The node's generator, from which `take` sets numbers aside.
pub(crate) fn generator(ctx: &KernelCtx, take: &dyn Fn(&mut PhiloxRandom) -> PhiloxRandom) -> Result<PhiloxRandom> {
    let attrs = ctx.node.attrs();
    let (seed, seed2) = (attrs.int("seed")? as u64, attrs.int("seed2")? as u64);
    let make = || {
        let (seed, seed2) = if (seed, seed2) == (0, 0) { (rand_seed(), rand_seed()) } else { (seed, seed2) };
        Generator(Mutex::new(PhiloxRandom::new(seed, seed2)))
    };
    let generator = ctx.resources.get_or_create(&format!("random generator of {}", ctx.node.name), make)?;
    let mut generator = generator.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(take(&mut generator))
}

fn run<T: Element + Sample>(ctx: &mut KernelCtx, blocks: u128, draw: Draw<T>) -> Result<()> {
    let n = ctx.outputs.shape(0)?.num_elements()?;
    let generator = generator(ctx, &|generator| generator.reserve(n))?;
    fill(&generator, ctx.outputs.slice::<T>(0)?, blocks, draw);
    Ok(())
}

/// A seed that nobody can foresee: the standard library's hash keys are drawn anew in every process.
fn rand_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::time::SystemTime::now())
}

pub(super) static RANDOM_STANDARD_NORMAL: OpDef = OpDef {
    sig: Sig::new(
        "RandomStandardNormal(shape: T) -> (output: dtype) \
         where seed: int = 0, seed2: int = 0, dtype: floating, T: index",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        dispatch!(ctx.node.attrs().dtype("dtype")?, floats, T => {
            run::<T>(ctx, 1, |generator| T::normal(generator.next_block()))
        })
    }),
    grad: Grad::Stop("random numbers do not depend on their shape"),
    flags: Flags::STATEFUL,
};

/// The blocks set aside for a group of `T`, so that drawing again reaches into no other group's.
const fn blocks_for<T: Sample>() -> u128 {
    (size_of::<T::Group>() / size_of::<T>()) as u128 * 64
}

pub(super) static TRUNCATED_NORMAL: OpDef = OpDef {
    sig: Sig::new(
        "TruncatedNormal(shape: T) -> (output: dtype) \
         where seed: int = 0, seed2: int = 0, dtype: floating, T: index",
    ),
    infer,
    kernel: Kernel::Run(
        |ctx| dispatch!(ctx.node.attrs().dtype("dtype")?, floats, T => run::<T>(ctx, blocks_for::<T>(), T::truncated_normal)),
    ),
    grad: Grad::Stop("random numbers do not depend on their shape"),
    flags: Flags::STATEFUL,
};

pub(super) static RANDOM_UNIFORM: OpDef = OpDef {
    sig: Sig::new(
        "RandomUniform(shape: T) -> (output: dtype) \
         where seed: int = 0, seed2: int = 0, dtype: floating, T: index",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        dispatch!(ctx.node.attrs().dtype("dtype")?, floats, T => {
            run::<T>(ctx, 1, |generator| T::uniform(generator.next_block()))
        })
    }),
    grad: Grad::Stop("random numbers do not depend on their shape"),
    flags: Flags::STATEFUL,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::dtype::{float32, float64};
    use crate::graph::Graph;
    use crate::session::{Feeds, SessionArgs};
    use crate::testing::{build_error, check_draws};

    #[test]
    fn normal_numbers_are_tensorflows() {
        check_draws(
            || random_normal_args([5]).seed(9).build(),
            [
                [0.186_820_4f32, -1.100_478_9, -0.135_374_89, -1.232_028_4, -0.837_075_3].into(),
                [1.193_650_2f32, 1.051_759_7, -0.685_980_9, 0.264_440_42, 0.961_781_6].into(),
            ],
            2e-6,
        );
        check_draws(
            || random_normal_args([3]).dtype(float64).seed(9).build(),
            [
                [-1.525_099_055_405_142f64, -0.380_249_621_762_111_4, -0.846_545_951_359_855_6].into(),
                [0.806_744_008_978_71f64, 0.542_053_440_212_825_1, -0.374_885_548_950_682_3].into(),
            ],
            1e-12,
        );
    }

    #[test]
    fn truncated_numbers_are_tensorflows() {
        check_draws(
            || truncated_normal_args([5]).seed(9).build(),
            [
                [0.186_820_4f32, -1.100_478_9, -0.135_374_89, -1.232_028_4, 0.287_977_8].into(),
                [1.193_650_2f32, 1.051_759_7, -0.685_980_9, 0.264_440_42, 1.335_223_9].into(),
            ],
            2e-6,
        );
        check_draws(
            || truncated_normal_args([3]).dtype(float64).seed(9).build(),
            [
                [-1.525_099_055_405_142f64, -0.380_249_621_762_111_4, 0.418_593_411_667_690_3].into(),
                [0.806_744_008_978_71f64, 0.542_053_440_212_825_1, 0.621_907_367_763_679_7].into(),
            ],
            1e-12,
        );
    }

    #[test]
    fn uniform_numbers_are_tensorflows() {
        check_draws(
            || random_uniform_args([5]).seed(9).build(),
            [
                [0.536_344_9f32, 0.473_236_56, 0.463_888_88, 0.517_418, 0.700_072_4].into(),
                [0.282_098_3f32, 0.135_043_86, 0.763_189_2, 0.808_559_06, 0.280_651_2].into(),
            ],
            1e-7,
        );
        check_draws(
            || random_uniform_args([3]).dtype(float64).seed(9).build(),
            [
                [0.290_759_605_305_71f64, 0.711_111_138_607_222_6, 0.600_579_969_079_999_6].into(),
                [0.623_548_385_369_812f64, 0.155_840_949_479_892, 0.785_966_723_598_506].into(),
            ],
            1e-12,
        );
    }

    #[test]
    fn unseeded_numbers_differ_from_session_to_session() {
        let graph = Graph::new();
        let _default = graph.as_default();
        let numbers = random_uniform([4]);
        let [a, b] = [(); 2].map(|()| SessionArgs::new().build().unwrap().run(numbers, Feeds::new()).unwrap());
        assert_ne!(a, b);
        assert_eq!(random_uniform_args([2]).minval(1.0).maxval(2.0).build().dtype().unwrap(), float32);
    }

    #[test]
    fn a_negative_size_is_an_error() {
        assert!(build_error(|| random_normal([2, -1])).contains("shape holds a size of -1"));
    }
}
