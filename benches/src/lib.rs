//! What benches are made of. Each bench answers one question; see the folders beside this one.
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
//! A machine that others use changes its speed from minute to minute, so only numbers of the same run can be compared. So
//! every contestant has its turn in every round, and every other round goes backwards. The number of instructions is exact,
//! and the same on every run: [`callgrind`] counts them. [`steps`] counts them where the program would take another path
//! under valgrind.

pub mod c_program;
pub mod callgrind;
pub mod contestant;
pub mod lttng;
pub mod promise;
pub mod recorder;
pub mod rehearsal;
pub mod report;
pub mod rounds;
pub mod statistics;
pub mod steps;
pub mod typical;
pub mod worker;

/// An error ends the bench and is shown.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
