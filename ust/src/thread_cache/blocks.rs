//! The memory of the caches: blocks of pages that a forked child finds zeroed, each block twice as large as the one
//! before.
//!
//! Blocks are never unmapped, so any thread may walk them without asking others. A cache is claimed by a swap, and free
//! again when its thread ends.
#![allow(unsafe_code)]

use super::ThreadCache;
use crate::lockfree::Place;
use crossbeam_utils::CachePadded;
use ust_core::shm::private;

/// Padded to this machine's cache lines, because threads mark their caches at every event. The memory is private, so
/// builds may differ.
type Padded = CachePadded<ThreadCache>;

/// The number of caches in the first block.
const FIRST_BLOCK: usize = 64;

/// See the module page.
pub(super) struct Blocks([Place<Padded>; 16]);

impl Blocks {
    pub(super) const fn new() -> Self {
        Self([const { Place::empty() }; 16])
    }

    /// Claims a free cache. If none is free, offers each cache to `free_if_left`, which frees it if it can and returns
    /// whether it did.
    pub(super) fn claim(
        &self,
        free_if_left: impl Fn(&ThreadCache) -> bool,
    ) -> Option<&'static ThreadCache> {
        self.take_free().or_else(|| {
            let (mut claimed, mut freed) = (0, 0);
            for cache in self.all() {
                claimed += 1;
                freed += usize::from(free_if_left(cache));
            }
            // Few freed caches would soon be taken, and every cache would be checked again. The more caches there are,
            // the rarer these checks must be.
            if 4 * freed <= claimed {
                self.grow();
            }
            self.take_free()
        })
    }

    fn take_free(&self) -> Option<&'static ThreadCache> {
        self.all().find(|cache| cache.tenant.claim())
    }

    /// Every cache, claimed or not.
    pub(super) fn all(&self) -> impl Iterator<Item = &'static ThreadCache> {
        let blocks = self.0.iter().enumerate().map_while(|(number, block)| present(block, number));
        blocks.flatten().map(|padded| &**padded)
    }

    /// In a forked child: forgets the blocks, which are the parent's.
    pub(super) fn forget(&self) {
        self.0.iter().for_each(|block| block.set(None));
    }

    /// Makes the next block, if there is memory for it.
    fn grow(&self) {
        let is_absent = |(number, block): &(usize, &_)| present(block, *number).is_none();
        let Some((number, block)) = self.0.iter().enumerate().find(is_absent) else { return };
        if let Some(pages) = private::wiped_on_fork((FIRST_BLOCK << number) * size_of::<Padded>()) {
            // SAFETY: all zeroes are a valid cache, and the pages are never unmapped.
            let first = unsafe { &*pages.cast() };
            // A thread that loses the race leaves its pages untouched, for good. They use addresses but no memory.
            let _ = block.install(first);
        }
    }
}

fn present(block: &Place<Padded>, number: usize) -> Option<&'static [Padded]> {
    let first = core::ptr::from_ref(block.get()?);
    // SAFETY: an installed block has that many caches, and is never unmapped.
    Some(unsafe { core::slice::from_raw_parts(first, FIRST_BLOCK << number) })
}
