//! Why a stream could not be drained, or one of its records could not go into the trace: texts of the log and the
//! summary.

use super::trace_folder::Undeclared;
use crate::advice::{Attempt, why};
use crate::engine::loss_names::MALFORMED;
use ctf::write::payload_layout::PayloadError;
use std::io;
use ust_core::ring::Corruption;

/// Why a stream could not be drained.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The ring holds a value that no writer stores.
    #[error("a ring is corrupt: {0}; its stream is closed")]
    Ring(#[from] Corruption),
    /// A record is not what a reader expects.
    #[error(
        "the record that ends at position {end_position} {error}; its stream is closed: this record and what its ring \
         still holds are counted as {MALFORMED}"
    )]
    Record {
        /// Where in the stream it ends.
        end_position: u64,
        /// What is wrong with it.
        error: RecordError,
    },
    /// A note has the wrong length.
    #[error("the note that ends at position {0} makes no sense; its stream is closed")]
    Note(u64),
    /// Full sub-buffers do not have the checksum that their writers noted.
    #[error(
        "{0} full sub-buffers of a ring do not have the checksum that was written, as after a machine crash: their \
         records are left out"
    )]
    Damaged(u64),
    /// There is no memory for the spare that full sub-buffers are exchanged for.
    #[error(
        "there is no memory for the spare sub-buffer of a ring, and without it the ring is emptied only at the end: \
         {why}",
        why = why(Attempt::Memory, .0)
    )]
    Spare(io::Error),
    /// The file cannot be written.
    #[error(
        "the trace cannot be written, and is tried again until the end: {why}", why = why(Attempt::Trace, .0)
    )]
    File(#[from] io::Error),
}

/// Why a record does not go into the trace.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It ends inside its header.
    #[error("is too short for its header")]
    Header,
    /// Its class is not in the metadata.
    #[error("is of class {0}: {1}")]
    Class(u32, Undeclared),
    /// Its bytes do not fit its class.
    #[error("does not fit its class {class}: {error}")]
    Payload {
        /// The class's name, escaped.
        class: String,
        /// What is wrong.
        error: PayloadError,
    },
    /// Readers count nanoseconds in 63 bits.
    #[error("has the time {0}, which is beyond the range of readers")]
    Clock(u64),
    /// Writers refuse such records.
    #[error("has {0} bytes, more than a record may have")]
    Long(usize),
}

impl RecordError {
    /// Makes it an error of the stream in which the record ends at that position.
    pub fn at(self, end_position: u64) -> StreamError {
        StreamError::Record { end_position, error: self }
    }
}
