//! Checks each record before it goes into a trace.
//!
//! ```text
//!   copied record   | header: class, clock | payload ........ |
//!                      |            |          '-- laid out as its class says, all of it and no more
//!                      |            '-- not before the last record's, and not beyond any reader's range
//!                      '-- the process has described it
//! ```
//!
//! Readers decode one record behind the other. A record that does not fit its class makes the rest of its packet
//! nonsense; some readers then refuse the whole output, or crash. So the consumer checks each record first.
//!
//! Invariant: only private copies are checked. The process may still be writing to its ring.

use super::stream_error::{RecordError, StreamError};
use super::trace::Trace;
use super::trace_folder::Undeclared;
use ctf::write::event_header::{self, EventHeader, Stamp};
use ctf::write::payload_layout::PayloadError;

/// Which records are known to be right by their length: those of classes in which all have the same.
///
/// Programs mix their events. So the lengths of all classes with a short header are kept, and of one other.
#[derive(Debug, Default)]
pub struct KnownLengths {
    /// By the class. 0: not known, or not fixed.
    compact: [usize; event_header::COMPACT_ID_MAX as usize + 1],
    /// The class, and the length.
    extended: Option<(u32, usize)>,
}

impl KnownLengths {
    /// The clock of a record with the short header and a known length, `previous` being the clock of the record before:
    /// the usual case, in a few instructions. `None` if it is another, or its clock is later than `latest`: then
    /// [check](RecordCheck::admit) it.
    #[inline(always)]
    pub fn clock_of(&self, record: &[u8], previous: u64, latest: u64) -> Option<u64> {
        let (id, stamp) = event_header::decode_compact(record)?;
        // The clock does not go back: it is added to one that is no later than the latest, far from where it would
        // wrap.
        let clock = stamp.resolve(previous);
        (self.knows_compact(id, record.len()) && clock <= latest).then_some(clock)
    }

    #[inline(always)]
    fn knows_compact(&self, id: u32, record_bytes: usize) -> bool {
        self.compact.get(id as usize) == Some(&record_bytes)
    }

    fn knows(&self, header: EventHeader, record_bytes: usize) -> bool {
        match header.stamp {
            Stamp::Low27(_) => self.knows_compact(header.id, record_bytes),
            Stamp::Full(_) => self.extended == Some((header.id, record_bytes)),
        }
    }

    fn note(&mut self, header: EventHeader, record_bytes: usize) {
        match header.stamp {
            Stamp::Full(_) => self.extended = Some((header.id, record_bytes)),
            Stamp::Low27(_) => {
                let length = self.compact.get_mut(header.id as usize);
                length.into_iter().for_each(|length| *length = record_bytes);
            }
        }
    }
}

/// Checks the records of one stream, one after the other.
#[derive(Debug)]
pub struct RecordCheck<'a> {
    /// Clock of the last record.
    clock: u64,
    /// The last clock that readers can show.
    latest_clock: u64,
    /// Of classes that the trace has declared.
    known: &'a mut KnownLengths,
}

impl<'a> RecordCheck<'a> {
    /// A check that begins with the clock of the record before, and the last clock that readers can show.
    pub fn new(clock: u64, latest_clock: u64, known: &'a mut KnownLengths) -> Self {
        Self { clock, latest_clock, known }
    }

    /// Clock of the last valid record.
    pub fn clock(&self) -> u64 {
        self.clock
    }

    /// [`admit`](Self::admit), kept out of the way of the usual case.
    #[cold]
    #[inline(never)]
    pub fn admit_other(
        &mut self,
        record: &mut [u8],
        trace: &mut Trace<'_>,
        end_position: u64,
    ) -> Result<(), StreamError> {
        self.admit(record, trace, end_position)
    }

    /// Checks the next record. A clock that goes back is corrected, so that time goes on within a stream.
    ///
    /// # Errors
    /// The record is wrong (`end_position` says where), or its class cannot be declared now.
    pub fn admit(
        &mut self,
        record: &mut [u8],
        trace: &mut Trace<'_>,
        end_position: u64,
    ) -> Result<(), StreamError> {
        let header =
            event_header::decode(record).ok_or_else(|| RecordError::Header.at(end_position))?;
        if !self.known.knows(header, record.len()) {
            self.look_up(record, header, trace, end_position)?;
        }
        let mut clock = header.stamp.resolve(self.clock);
        if clock < self.clock {
            // Only a corrupt process writes such a clock. Readers refuse a packet in which time goes back.
            clock = self.clock;
            if let Stamp::Full(_) = header.stamp {
                let fixed = event_header::extended(header.id, clock);
                record[..fixed.len()].copy_from_slice(&fixed);
            }
        }
        if clock > self.latest_clock {
            return Err(RecordError::Clock(clock).at(end_position));
        }
        self.clock = clock;
        Ok(())
    }

    #[inline]
    fn look_up(
        &mut self,
        record: &[u8],
        header: EventHeader,
        trace: &mut Trace<'_>,
        end_position: u64,
    ) -> Result<(), StreamError> {
        let EventHeader { id, len, .. } = header;
        let layout = match trace.layout(id) {
            Ok(layout) => layout,
            Err(Undeclared::File(error)) => return Err(error.into()),
            Err(why) => return Err(RecordError::Class(id, why).at(end_position)),
        };
        if let Err(error) = layout.check(&record[len..]) {
            return Err(wrong_payload(trace, id, error).at(end_position));
        }
        if layout.fixed_bytes().is_some() {
            self.known.note(header, record.len());
        }
        Ok(())
    }
}

#[cold]
fn wrong_payload(trace: &mut Trace<'_>, id: u32, error: PayloadError) -> RecordError {
    /// Names are the process's, and may be as long as it likes.
    const SHOWN_CHARS: usize = 100;
    let name = trace.process.log.class(id).map_or(String::new(), |class| class.name);
    let class = name.chars().take(SHOWN_CHARS).flat_map(char::escape_default).collect();
    RecordError::Payload { class, error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::drain::StreamDrain;
    use crate::engine::loss_names::MALFORMED;
    use crate::engine::played::number;
    use crate::engine::played_stream::{self, PlayedStream};
    use std::path::Path;
    use ust_core::abi::{Geometry, Mode, NOTE_BYTES, PAGE_BYTES};
    use ust_core::wire::{FieldType, Part};

    const WORDS: FieldType = FieldType::Sequence { element: Part::Static(&FieldType::U32) };

    /// Three valid records, the bad one, and two more valid ones.
    fn stream_with(bad: &[u8], name: &str, mode: Mode) -> PlayedStream {
        let geometry = Geometry::new(4096, 2).unwrap();
        let player = PlayedStream::new(1, [b'p'; 16], geometry, mode);
        number(&player.process.map, player.process.describe(name, 6, vec![("words", WORDS)]), 0);
        let good = [1, 0, 0, 0, 9, 9, 9, 9];
        let all: [&[u8]; 6] = [&good, &good, &good, bad, &good, &good];
        all.into_iter().for_each(|payload| player.write(0, payload));
        player
    }

    fn in_trace<R>(
        player: &PlayedStream,
        output: &Path,
        step: impl FnOnce(&mut StreamDrain, &mut Trace<'_>) -> R,
    ) -> R {
        let (mut folder, mut process) = (None, player.process.process_file());
        let output = crate::output::Output::at(output);
        let mut trace = played_stream::trace(&mut folder, &mut process, &output);
        step(&mut StreamDrain::new(player.words(), 0), &mut trace)
    }

    fn malformed(stream: &StreamDrain) -> u64 {
        let lost = stream.lost().filter(|(cause, _)| *cause == MALFORMED);
        lost.map(|(_, count)| count).sum()
    }

    #[test]
    fn what_comes_before_a_malformed_record_is_written_and_the_rest_is_counted() {
        let bad = [[0xFF; 4], [0; 4]].concat();
        for mode in [Mode::Discard, Mode::Overwrite] {
            for is_dead in [false, true] {
                let output = tempfile::tempdir().unwrap();
                let player = stream_with(&bad, "\u{1b}[2Jx", mode);
                in_trace(&player, output.path(), |stream, trace| {
                    let outcome = if is_dead { stream.recover(trace) } else { stream.flush(trace) };
                    let error = outcome.unwrap_err().to_string();
                    for part in [
                        "ends at position ",
                        "test:\\u{1b}[2Jx",
                        "claims 4294967295 elements",
                        "is closed",
                        "records_lost_malformed",
                    ] {
                        assert!(error.contains(part), "{error}");
                    }
                    assert_eq!(stream.recorded(), 3, "{mode:?} {is_dead}");
                    stream.flush(trace).unwrap();
                    stream.recover(trace).unwrap();
                    stream.finish(trace).unwrap();
                    assert_eq!((stream.recorded(), malformed(stream)), (3, 3), "{mode:?}");
                });
            }
        }
    }

    /// A length is known of one class only, and another length of that class is wrong after many that were right.
    #[test]
    fn a_known_length_is_that_of_its_class() {
        let output = tempfile::tempdir().unwrap();
        let geometry = Geometry::new(4096, 2).unwrap();
        let player = PlayedStream::new(1, [b'p'; 16], geometry, Mode::Discard);
        let [short, long] = [("short", FieldType::U32), ("long", FieldType::U64)]
            .map(|(name, ty)| player.process.describe(name, 6, vec![("value", ty)]));
        number(&player.process.map, short, 0);
        number(&player.process.map, long, 1);
        for _ in 0..3 {
            player.write(0, &[1; 4]);
            player.write(1, &[1; 8]);
        }
        player.write(1, &[1; 4]);
        player.write(0, &[1; 4]);
        in_trace(&player, output.path(), |stream, trace| {
            let error = stream.flush(trace).unwrap_err().to_string();
            assert!(error.contains("test:long"), "{error}");
            assert_eq!((stream.recorded(), malformed(stream)), (6, 0));
            stream.finish(trace).unwrap();
            assert_eq!((stream.recorded(), malformed(stream)), (6, 2));
        });
    }

    #[test]
    fn a_snapshot_counts_what_it_does_not_take() {
        let output = tempfile::tempdir().unwrap();
        let player = stream_with(&[5, 0, 0, 0], "short", Mode::Overwrite);
        in_trace(&player, output.path(), |stream, trace| {
            let (counts, error) = stream.snapshot(trace);
            assert_eq!((counts.recorded, counts.malformed, counts.overwritten), (3, 3, 0));
            assert!(error.unwrap().to_string().contains("claims 5 elements"));
        });
    }

    /// Sets the clock of the first record, whose header is the long one: behind the page of the ring's words, a note, a
    /// frame word, a tag and the class.
    fn set_first_clock(player: &PlayedStream, clock: u64) {
        let at = PAGE_BYTES + NOTE_BYTES + 4 + 5;
        for (index, byte) in clock.to_le_bytes().into_iter().enumerate() {
            let (word, shift) = ((at + index) / 4 * 4, (at + index) % 4 * 8);
            player.change(word, |old| old & !(0xFF << shift) | u32::from(byte) << shift);
        }
    }

    /// The latest time that is accepted is one that readers show; a later one closes the stream.
    #[test]
    #[cfg(target_endian = "little")]
    fn a_time_beyond_the_range_of_readers_closes_the_stream() {
        let latest = played_stream::clock().latest();
        for (clock, is_taken) in [(latest - (1 << 40), true), (1 << 63, false), (u64::MAX, false)] {
            let output = tempfile::tempdir().unwrap();
            let player = stream_with(&[0; 4], "x", Mode::Discard);
            set_first_clock(&player, clock);
            let outcome = in_trace(&player, output.path(), |stream, trace| {
                let outcome = stream.flush(trace).map_err(|error| error.to_string());
                stream.finish(trace).unwrap();
                assert_eq!(stream.recorded() + malformed(stream), 6);
                outcome.map(|()| stream.recorded())
            });
            match outcome {
                Ok(recorded) => {
                    assert!(is_taken && recorded == 6, "{clock}: {recorded}");
                    let events = ctf::read::Reader::open(output.path()).unwrap();
                    assert_eq!(events.filter_map(Result::ok).count(), 6);
                }
                Err(error) => {
                    assert!(!is_taken && error.contains("beyond the range of readers"), "{error}");
                }
            }
        }
    }
}
