//! Multinomial: classes drawn by their logarithmic weights.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::random::normal::generator;
use crate::ops::scope::Scope;
use crate::shape::{Dim, PartialShape};
use crate::value::Value;

/// For each row of `logits`, `num_samples` classes drawn with the probabilities of its softmax. TF: `tf.multinomial`.
///
/// `logits` is float32 or float64 of shape `[batch, classes]`, `num_samples` an int32; the result is int64 of shape
/// `[batch, num_samples]`. Keyword arguments `seed` and `output_dtype` (int32 or int64). With seeds the classes are
/// those of TensorFlow's one-thread kernel. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::multinomial([[0.0, -1000.0]], 3);
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<i64>()?, [0, 0, 0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn multinomial(logits: impl IntoTensor, num_samples: impl IntoTensor) -> Tensor {
    multinomial_args(logits, num_samples).build()
}

/// [`multinomial`] with keyword arguments.
pub fn multinomial_args(logits: impl IntoTensor, num_samples: impl IntoTensor) -> MultinomialArgs {
    MultinomialArgs::new("multinomial", logits.into_arg(), num_samples.into_arg())
}

/// [`multinomial`] under its later name. TF: `tf.random.categorical`.
#[track_caller]
pub fn categorical(logits: impl IntoTensor, num_samples: impl IntoTensor) -> Tensor {
    categorical_args(logits, num_samples).build()
}

/// [`categorical`] with keyword arguments.
pub fn categorical_args(logits: impl IntoTensor, num_samples: impl IntoTensor) -> MultinomialArgs {
    MultinomialArgs::new("categorical", logits.into_arg(), num_samples.into_arg())
}

/// A [`multinomial`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct MultinomialArgs {
    name: &'static str,
    logits: Arg,
    num_samples: Arg,
    seed: Option<i64>,
    output_dtype: DType,
}

impl MultinomialArgs {
    fn new(name: &'static str, logits: Arg, num_samples: Arg) -> Self {
        MultinomialArgs { name, logits, num_samples, seed: None, output_dtype: DType::Int64 }
    }

    /// The operation's own seed.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The type of the classes: int64 if not said, or int32.
    pub fn output_dtype(mut self, output_dtype: DType) -> Self {
        self.output_dtype = output_dtype;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let graph = Arg::graph_of(std::slice::from_ref(&self.logits)).unwrap_or_else(|_| get_default_graph());
        let _scope = Scope::open(&[&self.logits], self.name);
        let logits = convert(self.logits, "logits", None);
        let (seed, seed2) = graph.next_seeds(self.seed);
        let call = MULTINOMIAL.call([logits.into_arg(), self.num_samples]).attr("output_dtype", self.output_dtype);
        call.attr("seed", seed).attr("seed2", seed2).single()
    }
}

pub(super) static MULTINOMIAL: OpDef = OpDef {
    sig: Sig::new(
        "Multinomial(logits: T, num_samples: int32) -> (output: output_dtype) \
         where seed: int = 0, seed2: int = 0, T: number, output_dtype: index = int64",
    ),
    infer: |ctx| {
        let logits = ctx.shape_of_rank(0, 2)?;
        ctx.shape_of_rank(1, 0)?;
        let samples: Dim = match ctx.known_integer(1)?.map(usize::try_from) {
            None => None,
            Some(Ok(n)) => Some(n),
            Some(Err(_)) => return Err(Error::invalid_argument("num_samples is negative")),
        };
        ctx.set(0, PartialShape::new([logits.dim(0), samples]))
    },
    kernel: Kernel::Run(run),
    grad: Grad::Stop("classes are not smooth"),
    flags: Flags::STATEFUL,
};

fn run(ctx: &mut KernelCtx) -> Result<()> {
    let (shape, out) = (ctx.inputs.shape(0)?.clone(), ctx.outputs.shape(0)?.clone());
    let (classes, samples) = (shape[1], out[1]);
    if out.num_elements()? > 0 && classes == 0 {
        return Err(Error::invalid_argument("there are no classes to draw from"));
    }
    // What TensorFlow sets aside.
    let numbers = shape[0].saturating_mul(samples.next_multiple_of(4)).saturating_mul(2);
    let mut generator = generator(ctx, &|generator| generator.reserve(numbers))?;
    let logits = ctx.inputs.value(0)?.float64s()?;
    let mut drawn = Vec::with_capacity(out.num_elements()?);
    let mut sums = vec![0.0; classes];
    for row in logits.chunks_exact(classes.max(1)).take(out[0]) {
        let total = sum_weights(row, &mut sums);
        for _ in 0..samples {
            let wanted = generator.next_f64() * total;
            drawn.push(sums.partition_point(|sum| *sum <= wanted) as i64);
        }
    }
    let dtype = ctx.node.attrs().dtype("output_dtype")?;
    ctx.outputs.set(0, Value::new(out, drawn)?.convert(dtype)?);
    Ok(())
}

/// The running sums of the weights whose logarithms `row` holds, up to a factor; infinite ones and NaN count nothing.
fn sum_weights(row: &[f64], sums: &mut [f64]) -> f64 {
    let finite = row.iter().copied().filter(|x| x.is_finite());
    let most = finite.fold(f64::MIN, f64::max);
    let mut total = 0.0;
    for (sum, x) in sums.iter_mut().zip(row) {
        let weight = (x - most).exp();
        total += if x.is_finite() { weight } else { 0.0 };
        *sum = total;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{build_error, check_draws};

    #[test]
    fn classes_are_tensorflows() {
        check_draws(
            || multinomial_args([[0.0f32, 1.0, 2.0], [2.0, 0.0, f32::NEG_INFINITY]], 5).seed(9).build(),
            [[[1i64, 2, 2, 2, 2], [0, 0, 1, 0, 0]].into(), [[2i64, 2, 2, 0, 2], [0, 1, 0, 0, 1]].into()],
            0.0,
        );
        assert!(build_error(|| multinomial([[1.0]], -1)).contains("num_samples is negative"));
    }
}
