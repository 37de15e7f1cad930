//! From a handle's [`GraphKey`] to its graph: one table for the process, which keeps no graph alive.

use std::sync::{LazyLock, PoisonError, RwLock, Weak};

use slotmap::SlotMap;

use super::{Graph, Inner};

slotmap::new_key_type! {
    /// Which graph a handle belongs to. Never used again once the graph is gone.
    pub struct GraphKey;
}

static GRAPHS: LazyLock<RwLock<SlotMap<GraphKey, Weak<Inner>>>> = LazyLock::new(|| RwLock::new(SlotMap::with_key()));

/// A key for a graph whose pointer is made from that key.
pub(super) fn insert(pointer: impl FnOnce(GraphKey) -> Weak<Inner>) -> GraphKey {
    GRAPHS.write().unwrap_or_else(PoisonError::into_inner).insert_with_key(pointer)
}

pub(super) fn remove(key: GraphKey) {
    GRAPHS.write().unwrap_or_else(PoisonError::into_inner).remove(key);
}

/// The graph of `key`, if it has an owner still.
pub(super) fn get(key: GraphKey) -> Option<Graph> {
    let graphs = GRAPHS.read().unwrap_or_else(PoisonError::into_inner);
    graphs.get(key)?.upgrade().map(Graph)
}
