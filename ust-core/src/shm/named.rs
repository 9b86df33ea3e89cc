//! Files with a name, in place of memfds: what stands in them outlives the death of everybody who maps them.
//!
//! They cannot be sealed. Whoever may write to them can truncate them under a mapping; that is the user, who
//! asked for them, and nobody else: the directory is closed to others, and so is each file.

use super::memfd::set_size;
use super::standard::clear_of_standard;
use crate::abi::ShmPath;
use core::ffi::CStr;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, fchmod, open, stat, unlink};
use rustix::io::{self, Errno};

/// Makes sure that the directory is the consumer's, as far as it is known which that is. Async-signal-safe.
///
/// # Errors
/// `STALE`: it is another one, after chroot or in another mount namespace; or what the kernel says.
pub fn check_directory(dir: ShmPath) -> io::Result<()> {
    let Some(meant) = dir.directory else { return Ok(()) };
    let found = stat(dir.own().as_c_str())?;
    match (found.st_dev, found.st_ino) == meant {
        true => Ok(()),
        false => Err(Errno::STALE),
    }
}

/// Creates a sparse file of `size_bytes`, readable by this user alone, closed on exec. Async-signal-safe.
///
/// # Errors
/// There is something of that name, or what the kernel says. Then there is no file.
pub fn create(name: &CStr, size_bytes: usize) -> io::Result<OwnedFd> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let owner = Mode::RUSR | Mode::WUSR;
    let fd = open(name, flags, owner)?;
    let sized = clear_of_standard(fd).and_then(|fd| {
        // Whatever the program's umask: it is to be opened again, by its name.
        fchmod(&fd, owner)?;
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
