//! Cases of single operations, a file for each script of `golden/ops/`, and what these recorded.

use std::collections::BTreeMap;
use std::io::Read;

use flowstone as tf;
use tf::IntoTensor;
use tf::format::proto::{GraphDef, NodeDef};

/// A case of a script, written with Flowstone's functions.
pub struct Case {
    pub name: &'static str,
    pub build: fn(&[tf::Tensor]) -> Vec<tf::Tensor>,
    /// The inputs to differentiate by, if not all floating-point ones.
    pub wrt: Option<&'static [usize]>,
}

macro_rules! cases {
    ($($name:literal $([$($wrt:literal)*])? |$x:ident| $ys:expr;)*) => {
        &[$(super::Case { name: $name, build: |$x| $ys.into(), wrt: cases!(@ $([$($wrt),*])?) }),*]
    };
    (@) => { None };
    (@ [$($wrt:literal),*]) => { Some(&[$($wrt),*]) };
}

/// The cases of one script.
pub struct Family {
    pub name: &'static str,
    pub cases: &'static [Case],
}

macro_rules! families {
    ($($family:ident)*) => {
        $(mod $family;)*
        pub static FAMILIES: &[Family] = &[$(Family { name: stringify!($family), cases: $family::CASES }),*];
    };
}

families! {
    apply_ops
    activations
    array_ops
    box_ops
    branch_ops
    array_moves
    array_parts
    classification
    distributions
    check_ops
    cond_ops
    while_ops
    elementwise_ops
    host_side
    image_ops
    layers
    linalg_ops
    loop_grads
    losses
    math_ops
    metrics
    nn_ops
    normalization
    product_ops
    random_ops
    reduce_ops
    rnn
    rows_ops
    sampled
    schedules
    segment_ops
    seq2seq
    sequences
    pictures
    sorting
    state_ops
    training
    string_ops
    summary_ops
    tables
    windows
}

impl Family {
    /// What the script recorded.
    pub fn recorded(&self) -> GraphDef {
        let path = format!("{}/tests/golden/ops/{}.pb.gz", env!("CARGO_MANIFEST_DIR"), self.name);
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
        GraphDef::from_bytes(&bytes).unwrap()
    }
}

/// The nodes of each case, `case.k`.
pub fn by_case(def: &GraphDef) -> BTreeMap<String, Vec<NodeDef>> {
    let mut cases: BTreeMap<String, Vec<NodeDef>> = BTreeMap::new();
    for node in &def.node {
        let (case, _) = node.name.split_once('/').unwrap();
        if !["fed", "expected", "error", "error_fed"].contains(&case) {
            cases.entry(case.to_owned()).or_default().push(node.clone());
        }
    }
    cases
}

/// An operation by its name, for what has no function.
pub fn raw<T: IntoTensor, const N: usize>(op: &str, args: [T; N]) -> Vec<tf::Tensor> {
    tf::ops::lookup(op).unwrap().call(args.map(IntoTensor::into_arg)).build().outputs()
}

/// As [`raw`], with attributes.
pub fn raw_with<T: IntoTensor, const N: usize>(
    op: &str,
    args: [T; N],
    attrs: fn(tf::op::Call) -> tf::op::Call,
) -> Vec<tf::Tensor> {
    attrs(tf::ops::lookup(op).unwrap().call(args.map(IntoTensor::into_arg))).build().outputs()
}
