//! The ELF notes of an instrumented executable or shared object.
//!
//! ```text
//!   section .note.ust     name length 4 | descriptor length 4 | kind 1 | "ust\0" | ABI version
//!     each copy of `ust`  name length 4 | descriptor length 8 | kind 2 | "ust\0" | version | offset of the table's address
//!     the shim            name length 4 | descriptor length 8 | kind 3 | "ust\0" | version | offset of the table's address
//!     a program of C      name length 4 | descriptor length 4 | kind 4 | "ust\0" | version
//! ```
//!
//! The first note says that there are tracepoints. It is for tools that have the file but no process (one that could
//! not introduce itself, say). Running code never looks for it. The second note is for other copies of the library in
//! the same process (the crate `ust` has the table). The third leads tracepoints of C to the shim's table, and the fourth says
//! that there are such tracepoints. All are allocated sections, so `PT_NOTE` leads to them in a stripped file too.

use crate::version::Version;

/// The notes' owner, with its terminating zero.
pub const ELF_NOTE_NAME: [u8; 4] = *b"ust\0";

/// The kind of the note that announces tracepoints.
pub const ELF_NOTE_KIND: u32 = 1;

/// The kind of the note that leads to a copy's in-process table.
pub const ELF_NOTE_KIND_TABLE: u32 = 2;

/// The kind of the note that leads to what the shim offers to tracepoints of C.
pub const ELF_NOTE_KIND_C_API: u32 = 3;

/// The kind of the note that announces tracepoints of C.
pub const ELF_NOTE_KIND_C: u32 = 4;

/// The version of what the shim offers to tracepoints of C: the functions and structures of `ust.h`. A header asks for its
/// major, and at least its minor.
pub const C_API: Version = Version { major: 1, minor: 0 };
