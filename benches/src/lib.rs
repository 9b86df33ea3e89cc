//! What benches are made of. One bench a question; see the folders beside this one.
//!
//! ```text
//!   bench (also the consumer)             a process for each contestant: contestant/
//!   --------------------------            ---------------------------------
//!   "200000\n"  ------------------------> measures so many events      worker
//!   "2190345\n" <------------------------ nanoseconds
//!   consumes, checks that all is there                                 recorder
//!   the next contestant, the next round, the next sitting              rounds
//!   medians, ratios, table, JSON                                       statistics, report
//!   what the numbers must be                                           promise
//! ```
//!
//! Peers are only worth comparing in one run, minute by minute: a machine that others use is faster now and
//! slower then. So every contestant has its turn in every round, and every other round goes backwards. What is
//! exact, and the same on every run, is the number of instructions: [`callgrind`] counts them, and [`steps`]
//! where valgrind would have them go another way.

pub mod c_program;
pub mod callgrind;
pub mod contestant;
pub mod lttng;
pub mod promise;
pub mod recorder;
pub mod report;
pub mod rounds;
pub mod statistics;
pub mod steps;
pub mod worker;

/// Nobody handles a bench's errors: they are shown, and the bench ends.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
