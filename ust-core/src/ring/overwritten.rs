//! Overwritten: how a reader keeps up with writers who recycle, and counts what it will never see.
//!
//! ```text
//!   sub-buffer     5      6      7      8      9
//!                 gone   gone   |here  |here  |writers
//!                   ^ cursor     ^ caught up
//! ```
//!
//! Writers count the events of each sub-buffer that they recycle (see `recycle`), oldest first. So where a
//! reader finds a gap, everything below the gap's end is gone, and the writers' count is that of all of it:
//! what the reader missed is the count less what it had copied out before. Where it finds no gap it has
//! missed nothing more. So handed out + lost + missed is what was emitted, at every sub-buffer's start and
//! at the end.

use super::{Corruption, Reader, RingMemory, orderings as order};
use crate::abi::{Recycling, TableEntry};

/// How often the count is tried while writers recycle under it. Then the last one must do for now.
const TRIES: usize = 8;

/// Looks at the table that one call of `catch_up` takes for each place. Each brings the cursor to the oldest
/// sub-buffer, and writers need longer for a sub-buffer than the reader for a look; a hostile one may go on for ever.
const MAX_LOOKS_PER_PLACE: usize = 2;

impl<M: RingMemory> Reader<M> {
    /// Event records below the cursor that writers overwrote before they were handed out.
    pub fn overwritten(&self) -> u64 {
        self.missed.count()
    }

    /// Counts what a gap that [`catch_up`](Self::catch_up) found has cost: when no writer is at work.
    pub fn update_overwritten(&mut self) {
        let count = self.count_missed();
        self.missed.settle(count);
    }

    /// Moves the cursor past sub-buffers that writers have recycled, to the oldest that is there. While writers go on
    /// as fast as they are followed it ends after so many looks; the next call goes on.
    ///
    /// # Errors
    /// The table says what cannot be.
    pub fn catch_up(&mut self) -> Result<(), Corruption> {
        // Writers go on once at a time; only a hostile one does it under each look.
        let mut second_looks = 0..TRIES;
        for _ in 0..MAX_LOOKS_PER_PLACE * self.geometry.subbuf_count() + TRIES {
            if self.taken.is_some() {
                break;
            }
            let entry = self.untrusted_entry();
            let lap = self.geometry.lap(self.subbuf_start);
            if entry.lap() == lap {
                return Ok(());
            }
            let position = self.untrusted_write_position();
            // Every place is full to its last byte: what stands at this one is still the sub-buffer of a lap before.
            if entry.lap() < lap && position <= self.subbuf_start {
                return Ok(());
            }
            if !self.is_gone(entry) {
                // Unless writers went on between the two looks: what they entered they had recycled before.
                if self.untrusted_entry() != entry && second_looks.next().is_some() {
                    continue;
                }
                return Err(Corruption::Table { place: self.geometry.place(self.subbuf_start) });
            }
            // Nothing is taken away before writers have left it. This is also what ends the walk, whatever laps
            // the table claims: below, the cursor comes to where writers say that they are.
            if position < self.subbuf_start.saturating_add(self.geometry.subbuf_size_bytes() as u64)
            {
                return Err(Corruption::Position { position });
            }
            self.missed.fall_behind();
            self.advance();
            // Writers stand in the newest, and there are no more than there are places. At a boundary they stand at
            // the end of the one before: the next one is not entered yet, and has cost nobody a memory.
            let newest = self.geometry.subbuf_start(position.saturating_sub(1));
            let behind = self.geometry.capacity_bytes() - self.geometry.subbuf_size_bytes() as u64;
            self.subbuf_start = self.subbuf_start.max(newest.saturating_sub(behind));
        }
        Ok(())
    }

    /// Whether an entry says that writers have recycled the sub-buffer at the cursor.
    pub(super) fn is_gone(&self, untrusted_entry: TableEntry) -> bool {
        self.ring.mode().overwrites()
            && untrusted_entry.lap() > self.geometry.lap(self.subbuf_start)
    }

    /// The writers' count of all that they have overwritten. It has every sub-buffer of which the reader saw
    /// that it was gone, and none that is still there when this returns.
    pub(super) fn count_missed(&self) -> u64 {
        let control = self.ring.control();
        for _ in 0..TRIES {
            let word = control.recycling.load(order::recycling_load());
            let count = match Recycling::from_word(word) {
                Some(recycling) if self.is_past(recycling) => {
                    control.overwritten_next.load(order::overwritten_next_load())
                }
                _ => control.overwritten.load(order::overwritten_load()),
            };
            if control.recycling.load(order::recycling_load()) == word {
                return count;
            }
        }
        self.missed.so_far()
    }

    /// Whether the recycler got past its compare-and-swap.
    fn is_past(&self, recycling: Recycling) -> bool {
        let place = self.geometry.place(recycling.start);
        let word = self.ring.control().table[place].load(order::reader_entry_load());
        TableEntry::from_word(word).parity() != recycling.parity
    }
}
