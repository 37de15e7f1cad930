//! Where values lie while a plan runs.
//!
//! Each output whose shape the plan knows gets a planned buffer: the largest first, each in the first buffer that is free
//! as long as it lives (greedy by size: <https://arxiv.org/abs/2001.03288>, section 4). A run borrows the
//! buffers as a [`Frame`] and gives them back, so a steady run allocates nothing. Whose shape only the run
//! knows lies in a buffer of the frame's pool; what is fetched lies in memory of its own, since it outlives the run.

use std::collections::{BTreeMap, HashMap, HashSet};

use smallvec::SmallVec;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Fact;
use crate::op::{FirstInput, Memory, Slot};
use crate::shape::Shape;
use crate::sort::sort_by;
use crate::value::{Home, Value};

/// What a step does with memory.
pub(super) struct Use<'a> {
    pub(super) inputs: SmallVec<[u32; 4]>,
    /// Input 0 is a value rather than a variable.
    pub(super) first_is_value: bool,
    /// The first of its outputs.
    pub(super) outputs: u32,
    pub(super) facts: &'a [Fact],
    pub(super) first: FirstInput,
}

/// Where each value of a plan lies.
pub(super) struct MemoryPlan {
    homes: Vec<Home>,
    /// For each step, whether output 0 takes over the buffer of input 0.
    in_place: Vec<bool>,
    /// The type of each planned buffer and its number of elements.
    buffers: Vec<(DType, usize)>,
}

/// Values that share one buffer, one after the other or as one.
struct Tenant {
    dtype: DType,
    elements: usize,
    /// The first and the last step that needs it.
    from: u32,
    to: u32,
    fetched: bool,
    planned: bool,
}

impl MemoryPlan {
    /// What is fetched lies in memory of the kind `kept`.
    pub(super) fn new(steps: &[Use], values: usize, feeds: usize, fetches: &[u32], kept: Home) -> Self {
        let mut last_use: Vec<u32> = vec![0; values];
        for (i, step) in (0..).zip(steps) {
            step.inputs.iter().for_each(|&value| last_use[value as usize] = i);
        }
        let mut fetched = vec![false; values];
        fetches.iter().for_each(|&fetch| fetched[fetch as usize] = true);

        let mut tenants: Vec<Tenant> = Vec::new();
        let mut tenant_of: Vec<Option<u32>> = vec![None; values];
        let mut in_place = vec![false; steps.len()];
        for (i, step) in (0..).zip(steps) {
            for (o, fact) in (0..).zip(step.facts) {
                let value = (step.outputs + o) as usize;
                let to = last_use[value].max(i);
                let input = step.inputs.first().copied().filter(|_| o == 0 && step.first_is_value);
                let shared = input.and_then(|input| tenant_of[input as usize]);
                match step.first {
                    FirstInput::PassedOn if input.is_some() && shared.is_none() => continue,
                    FirstInput::PassedOn if shared.is_some_and(|t| tenants[t as usize].dtype == fact.dtype) => {
                        tenant_of[value] = shared;
                    }
                    FirstInput::Overwritten if shared.is_some_and(|t| free_at(&tenants[t as usize], i, fact)) => {
                        let others = step.inputs.iter().filter(|input| tenant_of[**input as usize] == shared);
                        if others.count() == 1 && !fetched[value] {
                            tenant_of[value] = shared;
                            in_place[i as usize] = true;
                        }
                    }
                    _ => {}
                }
                if let Some(tenant) = tenant_of[value].map(|t| &mut tenants[t as usize]) {
                    tenant.to = tenant.to.max(to);
                    tenant.fetched |= fetched[value];
                    continue;
                }
                if !fact.is_value() || fact.dtype == DType::String {
                    continue;
                }
                let elements = fact.shape.num_elements();
                tenant_of[value] = Some(tenants.len() as u32);
                tenants.push(Tenant {
                    dtype: fact.dtype,
                    elements: elements.unwrap_or(0),
                    from: i,
                    to,
                    fetched: fetched[value],
                    planned: elements.is_some(),
                });
            }
        }
        debug_assert!(tenant_of.iter().take(feeds).all(Option::is_none));
        let (homes, buffers) = place(&tenants, kept);
        let homes = tenant_of.iter().map(|t| t.map_or(Home::Elsewhere, |t| homes[t as usize])).collect();
        MemoryPlan { homes, in_place, buffers }
    }

    /// Whether output 0 of step `i` takes over the buffer of input 0.
    pub(super) fn in_place(&self, i: usize) -> bool {
        self.in_place.get(i).is_some_and(|yes| *yes)
    }

    /// The bytes of all planned buffers.
    pub(super) fn bytes(&self) -> usize {
        self.buffers.iter().map(|(dtype, n)| bytes(*dtype, *n)).sum()
    }
}

/// Whether step `i` is the last to need `tenant`, and an output like `fact` fills it.
fn free_at(tenant: &Tenant, i: u32, fact: &Fact) -> bool {
    let fits = tenant.dtype == fact.dtype && fact.shape.num_elements() == Some(tenant.elements);
    tenant.planned && !tenant.fetched && tenant.to == i && fits
}

/// A home for each tenant, and the buffers that this takes.
fn place(tenants: &[Tenant], kept: Home) -> (Vec<Home>, Vec<(DType, usize)>) {
    let mut homes: Vec<Home> = tenants.iter().map(|t| if t.fetched { kept } else { Home::Pool }).collect();
    let mut order: Vec<usize> = (0..tenants.len()).filter(|&t| tenants[t].planned && !tenants[t].fetched).collect();
    let rank = |t: usize| (tenants[t].dtype, std::cmp::Reverse(tenants[t].elements), tenants[t].from);
    sort_by(&mut order, |&a, &b| rank(a).cmp(&rank(b)));
    let mut buffers: Vec<(DType, usize)> = Vec::new();
    // The steps in which each buffer of the current type is taken: from → to.
    let mut taken: Vec<BTreeMap<u32, u32>> = Vec::new();
    for t in order {
        let tenant = &tenants[t];
        let of_type = buffers.iter().rposition(|(dtype, _)| *dtype != tenant.dtype).map_or(0, |last| last + 1);
        // Looking at more buffers than this costs more than they hold.
        let candidates = of_type..buffers.len().min(of_type + MOST_CANDIDATES);
        let free = candidates.into_iter().find(|&b| is_free(&taken[b], tenant.from, tenant.to));
        let buffer = free.unwrap_or_else(|| {
            buffers.push((tenant.dtype, tenant.elements));
            taken.push(BTreeMap::new());
            buffers.len() - 1
        });
        taken[buffer].insert(tenant.from, tenant.to);
        homes[t] = Home::Planned(buffer as u32);
    }
    (homes, buffers)
}

const MOST_CANDIDATES: usize = 256;

fn is_free(taken: &BTreeMap<u32, u32>, from: u32, to: u32) -> bool {
    taken.range(..=to).next_back().is_none_or(|(_, &end)| end < from)
}

fn bytes(dtype: DType, elements: usize) -> usize {
    elements.saturating_mul(dtype.size())
}

/// The memory of one run at a time: its values and its buffers.
#[derive(Default)]
pub(super) struct Frame {
    /// Each value of the plan, as long as it is needed.
    pub(super) slots: Vec<Slot>,
    /// The steps that lie in branches that are not taken.
    pub(super) dead: HashSet<u32>,
    buffers: Vec<Option<Value>>,
    /// Buffers of earlier plans, largest last, by type.
    spare: HashMap<DType, Vec<Value>>,
    pool: HashMap<(DType, usize), Vec<Value>>,
    /// The plan for which `buffers` were laid out.
    plan: usize,
    /// The bytes of all buffers.
    held: usize,
}

impl Frame {
    /// Makes the frame ready for the plan with this number.
    pub(super) fn prepare(&mut self, plan: usize, memory: &MemoryPlan) {
        self.slots.clear();
        self.slots.resize_with(memory.homes.len(), Slot::default);
        if self.plan == plan && self.buffers.len() == memory.buffers.len() {
            return;
        }
        for value in self.buffers.drain(..).flatten() {
            self.spare.entry(value.dtype()).or_default().push(value);
        }
        self.spare.values_mut().for_each(|spare| sort_by(spare, |a, b| a.capacity().cmp(&b.capacity())));
        // The plan's largest buffer of a type takes the largest spare one, and so on.
        let spare = &mut self.spare;
        self.buffers.extend(memory.buffers.iter().map(|(dtype, n)| {
            let largest = spare.get_mut(dtype)?.pop()?;
            (largest.capacity() >= *n).then_some(largest)
        }));
        self.plan = plan;
        let unused = self.spare.values().chain(self.pool.values()).flatten();
        self.held = self.buffers.iter().flatten().chain(unused).map(held).sum();
    }

    /// The memory for the outputs of the step whose outputs start at `outputs`.
    pub(super) fn memory<'a>(&'a mut self, plan: &'a MemoryPlan, outputs: u32) -> StepMemory<'a> {
        StepMemory { frame: self, plan, outputs }
    }

    /// Rows `start..start + rows` of `value`, copied into a buffer of the pool.
    pub(super) fn rows_of(&mut self, value: &Value, start: usize, rows: usize) -> Result<Value> {
        let batch = value.shape().first().copied().unwrap_or(1).max(1);
        let row = value.len() / batch;
        let shape: Shape = std::iter::once(rows).chain(value.shape().iter().skip(1).copied()).collect();
        let mut part = self.pooled(value.dtype(), &shape)?;
        dispatch!(value.dtype(), all, T => {
            let from = value.as_slice::<T>()?.get(start * row..(start + rows) * row);
            let from = from.ok_or_else(|| Error::internal("a block of rows is not there"))?;
            part.make_mut::<T>()?.clone_from_slice(from);
            Ok(part)
        })
    }

    fn pooled(&mut self, dtype: DType, shape: &Shape) -> Result<Value> {
        let size = shape.num_elements()?.next_power_of_two();
        if let Some(value) = self.pool.get_mut(&(dtype, size)).and_then(Vec::pop) {
            return value.refilled(shape.clone(), Home::Pool);
        }
        self.held += bytes(dtype, size);
        Value::zeros(dtype, [size])?.refilled(shape.clone(), Home::Pool)
    }

    /// A value that is not needed any more gives its buffer to later steps.
    pub(super) fn release(&mut self, mut value: Value) {
        match value.home() {
            Home::Planned(buffer) if value.has_sole_owner() => {
                if let Some(buffer) = self.buffers.get_mut(buffer as usize) {
                    *buffer = Some(value);
                }
            }
            Home::Pool if value.has_sole_owner() => {
                self.pool.entry((value.dtype(), value.capacity())).or_default().push(value);
            }
            _ => {}
        }
    }

    /// A value that outlives the run takes its buffer along.
    pub(super) fn give_away(&mut self, value: Value) -> Value {
        if matches!(value.home(), Home::Pool) {
            self.held = self.held.saturating_sub(held(&value));
        }
        value.moved_out()
    }

    /// The bytes of all its buffers.
    pub(super) fn held(&self) -> usize {
        self.held
    }
}

fn held(value: &Value) -> usize {
    bytes(value.dtype(), value.capacity())
}

/// Gives the outputs of one step their memory.
pub(super) struct StepMemory<'a> {
    frame: &'a mut Frame,
    plan: &'a MemoryPlan,
    outputs: u32,
}

impl Memory for StepMemory<'_> {
    fn allocate(&mut self, o: usize, dtype: DType, shape: &Shape) -> Result<Value> {
        let n = shape.num_elements()?;
        match self.plan.homes.get(self.outputs as usize + o).copied().unwrap_or_default() {
            home @ Home::Planned(buffer) => {
                let size = self.plan.buffers.get(buffer as usize).map_or(n, |(_, size)| *size);
                let kept = self.frame.buffers.get_mut(buffer as usize).and_then(Option::take);
                if let Some(value) = kept.filter(|value| value.dtype() == dtype && value.capacity() >= n) {
                    return value.refilled(shape.clone(), home);
                }
                self.frame.held += bytes(dtype, size.max(n));
                Value::zeros(dtype, [size.max(n)])?.refilled(shape.clone(), home)
            }
            Home::Pool => self.frame.pooled(dtype, shape),
            Home::Elsewhere => Value::zeros(dtype, shape.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use smallvec::smallvec;

    use super::*;
    use crate::shape::PartialShape;

    fn fact(elements: usize) -> Fact {
        Fact::new(DType::Float32, PartialShape::new([Some(elements)]))
    }

    /// Steps with one output each; step `i` makes value `i + 1`, value 0 is fed.
    fn plan(steps: &[(&[u32], usize, FirstInput)], fetches: &[u32]) -> MemoryPlan {
        let facts: Vec<[Fact; 1]> = steps.iter().map(|step| [fact(step.1)]).collect();
        let use_of = |(i, step): (usize, &(&[u32], usize, FirstInput))| Use {
            inputs: step.0.iter().copied().collect(),
            first_is_value: true,
            outputs: i as u32 + 1,
            facts: &facts[i],
            first: step.2,
        };
        let uses: Vec<Use> = steps.iter().enumerate().map(use_of).collect();
        MemoryPlan::new(&uses, steps.len() + 1, 1, fetches, Home::Elsewhere)
    }

    #[test]
    fn buffers_are_shared_by_values_that_do_not_live_together() {
        use FirstInput::Read;
        let memory = plan(&[(&[0], 100, Read), (&[1], 50, Read), (&[2], 80, Read), (&[3], 10, Read)], &[4]);
        // 80 lies where 100 lay; 50 lives beside both.
        assert_eq!(memory.buffers, [(DType::Float32, 100), (DType::Float32, 50)]);
        let homes = [Home::Elsewhere, Home::Planned(0), Home::Planned(1), Home::Planned(0), Home::Elsewhere];
        assert_eq!(memory.homes, homes, "what is fed and what is fetched lies elsewhere");
        assert_eq!(memory.bytes(), 600);
    }

    #[test]
    fn an_operation_works_in_place_only_where_nobody_else_needs_its_input() {
        use FirstInput::{Overwritten, PassedOn, Read};
        let chain = plan(&[(&[0], 8, Read), (&[1], 8, Overwritten), (&[2], 8, PassedOn), (&[3], 4, Read)], &[4]);
        assert_eq!((chain.in_place(1), chain.buffers.len()), (true, 1));
        assert_eq!(chain.homes[1..4], [Home::Planned(0); 3]);
        let read_again = plan(&[(&[0], 8, Read), (&[1], 8, Overwritten), (&[2, 1], 4, Read)], &[3]);
        assert_eq!((read_again.in_place(1), read_again.buffers.len()), (false, 2));
        let read_twice = plan(&[(&[0], 8, Read), (&[1, 1], 8, Overwritten), (&[2], 4, Read)], &[3]);
        assert!(!read_twice.in_place(1));
        let passed = plan(&[(&[0], 8, Read), (&[1], 8, PassedOn), (&[1], 8, Overwritten), (&[3, 2], 4, Read)], &[4]);
        assert!(!passed.in_place(2), "a later step reads the same elements under another name");
    }

    #[test]
    fn no_two_values_that_live_together_share_a_buffer() {
        // Values of many sizes and lifetimes, by a simple generator.
        let mut state = 7u32;
        let mut next = |n: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % n
        };
        let count = 200;
        let inputs: Vec<SmallVec<[u32; 4]>> = (0..count).map(|i| smallvec![next(i + 1), next(i + 1)]).collect();
        let steps: Vec<(&[u32], usize, FirstInput)> =
            inputs.iter().map(|inputs| (&inputs[..], 1 + next(50) as usize, FirstInput::Read)).collect();
        let memory = plan(&steps, &[count]);
        let last = |value: u32| (0..count).rev().find(|&i| inputs[i as usize].contains(&value)).unwrap_or(value - 1);
        for a in 1..count {
            for b in a + 1..count {
                let together = b - 1 <= last(a);
                assert!(!together || memory.homes[a as usize] != memory.homes[b as usize], "{a} and {b}");
            }
        }
        assert!(memory.buffers.len() < 150, "{}", memory.buffers.len());
    }
}
