//! TensorFlow's protocol-buffer messages for summaries, which TensorBoard reads.

use prost::Message;

use super::proto::TensorProto;
use crate::error::{Error, Result};

/// What one step of training has to say. TF: `tf.Summary`.
#[derive(Clone, PartialEq, Message)]
pub struct Summary {
    /// The values.
    #[prost(message, repeated, tag = "1")]
    pub value: Vec<SummaryValue>,
}

/// One value under a tag: a number, a picture, a histogram or an array. TF: `tf.Summary.Value`.
#[derive(Clone, PartialEq, Message)]
pub struct SummaryValue {
    /// What it is shown under.
    #[prost(string, tag = "1")]
    pub tag: String,
    /// A number.
    #[prost(float, optional, tag = "2")]
    pub simple_value: Option<f32>,
    /// A histogram of the oldest kind, as it came.
    #[prost(bytes = "vec", optional, tag = "3")]
    pub obsolete_old_style_histogram: Option<Vec<u8>>,
    /// A picture.
    #[prost(message, optional, tag = "4")]
    pub image: Option<SummaryImage>,
    /// A histogram.
    #[prost(message, optional, tag = "5")]
    pub histo: Option<HistogramProto>,
    /// A sound.
    #[prost(message, optional, tag = "6")]
    pub audio: Option<SummaryAudio>,
    /// The operation that made it, in place of a tag.
    #[prost(string, tag = "7")]
    pub node_name: String,
    /// An array.
    #[prost(message, optional, tag = "8")]
    pub tensor: Option<TensorProto>,
    /// How it is shown.
    #[prost(message, optional, tag = "9")]
    pub metadata: Option<SummaryMetadata>,
}

/// A picture. TF: `tf.Summary.Image`.
#[derive(Clone, PartialEq, Message)]
pub struct SummaryImage {
    /// The number of rows.
    #[prost(int32, tag = "1")]
    pub height: i32,
    /// The number of columns.
    #[prost(int32, tag = "2")]
    pub width: i32,
    /// The number of channels: 1 grey, 3 red, green and blue, 4 and transparency.
    #[prost(int32, tag = "3")]
    pub colorspace: i32,
    /// The picture as a PNG file.
    #[prost(bytes = "vec", tag = "4")]
    pub encoded_image_string: Vec<u8>,
}

/// A sound. TF: `tf.Summary.Audio`.
#[derive(Clone, PartialEq, Message)]
pub struct SummaryAudio {
    /// Samples in a second.
    #[prost(float, tag = "1")]
    pub sample_rate: f32,
    /// The number of channels.
    #[prost(int64, tag = "2")]
    pub num_channels: i64,
    /// The number of samples of each.
    #[prost(int64, tag = "3")]
    pub length_frames: i64,
    /// The sound as a file.
    #[prost(bytes = "vec", tag = "4")]
    pub encoded_audio_string: Vec<u8>,
    /// Of this kind: `audio/wav`.
    #[prost(string, tag = "5")]
    pub content_type: String,
}

/// How many numbers there are between which limits. TF: `HistogramProto`.
#[derive(Clone, PartialEq, Message)]
pub struct HistogramProto {
    /// The smallest number.
    #[prost(double, tag = "1")]
    pub min: f64,
    /// The largest number.
    #[prost(double, tag = "2")]
    pub max: f64,
    /// How many there are.
    #[prost(double, tag = "3")]
    pub num: f64,
    /// Their sum.
    #[prost(double, tag = "4")]
    pub sum: f64,
    /// The sum of their squares.
    #[prost(double, tag = "5")]
    pub sum_squares: f64,
    /// The upper end of each bucket.
    #[prost(double, repeated, tag = "6")]
    pub bucket_limit: Vec<f64>,
    /// How many numbers are in each bucket.
    #[prost(double, repeated, tag = "7")]
    pub bucket: Vec<f64>,
}

/// How a value is shown. TF: `tf.SummaryMetadata`.
#[derive(Clone, PartialEq, Message)]
pub struct SummaryMetadata {
    /// Which part of TensorBoard shows it.
    #[prost(message, optional, tag = "1")]
    pub plugin_data: Option<PluginData>,
    /// The title.
    #[prost(string, tag = "2")]
    pub display_name: String,
    /// What it is about.
    #[prost(string, tag = "3")]
    pub summary_description: String,
    /// What kind of data it is.
    #[prost(int32, tag = "4")]
    pub data_class: i32,
}

/// A part of TensorBoard, and what it is told. TF: `tf.SummaryMetadata.PluginData`.
#[derive(Clone, PartialEq, Message)]
pub struct PluginData {
    /// The name of the part.
    #[prost(string, tag = "1")]
    pub plugin_name: String,
    /// What it is told.
    #[prost(bytes = "vec", tag = "2")]
    pub content: Vec<u8>,
}

impl SummaryValue {
    /// The number `simple_value` under `tag`. TF: `tf.Summary.Value(tag=tag, simple_value=simple_value)`.
    pub fn number(tag: &str, simple_value: f32) -> Self {
        SummaryValue { tag: tag.to_owned(), simple_value: Some(simple_value), ..SummaryValue::default() }
    }
}

impl Summary {
    /// The numbers `values`, each under its tag. TF: `tf.Summary(value=[tf.Summary.Value(tag=…, simple_value=…), …])`.
    ///
    /// ```
    /// use flowstone as tf;
    /// let summary = tf::Summary::of_numbers([("loss", 0.5), ("accuracy", 0.9)]);
    /// assert_eq!(summary.value[1], tf::summary::SummaryValue::number("accuracy", 0.9));
    /// ```
    pub fn of_numbers<'a>(values: impl IntoIterator<Item = (&'a str, f32)>) -> Self {
        Summary { value: values.into_iter().map(|(tag, number)| SummaryValue::number(tag, number)).collect() }
    }

    /// Reads the bytes that a summary operation gave.
    ///
    /// ```
    /// use flowstone as tf;
    /// let loss = tf::summary::scalar("loss", 0.5);
    /// let bytes = tf::Session()?.run(loss, tf::feed_dict! {})?.item::<Vec<u8>>()?;
    /// let summary = tf::format::summary::Summary::from_bytes(&bytes)?;
    /// assert_eq!((summary.value[0].tag.as_str(), summary.value[0].simple_value), ("loss", Some(0.5)));
    /// # Ok::<(), tf::Error>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Summary::decode(bytes)
            .map_err(|e| Error::invalid_argument(format!("these {} bytes are not a summary: {e}", bytes.len())))
    }

    /// The bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}
