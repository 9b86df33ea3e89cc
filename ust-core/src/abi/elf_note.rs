//! What an instrumented executable or shared object says in its file: an ELF note, once a tracepoint.
//!
//! ```text
//!   section .note.ust     name length 4 | descriptor length 4 | kind 1 | "ust\0" | ABI version
//!                                         once a copy of the library:
//!                         name length 4 | descriptor length 8 | kind 2 | "ust\0" | version | offset of the table's address
//! ```
//!
//! The first is for those that have the file and no process: the process could not introduce itself, say. Running code never
//! looks for it. The second is for other copies of the library in the same process (the crate `ust` has the table). Both are
//! allocated, so that `PT_NOTE` leads to them in a stripped file too.

use super::ABI;

/// The note's owner, as long as its bytes.
pub const ELF_NOTE_NAME: [u8; 4] = *b"ust\0";

/// The kind of a tracepoint's note.
pub const ELF_NOTE_KIND: u32 = 1;

/// The kind of the note that leads to a copy's in-process table.
pub const ELF_NOTE_KIND_TABLE: u32 = 2;

/// The note, as `Elf32_Nhdr` and `Elf64_Nhdr` (which are alike) begin it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct ElfNote {
    name_bytes: u32,
    descriptor_bytes: u32,
    kind: u32,
    name: [u8; 4],
    /// The version that the module's tracepoints speak.
    pub abi_version: u32,
}

impl ElfNote {
    /// The note of this version.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self {
            name_bytes: size_of_val(&ELF_NOTE_NAME) as u32,
            descriptor_bytes: size_of::<u32>() as u32,
            kind: ELF_NOTE_KIND,
            name: ELF_NOTE_NAME,
            abi_version: ABI.to_word(),
        }
    }
}
