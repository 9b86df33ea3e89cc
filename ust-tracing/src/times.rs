//! How long a span lived, and for how much of that some thread was in it.
//!
//! ```text
//!   new      enter    exit             enter   enter  exit   exit        close
//!    |---------|=======|-----------------|=======:======:=======|----------|
//!      idle       busy       idle              busy (two threads)   idle
//! ```
//!
//! `total = busy + idle`, exactly. A time in which several threads are in the span counts once.

use std::time::{Duration, Instant};

/// See the module page.
#[derive(Debug)]
pub(crate) struct Times {
    begun: Instant,
    busy: Duration,
    /// Threads that are in it.
    inside: u32,
    /// Since when there is one.
    busy_since: Instant,
    entered: u64,
}

impl Times {
    pub(crate) fn beginning(now: Instant) -> Self {
        Self { begun: now, busy: Duration::ZERO, inside: 0, busy_since: now, entered: 0 }
    }

    pub(crate) fn enter(&mut self, now: Instant) {
        if self.inside == 0 {
            self.busy_since = now;
        }
        self.inside += 1;
        self.entered += 1;
    }

    pub(crate) fn exit(&mut self, now: Instant) {
        // Without an enter there is nothing to leave.
        let Some(inside) = self.inside.checked_sub(1) else { return };
        self.inside = inside;
        if inside == 0 {
            self.busy += now.saturating_duration_since(self.busy_since);
        }
    }

    /// Total, busy, idle in nanoseconds; how often it was entered.
    pub(crate) fn at_end(&self, now: Instant) -> [u64; 4] {
        let unfinished = match self.inside {
            0 => Duration::ZERO,
            _ => now.saturating_duration_since(self.busy_since),
        };
        let total = nanoseconds(now.saturating_duration_since(self.begun));
        let busy = nanoseconds(self.busy + unfinished).min(total);
        [total, busy, total - busy, self.entered]
    }
}

/// 584 years at most.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_two_threads_at_once_count_once() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let mut times = Times::beginning(begun);
        times.exit(at(1));
        times.enter(at(10));
        times.exit(at(20));
        times.enter(at(30));
        times.enter(at(40));
        times.exit(at(50));
        times.exit(at(60));
        let ms = |ms: u64| ms * 1_000_000;
        assert_eq!(times.at_end(at(100)), [ms(100), ms(40), ms(60), 3]);
        times.enter(at(100));
        assert_eq!(times.at_end(at(110)), [ms(110), ms(50), ms(60), 4]);
    }
}
