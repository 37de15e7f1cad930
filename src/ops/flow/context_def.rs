//! Branches and loops ↔ how meta graphs write them. TF: `CondContextDef`, `WhileContextDef`.

use std::collections::BTreeMap;

use super::context::{CondContext, Seen};
use super::while_context::{Inside, Options, WhileContext};
use crate::error::{Error, Result};
use crate::format::control_flow::{CondContextDef, ControlFlowContextDef, Ctxt, ValuesDef, WhileContextDef};
use crate::graph::{ContextRef, Graph, Tensor};

/// How a file writes the tensors that a context sees.
fn values_def<'a>(
    values: impl Iterator<Item = &'a Tensor>,
    external: impl Iterator<Item = (&'a Tensor, &'a Tensor)>,
) -> ValuesDef {
    let mut values: Vec<String> = values.map(|value| value.name()).collect();
    values.sort();
    let mut external_values = BTreeMap::new();
    external.for_each(|(from, to)| _ = external_values.insert(from.name(), to.name()));
    ValuesDef { values, external_values }
}

/// How a file writes what lies in `context`.
fn nested_defs(context: &ContextRef) -> Vec<ControlFlowContextDef> {
    let def = |inner: &ContextRef| match CondContext::from(inner) {
        Some(branch) => Some(Ctxt::CondCtxt(branch.to_proto())),
        None => Some(Ctxt::WhileCtxt(Box::new(WhileContext::from(inner)?.to_proto()))),
    };
    context.nested().all().iter().map(|inner| ControlFlowContextDef { ctxt: def(inner) }).collect()
}

/// What a context sees: all of it, and what stands inside for what comes from outside.
type Values = (Vec<Tensor>, Vec<(Tensor, Tensor)>);

/// The names of a file in a graph.
struct Names<'a> {
    graph: &'a Graph,
    scope: &'a str,
}

impl Names<'_> {
    fn full(&self, name: &str) -> String {
        if self.scope.is_empty() { name.to_owned() } else { format!("{}/{name}", self.scope) }
    }

    fn tensor(&self, name: &str) -> Result<Tensor> {
        self.graph.get_tensor_by_name(&self.full(name))
    }

    fn values(&self, def: Option<&ValuesDef>) -> Result<Values> {
        let values = def.iter().flat_map(|def| &def.values).map(|name| self.tensor(name)).collect::<Result<_>>()?;
        let pair = |(from, to): (&String, &String)| Ok((self.tensor(from)?, self.tensor(to)?));
        let external = def.iter().flat_map(|def| &def.external_values).map(pair).collect::<Result<_>>()?;
        Ok((values, external))
    }

    /// Lets the nodes of `values` that do not come from outside belong to `context`, and opens what lies in it.
    fn settle(&self, context: &ContextRef, (values, external): Values, nested: &[ControlFlowContextDef]) -> Result<()> {
        let own = values.iter().filter(|value| !external.iter().any(|(from, _)| from == *value));
        own.for_each(|value| self.graph.set_context(value.node, context));
        let _inside = self.graph.enter_context(context);
        for inner in nested {
            match &inner.ctxt {
                Some(Ctxt::CondCtxt(inner)) => drop(CondContext::from_proto(self.graph, inner, self.scope)?),
                Some(Ctxt::WhileCtxt(inner)) => drop(WhileContext::from_proto(self.graph, inner, self.scope)?),
                None => {}
            }
        }
        Ok(())
    }
}

impl CondContext {
    /// How a meta graph writes the branch. TF: `context.to_proto()`.
    pub fn to_proto(&self) -> CondContextDef {
        let seen = self.seen();
        CondContextDef {
            context_name: self.name().to_owned(),
            pred_name: self.pred().name(),
            pivot_name: self.pivot().name(),
            branch: self.branch() as i32,
            values_def: Some(values_def(seen.values.iter(), seen.external.iter())),
            nested_contexts: nested_defs(&self.context()),
        }
    }

    /// The branch that `def` writes, its names under the scope `import_scope`; the nodes that it names belong to it.
    /// TF: `CondContext.from_proto`. An error if one of its names is not in the graph.
    pub fn from_proto(graph: &Graph, def: &CondContextDef, import_scope: &str) -> Result<CondContext> {
        let names = Names { graph, scope: import_scope };
        let of = [names.tensor(&def.pred_name)?, names.tensor(&def.pivot_name)?];
        let taken = match def.branch {
            0 | 1 => def.branch as u32,
            other => return Err(Error::invalid_argument(format!("a condition has no branch {other}"))),
        };
        let values = names.values(def.values_def.as_ref())?;
        let seen = Seen { values: values.0.iter().copied().collect(), external: values.1.iter().copied().collect() };
        let context = CondContext::restored(graph, names.full(&def.context_name).into(), of, taken, seen);
        names.settle(&context.context(), values, &def.nested_contexts)?;
        Ok(context)
    }
}

impl WhileContext {
    /// How a meta graph writes the loop. TF: `context.to_proto()`.
    pub fn to_proto(&self) -> WhileContextDef {
        let (options, inside) = (self.options(), self.inside());
        let name = |tensor: Option<Tensor>| tensor.map(Tensor::name).unwrap_or_default();
        let names = |tensors: &[Tensor]| tensors.iter().map(|tensor| tensor.name()).collect();
        WhileContextDef {
            context_name: self.name().to_owned(),
            parallel_iterations: i32::try_from(options.parallel_iterations).unwrap_or(i32::MAX),
            back_prop: options.back_prop,
            swap_memory: options.swap_memory,
            pivot_name: name(inside.pivot),
            pivot_for_pred_name: name(inside.pivot_for_pred),
            pivot_for_body_name: name(inside.pivot_for_body),
            loop_exit_names: names(&inside.exits),
            loop_enter_names: names(&inside.enters),
            values_def: Some(values_def(inside.values.iter(), inside.external.iter())),
            maximum_iterations_name: name(options.maximum_iterations),
            nested_contexts: nested_defs(&self.context()),
        }
    }

    /// The loop that `def` writes, its names under the scope `import_scope`; the nodes that it names belong to it.
    /// TF: `WhileContext.from_proto`. An error if one of its names is not in the graph.
    pub fn from_proto(graph: &Graph, def: &WhileContextDef, import_scope: &str) -> Result<WhileContext> {
        let names = Names { graph, scope: import_scope };
        let all = |wanted: &[String]| wanted.iter().map(|name| names.tensor(name)).collect::<Result<Vec<Tensor>>>();
        let values = names.values(def.values_def.as_ref())?;
        let inside = Inside {
            values: values.0.iter().copied().collect(),
            external: values.1.iter().copied().collect(),
            pivot_for_pred: Some(names.tensor(&def.pivot_for_pred_name)?),
            pivot_for_body: Some(names.tensor(&def.pivot_for_body_name)?),
            pivot: Some(names.tensor(&def.pivot_name)?),
            enters: all(&def.loop_enter_names)?,
            exits: all(&def.loop_exit_names)?,
        };
        let options = Options {
            parallel_iterations: i64::from(def.parallel_iterations),
            back_prop: def.back_prop,
            swap_memory: def.swap_memory,
            maximum_iterations: match def.maximum_iterations_name.as_str() {
                "" => None,
                name => Some(names.tensor(name)?),
            },
        };
        let context = WhileContext::restored(graph, names.full(&def.context_name).into(), options, inside);
        // The frame is called as the loop is.
        let is_enter = |value: &&Tensor| matches!(value.op().op_type().as_str(), "Enter" | "RefEnter");
        for enter in values.0.iter().filter(is_enter).filter(|_| !import_scope.is_empty()) {
            graph.replace_attr(enter.node, "frame_name", context.name().into());
        }
        names.settle(&context.context(), values, &def.nested_contexts)?;
        Ok(context)
    }
}
