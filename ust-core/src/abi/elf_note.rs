//! The two ELF notes that each copy of the library leaves in an instrumented executable or shared object.
//!
//! ```text
//!   section .note.ust     name length 4 | descriptor length 4 | kind 1 | "ust\0" | ABI version
//!                         name length 4 | descriptor length 8 | kind 2 | "ust\0" | version | offset of the table's address
//! ```
//!
//! The first note says that there are tracepoints. It is for tools that have the file but no process (one that could
//! not introduce itself, say). Running code never looks for it. The second note is for other copies of the library in
//! the same process (the crate `ust` has the table). Both are allocated sections, so `PT_NOTE` leads to them in a
//! stripped file too.

/// The notes' owner, with its terminating zero.
pub const ELF_NOTE_NAME: [u8; 4] = *b"ust\0";

/// The kind of the note that announces tracepoints.
pub const ELF_NOTE_KIND: u32 = 1;

/// The kind of the note that leads to a copy's in-process table.
pub const ELF_NOTE_KIND_TABLE: u32 = 2;
