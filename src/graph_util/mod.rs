//! Graphs cut down to what is asked of them: parts, graphs whose variables became constants, graphs without what only
//! training needs. TF: `tf.graph_util`.

mod extract;
mod freeze;
mod inference;

pub use extract::extract_sub_graph;
pub use freeze::{FreezeArgs, convert_variables_to_constants, convert_variables_to_constants_args};
pub use inference::{RemoveTrainingNodesArgs, remove_training_nodes, remove_training_nodes_args};

use crate::dtype::DType;
use crate::error::Result;
use crate::format::proto::{NodeDef, attr_value::Value as Proto};
use crate::graph::Graph;
use crate::shape::PartialShape;

/// Operations that hold and change variables.
const VARIABLE_OPS: [&str; 10] = [
    "Assign",
    "AssignAdd",
    "AssignSub",
    "Queue",
    "ScatterAdd",
    "ScatterSub",
    "ScatterUpdate",
    "TruncatedNormal",
    "Variable",
    "VariableV2",
];

/// Whether a node must run on the processor even if there is a graphics card. TF: `tf.graph_util.must_run_on_cpu`.
///
/// Keyword argument: `pin_variables_on_cpu`, whether what holds and changes variables must.
///
/// ```
/// use flowstone as tf;
/// let _steps = tf::constant(3).named("steps");
/// let def = tf::get_default_graph().as_graph_def()?;
/// assert!(tf::graph_util::must_run_on_cpu(&def.node[0]));
/// # Ok::<(), tf::Error>(())
/// ```
pub fn must_run_on_cpu(node: &NodeDef) -> bool {
    must_run_on_cpu_args(node).build()
}

/// [`must_run_on_cpu`] with the keyword argument `pin_variables_on_cpu`.
pub fn must_run_on_cpu_args(node: &NodeDef) -> MustRunOnCpuArgs<'_> {
    MustRunOnCpuArgs { node, pin_variables_on_cpu: false }
}

/// The keyword argument of [`must_run_on_cpu`].
#[must_use = "nothing is said until `build` is called"]
pub struct MustRunOnCpuArgs<'a> {
    node: &'a NodeDef,
    pin_variables_on_cpu: bool,
}

impl MustRunOnCpuArgs<'_> {
    /// Whether what holds and changes variables must run on the processor.
    pub fn pin_variables_on_cpu(mut self, pin: bool) -> Self {
        self.pin_variables_on_cpu = pin;
        self
    }

    /// Whether the node must run on the processor.
    pub fn build(self) -> bool {
        let op = self.node.op.as_str();
        let is = |attr: &str, dtype: DType| data_type(self.node, attr) == Some(dtype);
        if self.pin_variables_on_cpu && VARIABLE_OPS.contains(&op) {
            return true;
        }
        match op {
            "Const" => is("dtype", DType::String) || is("dtype", DType::Int32),
            "DynamicStitch" | "ParallelDynamicStitch" => is("T", DType::Int32),
            "Cast" => is("SrcT", DType::Int32),
            _ => false,
        }
    }
}

/// The data type that the attribute `name` says.
fn data_type(node: &NodeDef, name: &str) -> Option<DType> {
    match node.attr.get(name)?.value {
        Some(Proto::Type(code)) => DType::from_code(code),
        _ => None,
    }
}

/// The shape of the tensor that an input of a `NodeDef` names: `node` or `node:output`.
/// TF: `tf.graph_util.tensor_shape_from_node_def_name`.
///
/// Errors: NotFound if `graph` has no such tensor.
///
/// ```
/// use flowstone as tf;
/// let _x = tf::placeholder(tf::float32, (None, 3)).named("x");
/// let shape = tf::graph_util::tensor_shape_from_node_def_name(&tf::get_default_graph(), "x")?;
/// assert_eq!(shape.to_string(), "[?,3]");
/// # Ok::<(), tf::Error>(())
/// ```
pub fn tensor_shape_from_node_def_name(graph: &Graph, input_name: &str) -> Result<PartialShape> {
    let name = if input_name.contains(':') { input_name.to_owned() } else { format!("{input_name}:0") };
    Ok(graph.get_tensor_by_name(&name)?.shape())
}

/// The node that an input names: without `^` and the number of the output.
fn node_name(input: &str) -> &str {
    let name = input.strip_prefix('^').unwrap_or(input);
    name.split_once(':').map_or(name, |(node, _)| node)
}

/// The nodes that `node` is placed with.
fn colocated(node: &NodeDef) -> impl Iterator<Item = &str> {
    let places = match node.attr.get("_class").and_then(|class| class.value.as_ref()) {
        Some(Proto::List(list)) => list.s.as_slice(),
        _ => &[],
    };
    places.iter().filter_map(|place| std::str::from_utf8(place).ok()).map(|p| p.strip_prefix("loc:@").unwrap_or(p))
}
