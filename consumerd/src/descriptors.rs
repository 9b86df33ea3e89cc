//! The limit of open files: a consumer holds some for every traced process.

use rustix::io;
use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises this process's limit to the most that it may have. Programs that it starts afterwards inherit
/// that: start those that should not first.
///
/// # Errors
/// What the kernel says.
pub fn raise_limit() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)
}
