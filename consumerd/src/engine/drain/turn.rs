//! One turn of a stream: what it is to do, and how it is done while the writers live.

use super::pass::Pass;
use super::stream::StreamDrain;
use super::stream_error::StreamError;
use super::trace::Trace;
use crate::limits::MAX_TURN_BYTES;
use ust_core::ring::{Corruption, Holes, RingMemory, Stall, Take};

impl StreamDrain {
    /// Does what a pass asks for; returns whether anything was taken (by a [`Pass::Full`]).
    ///
    /// # Errors
    /// Each is returned once.
    pub fn turn(&mut self, pass: Pass, trace: &mut Trace<'_>) -> Result<bool, StreamError> {
        match pass {
            Pass::Full => self.drain_full(trace),
            Pass::Flush => self.flush(trace).map(|()| false),
            Pass::Recover => self.recover(trace).map(|()| false),
            Pass::Finish => self.finish(trace).map(|()| false),
        }
    }

    /// Writes out full sub-buffers; returns whether there was any.
    ///
    /// # Errors
    /// Each is returned once.
    pub fn drain_full(&mut self, trace: &mut Trace<'_>) -> Result<bool, StreamError> {
        if self.held_up.is_closed() || (!self.is_unsettled && !self.reader.is_left_behind()) {
            return Ok(false);
        }
        self.guard(|drain| {
            let until = drain.reader.cursor().saturating_add(MAX_TURN_BYTES);
            let any = drain.exchange_full(trace, until)?;
            drain.tell_lack().map(|()| any)
        })
    }

    /// Writes out everything that is committed now.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn flush(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        if self.held_up.is_to_be_given_up() {
            return self.give_up(trace);
        }
        if self.held_up.is_closed() {
            return Ok(());
        }
        self.guard(|drain| {
            // Stops at what is committed now: a writer may be faster than this. The writer's claim is bounded too.
            let claimed = drain.reader.untrusted_write_position();
            drain.reader.catch_up()?;
            let until = claimed.min(drain.reader.reach());
            drain.exchange_full(trace, until)?;
            drain.frame_prefix(trace, until)?;
            drain.settle()?;
            drain.tell_lack()
        })?;
        self.close_if_held_up(self.reader.stall());
        Ok(())
    }

    /// Watches a stream that only snapshots read: closes it if its writers hold each other up.
    pub fn watch(&mut self) {
        if !self.held_up.is_closed() {
            self.close_if_held_up(self.reader.recycling_stall(self.held_up.stall()));
        }
    }

    fn close_if_held_up(&mut self, now: Option<Stall>) {
        if self.held_up.note(now) {
            self.reader.close();
        }
    }

    /// Takes full sub-buffers that begin before `until`; returns whether there was any.
    fn exchange_full(&mut self, trace: &mut Trace<'_>, until: u64) -> Result<bool, StreamError> {
        if self.is_stuck {
            // Perhaps there was no file yet. Nothing is read before there is one.
            self.framer.open(trace)?;
        }
        self.frame_copied(trace)?;
        self.settle()?;
        let start = self.reader.cursor();
        for _ in 0..self.tries() {
            let is_due = self.reader.cursor() < until && self.reader.is_left_behind();
            if !is_due || !self.spare.prepare(&self.reader) {
                break;
            }
            if self.writers_have_room() {
                self.frame_here(trace)?;
            }
            match self.reader.take()? {
                Take::Taken => {
                    self.reader.ring().wake_waiting();
                    self.frame_here(trace)?;
                    if !self.reader.is_at_end() {
                        // It was complete when it was taken, and no sane writer has it any more.
                        return Err(Corruption::Position { position: self.reader.cursor() }.into());
                    }
                    self.settle()?;
                }
                Take::Overwritten => self.reader.catch_up()?,
                Take::NotYet => break,
            }
        }
        Ok(self.reader.cursor() > start)
    }

    /// Whether a full sub-buffer can stay at its place while its records are framed, because at least half of the ring
    /// is free. Then the exchange need not look at each record first: they have all been handed out. Otherwise, writers
    /// get the room as soon as possible.
    fn writers_have_room(&self) -> bool {
        let (ring, cursor) = (self.reader.ring(), self.reader.cursor());
        let geometry = ring.geometry();
        let ring_bytes = geometry.subbuf_count() as u64 * geometry.subbuf_size_bytes() as u64;
        let used_bytes = self.reader.untrusted_write_position().saturating_sub(cursor);
        !ring.mode().overwrites() && used_bytes <= ring_bytes / 2
    }

    /// Reports once that there is no memory to exchange full sub-buffers for.
    fn tell_lack(&mut self) -> Result<(), StreamError> {
        match self.spare.take_lack() {
            Some(errno) => Err(StreamError::Spare(errno.into())),
            None => Ok(()),
        }
    }

    /// Frames what is committed in the sub-buffer at the cursor.
    fn frame_prefix(&mut self, trace: &mut Trace<'_>, until: u64) -> Result<(), StreamError> {
        if !self.reader.ring().mode().overwrites() {
            return self.frame_here(trace);
        }
        self.reader.catch_up()?;
        self.copied_framed = 0;
        self.reader.copy(&mut self.copied, until, Holes::Await)?;
        self.frame_copied(trace)
    }

    /// Frames records where they lie: no writer can take them away.
    fn frame_here(&mut self, trace: &mut Trace<'_>) -> Result<(), StreamError> {
        self.framer.set_missed(self.missed());
        let start = self.reader.cursor();
        let outcome = self.framer.frame_committed(&mut self.reader, trace);
        self.is_unsettled |= self.reader.cursor() > start;
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::played::number;
    use crate::engine::played_stream::{self, PlayedStream};
    use crate::output::Output;
    use std::path::Path;
    use ust_core::abi::{Geometry, Mode};
    use ust_core::wire::FieldType;

    const SUBBUF_BYTES: u64 = 4096;
    const SUBBUFS: u64 = 8;

    /// A process with one class, whose ring goes into `output`.
    fn drained_into<R>(
        output: &Path,
        step: impl FnOnce(&PlayedStream, &mut StreamDrain, &mut Trace<'_>) -> R,
    ) -> R {
        let geometry = Geometry::new(SUBBUF_BYTES, SUBBUFS).unwrap();
        let player = PlayedStream::new(1, [b'p'; 16], geometry, Mode::Discard);
        let class = player.process.describe("x", 6, vec![("value", FieldType::U64)]);
        number(&player.process.map, class, 0);
        let (mut folder, mut process) = (None, player.process.process_file());
        let output = Output::at(output);
        let mut trace = played_stream::trace(&mut folder, &mut process, &output);
        step(&player, &mut StreamDrain::new(player.words(), 0), &mut trace)
    }

    fn lost(drain: &StreamDrain) -> u64 {
        drain.lost().map(|(_, count)| count).sum()
    }

    /// Writes records until so many sub-buffers are full; how many.
    fn fill(player: &PlayedStream, drain: &StreamDrain, subbufs: u64) -> u64 {
        let bytes = subbufs * SUBBUF_BYTES;
        let start = drain.reader.untrusted_write_position();
        let mut count = 0;
        while drain.reader.untrusted_write_position() < start + bytes {
            player.write(0, &[7; 8]);
            assert_eq!(lost(drain), 0, "after {count}");
            count += 1;
        }
        count
    }

    /// Writes records until there is no room; how many there was room for.
    fn fill_up(player: &PlayedStream, drain: &StreamDrain) -> u64 {
        let before = lost(drain);
        let mut count = 0;
        while lost(drain) == before {
            player.write(0, &[7; 8]);
            count += 1;
        }
        count - 1
    }

    /// Its trace cannot be made.
    fn nowhere() -> &'static Path {
        Path::new("/proc/nowhere")
    }

    /// Framing takes time, and may fail. Writers that have little room do not wait for it.
    #[test]
    fn writers_with_little_room_are_given_some_before_records_are_framed() {
        drained_into(nowhere(), |player, drain, trace| {
            fill_up(player, drain);
            assert!(matches!(drain.drain_full(trace), Err(StreamError::File(_))));
            assert!(fill_up(player, drain) > 0);
        });
    }

    #[test]
    fn a_sub_buffer_stays_at_its_place_until_its_records_are_framed_if_there_is_room() {
        let whole = drained_into(nowhere(), |player, drain, _| fill_up(player, drain));
        drained_into(nowhere(), |player, drain, trace| {
            let written = fill(player, drain, 2);
            assert!(matches!(drain.drain_full(trace), Err(StreamError::File(_))));
            assert_eq!(written + fill_up(player, drain), whole, "nothing was exchanged");
        });
    }

    /// Three times round the ring in steps after which there is room, and in steps after which there is little.
    #[test]
    fn sub_buffers_are_exchanged_whichever_way_their_records_are_framed() {
        for subbufs in [1, SUBBUFS - 1] {
            let output = tempfile::tempdir().unwrap();
            drained_into(output.path(), |player, drain, trace| {
                let mut written = 0;
                for _ in 0..(3 * SUBBUFS).div_ceil(subbufs) {
                    written += fill(player, drain, subbufs);
                    assert!(drain.drain_full(trace).unwrap());
                }
                drain.flush(trace).unwrap();
                drain.finish(trace).unwrap();
                assert_eq!((drain.recorded(), lost(drain)), (written, 0), "{subbufs} at a time");
            });
            let events = ctf::read::Reader::open(output.path()).unwrap();
            assert!(events.map(Result::unwrap).count() as u64 > 3 * SUBBUFS * SUBBUF_BYTES / 20);
        }
    }
}
