//! Where caches come from: blocks of pages that a forked child finds zeroed, each twice as large as the one before.
//!
//! They are never unmapped: whoever walks them need not know who else does. A cache is claimed by a swap and free again
//! when its thread ends.
#![allow(unsafe_code)]

use super::ThreadCache;
use crate::shm::private;
use crate::sync::{AtomicPtr, Ordering};
use core::ptr;
use crossbeam_utils::CachePadded;

/// Private memory, so padded as this machine likes it: threads mark their caches with every event.
type Padded = CachePadded<ThreadCache>;

/// Caches in the first block.
const FIRST_BLOCK: usize = 64;

static BLOCKS: [AtomicPtr<Padded>; 16] = [const { AtomicPtr::new(ptr::null_mut()) }; 16];

/// A cache that is nobody's. Where there is none any more, each is shown to `free_if_left`, which says whether it is
/// free now.
pub fn claim(free_if_left: impl Fn(&ThreadCache) -> bool) -> Option<&'static ThreadCache> {
    take_free().or_else(|| {
        let (mut claimed, mut freed) = (0, 0);
        for cache in all() {
            claimed += 1;
            freed += usize::from(free_if_left(cache));
        }
        // A few are soon taken, and then all are looked at again: the more there are, the more seldom that must be.
        if 4 * freed <= claimed {
            grow();
        }
        take_free()
    })
}

fn take_free() -> Option<&'static ThreadCache> {
    all().find(|cache| !cache.is_claimed.swap(true, Ordering::Acquire))
}

/// Every cache, claimed or not.
pub fn all() -> impl Iterator<Item = &'static ThreadCache> {
    let blocks = BLOCKS.iter().enumerate().map_while(|(number, block)| present(block, number));
    blocks.flatten().map(|padded| &**padded)
}

/// Forked child: they are the parent's.
pub fn forget() {
    for block in &BLOCKS {
        block.store(ptr::null_mut(), Ordering::Release);
    }
}

fn present(block: &AtomicPtr<Padded>, number: usize) -> Option<&'static [Padded]> {
    let first = block.load(Ordering::Acquire);
    // SAFETY: a block that stands here has that many caches, zeroed at first, and is never unmapped.
    (!first.is_null()).then(|| unsafe { core::slice::from_raw_parts(first, FIRST_BLOCK << number) })
}

/// Makes the next block, if there is memory for it.
fn grow() {
    let is_absent = |(number, block): &(usize, &_)| present(block, *number).is_none();
    let Some((number, block)) = BLOCKS.iter().enumerate().find(is_absent) else { return };
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
