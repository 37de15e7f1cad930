//! How variables get their initial values. TF: `tf.initializers`, `tf.*_initializer`.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::op::constant_full_of;
use crate::ops::array::{concat, diag_part, full_of, matrix_transpose, repeated, reshape};
use crate::ops::linalg::{eye_args, qr};
use crate::ops::math::sign;
use crate::ops::random::{RandomArgs, random_normal_args, random_uniform_args, truncated_normal_args};
use crate::shape::Shape;
use crate::value::{Number, Value};

// As Keras calls them.
pub use self::{
    glorot_normal_initializer as glorot_normal, glorot_uniform_initializer as glorot_uniform,
    identity_initializer as identity, orthogonal_initializer as orthogonal,
    random_uniform_initializer as RandomUniform,
};

/// How a variable gets its initial value, given its shape and data type.
///
/// ```
/// use flowstone as tf;
/// let w = tf::get_variable!("w", [3, 4], initializer = tf::random_uniform_initializer(-0.1, 0.1));
/// let b = tf::get_variable!("b", [4], initializer = "zeros");
/// assert_eq!(w.initial_value().name(), "w/Initializer/random_uniform:0");
/// # assert_eq!(b.initial_value().name(), "b/Initializer/zeros:0");
/// # tf::get_default_graph().check()?;
/// # Ok::<(), tf::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Initializer {
    /// Zeros.
    Zeros,
    /// Ones.
    Ones,
    /// One number everywhere.
    Constant(Value),
    /// Normally distributed numbers.
    Normal(Random),
    /// Normally distributed numbers; those beyond two standard deviations are drawn again.
    TruncatedNormal(Random),
    /// Evenly distributed numbers.
    Uniform(Random),
    /// Numbers whose spread follows from the number of inputs and outputs of a layer.
    VarianceScaling(VarianceScaling),
    /// Rows or columns at right angles, all of one length.
    Orthogonal(Orthogonal),
    /// A number on the diagonal of a matrix, zeros elsewhere.
    Identity(f64),
    /// Parts one after the other, each with its number of rows.
    Parts(Vec<(usize, Initializer)>),
}

/// The two parameters of a distribution (mean and standard deviation, or lowest and highest number) and its seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Random {
    parameters: (f64, f64),
    seed: Option<i64>,
}

/// `scale / n` is the variance, where `n` is the number of inputs, of outputs, or their mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VarianceScaling {
    scale: f64,
    mode: FanMode,
    distribution: Distribution,
    seed: Option<i64>,
}

/// The length of the vectors at right angles, and the seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orthogonal {
    gain: f64,
    seed: Option<i64>,
}

/// What the variance is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanMode {
    /// The number of inputs of a unit.
    FanIn,
    /// The number of outputs of a unit.
    FanOut,
    /// The mean of both.
    FanAvg,
}

/// How numbers are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// A normal distribution, truncated at two standard deviations.
    TruncatedNormal,
    /// A normal distribution.
    UntruncatedNormal,
    /// An even distribution.
    Uniform,
}

/// What Keras calls the usual choices: scale, mode and distribution.
const SCALINGS: &[(&str, f64, FanMode, Distribution)] = &[
    ("GlorotUniform", 1.0, FanMode::FanAvg, Distribution::Uniform),
    ("GlorotNormal", 1.0, FanMode::FanAvg, Distribution::TruncatedNormal),
    ("HeUniform", 2.0, FanMode::FanIn, Distribution::Uniform),
    ("HeNormal", 2.0, FanMode::FanIn, Distribution::TruncatedNormal),
    ("LecunUniform", 1.0, FanMode::FanIn, Distribution::Uniform),
    ("LecunNormal", 1.0, FanMode::FanIn, Distribution::TruncatedNormal),
];

const MODES: &[(&str, FanMode)] =
    &[("fan_in", FanMode::FanIn), ("fan_out", FanMode::FanOut), ("fan_avg", FanMode::FanAvg)];

const DISTRIBUTIONS: &[(&str, Distribution)] = &[
    ("truncated_normal", Distribution::TruncatedNormal),
    ("normal", Distribution::TruncatedNormal),
    ("untruncated_normal", Distribution::UntruncatedNormal),
    ("uniform", Distribution::Uniform),
];

/// What a class of Keras's is made from.
pub(crate) enum Described {
    Number(f64),
    Seed(Option<i64>),
    Name(&'static str),
}

/// Zeros. TF: `tf.zeros_initializer`.
pub fn zeros_initializer() -> Initializer {
    Initializer::Zeros
}

/// Ones. TF: `tf.ones_initializer`.
pub fn ones_initializer() -> Initializer {
    Initializer::Ones
}

/// `value` everywhere. TF: `tf.constant_initializer`.
pub fn constant_initializer<T: Number>(value: T) -> Initializer {
    Initializer::Constant(Value::scalar(value))
}

/// Normally distributed numbers. TF: `tf.random_normal_initializer`.
pub fn random_normal_initializer(mean: f64, stddev: f64) -> Initializer {
    Initializer::Normal(Random { parameters: (mean, stddev), seed: None })
}

/// Normally distributed numbers; those more than two standard deviations from the mean are drawn again.
/// TF: `tf.truncated_normal_initializer`.
pub fn truncated_normal_initializer(mean: f64, stddev: f64) -> Initializer {
    Initializer::TruncatedNormal(Random { parameters: (mean, stddev), seed: None })
}

/// Numbers evenly spread over [`minval`, `maxval`). TF: `tf.random_uniform_initializer`.
pub fn random_uniform_initializer(minval: f64, maxval: f64) -> Initializer {
    Initializer::Uniform(Random { parameters: (minval, maxval), seed: None })
}

/// Glorot's and Bengio's: even, of variance 2 / (inputs + outputs). TF: `tf.glorot_uniform_initializer`.
/// Source: <https://proceedings.mlr.press/v9/glorot10a.html>, section 4.2.1.
pub fn glorot_uniform_initializer() -> Initializer {
    variance_scaling_initializer(1.0, FanMode::FanAvg, Distribution::Uniform)
}

/// As [`glorot_uniform_initializer`], normally distributed. TF: `tf.glorot_normal_initializer`.
pub fn glorot_normal_initializer() -> Initializer {
    variance_scaling_initializer(1.0, FanMode::FanAvg, Distribution::TruncatedNormal)
}

/// Numbers of variance `scale / n`. TF: `tf.variance_scaling_initializer`.
pub fn variance_scaling_initializer(scale: f64, mode: FanMode, distribution: Distribution) -> Initializer {
    Initializer::VarianceScaling(VarianceScaling { scale, mode, distribution, seed: None })
}

/// A matrix whose rows or columns, whichever are fewer, are at right angles and of length `gain`: an orthogonal matrix if it is
/// square. All dimensions but the last count as rows. TF: `tf.orthogonal_initializer`.
/// Source: <https://arxiv.org/abs/1312.6120>.
///
/// ```
/// use flowstone as tf;
/// let w = tf::get_variable!("w", [3, 3], initializer = tf::initializers::orthogonal_initializer(1.0));
/// let unit = tf::matmul!(w, w, transpose_b = true);
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// let unit = sess.run(unit, tf::feed_dict! {})?;
/// assert!((unit.as_slice::<f32>()?[0] - 1.0).abs() < 1e-5 && unit.as_slice::<f32>()?[1].abs() < 1e-5);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn orthogonal_initializer(gain: f64) -> Initializer {
    Initializer::Orthogonal(Orthogonal { gain, seed: None })
}

/// `gain` on the diagonal of a matrix, zeros elsewhere. TF: `tf.initializers.identity`.
pub fn identity_initializer(gain: f64) -> Initializer {
    Initializer::Identity(gain)
}

impl Initializer {
    /// The initializer that Keras knows by this name: `"glorot_uniform"`, `"he_normal"`, `"zeros"`.
    pub fn named(name: &str) -> Result<Initializer> {
        let plain = name.to_lowercase().replace('_', "");
        if let Some((_, scale, mode, distribution)) = SCALINGS.iter().find(|(class, ..)| class.to_lowercase() == plain)
        {
            return Ok(variance_scaling_initializer(*scale, *mode, *distribution));
        }
        match plain.as_str() {
            "zeros" | "zero" => Ok(Initializer::Zeros),
            "ones" | "one" => Ok(Initializer::Ones),
            "constant" => Ok(constant_initializer(0.0)),
            "randomnormal" | "normal" => Ok(random_normal_initializer(0.0, 0.05)),
            "truncatednormal" => Ok(truncated_normal_initializer(0.0, 0.05)),
            "randomuniform" | "uniform" => Ok(random_uniform_initializer(-0.05, 0.05)),
            "variancescaling" => Ok(variance_scaling_initializer(1.0, FanMode::FanIn, Distribution::TruncatedNormal)),
            "orthogonal" => Ok(orthogonal_initializer(1.0)),
            "identity" => Ok(identity_initializer(1.0)),
            _ => Err(Error::invalid_argument(format!(
                "there is no initializer '{name}': zeros, ones, random_normal, random_uniform, truncated_normal, \
                 glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_uniform, lecun_normal, \
                 orthogonal, identity"
            ))),
        }
    }

    /// Its class in Keras and what that is made from.
    pub(crate) fn described(&self) -> Result<(&'static str, Vec<(&'static str, Described)>)> {
        use Described::{Name, Number, Seed};
        let random = |class, [first, second]: [&'static str; 2], random: &Random| {
            let (a, b) = random.parameters;
            Ok((class, vec![(first, Number(a)), (second, Number(b)), ("seed", Seed(random.seed))]))
        };
        match self {
            Initializer::Zeros => Ok(("Zeros", vec![])),
            Initializer::Ones => Ok(("Ones", vec![])),
            Initializer::Constant(value) => {
                let value = value.clone().convert(DType::Float64)?;
                Ok(("Constant", vec![("value", Number(value.item::<f64>()?))]))
            }
            Initializer::Normal(normal) => random("RandomNormal", ["mean", "stddev"], normal),
            Initializer::TruncatedNormal(normal) => random("TruncatedNormal", ["mean", "stddev"], normal),
            Initializer::Uniform(uniform) => random("RandomUniform", ["minval", "maxval"], uniform),
            Initializer::VarianceScaling(scaling) => {
                let seed = ("seed", Seed(scaling.seed));
                let same = |known: &&(&str, f64, FanMode, Distribution)| {
                    (known.1, known.2, known.3) == (scaling.scale, scaling.mode, scaling.distribution)
                };
                if let Some((class, ..)) = SCALINGS.iter().find(same) {
                    return Ok((class, vec![seed]));
                }
                let mode = MODES.iter().find(|(_, mode)| *mode == scaling.mode).map_or("fan_in", |(name, _)| name);
                let distribution = DISTRIBUTIONS.iter().find(|(_, one)| *one == scaling.distribution);
                let distribution = distribution.map_or("truncated_normal", |(name, _)| name);
                let scale = ("scale", Number(scaling.scale));
                Ok(("VarianceScaling", vec![scale, ("mode", Name(mode)), ("distribution", Name(distribution)), seed]))
            }
            Initializer::Orthogonal(Orthogonal { gain, seed }) => {
                Ok(("Orthogonal", vec![("gain", Number(*gain)), ("seed", Seed(*seed))]))
            }
            Initializer::Identity(gain) => Ok(("Identity", vec![("gain", Number(*gain))])),
            Initializer::Parts(_) => Err(Error::unimplemented("an initializer in parts has no name in Keras")),
        }
    }

    /// The initializer of this class in Keras, with the numbers and names that are said; what is not said is as usual.
    pub(crate) fn from_numbers<'a>(
        class: &str,
        number: impl Fn(&str) -> Option<f64>,
        word: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Initializer> {
        let mut initializer = Initializer::named(class)?;
        let set = |place: &mut f64, name: &str| {
            if let Some(x) = number(name) {
                *place = x;
            }
        };
        match &mut initializer {
            Initializer::Normal(random) | Initializer::TruncatedNormal(random) => {
                set(&mut random.parameters.0, "mean");
                set(&mut random.parameters.1, "stddev");
            }
            Initializer::Uniform(random) => {
                set(&mut random.parameters.0, "minval");
                set(&mut random.parameters.1, "maxval");
            }
            Initializer::Constant(value) => *value = Value::scalar(number("value").unwrap_or(0.0)),
            Initializer::Orthogonal(Orthogonal { gain, .. }) | Initializer::Identity(gain) => set(gain, "gain"),
            Initializer::VarianceScaling(scaling) => {
                set(&mut scaling.scale, "scale");
                if let Some(name) = word("mode") {
                    let mode = MODES.iter().find(|(known, _)| *known == name);
                    scaling.mode = mode.ok_or_else(|| Error::invalid_argument(format!("there is no mode '{name}'")))?.1;
                }
                if let Some(name) = word("distribution") {
                    let known = DISTRIBUTIONS.iter().find(|(known, _)| *known == name);
                    scaling.distribution =
                        known.ok_or_else(|| Error::invalid_argument(format!("there is no distribution '{name}'")))?.1;
                }
            }
            Initializer::Zeros | Initializer::Ones | Initializer::Parts(_) => {}
        }
        Ok(initializer)
    }

    /// The same with a seed of its own.
    #[must_use]
    pub fn seed(mut self, number: i64) -> Self {
        match &mut self {
            Initializer::Normal(Random { seed, .. })
            | Initializer::TruncatedNormal(Random { seed, .. })
            | Initializer::Uniform(Random { seed, .. })
            | Initializer::VarianceScaling(VarianceScaling { seed, .. })
            | Initializer::Orthogonal(Orthogonal { seed, .. }) => *seed = Some(number),
            Initializer::Parts(parts) => parts.iter_mut().for_each(|(_, part)| *part = part.clone().seed(number)),
            Initializer::Zeros | Initializer::Ones | Initializer::Constant(_) | Initializer::Identity(_) => {}
        }
        self
    }

    /// The initial value of a variable.
    #[track_caller]
    pub fn build(&self, shape: &Shape, dtype: DType) -> Tensor {
        let dims = || sizes(shape);
        match self {
            Initializer::Zeros => full_of(shape.clone(), 0, dtype, "zeros"),
            Initializer::Ones => full_of(shape.clone(), 1, dtype, "ones"),
            Initializer::Constant(value) => {
                let value = value.clone().convert(dtype).and_then(|value| repeated(&value, shape.clone()));
                let graph = get_default_graph();
                let name = graph.scope_name("Const");
                constant_full_of(&graph, value, name, crate::graph::here())
            }
            Initializer::Normal(random) => random.build(random_normal_args(dims()), dtype),
            Initializer::TruncatedNormal(random) => random.build(truncated_normal_args(dims()), dtype),
            Initializer::Uniform(random) => random.build(random_uniform_args(dims()), dtype),
            Initializer::VarianceScaling(scaling) => scaling.initializer(shape).build(shape, dtype),
            Initializer::Orthogonal(orthogonal) => orthogonal.build(shape, dtype),
            Initializer::Identity(gain) => match shape.dims() {
                [rows, columns] => eye_args(*rows).num_columns(*columns).dtype(dtype).build() * *gain,
                _ => refused(format!("an identity matrix of shape {shape}")),
            },
            Initializer::Parts(parts) => {
                let part = |(rows, part): &(usize, Initializer)| {
                    let dims: Vec<usize> = std::iter::once(*rows).chain(shape.iter().skip(1).copied()).collect();
                    part.build(&Shape::new(&dims), dtype)
                };
                concat(parts.iter().map(part).collect::<Vec<_>>(), 0)
            }
        }
    }
}

fn sizes(shape: &Shape) -> Value {
    let sizes: std::result::Result<Vec<i32>, _> = shape.iter().map(|&n| i32::try_from(n)).collect();
    sizes.map_or_else(|_| Value::vector(shape.iter().map(|&n| n as i64).collect()), Value::vector)
}

impl Random {
    #[track_caller]
    fn build(self, args: RandomArgs, dtype: DType) -> Tensor {
        let (first, second) = self.parameters;
        let args = args.parameters(first, second).dtype(dtype);
        match self.seed {
            Some(seed) => args.seed(seed).build(),
            None => args.build(),
        }
    }
}

/// A tensor that says why there is no initial value.
#[track_caller]
fn refused(message: String) -> Tensor {
    let graph = get_default_graph();
    graph.record(Error::invalid_argument(message).at("Initializer", Some(crate::graph::here())));
    Tensor::poisoned(&graph)
}

impl Orthogonal {
    #[track_caller]
    fn build(self, shape: &Shape, dtype: DType) -> Tensor {
        let [outer @ .., columns] = shape.dims() else {
            return refused(format!("an orthogonal matrix of shape {shape}: two dimensions at least"));
        };
        let (rows, columns) = (outer.iter().product::<usize>(), *columns);
        if outer.is_empty() {
            return refused(format!("an orthogonal matrix of shape {shape}: two dimensions at least"));
        }
        let tall = Shape::new(&[rows.max(columns), rows.min(columns)]);
        let random = Random { parameters: (0.0, 1.0), seed: self.seed };
        let (q, r) = qr(random.build(random_normal_args(sizes(&tall)), dtype));
        // The signs of the diagonal make every orthogonal matrix equally likely.
        let q = q * sign(diag_part(r));
        let q = if rows < columns { matrix_transpose(q) } else { q };
        reshape(q, sizes(shape)) * self.gain
    }
}

impl VarianceScaling {
    /// The distribution for this shape: inputs and outputs are the last two dimensions, what is before them a window.
    fn initializer(self, shape: &Shape) -> Initializer {
        let (inputs, outputs) = match shape.dims() {
            [] => (1.0, 1.0),
            [n] => (*n as f64, *n as f64),
            [window @ .., inputs, outputs] => {
                let window: f64 = window.iter().map(|&n| n as f64).product();
                (window * *inputs as f64, window * *outputs as f64)
            }
        };
        let n = match self.mode {
            FanMode::FanIn => inputs,
            FanMode::FanOut => outputs,
            FanMode::FanAvg => (inputs + outputs) / 2.0,
        };
        let variance = self.scale / n.max(1.0);
        // What remains of a standard deviation of 1 after the tails beyond 2 were cut off.
        const TRUNCATED: f64 = 0.879_625_661_034_239_8;
        let limit = (3.0 * variance).sqrt();
        let random = |first, second| Random { parameters: (first, second), seed: self.seed };
        match self.distribution {
            Distribution::TruncatedNormal => Initializer::TruncatedNormal(random(0.0, variance.sqrt() / TRUNCATED)),
            Distribution::UntruncatedNormal => Initializer::Normal(random(0.0, variance.sqrt())),
            Distribution::Uniform => Initializer::Uniform(random(-limit, limit)),
        }
    }
}

/// What can stand for an initializer: an [`Initializer`] or its name in Keras.
pub trait IntoInitializer {
    /// The initializer. An error for a name that does not exist.
    fn into_initializer(self) -> Result<Initializer>;
}

impl IntoInitializer for Initializer {
    fn into_initializer(self) -> Result<Initializer> {
        Ok(self)
    }
}

impl IntoInitializer for &Initializer {
    fn into_initializer(self) -> Result<Initializer> {
        Ok(self.clone())
    }
}

impl IntoInitializer for &str {
    fn into_initializer(self) -> Result<Initializer> {
        Initializer::named(self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::graph::Graph;
    use crate::session::Session;

    #[test]
    fn values_follow_the_distribution() {
        let graph = Graph::new();
        let _default = graph.as_default();
        graph.set_random_seed(3);
        let shape = Shape::new(&[3, 3, 10, 20]);
        let moments = |name: &str| {
            let value = Initializer::named(name).unwrap().build(&shape, DType::Float64);
            let value = Session::new(&graph).unwrap().run(value, crate::session::Feeds::new()).unwrap();
            let numbers = value.as_slice::<f64>().unwrap().to_vec();
            let n = numbers.len() as f64;
            let mean = numbers.iter().sum::<f64>() / n;
            let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            (mean, variance, numbers.into_iter().fold(0.0, |a: f64, b| a.max(b.abs())))
        };
        for (name, variance, most) in [
            ("glorot_uniform", 2.0 / 270.0, (6.0f64 / 270.0).sqrt()),
            ("glorot_normal", 2.0 / 270.0, 2.0 * (2.0f64 / 270.0).sqrt() / 0.8796),
            ("he_normal", 2.0 / 90.0, 2.0 * (2.0f64 / 90.0).sqrt() / 0.8796),
            ("lecun_uniform", 1.0 / 90.0, (3.0f64 / 90.0).sqrt()),
            ("RandomNormal", 0.0025, 1.0),
            ("zeros", 0.0, 0.0),
        ] {
            let found = moments(name);
            assert!(found.0.abs() < 0.01, "{name}: mean {}", found.0);
            assert!((found.1 - variance).abs() <= 0.08 * variance, "{name}: variance {}, not {variance}", found.1);
            assert!(found.2 <= most, "{name}: {} is beyond {most}", found.2);
        }
        assert!(Initializer::named("glorot").is_err());
    }
}
