//! The message about a process that got no memory for some of its events: how many, why, and what to do.

use crate::advice::{Attempt, why};
use crate::engine::api::ChannelUid;
use crate::engine::drain::StreamDrain;
use crate::engine::process_file::ProcessFile;
use rustix::io::Errno;
use std::{fmt, io};

/// Events of a process that were lost for lack of the same thing.
#[derive(Debug)]
pub struct Starved<'a> {
    process: &'a ProcessFile,
    events: u64,
    of: Want,
    /// Why it could not be had for the last of them.
    reason: Option<Errno>,
}

#[derive(Debug, Clone, Copy)]
enum Want {
    Ring,
    Subbuf,
}

impl<'a> Starved<'a> {
    /// Events lost for lack of rings. `None` if there were no such events in these channels.
    pub fn of_rings(
        process: &'a ProcessFile,
        channels: impl Iterator<Item = ChannelUid>,
    ) -> Option<Self> {
        let losses = process.losses();
        let (mut events, mut reason) = (0_u64, None);
        for ChannelUid(uid) in channels {
            events = events.saturating_add(losses.lost_no_stream(uid));
            reason = losses.reason(uid).or(reason);
        }
        (events > 0).then_some(Self { process, events, of: Want::Ring, reason })
    }

    /// Events lost for lack of sub-buffers of rings that it had. `None` if there were no such events in these streams.
    pub fn of_subbufs<'s>(
        process: &'a ProcessFile,
        streams: impl Iterator<Item = &'s StreamDrain>,
    ) -> Option<Self> {
        let (mut events, mut reason) = (0_u64, None);
        for (lost, of_stream) in streams.map(StreamDrain::lost_no_memory).filter(|it| it.0 > 0) {
            events = events.saturating_add(lost);
            reason = of_stream.or(reason);
        }
        (events > 0).then_some(Self { process, events, of: Want::Subbuf, reason })
    }
}

impl fmt::Display for Starved<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process, events, of, reason } = self;
        let what = match of {
            Want::Ring => "no ring could be had",
            Want::Subbuf => "no further memory for its rings could be had",
        };
        write!(
            f,
            "process {} ({}): {what} for {events} events",
            process.pid, process.program.name
        )?;
        let Some(reason) = *reason else { return Ok(()) };
        write!(f, "; reason for the last: {}", why(Attempt::Ring, &io::Error::from(reason)))
    }
}
