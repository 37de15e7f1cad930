#![allow(clippy::unwrap_used)]
use super::*;
use crate::format::summary::{PluginData, Summary, SummaryMetadata, SummaryValue};
use crate::testing::Folder;

fn numbers(folder: &Path) -> Vec<(i64, f32)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let events = files.iter().flat_map(|file| summary_iterator(file).unwrap()).map(Result::unwrap);
    events.filter_map(|event| Some((event.step, event.summary()?.value[0].simple_value?))).collect()
}

fn summary(number: f32) -> Summary {
    Summary::of_numbers([("x", number)])
}

#[test]
fn events_wait_as_long_as_they_may_and_none_is_lost() {
    let folder = Folder::new("waiting");
    let logdir = folder.path("a/b");
    let writer = FileWriterArgs::new(&logdir).max_queue(3).filename_suffix(".end").build().unwrap();
    writer.add_summary(summary(0.0), 0).unwrap();
    assert_eq!(numbers(&logdir).len(), 1, "the first is written at once");
    writer.add_summary(summary(1.0), 1usize).unwrap();
    writer.add_summary(summary(2.0), Some(2)).unwrap();
    assert_eq!(numbers(&logdir).len(), 1);
    writer.add_summary(summary(3.0).to_bytes(), 3).unwrap();
    assert_eq!(numbers(&logdir).len(), 4);
    writer.add_summary(summary(4.0), crate::value::Value::scalar(4i32)).unwrap();
    writer.flush().unwrap();
    assert_eq!(numbers(&logdir).len(), 5);
    writer.add_summary(summary(5.0), 5).unwrap();
    let other = writer.clone();
    drop(writer);
    assert_eq!(numbers(&logdir).len(), 5);
    drop(other);
    assert_eq!(numbers(&logdir), (0..6).map(|i| (i.into(), i as f32)).collect::<Vec<_>>());
    let name = std::fs::read_dir(&logdir).unwrap().next().unwrap().unwrap().file_name().into_string().unwrap();
    assert!(name.starts_with("events.out.tfevents.") && name.ends_with(".end"), "{name}");
    let impatient = FileWriterArgs::new(&logdir).flush_secs(0).build().unwrap();
    impatient.add_summary(summary(6.0), 6).unwrap();
    impatient.add_summary(summary(7.0), 7).unwrap();
    assert_eq!(numbers(&logdir).len(), 8);
}

#[test]
fn a_closed_writer_takes_nothing_and_a_reopened_one_another_file() {
    let folder = Folder::new("reopened");
    let logdir = folder.path("log");
    let writer = FileWriter::new(&logdir).unwrap();
    writer.add_summary(summary(1.0), 1).unwrap();
    writer.reopen().unwrap();
    writer.close().unwrap();
    writer.close().unwrap();
    let error = writer.add_summary(summary(2.0), 2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition, "{error}");
    writer.flush().unwrap_err();
    writer.reopen().unwrap();
    writer.add_summary(summary(3.0), 3).unwrap();
    // In the same second there are two files: TensorFlow would have lost the first.
    assert_eq!(std::fs::read_dir(&logdir).unwrap().count(), 2);
    assert_eq!(numbers(&logdir), [(1, 1.0), (3, 3.0)]);
}

#[test]
fn what_cannot_be_written_waits() {
    let folder = Folder::new("vanished");
    let logdir = folder.path("log");
    let writer = FileWriter::new(&logdir).unwrap();
    std::fs::remove_dir_all(&logdir).unwrap();
    let error = writer.add_summary(summary(1.0), 1).unwrap_err();
    assert!(error.kind() == ErrorKind::NotFound && error.to_string().contains("has disappeared"), "{error}");
    writer.flush().unwrap_err();
    writer.close().unwrap_err();
    writer.reopen().unwrap();
    writer.add_summary(summary(2.0), 2).unwrap();
    assert_eq!(numbers(&logdir), [(1, 1.0), (2, 2.0)]);
    std::fs::write(folder.path("file"), "").unwrap();
    FileWriter::new(folder.path("file/log")).unwrap_err();
    assert_eq!(
        FileWriterArgs::new(&logdir).filename_suffix("../x").build().unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    assert_eq!(FileWriterArgs::new(&logdir).flush_secs(-1).build().unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_of_the_call() {
    let folder = Folder::new("full");
    let writer = FileWriter::new(folder.path("log")).unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let whole = std::mem::replace(&mut writer.lock().file.as_mut().unwrap().file, full);
    let error = writer.add_summary(summary(1.0), 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceExhausted, "{error}");
    writer.lock().file.as_mut().unwrap().file = whole;
    writer.close().unwrap();
    assert_eq!(numbers(&folder.path("log")), [(1, 1.0)]);
}

#[test]
fn only_the_first_value_of_a_tag_says_how_it_is_shown() {
    let folder = Folder::new("metadata");
    let writer = FileWriter::new(folder.path("log")).unwrap();
    let plugin_data = Some(PluginData { plugin_name: "text".into(), content: Vec::new() });
    let metadata = Some(SummaryMetadata { plugin_data, ..Default::default() });
    let summary = Summary { value: vec![SummaryValue { metadata, ..SummaryValue::number("t", 1.0) }] };
    writer.add_summary(&summary, None).unwrap();
    writer.add_summary(&summary, 2).unwrap();
    writer.close().unwrap();
    let file = std::fs::read_dir(folder.path("log")).unwrap().next().unwrap().unwrap().path();
    let events: Vec<Event> = summary_iterator(file).unwrap().map(Result::unwrap).collect();
    assert_eq!(events[0].what, Some(What::FileVersion("brain.Event:2".into())));
    let shown: Vec<bool> =
        events.iter().filter_map(Event::summary).map(|summary| summary.value[0].metadata.is_some()).collect();
    assert_eq!(shown, [true, false]);
    let error = writer.add_summary(b"noise".as_slice(), 3).unwrap_err();
    assert!(error.to_string().contains("these 5 bytes are not a summary"), "{error}");
}

#[test]
fn cut_and_damaged_files_give_what_is_whole() {
    let folder = Folder::new("damaged");
    let writer = FileWriter::new(folder.path("log")).unwrap();
    (0..3).for_each(|i| writer.add_summary(summary(i as f32), i).unwrap());
    writer.close().unwrap();
    let file = std::fs::read_dir(folder.path("log")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    let read = |bytes: &[u8]| {
        let path = folder.path("copy");
        std::fs::write(&path, bytes).unwrap();
        let mut events: Vec<Result<Event>> = summary_iterator(path).unwrap().collect();
        let last = events.pop().unwrap().unwrap_err();
        assert!(events.iter().all(Result::is_ok));
        (events.len(), last)
    };
    let (whole, error) = read(&bytes[..bytes.len() - 1]);
    assert!(whole == 3 && error.to_string().contains("copy: the file ends inside of the record"), "{error}");
    let at = bytes.len() - 6;
    bytes[at] ^= 1;
    let (whole, error) = read(&bytes);
    assert!(whole == 3 && error.kind() == ErrorKind::DataLoss, "{error}");
    let mut noise = Vec::new();
    put_record(&mut noise, &[0xff; 9]);
    let (whole, error) = read(&noise);
    assert!(
        whole == 0 && error.to_string().contains("in the record at byte 0: these 9 bytes are not a Event"),
        "{error}"
    );
}
