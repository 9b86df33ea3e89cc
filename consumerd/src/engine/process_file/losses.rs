//! The losses that a process file counts, on its first page. They can be read after the process is gone and the rest of
//! its file has been dropped.

use crate::engine::mapped::Mapped;
use crate::engine::untrusted_errno::known_errno;
use rustix::io::Errno;
use std::rc::Rc;
use ust_core::abi::ProcessHeader;
use ust_core::sync::Ordering;

/// The losses that a process file counts.
#[derive(Debug)]
pub struct Losses(Rc<Mapped>);

impl Losses {
    /// The losses on the first page of a process file.
    pub fn new(head: Rc<Mapped>) -> Self {
        Self(head)
    }

    /// Records that a channel lost because there was no stream.
    pub fn lost_no_stream(&self, channel_uid: u64) -> u64 {
        self.of(channel_uid).map(|(records, _)| records).fold(0, u64::saturating_add)
    }

    /// The reason for the last of these losses, if the process gives a known one.
    pub fn reason(&self, channel_uid: u64) -> Option<Errno> {
        self.of(channel_uid).filter_map(|(_, errno)| known_errno(errno)).last()
    }

    /// Records and a reason, for each slot of the channel.
    fn of(&self, channel_uid: u64) -> impl Iterator<Item = (u64, u32)> {
        let header = self.0.at::<ProcessHeader>(0);
        let losses = header.into_iter().flat_map(|header| &header.losses);
        losses.filter_map(move |slot| slot.of(channel_uid))
    }

    /// Whether forked children may be counting in it, even if the process is dead.
    pub fn has_heirs(&self) -> bool {
        self.0
            .at::<ProcessHeader>(0)
            .is_some_and(|header| header.heirs.load(Ordering::Relaxed) != 0)
    }

    /// The channels, by identity, that it counts for.
    pub fn counted_channels(&self) -> impl Iterator<Item = u64> {
        let losses = self.0.at::<ProcessHeader>(0).map(|header| &header.losses);
        losses.into_iter().flatten().map(|slot| slot.channel_uid.load(Ordering::Relaxed))
    }
}
