//! One run of a plan: steps become ready as their inputs finish; heavy ones become tasks, cheap ones run where they
//! became ready.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::Scope;
use smallvec::SmallVec;

use super::memory::Buffers;
use super::plan::{Input, Plan, Run, Step};
use crate::error::{Error, Result};
use crate::graph::Fact;
use crate::op::{Inputs, KernelCtx, Outputs, Resources, Slot, infer_outputs};
use crate::shape::Shape;
use crate::value::Value;

/// The state of one run.
pub(super) struct Execution<'a> {
    plan: &'a Plan,
    resources: &'a Resources,
    buffers: &'a Buffers,
    /// Each value with the number of reads it waits for.
    values: Vec<Mutex<(Slot, u32)>>,
    /// How many steps each step still waits for.
    waits: Vec<AtomicU32>,
    done: AtomicUsize,
    tasks: AtomicUsize,
    most_tasks: usize,
    failed: AtomicBool,
    /// The error of the earliest step that failed.
    error: Mutex<Option<(u32, Error)>>,
}

impl<'a> Execution<'a> {
    pub(super) fn new(plan: &'a Plan, resources: &'a Resources, buffers: &'a Buffers, threads: usize) -> Self {
        Execution {
            plan,
            resources,
            buffers,
            values: plan.uses.iter().map(|&uses| Mutex::new((Slot::Empty, uses))).collect(),
            waits: plan.steps.iter().map(|step| AtomicU32::new(step.waits)).collect(),
            done: AtomicUsize::new(0),
            tasks: AtomicUsize::new(0),
            // More than a few waiting tasks could nest on a thread's stack while it waits for a kernel's parts.
            most_tasks: 2 * threads,
            failed: AtomicBool::new(false),
            error: Mutex::new(None),
        }
    }

    /// Runs all steps and gives the fetched values.
    pub(super) fn run(self, feeds: Vec<Value>) -> Result<Vec<Value>> {
        for (value, &place) in feeds.into_iter().zip(&self.plan.feeds) {
            self.put(place, Slot::Value(value));
        }
        if self.plan.parallel {
            rayon::scope(|scope| self.work(&self.plan.first, Some(scope)));
        } else {
            self.work(&self.plan.first, None);
        }
        if let Some((_, error)) = self.error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        if self.done.into_inner() != self.plan.steps.len() {
            return Err(Error::internal("the run ended before all of its steps"));
        }
        let values = &self.values;
        self.plan.fetches.iter().map(|&place| read(take(values, place)).and_then(only_value)).collect()
    }

    /// Runs `ready` steps and those that become ready by them, the earliest first.
    fn work<'s>(&'s self, ready: &[u32], scope: Option<&Scope<'s>>) {
        let mut ready: BinaryHeap<Reverse<u32>> = ready.iter().copied().map(Reverse).collect();
        while let Some(Reverse(index)) = ready.pop() {
            if self.failed.load(Ordering::Acquire) {
                return;
            }
            let Some(step) = self.plan.steps.get(index as usize) else { return };
            // A heavy step leaves the rest to another thread before it starts.
            if let (true, Some(scope), Some(_)) = (step.heavy, scope, ready.peek()) {
                if self.tasks.fetch_add(1, Ordering::AcqRel) < self.most_tasks {
                    let rest: Vec<u32> = std::mem::take(&mut ready).into_iter().map(|Reverse(i)| i).collect();
                    scope.spawn(move |scope| {
                        self.work(&rest, Some(scope));
                        self.tasks.fetch_sub(1, Ordering::AcqRel);
                    });
                } else {
                    self.tasks.fetch_sub(1, Ordering::AcqRel);
                }
            }
            if let Err(error) = self.step(step) {
                let error = error.retitled(step.info.op.name()).at(&step.info.name, Some(step.location));
                self.fail(index, error);
                return;
            }
            self.done.fetch_add(1, Ordering::AcqRel);
            for &next in &step.followers {
                let waits = &self.waits[next as usize];
                if waits.fetch_sub(1, Ordering::AcqRel) == 1 {
                    ready.push(Reverse(next));
                }
            }
        }
    }

    fn fail(&self, index: u32, error: Error) {
        self.failed.store(true, Ordering::Release);
        let mut first = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|(earlier, _)| index < *earlier) {
            *first = Some((index, error));
        }
    }

    fn step(&self, step: &Step) -> Result<()> {
        let inputs = step.inputs.iter().map(|input| self.input(input)).collect::<Result<SmallVec<[Slot; 4]>>>()?;
        let shapes = match output_shapes(step, &inputs) {
            Ok(shapes) => shapes,
            Err(error) => return Err(error.note(described(&inputs))),
        };
        let mut ctx = KernelCtx {
            node: &step.info,
            inputs: Inputs(inputs),
            outputs: Outputs {
                slots: step.info.output_types.iter().map(|_| Slot::Empty).collect(),
                types: &step.info.output_types,
                shapes,
                memory: self.buffers,
            },
            resources: self.resources,
        };
        let result = catch_unwind(AssertUnwindSafe(|| match &step.run {
            Run::Fn(run) => run(&mut ctx),
            Run::Made(run) => run(&mut ctx),
        }));
        match result {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error.note(described(&ctx.inputs.0))),
            Err(_) => return Err(Error::internal("the kernel panicked: this is a bug").note(described(&ctx.inputs.0))),
        }
        let KernelCtx { inputs, outputs, .. } = ctx;
        for slot in inputs.0 {
            self.release(slot);
        }
        for (place, slot) in (step.outputs..).zip(outputs.slots) {
            if matches!(slot, Slot::Empty) {
                return Err(Error::internal("the kernel left an output empty"));
            }
            self.put(place, slot);
        }
        Ok(())
    }

    fn input(&self, input: &Input) -> Result<Slot> {
        let slot = take(&self.values, input.value);
        if input.read { read(slot) } else { Ok(slot) }
    }

    fn put(&self, place: u32, slot: Slot) {
        let Some(value) = self.values.get(place as usize) else { return };
        let mut value = value.lock().unwrap_or_else(PoisonError::into_inner);
        if value.1 > 0 {
            value.0 = slot;
        } else {
            drop(value);
            self.release(slot);
        }
    }

    /// A value that is not needed any more gives its memory to later steps.
    fn release(&self, slot: Slot) {
        if let Slot::Value(value) = slot {
            self.buffers.recycle(value);
        }
    }
}

/// The value at `place`: itself for its last reader, a share of it for others.
fn take(values: &[Mutex<(Slot, u32)>], place: u32) -> Slot {
    let Some(value) = values.get(place as usize) else { return Slot::Empty };
    let mut value = value.lock().unwrap_or_else(PoisonError::into_inner);
    value.1 = value.1.saturating_sub(1);
    if value.1 == 0 { std::mem::take(&mut value.0) } else { value.0.clone() }
}

/// The value of a variable as it is now; any other slot as it is.
fn read(slot: Slot) -> Result<Slot> {
    match slot {
        Slot::Variable(cell) => cell.read().map(Slot::Value),
        slot => Ok(slot),
    }
}

fn only_value(slot: Slot) -> Result<Value> {
    match slot {
        Slot::Value(value) => Ok(value),
        _ => Err(Error::internal("a fetched output has no value")),
    }
}

/// "inputs: float32 [100,784], int32 [2]"
fn described(inputs: &[Slot]) -> String {
    let inputs: Vec<String> = inputs
        .iter()
        .map(|slot| match slot {
            Slot::Value(value) => format!("{} {}", value.dtype(), value.shape()),
            Slot::Variable(cell) => format!("variable '{}'", cell.name()),
            Slot::Empty => "(used up)".to_owned(),
        })
        .collect();
    format!("inputs: {}", inputs.join(", "))
}

/// The shapes of the outputs: as planned if the inputs are, else inferred from what arrived.
fn output_shapes(step: &Step, inputs: &[Slot]) -> Result<SmallVec<[Option<Shape>; 2]>> {
    if let Some(planned) = &step.shapes {
        let as_planned = inputs.iter().zip(&planned.inputs).all(|(slot, shape)| match slot {
            Slot::Value(value) => value.shape() == shape,
            _ => true,
        });
        if as_planned {
            return Ok(planned.outputs.iter().cloned().map(Some).collect());
        }
    }
    let fact = |(slot, input): (&Slot, &Input)| match slot {
        Slot::Value(value) => Fact::of(value),
        _ => input.fact.clone(),
    };
    let facts: SmallVec<[Fact; 4]> = inputs.iter().zip(&step.inputs).map(fact).collect();
    let outputs = infer_outputs(step.info.op, &step.info.attrs, &facts)?;
    Ok(outputs.iter().map(|fact| fact.shape.known()).collect())
}
