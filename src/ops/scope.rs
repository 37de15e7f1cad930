//! The name scope of a function that builds several nodes.

use std::sync::Arc;

use crate::graph::{Graph, ScopeGuard, Tensor, get_default_graph};
use crate::op::Arg;

/// A name scope that is open, in the graph of the arguments, which is the default graph meanwhile.
pub(crate) struct Scope {
    name: Arc<str>,
    pub(crate) graph: Graph,
    _guards: [ScopeGuard; 2],
}

impl Scope {
    /// Opens the scope `name`, made unique; with a closing slash it is a full name as it is.
    #[track_caller]
    pub(crate) fn open(name: &str, args: &[Arg]) -> Self {
        let graph = Arg::graph_of(args).unwrap_or_else(|_| get_default_graph());
        let default = graph.as_default();
        let name = graph.scope_name(name);
        let inside = graph.name_scope(&format!("{name}/"));
        Scope { name, graph, _guards: [inside, default] }
    }

    /// The full name of the scope, which is that of its last node too.
    pub(crate) fn full(&self) -> String {
        format!("{}/", self.name)
    }

    /// Records that the function cannot build what it is asked for; its result is silent.
    #[track_caller]
    pub(crate) fn fail(&self, error: crate::error::Error) -> Tensor {
        self.graph.record(error.at(&self.name, Some(crate::graph::here())));
        Tensor::poisoned(&self.graph)
    }
}
