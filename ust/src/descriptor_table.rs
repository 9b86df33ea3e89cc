//! The agent's descriptor table: its own, if the kernel allows.
//!
//! A program that closes every descriptor it does not know then leaves the agent's connection alone, and finds no
//! unknown numbers in use.
#![allow(unsafe_code)]

use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::io;
use ust_core::shm::out_of_the_way::{clear_of_standard, out_of_the_way};

/// Whose descriptor table the agent uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    /// Its own, in which every number is free. So a process whose limit is four descriptors, all in use, can still
    /// introduce itself.
    Own,
    /// The program's.
    Program,
}

impl Table {
    /// Returns the descriptor under a number that it may have in this table.
    pub(crate) fn place(self, fd: OwnedFd) -> io::Result<OwnedFd> {
        match self {
            Table::Own => Ok(fd),
            Table::Program => clear_of_standard(fd).map(out_of_the_way),
        }
    }

    /// Gives the calling thread a descriptor table of its own that holds only `keep`, if the kernel allows.
    pub(crate) fn leave_program(keep: Option<BorrowedFd<'_>>) -> Self {
        let keep = keep.map(|fd| fd.as_raw_fd() as u32);
        // SAFETY: system calls on this thread's own table; if `unshare` fails, nothing is closed.
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
