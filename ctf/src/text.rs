//! Events as lines of text, as babeltrace2 prints them.
//!
//! ```text
//!   [12:09:33.870001204] (+0.000001234) machine:prog:(4242) file:opened: { vtid = 5 }, { path = "a.txt", bytes = 1204 }
//!   time, local          since the last  who was traced     event        packet's,     payload
//!                                                                         contexts
//! ```
//!
//! Where this differs from babeltrace2:
//!
//! - Floating point numbers have all the digits that tell them from others, not six.
//! - The fields that hold sequences' lengths are left out, and so are the packet context's fields that frame the packet.
//! - Bytes that are no UTF-8 are shown escaped.
//!
//! Local time is that of `TZ` or the system's zone; without zone files it is UTC.

use std::fmt::{self, Display, Write};

use jiff::tz::TimeZone;

use crate::metadata::EnvValue;
use crate::reader::{Event, Trace, Value};
use crate::tsdl::Type;

/// Packet context fields that describe the packet and not what was traced.
const FRAMING: [&str; 7] = [
    "timestamp_begin",
    "timestamp_end",
    "content_size",
    "packet_size",
    "packet_seq_num",
    "events_discarded",
    "end_position",
];

/// Makes lines of events; remembers the last one's time.
#[derive(Debug)]
pub struct Printer {
    zone: TimeZone,
    last_ns: Option<i64>,
}

impl Default for Printer {
    fn default() -> Printer {
        Printer::new()
    }
}

impl Printer {
    /// Times are local.
    pub fn new() -> Printer {
        Printer { zone: TimeZone::system(), last_ns: None }
    }

    /// Times are UTC.
    pub fn utc() -> Printer {
        Printer { zone: TimeZone::UTC, last_ns: None }
    }

    /// The line of an event, without line end.
    pub fn line(&mut self, event: &Event) -> String {
        let mut line = String::new();
        // A String takes whatever is written.
        let _ = self.write(event, &mut line);
        line
    }

    /// Writes the line of an event, without line end.
    pub fn write(&mut self, event: &Event, out: &mut impl Write) -> fmt::Result {
        self.times(event.timestamp_ns, out)?;
        origin(&event.trace, out)?;
        write!(out, "{}: ", event.class.name)?;
        let packet_context = event.packet.context.as_ref().map(|context| {
            let shown = |name: &str| !FRAMING.contains(&name);
            Fields { value: context, ty: None, shown: &shown }
        });
        let class = &event.class;
        let stream = event.trace.metadata.streams.get(&event.packet.stream_id);
        let ours = |value, ty| part(value, ty);
        let parts = [
            packet_context.filter(|fields| !fields.is_empty()),
            ours(event.stream_context.as_ref(), stream.and_then(|stream| stream.event_context.as_ref())),
            ours(event.context.as_ref(), class.context.as_ref()),
            ours(event.fields.as_ref(), class.fields.as_ref()),
        ];
        let mut separator = "";
        for part in parts.into_iter().flatten() {
            write!(out, "{separator}{part}")?;
            separator = ", ";
        }
        Ok(())
    }
}
