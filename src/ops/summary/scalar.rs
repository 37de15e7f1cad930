//! ScalarSummary and MergeSummary: numbers, and several summaries as one.

use std::collections::HashSet;

use super::{SUMMARIES, SummaryArgs};
use crate::error::{Error, Result};
use crate::format::summary::{Summary, SummaryValue};
use crate::graph::{Tensor, built_at, get_default_graph, here};
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, OpDef, Sig};
use crate::shape::PartialShape;
use crate::value::Value;

/// A summary of the single number `tensor` under the tag `name`. TF: `tf.summary.scalar`.
///
/// Any number type. The operation is called `name`, made unique in the current scope, and that is the tag. Keyword arguments
/// `family`, which is put in front, and `collections`: `summaries` if not said. Running it gives the bytes of a
/// [`Summary`]. No gradient.
///
/// ```
/// use flowstone as tf;
/// let loss = tf::placeholder(tf::float32, ());
/// tf::summary::scalar("loss", loss);
/// tf::summary::histogram("weights", tf::ones([3]));
/// let all = tf::summary::merge_all().unwrap();
/// let bytes = tf::Session()?.run(all, tf::feed_dict! { loss: 0.5 })?.item::<Vec<u8>>()?;
/// assert_eq!(tf::format::summary::Summary::from_bytes(&bytes)?.value[0].simple_value, Some(0.5));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn scalar(name: &str, tensor: impl IntoTensor) -> Tensor {
    scalar_args(name, tensor).build()
}

/// [`scalar`] with keyword arguments.
pub fn scalar_args(name: &str, tensor: impl IntoTensor) -> SummaryArgs {
    SummaryArgs::new(&SCALAR_SUMMARY, name, tensor.into_arg())
}

/// The summaries `inputs` as one. TF: `tf.summary.merge`.
///
/// Two values under one tag are an error of the run.
#[track_caller]
pub fn merge<T: IntoTensor>(inputs: impl IntoIterator<Item = T>) -> Tensor {
    let inputs = [Arg::list(inputs)];
    let graph = Arg::graph_of(&inputs).unwrap_or_else(|_| get_default_graph());
    let _scope = graph.scope("Merge");
    MERGE_SUMMARY.call(inputs).single()
}

/// All summaries of the default graph as one; `None` if there is none. TF: `tf.summary.merge_all`.
#[track_caller]
pub fn merge_all() -> Option<Tensor> {
    let _line = built_at(here());
    let summaries: Vec<Tensor> = get_default_graph().get_collection(SUMMARIES);
    (!summaries.is_empty()).then(|| merge(summaries))
}

pub(super) static SCALAR_SUMMARY: OpDef = OpDef {
    sig: Sig::new("ScalarSummary(tags: string, values: T) -> (summary: string) where T: number"),
    infer: |ctx| ctx.set(0, PartialShape::scalar()),
    kernel: Kernel::Run(|ctx| {
        let (tags, values) = (ctx.inputs.shape(0)?, ctx.inputs.shape(1)?);
        if tags != values {
            return Err(Error::invalid_argument(format!("tags of shape {tags} for values of shape {values}")));
        }
        let numbers = ctx.inputs.value(1)?.float64s()?;
        let mut summary = Summary::default();
        for (tag, x) in ctx.inputs.slice::<Vec<u8>>(0)?.iter().zip(numbers) {
            summary.value.push(SummaryValue { simple_value: Some(x as f32), ..tagged(tag) });
        }
        ctx.outputs.set(0, Value::scalar(summary.to_bytes()));
        Ok(())
    }),
    grad: Grad::Stop("a summary is text"),
    flags: Flags::PURE,
};

/// A value with nothing but a tag.
pub(super) fn tagged(tag: &[u8]) -> SummaryValue {
    SummaryValue { tag: String::from_utf8_lossy(tag).into_owned(), ..Default::default() }
}

pub(super) static MERGE_SUMMARY: OpDef = OpDef {
    sig: Sig::new("MergeSummary(inputs: N * string) -> (summary: string) where N: int"),
    infer: |ctx| {
        if ctx.is_empty() {
            return Err(Error::invalid_argument("no summaries"));
        }
        ctx.set(0, PartialShape::scalar())
    },
    kernel: Kernel::Run(|ctx| {
        let mut summary = Summary::default();
        for i in 0..ctx.inputs.len() {
            for bytes in ctx.inputs.slice::<Vec<u8>>(i)? {
                summary.value.extend(Summary::from_bytes(bytes)?.value);
            }
        }
        check_tags(&summary)?;
        ctx.outputs.set(0, Value::scalar(summary.to_bytes()));
        Ok(())
    }),
    grad: Grad::Stop("a summary is text"),
    flags: Flags::PURE,
};

/// An error if two values have one tag. Those of `TensorSummary` have none.
fn check_tags(summary: &Summary) -> Result<()> {
    let mut tags = HashSet::new();
    let twice = summary.value.iter().find(|value| !value.tag.is_empty() && !tags.insert(&value.tag));
    twice.map_or(Ok(()), |value| Err(Error::invalid_argument(format!("the tag {} is there twice", value.tag))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn numbers_are_summarized() {
        let bytes = |text: &[u8]| Value::scalar(text.to_vec());
        OpTest::new(|x| {
            let loss = scalar("a loss", x[0]);
            vec![loss, merge([loss, scalar_args("n", x[1]).family("f").build()])]
        })
        .inputs([Value::scalar(1.0f32), Value::scalar(2i64)])
        .expect([
            bytes(b"\n\x0d\n\x06a_loss\x15\0\0\x80?"),
            bytes(b"\n\x0d\n\x06a_loss\x15\0\0\x80?\n\x0c\n\x05f/f/n\x15\0\0\0@"),
        ])
        .run();
    }
}
