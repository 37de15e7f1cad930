//! Variables that start with what a checkpoint holds.

use std::path::Path;

use super::checkpoint_utils::checkpoint_prefix;
use super::fit::{Entry, check_fit, held_by};
use super::saver::{assign, text};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::format::bundle::BundleReader;
use crate::graph::{Attr, AttrList, built_at, get_default_graph, here};
use crate::op::IntoTensor;
use crate::ops::state::{RESTORE_V2, Variable};
use crate::sort::sort_by;
use crate::value::Value;
use crate::variable_scope::stored_variables;

/// What starts with an array of a checkpoint: a variable, the name of one, or a scope (`"scope/"`).
#[derive(Clone, Debug)]
pub enum Initialized {
    /// A variable.
    Variable(Variable),
    /// The name of a variable that `get_variable` made, or a scope of such names.
    Name(String),
}

impl From<Variable> for Initialized {
    fn from(variable: Variable) -> Self {
        Initialized::Variable(variable)
    }
}

impl From<&str> for Initialized {
    fn from(name: &str) -> Self {
        Initialized::Name(name.to_owned())
    }
}

impl From<String> for Initialized {
    fn from(name: String) -> Self {
        Initialized::Name(name)
    }
}

/// Lets variables of the default graph start with what a checkpoint holds. TF: `tf.train.init_from_checkpoint`.
///
/// `ckpt_dir_or_file` is a prefix, or a folder, whose latest checkpoint is meant. `assignment_map` is pairs of a name in
/// the checkpoint and a variable or its name, or of two scopes that hold variables of the same names: `"old/"` and
/// `"new/"`, with `"/"` for all names. Names are those of `get_variable`.
///
/// The checkpoint is read when the variables' initializers run; operations that
/// [`global_variables_initializer`](crate::global_variables_initializer) gave before do as they did. `NotFound` or
/// `InvalidArgument` if anything is missing or has another shape or data type; then nothing is changed.
///
/// ```
/// use flowstone as tf;
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-init-{}", std::process::id()));
/// {
///     let graph = tf::Graph::new();
///     let _default = graph.as_default();
///     let _scope = tf::variable_scope("old");
///     let _w = tf::get_variable!("w", [2], initializer = tf::ones_initializer());
///     let (saver, sess) = (tf::train::Saver(), tf::Session()?);
///     sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
///     saver.save(&sess, folder.join("model.ckpt"))?;
/// }
/// let w = tf::get_variable("new/w", [2]);
/// tf::train::init_from_checkpoint(&folder, [("old/", "new/")])?;
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// assert_eq!(sess.run(w, tf::feed_dict! {})?.as_slice::<f32>()?, [1.0, 1.0]);
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn init_from_checkpoint<S: AsRef<str>, T: Into<Initialized>>(
    ckpt_dir_or_file: impl AsRef<Path>,
    assignment_map: impl IntoIterator<Item = (S, T)>,
) -> Result<()> {
    let _line = built_at(here());
    let prefix = text(&checkpoint_prefix(ckpt_dir_or_file.as_ref())?)?;
    let mut map: Vec<_> = assignment_map.into_iter().map(|(from, to)| (from.as_ref().to_owned(), to.into())).collect();
    sort_by(&mut map, |a, b| a.0.cmp(&b.0));
    let pairs = map.into_iter().map(|(from, to)| assignments(from, to)).collect::<Result<Vec<_>>>()?.concat();
    check(&prefix, &pairs)?;
    pairs.iter().try_for_each(|(name, variable)| restore_first(&prefix, name, *variable))
}

/// The name in the checkpoint for each variable that `to` means.
fn assignments(from: String, to: Initialized) -> Result<Vec<(String, Variable)>> {
    let name = match to {
        Initialized::Variable(variable) => return Ok(vec![(from, variable)]),
        Initialized::Name(name) => name,
    };
    let variables = stored_variables(&get_default_graph());
    if let Some(variable) = variables.get(&name) {
        return Ok(vec![(from, *variable)]);
    }
    let Some(scope_in_file) = from.strip_suffix('/') else {
        return Err(Error::invalid_argument(format!(
            "'{from}' is to be the start of '{name}', but get_variable made no variable of this name; scopes are written \
             with a slash at their ends, and both must be scopes"
        )));
    };
    let scope = name.rsplit_once('/').map_or("", |(scope, _)| scope);
    let found = variables.iter().filter_map(|(full, variable)| Some((within(full, scope)?, *variable)));
    Ok(found.map(|(rest, variable)| (joined(scope_in_file, rest), variable)).collect())
}

/// What follows `scope/` in `name`, if it begins so.
fn within<'a>(name: &'a str, scope: &str) -> Option<&'a str> {
    if scope.is_empty() { Some(name) } else { name.strip_prefix(scope)?.strip_prefix('/') }
}

fn joined(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}/{name}") }
}

/// An error unless the checkpoint has an array that fits for each variable.
fn check(prefix: &str, pairs: &[(String, Variable)]) -> Result<()> {
    let wanted = pairs
        .iter()
        .map(|(name, variable)| Ok(Entry { name: name.clone(), dtype: variable.dtype()?, shape: variable.shape() }));
    let wanted = wanted.collect::<Result<Vec<Entry>>>()?;
    check_fit(format_args!("the checkpoint {prefix}"), &wanted, &held_by(&BundleReader::open(prefix)?))
}

/// Lets `variable` start with the array `name`.
#[track_caller]
fn restore_first(prefix: &str, name: &str, variable: Variable) -> Result<()> {
    let graph = variable.op().graph()?;
    let _default = graph.as_default();
    let value = {
        let _device = graph.device("/device:CPU:0");
        let strings = |text: &str| Value::vector(vec![text.as_bytes().to_vec()]).into_arg();
        let prefix = Value::scalar(prefix.as_bytes().to_vec()).into_arg();
        let dtypes: Vec<DType> = vec![variable.dtype()?];
        let call = RESTORE_V2.call([prefix, strings(name), strings("")]).name("checkpoint_initializer");
        call.attr("dtypes", Attr::List(AttrList::Type(dtypes))).single()
    };
    let initializer = assign(variable, value);
    value.set_shape(variable.shape());
    variable.start_with(value, initializer)
}
