//! The registers that unwinding follows, and their numbers in the tables.

use core::arch::asm;
use gimli::Register;

/// Those of a function in progress. Other registers are of use only where a frame is found by them, which is rare.
#[derive(Debug, Clone, Copy)]
pub struct Registers {
    /// The next instruction.
    pub pc: usize,
    /// The stack's lowest address in use.
    pub sp: usize,
    /// The frame pointer, where code has one. Where it has none it is a register as any other, and is restored as they are.
    pub fp: Value,
    /// Where the function returns to, on machines that have a register for that; 0: not known.
    pub link: usize,
}

/// The value of a register. Few frames are found by the frame pointer, so it is not read before one is.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    /// It is this.
    Is(usize),
    /// It lies on the stack, at this address.
    At(usize),
}

/// The number of the stack pointer in the tables.
#[cfg(target_arch = "x86_64")]
pub const SP: Register = gimli::X86_64::RSP;
/// The number of the frame pointer in the tables.
#[cfg(target_arch = "x86_64")]
pub const FP: Register = gimli::X86_64::RBP;

/// The number of the stack pointer in the tables.
#[cfg(target_arch = "aarch64")]
pub const SP: Register = gimli::AArch64::SP;
/// The number of the frame pointer in the tables.
#[cfg(target_arch = "aarch64")]
pub const FP: Register = gimli::AArch64::X29;

/// Those of the function that this is compiled into.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn registers() -> Registers {
    let (pc, sp, fp);
    // SAFETY: it only reads registers.
    unsafe {
        asm!(
            // First: any of the results may be put there.
            "mov {fp}, rbp",
            "mov {sp}, rsp",
            "lea {pc}, [rip]",
            pc = out(reg) pc,
            sp = out(reg) sp,
            fp = out(reg) fp,
            options(nomem, nostack, preserves_flags),
        );
    }
    Registers { pc, sp, fp: Value::Is(fp), link: 0 }
}

/// Those of the function that this is compiled into.
#[cfg(target_arch = "aarch64")]
#[inline(always)]
pub fn registers() -> Registers {
    let (pc, sp, fp, link);
    // SAFETY: it only reads registers.
    unsafe {
        asm!(
            // First: any of the results may be put there.
            "mov {link}, x30",
            "mov {fp}, x29",
            "mov {sp}, sp",
            "adr {pc}, .",
            pc = out(reg) pc,
            sp = out(reg) sp,
            fp = out(reg) fp,
            link = out(reg) link,
            options(nomem, nostack, preserves_flags),
        );
    }
    Registers { pc, sp, fp: Value::Is(fp), link }
}

/// A return address as it is called: without the signature that a processor may put into its upper bits.
#[inline(always)]
pub fn unsigned(address: usize) -> usize {
    if cfg!(target_arch = "aarch64") { address & ((1 << 48) - 1) } else { address }
}
