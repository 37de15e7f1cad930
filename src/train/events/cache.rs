//! One writer for each folder.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{FileWriter, FileWriterArgs};
use crate::error::Result;
use crate::graph::get_default_graph;
use crate::sort::SortedMap;

/// Writers of events that the whole program shares, one for each folder. TF: `tf.summary.FileWriterCache`.
///
/// They are open until [`clear`](FileWriterCache::clear): a program that ends without it or [`flush`](FileWriter::flush)
/// loses what waits.
#[derive(Debug)]
pub struct FileWriterCache;

static CACHE: Mutex<SortedMap<PathBuf, FileWriter>> = Mutex::new(SortedMap::new());

fn cache() -> MutexGuard<'static, SortedMap<PathBuf, FileWriter>> {
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FileWriterCache {
    /// The writer for the folder `logdir`; a new one begins with the default graph. TF: `FileWriterCache.get(logdir)`.
    ///
    /// ```
    /// use flowstone as tf;
    /// # let folder = std::env::temp_dir().join(format!("flowstone-doc-cache-{}", std::process::id()));
    /// let writer = tf::summary::FileWriterCache::get(&folder)?;
    /// writer.add_summary(tf::Summary::of_numbers([("loss", 0.5)]), 1)?;
    /// tf::summary::FileWriterCache::get(&folder)?.flush()?;
    /// # tf::gfile::DeleteRecursively(&folder)?;
    /// # Ok::<(), tf::Error>(())
    /// ```
    pub fn get(logdir: impl AsRef<Path>) -> Result<FileWriter> {
        let (logdir, mut cache) = (logdir.as_ref(), cache());
        if let Some(writer) = cache.get(logdir) {
            return Ok(writer.clone());
        }
        let writer = FileWriterArgs::new(logdir).graph(get_default_graph()).build()?;
        cache.insert(logdir.to_owned(), writer.clone());
        Ok(writer)
    }

    /// Closes all writers and forgets them. TF: `FileWriterCache.clear()`.
    pub fn clear() -> Result<()> {
        let writers = cache().take_values();
        writers.map(|writer| writer.close()).fold(Ok(()), Result::and)
    }
}
