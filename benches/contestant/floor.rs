//! The floors: the instructions that no tracer of this kind can do without.
//!
//! ```text
//!   rdtsc                         when                                        shared: lfence, rdtsc
//!   mov      [record], eax        a store: the clock
//!   mov      rax, position        (cmpxchg compares with rax and nothing else)
//!   cmpxchg  [word], next         room that no signal handler takes too       shared: lock cmpxchg
//!   mov      [record + 4], length a store: committed
//! ```
//!
//! The shared floor is for streams that any thread may write to. There the clock must not be read before the position, and
//! a writer on another CPU may take the room too.
//!
//! A slow floor would make the tracer look fast. So the bench fails if the first floor takes more than 1.5 times what
//! `rdtsc` alone takes. On other architectures there are no floors.

#[cfg(target_arch = "x86_64")]
use std::arch::asm;
use std::hint::black_box;

/// A loop around nothing.
pub fn empty_loop(events: u64) {
    for event in 0..events {
        black_box(event);
    }
}

/// `clock_gettime(CLOCK_MONOTONIC)` alone, by the vDSO.
pub fn clock_gettime(events: u64) {
    for event in 0..events {
        black_box(event);
        black_box(ust_core::clock::monotonic_ns());
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

#[cfg(target_arch = "x86_64")]
macro_rules! floor {
    ($(#[$doc:meta])* $name:ident, $clock:literal, $compare_and_swap:literal) => {
        $(#[$doc])*
        #[inline(never)]
        pub fn $name(events: u64) {
            let mut word = 0_u64;
            let mut record = [0_u32; 2];
            for position in 0..events {
                black_box(position);
                // SAFETY: both pointers lead to locals of the width that is written.
                unsafe {
                    asm!(
                        $clock,
                        "mov dword ptr [{record}], eax",
                        "mov rax, {position}",
                        $compare_and_swap,
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
            // If one compare-and-swap had failed, all after it would have failed too.
            assert_eq!(word, events);
            black_box(record);
        }
    };
}

#[cfg(target_arch = "x86_64")]
floor!(
    /// The floor of a stream that one thread owns.
    floor, "rdtsc", "cmpxchg qword ptr [{word}], {next}"
);

#[cfg(target_arch = "x86_64")]
floor!(
    /// The floor of a stream that threads share.
    shared_floor, "lfence\nrdtsc", "lock cmpxchg qword ptr [{word}], {next}"
);
