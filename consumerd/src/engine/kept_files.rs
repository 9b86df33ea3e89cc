//! What dead processes leave: process files in which forked children may still be counting.
//!
//! ```text
//!   parent's process file   losses[slot] <-- parent
//!                                        <-- child that could get no file of its own, alive when the parent is dead
//! ```
//!
//! A process is buried with its sums. If its file says that there are children without files of their own (`heirs`),
//! the counts of the file may still grow. Then the file is kept, and read with each summary, until there are no such
//! children, or no channel is left that it counts for. Hardly any process leaves such a file.

use super::api::ChannelUid;
use super::process_file::Losses;
use crate::limits::MAX_KEPT_PROCESS_FILES;
use std::collections::VecDeque;

/// See the module page.
#[derive(Debug, Default)]
pub struct KeptFiles {
    files: VecDeque<Losses>,
}

impl KeptFiles {
    /// Keeps a file. [`lost`](Self::lost) reads its counts, and finally [`settle`](Self::settle) returns it.
    pub fn keep(&mut self, file: Losses) {
        self.files.push_back(file);
    }

    /// What the kept files count for a channel.
    pub fn lost(&self, channel: ChannelUid) -> u64 {
        let counts = self.files.iter().map(|file| file.lost_no_stream(channel.0));
        counts.fold(0, u64::saturating_add)
    }

    /// Drops files that will not change any more (and the oldest, if they are too many), and returns them for their
    /// sums.
    pub fn settle(&mut self) -> Vec<Losses> {
        let too_many = self.files.len().saturating_sub(MAX_KEPT_PROCESS_FILES);
        let mut settled: Vec<_> = self.files.drain(..too_many).collect();
        let (open, done) = self.files.drain(..).partition(Losses::has_heirs);
        self.files = open;
        settled.extend::<VecDeque<_>>(done);
        settled
    }

    /// Drops files that count for none of these channels.
    pub fn retain_of(&mut self, is_wanted: impl Fn(ChannelUid) -> bool) {
        self.files.retain(|file| file.counted_channels().any(|uid| is_wanted(ChannelUid(uid))));
    }
}
