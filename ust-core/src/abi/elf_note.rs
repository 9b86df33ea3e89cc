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

/// Leaves a note that leads to a table of the module that it is linked into, and to its version.
///
/// ```text
///   PT_NOTE  "ust" kind | version | offset --.      read-only, so it cannot hold an address
///                                            v
///                                 address of the table   relocated by the loader before any constructor runs
/// ```
///
/// In assembly, not as statics: sanitizers put padding around statics, which is no valid note and must not be read. It must
/// stand in a file whose code is linked in any case.
#[doc(hidden)]
#[macro_export]
macro_rules! table_note {
    (kind: $kind:expr, version: $version:expr, table: $table:path) => {
        ::core::arch::global_asm!(
            ".pushsection .data.rel.ro.ust,\"aw\",%progbits",
            ".p2align 3",
            "77:",
            // An address, as wide as the machine's.
            ".dc.a {table}",
            ".popsection",
            ".pushsection .note.ust,\"a\",%note",
            ".p2align 2",
            ".long 4, 8, {kind}",
            ".asciz \"ust\"",
            ".long {version}",
            ".long 77b - .",
            ".popsection",
            table = sym $table,
            kind = const $kind,
            version = const $version.to_word(),
        );
    };
}
