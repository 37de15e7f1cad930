//! Graph ↔ GraphDef, the same for all operations.

mod attrs;
mod import;
mod source;

pub(crate) use attrs::{attr_values, constant_attr, shape_proto};
pub use source::{GraphSource, ImportArgs, ImportOptions, Imported, import_graph_def, import_graph_def_args};

use std::sync::{Mutex, PoisonError};

use crate::error::Result;
use crate::format::proto::{FunctionDefLibrary, GraphDef, NodeDef, VersionDef};
use crate::graph::{Graph, Node, NodeId, Port};

/// Low enough for every TensorFlow 1.x, and accepted by 2.x.
const PRODUCER: i32 = 27;

/// What the files that a graph was made from said besides their nodes.
#[derive(Default)]
struct Origin(Mutex<OriginParts>);

#[derive(Clone, Default)]
struct OriginParts {
    versions: Option<VersionDef>,
    library: Option<FunctionDefLibrary>,
    debug_info: Option<Vec<u8>>,
}

impl Graph {
    /// The graph as TensorFlow writes it. TF: `graph.as_graph_def()`. Errors of building come back here.
    ///
    /// ```
    /// use flowstone as tf;
    /// let _x = tf::placeholder(tf::float32, (None, 3)).named("x");
    /// let def = tf::get_default_graph().as_graph_def()?;
    /// assert_eq!((def.node[0].name.as_str(), def.node[0].op.as_str()), ("x", "Placeholder"));
    /// # Ok::<(), tf::Error>(())
    /// ```
    pub fn as_graph_def(&self) -> Result<GraphDef> {
        self.check()?;
        let origin = self.origin();
        let state = self.lock();
        let name_of = |id: NodeId| state.node(id).map_or("", |node| &*node.name);
        let input = |port: &Port| match port.output {
            0 => name_of(port.node).to_owned(),
            output => format!("{}:{output}", name_of(port.node)),
        };
        let node_def = |node: &Node| {
            let mut controls: Vec<String> = node.controls.iter().map(|id| format!("^{}", name_of(*id))).collect();
            controls.sort();
            let remarks = node.remarks.as_deref().cloned().unwrap_or_default();
            Ok(NodeDef {
                name: node.name.to_string(),
                op: node.op.to_string(),
                input: node.inputs.iter().map(input).chain(controls).collect(),
                device: node.device.to_string(),
                attr: attr_values(&node.attrs)?,
                experimental_debug_info: remarks.debug_info,
                experimental_type: remarks.full_type,
            })
        };
        Ok(GraphDef {
            node: state.nodes().iter().map(node_def).collect::<Result<_>>()?,
            library: origin.library,
            version: 0,
            versions: Some(origin.versions.unwrap_or_else(|| VersionDef { producer: PRODUCER, ..Default::default() })),
            debug_info: origin.debug_info,
        })
    }

    /// A graph with the nodes of `def`. See [`import_graph_def`](Graph::import_graph_def).
    #[track_caller]
    pub fn from_graph_def(def: &GraphDef) -> Result<Graph> {
        let graph = Graph::new();
        graph.import_graph_def(def, ImportOptions::default())?;
        Ok(graph)
    }

    fn origin(&self) -> OriginParts {
        let origin = self.extension::<Origin>();
        origin.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers what `def` says besides its nodes. A graph of several origins is as old as the oldest of them.
    fn add_origin(&self, def: &GraphDef, is_first: bool) {
        let origin = self.extension::<Origin>();
        let mut parts = origin.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = parts.versions.clone().map_or(PRODUCER, |versions| versions.producer);
        let producer = producer(def);
        parts.versions = match (is_first, &def.versions) {
            (true, Some(versions)) => Some(versions.clone()),
            (true, None) => Some(VersionDef { producer, ..Default::default() }),
            (false, _) => Some(VersionDef { producer: producer.min(own), ..Default::default() }),
        };
        if let Some(library) = &def.library {
            let all = parts.library.get_or_insert_default();
            merge(&mut all.function, &library.function);
            merge(&mut all.gradient, &library.gradient);
            merge(&mut all.registered_gradients, &library.registered_gradients);
        }
        if is_first {
            parts.debug_info = def.debug_info.clone();
        }
    }
}

/// The version of TensorFlow's graphs that `def` was written for.
fn producer(def: &GraphDef) -> i32 {
    def.versions.as_ref().map_or(def.version, |versions| versions.producer)
}

/// Appends what is not there yet.
fn merge(all: &mut Vec<Vec<u8>>, more: &[Vec<u8>]) {
    for item in more {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
}
