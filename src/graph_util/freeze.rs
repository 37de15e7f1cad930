//! Variables become constants.

use super::extract::{extract_sub_graph, missing, places};
use super::node_name;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::format::proto::{AttrValue, GraphDef, NodeDef, attr_value::Value as Proto};
use crate::graph_def::constant_attr;
use crate::session::{Feeds, Session};
use crate::sort::map;
use crate::value::Value;

/// What `output_node_names` need of a graph, with each variable as a constant that has the variable's value in `sess`.
/// TF: `tf.graph_util.convert_variables_to_constants`.
///
/// Keyword arguments: `variable_names_whitelist` (only these become constants) and `variable_names_blacklist` (these do
/// not).
///
/// Errors: NotFound if an output is not in the graph, FailedPrecondition if a variable has no value yet, Unimplemented
/// if a variable goes into a function.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, [2]).named("x");
/// tf::identity(x * tf::Variable([2.0, 3.0])).named("y");
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// let def = tf::get_default_graph().as_graph_def()?;
/// let frozen = tf::graph_util::convert_variables_to_constants(&sess, &def, &["y"])?;
///
/// let graph = tf::Graph::from_graph_def(&frozen)?;
/// let x = graph.get_tensor_by_name("x:0")?;
/// let y = tf::Session::new(&graph)?.run("y:0", tf::feed_dict! { x: [1.0, 1.0] })?;
/// assert_eq!(y.as_slice::<f32>()?, [2.0, 3.0]);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn convert_variables_to_constants(
    sess: &Session,
    input_graph_def: &GraphDef,
    output_node_names: &[&str],
) -> Result<GraphDef> {
    convert_variables_to_constants_args(sess, input_graph_def, output_node_names).build()
}

/// [`convert_variables_to_constants`] with keyword arguments.
pub fn convert_variables_to_constants_args<'a>(
    sess: &'a Session,
    input_graph_def: &'a GraphDef,
    output_node_names: &'a [&'a str],
) -> FreezeArgs<'a> {
    FreezeArgs { sess, input_graph_def, output_node_names, whitelist: None, blacklist: &[] }
}

/// The keyword arguments of [`convert_variables_to_constants`].
#[must_use = "nothing is converted until `build` is called"]
pub struct FreezeArgs<'a> {
    sess: &'a Session,
    input_graph_def: &'a GraphDef,
    output_node_names: &'a [&'a str],
    whitelist: Option<&'a [&'a str]>,
    blacklist: &'a [&'a str],
}

impl<'a> FreezeArgs<'a> {
    /// The only variables that become constants.
    pub fn variable_names_whitelist(mut self, names: &'a [&'a str]) -> Self {
        self.whitelist = Some(names);
        self
    }

    /// Variables that do not become constants.
    pub fn variable_names_blacklist(mut self, names: &'a [&'a str]) -> Self {
        self.blacklist = names;
        self
    }

    /// The graph with constants.
    pub fn build(self) -> Result<GraphDef> {
        let part = extract_sub_graph(self.input_graph_def, self.output_node_names)?;
        let variables: Vec<usize> = (0..part.node.len()).filter(|&i| self.is_wanted(&part.node[i])).collect();
        let values =
            self.sess.run(variables.iter().map(|&i| reader(&part.node[i])).collect::<Vec<_>>(), Feeds::default())?;
        let mut freezing = Freezing::new(&part)?;
        for (&variable, value) in variables.iter().zip(&values) {
            freezing.freeze(variable, value)?;
        }
        let (node, axes) = (freezing.nodes, freezing.axes);
        Ok(GraphDef { node: node.into_iter().chain(axes).collect(), ..part })
    }

    fn is_wanted(&self, node: &NodeDef) -> bool {
        let name = node.name.as_str();
        let is_variable = matches!(node.op.as_str(), "Variable" | "VariableV2" | "VarHandleOp");
        let is_listed = self.whitelist.is_none_or(|list| list.contains(&name)) && !self.blacklist.contains(&name);
        is_variable && is_listed
    }
}

/// The tensor that gives a variable's value.
fn reader(variable: &NodeDef) -> String {
    match variable.op.as_str() {
        "VarHandleOp" => format!("{}/Read/ReadVariableOp:0", variable.name),
        _ => format!("{}:0", variable.name),
    }
}

/// A graph whose variables are being replaced.
struct Freezing<'a> {
    before: &'a GraphDef,
    /// Who reads each node: the reader, and as which of its inputs.
    readers: Vec<Vec<(usize, usize)>>,
    nodes: Vec<NodeDef>,
    /// Constants that come at the end: the axes of gathers.
    axes: Vec<NodeDef>,
}

impl<'a> Freezing<'a> {
    fn new(before: &'a GraphDef) -> Result<Self> {
        let places = places(before);
        let mut readers = vec![Vec::new(); before.node.len()];
        for (reader, node) in before.node.iter().enumerate() {
            for (index, input) in node.input.iter().enumerate().filter(|(_, input)| !input.starts_with('^')) {
                let source = *places.get(node_name(input)).ok_or_else(|| missing(&node.name, input))?;
                readers[source].push((reader, index));
            }
        }
        Ok(Freezing { before, readers, nodes: before.node.clone(), axes: Vec::new() })
    }

    /// Makes a constant of a variable, and of those who read its handle those who read a value.
    fn freeze(&mut self, variable: usize, value: &Value) -> Result<()> {
        let dtype = type_attr(value.dtype().code());
        let name = self.before.node[variable].name.clone();
        let attrs = vec![("dtype", dtype.clone()), ("value", constant_attr(value)?)];
        self.nodes[variable] = node(&name, "Const", attrs);
        let mut next = self.readers[variable].clone();
        let mut seen = vec![false; self.nodes.len()];
        while let Some((reader, index)) = next.pop() {
            if std::mem::replace(&mut seen[reader], true) {
                continue;
            }
            if self.convert(reader, index, &dtype)? {
                next.extend(&self.readers[reader]);
            }
        }
        Ok(())
    }

    /// Changes one reader of a variable; says whether it passes the variable on.
    fn convert(&mut self, reader: usize, index: usize, dtype: &AttrValue) -> Result<bool> {
        let before = &self.before.node[reader];
        match before.op.as_str() {
            "Enter" | "Exit" | "Identity" | "NextIteration" | "Switch" | "_SwitchN" => {
                if index != 0 {
                    let message = format!("input {index} of '{}' ({}) is a variable", before.name, before.op);
                    return Err(Error::invalid_argument(message));
                }
                let attr = &mut self.nodes[reader].attr;
                attr.insert("T".into(), dtype.clone());
                attr.remove("_output_shapes");
                return Ok(true);
            }
            "ReadVariableOp" => self.nodes[reader] = placed(before, "Identity", 1, vec![("T", attr(before, "dtype")?)]),
            "ResourceGather" => self.convert_gather(reader)?,
            "ResourceGatherNd" => {
                let attrs = vec![("Tparams", attr(before, "dtype")?), ("Tindices", attr(before, "Tindices")?)];
                self.nodes[reader] = placed(before, "GatherNd", 2, attrs);
            }
            op @ ("Case"
            | "PartitionedCall"
            | "StatefulPartitionedCall"
            | "If"
            | "StatelessIf"
            | "While"
            | "StatelessWhile") => {
                let message = format!("a variable goes into a function: '{}' is a {op}", before.name);
                return Err(Error::unimplemented(message));
            }
            _ => (),
        }
        Ok(false)
    }

    fn convert_gather(&mut self, reader: usize) -> Result<()> {
        let before = &self.before.node[reader];
        if let Some(Proto::I(dims @ 1..)) = before.attr.get("batch_dims").and_then(|attr| attr.value.as_ref()) {
            let message = format!("'{}' has batch_dims = {dims}; only 0 can become a constant", before.name);
            return Err(Error::invalid_argument(message));
        }
        let (dtype, indices) = (attr(before, "dtype")?, attr(before, "Tindices")?);
        let axis_name = format!("{}/axis", before.name);
        let zero = match indices.value {
            Some(Proto::Type(code)) if code == DType::Int64.code() => Value::scalar(0i64),
            _ => Value::scalar(0i32),
        };
        let attrs = vec![("Tparams", dtype), ("Tindices", indices.clone()), ("Taxis", indices.clone())];
        let mut gather = placed(before, "GatherV2", 2, attrs);
        gather.input.push(axis_name.clone());
        self.nodes[reader] = gather;
        self.axes.push(node(&axis_name, "Const", vec![("dtype", indices), ("value", constant_attr(&zero)?)]));
        Ok(())
    }
}

fn type_attr(code: i32) -> AttrValue {
    AttrValue { value: Some(Proto::Type(code)) }
}

fn attr(node: &NodeDef, name: &str) -> Result<AttrValue> {
    let found = node.attr.get(name).cloned();
    found.ok_or_else(|| Error::invalid_argument(format!("'{}' ({}) has no attribute '{name}'", node.name, node.op)))
}

fn node(name: &str, op: &str, attrs: Vec<(&str, AttrValue)>) -> NodeDef {
    let attr = map(attrs.into_iter().map(|(name, value)| (name.to_owned(), value)));
    NodeDef { name: name.to_owned(), op: op.to_owned(), attr, ..Default::default() }
}

/// Another operation where `before` stood, with the first `inputs` of its inputs.
fn placed(before: &NodeDef, op: &str, inputs: usize, attrs: Vec<(&str, AttrValue)>) -> NodeDef {
    let mut after = node(&before.name, op, attrs);
    after.input = before.input.iter().take(inputs).cloned().collect();
    if let Some(class) = before.attr.get("_class") {
        after.attr.insert("_class".into(), class.clone());
    }
    after
}
