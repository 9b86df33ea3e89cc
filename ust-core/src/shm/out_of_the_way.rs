//! Keeps our descriptors out of the program's way.
//!
//! ```text
//!   0 .. 2      the standard descriptors: the program's even if it has closed them. It would print into whatever we opened there
//!   3 ..        what the program opens gets the numbers that it gets without us
//!   960 ..      ours: high enough for most programs, low enough for those that call select(2), and for a small table
//! ```

use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::io::{self, fcntl_dupfd_cloexec};
use rustix::process::{Resource, getrlimit};

/// The first number without a conventional meaning.
const FIRST_FREE: i32 = 3;

/// The numbers below the limit that are ours, as many as there are.
const OURS: u64 = 64;

/// What the limit counts as, if it is higher.
const HIGHEST_LIMIT: u64 = 1024;

/// Returns the descriptor, or a duplicate above the standard numbers in its place. Call this right after the descriptor was
/// made: if the program prints at that moment, the file is still empty and takes no harm. Async-signal-safe.
///
/// # Errors
/// No other number is free. Then the descriptor is closed.
pub fn clear_of_standard(fd: OwnedFd) -> io::Result<OwnedFd> {
    match fd.as_raw_fd() < FIRST_FREE {
        true => fcntl_dupfd_cloexec(&fd, FIRST_FREE),
        false => Ok(fd),
    }
}

/// Returns a duplicate of the descriptor among the highest numbers in its place, or the descriptor itself, if none of those is
/// free. For descriptors in a program's table. Async-signal-safe.
pub fn out_of_the_way(fd: OwnedFd) -> OwnedFd {
    let high = first_of_ours().and_then(|first| fcntl_dupfd_cloexec(fd.as_fd(), first).ok());
    high.unwrap_or(fd)
}

/// The lowest of our numbers; `None` if the program has so few that it may need all of them.
fn first_of_ours() -> Option<i32> {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX).min(HIGHEST_LIMIT);
    (limit >= 2 * OURS).then(|| (limit - OURS) as i32)
}
