//! A field that follows from the others of its record. Programs emit it, and tests compute it again: in a record that is
//! torn, or mixed of two, it is wrong.

use ust_test_support::random::mix;

/// The check of a record's number.
pub fn of(sequence: u64) -> u64 {
    mix(sequence) >> 1
}

/// The check of thread and number together, so that halves of two threads' records do not pass as one record.
pub fn of_thread(thread: u64, sequence: u64) -> u64 {
    of(sequence ^ thread << 48)
}
