//! The words of the shared memory, and arithmetic on them: no pointers, no I/O.
//!
//! ```text
//!   process file (one a process)            ring file (many streams each)
//!   +----------------------------+          +--------------------------+
//!   | ProcessHeader  | one page  |          | RingFileHeader  one page |
//!   | Program        |           |          |                          |
//!   +----------------------------+          +--------------------------+
//!   | class entries, append-only |          | stream 0                 |
//!   |   ClassEntry + body        |          |   StreamControl  1 page  |
//!   |   ...                      |          |   memory 0 .. N + 1      |   N places and two spares
//!   +----------------------------+          | stream 1 ...             |
//!                                           +--------------------------+
//! ```
//!
//! The layout is the same for 32- and 64-bit processes: sizes are explicit, a const assertion
//! states each word's offset, and reserved bytes have names. Each side treats what the other wrote
//! as untrusted: the arithmetic here masks or refuses.

mod class_log;
mod constants;
mod control;
mod delivered;
mod doorbell;
mod elf_note;
mod frame;
mod geometry;
pub(crate) mod layout;
mod losses;
mod mode;
mod note;
pub mod orderings;
mod position;
mod program;
mod ring_file;
mod shm_path;
mod table;

pub use class_log::{
    CHANNEL_SLOTS, CLASS_LOG_BYTES, CLASS_LOG_OFFSET, ClassEntry, MIN_PROCESS_FILE_BYTES,
    PROCESS_FILE_BYTES, PROCESS_FILE_MEMFD, PROCESS_MAGIC, ProcessHeader, is_process_file_size,
    process_file_bytes,
};
pub use constants::{ABI, PAGE_BYTES};
pub use control::{LossCause, Recycling, StreamControl, StreamState, Taking};
pub use delivered::Delivered;
pub use doorbell::Doorbell;
pub use elf_note::{
    C_API, ELF_NOTE_KIND, ELF_NOTE_KIND_C, ELF_NOTE_KIND_C_API, ELF_NOTE_KIND_TABLE, ELF_NOTE_NAME,
};
pub use frame::{Frame, FrameKind, MAX_RECORD_BYTES, WORD_BYTES};
pub use geometry::{
    Geometry, GeometryError, MAX_SUBBUFS, SUBBUF_COUNT_RANGE, SUBBUF_SIZE_RANGE_BYTES,
};
pub use losses::SlotLosses;
pub use mode::{Buffers, Mode, Residency};
pub use note::{NOTE_BYTES, Note};
pub use position::Position;
pub use program::{
    MAX_ARGUMENTS_BYTES, MAX_BUILD_ID_BYTES, MAX_EXE_BYTES, PROGRAM_OFFSET, Program,
};
pub use ring_file::{
    MAX_RING_FILES, MAX_STREAMS_PER_FILE, RING_FILE_MAGIC, RingFileHeader, RingFileShape,
};
pub use shm_path::{
    MAX_SHM_PATH_BYTES, PROCESS_FILE_PREFIX, RING_FILE_PREFIX, SESSION_FILE, SESSION_FILE_NEW,
    ShmFile, ShmPath,
};
pub use table::TableEntry;
