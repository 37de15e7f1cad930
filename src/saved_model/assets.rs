//! Files that belong to a saved model.

use std::path::{Component, Path, PathBuf};

use prost::Message;

use super::{ASSETS_KEY, assets_dir};
use crate::error::{Error, ErrorKind, Result};
use crate::format::durable::write_file;
use crate::format::meta::collection_def::Kind;
use crate::format::meta::{AssetFileDef, CollectionDef, MetaGraphDef, TensorInfo};
use crate::graph::{Attr, Tensor};
use crate::host::gfile;

const TYPE_URL: &str = "type.googleapis.com/tensorflow.AssetFileDef";

/// Messages of any kind. TF: `CollectionDef.AnyList`.
#[derive(Clone, PartialEq, Message)]
struct AnyList {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Any>,
}

/// A message of any kind. TF: `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// The tensors that are fed paths, and the paths.
pub(super) fn paths(meta: &MetaGraphDef, export_dir: &Path) -> Result<Vec<(String, PathBuf)>> {
    let folder = assets_dir(export_dir);
    let path = |asset: AssetFileDef| {
        let name = Path::new(&asset.filename);
        if !name.components().all(|part| matches!(part, Component::Normal(_))) {
            let message = format!("the asset '{}' lies outside of the model's folder", asset.filename);
            return Err(Error::invalid_argument(message));
        }
        Ok((asset.tensor_info.unwrap_or_default().name, folder.join(name)))
    };
    assets(meta)?.into_iter().map(path).collect()
}

/// Copies the files that the constants `tensors` name into the model's folder, and notes them.
pub(super) fn add(meta: &mut MetaGraphDef, tensors: &[Tensor], export_dir: &Path) -> Result<()> {
    if tensors.is_empty() {
        return Ok(());
    }
    let folder = assets_dir(export_dir);
    gfile::MakeDirs(&folder)?;
    let value = tensors.iter().map(|&tensor| copied(tensor, &folder)).collect::<Result<_>>()?;
    let kind = Some(Kind::AnyList(AnyList { value }.encode_to_vec()));
    meta.collection_def.insert(ASSETS_KEY.into(), CollectionDef { kind });
    Ok(())
}

/// Copies one file; what is said of it.
fn copied(tensor: Tensor, folder: &Path) -> Result<Any> {
    let none = || Error::invalid_argument(format!("'{}' is no constant that is the path of a file", tensor.name()));
    let Ok(Attr::Tensor(value, _)) = tensor.op().get_attr("value") else { return Err(none()) };
    let path = PathBuf::from(String::from_utf8(value.item::<Vec<u8>>()?).map_err(|_| none())?);
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(none)?;
    let copy = folder.join(name);
    let content = std::fs::read(&path).map_err(|e| Error::of_file(&path, &e))?;
    match std::fs::read(&copy) {
        Ok(there) if there != content => {
            let message = format!("two different files of the model are called '{name}'");
            return Err(Error::new(ErrorKind::AlreadyExists, message));
        }
        Ok(_) => (),
        Err(_) => write_file(&copy, &content)?,
    }
    let tensor_info = Some(TensorInfo { name: tensor.name(), ..Default::default() });
    let asset = AssetFileDef { tensor_info, filename: name.to_owned() };
    Ok(Any { type_url: TYPE_URL.into(), value: asset.encode_to_vec() })
}

fn assets(meta: &MetaGraphDef) -> Result<Vec<AssetFileDef>> {
    let in_collection = meta.collection_def.get(ASSETS_KEY).and_then(|collection| collection.kind.as_ref());
    match in_collection {
        Some(Kind::AnyList(list)) if meta.asset_file_def.is_empty() => {
            let wrong = |e| Error::data_loss(format!("the collection '{ASSETS_KEY}' cannot be read: {e}"));
            let list = AnyList::decode(list.as_slice()).map_err(wrong)?;
            list.value.iter().map(|any| AssetFileDef::decode(any.value.as_slice()).map_err(wrong)).collect()
        }
        _ => Ok(meta.asset_file_def.clone()),
    }
}
