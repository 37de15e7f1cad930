//! Single operations against TensorFlow: the graphs it builds for them and their gradients, and the values it computes.
//! `golden/make_ops.py` made the cases; see there for the format.
#![allow(clippy::unwrap_used)]

mod golden;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Read;

use flowstone as tf;
use tf::IntoTensor;
use tf::format::proto::{GraphDef, NodeDef};

type Build = fn(&[tf::Tensor]) -> Vec<tf::Tensor>;

/// A case of `make_ops.py`, written with Flowstone's functions.
struct Case {
    name: &'static str,
    build: Build,
    /// The inputs to differentiate by, if not all floating-point ones.
    wrt: Option<&'static [usize]>,
}

/// An operation by its name, for what has no function.
fn raw<T: IntoTensor, const N: usize>(op: &str, args: [T; N]) -> Vec<tf::Tensor> {
    tf::ops::lookup(op).unwrap().call(args.map(IntoTensor::into_arg)).build().outputs()
}

macro_rules! cases {
    ($($name:literal $([$($wrt:literal)*])? |$x:ident| $ys:expr;)*) => {
        &[$(Case { name: $name, build: |$x| $ys.into(), wrt: cases!(@ $([$($wrt),*])?) }),*]
    };
    (@) => { None };
    (@ [$($wrt:literal),*]) => { Some(&[$($wrt),*]) };
}

mod cases;

fn fixture() -> GraphDef {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/ops.pb.gz");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    GraphDef::from_bytes(&bytes).unwrap()
}

/// The nodes of each case, `case.k`.
fn by_case(def: &GraphDef) -> BTreeMap<String, Vec<NodeDef>> {
    let mut cases: BTreeMap<String, Vec<NodeDef>> = BTreeMap::new();
    for node in &def.node {
        let (case, _) = node.name.split_once('/').unwrap();
        if case != "fed" && case != "expected" {
            cases.entry(case.to_owned()).or_default().push(node.clone());
        }
    }
    cases
}

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
    let def = fixture();
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
    let (mut wrong, mut count) = (Vec::new(), 0);
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
    assert!(count > 1000);
    wrong.retain(|line| !VALUES.iter().any(|(part, _)| line.starts_with(part)));
    assert!(wrong.is_empty(), "{} of {count} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Values that differ on purpose, and why.
const VALUES: &[(&str, &str)] =
    &[("max_pool_special.s/MaxPool:0", "the largest of numbers that are all -inf is -inf; TensorFlow says -3.4e38")];

/// Nodes that differ on purpose, and why.
const NODES: &[(&str, &str)] = &[(
    "xent_second.s/gradients_1/xent_second.s/softmax_cross_entropy_with_logits_grad/sub_1",
    "the second derivative of the cross entropy has a term in the labels, which TensorFlow leaves out",
)];

/// Flowstone builds the nodes that TensorFlow builds, for operations and for their first and second derivatives.
#[test]
fn graphs_are_tensorflows_node_for_node() {
    let theirs = by_case(&fixture());
    let cases: BTreeMap<&str, &Case> = cases::CASES.iter().map(|case| (case.name, case)).collect();
    let mut differences = Vec::new();
    for (name, nodes) in &theirs {
        let Some(case) = cases.get(name.rsplit_once('.').unwrap().0) else {
            differences.push(format!("{name} is not built here"));
            continue;
        };
        let graph = tf::Graph::new();
        let _default = graph.as_default();
        build(case, name, nodes);
        match graph.as_graph_def() {
            Ok(ours) => differences.extend(golden::differences(&ours.node, nodes)),
            Err(error) => differences.push(format!("{name}: {error}")),
        }
    }
    differences.retain(|line| !NODES.iter().any(|(part, _)| line.contains(part)));
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

fn build(case: &Case, scope: &str, nodes: &[NodeDef]) {
    let _scope = tf::variable_scope(scope);
    let templates = tf::Graph::from_graph_def(&GraphDef {
        node: nodes.iter().filter(|node| node.op == "Placeholder").cloned().collect(),
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
        if nodes.iter().any(|node| node.name.contains(order)) {
            let variables = if by_variables { tf::trainable_variables() } else { Vec::new() };
            let by = by.iter().copied().chain(variables.iter().map(|v| v.reference()));
            ys = tf::gradients(ys, by.collect::<Vec<_>>()).into_iter().flatten().collect();
        }
    }
}

/// Every operation has a case.
#[test]
fn every_operation_is_judged() {
    let def = fixture();
    let judged: HashSet<&str> = def.node.iter().map(|node| node.op.as_str()).collect();
    // Their values are compared where they are defined; they are not functions of their inputs.
    let exempt = BTreeSet::from(["RandomStandardNormal", "RandomUniform"]);
    let missing: Vec<&str> = (tf::ops::all_built_in().map(tf::OpDef::name))
        .filter(|name| !judged.contains(name) && !exempt.contains(name))
        .collect();
    assert!(missing.is_empty(), "no case has {missing:?}");
}
