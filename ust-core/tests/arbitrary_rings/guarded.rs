//! Memory between two inaccessible areas.

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use ust_core::sync::AtomicU32;

/// More than a sub-buffer, so that a walk which misses its memory by a whole sub-buffer is caught
/// too.
const GUARD_BYTES: usize = 64 << 10;

/// Zeroed memory, guarded on both sides.
#[derive(Debug)]
pub struct Guarded {
    start: *mut u8,
    length_bytes: usize,
}

// SAFETY: plain memory, which is only ever used as atomic words.
unsafe impl Send for Guarded {}
// SAFETY: as above.
unsafe impl Sync for Guarded {}

impl Guarded {
    /// Makes `length_bytes` of it: whole pages.
    pub fn new(length_bytes: usize) -> Self {
        let all = length_bytes + 2 * GUARD_BYTES;
        // SAFETY: a new mapping, at an address that the kernel chooses.
        let start = unsafe {
            mmap_anonymous(core::ptr::null_mut(), all, ProtFlags::empty(), MapFlags::PRIVATE)
        };
        let start: *mut u8 = start.expect("there is address space").cast();
        // SAFETY: within the mapping that was just made.
        let opened = unsafe {
            let middle = start.add(GUARD_BYTES);
            mprotect(middle.cast(), length_bytes, MprotectFlags::READ | MprotectFlags::WRITE)
        };
        opened.expect("fresh pages can be opened");
        Self { start, length_bytes }
    }

    /// The first accessible byte.
    pub fn base(&self) -> *mut u8 {
        self.start.wrapping_add(GUARD_BYTES)
    }

    /// The number of words.
    pub fn word_count(&self) -> usize {
        self.length_bytes / 4
    }

    /// One word.
    pub fn word(&self, index: usize) -> &AtomicU32 {
        assert!(index < self.word_count());
        // SAFETY: within the opened part, aligned, and mapped as long as `self` lives.
        unsafe { &*self.base().add(index * 4).cast() }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: the whole mapping; everything borrowed from it is gone.
        let _ = unsafe { munmap(self.start.cast(), self.length_bytes + 2 * GUARD_BYTES) };
    }
}
