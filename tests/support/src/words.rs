//! Words in a file that processes have mapped.
//!
//! What a process stored there before it was killed is in the file, because the page is the kernel's.
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use ust_core::shm::Mapping;
use ust_core::sync::AtomicU64;

/// See the module page.
#[derive(Debug)]
pub struct Words(Mapping);

impl Words {
    /// So many in a new file, all 0.
    ///
    /// # Errors
    /// No room.
    pub fn create(path: &Path, count: usize) -> io::Result<Self> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        file.set_len((count * size_of::<AtomicU64>()) as u64)?;
        Self::map(&file)
    }

    /// Those in a file that was created before.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::map(&OpenOptions::new().read(true).write(true).open(path)?)
    }

    fn map(file: &File) -> io::Result<Self> {
        Ok(Self(Mapping::new(file, file.metadata()?.len() as usize)?))
    }

    /// The words.
    #[inline(always)]
    pub fn get(&self) -> &[AtomicU64] {
        let count = self.0.len() / size_of::<AtomicU64>();
        // SAFETY: a page-aligned mapping of that many words. All processes touch it by atomics only, and none makes the
        // file shorter.
        unsafe { core::slice::from_raw_parts(self.0.base().cast(), count) }
    }
}
