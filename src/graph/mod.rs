//! The program as data: named nodes with inputs, control inputs and attributes. Knows no operation by name.

mod collection;
mod context;
pub mod keys;
mod names;
mod node;
mod registry;
mod scope;
mod tensor;
mod view;

pub use collection::{
    CollectionArgs, CollectionRef, Named, add_to_collection, add_to_collections, get_collection, get_collection_args,
    get_collection_ref,
};
pub(crate) use context::{Context, ContextRef, Nested, around, same};
pub use node::{Attr, AttrList, Attrs, Fact, Handle, Integers, LONGEST_INTEGERS, Node, NodeId, Port, Remarks, Written};
pub use registry::GraphKey;
pub use scope::{ScopeGuard, get_default_graph, reset_default_graph};
pub(crate) use scope::{built_at, here};
pub use tensor::{Operation, Tensor};
pub use view::{DotOptions, Edge};

use std::any::{Any, TypeId};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

use crate::error::{Error, ErrorKind, Result};
use crate::sort::sort;

/// How an operation without a seed of its own gets one from the graph's seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeedRule {
    /// TensorFlow 1.x: the number of operations in the graph so far.
    #[default]
    OperationCount,
    /// TensorFlow 2.x (`compat.v1`): a counter 0, 1, 2, … of the graph's seedless random operations.
    Counter,
}

/// A graph of operations. TF: `tf.Graph`. Cloning gives another owner of the same graph.
///
/// ```
/// use flowstone as tf;
/// let graph = tf::Graph::new();
/// {
///     let _default = graph.as_default();
///     let _x = tf::constant(1.0).named("x");
/// }
/// assert!(graph.get_tensor_by_name("x:0").is_ok());
/// ```
#[derive(Clone)]
pub struct Graph(Arc<Inner>);

struct Inner {
    key: GraphKey,
    state: Mutex<State>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        registry::remove(self.key);
    }
}

/// What a graph holds. No lock on it is held while an operation's own functions run.
#[derive(Default)]
pub(crate) struct State {
    nodes: Vec<Node>,
    by_name: HashMap<Arc<str>, NodeId>,
    names: names::Names,
    errors: Vec<Error>,
    collections: IndexMap<String, Vec<Arc<dyn Any + Send + Sync>>>,
    /// What was done once and is not to be done again: see [`Graph::first_time`].
    done: HashSet<String>,
    /// See [`Graph::extension`].
    extensions: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    /// See [`Graph::prevent_fetching`].
    unfetchable: HashSet<NodeId>,
    seed: Option<i64>,
    seed_rule: SeedRule,
    seed_counter: i64,
    /// Counts changes of nodes that were there already: plans made before are stale.
    revision: u64,
    finalized: bool,
}

impl State {
    /// All nodes in the order of creation.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether the outputs of `node` may be fetched. TF: `graph.is_fetchable`.
    pub(crate) fn is_fetchable(&self, node: NodeId) -> bool {
        !self.unfetchable.contains(&node)
    }
}

impl Default for Graph {
    fn default() -> Self {
        Graph::new()
    }
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        let mut graph = None;
        registry::insert(|key| {
            let inner = Arc::new(Inner { key, state: Mutex::default() });
            let weak = Arc::downgrade(&inner);
            graph = Some(Graph(inner));
            weak
        });
        // The closure has run: `insert` calls it exactly once.
        graph.unwrap_or_else(|| unreachable!("the registry makes every graph it inserts"))
    }

    /// The graph with this key, if it has an owner still.
    pub(crate) fn find(key: GraphKey) -> Result<Graph> {
        registry::get(key).ok_or_else(|| {
            Error::failed_precondition(
                "the graph of this tensor was dropped: keep a `Graph` or a `Session` of it alive",
            )
        })
    }

    /// Which graph this is.
    pub fn key(&self) -> GraphKey {
        self.0.key
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes this the thread's default graph until the guard is dropped. TF: `graph.as_default()`.
    pub fn as_default(&self) -> ScopeGuard {
        scope::enter_graph(self.clone())
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.lock().nodes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forbids adding nodes from now on: each attempt is an error with its line. TF: `graph.finalize()`.
    pub fn finalize(&self) {
        self.set_finalized(true);
    }

    /// Whether no node can be added. TF: `graph.finalized`.
    pub fn finalized(&self) -> bool {
        self.lock().finalized
    }

    /// Forbids adding nodes, or allows it again.
    pub(crate) fn set_finalized(&self, finalized: bool) {
        self.lock().finalized = finalized;
    }

    /// The operation called `name`. TF: `graph.get_operation_by_name`.
    pub fn get_operation_by_name(&self, name: &str) -> Result<Operation> {
        let state = self.lock();
        let node = state.by_name.get(name).copied();
        node.map(|node| Operation { graph: self.0.key, node }).ok_or_else(|| {
            Error::not_found(format!("the graph has no operation named '{name}'{}", state.nearest(name)))
        })
    }

    /// The tensor called `name`, an operation's name and an output: `"cost:0"`. TF: `graph.get_tensor_by_name`.
    pub fn get_tensor_by_name(&self, name: &str) -> Result<Tensor> {
        let parsed = name.rsplit_once(':').and_then(|(op, output)| Some((op, output.parse::<u32>().ok()?)));
        let Some((op, output)) = parsed else {
            return Err(Error::invalid_argument(format!(
                "'{name}' is not the name of a tensor: those look like '{name}:0', an operation's name and an output"
            )));
        };
        let operation = self.get_operation_by_name(op)?;
        let outputs = operation.outputs().len();
        if output as usize >= outputs {
            return Err(Error::not_found(format!(
                "operation '{op}' has {outputs} outputs, and none is number {output}"
            )));
        }
        Ok(operation.output(output))
    }

    /// All operations in the order of creation. TF: `graph.get_operations`.
    pub fn get_operations(&self) -> Vec<Operation> {
        (0..self.len()).map(|i| Operation { graph: self.0.key, node: NodeId(i as u32) }).collect()
    }

    /// Every error made while building, one root for each bad node; `Ok` if there is none.
    pub fn check(&self) -> Result<()> {
        Error::all(self.lock().errors.iter().cloned()).map_or(Ok(()), Err)
    }

    /// Records an error of building. Handles made from it are silent from here on.
    pub(crate) fn record(&self, error: Error) {
        self.lock().errors.push(error);
    }

    /// Opens the name scope `name`, made unique; a name that ends in `/` is taken as it is. TF: `tf.name_scope`.
    #[track_caller]
    pub fn name_scope(&self, name: &str) -> ScopeGuard {
        scope::enter_name(self.0.key, self.scope_name(name), None)
    }

    /// The name scope of a function of this crate: what its code builds inside counts as built on the user's line.
    #[track_caller]
    pub(crate) fn scope(&self, name: &str) -> ScopeGuard {
        scope::enter_name(self.0.key, self.scope_name(name), Some(here()))
    }

    /// The name scope that nodes are built in, without a closing slash.
    pub(crate) fn current_scope(&self) -> Arc<str> {
        scope::name(self.0.key)
    }

    /// Leaves all name scopes until the guard is dropped.
    pub(crate) fn root_scope(&self) -> ScopeGuard {
        scope::enter_name(self.0.key, "".into(), None)
    }

    /// The full name that a scope (or a node) called `name` gets here.
    #[track_caller]
    pub(crate) fn scope_name(&self, name: &str) -> Arc<str> {
        self.scope_name_at(name, here())
    }

    /// The same for a node that counts as built on the line `location`.
    pub(crate) fn scope_name_at(&self, name: &str, location: &'static Location<'static>) -> Arc<str> {
        match name.strip_suffix('/') {
            Some(exact) => exact.into(),
            None if name.is_empty() => "".into(),
            None => self.unique_name_at(name, location),
        }
    }

    /// Reserves a unique name inside the current scope. TF: `graph.unique_name`.
    #[track_caller]
    pub fn unique_name(&self, name: &str) -> Arc<str> {
        self.unique_name_at(name, here())
    }

    fn unique_name_at(&self, name: &str, location: &'static Location<'static>) -> Arc<str> {
        let outer = scope::name(self.0.key);
        let full = if outer.is_empty() { name.to_owned() } else { format!("{outer}/{name}") };
        if let Err(error) = names::check(&full) {
            self.record(error.at(&full, Some(location)));
        }
        let mut state = self.lock();
        let next = NodeId(state.nodes.len() as u32);
        state.names.unique(&full, location, next).into()
    }

    /// A unique name for a constant that belongs to the scope `scope`.
    pub(crate) fn constant_name(&self, scope: &str, name: &str, location: &'static Location<'static>) -> Arc<str> {
        let mut state = self.lock();
        let next = NodeId(state.nodes.len() as u32);
        state.names.unique(&format!("{scope}/{name}"), location, next).into()
    }

    /// Nodes built until the guard is dropped run after `operations`. TF: `tf.control_dependencies`.
    #[track_caller]
    pub fn control_dependencies(&self, operations: &[Operation]) -> ScopeGuard {
        let mut after = Vec::new();
        for operation in operations {
            if operation.graph != self.0.key {
                let error = Error::invalid_argument("an operation is of another graph");
                self.record(error.at("control_dependencies", Some(here())));
            } else if operation.node != NodeId::POISON {
                after.push(operation.node);
            }
        }
        self.mark_controls(&after);
        scope::enter_control(self.0.key, Some(after))
    }

    /// Nodes built until the guard is dropped ignore all control dependencies, branches and loops around them.
    /// TF: `tf.control_dependencies(None)`.
    pub fn clear_control_dependencies(&self) -> ScopeGuard {
        scope::enter_control(self.0.key, None)
    }

    /// Nodes built until the guard is dropped carry this device. TF: `tf.device`.
    pub fn device(&self, device: &str) -> ScopeGuard {
        scope::enter_device(self.0.key, device)
    }

    /// Nodes built until the guard is dropped carry no device. TF: `tf.device(None)`.
    pub(crate) fn clear_device(&self) -> ScopeGuard {
        scope::clear_device(self.0.key)
    }

    /// Nodes built until the guard is dropped are placed with `operation`, on its device. TF: `graph.colocate_with`.
    pub fn colocate_with(&self, operation: Operation) -> ScopeGuard {
        let of = |node: &Node| (colocation_classes(node), node.device.clone());
        let (classes, device) = self.lock().node(operation.node).map(of).unwrap_or_default();
        scope::enter_colocation(self.0.key, classes, Some(device))
    }

    /// Nodes built until the guard is dropped are placed with the one that is called `name`, or will be.
    pub(crate) fn colocate_with_name(&self, name: &str) -> ScopeGuard {
        scope::enter_colocation(self.0.key, vec![colocation_class(name)], None)
    }

    /// Nodes built until the guard is dropped may be placed anywhere.
    pub(crate) fn colocate_with_nothing(&self) -> ScopeGuard {
        scope::enter_colocation(self.0.key, Vec::new(), None)
    }

    /// Whether nodes built now are placed with others.
    pub(crate) fn is_colocated(&self) -> bool {
        !scope::colocation(self.0.key).is_empty()
    }

    /// Sets the graph's seed, from which operations without a seed of their own get theirs. TF: `tf.set_random_seed`.
    pub fn set_random_seed(&self, seed: i64) {
        self.lock().seed = Some(seed);
    }

    /// The graph's seed, if it was set.
    pub fn random_seed(&self) -> Option<i64> {
        self.lock().seed
    }

    /// Chooses how operations get their seeds from the graph's.
    pub fn set_seed_rule(&self, rule: SeedRule) {
        self.lock().seed_rule = rule;
    }

    /// The two seeds of a random operation whose own seed is `seed`: TF's `random_seed.get_seed`.
    /// (0, 0) means that every session draws its own.
    pub(crate) fn next_seeds(&self, seed: Option<i64>) -> (i64, i64) {
        const DEFAULT_GRAPH_SEED: i64 = 87_654_321;
        let mut state = self.lock();
        let seeds = match (state.seed, seed) {
            (Some(graph), Some(op)) => (graph, op),
            (Some(graph), None) => match state.seed_rule {
                SeedRule::OperationCount => (graph, state.nodes.len() as i64),
                SeedRule::Counter => {
                    state.seed_counter += 1;
                    (graph, state.seed_counter - 1)
                }
            },
            (None, Some(op)) => (DEFAULT_GRAPH_SEED, op),
            (None, None) => return (0, 0),
        };
        let wrap = |seed: i64| seed.rem_euclid(1 << 31);
        match (wrap(seeds.0), wrap(seeds.1)) {
            (0, 0) => (0, (1 << 31) - 1),
            seeds => seeds,
        }
    }

    /// Appends `item` to the collection `name`. TF: `graph.add_to_collection`.
    pub fn add_to_collection<T: Any + Send + Sync>(&self, name: &str, item: T) {
        self.lock().collections.entry(name.to_owned()).or_default().push(Arc::new(item));
    }

    /// The items of type `T` in the collection `name`, in order. TF: `graph.get_collection`.
    pub fn get_collection<T: Any + Clone>(&self, name: &str) -> Vec<T> {
        let state = self.lock();
        let items = state.collections.get(name).into_iter().flatten();
        items.filter_map(|item| item.downcast_ref::<T>().cloned()).collect()
    }

    /// Whether nobody asked this for `what` before.
    pub(crate) fn first_time(&self, what: String) -> bool {
        self.lock().done.insert(what)
    }

    /// What a layer above remembers of this graph: one `T` for each type, made when it is first asked for.
    pub(crate) fn extension<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let extension =
            self.lock().extensions.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default())).clone();
        extension.downcast().unwrap_or_else(|_| unreachable!("an extension has the type of its key"))
    }

    /// All items of the collection `name`, whatever they are.
    pub(crate) fn collection_items(&self, name: &str) -> Vec<Arc<dyn Any + Send + Sync>> {
        self.lock().collections.get(name).cloned().unwrap_or_default()
    }

    /// The names of the collections that hold something.
    pub fn get_all_collection_keys(&self) -> Vec<String> {
        self.lock().collections.keys().cloned().collect()
    }

    /// Adds a node under a name that [`Graph::unique_name`] or an import gave; the scopes around it give it control
    /// inputs, a device and a colocation class, and the context around it takes it in.
    pub(crate) fn add(&self, node: Node) -> Result<NodeId> {
        let scope = node.name.clone();
        self.add_within(node, scope)
    }

    /// The same for a constant, which is built without a scope of its own.
    pub(crate) fn add_constant(&self, node: Node) -> Result<NodeId> {
        let scope = node.name.rsplit_once('/').map_or("", |(scope, _)| scope).into();
        self.add_within(node, scope)
    }

    /// Adds a node; what the context around builds for it lies in `scope`.
    fn add_within(&self, mut node: Node, scope: Arc<str>) -> Result<NodeId> {
        let inputs: Vec<NodeId> = node.inputs.iter().map(|port| port.node).collect();
        node.controls.extend(scope::control_inputs(self.0.key, &inputs));
        sort(&mut node.controls);
        node.controls.dedup();
        if node.device.is_empty() {
            node.device = scope::device(self.0.key);
        }
        let classes = scope::colocation(self.0.key);
        if !classes.is_empty() {
            add_classes(&mut node.attrs, &classes);
        }
        node.context = scope::context(self.0.key);
        let (context, line) = (node.context.clone(), node.location);
        let id = self.insert(node)?;
        if let Some(context) = context {
            let _scope = scope::enter_name(self.0.key, scope, Some(line));
            context.adopt(self, id);
        }
        scope::record_built(self.0.key, id);
        Ok(id)
    }

    /// Adds a node as it is.
    pub(crate) fn insert(&self, node: Node) -> Result<NodeId> {
        let mut state = self.lock();
        if state.finalized {
            return Err(Error::failed_precondition("the graph is finalized: no node can be added")
                .at(&node.name, Some(node.location)));
        }
        if state.by_name.contains_key(&node.name) {
            return Err(Error::new(ErrorKind::AlreadyExists, format!("the name '{}' is taken", node.name))
                .at(&node.name, Some(node.location)));
        }
        let id = NodeId(u32::try_from(state.nodes.len()).unwrap_or(u32::MAX));
        if id == NodeId::POISON {
            return Err(Error::resource_exhausted("a graph holds at most 2^32 - 1 nodes"));
        }
        state.names.take(&node.name);
        state.by_name.insert(node.name.clone(), id);
        state.nodes.push(node);
        Ok(id)
    }

    /// Adds the nodes of an import as they are, all or none. They were numbered from `base` on, the length of the graph
    /// then; gives by how much it has grown since.
    pub(crate) fn insert_all(&self, base: usize, mut nodes: Vec<Node>) -> Result<usize> {
        let mut state = self.lock();
        let Some(first) = nodes.first() else { return Ok(0) };
        if state.finalized {
            return Err(Error::failed_precondition("the graph is finalized: no node can be added")
                .at(&first.name, Some(first.location)));
        }
        if u32::try_from(state.nodes.len() + nodes.len()).is_err() {
            return Err(Error::resource_exhausted("a graph holds at most 2^32 - 1 nodes"));
        }
        if let Some(twice) = nodes.iter().find(|node| state.by_name.contains_key(&node.name)) {
            return Err(Error::new(ErrorKind::AlreadyExists, format!("the name '{}' is taken", twice.name))
                .at(&twice.name, Some(twice.location)));
        }
        let shift = state.nodes.len() - base;
        let moved = |id: &mut NodeId| {
            if id.index() >= base {
                id.0 += shift as u32;
            }
        };
        for node in &mut nodes {
            node.inputs.iter_mut().for_each(|port| moved(&mut port.node));
            node.controls.iter_mut().for_each(moved);
        }
        for node in nodes {
            let id = NodeId(state.nodes.len() as u32);
            state.names.take(&node.name);
            state.by_name.insert(node.name.clone(), id);
            state.nodes.push(node);
        }
        Ok(shift)
    }

    /// The names that nodes of these names get when they are imported: those that are taken get a number. An error if one
    /// is no name.
    pub(crate) fn names_for_import(&self, wanted: Vec<String>) -> Result<Vec<Arc<str>>> {
        wanted.iter().try_for_each(|name| names::check(name).map_err(|e| e.at(name, None)))?;
        let state = self.lock();
        let mut given: HashSet<String> = HashSet::with_capacity(wanted.len());
        let all: HashSet<&str> = wanted.iter().map(String::as_str).collect();
        let free = |name: &str, given: &HashSet<String>| !state.by_name.contains_key(name) && !given.contains(name);
        let mut names = Vec::with_capacity(wanted.len());
        for name in &wanted {
            let numbered =
                || (1..).map(|i| format!("{name}_{i}")).find(|n| free(n, &given) && !all.contains(n.as_str()));
            let name = if free(name, &given) { Some(name.clone()) } else { numbered() };
            let name = name.ok_or_else(|| Error::resource_exhausted("there is no name left"))?;
            names.push(Arc::from(name.as_str()));
            given.insert(name);
        }
        Ok(names)
    }

    /// TensorFlow marks the nodes that a control edge starts from.
    pub(crate) fn mark_controls(&self, nodes: &[NodeId]) {
        let mut state = self.lock();
        for node in nodes {
            if let Some(node) = state.nodes.get_mut(node.index()) {
                node.attrs.insert("_has_manual_control_dependencies".into(), Attr::Bool(true));
            }
        }
    }

    /// Adds to what is known of an output.
    pub(crate) fn refine(&self, port: Port, shape: &crate::shape::PartialShape) -> Result<()> {
        let mut state = self.lock();
        let Some(node) = state.nodes.get_mut(port.node.index()) else { return Ok(()) };
        let (name, location) = (node.name.clone(), node.location);
        let Some(fact) = node.outputs.get_mut(port.output as usize) else { return Ok(()) };
        let merged = fact.shape.merge(shape).ok_or_else(|| {
            Error::invalid_argument(format!("set_shape: {shape} contradicts the inferred shape {}", fact.shape))
                .at(&name, Some(location))
        })?;
        if merged != fact.shape {
            fact.shape = merged;
            state.revision += 1;
        }
        Ok(())
    }

    /// Calls what made `node` by `name` instead, its scope and all nodes in it included, and gives the automatic name's
    /// number back.
    fn rename(&self, node: NodeId, name: &str, location: &'static Location<'static>) {
        let outer = scope::name(self.0.key);
        let full = if outer.is_empty() { name.to_owned() } else { format!("{outer}/{name}") };
        let mut state = self.lock();
        let state = &mut *state;
        let Some(old) = state.node(node).map(|node| node.name.clone()) else { return };
        if let Err(error) = names::check(&full) {
            state.errors.push(error.at(&old, Some(location)));
            return;
        }
        let (root, start) = state.names.give_back(&old).unwrap_or_else(|| (old.to_string(), node));
        let next = NodeId(state.nodes.len() as u32);
        let new_root = state.names.unique(&full, location, next);
        state.names.keep_latest();
        state.revision += 1;
        let renamed = |name: &str| -> Option<String> {
            let rest = name.strip_prefix(&*root)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{new_root}{rest}"))
        };
        for index in start.index()..state.nodes.len() {
            let Some(node) = state.nodes.get_mut(index) else { break };
            rename_classes(&mut node.attrs, &renamed);
            let Some(new) = renamed(&node.name) else { continue };
            state.by_name.remove(&node.name);
            node.name = new.into();
            state.by_name.insert(node.name.clone(), NodeId(index as u32));
            state.names.take(&node.name);
        }
    }
}

fn classes(attrs: &Attrs) -> Vec<Arc<[u8]>> {
    match attrs.get("_class") {
        Some(Attr::List(AttrList::Str(classes))) => classes.clone(),
        _ => Vec::new(),
    }
}

/// The classes of `node`: its own, or the one that is named for it.
fn colocation_classes(node: &Node) -> Vec<Arc<[u8]>> {
    let own = classes(&node.attrs);
    if own.is_empty() { vec![colocation_class(&node.name)] } else { own }
}

fn colocation_class(name: &str) -> Arc<[u8]> {
    format!("loc:@{name}").into_bytes().into()
}

fn add_classes(attrs: &mut Attrs, more: &[Arc<[u8]>]) {
    let mut all = classes(attrs);
    all.extend(more.iter().cloned());
    sort(&mut all);
    all.dedup();
    attrs.insert("_class".into(), all.into());
}

fn rename_classes(attrs: &mut Attrs, renamed: &dyn Fn(&str) -> Option<String>) {
    if !attrs.contains_key("_class") {
        return;
    }
    let mut all = classes(attrs);
    for class in &mut all {
        let name = std::str::from_utf8(class).ok().and_then(|class| class.strip_prefix("loc:@"));
        if let Some(new) = name.and_then(renamed) {
            *class = colocation_class(&new);
        }
    }
    attrs.insert("_class".into(), all.into());
}

impl State {
    /// " (did you mean 'x'?)" for the name that is most like `name`.
    fn nearest(&self, name: &str) -> String {
        let wanted = name.to_lowercase();
        let last = |name: &str| name.rsplit('/').next().map(str::to_owned);
        let distance = |node: &Node| {
            let name = node.name.to_lowercase();
            let typos = names::distance(&name, &wanted, 2);
            let same_last = (last(&name) == last(&wanted)).then_some(2);
            Some((typos.or(same_last)?, node.name.clone()))
        };
        let nearest = self.nodes.iter().filter_map(distance).min_by_key(|(distance, _)| *distance);
        nearest.map(|(_, name)| format!(" (did you mean '{name}'?)")).unwrap_or_default()
    }
}

impl PartialEq for Graph {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Graph {}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graph({} nodes)", self.len())
    }
}
