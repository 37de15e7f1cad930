//! Files that belong to a saved model.

use std::path::{Component, Path, PathBuf};

use prost::Message;

use super::{ASSETS_KEY, assets_dir};
use crate::error::{Error, Result};
use crate::format::meta::collection_def::Kind;
use crate::format::meta::{AssetFileDef, MetaGraphDef};

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
