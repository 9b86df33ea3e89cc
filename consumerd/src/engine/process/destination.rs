//! Where a session's records go.

use crate::engine::clock::ClockDescription;
use crate::engine::drain::StreamClass;
use crate::output::Output;

/// Where a session's records go, and what their clock means.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The session's output directory.
    pub output: &'a Output,
    /// The session's clock.
    pub clock: ClockDescription,
    /// The session's channels, as its traces describe them.
    pub classes: &'a [StreamClass],
    /// Whether records are written out as they come.
    pub is_drained: bool,
}
