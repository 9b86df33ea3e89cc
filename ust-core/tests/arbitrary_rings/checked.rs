//! A ring's memory that checks the reader's accesses.

use core::cell::Cell;
use ust_core::abi::{Geometry, Mode, StreamControl};
use ust_core::ring::RingMemory;
use ust_core::shm::StreamWords;
use ust_core::sync::{AtomicU32, ReadOnly};

/// The words of a stream. Each access is checked against the contract of [`RingMemory`], and counted.
#[derive(Debug)]
pub struct Checked {
    words: StreamWords<ReadOnly>,
    loads_left: Cell<usize>,
    controls_left: Cell<usize>,
    /// The memory that the present call has loaded by its place in the stream.
    memory: Cell<Option<usize>>,
}

impl Checked {
    /// Checks accesses to `words`.
    pub fn new(words: StreamWords<ReadOnly>) -> Self {
        Self {
            words,
            loads_left: Cell::new(0),
            controls_left: Cell::new(usize::MAX),
            memory: Cell::new(None),
        }
    }

    /// Sets how many words of the sub-buffers the reader may load from now on, and how often it may look at
    /// the control page.
    pub fn allow(&self, loads: usize, controls: usize) {
        self.loads_left.set(loads);
        self.controls_left.set(controls);
        self.memory.set(None);
    }

    /// The words, for copying records out.
    pub fn words(&self) -> &StreamWords<ReadOnly> {
        &self.words
    }
}

// SAFETY: checked words are lent as `StreamWords` lends them.
unsafe impl RingMemory for Checked {
    type Kind = ReadOnly;

    fn geometry(&self) -> Geometry {
        self.words.geometry()
    }

    fn mode(&self) -> Mode {
        self.words.mode()
    }

    fn control(&self) -> &StreamControl<ReadOnly> {
        let left = self.controls_left.get().checked_sub(1);
        self.controls_left
            .set(left.expect("the control page is looked at for ever: it goes round"));
        self.words.control()
    }

    unsafe fn frame_at(&self, at: usize) -> &AtomicU32 {
        let geometry = self.geometry();
        let in_memories = at.checked_sub(geometry.memory_offset(0)).expect("in a memory");
        let subbuf_bytes = geometry.subbuf_size_bytes();
        let memory = in_memories / subbuf_bytes;
        let first = self.memory.replace(Some(memory)).unwrap_or(memory);
        assert_eq!(memory, first, "byte {at} lies behind the end of the sub-buffer, or before it");
        // SAFETY: the caller's promise, which is checked there.
        unsafe { self.frame(memory, in_memories % subbuf_bytes) }
    }

    unsafe fn frame(&self, memory: usize, offset: usize) -> &AtomicU32 {
        let geometry = self.geometry();
        assert!(memory < geometry.memory_count(), "memory {memory} does not exist");
        assert!(offset.is_multiple_of(4), "the frame word at {offset} is not aligned");
        assert!(offset < geometry.subbuf_size_bytes(), "{offset} lies behind the sub-buffer's end");
        let left = self.loads_left.get().checked_sub(1);
        self.loads_left
            .set(left.expect("a walk looks at more words than there are: it goes round"));
        // SAFETY: asserted just now.
        unsafe { self.words.frame(memory, offset) }
    }

    unsafe fn clear(&self, memory: usize) {
        assert!(memory < self.geometry().memory_count(), "memory {memory} does not exist");
        // SAFETY: asserted above; the tests' writers are done, or scribble by atomics.
        unsafe { self.words.clear(memory) };
    }
}
