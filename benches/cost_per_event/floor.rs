//! The floor: what no tracer of this kind can do without, and nothing else.
//!
//! ```text
//!   rdtsc                         when
//!   mov      [record], eax        a store: the clock
//!   mov      rax, position        (cmpxchg compares with rax and nothing else)
//!   cmpxchg  [word], next         room that no signal handler takes too; no lock prefix
//!   mov      [record + 4], length a store: committed
//! ```
//!
//! So that nobody inflates it, the bench fails if it takes more than 1.5 times what `rdtsc` alone takes. On other
//! architectures there is no floor.

#[cfg(target_arch = "x86_64")]
use std::arch::asm;
use std::hint::black_box;

/// A loop around nothing.
pub fn empty_loop(events: u64) {
    for event in 0..events {
        black_box(event);
    }
}

/// `rdtsc` alone.
#[cfg(target_arch = "x86_64")]
pub fn rdtsc(events: u64) {
    for event in 0..events {
        black_box(event);
        // SAFETY: every x86-64 has the instruction; it writes the two registers that are named.
        unsafe { asm!("rdtsc", out("eax") _, out("edx") _, options(nostack, nomem)) };
    }
}

/// All of it.
#[cfg(target_arch = "x86_64")]
pub fn floor(events: u64) {
    let mut word = 0_u64;
    let mut record = [0_u32; 2];
    for position in 0..events {
        black_box(position);
        // SAFETY: both pointers lead to locals of the width that is written.
        unsafe {
            asm!(
                "rdtsc",
                "mov dword ptr [{record}], eax",
                "mov rax, {position}",
                "cmpxchg qword ptr [{word}], {next}",
                "mov dword ptr [{record} + 4], {next:e}",
                record = in(reg) record.as_mut_ptr(),
                position = in(reg) position,
                word = in(reg) &raw mut word,
                next = in(reg) position + 1,
                out("eax") _,
                out("edx") _,
                options(nostack),
            );
        }
    }
    // Had one compare-and-swap failed, all after it had.
    assert_eq!(word, events);
    black_box(record);
}
