//! Proofs on real processes: the ring that ships, stopped, interrupted and killed at every instruction.
//!
//! ```text
//!   a test                                        the tracee (`src/bin/stepped.rs`)
//!   ------------------------------------          ------------------------------------------
//!   Scenario: what is emitted, how the    ----->   emits what comes before
//!             stream stands before                 marker B (a SIGTRAP to itself)
//!   Tracer:   steps to instruction i,     ----->   emits the region, one instruction at a time
//!             then SIGKILL, or a signal            its handler emits too
//!             whose handler emits, or a
//!             reader that drains
//!                                                  the next round, with everything put back
//!        |               stream (memfd) <-------   the shipped writer
//!        v               journal (memfd) <------   which calls began and returned, and when
//!   verdict: compares what the shipped reader read with the journal
//! ```
//!
//! Loom's models visit the interleavings of a model's steps. Here the steps are the machine's instructions as the compiler
//! arranged them, and the kernel delivers the signals and kills. Every record is emitted through [`stream_under_test`], the
//! only file that calls the ring.
//!
//! # Restartable sequences
//! Threads write to the streams of CPUs in restartable sequences, and a step takes a thread out of its sequence: the kernel
//! has it try again. Threads that are stepped through therefore have none ([`tracer::Sequences::Off`]), and take the locked
//! way.
//!
//! `sequences_at_every_instruction` and `sequences_attempt_after_attempt` stop freely running threads by breakpoints. A
//! [`free_run`] is the path of such a thread. It is recorded by steps, too, but what the [`sequence`] would store, the
//! tracer stores for the thread. A [`route`] leads to a place by breakpoints outside of attempts. So nothing interrupts an
//! attempt before the thread stops in it.
//!
//! Channels discard, overwrite, or wait for the consumer there. A waiting tracee is read by its [`tracer`]. A second thread of
//! the tracee, which is not traced, emits on the same CPU while the first one stands still.
//!
//! # Files
//! - [`scenario`] says what a tracee emits, and [`journal`] notes what it did, in shared memory. [`tracee`] is the tracee's
//!   side; [`stage`], [`tracer`], [`registers`] and [`path`] are the test's.
//! - [`of_cpus`] has what the proofs of CPUs' streams share.
//! - [`recording`] is the same for a whole traced program, with the engine that records it.
//! - `stop` (feature `testpoints`) is a process that stops or kills itself at a named point.
//! - [`record`] is what a record holds, so that a torn one is seen; [`verdict`] compares.
//! - [`effort`] says how much of it a run does: a sample with a fixed seed, or everything (`just soak`).
//!
//! # Named points, and the feature that they need
//! The kill tests at ust-core's testpoints need a ring that was built with `ust-core/testpoints`. Cargo
//! gives every package of one build the same ust-core, so this package's feature of that name is off in
//! the workspace's build, its programs and tests are `required-features = ["testpoints"]`, and
//! `.ci/test` builds them by a command of their own, in a target directory of their own:
//!
//! ```text
//! CARGO_TARGET_DIR=target/testpoints cargo test -p ust-proofs --release --features testpoints \
//!     --test stopped_at_every_testpoint
//! ```
//!
//! So the instructions that are stepped through are those that ship, and no other package is built with the hooks. (A
//! workspace of its own would do the same at the cost of a second lock file.)

#![deny(unsafe_code)]

pub mod effort;
pub mod free_run;
pub mod journal;
pub mod of_cpus;
pub mod path;
pub mod record;
pub mod recording;
pub mod registers;
pub mod route;
pub mod scenario;
pub mod sequence;
pub mod stage;
#[cfg(feature = "testpoints")]
pub mod stop;
pub mod stream_under_test;
pub mod tracee;
pub mod tracer;
pub mod verdict;
