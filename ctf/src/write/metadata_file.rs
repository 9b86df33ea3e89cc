//! The file `metadata`: declarations are appended, and no reader ever sees a part of one.
//!
//! ```text
//!   page                     page                     page
//!   | preamble   | event     | event  | event  | \n\n\n\n | event    |
//!                                              '--- the next event would have crossed the page's end
//! ```
//!
//! A reader refuses the whole trace for a declaration that is cut short. A write is visible whole,
//! at whatever instruction its writer is stopped or killed, if it stays within one page of the file
//! (see [`stream_file`](crate::write::stream_file) for why) and of memory. So a declaration that would
//! cross the end of a page goes to the next one, behind newlines; and a text longer than a page is
//! published by a rename.
//!
//! The caller makes sure that a declaration is in the file before a packet that needs it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::OFlags;

use crate::dir::Dir;
use crate::write::packet::PAGE_BYTES;
use crate::write::pages::Pages;

const NAME: &str = "metadata";

/// The name under which a text is written before a rename publishes it.
const HIDDEN: &str = ".metadata.new";

/// Writes the metadata of one trace.
#[derive(Debug)]
pub struct MetadataWriter {
    dir: Dir,
    file: File,
    len: u64,
    /// One aligned page, from which the kernel copies a text in one piece.
    staging: Pages,
}

impl MetadataWriter {
    /// Creates `dir/metadata`, which holds `preamble` from its first moment on. It must not exist
    /// yet, `dir` must.
    pub fn create(dir: &Path, preamble: &str) -> io::Result<MetadataWriter> {
        MetadataWriter::create_in(Dir::open(dir)?, preamble)
    }

    /// The same in an open directory, which the writer keeps open.
    pub fn create_in(dir: Dir, preamble: &str) -> io::Result<MetadataWriter> {
        if dir.has(NAME)? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        replace(&dir, &[preamble.as_bytes()])?;
        MetadataWriter::open_in(dir)
    }

    /// Opens `dir/metadata` to append to it.
    pub fn open(dir: &Path) -> io::Result<MetadataWriter> {
        MetadataWriter::open_in(Dir::open(dir)?)
    }

    fn open_in(dir: Dir) -> io::Result<MetadataWriter> {
        let file = dir.open_file(NAME, OFlags::WRONLY)?;
        let len = file.metadata()?.len();
        Ok(MetadataWriter { dir, file, len, staging: Pages::default() })
    }

    /// The trace's directory.
    pub fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Appends whole declarations. If it fails, the file is as before, and the text may be appended
    /// again.
    pub fn append(&mut self, text: &str) -> io::Result<()> {
        if text.len() > PAGE_BYTES {
            return self.append_long(text);
        }
        let room = PAGE_BYTES - self.page_offset();
        if text.len() > room {
            // Wherever this write is cut, newlines are no part of a declaration.
            self.write(&vec![b'\n'; room])?;
        }
        self.write(text.as_bytes())
    }

    fn page_offset(&self) -> usize {
        (self.len % PAGE_BYTES as u64) as usize
    }

    /// Writes bytes that stay within one page of the file, from one page of memory.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.staging.grow(1);
        let staged = &mut self.staging.range_mut(0, 1)[..bytes.len()];
        staged.copy_from_slice(bytes);
        if let Err(error) = self.file.write_all_at(staged, self.len) {
            // If this fails too, the next append still begins at the same place.
            let _ = self.file.set_len(self.len);
            return Err(error);
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    #[cold]
    fn append_long(&mut self, text: &str) -> io::Result<()> {
        let mut before = Vec::new();
        self.dir.open_file(NAME, OFlags::RDONLY)?.read_to_end(&mut before)?;
        replace(&self.dir, &[&before, text.as_bytes()])?;
        let file = self.dir.open_file(NAME, OFlags::WRONLY)?;
        self.len = file.metadata()?.len();
        self.file = file;
        Ok(())
    }
}

/// Makes `parts` the metadata in one step. Readers leave hidden files alone, so a file that a
/// killed writer left behind does no harm; but on a full disk it would take room that others need.
fn replace(dir: &Dir, parts: &[&[u8]]) -> io::Result<()> {
    // Removes whatever has the name: the text must go into a new file, not to where a link leads.
    let _ = dir.remove_file(HIDDEN);
    let write = || {
        let mut file = dir.create_file(HIDDEN)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        dir.rename(HIDDEN, NAME)
    };
    write().inspect_err(|_| drop(dir.remove_file(HIDDEN)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Each append either lies within a page, or is published by a rename (and so moves nothing
    /// else).
    #[test]
    fn declarations_keep_their_order_and_cross_no_page() {
        let dir = tempfile::tempdir().unwrap();
        let declaration = |n: usize, len: usize| format!("<{n}{}>", "x".repeat(len));
        let mut writer = MetadataWriter::create(dir.path(), &declaration(0, 100)).unwrap();
        for (n, len) in [1000, 2900, 100, 4090, 5000, 3000, 3000, 20].into_iter().enumerate() {
            writer.append(&declaration(n + 1, len)).unwrap();
            if n == 3 {
                writer = MetadataWriter::open(dir.path()).unwrap();
            }
        }
        let text = fs::read_to_string(dir.path().join("metadata")).unwrap();
        let mut at = 0;
        for (n, part) in text.split_inclusive('>').enumerate() {
            let begin = at + part.len() - part.trim_start_matches('\n').len();
            at += part.len();
            assert!(text[begin..at].starts_with(&format!("<{n}x")));
            let pages = (begin / PAGE_BYTES, (at - 1) / PAGE_BYTES);
            assert!(pages.0 == pages.1 || n == 5, "declaration {n} lies at {begin} to {at}");
        }
        assert!(MetadataWriter::create(dir.path(), "").is_err(), "never over another trace");
    }
}
