//! Close: the reader retires a stream whose writer never ends a record.
//!
//! A tracepoint that was left by `siglongjmp`, or whose thread is stopped for good, blocks its stream: the reader
//! waits for its record, and so for everything after it. After a while the reader closes the stream. It stores a
//! word beside the position once and never reads it; that word sends every writer's next event to the slow path.
//! There, the entries of the table say that no writer enters any more.
//!
//! A writer that looked at both before may still commit into the old memory. That does no harm: the memory of a
//! closed stream is neither exchanged, cleared nor reused, only read, past the holes.

use super::{Reader, RingMemory, orderings as order};
use crate::abi::{LossCause, TableEntry};
use crate::testpoint::{Point, reach};

/// How often `close` tries to close an entry that keeps changing. A writer changes an entry when it recycles,
/// which takes longer than a try. A hostile process may change it for ever; then the stream's own word must do.
const MAX_TRIES: usize = 64;

/// A state that should move. If it is the same a while later, the stream is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    position: u64,
    wrap_losses: u64,
}

impl Stall {
    /// Whether the stream has been blocked since `earlier`.
    pub fn lasts_since(self, earlier: Stall) -> bool {
        self.position == earlier.position
    }
}

impl<M: RingMemory> Reader<M> {
    /// What the reader waits for, if writers have gone on after it.
    pub fn stall(&self) -> Option<Stall> {
        let is_waiting = !self.is_at_end() && self.untrusted_write_position() > self.cursor();
        is_waiting.then(|| Stall { position: self.cursor(), wrap_losses: 0 })
    }

    /// What recycling writers wait for, if they have lost records since `earlier`.
    pub fn recycling_stall(&self, earlier: Option<Stall>) -> Option<Stall> {
        let control = self.ring.control();
        let wrap_losses = control.lost[LossCause::Wrap as usize].load(order::lost_load());
        let is_losing = wrap_losses > earlier.map_or(0, |stall| stall.wrap_losses);
        is_losing.then(|| Stall { position: self.untrusted_write_position(), wrap_losses })
    }

    /// Closes every place, then the stream.
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
        // After the entries, so that a writer which sees it does not enter another sub-buffer in vain.
        self.ring.control().closed.store(1, order::closed_store());
        reach(Point::StreamClosed);
    }
}
