//! A worker thread: takes jobs until there are none.

use crate::emitted::emit;
use crate::queue::{Job, Queue, Taken};
use crate::totals::Totals;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// How much of a file is read at a time.
const BUFFER_BYTES: usize = 64 << 10;

/// Does jobs, and returns what came of them.
pub fn run(number: u32, queue: &Queue) -> Totals {
    let mut worker = Worker { queue, totals: Totals::default(), buffer: vec![0; BUFFER_BYTES] };
    while let Some(Taken { job, waited, depth }) = queue.take() {
        emit!(queue_wait(waited.as_nanos() as u64, depth as u32));
        match job {
            Job::Directory { path, depth } => worker.directory(&path, depth),
            Job::File { path } => worker.file(&path),
        }
        queue.finish();
    }
    let Totals { files, bytes, words, .. } = worker.totals;
    emit!(thread_done(number, files, bytes, words));
    worker.totals
}

struct Worker<'a> {
    queue: &'a Queue,
    totals: Totals,
    buffer: Vec<u8>,
}

impl Worker<'_> {
    fn directory(&mut self, path: &Path, depth: u32) {
        // Names need not be UTF-8, but a trace's strings are. This allocates only where they are not.
        emit!(directory_entered(&path.to_string_lossy(), depth));
        match self.list(path, depth) {
            Ok(()) => self.totals.directories += 1,
            Err(_) => self.totals.unreadable += 1,
        }
    }

    /// Puts what a directory holds into the queue.
    fn list(&mut self, path: &Path, depth: u32) -> io::Result<()> {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            // The entry's own kind: that of a link is "link", wherever it leads.
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.queue.put(Job::Directory { path: entry.path(), depth: depth + 1 });
            } else if kind.is_file() {
                self.queue.put(Job::File { path: entry.path() });
            } else if kind.is_symlink() {
                self.totals.symlinks += 1;
            } else {
                self.totals.others += 1;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) {
        let mut content = Content::default();
        let ok = content.read(path, &mut self.buffer).is_ok();
        let Content { bytes, words, .. } = content;
        self.totals.bytes += bytes;
        self.totals.words += words;
        self.totals.files += u64::from(ok);
        self.totals.unreadable += u64::from(!ok);
        let words = words.try_into().unwrap_or(u32::MAX);
        emit!(file_indexed(&path.to_string_lossy(), bytes, words, ok));
    }
}

/// What has been read of a file.
#[derive(Default)]
struct Content {
    bytes: u64,
    words: u64,
    is_in_word: bool,
}

impl Content {
    /// Reads a file to its end. After an error, what was read before it stands.
    fn read(&mut self, path: &Path, buffer: &mut [u8]) -> io::Result<()> {
        let mut file = File::open(path)?;
        loop {
            match file.read(buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => self.take_in(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take_in(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        for byte in bytes {
            let is_in_word = !byte.is_ascii_whitespace();
            self.words += u64::from(is_in_word && !self.is_in_word);
            self.is_in_word = is_in_word;
        }
    }
}
