//! Which steps of sequences count: kept beside a tensor, as Keras does, and handed from layer to layer.

use crate::graph::{Graph, Tensor};

/// The collection of tensors with their masks.
const MASKS: &str = "_keras_masks";

/// A tensor with its mask.
#[derive(Clone, Copy)]
struct Masked(Tensor, Tensor);

/// The mask of `x`, if it has one.
pub(crate) fn of(graph: &Graph, x: Tensor) -> Option<Tensor> {
    let all: Vec<Masked> = graph.get_collection(MASKS);
    all.iter().rev().find(|masked| masked.0 == x).map(|masked| masked.1)
}

pub(super) fn set(graph: &Graph, x: Tensor, mask: Tensor) {
    if of(graph, x) != Some(mask) {
        graph.add_to_collection(MASKS, Masked(x, mask));
    }
}
