//! One run of a plan: its steps in order. Large kernels split their work over the pool; small ones run where they stand.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;

use smallvec::SmallVec;

use super::memory::Frame;
use super::plan::{BlockPlan, Input, LoopPlan, Plan, Run, Step};
use super::trace::{Inside, Watch};
use crate::dispatch;
use crate::error::{Error, Result};
use crate::graph::Fact;
use crate::op::{Branching, Inputs, KernelCtx, OutputShapes, Outputs, Resources, Slot, infer_outputs};
use crate::optimize::Carried;
use crate::shape::Shape;
use crate::value::Value;

/// Runs all steps and gives the fetched values. After an error the frame is not fit for another run.
pub(super) fn run_plan<W: Watch>(
    plan: &Plan,
    resources: &Resources,
    frame: &mut Frame,
    feeds: Vec<Value>,
    watch: &mut W,
) -> Result<Vec<Value>> {
    let fetched = run_steps(plan, resources, frame, feeds.into_iter().map(Slot::Value), watch)?;
    fetched.into_iter().map(|slot| only_value(read(slot)?)).collect()
}

/// Runs all steps and gives what is fetched as it is.
fn run_steps<W: Watch>(
    plan: &Plan,
    resources: &Resources,
    frame: &mut Frame,
    feeds: impl Iterator<Item = Slot>,
    watch: &mut W,
) -> Result<Vec<Slot>> {
    for (place, fed) in frame.slots.iter_mut().zip(feeds) {
        *place = fed;
    }
    for (i, step) in plan.steps.iter().enumerate() {
        if plan.branches && lies_dead(step, frame) {
            leave_out(i, step, frame);
            continue;
        }
        watch
            .begins()
            .and_then(|()| run_step(plan, i, step, resources, frame, watch))
            .map_err(|error| error.retitled(step.info.op.name()).at(&step.info.name, Some(step.location)))?;
        watch.ends(i, step, frame);
    }
    let fetched = plan.fetches.iter().map(|&fetch| frame.slots[fetch as usize].clone()).collect();
    frame.dead.clear();
    for i in 0..frame.slots.len() {
        if let Slot::Value(value) = std::mem::take(&mut frame.slots[i]) {
            frame.release(value);
        }
    }
    Ok(fetched)
}

/// Whether a step lies in a branch that is not taken.
fn lies_dead(step: &Step, frame: &Frame) -> bool {
    let mut inputs = step.inputs.iter().map(|input| matches!(frame.slots[input.value as usize], Slot::Dead));
    match step.info.op.flags.branching {
        Branching::Joins => !step.inputs.is_empty() && inputs.all(|dead| dead),
        _ => inputs.any(|dead| dead) || step.after.iter().any(|&before| frame.dead.contains(&before)),
    }
}

/// Goes past a step that lies in a branch that is not taken.
fn leave_out(i: usize, step: &Step, frame: &mut Frame) {
    for input in step.inputs.iter().filter(|input| input.last) {
        if let Slot::Value(value) = std::mem::take(&mut frame.slots[input.value as usize]) {
            frame.release(value);
        }
    }
    for slot in frame.slots.iter_mut().skip(step.outputs as usize).take(step.output_types().len()) {
        *slot = Slot::Dead;
    }
    frame.dead.insert(i as u32);
}

fn run_step<W: Watch>(
    plan: &Plan,
    i: usize,
    step: &Step,
    resources: &Resources,
    frame: &mut Frame,
    watch: &mut W,
) -> Result<()> {
    let inputs = step.inputs.iter().map(|input| take(frame, input)).collect::<Result<SmallVec<[Slot; 4]>>>()?;
    let shapes = match &step.run {
        Run::Loop(_) => OutputShapes::Inferred(SmallVec::new()),
        _ => output_shapes(step, &inputs).map_err(|error| error.note(described(&inputs)))?,
    };
    let mut ctx = KernelCtx {
        node: &step.info,
        inputs: Inputs(inputs),
        outputs: Outputs {
            slots: step.output_types().iter().map(|_| Slot::Empty).collect(),
            types: step.output_types(),
            shapes,
            memory: &mut frame.memory(&plan.memory, step.outputs),
            in_place: plan.memory.in_place(i),
        },
        resources,
    };
    watch.computes();
    let result = catch_unwind(AssertUnwindSafe(|| match &step.run {
        Run::Kernel(run) => run(&mut ctx),
        Run::Blocks(blocks) => run_blocks(blocks, &mut ctx),
        Run::Loop(whole) => run_loop(whole, &mut ctx, watch),
    }));
    watch.computed();
    let KernelCtx { inputs, outputs, .. } = ctx;
    match result {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(error.note(described(&inputs.0))),
        Err(_) => return Err(Error::internal("the kernel panicked: this is a bug").note(described(&inputs.0))),
    }
    let slots = outputs.slots;
    for (slot, input) in inputs.0.into_iter().zip(&step.inputs) {
        if let (true, Slot::Value(value)) = (input.last, slot) {
            frame.release(value);
        }
    }
    for (place, slot) in (step.outputs as usize..).zip(slots) {
        match slot {
            Slot::Empty => return Err(Error::internal("the kernel left an output empty")),
            slot if plan.used[place] => frame.slots[place] = slot,
            Slot::Value(value) => frame.release(value),
            Slot::Variable(_) | Slot::State(_) | Slot::Dead => {}
        }
    }
    Ok(())
}

/// Runs a plan for one block of rows after the other.
fn run_blocks(blocks: &BlockPlan, ctx: &mut KernelCtx) -> Result<()> {
    let frames = || blocks.frames.lock().unwrap_or_else(PoisonError::into_inner);
    let mut frame = frames().pop().unwrap_or_default();
    let batch = ctx.outputs.shape(0)?.first().copied().unwrap_or(0);
    let mut start = 0;
    while start < batch {
        let (plan, rows) = match &blocks.rest {
            Some(rest) if start + blocks.rows > batch => (rest, batch - start),
            _ => (&blocks.whole, blocks.rows),
        };
        frame.prepare(plan.number, &plan.memory);
        let inputs = (0..ctx.inputs.len()).zip(&blocks.split);
        let feeds = inputs.map(|(i, &split)| {
            let value = ctx.inputs.value(i)?;
            if split { frame.rows_of(value, start, rows) } else { Ok(value.clone()) }
        });
        let feeds = feeds.collect::<Result<Vec<Value>>>()?;
        for (o, part) in run_plan(plan, ctx.resources, &mut frame, feeds, &mut ())?.into_iter().enumerate() {
            dispatch!(part.dtype(), all, T => {
                let part = part.as_slice::<T>()?;
                let from = start * (part.len() / rows);
                ctx.outputs.slice::<T>(o)?.get_mut(from..from + part.len()).map_or_else(
                    || Err(Error::internal("a block of rows does not fit")),
                    |output| {
                        output.clone_from_slice(part);
                        Ok(())
                    },
                )
            })?;
        }
        start += rows;
    }
    frames().push(frame);
    Ok(())
}

/// Runs a plan again and again, as long as anything goes on to the next iteration.
fn run_loop(whole: &LoopPlan, ctx: &mut KernelCtx, watch: &mut dyn Watch) -> Result<()> {
    let frames = || whole.frames.lock().unwrap_or_else(PoisonError::into_inner);
    let mut frame = frames().pop().unwrap_or_default();
    let (inputs, outputs) = (&ctx.inputs.0, &mut ctx.outputs.slots);
    outputs.iter_mut().for_each(|output| *output = Slot::Dead);
    let input = |i: u32| inputs.get(i as usize).cloned().unwrap_or_default();
    let mut last: Option<Vec<Slot>> = None;
    loop {
        frame.prepare(whole.plan.number, &whole.plan.memory);
        let feed = |how: &Carried| match (*how, &last) {
            (Carried::Always(i), _) | (Carried::Once(i), None) | (Carried::On { first: i, .. }, None) => input(i),
            (Carried::On { next, .. }, Some(last)) => last.get(next as usize).cloned().unwrap_or_default(),
            (Carried::Once(_), Some(_)) => Slot::Dead,
            (Carried::Which, _) => Slot::Value(Value::scalar(i32::from(last.is_some()))),
        };
        let feeds: SmallVec<[Slot; 8]> = whole.feeds.iter().map(feed).collect();
        // Now the iteration alone owns what it goes on with.
        drop(last);
        let mut fetched = run_steps(&whole.plan, ctx.resources, &mut frame, feeds.into_iter(), &mut Inside(watch))?;
        for (output, left) in outputs.iter_mut().zip(fetched.drain(whole.carried..)) {
            match left {
                Slot::Dead => {}
                Slot::Value(value) => *output = Slot::Value(frame.give_away(value)),
                left => *output = left,
            }
        }
        if fetched.iter().all(|slot| matches!(slot, Slot::Dead)) {
            break;
        }
        last = Some(fetched);
    }
    frames().push(frame);
    Ok(())
}

/// The value of an input: itself for its last reader, a share of it for others.
fn take(frame: &mut Frame, input: &Input) -> Result<Slot> {
    let slot = &mut frame.slots[input.value as usize];
    let slot = if input.last { std::mem::take(slot) } else { slot.clone() };
    if input.read { read(slot) } else { Ok(slot) }
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
        Slot::Value(value) => Ok(value.moved_out()),
        Slot::Variable(cell) => {
            let name = cell.name();
            Err(Error::invalid_argument(format!("the handle of variable '{name}' is fetched: it is no array")))
        }
        Slot::State(_) => Err(Error::invalid_argument("a handle is fetched: it is no array")),
        Slot::Dead => Err(Error::invalid_argument("what is fetched lies in a branch that was not taken")),
        Slot::Empty => Err(Error::internal("a fetched output has no value")),
    }
}

/// "inputs: float32 [100,784], int32 [2]"
fn described(inputs: &[Slot]) -> String {
    let inputs: Vec<String> = inputs
        .iter()
        .map(|slot| match slot {
            Slot::Value(value) => format!("{} {}", value.dtype(), value.shape()),
            Slot::Variable(cell) => format!("variable '{}'", cell.name()),
            Slot::State(_) => "a handle".to_owned(),
            Slot::Dead => "(of a branch that is not taken)".to_owned(),
            Slot::Empty => "(used up)".to_owned(),
        })
        .collect();
    format!("inputs: {}", inputs.join(", "))
}

/// The shapes of the outputs: as planned if the inputs are, else inferred from what arrived.
fn output_shapes<'a>(step: &'a Step, inputs: &[Slot]) -> Result<OutputShapes<'a>> {
    if let Some(planned) = &step.shapes {
        let as_planned = inputs.iter().zip(&planned.inputs).all(|(slot, shape)| match slot {
            Slot::Value(value) => value.shape() == shape,
            _ => true,
        });
        if as_planned {
            return Ok(OutputShapes::Planned(&planned.outputs));
        }
    }
    let fact = |(slot, input): (&Slot, &Input)| match slot {
        Slot::Value(value) => Fact::of(value),
        _ => input.fact.clone(),
    };
    let facts: SmallVec<[Fact; 4]> = inputs.iter().zip(&step.inputs).map(fact).collect();
    let outputs = infer_outputs(step.info.op, &step.info.attrs, &facts)?;
    let known: SmallVec<[Option<Shape>; 2]> = outputs.iter().map(|fact| fact.shape.known()).collect();
    Ok(OutputShapes::Inferred(known))
}
