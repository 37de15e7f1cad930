//! Reading event files.

use std::path::Path;

use crate::error::{Error, Result};
use crate::format::event::Event;
use crate::format::record::Records;
use crate::format::text::FileMessage;

/// The events of a file, one after the other. TF: `tf.train.summary_iterator`.
///
/// A file that is cut or damaged gives what is whole before that place, then an error with the place, and then ends. After
/// the end of a whole file [`next`](Iterator::next) can be asked again: the file may have grown.
///
/// ```
/// use flowstone as tf;
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-iterator-{}", std::process::id()));
/// let writer = tf::summary::FileWriter(&folder)?;
/// writer.add_summary(tf::Summary::of_numbers([("loss", 0.5)]), 7)?;
/// writer.close()?;
/// for file in tf::gfile::ListDirectory(&folder)? {
///     for event in tf::train::summary_iterator(folder.join(file))? {
///         let event = event?;
///         for value in event.summary().map_or(&[][..], |summary| &summary.value) {
///             println!("{} {} {:?}", event.step, value.tag, value.simple_value);
///         }
///     }
/// }
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
pub fn summary_iterator(path: impl AsRef<Path>) -> Result<SummaryIterator> {
    Ok(SummaryIterator { records: Records::open(path.as_ref())?, failed: false })
}

/// The events of a file: what [`summary_iterator`] gives.
#[derive(Debug)]
pub struct SummaryIterator {
    records: Records,
    failed: bool,
}

impl SummaryIterator {
    fn event(&mut self) -> Result<Option<Event>> {
        let start = self.records.offset();
        let Some(record) = self.records.read()? else { return Ok(None) };
        Event::read_bytes(&record).map(Some).map_err(|e| {
            let path = self.records.path().display();
            Error::new(e.kind(), format!("{path}: in the record at byte {start}: {}", e.message()))
        })
    }
}

impl Iterator for SummaryIterator {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let event = self.event();
        self.failed = event.is_err();
        event.transpose()
    }
}
