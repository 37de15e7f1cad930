//! What a run took, for Chrome's `chrome://tracing` and Perfetto. TF: `tensorflow.python.client.timeline`.

use std::fmt::Write;

use indexmap::IndexMap;

use super::text::FileMessage;
use super::trace::{DeviceStepStats, NodeExecStats, NodeOutput, StepStats};
use crate::error::Result;
use crate::sort::sort;

/// A picture of what a run took. TF: `timeline.Timeline`.
#[derive(Clone, Copy, Debug)]
pub struct Timeline<'a> {
    step_stats: Option<&'a StepStats>,
}

/// A picture of what a run took. TF: `timeline.Timeline(run_metadata.step_stats)`.
///
/// ```
/// use flowstone as tf;
/// use tf::python::client::timeline;
/// let y = tf::square(tf::placeholder_with_default(2.0, ()));
/// let sess = tf::Session()?;
/// let mut metadata = tf::RunMetadata::default();
/// let options = tf::RunOptions { trace_level: tf::RunOptions::FULL_TRACE, ..Default::default() };
/// sess.run_args(y, tf::feed_dict! {}).options(options).run_metadata(&mut metadata).build()?;
/// let trace = timeline::Timeline(metadata.step_stats.as_ref()).generate_chrome_trace_format()?;
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-timeline-{}", std::process::id()));
/// # tf::gfile::MakeDirs(&folder)?;
/// tf::gfile::GFile(folder.join("timeline.json"), "w")?.write(trace)?;
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn Timeline<'a>(step_stats: impl Into<Option<&'a StepStats>>) -> Timeline<'a> {
    Timeline { step_stats: step_stats.into() }
}

/// A trace under construction: the keyword arguments of [`Timeline::generate_chrome_trace_format`].
#[must_use = "there is no trace until `build` is called"]
pub struct ChromeTraceArgs<'a> {
    timeline: Timeline<'a>,
    show_dataflow: bool,
    show_memory: bool,
}

impl<'a> Timeline<'a> {
    /// The trace as JSON. TF: `timeline.generate_chrome_trace_format()`.
    pub fn generate_chrome_trace_format(self) -> Result<String> {
        self.generate_chrome_trace_format_args().build()
    }

    /// [`generate_chrome_trace_format`](Timeline::generate_chrome_trace_format) with keyword arguments.
    pub fn generate_chrome_trace_format_args(self) -> ChromeTraceArgs<'a> {
        ChromeTraceArgs { timeline: self, show_dataflow: true, show_memory: false }
    }
}

impl ChromeTraceArgs<'_> {
    /// Whether arrows lead from who makes a tensor to who reads it; true if not said.
    pub fn show_dataflow(mut self, show_dataflow: bool) -> Self {
        self.show_dataflow = show_dataflow;
        self
    }

    /// Whether it is shown how large each tensor is and how long it lives; false if not said.
    pub fn show_memory(mut self, show_memory: bool) -> Self {
        self.show_memory = show_memory;
        self
    }

    /// The JSON.
    pub fn build(self) -> Result<String> {
        let mut trace = Trace::default();
        trace.process("Allocators", ALLOCATORS);
        let devices: &[DeviceStepStats] = self.timeline.step_stats.map_or(&[], |stats| &stats.dev_stats);
        let lanes: Vec<Vec<i64>> = devices.iter().map(lanes).collect();
        for (i, device) in devices.iter().enumerate() {
            trace.process(&format!("{} Compute", device.device), compute_pid(i));
            trace.process(&format!("{} Tensors", device.device), compute_pid(i) + 1);
        }
        for (i, device) in devices.iter().enumerate() {
            for (node, &lane) in device.node_stats.iter().zip(&lanes[i]) {
                for (o, output) in node.output.iter().enumerate() {
                    trace.makes(node, o, output, compute_pid(i), lane, self.show_memory)?;
                }
            }
        }
        for (i, device) in devices.iter().enumerate() {
            for (node, &lane) in device.node_stats.iter().zip(&lanes[i]) {
                trace.computes(node, compute_pid(i), lane, self.show_dataflow);
            }
        }
        if self.show_memory {
            trace.show_memory();
        }
        Ok(trace.text())
    }
}

const ALLOCATORS: i64 = 0;

/// The number that stands for what device `i` computes; its tensors have the next one.
fn compute_pid(i: usize) -> i64 {
    1 + 2 * i as i64
}

fn end(node: &NodeExecStats) -> i64 {
    node.all_start_micros.saturating_add(node.all_end_rel_micros)
}

/// Nodes that run at the same time are shown beside each other.
fn lanes(device: &DeviceStepStats) -> Vec<i64> {
    let mut ends = vec![0];
    let lane = |node: &NodeExecStats| {
        let free = ends.iter().position(|&end| node.all_start_micros > end);
        match free {
            Some(lane) => ends[lane] = end(node),
            None => ends.push(end(node)),
        }
        free.unwrap_or(ends.len() - 1) as i64
    };
    device.node_stats.iter().map(lane).collect()
}

/// The operation and the inputs of "y = MatMul(x, w)".
fn parts(label: &str) -> Option<(&str, Vec<&str>)> {
    let label = &label[..label.rfind(')')?];
    let (head, inputs) = label.rsplit_once('(')?;
    let (_, op) = head.rsplit_once(" = ")?;
    Some((op, if inputs.is_empty() { Vec::new() } else { inputs.split(", ").collect() }))
}

/// A value of JSON.
enum Json {
    Number(i64),
    Text(String),
    Object(Object),
}

type Object = Vec<(String, Json)>;

/// A tensor's life.
struct Tensor {
    id: i64,
    pid: i64,
    allocator: String,
    bytes: i64,
    made: i64,
    last_read: i64,
    /// Where the arrows to its readers start.
    flow: (i64, i64, i64),
}

#[derive(Default)]
struct Trace {
    processes: Vec<Object>,
    events: Vec<Object>,
    tensors: IndexMap<String, Tensor>,
    flows: i64,
}

fn entry(key: &str, value: Json) -> (String, Json) {
    (key.to_owned(), value)
}

fn text(key: &str, value: &str) -> (String, Json) {
    entry(key, Json::Text(value.to_owned()))
}

fn number(key: &str, value: i64) -> (String, Json) {
    entry(key, Json::Number(value))
}

impl Trace {
    fn process(&mut self, name: &str, pid: i64) {
        let args = entry("args", Json::Object(vec![text("name", name)]));
        self.processes.push(vec![text("name", "process_name"), text("ph", "M"), number("pid", pid), args]);
    }

    /// Adds an event: its kind, its category and its name, its time with process and lane, and `more` about it.
    fn event<const N: usize>(&mut self, what: [&str; 3], at: (i64, i64, i64), more: [(String, Json); N]) {
        let ([ph, category, name], (time, pid, lane)) = (what, at);
        let texts = [text("ph", ph), text("cat", category), text("name", name)];
        let numbers = [number("pid", pid), number("tid", lane), number("ts", time)];
        self.events.push(texts.into_iter().chain(numbers).chain(more).collect());
    }

    /// A node makes a tensor.
    fn makes(
        &mut self,
        node: &NodeExecStats,
        o: usize,
        output: &NodeOutput,
        pid: i64,
        lane: i64,
        show: bool,
    ) -> Result<()> {
        let name = if o == 0 { node.node_name.clone() } else { format!("{}:{o}", node.node_name) };
        let description = output.tensor_description.clone().unwrap_or_default();
        let memory = description.allocation_description.clone().unwrap_or_default();
        let (start, end) = (node.all_start_micros, end(node));
        // A name that comes again takes the place of the first.
        let id = self.tensors.len() as i64;
        let tensor = Tensor {
            id,
            pid: pid + 1,
            allocator: memory.allocator_name,
            bytes: memory.requested_bytes,
            made: start,
            last_read: end,
            flow: (end, pid, lane),
        };
        if show {
            self.event(["N", "Tensor", &name], (start, pid + 1, lane), [number("id", id)]);
            let description = description.to_text()?.replace('"', "");
            let snapshot = Json::Object(vec![text("tensor_description", &description)]);
            let args = Json::Object(vec![entry("snapshot", snapshot)]);
            self.event(
                ["O", "Tensor", &name],
                (end.saturating_sub(1), pid + 1, lane),
                [number("id", id), entry("args", args)],
            );
        }
        self.tensors.insert(name, tensor);
        Ok(())
    }

    /// A node runs.
    fn computes(&mut self, node: &NodeExecStats, pid: i64, lane: i64, show_dataflow: bool) {
        let (op, inputs) = parts(&node.timeline_label).unwrap_or(("unknown", Vec::new()));
        let (start, end) = (node.all_start_micros, end(node));
        let mut args = vec![text("name", &node.node_name), text("op", op)];
        args.extend(inputs.iter().enumerate().map(|(k, input)| text(&format!("input{k}"), input)));
        let more = [number("dur", node.all_end_rel_micros), entry("args", Json::Object(args))];
        self.event(["X", "Op", op], (start, pid, lane), more);
        for input in inputs {
            let Some(tensor) = self.tensors.get_mut(input) else { continue };
            tensor.last_read = tensor.last_read.max(end.saturating_sub(1));
            let flow = tensor.flow;
            if show_dataflow && (flow.1, flow.2) != (pid, lane) {
                let id = self.flows;
                self.flows += 1;
                self.event(["s", "DataFlow", input], flow, [number("id", id)]);
                self.event(["t", "DataFlow", input], (start, pid, lane), [number("id", id)]);
            }
        }
    }

    /// How many bytes each allocator holds at each time.
    fn show_memory(&mut self) {
        let mut changes: IndexMap<String, Vec<(i64, i64, String)>> = IndexMap::new();
        let tensors = std::mem::take(&mut self.tensors);
        for (name, tensor) in &tensors {
            self.event(["D", "Tensor", name], (tensor.last_read, tensor.pid, 0), [number("id", tensor.id)]);
            let changes = changes.entry(tensor.allocator.clone()).or_default();
            changes.push((tensor.made, tensor.bytes, name.clone()));
            changes.push((tensor.last_read, tensor.bytes.saturating_neg(), name.clone()));
        }
        for (allocator, mut changes) in changes {
            sort(&mut changes);
            let mut held = 0i64;
            for (time, bytes, _) in changes {
                held = held.saturating_add(bytes);
                let args = entry("args", Json::Object(vec![number(&allocator, held)]));
                self.event(["C", "Memory", &allocator], (time, ALLOCATORS, 0), [args]);
            }
        }
    }

    /// As Python's `json.dumps(trace, indent=4, separators=(',', ': '))` writes it.
    fn text(self) -> String {
        let mut out = String::from("{\n    \"traceEvents\": [");
        for (i, event) in self.processes.into_iter().chain(self.events).enumerate() {
            out.push_str(if i == 0 { "\n        " } else { ",\n        " });
            object(&event, 8, &mut out);
        }
        out.push_str("\n    ]\n}");
        out
    }
}

/// Appends an object whose first line is indented by `indent`. Objects here hold three others at most.
fn object(entries: &Object, indent: usize, out: &mut String) {
    let line = |out: &mut String, indent: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
    };
    out.push('{');
    for (i, (key, value)) in entries.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        line(out, indent + 4);
        quote(key, out);
        out.push_str(": ");
        match value {
            Json::Number(number) => out.push_str(&number.to_string()),
            Json::Text(text) => quote(text, out),
            Json::Object(entries) => object(entries, indent + 4, out),
        }
    }
    line(out, indent);
    out.push('}');
}

/// Appends a string of JSON, in ASCII.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut units = [0; 2];
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => c.encode_utf16(&mut units).iter().for_each(|unit| {
                // Writing into a string does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }),
        }
    }
    out.push('"');
}
