//! Memory between two pages that nobody may touch.

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use ust_core::sync::AtomicU32;

/// More than a sub-buffer: a walk that leaves its memory by a whole one is caught too.
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
    /// `length_bytes` of it: whole pages.
    pub fn new(length_bytes: usize) -> Self {
        let all = length_bytes + 2 * GUARD_BYTES;
        // SAFETY: a new mapping where the kernel likes it.
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

    /// The first byte that may be touched.
    pub fn base(&self) -> *mut u8 {
        self.start.wrapping_add(GUARD_BYTES)
    }

    /// How many words there are.
    pub fn word_count(&self) -> usize {
        self.length_bytes / 4
    }

    /// One of them.
    pub fn word(&self, index: usize) -> &AtomicU32 {
        assert!(index < self.word_count());
        // SAFETY: within the opened part, aligned, and mapped as long as `self` lives.
        unsafe { &*self.base().add(index * 4).cast() }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: the whole mapping; whoever borrowed from it is gone.
        let _ = unsafe { munmap(self.start.cast(), self.length_bytes + 2 * GUARD_BYTES) };
    }
}
