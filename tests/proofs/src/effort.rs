//! How much of a proof a run does: a sample with a fixed seed, or everything with `UST_PROOFS=full`.

/// Whether the run does everything.
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

/// A recorded path, with places to look at.
pub trait Places {
    /// About `limit` of them; all of them in a full run.
    fn places(&self, limit: usize) -> Vec<usize>;
}
