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

/// A cache that is nobody's, or in a full block one that `is_taken_over`.
pub fn claim(is_taken_over: impl Fn(&ThreadCache) -> bool) -> Option<&'static ThreadCache> {
    for (number, block) in BLOCKS.iter().enumerate() {
        let caches = present(block, number).or_else(|| make(block, number))?;
        let is_free = |cache: &&Padded| !cache.is_claimed.swap(true, Ordering::Acquire);
        let claimed = caches.iter().find(is_free);
        if let Some(cache) = claimed.or_else(|| caches.iter().find(|cache| is_taken_over(cache))) {
            return Some(cache);
        }
    }
    None
}

/// Every cache, claimed or not.
pub fn all() -> impl Iterator<Item = &'static ThreadCache> {
    let blocks = BLOCKS.iter().enumerate().filter_map(|(number, block)| present(block, number));
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

fn make(block: &AtomicPtr<Padded>, number: usize) -> Option<&'static [Padded]> {
    let pages = private::wiped_on_fork((FIRST_BLOCK << number) * size_of::<Padded>())?;
    // Who loses the race leaves its pages untouched, for good: addresses, no memory.
    let _ =
        block.compare_exchange(ptr::null_mut(), pages.cast(), Ordering::AcqRel, Ordering::Acquire);
    present(block, number)
}
