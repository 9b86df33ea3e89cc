//! `proc`: processes, and signals that are sent and delivered.
//!
//! A child is a process of its own in the trace, however it was made. `fork` is recorded in both: the child's result is 0.

mod arguments;
mod delivered;
mod ends;
mod exec;
mod handlers;
mod kills;
mod lives;
mod seals;
mod spawn;
