//! The verdict: compares what was read with what the tracee's journal says that it did.
//!
//! - Every record whose call returned "written" was read, once. A call that returned "lost" has none.
//! - A call that did not return, because the process died in it, has one record at most.
//! - Where writers overwrite, a record may be gone, but not that of the last call. A record that is gone is counted.
//! - The count of losses is the number of calls that returned and have no record. A call that did not return may add one.
//! - Records stand in the order in which their calls followed one another.
//! - The clock that each header decodes to lies between the clocks that the caller read before and after
//!   (so a compact header that was decoded against the wrong record is seen), and never goes back.

use crate::journal::{Call, Outcome};
use crate::record::Record;

/// Compares.
///
/// `lost` is the stream's own count, of overwritten records too if it `overwrites`.
///
/// # Errors
/// What is wrong.
pub fn judge(
    calls: &[Option<Call>],
    records: &[Record],
    lost: u64,
    overwrites: bool,
) -> Result<(), String> {
    let mut is_read = vec![false; calls.len()];
    let mut last_clock = 0;
    let mut latest_begin = 0;
    for record in records {
        let number = record.number;
        let Some(Some(call)) = calls.get(number as usize) else {
            return Err(format!("record {number} was read and never emitted"));
        };
        if std::mem::replace(&mut is_read[number as usize], true) {
            return Err(format!("record {number} was read twice"));
        }
        if let Some((returned, outcome)) = call.returned {
            if outcome == Outcome::Refused {
                return Err(format!("record {number} was refused, and read"));
            }
            if returned < latest_begin {
                return Err(format!("record {number} stands behind one that began after it"));
            }
        }
        latest_begin = latest_begin.max(call.began);
        if !(call.clock_before..=call.clock_after).contains(&record.clock) {
            return Err(format!("record {number} decodes to {}, its call: {call:?}", record.clock));
        }
        if record.clock < last_clock {
            return Err(format!("record {number} goes back in time to {}", record.clock));
        }
        last_clock = record.clock;
    }
    judge_losses(calls, &is_read, lost, overwrites)
}

fn judge_losses(
    calls: &[Option<Call>],
    is_read: &[bool],
    lost: u64,
    overwrites: bool,
) -> Result<(), String> {
    let (mut known, mut open) = (0, 0);
    // Of the last call, during and after which no other ran: its record cannot have been overwritten.
    let last_began = calls.iter().flatten().map(|call| call.began).max();
    let last_returned =
        calls.iter().flatten().filter_map(|call| call.returned).map(|it| it.0).max();
    let is_last =
        |call: &Call, returned| Some(call.began) == last_began && Some(returned) == last_returned;
    for (number, call) in calls.iter().enumerate().filter(|(number, _)| !is_read[*number]) {
        match call.and_then(|call| call.returned) {
            Some((returned, Outcome::Written))
                if !overwrites || call.is_some_and(|call| is_last(&call, returned)) =>
            {
                return Err(format!("record {number} had returned, and was not read: {call:?}"));
            }
            Some((_, Outcome::Refused)) => {}
            Some(_) => known += 1,
            None => open += u64::from(call.is_some()),
        }
    }
    if !(known..=known + open).contains(&lost) {
        return Err(format!("{lost} counted lost; {known} calls were, {open} did not return"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(began: u32, outcome: Option<Outcome>) -> Option<Call> {
        let returned = outcome.map(|outcome| (began + 1, outcome));
        let clock_before = u64::from(began) * 10;
        let clock_after = if returned.is_some() { clock_before + 9 } else { u64::MAX };
        Some(Call { began, returned, clock_before, clock_after })
    }

    fn record(number: u32, clock: u64) -> Record {
        Record { number, clock, is_compact: false, end: 0 }
    }

    #[test]
    fn what_is_missing_doubled_misplaced_or_misdated_is_told() {
        let written = Some(Outcome::Written);
        let calls = [
            call(1, written),
            call(3, written),
            call(5, Some(Outcome::Untold)),
            call(7, None),
            call(8, Some(Outcome::Refused)),
        ];
        let (first, second) = (record(0, 12), record(1, 33));
        let good = [first.clone(), second.clone()];
        judge(&calls, &good, 1, false).unwrap();
        judge(&calls, &[first.clone(), second.clone(), record(3, 70)], 1, false).unwrap();
        judge(&calls, &good, 2, false).expect("the open call may have been counted");
        judge(&calls, &good[1..], 2, true).expect("the first was overwritten");
        let error = judge(&calls[..2], std::slice::from_ref(&first), 1, true).unwrap_err();
        assert!(error.contains("not read"), "the last may not be gone: {error}");
        for (records, lost, overwrites, what) in [
            (vec![first.clone()], 1, false, "not read"),
            (vec![first.clone(), first.clone(), second.clone()], 1, false, "twice"),
            (vec![second.clone(), first.clone()], 1, false, "began after"),
            (vec![first.clone(), record(1, 12)], 1, false, "decodes to"),
            (vec![first.clone(), second.clone(), record(4, 85)], 1, false, "refused, and read"),
            (vec![first.clone(), second.clone(), record(9, 99)], 1, false, "never emitted"),
            (good.to_vec(), 0, false, "counted lost"),
            (good.to_vec(), 3, false, "counted lost"),
            (good[1..].to_vec(), 0, true, "counted lost"),
        ] {
            let error = judge(&calls, &records, lost, overwrites).unwrap_err();
            assert!(error.contains(what), "{error}");
        }
    }
}
