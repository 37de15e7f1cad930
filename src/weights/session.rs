//! A session's variables in files.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::error::{Error, Result};

use crate::graph::{Graph, Operation};
use crate::ops::state::{Declared, GLOBAL_VARIABLES, Variable};
use crate::session::Session;
use crate::shape::PartialShape;
use crate::train::fit::{Entry, check_fit};
use crate::value::Value;

type Arrays = Vec<(String, Value)>;

/// The nodes of the variables of `graph`: those in its collection, or all if it has none, as after an import.
fn variables(graph: &Graph) -> Vec<Operation> {
    let collected: Vec<Variable> = graph.get_collection(GLOBAL_VARIABLES);
    match collected.is_empty() {
        false => collected.into_iter().map(Variable::op).collect(),
        true => graph.get_operations().into_iter().filter(|node| Declared::of(*node).is_ok()).collect(),
    }
}

/// The value of each of the named `nodes` among the arrays of the file at `path`; one error for all that does not fit.
pub(crate) fn fitting(path: &Path, nodes: &[(String, Operation)], arrays: Arrays) -> Result<Vec<(Operation, Value)>> {
    let wanted = |(name, node): &(String, Operation)| {
        let declared = Declared::of(*node)?;
        Ok(Entry { name: name.clone(), dtype: declared.dtype, shape: declared.shape })
    };
    let wanted = nodes.iter().map(wanted).collect::<Result<Vec<_>>>()?;
    let held: Vec<Entry> = arrays
        .iter()
        .map(|(name, value)| {
            let dims = value.shape().dims().iter().map(|dim| Some(*dim));
            Entry { name: name.clone(), dtype: value.dtype(), shape: PartialShape::new(dims) }
        })
        .collect();
    check_fit(format!("'{}'", path.display()), &wanted, &held)?;
    let mut by_name: HashMap<String, Value> = arrays.into_iter().collect();
    let value = |((_, node), entry): (&(String, Operation), &Entry)| match by_name.remove(&entry.name) {
        Some(value) => Ok((*node, value)),
        None => Err(Error::internal(format!("two variables are called '{}'", entry.name))),
    };
    nodes.iter().zip(&wanted).map(value).collect()
}

/// Each node under its own name.
fn named(nodes: Vec<Operation>) -> Vec<(String, Operation)> {
    nodes.into_iter().map(|node| (node.name(), node)).collect()
}

fn values(sess: &Session) -> Result<Arrays> {
    let nodes = variables(sess.graph());
    let names = nodes.iter().map(|node| node.name());
    Ok(names.zip(sess.get_variables(&nodes)?).collect())
}

fn put(sess: &Session, path: &Path, arrays: Arrays) -> Result<()> {
    sess.set_variables(&fitting(path, &named(variables(sess.graph())), arrays)?)
}

/// Writes all variables of a session into a file. The format is that of the path; see [`Format`](super::Format).
///
/// ```
/// use flowstone as tf;
/// let w = tf::Variable([1.0, 2.0]).named("w");
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// let prefix = std::env::temp_dir().join(format!("flowstone-weights-{}", std::process::id()));
/// tf::weights::save(&sess, &prefix)?;
/// sess.run(tf::assign(w, [0.0, 0.0]), tf::feed_dict! {})?;
/// tf::weights::load(&sess, &prefix)?;
/// assert_eq!(sess.run(w, tf::feed_dict! {})?.as_slice::<f32>()?, [1.0, 2.0]);
/// # for end in [".index", ".data-00000-of-00001"] {
/// #     std::fs::remove_file(format!("{}{end}", prefix.display())).ok();
/// # }
/// # Ok::<(), tf::Error>(())
/// ```
pub fn save(sess: &Session, path: impl AsRef<Path>) -> Result<()> {
    super::write(path, &values(sess)?)
}

/// Gives all variables of a session the values in a file: all, or none if something does not fit. The format is that of
/// the path.
pub fn load(sess: &Session, path: impl AsRef<Path>) -> Result<()> {
    put(sess, path.as_ref(), super::read(path.as_ref())?)
}

/// Gives those of `nodes` that are variables the values in a file, as [`load`] does for all: what else the graph has need
/// not be in the file.
///
/// ```
/// use flowstone as tf;
/// let w = tf::Variable([1.0, 2.0]).named("w");
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// let prefix = std::env::temp_dir().join(format!("flowstone-some-weights-{}", std::process::id()));
/// tf::weights::save(&sess, &prefix)?;
/// let counter = tf::Variable(7).named("counter");
/// tf::weights::load_nodes(&sess, &prefix, &[w.op()])?;
/// assert!(tf::weights::load_nodes(&sess, &prefix, &[w.op(), counter.op()]).is_err());
/// # for end in [".index", ".data-00000-of-00001"] {
/// #     std::fs::remove_file(format!("{}{end}", prefix.display())).ok();
/// # }
/// # Ok::<(), tf::Error>(())
/// ```
pub fn load_nodes(sess: &Session, path: impl AsRef<Path>, nodes: &[Operation]) -> Result<()> {
    let nodes: HashSet<&Operation> = nodes.iter().collect();
    let variables: Vec<Operation> = variables(sess.graph()).into_iter().filter(|one| nodes.contains(one)).collect();
    sess.set_variables(&fitting(path.as_ref(), &named(variables), super::read(path.as_ref())?)?)
}

/// Writes all variables of a session into a `.npz` file, which `numpy.load` reads.
///
/// ```
/// use flowstone as tf;
/// let w = tf::Variable([1.0, 2.0]).named("w");
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// let path = std::env::temp_dir().join(format!("flowstone-weights-{}.npz", std::process::id()));
/// tf::weights::save_npz(&sess, &path)?;
/// sess.run(tf::assign(w, [0.0, 0.0]), tf::feed_dict! {})?;
/// tf::weights::load_npz(&sess, &path)?;
/// assert_eq!(sess.run(w, tf::feed_dict! {})?.as_slice::<f32>()?, [1.0, 2.0]);
/// # std::fs::remove_file(path).ok();
/// # Ok::<(), tf::Error>(())
/// ```
#[cfg(feature = "npz")]
pub fn save_npz(sess: &Session, path: impl AsRef<Path>) -> Result<()> {
    crate::format::npz::write(path, &values(sess)?)
}

/// Gives all variables of a session the values in a `.npz` file: all, or none if something does not fit.
#[cfg(feature = "npz")]
pub fn load_npz(sess: &Session, path: impl AsRef<Path>) -> Result<()> {
    put(sess, path.as_ref(), crate::format::npz::read(path.as_ref())?)
}

/// Writes all variables of a session into a `.safetensors` file. The format has no strings.
///
/// ```
/// use flowstone as tf;
/// let w = tf::Variable([1.0, 2.0]).named("w");
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// let path = std::env::temp_dir().join(format!("flowstone-weights-{}.safetensors", std::process::id()));
/// tf::weights::save_safetensors(&sess, &path)?;
/// sess.run(tf::assign(w, [0.0, 0.0]), tf::feed_dict! {})?;
/// tf::weights::load_safetensors(&sess, &path)?;
/// assert_eq!(sess.run(w, tf::feed_dict! {})?.as_slice::<f32>()?, [1.0, 2.0]);
/// # std::fs::remove_file(path).ok();
/// # Ok::<(), tf::Error>(())
/// ```
#[cfg(feature = "safetensors")]
pub fn save_safetensors(sess: &Session, path: impl AsRef<Path>) -> Result<()> {
    crate::format::safetensors::write(path, &values(sess)?)
}

/// Gives all variables of a session the values in a `.safetensors` file: all, or none if something does not fit.
#[cfg(feature = "safetensors")]
pub fn load_safetensors(sess: &Session, path: impl AsRef<Path>) -> Result<()> {
    put(sess, path.as_ref(), crate::format::safetensors::read(path.as_ref())?)
}
