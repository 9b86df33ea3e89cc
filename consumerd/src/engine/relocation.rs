//! What has happened to the runtime directory so far (`keep_place`).

use core::ffi::CStr;
use rustix::fd::OwnedFd;

/// See the module page.
#[derive(Debug, Default)]
pub struct Relocation {
    /// What was said last of a directory that cannot be had.
    pub(super) said: Option<String>,
    pub(super) notes: Vec<String>,
    /// Sockets that were made anew, for those who have to listen at them.
    pub(super) listeners: Vec<(&'static CStr, OwnedFd)>,
}
