//! Runs TensorFlow's own graphs and compares every number with what TensorFlow computed.
//!
//!     cargo run --release --example replay_graphs -- DIR
//!
//! A folder holds for each graph NAME.pb (the GraphDef), NAME.json (`init` and `train`: operations, `fetches`: tensors,
//! `steps`, `variables`) and NAME.npz (`initial/VARIABLE`, `feed/STEP/TENSOR`, `fetch/STEP/TENSOR`, `final/VARIABLE`).
//! NAME.old.pb is the same program as earlier versions wrote it, with the record of NAME. Prints a line for each graph: how
//! many nodes, what is missing, the largest difference of fetches and of final variables (relative to the largest entry of
//! the array), the time of a step. Ends with 1 if a graph cannot be run or differs.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flowstone as tf;

/// Fetches may differ by this, relative to the largest entry.
const FETCHES: f64 = 1e-5;
/// Variables after the last step.
const VARIABLES: f64 = 1e-4;
/// Those that are stepped by gradients divided by their size: a step for a gradient near zero has any sign. TensorFlow
/// differs from itself by as much when other kernels compute.
const ADAPTIVE: f64 = 6e-2;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("which folder? usage: replay_graphs DIR")?;
    let mut graphs: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map_err(|e| format!("{folder}: {e}"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "pb") && record(path).with_extension("json").exists())
        .collect();
    graphs.sort();
    println!("{:24} {:>6} {:>10} {:>10} {:>12}", "graph", "nodes", "fetches", "variables", "ms a step");
    let mut failed = 0;
    for path in &graphs {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        match replay(path) {
            Ok(report) => {
                let good = report.worst.is_empty();
                failed += usize::from(!good);
                println!(
                    "{name:24} {:>6} {:>10.1e} {:>10.1e} {:>12.3}{}",
                    report.nodes,
                    report.fetches,
                    report.variables,
                    report.step.as_secs_f64() * 1e3,
                    if good { String::new() } else { format!("  DIFFERS: {}", report.worst) }
                );
            }
            Err(error) => {
                failed += 1;
                println!("{name:24} FAILS: {error}");
            }
        }
    }
    println!("{} of {} graphs agree", graphs.len() - failed, graphs.len());
    if failed > 0 || graphs.is_empty() {
        std::process::exit(1);
    }
    Ok(())
}

/// The path of the record, without its ending.
fn record(path: &Path) -> PathBuf {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(name.strip_suffix(".old").unwrap_or(&name))
}

/// What came of one graph.
struct Report {
    nodes: usize,
    fetches: f64,
    variables: f64,
    /// The largest difference that is too large.
    worst: String,
    step: Duration,
}

fn replay(path: &Path) -> Outcome<Report> {
    let graph = tf::Graph::new();
    graph.import_graph_def(path, tf::ImportOptions::default())?;
    let sess = tf::Session::new(&graph)?;
    let recorded = record(path);
    let record: serde_json::Value = serde_json::from_reader(File::open(recorded.with_extension("json"))?)?;
    let arrays: BTreeMap<String, tf::Value> =
        tf::format::npz::read(recorded.with_extension("npz"))?.into_iter().collect();
    let names = |key: &str| -> Vec<String> {
        record[key].as_array().into_iter().flatten().filter_map(|name| Some(name.as_str()?.to_owned())).collect()
    };
    let mut report =
        Report { nodes: graph.len(), fetches: 0.0, variables: 0.0, worst: String::new(), step: Duration::MAX };
    if let Some(init) = record["init"].as_str() {
        sess.run(init, tf::feed_dict! {})?;
    }
    let variables = names("variables");
    for name in &variables {
        if let Some(value) = arrays.get(&format!("initial/{name}")) {
            set_variable(&sess, name, value)?;
        }
    }
    let fetches = names("fetches");
    for step in 0..record["steps"].as_u64().unwrap_or(0) {
        let prefix = format!("feed/{step}/");
        let fed = arrays.iter().filter_map(|(name, value)| Some((name.strip_prefix(&prefix)?, value)));
        let feeds = fed.fold(tf::Feeds::new(), |feeds, (name, value)| feeds.feed(name, value.clone()));
        let wanted: Vec<String> = fetches.iter().cloned().chain(record["train"].as_str().map(String::from)).collect();
        let start = Instant::now();
        let found = sess.run(wanted, &feeds)?;
        report.step = report.step.min(start.elapsed());
        for (name, found) in fetches.iter().zip(&found) {
            let expected = arrays.get(&format!("fetch/{step}/{name}")).ok_or("a fetch was not recorded")?;
            report.see(&format!("{name} in step {step}"), difference(found, expected)?, FETCHES, |r| &mut r.fetches);
        }
    }
    let adaptive = adaptive(&graph);
    for name in &variables {
        if let Some(expected) = arrays.get(&format!("final/{name}")) {
            let found = sess.run(value_of(&graph, name)?, tf::feed_dict! {})?;
            let limit = if adaptive.contains(name) { ADAPTIVE } else { VARIABLES };
            report.see(name, difference(&found, expected)?, limit, |r| &mut r.variables);
        }
    }
    Ok(report)
}

impl Report {
    fn see(&mut self, name: &str, difference: f64, limit: f64, largest: fn(&mut Report) -> &mut f64) {
        *largest(self) = largest(self).max(difference);
        if difference > limit && self.worst.is_empty() {
            self.worst = format!("{name} by {difference:.1e}");
        }
    }
}

/// The variables that are stepped by gradients divided by their size, with what their optimizers keep.
fn adaptive(graph: &tf::Graph) -> HashSet<String> {
    let divides = |op: &tf::Operation| {
        let name = op.op_type();
        name.contains("Apply") && ["Adam", "RMSProp", "Adadelta"].iter().any(|kind| name.contains(kind))
    };
    let steps = graph.get_operations().into_iter().filter(divides);
    steps.flat_map(|op| op.inputs()).map(|input| input.op().name()).collect()
}

/// Gives a variable a value: its initializer is run, with the value fed to it.
fn set_variable(sess: &tf::Session, name: &str, value: &tf::Value) -> Outcome<()> {
    let variable = sess.graph().get_operation_by_name(name)?;
    let assigns = |op: &tf::Operation| {
        matches!(op.op_type().as_str(), "Assign" | "AssignVariableOp")
            && op.inputs().first().map(|t| t.op()) == Some(variable)
    };
    let assign =
        sess.graph().get_operations().into_iter().find(assigns).ok_or_else(|| format!("nothing assigns {name}"))?;
    sess.run(assign, tf::Feeds::new().feed(assign.inputs()[1], value.clone()))?;
    Ok(())
}

/// The tensor that is the value of a variable.
fn value_of(graph: &tf::Graph, name: &str) -> Outcome<tf::Tensor> {
    let variable = graph.get_tensor_by_name(&format!("{name}:0"))?;
    if variable.dtype()? != tf::resource {
        return Ok(variable);
    }
    let reads = |op: &tf::Operation| op.op_type() == "ReadVariableOp" && op.inputs() == [variable];
    let read = graph.get_operations().into_iter().find(reads).ok_or_else(|| format!("nothing reads {name}"))?;
    Ok(read.outputs()[0])
}

/// The largest difference, relative to the largest entry.
fn difference(found: &tf::Value, expected: &tf::Value) -> Outcome<f64> {
    if (found.dtype(), found.shape()) != (expected.dtype(), expected.shape()) {
        return Err(format!(
            "{} {}, TensorFlow {} {}",
            found.dtype(),
            found.shape(),
            expected.dtype(),
            expected.shape()
        )
        .into());
    }
    if !found.dtype().is_floating() {
        return Ok(if found == expected { 0.0 } else { f64::INFINITY });
    }
    let (found, expected) = (numbers(found)?, numbers(expected)?);
    let largest = expected.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let apart = found.iter().zip(&expected).map(|(a, b)| if a.to_bits() == b.to_bits() { 0.0 } else { (a - b).abs() });
    // A NaN on one side only is as far as can be.
    let most = apart.fold(0.0, |most: f64, d| if d.is_nan() { f64::INFINITY } else { most.max(d) });
    Ok(if most == 0.0 { 0.0 } else { most / largest })
}

fn numbers(value: &tf::Value) -> tf::Result<Vec<f64>> {
    match value.dtype() {
        tf::float32 => Ok(value.as_slice::<f32>()?.iter().map(|&x| x.into()).collect()),
        _ => Ok(value.as_slice::<f64>()?.to_vec()),
    }
}
