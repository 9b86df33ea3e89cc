//! Files with a name, in place of memfds: what stands in them outlives the death of everybody who maps them.
//!
//! They cannot be sealed. Whoever may write to them can truncate them under a mapping; that is the user, who
//! asked for them, and nobody else: the directory is closed to others, and so is each file.

use super::memfd::set_size;
use super::standard::clear_of_standard;
use core::ffi::CStr;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, open, unlink};
use rustix::io;

/// Creates a sparse file of `size_bytes`, readable by this user alone, closed on exec. Async-signal-safe.
///
/// # Errors
/// There is something of that name, or what the kernel says. Then there is no file.
pub fn create(name: &CStr, size_bytes: usize) -> io::Result<OwnedFd> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let fd = open(name, flags, Mode::RUSR | Mode::WUSR)?;
    let sized = clear_of_standard(fd).and_then(|fd| {
        set_size(&fd, size_bytes)?;
        Ok(fd)
    });
    sized.inspect_err(|_| remove(name))
}

/// Removes a file of ours, which nobody wants. Async-signal-safe.
pub fn remove(name: &CStr) {
    // If it is gone already, all the better.
    let _ = unlink(name);
}
