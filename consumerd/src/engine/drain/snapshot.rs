//! Copies what a stream holds now to a file of its own; the ring stays as it is.

use super::framer::Framer;
use super::stream::StreamDrain;
use super::stream_error::StreamError;
use super::trace::Trace;
use ust_core::ring::{Holes, Image, Reader};
use ust_core::shm::StreamWords;
use ust_core::sync::ReadOnly;

/// What became of the records that a snapshot found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SnapshotCounts {
    /// In the snapshot.
    pub recorded: u64,
    /// Overwritten before.
    pub overwritten: u64,
    /// Records that do not fit their classes, or come after one that does not.
    pub malformed: u64,
}

impl StreamDrain {
    /// Writes what the stream holds now to a file of its own, and leaves the stream as it is. Returns what became of
    /// the records, and why some are missing.
    pub fn snapshot(&self, trace: &mut Trace<'_>) -> (SnapshotCounts, Option<StreamError>) {
        let mut reader = Reader::new(*self.reader.ring());
        let mut framer = self.framer.another();
        let mut outcome = copy_to(&mut framer, &mut reader, self.tries(), trace);
        if outcome.is_err() {
            // Counts what is missing after the last record.
            framer.set_missed(reader.overwritten().saturating_add(framer.malformed()));
        }
        // What is lost after this belongs to another snapshot, or to none.
        let finished = framer.finish(trace);
        outcome = outcome.and(finished.map_err(StreamError::from));
        let counts = SnapshotCounts {
            recorded: framer.written(),
            overwritten: reader.overwritten(),
            malformed: framer.malformed(),
        };
        (counts, outcome.err())
    }
}

/// Frames what a stream holds, in at most `tries` attempts, up to the first record that does not fit its class; counts
/// the records behind that.
fn copy_to(
    framer: &mut Framer,
    reader: &mut Reader<StreamWords<ReadOnly>>,
    tries: usize,
    trace: &mut Trace<'_>,
) -> Result<(), StreamError> {
    let mut image = Image::default();
    let mut outcome = Ok(());
    let claimed = reader.untrusted_write_position();
    reader.catch_up()?;
    let until = claimed.min(reader.reach());
    for _ in 0..tries {
        reader.catch_up()?;
        if reader.cursor() >= until {
            break;
        }
        if !reader.copy(&mut image, until, Holes::Skip)? {
            continue;
        }
        framer.set_missed(reader.overwritten());
        for found in image.found() {
            if outcome.is_err() {
                framer.count_malformed(*found);
                continue;
            }
            outcome = framer.frame(&image, *found, trace);
            if !matches!(outcome, Ok(()) | Err(StreamError::Record { .. })) {
                return outcome;
            }
        }
        framer.settle()?;
        reader.step_over();
    }
    outcome
}
