//! What an instrumented executable or shared object says in its file: two ELF notes, once a copy of the library.
//!
//! ```text
//!   section .note.ust     name length 4 | descriptor length 4 | kind 1 | "ust\0" | ABI version
//!                         name length 4 | descriptor length 8 | kind 2 | "ust\0" | version | offset of the table's address
//! ```
//!
//! The first says that there are tracepoints. It is for those that have the file and no process, because the process could not
//! introduce itself, say. Running code never looks for it. The second is for other copies of the library in the same process (the crate `ust` has the table). Both are
//! allocated, so that `PT_NOTE` leads to them in a stripped file too.

/// The note's owner, as long as its bytes.
pub const ELF_NOTE_NAME: [u8; 4] = *b"ust\0";

/// The kind of the note that says that there are tracepoints.
pub const ELF_NOTE_KIND: u32 = 1;

/// The kind of the note that leads to a copy's in-process table.
pub const ELF_NOTE_KIND_TABLE: u32 = 2;
