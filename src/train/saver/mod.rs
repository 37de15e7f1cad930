//! [`Saver`](struct@Saver): variables into checkpoints and out of them.

mod import;
mod kept;
mod nodes;

pub use import::{ImportMetaGraphArgs, import_meta_graph, import_meta_graph_args};

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::format::bundle::BundleReader;
use crate::format::meta::SaverDef;
use crate::graph::{Operation, Tensor, built_at, get_default_graph, here};
use crate::ops::state::{Declared, Variable, global_variables};
use crate::session::{Feeds, Session};
use crate::sort::sort_by;
use crate::value::Value;

use super::checkpoint_state::update_checkpoint_state_args;
use super::fit::{Entry, check_fit, held_by};
use super::meta_graph::export_meta_graph_args;
use kept::Kept;
pub(super) use nodes::assign;

/// Saves variables and restores them. TF: `tf.train.Saver`.
///
/// A handle: clones share the list of checkpoints that are kept.
#[derive(Clone)]
pub struct Saver {
    shared: Arc<Inner>,
}

struct Inner {
    def: SaverDef,
    pads_steps: bool,
    relative: bool,
    is_empty: bool,
    kept: Mutex<Kept>,
    /// Held while a checkpoint is written: others of this saver wait.
    saving: Mutex<()>,
}

/// A saver of all variables of the default graph. TF: `tf.train.Saver()`.
///
/// Keyword arguments: `var_list`, `max_to_keep`, `keep_checkpoint_every_n_hours`, `name`, `allow_empty`,
/// `pad_step_number`, `save_relative_paths`, `filename` and `sharded`. An error of the graph if there is no variable.
///
/// ```
/// use flowstone as tf;
/// let w = tf::Variable([1.0, 2.0]);
/// let saver = tf::train::Saver();
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-saver-{}", std::process::id()));
/// let path = saver.save(&sess, folder.join("model.ckpt"))?;
/// sess.run(tf::assign(w, [0.0, 0.0]), tf::feed_dict! {})?;
/// saver.restore(&sess, path)?;
/// assert_eq!(sess.run(w, tf::feed_dict! {})?.as_slice::<f32>()?, [1.0, 2.0]);
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn Saver() -> Saver {
    SaverArgs::new().build()
}

/// The variables of a saver, each with its name in checkpoints: variables, or pairs of names and variables.
pub trait VarList {
    /// The pairs.
    fn var_list(self) -> Vec<(String, Variable)>;
}

impl VarList for &[Variable] {
    fn var_list(self) -> Vec<(String, Variable)> {
        self.iter().map(|variable| (variable.op().name(), *variable)).collect()
    }
}

impl<S: AsRef<str>> VarList for &[(S, Variable)] {
    fn var_list(self) -> Vec<(String, Variable)> {
        self.iter().map(|(name, variable)| (name.as_ref().to_owned(), *variable)).collect()
    }
}

impl<T, const N: usize> VarList for [T; N]
where
    for<'a> &'a [T]: VarList,
{
    fn var_list(self) -> Vec<(String, Variable)> {
        self.as_slice().var_list()
    }
}

impl<T> VarList for &Vec<T>
where
    for<'a> &'a [T]: VarList,
{
    fn var_list(self) -> Vec<(String, Variable)> {
        self.as_slice().var_list()
    }
}

impl<T> VarList for Vec<T>
where
    for<'a> &'a [T]: VarList,
{
    fn var_list(self) -> Vec<(String, Variable)> {
        self.as_slice().var_list()
    }
}

/// A saver under construction: the keyword arguments of [`Saver`](fn@Saver).
#[must_use = "nothing is built until `build` is called"]
pub struct SaverArgs {
    var_list: Option<Vec<(String, Variable)>>,
    name: String,
    filename: String,
    def: SaverDef,
    allow_empty: bool,
    pad_step_number: bool,
    save_relative_paths: bool,
}

impl Default for SaverArgs {
    fn default() -> Self {
        SaverArgs::new()
    }
}

impl SaverArgs {
    /// A saver of all variables.
    pub fn new() -> Self {
        let def =
            SaverDef { max_to_keep: 5, keep_checkpoint_every_n_hours: 10_000.0, version: V2, ..SaverDef::default() };
        SaverArgs {
            var_list: None,
            name: "save".into(),
            filename: "model".into(),
            def,
            allow_empty: false,
            pad_step_number: false,
            save_relative_paths: false,
        }
    }

    /// The variables, with or without names for them in checkpoints; all of the default graph if not said.
    pub fn var_list(mut self, var_list: impl VarList) -> Self {
        self.var_list = Some(var_list.var_list());
        self
    }

    /// How many checkpoints are kept; 5 if not said, and 0 for all.
    pub fn max_to_keep(mut self, max_to_keep: i32) -> Self {
        self.def.max_to_keep = max_to_keep;
        self
    }

    /// In each so many hours one checkpoint is kept for good; 10,000 if not said.
    pub fn keep_checkpoint_every_n_hours(mut self, hours: f32) -> Self {
        self.def.keep_checkpoint_every_n_hours = hours;
        self
    }

    /// Whether the variables of each device are saved on their own, and then brought together: in one file, where
    /// TensorFlow keeps one for each device.
    pub fn sharded(mut self, sharded: bool) -> Self {
        self.def.sharded = sharded;
        self
    }

    /// The scope of the nodes; `save` if not said.
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// The prefix that the nodes take if none is fed; `model` if not said.
    pub fn filename(mut self, filename: &str) -> Self {
        self.filename = filename.to_owned();
        self
    }

    /// Whether there may be no variable; then nothing is saved.
    pub fn allow_empty(mut self, allow_empty: bool) -> Self {
        self.allow_empty = allow_empty;
        self
    }

    /// Whether steps in names have eight digits, so that names sort as steps do.
    pub fn pad_step_number(mut self, pad_step_number: bool) -> Self {
        self.pad_step_number = pad_step_number;
        self
    }

    /// Whether the file `checkpoint` holds paths from its folder on, so that the folder can be moved.
    pub fn save_relative_paths(mut self, save_relative_paths: bool) -> Self {
        self.save_relative_paths = save_relative_paths;
        self
    }

    /// Builds the nodes.
    #[track_caller]
    pub fn build(mut self) -> Saver {
        let _line = built_at(here());
        let mut variables = self.var_list.take().unwrap_or_else(|| global_variables().as_slice().var_list());
        variables.retain(|(_, variable)| !variable.reference().is_poisoned());
        sort_by(&mut variables, |a, b| a.0.cmp(&b.0));
        let graph = variables.first().and_then(|(_, v)| v.op().graph().ok()).unwrap_or_else(get_default_graph);
        if let Err(error) = self.check(&variables) {
            graph.record(error.at(&self.name, Some(crate::graph::here())));
            variables.clear();
        }
        let is_empty = variables.is_empty();
        if !is_empty {
            let nodes = nodes::build(&graph, &self.name, &self.filename, &variables, self.def.sharded);
            self.def.filename_tensor_name = nodes.filename.name();
            self.def.save_tensor_name = nodes.save.name();
            self.def.restore_op_name = nodes.restore.name();
        }
        let kept = Kept::new(&self.def);
        let (pads_steps, relative) = (self.pad_step_number, self.save_relative_paths);
        let kept = Mutex::new(kept);
        let saving = Mutex::default();
        Saver { shared: Arc::new(Inner { def: self.def, pads_steps, relative, is_empty, kept, saving }) }
    }

    fn check(&self, variables: &[(String, Variable)]) -> Result<()> {
        if let Some(pair) = variables.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::invalid_argument(format!("two variables are to be saved as '{}'", pair[0].0)));
        }
        match variables.is_empty() && !self.allow_empty {
            true => Err(Error::invalid_argument("there are no variables to save")),
            false => Ok(()),
        }
    }
}

/// The format of checkpoints with an index.
const V2: i32 = 2;

impl Saver {
    /// A saver of nodes that are in a graph already. TF: `tf.train.Saver.from_proto`.
    pub fn from_proto(def: SaverDef) -> Result<Self> {
        if def.version != V2 {
            return Err(Error::unimplemented("a saver of checkpoints of the first format"));
        }
        let kept = Mutex::new(Kept::new(&def));
        let saving = Mutex::default();
        Ok(Saver { shared: Arc::new(Inner { def, pads_steps: false, relative: false, is_empty: false, kept, saving }) })
    }

    /// What the saver is, for files. TF: `saver.as_saver_def`.
    pub fn as_saver_def(&self) -> SaverDef {
        self.shared.def.clone()
    }

    /// Saves the variables; gives the prefix of the files. TF: `saver.save(sess, save_path)`.
    ///
    /// Files whose names start with `save_path` are written, and the file `checkpoint` beside them, which says which one
    /// is the latest. There is a whole checkpoint at every moment. An error if a variable has no value.
    pub fn save(&self, sess: &Session, save_path: impl AsRef<Path>) -> Result<String> {
        self.save_args(sess, save_path).build()
    }

    /// [`save`](Saver::save) with keyword arguments.
    pub fn save_args(&self, sess: &Session, save_path: impl AsRef<Path>) -> SaveArgs<'_> {
        SaveArgs {
            saver: self,
            sess: sess.clone(),
            path: text(save_path.as_ref()),
            step: None,
            latest_filename: "checkpoint".into(),
            meta_graph_suffix: "meta".into(),
            write_meta_graph: true,
            write_state: true,
        }
    }

    /// Gives the variables the values that were saved with this prefix. TF: `saver.restore(sess, save_path)`.
    ///
    /// Everything is read and checked first: after an error each variable has the value that it had. The error lists all
    /// that does not fit.
    pub fn restore(&self, sess: &Session, save_path: impl AsRef<Path>) -> Result<()> {
        if self.shared.is_empty {
            return sess.graph().check();
        }
        let path = text(save_path.as_ref())?;
        let reader = BundleReader::open(&path)?;
        let restore = sess.graph().get_operation_by_name(&self.shared.def.restore_op_name)?;
        match nodes::restored(restore)? {
            Some(variables) => restore_all(sess, &path, &reader, &variables),
            None => sess.run(restore, self.feed(&path)),
        }
    }

    /// The prefixes of the checkpoints that are kept, the oldest first. TF: `saver.last_checkpoints`.
    pub fn last_checkpoints(&self) -> Vec<String> {
        self.kept().paths()
    }

    /// Makes these the checkpoints that are kept, the oldest first. TF: `saver.set_last_checkpoints`.
    pub fn set_last_checkpoints(&self, last_checkpoints: &[impl AsRef<str>]) {
        self.kept().set(last_checkpoints.iter().map(|path| (path.as_ref().to_owned(), f64::INFINITY)));
    }

    /// As [`set_last_checkpoints`](Saver::set_last_checkpoints), with the times at which they were written, in seconds
    /// since 1970. TF: `saver.set_last_checkpoints_with_time`.
    pub fn set_last_checkpoints_with_time(&self, last_checkpoints: &[(String, f64)]) {
        self.kept().set(last_checkpoints.iter().cloned());
    }

    /// Takes those of these checkpoints that are there for those that are kept. TF: `saver.recover_last_checkpoints`.
    pub fn recover_last_checkpoints(&self, checkpoint_paths: &[impl AsRef<str>]) {
        let with_time = |path: &str| Some((path.to_owned(), super::checkpoint_state::mtime(path)?));
        self.kept().set(checkpoint_paths.iter().filter_map(|path| with_time(path.as_ref())));
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn feed(&self, path: &str) -> Feeds {
        Feeds::new().feed(self.shared.def.filename_tensor_name.as_str(), Value::scalar(path.as_bytes().to_vec()))
    }
}

impl fmt::Debug for Saver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Saver").field(&self.shared.def).finish()
    }
}

/// The path as text.
pub(super) fn text(path: &Path) -> Result<String> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Error::invalid_argument(format!("the path {} is not text", path.display())))
}

/// Reads all that `variables` want from the checkpoint `path`, and then gives it to them.
fn restore_all(sess: &Session, path: &str, reader: &BundleReader, variables: &[nodes::Restored]) -> Result<()> {
    let wanted = |one: &nodes::Restored| {
        let Declared { dtype, shape, .. } = Declared::of(one.variable)?;
        Ok(Entry { name: one.name.clone(), dtype, shape })
    };
    let wanted = variables.iter().map(wanted).collect::<Result<Vec<Entry>>>()?;
    check_fit(format_args!("the checkpoint {path}"), &wanted, &held_by(reader))?;
    let values = variables.iter().map(|one| Ok((one.variable, reader.read(&one.name)?)));
    let values = values.collect::<Result<Vec<(Operation, Value)>>>()?;
    sess.set_variables(&values)
}

/// The number of steps for the name of a checkpoint: a number, a variable or a tensor.
#[derive(Clone, Copy, Debug)]
pub enum GlobalStep {
    /// This many.
    Number(i64),
    /// What it says when the checkpoint is saved.
    Tensor(Tensor),
}

impl From<i64> for GlobalStep {
    fn from(step: i64) -> Self {
        GlobalStep::Number(step)
    }
}

impl From<i32> for GlobalStep {
    fn from(step: i32) -> Self {
        GlobalStep::Number(step.into())
    }
}

impl From<usize> for GlobalStep {
    fn from(step: usize) -> Self {
        GlobalStep::Number(step as i64)
    }
}

impl From<Variable> for GlobalStep {
    fn from(step: Variable) -> Self {
        GlobalStep::Tensor(step.value())
    }
}

impl From<Tensor> for GlobalStep {
    fn from(step: Tensor) -> Self {
        GlobalStep::Tensor(step)
    }
}

/// A checkpoint to be saved: the keyword arguments of [`Saver::save`].
#[must_use = "nothing is saved until `build` is called"]
pub struct SaveArgs<'a> {
    saver: &'a Saver,
    sess: Session,
    path: Result<String>,
    step: Option<GlobalStep>,
    latest_filename: String,
    meta_graph_suffix: String,
    write_meta_graph: bool,
    write_state: bool,
}

impl SaveArgs<'_> {
    /// The number of steps, which is put behind the path.
    pub fn global_step(mut self, step: impl Into<GlobalStep>) -> Self {
        self.step = Some(step.into());
        self
    }

    /// The name of the file that says which checkpoint is the latest; `checkpoint` if not said.
    pub fn latest_filename(mut self, name: &str) -> Self {
        self.latest_filename = name.to_owned();
        self
    }

    /// The suffix of the file with the meta graph; `meta` if not said.
    pub fn meta_graph_suffix(mut self, suffix: &str) -> Self {
        self.meta_graph_suffix = suffix.to_owned();
        self
    }

    /// Whether the meta graph is written; true if not said.
    pub fn write_meta_graph(mut self, write: bool) -> Self {
        self.write_meta_graph = write;
        self
    }

    /// Whether the file that says which checkpoint is the latest is written; true if not said.
    pub fn write_state(mut self, write: bool) -> Self {
        self.write_state = write;
        self
    }

    /// Saves; gives the prefix of the files.
    pub fn build(mut self) -> Result<String> {
        self.sess.graph().check()?;
        let path = std::mem::replace(&mut self.path, Ok(String::new()))?;
        let prefix = self.prefix(&path)?;
        if self.saver.shared.is_empty {
            return Ok(prefix);
        }
        let saver = self.saver;
        let _alone = saver.shared.saving.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_values()?;
        let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
        if !folder.as_os_str().is_empty() {
            std::fs::create_dir_all(folder).map_err(|e| Error::of_file(folder, &e))?;
        }
        let saved = self.sess.run(self.saver.shared.def.save_tensor_name.as_str(), self.saver.feed(&prefix))?;
        let saved = String::from_utf8_lossy(&saved.item::<Vec<u8>>()?).into_owned();
        if self.write_meta_graph {
            let file = format!("{saved}.{}", self.meta_graph_suffix);
            let meta = export_meta_graph_args().graph(self.sess.graph()).saver_def(&self.saver.shared.def);
            meta.filename(file).build()?;
        }
        if self.write_state {
            self.record(folder, &saved)?;
        }
        Ok(saved)
    }

    /// An error that names all variables without a value, if there are any.
    fn check_values(&self) -> Result<()> {
        let restore = self.sess.graph().get_operation_by_name(&self.saver.shared.def.restore_op_name)?;
        let variables = nodes::restored(restore)?.unwrap_or_default();
        let names = self.sess.without_value(variables.into_iter().map(|one| one.variable))?;
        match names.is_empty() {
            true => Ok(()),
            false => Err(Error::failed_precondition(format!(
                "variables without a value cannot be saved: '{}'",
                names.join("', '")
            ))
            .note("run their initializers first: `sess.run(tf::global_variables_initializer(), feed_dict! {})`")),
        }
    }

    /// The path with the number of steps.
    fn prefix(&self, path: &str) -> Result<String> {
        let name = Path::new(path).file_name().unwrap_or_default();
        if Path::new(&self.latest_filename).components().count() != 1 {
            let latest = &self.latest_filename;
            return Err(Error::invalid_argument(format!(
                "latest_filename must be a name in the folder, not '{latest}'"
            )));
        }
        let Some(step) = self.step else {
            if name.is_empty() || name == self.latest_filename.as_str() {
                return Err(Error::invalid_argument(format!("'{path}' cannot be the name of a checkpoint")));
            }
            return Ok(path.to_owned());
        };
        let step = match step {
            GlobalStep::Number(step) => step,
            GlobalStep::Tensor(tensor) => {
                let value = self.sess.run(tensor, Feeds::new())?;
                value.convert(crate::dtype::DType::Int64)?.item()?
            }
        };
        Ok(if self.saver.shared.pads_steps { format!("{path}-{step:08}") } else { format!("{path}-{step}") })
    }

    /// Writes which checkpoint is the latest, and removes what is kept no longer.
    fn record(&self, folder: &Path, saved: &str) -> Result<()> {
        let mut kept = self.saver.kept();
        let mut next = kept.clone();
        let old = next.add(saved);
        update_checkpoint_state_args(folder, saved)
            .all_model_checkpoint_paths(&next.paths())
            .latest_filename(&self.latest_filename)
            .save_relative_paths(self.saver.shared.relative)
            .build()?;
        *kept = next;
        old.map_or(Ok(()), |old| super::checkpoint_state::remove_with_meta(&old, &self.meta_graph_suffix))
    }
}

#[cfg(test)]
mod tests;
