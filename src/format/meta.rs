//! TensorFlow's protocol-buffer messages around graphs, declared by hand: meta graphs, saved models, the state of a folder
//! of checkpoints. What nothing here looks into is kept as it came.

use std::collections::BTreeMap;

use prost::Message;

use super::proto::{GraphDef, TensorShapeProto};

/// A graph with what a program says of it. TF: `MetaGraphDef`.
#[derive(Clone, PartialEq, Message)]
pub struct MetaGraphDef {
    /// Who wrote it, and what for.
    #[prost(message, optional, tag = "1")]
    pub meta_info_def: Option<MetaInfoDef>,
    /// The graph.
    #[prost(message, optional, tag = "2")]
    pub graph_def: Option<GraphDef>,
    /// How its variables are saved.
    #[prost(message, optional, tag = "3")]
    pub saver_def: Option<SaverDef>,
    /// Its collections.
    #[prost(btree_map = "string, message", tag = "4")]
    pub collection_def: BTreeMap<String, CollectionDef>,
    /// What it can be asked for, by name.
    #[prost(btree_map = "string, message", tag = "5")]
    pub signature_def: BTreeMap<String, SignatureDef>,
    /// Files that belong to it.
    #[prost(message, repeated, tag = "6")]
    pub asset_file_def: Vec<AssetFileDef>,
    /// What objects of later versions it holds, as it came.
    #[prost(bytes = "vec", optional, tag = "7")]
    pub object_graph_def: Option<Vec<u8>>,
}

/// Who wrote a meta graph, and what for. TF: `MetaGraphDef.MetaInfoDef`.
#[derive(Clone, PartialEq, Message)]
pub struct MetaInfoDef {
    /// A version that the user gives.
    #[prost(string, tag = "1")]
    pub meta_graph_version: String,
    /// What the writer's operations take, as it came. TF: `OpList`.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub stripped_op_list: Option<Vec<u8>>,
    /// Anything, as it came.
    #[prost(bytes = "vec", optional, tag = "3")]
    pub any_info: Option<Vec<u8>>,
    /// What the graph is for: `serve`, `train`.
    #[prost(string, repeated, tag = "4")]
    pub tags: Vec<String>,
    /// The version of the writer.
    #[prost(string, tag = "5")]
    pub tensorflow_version: String,
    /// The version of the writer's source.
    #[prost(string, tag = "6")]
    pub tensorflow_git_version: String,
    /// Whether attributes that have their defaults are left out.
    #[prost(bool, tag = "7")]
    pub stripped_default_attrs: bool,
    /// Other names of functions.
    #[prost(btree_map = "string, string", tag = "8")]
    pub function_aliases: BTreeMap<String, String>,
}

/// How variables are saved. TF: `SaverDef`.
#[derive(Clone, PartialEq, Message)]
pub struct SaverDef {
    /// The tensor that is fed the prefix.
    #[prost(string, tag = "1")]
    pub filename_tensor_name: String,
    /// The tensor that is fetched to save.
    #[prost(string, tag = "2")]
    pub save_tensor_name: String,
    /// The operation that is run to restore.
    #[prost(string, tag = "3")]
    pub restore_op_name: String,
    /// How many checkpoints are kept.
    #[prost(int32, tag = "4")]
    pub max_to_keep: i32,
    /// Whether each device has a file of its own.
    #[prost(bool, tag = "5")]
    pub sharded: bool,
    /// One checkpoint in so many hours is kept for good.
    #[prost(float, tag = "6")]
    pub keep_checkpoint_every_n_hours: f32,
    /// The format: 2 is the one with an index.
    #[prost(int32, tag = "7")]
    pub version: i32,
}

/// A collection. TF: `CollectionDef`.
#[derive(Clone, PartialEq, Message)]
pub struct CollectionDef {
    /// Its items.
    #[prost(oneof = "collection_def::Kind", tags = "1, 2, 3, 4, 5")]
    pub kind: Option<collection_def::Kind>,
}

/// The parts of [`CollectionDef`].
pub mod collection_def {
    /// The items of a collection.
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Kind {
        /// Names of tensors and operations.
        #[prost(message, tag = "1")]
        NodeList(NodeList),
        /// Messages and strings.
        #[prost(message, tag = "2")]
        BytesList(BytesList),
        /// Whole numbers.
        #[prost(message, tag = "3")]
        Int64List(Int64List),
        /// Floating-point numbers.
        #[prost(message, tag = "4")]
        FloatList(FloatList),
        /// Messages of any kind, as they came.
        #[prost(bytes, tag = "5")]
        AnyList(Vec<u8>),
    }

    /// Names of tensors and operations. TF: `CollectionDef.NodeList`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct NodeList {
        /// The names.
        #[prost(string, repeated, tag = "1")]
        pub value: Vec<String>,
    }

    /// Messages and strings. TF: `CollectionDef.BytesList`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct BytesList {
        /// Their bytes.
        #[prost(bytes = "vec", repeated, tag = "1")]
        pub value: Vec<Vec<u8>>,
    }

    /// Whole numbers. TF: `CollectionDef.Int64List`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Int64List {
        /// The numbers.
        #[prost(int64, repeated, tag = "1")]
        pub value: Vec<i64>,
    }

    /// Floating-point numbers. TF: `CollectionDef.FloatList`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct FloatList {
        /// The numbers.
        #[prost(float, repeated, tag = "1")]
        pub value: Vec<f32>,
    }
}

/// What a graph can be asked for. TF: `SignatureDef`.
#[derive(Clone, PartialEq, Message)]
pub struct SignatureDef {
    /// What is fed, by the names that callers use.
    #[prost(btree_map = "string, message", tag = "1")]
    pub inputs: BTreeMap<String, TensorInfo>,
    /// What is fetched, by the names that callers use.
    #[prost(btree_map = "string, message", tag = "2")]
    pub outputs: BTreeMap<String, TensorInfo>,
    /// What kind of a question it is: `tensorflow/serving/predict`.
    #[prost(string, tag = "3")]
    pub method_name: String,
    /// What stands for inputs that are not given, as it came.
    #[prost(btree_map = "string, bytes", tag = "4")]
    pub defaults: BTreeMap<String, Vec<u8>>,
}

/// A tensor of a signature. TF: `TensorInfo`.
#[derive(Clone, PartialEq, Message)]
pub struct TensorInfo {
    /// Its name in the graph.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The data type.
    #[prost(int32, tag = "2")]
    pub dtype: i32,
    /// The shape.
    #[prost(message, optional, tag = "3")]
    pub tensor_shape: Option<TensorShapeProto>,
    /// The three tensors of a sparse one, as they came.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub coo_sparse: Option<Vec<u8>>,
    /// The tensors of a composite one, as they came.
    #[prost(bytes = "vec", optional, tag = "5")]
    pub composite_tensor: Option<Vec<u8>>,
}

/// A file that belongs to a graph. TF: `AssetFileDef`.
#[derive(Clone, PartialEq, Message)]
pub struct AssetFileDef {
    /// The tensor that is fed its path.
    #[prost(message, optional, tag = "1")]
    pub tensor_info: Option<TensorInfo>,
    /// Its name.
    #[prost(string, tag = "2")]
    pub filename: String,
}

/// A folder's model: a meta graph for each use. TF: `SavedModel`.
#[derive(Clone, PartialEq, Message)]
pub struct SavedModel {
    /// The version of this format, 1.
    #[prost(int64, tag = "1")]
    pub saved_model_schema_version: i64,
    /// The graphs.
    #[prost(message, repeated, tag = "2")]
    pub meta_graphs: Vec<MetaGraphDef>,
}

/// A variable in a collection. TF: `VariableDef`.
#[derive(Clone, PartialEq, Message)]
pub struct VariableDef {
    /// The tensor that is the variable.
    #[prost(string, tag = "1")]
    pub variable_name: String,
    /// The operation that gives it its initial value.
    #[prost(string, tag = "2")]
    pub initializer_name: String,
    /// The tensor that is its value.
    #[prost(string, tag = "3")]
    pub snapshot_name: String,
    /// Which part of a larger one it is, as it came.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub save_slice_info_def: Option<Vec<u8>>,
    /// Whether it is held by a handle.
    #[prost(bool, tag = "5")]
    pub is_resource: bool,
    /// The tensor that is its initial value.
    #[prost(string, tag = "6")]
    pub initial_value_name: String,
    /// Whether optimizers change it.
    #[prost(bool, tag = "7")]
    pub trainable: bool,
    /// How copies of it are kept equal.
    #[prost(int32, tag = "8")]
    pub synchronization: i32,
    /// How changes of copies of it are joined.
    #[prost(int32, tag = "9")]
    pub aggregation: i32,
}

/// Which checkpoints a folder has. TF: `CheckpointState`.
#[derive(Clone, PartialEq, Message)]
pub struct CheckpointState {
    /// The latest one.
    #[prost(string, tag = "1")]
    pub model_checkpoint_path: String,
    /// All that are kept, the oldest first.
    #[prost(string, repeated, tag = "2")]
    pub all_model_checkpoint_paths: Vec<String>,
    /// When each was written, in seconds since 1970.
    #[prost(double, repeated, tag = "3")]
    pub all_model_checkpoint_timestamps: Vec<f64>,
    /// When the last one was written that is kept for good.
    #[prost(double, tag = "4")]
    pub last_preserved_timestamp: f64,
}
