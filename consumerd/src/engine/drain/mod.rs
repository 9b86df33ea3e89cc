//! Draining one stream: from its ring into packets of its stream file.
//!
//! ```text
//!   full sub-buffer:  exchange -> frame its records into packets -> write -> clear
//!   flush:            frame what is committed, in place           -> write
//!   death:            frame what is committed, over the holes     -> write
//! ```
//!
//! Each is one turn of the stream, and a turn ends: it moves over what the ring can hold when it begins
//! ([`Reader::reach`](ust_core::ring::Reader::reach)), however far the process claims to be, and looks at each place a few times at most, however often
//! the process takes back what stands there. What is left is for the next turn (see `round`).
//!
//! The stream's words are the process's: what makes no sense ends this stream, with a reason, and nothing
//! else. A file that cannot be written (disk full) does not end it: what is framed waits, nothing more is
//! taken, so that the ring fills and its writers count what they lose; each pass tries again. What is
//! still not written at the end is counted as `records_lost_unwritten`.
//!
//! A record that is not what its class says ends its stream as well: what was framed before it is in the file; it,
//! and what the ring holds behind it, is counted as `records_lost_malformed`, at the end; what the writers find no
//! room for from then on they count themselves.
//!
//! | file | what stands there |
//! | --- | --- |
//! | `stream` | the stream: what is known of it, and what an error does to it |
//! | `turn`, `pass` | what is wanted of it, and how that is done while its writers live |
//! | `ending`, `snapshot` | what is left of it; what it holds now |
//! | `held_up`, `spare` | writers that do not go on; memory to exchange full sub-buffers for |
//! | `framer`, `record_check` | records into packets, each looked at before |
//! | `trace`, `trace_folder`, `preamble`, `stream_class` | where packets go, and what describes them |
//! | `stream_error` | why something of that could not be done |

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
