//! The clock that records carry.
//!
//! Two kinds, chosen by the daemon and told to the process with the rules: the processor's time-stamp
//! counter where the kernel itself trusts it (about 8 ns), else `CLOCK_MONOTONIC` through the vDSO
//! (about 25 ns). Which frequency and which moment of the epoch a value stands for is the daemon's
//! affair; the process only reads.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86")]
use core::arch::x86 as arch;
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64 as arch;
use serde::{Deserialize, Serialize};

/// A source of clock values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum ClockKind {
    /// The invariant time-stamp counter, in cycles. x86 only, of either word size; elsewhere it is `Monotonic`.
    Tsc,
    /// `CLOCK_MONOTONIC`, in nanoseconds.
    Monotonic,
}

impl ClockKind {
    /// The best clock of this machine: the counter where the kernel uses it for its own clocks, which it
    /// does only after it has found it invariant and in step on all CPUs.
    pub fn best() -> Self {
        const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        let is_tsc = || std::fs::read_to_string(SOURCE).is_ok_and(|name| name.trim() == "tsc");
        if cfg!(any(target_arch = "x86_64", target_arch = "x86")) && is_tsc() {
            ClockKind::Tsc
        } else {
            ClockKind::Monotonic
        }
    }

    /// Reads the clock. Async-signal-safe, no system call.
    #[inline(always)]
    pub fn now(self) -> u64 {
        match self {
            // The daemon chooses the clock for processes of both word sizes: both read the same counter.
            #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
            ClockKind::Tsc => counter(),
            _ => monotonic_ns(),
        }
    }
}

/// The time-stamp counter. It does not wait for earlier loads, and need not: a stream's owner reads it between two
/// accesses to the position of which the second is a CAS that fails if a handler came between, and an interrupt
/// is precise.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline(always)]
fn counter() -> u64 {
    let now;
    // Its halves are put together at once: a compiler that does so when it must keeps two registers until then.
    // SAFETY: every x86-64 has the instruction; it writes the two registers that are named.
    unsafe {
        core::arch::asm!(
            "rdtsc",
            "shl rdx, 32",
            "or rdx, rax",
            out("rax") _,
            out("rdx") now,
            options(nostack, nomem),
        );
    }
    now
}

/// The same.
#[cfg(any(target_arch = "x86", all(target_arch = "x86_64", miri)))]
#[inline(always)]
fn counter() -> u64 {
    // SAFETY: every x86 that this is compiled for has the instruction.
    unsafe { arch::_rdtsc() }
}

impl ClockKind {
    /// Whether it is read without a call: what must be kept across a call that is never made costs registers all
    /// the same.
    #[inline(always)]
    pub fn is_counter(self) -> bool {
        cfg!(target_arch = "x86_64") && self == ClockKind::Tsc
    }

    /// Lets [`now`](Self::now), called later, not read the clock before every load that comes earlier in the program has
    /// been done: for a stream to which other CPUs write. (`clock_gettime` sees to it itself.)
    #[inline(always)]
    pub fn await_loads(self) {
        #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
        if self == ClockKind::Tsc {
            // SAFETY: whoever has the counter has the instruction; it waits until the loads before it are done.
            unsafe { arch::_mm_lfence() };
        }
    }
}

/// `CLOCK_MONOTONIC` in nanoseconds. Not inlined: a call that the counter's users never make must not
/// cost them registers.
#[cold]
#[inline(never)]
pub fn monotonic_ns() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

/// `CLOCK_REALTIME` in nanoseconds since the epoch.
#[inline]
pub fn realtime_ns() -> u64 {
    read(libc::CLOCK_REALTIME)
}

/// How often [`realtime_less_monotonic_ns`] looks.
const LOOKS: usize = 8;

/// `CLOCK_REALTIME` less `CLOCK_MONOTONIC`, in nanoseconds, wrapping. A time namespace has a `CLOCK_MONOTONIC` of its own,
/// and none has a `CLOCK_REALTIME`: what two processes get here at one moment differs by what their namespaces do.
/// Async-signal-safe.
pub fn realtime_less_monotonic_ns() -> u64 {
    let mut tightest = (u64::MAX, 0);
    for _ in 0..LOOKS {
        let before = monotonic_ns();
        let realtime = realtime_ns();
        let width = monotonic_ns().wrapping_sub(before);
        if width < tightest.0 {
            tightest = (width, realtime.wrapping_sub(before + width / 2));
        }
    }
    tightest.1
}

// libc's, not rustix's: that one looks for the vDSO itself, and under valgrind, which hides it, crashes.
fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid pointer to plain data; both clocks exist on every Linux.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
