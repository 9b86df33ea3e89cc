//! Where a channel's records go.

use crate::engine::clock::ClockDescription;
use crate::output::Output;
use ust_core::abi::Buffers;

/// Where a channel's records go, and what their clock means.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The session's output directory.
    pub output: &'a Output,
    /// The channel's clock.
    pub clock: ClockDescription,
    /// Who writes to one stream.
    pub buffers: Buffers,
    /// Whether what is recorded is written out as it comes.
    pub is_drained: bool,
}
