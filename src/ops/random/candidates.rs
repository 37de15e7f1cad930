//! Candidate samplers: classes to compare with, drawn by frequency, and ComputeAccidentalHits.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::graph::{Attr, AttrList, Tensor, get_default_graph};
use crate::kernels::candidates::{Classes, Weighted, draw, expected};
use crate::op::{Arg, AttrReader, Call, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::random::normal::generator;
use crate::shape::{PartialShape, Shape};
use crate::value::{Value, room_for};

/// What a candidate sampler gives: the classes drawn, how often each true class is expected among them, and each drawn one.
pub type Candidates = (Tensor, Tensor, Tensor);

macro_rules! samplers {
    ($($(#[$doc:meta])* $function:ident $op:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $function(
            true_classes: impl IntoTensor,
            num_true: i64,
            num_sampled: i64,
            unique: bool,
            range_max: i64,
            seed: Option<i64>,
        ) -> Candidates {
            let call = sampler(&$op, true_classes.into_arg(), num_true, num_sampled, unique, seed);
            finished(call.attr("range_max", range_max))
        }
    )*};
}

samplers! {
    /// Draws `num_sampled` classes below `range_max`, each as likely as the others. TF: `tf.nn.uniform_candidate_sampler`.
    ///
    /// `true_classes` is int64 of shape `[batch, num_true]`. With `unique` no class is drawn twice. Gives the classes
    /// (int64), how often each true class is expected among them, and how often each drawn one (float32). With seeds the
    /// classes are TensorFlow's. No gradient.
    ///
    /// ```
    /// use flowstone as tf;
    /// let (drawn, ..) = tf::nn::uniform_candidate_sampler([[1i64]], 1, 4, true, 4, None);
    /// let drawn = tf::Session()?.run(drawn, tf::feed_dict! {})?;
    /// assert_eq!(drawn.as_slice::<i64>()?.iter().sum::<i64>(), 6);
    /// # Ok::<(), tf::Error>(())
    /// ```
    uniform_candidate_sampler UNIFORM;
    /// As [`uniform_candidate_sampler`], class `k` in proportion to `log((k + 2) / (k + 1))`: for classes in the order of
    /// their frequency, most frequent first. TF: `tf.nn.log_uniform_candidate_sampler`.
    log_uniform_candidate_sampler LOG_UNIFORM;
    /// As [`uniform_candidate_sampler`], in proportion to how often a class was among the true ones before.
    /// TF: `tf.nn.learned_unigram_candidate_sampler`.
    learned_unigram_candidate_sampler LEARNED_UNIGRAM;
}

/// All classes below `num_sampled`, in order. TF: `tf.nn.all_candidate_sampler`.
#[track_caller]
pub fn all_candidate_sampler(
    true_classes: impl IntoTensor,
    num_true: i64,
    num_sampled: i64,
    unique: bool,
    seed: Option<i64>,
) -> Candidates {
    finished(sampler(&ALL, true_classes.into_arg(), num_true, num_sampled, unique, seed))
}

/// As [`uniform_candidate_sampler`], in proportion to `unigrams`, the weights of the classes.
/// TF: `tf.nn.fixed_unigram_candidate_sampler`.
///
/// More can be said by [`fixed_unigram_candidate_sampler_args`].
#[track_caller]
pub fn fixed_unigram_candidate_sampler(
    true_classes: impl IntoTensor,
    num_true: i64,
    num_sampled: i64,
    unique: bool,
    range_max: i64,
    unigrams: &[f32],
) -> Candidates {
    let args = fixed_unigram_candidate_sampler_args(true_classes, num_true, num_sampled, unique, range_max);
    args.unigrams(unigrams).build()
}

/// [`fixed_unigram_candidate_sampler`] with keyword arguments.
pub fn fixed_unigram_candidate_sampler_args(
    true_classes: impl IntoTensor,
    num_true: i64,
    num_sampled: i64,
    unique: bool,
    range_max: i64,
) -> FixedUnigramArgs {
    FixedUnigramArgs {
        true_classes: true_classes.into_arg(),
        sizes: [num_true, num_sampled, range_max],
        unique,
        vocab_file: String::new(),
        distortion: 1.0,
        num_reserved_ids: 0,
        shards: [1, 0],
        unigrams: Vec::new(),
        seed: None,
    }
}

/// A [`fixed_unigram_candidate_sampler`] under construction: its keyword arguments.
#[must_use = "nothing is built until `build` is called"]
pub struct FixedUnigramArgs {
    true_classes: Arg,
    sizes: [i64; 3],
    unique: bool,
    vocab_file: String,
    distortion: f32,
    num_reserved_ids: i64,
    shards: [i64; 2],
    unigrams: Vec<f32>,
    seed: Option<i64>,
}

impl FixedUnigramArgs {
    /// A file with a line for each class, the weight after the last comma.
    pub fn vocab_file(mut self, path: &str) -> Self {
        self.vocab_file = path.to_owned();
        self
    }

    /// The power to which weights are raised first; 1 if not said.
    pub fn distortion(mut self, distortion: f32) -> Self {
        self.distortion = distortion;
        self
    }

    /// How many classes from 0 on are never drawn; none if not said.
    pub fn num_reserved_ids(mut self, count: i64) -> Self {
        self.num_reserved_ids = count;
        self
    }

    /// Into how many parts the classes are split in turn; 1 if not said.
    pub fn num_shards(mut self, count: i64) -> Self {
        self.shards[0] = count;
        self
    }

    /// Which of the parts this is; the first if not said.
    pub fn shard(mut self, shard: i64) -> Self {
        self.shards[1] = shard;
        self
    }

    /// The weights.
    pub fn unigrams(mut self, unigrams: &[f32]) -> Self {
        self.unigrams = unigrams.to_vec();
        self
    }

    /// The operation's own seed.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Candidates {
        let [num_true, num_sampled, range_max] = self.sizes;
        let call = sampler(&FIXED_UNIGRAM, self.true_classes, num_true, num_sampled, self.unique, self.seed);
        let call = call.attr("range_max", range_max).attr("vocab_file", self.vocab_file.as_str());
        let call = call.attr("distortion", self.distortion).attr("num_reserved_ids", self.num_reserved_ids);
        let call = call.attr("num_shards", self.shards[0]).attr("shard", self.shards[1]);
        let unigrams = if self.unigrams.is_empty() { AttrList::Empty } else { AttrList::Float(self.unigrams) };
        finished(call.attr("unigrams", Attr::List(unigrams)))
    }
}

#[track_caller]
fn sampler(
    op: &'static OpDef,
    true_classes: Arg,
    num_true: i64,
    num_sampled: i64,
    unique: bool,
    seed: Option<i64>,
) -> Call {
    let graph = Arg::graph_of(std::slice::from_ref(&true_classes)).unwrap_or_else(|_| get_default_graph());
    let (seed, seed2) = graph.next_seeds(seed);
    let call = op.call([true_classes]).attr("num_true", num_true).attr("num_sampled", num_sampled);
    call.attr("unique", unique).attr("seed", seed).attr("seed2", seed2)
}

fn finished(call: Call) -> Candidates {
    let built = call.build();
    (built.output(0), built.output(1), built.output(2))
}

/// Where true classes were drawn as candidates: for each such pair the row, the place among the candidates, and the lowest
/// number there is, to be added to its logit. TF: `tf.nn.compute_accidental_hits`.
///
/// `true_classes` is int64 of shape `[batch, num_true]`, `sampled_candidates` a list of int64. Gives int32, int64 and
/// float32 lists. No gradient.
#[track_caller]
pub fn compute_accidental_hits(
    true_classes: impl IntoTensor,
    sampled_candidates: impl IntoTensor,
    num_true: i64,
    seed: Option<i64>,
) -> (Tensor, Tensor, Tensor) {
    let args = [true_classes.into_arg(), sampled_candidates.into_arg()];
    let (seed, seed2) = Arg::graph_of(&args).unwrap_or_else(|_| get_default_graph()).next_seeds(seed);
    finished(HITS.call(args).attr("num_true", num_true).attr("seed", seed).attr("seed2", seed2))
}

/// The number that the attribute `name` says, at least `least`.
fn size(attrs: AttrReader, name: &str, least: i64) -> Result<usize> {
    let n = attrs.int(name)?;
    let fits = usize::try_from(n).ok().filter(|_| n >= least);
    fits.ok_or_else(|| Error::invalid_argument(format!("{name} is {n}, not at least {least}")))
}

fn infer(ctx: &mut InferCtx) -> Result<()> {
    let attrs = ctx.attrs();
    let (num_true, num_sampled) = (size(attrs, "num_true", 1)?, size(attrs, "num_sampled", 1)?);
    let classes = ctx.shape_of_rank(0, 2)?;
    let wanted = PartialShape::new([classes.dim(0), Some(num_true)]);
    let Some(counts) = classes.merge(&wanted) else {
        return Err(Error::invalid_argument(format!("true_classes is {classes}, not {num_true} columns")));
    };
    ctx.set(0, Shape::from([num_sampled]))?;
    ctx.set(1, counts)?;
    ctx.set(2, Shape::from([num_sampled]))
}

/// The classes that a node draws from, kept by the session, since some learn.
struct Kept(Mutex<Classes>);

fn run(ctx: &mut KernelCtx) -> Result<()> {
    let attrs = ctx.node.attrs();
    let (num_sampled, unique) = (size(attrs, "num_sampled", 1)?, attrs.bool("unique")?);
    let range = match attrs.int("range_max") {
        Ok(_) => size(attrs, "range_max", 1)?,
        Err(_) => num_sampled,
    };
    let name = format!("candidates of {}", ctx.node.name);
    let kept = ctx.resources.get_or_create(&name, || Kept(Mutex::new(Classes::All)))?;
    let mut classes = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let (Classes::All, false) = (&*classes, ctx.node.op.name() == ALL.name()) {
        *classes = classes_of(ctx.node.op, attrs, range)?;
    }
    let true_classes: Vec<u64> = ctx.inputs.slice::<i64>(0)?.iter().map(|&k| k as u64).collect();
    if let Some(outside) = true_classes.iter().find(|k| **k >= range as u64) {
        return Err(Error::invalid_argument(format!("true class {} is not in [0, {range})", *outside as i64)));
    }
    if unique && num_sampled as u64 > classes.possible() {
        return Err(Error::invalid_argument(format!("{num_sampled} different classes out of {}", classes.possible())));
    }
    let mut generator = generator(ctx, &|generator| generator.set_aside(num_sampled as u128 * 512))?;
    let mut drawn = vec![0; num_sampled];
    let tries = draw(&classes, &mut generator, unique, &mut drawn)
        .ok_or_else(|| Error::resource_exhausted("classes that differ are too rare"))?;
    let count = |k: u64| expected(&classes, k, num_sampled, tries);
    let of_true = true_classes.iter().map(|&k| count(k)).collect();
    let of_drawn = drawn.iter().map(|&k| count(k as u64)).collect();
    ctx.outputs.set(1, Value::new(ctx.inputs.shape(0)?.clone(), of_true)?);
    ctx.outputs.set(2, Value::vector(of_drawn));
    ctx.outputs.set(0, Value::vector(drawn));
    classes.count(&true_classes);
    Ok(())
}

fn classes_of(op: &'static OpDef, attrs: AttrReader, range: usize) -> Result<Classes> {
    Ok(match op.name() {
        "UniformCandidateSampler" => Classes::Uniform(range as u64),
        "LogUniformCandidateSampler" => Classes::LogUniform(range as u64),
        "FixedUnigramCandidateSampler" => Classes::Weighted(weights_of(attrs, range)?),
        _ => {
            room_for::<u32>(range)?;
            Classes::Counted(vec![1; range])
        }
    })
}

fn weights_of(attrs: AttrReader, range: usize) -> Result<Weighted> {
    let (path, given) = (attrs.str("vocab_file")?, attrs.floats("unigrams")?);
    let given = match (path, given) {
        ("", []) => return Err(Error::invalid_argument("neither vocab_file nor unigrams are said")),
        ("", given) => given.to_vec(),
        (path, []) => read_weights(path)?,
        _ => return Err(Error::invalid_argument("both vocab_file and unigrams are said")),
    };
    let (shards, shard) = (size(attrs, "num_shards", 1)?, size(attrs, "shard", 0)?);
    let distortion = attrs.float("distortion")?;
    let reserved = size(attrs, "num_reserved_ids", 0)?.min(range.saturating_mul(shards));
    let mine = |k: &usize| k % shards == shard;
    let mut weights = vec![0.0; (0..reserved).filter(mine).count()];
    let first = weights.len();
    let given = given.into_iter().enumerate().filter(|(i, _)| mine(&(first + i)));
    weights.extend(given.map(|(_, weight)| weight.powf(distortion)));
    if weights.len() != range {
        return Err(Error::invalid_argument(format!("{} weights for {range} classes", weights.len())));
    }
    Weighted::new(weights).ok_or_else(|| Error::invalid_argument("the weights have no sum above 0"))
}

/// The number after the last comma of each line.
fn read_weights(path: &str) -> Result<Vec<f32>> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::not_found(format!("{path}: {e}")))?;
    let weight = |line: &str| {
        let last = line.rsplit(',').next().unwrap_or_default();
        last.trim().parse().map_err(|_| Error::invalid_argument(format!("{path}: no weight in '{line}'")))
    };
    text.lines().filter(|line| !line.is_empty()).map(weight).collect()
}

macro_rules! sampler_ops {
    ($($op:ident $sig:literal;)*) => {$(
        pub(super) static $op: OpDef = OpDef {
            sig: Sig::new(concat!(
                $sig,
                "(true_classes: int64) -> ",
                "(sampled_candidates: int64, true_expected_count: float32, sampled_expected_count: float32) ",
                "where num_true: int, num_sampled: int, unique: bool, range_max: int, seed: int = 0, seed2: int = 0"
            )),
            infer,
            kernel: Kernel::Run(run),
            grad: Grad::Missing("classes are not smooth"),
            flags: Flags::STATEFUL,
        };
    )*};
}

sampler_ops! {
    UNIFORM "UniformCandidateSampler";
    LOG_UNIFORM "LogUniformCandidateSampler";
    LEARNED_UNIGRAM "LearnedUnigramCandidateSampler";
    THREAD_UNSAFE_UNIGRAM "ThreadUnsafeUnigramCandidateSampler";
}

pub(super) static ALL: OpDef = OpDef {
    sig: Sig::new(
        "AllCandidateSampler(true_classes: int64) -> \
         (sampled_candidates: int64, true_expected_count: float32, sampled_expected_count: float32) \
         where num_true: int, num_sampled: int, unique: bool, seed: int = 0, seed2: int = 0",
    ),
    infer,
    kernel: Kernel::Run(run),
    grad: Grad::Missing("classes are not smooth"),
    flags: Flags::STATEFUL,
};

pub(super) static FIXED_UNIGRAM: OpDef = OpDef {
    sig: Sig::new(
        "FixedUnigramCandidateSampler(true_classes: int64) -> \
         (sampled_candidates: int64, true_expected_count: float32, sampled_expected_count: float32) \
         where num_true: int, num_sampled: int, unique: bool, range_max: int, vocab_file: string = '', \
         distortion: float = 1, num_reserved_ids: int = 0, num_shards: int = 1, shard: int = 0, \
         unigrams: list(float) = [], seed: int = 0, seed2: int = 0",
    ),
    infer,
    kernel: Kernel::Run(run),
    grad: Grad::Missing("classes are not smooth"),
    flags: Flags::STATEFUL,
};

pub(super) static HITS: OpDef = OpDef {
    sig: Sig::new(
        "ComputeAccidentalHits(true_classes: int64, sampled_candidates: int64) -> \
         (indices: int32, ids: int64, weights: float32) where num_true: int, seed: int = 0, seed2: int = 0",
    ),
    infer: |ctx| {
        let (num_true, classes) = (size(ctx.attrs(), "num_true", 0)?, ctx.shape_of_rank(0, 2)?);
        ctx.shape_of_rank(1, 1)?;
        if classes.dim(1).is_some_and(|n| n != num_true) {
            return Err(Error::invalid_argument(format!("true_classes is {classes}, not {num_true} columns")));
        }
        (0..3).try_for_each(|o| ctx.set(o, PartialShape::unknown_of_rank(1)))
    },
    kernel: Kernel::Run(|ctx| {
        let places: HashMap<i64, i64> = ctx.inputs.slice::<i64>(1)?.iter().copied().zip(0..).collect();
        let columns = ctx.inputs.shape(0)?[1].max(1);
        let (mut rows, mut ids) = (Vec::new(), Vec::new());
        for (row, classes) in ctx.inputs.slice::<i64>(0)?.chunks_exact(columns).enumerate() {
            for place in classes.iter().filter_map(|class| places.get(class)) {
                rows.push(row as i32);
                ids.push(*place);
            }
        }
        ctx.outputs.set(2, Value::vector(vec![f32::MIN; ids.len()]));
        ctx.outputs.set(0, Value::vector(rows));
        ctx.outputs.set(1, Value::vector(ids));
        Ok(())
    }),
    grad: Grad::Missing("places are not smooth"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::graph::Graph;
    use crate::session::{Feeds, SessionArgs};
    use crate::testing::build_error;

    #[test]
    fn what_was_true_is_drawn_more_often() {
        let graph = Graph::new();
        let _default = graph.as_default();
        let (_, expected, _) = learned_unigram_candidate_sampler([[2i64], [2]], 1, 4, false, 4, Some(1));
        let session = SessionArgs::new().build().unwrap();
        let counts = [(); 2].map(|()| session.run(expected, Feeds::new()).unwrap().as_slice::<f32>().unwrap()[0]);
        // One of four, then three of six.
        assert_eq!(counts, [1.0, 2.0]);
    }

    #[test]
    fn weights_are_read_from_a_file() {
        let path = std::env::temp_dir().join(format!("flowstone-weights-{}", std::process::id()));
        std::fs::write(&path, "a,0\nb,1\n").unwrap();
        let graph = Graph::new();
        let _default = graph.as_default();
        let args = fixed_unigram_candidate_sampler_args([[1i64]], 1, 3, false, 2);
        let (drawn, ..) = args.vocab_file(path.to_str().unwrap()).build();
        let drawn = SessionArgs::new().build().unwrap().run(drawn, Feeds::new());
        std::fs::remove_file(&path).unwrap();
        assert_eq!(drawn.unwrap().as_slice::<i64>().unwrap(), [1, 1, 1]);
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors() {
        let error = build_error(|| uniform_candidate_sampler([[1i64, 2]], 1, 4, true, 8, None));
        assert!(error.contains("true_classes is [1,2], not 1 columns"), "{error}");
        let error = build_error(|| uniform_candidate_sampler([[1i64]], 1, 0, true, 8, None));
        assert!(error.contains("num_sampled is 0, not at least 1"), "{error}");
    }
}
