//! Sealed memfds: files without a name that neither side can shrink under the other's feet.
//!
//! A mapping of a file that gets shorter is a SIGBUS waiting to happen. So the creator seals the size
//! before it maps or sends the file, and a receiver looks at the seals before it maps.

use super::standard::clear_of_standard;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create,
};
use rustix::io;

/// The size can no longer change, nor can anybody add a seal that would take writing away.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// Creates a sparse memfd of `size_bytes`, size sealed, closed on exec. Async-signal-safe.
///
/// # Errors
/// What the kernel says: too many descriptors, no memory.
pub fn create(name: &core::ffi::CStr, size_bytes: usize) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // NOEXEC_SEAL came with Linux 6.3; older kernels refuse the flag.
    let fd = memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL)
        .or_else(|_| memfd_create(name, flags))
        .and_then(clear_of_standard)?;
    set_size(&fd, size_bytes)?;
    fcntl_add_seals(&fd, SEALS)?;
    Ok(fd)
}

/// Sets a file's size, unless that would raise SIGXFSZ: a program may have a limit to the size of its files,
/// and must not die of ours.
///
/// # Errors
/// `FBIG` if the limit is lower, or what the kernel says.
pub fn set_size(fd: impl AsFd, size_bytes: usize) -> io::Result<()> {
    if size_limit_bytes() < size_bytes as u64 {
        return Err(io::Errno::FBIG);
    }
    ftruncate(fd, size_bytes as u64)
}

/// How long a file of this process may be (RLIMIT_FSIZE).
pub fn size_limit_bytes() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current.unwrap_or(u64::MAX)
}

/// Checks that a file from elsewhere has its size sealed; returns the size in bytes.
///
/// # Errors
/// `PERM` if the seals are missing, `INVAL` if it is no file that can be sealed, or what the kernel says.
pub fn check(fd: impl AsFd) -> io::Result<usize> {
    if !fcntl_get_seals(&fd)?.contains(SealFlags::SHRINK | SealFlags::GROW) {
        return Err(io::Errno::PERM);
    }
    usize::try_from(fstat(&fd)?.st_size).map_err(|_| io::Errno::FBIG)
}

/// The inode of an open file: whether a descriptor still is what it was.
///
/// # Errors
/// The descriptor is closed.
pub fn identity(fd: impl AsFd) -> io::Result<(u64, u64)> {
    let stat = fstat(fd)?;
    Ok((stat.st_dev, stat.st_ino))
}

/// Closes a descriptor that may have been the program's to close. Not libc's `close`: that one is a cancellation
/// point, and a thread that ends in the middle of a first event would leave it half done.
///
/// # Safety
/// The number is our own descriptor's, and nobody uses it any more.
#[allow(unsafe_code)]
pub unsafe fn close(number: i32) {
    // SAFETY: the caller's promise.
    unsafe { rustix::io::close(number) };
}
