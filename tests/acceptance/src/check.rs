//! A field that follows from the others of its record: programs emit it, tests reckon it again, and a record that is torn
//! or mixed of two has another one.

use ust_test_support::random::mix;

/// Of a record's number.
pub fn of(sequence: u64) -> u64 {
    mix(sequence) >> 1
}

/// Of thread and number both, so that two threads' halves do not pass as one.
pub fn of_thread(thread: u64, sequence: u64) -> u64 {
    of(sequence ^ thread << 48)
}
