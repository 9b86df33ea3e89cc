//! Times as users write them.
//!
//! ```text
//!   2026-11-28T12:09:33.5     a time here, or in another zone with one: ...Z, ...+02:00
//!   12:09:33.5                the same, on the day of the first event
//!   1796041773.5              seconds since 1970
//!   +1.5s  +20ms              after the first event
//!   -5s                       before the last event
//! ```

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::str::FromStr;

/// A time that may depend on the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nanoseconds since 1970.
    At(i64),
    /// A time of the day of the first event, here.
    OnFirstDay(Time),
    /// Nanoseconds after the first event.
    AfterFirst(i64),
    /// Nanoseconds before the last event.
    BeforeLast(i64),
}

/// When the first and the last event of a trace happened.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Nanoseconds since 1970.
    pub first_ns: i64,
    /// The same.
    pub last_ns: i64,
}

impl Moment {
    /// Whether it depends on where the trace ends.
    pub fn needs_last(self) -> bool {
        matches!(self, Moment::BeforeLast(_))
    }

    /// Nanoseconds since 1970.
    pub fn resolve(self, extent: Extent) -> i64 {
        match self {
            Moment::At(ns) => ns,
            Moment::AfterFirst(ns) => extent.first_ns.saturating_add(ns),
            Moment::BeforeLast(ns) => extent.last_ns.saturating_sub(ns),
            Moment::OnFirstDay(time) => {
                let zone = TimeZone::system();
                let first = Timestamp::from_nanosecond(extent.first_ns.into()).unwrap_or_default();
                let there = zone.to_datetime(first).date().to_datetime(time);
                nanoseconds(there, zone).unwrap_or(extent.first_ns)
            }
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        let wrong = || {
            format!(
                "`{text}` is no time: write 12:09:33.5, 2026-11-28T12:09:33, seconds since 1970, +1.5s (after the first \
                 event), or -5s (before the last one)"
            )
        };
        let relative = |rest: &str| duration_ns(rest).ok_or_else(wrong);
        if let Some(rest) = text.strip_prefix('+') {
            return relative(rest).map(Moment::AfterFirst);
        }
        if let Some(rest) = text.strip_prefix('-') {
            return relative(rest).map(Moment::BeforeLast);
        }
        if let Some(ns) = seconds_ns(text) {
            return Ok(Moment::At(ns));
        }
        if let Ok(time) = text.parse::<Timestamp>() {
            return i64::try_from(time.as_nanosecond()).map(Moment::At).map_err(|_| wrong());
        }
        if let Ok(time) = text.parse::<DateTime>() {
            return nanoseconds(time, TimeZone::system()).map(Moment::At).ok_or_else(wrong);
        }
        text.parse::<Time>().map(Moment::OnFirstDay).map_err(|_| wrong())
    }
}

fn nanoseconds(time: DateTime, zone: TimeZone) -> Option<i64> {
    i64::try_from(time.to_zoned(zone).ok()?.timestamp().as_nanosecond()).ok()
}

/// `1.5s`, `20ms`, `1m30s`; without a unit, seconds.
fn duration_ns(text: &str) -> Option<i64> {
    if let Some(ns) = seconds_ns(text) {
        return Some(ns);
    }
    let duration = text.parse::<SignedDuration>().ok().filter(|it| !it.is_negative())?;
    i64::try_from(duration.as_nanos()).ok()
}

/// Seconds with up to nine digits behind the point, exactly.
fn seconds_ns(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(seconds) || !is_number(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds: i64 = seconds.parse().ok()?;
    let fraction: i64 = format!("{fraction:0<9}").parse().ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXTENT: Extent =
        Extent { first_ns: 1_700_000_000_000_000_005, last_ns: 1_700_000_009_000_000_000 };

    #[test]
    fn times_are_what_users_mean() {
        let ns = |text: &str| text.parse::<Moment>().map(|moment| moment.resolve(EXTENT));
        assert_eq!(ns("1700000000.000000005"), Ok(EXTENT.first_ns));
        assert_eq!(ns("2023-11-14T22:13:20.000000005Z"), Ok(EXTENT.first_ns));
        assert_eq!(ns("2023-11-15T00:13:20+02:00"), Ok(1_700_000_000_000_000_000));
        assert_eq!(ns("+1.5s"), Ok(EXTENT.first_ns + 1_500_000_000));
        assert_eq!(ns("+20ms"), Ok(EXTENT.first_ns + 20_000_000));
        assert_eq!(ns("+2"), Ok(EXTENT.first_ns + 2_000_000_000));
        assert_eq!(ns("-5s"), Ok(1_700_000_004_000_000_000));
        for wrong in ["", "soon", "+", "-", "--5s", "25:00", "1.0000000001", "+-1s", "1e3"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_of_day_is_on_the_day_of_the_first_event() {
        let zone = TimeZone::system();
        let first = Timestamp::from_nanosecond(EXTENT.first_ns.into()).unwrap();
        let day = zone.to_datetime(first).date();
        let expected = nanoseconds(day.at(12, 9, 33, 500_000_000), zone).unwrap();
        let moment: Moment = "12:09:33.5".parse().unwrap();
        assert_eq!(moment.resolve(EXTENT), expected);
    }
}
