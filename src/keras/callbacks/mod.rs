//! What happens after each batch and each epoch. Keras: `keras.callbacks`.

mod tensorboard;

pub use tensorboard::{TensorBoard, UpdateFreq};

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use indexmap::IndexMap;

use super::Model;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::Tensor;
use crate::sort::sort;
use crate::value::Value;
use crate::weights::Format;

/// The numbers of an epoch by their names: `"loss"`, `"val_accuracy"`.
pub type Logs = IndexMap<String, f64>;

/// Whether training goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    GoOn,
    /// It ends with this epoch.
    Stop,
}

/// What happens while a model is trained. Keras: `Callback`.
pub trait Callback {
    /// Before the first epoch.
    fn on_train_begin(&mut self, _model: &Model) -> Result<()> {
        Ok(())
    }

    /// After batch `batch` of an epoch, counted from 0: its loss, its `size`, and the metrics of the epoch so far.
    fn on_batch_end(&mut self, _batch: usize, _logs: &Logs, _model: &Model) -> Result<()> {
        Ok(())
    }

    /// What is to be computed besides for each batch of the validation after epoch `epoch`.
    fn validation_fetch(&mut self, _epoch: usize) -> Option<Tensor> {
        None
    }

    /// The value of that for a batch.
    fn on_validation_fetched(&mut self, _value: &Value) -> Result<()> {
        Ok(())
    }

    /// After epoch `epoch`, counted from 0.
    fn on_epoch_end(&mut self, epoch: usize, logs: &Logs, model: &Model) -> Result<Flow>;

    /// After the last epoch.
    fn on_train_end(&mut self, _model: &Model) -> Result<()> {
        Ok(())
    }
}

/// Finds out whether a number became better.
#[derive(Clone, Debug)]
struct Monitor {
    name: String,
    larger_is_better: bool,
    min_delta: f64,
    best: Option<f64>,
}

impl Monitor {
    /// Accuracies are to grow, all else is to shrink.
    fn new(name: &str) -> Self {
        Monitor { name: name.to_owned(), larger_is_better: name.contains("acc"), min_delta: 0.0, best: None }
    }

    fn set_mode(&mut self, mode: &str) {
        match mode {
            "max" => self.larger_is_better = true,
            "min" => self.larger_is_better = false,
            _ => {}
        }
    }

    fn value(&self, logs: &Logs) -> Result<f64> {
        logs.get(&self.name).copied().ok_or_else(|| {
            let known = logs.keys().cloned().collect::<Vec<_>>().join(", ");
            Error::invalid_argument(format!("a callback watches '{}', but there are only {known}", self.name))
        })
    }

    /// Whether the epoch's number is better than the best so far, which it then becomes.
    fn improved(&mut self, logs: &Logs) -> Result<bool> {
        let value = self.value(logs)?;
        let better = self.best.is_none_or(|best| {
            if self.larger_is_better { value > best + self.min_delta } else { value < best - self.min_delta }
        });
        if better {
            self.best = Some(value);
        }
        Ok(better)
    }
}

macro_rules! monitor_methods {
    ($callback:ident) => {
        impl $callback {
            /// Whether the number is to grow (`"max"`) or to shrink (`"min"`); `"auto"` goes by its name.
            #[must_use]
            pub fn mode(mut self, mode: &str) -> Self {
                self.monitor.set_mode(mode);
                self
            }
        }
    };
}

/// Ends training when a number does not become better. Keras: `EarlyStopping`.
#[derive(Debug)]
pub struct EarlyStopping {
    monitor: Monitor,
    patience: usize,
    waited: usize,
    restore_best_weights: bool,
    best_weights: Option<Vec<Value>>,
}

/// Ends training when the number `monitor` does not become better. Keras: `EarlyStopping(monitor)`.
#[allow(non_snake_case)]
pub fn EarlyStopping(monitor: &str) -> EarlyStopping {
    let monitor = Monitor::new(monitor);
    EarlyStopping { monitor, patience: 0, waited: 0, restore_best_weights: false, best_weights: None }
}

monitor_methods!(EarlyStopping);

impl EarlyStopping {
    /// After how many epochs that are no better training ends; 0 if not said.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// By how much a number must be better to count as such; 0 if not said.
    #[must_use]
    pub fn min_delta(mut self, delta: f64) -> Self {
        self.monitor.min_delta = delta.abs();
        self
    }

    /// Whether the model gets the weights of its best epoch when training is ended.
    #[must_use]
    pub fn restore_best_weights(mut self, restore: bool) -> Self {
        self.restore_best_weights = restore;
        self
    }
}

impl Callback for EarlyStopping {
    fn on_train_begin(&mut self, _model: &Model) -> Result<()> {
        (self.waited, self.monitor.best, self.best_weights) = (0, None, None);
        Ok(())
    }

    fn on_epoch_end(&mut self, _epoch: usize, logs: &Logs, model: &Model) -> Result<Flow> {
        if self.monitor.improved(logs)? {
            self.waited = 0;
            if self.restore_best_weights {
                self.best_weights = Some(model.get_weights()?);
            }
            return Ok(Flow::GoOn);
        }
        self.waited += 1;
        if self.waited < self.patience.max(1) {
            return Ok(Flow::GoOn);
        }
        if let Some(best) = &self.best_weights {
            model.set_weights(best)?;
        }
        Ok(Flow::Stop)
    }
}

/// Saves the model or its weights after each epoch. Keras: `ModelCheckpoint`.
#[derive(Debug)]
pub struct ModelCheckpoint {
    path: String,
    monitor: Monitor,
    save_best_only: bool,
    save_weights_only: bool,
}

/// Saves the model after each epoch, to `path`, in which `{epoch}`, `{epoch:02d}`, `{val_loss:.2f}` stand for the epoch
/// (from 1) and its numbers. If the path does not end in `.h5` or `.hdf5`, only its weights are saved.
/// Keras: `ModelCheckpoint(filepath)`.
#[allow(non_snake_case)]
pub fn ModelCheckpoint(path: &str) -> ModelCheckpoint {
    ModelCheckpoint {
        path: path.to_owned(),
        monitor: Monitor::new("val_loss"),
        save_best_only: false,
        save_weights_only: false,
    }
}

monitor_methods!(ModelCheckpoint);

impl ModelCheckpoint {
    /// The number that says which epoch is the best; `"val_loss"` if not said.
    #[must_use]
    pub fn monitor(mut self, name: &str) -> Self {
        self.monitor = Monitor::new(name);
        self
    }

    /// Whether only epochs better than all before are saved.
    #[must_use]
    pub fn save_best_only(mut self, best_only: bool) -> Self {
        self.save_best_only = best_only;
        self
    }

    /// Whether only the weights are saved; no if not said.
    #[must_use]
    pub fn save_weights_only(mut self, weights_only: bool) -> Self {
        self.save_weights_only = weights_only;
        self
    }
}

impl Callback for ModelCheckpoint {
    fn on_epoch_end(&mut self, epoch: usize, logs: &Logs, model: &Model) -> Result<Flow> {
        if !self.save_best_only || self.monitor.improved(logs)? {
            let path = filled_in(&self.path, epoch + 1, logs)?;
            match Format::of(&path) {
                Format::Hdf5 if !self.save_weights_only => model.save(path)?,
                _ => model.save_weights(path)?,
            }
        }
        Ok(Flow::GoOn)
    }
}

/// `path` with the numbers of an epoch in place of `{…}`, formatted as Python's `:02d` and `:.2f` say.
fn filled_in(path: &str, epoch: usize, logs: &Logs) -> Result<String> {
    let mut text = String::new();
    let mut rest = path;
    while let Some((before, field)) = rest.split_once('{') {
        let wrong = || Error::invalid_argument(format!("'{path}': '{{{field}' is not a field such as {{epoch:02d}}"));
        let (field, after) = field.split_once('}').ok_or_else(wrong)?;
        let (name, format) = field.split_once(':').unwrap_or((field, ""));
        text += before;
        text += &match (name, logs.get(name)) {
            ("epoch", _) => match format.trim_end_matches('d').parse::<usize>() {
                Ok(width) => format!("{epoch:0width$}"),
                Err(_) => epoch.to_string(),
            },
            (_, Some(value)) => match format.strip_prefix('.').and_then(|f| f.strip_suffix('f')?.parse::<usize>().ok())
            {
                Some(digits) => format!("{value:.digits$}"),
                None => value.to_string(),
            },
            _ => return Err(wrong()),
        };
        rest = after;
    }
    Ok(text + rest)
}

/// Makes the learning rate smaller when a number does not become better. Keras: `ReduceLROnPlateau`.
#[derive(Debug)]
pub struct ReduceLROnPlateau {
    monitor: Monitor,
    factor: f64,
    patience: usize,
    cooldown: usize,
    min_lr: f64,
    waited: usize,
    cooling: usize,
}

/// Makes the learning rate smaller when the number `monitor` does not become better. Keras: `ReduceLROnPlateau(monitor)`.
#[allow(non_snake_case)]
pub fn ReduceLROnPlateau(monitor: &str) -> ReduceLROnPlateau {
    let monitor = Monitor { min_delta: 1e-4, ..Monitor::new(monitor) };
    ReduceLROnPlateau { monitor, factor: 0.1, patience: 10, cooldown: 0, min_lr: 0.0, waited: 0, cooling: 0 }
}

monitor_methods!(ReduceLROnPlateau);

impl ReduceLROnPlateau {
    /// What the learning rate is multiplied with; 0.1 if not said.
    #[must_use]
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// After how many epochs that are no better; 10 if not said.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// By how much a number must be better to count as such; 0.0001 if not said.
    #[must_use]
    pub fn min_delta(mut self, delta: f64) -> Self {
        self.monitor.min_delta = delta.abs();
        self
    }

    /// How many epochs after a change are not counted; 0 if not said.
    #[must_use]
    pub fn cooldown(mut self, epochs: usize) -> Self {
        self.cooldown = epochs;
        self
    }

    /// The learning rate is never made smaller than this; 0 if not said.
    #[must_use]
    pub fn min_lr(mut self, rate: f64) -> Self {
        self.min_lr = rate;
        self
    }
}

impl Callback for ReduceLROnPlateau {
    fn on_train_begin(&mut self, _model: &Model) -> Result<()> {
        (self.waited, self.cooling, self.monitor.best) = (0, 0, None);
        Ok(())
    }

    fn on_epoch_end(&mut self, _epoch: usize, logs: &Logs, model: &Model) -> Result<Flow> {
        if self.cooling > 0 {
            self.cooling -= 1;
            self.waited = 0;
        }
        if self.monitor.improved(logs)? {
            self.waited = 0;
        } else if self.cooling == 0 {
            self.waited += 1;
            let rate = model.learning_rate()?;
            if self.waited >= self.patience && rate > self.min_lr {
                model.set_learning_rate((rate * self.factor).max(self.min_lr))?;
                (self.waited, self.cooling) = (0, self.cooldown);
            }
        }
        Ok(Flow::GoOn)
    }
}

/// Writes a line of numbers after each epoch. Keras: `CSVLogger`.
#[derive(Debug)]
pub struct CSVLogger {
    path: PathBuf,
    separator: String,
    append: bool,
    file: Option<(File, Vec<String>)>,
}

/// Writes the numbers of each epoch to the file `path`, a line each below their names. Keras: `CSVLogger(filename)`.
#[allow(non_snake_case)]
pub fn CSVLogger(path: impl Into<PathBuf>) -> CSVLogger {
    CSVLogger { path: path.into(), separator: ",".to_owned(), append: false, file: None }
}

impl CSVLogger {
    /// What stands between the numbers; a comma if not said.
    #[must_use]
    pub fn separator(mut self, separator: &str) -> Self {
        self.separator = separator.to_owned();
        self
    }

    /// Whether lines are added to a file that is there; it is begun anew if not said.
    #[must_use]
    pub fn append(mut self, append: bool) -> Self {
        self.append = append;
        self
    }

    fn failed(&self, e: &std::io::Error) -> Error {
        Error::new(ErrorKind::FailedPrecondition, format!("cannot write {}: {e}", self.path.display()))
    }
}

impl Callback for CSVLogger {
    fn on_train_begin(&mut self, _model: &Model) -> Result<()> {
        self.file = None;
        Ok(())
    }

    fn on_epoch_end(&mut self, epoch: usize, logs: &Logs, _model: &Model) -> Result<Flow> {
        let mut text = String::new();
        if self.file.is_none() {
            let mut options = OpenOptions::new();
            options.create(true).append(self.append).write(true).truncate(!self.append);
            let file = options.open(&self.path).map_err(|e| self.failed(&e))?;
            // Keras sorts the names.
            let mut names: Vec<String> = logs.keys().cloned().collect();
            sort(&mut names);
            if file.metadata().map_err(|e| self.failed(&e))?.len() == 0 {
                text += &format!("epoch{0}{1}\n", self.separator, names.join(&self.separator));
            }
            self.file = Some((file, names));
        }
        if let Some((file, names)) = &mut self.file {
            let numbers: Vec<String> =
                names.iter().map(|name| logs.get(name).map_or("NA".to_owned(), |x| format!("{x:?}"))).collect();
            text += &format!("{epoch}{0}{1}\n", self.separator, numbers.join(&self.separator));
            let written = file.write_all(text.as_bytes()).and_then(|()| file.flush());
            written.map_err(|e| self.failed(&e))?;
        }
        Ok(Flow::GoOn)
    }

    fn on_train_end(&mut self, _model: &Model) -> Result<()> {
        self.file = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_are_filled_in() {
        let logs = Logs::from([("val_loss".to_owned(), 0.123_45)]);
        let path = filled_in("w.{epoch:02d}-{val_loss:.2f}.{epoch}", 3, &logs).unwrap();
        assert_eq!(path, "w.03-0.12.3");
        assert!(filled_in("{accuracy}", 1, &logs).is_err());
        assert!(filled_in("{epoch", 1, &logs).is_err());
    }

    #[test]
    fn a_plateau_is_not_better() {
        let mut monitor = Monitor { min_delta: 0.1, ..Monitor::new("val_acc") };
        let mut better = |value: f64| monitor.improved(&Logs::from([("val_acc".to_owned(), value)])).unwrap();
        assert_eq!([0.5, 0.55, 0.65, 0.6].map(&mut better), [true, false, true, false]);
        assert!(Monitor::new("val_loss").improved(&Logs::new()).is_err());
    }
}
