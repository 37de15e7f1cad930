//! The name scope of a function that builds several nodes.

use crate::error::Error;
use crate::graph::{Graph, ScopeGuard, Tensor, get_default_graph, here};
use crate::op::{Arg, OpDef};

/// An open name scope, in which the last node may be named as the scope itself. Its graph is the default graph meanwhile,
/// and what is built in it counts as built on the user's line.
pub(crate) struct Scope {
    name: String,
    graph: Graph,
    _open: [ScopeGuard; 2],
}

impl Scope {
    /// Opens the scope `name`, made unique, in the graph of the first tensor among `args` or else the default graph.
    #[track_caller]
    pub(crate) fn open(args: &[&Arg], name: &str) -> Scope {
        let args: Vec<Arg> = args.iter().map(|&arg| arg.clone()).collect();
        let graph = Arg::graph_of(&args).unwrap_or_else(|_| get_default_graph());
        let name = format!("{}/", graph.scope_name(name));
        Scope { _open: [graph.scope(&name), graph.as_default()], graph, name }
    }

    /// Its graph.
    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Records why the function cannot build what it is asked for, and gives the silent stand-in of its result.
    #[track_caller]
    pub(crate) fn fail(&self, error: Error) -> Tensor {
        self.graph.record(error.at(self.name.trim_end_matches('/'), Some(here())));
        Tensor::poisoned(&self.graph)
    }

    /// The full name of the node that is called as the scope is.
    pub(crate) fn itself(&self) -> &str {
        &self.name
    }
}

/// A node of `op` inside a scope `name` of its own.
#[track_caller]
pub(crate) fn scoped<const N: usize>(op: &'static OpDef, name: &str, args: [Arg; N]) -> Tensor {
    let _scope = Scope::open(&args.each_ref(), name);
    op.call(args).single()
}

/// Records in the default graph why `function` cannot build its nodes; a silent stand-in for its result.
#[track_caller]
pub(crate) fn refuse(function: &str, error: Error) -> Tensor {
    let line = here();
    let graph = get_default_graph();
    graph.record(error.at(function, Some(line)));
    Tensor::poisoned(&graph)
}
