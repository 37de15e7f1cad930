//! Summaries: what training has to say, as bytes that TensorBoard reads. TF: `tf.summary`.

mod histogram;
mod image;
mod scalar;
mod tensor;

pub use histogram::{histogram, histogram_args};
pub use image::{ImageArgs, image, image_args};
pub use scalar::{merge, merge_all, scalar, scalar_args};
pub use tensor::{TensorSummaryArgs, tensor_summary, tensor_summary_args, text};

use crate::graph::{Graph, Tensor, get_default_graph};
use crate::op::{Arg, Call, OpDef};

pub(super) static OPS: &[&OpDef] = &[
    &histogram::HISTOGRAM_SUMMARY,
    &image::IMAGE_SUMMARY,
    &scalar::MERGE_SUMMARY,
    &scalar::SCALAR_SUMMARY,
    &tensor::TENSOR_SUMMARY,
    &tensor::TENSOR_SUMMARY_V2,
];

/// The collection that summaries are in. TF: `tf.GraphKeys.SUMMARIES`.
pub const SUMMARIES: &str = "summaries";

/// A summary of one tensor under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct SummaryArgs {
    op: &'static OpDef,
    place: Place,
    tensor: Arg,
}

/// What all summaries are told: their name, and which collections they are put in.
pub(crate) struct Place {
    name: String,
    family: Option<String>,
    collections: Option<Vec<String>>,
}

impl Place {
    fn new(name: &str) -> Self {
        Place { name: name.to_owned(), family: None, collections: None }
    }

    fn set_family(&mut self, family: &str) {
        self.family = Some(family.to_owned());
    }

    fn set_collections<S: Into<String>>(&mut self, collections: impl IntoIterator<Item = S>) {
        self.collections = Some(collections.into_iter().map(Into::into).collect());
    }

    /// Builds what `call` makes of the tag under the summary's name, and collects it.
    #[track_caller]
    fn build(self, tensor: &Arg, call: impl FnOnce(&str) -> Call) -> Tensor {
        let graph = Arg::graph_of(std::slice::from_ref(tensor)).unwrap_or_else(|_| get_default_graph());
        let (scope, tag) = names(&graph, &self.name, self.family.as_deref());
        let summary = {
            let _scope = graph.scope(&format!("{scope}/"));
            call(&tag).name(format!("{scope}/")).single()
        };
        for collection in self.collections.unwrap_or_else(|| vec![SUMMARIES.to_owned()]) {
            graph.add_to_collection(&collection, summary);
        }
        summary
    }
}

/// The full name of a summary's node and its tag: its name, and once more its family in front.
#[track_caller]
fn names(graph: &Graph, name: &str, family: Option<&str>) -> (String, String) {
    let name = clean(name);
    let Some(family) = family.map(clean) else {
        let scope = graph.scope_name(&name).to_string();
        return (scope.clone(), scope);
    };
    let scope = graph.scope_name(&format!("{family}/{name}")).to_string();
    let tag = format!("{family}/{scope}");
    (scope, tag)
}

/// `name` without what no name may hold: underscores instead, and no slash in front.
fn clean(name: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || "-/_.".contains(c);
    let clean: String = name.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    clean.trim_start_matches('/').to_owned()
}

impl SummaryArgs {
    fn new(op: &'static OpDef, name: &str, tensor: Arg) -> Self {
        SummaryArgs { op, place: Place::new(name), tensor }
    }

    /// What stands in front of the tag: summaries of one family are shown together.
    pub fn family(mut self, family: &str) -> Self {
        self.place.set_family(family);
        self
    }

    /// The collections that the summary is put in; [`SUMMARIES`] if not said.
    pub fn collections<S: Into<String>>(mut self, collections: impl IntoIterator<Item = S>) -> Self {
        self.place.set_collections(collections);
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let (op, tensor) = (self.op, self.tensor);
        self.place.build(&tensor.clone(), |tag| op.call([crate::op::IntoTensor::into_arg(tag), tensor]))
    }
}
