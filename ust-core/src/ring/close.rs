//! Close: how the reader retires a stream whose writer never ends a record.
//!
//! A tracepoint that was left by `siglongjmp`, or whose thread is stopped for good, holds its stream up: the
//! reader waits for the record, and everything behind it waits too. After a while the reader closes the
//! stream: a word beside the position, which it stores once and never reads, sends the next event of every
//! writer to the slow path, and the entries of the table say there that nobody enters any more.
//!
//! A writer that had looked at either before may still commit into the old memory. That is allowed for: a
//! closed stream's memory is neither exchanged nor cleared nor used again, it is only read, past the holes.

use super::{Reader, RingMemory, orderings as order};
use crate::abi::{LossCause, TableEntry};
use crate::testpoint::{Point, reach};

/// How often an entry is tried to be closed while it changes. Writers change one when they recycle it, which takes
/// longer than a try; a hostile process changes it for ever, and then the stream's own word must do.
const MAX_TRIES: usize = 64;

/// Something that does not move: if it is the same one a while later, the stream is held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    position: u64,
    wrap_losses: u64,
}

impl Stall {
    /// Whether the stream has been held up since `earlier`.
    pub fn lasts_since(self, earlier: Stall) -> bool {
        self.position == earlier.position
    }
}

impl<M: RingMemory> Reader<M> {
    /// What the reader waits for, if writers have gone on behind it.
    pub fn stall(&self) -> Option<Stall> {
        let is_waiting = !self.is_at_end() && self.untrusted_write_position() > self.cursor();
        is_waiting.then(|| Stall { position: self.cursor(), wrap_losses: 0 })
    }

    /// What recycling writers wait for, if they have lost records since `earlier` was looked at.
    pub fn recycling_stall(&self, earlier: Option<Stall>) -> Option<Stall> {
        let control = self.ring.control();
        let wrap_losses = control.lost[LossCause::Wrap as usize].load(order::lost_load());
        let is_losing = wrap_losses > earlier.map_or(0, |stall| stall.wrap_losses);
        is_losing.then(|| Stall { position: self.untrusted_write_position(), wrap_losses })
    }

    /// Closes every place, and the stream.
    pub fn close(&self) {
        for place in &self.ring.control().table[..self.geometry.subbuf_count()] {
            for _ in 0..MAX_TRIES {
                let entry = TableEntry::from_word(place.load(order::closing_entry_load()));
                let closed = entry.closed().word();
                if entry.is_closed()
                    || place.compare_exchange(entry.word(), closed, order::close_cas())
                {
                    break;
                }
            }
            reach(Point::EntryClosed);
        }
        // Behind the entries, so that whoever sees it does not enter another sub-buffer for nothing.
        self.ring.control().closed.store(1, order::closed_store());
        reach(Point::StreamClosed);
    }
}
