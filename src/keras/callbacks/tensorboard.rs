//! Telling TensorBoard what happens.

use std::path::{Path, PathBuf};

use super::{Callback, Flow, Logs};
use crate::error::{Error, Result};
use crate::format::summary::Summary;
use crate::graph::Tensor;
use crate::keras::Model;
use crate::ops::state::Variable;
use crate::ops::{array, summary};
use crate::train::{FileWriter, FileWriterArgs};
use crate::value::Value;

/// Writes the numbers of epochs and the model's graph into an event file. Keras: `TensorBoard`.
#[derive(Debug)]
pub struct TensorBoard {
    log_dir: PathBuf,
    write_graph: bool,
    update_freq: UpdateFreq,
    histogram_freq: usize,
    write_images: bool,
    writer: Option<FileWriter>,
    /// The summary of all weights and outputs.
    merged: Option<Tensor>,
    judged: i64,
    batches: i64,
    samples: i64,
    samples_at_last_write: i64,
}

/// Writes the numbers of epochs and the model's graph into an event file of the folder `log_dir`, as Keras does with
/// TensorFlow 1. Keras: `TensorBoard(log_dir)`.
///
/// The numbers are called `epoch_loss`, `epoch_val_loss` and so on, those of batches `batch_loss`. What is left out of
/// Keras's callback: gradients, embeddings and profiles.
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
        histogram_freq: 0,
        write_images: false,
        writer: None,
        merged: None,
        judged: 0,
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

/// A weight as pictures: a matrix lying down as one, a list as one column, each channel of three dimensions as one.
fn picture(weight: Variable) -> Option<Tensor> {
    let shape = weight.shape();
    let dims: Vec<usize> = shape.dims()?.iter().copied().collect::<Option<_>>()?;
    let dims: Vec<usize> = dims.into_iter().filter(|&n| n != 1).collect();
    let squeezed = array::squeeze(weight);
    let (pictures, shape) = match dims[..] {
        [n] => (squeezed, [1, n, 1, 1]),
        [rows, columns] if rows > columns => (array::transpose(squeezed, [1, 0]), [1, columns, rows, 1]),
        [rows, columns] => (squeezed, [1, rows, columns, 1]),
        [rows, columns, channels] => (array::transpose(squeezed, [2, 0, 1]), [channels, rows, columns, 1]),
        _ => return None,
    };
    Some(array::reshape(pictures, shape.map(|n| n as i64)))
}

impl TensorBoard {
    /// Whether the model's graph is written; yes if not said.
    #[must_use]
    pub fn write_graph(mut self, write_graph: bool) -> Self {
        self.write_graph = write_graph;
        self
    }

    /// After how many epochs histograms of weights and of what layers make are written, for each batch of the validation; 0,
    /// never, if not said.
    #[must_use]
    pub fn histogram_freq(mut self, histogram_freq: usize) -> Self {
        self.histogram_freq = histogram_freq;
        self
    }

    /// Whether weights are also written as pictures; no if not said.
    #[must_use]
    pub fn write_images(mut self, write_images: bool) -> Self {
        self.write_images = write_images;
        self
    }

    /// How often numbers are written: `"epoch"` if not said, `"batch"`, or a number of examples. Unless it is `"epoch"`, the
    /// step of an epoch's numbers is how many examples were seen.
    #[must_use]
    pub fn update_freq(mut self, update_freq: impl Into<UpdateFreq>) -> Self {
        self.update_freq = update_freq.into();
        self
    }

    /// Builds the summary of all weights and of what all layers make.
    fn summarize(&self, model: &Model) -> Option<Tensor> {
        let _default = model.graph().as_default();
        for (layer, output) in model.layer_outputs() {
            for weight in layer.variables() {
                let name = weight.name().replace(':', "_");
                summary::histogram(&name, weight);
                if let Some(picture) = self.write_images.then(|| picture(weight)).flatten() {
                    summary::image(&name, picture);
                }
            }
            summary::histogram(&format!("{}_out", layer.name()), output);
        }
        summary::merge_all()
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
    fn on_train_begin(&mut self, model: &Model) -> Result<()> {
        if let UpdateFreq::Unknown(text) = &self.update_freq {
            return Err(Error::invalid_argument(format!("update_freq is '{text}', neither 'epoch' nor 'batch'")));
        }
        let args = FileWriterArgs::new(&self.log_dir);
        let args = if self.write_graph { args.graph(model.graph()) } else { args };
        self.writer = Some(args.build()?);
        if self.histogram_freq > 0 && self.merged.is_none() {
            self.merged = self.summarize(model);
        }
        model.graph().check()
    }

    fn on_batch_end(&mut self, _batch: usize, logs: &Logs, _model: &Model) -> Result<()> {
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

    fn validation_fetch(&mut self, epoch: usize) -> Option<Tensor> {
        self.merged.filter(|_| self.histogram_freq > 0 && epoch.is_multiple_of(self.histogram_freq))
    }

    fn on_validation_fetched(&mut self, value: &Value) -> Result<()> {
        let Some(writer) = &self.writer else { return Ok(()) };
        writer.add_summary(value, self.judged)?;
        self.judged += 1;
        Ok(())
    }

    fn on_epoch_end(&mut self, epoch: usize, logs: &Logs, _model: &Model) -> Result<Flow> {
        let step = if self.update_freq == UpdateFreq::Epoch { epoch as i64 } else { self.samples };
        self.write("epoch_", logs, step)?;
        Ok(Flow::GoOn)
    }

    fn on_train_end(&mut self, _model: &Model) -> Result<()> {
        self.writer.take().map_or(Ok(()), |writer| writer.close())
    }
}
