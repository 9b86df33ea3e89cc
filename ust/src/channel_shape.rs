//! What never changes about a channel, as its rules came with it.

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
    /// Who writes to one stream.
    pub buffers: Buffers,
    /// What a writer does that finds no room.
    pub mode: Mode,
    /// When the memory of a stream is made resident.
    pub residency: Residency,
    /// Where ring files are made with names.
    pub shm_path: Option<ShmPath>,
}
