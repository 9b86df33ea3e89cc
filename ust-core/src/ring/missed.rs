//! A reader's account of what writers overwrote before it was handed out: see [`overwritten`](super::overwritten).

/// See the module page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Missed {
    /// Events below the cursor that were overwritten before they were handed out.
    count: u64,
    /// Events that were handed out and then overwritten.
    kept: u64,
    /// Events that were handed out and can still be.
    exposed: u64,
    /// There was a gap, and `count` is to be told of it.
    is_behind: bool,
}

impl Missed {
    /// Events below the cursor that were overwritten before they were handed out.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The writers' count, as far as it has been looked at.
    pub(super) fn so_far(&self) -> u64 {
        self.count.saturating_add(self.kept)
    }

    /// There is a gap at the cursor.
    pub(super) fn fall_behind(&mut self) {
        self.kept += self.exposed;
        self.exposed = 0;
        self.is_behind = true;
    }

    /// The gap has come to an end, and everything below it makes `count`.
    pub(super) fn settle(&mut self, count: u64) {
        if self.is_behind {
            self.count = count.saturating_sub(self.kept);
            self.is_behind = false;
        }
    }

    /// Events were handed out that are still where writers can recycle them.
    pub(super) fn expose(&mut self, events: u64) {
        self.exposed += events;
    }

    /// The sub-buffer at the cursor cannot be recycled any more.
    pub(super) fn secure(&mut self) {
        self.exposed = 0;
    }
}
