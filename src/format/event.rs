//! TensorFlow's protocol-buffer messages of event files, which TensorBoard reads.

use prost::Message;

use super::summary::Summary;

/// What happened at some time, at some step. TF: `tf.Event`.
#[derive(Clone, PartialEq, Message)]
pub struct Event {
    /// When, in seconds since 1970.
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    /// After how many steps of training.
    #[prost(int64, tag = "2")]
    pub step: i64,
    /// What.
    #[prost(oneof = "What", tags = "3, 4, 5, 6, 7, 8, 9")]
    pub what: Option<What>,
    /// Who wrote the file.
    #[prost(message, optional, tag = "10")]
    pub source_metadata: Option<SourceMetadata>,
}

/// What happened, in an [`Event`].
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum What {
    /// The file begins; `brain.Event:2` is its format.
    #[prost(string, tag = "3")]
    FileVersion(String),
    /// There is a graph: the bytes of a [`GraphDef`](crate::format::proto::GraphDef).
    #[prost(bytes, tag = "4")]
    GraphDef(Vec<u8>),
    /// A step of training had something to say.
    #[prost(message, tag = "5")]
    Summary(Summary),
    /// Somebody logged a line.
    #[prost(message, tag = "6")]
    LogMessage(LogMessage),
    /// A session began, stopped or saved.
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
    /// A run was traced.
    #[prost(message, tag = "8")]
    TaggedRunMetadata(TaggedRunMetadata),
    /// There is a meta graph: the bytes of a [`MetaGraphDef`](crate::format::meta::MetaGraphDef).
    #[prost(bytes, tag = "9")]
    MetaGraphDef(Vec<u8>),
}

impl Event {
    /// What a step of training had to say, if it is that.
    pub fn summary(&self) -> Option<&Summary> {
        match &self.what {
            Some(What::Summary(summary)) => Some(summary),
            _ => None,
        }
    }
}

/// A line of a log. TF: `tf.LogMessage`.
#[derive(Clone, PartialEq, Message)]
pub struct LogMessage {
    /// How important it is: 10 for debugging, 20, 30 a warning, 40 an error, 50 fatal.
    #[prost(int32, tag = "1")]
    pub level: i32,
    /// The line.
    #[prost(string, tag = "2")]
    pub message: String,
}

/// What happened to a session. TF: `tf.SessionLog`.
#[derive(Clone, PartialEq, Message)]
pub struct SessionLog {
    /// What: [`START`](SessionLog::START), [`STOP`](SessionLog::STOP) or [`CHECKPOINT`](SessionLog::CHECKPOINT).
    #[prost(int32, tag = "1")]
    pub status: i32,
    /// The checkpoint that was saved.
    #[prost(string, tag = "2")]
    pub checkpoint_path: String,
    /// More about it.
    #[prost(string, tag = "3")]
    pub msg: String,
}

impl SessionLog {
    /// It began. TF: `tf.SessionLog.START`.
    pub const START: i32 = 1;
    /// It stopped. TF: `tf.SessionLog.STOP`.
    pub const STOP: i32 = 2;
    /// It saved its variables. TF: `tf.SessionLog.CHECKPOINT`.
    pub const CHECKPOINT: i32 = 3;
}

/// The trace of a run. TF: `tf.TaggedRunMetadata`.
#[derive(Clone, PartialEq, Message)]
pub struct TaggedRunMetadata {
    /// What it is shown under.
    #[prost(string, tag = "1")]
    pub tag: String,
    /// The bytes of a `RunMetadata`.
    #[prost(bytes = "vec", tag = "2")]
    pub run_metadata: Vec<u8>,
}

/// Who wrote a file. TF: `SourceMetadata`.
#[derive(Clone, PartialEq, Message)]
pub struct SourceMetadata {
    /// The writer.
    #[prost(string, tag = "1")]
    pub writer: String,
}
