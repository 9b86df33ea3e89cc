//! The agent's descriptor table: its own, if it can be had.
//!
//! A program that closes everything it does not know leaves the agent's connection alone, and does not find strange numbers
//! taken.
#![allow(unsafe_code)]

use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::io;
use ust_core::shm::standard::clear_of_standard;

/// Whose descriptor table the agent uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    /// Its own, in which every number is free: a process with a limit of four descriptors, all taken, can still
    /// introduce itself.
    Own,
    /// The program's.
    Program,
}

impl Table {
    /// The descriptor, under a number that it may have.
    pub(crate) fn place(self, fd: OwnedFd) -> io::Result<OwnedFd> {
        match self {
            Table::Own => Ok(fd),
            Table::Program => clear_of_standard(fd),
        }
    }

    /// A descriptor table of the calling thread's own, with nothing in it but what it is to keep, if it can be had.
    pub(crate) fn leave_program(keep: Option<BorrowedFd<'_>>) -> Self {
        let keep = keep.map(|fd| fd.as_raw_fd() as u32);
        // SAFETY: system calls on this thread's own table; if the first fails, the second is not made.
        unsafe {
            if libc::unshare(libc::CLONE_FILES) != 0 {
                return Table::Program;
            }
            let behind = keep.map_or(0, |fd| fd + 1);
            if let Some(last) = keep.and_then(|fd| fd.checked_sub(1)) {
                libc::syscall(libc::SYS_close_range, 0, last, 0);
            }
            libc::syscall(libc::SYS_close_range, behind, u32::MAX, 0);
        }
        Table::Own
    }
}
