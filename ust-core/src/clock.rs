//! The clock of event records.
//!
//! There are two kinds. The consumer chooses one and tells the process with the rules: the processor's time-stamp
//! counter if the kernel itself trusts it (about 8 ns), else `CLOCK_MONOTONIC` through the vDSO (about 25 ns). The
//! process only reads the clock; the consumer handles its frequency and its offset from the epoch.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86")]
use core::arch::x86 as arch;
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64 as arch;
use core::ffi::CStr;
use rustix::fs::{Mode, OFlags};

/// A source of clock values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, feature = "serde"), derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum ClockKind {
    /// The invariant time-stamp counter, in cycles. Only on x86, of either word size; elsewhere it is `Monotonic`.
    Tsc,
    /// `CLOCK_MONOTONIC`, in nanoseconds.
    Monotonic,
}

impl ClockKind {
    /// The best clock of this machine: the counter if the kernel uses it for its own clocks. The kernel does so only if
    /// it has found the counter invariant and in step on all CPUs. Async-signal-safe.
    pub fn best() -> Self {
        if cfg!(any(target_arch = "x86_64", target_arch = "x86")) && kernel_trusts_counter() {
            ClockKind::Tsc
        } else {
            ClockKind::Monotonic
        }
    }

    /// Reads the clock. Async-signal-safe, no system call.
    #[inline(always)]
    pub fn now(self) -> u64 {
        match self {
            // The consumer chooses one clock for processes of both word sizes: both read the same counter.
            #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
            ClockKind::Tsc => counter(),
            _ => monotonic_ns(),
        }
    }
}

fn kernel_trusts_counter() -> bool {
    const SOURCE: &CStr = c"/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let mut name = [0; 16];
    let read = rustix::fs::open(SOURCE, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .and_then(|file| rustix::io::read(&file, &mut name));
    read.is_ok_and(|bytes| name[..bytes].trim_ascii_end() == b"tsc")
}

/// The time-stamp counter. It does not wait for earlier loads, and need not. A stream's owner reads it between two
/// accesses to the position, the second of which is a CAS that fails if a handler came in between; and interrupts are
/// precise.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline(always)]
fn counter() -> u64 {
    let now;
    // Combines the halves at once. The compiler would do so only when it must, and keep two registers until then.
    // SAFETY: every x86-64 has the instruction; it writes the two named registers.
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

/// The same, by the intrinsic.
#[cfg(any(target_arch = "x86", all(target_arch = "x86_64", miri)))]
#[inline(always)]
fn counter() -> u64 {
    // SAFETY: every x86 that this is compiled for has the instruction.
    unsafe { arch::_rdtsc() }
}

impl ClockKind {
    /// Whether it is read without a call. Code that may call keeps values across the call, which costs registers even
    /// if the call is never made.
    #[inline(always)]
    pub fn is_counter(self) -> bool {
        cfg!(target_arch = "x86_64") && self == ClockKind::Tsc
    }

    /// Keeps a later [`now`](Self::now) from reading the clock before every earlier load is done: for a stream that
    /// other CPUs write to as well. (`clock_gettime` takes care of this itself.)
    #[inline(always)]
    pub fn await_loads(self) {
        #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
        if self == ClockKind::Tsc {
            // SAFETY: a processor with the counter has the instruction, which waits until earlier loads are done.
            unsafe { arch::_mm_lfence() };
        }
    }
}

/// `CLOCK_MONOTONIC` in nanoseconds. Not inlined: users of the counter never make this call, and it must not cost them
/// registers.
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

/// How many measurements [`realtime_less_monotonic_ns`] takes.
const LOOKS: usize = 8;

/// `CLOCK_REALTIME` less `CLOCK_MONOTONIC`, in nanoseconds, wrapping. A time namespace has its own `CLOCK_MONOTONIC`,
/// but none has its own `CLOCK_REALTIME`. So the results of two processes at one moment differ as their namespaces do.
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

// libc's, not rustix's: rustix looks for the vDSO itself, and crashes under valgrind, which hides it.
fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid pointer to plain data; both clocks exist on every Linux.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
