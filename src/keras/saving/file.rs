//! Models and weights in HDF5 files, laid out as Keras does.

use std::path::Path;

use super::{BACKEND, Json, WRITTEN_AS, compiled, model_from_config};
use crate::error::{Error, Result};
use crate::format::hdf5::{Group, Hdf5Reader};
use crate::keras::optimizers::Kept;
use crate::keras::{Model, Sequential};
use crate::layers::Layer;
use crate::ops::state::Variable;
use crate::session::Feeds;
use crate::value::Value;

const MODEL_WEIGHTS: &str = "model_weights";
const OPTIMIZER_WEIGHTS: &str = "optimizer_weights";
const LAYER_NAMES: &str = "layer_names";
const WEIGHT_NAMES: &str = "weight_names";

/// Writes all of a model.
#[track_caller]
pub(super) fn save(model: &Model, path: &Path) -> Result<()> {
    let mut file = Group::default();
    file.set_text("keras_version", WRITTEN_AS);
    file.set_text("backend", BACKEND);
    file.set_text("model_config", &model.config_object()?.to_string());
    put_weights(model, file.group(MODEL_WEIGHTS))?;
    if let Some(compiled) = &model.compiled {
        let config = compiled::to_config(compiled, model.learning_rate()?)?;
        file.set_text("training_config", &config.to_string());
        let class = compiled.optimizer.clone().described().0;
        // Nadam counts its momentum in Keras: what it keeps here is not what it would keep there.
        if let Some(kept) = compiled.kept().filter(|_| class != "Nadam") {
            put_kept(model, class, kept, file.group(OPTIMIZER_WEIGHTS))?;
        }
    }
    file.write(path)
}

/// Writes the weights of a model.
#[track_caller]
pub(in crate::keras) fn save_weights(model: &Model, path: &Path) -> Result<()> {
    let mut file = Group::default();
    put_weights(model, &mut file)?;
    file.write(path)
}

#[track_caller]
fn put_weights(model: &Model, group: &mut Group) -> Result<()> {
    let mut values = model.get_weights()?.into_iter();
    group.set_texts(LAYER_NAMES, model.layers().map(|layer| layer.name()).collect());
    group.set_text("backend", BACKEND);
    group.set_text("keras_version", WRITTEN_AS);
    for layer in model.layers() {
        let names: Vec<String> = layer.variables().into_iter().map(|variable| variable.name()).collect();
        let group = group.group(&layer.name());
        for (name, value) in names.iter().zip(&mut values) {
            group.put(name, value)?;
        }
        group.set_texts(WEIGHT_NAMES, names);
    }
    Ok(())
}

/// What an optimizer keeps, in Keras's order, but for the powers: the number of steps, and one kind after the other.
fn in_order(kept: &Kept) -> Vec<Variable> {
    std::iter::once(kept.iterations).chain(kept.slots.values().flatten().copied()).collect()
}

#[track_caller]
fn put_kept(model: &Model, class: &str, kept: &Kept, group: &mut Group) -> Result<()> {
    let mut values = model.session()?.run(in_order(kept), Feeds::new())?.into_iter();
    let mut names = vec![format!("training/{class}/iter:0")];
    for kind in kept.slots.keys() {
        names.extend(kept.of.iter().map(|variable| format!("training/{class}/{}/{kind}:0", variable.op().name())));
    }
    for (i, (name, value)) in names.iter().zip(&mut values).enumerate() {
        group.put(name, if i == 0 { Value::scalar(value.item::<f32>()? as i64) } else { value })?;
    }
    group.set_texts(WEIGHT_NAMES, names);
    Ok(())
}

/// Reads a model.
#[track_caller]
pub(super) fn load(path: &Path, compile: bool) -> Result<Sequential> {
    let about = |error: Error| error.retitled(&path.display().to_string());
    let file = Hdf5Reader::open(path)?;
    let json = |name: &str| -> Result<Option<Json>> {
        let text = file.text("", name)?;
        let parse = |text: String| serde_json::from_str(&text).map_err(|e| Error::data_loss(format!("{name}: {e}")));
        text.map(parse).transpose().map_err(about)
    };
    let config = json("model_config")?
        .ok_or_else(|| about(Error::invalid_argument("it holds no model: weights alone are read by load_weights")))?;
    let mut model = model_from_config(&config).map_err(about)?;
    let values = weights(&model, &file, MODEL_WEIGHTS)?;
    if model.input().is_ok() {
        model.set_weights(&values).map_err(about)?;
    }
    if let Some(training) = json("training_config")?.filter(|_| compile) {
        let (loss, metrics, optimizer) = compiled::from_config(&training).map_err(about)?;
        model.compile().loss(loss).metrics(metrics).optimizer(optimizer).build().map_err(about)?;
        let kept = model.compiled.as_ref().and_then(|compiled| compiled.kept()).cloned();
        let nadam = model.compiled.as_ref().is_some_and(|compiled| compiled.optimizer.clone().described().0 == "Nadam");
        if let Some(kept) = kept.filter(|_| !nadam && file.has_group(OPTIMIZER_WEIGHTS)) {
            let values = kept_values(&kept, &file)?.into_iter().map(|(variable, value)| (variable.op(), value));
            model.assign(&values.collect::<Vec<_>>()).map_err(about)?;
        }
    }
    Ok(model)
}

/// Gives a model the weights in a file: of weights alone, or of a model.
#[track_caller]
pub(in crate::keras) fn load_weights(model: &Model, path: &Path) -> Result<()> {
    let file = Hdf5Reader::open(path)?;
    let group = if file.has_group(MODEL_WEIGHTS) { MODEL_WEIGHTS } else { "" };
    let values = weights(model, &file, group)?;
    model.set_weights(&values).map_err(|error| error.retitled(&path.display().to_string()))
}

/// `value` as numbers of the type of `variable`, if it has its shape.
fn fitting(value: Value, variable: Variable, layer: &str, file: &Hdf5Reader) -> Result<Value> {
    if !variable.shape().accepts(value.shape()) {
        let (wanted, found, path) = (variable.shape(), value.shape(), file.path().display());
        let says = format!("{path}: '{}' has shape {wanted}, but the file has {found}", variable.op().name());
        return Err(Error::invalid_argument(says).at(layer, None));
    }
    value.convert(variable.dtype()?)
}

/// The values of all weights of a model, layer by layer: names in the file may be others.
fn weights(model: &Model, file: &Hdf5Reader, group: &str) -> Result<Vec<Value>> {
    let path = file.path().display();
    let within = |name: &str| if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") };
    let names = file.texts(group, LAYER_NAMES)?.ok_or_else(|| {
        Error::invalid_argument(format!("{path} holds no weights of Keras's: it has no list {LAYER_NAMES}"))
    })?;
    let mut held = Vec::new();
    for name in names {
        let arrays = file.texts(&within(&name), WEIGHT_NAMES)?.unwrap_or_default();
        if !arrays.is_empty() {
            held.push((name, arrays));
        }
    }
    let layers: Vec<&dyn Layer> = model.layers().filter(|layer| !layer.variables().is_empty()).collect();
    if held.len() != layers.len() {
        let (has, wants) = (held.len(), layers.len());
        let says = format!("{path} has weights of {has} layers, but {wants} layers of the model have weights");
        return Err(Error::invalid_argument(says));
    }
    let mut values = Vec::new();
    for (layer, (name, arrays)) in layers.into_iter().zip(held) {
        let variables = layer.variables();
        if arrays.len() != variables.len() {
            let (has, wants) = (arrays.len(), variables.len());
            let says = format!("{path}: it has {wants} weights, but '{name}' in the file has {has}");
            return Err(Error::invalid_argument(says).at(&layer.name(), None));
        }
        for (array, variable) in arrays.iter().zip(variables) {
            let value =
                file.read(&within(&format!("{name}/{array}"))).map_err(|error| error.at(&layer.name(), None))?;
            values.push(fitting(value, variable, &layer.name(), file)?);
        }
    }
    Ok(values)
}

/// What an optimizer keeps, from a file.
fn kept_values(kept: &Kept, file: &Hdf5Reader) -> Result<Vec<(Variable, Value)>> {
    let names = file.texts(OPTIMIZER_WEIGHTS, WEIGHT_NAMES)?.unwrap_or_default();
    let count = 1 + kept.slots.values().map(Vec::len).sum::<usize>();
    if names.len() != count {
        let (path, has) = (file.path().display(), names.len());
        return Err(Error::invalid_argument(format!(
            "{path}: the optimizer keeps {count} arrays, but the file has {has}; compile = false leaves it out"
        )));
    }
    let mut order = in_order(kept);
    if names[0].starts_with("iteration") {
        // Newer optimizers have all kinds of one variable together.
        let each = (0..kept.of.len()).flat_map(|i| kept.slots.values().filter_map(move |slots| slots.get(i)).copied());
        order = std::iter::once(kept.iterations).chain(each).collect();
    }
    let mut values = Vec::with_capacity(count);
    for (name, variable) in names.iter().zip(order) {
        let value = file.read(&format!("{OPTIMIZER_WEIGHTS}/{name}"))?;
        values.push((variable, fitting(value, variable, name, file)?));
    }
    let steps = values[0].1.item::<f32>()? as u64;
    for (base, power) in &kept.powers {
        let base = *base as f32;
        // Rounded step by step, as training does it; in the end it stays as it is.
        let next = |power: &f32| Some(power * base).filter(|next| next != power);
        let powers = std::iter::successors(Some(base), next).take(steps.saturating_add(1) as usize);
        values.push((*power, Value::scalar(powers.last().unwrap_or(base)).convert(power.dtype()?)?));
    }
    Ok(values)
}
