//! A stream file and its index: records go in one by one, packets come out whole.
//!
//! ```text
//!   reserve(len) --> Reservation --> commit(clock, end position)      for each record
//!        |               '--dropped: the packet is as before
//!        |   no room in the open packet
//!        v
//!   open packet --cut()--> closed packets --flush()--> DIR/NAME --then--> DIR/index/NAME.idx
//!     (batch)                 (batch)                  (publish)            (index)
//! ```
//!
//! Invariants:
//!
//! - At any moment, a reader finds a number of whole packets in the file (`publish.rs` argues why).
//! - Within a stream, sequence numbers count up by one; clocks and discarded counts never go back.
//! - A stream's first packet carries the count 0: readers report differences between packets, and
//!   have nothing to compare the first with.
//! - A packet has as many pages as its content needs, and no more.
//! - A packet is closed when its next record has no room, when the extra fields change, and by
//!   [`cut`](StreamWriter::cut). A packet without records is written only if a count needs one.
//!
//! The batch of closed packets is written when it is full or flushed. After a failed write, the
//! packets wait in it for the next flush, and [`reserve`](StreamWriter::reserve) fails rather than
//! gather more of them.

mod publish;
mod reservation;
mod resume;
mod writer;

pub use reservation::Reservation;
pub use resume::{LastPacket, last_packet};
pub(crate) use writer::{INDEX_DIR, index_name};
pub use writer::{RECORD_BYTES_MAX, Stats, StreamWriter};
