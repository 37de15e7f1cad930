//! The branches of conditions ↔ how meta graphs write them. TF: `CondContextDef`.

use super::context::{CondContext, Seen};
use crate::error::{Error, Result};
use crate::format::control_flow::{CondContextDef, ControlFlowContextDef, Ctxt, ValuesDef};
use crate::graph::{Graph, Tensor};

impl CondContext {
    /// How a meta graph writes the branch. TF: `context.to_proto()`.
    pub fn to_proto(&self) -> CondContextDef {
        let nested = |inner: CondContext| ControlFlowContextDef { ctxt: Some(Ctxt::CondCtxt(inner.to_proto())) };
        let seen = self.seen();
        let mut values: Vec<String> = seen.values.iter().map(|value| value.name()).collect();
        values.sort_unstable();
        let external_values = seen.external.iter().map(|(from, to)| (from.name(), to.name())).collect();
        CondContextDef {
            context_name: self.name().to_owned(),
            pred_name: self.pred().name(),
            pivot_name: self.pivot().name(),
            branch: self.branch() as i32,
            values_def: Some(ValuesDef { values, external_values }),
            nested_contexts: self.nested().into_iter().map(nested).collect(),
        }
    }

    /// The branch that `def` writes, its names under the scope `import_scope`; the nodes that it names belong to it.
    /// TF: `CondContext.from_proto`. An error if one of its names is not in the graph, or if there is a loop inside.
    pub fn from_proto(graph: &Graph, def: &CondContextDef, import_scope: &str) -> Result<CondContext> {
        let full =
            |name: &str| if import_scope.is_empty() { name.to_owned() } else { format!("{import_scope}/{name}") };
        let tensor = |name: &str| graph.get_tensor_by_name(&full(name));
        let (pred, pivot) = (tensor(&def.pred_name)?, tensor(&def.pivot_name)?);
        let taken = match def.branch {
            0 | 1 => def.branch as u32,
            other => return Err(Error::invalid_argument(format!("a condition has no branch {other}"))),
        };
        let mut seen = Seen::default();
        for (from, to) in def.values_def.iter().flat_map(|values| &values.external_values) {
            seen.external.insert(tensor(from)?, tensor(to)?);
        }
        for value in def.values_def.iter().flat_map(|values| &values.values) {
            seen.values.insert(tensor(value)?);
        }
        let own: Vec<Tensor> =
            seen.values.iter().filter(|value| !seen.external.contains_key(*value)).copied().collect();
        let context = CondContext::restored(graph, full(&def.context_name).into(), [pred, pivot], taken, seen);
        own.into_iter().for_each(|value| graph.set_context(value.node, &context.context()));
        let _inside = graph.enter_context(&context.context());
        for nested in &def.nested_contexts {
            match &nested.ctxt {
                Some(Ctxt::CondCtxt(inner)) => drop(CondContext::from_proto(graph, inner, import_scope)?),
                _ => return Err(Error::unimplemented("a loop inside a condition")),
            }
        }
        Ok(context)
    }
}
