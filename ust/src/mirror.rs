//! Mirrors: copies of the process file beside rings that are to outlive both sides.
//!
//! ```text
//!   slot 0  ---.
//!   slot 1  ---+--> Mirror: DIR/process-UID      all channels of one session, which share a directory
//!   slot 2  (none)
//!   slot 3  ------> Mirror: OTHER/process-UID
//! ```
//!
//! The thread that holds the registry writes them. A mirror that had no room for an entry of the log holds none of the
//! later entries, and has no memory for them.

use crate::lockfree::Place;
use core::ptr;
use ust_core::abi::{CHANNEL_SLOTS, ShmPath};
use ust_core::shm::Mapping;
use ust_core::sync::{AtomicU64, Ordering};

/// One mirror.
#[derive(Debug)]
pub struct Mirror {
    /// The file.
    pub map: Mapping,
    dir: ShmPath,
    held_bytes: AtomicU64,
}

impl Mirror {
    /// A mirror in `dir` that holds the first `held_bytes` of the log.
    pub fn new(map: Mapping, dir: ShmPath, held_bytes: u64) -> Self {
        Self { map, dir, held_bytes: AtomicU64::new(held_bytes) }
    }

    /// Whether it holds the log up to `end`, and no further.
    pub fn holds(&self, end: usize) -> bool {
        self.held_bytes.load(Ordering::Relaxed) == end as u64
    }

    /// Whether it holds the entry that begins at `start`.
    pub fn holds_entry(&self, start: usize) -> bool {
        self.held_bytes.load(Ordering::Relaxed) > start as u64
    }

    /// Notes that it now holds the log up to `end`.
    pub fn note_held(&self, end: usize) {
        self.held_bytes.store(end as u64, Ordering::Relaxed);
    }
}

/// The mirrors of a process file, by channel slot. A mirror is freed like its slot's channel: when no thread is in a
/// tracepoint.
#[derive(Debug)]
pub struct Mirrors([Place<Mirror>; CHANNEL_SLOTS]);

impl Mirrors {
    /// No mirrors.
    pub const fn new() -> Self {
        Self([const { Place::empty() }; CHANNEL_SLOTS])
    }

    /// The slot's mirror.
    pub fn at(&self, slot: usize) -> Option<&'static Mirror> {
        self.0[slot].get()
    }

    /// Each mirror, once.
    pub fn all(&self) -> impl Iterator<Item = &'static Mirror> {
        let is_first = |slot: usize, mirror: &Mirror| {
            !(0..slot).any(|earlier| self.at(earlier).is_some_and(|it| ptr::eq(it, mirror)))
        };
        (0..CHANNEL_SLOTS)
            .filter_map(move |slot| self.at(slot).filter(|mirror| is_first(slot, mirror)))
    }

    /// The mirror in a directory.
    pub fn of(&self, dir: ShmPath) -> Option<&'static Mirror> {
        self.all().find(|mirror| mirror.dir == dir)
    }

    /// Sets the slot's mirror, or none.
    pub fn set(&self, slot: usize, mirror: Option<&'static Mirror>) {
        self.0[slot].set(mirror);
    }

    /// Removes the slot's mirror, and returns it if no other slot has it.
    pub fn take(&self, slot: usize) -> Option<&'static Mirror> {
        let mirror = self.at(slot);
        self.set(slot, None);
        mirror.filter(|mirror| !self.all().any(|other| ptr::eq(other, *mirror)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ust_core::abi::PAGE_BYTES;
    use ust_core::shm::{memfd, private};

    fn mirror(dir: &[u8]) -> &'static Mirror {
        let fd = memfd::create(c"mirror", PAGE_BYTES).unwrap();
        let map = Mapping::new(&fd, PAGE_BYTES).unwrap();
        private::place(Mirror::new(map, ShmPath::new(dir).unwrap(), 0)).unwrap()
    }

    #[test]
    fn slots_of_one_directory_share_a_mirror_and_the_last_one_takes_it_away() {
        let mirrors = Mirrors::new();
        let (a, b) = (mirror(b"/a"), mirror(b"/b"));
        for (slot, mirror) in [(0, a), (3, b), (5, a)] {
            mirrors.set(slot, Some(mirror));
        }
        assert_eq!(mirrors.all().count(), 2);
        let of = |dir| mirrors.of(ShmPath::new(dir).unwrap());
        assert!(of(b"/a").is_some_and(|found| ptr::eq(found, a)) && of(b"/c").is_none());
        assert!(mirrors.take(0).is_none(), "slot 5 has it still");
        assert!(mirrors.take(5).is_some_and(|last| ptr::eq(last, a)));
        assert!(mirrors.take(3).is_some_and(|last| ptr::eq(last, b)));
        assert!(mirrors.take(3).is_none() && mirrors.all().next().is_none());
    }
}
