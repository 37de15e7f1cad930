//! Every gradient against differences: the cases of single operations, in float64, along chosen directions.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
mod cases;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cases::{Case, FAMILIES, Family};
use flowstone as tf;
use tf::op::{Branching, Grad};
use tf::{Feeds, Tensor, Value};

const STEP: f64 = 1e-6;

/// Cases that are not smooth where they are tried, or whose gradient is not that of their values, as in TensorFlow.
const APART: &[(&str, &str)] = &[
    ("relu6_far", "a number lies on a corner"),
    ("selu_far", "a number lies on a corner"),
    ("elu_far", "a number lies on a corner"),
    ("moments", "the variance takes the mean for a constant, as in TensorFlow"),
    ("prod_zeros", "the gradient of Cumprod, of which that of Prod is made, does not hold for zeros, as in TensorFlow"),
    ("l2_normalize_zero", "it divides by zero there"),
    ("top_k_equal", "equal numbers change places"),
    ("max_pool_ties", "equal numbers change places"),
    ("pool_v2_ties", "equal numbers change places"),
    ("argmax_ties", "equal numbers change places"),
    ("unsorted_min_fed", "an empty segment is the largest number there is"),
    ("unsorted_max_fed", "an empty segment is the lowest number there is"),
    ("identity", "it has a stop_gradient"),
    ("back_prop", "its loop is told to have no gradient"),
    ("xent_3d", "the old function stops gradients to its labels"),
    ("saturate", "what lies outside of the range is as good as constant; TensorFlow's gradient passes"),
    ("cholesky", "one half of the matrix is read, and the gradient is that of a symmetric one"),
    ("logdet_positive", "one half of the matrix is read, and the gradient is that of a symmetric one"),
    ("rgb_to_hsv", "a pixel has two channels that are the largest"),
    ("rgb_to_hsv_f64", "a pixel has two channels that are the largest"),
    ("rgb_to_hsv_plain", "its pixels have equal channels"),
    ("matrix_diag_part_square", "TensorFlow's gradient of MatrixDiagPartV2 lays its rows out as V3 does"),
];

/// More cases, for operations that are linear or had no smooth case.
const MORE: &[(Case, &[usize])] = &[
    (
        Case {
            name: "avg_pool_of_squares",
            build: |x| vec![tf::nn::avg_pool(x[0] * x[0] * x[0], [1, 2, 2, 1], [1, 1, 1, 1], "SAME")],
            wrt: None,
        },
        &[1, 3, 3, 2],
    ),
    (Case { name: "part_of_cubes", build: |x| vec![(x[0] * x[0] * x[0]).at(1..3)], wrt: None }, &[4]),
    (Case { name: "old_gather", build: |x| cases::raw("Gather", [x[0], tf::constant([2, 0, 2])]), wrt: None }, &[3, 2]),
    (
        Case {
            name: "unsorted",
            build: |x| {
                let ids = [1, 0, 1, 2];
                vec![tf::unsorted_segment_max(x[0], ids, 3), tf::unsorted_segment_min(x[0], ids, 3)]
            },
            wrt: None,
        },
        &[4, 2],
    ),
];

/// Operations whose gradients these cases do not reach, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("BatchNormWithGlobalNormalization", "it is only run: the unit tests of its family compare"),
    ("CheckNumerics", "it has state; the gradient passes"),
    ("CheckNumericsV2", "it has state; the gradient passes"),
    ("Print", "it has state; the gradient passes"),
    ("ReadVariableOp", "it has state; the gradient passes"),
    ("ResourceGather", "it has state; the gradient is that of Gather"),
    ("RefEnter", "it has state; the same rule as Enter"),
    ("RefExit", "it has state; the same rule as Exit"),
    ("RefNextIteration", "it has state; the same rule as NextIteration"),
    ("TensorArrayReadV3", "its flow is float32: TensorFlow's values are compared"),
    ("TensorArrayWriteV3", "its flow is float32: TensorFlow's values are compared"),
    ("TensorArrayGatherV3", "its flow is float32: TensorFlow's values are compared"),
    ("TensorArrayScatterV3", "its flow is float32: TensorFlow's values are compared"),
    ("TensorArrayConcatV3", "its flow is float32: TensorFlow's values are compared"),
    ("TensorArraySplitV3", "its flow is float32: TensorFlow's values are compared"),
    ("RefSwitch", "it has state; the same rule as Switch"),
    ("RefMerge", "it has state; the same rule as Merge"),
    ("PreventGradient", "asking is an error"),
    ("ParallelDynamicStitch", "the same rule as DynamicStitch"),
    ("TopK", "the same rule as TopKV2"),
    ("MaxPoolGradGrad", "linear: it is part of a third derivative"),
    ("ResizeBicubic", "it gives float32: the unit tests of its family compare"),
    ("ResizeBilinear", "it gives float32: the unit tests of its family compare"),
    ("LRN", "float32 only: the unit tests of its family compare"),
    ("FusedBatchNorm", "float32 only: the unit tests of its family compare"),
    ("FusedBatchNormV2", "float32 only: the unit tests of its family compare"),
    ("FusedBatchNormV3", "float32 only: the unit tests of its family compare"),
    ("FusedBatchNormGrad", "float32 only: the unit tests of its family compare"),
    ("FusedBatchNormGradV2", "float32 only: the unit tests of its family compare"),
    ("FusedBatchNormGradV3", "float32 only: the unit tests of its family compare"),
];

/// Some numbers between -1 and 1, the same each time.
fn uneven(n: usize, from: usize) -> Vec<f64> {
    (0..n).map(|i| ((i + 1) as f64 * 0.7 + from as f64 * 1.3).sin()).collect()
}

fn wide(value: &Value) -> Value {
    match value.dtype() {
        tf::float32 => {
            let all = value.as_slice::<f32>().unwrap().iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
            Value::new(value.shape().clone(), all).unwrap()
        }
        _ => value.clone(),
    }
}

/// What the script fed to each case.
fn fed(family: &Family) -> Vec<(String, Vec<Value>)> {
    let recorded = family.recorded();
    let graph = tf::Graph::from_graph_def(&recorded).unwrap();
    let sess = tf::Session::new(&graph).unwrap();
    let mut all: Vec<(String, Vec<Value>)> = Vec::new();
    for node in &recorded.node {
        let Some(name) = node.name.strip_prefix("fed/") else { continue };
        let (case, _) = name.split_once('/').unwrap();
        let value = sess.run(format!("{}:0", node.name), tf::feed_dict! {}).unwrap();
        match all.last_mut().filter(|(last, _)| last == case) {
            Some((_, values)) => values.push(value),
            None => all.push((case.to_owned(), vec![value])),
        }
    }
    all
}

enum Outcome {
    /// It does not build in float64, or its values are not smooth numbers.
    Unfit,
    Agrees(BTreeSet<String>),
    Differs(String),
}

fn compare(case: &Case, fed: &[Value]) -> Outcome {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let values: Vec<Value> = fed.iter().map(wide).collect();
    let xs: Vec<Tensor> = values.iter().map(|v| tf::placeholder(v.dtype(), v.shape().clone())).collect();
    // Some cases need float32 and give up in the middle.
    let Ok(ys) = catch_unwind(AssertUnwindSafe(|| (case.build)(&xs))) else { return Outcome::Unfit };
    let ys: Vec<Tensor> = ys.into_iter().filter(|y| y.dtype().is_ok_and(|d| d == tf::float64)).collect();
    let by: Vec<usize> = match case.wrt {
        Some(wrt) => wrt.to_vec(),
        None => (0..xs.len()).filter(|&i| values[i].dtype() == tf::float64).collect(),
    };
    let operations = graph.get_operations();
    let stateful = |op: &tf::Operation| {
        let flags = |def: &tf::OpDef| (def.flags.stateful, def.flags.fills, def.flags.branching);
        let has_state = |def: &tf::OpDef| flags(def) == (true, false, Branching::Follows);
        op.op_type() != "Placeholder" && tf::ops::lookup(&op.op_type()).is_some_and(has_state)
    };
    // What goes through float32 is too coarse for such small steps.
    if operations.iter().flat_map(|op| op.outputs()).any(|t| t.dtype().is_ok_and(|dtype| dtype == tf::float32)) {
        return Outcome::Unfit;
    }
    if graph.check().is_err() || ys.is_empty() || by.is_empty() || operations.iter().any(stateful) {
        return Outcome::Unfit;
    }
    let sess = tf::SessionArgs::new().threads(1).build().unwrap();
    let run = |fetch: &[Tensor], at: &[Value]| -> tf::Result<Vec<Value>> {
        let feeds = xs.iter().zip(at).fold(Feeds::new(), |feeds, (x, v)| feeds.feed(*x, v.clone()));
        sess.run(fetch, feeds)
    };
    let (mut ys, mut reached) = (ys, BTreeSet::new());
    for order in 1..=2 {
        let operations: Vec<String> = graph.get_operations().iter().map(|op| op.op_type()).collect();
        let found = match run(&ys, &values) {
            Ok(found) => found,
            Err(_) => break,
        };
        let loss = weighted(&ys, &found);
        let gradients = tf::gradients(loss, by.iter().map(|&i| xs[i]).collect::<Vec<Tensor>>());
        if graph.check().is_err() || gradients.iter().all(Option::is_none) {
            break;
        }
        let gradients: Vec<Option<Tensor>> = gradients.iter().map(|g| g.map(tf::identity)).collect();
        for direction in 0..2 {
            let moved = |step: f64| moved(&values, &by, direction, step);
            let number = |at: &[Value]| Some(run(&[loss], at).ok()?[0].item::<f64>().unwrap());
            let (Some(above), Some(below)) = (number(&moved(STEP)), number(&moved(-STEP))) else {
                return Outcome::Unfit;
            };
            let numeric = (above - below) / (2.0 * STEP);
            let mut analytic = 0.0;
            for ((k, &i), gradient) in by.iter().enumerate().zip(&gradients) {
                let Some(gradient) = gradient else { continue };
                let Ok(dx) = run(&[*gradient], &values) else { return Outcome::Unfit };
                let d = uneven(values[i].len(), 7 * direction + k);
                analytic += dx[0].as_slice::<f64>().unwrap().iter().zip(d).map(|(g, d)| g * d).sum::<f64>();
            }
            if !numeric.is_finite() || !analytic.is_finite() {
                return Outcome::Unfit;
            }
            if (numeric - analytic).abs() > 1e-5 + 1e-3 * numeric.abs().max(analytic.abs()) {
                let name = case.name;
                return Outcome::Differs(format!("{name}, order {order}: {analytic}, by differences {numeric}"));
            }
        }
        reached.extend(operations);
        ys = gradients.into_iter().flatten().collect();
    }
    if reached.is_empty() { Outcome::Unfit } else { Outcome::Agrees(reached) }
}

/// A number that all of `ys`, whose values are `found`, go into.
fn weighted(ys: &[Tensor], found: &[Value]) -> Tensor {
    let part = |(i, (y, value)): (usize, (&Tensor, &Value))| {
        let weights = Value::new(value.shape().clone(), uneven(value.len(), i)).unwrap();
        tf::reduce_sum(*y * tf::constant(weights))
    };
    tf::add_n(ys.iter().zip(found).enumerate().map(part).collect::<Vec<Tensor>>())
}

/// The inputs `by`, a step along a direction.
fn moved(values: &[Value], by: &[usize], direction: usize, step: f64) -> Vec<Value> {
    let mut at = values.to_vec();
    for (k, &i) in by.iter().enumerate() {
        let d = uneven(values[i].len(), 7 * direction + k);
        let moved = values[i].as_slice::<f64>().unwrap().iter().zip(d).map(|(x, d)| x + step * d).collect();
        at[i] = Value::new(values[i].shape().clone(), moved).unwrap();
    }
    at
}

#[test]
fn gradients_are_what_differences_say() {
    let (mut agree, mut wrong) = (0, Vec::new());
    let mut reached: BTreeSet<String> = BTreeSet::new();
    std::panic::set_hook(Box::new(|_| {}));
    let mut judge = |case: &Case, values: &[Value]| match compare(case, values) {
        Outcome::Agrees(operations) => {
            agree += 1;
            reached.extend(operations);
        }
        Outcome::Differs(_) if APART.iter().any(|(apart, _)| case.name.starts_with(apart)) => {}
        Outcome::Differs(what) => wrong.push(what),
        Outcome::Unfit => {}
    };
    for family in FAMILIES {
        let fed = fed(family);
        for case in family.cases.iter().filter(|case| case.wrt != Some(&[])) {
            let values = fed.iter().find(|(name, _)| name.rsplit_once('.').unwrap().0 == case.name);
            if let Some((_, values)) = values {
                judge(case, values);
            }
        }
    }
    for (case, shape) in MORE {
        judge(case, &[Value::new(*shape, uneven(shape.iter().product(), 3)).unwrap()]);
    }
    drop(std::panic::take_hook());
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), agree + wrong.len(), wrong.join("\n"));
    let differentiable = |op: &&'static tf::OpDef| matches!(op.grad, Grad::Rule(_) | Grad::Rows(_));
    let forgotten: Vec<&str> = tf::ops::all_built_in()
        .filter(differentiable)
        .map(tf::OpDef::name)
        .filter(|name| !reached.contains(*name) && !ELSEWHERE.iter().any(|(known, _)| known == name))
        .collect();
    assert!(forgotten.is_empty(), "{agree} cases agree; {} operations are not reached: {forgotten:?}", forgotten.len());
}
