//! The older way: a session with threads beside it that save and summarize.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::scaffold::collected;
use super::start::prepare_session;
use super::{Coordinator, Scaffold, ScaffoldArgs, step_of};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::format::event::SessionLog;
use crate::format::meta::MetaGraphDef;
use crate::format::summary::Summary;
use crate::graph::{Graph, Operation, Tensor, built_at, get_default_graph, here, keys};
use crate::host::logging;
use crate::ops::flow::{group, no_op_named};
use crate::ops::state::{
    Variable, global_variables, global_variables_initializer, local_variables_initializer,
    report_uninitialized_variables,
};
use crate::ops::summary;
use crate::session::{ConfigProto, Feeds, Session};
use crate::train::events::{FileWriter, SummarySource};
use crate::train::meta_graph::export_meta_graph_args;
use crate::train::{GLOBAL_STEP, Saver, SaverArgs, write_graph};

type InitFn = Box<dyn Fn(&Session) -> Result<()> + Send + Sync>;

/// Starts sessions from the latest checkpoint, and saves and summarizes beside them. TF: `tf.train.Supervisor`.
pub struct Supervisor {
    graph: Graph,
    scaffold: Scaffold,
    meta_graph: MetaGraphDef,
    coord: Coordinator,
    logdir: Option<PathBuf>,
    save_path: Option<PathBuf>,
    save_summaries_secs: f64,
    save_model_secs: f64,
    summary_op: Option<Tensor>,
    saver: Option<Saver>,
    global_step: Option<Steps>,
    writer: Option<FileWriter>,
    graph_written: Mutex<bool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// The tensor that says how many steps there were, and the name of its operation.
#[derive(Clone)]
struct Steps {
    tensor: Tensor,
    name: String,
}

/// A supervisor of the default graph that writes nothing. TF: `tf.train.Supervisor()`.
///
/// From here on no node can be added to the graph. Keyword arguments: `logdir`, the folder of checkpoints and event files;
/// `graph`; `init_op`, `init_feed_dict`, `init_fn` and `local_init_op`, which give variables their first values; `ready_op`,
/// which names those that have none; `summary_op` and `saver`, each `None` for nothing; `global_step`;
/// `save_summaries_secs` (120) and `save_model_secs` (600), how often, and 0 for never; `checkpoint_basename`
/// (`model.ckpt`).
///
/// ```
/// use flowstone as tf;
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-supervisor-{}", std::process::id()));
/// let step = tf::train::get_or_create_global_step();
/// let w = tf::Variable(5.0);
/// let loss = tf::square(w);
/// let train = tf::train::GradientDescentOptimizer(0.1).minimize_args(loss).global_step(step).build();
/// let sv = tf::Supervisor!(logdir = &folder)?;
/// let sess = sv.managed_session()?;
/// for _ in 0..10 {
///     if sv.should_stop() {
///         break;
///     }
///     sess.run(train, tf::feed_dict! {})?;
/// }
/// sess.close()?;
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn Supervisor() -> Result<Supervisor> {
    SupervisorArgs::new().build()
}

/// A supervisor under construction: the keyword arguments of [`Supervisor`](fn@Supervisor).
#[must_use = "there is no supervisor until `build` is called"]
pub struct SupervisorArgs {
    graph: Option<Graph>,
    logdir: Option<PathBuf>,
    init_op: Option<Operation>,
    init_feed_dict: Feeds,
    init_fn: Option<InitFn>,
    local_init_op: Option<Operation>,
    ready_op: Option<Tensor>,
    /// Nothing said, said that there is none, or said.
    summary_op: Option<Option<Tensor>>,
    saver: Option<Option<Saver>>,
    global_step: Option<Variable>,
    save_summaries_secs: f64,
    save_model_secs: f64,
    checkpoint_basename: String,
}

impl Default for SupervisorArgs {
    fn default() -> Self {
        SupervisorArgs {
            graph: None,
            logdir: None,
            init_op: None,
            init_feed_dict: Feeds::new(),
            init_fn: None,
            local_init_op: None,
            ready_op: None,
            summary_op: None,
            saver: None,
            global_step: None,
            save_summaries_secs: 120.0,
            save_model_secs: 600.0,
            checkpoint_basename: "model.ckpt".to_owned(),
        }
    }
}

impl SupervisorArgs {
    /// A supervisor that writes nothing.
    pub fn new() -> Self {
        SupervisorArgs::default()
    }

    /// The graph; the default graph if not said.
    pub fn graph(mut self, graph: &Graph) -> Self {
        self.graph = Some(graph.clone());
        self
    }

    /// The folder of checkpoints and event files.
    pub fn logdir(mut self, logdir: impl AsRef<Path>) -> Self {
        self.logdir = Some(logdir.as_ref().to_owned());
        self
    }

    /// What gives variables their first values.
    pub fn init_op(mut self, init_op: Operation) -> Self {
        self.init_op = Some(init_op);
        self
    }

    /// What is fed to it.
    pub fn init_feed_dict(mut self, init_feed_dict: impl Into<Feeds>) -> Self {
        self.init_feed_dict = init_feed_dict.into();
        self
    }

    /// What is called after it.
    pub fn init_fn(mut self, init_fn: impl Fn(&Session) -> Result<()> + Send + Sync + 'static) -> Self {
        self.init_fn = Some(Box::new(init_fn));
        self
    }

    /// What gives local variables their first values.
    pub fn local_init_op(mut self, local_init_op: Operation) -> Self {
        self.local_init_op = Some(local_init_op);
        self
    }

    /// What gives the names of variables without a value.
    pub fn ready_op(mut self, ready_op: Tensor) -> Self {
        self.ready_op = Some(ready_op);
        self
    }

    /// The summary that is written; all of the graph if not said, and `None` for none.
    pub fn summary_op(mut self, summary_op: Option<Tensor>) -> Self {
        self.summary_op = Some(summary_op);
        self
    }

    /// Who saves; a saver of all variables if not said, and `None` for nobody.
    pub fn saver(mut self, saver: Option<&Saver>) -> Self {
        self.saver = Some(saver.cloned());
        self
    }

    /// What counts the steps; the graph's global step if not said.
    pub fn global_step(mut self, global_step: Variable) -> Self {
        self.global_step = Some(global_step);
        self
    }

    /// Writes a summary every so many seconds; 120 if not said, and 0 for never.
    pub fn save_summaries_secs(mut self, seconds: impl Into<f64>) -> Self {
        self.save_summaries_secs = seconds.into();
        self
    }

    /// Saves a checkpoint every so many seconds; 600 if not said, and 0 for never.
    pub fn save_model_secs(mut self, seconds: impl Into<f64>) -> Self {
        self.save_model_secs = seconds.into();
        self
    }

    /// What the names of checkpoints start with; `model.ckpt` if not said.
    pub fn checkpoint_basename(mut self, checkpoint_basename: &str) -> Self {
        self.checkpoint_basename = checkpoint_basename.to_owned();
        self
    }

    /// Builds what is missing in the graph, and the supervisor.
    #[track_caller]
    pub fn build(self) -> Result<Supervisor> {
        let _line = built_at(here());
        let graph = self.graph.unwrap_or_else(get_default_graph);
        let _default = graph.as_default();
        let ready_op = self.ready_op.or_else(|| first(keys::READY_OP)).or_else(|| {
            let uninitialized = report_uninitialized_variables();
            collected(keys::READY_OP, uninitialized)
        });
        let init_op = self.init_op.or_else(|| first(keys::INIT_OP));
        let init_op = init_op.or_else(|| collected(keys::INIT_OP, global_variables_initializer()));
        let local_init_op = self.local_init_op.or_else(|| first(keys::LOCAL_INIT_OP)).or_else(|| {
            let all = group(&[local_variables_initializer(), no_op_named("init_all_tables")]);
            collected(keys::LOCAL_INIT_OP, all)
        });
        let saver = self.saver.unwrap_or_else(|| {
            let new = || collected(keys::SAVERS, SaverArgs::new().build());
            first(keys::SAVERS).or_else(|| if global_variables().is_empty() { None } else { new() })
        });
        let summary_op = self.summary_op.unwrap_or_else(|| {
            let all = || summary::merge_all().and_then(|all| collected(keys::SUMMARY_OP, all));
            first(keys::SUMMARY_OP).or_else(all)
        });
        let global_step =
            self.global_step.or_else(|| first(GLOBAL_STEP)).map(Steps::of).or_else(|| Steps::named(&graph));
        let mut args = ScaffoldArgs::new().init_feed_dict(self.init_feed_dict);
        args = init_op.into_iter().fold(args, ScaffoldArgs::init_op);
        args = local_init_op.into_iter().fold(args, ScaffoldArgs::local_init_op);
        args = ready_op.into_iter().fold(args, ScaffoldArgs::ready_op);
        args = first(keys::READY_FOR_LOCAL_INIT_OP).into_iter().fold(args, ScaffoldArgs::ready_for_local_init_op);
        args = saver.iter().fold(args, ScaffoldArgs::saver);
        if let Some(init_fn) = self.init_fn {
            args = args.init_fn(move |_, sess| init_fn(sess));
        }
        let mut meta_graph = export_meta_graph_args().graph(&graph);
        if let Some(saver) = &saver {
            meta_graph = meta_graph.saver_def(&saver.as_saver_def());
        }
        let meta_graph = meta_graph.build()?;
        let writer = self.logdir.as_ref().map(FileWriter::new).transpose()?;
        graph.finalize();
        Ok(Supervisor {
            scaffold: args.build(),
            meta_graph,
            coord: Coordinator::default(),
            save_path: self.logdir.as_ref().map(|folder| folder.join(self.checkpoint_basename)),
            logdir: self.logdir,
            save_summaries_secs: self.save_summaries_secs,
            save_model_secs: self.save_model_secs,
            summary_op,
            saver,
            global_step,
            writer,
            graph_written: Mutex::new(false),
            threads: Mutex::default(),
            graph: graph.clone(),
        })
    }
}

/// The first item of a collection of the default graph.
fn first<T: std::any::Any + Clone>(key: &str) -> Option<T> {
    get_default_graph().get_collection(key).first().cloned()
}

impl Steps {
    fn of(variable: Variable) -> Self {
        Steps { tensor: variable.value(), name: variable.op().name() }
    }

    /// The whole number that is called `global_step` in a graph.
    fn named(graph: &Graph) -> Option<Self> {
        let tensor = graph.get_tensor_by_name("global_step:0").ok()?;
        let counts = tensor.dtype().is_ok_and(|dtype| matches!(dtype, DType::Int32 | DType::Int64));
        counts.then(|| Steps { tensor, name: "global_step".to_owned() })
    }

    fn now(&self, sess: &Session) -> Result<i64> {
        step_of(&sess.run(self.tensor, Feeds::new())?)
    }
}

impl Supervisor {
    /// Stops the threads when one of them fails. TF: `sv.coord`.
    pub fn coord(&self) -> &Coordinator {
        &self.coord
    }

    /// Who saves. TF: `sv.saver`.
    pub fn saver(&self) -> Option<&Saver> {
        self.saver.as_ref()
    }

    /// The tensor that says how many steps there were. TF: `sv.global_step`.
    pub fn global_step(&self) -> Option<Tensor> {
        self.global_step.as_ref().map(|steps| steps.tensor)
    }

    /// The summary that is written. TF: `sv.summary_op`.
    pub fn summary_op(&self) -> Option<Tensor> {
        self.summary_op
    }

    /// Who writes events. TF: `sv.summary_writer`.
    pub fn summary_writer(&self) -> Option<&FileWriter> {
        self.writer.as_ref()
    }

    /// What the names of checkpoints start with. TF: `sv.save_path`.
    pub fn save_path(&self) -> Option<&Path> {
        self.save_path.as_deref()
    }

    /// Whether the threads are to stop. TF: `sv.should_stop()`.
    pub fn should_stop(&self) -> bool {
        self.coord.should_stop()
    }

    /// Asks the threads to stop. TF: `sv.request_stop()`.
    pub fn request_stop(&self) {
        self.coord.request_stop();
    }

    /// Writes a summary of the caller's. TF: `sv.summary_computed(sess, summary, global_step)`.
    pub fn summary_computed(&self, sess: &Session, summary: impl SummarySource, step: Option<i64>) -> Result<()> {
        let writer = self.writer.as_ref();
        let writer = writer.ok_or_else(|| Error::failed_precondition("writing a summary requires a logdir"))?;
        let step = match (step, &self.global_step) {
            (None, Some(steps)) => Some(steps.now(sess)?),
            (step, _) => step,
        };
        writer.add_summary(summary, step)
    }

    /// A session whose variables have values, and threads that save and summarize until it is closed.
    /// TF: `with sv.managed_session() as sess:`.
    pub fn managed_session(&self) -> Result<ManagedSession<'_>> {
        self.managed_session_with(ConfigProto::new())
    }

    /// As [`managed_session`](Supervisor::managed_session), run as `config` says.
    pub fn managed_session_with(&self, config: ConfigProto) -> Result<ManagedSession<'_>> {
        let session = self.prepare_or_wait_for_session(config)?;
        Ok(ManagedSession { supervisor: self, session, closed: false })
    }

    /// A session whose variables have values, and threads that save and summarize until [`stop`](Supervisor::stop).
    /// TF: `sv.prepare_or_wait_for_session()`.
    pub fn prepare_or_wait_for_session(&self, config: ConfigProto) -> Result<Session> {
        self.coord.clear_stop();
        if let Some(writer) = &self.writer {
            writer.reopen()?;
        }
        let sess = prepare_session(&self.graph, &self.scaffold, self.logdir.as_deref(), config)?;
        self.write_graph()?;
        self.start_standard_services(&sess)?;
        Ok(sess)
    }

    fn write_graph(&self) -> Result<()> {
        let (Some(logdir), Some(writer), Some(graph)) = (&self.logdir, &self.writer, &self.meta_graph.graph_def) else {
            return Ok(());
        };
        write_graph(graph, logdir, "graph.pbtxt")?;
        let mut written = self.graph_written.lock().unwrap_or_else(PoisonError::into_inner);
        if !*written {
            writer.add_graph(graph)?;
            writer.add_meta_graph(&self.meta_graph)?;
            *written = true;
        }
        Ok(())
    }

    fn start_standard_services(&self, sess: &Session) -> Result<()> {
        let (Some(writer), Some(save_path)) = (&self.writer, &self.save_path) else {
            logging::warning("Standard services need a 'logdir' passed to the Supervisor");
            return Ok(());
        };
        if let Some(steps) = &self.global_step {
            let log = SessionLog { status: SessionLog::START, ..SessionLog::default() };
            writer.add_session_log(log, steps.now(sess)?)?;
        }
        if let Some(summary_op) = self.summary_op {
            let (sess, writer, steps) = (sess.clone(), writer.clone(), self.global_step.clone());
            let work = move || {
                let summary = sess.run(summary_op, Feeds::new())?;
                let step = steps.as_ref().map(|steps| steps.now(&sess)).transpose()?;
                writer.add_summary(summary, step)
            };
            self.loops(self.save_summaries_secs, Box::new(work))?;
        }
        if let Some(steps) = self.global_step.clone() {
            let (sess, writer) = (sess.clone(), writer.clone());
            let mut last = (steps.now(&sess)?, Instant::now());
            let work = move || {
                let now = (steps.now(&sess)?, Instant::now());
                let speed = (now.0 - last.0) as f64 / (now.1 - last.1).as_secs_f64();
                last = now;
                let tag = format!("{}/sec", steps.name);
                logging::info(format_args!("{tag}: {speed}"));
                writer.add_summary(Summary::of_numbers([(tag.as_str(), speed as f32)]), now.0)
            };
            self.loops(self.save_summaries_secs, Box::new(work))?;
        }
        if let Some(saver) = self.saver.clone() {
            let (sess, writer, steps) = (sess.clone(), writer.clone(), self.global_step.clone());
            let path = save_path.clone();
            let work = move || {
                logging::info(format_args!("Saving checkpoint to path {}", path.display()));
                let Some(steps) = &steps else { return saver.save(&sess, &path).map(|_| ()) };
                let step = steps.now(&sess)?;
                saver.save_args(&sess, &path).global_step(step).build()?;
                let checkpoint_path = path.to_string_lossy().into_owned();
                let log = SessionLog { status: SessionLog::CHECKPOINT, checkpoint_path, ..SessionLog::default() };
                writer.add_session_log(log, step)
            };
            self.loops(self.save_model_secs, Box::new(work))?;
        }
        Ok(())
    }

    /// Calls `work` now and every so many seconds, on a thread of its own, until all are to stop.
    fn loops(&self, seconds: f64, mut work: Box<dyn FnMut() -> Result<()> + Send>) -> Result<()> {
        let interval = Duration::try_from_secs_f64(seconds);
        let interval =
            interval.map_err(|_| Error::invalid_argument(format!("{seconds} seconds are no time to wait")))?;
        if interval.is_zero() {
            return Ok(());
        }
        let coord = self.coord.clone();
        let thread = std::thread::Builder::new().name("flowstone-supervisor".to_owned()).spawn(move || {
            let mut next = Some(Instant::now());
            let wait = |next: Option<Instant>| {
                coord.wait_for_stop(next.map(|next| next.saturating_duration_since(Instant::now())))
            };
            while !wait(next) {
                next = next.and_then(|next| next.checked_add(interval));
                if let Err(error) = work() {
                    coord.request_stop_with(error);
                }
            }
        });
        let thread = thread.map_err(|e| Error::resource_exhausted(format!("cannot start a thread: {e}")))?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// Stops the threads and closes the event file; the error of the first thread that failed. TF: `sv.stop()`.
    pub fn stop(&self) -> Result<()> {
        self.coord.request_stop();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let joined = self.coord.join(threads);
        let Some(writer) = &self.writer else { return joined };
        *self.graph_written.lock().unwrap_or_else(PoisonError::into_inner) = false;
        let log = SessionLog { status: SessionLog::STOP, ..SessionLog::default() };
        let logged = writer.add_session_log(log, None);
        joined.and(logged).and(writer.close())
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Threads end with the supervisor; who wants to know what went wrong stops it before.
        self.coord.request_stop();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        if let Err(error) = self.coord.join(threads) {
            logging::error(error);
        }
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Supervisor({:?}, {:?})", self.graph, self.logdir)
    }
}

/// A session of a [`Supervisor`](struct@Supervisor). When it is dropped, the supervisor's threads stop.
#[derive(Debug)]
pub struct ManagedSession<'a> {
    supervisor: &'a Supervisor,
    session: Session,
    closed: bool,
}

impl ManagedSession<'_> {
    /// Stops the supervisor's threads; the error of the first that failed. Leaving Python's `with`.
    pub fn close(mut self) -> Result<()> {
        self.closed = true;
        self.supervisor.stop()
    }
}

impl Deref for ManagedSession<'_> {
    type Target = Session;
    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Drop for ManagedSession<'_> {
    fn drop(&mut self) {
        if !self.closed
            && let Err(error) = self.supervisor.stop()
        {
            logging::error(error);
        }
    }
}
