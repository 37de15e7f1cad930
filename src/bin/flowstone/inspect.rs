//! `flowstone inspect`.

use std::collections::{BTreeMap, HashSet};

use flowstone::format::meta::{MetaGraphDef, SignatureDef, TensorInfo};
use flowstone::format::proto::{GraphDef, NodeDef, TensorShapeProto, attr_value::Value as Attr};
use flowstone::{DType, Result};
use serde_json::{Value as Json, json};

use crate::arguments::Inspect;
use crate::output::print;
use crate::report::{grouped, size, table};
use crate::source::{Array, Source};

/// Operations that are no result although nobody reads them.
const ASIDE: [&str; 4] = ["Const", "IsVariableInitialized", "ReadVariableOp", "VarIsInitializedOp"];

/// Says what is in a file.
pub fn inspect(arguments: &Inspect) -> Result<()> {
    let path = arguments.path.display();
    let (text, json) = match Source::open(&arguments.path)? {
        Source::Graph(graph) => {
            let facts = GraphFacts::of(&graph);
            (format!("{path}: a graph\n{}", facts.text()), facts.json("graph"))
        }
        Source::Meta(meta) => {
            let (text, json) = meta_graph(&meta);
            (format!("{path}: a meta graph\n{text}"), json)
        }
        Source::Model(model) => {
            let parts: Vec<_> = model.meta_graphs.iter().map(meta_graph).collect();
            let texts: String = parts.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join("\n");
            let graphs: Vec<Json> = parts.into_iter().map(|(_, json)| json).collect();
            (format!("{path}: a saved model\n{texts}"), json!({"kind": "saved model", "meta_graphs": graphs}))
        }
        Source::Arrays(kind, arrays) => {
            (format!("{path}: {kind}\n{}", arrays_text(&arrays)), arrays_json(kind, &arrays))
        }
    };
    if arguments.json { print(&format!("{json:#}\n")) } else { print(&text) }
}

fn totals(arrays: &[Array]) -> (u64, u64) {
    let sum = |of: fn(&Array) -> u64| arrays.iter().map(of).fold(0u64, u64::saturating_add);
    (sum(|array| array.elements), sum(|array| array.bytes))
}

fn rows(arrays: &[Array]) -> Vec<Vec<String>> {
    let row = |a: &Array| vec![a.name.clone(), a.dtype.clone(), a.shape.clone(), grouped(a.bytes), "bytes".to_owned()];
    arrays.iter().map(row).collect()
}

fn arrays_text(arrays: &[Array]) -> String {
    let (elements, bytes) = totals(arrays);
    let count = arrays.len();
    format!("  {count} arrays, {} elements, {}\n{}", grouped(elements), size(bytes), table("Arrays", &rows(arrays)))
}

fn array_list(arrays: &[Array]) -> Vec<Json> {
    let one = |a: &Array| json!({"name": a.name, "dtype": a.dtype, "shape": a.shape, "bytes": a.bytes});
    arrays.iter().map(one).collect()
}

fn arrays_json(kind: &str, arrays: &[Array]) -> Json {
    let (elements, bytes) = totals(arrays);
    json!({"kind": kind, "elements": elements, "bytes": bytes, "arrays": array_list(arrays)})
}

fn meta_graph(meta: &MetaGraphDef) -> (String, Json) {
    let facts = GraphFacts::of(meta.graph_def.as_ref().unwrap_or(&GraphDef::default()));
    let info = meta.meta_info_def.clone().unwrap_or_default();
    let collections: Vec<&String> = meta.collection_def.keys().collect();
    let mut text = facts.text();
    if !info.tags.is_empty() {
        text.push_str(&format!("\nTags: {}\n", info.tags.join(", ")));
    }
    if !info.tensorflow_version.is_empty() {
        text.push_str(&format!("\nWritten by TensorFlow {}\n", info.tensorflow_version));
    }
    text.push_str(&table("Collections", &collections.iter().map(|name| vec![(*name).clone()]).collect::<Vec<_>>()));
    for (name, signature) in &meta.signature_def {
        text.push_str(&table(&format!("Signature {name}"), &signature_rows(signature)));
    }
    let mut json = facts.json("meta graph");
    json["tags"] = json!(info.tags);
    json["tensorflow_version"] = json!(info.tensorflow_version);
    json["collections"] = json!(collections);
    let signature = |(name, of): (&String, &SignatureDef)| {
        (
            name.clone(),
            json!({"method": of.method_name, "inputs": tensors(&of.inputs), "outputs": tensors(&of.outputs)}),
        )
    };
    json["signatures"] = meta.signature_def.iter().map(signature).collect::<serde_json::Map<_, _>>().into();
    (text, json)
}

fn signature_rows(signature: &SignatureDef) -> Vec<Vec<String>> {
    let row = |way: &str, name: &String, info: &TensorInfo| {
        let shape = info.tensor_shape.as_ref().map_or("?".to_owned(), shape_text);
        vec![way.to_owned(), name.clone(), info.name.clone(), dtype_text(info.dtype), shape]
    };
    let inputs = signature.inputs.iter().map(|(name, info)| row("input", name, info));
    inputs.chain(signature.outputs.iter().map(|(name, info)| row("output", name, info))).collect()
}

fn tensors(of: &BTreeMap<String, TensorInfo>) -> Json {
    let one = |(name, info): (&String, &TensorInfo)| {
        let shape = info.tensor_shape.as_ref().map_or("?".to_owned(), shape_text);
        (name.clone(), json!({"tensor": info.name, "dtype": dtype_text(info.dtype), "shape": shape}))
    };
    of.iter().map(one).collect::<serde_json::Map<_, _>>().into()
}

fn dtype_text(code: i32) -> String {
    DType::from_code(code).map_or_else(|| format!("data type {code}"), |dtype| dtype.to_string())
}

fn shape_text(shape: &TensorShapeProto) -> String {
    if shape.unknown_rank {
        return "?".to_owned();
    }
    let dims = shape.dim.iter().map(|dim| if dim.size < 0 { "?".to_owned() } else { dim.size.to_string() });
    format!("[{}]", dims.collect::<Vec<_>>().join(","))
}

/// What is told of a graph.
struct GraphFacts {
    nodes: usize,
    producer: i32,
    functions: usize,
    constants: u64,
    /// How many nodes of each operation, the most frequent first.
    ops: Vec<(String, usize)>,
    /// Those of them that Flowstone does not have.
    missing: Vec<String>,
    inputs: Vec<Array>,
    /// The nodes that nobody reads: names and operations.
    outputs: Vec<(String, String)>,
    variables: Vec<Array>,
}

fn declared(node: &NodeDef) -> Array {
    let attr = |name: &str| node.attr.get(name).and_then(|attr| attr.value.as_ref());
    let code = match attr("dtype") {
        Some(Attr::Type(code)) => *code,
        _ => 0,
    };
    let (shape, elements) = match attr("shape") {
        Some(Attr::Shape(shape)) => {
            let size = |size: i64| u64::try_from(size).unwrap_or(0);
            let elements = shape.dim.iter().map(|dim| size(dim.size)).fold(1u64, u64::saturating_mul);
            (shape_text(shape), if shape.unknown_rank { 0 } else { elements })
        }
        _ => ("?".to_owned(), 0),
    };
    let width = DType::from_code(code).map_or(0, DType::size) as u64;
    Array { name: node.name.clone(), dtype: dtype_text(code), shape, elements, bytes: elements.saturating_mul(width) }
}

impl GraphFacts {
    fn of(graph: &GraphDef) -> GraphFacts {
        let source = |input: &str| {
            let name = input.strip_prefix('^').unwrap_or(input);
            name.split_once(':').map_or(name, |(node, _)| node).to_owned()
        };
        let read: HashSet<String> = graph.node.iter().flat_map(|node| &node.input).map(|input| source(input)).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        graph.node.iter().for_each(|node| *counts.entry(&node.op).or_default() += 1);
        let mut ops: Vec<(String, usize)> = counts.into_iter().map(|(op, n)| (op.to_owned(), n)).collect();
        ops.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let of_op = |names: &[&str]| {
            graph.node.iter().filter(|node| names.contains(&node.op.as_str())).map(declared).collect::<Vec<_>>()
        };
        let constants =
            graph.node.iter().filter(|node| node.op == "Const").map(|node| prost::Message::encoded_len(node) as u64);
        let unread = graph.node.iter().filter(|node| !read.contains(&node.name) && !ASIDE.contains(&node.op.as_str()));
        GraphFacts {
            nodes: graph.node.len(),
            producer: graph.versions.as_ref().map_or(0, |versions| versions.producer),
            functions: graph.library.as_ref().map_or(0, |library| library.function.len()),
            constants: constants.sum(),
            missing: ops
                .iter()
                .filter(|(op, _)| flowstone::ops::lookup(op).is_none())
                .map(|(op, _)| op.clone())
                .collect(),
            ops,
            inputs: of_op(&["Placeholder", "PlaceholderV2", "PlaceholderWithDefault"]),
            outputs: unread.map(|node| (node.name.clone(), node.op.clone())).collect(),
            variables: of_op(&["Variable", "VariableV2", "VarHandleOp"]),
        }
    }

    fn text(&self) -> String {
        let (parameters, bytes) = totals(&self.variables);
        let mut text = format!(
            "  {} nodes of {} operations, {} functions, written by version {}\n  {} variables, {} parameters, {}\n  \
             constants: {}\n",
            self.nodes,
            self.ops.len(),
            self.functions,
            self.producer,
            self.variables.len(),
            grouped(parameters),
            size(bytes),
            size(self.constants)
        );
        text.push_str(&match self.missing.is_empty() {
            true => "  Flowstone has all of its operations\n".to_owned(),
            false => format!("  operations that Flowstone does not have: {}\n", self.missing.join(", ")),
        });
        let inputs = self.inputs.iter().map(|a| vec![a.name.clone(), a.dtype.clone(), a.shape.clone()]);
        text.push_str(&table("Inputs", &inputs.collect::<Vec<_>>()));
        let outputs = self.outputs.iter().map(|(name, op)| vec![name.clone(), op.clone()]);
        text.push_str(&table("Outputs (nodes that nobody reads)", &outputs.collect::<Vec<_>>()));
        text.push_str(&table("Variables", &rows(&self.variables)));
        let ops = self.ops.iter().map(|(op, n)| vec![n.to_string(), op.clone()]);
        text.push_str(&table("Operations", &ops.collect::<Vec<_>>()));
        text
    }

    fn json(&self, kind: &str) -> Json {
        let (parameters, bytes) = totals(&self.variables);
        let input = |a: &Array| json!({"name": a.name, "dtype": a.dtype, "shape": a.shape});
        let output = |(name, op): &(String, String)| json!({"name": name, "op": op});
        json!({
            "kind": kind,
            "nodes": self.nodes,
            "producer": self.producer,
            "functions": self.functions,
            "constant_bytes": self.constants,
            "parameters": parameters,
            "variable_bytes": bytes,
            "ops": self.ops.iter().map(|(op, n)| (op.clone(), json!(n))).collect::<serde_json::Map<_, _>>(),
            "missing_ops": self.missing,
            "inputs": self.inputs.iter().map(input).collect::<Vec<_>>(),
            "outputs": self.outputs.iter().map(output).collect::<Vec<_>>(),
            "variables": array_list(&self.variables),
        })
    }
}
