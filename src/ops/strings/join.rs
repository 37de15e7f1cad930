//! StringJoin and ReduceJoin: strings one after the other.

use crate::error::{Error, Result};
use crate::graph::{Tensor, get_default_graph};
use crate::kernels::copy::{coordinates, flat_position};
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert, resolve_axis};
use crate::ops::array::{range, rank};
use crate::ops::math::sub;
use crate::shape::PartialShape;

/// The strings of all `inputs` at each place, one after the other. TF: `tf.string_join`.
///
/// All of one shape, but for single strings. Keyword argument `separator`, which stands between. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::string_join!([tf::constant(["a", "b"]), tf::constant("x")], separator = "-");
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<Vec<u8>>()?, [b"a-x", b"b-x"]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn string_join<T: IntoTensor>(inputs: impl IntoIterator<Item = T>) -> Tensor {
    string_join_args(inputs).build()
}

/// [`string_join`] with the keyword argument `separator`.
pub fn string_join_args<T: IntoTensor>(inputs: impl IntoIterator<Item = T>) -> StringJoinArgs {
    StringJoinArgs { inputs: Arg::list(inputs), separator: String::new() }
}

/// A [`string_join`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct StringJoinArgs {
    inputs: Arg,
    separator: String,
}

impl StringJoinArgs {
    /// What stands between; nothing if not said.
    pub fn separator(mut self, separator: &str) -> Self {
        self.separator = separator.to_owned();
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        STRING_JOIN.call([self.inputs]).attr("separator", self.separator.as_str()).single()
    }
}

/// The strings along dimensions of `inputs`, one after the other. TF: `tf.reduce_join`.
///
/// Keyword arguments `axis`, a dimension or a list of them (the first of the list is walked first; all, the last first, if
/// not said), `keepdims`, and `separator`, which stands between. No gradient.
///
/// ```
/// use flowstone as tf;
/// let x = tf::constant([["a", "b"], ["c", "d"]]);
/// let (rows, all) = (tf::reduce_join!(x, axis = 1, separator = "+"), tf::reduce_join(x));
/// let (rows, all) = tf::Session()?.run((rows, all), tf::feed_dict! {})?;
/// assert_eq!((rows.as_slice::<Vec<u8>>()?, all.item::<Vec<u8>>()?), (&[b"a+b".to_vec(), b"c+d".to_vec()][..], b"abcd".to_vec()));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn reduce_join(inputs: impl IntoTensor) -> Tensor {
    reduce_join_args(inputs).build()
}

/// [`reduce_join`] with keyword arguments.
pub fn reduce_join_args(inputs: impl IntoTensor) -> ReduceJoinArgs {
    ReduceJoinArgs { inputs: inputs.into_arg(), axis: None, keepdims: false, separator: String::new() }
}

/// A [`reduce_join`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct ReduceJoinArgs {
    inputs: Arg,
    axis: Option<Arg>,
    keepdims: bool,
    separator: String,
}

impl ReduceJoinArgs {
    /// The dimensions to join along.
    pub fn axis(mut self, axis: impl IntoTensor) -> Self {
        self.axis = Some(axis.into_arg());
        self
    }

    /// Whether they stay, with size 1.
    pub fn keepdims(mut self, keepdims: bool) -> Self {
        self.keepdims = keepdims;
        self
    }

    /// The old name of [`keepdims`](Self::keepdims).
    pub fn keep_dims(self, keep_dims: bool) -> Self {
        self.keepdims(keep_dims)
    }

    /// What stands between; nothing if not said.
    pub fn separator(mut self, separator: &str) -> Self {
        self.separator = separator.to_owned();
        self
    }

    /// Builds the operations.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let args = [self.inputs];
        let graph = Arg::graph_of(&args).unwrap_or_else(|_| get_default_graph());
        let _scope = graph.scope("ReduceJoin");
        let [inputs] = args;
        let inputs = convert(inputs, "inputs", None);
        let axis = self.axis.unwrap_or_else(|| match inputs.rank() {
            Some(rank) => convert((0..rank).rev().collect::<Vec<_>>().into_arg(), "Const", None).into_arg(),
            None => range(sub(rank(inputs), 1), -1, -1).into_arg(),
        });
        let call = REDUCE_JOIN.call([inputs.into_arg(), axis]).attr("keep_dims", self.keepdims);
        call.attr("separator", self.separator.as_str()).single()
    }
}

pub(super) static STRING_JOIN: OpDef = OpDef {
    sig: Sig::new("StringJoin(inputs: N * string) -> (output: string) where N: int, separator: string = ''"),
    infer: |ctx| {
        let mut shape = PartialShape::scalar();
        for i in 0..ctx.len() {
            let next = ctx.shape(i)?;
            shape = match (shape.rank(), next.rank()) {
                (_, Some(0)) => shape,
                (Some(0), _) => next.clone(),
                _ => shape
                    .merge(next)
                    .ok_or_else(|| Error::invalid_argument(format!("strings of shape {shape} and of shape {next}")))?,
            };
        }
        let unknown = (0..ctx.len()).any(|i| ctx.shape(i).is_ok_and(|shape| shape.rank().is_none()));
        ctx.set(0, if unknown && shape.rank() == Some(0) { PartialShape::unknown() } else { shape })
    },
    kernel: Kernel::Run(|ctx| {
        let separator = ctx.node.attrs().str("separator")?.as_bytes();
        for i in 0..ctx.inputs.len() {
            let input = ctx.inputs.slice::<Vec<u8>>(i)?;
            for (j, out) in ctx.outputs.slice::<Vec<u8>>(0)?.iter_mut().enumerate() {
                if i == 0 {
                    out.clear();
                } else {
                    out.extend_from_slice(separator);
                }
                out.extend_from_slice(&input[if input.len() == 1 { 0 } else { j }]);
            }
        }
        if ctx.inputs.is_empty() {
            ctx.outputs.slice::<Vec<u8>>(0)?.fill(Vec::new());
        }
        Ok(())
    }),
    grad: Grad::Stop("text is not smooth"),
    flags: Flags::PURE,
};

/// The dimensions that `list` names, each once.
fn dimensions(list: &[i64], rank: usize) -> Result<Vec<usize>> {
    let mut found = Vec::with_capacity(list.len());
    for &axis in list {
        let axis = resolve_axis(axis, rank)?;
        if found.contains(&axis) {
            return Err(Error::invalid_argument(format!("dimension {axis} is there twice")));
        }
        found.push(axis);
    }
    Ok(found)
}

fn infer_reduce(ctx: &mut InferCtx) -> Result<()> {
    let keep = ctx.attrs().bool("keep_dims")?;
    if ctx.shape(1)?.rank().is_some_and(|rank| rank > 1) {
        return Err(Error::invalid_argument(format!("a list of dimensions of shape {}", ctx.shape(1)?)));
    }
    let Some(dims) = ctx.shape(0)?.dims() else { return ctx.set(0, PartialShape::unknown()) };
    let Some(list) = ctx.known_integers(1)? else {
        let kept = if keep { PartialShape::unknown_of_rank(dims.len()) } else { PartialShape::unknown() };
        return ctx.set(0, kept);
    };
    let joined = dimensions(&list, dims.len())?;
    let kept = dims.iter().enumerate().filter_map(|(axis, n)| match joined.contains(&axis) {
        true => keep.then_some(Some(1)),
        false => Some(*n),
    });
    ctx.set(0, PartialShape::new(kept))
}

fn run_reduce(ctx: &mut KernelCtx) -> Result<()> {
    let x = ctx.inputs.shape(0)?.clone();
    let joined = dimensions(&ctx.inputs.value(1)?.integers()?, x.rank())?;
    let separator = ctx.node.attrs().str("separator")?.as_bytes();
    let kept: Vec<usize> = (0..x.rank()).filter(|axis| !joined.contains(axis)).collect();
    let sizes = |axes: &[usize]| axes.iter().map(|&axis| x[axis]).collect::<Vec<usize>>();
    // The first one named is walked first.
    let walk: Vec<usize> = joined.into_iter().rev().collect();
    let (kept_sizes, walk_sizes) = (sizes(&kept), sizes(&walk));
    if kept_sizes.iter().product::<usize>() != ctx.outputs.shape(0)?.num_elements()? {
        return Err(Error::invalid_argument(format!("strings of shape {x} do not make {}", ctx.outputs.shape(0)?)));
    }
    let strings = ctx.inputs.slice::<Vec<u8>>(0)?;
    let mut index = vec![0; x.rank()];
    for (i, out) in ctx.outputs.slice::<Vec<u8>>(0)?.iter_mut().enumerate() {
        out.clear();
        kept.iter().zip(coordinates(i, &kept_sizes)).for_each(|(&axis, at)| index[axis] = at);
        for j in 0..walk_sizes.iter().product() {
            walk.iter().zip(coordinates(j, &walk_sizes)).for_each(|(&axis, at)| index[axis] = at);
            if j > 0 {
                out.extend_from_slice(separator);
            }
            out.extend_from_slice(&strings[flat_position(&index, &x)]);
        }
    }
    Ok(())
}

pub(super) static REDUCE_JOIN: OpDef = OpDef {
    sig: Sig::new(
        "ReduceJoin(inputs: string, reduction_indices: int32) -> (output: string) \
         where keep_dims: bool = false, separator: string = ''",
    ),
    infer: infer_reduce,
    kernel: Kernel::Run(run_reduce),
    grad: Grad::Stop("text is not smooth"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OpTest, build_error};
    use crate::value::Value;

    fn strings<const N: usize>(texts: [&str; N]) -> Value {
        Value::vector(texts.map(|text| text.as_bytes().to_vec()).to_vec())
    }

    #[test]
    fn joins_are_whole() {
        OpTest::new(|x| vec![string_join([x[0], x[1]]), string_join_args([x[1], x[1]]).separator(", ").build()])
            .inputs([strings(["a", "b"]), Value::scalar(b"x".to_vec())])
            .expect([strings(["ax", "bx"]), Value::scalar(b"x, x".to_vec())])
            .run();
        let grid = strings(["a", "b", "c", "d", "e", "f"]).reshaped([2, 3]).unwrap_or(Value::scalar(0));
        OpTest::new(|x| {
            vec![
                reduce_join(x[0]),
                reduce_join_args(x[0]).axis(0).separator("-").build(),
                reduce_join_args(x[0]).axis([0, 1]).keepdims(true).build(),
            ]
        })
        .inputs([grid])
        .expect([
            Value::scalar(b"abcdef".to_vec()),
            strings(["a-d", "b-e", "c-f"]),
            strings(["adbecf"]).reshaped([1, 1]).unwrap_or(Value::scalar(0)),
        ])
        .run();
        assert!(
            build_error(|| string_join([["a", "b"].as_slice(), &["c"; 3]])).contains("of shape [2] and of shape [3]")
        );
        assert!(build_error(|| reduce_join_args(["a"]).axis([0, -1]).build()).contains("dimension 0 is there twice"));
    }
}
