//! The hooks that TensorFlow has, a file for each.

mod checkpoint;
mod counter;
mod logging;
mod nan;
mod stop;
mod summary;

pub use checkpoint::CheckpointSaverHook;
pub use counter::StepCounterHook;
pub use logging::{LoggedTensors, LoggingTensorHook};
pub use nan::NanTensorHook;
pub use stop::StopAtStepHook;
pub use summary::SummarySaverHook;

use std::path::Path;

use super::step_of;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::host::logging as log;
use crate::session::{Feeds, Session};
use crate::train::FileWriterCache;
use crate::train::events::FileWriter;
use crate::train::global_step::global_step_read;

/// The number of steps before a run, for `hook`.
#[track_caller]
fn global_step(hook: &str) -> Result<Tensor> {
    let missing = || Error::failed_precondition(format!("a global step should be created to use {hook}"));
    global_step_read().ok_or_else(missing)
}

/// The number of steps that `global_step` says now.
fn steps_now(session: &Session, global_step: Option<Tensor>) -> Result<i64> {
    let global_step = global_step.ok_or_else(not_begun)?;
    step_of(&session.run(global_step, Feeds::new())?)
}

fn not_begun() -> Error {
    Error::failed_precondition("the hook is used before `begin`")
}

/// The writer that all hooks share for a folder; what waits is written when a hook goes.
struct SharedWriter(FileWriter);

impl SharedWriter {
    fn of(folder: &Path) -> Result<Self> {
        FileWriterCache::get(folder).map(SharedWriter)
    }
}

impl Drop for SharedWriter {
    fn drop(&mut self) {
        if let Err(error) = self.0.flush() {
            log::error(error);
        }
    }
}
