//! Random moments that are the same in every run.

use std::time::Duration;

/// A small generator (xorshift): seeded, so that a failure comes again.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// One that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Sleeps for less than `bound`.
    pub fn sleep_below(&mut self, bound: Duration) {
        std::thread::sleep(Duration::from_micros(self.below(bound.as_micros() as u64)));
    }
}
