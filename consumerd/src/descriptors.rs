//! The limit of open files: a consumer holds some for every traced process.

use rustix::io;
use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises this process's limit to the most that it may have. A program that it starts gets the limit that this process
/// [inherited](crate::inherited).
///
/// # Errors
/// The kernel's error.
pub fn raise_limit() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)
}
