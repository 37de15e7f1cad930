//! Telling TensorBoard what happens.

use std::path::{Path, PathBuf};

use super::{Callback, Flow, Logs};
use crate::error::{Error, Result};
use crate::format::summary::Summary;
use crate::keras::Sequential;
use crate::train::{FileWriter, FileWriterArgs};

/// Writes the numbers of epochs and the model's graph into an event file. Keras: `TensorBoard`.
#[derive(Debug)]
pub struct TensorBoard {
    log_dir: PathBuf,
    write_graph: bool,
    update_freq: UpdateFreq,
    writer: Option<FileWriter>,
    batches: i64,
    samples: i64,
    samples_at_last_write: i64,
}

/// Writes the numbers of epochs and the model's graph into an event file of the folder `log_dir`, as Keras does with
/// TensorFlow 1. Keras: `TensorBoard(log_dir)`.
///
/// The numbers are called `epoch_loss`, `epoch_val_loss` and so on, those of batches `batch_loss`. What is left out of
/// Keras's callback: histograms and pictures of weights (`histogram_freq`, `write_images`), embeddings and profiles.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::{callbacks::TensorBoard, layers::Dense};
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-tensorboard-{}", std::process::id()));
/// let mut model = tf::keras::Sequential();
/// model.add(Dense!(1, input_shape = (2,)));
/// model.compile().loss("mse").build()?;
/// let (x, y) = (vec![[0.0f32, 1.0]; 8], vec![[1.0f32]; 8]);
/// let mut board = TensorBoard(&folder);
/// model.fit(x, y).epochs(3).verbose(0).callbacks([&mut board as _]).run()?;
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
pub fn TensorBoard(log_dir: impl AsRef<Path>) -> TensorBoard {
    TensorBoard {
        log_dir: log_dir.as_ref().to_owned(),
        write_graph: true,
        update_freq: UpdateFreq::Epoch,
        writer: None,
        batches: 0,
        samples: 0,
        samples_at_last_write: 0,
    }
}

/// How often numbers are written: after each `"epoch"`, also after each `"batch"`, or also after so many examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateFreq {
    /// After each epoch.
    Epoch,
    /// Also after so many examples.
    Examples(i64),
    /// Something else was said.
    Unknown(String),
}

impl From<&str> for UpdateFreq {
    fn from(text: &str) -> Self {
        match text {
            "epoch" => UpdateFreq::Epoch,
            "batch" => UpdateFreq::Examples(1),
            other => UpdateFreq::Unknown(other.to_owned()),
        }
    }
}

impl From<i64> for UpdateFreq {
    fn from(examples: i64) -> Self {
        UpdateFreq::Examples(examples)
    }
}

impl TensorBoard {
    /// Whether the model's graph is written; yes if not said.
    #[must_use]
    pub fn write_graph(mut self, write_graph: bool) -> Self {
        self.write_graph = write_graph;
        self
    }

    /// How often numbers are written: `"epoch"` if not said, `"batch"`, or a number of examples. Unless it is `"epoch"`, the
    /// step of an epoch's numbers is how many examples were seen.
    #[must_use]
    pub fn update_freq(mut self, update_freq: impl Into<UpdateFreq>) -> Self {
        self.update_freq = update_freq.into();
        self
    }

    /// Writes each number as an event of its own, as Keras does.
    fn write(&self, prefix: &str, logs: &Logs, step: i64) -> Result<()> {
        let Some(writer) = &self.writer else { return Ok(()) };
        for (name, value) in logs.iter().filter(|(name, _)| !matches!(name.as_str(), "batch" | "size")) {
            let tag = format!("{prefix}{name}");
            writer.add_summary(Summary::of_numbers([(tag.as_str(), *value as f32)]), step)?;
        }
        writer.flush()
    }
}

impl Callback for TensorBoard {
    fn on_train_begin(&mut self, model: &Sequential) -> Result<()> {
        if let UpdateFreq::Unknown(text) = &self.update_freq {
            return Err(Error::invalid_argument(format!("update_freq is '{text}', neither 'epoch' nor 'batch'")));
        }
        let args = FileWriterArgs::new(&self.log_dir);
        let args = if self.write_graph { args.graph(model.graph()) } else { args };
        self.writer = Some(args.build()?);
        Ok(())
    }

    fn on_batch_end(&mut self, _batch: usize, logs: &Logs, _model: &Sequential) -> Result<()> {
        self.samples += logs.get("size").map_or(1, |size| *size as i64);
        if let UpdateFreq::Examples(least) = self.update_freq
            && self.samples - self.samples_at_last_write >= least
        {
            self.write("batch_", logs, self.batches)?;
            self.samples_at_last_write = self.samples;
        }
        self.batches += 1;
        Ok(())
    }

    fn on_epoch_end(&mut self, epoch: usize, logs: &Logs, _model: &Sequential) -> Result<Flow> {
        let step = if self.update_freq == UpdateFreq::Epoch { epoch as i64 } else { self.samples };
        self.write("epoch_", logs, step)?;
        Ok(Flow::GoOn)
    }

    fn on_train_end(&mut self, _model: &Sequential) -> Result<()> {
        self.writer.take().map_or(Ok(()), |writer| writer.close())
    }
}
