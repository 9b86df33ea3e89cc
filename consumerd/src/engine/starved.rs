//! What is said of a process that could get no memory for some of its events: how many, why, and what to do.

use super::ChannelUid;
use super::class_log::ProcessFile;
use super::drain::StreamDrain;
use crate::advice::{Attempt, why};
use rustix::io::Errno;
use std::{fmt, io};

/// Events of a process that were lost for want of the same thing.
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
    /// Of rings. `None` if there were no such events in that channel.
    pub fn of_rings(process: &'a ProcessFile, channel: ChannelUid) -> Option<Self> {
        let losses = process.losses();
        let (events, reason) = (losses.lost_no_stream(channel.0), losses.reason(channel.0));
        (events > 0).then_some(Self { process, events, of: Want::Ring, reason })
    }

    /// Of sub-buffers of rings that it had. `None` if there were no such events in these streams.
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
        write!(f, "process {} ({}): {what} for {events} events", process.pid, process.procname)?;
        let Some(reason) = *reason else { return Ok(()) };
        write!(f, ", of the last because: {}", why(Attempt::Ring, &io::Error::from(reason)))
    }
}

/// What a process gives as a reason, if it is one.
pub fn errno(untrusted: u32) -> Option<Errno> {
    // The kernel's numbers are among these.
    (1..4096).contains(&untrusted).then(|| Errno::from_raw_os_error(untrusted as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errno_that_the_kernel_does_not_have_is_no_reason() {
        for hostile in [0, 4096, 1 << 31, u32::MAX, (-1i32) as u32] {
            assert_eq!(errno(hostile), None, "{hostile}");
        }
        for possible in 1..4096 {
            let reason = errno(possible).expect("the kernel may say so");
            assert_eq!(reason.raw_os_error() as u32, possible);
            // Whatever it is, it can be said.
            assert!(!io::Error::from(reason).to_string().is_empty());
        }
    }
}
