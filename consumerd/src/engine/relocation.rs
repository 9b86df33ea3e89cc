//! What has happened to the runtime directory so far (`keep_place`).

use core::ffi::CStr;
use rustix::fd::OwnedFd;

/// See the module page.
#[derive(Debug, Default)]
pub struct Relocation {
    /// The last message about a directory that cannot be made anew.
    pub(super) said: Option<String>,
    pub(super) notes: Vec<String>,
    /// Sockets that were made anew, until those who listen at them take them.
    pub(super) listeners: Vec<(&'static CStr, OwnedFd)>,
}
