//! Probes of SystemTap's format, which the feature `sdt` puts beside the tracepoints: gdb, bpftrace, perf and SystemTap find them.
//!
//! ```text
//!   .text              a `nop` wherever a tracepoint is passed: debuggers and uprobes stop there
//!   .note.stapsdt      for each such place: address, semaphore, provider, name, arguments ("-4@%rax 8@%rcx 8@%rdx")
//!   .stapsdt.base      its address is in each note, so that tools see whether something has moved the program
//!   .probes            the semaphores: tools raise one while they are at the tracepoint
//! ```
//!
//! A note is linked to the function that its `nop` is in. Both linkers then drop the note of a function that they drop; a note
//! without a function would lead tools to the address 0. For this the place needs a label which is unique in its object, although the
//! compiler copies the assembly wherever it inlines or unrolls. A counter of the assembler gives the number, and a macro of the
//! assembler makes it part of the name.
//!
//! All of it is used by expansions.
#![allow(unsafe_code)]

mod argument;

pub use argument::{Absent, Argument, NoArgument, Told};
// By which the macro finds the standard library, whatever the user's crate calls `core`.
pub use core;
use core::cell::UnsafeCell;

/// How many tools are at a tracepoint.
#[derive(Debug)]
#[repr(transparent)]
pub struct Semaphore(UnsafeCell<u16>);

// SAFETY: the program only reads it, by volatile loads. The kernel and debuggers write it.
unsafe impl Sync for Semaphore {}

impl Semaphore {
    /// One that nobody has raised.
    #[allow(clippy::new_without_default)] // It has no obvious default.
    pub const fn new() -> Self {
        Self(UnsafeCell::new(0))
    }

    /// Whether a tool is at the tracepoint.
    #[inline(always)]
    pub fn is_raised(&self) -> bool {
        // SAFETY: a word of a static.
        unsafe { self.0.get().read_volatile() != 0 }
    }
}

/// The `nop`, and its note. `$line` are the lines of assembly that write the arguments, and `$operand` what these lines name.
#[doc(hidden)]
#[macro_export]
macro_rules! __ust_note {
    (
        $address:literal, $provider:literal, $name:literal, $semaphore:ident,
        [$($line:literal),*], [$($operand:tt)*], $($option:ident)?
    ) => {
        // SAFETY: only the `nop` is executed.
        unsafe {
            $crate::sdt::core::arch::asm!(
                ".ifndef .Lust_probes",
                ".set .Lust_probes, 0",
                ".endif",
                ".set .Lust_probes, .Lust_probes + 1",
                ".altmacro",
                ".macro ust_probe number",
                ".Lust_probe\\number: nop",
                ".pushsection .note.stapsdt,\"o\",@note,.Lust_probe\\number",
                ".balign 4",
                ".4byte 992f-991f, 994f-993f, 3",
                "991: .asciz \"stapsdt\"",
                "992: .balign 4",
                $crate::sdt::core::concat!("993: ", $address, " .Lust_probe\\number"),
                ".endm",
                "ust_probe %.Lust_probes",
                ".purgem ust_probe",
                ".noaltmacro",
                $crate::sdt::core::concat!($address, " _.stapsdt.base"),
                $crate::sdt::core::concat!($address, " {__ust_semaphore}"),
                $crate::sdt::core::concat!(".asciz \"", $provider, "\""),
                $crate::sdt::core::concat!(".asciz \"", $name, "\""),
                $($line,)*
                ".byte 0",
                "994: .balign 4",
                ".popsection",
                ".ifndef _.stapsdt.base",
                // Retained: notes are not loaded, so they keep nothing.
                ".pushsection .stapsdt.base,\"aGR\",@progbits,.stapsdt.base,comdat",
                ".weak _.stapsdt.base",
                ".hidden _.stapsdt.base",
                ".set _.stapsdt.base, .",
                ".space 1",
                ".size _.stapsdt.base, 1",
                ".popsection",
                ".endif",
                $($operand)*
                __ust_semaphore = sym $semaphore,
                options($($option,)? nostack, preserves_flags, readonly),
            );
        }
    };
}

/// A place of a probe.
#[cfg(target_arch = "x86_64")]
#[doc(hidden)]
#[macro_export]
macro_rules! __ust_probe {
    ($provider:literal, $name:literal, $semaphore:ident, $lines:tt, $operands:tt) => {
        $crate::sdt::note!(".8byte", $provider, $name, $semaphore, $lines, $operands, att_syntax)
    };
}

/// A place of a probe.
#[cfg(target_arch = "aarch64")]
#[doc(hidden)]
#[macro_export]
macro_rules! __ust_probe {
    ($provider:literal, $name:literal, $semaphore:ident, $lines:tt, $operands:tt) => {
        $crate::sdt::note!(".8byte", $provider, $name, $semaphore, $lines, $operands,)
    };
}

/// A place of a probe. It has no arguments: there are too few registers.
#[cfg(target_arch = "x86")]
#[doc(hidden)]
#[macro_export]
macro_rules! __ust_probe {
    ($provider:literal, $name:literal, $semaphore:ident, $lines:tt, $operands:tt) => {
        $crate::sdt::note!(".4byte", $provider, $name, $semaphore, [], [], att_syntax)
    };
}

/// Nothing: tools do not know probes of this architecture.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "x86")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __ust_probe {
    ($provider:literal, $name:literal, $semaphore:ident, $lines:tt, $operands:tt) => {};
}

pub use __ust_note as note;
pub use __ust_probe as probe;
