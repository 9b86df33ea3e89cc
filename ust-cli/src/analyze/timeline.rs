//! A quantity over time, in a bounded number of points.
//!
//! ```text
//!   | max | max | max | ... |   at most POINTS intervals of equal length
//!   |    max    |    max    |   when time goes on, two become one
//! ```

/// How many points there may be.
const POINTS: usize = 64;

/// See the module page.
#[derive(Debug)]
pub struct Timeline {
    start_ns: i64,
    width_ns: u64,
    /// The largest value in each interval.
    largest: Vec<u64>,
    now: u64,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { start_ns: 0, width_ns: 1000, largest: Vec::new(), now: 0 }
    }
}

impl Timeline {
    /// The value from this moment on. Time does not go back.
    pub fn set(&mut self, time_ns: i64, value: u64) {
        if self.largest.is_empty() {
            self.start_ns = time_ns;
        }
        let since_ns = time_ns.saturating_sub(self.start_ns).max(0) as u64;
        while since_ns / self.width_ns >= POINTS as u64 {
            self.halve();
        }
        let at = (since_ns / self.width_ns) as usize;
        // In intervals without a change it was what it is.
        if self.largest.len() <= at {
            self.largest.resize(at + 1, self.now);
        }
        self.largest[at] = self.largest[at].max(value);
        self.now = value;
    }

    fn halve(&mut self) {
        self.largest =
            self.largest.chunks(2).map(|two| two.iter().copied().max().unwrap_or(0)).collect();
        self.width_ns = self.width_ns.saturating_mul(2);
    }

    /// When the first value came.
    pub fn start_ns(&self) -> i64 {
        self.start_ns
    }

    /// Each interval's beginning, from the first value on, and its largest value.
    pub fn points(&self) -> impl Iterator<Item = (u64, u64)> {
        (0..).zip(&self.largest).map(|(at, value)| (at * self.width_ns, *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_stays_and_points_are_bounded() {
        let mut line = Timeline::default();
        for (time, value) in [(10, 1), (2_000, 900), (2_100, 3), (i64::MAX / 2, 7), (i64::MAX, 8)] {
            line.set(time, value);
        }
        let points: Vec<_> = line.points().collect();
        assert!(points.len() <= POINTS && points.len() > POINTS / 4, "{points:?}");
        assert_eq!((points[0], line.start_ns()), ((0, 900), 10));
        assert_eq!(points.last().map(|point| point.1), Some(8));
        // Between changes the value is what it was.
        assert_eq!(points[1].1, 3);
    }
}
