//! Where caches come from: blocks of pages that a forked child finds zeroed, each twice as large as the one before.
//!
//! They are never unmapped: whoever walks them need not know who else does. A cache is claimed by a swap and free again
//! when its thread ends.
#![allow(unsafe_code)]

use super::ThreadCache;
use crate::lockfree::Place;
use crossbeam_utils::CachePadded;
use ust_core::shm::private;

/// Private memory, so padded as this machine likes it: threads mark their caches with every event.
type Padded = CachePadded<ThreadCache>;

/// Caches in the first block.
const FIRST_BLOCK: usize = 64;

/// See the module page.
pub(super) struct Blocks([Place<Padded>; 16]);

impl Blocks {
    pub(super) const fn new() -> Self {
        Self([const { Place::empty() }; 16])
    }

    /// A cache that is nobody's. Where there is none any more, each is shown to `free_if_left`, which says whether it is
    /// free now.
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
            // A few are soon taken, and then all are looked at again: the more there are, the more seldom that must be.
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

    /// Forked child: they are the parent's.
    pub(super) fn forget(&self) {
        self.0.iter().for_each(|block| block.set(None));
    }

    /// Makes the next block, if there is memory for it.
    fn grow(&self) {
        let is_absent = |(number, block): &(usize, &_)| present(block, *number).is_none();
        let Some((number, block)) = self.0.iter().enumerate().find(is_absent) else { return };
        if let Some(pages) = private::wiped_on_fork((FIRST_BLOCK << number) * size_of::<Padded>()) {
            // SAFETY: zeroes are a cache, and pages are never unmapped.
            let first = unsafe { &*pages.cast() };
            // Who loses the race leaves its pages untouched, for good: addresses, no memory.
            let _ = block.install(first);
        }
    }
}

fn present(block: &Place<Padded>, number: usize) -> Option<&'static [Padded]> {
    let first = core::ptr::from_ref(block.get()?);
    // SAFETY: a block that stands here has that many caches, and is never unmapped.
    Some(unsafe { core::slice::from_raw_parts(first, FIRST_BLOCK << number) })
}
