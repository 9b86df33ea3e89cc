//! How long a call took, in nanoseconds.
//!
//! ```text
//!   at first       CLOCK_MONOTONIC before and behind the call        25 ns a look
//!   0.1 s later    the time-stamp counter, by the rate seen so far    8 ns a look
//! ```
//!
//! The counter is only used if the kernel trusts it. Its rate is measured from the first event to the first one that comes
//! [`MEASURED_NS`] later: to one part in ten thousand.

use ust::inside::Inside;
use ust_core::clock::ClockKind;
use ust_core::hint::unlikely;
use ust_core::sync::{AtomicU64, Ordering};

/// For how long the counter is compared with the clock.
const MEASURED_NS: u64 = 100_000_000;

/// A thread that was switched away from between the two clocks has read nothing that belongs together.
const MAX_TICKS_BETWEEN: u64 = 4096;

/// A rate is nanoseconds a tick, times two to this power.
const RATE_BITS: u32 = 32;

/// [`RATE`] while it is not known.
const UNKNOWN: u64 = 0;

/// [`RATE`] where the counter is not to be used.
const NEVER: u64 = 1;

/// The counter's rate. A slow counter of 1 GHz has 2^32, and nobody's is as fast as [`NEVER`].
static RATE: AtomicU64 = AtomicU64::new(UNKNOWN);

/// Both clocks at the first event; zero before it.
static FIRST_NS: AtomicU64 = AtomicU64::new(0);
static FIRST_TICK: AtomicU64 = AtomicU64::new(0);

/// One call's time.
#[derive(Clone, Copy)]
pub struct Stopwatch {
    start: u64,
    rate: u64,
}

impl Stopwatch {
    /// Starts it.
    // Relaxed: whatever rate is read, the whole measurement is made by it.
    #[inline(always)]
    pub fn start() -> Self {
        let rate = RATE.load(Ordering::Relaxed);
        if rate > NEVER {
            return Self { start: ClockKind::Tsc.now(), rate };
        }
        unlikely();
        Self { start: slow_start(rate), rate }
    }

    /// Nanoseconds since it was started.
    #[inline(always)]
    pub fn elapsed_ns(self) -> u64 {
        self.lap().0
    }

    /// Nanoseconds since it was started, and another one that starts at that moment.
    #[inline(always)]
    pub fn lap(self) -> (u64, Self) {
        if self.rate > NEVER {
            let now = ClockKind::Tsc.now();
            return (by_rate(now.wrapping_sub(self.start), self.rate), Self { start: now, ..self });
        }
        unlikely();
        let now = ClockKind::Monotonic.now();
        (now.wrapping_sub(self.start), Self { start: now, ..self })
    }

    /// All of it, to be kept in memory that several threads reach.
    #[inline(always)]
    pub fn to_words(self) -> [u64; 2] {
        [self.start, self.rate]
    }

    /// What [`to_words`](Self::to_words) made words of.
    #[inline(always)]
    pub fn from_words([start, rate]: [u64; 2]) -> Self {
        Self { start, rate }
    }
}

#[inline(always)]
fn by_rate(ticks: u64, rate: u64) -> u64 {
    // The counters of two processors may differ by some ticks: no call takes 2^63 of them.
    if ticks > i64::MAX as u64 {
        return 0;
    }
    ((u128::from(ticks) * u128::from(rate)) >> RATE_BITS) as u64
}

/// Reads the clock, and works at the rate.
#[cold]
#[inline(never)]
fn slow_start(rate: u64) -> u64 {
    let (tick, now) = (ClockKind::Tsc.now(), ClockKind::Monotonic.now());
    if rate == UNKNOWN && ClockKind::Tsc.now().wrapping_sub(tick) < MAX_TICKS_BETWEEN {
        measure(tick, now);
    }
    now
}

/// Relaxed throughout: one thread writes `FIRST_NS`, and then `FIRST_TICK` or `RATE`. A thread that finds no tick measures at a later
/// event.
fn measure(tick: u64, now: u64) {
    let first = FIRST_NS.load(Ordering::Relaxed);
    if first == 0 {
        let is_first =
            FIRST_NS.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_first {
            begin(tick);
        }
        return;
    }
    let first_tick = FIRST_TICK.load(Ordering::Relaxed);
    let (elapsed, ticks) = (now.saturating_sub(first), tick.saturating_sub(first_tick));
    if first_tick == 0 || elapsed < MEASURED_NS || ticks == 0 {
        return;
    }
    let rate = (u128::from(elapsed) << RATE_BITS) / u128::from(ticks);
    RATE.store(u64::try_from(rate).unwrap_or(NEVER), Ordering::Relaxed);
}

/// Begins to compare, if the kernel trusts the counter. A file says so, which is read now, at the first event: the program may
/// forbid itself system calls later.
fn begin(tick: u64) {
    let _inside = Inside::new();
    match ClockKind::best() {
        ClockKind::Tsc => FIRST_TICK.store(tick, Ordering::Relaxed),
        ClockKind::Monotonic => RATE.store(NEVER, Ordering::Relaxed),
    }
}
