//! TensorFlow's protocol-buffer messages about a run: what it took, node by node.

use std::collections::BTreeMap;

use prost::Message;

use super::proto::{GraphDef, TensorShapeProto};

/// What is known of a run after it. TF: `tf.RunMetadata`.
#[derive(Clone, PartialEq, Message)]
pub struct RunMetadata {
    /// When each node ran.
    #[prost(message, optional, tag = "1")]
    pub step_stats: Option<StepStats>,
    /// What nodes may cost, as it came.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub cost_graph: Option<Vec<u8>>,
    /// What each device ran.
    #[prost(message, repeated, tag = "3")]
    pub partition_graphs: Vec<GraphDef>,
    /// What was run of functions, as it came.
    #[prost(bytes = "vec", repeated, tag = "4")]
    pub function_graphs: Vec<Vec<u8>>,
    /// Which model ran, as it came.
    #[prost(bytes = "vec", optional, tag = "5")]
    pub session_metadata: Option<Vec<u8>>,
}

/// When each node of each device ran. TF: `StepStats`.
#[derive(Clone, PartialEq, Message)]
pub struct StepStats {
    /// The devices.
    #[prost(message, repeated, tag = "1")]
    pub dev_stats: Vec<DeviceStepStats>,
}

/// When each node of a device ran. TF: `DeviceStepStats`.
#[derive(Clone, PartialEq, Message)]
pub struct DeviceStepStats {
    /// The device.
    #[prost(string, tag = "1")]
    pub device: String,
    /// Its nodes, in the order in which they ran.
    #[prost(message, repeated, tag = "2")]
    pub node_stats: Vec<NodeExecStats>,
    /// What its threads are called.
    #[prost(btree_map = "uint32, string", tag = "3")]
    pub thread_names: BTreeMap<u32, String>,
}

/// When a node ran, and what it made. TF: `NodeExecStats`.
///
/// Times that are called `rel` count from `all_start` on.
#[derive(Clone, PartialEq, Message)]
pub struct NodeExecStats {
    /// The node.
    #[prost(string, tag = "1")]
    pub node_name: String,
    /// When it was taken up, in microseconds since 1970.
    #[prost(int64, tag = "2")]
    pub all_start_micros: i64,
    /// When its kernel began.
    #[prost(int64, tag = "3")]
    pub op_start_rel_micros: i64,
    /// When its kernel ended.
    #[prost(int64, tag = "4")]
    pub op_end_rel_micros: i64,
    /// When it was done with.
    #[prost(int64, tag = "5")]
    pub all_end_rel_micros: i64,
    /// The memory that it took.
    #[prost(message, repeated, tag = "6")]
    pub memory: Vec<AllocatorMemoryUsed>,
    /// Its outputs.
    #[prost(message, repeated, tag = "7")]
    pub output: Vec<NodeOutput>,
    /// What is shown for it: `y = MatMul(x, w)`.
    #[prost(string, tag = "8")]
    pub timeline_label: String,
    /// When it could have begun, in microseconds.
    #[prost(int64, tag = "9")]
    pub scheduled_micros: i64,
    /// The thread it ran on.
    #[prost(uint32, tag = "10")]
    pub thread_id: u32,
    /// Memory that it looked at, as it came.
    #[prost(bytes = "vec", repeated, tag = "11")]
    pub referenced_tensor: Vec<Vec<u8>>,
    /// The memory that it kept.
    #[prost(message, optional, tag = "12")]
    pub memory_stats: Option<MemoryStats>,
    /// When it was taken up, in nanoseconds since 1970.
    #[prost(int64, tag = "13")]
    pub all_start_nanos: i64,
    /// When its kernel began.
    #[prost(int64, tag = "14")]
    pub op_start_rel_nanos: i64,
    /// When its kernel ended.
    #[prost(int64, tag = "15")]
    pub op_end_rel_nanos: i64,
    /// When it was done with.
    #[prost(int64, tag = "16")]
    pub all_end_rel_nanos: i64,
    /// When it could have begun.
    #[prost(int64, tag = "17")]
    pub scheduled_nanos: i64,
}

/// Memory of one allocator. TF: `AllocatorMemoryUsed`.
#[derive(Clone, PartialEq, Message)]
pub struct AllocatorMemoryUsed {
    /// The allocator.
    #[prost(string, tag = "1")]
    pub allocator_name: String,
    /// The bytes that were asked for.
    #[prost(int64, tag = "2")]
    pub total_bytes: i64,
    /// The most bytes that were held at once.
    #[prost(int64, tag = "3")]
    pub peak_bytes: i64,
    /// The bytes that are still held.
    #[prost(int64, tag = "4")]
    pub live_bytes: i64,
    /// The bytes that the whole allocator holds.
    #[prost(int64, tag = "5")]
    pub allocator_bytes_in_use: i64,
    /// Each time that memory was taken or given back, as it came.
    #[prost(bytes = "vec", repeated, tag = "6")]
    pub allocation_records: Vec<Vec<u8>>,
}

/// An output of a node. TF: `NodeOutput`.
#[derive(Clone, PartialEq, Message)]
pub struct NodeOutput {
    /// Which one.
    #[prost(int32, tag = "1")]
    pub slot: i32,
    /// What it was.
    #[prost(message, optional, tag = "3")]
    pub tensor_description: Option<TensorDescription>,
}

/// An array. TF: `TensorDescription`.
#[derive(Clone, PartialEq, Message)]
pub struct TensorDescription {
    /// The data type.
    #[prost(int32, tag = "1")]
    pub dtype: i32,
    /// The shape.
    #[prost(message, optional, tag = "2")]
    pub shape: Option<TensorShapeProto>,
    /// Where it lies.
    #[prost(message, optional, tag = "4")]
    pub allocation_description: Option<AllocationDescription>,
}

/// The memory of an array. TF: `AllocationDescription`.
#[derive(Clone, PartialEq, Message)]
pub struct AllocationDescription {
    /// The bytes that it needs.
    #[prost(int64, tag = "1")]
    pub requested_bytes: i64,
    /// The bytes that it has.
    #[prost(int64, tag = "2")]
    pub allocated_bytes: i64,
    /// Who gave them.
    #[prost(string, tag = "3")]
    pub allocator_name: String,
    /// Which of the allocator's runs of bytes it is.
    #[prost(int64, tag = "4")]
    pub allocation_id: i64,
    /// Whether nobody else holds it.
    #[prost(bool, tag = "5")]
    pub has_single_reference: bool,
    /// Its address.
    #[prost(uint64, tag = "6")]
    pub ptr: u64,
}

/// The memory that a node kept. TF: `MemoryStats`.
#[derive(Clone, PartialEq, Message)]
pub struct MemoryStats {
    /// Bytes until it was done with.
    #[prost(int64, tag = "1")]
    pub temp_memory_size: i64,
    /// Bytes that stay.
    #[prost(int64, tag = "3")]
    pub persistent_memory_size: i64,
    /// Which runs of bytes stay.
    #[prost(int64, repeated, tag = "5")]
    pub persistent_tensor_alloc_ids: Vec<i64>,
}
