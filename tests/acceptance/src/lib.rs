//! End-to-end tests: real programs, traced by the real `ust` and `ustconsumerd`, judged by other software.
//!
//! ```text
//!   tests/PROPERTY.rs      one property a file
//!      |  runs
//!      +-- ust record, ustconsumerd, ust create ...          the binaries, by [`ust_test_support`]
//!      |      '-- src/bin/PROGRAM.rs                         traced programs, one purpose each
//!      |             '-- reports what it did                 [`report`]
//!      |  asks
//!      +-- babeltrace2, python/CHECKER.py with Python's bt2  [`judge`]: not written by us
//! ```
//!
//! A trace is right when what the judges read agrees with what the program reports. `--summary` is compared with both, and
//! is never the only witness.
//!
//! Nothing here waits for ever ([`ust_test_support::wait`]), and no test depends on how fast the machine is: what is bounded by
//! time has a bound that only a hang reaches. What cannot run says `SKIPPED: why`.

#![deny(unsafe_code)]

pub mod check;
pub mod constructor;
pub mod daemon;
pub mod frozen;
pub mod hostile;
pub mod in_use;
pub mod judge;
pub mod jump;
pub mod left_behind;
pub mod lttng;
pub mod other_table;
pub mod other_word_size;
pub mod own_package;
pub mod own_process;
pub mod packets;
pub mod plugin;
pub mod progress;
pub mod quiet;
pub mod recording;
pub mod report;
pub mod sandbox;
pub mod sequences;
pub mod shim;
pub mod skip;
pub mod small_package;
pub mod steps;
pub mod undisturbed;
