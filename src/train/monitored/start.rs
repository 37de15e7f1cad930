//! How a session starts: from the latest checkpoint, or from initial values. TensorFlow's `SessionManager`.

use std::path::Path;

use super::Scaffold;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Graph, Tensor};
use crate::host::logging;
use crate::session::{ConfigProto, Feeds, Session, SessionArgs};
use crate::train::checkpoint_state::get_checkpoint_state;

/// A session of `graph` whose variables have values: those of the latest checkpoint of `checkpoint_dir`, or else those that
/// `scaffold` gives them. An error that names the variables that are left without one.
pub(super) fn prepare_session(
    graph: &Graph,
    scaffold: &Scaffold,
    checkpoint_dir: Option<&Path>,
    config: ConfigProto,
) -> Result<Session> {
    let sess = SessionArgs::new().graph(graph).config(config).build()?;
    if !restore(&sess, scaffold, checkpoint_dir)? {
        scaffold.initialize(&sess)?;
    }
    let ready = |op: Option<Tensor>, what: &str| match missing(&sess, op)? {
        None => Ok(()),
        Some(names) => Err(Error::failed_precondition(format!(
            "initializing did not make the model ready{what}: variables without a value: {names}"
        ))),
    };
    ready(scaffold.ready_for_local_init_op(), " for its local variables")?;
    logging::info("Running local_init_op.");
    scaffold.initialize_local(&sess)?;
    logging::info("Done running local_init_op.");
    ready(scaffold.ready_op(), "")?;
    Ok(sess)
}

/// Gives the variables of `sess` the values of the latest checkpoint; whether there is one.
fn restore(sess: &Session, scaffold: &Scaffold, checkpoint_dir: Option<&Path>) -> Result<bool> {
    let (Some(saver), Some(folder)) = (scaffold.saver(), checkpoint_dir) else { return Ok(false) };
    let Some(state) = get_checkpoint_state(folder)? else { return Ok(false) };
    if state.model_checkpoint_path.is_empty() {
        return Ok(false);
    }
    logging::info(format_args!("Restoring parameters from {}", state.model_checkpoint_path));
    saver.restore(sess, &state.model_checkpoint_path)?;
    saver.recover_last_checkpoints(&state.all_model_checkpoint_paths);
    Ok(true)
}

/// The names of variables without a value.
fn missing(sess: &Session, ready_op: Option<Tensor>) -> Result<Option<String>> {
    let Some(ready_op) = ready_op else { return Ok(None) };
    match sess.run(ready_op, Feeds::new()) {
        Ok(names) if names.is_empty() || names.dtype() != crate::dtype::DType::String => Ok(None),
        Ok(names) => {
            let names: Vec<_> = names.as_slice::<Vec<u8>>()?.iter().map(|name| String::from_utf8_lossy(name)).collect();
            Ok(Some(names.join(", ")))
        }
        Err(e) if e.kind() == ErrorKind::FailedPrecondition => Ok(Some(e.to_string())),
        Err(e) => Err(e),
    }
}
