//! A wake: what is heard before processes are buried (`burial`).

use std::collections::VecDeque;

/// Processes whose end is known, and what is heard before they are buried.
#[derive(Debug)]
pub struct Wake {
    pub(super) uids: VecDeque<[u8; 16]>,
    /// Connections that the kernel may have queued when it began.
    pub(super) to_accept: usize,
    pub(super) to_hear: VecDeque<u64>,
}
