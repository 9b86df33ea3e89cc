//! Sealed memfds: files without a name whose size neither side can change.
//!
//! If a mapped file gets shorter, a load of the missing part raises SIGBUS. So the creator seals the size before it
//! maps or sends the file, and a receiver checks the seals before it maps. Seals alone are not enough: on hugetlbfs,
//! pages can be removed from a sealed file, and there may be none to replace them. So a receiver checks the file system
//! too.

use super::out_of_the_way::clear_of_standard;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, fstatfs, ftruncate,
    memfd_create,
};
use rustix::io;

/// The size can no longer change, and nobody can add a seal that forbids writing.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// Creates a sparse memfd of `size_bytes` whose size is sealed, closed on exec. Async-signal-safe.
///
/// # Errors
/// The kernel's error: too many descriptors, no memory.
pub fn create(name: &core::ffi::CStr, size_bytes: usize) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // NOEXEC_SEAL exists since Linux 6.3; older kernels refuse the flag.
    let fd = memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL)
        .or_else(|_| memfd_create(name, flags))
        .and_then(clear_of_standard)?;
    set_size(&fd, size_bytes)?;
    fcntl_add_seals(&fd, SEALS)?;
    Ok(fd)
}

/// Sets a file's size, unless that would raise SIGXFSZ: a program may limit the size of its files, and must not die of
/// ours.
///
/// # Errors
/// `FBIG` if the limit is lower, or the kernel's error.
pub fn set_size(fd: impl AsFd, size_bytes: usize) -> io::Result<()> {
    if size_limit_bytes() < size_bytes as u64 {
        return Err(io::Errno::FBIG);
    }
    ftruncate(fd, size_bytes as u64)
}

/// The maximum size of a file of this process (RLIMIT_FSIZE).
pub fn size_limit_bytes() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current.unwrap_or(u64::MAX)
}

/// Why a file from elsewhere is not mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untrusted {
    /// Its size can change.
    NotSealed,
    /// It is not a file that can be sealed, or is not in memory.
    NoMemfd,
    /// It consists of huge pages, which can be removed without replacement.
    HugePages,
    /// It is larger than this machine can address.
    TooLarge,
    /// The kernel does not let us check it.
    Kernel(io::Errno),
}

impl core::fmt::Display for Untrusted {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Untrusted::NotSealed => f.write_str("its size is not sealed"),
            Untrusted::NoMemfd => f.write_str("it is not a memfd"),
            Untrusted::HugePages => f.write_str("it is made of huge pages"),
            Untrusted::TooLarge => f.write_str("it is larger than this machine can address"),
            Untrusted::Kernel(error) => write!(f, "it cannot be looked at: {error}"),
        }
    }
}

impl core::error::Error for Untrusted {}

/// `f_type` of memfds in statfs(2), and of memfds of huge pages.
const TMPFS_MAGIC: u32 = 0x0102_1994;
const HUGETLBFS_MAGIC: u32 = 0x9584_58f6;

/// Checks that a file from elsewhere is a memfd of ordinary pages with its size sealed. Returns the size in bytes.
///
/// After that its bytes can be loaded at any time: pages that somebody punches out come back zeroed.
///
/// # Errors
/// What is wrong with it.
pub fn check(fd: impl AsFd) -> Result<usize, Untrusted> {
    let seals = match fcntl_get_seals(&fd) {
        Err(io::Errno::INVAL) => return Err(Untrusted::NoMemfd),
        seals => seals.map_err(Untrusted::Kernel)?,
    };
    if !seals.contains(SealFlags::SHRINK | SealFlags::GROW) {
        return Err(Untrusted::NotSealed);
    }
    let file_system = fstatfs(&fd).map_err(Untrusted::Kernel)?;
    // The field's width depends on the machine.
    match file_system.f_type as u32 {
        HUGETLBFS_MAGIC => return Err(Untrusted::HugePages),
        TMPFS_MAGIC => {}
        _ => return Err(Untrusted::NoMemfd),
    }
    if file_system.f_bsize as i64 != page_bytes() {
        return Err(Untrusted::HugePages);
    }
    let size_bytes = fstat(&fd).map_err(Untrusted::Kernel)?.st_size;
    usize::try_from(size_bytes).map_err(|_| Untrusted::TooLarge)
}

/// Bytes of a page. From libc, which has it from the loader. rustix would read the auxiliary vector and look into the
/// vDSO, which valgrind has unmapped.
#[allow(unsafe_code)]
fn page_bytes() -> i64 {
    // SAFETY: takes a number and touches no memory.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as i64 }
}

/// Device and inode of an open file. They tell whether a descriptor still is what it was.
///
/// # Errors
/// The descriptor is closed.
pub fn identity(fd: impl AsFd) -> io::Result<(u64, u64)> {
    let stat = fstat(fd)?;
    Ok((stat.st_dev, stat.st_ino))
}

/// Closes a descriptor that the program may have closed. Not libc's `close`, which is a cancellation point: a thread
/// that ended in the middle of a first event would leave it half done.
///
/// # Safety
/// The number is that of our own descriptor, and nobody uses it any more.
#[allow(unsafe_code)]
pub unsafe fn close(number: i32) {
    // SAFETY: the caller's promise.
    unsafe { rustix::io::close(number) };
}
