//! `flowstone run`.

use std::path::{Path, PathBuf};

use flowstone::format::npy;
use flowstone::value::Number;
use flowstone::{DType, Error, Feeds, Graph, Operation, Result, Session, Tensor, Value, weights};
use indexmap::IndexSet;
use serde_json::{Value as Json, json};

use crate::arguments::Run;
use crate::output::{free, patiently, print, write};
use crate::source::{Source, checkpoint_of, suffix};

/// A session of the graph at `path`.
pub fn session(path: &Path) -> Result<Session> {
    Session::new(&Graph::from_graph_def(&Source::open(path)?.graph(path)?)?)
}

/// Gives the variables that `targets` need their values out of `checkpoint`. What is before the tensors `fed` is not
/// needed.
pub fn restore(sess: &Session, checkpoint: Option<PathBuf>, targets: &[Operation], fed: &[Tensor]) -> Result<()> {
    let Some(checkpoint) = checkpoint else { return Ok(()) };
    let needed = needed(targets, fed);
    patiently("reading", &checkpoint, || weights::load_nodes(sess, &checkpoint, &needed))
}

/// The operations that run if `targets` do and the tensors `fed` are given.
fn needed(targets: &[Operation], fed: &[Tensor]) -> Vec<Operation> {
    let mut found: IndexSet<Operation> = targets.iter().copied().collect();
    let mut at = 0;
    while let Some(operation) = found.get_index(at).copied() {
        let inputs = operation.inputs().into_iter().filter(|input| !fed.contains(input));
        found.extend(inputs.map(Tensor::op).chain(operation.control_inputs()));
        at += 1;
    }
    found.into_iter().collect()
}

/// Feeds a graph and computes tensors of it.
pub fn run(arguments: &Run) -> Result<()> {
    let fetches: Vec<(&str, Option<&Path>)> = arguments.fetch.iter().map(|fetch| fetch_of(fetch)).collect();
    fetches.iter().filter_map(|(_, file)| *file).try_for_each(|file| free(file, arguments.force))?;
    let sess = session(&arguments.graph)?;
    let (mut feeds, mut fed) = (Feeds::new(), Vec::new());
    for feed in &arguments.feed {
        let (name, value) = feed
            .split_once('=')
            .ok_or_else(|| Error::invalid_argument(format!("--feed {feed}: TENSOR=VALUE is expected")))?;
        feeds = feeds.feed(name, feed_value(&sess, name, value)?);
        fed.push(sess.graph().get_tensor_by_name(name)?);
    }
    let (operations, tensors): (Vec<_>, Vec<_>) = fetches.into_iter().partition(|(name, _)| !name.contains(':'));
    let named =
        |fetches: &[(&str, Option<&Path>)]| fetches.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
    let targets =
        named(&operations).iter().map(|name| sess.graph().get_operation_by_name(name)).collect::<Result<Vec<_>>>()?;
    let wanted =
        named(&tensors).iter().map(|name| sess.graph().get_tensor_by_name(name)).collect::<Result<Vec<_>>>()?;
    let computed = wanted.iter().filter(|tensor| !fed.contains(tensor)).map(|tensor| tensor.op());
    let computed: Vec<Operation> = targets.iter().copied().chain(computed).collect();
    let checkpoint = checkpoint_of(&arguments.graph, arguments.checkpoint.as_deref());
    restore(&sess, checkpoint, &computed, &fed)?;
    let (values, _) = sess.run((wanted, targets), feeds)?;
    let mut printed = serde_json::Map::new();
    for ((name, file), value) in tensors.iter().zip(&values) {
        match file {
            Some(file) => write(file, &npy::to_bytes(value)?, arguments.force)?,
            None if arguments.json => drop(printed.insert((*name).to_owned(), json_of(value)?)),
            None => print(&format!("{name} {}{}\n{value}\n", value.dtype(), value.shape()))?,
        }
    }
    if arguments.json { print(&format!("{:#}\n", Json::Object(printed))) } else { Ok(()) }
}

/// A tensor's name and the file that it goes to.
fn fetch_of(fetch: &str) -> (&str, Option<&Path>) {
    fetch.split_once('=').map_or((fetch, None), |(name, file)| (name, Some(Path::new(file))))
}

fn feed_value(sess: &Session, name: &str, value: &str) -> Result<Value> {
    if suffix(Path::new(value)) == "npy" {
        let bytes = std::fs::read(value).map_err(|e| Error::not_found(format!("{value}: {e}")))?;
        return npy::from_bytes(&bytes).map_err(|e| e.retitled(value));
    }
    let dtype = sess.graph().get_tensor_by_name(name)?.dtype()?;
    let json: Json = serde_json::from_str(value).map_err(|e| {
        Error::invalid_argument(format!("--feed {name}: '{value}' is neither a .npy file nor a literal: {e}"))
    })?;
    literal(dtype, &json).map_err(|e| e.retitled(&format!("--feed {name}")))
}

/// Numbers, truths or strings in lists in lists.
fn literal(dtype: DType, json: &Json) -> Result<Value> {
    let mut dims = Vec::new();
    let mut level = vec![json];
    while let Some(Json::Array(first)) = level.first() {
        let size = first.len();
        dims.push(size);
        let mut next = Vec::new();
        for item in level {
            match item {
                Json::Array(items) if items.len() == size => next.extend(items),
                _ => return Err(Error::invalid_argument("the lists are not of one length")),
            }
        }
        level = next;
    }
    let wrong = || Error::invalid_argument(format!("a literal that is not of {dtype}"));
    let floats = || level.iter().map(|item| item.as_f64().ok_or_else(wrong)).collect::<Result<Vec<f64>>>();
    let integers = || level.iter().map(|item| item.as_i64().ok_or_else(wrong)).collect::<Result<Vec<i64>>>();
    let dims = dims.as_slice();
    match dtype {
        DType::Float32 => Value::new(dims, floats()?.into_iter().map(<f32 as Number>::from_f64).collect()),
        DType::Float64 => Value::new(dims, floats()?),
        DType::Int64 => Value::new(dims, integers()?),
        DType::Int32 => {
            let all = integers()?.into_iter().map(|n| i32::try_from(n).map_err(|_| wrong()));
            Value::new(dims, all.collect::<Result<Vec<i32>>>()?)
        }
        DType::UInt8 => {
            let all = integers()?.into_iter().map(|n| u8::try_from(n).map_err(|_| wrong()));
            Value::new(dims, all.collect::<Result<Vec<u8>>>()?)
        }
        DType::Bool => {
            Value::new(dims, level.iter().map(|item| item.as_bool().ok_or_else(wrong)).collect::<Result<Vec<bool>>>()?)
        }
        DType::String => {
            let text = |item: &&Json| item.as_str().map(|s| s.as_bytes().to_vec()).ok_or_else(wrong);
            Value::new(dims, level.iter().map(text).collect::<Result<Vec<Vec<u8>>>>()?)
        }
        _ => Err(wrong()),
    }
}

/// The elements in lists in lists.
fn json_of(value: &Value) -> Result<Json> {
    let mut items: Vec<Json> = match value.dtype() {
        DType::Float32 => value.as_slice::<f32>()?.iter().map(|x| json!(x)).collect(),
        DType::Float64 => value.as_slice::<f64>()?.iter().map(|x| json!(x)).collect(),
        DType::Bool => value.as_slice::<bool>()?.iter().map(|x| json!(x)).collect(),
        DType::String => value.as_slice::<Vec<u8>>()?.iter().map(|s| json!(String::from_utf8_lossy(s))).collect(),
        DType::UInt8 => value.as_slice::<u8>()?.iter().map(|x| json!(x)).collect(),
        _ => value.integers()?.iter().map(|x| json!(x)).collect(),
    };
    for size in value.shape().dims().iter().skip(1).rev() {
        items = items.chunks((*size).max(1)).map(|chunk| Json::Array(chunk.to_vec())).collect();
    }
    Ok(match value.shape().rank() {
        0 => items.pop().unwrap_or(Json::Null),
        _ => Json::Array(items),
    })
}
