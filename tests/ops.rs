//! Single operations against TensorFlow: the graphs it builds for them and their gradients, the values it computes, and
//! what it refuses. The scripts in `golden/ops/` made the cases; see `cases.py` there for the format.
#![allow(clippy::unwrap_used)]

mod cases;
mod golden;
mod place;

use std::collections::{BTreeMap, BTreeSet};

use cases::{Case, FAMILIES, Family, by_case};
use flowstone as tf;
use tf::format::proto::{GraphDef, NodeDef, VersionDef};

/// Absolute below 1, relative above.
const TOLERANCE: f64 = 2e-6;

fn close(found: &tf::Value, expected: &tf::Value) -> Result<(), String> {
    if (found.dtype(), found.shape()) != (expected.dtype(), expected.shape()) {
        return Err(format!("{found:?}, TensorFlow {expected:?}"));
    }
    let numbers = |v: &tf::Value| -> Vec<f64> {
        match v.dtype() {
            tf::float32 => v.as_slice::<f32>().unwrap().iter().map(|&x| x.into()).collect(),
            _ => v.as_slice::<f64>().unwrap().to_vec(),
        }
    };
    let same = if found.dtype().is_floating() {
        numbers(found).into_iter().zip(numbers(expected)).all(|(f, e)| {
            approx::relative_eq!(f, e, epsilon = TOLERANCE, max_relative = TOLERANCE) || (f.is_nan() && e.is_nan())
        })
    } else {
        found == expected
    };
    if same { Ok(()) } else { Err(format!("\n  {found:?}\n  TensorFlow {expected:?}")) }
}

/// TensorFlow's graphs, run by Flowstone, give TensorFlow's answers.
#[test]
fn tensorflows_graphs_give_tensorflows_values() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for family in FAMILIES {
        count += check_values(family, &mut wrong);
    }
    assert!(count > 1000);
    wrong.retain(|line| !VALUES.iter().any(|(part, _)| line.starts_with(part)));
    assert!(wrong.is_empty(), "{} of {count} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Adds a line to `wrong` for each value that differs. How many there are.
fn check_values(family: &Family, wrong: &mut Vec<String>) -> usize {
    let def = family.recorded();
    let graph = tf::Graph::from_graph_def(&def).unwrap();
    let _default = graph.as_default();
    let tensor = |name: &str| graph.get_tensor_by_name(name).unwrap();
    let names = |prefix: &'static str| def.node.iter().filter_map(move |node| node.name.strip_prefix(prefix));
    let sess = tf::Session().unwrap();
    let fed: Vec<&str> = names("fed/").collect();
    let values: Vec<tf::Tensor> = fed.iter().map(|name| tensor(&format!("fed/{name}:0"))).collect();
    let values = sess.run(values, tf::feed_dict! {}).unwrap();
    let feeds = fed
        .iter()
        .zip(values)
        .fold(tf::Feeds::new(), |feeds, (name, value)| feeds.feed(tensor(&format!("{name}:0")), value));
    let mut count = 0;
    for expected in names("expected/") {
        let (op, output) = expected.rsplit_once('.').unwrap();
        let fetches = (tensor(&format!("{op}:{output}")), tensor(&format!("expected/{expected}:0")));
        count += 1;
        match sess.run(fetches, &feeds) {
            Ok((found, expected)) => {
                wrong.extend(close(&found, &expected).err().map(|e| format!("{op}:{output}: {e}")))
            }
            Err(error) => wrong.push(format!("{op}:{output}: {error}")),
        }
    }
    count
}

/// Values that differ on purpose, and why.
const VALUES: &[(&str, &str)] = &[
    ("max_pool_special.s/MaxPool:0", "the largest of numbers that are all -inf is -inf; TensorFlow says -3.4e38"),
    ("summary_image", "the same pictures, in PNG files that are compressed in another way"),
];

/// Nodes that differ on purpose, and why.
const NODES: &[(&str, &str)] = &[
    (
        "/Identity/ReadVariableOp",
        "what was assigned by a handle is read once, after the assignment, not in the scope of each use",
    ),
    (
        "gather_of_product",
        "rows are made whole in the scope of the gradient that needs all of them, not in that of each operation",
    ),
    (
        "xent_second.s/gradients_1/xent_second.s/softmax_cross_entropy_with_logits_grad/sub_1",
        "the second derivative of the cross entropy has a term in the labels, which TensorFlow leaves out",
    ),
    (".token: ", "functions are counted over all graphs of a process"),
    ("hash_table.shared_name", "tables of lists have names drawn at random"),
    ("norm_second_", "the second derivative of a batch normalization is written down; TensorFlow records a tape"),
];

/// Flowstone builds the nodes that TensorFlow builds, for operations and for their first and second derivatives, and each
/// counts as built on a line of the case.
#[test]
fn graphs_are_tensorflows_node_for_node() {
    let (mut differences, mut strange) = (Vec::new(), Vec::new());
    for family in FAMILIES {
        let theirs = by_case(&family.recorded());
        let ours: BTreeMap<&str, &Case> = family.cases.iter().map(|case| (case.name, case)).collect();
        for (name, nodes) in &theirs {
            let Some(case) = ours.get(name.rsplit_once('.').unwrap().0) else {
                differences.push(format!("{name} is not built here"));
                continue;
            };
            let graph = tf::Graph::new();
            let _default = graph.as_default();
            build(case, name, nodes);
            strange.extend(place::not_built_here(&graph));
            match graph.as_graph_def() {
                Ok(ours) => differences.extend(golden::differences(&ours.node, nodes)),
                Err(error) => differences.push(format!("{name}: {error}")),
            }
        }
    }
    differences.retain(|line| !NODES.iter().any(|(part, _)| line.contains(part)));
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(strange.is_empty(), "{} nodes of lines of ours:\n{}", strange.len(), strange.join("\n"));
}

fn build(case: &Case, scope: &str, nodes: &[NodeDef]) {
    let _scope = tf::variable_scope(scope);
    let templates = tf::Graph::from_graph_def(&GraphDef {
        node: nodes.iter().filter(|node| node.op == "Placeholder").cloned().collect(),
        // Before, a placeholder without dimensions was one of any shape.
        versions: Some(VersionDef { producer: 24, ..Default::default() }),
        ..Default::default()
    })
    .unwrap();
    let leaf = |op: &tf::Operation| {
        let template = op.outputs()[0];
        tf::placeholder(template.dtype().unwrap(), template.shape()).named(op.name().rsplit('/').next().unwrap())
    };
    let xs: Vec<tf::Tensor> = templates.get_operations().iter().map(leaf).collect();
    let floating = |t: &tf::Tensor| t.dtype().is_ok_and(|dtype| dtype.is_floating());
    let by: Vec<tf::Tensor> = match case.wrt {
        None => xs.iter().copied().filter(floating).collect(),
        Some(wrt) => wrt.iter().map(|&i| xs[i]).collect(),
    };
    let by_variables = case.name.starts_with("layer_");
    let mut ys: Vec<tf::Tensor> = (case.build)(&xs).into_iter().filter(floating).collect();
    for order in ["/gradients/", "/gradients_1/"] {
        if case.wrt != Some(&[]) && nodes.iter().any(|node| node.name.contains(order)) {
            let variables = if by_variables { tf::trainable_variables() } else { Vec::new() };
            let by = by.iter().copied().chain(variables.iter().map(|v| v.reference()));
            let gradients = tf::gradients(ys, by.collect::<Vec<_>>());
            ys = gradients.into_iter().flatten().map(tf::Gradient::values).collect();
        }
    }
}

/// What TensorFlow refuses, Flowstone refuses with the same kind of error, while building or while running.
#[test]
fn what_tensorflow_refuses_is_refused() {
    let mut wrong = Vec::new();
    for family in FAMILIES {
        let recorded = family.recorded();
        let constants: Vec<NodeDef> = recorded.node.into_iter().filter(|node| node.name.starts_with("error")).collect();
        let names: Vec<String> =
            constants.iter().filter_map(|node| Some(node.name.strip_prefix("error/")?.into())).collect();
        let graph = tf::Graph::from_graph_def(&GraphDef { node: constants, ..Default::default() }).unwrap();
        let sess = tf::SessionArgs::new().graph(&graph).build().unwrap();
        let constant = |name: String| {
            let tensor = graph.get_tensor_by_name(&name).ok()?;
            Some(sess.run(tensor, tf::feed_dict! {}).unwrap())
        };
        for name in names {
            let kind = constant(format!("error/{name}:0")).unwrap();
            let kind = String::from_utf8(kind.as_slice::<Vec<u8>>().unwrap()[0].clone()).unwrap();
            let fed: Vec<tf::Value> = (0..).map_while(|i| constant(format!("error_fed/{name}/{i}:0"))).collect();
            let Some(case) = family.cases.iter().find(|case| case.name == name) else {
                wrong.push(format!("{name} is not tried here"));
                continue;
            };
            match refuse(case, &fed) {
                Some(error) if format!("{:?}", error.kind()) == kind => {}
                Some(error) => wrong.push(format!("{name}: {:?}, TensorFlow {kind}: {error}", error.kind())),
                None => wrong.push(format!("{name}: no error, TensorFlow {kind}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// The error of `case`, while building or running.
fn refuse(case: &Case, fed: &[tf::Value]) -> Option<tf::Error> {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let xs: Vec<tf::Tensor> = fed.iter().map(|x| tf::placeholder(x.dtype(), x.shape().clone())).collect();
    let ys = (case.build)(&xs);
    let feeds = xs.iter().zip(fed).fold(tf::Feeds::new(), |feeds, (x, value)| feeds.feed(*x, value));
    graph.check().and_then(|()| tf::Session()?.run(ys, feeds)).err()
}

/// Every operation has cases.
#[test]
fn every_operation_is_judged() {
    let mut judged: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for family in FAMILIES {
        for (case, nodes) in by_case(&family.recorded()) {
            for node in nodes {
                judged.entry(node.op).or_default().insert(case.rsplit_once('.').unwrap().0.to_owned());
            }
        }
    }
    let few: Vec<String> = (tf::ops::all_built_in().map(tf::OpDef::name))
        .filter(|name| ![UNCOMPARED, ONLY_RUN, IN_FILES, IN_LOOPS].iter().any(|list| list.contains(name)))
        .map(|name| (name, judged.get(name).map_or(0, BTreeSet::len)))
        .filter(|(_, count)| *count < CASES_EACH)
        .map(|(name, count)| format!("{name}: {count}"))
        .collect();
    assert!(few.is_empty(), "{} operations have fewer than {CASES_EACH} cases: {few:?}", few.len());
}

const CASES_EACH: usize = 5;

/// Not functions of their inputs: their values are compared where they are defined.
const UNCOMPARED: &[&str] = &["RandomStandardNormal", "Timestamp"];

/// What they do is in files: `checkpoints.rs` compares these with TensorFlow's.
const IN_FILES: &[&str] =
    &["SaveV2", "RestoreV2", "MergeV2Checkpoints", "Save", "SaveSlices", "Restore", "RestoreSlice"];

/// They are in gradients of loops, or rare: `loops.rs` runs TensorFlow's and compares.
const IN_LOOPS: &[&str] = &[
    "StackV2",
    "StackPushV2",
    "StackPopV2",
    "StackCloseV2",
    "TensorArrayGradV3",
    "TensorArrayConcatV3",
    "TensorArraySplitV3",
    "TensorArraySizeV3",
    "TensorArrayCloseV3",
];

/// TensorFlow runs them out of old files and builds them no longer; the tests beside them say what they do.
const ONLY_RUN: &[&str] = &[
    "BatchNormWithGlobalNormalization",
    "BatchNormWithGlobalNormalizationGrad",
    "HashTable",
    "InitializeTable",
    "InitializeTableFromTextFile",
    "LookupTableExport",
    "LookupTableFind",
    "LookupTableImport",
    "LookupTableSize",
    "RefExit",
    "RefNextIteration",
    "TopK",
];
