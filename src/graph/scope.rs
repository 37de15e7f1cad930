//! What surrounds the building of a node on a thread: the default graph, name scopes, control dependencies, control flow
//! contexts, devices, colocation. Each is a frame on the thread's stack and lives as long as its guard.

use std::cell::RefCell;
use std::collections::HashSet;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use super::{ContextRef, Graph, GraphKey, NodeId};
use crate::sort::sort;

enum Frame {
    Graph(Graph),
    /// With the line that what this crate's code builds inside counts as built on, as `Line`.
    Name(GraphKey, Arc<str>, Option<&'static Location<'static>>),
    /// Nodes built inside run after `after`, unless one of their inputs was built inside too (`seen`).
    Control {
        graph: GraphKey,
        after: Vec<NodeId>,
        seen: HashSet<NodeId>,
    },
    /// Hides all outer control frames and contexts.
    ControlReset(GraphKey),
    Context(GraphKey, Option<ContextRef>),
    Device(GraphKey, Arc<str>),
    /// With the device of what nodes are placed with, which hides those around.
    Colocate(GraphKey, Vec<Arc<[u8]>>, Option<Arc<str>>),
    /// What this crate's code builds inside counts as built on this line.
    Line(&'static Location<'static>),
}

#[derive(Default)]
struct Stack {
    base: Option<Graph>,
    frames: Vec<(u64, Frame)>,
    next: u64,
}

thread_local! {
    static STACK: RefCell<Stack> = RefCell::default();
}

/// Ends what it stands for when it is dropped: a default graph, a name scope, control dependencies, a device.
#[must_use = "the scope ends where its guard is dropped: bind it with `let _scope = …`"]
pub struct ScopeGuard {
    frame: u64,
    /// A guard belongs to the stack of its thread.
    not_send: PhantomData<*const ()>,
}

impl ScopeGuard {
    fn push(frame: Frame) -> Self {
        let frame = STACK.with_borrow_mut(|stack| {
            stack.next += 1;
            stack.frames.push((stack.next, frame));
            stack.next
        });
        ScopeGuard { frame, not_send: PhantomData }
    }
}

impl Drop for ScopeGuard {
    fn drop(&mut self) {
        // The frame leaves the stack first: dropping a graph runs code that may look at the stack.
        let frame = STACK.try_with(|stack| {
            let frames = &mut stack.try_borrow_mut().ok()?.frames;
            let place = frames.iter().rposition(|(id, _)| *id == self.frame)?;
            Some(frames.remove(place))
        });
        drop(frame);
    }
}

/// The graph that functions without tensor inputs build in. TF: `tf.get_default_graph`.
///
/// It is the innermost [`Graph::as_default`] of this thread, or else the thread's own graph.
pub fn get_default_graph() -> Graph {
    STACK.with_borrow_mut(|stack| {
        let innermost = stack.frames.iter().rev().find_map(|(_, frame)| match frame {
            Frame::Graph(graph) => Some(graph.clone()),
            _ => None,
        });
        innermost.unwrap_or_else(|| stack.base.get_or_insert_with(Graph::new).clone())
    })
}

/// Gives the thread a new, empty default graph. TF: `tf.reset_default_graph`.
///
/// Handles into the old graph keep working as long as a `Graph` or `Session` of it lives.
/// Inside [`Graph::as_default`] only the graph outside of it is replaced.
pub fn reset_default_graph() {
    let old = STACK.with_borrow_mut(|stack| stack.base.replace(Graph::new()));
    drop(old);
}

pub(super) fn enter_graph(graph: Graph) -> ScopeGuard {
    ScopeGuard::push(Frame::Graph(graph))
}

pub(super) fn enter_name(graph: GraphKey, full: Arc<str>, line: Option<&'static Location<'static>>) -> ScopeGuard {
    ScopeGuard::push(Frame::Name(graph, full, line))
}

pub(super) fn enter_control(graph: GraphKey, after: Option<Vec<NodeId>>) -> ScopeGuard {
    ScopeGuard::push(match after {
        Some(after) => Frame::Control { graph, after, seen: HashSet::new() },
        None => Frame::ControlReset(graph),
    })
}

pub(super) fn enter_context(graph: GraphKey, context: Option<ContextRef>) -> ScopeGuard {
    ScopeGuard::push(Frame::Context(graph, context))
}

pub(super) fn enter_device(graph: GraphKey, device: &str) -> ScopeGuard {
    let merged = merge_devices(&self::device(graph), device);
    ScopeGuard::push(Frame::Device(graph, merged.into()))
}

pub(super) fn clear_device(graph: GraphKey) -> ScopeGuard {
    ScopeGuard::push(Frame::Device(graph, "".into()))
}

/// A node that is placed with others is on their device if there is one, or else on that of colocations around; `None`
/// leaves devices as they are.
pub(super) fn enter_colocation(graph: GraphKey, classes: Vec<Arc<[u8]>>, device: Option<Arc<str>>) -> ScopeGuard {
    let around = || {
        innermost(|frame| match frame {
            Frame::Colocate(key, classes, device) if *key == graph && !classes.is_empty() => device.clone(),
            _ => None,
        })
    };
    let device = device.map(|device| if device.is_empty() { around().unwrap_or(device) } else { device });
    ScopeGuard::push(Frame::Colocate(graph, classes, device))
}

/// Until the guard is dropped, what this crate's code builds counts as built on this line; `built_at(here())` is how a
/// function begins that opens no scope and builds from closures, function pointers or functions without `#[track_caller]`.
pub(crate) fn built_at(line: &'static Location<'static>) -> ScopeGuard {
    ScopeGuard::push(Frame::Line(line))
}

/// The user's line: the caller's, or if that is in this crate, the one that the innermost [`built_at`] or scope of ours
/// tells. So what a closure of the user's builds has the lines in that closure, whoever calls it.
#[track_caller]
pub(crate) fn here() -> &'static Location<'static> {
    let caller = Location::caller();
    if is_users(caller.file()) {
        return caller;
    }
    let line = innermost(|frame| match frame {
        Frame::Line(line) | Frame::Name(_, _, Some(line)) => Some(*line),
        _ => None,
    });
    line.unwrap_or(caller)
}

/// Whether a file is neither of this crate nor of the standard library, which calls what `map` and the like are given.
fn is_users(file: &str) -> bool {
    const HERE: &str = file!();
    // All of the path before `graph/scope.rs`.
    const SOURCES: usize = HERE.len() - "graph/scope.rs".len();
    !(file.starts_with(&HERE[..SOURCES]) || file.starts_with("/rustc/") || file.contains("rustlib"))
}

/// The name scope that nodes of `graph` are built in, without a closing slash; empty at the top.
pub(super) fn name(graph: GraphKey) -> Arc<str> {
    innermost(|frame| match frame {
        Frame::Name(key, name, _) if *key == graph => Some(name.clone()),
        _ => None,
    })
    .unwrap_or_else(|| "".into())
}

/// The context that nodes of `graph` are built in.
pub(super) fn context(graph: GraphKey) -> Option<ContextRef> {
    innermost(|frame| match frame {
        Frame::ControlReset(key) if *key == graph => Some(None),
        Frame::Context(key, context) if *key == graph => Some(context.clone()),
        _ => None,
    })
    .flatten()
}

pub(super) fn device(graph: GraphKey) -> Arc<str> {
    innermost(|frame| match frame {
        Frame::Device(key, device) if *key == graph => Some(device.clone()),
        Frame::Colocate(key, _, device) if *key == graph => device.clone(),
        _ => None,
    })
    .unwrap_or_else(|| "".into())
}

/// The colocation classes that nodes of `graph` get. A frame without classes ends those around it.
pub(super) fn colocation(graph: GraphKey) -> Vec<Arc<[u8]>> {
    STACK.with_borrow(|stack| {
        let mut all = Vec::new();
        for (_, frame) in &stack.frames {
            match frame {
                Frame::Colocate(key, classes, _) if *key == graph && classes.is_empty() => all.clear(),
                Frame::Colocate(key, classes, _) if *key == graph => all.extend(classes.iter().cloned()),
                _ => {}
            }
        }
        all
    })
}

/// The control inputs that the surrounding frames give to a node with these inputs.
pub(super) fn control_inputs(graph: GraphKey, inputs: &[NodeId]) -> Vec<NodeId> {
    let mut controls = Vec::new();
    STACK.with_borrow(|stack| {
        for (_, frame) in stack.frames.iter().rev() {
            match frame {
                Frame::ControlReset(key) if *key == graph => break,
                Frame::Control { graph: key, after, seen }
                    if *key == graph && !inputs.iter().any(|input| seen.contains(input)) =>
                {
                    controls.extend(after.iter().copied().filter(|node| !inputs.contains(node)));
                }
                _ => {}
            }
        }
    });
    sort(&mut controls);
    controls.dedup();
    controls
}

/// Tells the surrounding frames that `node` was built inside them.
pub(super) fn record_built(graph: GraphKey, node: NodeId) {
    STACK.with_borrow_mut(|stack| {
        for (_, frame) in stack.frames.iter_mut().rev() {
            match frame {
                Frame::ControlReset(key) if *key == graph => break,
                Frame::Control { graph: key, seen, .. } if *key == graph => {
                    seen.insert(node);
                }
                _ => {}
            }
        }
    });
}

fn innermost<R>(find: impl Fn(&Frame) -> Option<R>) -> Option<R> {
    STACK.with_borrow(|stack| stack.frames.iter().rev().find_map(|(_, frame)| find(frame)))
}

/// Device `inner` inside device `outer`, part by part: `/job:ps` and `/cpu:0` are `/job:ps/device:CPU:0`.
fn merge_devices(outer: &str, inner: &str) -> String {
    if inner.is_empty() {
        return outer.to_owned();
    }
    const ORDER: [&str; 4] = ["job", "replica", "task", "device"];
    let rank = |key: &str| ORDER.iter().position(|k| *k == key).unwrap_or(ORDER.len());
    let mut parts: Vec<(String, String)> = Vec::new();
    for part in outer.split('/').chain(inner.split('/')).filter(|part| !part.is_empty()) {
        let (key, value) = match part.split_once(':') {
            Some((kind, number)) if matches!(kind.to_ascii_lowercase().as_str(), "cpu" | "gpu") => {
                ("device", format!("{}:{number}", kind.to_ascii_uppercase()))
            }
            Some((key, value)) => (key, value.to_owned()),
            None => (part, String::new()),
        };
        match parts.iter_mut().find(|(k, _)| k == key) {
            Some(known) => known.1 = value,
            None => {
                let place = parts.partition_point(|(known, _)| rank(known) <= rank(key));
                parts.insert(place, (key.to_owned(), value));
            }
        }
    }
    parts.into_iter().map(|(key, value)| format!("/{key}:{value}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{is_users, merge_devices};

    #[test]
    fn a_file_is_the_users_unless_it_is_of_this_crate_or_the_standard_library() {
        assert!(is_users("main.rs") && is_users("tests/graph.rs") && is_users("/home/user/src/graph/scope.rs"));
        let [map] = [()].map(caller);
        assert!(!is_users(file!()) && !is_users(map.file()));
    }

    #[track_caller]
    fn caller((): ()) -> &'static std::panic::Location<'static> {
        std::panic::Location::caller()
    }

    #[test]
    fn devices_merge_part_by_part() {
        assert_eq!(merge_devices("", "/cpu:0"), "/device:CPU:0");
        assert_eq!(merge_devices("/job:ps/task:1", "/gpu:2"), "/job:ps/task:1/device:GPU:2");
        assert_eq!(merge_devices("/device:CPU:0", "/device:CPU:1"), "/device:CPU:1");
        assert_eq!(merge_devices("/device:CPU:0", ""), "/device:CPU:0");
    }
}
