//! Signatures: what a graph can be asked for. TF: `tf.saved_model.signature_def_utils`.

use std::collections::BTreeMap;

use super::signature_constants as names;
use super::utils::build_tensor_info;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::format::meta::{SignatureDef, TensorInfo};
use crate::graph::Tensor;

/// A signature with these inputs and outputs. TF: `tf.saved_model.signature_def_utils.build_signature_def`.
///
/// ```
/// use flowstone as tf;
/// use tf::saved_model::{build_signature_def, build_tensor_info};
/// let x = tf::placeholder(tf::float32, [2]).named("x");
/// let signature = build_signature_def(&[("x", build_tensor_info(x)?)], &[], "ask");
/// assert_eq!(signature.inputs["x"].name, "x:0");
/// # Ok::<(), tf::Error>(())
/// ```
pub fn build_signature_def(
    inputs: &[(&str, TensorInfo)],
    outputs: &[(&str, TensorInfo)],
    method_name: &str,
) -> SignatureDef {
    let by_name = |infos: &[(&str, TensorInfo)]| -> BTreeMap<String, TensorInfo> {
        let mut all = BTreeMap::new();
        all.extend(infos.iter().map(|(name, info)| ((*name).to_owned(), info.clone())));
        all
    };
    SignatureDef {
        inputs: by_name(inputs),
        outputs: by_name(outputs),
        method_name: method_name.to_owned(),
        ..Default::default()
    }
}

/// A signature that predicts. TF: `tf.saved_model.signature_def_utils.predict_signature_def`.
///
/// Errors: InvalidArgument if there are no inputs or no outputs.
///
/// ```
/// use flowstone as tf;
/// let x = tf::placeholder(tf::float32, [2]).named("x");
/// let y = tf::nn::relu(x);
/// let signature = tf::saved_model::predict_signature_def(&[("x", x)], &[("y", y)])?;
/// assert_eq!(signature.method_name, "tensorflow/serving/predict");
/// # Ok::<(), tf::Error>(())
/// ```
pub fn predict_signature_def(inputs: &[(&str, Tensor)], outputs: &[(&str, Tensor)]) -> Result<SignatureDef> {
    if inputs.is_empty() || outputs.is_empty() {
        return Err(Error::invalid_argument("a signature that predicts needs inputs and outputs"));
    }
    Ok(build_signature_def(&infos(inputs)?, &infos(outputs)?, names::PREDICT_METHOD_NAME))
}

/// A signature that gives numbers for examples. TF: `tf.saved_model.signature_def_utils.regression_signature_def`.
///
/// Errors: InvalidArgument unless `examples` are strings and `predictions` are float32.
///
/// ```
/// use flowstone as tf;
/// let examples = tf::placeholder(tf::string, [None]);
/// let predictions = tf::placeholder(tf::float32, [None]);
/// let signature = tf::saved_model::regression_signature_def(examples, predictions)?;
/// assert_eq!(signature.outputs.keys().collect::<Vec<_>>(), ["outputs"]);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn regression_signature_def(examples: Tensor, predictions: Tensor) -> Result<SignatureDef> {
    let inputs = [(names::REGRESS_INPUTS, of_type(examples, DType::String, "examples")?)];
    let outputs = [(names::REGRESS_OUTPUTS, of_type(predictions, DType::Float32, "predictions")?)];
    Ok(build_signature_def(&inputs, &outputs, names::REGRESS_METHOD_NAME))
}

/// A signature that gives classes for examples, how likely each is, or both.
/// TF: `tf.saved_model.signature_def_utils.classification_signature_def`.
///
/// Errors: InvalidArgument unless `examples` and `classes` are strings and `scores` are float32, or if there are neither
/// classes nor scores.
///
/// ```
/// use flowstone as tf;
/// let examples = tf::placeholder(tf::string, [None]);
/// let scores = tf::placeholder(tf::float32, (None, 3));
/// let signature = tf::saved_model::classification_signature_def(examples, None, Some(scores))?;
/// assert_eq!(signature.outputs.keys().collect::<Vec<_>>(), ["scores"]);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn classification_signature_def(
    examples: Tensor,
    classes: Option<Tensor>,
    scores: Option<Tensor>,
) -> Result<SignatureDef> {
    if classes.is_none() && scores.is_none() {
        return Err(Error::invalid_argument("a signature that classifies needs classes or scores"));
    }
    let inputs = [(names::CLASSIFY_INPUTS, of_type(examples, DType::String, "examples")?)];
    let mut outputs = Vec::new();
    if let Some(classes) = classes {
        outputs.push((names::CLASSIFY_OUTPUT_CLASSES, of_type(classes, DType::String, "classes")?));
    }
    if let Some(scores) = scores {
        outputs.push((names::CLASSIFY_OUTPUT_SCORES, of_type(scores, DType::Float32, "scores")?));
    }
    Ok(build_signature_def(&inputs, &outputs, names::CLASSIFY_METHOD_NAME))
}

fn infos<'a>(tensors: &[(&'a str, Tensor)]) -> Result<Vec<(&'a str, TensorInfo)>> {
    tensors.iter().map(|&(name, tensor)| Ok((name, build_tensor_info(tensor)?))).collect()
}

fn of_type(tensor: Tensor, dtype: DType, what: &str) -> Result<TensorInfo> {
    let found = tensor.dtype()?;
    if found != dtype {
        return Err(Error::invalid_argument(format!("{what} must be {dtype}, not {found}")));
    }
    build_tensor_info(tensor)
}
