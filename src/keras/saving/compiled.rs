//! What a model was compiled with, by Keras's names.

use crate::error::{Error, Result};
use crate::keras::losses::Loss;
use crate::keras::metrics::Metric;
use crate::keras::optimizers::Optimizer;
use crate::keras::training::Compiled;
use crate::layers::{Config, Json, Setting, class_and_config, object, snake_case};

/// The configuration of what `compiled` says, with this learning rate.
pub(super) fn to_config(compiled: &Compiled, learning_rate: f64) -> Result<Json> {
    let metrics: Vec<Json> = compiled.metrics.iter().map(metric_config).collect();
    let fields: [(&str, Json); 6] = [
        ("loss", loss_config(compiled.loss()?)),
        ("metrics", metrics.into()),
        ("weighted_metrics", Json::Null),
        ("loss_weights", Json::Null),
        ("sample_weight_mode", Json::Null),
        ("optimizer_config", optimizer_config(&compiled.optimizer, learning_rate)),
    ];
    Ok(Config::from_iter(fields.map(|(name, value)| (name.to_owned(), value))).into())
}

/// The loss, the metrics and the optimizer that a file says.
pub(super) fn from_config(json: &Json) -> Result<(Loss, Vec<Metric>, Optimizer)> {
    let field = |name: &str| json.get(name).unwrap_or(&Json::Null);
    for name in ["weighted_metrics", "loss_weights", "sample_weight_mode"] {
        if !field(name).is_null() && field(name).as_array().is_none_or(|list| !list.is_empty()) {
            return Err(Error::unimplemented(format!("{name} is {}: a model is compiled without", field(name))));
        }
    }
    let losses = listed(field("loss"));
    let [loss] = losses[..] else {
        return Err(Error::unimplemented(format!("its losses are {}: a model has one", field("loss"))));
    };
    let metrics = listed(field("metrics")).into_iter().map(metric);
    Ok((loss_of(loss)?, metrics.collect::<Result<_>>()?, optimizer(field("optimizer_config"))?))
}

/// What stands in lists and dictionaries, or alone.
fn listed(json: &Json) -> Vec<&Json> {
    let mut open = vec![json];
    let mut found = Vec::new();
    while let Some(json) = open.pop() {
        match json {
            Json::Null => {}
            Json::Array(list) => open.extend(list.iter().rev()),
            Json::Object(object) if !object.contains_key("class_name") => {
                open.extend(object.values().collect::<Vec<_>>().into_iter().rev());
            }
            one => found.push(one),
        }
    }
    found
}

fn loss_config(loss: &Loss) -> Json {
    if !loss.takes_logits() {
        return loss.name().into();
    }
    let class = match loss.name().to_lowercase().as_str() {
        "binary_crossentropy" => "BinaryCrossentropy",
        "sparse_categorical_crossentropy" => "SparseCategoricalCrossentropy",
        _ => "CategoricalCrossentropy",
    };
    let fields: [(&str, Json); 3] =
        [("reduction", "auto".into()), ("name", loss.name().into()), ("from_logits", true.into())];
    object(class, Config::from_iter(fields.map(|(name, value)| (name.to_owned(), value))))
}

fn loss_of(json: &Json) -> Result<Loss> {
    let (class, config) = class_and_config(json)?;
    if json.is_string() {
        return Loss::named(class);
    }
    let reduction = config.get("reduction").and_then(Json::as_str).unwrap_or("auto");
    if !["auto", "sum_over_batch_size"].contains(&reduction) {
        return Err(Error::unimplemented(format!("the loss {class} with the reduction '{reduction}'")));
    }
    if config.get("label_smoothing").and_then(Json::as_f64).is_some_and(|part| part != 0.0) {
        return Err(Error::unimplemented(format!("the loss {class} with label_smoothing")));
    }
    let logits = config.get("from_logits").and_then(Json::as_bool).unwrap_or(false);
    Ok(Loss::named(&snake_case(class))?.from_logits(logits))
}

fn metric_config(metric: &Metric) -> Json {
    if metric.function() == metric.name() {
        return metric.name().into();
    }
    let fields: [(&str, Json); 3] =
        [("name", metric.name().into()), ("dtype", "float32".into()), ("fn", metric.function().into())];
    object("MeanMetricWrapper", Config::from_iter(fields.map(|(name, value)| (name.to_owned(), value))))
}

fn metric(json: &Json) -> Result<Metric> {
    let (class, config) = class_and_config(json)?;
    if json.is_string() {
        return Metric::named(class);
    }
    let function = match config.get("fn").and_then(Json::as_str) {
        Some(function) => Metric::named(function)?,
        None => Metric::named(&snake_case(class))?,
    };
    Ok(match config.get("name").and_then(Json::as_str) {
        Some(name) if name != function.name() => function.renamed(name),
        _ => function,
    })
}

fn optimizer_config(optimizer: &Optimizer, learning_rate: f64) -> Json {
    let mut optimizer = optimizer.clone();
    let (class, numbers, nesterov) = optimizer.described();
    let mut config = Config::new();
    config.insert("name".to_owned(), class.into());
    config.insert("learning_rate".to_owned(), learning_rate.into());
    config.insert("decay".to_owned(), 0.0.into());
    config.extend(numbers.into_iter().map(|(name, number)| (name.to_owned(), (*number).into())));
    config.extend(nesterov.map(|nesterov| ("nesterov".to_owned(), (*nesterov).into())));
    object(class, config)
}

/// Settings of Keras's optimizers that must be as they are if nothing is said.
const USUAL: &[(&str, f64)] = &[("decay", 0.0), ("clipnorm", 0.0), ("clipvalue", 0.0), ("global_clipnorm", 0.0)];
const OFF: &[&str] = &["amsgrad", "centered", "use_ema"];

fn optimizer(json: &Json) -> Result<Optimizer> {
    let (class, config) = class_and_config(json)?;
    let class = class.trim_start_matches("Custom>");
    let mut optimizer = Optimizer::named(class)?;
    let refused = |name: &str, json: &Json| {
        Error::unimplemented(format!("the optimizer {class} with {name} {json}; compile = false leaves it out"))
    };
    let (known, numbers, nesterov) = optimizer.described();
    let has_momentum = numbers.iter().any(|(name, _)| *name == "momentum");
    for (name, number) in numbers {
        if let Some(json) = config.get(name).filter(|json| !json.is_null()) {
            *number = f64::from_json(json).map_err(|error| error.retitled(name))?;
        }
    }
    if let (Some(nesterov), Some(json)) = (nesterov, config.get("nesterov")) {
        *nesterov = bool::from_json(json).map_err(|error| error.retitled("nesterov"))?;
    }
    for (name, json) in &config {
        // Keras's own usual decay of Nadam is that of its momentum.
        let usual = USUAL.iter().find(|(known, _)| known == name).filter(|_| known != "Nadam");
        let number = json.as_f64().unwrap_or_default();
        let other = usual.is_some_and(|(_, usual)| number != *usual)
            || (OFF.contains(&name.as_str()) && json.as_bool() == Some(true))
            || (name == "momentum" && !has_momentum && number != 0.0)
            || (name == "weight_decay" && number != 0.0);
        if other {
            return Err(refused(name, json));
        }
    }
    let rate = config.get("learning_rate").or_else(|| config.get("lr"));
    match rate {
        None => Ok(optimizer),
        Some(json) => {
            json.as_f64().map(|rate| optimizer.with_learning_rate(rate)).ok_or_else(|| refused("learning_rate", json))
        }
    }
}
