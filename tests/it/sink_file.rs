//! A file as a sink: what is in it, when it is turned over, and what a disk does to it that is full.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serin::audit::Record;
use serin::config::parse;
use serin::sink::{Delivery, Sink, line};

use crate::audit_given::{filled, records, reporter};

fn sink(path: &Path, more: &str) -> Sink {
    let config = parse(&format!("sinks: [{{name: a, type: file, path: {}{more}}}]", path.display())).unwrap();
    Sink::new(&config.sinks.all()[0], &reporter()).unwrap()
}

fn lines(records: &[Record]) -> String {
    records.iter().map(|record| line(record).unwrap()).collect()
}

#[tokio::test]
async fn events_are_appended_as_standard_output_would_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events");
    let records = records(&filled(3));
    for record in &records[..2] {
        assert_eq!(sink(&path, "").deliver(record).await, Delivery::Delivered);
    }
    // Half a line, as a machine leaves it that lost its power.
    let half = lines(&records[2..])[..100].to_owned();
    fs::write(&path, format!("{}{half}", lines(&records[..2]))).unwrap();
    assert_eq!(sink(&path, "").deliver(&records[2]).await, Delivery::Delivered);
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}{half}\n{}", lines(&records[..2]), lines(&records[2..])));
}

#[tokio::test]
async fn a_large_file_is_turned_over_and_the_oldest_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events");
    let sink = sink(&path, ", maxBytes: 65536, keep: 2");
    let records: Vec<Record> = (0..6).flat_map(|_| records(&filled(60))).collect();
    for record in &records {
        assert_eq!(sink.deliver(record).await, Delivery::Delivered);
    }
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let all = lines(&records);
    let kept = format!("{}{}{}", read("events.2"), read("events.1"), read("events"));
    assert!(all.ends_with(&kept) && kept.len() > 2 * 64_000 && all.len() > 3 * 65_536, "{} of {}", kept.len(), all.len());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    for name in ["events", "events.1", "events.2"] {
        assert!(read(name).len() <= 65_536 && read(name).ends_with('\n'), "{name}");
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_full_disk_is_tried_again_and_takes_the_event_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events");
    symlink("/dev/full", &path).unwrap();
    let (sink, record) = (sink(&path, ""), records(&filled(1)).remove(0));
    let full = "the file cannot be written: No space left on device (os error 28)";
    assert_eq!(sink.deliver(&record).await, Delivery::Retry(full.to_owned()));
    fs::remove_file(&path).unwrap();
    assert_eq!(sink.deliver(&record).await, Delivery::Delivered);
    assert_eq!(fs::read_to_string(&path).unwrap(), lines(&[record]));
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later/events");
    let (sink, record) = (sink(&path, ""), records(&filled(1)).remove(0));
    assert!(matches!(sink.deliver(&record).await, Delivery::Retry(_)));
    fs::create_dir(path.parent().unwrap()).unwrap();
    assert_eq!(sink.deliver(&record).await, Delivery::Delivered);
}
