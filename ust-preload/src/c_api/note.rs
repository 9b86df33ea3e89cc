//! The note by which programs find the shim: it exports no name of its own, and most executables would not ask for one.
//!
//! ```text
//!   PT_NOTE  "ust" kind 3 | version | offset --.      read-only, so it cannot hold an address
//!                                              v
//!                                   address of TABLE  relocated by the loader before any constructor runs
//! ```

use super::TABLE;
use core::arch::global_asm;
use ust_core::abi::{C_API, ELF_NOTE_KIND_C_API};

/// The assembler's directive for an address.
#[cfg(target_pointer_width = "64")]
macro_rules! address {
    () => {
        ".quad {table}"
    };
}
#[cfg(target_pointer_width = "32")]
macro_rules! address {
    () => {
        ".long {table}"
    };
}

global_asm!(
    ".pushsection .data.rel.ro.ust,\"aw\",%progbits",
    ".p2align 3",
    "78:",
    address!(),
    ".popsection",
    ".pushsection .note.ust,\"a\",%note",
    ".p2align 2",
    ".long 4, 8, {kind}",
    ".asciz \"ust\"",
    ".long {version}",
    ".long 78b - .",
    ".popsection",
    table = sym TABLE,
    kind = const ELF_NOTE_KIND_C_API,
    version = const C_API.to_word(),
);
