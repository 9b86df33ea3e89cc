//! Stress: everything at once, at random, and every record accounted for.
//!
//! ```text
//!   ust-stress --seed N --seconds S
//!      |
//!      +-- rings      writers, their signal handlers and a reader over one mapping, in this process:
//!      |              what ThreadSanitizer can see
//!      '-- processes  ust-stressed: threads that come and go, signals, forks, SIGKILL at random
//!             |       the consumer's engine in this process, late at random
//!             '-- judge   compares the CTF trace, as `ctf` reads it, with the ledger of what was emitted
//! ```
//!
//! Rounds are drawn from the seed: round `n` of seed `s` is the same in every run, as far as the machine's
//! scheduling lets it be. Each *source* (a thread, or one signal's handler in it) numbers its records; a record
//! carries its source, its number, and content that follows from both. So the trace alone shows whether a record is torn,
//! duplicated, out of order, or missing without having been counted.

pub mod config;
pub mod judge;
pub mod ledger;
pub mod payload;
pub mod processes;
pub mod rings;
pub mod signals;

/// What went wrong: a failure of what is tested, or of the machine.
pub type Failure = String;
