//! How do events get into a file that is turned over when it is large?

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::Delivery;
use super::pen::Pen;
use crate::config::FileTarget;

/// A file that grows.
#[derive(Debug)]
pub(super) struct File(Pen);

impl File {
    /// The file is opened at each event: what turns it over besides, deletes it or brings its disk back needs no word to us.
    ///
    /// # Errors
    /// The operating system gives us no thread.
    pub(super) fn new(target: FileTarget) -> io::Result<Self> {
        Pen::new("file", move |line| append(&target, line)).map(Self)
    }

    /// Delivered means that the disk has it. A disk that is full is tried again.
    pub(super) async fn deliver(&self, line: String) -> Delivery {
        self.0.write(line, "the file").await
    }
}

fn append(target: &FileTarget, line: &str) -> io::Result<()> {
    let is_new = !target.path.exists();
    let mut file = open(&target.path)?;
    let mut size = file.metadata()?.len();
    if size > 0 && size + line.len() as u64 > target.max_bytes {
        turn_over(target)?;
        file = open(&target.path)?;
        size = 0;
    }
    let lead = if size > 0 && last_byte(&mut file)? != b'\n' { "\n" } else { "" };
    let written = file.write_all(format!("{lead}{line}").as_bytes()).and_then(|()| file.sync_data());
    if written.is_err() {
        // Half a line is no event; if it cannot be taken back, the next one begins on a line of its own.
        let _ = file.set_len(size);
    } else if is_new || size == 0 {
        sync_folder(&target.path)?;
    }
    written
}

fn open(path: &Path) -> io::Result<fs::File> {
    OpenOptions::new().create(true).append(true).read(true).open(path)
}

fn last_byte(file: &mut fs::File) -> io::Result<u8> {
    let mut byte = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// The oldest goes, each other one gets the next number, the file itself becomes number 1.
fn turn_over(FileTarget { path, keep, max_bytes: _ }: &FileTarget) -> io::Result<()> {
    for number in (1..*keep).rev() {
        let (from, to) = (numbered(path, number), numbered(path, number + 1));
        if from.exists() {
            fs::rename(from, to)?;
        }
    }
    fs::rename(path, numbered(path, 1))
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

/// A name that is not on the disk is lost with the power, and the file with it.
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}
