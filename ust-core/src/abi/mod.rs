//! The words of the shared memory, and arithmetic on them: no pointers, no I/O.
//!
//! ```text
//!   process file (one a process)            ring file (many streams each)
//!   +----------------------------+          +--------------------------+
//!   | ProcessHeader   one page   |          | RingFileHeader  one page |
//!   +----------------------------+          +--------------------------+
//!   | class entries, append-only |          | stream 0                 |
//!   |   ClassEntry + body        |          |   StreamControl  1 page  |
//!   |   ...                      |          |   memory 0 .. memory N   |   N places and the reader's spare
//!   +----------------------------+          | stream 1 ...             |
//!                                           +--------------------------+
//! ```
//!
//! The layout is the same for 32- and 64-bit processes: sizes are explicit, every word stands at an
//! offset that a const assertion states, reserved bytes have names. Both sides treat what the other
//! wrote as an allegation: the arithmetic here masks or refuses, it never trusts.

mod class_log;
mod control;
mod frame;
mod geometry;
mod position;
mod ring_file;

pub use class_log::{
    CHANNEL_SLOTS, CLASS_LOG_BYTES, CLASS_LOG_OFFSET, ClassEntry, PROCESS_FILE_BYTES,
    PROCESS_MAGIC, ProcessHeader, SlotLosses,
};
pub use control::{LossCause, MAX_SUBBUFS, StreamControl, StreamState, TABLE_MEMORY_MASK};
pub use frame::{Frame, FrameKind, MAX_RECORD_BYTES, WORD_BYTES};
pub use geometry::{Geometry, GeometryError, SUBBUF_COUNT_RANGE, SUBBUF_SIZE_RANGE_BYTES};
pub use position::Position;
pub use ring_file::{MAX_STREAMS_PER_FILE, RING_FILE_MAGIC, RingFileHeader, RingFileShape};

/// Version of everything in this module. A reader refuses any other.
pub const ABI_VERSION: u32 = 1;

/// What the ABI calls a page, whatever the machine's own is.
pub const PAGE_BYTES: usize = 4096;
