//! The standard descriptors are the program's, also where it has none: whatever we opened under their numbers, it
//! would print into.

use rustix::fd::{AsRawFd, OwnedFd};
use rustix::io::{self, fcntl_dupfd_cloexec};

/// The first number that is nobody's by convention.
const FIRST_FREE: i32 = 3;

/// The descriptor, or one above the standard ones in its place. Right after it was made: who prints at the same
/// moment finds it under its first number, and nothing in it yet that could be harmed. Async-signal-safe.
///
/// # Errors
/// There is no other number. Then the descriptor is closed.
pub fn clear_of_standard(fd: OwnedFd) -> io::Result<OwnedFd> {
    match fd.as_raw_fd() < FIRST_FREE {
        true => fcntl_dupfd_cloexec(&fd, FIRST_FREE),
        false => Ok(fd),
    }
}
