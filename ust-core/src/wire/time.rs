//! Times: whole nanoseconds in 64 bits.
//!
//! ```text
//!   Duration     u64    saturates after 584 years
//!   SystemTime   i64    since 1970 UTC, negative before; saturates at 292 years from there
//!   Instant      u64    of CLOCK_MONOTONIC, as `--clock monotonic` stamps events; see `crate::moment`
//! ```

use std::time::{Duration, SystemTime};

use super::number::numbers;

numbers! {
    [] Duration => u64, |value| nanoseconds(*value);
    [] SystemTime => i64, |value| since_epoch(*value);
}

/// Saturates.
fn nanoseconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos().into())
}

fn since_epoch(time: SystemTime) -> i64 {
    let signed = |duration| i64::try_from(nanoseconds(duration)).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => signed(after),
        Err(before) => -signed(before.duration()),
    }
}
