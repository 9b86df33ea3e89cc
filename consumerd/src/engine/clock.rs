//! What a clock value means: its frequency, and the moment of the epoch that zero stands for.
//!
//! ```text
//!   pair at start  (counter, monotonic, realtime)
//!        |  the longer the distance, the better the frequency
//!   pair at a session's first trace  ->  freq_hz, offset_s + offset_cycles
//! ```
//!
//! A pair is taken by reading the counter before and after the system's clocks, several times; the tightest reading is
//! kept. All traces of a session share one description, so that a viewer can line their streams up. The pair goes into
//! the metadata, for tools that line them up with something else.
//!
//! A process in another time namespace reads another `CLOCK_MONOTONIC`. Its process file says which: the namespace, and
//! realtime less monotonic as the process reads them. Its traces then have a description of their own, whose pair is
//! what the process would have read ([`ClockDescription::seen_by`]).

use rustix::fs::stat;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use ust_core::clock::{ClockKind, monotonic_ns, realtime_less_monotonic_ns, realtime_ns};

const NS_PER_S: u128 = 1_000_000_000;

/// The latest time that a record may have, in nanoseconds since the epoch: in the year 2116. Readers end in 2262.
const LATEST_NS: u128 = 1 << 62;

/// Number of readings, of which the tightest is kept.
const TRIES: usize = 64;

/// The least distance between pairs for a good frequency: 20 ns in this is 1 ppm.
const BASELINE: Duration = Duration::from_millis(20);

/// The three clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The recording clock.
    pub cycles: u64,
    /// `CLOCK_MONOTONIC`.
    pub monotonic_ns: u64,
    /// `CLOCK_REALTIME`.
    pub realtime_ns: u64,
}

impl Pair {
    fn take(kind: ClockKind) -> Self {
        let read = |_| {
            let before = kind.now();
            let (monotonic_ns, realtime_ns) = (monotonic_ns(), realtime_ns());
            let after = kind.now();
            let width = after.wrapping_sub(before);
            (width, Pair { cycles: before + width / 2, monotonic_ns, realtime_ns })
        };
        // There is more than one try.
        (0..TRIES)
            .map(read)
            .min_by_key(|(width, _)| *width)
            .map_or_else(|| Pair { cycles: 0, monotonic_ns: 0, realtime_ns: 0 }, |(_, pair)| pair)
    }
}

/// A clock and the meaning of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockDescription {
    /// Which clock.
    pub kind: ClockKind,
    /// Cycles a second.
    pub freq_hz: u64,
    /// The pair from which the offset was computed.
    pub pair: Pair,
}

/// If namespaces cannot be compared, a smaller difference than this is taken for a wall clock that was set between the
/// two readings (by NTP for example), not for another namespace.
const MIN_UNNAMED_DIFFERENCE_NS: u64 = 100_000_000;

/// What one side says about its clocks. Of these, `CLOCK_MONOTONIC` depends on the time namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// Inode of the time namespace; 0 if it is not known.
    pub time_namespace: u64,
    /// `CLOCK_REALTIME` less `CLOCK_MONOTONIC`, wrapping; 0 if it is not known.
    pub realtime_less_monotonic_ns: u64,
}

impl Clocks {
    /// The clocks of this process, now.
    pub fn own() -> Self {
        Self {
            time_namespace: own_time_namespace(),
            realtime_less_monotonic_ns: realtime_less_monotonic_ns(),
        }
    }

    /// How many nanoseconds another process's `CLOCK_MONOTONIC` is ahead of this one's, from what both say of nearly
    /// the same moment. The other's word is untrusted: any number is possible.
    pub fn lead_of(&self, untrusted: Clocks) -> i64 {
        let is_known = |number| number != 0;
        let are_named = is_known(self.time_namespace) && is_known(untrusted.time_namespace);
        if are_named && self.time_namespace == untrusted.time_namespace
            || !is_known(untrusted.realtime_less_monotonic_ns)
        {
            return 0;
        }
        let lead =
            self.realtime_less_monotonic_ns.wrapping_sub(untrusted.realtime_less_monotonic_ns);
        let lead_ns = lead as i64;
        if !are_named && lead_ns.unsigned_abs() < MIN_UNNAMED_DIFFERENCE_NS {
            return 0;
        }
        lead_ns
    }
}

/// Inode of this process's time namespace; 0 where the kernel has none (before Linux 5.6), or without `/proc`.
pub fn own_time_namespace() -> u64 {
    stat("/proc/self/ns/time").map_or(0, |stat| stat.st_ino)
}

impl ClockDescription {
    /// The same clock as seen by a process whose `CLOCK_MONOTONIC` is `monotonic_lead_ns` ahead.
    pub fn seen_by(mut self, monotonic_lead_ns: i64) -> Self {
        let lead = monotonic_lead_ns as u64;
        self.pair.monotonic_ns = self.pair.monotonic_ns.wrapping_add(lead);
        if self.kind == ClockKind::Monotonic {
            self.pair.cycles = self.pair.cycles.wrapping_add(lead);
        }
        self
    }

    /// Reads the clock as that process does.
    pub fn now_for(&self, monotonic_lead_ns: i64) -> u64 {
        match self.kind {
            ClockKind::Tsc => self.kind.now(),
            ClockKind::Monotonic => self.kind.now().wrapping_add(monotonic_lead_ns as u64),
        }
    }

    /// What this process's clocks were when the pair was taken.
    pub fn clocks_at_pair(&self, time_namespace: u64) -> Clocks {
        let Pair { realtime_ns, monotonic_ns, .. } = self.pair;
        Clocks {
            time_namespace,
            realtime_less_monotonic_ns: realtime_ns.wrapping_sub(monotonic_ns),
        }
    }

    /// The moment at which the clock was zero: whole seconds since the epoch, and cycles.
    pub fn offset(&self) -> (u64, u64) {
        let freq = u128::from(self.freq_hz);
        let now_cycles = u128::from(self.pair.realtime_ns) * freq / NS_PER_S;
        let offset = now_cycles.saturating_sub(self.pair.cycles.into());
        ((offset / freq) as u64, (offset % freq) as u64)
    }

    /// The last clock value that every reader can show. Some readers add in 63 bits, and all count nanoseconds in 63
    /// bits.
    pub fn latest(&self) -> u64 {
        let freq = u128::from(self.freq_hz);
        let (offset_s, offset_cycles) = self.offset();
        let offset = u128::from(offset_s) * freq + u128::from(offset_cycles);
        let latest = (LATEST_NS * freq / NS_PER_S).saturating_sub(offset);
        u64::try_from(latest).unwrap_or(u64::MAX).min(i64::MAX as u64)
    }
}

/// Measures one clock's frequency against the system's.
#[derive(Debug)]
pub struct Calibration {
    kind: ClockKind,
    first: Pair,
    since: Instant,
}

impl Calibration {
    /// Takes the first pair.
    pub fn start(kind: ClockKind) -> Self {
        Self { kind, first: Pair::take(kind), since: Instant::now() }
    }

    /// Waits until the distance is long enough: a few milliseconds, right after the start.
    pub fn wait_for_baseline(&self) {
        if self.kind == ClockKind::Tsc {
            std::thread::sleep(BASELINE.saturating_sub(self.since.elapsed()));
        }
    }

    /// Takes another pair, and computes the description.
    pub fn describe(&self) -> ClockDescription {
        let kind = self.kind;
        if kind == ClockKind::Monotonic {
            return ClockDescription { kind, freq_hz: NS_PER_S as u64, pair: Pair::take(kind) };
        }
        self.wait_for_baseline();
        let pair = Pair::take(kind);
        let cycles = u128::from(pair.cycles.saturating_sub(self.first.cycles));
        let ns = u128::from(pair.monotonic_ns.saturating_sub(self.first.monotonic_ns)).max(1);
        ClockDescription { kind, freq_hz: ((cycles * NS_PER_S / ns) as u64).max(1), pair }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_and_frequency_give_back_the_pair() {
        let pair = Pair {
            cycles: 7_800_000_123,
            monotonic_ns: 3_000_000_047,
            realtime_ns: 1_795_000_000_123_456_789,
        };
        let clock = ClockDescription { kind: ClockKind::Tsc, freq_hz: 2_600_000_041, pair };
        let (seconds, cycles) = clock.offset();
        let total =
            u128::from(seconds) * u128::from(clock.freq_hz) + u128::from(cycles + pair.cycles);
        let ns = total * NS_PER_S / u128::from(clock.freq_hz);
        assert!(ns.abs_diff(pair.realtime_ns.into()) <= 1, "{ns}");
    }

    #[test]
    fn another_time_namespace_moves_monotonic_and_nothing_else() {
        let of = |time_namespace, realtime_less_monotonic_ns| Clocks {
            time_namespace,
            realtime_less_monotonic_ns,
        };
        let own = of(7, 1_000_000_000_000);
        assert_eq!(own.lead_of(of(8, 900_000_000_000)), 100_000_000_000);
        assert_eq!(own.lead_of(of(8, 1_000_000_000_500)), -500);
        assert_eq!(own.lead_of(of(7, 900_000_000_000)), 0, "the wall clock was set");
        assert_eq!(own.lead_of(of(0, 900_000_000_000)), 100_000_000_000);
        assert_eq!(own.lead_of(of(0, 999_950_000_000)), 0, "too little to tell");
        assert_eq!(own.lead_of(of(8, 0)), 0, "it does not tell");

        let pair =
            Pair { cycles: 5_000, monotonic_ns: 5_000, realtime_ns: 1_795_000_000_000_000_000 };
        let clock = |kind| ClockDescription { kind, freq_hz: 1_000_000_000, pair };
        let seen = clock(ClockKind::Monotonic).seen_by(-2_000);
        assert_eq!((seen.pair.cycles, seen.pair.monotonic_ns), (3_000, 3_000));
        let (seconds, ns) = seen.offset();
        assert_eq!(seconds * 1_000_000_000 + ns + 3_000, pair.realtime_ns);
        let seen = clock(ClockKind::Tsc).seen_by(2_000);
        assert_eq!((seen.pair.cycles, seen.pair.monotonic_ns), (5_000, 7_000));
    }

    #[test]
    fn the_frequency_holds_over_a_longer_distance() {
        let kind = ClockKind::best();
        let calibration = Calibration::start(kind);
        let short = calibration.describe();
        std::thread::sleep(Duration::from_millis(200));
        let long = calibration.describe();
        let ppm = short.freq_hz.abs_diff(long.freq_hz) as f64 / long.freq_hz as f64 * 1e6;
        assert!(ppm < 100.0, "{ppm} ppm between {short:?} and {long:?}");
    }
}
