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
        loop {
            if let Some(cache) = self.take_free() {
                return Some(cache);
            }
            let present = self.present();
            let (mut all, mut free) = (0, 0);
            for cache in self.all() {
                all += 1;
                // Another claim may be looking too, and have freed it before.
                free += usize::from(free_if_left(cache) || !cache.tenant.is_claimed());
            }
            // Few free caches would soon be taken, and every cache would be checked again. The more caches there are,
            // the rarer these checks must be.
            if 4 * free <= all {
                self.grow_behind(present);
            }
            // Other threads may take all that is free now before this one does. So it gives up only if there is nothing.
            if free == 0 && self.present() == present {
                return None;
            }
        }
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

    /// The number of blocks.
    fn present(&self) -> usize {
        self.0.iter().enumerate().map_while(|(number, block)| present(block, number)).count()
    }

    /// Makes block `number`, if there is memory for it and no other thread makes it. Threads that find the same blocks
    /// full make one block between them.
    fn grow_behind(&self, number: usize) {
        let Some(block) = self.0.get(number).filter(|block| present(block, number).is_none())
        else {
            return;
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::sync::Barrier;

    /// The number of caches in the first `count` blocks.
    const fn caches_of(count: usize) -> usize {
        FIRST_BLOCK * ((1 << count) - 1)
    }

    fn full_block() -> Blocks {
        let blocks = Blocks::new();
        (0..caches_of(1)).for_each(|_| assert!(blocks.claim(|_| false).is_some()));
        assert_eq!(blocks.all().count(), caches_of(1));
        blocks
    }

    /// Threads that find all caches claimed at the same time make one block, not one each: every block is twice as
    /// large as the one before.
    #[test]
    fn claims_beside_each_other_grow_once() {
        const THREADS: usize = 8;
        let (blocks, looking) = (full_block(), Barrier::new(THREADS));
        let first = core::ptr::from_ref(blocks.all().next().unwrap()).addr();
        let left = |cache: &ThreadCache| {
            // Nobody grows before everybody looks.
            if core::ptr::from_ref(cache).addr() == first {
                looking.wait();
            }
            false
        };
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| assert!(blocks.claim(left).is_some()));
            }
        });
        assert_eq!(blocks.all().count(), caches_of(2));
    }

    /// A claim counts the caches that another claim has just freed: it needs no more memory.
    #[test]
    fn caches_that_others_free_are_enough() {
        let blocks = full_block();
        let others = |cache: &ThreadCache| {
            cache.tenant.note(1);
            assert!(cache.tenant.free_if(|_| true, || ()));
            false
        };
        assert!(blocks.claim(others).is_some());
        assert_eq!(blocks.all().count(), caches_of(1));
    }

    /// Other threads may take what a claim has freed before it does: then it looks again.
    #[test]
    fn a_claim_that_others_overtake_looks_again() {
        let blocks = full_block();
        let offers = Cell::new(0);
        let freed_and_taken = |_: &ThreadCache| offers.replace(offers.get() + 1) < caches_of(1);
        assert!(blocks.claim(freed_and_taken).is_some());
    }
}
