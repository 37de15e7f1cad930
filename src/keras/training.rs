//! Training a model, judging it, and letting it predict.

use std::io::{IsTerminal, Write, stdout};
use std::time::Instant;

use rand::seq::SliceRandom;

use super::Sequential;
use super::callbacks::{Callback, Flow, Logs};
use super::losses::{IntoLoss, Loss, per_example};
use super::metrics::{IntoMetric, Metric};
use super::optimizers::{IntoOptimizer, Kept, Optimizer};
use super::progbar::Progbar;
use crate::autodiff::GradientsArgs;
use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Operation, Tensor};
use crate::kernels::random::PhiloxRandom;
use crate::layers::{UPDATE_OPS, mask_of};
use crate::ops::array::{constant, placeholder, placeholder_with_default};
use crate::ops::flow::group;
use crate::ops::math::{add_n, cast, reduce_mean};
use crate::ops::state::{Variable, VariableArgs, trainable_variables};
use crate::regularizers::REGULARIZATION_LOSSES;
use crate::session::Feeds;
use crate::shape::{PartialShape, Shape};
use crate::value::{IntoValue, Literal, Number, Value};

/// Prints `text` as it is.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| Error::new(ErrorKind::FailedPrecondition, format!("cannot print: {e}")))
}

/// What a model is to make small and how, and the nodes that do it once the model is built.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) loss: Loss,
    pub(super) optimizer: Optimizer,
    pub(super) metrics: Vec<Metric>,
    nodes: Option<Nodes>,
}

/// The nodes of training and judging.
#[derive(Clone, Debug)]
struct Nodes {
    input: Tensor,
    truth: Tensor,
    sample_weights: Tensor,
    train: Operation,
    /// The loss and the metrics of a batch, in training and outside of it.
    training: Vec<Tensor>,
    judging: Vec<Tensor>,
    learning_rate: Variable,
    /// What the optimizer keeps.
    #[cfg_attr(not(feature = "hdf5"), allow(dead_code))]
    kept: Kept,
}

/// A model about to be compiled.
#[must_use = "the model is not compiled until `build` is called"]
pub struct Compile<'a> {
    model: &'a mut Sequential,
    loss: Option<Result<Loss>>,
    optimizer: Result<Optimizer>,
    metrics: Vec<Result<Metric>>,
}

impl<'a> Compile<'a> {
    pub(super) fn new(model: &'a mut Sequential) -> Self {
        Compile { model, loss: None, optimizer: Optimizer::named("rmsprop"), metrics: Vec::new() }
    }

    /// What is made small: a [`Loss`] or its name. It must be said.
    pub fn loss(mut self, loss: impl IntoLoss) -> Self {
        self.loss = Some(loss.into_loss());
        self
    }

    /// How: an [`Optimizer`] or its name; `"rmsprop"` if not said.
    pub fn optimizer(mut self, optimizer: impl IntoOptimizer) -> Self {
        self.optimizer = optimizer.into_optimizer();
        self
    }

    /// What is shown besides: [`Metric`]s or their names.
    pub fn metrics<M: IntoMetric>(mut self, metrics: impl IntoIterator<Item = M>) -> Self {
        self.metrics.extend(metrics.into_iter().map(IntoMetric::into_metric));
        self
    }

    /// Compiles the model. An error if it was compiled before, or a name does not exist.
    #[track_caller]
    pub fn build(self) -> Result<()> {
        if self.model.compiled.is_some() {
            return Err(Error::failed_precondition(format!(
                "the model '{}' is compiled already: what was built for the first loss and optimizer stays in its graph",
                self.model.name()
            )));
        }
        self.model.graph().check()?;
        let loss = self.loss.ok_or_else(|| {
            Error::invalid_argument("a loss is needed, such as \"categorical_crossentropy\" or \"mse\"")
        })??;
        let metrics = self.metrics.into_iter().collect::<Result<_>>()?;
        self.model.compiled = Some(Compiled { loss, optimizer: self.optimizer?, metrics, nodes: None });
        if self.model.input().is_ok() { self.model.nodes().map(|_| ()) } else { Ok(()) }
    }
}

#[cfg(feature = "hdf5")]
impl Compiled {
    /// What the optimizer keeps, once the nodes of training are built.
    pub(super) fn kept(&self) -> Option<&Kept> {
        self.nodes.as_ref().map(|nodes| &nodes.kept)
    }
}

impl Sequential {
    fn compiled(&self) -> Result<&Compiled> {
        self.compiled.as_ref().ok_or_else(|| {
            Error::failed_precondition(format!(
                "the model '{}' is not compiled: call compile().loss(…).optimizer(…).build() first",
                self.name()
            ))
        })
    }

    /// The nodes of training, built when they are first needed.
    #[track_caller]
    fn nodes(&mut self) -> Result<Nodes> {
        let compiled = self.compiled()?;
        if let Some(nodes) = &compiled.nodes {
            return Ok(nodes.clone());
        }
        let nodes = self.build_nodes(compiled)?;
        if let Some(compiled) = &mut self.compiled {
            compiled.nodes = Some(nodes.clone());
        }
        Ok(nodes)
    }

    #[track_caller]
    fn build_nodes(&self, compiled: &Compiled) -> Result<Nodes> {
        let graph = self.graph().clone();
        let _default = graph.as_default();
        let (input, output) = (self.input()?, self.output()?);
        let last = self.layers().last().map(|layer| layer.name()).unwrap_or_default();
        let truth_shape = match (compiled.loss.is_sparse(), output.shape().dims()) {
            (true, Some([outer @ .., _])) => PartialShape::new(outer.iter().copied()),
            _ => output.shape(),
        };
        let truth = placeholder(DType::Float32, truth_shape).named(&format!("{last}_target"));
        let one = constant(1.0);
        let sample_weights = placeholder_with_default(one, PartialShape::unknown()).named("sample_weights");
        let training_output = self.training_output()?;
        let penalties: Vec<Tensor> = graph.get_collection(REGULARIZATION_LOSSES);
        let numbers = |output: Tensor| {
            let _scope = graph.name_scope("loss");
            // Steps that do not count leave the others as much more.
            let mask = mask_of(&graph, output).map(|mask| cast(mask, DType::Float32));
            let mask = mask.map(|mask| mask / reduce_mean(mask));
            let losses = compiled.loss.each(truth, output);
            let losses = mask.map_or(losses, |mask| losses * mask);
            let loss = reduce_mean(per_example(losses) * sample_weights);
            let loss = if penalties.is_empty() { loss } else { loss + add_n(penalties.clone()) };
            let metrics =
                compiled.metrics.iter().map(|metric| reduce_mean(metric.each(truth, output, &compiled.loss, mask)));
            std::iter::once(loss).chain(metrics).collect::<Vec<_>>()
        };
        let training = numbers(training_output);
        let judging = if training_output == output { training.clone() } else { numbers(output) };
        let rate = compiled.optimizer.learning_rate() as f32;
        let learning_rate = VariableArgs::new(rate).trainable(false).name("learning_rate").build();
        let variables = trainable_variables();
        if variables.is_empty() {
            return Err(Error::invalid_argument(format!("the model '{}' has nothing to train", self.name())));
        }
        let gradients = GradientsArgs::new(training[0], variables.as_slice()).build();
        let pairs: Vec<_> = gradients.into_iter().zip(variables).collect();
        let (step, kept) = compiled.optimizer.apply(learning_rate, &pairs);
        let mut steps = vec![step];
        steps.extend(graph.get_collection::<Operation>(UPDATE_OPS));
        let train = group(&steps);
        graph.check()?;
        Ok(Nodes { input, truth, sample_weights, train, training, judging, learning_rate, kept })
    }

    /// The optimizer's learning rate. Keras: `K.get_value(model.optimizer.lr)`.
    pub fn learning_rate(&self) -> Result<f64> {
        let compiled = self.compiled()?;
        match &compiled.nodes {
            Some(nodes) => self.session()?.run(nodes.learning_rate, Feeds::new())?.item::<f32>().map(f64::from),
            None => Ok(compiled.optimizer.learning_rate()),
        }
    }

    /// Gives the optimizer another learning rate. Keras: `K.set_value(model.optimizer.lr, rate)`.
    pub fn set_learning_rate(&self, rate: f64) -> Result<()> {
        let nodes = self.compiled()?.nodes.as_ref();
        let nodes = nodes.ok_or_else(|| Error::failed_precondition("the model is not built yet"))?;
        self.assign(&[(nodes.learning_rate, Value::scalar(rate as f32))])
    }

    /// One step of training on these examples: the loss and the metrics. Keras: `model.train_on_batch(x, y)`.
    pub fn train_on_batch(&mut self, x: impl IntoValue, y: impl IntoValue) -> Result<Vec<f64>> {
        let data = self.examples(x.into_literal(), y.into_literal())?;
        let nodes = self.nodes()?;
        let feeds = Feeds::new().feed(nodes.input, data.x).feed(nodes.truth, data.y);
        self.step(&nodes.training, nodes.train, feeds)
    }

    /// Runs one batch.
    fn step(&self, numbers: &[Tensor], train: Operation, feeds: Feeds) -> Result<Vec<f64>> {
        as_numbers(&self.session()?.run((numbers, train), feeds)?.0)
    }

    /// Examples with what is true of them, checked against the model, which is built for them if it was not.
    #[track_caller]
    fn examples(&mut self, x: Result<Literal>, y: Result<Literal>) -> Result<Examples> {
        let x = self.inputs(x)?;
        let y = y.and_then(|y| y.resolve(Some(DType::Float32)))?;
        let (n, count) = (x.shape().dims()[0], y.shape().dims().first().copied());
        if count != Some(n) {
            let y = y.shape();
            return Err(Error::invalid_argument(format!("there are {n} examples, but y has shape {y}")));
        }
        let sparse = self.compiled()?.loss.is_sparse();
        let output = self.output()?;
        let name = self.layers().last().map(|layer| layer.name()).unwrap_or_default();
        let y = if sparse { flat_classes(y, &output)? } else { same_rank(y, &output) };
        let wanted = self.nodes()?.truth.shape();
        if !wanted.accepts(y.shape()) {
            let found = y.shape();
            return Err(Error::invalid_argument(format!("y has shape {found}, but the last layer gives {wanted}"))
                .at(&name, None));
        }
        if sparse {
            check_classes(&y, &output).map_err(|error| error.at(&name, None))?;
        }
        Ok(Examples { x, y })
    }

    /// Examples alone.
    #[track_caller]
    fn inputs(&mut self, x: Result<Literal>) -> Result<Value> {
        let x = x.and_then(|x| x.resolve(Some(DType::Float32)))?;
        let shape = x.shape().clone();
        let Some((&n, example)) = shape.dims().split_first() else {
            return Err(Error::invalid_argument("x is a single number, but it should hold examples"));
        };
        if n == 0 {
            return Err(Error::invalid_argument(format!("there are no examples: x has shape {shape}")));
        }
        self.graph().check()?;
        if self.input().is_err() {
            let dims: Vec<Option<usize>> = std::iter::once(None).chain(example.iter().map(|&n| Some(n))).collect();
            self.build(dims)?;
        }
        let input = self.input()?;
        if !input.shape().accepts(&shape) {
            let first = self.layers().next().map(|layer| layer.name()).unwrap_or_default();
            let takes = input.shape();
            return Err(Error::invalid_argument(format!("x has shape {shape}, but the first layer takes {takes}"))
                .at(&first, None));
        }
        Ok(x)
    }
}

/// The numbers of classes in the shape of the output without its last dimension.
fn flat_classes(y: Value, output: &Tensor) -> Result<Value> {
    let dims = y.shape().dims().to_vec();
    match (dims.as_slice(), output.rank()) {
        ([outer @ .., 1], Some(rank)) if dims.len() == rank => y.reshaped(Shape::new(outer)),
        _ => Ok(y),
    }
}

/// A list of numbers for an output of one number each gets a last dimension, as in Keras.
fn same_rank(y: Value, output: &Tensor) -> Value {
    let n = y.shape().dims().first().copied().unwrap_or_default();
    match (y.shape().rank(), output.shape().dims()) {
        (1, Some([_, Some(1)])) => y.clone().reshaped([n, 1]).unwrap_or(y),
        _ => y,
    }
}

fn check_classes(y: &Value, output: &Tensor) -> Result<()> {
    let classes = output.rank().and_then(|rank| output.shape().dim(rank.checked_sub(1)?)).unwrap_or_default();
    let numbers: Vec<f64> = dispatch!(y.dtype(), numbers, T => {
        Ok(y.as_slice::<T>()?.iter().map(|&x| Number::to_f64(x)).collect())
    })?;
    match numbers.iter().position(|&x| x.fract() != 0.0 || x < 0.0 || x >= classes as f64) {
        None => Ok(()),
        Some(i) => Err(Error::invalid_argument(format!(
            "label {i} is {}, but the classes are 0 to {}",
            numbers[i],
            classes as i64 - 1
        ))),
    }
}

/// Inputs and what is true of them, as many of each.
#[derive(Clone)]
struct Examples {
    x: Value,
    y: Value,
}

impl Examples {
    fn len(&self) -> usize {
        self.x.shape().dims()[0]
    }

    /// The first examples and the others.
    fn split(self, at: usize) -> Result<(Examples, Examples)> {
        let part = |from: usize, to: usize| {
            let rows: Vec<usize> = (from..to).collect();
            Ok(Examples { x: pick(&self.x, &rows)?, y: pick(&self.y, &rows)? })
        };
        Ok((part(0, at)?, part(at, self.len())?))
    }
}

/// Rows `rows` of a value.
fn pick(value: &Value, rows: &[usize]) -> Result<Value> {
    let mut dims = value.shape().dims().to_vec();
    let width: usize = dims[1..].iter().product();
    dims[0] = rows.len();
    dispatch!(value.dtype(), all, T => {
        let all = value.as_slice::<T>()?;
        let mut elements = Vec::with_capacity(rows.len() * width);
        for &row in rows {
            elements.extend_from_slice(&all[row * width..(row + 1) * width]);
        }
        Value::new(Shape::new(&dims), elements)
    })
}

/// Means of numbers over batches of different sizes.
struct Means {
    sums: Vec<f64>,
    count: usize,
}

impl Means {
    fn new() -> Self {
        Means { sums: Vec::new(), count: 0 }
    }

    fn add(&mut self, numbers: &[f64], examples: usize) {
        self.sums.resize(numbers.len(), 0.0);
        self.sums.iter_mut().zip(numbers).for_each(|(sum, x)| *sum += x * examples as f64);
        self.count += examples;
    }

    fn get(&self) -> Vec<f64> {
        self.sums.iter().map(|sum| sum / self.count as f64).collect()
    }
}

/// The progress of a pass over the examples.
struct Progress {
    bar: Progbar,
    start: Instant,
}

impl Progress {
    fn new(batches: usize, verbose: u8) -> Self {
        Progress { bar: Progbar::new(batches, verbose, stdout().is_terminal()), start: Instant::now() }
    }

    fn update(&mut self, current: usize, values: &[(String, f64)], last: bool) -> Result<()> {
        let now = self.start.elapsed().as_secs_f64();
        self.bar.update(current, values, last, now).map_or(Ok(()), |text| print(&text))
    }
}

impl Sequential {
    /// The names of the loss and the metrics. Keras: `model.metrics_names`.
    pub fn metrics_names(&self) -> Result<Vec<String>> {
        let metrics = self.compiled()?.metrics.iter().map(|metric| metric.name().to_owned());
        Ok(std::iter::once("loss".to_owned()).chain(metrics).collect())
    }

    /// Judges examples batch by batch. Of each batch `besides` is computed too, and `tell` gets its values.
    fn judge(
        &self,
        nodes: &Nodes,
        data: &Examples,
        (batch_size, verbose): (usize, u8),
        besides: &[Tensor],
        mut tell: impl FnMut(&[Value]) -> Result<()>,
    ) -> Result<Vec<f64>> {
        let order: Vec<usize> = (0..data.len()).collect();
        let names = self.metrics_names()?;
        let mut means = Means::new();
        let mut progress = Progress::new(data.len().div_ceil(batch_size), verbose);
        for (i, rows) in order.chunks(batch_size).enumerate() {
            let feeds = Feeds::new().feed(nodes.input, pick(&data.x, rows)?).feed(nodes.truth, pick(&data.y, rows)?);
            let (numbers, values) = self.session()?.run((nodes.judging.clone(), besides), feeds)?;
            means.add(&as_numbers(&numbers)?, rows.len());
            tell(&values)?;
            progress.update(i + 1, &named(&names, &means), false)?;
        }
        progress.update(data.len().div_ceil(batch_size), &named(&names, &means), true)?;
        Ok(means.get())
    }
}

fn as_numbers(values: &[Value]) -> Result<Vec<f64>> {
    values.iter().map(|value| value.item::<f32>().map(f64::from)).collect()
}

fn named(names: &[String], means: &Means) -> Vec<(String, f64)> {
    names.iter().cloned().zip(means.get()).collect()
}

/// What callbacks are told of a batch: its number, size and loss, and the metrics of the epoch so far.
fn batch_logs(batch: usize, size: usize, so_far: Vec<(String, f64)>, numbers: &[f64]) -> Logs {
    let mut logs = Logs::from([("batch".to_owned(), batch as f64), ("size".to_owned(), size as f64)]);
    let loss = so_far.first().map(|(name, _)| name.clone()).zip(numbers.first().copied());
    logs.extend(so_far);
    logs.extend(loss);
    logs
}

fn check_batch_size(batch_size: usize) -> Result<()> {
    if batch_size == 0 { Err(Error::invalid_argument("a batch_size of 0")) } else { Ok(()) }
}

/// What was shown after each epoch. Keras: `History`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The epochs, counted from 0.
    pub epoch: Vec<usize>,
    /// The numbers of each epoch by their names: `"loss"`, `"val_accuracy"`.
    pub history: indexmap::IndexMap<String, Vec<f64>>,
}

impl History {
    /// The number of the last epoch that is called `name`.
    pub fn last(&self, name: &str) -> Option<f64> {
        self.history.get(name)?.last().copied()
    }
}

/// A model about to be trained.
#[must_use = "nothing is trained until `run` is called"]
pub struct Fit<'a, 'c> {
    model: &'a mut Sequential,
    x: Result<Literal>,
    y: Result<Literal>,
    batch_size: usize,
    epochs: usize,
    initial_epoch: usize,
    verbose: u8,
    shuffle: bool,
    validation_split: f64,
    validation_data: Option<(Result<Literal>, Result<Literal>)>,
    class_weight: Vec<(usize, f64)>,
    callbacks: Vec<&'c mut dyn Callback>,
}

/// What every epoch goes over.
struct Pass<'p> {
    nodes: &'p Nodes,
    data: &'p Examples,
    /// How much each example counts, if that was said.
    weights: Option<&'p [f32]>,
    validation: Option<&'p Examples>,
    names: &'p [String],
}

impl<'a, 'c> Fit<'a, 'c> {
    pub(super) fn new(model: &'a mut Sequential, x: Result<Literal>, y: Result<Literal>) -> Self {
        Fit {
            model,
            x,
            y,
            batch_size: 32,
            epochs: 1,
            initial_epoch: 0,
            verbose: 1,
            shuffle: true,
            validation_split: 0.0,
            validation_data: None,
            class_weight: Vec::new(),
            callbacks: Vec::new(),
        }
    }

    /// How many examples a step takes; 32 if not said.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// The number of the last epoch; 1 if not said.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// How many epochs are done already; 0 if not said.
    pub fn initial_epoch(mut self, epoch: usize) -> Self {
        self.initial_epoch = epoch;
        self
    }

    /// 0 prints nothing, 1 a line of progress, 2 a line for each epoch; 1 if not said.
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }

    /// Whether the examples are put in another order for each epoch; yes if not said.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// The part of the examples, at their end, that is not trained on, but judged after each epoch.
    pub fn validation_split(mut self, part: f64) -> Self {
        self.validation_split = part;
        self
    }

    /// Examples that are judged after each epoch.
    pub fn validation_data(mut self, x: impl IntoValue, y: impl IntoValue) -> Self {
        self.validation_data = Some((x.into_literal(), y.into_literal()));
        self
    }

    /// How much the examples of a class count; 1 for those not said.
    pub fn class_weight(mut self, weights: impl IntoIterator<Item = (usize, f64)>) -> Self {
        self.class_weight.extend(weights);
        self
    }

    /// What happens after each epoch: `[&mut stop, &mut log]`.
    pub fn callbacks(mut self, callbacks: impl IntoIterator<Item = &'c mut dyn Callback>) -> Self {
        self.callbacks.extend(callbacks);
        self
    }

    /// Trains.
    #[track_caller]
    pub fn run(mut self) -> Result<History> {
        check_batch_size(self.batch_size)?;
        let all = self.model.examples(self.x.clone(), self.y.clone())?;
        let (data, validation) = match self.validation_data.take() {
            Some((x, y)) => (all, Some(self.model.examples(x, y)?)),
            None if self.validation_split == 0.0 => (all, None),
            None => self.split(all)?,
        };
        let nodes = self.model.nodes()?;
        let weights = self.sample_weights(&data)?;
        let names = self.model.metrics_names()?;
        let pass = Pass {
            nodes: &nodes,
            data: &data,
            weights: weights.as_deref(),
            validation: validation.as_ref(),
            names: &names,
        };
        for callback in &mut self.callbacks {
            callback.on_train_begin(self.model)?;
        }
        let mut history = History::default();
        for epoch in self.initial_epoch..self.epochs {
            if self.verbose > 0 && self.epochs > 1 {
                print(&format!("Epoch {}/{}\n", epoch + 1, self.epochs))?;
            }
            let mut callbacks = std::mem::take(&mut self.callbacks);
            let logs = self.epoch(epoch, &pass, &mut callbacks);
            self.callbacks = callbacks;
            let logs = logs?;
            history.epoch.push(epoch);
            for (name, value) in &logs {
                history.history.entry(name.clone()).or_default().push(*value);
            }
            let mut flow = Flow::GoOn;
            for callback in &mut self.callbacks {
                if callback.on_epoch_end(epoch, &logs, self.model)? == Flow::Stop {
                    flow = Flow::Stop;
                }
            }
            if flow == Flow::Stop {
                break;
            }
        }
        for callback in &mut self.callbacks {
            callback.on_train_end(self.model)?;
        }
        Ok(history)
    }

    fn split(&self, all: Examples) -> Result<(Examples, Option<Examples>)> {
        let n = all.len();
        let at = (n as f64 * (1.0 - self.validation_split)) as usize;
        if !(0.0..1.0).contains(&self.validation_split) || at == 0 || at == n {
            return Err(Error::invalid_argument(format!(
                "a validation_split of {} leaves nothing on one side of {n} examples",
                self.validation_split
            )));
        }
        let (data, validation) = all.split(at)?;
        Ok((data, Some(validation)))
    }

    /// How much each example counts, if that was said.
    fn sample_weights(&self, data: &Examples) -> Result<Option<Vec<f32>>> {
        if self.class_weight.is_empty() {
            return Ok(None);
        }
        let numbers = data.y.clone().convert(DType::Float32)?;
        let numbers = numbers.as_slice::<f32>()?;
        let width = numbers.len() / data.len().max(1);
        let class = |row: &[f32]| match row {
            [class] => *class as usize,
            _ => row.iter().enumerate().fold(0, |best, (i, x)| if *x > row[best] { i } else { best }),
        };
        let weight = |class: usize| self.class_weight.iter().find(|(c, _)| *c == class).map_or(1.0, |(_, w)| *w as f32);
        Ok(Some(numbers.chunks(width.max(1)).map(|row| weight(class(row))).collect()))
    }

    fn epoch(&self, epoch: usize, pass: &Pass, callbacks: &mut [&'c mut dyn Callback]) -> Result<Logs> {
        let Pass { nodes, data, weights, validation, names } = *pass;
        let mut order: Vec<usize> = (0..data.len()).collect();
        if self.shuffle {
            order.shuffle(&mut self.generator(epoch));
        }
        let batches = data.len().div_ceil(self.batch_size);
        let mut progress = Progress::new(batches, self.verbose);
        let mut means = Means::new();
        for (i, rows) in order.chunks(self.batch_size).enumerate() {
            let mut feeds =
                Feeds::new().feed(nodes.input, pick(&data.x, rows)?).feed(nodes.truth, pick(&data.y, rows)?);
            if let Some(weights) = weights {
                feeds = feeds.feed(nodes.sample_weights, rows.iter().map(|&row| weights[row]).collect::<Vec<f32>>());
            }
            let numbers = self.model.step(&nodes.training, nodes.train, feeds)?;
            means.add(&numbers, rows.len());
            let so_far = named(names, &means);
            progress.update(i + 1, &so_far, false)?;
            if !callbacks.is_empty() {
                let logs = batch_logs(i, rows.len(), so_far, &numbers);
                callbacks.iter_mut().try_for_each(|callback| callback.on_batch_end(i, &logs, self.model))?;
            }
        }
        let mut logs = named(names, &means);
        if let Some(validation) = validation {
            let wanted = callbacks.iter_mut().map(|callback| callback.validation_fetch(epoch));
            let wanted: Vec<Option<Tensor>> = wanted.collect();
            let besides: Vec<Tensor> = wanted.iter().copied().flatten().collect();
            let judged = self.model.judge(nodes, validation, (self.batch_size, 0), &besides, |values| {
                let asking = callbacks.iter_mut().zip(&wanted).filter(|(_, wanted)| wanted.is_some());
                asking.zip(values).try_for_each(|((callback, _), value)| callback.on_validation_fetched(value))
            })?;
            logs.extend(names.iter().map(|name| format!("val_{name}")).zip(judged));
        }
        progress.update(batches, &logs, true)?;
        Ok(logs.into_iter().collect())
    }

    /// The generator of an epoch's order: the same for the same seed of the graph.
    fn generator(&self, epoch: usize) -> PhiloxRandom {
        use std::hash::{BuildHasher, RandomState};
        let seed =
            self.model.graph().random_seed().map_or_else(|| RandomState::new().hash_one(epoch), |seed| seed as u64);
        PhiloxRandom::new(seed, epoch as u64)
    }
}

/// A model about to be judged.
#[must_use = "nothing is judged until `run` is called"]
pub struct Evaluate<'a> {
    model: &'a mut Sequential,
    x: Result<Literal>,
    y: Result<Literal>,
    batch_size: usize,
    verbose: u8,
}

impl<'a> Evaluate<'a> {
    pub(super) fn new(model: &'a mut Sequential, x: Result<Literal>, y: Result<Literal>) -> Self {
        Evaluate { model, x, y, batch_size: 32, verbose: 1 }
    }

    /// How many examples a step takes; 32 if not said.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// 0 prints nothing, 1 a line of progress; 1 if not said.
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }

    /// The loss and the metrics, in the order of [`Sequential::metrics_names`].
    #[track_caller]
    pub fn run(self) -> Result<Vec<f64>> {
        check_batch_size(self.batch_size)?;
        let data = self.model.examples(self.x, self.y)?;
        let nodes = self.model.nodes()?;
        self.model.judge(&nodes, &data, (self.batch_size, self.verbose), &[], |_| Ok(()))
    }
}

/// A model about to predict.
#[must_use = "nothing is predicted until `run` is called"]
pub struct Predict<'a> {
    model: &'a mut Sequential,
    x: Result<Literal>,
    batch_size: usize,
    verbose: u8,
}

impl<'a> Predict<'a> {
    pub(super) fn new(model: &'a mut Sequential, x: Result<Literal>) -> Self {
        Predict { model, x, batch_size: 32, verbose: 0 }
    }

    /// How many examples a step takes; 32 if not said.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// 0 prints nothing, 1 a line of progress; 0 if not said.
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }

    /// What the model makes of each example.
    #[track_caller]
    pub fn run(self) -> Result<Value> {
        check_batch_size(self.batch_size)?;
        let x = self.model.inputs(self.x)?;
        let (input, output) = (self.model.input()?, self.model.output()?);
        let session = self.model.session()?;
        let n = x.shape().dims()[0];
        let mut progress = Progress::new(n.div_ceil(self.batch_size), self.verbose);
        let mut predicted: Vec<f32> = Vec::new();
        let mut dims = Vec::new();
        let order: Vec<usize> = (0..n).collect();
        for (i, rows) in order.chunks(self.batch_size).enumerate() {
            let value = session.run(output, Feeds::new().feed(input, pick(&x, rows)?))?;
            dims = value.shape().dims().to_vec();
            predicted.extend_from_slice(value.as_slice::<f32>()?);
            progress.update(i + 1, &[], false)?;
        }
        progress.update(n.div_ceil(self.batch_size), &[], true)?;
        if let Some(batch) = dims.first_mut() {
            *batch = n;
        }
        Value::new(Shape::new(&dims), predicted)
    }
}
