//! Descriptors that outlive their ring file: the agent frees a channel, but a number in the program's table
//! only the program's threads can close.
//!
//! The agent puts number and identity here; the next thread that has a first event closes what still is
//! what it was. A place is taken by the number (plus one), last to be written and first to be cleared.
#![allow(unsafe_code)]

use rustix::fd::BorrowedFd;
use ust_core::shm::memfd;
use ust_core::sync::{AtomicU32, AtomicU64, Ordering};

struct Orphan {
    number: AtomicU32,
    device: AtomicU64,
    inode: AtomicU64,
}

/// The places: if more wait than there are, the others stay open.
pub(crate) struct Orphans([Orphan; 64]);

impl Orphans {
    pub(crate) const fn new() -> Self {
        Self(
            [const {
                Orphan {
                    number: AtomicU32::new(0),
                    device: AtomicU64::new(0),
                    inode: AtomicU64::new(0),
                }
            }; 64],
        )
    }

    /// Agent: leaves a descriptor of the program's table for a thread of the program to close.
    pub(crate) fn leave(&self, number: i32, (device, inode): (u64, u64)) {
        let is_free = |orphan: &&Orphan| orphan.number.load(Ordering::Acquire) == 0;
        let Some(place) = self.0.iter().find(is_free) else { return };
        place.device.store(device, Ordering::Relaxed);
        place.inode.store(inode, Ordering::Relaxed);
        // Release: pairs with the swap below. There is one agent, so nobody else takes the place.
        place.number.store(number as u32 + 1, Ordering::Release);
    }

    /// Closes what has been left. Async-signal-safe; signals are blocked.
    pub(crate) fn close(&self) {
        for orphan in self.0.iter().filter(|orphan| orphan.number.load(Ordering::Relaxed) != 0) {
            let identity =
                (orphan.device.load(Ordering::Relaxed), orphan.inode.load(Ordering::Relaxed));
            let Some(number) = orphan.number.swap(0, Ordering::Acquire).checked_sub(1) else {
                continue;
            };
            // SAFETY: used for one `fstat`, which says whether there is such a descriptor at all.
            let fd = unsafe { BorrowedFd::borrow_raw(number as i32) };
            if memfd::identity(fd) == Ok(identity) {
                // SAFETY: still the memfd of a ring file that nobody has any more.
                unsafe { memfd::close(number as i32) };
            }
        }
    }
}
