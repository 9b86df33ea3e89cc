//! Programs that use `tracing`, recorded by `ust-tracing`. What `tests/acceptance` is for tracepoints, this is for `tracing`: a
//! package of its own, because of what it depends on.
//!
//! ```text
//!   tests/PROPERTY.rs --runs--> ust record, ustconsumerd         by ust-acceptance
//!                                  '-- src/bin/PROGRAM.rs        programs that use tracing
//!                     --asks--> babeltrace2, Python's bt2        by ust-acceptance
//! ```

#![deny(unsafe_code)]

use std::path::Path;
use ust_acceptance::judge;

/// Each event as Python's bt2 reads it: its level's number, its name, its fields. Of a name that ends with the line of its
/// source, that line is left out.
#[track_caller]
pub fn events(trace: &Path) -> Vec<String> {
    let without_line = |line: &str| {
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let [level, name, fields] = std::array::from_fn(|_| words.next().unwrap_or_default());
        let name = match name.rsplit_once(':') {
            Some((name, line)) if line.parse::<u32>().is_ok() => name,
            _ => &name,
        };
        format!("{level} {name} {fields}")
    };
    judge::python("events.py", &[trace]).lines().map(without_line).collect()
}

/// The value of a numeric field of an event.
#[track_caller]
pub fn number(event: &str, field: &str) -> u64 {
    let value = event.split(' ').find_map(|word| word.strip_prefix(field)?.strip_prefix('='));
    let digits = value.and_then(|value| value.split(['u', 'i']).next());
    let number = digits.and_then(|digits| digits.parse().ok());
    number.unwrap_or_else(|| panic!("no number {field} in {event}"))
}
