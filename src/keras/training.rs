//! Training a model, judging it, and letting it predict.

use std::io::{IsTerminal, Write, stdout};
use std::time::Instant;

use rand::seq::SliceRandom;

use super::Model;
use super::callbacks::{Callback, Flow, Logs};
use super::data::{Data, Examples, IntoData, check_classes, flat_classes, pick_all, rows_of, same_rank};
use super::losses::{IntoLosses, Loss, Losses, per_example};
use super::metrics::{IntoMetric, Metric};
use super::optimizers::{IntoOptimizer, Kept, Optimizer};
use super::progbar::Progbar;
use crate::autodiff::GradientsArgs;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Operation, Tensor, built_at, here};
use crate::kernels::random::PhiloxRandom;
use crate::layers::mask_of;
use crate::ops::array::{constant, placeholder, placeholder_with_default};
use crate::ops::flow::group;
use crate::ops::math::{add_n, cast, reduce_mean};
use crate::ops::state::{Variable, VariableArgs};
use crate::session::Feeds;
use crate::shape::{PartialShape, Shape};
use crate::value::Value;

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
    losses: Losses,
    loss_weights: Option<LossWeights>,
    pub(super) optimizer: Optimizer,
    pub(super) metrics: Vec<Metric>,
    nodes: Option<Nodes>,
}

/// The nodes of training and judging.
#[derive(Clone, Debug)]
struct Nodes {
    inputs: Vec<Tensor>,
    truths: Vec<Tensor>,
    /// What each output is judged by.
    losses: Vec<Loss>,
    sample_weights: Tensor,
    train: Operation,
    /// The loss and the metrics of a batch, in training and outside of it, and their names.
    training: Vec<Tensor>,
    judging: Vec<Tensor>,
    names: Vec<String>,
    learning_rate: Variable,
    /// What the optimizer keeps.
    #[cfg_attr(not(feature = "hdf5"), allow(dead_code))]
    kept: Kept,
}

impl Nodes {
    fn feeds(&self, data: &Examples, rows: &[usize]) -> Result<Feeds> {
        Ok(self.fed(pick_all(&data.x, rows)?, pick_all(&data.y, rows)?))
    }

    fn fed(&self, x: Vec<Value>, y: Vec<Value>) -> Feeds {
        let given = self.inputs.iter().zip(x).chain(self.truths.iter().zip(y));
        given.fold(Feeds::new(), |feeds, (place, value)| feeds.feed(*place, value))
    }
}

/// How much the loss of each output counts: in the order of the outputs, or by their names.
#[derive(Clone, Debug)]
pub enum LossWeights {
    /// In the order of the outputs.
    Listed(Vec<f64>),
    /// By the names of the outputs; 1 for those that are not there.
    Named(Vec<(String, f64)>),
}

impl<const N: usize> From<[f64; N]> for LossWeights {
    fn from(weights: [f64; N]) -> Self {
        LossWeights::Listed(weights.to_vec())
    }
}

impl From<Vec<f64>> for LossWeights {
    fn from(weights: Vec<f64>) -> Self {
        LossWeights::Listed(weights)
    }
}

impl<const N: usize> From<[(&str, f64); N]> for LossWeights {
    fn from(weights: [(&str, f64); N]) -> Self {
        LossWeights::Named(weights.map(|(name, weight)| (name.to_owned(), weight)).to_vec())
    }
}

impl LossWeights {
    /// One for each output.
    fn for_outputs(&self, names: &[String]) -> Result<Vec<f64>> {
        match self {
            LossWeights::Listed(all) if all.len() == names.len() => Ok(all.clone()),
            LossWeights::Listed(all) => Err(Error::invalid_argument(format!(
                "there are {} loss_weights, but the model has the outputs {}",
                all.len(),
                names.join(", ")
            ))),
            LossWeights::Named(all) => {
                super::losses::check_names("loss_weights", all.iter().map(|(name, _)| name), names)?;
                let weight = |name: &String| all.iter().find(|(of, _)| of == name).map_or(1.0, |(_, weight)| *weight);
                Ok(names.iter().map(weight).collect())
            }
        }
    }
}

/// A model about to be compiled.
#[must_use = "the model is not compiled until `build` is called"]
pub struct Compile<'a> {
    model: &'a mut Model,
    losses: Option<Result<Losses>>,
    loss_weights: Option<LossWeights>,
    optimizer: Result<Optimizer>,
    metrics: Vec<Result<Metric>>,
}

impl<'a> Compile<'a> {
    pub(super) fn new(model: &'a mut Model) -> Self {
        let optimizer = Optimizer::named("rmsprop");
        Compile { model, losses: None, loss_weights: None, optimizer, metrics: Vec::new() }
    }

    /// What is made small: a [`Loss`] or its name. For several outputs a list of these, or pairs of the outputs' names and
    /// these; one for all is added up. It must be said.
    pub fn loss(mut self, loss: impl IntoLosses) -> Self {
        self.losses = Some(loss.into_losses());
        self
    }

    /// How much the loss of each output counts: a list, or pairs of the outputs' names and numbers; 1 if not said.
    pub fn loss_weights(mut self, weights: impl Into<LossWeights>) -> Self {
        self.loss_weights = Some(weights.into());
        self
    }

    /// How: an [`Optimizer`] or its name; `"rmsprop"` if not said.
    pub fn optimizer(mut self, optimizer: impl IntoOptimizer) -> Self {
        self.optimizer = optimizer.into_optimizer();
        self
    }

    /// What is shown besides: [`Metric`]s or their names, of each output; pairs of an output's name and a metric are of that
    /// output alone.
    pub fn metrics<M: IntoMetric>(mut self, metrics: impl IntoIterator<Item = M>) -> Self {
        self.metrics.extend(metrics.into_iter().map(IntoMetric::into_metric));
        self
    }

    /// Compiles the model. An error if a name does not exist.
    #[track_caller]
    pub fn build(self) -> Result<()> {
        let _line = built_at(here());
        self.model.graph().check()?;
        let losses = self.losses.ok_or_else(|| {
            Error::invalid_argument("a loss is needed, such as \"categorical_crossentropy\" or \"mse\"")
        })??;
        let metrics = self.metrics.into_iter().collect::<Result<_>>()?;
        let (loss_weights, optimizer) = (self.loss_weights, self.optimizer?);
        let compiled = Compiled { losses, loss_weights, optimizer, metrics, nodes: None };
        let before = self.model.compiled.replace(compiled);
        if self.model.inputs().is_err() {
            return Ok(());
        }
        self.model.nodes().map(|_| ()).inspect_err(|_| self.model.compiled = before)
    }
}

#[cfg(feature = "hdf5")]
impl Compiled {
    /// What the optimizer keeps, once the nodes of training are built.
    pub(super) fn kept(&self) -> Option<&Kept> {
        self.nodes.as_ref().map(|nodes| &nodes.kept)
    }

    /// The loss, if there is one for all that is judged.
    pub(super) fn loss(&self) -> Result<&Loss> {
        self.losses.single().filter(|_| self.loss_weights.is_none()).ok_or_else(|| {
            Error::unimplemented("a model that is compiled with several losses or with loss_weights is not saved")
        })
    }
}

impl Model {
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
        let (inputs, outputs) = (self.inputs()?.to_vec(), self.outputs()?.to_vec());
        let names = self.output_names();
        let losses = compiled.losses.for_outputs(&names)?;
        let weights = compiled.loss_weights.as_ref().map(|weights| weights.for_outputs(&names)).transpose()?;
        super::losses::check_names("metrics", compiled.metrics.iter().filter_map(Metric::output), &names)?;
        let truth = |(i, output): (usize, &Tensor)| {
            let shape = match (losses[i].is_sparse(), output.shape().dims()) {
                (true, Some([outer @ .., _])) => PartialShape::new(outer.iter().copied()),
                _ => output.shape(),
            };
            placeholder(DType::Float32, shape).named(&format!("{}_target", names[i]))
        };
        let truths: Vec<Tensor> = outputs.iter().enumerate().map(truth).collect();
        let one = constant(1.0);
        let sample_weights = placeholder_with_default(one, PartialShape::unknown()).named("sample_weights");
        let (for_training, updates) = self.network.for_training(&graph)?;
        let penalties = self.network.losses();
        let several = outputs.len() > 1;
        let numbers = |outputs: &[Tensor]| {
            let _scope = graph.scope("loss");
            // Steps that do not count leave the others as much more.
            let mask = |output: Tensor| {
                let mask = cast(mask_of(&graph, output)?, DType::Float32);
                Some(mask / reduce_mean(mask))
            };
            let masks: Vec<Option<Tensor>> = outputs.iter().map(|output| mask(*output)).collect();
            let pairs = || truths.iter().copied().zip(outputs.iter().copied());
            let each: Vec<Tensor> = pairs()
                .zip(&losses)
                .zip(&masks)
                .map(|(((truth, output), loss), mask)| {
                    let each = loss.each(truth, output);
                    reduce_mean(per_example(mask.map_or(each, |mask| each * mask)) * sample_weights)
                })
                .collect();
            let weighted = each.iter().enumerate().map(|(i, loss)| match &weights {
                Some(weights) => *loss * weights[i],
                None => *loss,
            });
            let total = weighted.reduce(|sum, loss| sum + loss).unwrap_or(one);
            let total = if penalties.is_empty() { total } else { total + add_n(penalties.clone()) };
            let mut numbers = vec![total];
            if several {
                numbers.extend(each);
            }
            for (i, (truth, output)) in pairs().enumerate() {
                let of_this = compiled.metrics.iter().filter(|metric| metric.is_of(&names[i]));
                numbers.extend(of_this.map(|metric| reduce_mean(metric.each(truth, output, &losses[i], masks[i]))));
            }
            numbers
        };
        let training = numbers(&for_training);
        let judging = if for_training == outputs { training.clone() } else { numbers(&outputs) };
        let rate = compiled.optimizer.learning_rate() as f32;
        let learning_rate = VariableArgs::new(rate).trainable(false).name("learning_rate").build();
        let variables = self.trainable_weights();
        if variables.is_empty() {
            return Err(Error::invalid_argument(format!("the model '{}' has nothing to train", self.name())));
        }
        let gradients = GradientsArgs::new(training[0], variables.as_slice()).build();
        let pairs: Vec<_> = gradients.into_iter().zip(variables).collect();
        let (step, kept) = compiled.optimizer.apply(learning_rate, &pairs);
        let mut steps = vec![step];
        steps.extend(updates);
        let train = group(&steps);
        graph.check()?;
        let names = compiled.names(&names);
        Ok(Nodes { inputs, truths, losses, sample_weights, train, training, judging, names, learning_rate, kept })
    }

    /// The optimizer's learning rate. Keras: `K.get_value(model.optimizer.lr)`.
    #[track_caller]
    pub fn learning_rate(&self) -> Result<f64> {
        let compiled = self.compiled()?;
        match &compiled.nodes {
            Some(nodes) => self.session()?.run(nodes.learning_rate, Feeds::new())?.item::<f32>().map(f64::from),
            None => Ok(compiled.optimizer.learning_rate()),
        }
    }

    /// Gives the optimizer another learning rate. Keras: `K.set_value(model.optimizer.lr, rate)`.
    #[track_caller]
    pub fn set_learning_rate(&self, rate: f64) -> Result<()> {
        let nodes = self.compiled()?.nodes.as_ref();
        let nodes = nodes.ok_or_else(|| Error::failed_precondition("the model is not built yet"))?;
        self.assign(&[(nodes.learning_rate.op(), Value::scalar(rate as f32))])
    }

    /// One step of training on these examples: the loss and the metrics. Keras: `model.train_on_batch(x, y)`.
    #[track_caller]
    pub fn train_on_batch(&mut self, x: impl IntoData, y: impl IntoData) -> Result<Vec<f64>> {
        let _line = built_at(here());
        let data = self.examples(x.into_data(), y.into_data())?;
        let nodes = self.nodes()?;
        self.step(&nodes.training, nodes.train, nodes.fed(data.x, data.y))
    }

    /// The loss and the metrics of these examples, all at once. Keras: `model.test_on_batch(x, y)`.
    #[track_caller]
    pub fn test_on_batch(&mut self, x: impl IntoData, y: impl IntoData) -> Result<Vec<f64>> {
        let data = self.examples(x.into_data(), y.into_data())?;
        let nodes = self.nodes()?;
        as_numbers(&self.session()?.run(nodes.judging.clone(), nodes.fed(data.x, data.y))?)
    }

    /// What the model makes of these examples, all at once. Keras: `model.predict_on_batch(x)`.
    ///
    /// An error for a model with several outputs; see [`Predict::run_all`].
    #[track_caller]
    pub fn predict_on_batch(&mut self, x: impl IntoData) -> Result<Value> {
        let x = self.given(x.into_data())?;
        let (inputs, output) = (self.inputs()?.to_vec(), self.output()?);
        let feeds = inputs.into_iter().zip(x).fold(Feeds::new(), |feeds, (input, x)| feeds.feed(input, x));
        self.session()?.run(output, feeds)
    }

    /// Runs one batch.
    #[track_caller]
    fn step(&self, numbers: &[Tensor], train: Operation, feeds: Feeds) -> Result<Vec<f64>> {
        as_numbers(&self.session()?.run((numbers, train), feeds)?.0)
    }

    /// Examples with what is true of them, checked against the model, which is built for them if it was not.
    #[track_caller]
    fn examples(&mut self, x: Data, y: Data) -> Result<Examples> {
        let x = self.given(x)?;
        let n = x.first().map_or(0, rows_of);
        let nodes = self.nodes()?;
        let (outputs, names) = (self.outputs()?, self.output_names());
        let mut y = y.resolve("y", &names, &vec![DType::Float32; names.len()])?;
        for (i, (y, output)) in y.iter_mut().zip(outputs).enumerate() {
            let which = if names.len() > 1 { format!("y for '{}'", names[i]) } else { "y".to_owned() };
            if y.shape().dims().first() != Some(&n) {
                let y = y.shape();
                return Err(Error::invalid_argument(format!("there are {n} examples, but {which} has shape {y}")));
            }
            let sparse = nodes.losses[i].is_sparse();
            let given = y.clone();
            *y = if sparse { flat_classes(given, output)? } else { same_rank(given, output) };
            let wanted = nodes.truths[i].shape();
            if !wanted.accepts(y.shape()) {
                let found = y.shape();
                let text = format!("{which} has shape {found}, but the last layer gives {wanted}");
                return Err(Error::invalid_argument(text).at(&names[i], None));
            }
            if sparse {
                check_classes(y, output).map_err(|error| error.at(&names[i], None))?;
            }
        }
        Ok(Examples { x, y })
    }

    /// Examples alone.
    #[track_caller]
    fn given(&mut self, x: Data) -> Result<Vec<Value>> {
        self.graph().check()?;
        let known = self.inputs().map(<[Tensor]>::to_vec).unwrap_or_default();
        let built = !known.is_empty();
        let names = if built { self.input_names() } else { vec!["x".to_owned()] };
        let dtypes = known.iter().map(|input| input.dtype()).collect::<Result<Vec<_>>>()?;
        let x = x.resolve("x", &names, if built { &dtypes } else { &[DType::Float32] })?;
        let several = x.len() > 1;
        let which = |i: usize| if several { format!("x for '{}'", names[i]) } else { "x".to_owned() };
        for (i, x) in x.iter().enumerate() {
            let shape = x.shape();
            match shape.dims() {
                [] => {
                    let x = which(i);
                    return Err(Error::invalid_argument(format!(
                        "{x} is a single number, but it should hold examples"
                    )));
                }
                [0, ..] => {
                    let x = which(i);
                    return Err(Error::invalid_argument(format!("there are no examples: {x} has shape {shape}")));
                }
                _ => {}
            }
        }
        if !built && let Some(x) = x.first() {
            let example = x.shape().dims().iter().skip(1).map(|&n| Some(n));
            self.build(std::iter::once(None).chain(example).collect::<Vec<Option<usize>>>())?;
        }
        let n = x.first().map_or(0, rows_of);
        for (i, (x, input)) in x.iter().zip(self.inputs()?).enumerate() {
            let (found, takes) = (x.shape(), input.shape());
            if !takes.accepts(found) {
                let taker = if several { "the input" } else { "the first layer" };
                let first = self.layers().next().map(|layer| layer.name()).unwrap_or_default();
                let text = format!("{} has shape {found}, but {taker} takes {takes}", which(i));
                return Err(Error::invalid_argument(text).at(if several { &names[i] } else { &first }, None));
            }
            if rows_of(x) != n {
                let (x, first) = (which(i), which(0));
                return Err(Error::invalid_argument(format!("{x} has shape {found}, but {first} has {n} examples")));
            }
        }
        Ok(x)
    }
}

impl Compiled {
    /// The names of the loss and the metrics for a model with these outputs.
    fn names(&self, outputs: &[String]) -> Vec<String> {
        let mut names = vec!["loss".to_owned()];
        if let [only] = outputs {
            names
                .extend(self.metrics.iter().filter(|metric| metric.is_of(only)).map(|metric| metric.name().to_owned()));
            return names;
        }
        names.extend(outputs.iter().map(|output| format!("{output}_loss")));
        for output in outputs {
            let metrics = self.metrics.iter().filter(|metric| metric.is_of(output));
            names.extend(metrics.map(|metric| format!("{output}_{}", metric.name())));
        }
        names
    }
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

impl Model {
    /// The names of the loss and the metrics. Keras: `model.metrics_names`.
    pub fn metrics_names(&self) -> Result<Vec<String>> {
        Ok(self.compiled()?.names(&self.output_names()))
    }

    /// Judges examples batch by batch. Of each batch `besides` is computed too, and `tell` gets its values.
    #[track_caller]
    fn judge(
        &self,
        nodes: &Nodes,
        data: &Examples,
        (batch_size, verbose): (usize, u8),
        besides: &[Tensor],
        tell: &mut dyn FnMut(&[Value]) -> Result<()>,
    ) -> Result<Vec<f64>> {
        let order: Vec<usize> = (0..data.len()).collect();
        let names = &nodes.names;
        let mut means = Means::new();
        let mut progress = Progress::new(data.len().div_ceil(batch_size), verbose);
        for (i, rows) in order.chunks(batch_size).enumerate() {
            let feeds = nodes.feeds(data, rows)?;
            let (numbers, values) = self.session()?.run((nodes.judging.clone(), besides), feeds)?;
            means.add(&as_numbers(&numbers)?, rows.len());
            tell(&values)?;
            progress.update(i + 1, &named(names, &means), false)?;
        }
        progress.update(data.len().div_ceil(batch_size), &named(names, &means), true)?;
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
    model: &'a mut Model,
    x: Data,
    y: Data,
    batch_size: usize,
    epochs: usize,
    initial_epoch: usize,
    verbose: u8,
    shuffle: bool,
    validation_split: f64,
    validation_data: Option<(Data, Data)>,
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
    pub(super) fn new(model: &'a mut Model, x: Data, y: Data) -> Self {
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
    pub fn validation_data(mut self, x: impl IntoData, y: impl IntoData) -> Self {
        self.validation_data = Some((x.into_data(), y.into_data()));
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
        let _line = built_at(here());
        check_batch_size(self.batch_size)?;
        let all = self.model.examples(self.x.clone(), self.y.clone())?;
        let (data, validation) = match self.validation_data.take() {
            Some((x, y)) => (all, Some(self.model.examples(x, y)?)),
            None if self.validation_split == 0.0 => (all, None),
            None => self.split(all)?,
        };
        let nodes = self.model.nodes()?;
        let weights = self.sample_weights(&data)?;
        let pass = Pass {
            nodes: &nodes,
            data: &data,
            weights: weights.as_deref(),
            validation: validation.as_ref(),
            names: &nodes.names,
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
        let [y] = &data.y[..] else {
            return Err(Error::invalid_argument("class_weight is for models with one output"));
        };
        let numbers = y.clone().convert(DType::Float32)?;
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
            let mut feeds = nodes.feeds(data, rows)?;
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
            let judged = self.model.judge(nodes, validation, (self.batch_size, 0), &besides, &mut |values| {
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
    model: &'a mut Model,
    x: Data,
    y: Data,
    batch_size: usize,
    verbose: u8,
}

impl<'a> Evaluate<'a> {
    pub(super) fn new(model: &'a mut Model, x: Data, y: Data) -> Self {
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

    /// The loss and the metrics, in the order of [`Model::metrics_names`].
    #[track_caller]
    pub fn run(self) -> Result<Vec<f64>> {
        let _line = built_at(here());
        check_batch_size(self.batch_size)?;
        let data = self.model.examples(self.x, self.y)?;
        let nodes = self.model.nodes()?;
        self.model.judge(&nodes, &data, (self.batch_size, self.verbose), &[], &mut |_| Ok(()))
    }
}

/// A model about to predict.
#[must_use = "nothing is predicted until `run` is called"]
pub struct Predict<'a> {
    model: &'a mut Model,
    x: Data,
    batch_size: usize,
    verbose: u8,
}

impl<'a> Predict<'a> {
    pub(super) fn new(model: &'a mut Model, x: Data) -> Self {
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

    /// What the model makes of each example. An error for a model with several outputs; see [`run_all`](Predict::run_all).
    #[track_caller]
    pub fn run(self) -> Result<Value> {
        let _line = built_at(here());
        self.model.graph().check()?;
        if self.model.network.outputs.len() > 1 {
            self.model.output()?;
        }
        let all = self.run_all()?;
        all.into_iter().next().ok_or_else(|| Error::internal("a model without outputs"))
    }

    /// What the model makes of each example, for each output.
    #[track_caller]
    pub fn run_all(self) -> Result<Vec<Value>> {
        let _line = built_at(here());
        check_batch_size(self.batch_size)?;
        let x = self.model.given(self.x)?;
        let (inputs, outputs) = (self.model.inputs()?, self.model.outputs()?);
        let session = self.model.session()?;
        let n = x.first().map_or(0, rows_of);
        let mut progress = Progress::new(n.div_ceil(self.batch_size), self.verbose);
        let mut predicted: Vec<(Vec<usize>, Vec<f32>)> = vec![(Vec::new(), Vec::new()); outputs.len()];
        let order: Vec<usize> = (0..n).collect();
        for (i, rows) in order.chunks(self.batch_size).enumerate() {
            let given = inputs.iter().zip(pick_all(&x, rows)?);
            let feeds = given.fold(Feeds::new(), |feeds, (input, x)| feeds.feed(*input, x));
            for ((dims, numbers), value) in predicted.iter_mut().zip(session.run(outputs, feeds)?) {
                *dims = value.shape().dims().to_vec();
                numbers.extend_from_slice(value.as_slice::<f32>()?);
            }
            progress.update(i + 1, &[], false)?;
        }
        progress.update(n.div_ceil(self.batch_size), &[], true)?;
        let whole = |(mut dims, numbers): (Vec<usize>, Vec<f32>)| {
            if let Some(batch) = dims.first_mut() {
                *batch = n;
            }
            Value::new(Shape::new(&dims), numbers)
        };
        predicted.into_iter().map(whole).collect()
    }
}
