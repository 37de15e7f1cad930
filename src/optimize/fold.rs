//! Constant folding: what follows from constants and from shapes is computed once, when the plan is made.

use smallvec::SmallVec;

use super::program::{Program, ProgramNode, Source};
use crate::dtype::DType;
use crate::graph::{Attr, Fact, Written};
use crate::op::{
    Branching, Inputs, KernelCtx, Memory, NodeInfo, OutputShapes, Outputs, Resources, Slot, infer_outputs,
};
use crate::shape::Shape;
use crate::sort::sort;
use crate::value::Value;

/// Larger results are left to the run.
const LARGEST: usize = 1 << 10;

/// Replaces by constants what is known before the program runs.
pub(crate) fn fold(program: &mut Program) {
    let Some(constant) = crate::ops::lookup("Const") else { return };
    let mut known: Vec<SmallVec<[Option<Value>; 1]>> = Vec::with_capacity(program.nodes.len());
    for i in 0..program.nodes.len() {
        let node = &program.nodes[i];
        // An edge from what splits says which branch the node lies in.
        let branches = |input: &Source| {
            input.node().is_some_and(|n| program.nodes[n as usize].op.flags.branching == Branching::Splits)
        };
        let values = match node.inputs.iter().any(branches) {
            true => node.outputs.iter().map(|_| None).collect(),
            false => values(node, &known),
        };
        if let [Some(value)] = values.as_slice()
            && node.op.name() != constant.name()
        {
            let fact = Fact::of(value);
            // What the inputs come from may have effects: it still runs before. `clean` drops what has none.
            let before: Vec<u32> = program.nodes[i].inputs.iter().filter_map(|input| input.node()).collect();
            let node = &mut program.nodes[i];
            node.controls.extend(before);
            sort(&mut node.controls);
            node.controls.dedup();
            let attrs = [("dtype", value.dtype().into()), ("value", Attr::Tensor(value.clone(), Written::Bytes))];
            node.attrs = attrs.into_iter().map(|(name, attr)| (name.into(), attr)).collect();
            node.op = constant;
            node.inputs.clear();
            node.outputs = SmallVec::from_iter([fact]);
        }
        known.push(values);
    }
}

/// What is known of the outputs of `node`.
fn values(node: &ProgramNode, known: &[SmallVec<[Option<Value>; 1]>]) -> SmallVec<[Option<Value>; 1]> {
    if node.op.name() == "Const" {
        return SmallVec::from_iter([node.attrs.get("value").and_then(|attr| match attr {
            Attr::Tensor(value, _) if value.len() <= LARGEST => Some(value.clone()),
            _ => None,
        })]);
    }
    if node.op.flags.stateful {
        return node.outputs.iter().map(|_| None).collect();
    }
    let from_shapes: SmallVec<[Option<Value>; 1]> = node.outputs.iter().map(integers).collect();
    if from_shapes.iter().all(Option::is_some) {
        return from_shapes;
    }
    let input = |source: &Source| match *source {
        Source::Output(node, output) => known.get(node as usize)?.get(output as usize)?.clone(),
        Source::Feed(_) => None,
    };
    let small = node.outputs.iter().all(|fact| fact.shape.num_elements().is_some_and(|n| n <= LARGEST));
    let inputs = if node.inputs.is_empty() || !small { None } else { node.inputs.iter().map(input).collect() };
    match inputs.and_then(|inputs| evaluate(node, inputs)) {
        Some(values) => values.into_iter().map(Some).collect(),
        None => from_shapes,
    }
}

/// The integers of an output if inference found all of them.
fn integers(fact: &Fact) -> Option<Value> {
    let shape = fact.shape.known()?;
    let all: Vec<i64> = fact.integers.as_ref()?.iter().copied().collect::<Option<_>>()?;
    match fact.dtype {
        DType::Int64 => Value::new(shape, all).ok(),
        DType::Int32 => {
            let narrow = all.into_iter().map(|i| i32::try_from(i).ok()).collect::<Option<Vec<i32>>>()?;
            Value::new(shape, narrow).ok()
        }
        _ => None,
    }
}

/// Memory for the outputs of a node that runs on its own.
struct Fresh;

impl Memory for Fresh {
    fn allocate(&mut self, _: usize, dtype: DType, shape: &Shape) -> crate::error::Result<Value> {
        Value::zeros(dtype, shape.clone())
    }
}

/// Runs one node; `None` if it fails: then the run is to say so.
fn evaluate(node: &ProgramNode, inputs: Vec<Value>) -> Option<Vec<Value>> {
    let info = NodeInfo {
        op: node.op,
        name: node.name.clone(),
        attrs: node.attrs.clone(),
        output_types: node.outputs.iter().map(|fact| fact.dtype).collect(),
    };
    let facts: SmallVec<[Fact; 4]> = inputs.iter().map(Fact::of).collect();
    let shapes = infer_outputs(node.op, &node.attrs, &facts).ok()?;
    let mut ctx = KernelCtx {
        node: &info,
        inputs: Inputs(inputs.into_iter().map(Slot::Value).collect()),
        outputs: Outputs {
            slots: info.output_types.iter().map(|_| Slot::Empty).collect(),
            types: &info.output_types,
            shapes: OutputShapes::Inferred(shapes.iter().map(|fact| fact.shape.known()).collect()),
            memory: &mut Fresh,
            in_place: false,
        },
        resources: &Resources::default(),
    };
    let run = || info.kernel()?(&mut ctx);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).ok()?.ok()?;
    let value = |slot: Slot| if let Slot::Value(value) = slot { Some(value) } else { None };
    ctx.outputs.slots.into_iter().map(value).collect()
}
