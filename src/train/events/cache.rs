//! One writer for each folder.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{FileWriter, FileWriterArgs};
use crate::error::Result;
use crate::graph::get_default_graph;

/// Writers of events that the whole program shares, one for each folder. TF: `tf.summary.FileWriterCache`.
///
/// They are open until [`clear`](FileWriterCache::clear): a program that ends without it or [`flush`](FileWriter::flush)
/// loses what waits.
#[derive(Debug)]
pub struct FileWriterCache;

/// Sorted by folder.
static CACHE: Mutex<Vec<(PathBuf, FileWriter)>> = Mutex::new(Vec::new());

fn cache() -> MutexGuard<'static, Vec<(PathBuf, FileWriter)>> {
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
        match cache.binary_search_by(|(known, _)| known.as_path().cmp(logdir)) {
            Ok(place) => Ok(cache[place].1.clone()),
            Err(place) => {
                let writer = FileWriterArgs::new(logdir).graph(get_default_graph()).build()?;
                cache.insert(place, (logdir.to_owned(), writer.clone()));
                Ok(writer)
            }
        }
    }

    /// Closes all writers and forgets them. TF: `FileWriterCache.clear()`.
    pub fn clear() -> Result<()> {
        let writers = std::mem::take(&mut *cache());
        writers.iter().map(|(_, writer)| writer.close()).fold(Ok(()), Result::and)
    }
}
