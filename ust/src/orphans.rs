//! Descriptors that outlive their ring file: the agent frees a channel, but a number in the program's table
//! only the program's threads can close.
//!
//! The agent puts number and identity here; the next thread that has a first event closes what still is what it was.
#![allow(unsafe_code)]

use crate::lockfree::Left;
use rustix::fd::BorrowedFd;
use ust_core::shm::memfd;

/// Device and inode.
type Identity = (u64, u64);

/// The places: if more wait than there are, the others stay open.
pub(crate) struct Orphans([Left<Identity>; 64]);

impl Orphans {
    pub(crate) const fn new() -> Self {
        Self([const { Left::nothing() }; 64])
    }

    /// Agent: leaves a descriptor of the program's table for a thread of the program to close.
    pub(crate) fn leave(&self, number: i32, identity: Identity) {
        // There is one agent, so nobody else leaves anything.
        let _ = self.0.iter().any(|place| place.leave(number as u32, identity));
    }

    /// Closes what has been left. Async-signal-safe; signals are blocked.
    pub(crate) fn close(&self) {
        for (number, identity) in self.0.iter().filter_map(Left::take) {
            // SAFETY: used for one `fstat`, which says whether there is such a descriptor at all.
            let fd = unsafe { BorrowedFd::borrow_raw(number as i32) };
            if memfd::identity(fd) == Ok(identity) {
                // SAFETY: still the memfd of a ring file that nobody has any more.
                unsafe { memfd::close(number as i32) };
            }
        }
    }
}
