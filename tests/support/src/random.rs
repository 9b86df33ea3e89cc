//! Numbers that look random, and are the same in every run.

use std::time::Duration;

/// A small generator (SplitMix64). Any seed is as good as another. A failure comes again with the same seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// One that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        finish(self.0)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.word() % bound
    }

    /// An index of something that has `length` elements.
    pub fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// Sleeps for less than `bound`.
    pub fn sleep_below(&mut self, bound: Duration) {
        std::thread::sleep(Duration::from_micros(self.below(bound.as_micros() as u64)));
    }
}

/// A number that follows from `number`. A change of any bit of `number` changes about half of the bits.
pub const fn mix(number: u64) -> u64 {
    finish(number.wrapping_add(STEP))
}

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

const fn finish(mut state: u64) -> u64 {
    state = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ state >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ state >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of Vigna's reference implementation, so that a seed always means the same.
    #[test]
    fn it_is_splitmix64() {
        let mut random = Random::new(1_234_567);
        let numbers = [(); 3].map(|()| random.word());
        assert_eq!(numbers, [6457827717110365317, 3203168211198807973, 9817491932198370423]);
        assert_eq!(mix(1_234_567), numbers[0]);
    }
}
