//! Figures of traces: how many events of what, what was lost, how long spans took, what changed between two recordings.
//!
//! ```text
//!   ctf::read::Records --record--> classes: what does it mean?   fields: its few values   (others are passed over)
//!                                     |
//!                                     +--> owners      whose it is: process, thread
//!                                     +--> nesting     entries and exits of a thread, spans within spans
//!                                     +--> pairs       two events that the user names
//!                                     |       '--> spans      count, total, self time, histogram of each name
//!                                     '--> losses      what is missing, and when
//!
//!   Stats --> report::Report --> diff::Diff            what is told, as plain values for text and JSON
//! ```
//!
//! Invariants:
//!
//! - A record is decoded only if a value of it is needed: for most classes that is no value.
//! - Memory is bounded by the numbers in [`limits`], not by the length of the trace. What was left out for that reason is
//!   counted in the report.
//! - Every name in a report comes from the trace and is made [printable](ctf::printable).

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod classes;
pub mod diff;
mod fields;
pub mod limits;
mod losses;
mod nesting;
mod owners;
mod pairs;
pub mod report;
mod spans;
mod stats;

pub use classes::Pair;
pub use stats::Stats;
