//! Times: whole nanoseconds in 64 bits.
//!
//! ```text
//!   Duration     u64    saturates after 584 years
//!   SystemTime   i64    since 1970 UTC, negative before; saturates at 292 years from there
//!   Instant      u64    of CLOCK_MONOTONIC, as `--clock monotonic` stamps events; see `crate::moment`
//! ```

#![allow(unsafe_code)]

use std::time::{Duration, SystemTime};

use super::{Field, FieldType};

macro_rules! times {
    ($($time:ty => $number:ty, |$value:ident| $nanoseconds:expr;)*) => {$(
        // SAFETY: one write of 64 bits, as both size items say.
        unsafe impl Field for $time {
            const TYPE: &'static FieldType = <$number>::TYPE;
            const FIXED_SIZE_BYTES: Option<usize> = <$number>::FIXED_SIZE_BYTES;

            #[inline(always)]
            fn size_bytes(&self) -> usize {
                size_of::<$number>()
            }

            #[inline(always)]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                let $value = self;
                let nanoseconds: $number = $nanoseconds;
                // SAFETY: the same contract.
                unsafe { nanoseconds.encode(dst) }
            }
        }
    )*};
}

times! {
    Duration => u64, |value| nanoseconds(*value);
    SystemTime => i64, |value| since_epoch(*value);
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
