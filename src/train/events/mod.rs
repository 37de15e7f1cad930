//! [`FileWriter`](struct@FileWriter): event files, which TensorBoard shows, and reading them.

mod cache;
mod file;
mod iterator;
mod sources;

pub use cache::FileWriterCache;
pub use iterator::{SummaryIterator, summary_iterator};
pub use sources::{EventStep, SummarySource};

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prost::Message;

use super::write_graph::WrittenGraph;
use crate::error::{Error, ErrorKind, Result};
use crate::format::event::{Event, SessionLog, TaggedRunMetadata, What};
use crate::format::meta::MetaGraphDef;
use crate::format::record::put_record;
use crate::format::summary::Summary;
use crate::format::trace::RunMetadata;
use crate::host::logging;
use file::EventFile;

/// Writes what training has to say into an event file, for TensorBoard. TF: `tf.summary.FileWriter`.
///
/// A handle: clones write the same file, and the last one that is dropped writes what waits. Events wait in memory until
/// there are `max_queue` of them or `flush_secs` seconds have passed, or for [`flush`](FileWriter::flush). An error says
/// that they still wait: the next call tries again.
#[derive(Clone)]
pub struct FileWriter {
    shared: Arc<Mutex<Writing>>,
}

struct Writing {
    logdir: PathBuf,
    suffix: String,
    max_queue: usize,
    flush_time: Duration,
    /// `None` while the writer is closed.
    file: Option<EventFile>,
    /// Records that are not yet written.
    waiting: Vec<u8>,
    count: usize,
    /// When what waits is to be written.
    due: Instant,
    seen_tags: HashSet<String>,
    run_tags: HashSet<String>,
}

/// A writer of events into the folder `logdir`. TF: `tf.summary.FileWriter(logdir)`.
///
/// Makes the folder if it is not there, and in it the file `events.out.tfevents.SECONDS.HOST`. Keyword arguments: `graph`,
/// which is written first, or `graph_def`; `max_queue`, the most events that wait (10 if not said); `flush_secs`, the
/// longest that they wait (120); `filename_suffix`.
///
/// ```
/// use flowstone as tf;
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-events-{}", std::process::id()));
/// let loss = tf::placeholder(tf::float32, ());
/// tf::summary::scalar("loss", loss);
/// let merged = tf::summary::merge_all().unwrap();
/// let sess = tf::Session()?;
/// let writer = tf::FileWriter!(&folder, graph = sess.graph())?;
/// for step in 0..3 {
///     let summary = sess.run(merged, tf::feed_dict! { loss: 1.0 / (step as f32 + 1.0) })?;
///     writer.add_summary(summary, step)?;
/// }
/// writer.close()?;
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
///
/// `tensorboard --logdir FOLDER` shows it.
#[allow(non_snake_case)]
pub fn FileWriter(logdir: impl AsRef<Path>) -> Result<FileWriter> {
    FileWriter::new(logdir)
}

/// A writer of events under construction: the keyword arguments of [`FileWriter`](fn@FileWriter).
#[must_use = "nothing is written until `build` is called"]
pub struct FileWriterArgs {
    logdir: PathBuf,
    graph: Option<Result<MetaGraphDef>>,
    max_queue: usize,
    flush_secs: f64,
    suffix: String,
}

impl FileWriterArgs {
    /// A writer into the folder `logdir`.
    pub fn new(logdir: impl AsRef<Path>) -> Self {
        let logdir = logdir.as_ref().to_owned();
        FileWriterArgs { logdir, graph: None, max_queue: 10, flush_secs: 120.0, suffix: String::new() }
    }

    /// The graph that is written first.
    pub fn graph(mut self, graph: impl WrittenGraph) -> Self {
        self.graph = Some(graph.meta_graph());
        self
    }

    /// The graph that is written first, as TensorFlow writes it.
    pub fn graph_def(self, graph_def: impl WrittenGraph) -> Self {
        self.graph(graph_def)
    }

    /// The most events that wait; 10 if not said.
    pub fn max_queue(mut self, max_queue: usize) -> Self {
        self.max_queue = max_queue;
        self
    }

    /// The longest that events wait, in seconds; 120 if not said.
    pub fn flush_secs(mut self, flush_secs: impl Into<f64>) -> Self {
        self.flush_secs = flush_secs.into();
        self
    }

    /// What the file's name ends with.
    pub fn filename_suffix(mut self, filename_suffix: &str) -> Self {
        self.suffix = filename_suffix.to_owned();
        self
    }

    /// Opens the file.
    pub fn build(self) -> Result<FileWriter> {
        let flush_time = Duration::try_from_secs_f64(self.flush_secs)
            .map_err(|_| Error::invalid_argument(format!("flush_secs is {}: no time to wait", self.flush_secs)))?;
        if self.suffix.contains(['/', '\\', '\0']) {
            return Err(Error::invalid_argument(format!("'{}' is no end of a file's name", self.suffix)));
        }
        let graph = self.graph.transpose()?;
        let file = EventFile::create(&self.logdir, &self.suffix)?;
        let writing = Writing {
            logdir: self.logdir,
            suffix: self.suffix,
            max_queue: self.max_queue,
            flush_time,
            file: Some(file),
            waiting: Vec::new(),
            count: 0,
            due: Instant::now(),
            seen_tags: HashSet::new(),
            run_tags: HashSet::new(),
        };
        let writer = FileWriter { shared: Arc::new(Mutex::new(writing)) };
        if let Some(meta_graph) = graph {
            writer.add_graphs(meta_graph)?;
        }
        Ok(writer)
    }
}

impl FileWriter {
    /// A writer of events into the folder `logdir`. See [`FileWriter`](fn@FileWriter).
    pub fn new(logdir: impl AsRef<Path>) -> Result<Self> {
        FileWriterArgs::new(logdir).build()
    }

    /// The folder. TF: `writer.get_logdir()`.
    pub fn get_logdir(&self) -> PathBuf {
        self.lock().logdir.clone()
    }

    /// Adds what a step has to say: a [`Summary`](crate::format::summary::Summary), or what a run of a summary operation
    /// gave. TF: `writer.add_summary(summary, global_step)`.
    ///
    /// The step is a number, the value of a variable, or `None`. An error if the bytes are no summary.
    pub fn add_summary(&self, summary: impl SummarySource, global_step: impl EventStep) -> Result<()> {
        self.add_values(summary.summary()?, global_step.event_step()?)
    }

    fn add_values(&self, mut summary: Summary, step: i64) -> Result<()> {
        let mut writing = self.lock();
        for value in &mut summary.value {
            // As in TensorFlow: TensorBoard takes what the first value of a tag says of all.
            if writing.seen_tags.contains(&value.tag) {
                value.metadata = None;
            } else {
                writing.seen_tags.insert(value.tag.clone());
            }
        }
        writing.add(&event(What::Summary(summary), step))
    }

    /// Adds a graph, which TensorBoard draws. TF: `writer.add_graph(graph)`.
    pub fn add_graph(&self, graph: impl WrittenGraph) -> Result<()> {
        self.add_graph_def(graph.meta_graph()?.graph_def.unwrap_or_default())
    }

    /// Adds a graph with its collections. TF: `writer.add_meta_graph(meta_graph_def)`.
    pub fn add_meta_graph(&self, meta_graph_def: &MetaGraphDef) -> Result<()> {
        self.lock().add(&event(What::MetaGraphDef(meta_graph_def.encode_to_vec()), 0))
    }

    /// Adds that a session began, stopped or saved. TF: `writer.add_session_log(session_log, global_step)`.
    pub fn add_session_log(&self, session_log: SessionLog, global_step: impl EventStep) -> Result<()> {
        self.lock().add(&event(What::SessionLog(session_log), global_step.event_step()?))
    }

    /// Adds the trace of a run, under a tag that no other of this writer has.
    /// TF: `writer.add_run_metadata(run_metadata, tag, global_step)`.
    pub fn add_run_metadata(&self, run_metadata: &RunMetadata, tag: &str, global_step: impl EventStep) -> Result<()> {
        let step = global_step.event_step()?;
        let mut writing = self.lock();
        if !writing.run_tags.insert(tag.to_owned()) {
            return Err(Error::invalid_argument(format!("the tag '{tag}' is that of another run")));
        }
        let run_metadata = run_metadata.encode_to_vec();
        writing.add(&event(What::TaggedRunMetadata(TaggedRunMetadata { tag: tag.to_owned(), run_metadata }), step))
    }

    /// Adds any event as it is. TF: `writer.add_event(event)`.
    pub fn add_event(&self, event: &Event) -> Result<()> {
        self.lock().add(event)
    }

    /// Writes what waits. TF: `writer.flush()`.
    pub fn flush(&self) -> Result<()> {
        self.lock().flush()
    }

    /// Writes what waits and closes the file; nothing can be added until [`reopen`](FileWriter::reopen).
    /// TF: `writer.close()`.
    pub fn close(&self) -> Result<()> {
        self.lock().close()
    }

    /// After [`close`](FileWriter::close): opens another file of the folder. Does nothing if the writer is not closed.
    /// TF: `writer.reopen()`.
    pub fn reopen(&self) -> Result<()> {
        let mut writing = self.lock();
        if writing.file.is_none() {
            writing.file = Some(EventFile::create(&writing.logdir, &writing.suffix)?);
            writing.due = Instant::now();
        }
        Ok(())
    }

    /// Adds a graph and then its meta graph.
    fn add_graphs(&self, meta_graph: MetaGraphDef) -> Result<()> {
        self.add_graph_def(meta_graph.graph_def.clone().unwrap_or_default())?;
        self.add_meta_graph(&meta_graph)
    }

    fn add_graph_def(&self, graph_def: crate::format::proto::GraphDef) -> Result<()> {
        self.lock().add(&event(What::GraphDef(graph_def.to_bytes()), 0))
    }

    fn lock(&self) -> MutexGuard<'_, Writing> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What happens now.
fn event(what: What, step: i64) -> Event {
    Event { wall_time: file::now(), step, what: Some(what), source_metadata: None }
}

impl Writing {
    fn add(&mut self, event: &Event) -> Result<()> {
        self.open_file()?;
        put_record(&mut self.waiting, &event.encode_to_vec());
        self.count += 1;
        if self.count >= self.max_queue || Instant::now() >= self.due { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let Writing { file, waiting, .. } = self;
        match file {
            Some(file) => file.append(waiting)?,
            None => return self.open_file().map(|_| ()),
        }
        self.waiting.clear();
        self.count = 0;
        self.due = Instant::now() + self.flush_time;
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        if self.file.is_none() {
            return Ok(());
        }
        let written = self.flush();
        // Closed in any case: what could not be written waits for another file.
        match self.file.take() {
            Some(file) => written.and_then(|()| file.sync()),
            None => written,
        }
    }

    fn open_file(&self) -> Result<&EventFile> {
        self.file.as_ref().ok_or_else(|| {
            let logdir = self.logdir.display();
            Error::new(ErrorKind::FailedPrecondition, format!("the writer of events into {logdir} is closed"))
        })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            logging::error(format_args!("{} bytes of events are lost: {error}", self.waiting.len()));
        }
    }
}

impl fmt::Debug for FileWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let writing = self.lock();
        write!(f, "FileWriter({}, {} events wait)", writing.logdir.display(), writing.count)
    }
}

#[cfg(test)]
mod tests;
