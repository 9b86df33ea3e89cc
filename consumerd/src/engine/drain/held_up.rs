//! Writers that hold others up: if a record is in flight for too long, with others behind it, the consumer closes its
//! stream.
//!
//! ```text
//!   Nobody --a stall--> Since --the same one, for a second--> Closed --another second--> what is in flight is given up
//!      ^                  |
//!      '---- it went on --'
//! ```

use std::time::{Duration, Instant};
use ust_core::ring::Stall;

/// How long a record may be in flight, with others behind it, before its stream is closed; and how long after that
/// until it is given up.
const RECORD_ENDS_WITHIN: Duration = Duration::from_secs(1);

/// See the module page.
#[derive(Debug, Clone, Copy)]
pub enum HeldUp {
    /// Writers go on.
    Nobody,
    /// Writers have not gone on since then.
    Since(Stall, Instant),
    /// The stream was closed for it, at this moment.
    Closed(Instant),
}

impl HeldUp {
    /// What held writers up when it was last looked at.
    pub fn stall(self) -> Option<Stall> {
        match self {
            Self::Since(stall, _) => Some(stall),
            Self::Nobody | Self::Closed(_) => None,
        }
    }

    /// Whether the stream was closed.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Closed(_))
    }

    /// Whether the stream was closed, and writers have since had the time to finish what they had begun.
    pub fn is_to_be_given_up(self) -> bool {
        matches!(self, Self::Closed(at) if at.elapsed() >= RECORD_ENDS_WITHIN)
    }

    /// Notes what holds writers up now, if anything. Returns whether it has held them up for so long that the stream is
    /// to be closed.
    pub fn note(&mut self, now: Option<Stall>) -> bool {
        match (now, *self) {
            (_, Self::Closed(_)) => {}
            (Some(now), Self::Since(earlier, since)) if now.lasts_since(earlier) => {
                if since.elapsed() >= RECORD_ENDS_WITHIN {
                    *self = Self::Closed(Instant::now());
                    return true;
                }
            }
            (now, _) => {
                *self = now.map_or(Self::Nobody, |stall| Self::Since(stall, Instant::now()));
            }
        }
        false
    }
}
