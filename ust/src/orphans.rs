//! Descriptors that outlive their ring file. The agent frees channels, but only the program's own threads can close
//! a number in the program's descriptor table.
//!
//! The agent leaves number and identity here. The next thread with a first event closes each number that still is
//! the same file.
#![allow(unsafe_code)]

use crate::lockfree::Left;
use rustix::fd::BorrowedFd;
use ust_core::shm::memfd;

/// Device and inode.
type Identity = (u64, u64);

/// The places. If there are more descriptors than places, the rest stay open.
pub(crate) struct Orphans([Left<Identity>; 64]);

impl Orphans {
    pub(crate) const fn new() -> Self {
        Self([const { Left::nothing() }; 64])
    }

    /// Agent: leaves a descriptor of the program's table for a thread of the program to close.
    pub(crate) fn leave(&self, number: i32, identity: Identity) {
        // There is only one agent, so nobody else leaves anything.
        let _ = self.0.iter().any(|place| place.leave(number as u32, identity));
    }

    /// Closes what the agent has left. Async-signal-safe; signals are blocked.
    pub(crate) fn close(&self) {
        for (number, identity) in self.0.iter().filter_map(Left::take) {
            // SAFETY: used for one `fstat`, which says whether the descriptor exists at all.
            let fd = unsafe { BorrowedFd::borrow_raw(number as i32) };
            if memfd::identity(fd) == Ok(identity) {
                // SAFETY: still the memfd of a ring file that nobody uses any more.
                unsafe { memfd::close(number as i32) };
            }
        }
    }
}
