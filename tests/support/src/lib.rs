//! What the tests of several packages have in common, one thing a file. What only one package needs stays there.
//!
//! | module | what it is | used by |
//! | --- | --- | --- |
//! | [`random`] | numbers that are the same in every run | all tests that draw numbers |
//! | [`wait`] | waiting, with a bound that only a hang reaches | all tests that wait |
//! | [`binaries`] | where the programs are | all tests that run programs |
//! | [`command`] | commands whose output is kept, and which cannot hang a test | `tests/acceptance`, `ust-cli` |
//! | [`sandbox`] | a directory, a runtime directory, a daemon in it | `tests/acceptance`, `ust-cli` |
//! | [`stream_file`], [`stream_reader`] | a stream without a process around it, and the consumer's way through it | all tests that write rings of their own |
//! | [`words`] | counts that outlive the process that counts | `tests/acceptance`, `tests/stress` |
//!
//! The packages under test may use this for their own tests only (`dev-dependencies`): `tests/architecture` has the table.

#![deny(unsafe_code)]

pub mod binaries;
pub mod command;
pub mod random;
pub mod sandbox;
pub mod stream_file;
pub mod stream_reader;
pub mod wait;
pub mod words;
