//! The bytes of a stream file, read in chunks.
//!
//! Packets are often small, and each is read in parts. So a chunk of the file is kept, and nearly all reads are copies out
//! of it. The file is open only while a chunk is read if there are many streams, because a process may not have as many
//! files open.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

use crate::dir::Tree;

/// The largest chunk.
const CHUNK_BYTES_MAX: usize = 256 << 10;

/// A stream file.
#[derive(Debug)]
pub(super) struct StreamFile {
    tree: Arc<Tree>,
    path: Arc<PathBuf>,
    /// Whether the file stays open.
    is_kept: bool,
    file: Option<Arc<File>>,
    /// How much is read at once.
    chunk_bytes: usize,
    /// What was read last, and from where.
    chunk: Vec<u8>,
    chunk_at: u64,
    /// The file's length when it was looked at last.
    len: u64,
}

/// How the streams that are read together share what a process may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    /// How much of a file, and of a packet, is in memory, unless a record is larger.
    pub(crate) bytes: usize,
    /// Whether files stay open.
    pub(crate) keeps_open: bool,
}

impl StreamFile {
    pub(super) fn new(tree: Arc<Tree>, path: PathBuf, share: Share) -> StreamFile {
        StreamFile {
            tree,
            path: Arc::new(path),
            is_kept: share.keeps_open,
            file: None,
            chunk_bytes: share.bytes.min(CHUNK_BYTES_MAX),
            chunk: Vec::new(),
            chunk_at: 0,
            len: 0,
        }
    }

    pub(super) fn path(&self) -> &Arc<PathBuf> {
        &self.path
    }

    fn open(&mut self) -> io::Result<Arc<File>> {
        if let Some(file) = &self.file {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(self.tree.open_plain(&self.path)?);
        self.file = self.is_kept.then(|| Arc::clone(&file));
        Ok(file)
    }

    /// Bytes of the file. It is looked at again if it had no more than `at` before: it may have grown.
    pub(super) fn len(&mut self, at: u64) -> io::Result<u64> {
        if self.len <= at {
            self.len = self.open()?.metadata()?.len();
        }
        Ok(self.len)
    }

    /// Looks at the file again: whether it has more than before.
    pub(super) fn has_grown(&mut self) -> io::Result<bool> {
        let len = self.open()?.metadata()?.len();
        let has_grown = len > self.len;
        self.len = len;
        if has_grown {
            // It may end where the file ended.
            self.chunk.clear();
        }
        Ok(has_grown)
    }

    /// So many bytes from `at` on.
    pub(super) fn bytes(&mut self, at: u64, len: usize) -> io::Result<Vec<u8>> {
        if let Some(bytes) = self.in_chunk(at, len) {
            return Ok(bytes.to_vec());
        }
        let mut bytes = vec![0; len];
        self.read(at, &mut bytes)?;
        Ok(bytes)
    }

    /// Fills `into` from `at` on.
    pub(super) fn read(&mut self, at: u64, into: &mut [u8]) -> io::Result<()> {
        if let Some(bytes) = self.in_chunk(at, into.len()) {
            into.copy_from_slice(bytes);
            return Ok(());
        }
        let file = self.open()?;
        if into.len() >= self.chunk_bytes {
            return file.read_exact_at(into, at);
        }
        self.chunk.resize(self.chunk_bytes, 0);
        let mut read = 0;
        while read < self.chunk.len() {
            match file.read_at(&mut self.chunk[read..], at + read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.chunk.clear();
                    return Err(error);
                }
            }
        }
        self.chunk.truncate(read);
        self.chunk_at = at;
        match self.in_chunk(at, into.len()) {
            Some(bytes) => {
                into.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn in_chunk(&self, at: u64, len: usize) -> Option<&[u8]> {
        let from = usize::try_from(at.checked_sub(self.chunk_at)?).ok()?;
        self.chunk.get(from..from.checked_add(len)?)
    }

    /// Where from `at` on there is something else than a hole, `None` if there is nothing.
    pub(super) fn data_from(&mut self, at: u64) -> Option<u64> {
        match self.open().map(|file| seek(&file, SeekFrom::Data(at))) {
            Ok(Ok(data)) => Some(data),
            Ok(Err(Errno::NXIO)) => None,
            // Some file systems do not know their holes.
            Ok(Err(_)) | Err(_) => Some(at),
        }
    }
}
