//! The times with which lines begin.
//!
//! A second has one text for all of its events, and so they cost one division less.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::numbers::{decimal, nine_digits};
use super::out::Out;

const NS_IN_S: i64 = 1_000_000_000;

/// Writes times; remembers the last one.
#[derive(Debug)]
pub(super) struct Times {
    zone: TimeZone,
    last_ns: Option<i64>,
    /// The second in which the last time was, and its text: `[12:09:33.`.
    second_ns: Option<i64>,
    second: [u8; 10],
}

impl Times {
    pub(super) fn new(zone: TimeZone) -> Times {
        Times { zone, last_ns: None, second_ns: None, second: [0; 10] }
    }

    /// The last time.
    pub(super) fn last(&self) -> Option<i64> {
        self.last_ns
    }

    /// Makes this the last time.
    pub(super) fn back_to(&mut self, last_ns: Option<i64>) {
        self.last_ns = last_ns;
    }

    /// `[12:09:33.870001204]`
    pub(super) fn time(&mut self, ns: i64, out: &mut Out) {
        out.array(&self.text_of(ns));
    }

    #[inline]
    fn text_of(&mut self, ns: i64) -> [u8; 20] {
        let known = self.second_ns.and_then(|second_ns| ns.checked_sub(second_ns));
        let rest_ns = match known.filter(|rest_ns| (0..NS_IN_S).contains(rest_ns)) {
            Some(rest_ns) => rest_ns,
            None => {
                let rest_ns = ns.rem_euclid(NS_IN_S);
                // The earliest times are in a second that begins before any.
                self.second_ns = ns.checked_sub(rest_ns);
                self.second = self.second_of(ns);
                rest_ns
            }
        };
        let mut text = [b']'; 20];
        text[..10].copy_from_slice(&self.second);
        text[10..19].copy_from_slice(&nine_digits(rest_ns as u32));
        text
    }

    #[cold]
    fn second_of(&self, ns: i64) -> [u8; 10] {
        // jiff can represent every i64; 1970 replaces what it cannot.
        let time = Timestamp::from_nanosecond(ns.into()).unwrap_or_default();
        let time = self.zone.to_datetime(time);
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        let pair = |number: i8| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        let ([a, b], [c, d], [e, f]) = (pair(hour), pair(minute), pair(second));
        [b'[', a, b, b':', c, d, b':', e, f, b'.']
    }

    /// `[12:09:33.870001204] (+0.000001234) `: the time, and how long after the last one it is.
    #[inline]
    pub(super) fn both(&mut self, now_ns: i64, out: &mut Out) {
        let time = self.text_of(now_ns);
        let Some(last_ns) = self.last_ns.replace(now_ns) else {
            out.array(&time);
            out.array(b" (+?.?????????) ");
            return;
        };
        let sign = if now_ns < last_ns { b'-' } else { b'+' };
        let rest_ns = now_ns.abs_diff(last_ns);
        if rest_ns < NS_IN_S as u64 {
            let mut text = [b' '; 36];
            text[..20].copy_from_slice(&time);
            text[21..25].copy_from_slice(&[b'(', sign, b'0', b'.']);
            text[25..34].copy_from_slice(&nine_digits(rest_ns as u32));
            text[34] = b')';
            out.array(&text);
            return;
        }
        out.array(&time);
        out.array(&[b' ', b'(', sign]);
        decimal(rest_ns / NS_IN_S as u64, out);
        out.byte(b'.');
        out.array(&nine_digits((rest_ns % NS_IN_S as u64) as u32));
        out.array(b") ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_right_across_seconds_and_before_1970() {
        let mut times = Times::new(TimeZone::UTC);
        let mut shown = |ns| {
            let mut out = Out::default();
            times.both(ns, &mut out);
            String::from_utf8(out.as_bytes().to_vec()).unwrap()
        };
        assert_eq!(shown(999_999_999), "[00:00:00.999999999] (+?.?????????) ");
        assert_eq!(shown(1_000_000_000), "[00:00:01.000000000] (+0.000000001) ");
        assert_eq!(shown(1_000_000_001), "[00:00:01.000000001] (+0.000000001) ");
        assert_eq!(shown(-1), "[23:59:59.999999999] (-1.000000002) ");
        assert_eq!(shown(86_399_000_000_005), "[23:59:59.000000005] (+86399.000000006) ");
        assert_eq!(shown(i64::MIN), "[00:12:43.145224192] (-9223458435.854775813) ");
        assert_eq!(shown(i64::MAX), "[23:47:16.854775807] (+18446744073.709551615) ");
        assert_eq!(shown(i64::MIN), "[00:12:43.145224192] (-18446744073.709551615) ");
        assert_eq!(shown(i64::MIN + 1), "[00:12:43.145224193] (+0.000000001) ");
        let mut last = Times::new(TimeZone::UTC);
        let mut out = Out::default();
        last.time(i64::MAX, &mut out);
        assert_eq!(out.as_bytes(), b"[23:47:16.854775807]");
    }
}
