//! What the tests of several packages have in common, one thing a file. What one package alone needs stays with it.
//!
//! | module | what it is | who uses it |
//! | --- | --- | --- |
//! | [`random`] | numbers that are the same in every run | all that draw anything |
//! | [`wait`] | waiting, with a bound that only a hang reaches | all that wait for others |
//! | [`binaries`] | where the programs are | all that run programs |
//! | [`command`] | commands whose output is kept, and which cannot hang a test | `tests/acceptance`, `ust-cli` |
//! | [`sandbox`] | a directory, a runtime directory, a daemon in it | `tests/acceptance`, `ust-cli` |
//! | [`stream_file`], [`stream_reader`] | a stream without a process around it, and the consumer's way through it | all that write rings of their own |
//! | [`words`] | an account that outlives the process that keeps it | `tests/acceptance`, `tests/stress` |
//!
//! What is under test depends on this at most for its own tests (`dev-dependencies`): `tests/architecture` has the table.

#![deny(unsafe_code)]

pub mod binaries;
pub mod command;
pub mod random;
pub mod sandbox;
pub mod stream_file;
pub mod stream_reader;
pub mod wait;
pub mod words;
