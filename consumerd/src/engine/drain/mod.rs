//! Draining one stream: from its ring into packets of its stream file.
//!
//! ```text
//!   full sub-buffer:  exchange -> frame its records into packets -> write -> clear      while less than half of the ring is free
//!                     frame them in place -> exchange -> write -> clear                 while more is free
//!   flush:            frame what is committed, in place           -> write
//!   death:            frame what is committed, over the holes     -> write
//! ```
//!
//! Each of these is one turn of the stream, and a turn ends. It moves over at most what the ring can hold when it
//! begins ([`Reader::reach`](ust_core::ring::Reader::reach)), however far the process claims to be. It looks at each
//! place at most a few times, however often the process takes back what is there. The rest is for the next turn (see
//! `round`).
//!
//! The stream's words are the process's: if they make no sense, this stream ends, with a reason, and nothing else does.
//! A file that cannot be written (disk full) does not end the stream. What is framed waits and nothing more is taken,
//! so the ring fills and its writers count what they lose; each pass tries again. What is still not written at the end
//! is counted as `records_lost_unwritten`.
//!
//! A record that does not fit its class ends its stream as well. What was framed before it is in the file. The record,
//! and what the ring holds behind it, are counted as `records_lost_malformed` at the end; writers that find no room
//! from then on count their losses themselves.
//!
//! | file | what it has |
//! | --- | --- |
//! | `stream` | the stream: its state, and what an error does to it |
//! | `turn`, `pass` | what a turn is to do, and how it is done while its writers live |
//! | `ending`, `snapshot` | its end; a copy of what it holds now |
//! | `held_up`, `spare` | writers that do not go on; memory to exchange full sub-buffers for |
//! | `framer`, `record_check` | puts records into packets, each checked before |
//! | `trace`, `trace_folder`, `preamble`, `stream_class` | where packets go, and what describes them |
//! | `stream_error` | why a stream could not be read or written |
//! | `cost` | a test: what a record costs from the ring into the file |

mod cost;
mod ending;
mod framer;
mod held_up;
mod pass;
mod preamble;
mod record_check;
mod snapshot;
mod spare;
mod stream;
mod stream_class;
mod stream_error;
mod trace;
mod trace_folder;
mod turn;

pub use pass::Pass;
pub use stream::StreamDrain;
pub use stream_class::StreamClass;
pub use stream_error::StreamError;
pub use trace::Trace;
pub use trace_folder::TraceFolder;
