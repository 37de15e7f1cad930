//! The scope in which a distribution builds.

use super::graph_of;
use crate::graph::{Graph, ScopeGuard, Tensor, built_at, here};
use crate::ops::scope::Scope;

/// A distribution's scope, which its methods come back to.
#[derive(Clone, Debug)]
pub struct Home {
    graph: Graph,
    name: String,
}

/// A method's scope inside, whose nodes count as built where the method was called.
pub(super) struct Inside {
    _open: [ScopeGuard; 4],
}

impl Home {
    /// The home of what was built in `scope`, `parameter` among it.
    pub(super) fn new(scope: &Scope, parameter: Tensor) -> Self {
        Home { graph: graph_of(parameter), name: scope.itself().to_owned() }
    }

    /// Its name, which ends in a slash.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The scope `method` inside, for as long as the guard lives.
    #[track_caller]
    pub(super) fn open(&self, method: &str) -> Inside {
        let line = built_at(here());
        let default = self.graph.as_default();
        let own = self.graph.scope(&self.name);
        Inside { _open: [self.graph.scope(method), own, default, line] }
    }
}
