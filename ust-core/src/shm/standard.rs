//! Keeps our descriptors off the numbers of the standard descriptors. These numbers are the program's even if it
//! has closed them: it would print into whatever we opened there.

use rustix::fd::{AsRawFd, OwnedFd};
use rustix::io::{self, fcntl_dupfd_cloexec};

/// The first number without a conventional meaning.
const FIRST_FREE: i32 = 3;

/// Returns the descriptor, or a duplicate above the standard numbers in its place. Call this right after the
/// descriptor was made: if the program prints at that moment, the file is still empty and takes no harm.
/// Async-signal-safe.
///
/// # Errors
/// No other number is free. Then the descriptor is closed.
pub fn clear_of_standard(fd: OwnedFd) -> io::Result<OwnedFd> {
    match fd.as_raw_fd() < FIRST_FREE {
        true => fcntl_dupfd_cloexec(&fd, FIRST_FREE),
        false => Ok(fd),
    }
}
