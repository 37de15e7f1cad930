//! Running a graph: [`Session`](struct@Session) makes a plan for each signature (fetches, feeds and their shapes), keeps it, and
//! executes it on a thread pool of its own.

mod callable;
mod default;
mod exec;
mod explain;
mod feed;
mod fetch;
mod memory;
mod order;
mod plan;
mod records;
mod trace;
mod variables;

pub use callable::Callable;
pub use default::{DefaultSession, InteractiveSession, InteractiveSessionArgs, get_default_session, interactive_args};
pub use explain::Explanation;
pub use feed::{FeedKey, FeedValue, Feeds};
pub use fetch::{Fetch, GradientValue, IndexedSlicesValue, Results, SparseTensorValue, Target};
pub use trace::{RunArgs, RunOptions, TraceLevel};

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use smallvec::SmallVec;

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Fact, Graph, NodeId, Port, Tensor, get_default_graph};
use crate::op::Resources;
use crate::optimize::prune::{Fed, prune};
use crate::sort::sort;
use crate::value::Value;
use memory::Frame;
use plan::{Plan, Signature};
use trace::Watch;

/// How a session runs. TF: `tf.ConfigProto`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConfigProto {
    /// The threads of the session's pool; 0 takes one for each processor.
    pub intra_op_parallelism_threads: usize,
    /// Runs the nodes as they were built: nothing is folded or fused. To compare with.
    pub plain: bool,
    /// As in TensorFlow, and without effect: operations of a run are executed one after another.
    pub inter_op_parallelism_threads: usize,
    /// As in TensorFlow, and without effect: there is one device.
    pub allow_soft_placement: bool,
    /// As in TensorFlow, and without effect: [`Session::explain`] says what is run.
    pub log_device_placement: bool,
    /// As in TensorFlow, and without effect: nothing is run by graphics processors.
    pub gpu_options: GPUOptions,
}

impl ConfigProto {
    /// The settings that hold if nothing is said, to be changed field by field.
    pub fn new() -> Self {
        ConfigProto::default()
    }
}

/// How graphics processors are used; without effect, as none is. TF: `tf.GPUOptions`.
///
/// ```
/// use flowstone as tf;
/// let mut config = tf::ConfigProto::new();
/// config.gpu_options.allow_growth = true;
/// let sess = tf::Session!(config = config)?;
/// # Ok::<(), tf::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct GPUOptions {
    /// The share of each processor's memory to take.
    pub per_process_gpu_memory_fraction: f64,
    /// Whether memory is taken bit by bit.
    pub allow_growth: bool,
    /// The processors to use.
    pub visible_device_list: String,
}

/// A graph being run: its variables, its plans, its threads. TF: `tf.Session`.
///
/// Several threads may call [`run`](Session::run) on one session at once. Cloning gives another handle of the same session;
/// dropping the last one frees all it holds.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, [2]);
/// let y = x * 2.0 + 1.0;
/// let sess = tf::Session()?;
/// let y = sess.run(y, tf::feed_dict! { x: [1.0, 2.0] })?;
/// assert_eq!(y.as_slice::<f32>()?, [3.0, 5.0]);
/// # Ok::<(), tf::Error>(())
/// ```
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

/// A session that is there as long as others keep it.
#[derive(Clone, Default)]
pub(crate) struct WeakSession(Weak<Shared>);

impl WeakSession {
    /// The session, if it is still there.
    pub(crate) fn upgrade(&self) -> Option<Session> {
        self.0.upgrade().map(|shared| Session { shared })
    }
}

struct Shared {
    graph: Graph,
    plain: bool,
    resources: Arc<Resources>,
    pool: rayon::ThreadPool,
    plans: Mutex<Plans>,
    /// The memory of runs that ended, for the next ones.
    frames: Mutex<Vec<Frame>>,
}

/// A session of the default graph. TF: `tf.Session()`.
#[allow(non_snake_case)]
pub fn Session() -> Result<Session> {
    Session::new(&get_default_graph())
}

/// A session under construction: the keyword arguments of [`Session`](fn@Session).
#[derive(Default)]
#[must_use = "there is no session until `build` is called"]
pub struct SessionArgs {
    graph: Option<Graph>,
    config: ConfigProto,
    resources: Arc<Resources>,
}

impl SessionArgs {
    /// A session of the default graph.
    pub fn new() -> Self {
        SessionArgs::default()
    }

    /// The graph to run; the default graph if not said.
    pub fn graph(mut self, graph: &Graph) -> Self {
        self.graph = Some(graph.clone());
        self
    }

    /// How to run.
    pub fn config(mut self, config: ConfigProto) -> Self {
        self.config = config;
        self
    }

    /// The number of threads; 0 takes one for each processor.
    pub fn threads(mut self, threads: usize) -> Self {
        self.config.intra_op_parallelism_threads = threads;
        self
    }

    /// Runs the nodes as they were built: nothing is folded or fused.
    pub fn plain(mut self, plain: bool) -> Self {
        self.config.plain = plain;
        self
    }

    /// Variables that are there already, and what else sessions keep.
    pub(crate) fn resources(mut self, resources: Arc<Resources>) -> Self {
        self.resources = resources;
        self
    }

    /// Opens the session.
    pub fn build(self) -> Result<Session> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.config.intra_op_parallelism_threads)
            .thread_name(|i| format!("flowstone-{i}"))
            .build()
            .map_err(|e| Error::resource_exhausted(format!("cannot start the session's threads: {e}")))?;
        let shared = Shared {
            graph: self.graph.unwrap_or_else(get_default_graph),
            plain: self.config.plain,
            resources: self.resources,
            pool,
            plans: Mutex::default(),
            frames: Mutex::default(),
        };
        Ok(Session { shared: Arc::new(shared) })
    }
}

/// The plans made last, the latest at the end.
#[derive(Default)]
struct Plans(Vec<(Arc<Signature>, Arc<Plan>)>);

/// More signatures than this are not kept.
const MOST_PLANS: usize = 16;

impl Plans {
    fn get(&mut self, signature: &Signature) -> Option<Arc<Plan>> {
        let place = self.0.iter().rposition(|(known, _)| **known == *signature)?;
        let entry = self.0.remove(place);
        let plan = entry.1.clone();
        self.0.push(entry);
        Some(plan)
    }

    fn insert(&mut self, signature: Signature, plan: Arc<Plan>) {
        if self.0.len() >= MOST_PLANS {
            self.0.remove(0);
        }
        self.0.push((Arc::new(signature), plan));
    }
}

/// The places of the results among what a signature fetches.
enum Place {
    Fetch(usize),
    Nothing,
}

impl Session {
    /// A session of `graph` with a thread for each processor.
    pub fn new(graph: &Graph) -> Result<Self> {
        SessionArgs::new().graph(graph).build()
    }

    /// Its variables, and what else it keeps.
    pub(crate) fn resources(&self) -> Arc<Resources> {
        self.shared.resources.clone()
    }

    /// A handle that does not keep the session.
    pub(crate) fn downgrade(&self) -> WeakSession {
        WeakSession(Arc::downgrade(&self.shared))
    }

    /// The graph that is run.
    pub fn graph(&self) -> &Graph {
        &self.shared.graph
    }

    /// Gives this handle back; the last one frees all that the session holds. TF: `sess.close()`.
    pub fn close(self) {}

    /// The number of threads of the session's pool.
    pub fn threads(&self) -> usize {
        self.shared.pool.current_num_threads()
    }

    /// Computes what is fetched from what is fed. TF: `sess.run(fetches, feed_dict)`; with options and metadata
    /// [`run_args`](Session::run_args).
    ///
    /// `fetches` is a tensor, an operation, a variable, a name, or a structure of these, and the values come back in the
    /// same structure. Any tensor can be fed, also in the middle of the graph. Only what the fetches need is run, each
    /// node once. If anything fails, the error names the node, its inputs and the line that built it, and every
    /// variable has the value it had before the failing update.
    pub fn run<F: Fetch>(&self, fetches: F, feeds: impl Into<Feeds>) -> Result<F::Output> {
        self.shared.graph.check()?;
        Ok(fetches.take(&mut self.run_targets(targets(&fetches), feeds.into())?))
    }

    fn run_targets(&self, targets: Vec<Target>, feeds: Feeds) -> Result<Results> {
        let (mut signature, places) = self.signature(targets)?;
        let values = self.feed(&mut signature, feeds)?;
        let plan = self.plan(signature)?;
        let fetched = self.execute(&plan, values, &mut ())?;
        Ok(results(&places, &fetched))
    }

    /// What a run of `fetches` with `feeds` would execute, after all rewriting, and why no more of it was fused.
    ///
    /// ```
    /// use flowstone as tf;
    /// let x = tf::placeholder(tf::float32, [2]);
    /// let y = tf::nn::relu(x * 2.0);
    /// let sess = tf::Session()?;
    /// let explanation = sess.explain(y, tf::feed_dict! { x: [1.0, 2.0] })?;
    /// println!("{explanation}");
    /// assert!(!explanation.steps().is_empty());
    /// # Ok::<(), tf::Error>(())
    /// ```
    pub fn explain(&self, fetches: impl Fetch, feeds: impl Into<Feeds>) -> Result<Explanation> {
        self.shared.graph.check()?;
        let (mut signature, _) = self.signature(targets(&fetches))?;
        self.feed(&mut signature, feeds.into())?;
        Ok(Explanation(self.plan(signature)?))
    }

    /// The bytes of the buffers that runs of this session share, as they are now held.
    pub fn held_bytes(&self) -> usize {
        let frames = self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let plans = self.shared.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let inside = plans.0.iter().map(|(_, plan)| plan.held_inside());
        frames.iter().map(Frame::held).chain(inside).sum()
    }

    /// Runs `plan` in the memory of an earlier run.
    fn execute<W: Watch>(&self, plan: &Plan, feeds: Vec<Value>, watch: &mut W) -> Result<Vec<Value>> {
        let frames = || self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let mut frame = frames().pop().unwrap_or_default();
        frame.prepare(plan.number, &plan.memory);
        let run = || exec::run_plan(plan, &self.shared.resources, &mut frame, feeds, watch);
        let fetched = if plan.parallel { self.shared.pool.install(run) } else { run() }?;
        frames().push(frame);
        Ok(fetched)
    }

    /// What computes `targets`, without feeds so far, and the places of their results.
    fn signature(&self, targets: Vec<Target>) -> Result<(Signature, Vec<Place>)> {
        let mut signature = Signature {
            fetches: Vec::new(),
            targets: Vec::new(),
            feeds: Vec::new(),
            revision: self.shared.graph.lock().revision(),
        };
        let mut places = Vec::with_capacity(targets.len());
        for target in targets {
            match target.resolve(&self.shared.graph)? {
                Target::Tensor(tensor) => {
                    self.owns(tensor)?;
                    let port = tensor.port();
                    let known = signature.fetches.iter().position(|fetch| *fetch == port);
                    places.push(Place::Fetch(known.unwrap_or(signature.fetches.len())));
                    if known.is_none() {
                        signature.fetches.push(port);
                    }
                }
                Target::Operation(operation) => {
                    self.owns(Tensor { graph: operation.graph, node: operation.node, output: 0 })?;
                    signature.targets.push(operation.node);
                    places.push(Place::Nothing);
                }
                Target::Name(_) => return Err(Error::internal("a name was not resolved")),
            }
        }
        Ok((signature, places))
    }

    /// Adds what is fed to `signature`; gives the values.
    fn feed(&self, signature: &mut Signature, feeds: Feeds) -> Result<Vec<Value>> {
        let mut values = Vec::with_capacity(feeds.0.len());
        for (key, literal) in feeds.0 {
            let tensor = match key {
                FeedKey::Tensor(tensor) => tensor,
                FeedKey::Name(name) => self.shared.graph.get_tensor_by_name(&name)?,
                FeedKey::Sparse(sparse) => sparse.values,
            };
            let value = fed_value(tensor, &self.feedable(tensor)?, literal)?;
            signature.feeds.push((tensor.port(), value.dtype(), value.shape().clone()));
            values.push(value);
        }
        let mut ports: SmallVec<[Port; 8]> = signature.feeds.iter().map(|(port, ..)| *port).collect();
        sort(&mut ports);
        if let Some(twice) = ports.windows(2).find(|pair| pair[0] == pair[1]) {
            let name = self.shared.graph.lock().node(twice[0].node).map(|node| node.output_name(twice[0].output));
            return Err(Error::invalid_argument(format!("'{}' is fed twice", name.unwrap_or_default())));
        }
        Ok(values)
    }

    /// What is known of a tensor that is to be fed.
    fn feedable(&self, tensor: Tensor) -> Result<Fact> {
        self.owns(tensor)?;
        tensor.fact().ok_or_else(|| Error::failed_precondition("a fed tensor could not be built"))
    }

    fn owns(&self, tensor: Tensor) -> Result<()> {
        if tensor.graph != self.shared.graph.key() {
            tensor.graph()?;
            return Err(Error::invalid_argument(format!(
                "'{}' is of another graph than the session runs",
                tensor.name()
            )));
        }
        if tensor.node == NodeId::POISON {
            return Err(Error::failed_precondition("this tensor could not be built"));
        }
        Ok(())
    }

    fn plan(&self, signature: Signature) -> Result<Arc<Plan>> {
        let plans = || self.shared.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans().get(&signature) {
            return Ok(plan);
        }
        let plan = Arc::new(Plan::new(&self.shared.graph, &signature, self.shared.plain)?);
        plans().insert(signature, plan.clone());
        Ok(plan)
    }

    /// The number of plans that are kept.
    pub fn cached_plans(&self) -> usize {
        self.shared.plans.lock().unwrap_or_else(PoisonError::into_inner).0.len()
    }

    /// The nodes that a run of `fetches` would execute when `feeds` are fed, in an order in which they could run.
    pub fn executed(&self, fetches: impl Fetch, feeds: &[Tensor]) -> Result<Vec<crate::graph::Operation>> {
        let targets = targets(&fetches);
        let graph = self.shared.graph.clone();
        let fed = Fed::new(graph.lock().nodes(), feeds.iter().map(|tensor| tensor.port()));
        let mut wanted = Vec::new();
        for target in targets {
            match target.resolve(&self.shared.graph)? {
                Target::Tensor(tensor) if fed.contains(&tensor.port()) => {}
                Target::Tensor(tensor) => {
                    self.owns(tensor)?;
                    wanted.push(tensor.node);
                }
                Target::Operation(operation) => {
                    self.owns(Tensor { graph: operation.graph, node: operation.node, output: 0 })?;
                    wanted.push(operation.node);
                }
                Target::Name(_) => {}
            }
        }
        let order = prune(self.shared.graph.lock().nodes(), wanted, &fed)?;
        Ok(order.into_iter().map(|node| crate::graph::Operation::new(&self.shared.graph, node)).collect())
    }
}

/// What computes `fetches`.
fn targets(fetches: &impl Fetch) -> Vec<Target> {
    let mut targets = Vec::new();
    fetches.targets(&mut targets);
    targets
}

/// What was `fetched`, in the places of the targets.
fn results(places: &[Place], fetched: &[Value]) -> Results {
    let value = |place: &Place| match place {
        Place::Fetch(i) => fetched.get(*i).cloned().unwrap_or_else(fetch::nothing),
        Place::Nothing => fetch::nothing(),
    };
    Results(places.iter().map(value).collect::<Vec<_>>().into_iter())
}

/// The value that is fed to `tensor`, of which `fact` is known.
fn fed_value(tensor: Tensor, fact: &Fact, literal: Result<crate::value::Literal>) -> Result<Value> {
    literal.and_then(|literal| feed_value(literal, fact)).map_err(|e| {
        Error::new(e.kind(), format!("the value fed to '{}': {}", tensor.name(), e.message()))
            .at(&tensor.op().name(), tensor.op().location())
    })
}

/// The value of `literal` as an array that `fact` describes.
fn feed_value(literal: crate::value::Literal, fact: &Fact) -> Result<Value> {
    let value = match fact.dtype {
        DType::Invalid => literal.resolve(None)?,
        dtype => literal.resolve(Some(dtype))?.convert(dtype)?,
    };
    let value = value.moved_out();
    if !fact.shape.accepts(value.shape()) {
        return Err(Error::invalid_argument(format!("its shape is {}, but {} is expected", value.shape(), fact.shape)));
    }
    Ok(value)
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({:?}, {} threads)", self.shared.graph, self.threads())
    }
}
