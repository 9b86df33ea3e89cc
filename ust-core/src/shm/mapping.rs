//! A mapped file, and typed references into it.
#![allow(unsafe_code)]

use memmap2::{MmapOptions, MmapRaw};
use rustix::fd::{AsFd, AsRawFd};
use rustix::io::{Errno, Result};

/// A shared mapping of a memfd whose size is sealed, or of a file with a name, which can be truncated while it is
/// mapped. The consumer puts both behind a [`guard`](super::guard).
#[derive(Debug)]
pub struct Mapping(MmapRaw);

/// Types that may be overlaid on shared memory: any bytes are a value, and everything that changes is atomic.
///
/// # Safety
/// The type is `repr(C)`, every bit pattern is valid, and fields that either side writes after the mapping was
/// shared are atomics.
pub unsafe trait SharedLayout {}

// SAFETY: `repr(C)`, integers and atomics.
unsafe impl SharedLayout for crate::abi::ProcessHeader {}
// SAFETY: as above.
unsafe impl SharedLayout for crate::abi::ClassEntry {}
// SAFETY: as above.
unsafe impl SharedLayout for crate::abi::RingFileHeader {}
// SAFETY: as above; the reserved words are not atomic, but nobody writes or reads them.
unsafe impl<K> SharedLayout for crate::abi::StreamControl<K> {}
// SAFETY: two atomics.
unsafe impl SharedLayout for super::doorbell::Doorbell {}
// SAFETY: an atomic.
unsafe impl SharedLayout for crate::sync::AtomicU32 {}

impl Mapping {
    /// Maps the first `size_bytes` of a file, which has at least that many. Async-signal-safe.
    ///
    /// # Errors
    /// No address space, too many mappings, or no such descriptor.
    pub fn new(fd: impl AsFd, size_bytes: usize) -> Result<Self> {
        let map = MmapOptions::new().len(size_bytes).map_raw(fd.as_fd().as_raw_fd());
        map.map(Self).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::NOMEM))
    }

    /// Bytes mapped.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Always false: a mapping is never empty.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The first byte. Valid for [`len`](Self::len) bytes as long as `self` lives.
    pub fn base(&self) -> *mut u8 {
        self.0.as_mut_ptr()
    }

    /// The value at `offset`. `None` if it would be outside the mapping or unaligned.
    pub fn at<T: SharedLayout>(&self, offset: usize) -> Option<&T> {
        let end = offset.checked_add(size_of::<T>())?;
        if end > self.len() || !offset.is_multiple_of(align_of::<T>()) {
            return None;
        }
        // SAFETY: in bounds and aligned (a mapping starts at a page). `SharedLayout` admits any bytes, and
        // everything that changes is atomic. If the size is sealed, the bytes stay as long as `self`. If not, a
        // load beyond the end is a SIGBUS, which the reader guards against.
        Some(unsafe { &*self.base().add(offset).cast::<T>() })
    }

    /// Stores a value at `offset`, before anybody else gets the file.
    pub fn initialise<T: SharedLayout>(&self, offset: usize, value: T) -> Option<&T> {
        self.at::<T>(offset)?;
        // SAFETY: `at` found it in bounds and aligned; nobody else has the mapping yet.
        unsafe { self.base().add(offset).cast::<T>().write(value) };
        self.at(offset)
    }

    /// Copies bytes to private memory. If the peer writes meanwhile, the copy is any mixture of old and new, so
    /// check the copy, not the original. `None` if the range would be outside the mapping.
    pub fn copy_out(&self, offset: usize, length_bytes: usize) -> Option<Vec<u8>> {
        let end = offset.checked_add(length_bytes)?;
        if end > self.len() {
            return None;
        }
        // SAFETY: in bounds; volatile, because a peer may write at the same time.
        let byte = |at: usize| unsafe { self.base().add(at).read_volatile() };
        Some((offset..end).map(byte).collect())
    }

    /// Makes the kernel provide `length_bytes` at `offset` now, so that no later store can fault for lack of
    /// memory. Async-signal-safe.
    ///
    /// # Errors
    /// The kernel cannot provide the memory.
    pub fn populate(&self, offset: usize, length_bytes: usize) -> Result<()> {
        populate(self.base().wrapping_add(offset), length_bytes)
    }

    /// Gives the file's memory back to the kernel. From then on all its bytes are zero, in every process that maps
    /// it.
    pub fn discard(&self) {
        use rustix::mm::{Advice, madvise};
        // SAFETY: shared memory may change at any time anyway; here it changes to zeroes.
        let _ = unsafe { madvise(self.base().cast(), self.len(), Advice::LinuxRemove) };
    }
}

/// See [`Mapping::populate`]; `start` is the first byte of a page of a shared mapping.
pub(super) fn populate(start: *mut u8, length_bytes: usize) -> Result<()> {
    use rustix::mm::{Advice, madvise};
    // SAFETY: populating changes no byte.
    match unsafe { madvise(start.cast(), length_bytes, Advice::LinuxPopulateWrite) } {
        // Linux before 5.14 does not know the advice: then the first store may fault, as in any program.
        Err(Errno::INVAL) => Ok(()),
        // A store would be a SIGBUS: the file system has no room.
        Err(Errno::FAULT) => Err(Errno::NOSPC),
        populated => populated,
    }
}
