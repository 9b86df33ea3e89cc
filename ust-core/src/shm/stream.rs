//! The words of one stream, overlaid on mapped bytes: `shm` lends them to `ring`.
//!
//! Both sides use [`StreamWords`]. A writer adds its [`Window`]: [`WriterWords`].
#![allow(unsafe_code)]

use super::mapping::populate;
use crate::abi::{Geometry, Mode, PAGE_BYTES, StreamControl};
use crate::clock::monotonic_ns;
use crate::ring::{Found, Records, RingMemory, Window, WritableRing};
use crate::sync::{AtomicU32, Ordering::Relaxed, Rmw};
use rustix::io::Errno;
use rustix::thread::futex;

/// How long a writer does not ask again for memory that it was refused.
const SHORTAGE_PAUSE_NS: u64 = 1_000_000;

/// The parts of one mapped stream. `K` as in [`StreamControl`].
#[derive(Debug)]
#[repr(C)]
pub struct StreamWords<K> {
    base: *mut u8,
    geometry: Geometry,
    /// [`Mode::to_word`]: other copies of this code read it too.
    mode: u64,
    kind: core::marker::PhantomData<K>,
}

// SAFETY: `base` points to shared memory: atomics, and bytes that the ring's protocol gives to one side at a time.
unsafe impl<K> Send for StreamWords<K> {}
// SAFETY: as above.
unsafe impl<K> Sync for StreamWords<K> {}

impl<K> Clone for StreamWords<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for StreamWords<K> {}

impl<K: 'static> StreamWords<K> {
    /// Name and offset of its fields.
    pub const FIELDS: [(&str, usize); 3] = [
        ("base", core::mem::offset_of!(Self, base)),
        ("geometry", core::mem::offset_of!(Self, geometry)),
        ("mode", core::mem::offset_of!(Self, mode)),
    ];

    /// The stream that begins at `base`.
    ///
    /// # Safety
    /// `geometry.stream_bytes()` bytes from `base`, which is at the start of a page, stay mapped as long as the
    /// result or a copy of it is used.
    pub const unsafe fn new(base: *mut u8, geometry: Geometry, mode: Mode) -> Self {
        Self { base, geometry, mode: mode.to_word(), kind: core::marker::PhantomData }
    }

    /// The byte at offset `at` from the stream's start. Valid to the end of the memory that contains it.
    ///
    /// # Safety
    /// As for [`RingMemory::frame_at`], but `at` need not be aligned.
    #[inline(always)]
    pub unsafe fn bytes_at(&self, at: usize) -> *mut u8 {
        // SAFETY: the caller's bounds are those of the geometry, and `new`'s caller mapped all of it.
        unsafe { self.base.add(at) }
    }

    /// The bytes of one memory.
    fn memory(&self, memory: usize) -> (*mut u8, usize) {
        debug_assert!(memory < self.geometry.memory_count());
        let start = self.base.wrapping_add(self.geometry.memory_offset(memory));
        (start, self.geometry.subbuf_size_bytes())
    }

    /// Makes the kernel provide a memory now, so that no later store to it can fault. Async-signal-safe.
    ///
    /// # Errors
    /// The kernel cannot provide the memory.
    pub fn populate(&self, memory: usize) -> rustix::io::Result<()> {
        // A sub-buffer consists of whole pages: sizes are powers of two from 4096 on.
        const { assert!(PAGE_BYTES == 4096) };
        let (start, bytes) = self.memory(memory);
        populate(start, bytes)
    }

    /// Copies words out of a memory that is large enough.
    #[inline(always)]
    fn copy_words(&self, start: usize, to: &mut [u8]) {
        // SAFETY: the caller has checked the range. If less than the last word is wanted, the whole word is still
        // there, because a sub-buffer's size is a multiple of four. Relaxed: after the acquire that found the
        // record committed.
        let word = |index: usize| unsafe { self.frame_at(start + 4 * index) }.load(Relaxed);
        let words = to.len() / 4;
        let (whole, rest) = to.split_at_mut(4 * words);
        for (index, chunk) in whole.chunks_exact_mut(4).enumerate() {
            chunk.copy_from_slice(&word(index).to_ne_bytes());
        }
        if !rest.is_empty() {
            rest.copy_from_slice(&word(words).to_ne_bytes()[..rest.len()]);
        }
    }

    /// Writer: why there was no memory for the last sub-buffer that got none. The word is shared, and may hold
    /// anything.
    pub fn memory_shortage(&self) -> Errno {
        let untrusted = self.control().memory_errno.load(Relaxed) as i32;
        // The kernel's numbers are in this range.
        if (1..4096).contains(&untrusted) {
            Errno::from_raw_os_error(untrusted)
        } else {
            Errno::NOMEM
        }
    }

    /// Writer: sleeps until the reader has given sub-buffers back more often than `seen` says, or until the
    /// timeout. May return early. Async-signal-safe.
    pub fn wait_for_release(&self, seen: u32, timeout_ns: u64) {
        let timeout = futex::Timespec {
            tv_sec: (timeout_ns / 1_000_000_000) as _,
            tv_nsec: (timeout_ns % 1_000_000_000) as _,
        };
        // Shared, not private: the reader is another process. No shorter slices are needed: the reader always wakes
        // its waiters.
        let word = self.control().release_seq.futex();
        let _ = futex::wait(word, futex::Flags::empty(), seen, Some(&timeout));
    }

    /// Reader: wakes the writers that wait for room.
    pub fn wake_waiting(&self) {
        if matches!(self.mode(), Mode::Block { .. }) {
            let word = self.control().release_seq.futex();
            let _ = futex::wake(word, futex::Flags::empty(), i32::MAX as u32);
        }
    }
}

impl<K: 'static> Records for StreamWords<K> {
    /// A hostile peer may still write there, so each word is loaded atomically, and the copy is untrusted until
    /// checked.
    #[inline]
    fn copy_out(&self, found: Found, to: &mut [u8]) {
        let Found { memory, offset, length_bytes, .. } = found;
        assert!(memory < self.geometry.memory_count());
        assert!(offset.is_multiple_of(4) && offset <= self.geometry.subbuf_size_bytes());
        assert!(length_bytes <= self.geometry.subbuf_size_bytes() - offset);
        assert!(to.len() <= length_bytes);
        self.copy_words(self.geometry.memory_offset(memory) + offset, to);
    }
}

// SAFETY: `new`'s caller keeps the bytes mapped; the arithmetic is pure.
unsafe impl<K: 'static> RingMemory for StreamWords<K> {
    type Kind = K;

    #[inline(always)]
    fn geometry(&self) -> Geometry {
        self.geometry
    }

    #[inline(always)]
    fn mode(&self) -> Mode {
        Mode::from_word(self.mode).unwrap_or_default()
    }

    #[inline(always)]
    fn control(&self) -> &StreamControl<K> {
        // SAFETY: the control page is the stream's first, mapped and page-aligned; all of it is atomics.
        unsafe { &*self.base.cast() }
    }

    #[inline(always)]
    unsafe fn frame_at(&self, at: usize) -> &AtomicU32 {
        // SAFETY: the caller's bounds; a multiple of four from a page is aligned for a u32.
        unsafe { &*self.bytes_at(at).cast() }
    }

    #[inline(always)]
    fn prefetch(&self, at: usize) {
        #[cfg(target_arch = "x86_64")]
        {
            use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: a prefetch of any address, mapped or not, is a hint that changes nothing.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(self.base.wrapping_add(at).cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = at;
    }

    unsafe fn clear(&self, memory: usize) {
        let (start, bytes) = self.memory(memory);
        // SAFETY: in bounds, and the caller promises that no writer uses it.
        unsafe { start.write_bytes(0, bytes) };
    }
}

/// The parts of one mapped stream, for a writer.
#[derive(Debug)]
pub struct WriterWords<'a, K> {
    /// The words that both sides use.
    pub words: StreamWords<K>,
    /// The stream's window.
    pub window: &'a Window,
    /// The writer.
    pub by: K,
}

// SAFETY: as of the words.
unsafe impl<K: 'static> RingMemory for WriterWords<'_, K> {
    type Kind = K;

    #[inline(always)]
    fn geometry(&self) -> Geometry {
        self.words.geometry()
    }

    #[inline(always)]
    fn mode(&self) -> Mode {
        self.words.mode()
    }

    #[inline(always)]
    fn control(&self) -> &StreamControl<K> {
        self.words.control()
    }

    #[inline(always)]
    unsafe fn frame_at(&self, at: usize) -> &AtomicU32 {
        // SAFETY: the caller's promise.
        unsafe { self.words.frame_at(at) }
    }

    unsafe fn clear(&self, memory: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.words.clear(memory) };
    }
}

// SAFETY: the maker of this value guarantees that the window is this stream's: `Stream`, which owns both.
unsafe impl<K: Rmw> WritableRing for WriterWords<'_, K> {
    #[inline(always)]
    fn by(&self) -> K {
        self.by
    }

    #[inline(always)]
    fn window(&self) -> &Window {
        self.window
    }

    /// Makes no system call if all memory is there: the program may have forbidden them to itself. After a refusal, does
    /// not ask the kernel for a millisecond: an event that is only counted must stay cheap.
    fn prepare(&self, memory: usize) -> bool {
        if self.window.is_resident() {
            return true;
        }
        let until = self.window.shortage_until();
        if until != 0 && monotonic_ns() < until {
            return false;
        }
        let populated = self.words.populate(memory);
        let until = match populated {
            Ok(()) => 0,
            Err(reason) => {
                // Relaxed: any of the reasons will do.
                self.control().memory_errno.store(reason.raw_os_error() as u32, Relaxed);
                monotonic_ns() + SHORTAGE_PAUSE_NS
            }
        };
        self.window.set_shortage_until(until);
        populated.is_ok()
    }

    fn has_checksums(&self) -> bool {
        // Relaxed: stored before the stream had its first writer.
        self.control().has_checksums.load(Relaxed) != 0
    }

    fn deliver(&self) {
        super::doorbell::ring();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shm::Mapping;
    use crate::sync::Local;

    /// A file that is too short stands for a file system without room: populating fails in the same way.
    #[test]
    fn a_place_without_memory_is_asked_for_again_after_a_pause() {
        let geometry = Geometry::new(4096, 2).unwrap();
        let file = tempfile::tempfile().unwrap();
        file.set_len(PAGE_BYTES as u64).unwrap();
        let map = Mapping::new(&file, geometry.stream_bytes()).unwrap();
        // SAFETY: mapped as long as the words are used, and only the first page is touched.
        let words = unsafe { StreamWords::<Local>::new(map.base(), geometry, Mode::Discard) };
        let window = Window::default();
        let writer = WriterWords { words, window: &window, by: Local };
        let errno = &writer.control().memory_errno;
        // Repeats until the second try came within the pause, however busy the machine is.
        loop {
            let started_ns = monotonic_ns();
            window.set_shortage_until(0);
            assert!(!writer.prepare(0));
            assert_eq!(words.memory_shortage(), Errno::NOSPC);
            errno.store(0, Relaxed);
            assert!(!writer.prepare(0));
            if monotonic_ns() < started_ns + SHORTAGE_PAUSE_NS {
                assert_eq!(errno.load(Relaxed), 0, "the kernel was asked again");
                break;
            }
        }
        file.set_len(geometry.stream_bytes() as u64).unwrap();
        std::thread::sleep(std::time::Duration::from_nanos(SHORTAGE_PAUSE_NS));
        assert!(writer.prepare(0));
        assert_eq!(window.shortage_until(), 0);
    }

    /// The file that is too short again: it would refuse.
    #[test]
    fn memory_that_is_resident_is_not_asked_for() {
        let geometry = Geometry::new(4096, 2).unwrap();
        let file = tempfile::tempfile().unwrap();
        file.set_len(PAGE_BYTES as u64).unwrap();
        let map = Mapping::new(&file, geometry.stream_bytes()).unwrap();
        // SAFETY: as above.
        let words = unsafe { StreamWords::<Local>::new(map.base(), geometry, Mode::Discard) };
        let window = Window::default();
        let writer = WriterWords { words, window: &window, by: Local };
        window.set_resident();
        for memory in 0..geometry.memory_count() {
            assert!(writer.prepare(memory));
        }
        assert!(window.is_resident(), "for all later writers, too");
        assert_eq!(writer.control().memory_errno.load(Relaxed), 0);
    }

    #[test]
    fn an_errno_word_that_is_none_means_no_memory() {
        let geometry = Geometry::new(4096, 2).unwrap();
        let file = tempfile::tempfile().unwrap();
        file.set_len(PAGE_BYTES as u64).unwrap();
        let map = Mapping::new(&file, geometry.stream_bytes()).unwrap();
        // SAFETY: as above.
        let words = unsafe { StreamWords::<Local>::new(map.base(), geometry, Mode::Discard) };
        for hostile in [0, 4096, 1 << 31, u32::MAX] {
            words.control().memory_errno.store(hostile, Relaxed);
            assert_eq!(words.memory_shortage(), Errno::NOMEM, "{hostile}");
        }
    }
}
