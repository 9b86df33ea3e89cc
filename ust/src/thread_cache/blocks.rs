//! Where caches come from: blocks of pages that a forked child finds zeroed, each twice as large as the one before.
//!
//! They are never unmapped: whoever walks them need not know who else does. A cache is claimed by a swap and free again
//! when its thread ends.
#![allow(unsafe_code)]

use super::ThreadCache;
use core::ptr;
use crossbeam_utils::CachePadded;
use ust_core::shm::private;
use ust_core::sync::{AtomicPtr, Ordering};

/// Private memory, so padded as this machine likes it: threads mark their caches with every event.
type Padded = CachePadded<ThreadCache>;

/// Caches in the first block.
const FIRST_BLOCK: usize = 64;

/// See the module page.
pub(super) struct Blocks([AtomicPtr<Padded>; 16]);

impl Blocks {
    pub(super) const fn new() -> Self {
        Self([const { AtomicPtr::new(ptr::null_mut()) }; 16])
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
        self.all().find(|cache| !cache.is_claimed.swap(true, Ordering::Acquire))
    }

    /// Every cache, claimed or not.
    pub(super) fn all(&self) -> impl Iterator<Item = &'static ThreadCache> {
        let blocks = self.0.iter().enumerate().map_while(|(number, block)| present(block, number));
        blocks.flatten().map(|padded| &**padded)
    }

    /// Forked child: they are the parent's.
    pub(super) fn forget(&self) {
        for block in &self.0 {
            block.store(ptr::null_mut(), Ordering::Release);
        }
    }

    /// Makes the next block, if there is memory for it.
    fn grow(&self) {
        let is_absent = |(number, block): &(usize, &_)| present(block, *number).is_none();
        let Some((number, block)) = self.0.iter().enumerate().find(is_absent) else { return };
        if let Some(pages) = private::wiped_on_fork((FIRST_BLOCK << number) * size_of::<Padded>()) {
            // Who loses the race leaves its pages untouched, for good: addresses, no memory.
            let _ = block.compare_exchange(
                ptr::null_mut(),
                pages.cast(),
                Ordering::AcqRel,
                Ordering::Acquire,
            );
        }
    }
}

fn present(block: &AtomicPtr<Padded>, number: usize) -> Option<&'static [Padded]> {
    let first = block.load(Ordering::Acquire);
    // SAFETY: a block that stands here has that many caches, zeroed at first, and is never unmapped.
    (!first.is_null()).then(|| unsafe { core::slice::from_raw_parts(first, FIRST_BLOCK << number) })
}
