//! The time of clock values.
//!
//! Of nearly every trace the clock counts nanoseconds, or its values fit 64-bit arithmetic. Only what is left is
//! computed in 128 bits.

use super::declared::ClockType;

const NS_IN_S: i128 = 1_000_000_000;

/// Turns a clock's values into nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeline {
    freq_hz: u64,
    offset_s: i64,
    offset_cycles: i64,
    /// Nanoseconds from 1970 to the clock's zero, if that is a whole number of them.
    zero_ns: Option<i64>,
}

impl Timeline {
    pub(crate) fn of(clock: &ClockType) -> Timeline {
        let ClockType { freq_hz, offset_s, offset_cycles, .. } = *clock;
        let freq = i128::from(freq_hz);
        let cycles_ns = i128::from(offset_cycles) * NS_IN_S;
        let zero_ns = (cycles_ns % freq == 0)
            .then(|| i128::from(offset_s) * NS_IN_S + cycles_ns / freq)
            .and_then(|ns| i64::try_from(ns).ok());
        Timeline { freq_hz, offset_s, offset_cycles, zero_ns }
    }

    /// Nanoseconds since 1970, `None` if an `i64` cannot hold them.
    #[inline]
    pub(crate) fn ns(&self, value: u64) -> Option<i64> {
        let freq_hz = self.freq_hz;
        let Some(zero_ns) = self.zero_ns else { return self.exact(value) };
        if freq_hz == NS_IN_S as u64 {
            return zero_ns.checked_add_unsigned(value);
        }
        let (s, rest) = (value / freq_hz, value % freq_hz);
        let rest_ns = rest.checked_mul(NS_IN_S as u64).map(|product| product / freq_hz);
        let ns =
            s.checked_mul(NS_IN_S as u64).zip(rest_ns).and_then(|(s, rest)| s.checked_add(rest));
        match ns {
            Some(ns) => zero_ns.checked_add_unsigned(ns),
            None => self.exact(value),
        }
    }

    fn exact(&self, value: u64) -> Option<i64> {
        let Timeline { freq_hz, offset_s, offset_cycles, .. } = *self;
        let cycles = i128::from(offset_cycles) + i128::from(value);
        // If seconds are taken out first, no product of two 64-bit numbers and 10^9 exceeds 128 bits.
        let freq_hz = i128::from(freq_hz);
        let (s, rest) = (cycles.div_euclid(freq_hz), cycles.rem_euclid(freq_hz));
        let ns = (i128::from(offset_s) + s) * NS_IN_S + rest * NS_IN_S / freq_hz;
        i64::try_from(ns).ok()
    }
}

impl ClockType {
    /// Nanoseconds since 1970 of one of its values, `None` if an `i64` cannot hold them.
    pub fn timestamp_ns(&self, value: u64) -> Option<i64> {
        Timeline::of(self).ns(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_what_128_bits_say(
            freq_hz in prop_oneof![Just(1_000_000_000), 1..20_000_000_000_u64, 1..u64::MAX],
            offset_s in prop_oneof![Just(0), -9_300_000_000..9_300_000_000_i64, any::<i64>()],
            offset_cycles in prop_oneof![Just(0), any::<i64>()],
            value in prop_oneof![0..1_u64 << 40, any::<u64>()],
        ) {
            let (name, absolute) = ("c".into(), false);
            let clock = ClockType { name, freq_hz, offset_s, offset_cycles, absolute };
            let timeline = Timeline::of(&clock);
            prop_assert_eq!(timeline.ns(value), timeline.exact(value));
        }
    }
}
