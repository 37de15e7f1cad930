//! TensorSummary and TensorSummaryV2: whole arrays, and text.

use super::Place;
use super::scalar::tagged;
use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::format::proto::{Dim, TensorProto, TensorShapeProto};
use crate::format::summary::{PluginData, Summary, SummaryMetadata, SummaryValue};
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, OpDef, Sig};
use crate::shape::PartialShape;
use crate::value::{Bytes, Value};
use prost::Message;

/// A summary of the whole array `tensor` under the tag `name`. TF: `tf.summary.tensor_summary`.
///
/// Any data type and shape. Keyword arguments `display_name`, the title, `summary_description`, what it is about, and those
/// of [`scalar`](super::scalar). No gradient.
#[track_caller]
pub fn tensor_summary(name: &str, tensor: impl IntoTensor) -> Tensor {
    tensor_summary_args(name, tensor).build()
}

/// [`tensor_summary`] with keyword arguments.
pub fn tensor_summary_args(name: &str, tensor: impl IntoTensor) -> TensorSummaryArgs {
    TensorSummaryArgs { place: Place::new(name), tensor: tensor.into_arg(), metadata: SummaryMetadata::default() }
}

/// A summary of the text `tensor`, of any shape, under the tag `name`. TF: `tf.summary.text`.
///
/// ```
/// use flowstone as tf;
/// let summary = tf::summary::text("greeting", "hello");
/// let bytes = tf::Session()?.run(summary, tf::feed_dict! {})?.item::<Vec<u8>>()?;
/// let summary = tf::format::summary::Summary::from_bytes(&bytes)?;
/// assert_eq!(summary.value[0].tensor.as_ref().unwrap().string_val, [b"hello"]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn text(name: &str, tensor: impl IntoTensor) -> Tensor {
    let mut args = tensor_summary_args(name, tensor);
    args.metadata.plugin_data = Some(PluginData { plugin_name: "text".into(), content: Vec::new() });
    args.build()
}

/// A [`tensor_summary`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct TensorSummaryArgs {
    place: Place,
    tensor: Arg,
    metadata: SummaryMetadata,
}

impl TensorSummaryArgs {
    /// The title.
    pub fn display_name(mut self, display_name: &str) -> Self {
        self.metadata.display_name = display_name.to_owned();
        self
    }

    /// What it is about.
    pub fn summary_description(mut self, summary_description: &str) -> Self {
        self.metadata.summary_description = summary_description.to_owned();
        self
    }

    /// What stands in front of the tag.
    pub fn family(mut self, family: &str) -> Self {
        self.place.set_family(family);
        self
    }

    /// The collections that the summary is put in; `summaries` if not said.
    pub fn collections<S: Into<String>>(mut self, collections: impl IntoIterator<Item = S>) -> Self {
        self.place.set_collections(collections);
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let (tensor, metadata) = (self.tensor, Value::scalar(self.metadata.encode_to_vec()));
        self.place.build(&tensor.clone(), |tag| TENSOR_SUMMARY_V2.call([tag.into_arg(), tensor, metadata.into_arg()]))
    }
}

/// The message of an array.
fn message(value: &Value) -> Result<TensorProto> {
    let dim = value.shape().iter().map(|&n| Dim { size: n as i64, name: String::new() }).collect();
    let mut proto = TensorProto {
        dtype: value.dtype().code(),
        tensor_shape: Some(TensorShapeProto { dim, unknown_rank: false }),
        ..Default::default()
    };
    match value.dtype() {
        DType::String => proto.string_val = value.as_slice::<Vec<u8>>()?.to_vec(),
        dtype => proto.tensor_content = dispatch!(dtype, plain, T => value.as_slice::<T>().map(T::to_bytes))?,
    }
    Ok(proto)
}

pub(super) static TENSOR_SUMMARY: OpDef = OpDef {
    sig: Sig::new(
        "TensorSummary(tensor: T) -> (summary: string) \
         where T: type, description: string = '', labels: list(string) = [], display_name: string = ''",
    ),
    infer: |ctx| ctx.set(0, PartialShape::scalar()),
    kernel: Kernel::Run(|ctx| {
        let tensor = Some(message(ctx.inputs.value(0)?)?);
        let value = SummaryValue { node_name: ctx.node.name.to_string(), tensor, ..Default::default() };
        ctx.outputs.set(0, Value::scalar(Summary { value: vec![value] }.to_bytes()));
        Ok(())
    }),
    grad: Grad::Stop("a summary is text"),
    flags: Flags::PURE,
};

pub(super) static TENSOR_SUMMARY_V2: OpDef = OpDef {
    sig: Sig::new(
        "TensorSummaryV2(tag: string, tensor: T, serialized_summary_metadata: string) -> (summary: string) \
         where T: type",
    ),
    infer: |ctx| {
        ctx.shape_of_rank(0, 0)?;
        ctx.shape_of_rank(2, 0)?;
        ctx.set(0, PartialShape::scalar())
    },
    kernel: Kernel::Run(|ctx| {
        let (tag, metadata) = (ctx.inputs.value(0)?.item::<Vec<u8>>()?, ctx.inputs.value(2)?.item::<Vec<u8>>()?);
        let metadata = SummaryMetadata::decode(metadata.as_slice())
            .map_err(|e| Error::invalid_argument(format!("this is no SummaryMetadata: {e}")))?;
        let tensor = Some(message(ctx.inputs.value(1)?)?);
        let value = SummaryValue { tensor, metadata: Some(metadata), ..tagged(&tag) };
        ctx.outputs.set(0, Value::scalar(Summary { value: vec![value] }.to_bytes()));
        Ok(())
    }),
    grad: Grad::Stop("a summary is text"),
    flags: Flags::PURE,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn arrays_are_summarized() {
        let bytes = |text: &[u8]| Value::scalar(text.to_vec());
        OpTest::new(|x| vec![text("t", x[0]), tensor_summary_args("ts", x[1]).display_name("n").build()])
            .inputs([Value::scalar(b"hey".to_vec()), [1.0f32, 2.0].into()])
            .expect([
                bytes(b"\n\x18\n\x01tB\t\x08\x07\x12\0B\x03heyJ\x08\n\x06\n\x04text"),
                bytes(b"\n\x1d\n\x02tsB\x12\x08\x01\x12\x04\x12\x02\x08\x02\"\x08\0\0\x80?\0\0\0@J\x03\x12\x01n"),
            ])
            .run();
        OpTest::new(|x| vec![TENSOR_SUMMARY.call([x[0].into_arg()]).single()])
            .inputs([[b"a".to_vec()].into()])
            .expect([bytes(b"\n\x1c:\rTensorSummaryB\x0b\x08\x07\x12\x04\x12\x02\x08\x01B\x01a")])
            .run();
    }
}
