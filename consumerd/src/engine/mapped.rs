//! Memory that a process can write to. The consumer maps all of it through this file.
//!
//! ```text
//!   sealed    memfd of ordinary pages, its size sealed: a load of it cannot fail       checked by `memfd::check`
//!   named     ring file with a name: any process that may write it can truncate it     checked by its caller
//!      '--> both are mapped behind the SIGBUS guard: a load that fails nevertheless reads zeroes, and is reported
//! ```
//!
//! The checks are the reason why no load should fail: the file system is not one that takes pages away under a sealed
//! size (as hugetlbfs does), and the size stays. The guard is for what no check foresees, such as a page that the
//! machine has lost. It costs the process its streams, and no other process anything. There are as many guards as the
//! kernel allows mappings.

use crate::advice::{Attempt, why};
use rustix::fd::{AsFd, OwnedFd};
use std::io;
use std::ops::Deref;
use std::sync::Arc;
use ust_core::shm::Mapping;
use ust_core::shm::guard::Guard;
use ust_core::shm::memfd::{self, Untrusted};

/// See the module page.
#[derive(Debug)]
pub struct Mapped {
    map: Arc<Mapping>,
    guard: Guard,
}

/// Why a file cannot be used, as the end of a phrase that begins with the file's name.
#[derive(Debug, thiserror::Error)]
pub enum Unmappable {
    /// The file could change under the consumer.
    #[error("is not used: {0}")]
    Untrusted(#[from] Untrusted),
    /// The kernel refuses to map it.
    #[error("cannot be mapped: {why}", why = why(Attempt::Memory, .0))]
    Kernel(io::Error),
    /// As many mappings are guarded as may be.
    #[error("cannot be guarded: too much is mapped already")]
    Guards,
}

impl Mapped {
    /// The size of a memfd from another process, after a check that its pages stay.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_sealed(fd: &OwnedFd) -> Result<usize, Unmappable> {
        Ok(memfd::check(fd)?)
    }

    /// Maps the first bytes of a file that has been checked.
    ///
    /// # Errors
    /// The kernel refuses, or there are too many mappings.
    pub fn new(fd: impl AsFd, size_bytes: usize) -> Result<Self, Unmappable> {
        let map = Arc::new(
            Mapping::new(fd, size_bytes).map_err(|errno| Unmappable::Kernel(errno.into()))?,
        );
        // Guarded before the first load.
        let guard = Guard::new(map.clone()).ok_or(Unmappable::Guards)?;
        Ok(Self { map, guard })
    }

    /// Whether a load has failed: then zeroes replace what was there.
    pub fn has_faulted(&self) -> bool {
        self.guard.has_faulted()
    }
}

impl Deref for Mapped {
    type Target = Mapping;

    fn deref(&self) -> &Mapping {
        &self.map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};

    #[test]
    fn only_sealed_memory_of_ordinary_pages_is_trusted() {
        let refusal = |fd: &OwnedFd| Mapped::check_sealed(fd).unwrap_err().to_string();
        let create = |flags| memfd_create(c"test", MemfdFlags::CLOEXEC | flags);
        let unsealed = create(MemfdFlags::ALLOW_SEALING).unwrap();
        assert!(refusal(&unsealed).contains("not sealed"), "{}", refusal(&unsealed));
        let file = tempfile::tempfile().unwrap().into();
        let refused = refusal(&file);
        assert!(refused.contains("not a memfd") || refused.contains("not sealed"), "{refused}");
        match create(MemfdFlags::ALLOW_SEALING | MemfdFlags::HUGETLB) {
            Ok(huge) => {
                ftruncate(&huge, 1 << 30).unwrap();
                fcntl_add_seals(&huge, SealFlags::SHRINK | SealFlags::GROW).unwrap();
                assert!(refusal(&huge).contains("huge pages"), "{}", refusal(&huge));
            }
            Err(error) => eprintln!("SKIPPED: no memfd of huge pages can be made here: {error}"),
        }
        assert_eq!(Mapped::check_sealed(&memfd::create(c"test", 12288).unwrap()).unwrap(), 12288);
    }
}
