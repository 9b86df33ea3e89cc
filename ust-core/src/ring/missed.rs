//! A reader's account of events that writers overwrote before the reader handed them out: see
//! [`overwritten`](super::overwritten).

/// See the module page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Missed {
    /// Events below the cursor that were overwritten before they were handed out.
    count: u64,
    /// Events that were handed out and then overwritten.
    kept: u64,
    /// Events that were handed out and can still be overwritten.
    exposed: u64,
    /// A gap has been found that `count` does not include yet.
    is_behind: bool,
}

impl Missed {
    /// Events below the cursor that were overwritten before they were handed out.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The writers' count, as far as the reader has seen it.
    pub(super) fn so_far(&self) -> u64 {
        self.count.saturating_add(self.kept)
    }

    /// Notes a gap at the cursor.
    pub(super) fn fall_behind(&mut self) {
        self.kept += self.exposed;
        self.exposed = 0;
        self.is_behind = true;
    }

    /// Ends the gap: `count` is the writers' count of everything below it.
    pub(super) fn settle(&mut self, count: u64) {
        if self.is_behind {
            self.count = count.saturating_sub(self.kept);
            self.is_behind = false;
        }
    }

    /// Notes that events were handed out from where writers can still recycle them.
    pub(super) fn expose(&mut self, events: u64) {
        self.exposed += events;
    }

    /// Notes that the sub-buffer at the cursor can no longer be recycled.
    pub(super) fn secure(&mut self) {
        self.exposed = 0;
    }
}
