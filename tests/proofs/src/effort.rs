//! How much of a proof a run does: a sample with a fixed seed, or, with `UST_PROOFS=full`, all of it.

/// Whether nothing is to be left out.
pub fn is_full() -> bool {
    std::env::var("UST_PROOFS").is_ok_and(|value| value == "full")
}

/// At most `limit` of them, evenly spread, the last included; all of them in a full run.
pub fn sample<T: Copy>(all: &[T], limit: usize) -> Vec<T> {
    if is_full() || all.len() <= limit {
        return all.to_vec();
    }
    (1..=limit).map(|nth| all[nth * all.len() / limit - 1]).collect()
}

/// Numbers that look random and are the same in every run (SplitMix64).
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// Begins at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ mixed >> 31) % bound as u64) as usize
    }
}
