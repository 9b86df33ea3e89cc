//! The properties of a channel that never change, as its rules gave them.

use ust_core::abi::{Buffers, Geometry, Mode, Residency, ShmPath};
use ust_core::clock::ClockKind;

/// See the module page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChannelShape {
    /// Identity, as the rules name it.
    pub uid: u64,
    /// Size and number of sub-buffers.
    pub geometry: Geometry,
    /// The clock of its records.
    pub clock: ClockKind,
    /// Whether a stream belongs to a thread or to a CPU.
    pub buffers: Buffers,
    /// What a writer does when there is no room.
    pub mode: Mode,
    /// When the memory of a stream is made resident.
    pub residency: Residency,
    /// The directory in which ring files get names, if they do.
    pub shm_path: Option<ShmPath>,
}
