//! Overwritten: a reader keeps up with writers that recycle, and counts the events that it will never see.
//!
//! ```text
//!   sub-buffer     5      6      7      8      9
//!                 gone   gone   |here  |here  |writers
//!                   ^ cursor     ^ caught up
//! ```
//!
//! Writers count the events of each sub-buffer that they recycle (see `recycle`), oldest first. So if a reader finds
//! a gap, everything below the gap's end is gone, and the writers' count covers all of it: the reader missed that
//! count less what it had copied out before. If it finds no gap, it has missed nothing more. So at every sub-buffer's
//! start and at the end, handed out + lost + missed is the number of emitted events.

use super::{Corruption, Reader, RingMemory, orderings as order};
use crate::abi::{Recycling, TableEntry};

/// How often the reader tries to read the count while writers recycle. After that it uses the last count.
const TRIES: usize = 8;

/// How many looks at the table one call of `catch_up` takes for each place. Each brings the cursor to the oldest
/// sub-buffer, and writers need longer for a sub-buffer than the reader for a look. Bounds the looks against a
/// hostile writer.
const MAX_LOOKS_PER_PLACE: usize = 2;

impl<M: RingMemory> Reader<M> {
    /// Event records below the cursor that writers overwrote before they were handed out.
    pub fn overwritten(&self) -> u64 {
        self.missed.count()
    }

    /// Counts what a gap that [`catch_up`](Self::catch_up) found has cost. For use when no writer is active.
    pub fn update_overwritten(&mut self) {
        let count = self.count_missed();
        self.missed.settle(count);
    }

    /// Moves the cursor past recycled sub-buffers, to the oldest that is there. If writers keep advancing, it ends
    /// after a bounded number of looks, and the next call goes on.
    ///
    /// # Errors
    /// The table holds an impossible entry.
    pub fn catch_up(&mut self) -> Result<(), Corruption> {
        // Honest writers do not advance under each of so many looks. Bounds the retries against a hostile writer.
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
            // Every place is full to its last byte: this place still holds the sub-buffer of an earlier lap.
            if entry.lap() < lap && position <= self.subbuf_start {
                return Ok(());
            }
            if !self.is_gone(entry) {
                // Or writers have advanced between the two looks: they recycle a sub-buffer before they enter it.
                if self.untrusted_entry() != entry && second_looks.next().is_some() {
                    continue;
                }
                return Err(Corruption::Table { place: self.geometry.place(self.subbuf_start) });
            }
            // No sub-buffer is taken away before writers have left it. This also ends the walk, whatever laps the
            // table claims: the cursor below comes to the position that writers claim.
            if position < self.subbuf_start.saturating_add(self.geometry.subbuf_size_bytes() as u64)
            {
                return Err(Corruption::Position { position });
            }
            self.missed.fall_behind();
            self.advance();
            // Writers are in the newest sub-buffer, and there are no more sub-buffers than places. At a boundary they
            // are at the end of the previous one: the next one is not entered yet, and has displaced nothing.
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

    /// The writers' count of everything that they have overwritten. It includes every sub-buffer that the reader saw
    /// was gone, and none that is still there when this returns.
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

    /// Whether the recycler has got past its compare-and-swap.
    fn is_past(&self, recycling: Recycling) -> bool {
        let place = self.geometry.place(recycling.start);
        let word = self.ring.control().table[place].load(order::reader_entry_load());
        TableEntry::from_word(word).parity() != recycling.parity
    }
}
