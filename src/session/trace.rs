//! Looking on while a plan runs: what each step took, and whether the run takes too long.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prost::Message;
use smallvec::SmallVec;

use super::memory::Frame;
use super::plan::{Plan, Signature, Step};
use super::{Feeds, Fetch, Session};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::format::proto::{GraphDef, NodeDef};
use crate::format::trace::{
    AllocationDescription, DeviceStepStats, NodeExecStats, NodeOutput, RunMetadata, StepStats, TensorDescription,
};
use crate::graph::Graph;
use crate::graph_def::{attr_values, shape_proto};
use crate::op::Slot;
use crate::shape::Shape;

/// The one device there is.
const DEVICE: &str = "/job:localhost/replica:0/task:0/device:CPU:0";
const ALLOCATOR: &str = "cpu";

/// How one run is done. TF: `tf.RunOptions`.
///
/// ```
/// use flowstone as tf;
/// let options = tf::RunOptions { trace_level: tf::RunOptions::FULL_TRACE, ..Default::default() };
/// assert_eq!(options.timeout_in_ms, 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// Whether it is measured what each node takes.
    pub trace_level: TraceLevel,
    /// After so many milliseconds the run ends with an error, between two operations; 0 is never.
    pub timeout_in_ms: i64,
    /// Whether the metadata say what was run, after all rewriting.
    pub output_partition_graphs: bool,
    /// As in TensorFlow, and without effect: operations of a run are executed one after another.
    pub inter_op_thread_pool: i32,
    /// As in TensorFlow, and without effect.
    pub report_tensor_allocations_upon_oom: bool,
}

/// How much is measured: here nothing, or everything. TF: `tf.RunOptions.TraceLevel`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum TraceLevel {
    #[default]
    NoTrace,
    SoftwareTrace,
    HardwareTrace,
    FullTrace,
}

impl RunOptions {
    /// Nothing is measured. TF: `tf.RunOptions.NO_TRACE`.
    pub const NO_TRACE: TraceLevel = TraceLevel::NoTrace;
    /// As `FULL_TRACE`. TF: `tf.RunOptions.SOFTWARE_TRACE`.
    pub const SOFTWARE_TRACE: TraceLevel = TraceLevel::SoftwareTrace;
    /// As `FULL_TRACE`. TF: `tf.RunOptions.HARDWARE_TRACE`.
    pub const HARDWARE_TRACE: TraceLevel = TraceLevel::HardwareTrace;
    /// Everything is measured. TF: `tf.RunOptions.FULL_TRACE`.
    pub const FULL_TRACE: TraceLevel = TraceLevel::FullTrace;

    /// What does for both.
    pub(crate) fn merge(&mut self, other: &RunOptions) {
        self.trace_level = self.trace_level.max(other.trace_level);
        self.timeout_in_ms = self.timeout_in_ms.max(other.timeout_in_ms);
        self.output_partition_graphs |= other.output_partition_graphs;
        self.inter_op_thread_pool = self.inter_op_thread_pool.max(other.inter_op_thread_pool);
        self.report_tensor_allocations_upon_oom |= other.report_tensor_allocations_upon_oom;
    }
}

/// A run with options: the keyword arguments of [`Session::run`].
#[must_use = "nothing is run until `build` is called"]
pub struct RunArgs<'a, F> {
    session: &'a Session,
    fetches: F,
    feeds: Feeds,
    options: RunOptions,
    metadata: Option<&'a mut RunMetadata>,
}

impl Session {
    /// [`run`](Session::run) with keyword arguments. TF: `sess.run(fetches, feed_dict, options, run_metadata)`.
    ///
    /// ```
    /// use flowstone as tf;
    /// let x = tf::placeholder(tf::float32, [2]).named("x");
    /// let y = tf::reduce_sum(tf::nn::relu(x * 2.0)).named("y");
    /// let sess = tf::Session()?;
    /// let mut metadata = tf::RunMetadata::default();
    /// sess.run_args(y, tf::feed_dict! { x: [1.0, -1.0] })
    ///     .options(tf::RunOptions { trace_level: tf::RunOptions::FULL_TRACE, ..Default::default() })
    ///     .run_metadata(&mut metadata)
    ///     .build()?;
    /// for node in &metadata.step_stats.unwrap().dev_stats[0].node_stats {
    ///     println!("{} took {} ns", node.timeline_label, node.all_end_rel_nanos);
    /// }
    /// # Ok::<(), tf::Error>(())
    /// ```
    pub fn run_args<F: Fetch>(&self, fetches: F, feeds: impl Into<Feeds>) -> RunArgs<'_, F> {
        RunArgs { session: self, fetches, feeds: feeds.into(), options: RunOptions::default(), metadata: None }
    }
}

impl<'a, F: Fetch> RunArgs<'a, F> {
    /// How the run is done.
    pub fn options(mut self, options: RunOptions) -> Self {
        self.options = options;
        self
    }

    /// What becomes the metadata of the run: if it is traced, when each step ran. A step that stands for several nodes has
    /// the name of the last one, and the names of all follow its label in brackets.
    pub fn run_metadata(mut self, run_metadata: &'a mut RunMetadata) -> Self {
        self.metadata = Some(run_metadata);
        self
    }

    /// Runs.
    pub fn build(self) -> Result<F::Output> {
        let RunArgs { session, fetches, feeds, options, metadata } = self;
        if options == RunOptions::default() && metadata.is_none() {
            return session.run(fetches, feeds);
        }
        let timeout = u64::try_from(options.timeout_in_ms)
            .map_err(|_| Error::invalid_argument(format!("timeout_in_ms is {}", options.timeout_in_ms)))?;
        let graph = &session.shared.graph;
        graph.check()?;
        let (mut signature, places) = session.signature(super::targets(&fetches))?;
        let values = session.feed(&mut signature, feeds)?;
        let plan = session.plan(signature.clone())?;
        let mut trace = Trace::new(options.trace_level != TraceLevel::NoTrace, timeout);
        let fetched = session.execute(&plan, values, &mut trace)?;
        if let Some(metadata) = metadata {
            let names = names(&plan, &signature, graph);
            *metadata = RunMetadata {
                step_stats: trace.measures.then(|| trace.step_stats(&plan, &names)),
                partition_graphs: match options.output_partition_graphs {
                    true => vec![run_graph(&plan, &names)?],
                    false => Vec::new(),
                },
                ..RunMetadata::default()
            };
        }
        Ok(fetches.take(&mut super::results(&places, &fetched)))
    }
}

/// Who looks on while a plan runs. `()` sees nothing and costs nothing.
pub(super) trait Watch: Send {
    /// Whether the run may go on.
    fn in_time(&self) -> Result<()> {
        Ok(())
    }
    /// A step is taken up. After an error it is not run.
    fn begins(&mut self) -> Result<()> {
        Ok(())
    }
    /// Its kernel is called.
    fn computes(&mut self) {}
    /// Its kernel is done.
    fn computed(&mut self) {}
    /// The step is done with.
    fn ends(&mut self, _place: usize, _step: &Step, _frame: &Frame) {}
}

impl Watch for () {}

/// Looking on at the steps of a loop: it is only asked whether the run may go on.
pub(super) struct Inside<'a>(pub(super) &'a mut dyn Watch);

impl Watch for Inside<'_> {
    fn in_time(&self) -> Result<()> {
        self.0.in_time()
    }

    fn begins(&mut self) -> Result<()> {
        self.in_time()
    }
}

/// When each step of a run did what.
struct Trace {
    measures: bool,
    start: Instant,
    /// The same, in nanoseconds since 1970.
    since: i64,
    timeout: u64,
    deadline: Option<Instant>,
    now: Times,
    steps: Vec<Ran>,
}

/// In nanoseconds since the run began.
#[derive(Clone, Copy, Default)]
struct Times {
    start: i64,
    op_start: i64,
    op_end: i64,
}

struct Ran {
    place: usize,
    times: Times,
    end: i64,
    outputs: SmallVec<[(i32, DType, Shape); 1]>,
}

impl Watch for Trace {
    fn in_time(&self) -> Result<()> {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let message = format!("the run took longer than {} ms", self.timeout);
            return Err(Error::new(ErrorKind::DeadlineExceeded, message));
        }
        Ok(())
    }

    fn begins(&mut self) -> Result<()> {
        self.in_time()?;
        self.now.start = self.elapsed();
        Ok(())
    }

    fn computes(&mut self) {
        self.now.op_start = self.elapsed();
    }

    fn computed(&mut self) {
        self.now.op_end = self.elapsed();
    }

    fn ends(&mut self, place: usize, step: &Step, frame: &Frame) {
        if self.measures {
            let end = self.elapsed();
            let slots = frame.slots.iter().skip(step.outputs as usize).take(step.output_types().len());
            let described = |(o, slot): (i32, &Slot)| match slot {
                Slot::Value(value) => Some((o, value.dtype(), value.shape().clone())),
                _ => None,
            };
            let outputs = (0..).zip(slots).filter_map(described).collect();
            self.steps.push(Ran { place, times: self.now, end, outputs });
        }
    }
}

impl Trace {
    fn new(measures: bool, timeout: u64) -> Self {
        let start = Instant::now();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as i64;
        let deadline = if timeout == 0 { None } else { start.checked_add(Duration::from_millis(timeout)) };
        Trace { measures, start, since, timeout, deadline, now: Times::default(), steps: Vec::new() }
    }

    fn elapsed(&self) -> i64 {
        self.start.elapsed().as_nanos() as i64
    }

    fn step_stats(&self, plan: &Plan, names: &[String]) -> StepStats {
        let stats = |ran: &Ran| {
            let step = &plan.steps[ran.place];
            let Times { start, op_start, op_end } = ran.times;
            let nanos = [self.since + start, op_start - start, op_end - start, ran.end - start];
            // As in TensorFlow, each time is cut to microseconds on its own.
            let [all_start_micros, op_start_rel_micros, op_end_rel_micros, all_end_rel_micros] =
                nanos.map(|nanos| nanos / 1000);
            let [all_start_nanos, op_start_rel_nanos, op_end_rel_nanos, all_end_rel_nanos] = nanos;
            NodeExecStats {
                node_name: step.info.name.to_string(),
                all_start_micros,
                op_start_rel_micros,
                op_end_rel_micros,
                all_end_rel_micros,
                output: ran.outputs.iter().map(output).collect(),
                timeline_label: label(step, names),
                scheduled_micros: all_start_micros,
                all_start_nanos,
                op_start_rel_nanos,
                op_end_rel_nanos,
                all_end_rel_nanos,
                scheduled_nanos: all_start_nanos,
                ..NodeExecStats::default()
            }
        };
        let node_stats = self.steps.iter().map(stats).collect();
        let device = DeviceStepStats { device: DEVICE.into(), node_stats, ..DeviceStepStats::default() };
        StepStats { dev_stats: vec![device] }
    }
}

fn output((slot, dtype, shape): &(i32, DType, Shape)) -> NodeOutput {
    let bytes = (shape.num_elements().unwrap_or(0).saturating_mul(dtype.size())) as i64;
    let memory = AllocationDescription {
        requested_bytes: bytes,
        allocated_bytes: bytes,
        allocator_name: ALLOCATOR.into(),
        ..AllocationDescription::default()
    };
    let description = TensorDescription {
        dtype: dtype.code(),
        shape: Some(shape_proto(&shape.into())),
        allocation_description: Some(memory),
    };
    NodeOutput { slot: *slot, tensor_description: Some(description) }
}

/// What each value of a plan is called: `node` or `node:output`.
fn names(plan: &Plan, signature: &Signature, graph: &Graph) -> Vec<String> {
    let name = |node: &str, output: u32| if output == 0 { node.to_owned() } else { format!("{node}:{output}") };
    let state = graph.lock();
    let fed = |(port, ..): &(crate::graph::Port, DType, Shape)| {
        state.node(port.node).map_or(String::new(), |node| name(&node.name, port.output))
    };
    let mut names: Vec<String> = signature.feeds.iter().map(fed).collect();
    for step in &plan.steps {
        names.extend((0..step.output_types().len() as u32).map(|output| name(&step.info.name, output)));
    }
    names
}

/// "y = MatMul(x, w)", and in brackets the nodes that it stands for if it is not one of the graph's.
fn label(step: &Step, names: &[String]) -> String {
    let inputs: Vec<&str> = step.inputs.iter().map(|input| names[input.value as usize].as_str()).collect();
    let label = format!("{} = {}({})", step.info.name, step.info.op.name(), inputs.join(", "));
    match step.stands_for.is_empty() {
        true => label,
        false => format!("{label} [{}]", step.stands_for.join(", ")),
    }
}

/// The nodes that one stands for. TF: `NodeDef.ExperimentalDebugInfo`.
#[derive(Clone, PartialEq, Message)]
struct DebugInfo {
    #[prost(string, repeated, tag = "1")]
    original_node_names: Vec<String>,
}

/// The steps of a plan as a graph. It can be looked at and not be run: fused operations are in no table.
fn run_graph(plan: &Plan, names: &[String]) -> Result<GraphDef> {
    let node = |step: &Step| {
        let inputs = step.inputs.iter().map(|input| names[input.value as usize].clone());
        let controls = step.after.iter().map(|&before| format!("^{}", plan.steps[before as usize].info.name));
        let original_node_names: Vec<String> = step.stands_for.iter().map(ToString::to_string).collect();
        Ok(NodeDef {
            name: step.info.name.to_string(),
            op: step.info.op.name().to_owned(),
            input: inputs.chain(controls).collect(),
            device: DEVICE.into(),
            attr: attr_values(&step.info.attrs)?,
            experimental_debug_info: (!original_node_names.is_empty())
                .then(|| DebugInfo { original_node_names }.encode_to_vec()),
            experimental_type: None,
        })
    };
    Ok(GraphDef { node: plan.steps.iter().map(node).collect::<Result<_>>()?, ..GraphDef::default() })
}
