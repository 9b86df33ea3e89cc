//! What an instrumented executable or shared object says in its file: an ELF note, once a tracepoint.
//!
//! ```text
//!   section .note.ust     name length 4 | descriptor length 4 | kind 1 | "ust\0" | ABI version
//! ```
//!
//! It is for those that have the file and no process: the process could not introduce itself, say. The note is
//! allocated, so that `PT_NOTE` leads to it in a stripped file too. Running code never looks for it.

use super::ABI_VERSION;

/// The note's owner, as long as its bytes.
pub const ELF_NOTE_NAME: [u8; 4] = *b"ust\0";

/// The only kind there is.
pub const ELF_NOTE_KIND: u32 = 1;

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
            abi_version: ABI_VERSION,
        }
    }
}
