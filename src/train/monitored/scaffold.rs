//! What a graph needs to be trained: how it is initialized, saved and summarized.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::graph::{Operation, Tensor, built_at, get_default_graph, here, keys};
use crate::host::logging;
use crate::ops::array;
use crate::ops::flow::{group, no_op_named};
use crate::ops::state::{
    global_variables, global_variables_initializer, local_variables, local_variables_initializer, report_uninitialized,
};
use crate::ops::summary;
use crate::session::{Feeds, Session};
use crate::train::{Saver, SaverArgs};
use crate::value::Value;

/// What gives a session's variables values in the program's own way.
type InitFn = Arc<dyn Fn(&Scaffold, &Session) -> Result<()> + Send + Sync>;

/// What a graph needs to be trained: how it is initialized, saved and summarized. TF: `tf.train.Scaffold`.
///
/// A handle. What is not said is found in the graph's collections, or made when a session is.
#[derive(Clone)]
pub struct Scaffold {
    shared: Arc<Mutex<Parts>>,
}

/// The parts of a scaffold under construction: the keyword arguments of [`Scaffold`](fn@Scaffold).
#[must_use = "there is no scaffold until `build` is called"]
#[derive(Default)]
pub struct ScaffoldArgs(Parts);

#[derive(Clone, Default)]
struct Parts {
    init_op: Option<Operation>,
    init_feed_dict: Feeds,
    init_fn: Option<InitFn>,
    ready_op: Option<Tensor>,
    ready_for_local_init_op: Option<Tensor>,
    local_init_op: Option<Operation>,
    local_init_feed_dict: Feeds,
    summary_op: Option<Tensor>,
    saver: Option<Saver>,
}

/// A scaffold of which all is found or made. TF: `tf.train.Scaffold()`.
///
/// Keyword arguments: `init_op` and `init_feed_dict` or `init_fn`, which give variables their first values if no checkpoint
/// does; `ready_op`, which names those that have none; `local_init_op`, `local_init_feed_dict` and
/// `ready_for_local_init_op`, the same for local variables; `summary_op`; `saver`; `copy_from_scaffold`, whose parts count
/// where nothing else is said.
///
/// ```
/// use flowstone as tf;
/// let w = tf::Variable(1.0);
/// let seven = tf::assign(w, 7.0);
/// let scaffold = tf::Scaffold!(init_fn = move |_, sess| sess.run(seven, tf::feed_dict! {}).map(|_| ()));
/// let mut sess = tf::MonitoredTrainingSession!(scaffold = &scaffold)?;
/// assert_eq!(sess.run(w, tf::feed_dict! {})?.item::<f32>()?, 7.0);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn Scaffold() -> Scaffold {
    ScaffoldArgs::new().build()
}

impl ScaffoldArgs {
    /// A scaffold of which all is found or made.
    pub fn new() -> Self {
        ScaffoldArgs::default()
    }

    /// What gives variables their first values.
    pub fn init_op(mut self, init_op: Operation) -> Self {
        self.0.init_op = Some(init_op);
        self
    }

    /// What is fed to it.
    pub fn init_feed_dict(mut self, init_feed_dict: impl Into<Feeds>) -> Self {
        self.0.init_feed_dict = init_feed_dict.into();
        self
    }

    /// What is called after it.
    pub fn init_fn(mut self, init_fn: impl Fn(&Scaffold, &Session) -> Result<()> + Send + Sync + 'static) -> Self {
        self.0.init_fn = Some(Arc::new(init_fn));
        self
    }

    /// What gives the names of variables without a value.
    pub fn ready_op(mut self, ready_op: Tensor) -> Self {
        self.0.ready_op = Some(ready_op);
        self
    }

    /// What gives the names of variables without a value that local variables may start from.
    pub fn ready_for_local_init_op(mut self, ready_for_local_init_op: Tensor) -> Self {
        self.0.ready_for_local_init_op = Some(ready_for_local_init_op);
        self
    }

    /// What gives local variables their first values.
    pub fn local_init_op(mut self, local_init_op: Operation) -> Self {
        self.0.local_init_op = Some(local_init_op);
        self
    }

    /// What is fed to it.
    pub fn local_init_feed_dict(mut self, local_init_feed_dict: impl Into<Feeds>) -> Self {
        self.0.local_init_feed_dict = local_init_feed_dict.into();
        self
    }

    /// The summary of everything.
    pub fn summary_op(mut self, summary_op: Tensor) -> Self {
        self.0.summary_op = Some(summary_op);
        self
    }

    /// What saves and restores variables.
    pub fn saver(mut self, saver: &Saver) -> Self {
        self.0.saver = Some(saver.clone());
        self
    }

    /// What counts where nothing else is said.
    pub fn copy_from_scaffold(mut self, scaffold: &Scaffold) -> Self {
        let other = scaffold.lock().clone();
        let own = &mut self.0;
        own.init_op = own.init_op.or(other.init_op);
        own.init_fn = own.init_fn.take().or(other.init_fn);
        own.ready_op = own.ready_op.or(other.ready_op);
        own.ready_for_local_init_op = own.ready_for_local_init_op.or(other.ready_for_local_init_op);
        own.local_init_op = own.local_init_op.or(other.local_init_op);
        own.summary_op = own.summary_op.or(other.summary_op);
        own.saver = own.saver.take().or(other.saver);
        if own.init_feed_dict.is_empty() {
            own.init_feed_dict = other.init_feed_dict;
        }
        if own.local_init_feed_dict.is_empty() {
            own.local_init_feed_dict = other.local_init_feed_dict;
        }
        self
    }

    /// The scaffold.
    pub fn build(self) -> Scaffold {
        Scaffold { shared: Arc::new(Mutex::new(self.0)) }
    }
}

impl Scaffold {
    /// Finds or makes what was not said, and forbids adding nodes to the default graph. TF: `scaffold.finalize()`.
    #[track_caller]
    pub fn finalize(&self) -> Result<()> {
        let _line = built_at(here());
        let mut parts = self.lock().clone();
        parts.find()?;
        *self.lock() = parts;
        get_default_graph().finalize();
        logging::info("Graph was finalized.");
        Ok(())
    }

    /// What gives variables their first values. TF: `scaffold.init_op`.
    pub fn init_op(&self) -> Option<Operation> {
        self.lock().init_op
    }

    /// What names variables without a value. TF: `scaffold.ready_op`.
    pub fn ready_op(&self) -> Option<Tensor> {
        self.lock().ready_op
    }

    /// What names global variables without a value. TF: `scaffold.ready_for_local_init_op`.
    pub fn ready_for_local_init_op(&self) -> Option<Tensor> {
        self.lock().ready_for_local_init_op
    }

    /// What gives local variables their first values. TF: `scaffold.local_init_op`.
    pub fn local_init_op(&self) -> Option<Operation> {
        self.lock().local_init_op
    }

    /// The summary of everything. TF: `scaffold.summary_op`.
    pub fn summary_op(&self) -> Option<Tensor> {
        self.lock().summary_op
    }

    /// What saves and restores variables. TF: `scaffold.saver`.
    pub fn saver(&self) -> Option<Saver> {
        self.lock().saver.clone()
    }

    /// Gives the variables of `sess` their first values.
    pub(super) fn initialize(&self, sess: &Session) -> Result<()> {
        let parts = self.lock().clone();
        if let Some(init_op) = parts.init_op {
            sess.run(init_op, parts.init_feed_dict)?;
        }
        parts.init_fn.map_or(Ok(()), |init_fn| init_fn(self, sess))
    }

    /// Gives the local variables of `sess` their first values.
    pub(super) fn initialize_local(&self, sess: &Session) -> Result<()> {
        let (op, feeds) = (self.local_init_op(), self.lock().local_init_feed_dict.clone());
        op.map_or(Ok(()), |op| sess.run(op, feeds))
    }

    fn lock(&self) -> MutexGuard<'_, Parts> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parts {
    /// Finds or makes what was not said, node for node as TensorFlow does.
    #[track_caller]
    fn find(&mut self) -> Result<()> {
        if self.init_op.is_none() {
            self.init_op = only("init_op", keys::INIT_OP)?.or_else(|| {
                let variables = global_variables_initializer();
                let shared_resources = no_op_named("init");
                collected(keys::INIT_OP, group(&[variables, shared_resources]))
            });
        }
        if self.ready_op.is_none() {
            let mut variables = global_variables();
            variables.extend(local_variables());
            self.ready_op = only("ready_op", keys::READY_OP)?
                .or_else(|| collected(keys::READY_OP, uninitialized(|| report_uninitialized(&variables))));
        }
        if self.ready_for_local_init_op.is_none() {
            let key = keys::READY_FOR_LOCAL_INIT_OP;
            self.ready_for_local_init_op = only("ready_for_local_init_op", key)?
                .or_else(|| collected(key, uninitialized(|| report_uninitialized(&global_variables()))));
        }
        if self.local_init_op.is_none() {
            self.local_init_op = only("local_init_op", keys::LOCAL_INIT_OP)?.or_else(|| {
                let (variables, tables) = (local_variables_initializer(), no_op_named("init_all_tables"));
                let local_resources = no_op_named("init");
                collected(keys::LOCAL_INIT_OP, group(&[variables, tables, local_resources]))
            });
        }
        if self.summary_op.is_none() {
            self.summary_op = only("summary_op", keys::SUMMARY_OP)?
                .or_else(|| summary::merge_all().and_then(|all| collected(keys::SUMMARY_OP, all)));
        }
        if self.saver.is_none() {
            self.saver = only("saver", keys::SAVERS)?.or_else(|| {
                let saver = SaverArgs::new().sharded(true).allow_empty(true).build();
                collected(keys::SAVERS, saver)
            });
        }
        Ok(())
    }
}

/// The names of variables and of resources that have no value; there are no such resources.
#[track_caller]
fn uninitialized(variables: impl FnOnce() -> Tensor) -> Tensor {
    let graph = get_default_graph();
    let variables = variables();
    let resources = {
        let _scope = graph.scope("report_uninitialized_resources");
        let _device = graph.device("/cpu:0");
        array::constant(Value::vector(Vec::<Vec<u8>>::new()))
    };
    array::concat([variables, resources], 0)
}

/// The only item of a collection of the default graph.
pub(super) fn only<T: std::any::Any + Clone>(argument: &str, key: &str) -> Result<Option<T>> {
    let mut items: Vec<T> = get_default_graph().get_collection(key);
    if items.len() > 1 {
        return Err(Error::failed_precondition(format!(
            "{} items in the collection '{key}': tell the scaffold which one is meant by its argument {argument}",
            items.len()
        )));
    }
    Ok(items.pop())
}

/// The item, which is now in a collection of the default graph.
pub(super) fn collected<T: std::any::Any + Send + Sync + Clone>(key: &str, item: T) -> Option<T> {
    get_default_graph().add_to_collection(key, item.clone());
    Some(item)
}

impl fmt::Debug for Scaffold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.lock();
        write!(f, "Scaffold(init_op: {:?}, saver: {:?})", parts.init_op, parts.saver)
    }
}
