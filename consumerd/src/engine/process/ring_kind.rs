//! The kind of a channel's ring files: as the consumer has configured it, and as a file claims it.
//!
//! Both sides derive it from the same rules. So a file that claims anything else was not made for the channel: its
//! process is broken, or lies.

use std::fmt;
use ust_core::abi::{Buffers, Mode, RingFileShape};

/// See the module page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingKind {
    /// Size and number of the streams.
    pub shape: RingFileShape,
    /// Who writes to one of them.
    pub buffers: Buffers,
    /// What a writer does if it finds no room.
    pub mode: Mode,
}

impl RingKind {
    /// Whether a process makes such files for a channel of kind `own`: of the same size, or with fewer streams.
    pub fn is_of(self, own: RingKind) -> bool {
        let stream_count = self.shape.stream_count;
        let longest = RingFileShape { stream_count: own.shape.stream_count, ..self.shape };
        stream_count <= own.shape.stream_count && RingKind { shape: longest, ..self } == own
    }
}

impl fmt::Display for RingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RingFileShape { geometry, stream_count } = self.shape;
        let (count, size_bytes) = (geometry.subbuf_count(), geometry.subbuf_size_bytes());
        write!(f, "{stream_count} streams of {count} sub-buffers of {size_bytes} bytes, ")?;
        f.write_str(match self.buffers {
            Buffers::PerThread => "per-thread, ",
            Buffers::PerCpu => "per-cpu, ",
        })?;
        match self.mode {
            Mode::Discard => f.write_str("discard"),
            Mode::Overwrite => f.write_str("overwrite"),
            Mode::Block { timeout_ms } => write!(f, "block={timeout_ms}ms"),
        }
    }
}
