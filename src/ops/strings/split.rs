//! StringSplit and StringSplitV2: strings cut at delimiters.

use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::op::{Arg, Built, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::array::SparseTensor;
use crate::shape::PartialShape;
use crate::value::Value;

/// The words of each string of the list `source`. TF: `tf.string_split`.
///
/// The result has a row for each string. Keyword arguments `delimiter`, a string each of whose bytes cuts (a space if not
/// said; if it is empty each byte is a word), and `skip_empty`: whether words without bytes are left out (true). No
/// gradient.
///
/// ```
/// use flowstone as tf;
/// let words = tf::string_split(["hello world", "bye"]);
/// let words = tf::Session()?.run(words.values, tf::feed_dict! {})?;
/// assert_eq!(words.as_slice::<Vec<u8>>()?, [b"hello".to_vec(), b"world".to_vec(), b"bye".to_vec()]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn string_split(source: impl IntoTensor) -> SparseTensor {
    string_split_args(source).build()
}

/// [`string_split`] with keyword arguments.
pub fn string_split_args(source: impl IntoTensor) -> StringSplitArgs {
    StringSplitArgs { source: source.into_arg(), delimiter: " ".into_arg(), skip_empty: true }
}

/// A [`string_split`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct StringSplitArgs {
    source: Arg,
    delimiter: Arg,
    skip_empty: bool,
}

impl StringSplitArgs {
    /// The bytes that cut; a space if not said.
    pub fn delimiter(mut self, delimiter: impl IntoTensor) -> Self {
        self.delimiter = delimiter.into_arg();
        self
    }

    /// Whether words without bytes are left out; true if not said.
    pub fn skip_empty(mut self, skip_empty: bool) -> Self {
        self.skip_empty = skip_empty;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> SparseTensor {
        let args = [self.source, self.delimiter];
        let graph = Arg::graph_of(&args).unwrap_or_else(|_| get_default_graph());
        let _scope = graph.scope("StringSplit");
        let [source, delimiter] = args;
        let delimiter = convert(delimiter, "Const", None);
        let call = STRING_SPLIT.call([source, delimiter.into_arg()]).attr("skip_empty", self.skip_empty);
        sparse(call.build())
    }
}

/// The parts of each string of the list `input` between the strings `sep`; between white space if that is empty.
/// TF: `tf.strings.split`, as a sparse tensor.
#[track_caller]
pub fn string_split_v2(input: impl IntoTensor, sep: impl IntoTensor) -> SparseTensor {
    string_split_at_most(input, sep, -1)
}

/// [`string_split_v2`] with at most `maxsplit` cuts in each string, if that is positive.
#[track_caller]
pub fn string_split_at_most(input: impl IntoTensor, sep: impl IntoTensor, maxsplit: i64) -> SparseTensor {
    sparse(STRING_SPLIT_V2.call([input.into_arg(), sep.into_arg()]).attr("maxsplit", maxsplit).build())
}

fn sparse(built: Built) -> SparseTensor {
    let [indices, values, dense_shape]: [Tensor; 3] = [0, 1, 2].map(|o| built.output(o));
    SparseTensor { indices, values, dense_shape }
}

fn infer(ctx: &mut InferCtx) -> Result<()> {
    ctx.shape_of_rank(0, 1)?;
    if ctx.shape(1)?.rank().is_some_and(|rank| rank > 0) {
        return Err(Error::invalid_argument(format!("delimiters of shape {}: one string", ctx.shape(1)?)));
    }
    ctx.set(0, PartialShape::new([None, Some(2)]))?;
    ctx.set(1, PartialShape::unknown_of_rank(1))?;
    ctx.set(2, PartialShape::new([Some(2)]))
}

/// Gives the outputs: the words of each string.
fn run(ctx: &mut KernelCtx, words: &dyn Fn(&[u8]) -> Vec<Vec<u8>>) -> Result<()> {
    let input = ctx.inputs.slice::<Vec<u8>>(0)?;
    let (mut indices, mut values, mut widest) = (Vec::new(), Vec::new(), 0);
    for (row, s) in (0..).zip(input) {
        let words = words(s);
        widest = widest.max(words.len());
        indices.extend((0..words.len() as i64).flat_map(|column| [row, column]));
        values.extend(words);
    }
    let shape = vec![input.len() as i64, widest as i64];
    ctx.outputs.set(0, Value::new([values.len(), 2], indices)?);
    ctx.outputs.set(1, Value::vector(values));
    ctx.outputs.set(2, Value::vector(shape));
    Ok(())
}

pub(super) static STRING_SPLIT: OpDef = OpDef {
    sig: Sig::new(
        "StringSplit(input: string, delimiter: string) -> (indices: int64, values: string, shape: int64) \
         where skip_empty: bool = true",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        let skip_empty = ctx.node.attrs().bool("skip_empty")?;
        let delimiter = ctx.inputs.value(1)?.item::<Vec<u8>>()?;
        run(ctx, &|s| {
            if delimiter.is_empty() {
                return s.iter().map(|&byte| vec![byte]).collect();
            }
            if s.is_empty() {
                return Vec::new();
            }
            let words = s.split(|byte| delimiter.contains(byte));
            words.filter(|word| !skip_empty || !word.is_empty()).map(<[u8]>::to_vec).collect()
        })
    }),
    grad: Grad::Stop("text is not smooth"),
    flags: Flags::PURE,
};

pub(super) static STRING_SPLIT_V2: OpDef = OpDef {
    sig: Sig::new(
        "StringSplitV2(input: string, sep: string) -> (indices: int64, values: string, shape: int64) \
         where maxsplit: int = -1",
    ),
    infer,
    kernel: Kernel::Run(|ctx| {
        let most = ctx.node.attrs().int("maxsplit")?;
        let most = usize::try_from(most).ok().filter(|&most| most > 0).unwrap_or(usize::MAX);
        let separator = ctx.inputs.value(1)?.item::<Vec<u8>>()?;
        run(ctx, &|s| if separator.is_empty() { between_spaces(s, most) } else { between(s, &separator, most) })
    }),
    grad: Grad::Missing("text is not smooth"),
    flags: Flags::PURE,
};

/// The parts of `s` between white space, which at the ends does not count. After the last cut what is left, if only
/// nothing, is a part as well.
fn between_spaces(s: &[u8], most: usize) -> Vec<Vec<u8>> {
    let (mut words, mut rest) = (Vec::new(), s.trim_ascii_start());
    while !rest.is_empty() {
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        words.push(rest[..end].to_vec());
        rest = rest[end..].trim_ascii_start();
        if words.len() == most {
            words.push(rest.to_vec());
            break;
        }
    }
    words
}

/// The parts of `s` between occurrences of `separator`.
fn between(s: &[u8], separator: &[u8], most: usize) -> Vec<Vec<u8>> {
    let (mut words, mut rest) = (Vec::new(), s);
    while words.len() < most {
        let Some(at) = rest.windows(separator.len()).position(|part| part == separator) else { break };
        words.push(rest[..at].to_vec());
        rest = &rest[at + separator.len()..];
    }
    words.push(rest.to_vec());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};

    fn strings<const N: usize>(texts: [&str; N]) -> Value {
        Value::vector(texts.map(|text| text.as_bytes().to_vec()).to_vec())
    }

    fn all(words: SparseTensor) -> Vec<Tensor> {
        vec![words.indices, words.values, words.dense_shape]
    }

    #[test]
    fn splits_are_whole() {
        OpTest::new(|x| all(string_split(x[0])))
            .inputs([strings(["a  bc", "", "d "])])
            .expect([[[0i64, 0], [0, 1], [2, 0]].into(), strings(["a", "bc", "d"]), [3i64, 2].into()])
            .run();
        OpTest::new(|x| all(string_split_args(x[0]).delimiter(",;").skip_empty(false).build()))
            .inputs([strings(["a,;b"])])
            .expect([[[0i64, 0], [0, 1], [0, 2]].into(), strings(["a", "", "b"]), [1i64, 3].into()])
            .run();
        OpTest::new(|x| all(string_split_at_most(x[0], "<>", 1)))
            .inputs([strings(["a<>b<>c", "d"])])
            .expect([[[0i64, 0], [0, 1], [1, 0]].into(), strings(["a", "b<>c", "d"]), [2i64, 2].into()])
            .run();
        assert!(build_error(|| string_split([["a"]])).contains("must have 1 dimension"));
    }
}
